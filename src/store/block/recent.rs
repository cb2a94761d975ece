//! What was used lately, up to a bound: what was not used for longest goes first.

use std::collections::HashMap;

use foldhash::fast::RandomState;

/// Values by number, each of a size, with a bound for all sizes together.
pub(super) struct Recent<T> {
    /// Each with its size and when it was used last.
    kept: HashMap<u64, (T, usize, u64), RandomState>,
    size: usize,
    size_max: usize,
    uses: u64,
}

impl<T: Clone> Recent<T> {
    /// Nothing yet, of `size_max` at most.
    pub(super) fn new(size_max: usize) -> Self {
        Self { kept: HashMap::default(), size: 0, size_max, uses: 0 }
    }

    /// The value with that number, which is used by that.
    pub(super) fn get(&mut self, key: u64) -> Option<T> {
        self.uses += 1;
        let (value, _, used) = self.kept.get_mut(&key)?;
        *used = self.uses;
        Some(value.clone())
    }

    /// Keeps a value, unless it is larger than everything may be.
    pub(super) fn put(&mut self, key: u64, value: T, size: usize) {
        self.forget(key);
        while self.size + size > self.size_max {
            let oldest = self.kept.iter().min_by_key(|(_, (_, _, used))| *used);
            let Some(key) = oldest.map(|(key, _)| *key) else { return };
            self.forget(key);
        }
        self.uses += 1;
        self.size += size;
        self.kept.insert(key, (value, size, self.uses));
    }

    /// Lets go of one.
    pub(super) fn forget(&mut self, key: u64) {
        if let Some((_, size, _)) = self.kept.remove(&key) {
            self.size -= size;
        }
    }

    /// Lets go of all but those that stay.
    pub(super) fn keep(&mut self, stays: impl Fn(u64) -> bool) {
        let gone: Vec<u64> = self.kept.keys().copied().filter(|key| !stays(*key)).collect();
        for key in gone {
            self.forget(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_used_for_longest_goes_first() {
        let mut recent = Recent::new(10);
        for key in 0..3 {
            recent.put(key, key, 3);
        }
        assert_eq!(recent.get(0), Some(0));
        recent.put(3, 3, 4);
        assert_eq!([0, 1, 2, 3].map(|key| recent.get(key)), [Some(0), None, Some(2), Some(3)]);
        recent.put(4, 4, 11);
        assert_eq!(recent.get(4), None, "it is larger than everything may be");
        recent.put(5, 5, 10);
        recent.forget(5);
        recent.put(6, 6, 10);
        assert_eq!((recent.get(5), recent.get(6)), (None, Some(6)));
        recent.keep(|key| key != 6);
        recent.put(7, 7, 10);
        assert_eq!((recent.get(6), recent.get(7)), (None, Some(7)));
    }
}
