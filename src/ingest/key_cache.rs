//! From the bytes of a series as its sender writes them to its labels, without reading them again.
//!
//! Senders repeat themselves: the same series come with the same bytes in every push, and in the
//! same order. So series lie in the order of their first arrival, and each is looked for behind the
//! one before it first: a hit there is one comparison in memory that the processor has fetched.
//! Elsewhere it is a hash, a look into the index and a comparison, each waiting for memory. Labels
//! are read and allocated only for bytes never seen.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::model::Labels;

/// Keys and labels together may take this much for each entry that is allowed.
const BYTES_PER_ENTRY: usize = 1024;

/// Series by the bytes they are written with. One per socket worker, never shared; bounded in
/// entries and in bytes, and emptied when it is full, which costs one round of reading labels.
///
/// What it holds was checked against the limits in force at the time, so a cache belongs to one
/// set of options.
///
/// ```
/// use watchglass::ingest::{KeyCache, Options, text};
/// use watchglass::model::Timestamp;
/// let (options, mut cache) = (Options::default(), KeyCache::new(1000));
/// let first = text::decode(b"orders 1", Timestamp(0), &options, &mut cache);
/// let second = text::decode(b"orders 2", Timestamp(1), &options, &mut cache);
/// let (first, second) = (&first.batches[0].entries[0], &second.batches[0].entries[0]);
/// assert!(first.labels.same(&second.labels));
/// assert_eq!(cache.len(), 1);
/// ```
pub struct KeyCache {
    /// In the order of arrival.
    slots: Vec<Slot>,
    /// The places of slots by the hash of their key.
    index: HashTable<u32>,
    /// The place behind the slot that was found last.
    next: usize,
    hasher: RandomState,
    entries_max: usize,
    bytes: usize,
}

/// The format that a key is written in: equal bytes mean different series in different formats.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Text,
    Influx,
    Json,
    RemoteWrite,
    RemoteWrite2,
}

struct Slot {
    hash: u64,
    format: Format,
    key: Box<[u8]>,
    labels: Labels,
}

impl KeyCache {
    /// An empty cache that holds at most `entries_max` series, in about 1 KiB each.
    pub fn new(entries_max: usize) -> Self {
        Self {
            slots: Vec::new(),
            index: HashTable::new(),
            next: 0,
            hasher: RandomState::default(),
            entries_max: entries_max.min(u32::MAX as usize),
            bytes: 0,
        }
    }

    /// How many series are known.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether none is known.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// The labels of a series by its bytes.
    #[inline]
    pub(super) fn get(&mut self, format: Format, key: &[u8]) -> Option<&Labels> {
        let is_it = |slot: &Slot| *slot.key == *key && slot.format == format;
        let place = match self.slots.get(self.next) {
            Some(slot) if is_it(slot) => self.next,
            _ => {
                let hash = self.hash(format, key);
                let found = self.index.find(hash, |place| is_it(&self.slots[*place as usize]));
                *found? as usize
            }
        };
        self.next = place + 1;
        self.slots.get(place).map(|slot| &slot.labels)
    }

    /// Remembers a series that [`Self::get`] did not know.
    pub(super) fn insert(&mut self, format: Format, key: &[u8], labels: &Labels) {
        let size = key.len() + labels.heap_size() + size_of::<Slot>() + size_of::<u32>();
        let bytes_max = self.entries_max.saturating_mul(BYTES_PER_ENTRY);
        if size > bytes_max {
            return;
        }
        if self.slots.len() >= self.entries_max || self.bytes + size > bytes_max {
            self.slots.clear();
            self.index.clear();
            self.bytes = 0;
        }
        let hash = self.hash(format, key);
        let place = self.slots.len() as u32;
        self.slots.push(Slot { hash, format, key: key.into(), labels: labels.clone() });
        self.index.insert_unique(hash, place, |place| self.slots[*place as usize].hash);
        // The series behind this one will come behind it again.
        self.next = self.slots.len();
        self.bytes += size;
    }

    fn hash(&self, format: Format, key: &[u8]) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        hasher.write_u8(format as u8);
        hasher.write(key);
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_cache_starts_over_and_stays_bounded() {
        let mut cache = KeyCache::new(10);
        for number in 0..25_u32 {
            let name = format!("m{number}");
            cache.insert(Format::Text, name.as_bytes(), &Labels::named(&name));
            assert!(cache.len() <= 10 && cache.bytes <= 10 * BYTES_PER_ENTRY);
            assert_eq!(cache.get(Format::Text, name.as_bytes()), Some(&Labels::named(&name)));
        }
        assert_eq!((cache.len(), cache.get(Format::Text, b"m0")), (5, None));
    }

    #[test]
    fn series_are_found_in_any_order() {
        let mut cache = KeyCache::new(100);
        let name = |number: usize| format!("m{number}");
        for number in 0..10 {
            cache.insert(Format::Text, name(number).as_bytes(), &Labels::named(&name(number)));
        }
        let orders = [
            (0..10).collect::<Vec<usize>>(),
            (0..10).rev().collect(),
            vec![3, 3, 4, 12, 5, 0, 11, 1, 9, 10, 0],
        ];
        for number in orders.concat() {
            let found = cache.get(Format::Text, name(number).as_bytes()).cloned();
            assert_eq!(found, (number < 10).then(|| Labels::named(&name(number))), "{number}");
        }
    }

    #[test]
    fn long_keys_count_by_their_bytes() {
        let mut cache = KeyCache::new(4);
        let long = vec![b'a'; 1500];
        let name = |end: u8| [long.as_slice(), &[end]].concat();
        for end in 0..20 {
            cache.insert(Format::Text, &name(end), &Labels::named("a"));
            assert!(cache.len() <= 2);
        }
        cache.insert(Format::Text, &[b'a'; 5000], &Labels::named("a"));
        assert_eq!(cache.get(Format::Text, &[b'a'; 5000]), None);
    }

    #[test]
    fn the_same_bytes_in_another_format_are_another_series() {
        let mut cache = KeyCache::new(10);
        cache.insert(Format::Text, b"a", &Labels::named("a"));
        assert_eq!(cache.get(Format::Influx, b"a"), None);
        assert_eq!(cache.get(Format::Json, b"a"), None);
    }

    #[test]
    fn a_cache_of_nothing_holds_nothing() {
        let mut cache = KeyCache::new(0);
        cache.insert(Format::Text, b"a", &Labels::named("a"));
        assert!(cache.is_empty());
    }
}
