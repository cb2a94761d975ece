//! The index of a block: its texts, its series by label set, and for each label and value the
//! numbers of the series that have it.
//!
//! Three sections. Texts are sorted, and each says only what differs from the one before. Series
//! are sorted by labels, and each names by number only the pairs that the one before does not
//! have. Lists of numbers are roaring bitmaps where they are long.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use foldhash::fast::RandomState;
use roaring::RoaringBitmap;

use super::BlockError;
use super::bytes::{Cursor, put_number};
use super::list::Piece;
use crate::model::{Kind, Labels, MatchOp, Matcher, TimeRange, Timestamp};

/// From this length on a list of numbers is a bitmap.
const BITMAP_NUMBERS: usize = 32;
/// The kind of values that are single floats.
const FLOAT: u64 = 0;

/// A series as the index knows it, its labels apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// The kind of its values.
    pub(super) kind: Kind,
    /// The times of its first and its last sample.
    pub(super) span: TimeRange,
    /// The list of its chunks.
    pub(super) list: Piece,
}

/// The sections of an index: texts, series, postings.
pub(super) type Sections = [Vec<u8>; 3];

/// The sections for `series`, which are sorted by labels.
pub(super) fn encode(series: &[(Labels, Entry)]) -> Sections {
    let texts: BTreeSet<&str> =
        series.iter().flat_map(|(labels, _)| labels.iter()).flat_map(<[&str; 2]>::from).collect();
    let numbers: HashMap<&str, u32, RandomState> =
        texts.iter().enumerate().map(|(number, text)| (*text, number as u32)).collect();
    let number = |text: &str| numbers.get(text).copied().unwrap_or_default();
    let mut lists: BTreeMap<(u32, u32), Vec<u32>> = BTreeMap::new();
    let (mut rows, mut before) = (Vec::new(), Vec::new());
    let mut place = 0;
    for (row, (labels, entry)) in series.iter().enumerate() {
        let pairs: Vec<(u32, u32)> =
            labels.iter().map(|(name, value)| (number(name), number(value))).collect();
        let shared = pairs.iter().zip(&before).take_while(|(one, other)| one == other).count();
        put_number(shared as u64, &mut rows);
        put_number((pairs.len() - shared) as u64, &mut rows);
        for (name, value) in pairs.iter().skip(shared) {
            put_number(u64::from(*name), &mut rows);
            put_number(u64::from(*value), &mut rows);
        }
        for pair in &pairs {
            lists.entry(*pair).or_default().push(row as u32);
        }
        put_entry(*entry, place, &mut rows);
        (place, before) = (entry.list.end(), pairs);
    }
    [encode_texts(&texts), rows, encode_postings(&lists)]
}

fn put_entry(entry: Entry, place: u64, rows: &mut Vec<u8>) {
    match entry.kind {
        Kind::Float => put_number(FLOAT, rows),
    }
    let (first, last) = (entry.span.from().0, entry.span.to().0);
    super::bytes::put_signed(first, rows);
    put_number(last.abs_diff(first), rows);
    put_number(entry.list.at.saturating_sub(place), rows);
    put_number(u64::from(entry.list.length), rows);
}

fn encode_texts(texts: &BTreeSet<&str>) -> Vec<u8> {
    let (mut bytes, mut before) = (Vec::new(), "");
    for text in texts {
        let same = text.bytes().zip(before.bytes()).take_while(|(one, other)| one == other);
        let shared = same.count();
        put_number(shared as u64, &mut bytes);
        put_number((text.len() - shared) as u64, &mut bytes);
        bytes.extend_from_slice(text.as_bytes().get(shared..).unwrap_or_default());
        before = text;
    }
    bytes
}

fn encode_postings(lists: &BTreeMap<(u32, u32), Vec<u32>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut name_before, mut value_before) = (0, 0);
    for ((name, value), numbers) in lists {
        if *name != name_before {
            value_before = 0;
        }
        put_number(u64::from(name - name_before), &mut bytes);
        put_number(u64::from(value - value_before), &mut bytes);
        (name_before, value_before) = (*name, *value);
        let list = encode_numbers(numbers);
        let is_bitmap = u64::from(numbers.len() >= BITMAP_NUMBERS);
        put_number((list.len() as u64) << 1 | is_bitmap, &mut bytes);
        bytes.extend_from_slice(&list);
    }
    bytes
}

fn encode_numbers(numbers: &[u32]) -> Vec<u8> {
    let mut bytes = Vec::new();
    if numbers.len() < BITMAP_NUMBERS {
        let mut before = 0;
        for number in numbers {
            put_number(u64::from(number - before), &mut bytes);
            before = *number;
        }
        return bytes;
    }
    let mut bitmap: RoaringBitmap = numbers.iter().copied().collect();
    bitmap.optimize();
    // Writing to memory does not fail.
    let _ = bitmap.serialize_into(&mut bytes);
    bytes
}

/// Where the list of a pair stands.
#[derive(Debug, Clone, Copy)]
struct Posting {
    pair: (u32, u32),
    at: usize,
    length: usize,
    is_bitmap: bool,
}

/// The index of a block in memory.
#[derive(Debug)]
pub(super) struct Index {
    /// All texts one after the other.
    texts: String,
    /// Where each of them ends.
    ends: Vec<u32>,
    /// The pairs of all series one after the other.
    pairs: Vec<(u32, u32)>,
    /// Where those of each series end.
    pair_ends: Vec<u32>,
    entries: Vec<Entry>,
    /// Ascending by pair.
    postings: Vec<Posting>,
    lists: Vec<u8>,
}

impl Index {
    /// Reads the three sections; what they hold is checked so far that no later look can go astray.
    pub(super) fn decode([texts, rows, postings]: Sections) -> Result<Self, BlockError> {
        let (texts, ends) = decode_texts(&texts)?;
        let mut index = Self {
            texts,
            ends,
            pairs: Vec::new(),
            pair_ends: Vec::new(),
            entries: Vec::new(),
            postings: Vec::new(),
            lists: postings,
        };
        index.read_rows(&rows)?;
        index.postings = index.read_postings()?;
        Ok(index)
    }

    fn read_rows(&mut self, rows: &[u8]) -> Result<(), BlockError> {
        let mut cursor = Cursor::new(rows);
        let (mut before, mut place): (Vec<(u32, u32)>, u64) = (Vec::new(), 0);
        while !cursor.is_empty() {
            let (shared, own) = (cursor.size()?, cursor.size()?);
            let mut pairs = before.get(..shared).map(<[(u32, u32)]>::to_vec);
            let pairs = pairs.as_mut().ok_or(BlockError::Damaged("a series shares too much"))?;
            for _ in 0..own {
                pairs.push((self.known(cursor.small()?)?, self.known(cursor.small()?)?));
            }
            // Texts are sorted, so the order of their numbers is the order of labels.
            let ascends = self.entries.is_empty() || before < *pairs;
            if !ascends || !pairs.is_sorted_by(|one, next| one.0 < next.0) {
                return Err(BlockError::Damaged("series do not ascend"));
            }
            self.pairs.extend_from_slice(pairs);
            self.pair_ends.push(self.pairs.len() as u32);
            self.entries.push(read_entry(&mut cursor, &mut place)?);
            before.clone_from(pairs);
        }
        Ok(())
    }

    /// The number of a text that is there.
    fn known(&self, text: u32) -> Result<u32, BlockError> {
        let known = (text as usize) < self.ends.len();
        known.then_some(text).ok_or(BlockError::Damaged("a label has no text"))
    }

    fn read_postings(&self) -> Result<Vec<Posting>, BlockError> {
        let mut cursor = Cursor::new(&self.lists);
        let mut found: Vec<Posting> = Vec::new();
        let (mut name, mut value) = (0_u32, 0_u32);
        let beyond = BlockError::Damaged("a list belongs to no text");
        while !cursor.is_empty() {
            let (name_step, value_step) = (cursor.small()?, cursor.small()?);
            let start = if name_step == 0 { value } else { 0 };
            let next = (name.checked_add(name_step), start.checked_add(value_step));
            let (Some(next_name), Some(next_value)) = next else { return Err(beyond) };
            (name, value) = (self.known(next_name)?, self.known(next_value)?);
            let header = cursor.size()?;
            let (length, is_bitmap) = (header >> 1, header & 1 == 1);
            let at = self.lists.len() - cursor.rest().len();
            cursor.bytes(length)?;
            let posting = Posting { pair: (name, value), at, length, is_bitmap };
            if found.last().is_some_and(|last| last.pair >= posting.pair) {
                return Err(BlockError::Damaged("lists do not ascend"));
            }
            // Looked at now, so that a search cannot fail later.
            self.numbers(posting)?;
            found.push(posting);
        }
        Ok(found)
    }

    /// The numbers of a list.
    fn numbers(&self, posting: Posting) -> Result<RoaringBitmap, BlockError> {
        let bytes = self.lists.get(posting.at..posting.at + posting.length).unwrap_or_default();
        let broken = BlockError::Damaged("a list of series is broken");
        let count = self.entries.len() as u32;
        if posting.is_bitmap {
            let read = RoaringBitmap::deserialize_from(bytes).ok();
            return read.filter(|read| read.max().is_none_or(|most| most < count)).ok_or(broken);
        }
        let (mut cursor, mut number, mut numbers) = (Cursor::new(bytes), 0_u32, Vec::new());
        while !cursor.is_empty() {
            number = number.checked_add(cursor.small()?).ok_or(BlockError::Damaged("no series"))?;
            numbers.push(number);
        }
        let read = RoaringBitmap::from_sorted_iter(numbers).ok();
        read.filter(|read| read.max().is_none_or(|most| most < count)).ok_or(broken)
    }

    /// How many series there are.
    pub(super) fn series(&self) -> u32 {
        self.entries.len() as u32
    }

    /// What is known of a series.
    pub(super) fn entry(&self, number: u32) -> Option<Entry> {
        self.entries.get(number as usize).copied()
    }

    /// The labels of a series.
    pub(super) fn labels(&self, number: u32) -> Option<Labels> {
        let texts = |(name, value): &(u32, u32)| (self.text(*name), self.text(*value));
        Labels::from_pairs(self.pairs_of(number).iter().map(texts)).ok()
    }

    fn pairs_of(&self, number: u32) -> &[(u32, u32)] {
        let number = number as usize;
        let start = number.checked_sub(1).and_then(|before| self.pair_ends.get(before));
        let start = start.map_or(0, |start| *start as usize);
        let end = self.pair_ends.get(number).map_or(0, |end| *end as usize);
        self.pairs.get(start..end).unwrap_or_default()
    }

    fn text(&self, number: u32) -> &str {
        let number = number as usize;
        let start = number.checked_sub(1).and_then(|before| self.ends.get(before));
        let start = start.map_or(0, |start| *start as usize);
        let end = self.ends.get(number).map_or(0, |end| *end as usize);
        self.texts.get(start..end).unwrap_or_default()
    }

    fn number_of(&self, text: &str) -> Option<u32> {
        let (mut low, mut high) = (0, self.ends.len() as u32);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.text(middle).cmp(text) {
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// The bytes kept in memory, about.
    pub(super) fn bytes(&self) -> usize {
        self.texts.len()
            + self.lists.len()
            + (self.ends.len() + self.pair_ends.len()) * size_of::<u32>()
            + self.pairs.len() * size_of::<(u32, u32)>()
            + self.entries.len() * size_of::<Entry>()
            + self.postings.len() * size_of::<Posting>()
    }

    /// The numbers of the series that pass all of `matchers`, ascending.
    pub(super) fn find(&self, matchers: &[Matcher]) -> Result<RoaringBitmap, BlockError> {
        let mut found: Option<RoaringBitmap> = None;
        let (wanting, allowing): (Vec<&Matcher>, Vec<&Matcher>) =
            matchers.iter().partition(|matcher| !matcher.matches_empty());
        for matcher in wanting {
            let passing = self.union(matcher, |value| matcher.matches(value))?;
            found = Some(match found {
                Some(found) => found & passing,
                None => passing,
            });
        }
        let mut found = found.unwrap_or_else(|| (0..self.series()).collect());
        for matcher in allowing {
            if found.is_empty() {
                break;
            }
            found -= self.union(matcher, |value| !matcher.matches(value))?;
        }
        Ok(found)
    }

    /// The series whose value of the matcher's label passes the test; one value is looked up
    /// when only that one can.
    fn union(
        &self,
        matcher: &Matcher,
        passes: impl Fn(&str) -> bool,
    ) -> Result<RoaringBitmap, BlockError> {
        let Some(name) = self.number_of(matcher.name()) else { return Ok(RoaringBitmap::new()) };
        let of_name = |pair: (u32, u32)| pair.0 < name;
        let start = self.postings.partition_point(|posting| of_name(posting.pair));
        let postings = self.postings.get(start..).unwrap_or_default();
        let end = postings.partition_point(|posting| posting.pair.0 == name);
        let postings = postings.get(..end).unwrap_or_default();
        if matcher.op() == MatchOp::Equal && !matcher.matches_empty() {
            let value = self.number_of(matcher.value());
            let place = value.and_then(|value| {
                postings.binary_search_by_key(&value, |posting| posting.pair.1).ok()
            });
            let posting = place.and_then(|place| postings.get(place));
            return posting.map_or_else(|| Ok(RoaringBitmap::new()), |one| self.numbers(*one));
        }
        let mut found = RoaringBitmap::new();
        for posting in postings.iter().filter(|posting| passes(self.text(posting.pair.1))) {
            found |= self.numbers(*posting)?;
        }
        Ok(found)
    }
}

fn decode_texts(bytes: &[u8]) -> Result<(String, Vec<u32>), BlockError> {
    let mut cursor = Cursor::new(bytes);
    let (mut all, mut ends): (Vec<u8>, Vec<u32>) = (Vec::new(), Vec::new());
    let mut before = 0..0;
    while !cursor.is_empty() {
        let (shared, own) = (cursor.size()?, cursor.size()?);
        let start = all.len();
        if shared > before.len() {
            return Err(BlockError::Damaged("a text shares more than there is"));
        }
        all.extend_from_within(before.start..before.start + shared);
        all.extend_from_slice(cursor.bytes(own)?);
        let ascends = all.get(before).unwrap_or_default() < all.get(start..).unwrap_or_default();
        if !ascends {
            return Err(BlockError::Damaged("texts do not ascend"));
        }
        before = start..all.len();
        let end = u32::try_from(all.len());
        ends.push(end.map_err(|_| BlockError::Damaged("the texts are too long"))?);
    }
    let all = String::from_utf8(all).map_err(|_| BlockError::Damaged("a text is no UTF-8"))?;
    if ends.iter().all(|end| all.is_char_boundary(*end as usize)) {
        Ok((all, ends))
    } else {
        Err(BlockError::Damaged("a text is no UTF-8"))
    }
}

fn read_entry(cursor: &mut Cursor<'_>, place: &mut u64) -> Result<Entry, BlockError> {
    let kind = match cursor.number()? {
        FLOAT => Kind::Float,
        _ => return Err(BlockError::Damaged("a series has an unknown kind")),
    };
    let first = cursor.signed()?;
    let last = first.checked_add_unsigned(cursor.number()?);
    let span = last.and_then(|last| TimeRange::new(Timestamp(first), Timestamp(last)));
    let span = span.ok_or(BlockError::Damaged("a series leaves the scale of time"))?;
    let at = place.checked_add(cursor.number()?);
    let at = at.ok_or(BlockError::Damaged("a list stands nowhere"))?;
    let chunks = Piece { at, length: cursor.small()? };
    *place = chunks.end();
    Ok(Entry { kind, span, list: chunks })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(number: u64) -> Entry {
        let (from, to) = (Timestamp(number as i64), Timestamp(number as i64 * 7));
        let span = TimeRange::new(from, to).expect("ascending");
        Entry { kind: Kind::Float, span, list: Piece { at: 12 + number * 50, length: 30 } }
    }

    /// Series with these pairs, sorted, each once.
    fn series(pairs: &[(u8, u8)]) -> Vec<(Labels, Entry)> {
        let labels = |(a, b): &(u8, u8)| {
            let texts = [("__name__", "m".to_owned()), ("a", a.to_string()), ("b", b.to_string())];
            // A value of 0 stands for no label.
            let texts = texts.into_iter().filter(|(_, value)| value != "0");
            Labels::from_pairs(texts).expect("labels")
        };
        let sorted: BTreeSet<Labels> = pairs.iter().map(labels).collect();
        sorted.into_iter().enumerate().map(|(row, one)| (one, entry(row as u64))).collect()
    }

    fn matcher() -> impl Strategy<Value = Matcher> {
        let op = prop::sample::select(vec![
            MatchOp::Equal,
            MatchOp::NotEqual,
            MatchOp::Regex,
            MatchOp::NotRegex,
        ]);
        let name = prop::sample::select(vec!["a", "b", "__name__", "none"]);
        let value = prop::sample::select(vec!["", "1", "2", "m", ".*", ".+", "1|2", "[1-3].*"]);
        (name, op, value)
            .prop_map(|(name, op, value)| Matcher::new(name, op, value).expect("a matcher"))
    }

    proptest! {
        #[test]
        fn found_is_what_passes(
            pairs in prop::collection::vec((0_u8..6, 0_u8..60), 0..300),
            matchers in prop::collection::vec(matcher(), 0..4),
        ) {
            let series = series(&pairs);
            let index = Index::decode(encode(&series)).expect("what was written");
            for (row, (labels, entry)) in series.iter().enumerate() {
                let read = index.labels(row as u32);
                prop_assert_eq!(read.as_ref(), Some(labels));
                prop_assert_eq!(index.entry(row as u32), Some(*entry));
            }
            let expected: Vec<u32> = series.iter().enumerate()
                .filter(|(_, (labels, _))| Matcher::all(&matchers, labels))
                .map(|(row, _)| row as u32)
                .collect();
            let found = index.find(&matchers).expect("a whole index");
            prop_assert_eq!(found.iter().collect::<Vec<u32>>(), expected);
        }

        #[test]
        fn a_damaged_index_is_refused_or_can_be_searched(
            pairs in prop::collection::vec((0_u8..6, 0_u8..60), 1..60),
            changes in prop::collection::vec((0_usize..3, any::<prop::sample::Index>(),
                any::<u8>()), 1..3),
            matchers in prop::collection::vec(matcher(), 0..3),
        ) {
            let mut sections = encode(&series(&pairs));
            for (section, place, byte) in changes {
                let place = place.index(sections[section].len());
                sections[section][place] = byte;
            }
            if let Ok(index) = Index::decode(sections)
                && let Ok(found) = index.find(&matchers)
            {
                prop_assert!(found.iter().all(|row| index.labels(row).is_some()));
            }
        }
    }

    #[test]
    fn neighbours_share_what_they_have_in_common() {
        let pairs: Vec<(u8, u8)> = (1..5).flat_map(|a| (1..200).map(move |b| (a, b))).collect();
        let series = series(&pairs);
        let sections = encode(&series);
        let bytes: usize = sections.iter().map(Vec::len).sum();
        assert!(bytes < 24 * series.len(), "{bytes} bytes for {} series", series.len());
    }
}
