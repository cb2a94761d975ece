//! The label index: for each label and value the numbers of the series that have it, ascending.
//!
//! Matchers are answered by intersecting these lists. An entry keeps the labels of its number too,
//! so that a reader who comes later to the shard can tell whether the number still means the same.

use std::collections::{BTreeMap, HashMap, HashSet};

use foldhash::fast::RandomState;

use crate::model::{Labels, MatchOp, Matcher, Origin};

/// What an entry of a map costs beside its content: a rough figure for the memory budget.
const ENTRY_BYTES: usize = 64;
/// What one number in a list costs, the list's spare room included.
const NUMBER_BYTES: usize = 6;

/// The lists of one label, by value.
type Values = BTreeMap<Box<str>, Vec<u32>>;

/// A series that passed the matchers: its number, and the labels it had then.
pub(super) type Found = (u32, Labels);

/// The label index of all series.
#[derive(Default)]
pub(super) struct Index {
    postings: HashMap<Box<str>, Values, RandomState>,
    /// The labels of each number in use.
    labels: Vec<Option<Labels>>,
    /// How many series each metric name has: owned by collectors, and others.
    names: BTreeMap<Box<str>, [usize; 2]>,
    bytes: usize,
    /// Grows with each series that joins or leaves.
    generation: u64,
}

impl Index {
    /// Adds a series under `number`, which is not in use.
    pub(super) fn insert(&mut self, number: u32, labels: &Labels, origin: Origin) {
        self.generation += 1;
        for (name, value) in labels.iter() {
            if !self.postings.contains_key(name) {
                self.postings.insert(name.into(), Values::default());
                self.bytes += name.len() + ENTRY_BYTES;
            }
            let Some(values) = self.postings.get_mut(name) else { continue };
            if !values.contains_key(value) {
                values.insert(value.into(), Vec::new());
                self.bytes += value.len() + ENTRY_BYTES;
            }
            let Some(numbers) = values.get_mut(value) else { continue };
            let place = numbers.partition_point(|other| *other < number);
            numbers.insert(place, number);
            self.bytes += NUMBER_BYTES;
        }
        let at = number as usize;
        if self.labels.len() <= at {
            self.labels.resize(at + 1, None);
        }
        self.labels[at] = Some(labels.clone());
        *self.name_count(labels.name(), origin) += 1;
    }

    /// Removes series together, so that each list is walked once.
    pub(super) fn remove(&mut self, gone: &[(u32, Labels, Origin)]) {
        self.generation += 1;
        let numbers: HashSet<u32> = gone.iter().map(|(number, ..)| *number).collect();
        let pairs: HashSet<(&str, &str)> =
            gone.iter().flat_map(|(_, labels, _)| labels.iter()).collect();
        for (name, value) in pairs {
            self.remove_numbers(name, value, &numbers);
        }
        for (number, labels, origin) in gone {
            if let Some(place) = self.labels.get_mut(*number as usize) {
                *place = None;
            }
            let count = self.name_count(labels.name(), *origin);
            *count = count.saturating_sub(1);
            if self.names.get(labels.name()).is_some_and(|counts| *counts == [0, 0]) {
                self.names.remove(labels.name());
            }
        }
    }

    fn remove_numbers(&mut self, name: &str, value: &str, gone: &HashSet<u32>) {
        let Some(values) = self.postings.get_mut(name) else { return };
        let Some(numbers) = values.get_mut(value) else { return };
        let before = numbers.len();
        numbers.retain(|number| !gone.contains(number));
        let mut freed = (before - numbers.len()) * NUMBER_BYTES;
        if numbers.is_empty() {
            values.remove(value);
            freed += value.len() + ENTRY_BYTES;
        }
        if values.is_empty() {
            self.postings.remove(name);
            freed += name.len() + ENTRY_BYTES;
        }
        self.bytes = self.bytes.saturating_sub(freed);
    }

    /// Notes that a collector took over a series that was pushed so far.
    pub(super) fn claim(&mut self, labels: &Labels) {
        let pushed = self.name_count(labels.name(), Origin::Push);
        *pushed = pushed.saturating_sub(1);
        *self.name_count(labels.name(), Origin::Collector) += 1;
    }

    fn name_count(&mut self, name: &str, origin: Origin) -> &mut usize {
        let counts = self.names.entry(name.into()).or_default();
        &mut counts[usize::from(origin == Origin::Push)]
    }

    /// The metric names that have a series of this origin, sorted.
    pub(super) fn names(&self, origin: Origin) -> Vec<String> {
        let place = usize::from(origin == Origin::Push);
        let wanted =
            self.names.iter().filter(|(name, counts)| counts[place] > 0 && !name.is_empty());
        wanted.map(|(name, _)| name.to_string()).collect()
    }

    /// The labels of the first series of each value of a label, at most `each` of a value.
    pub(super) fn first_with(&self, label: &str, each: usize) -> Vec<Labels> {
        let values = self.postings.get(label).into_iter().flatten();
        let numbers = values.flat_map(|(_, numbers)| numbers.iter().take(each));
        numbers.filter_map(|number| self.labels.get(*number as usize)?.clone()).collect()
    }

    /// How many series there are.
    pub(super) fn series(&self) -> usize {
        self.names.values().map(|[collected, pushed]| collected + pushed).sum()
    }

    /// All pairs of label and value with how many series have them, label by label.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str, usize)> {
        self.postings.iter().flat_map(|(name, values)| {
            values.iter().map(|(value, numbers)| (&**name, &**value, numbers.len()))
        })
    }

    /// Whether a series has this metric name.
    pub(super) fn has_name(&self, name: &str) -> bool {
        self.names.contains_key(name)
    }

    /// The label with the most values, and how many.
    pub(super) fn widest_label(&self) -> Option<(&str, usize)> {
        let widths = self.postings.iter().map(|(name, values)| (&**name, values.len()));
        widths.max_by_key(|(name, count)| (*count, std::cmp::Reverse(*name)))
    }

    /// Grows with each series that joins or leaves.
    pub(super) const fn generation(&self) -> u64 {
        self.generation
    }

    /// The bytes kept, about.
    pub(super) fn bytes(&self) -> usize {
        self.bytes + self.labels.capacity() * size_of::<Option<Labels>>()
    }

    /// The series that pass all of `matchers`, by number.
    pub(super) fn find(&self, matchers: &[Matcher]) -> Vec<Found> {
        let labels = |number: u32| Some((number, self.labels.get(number as usize)?.clone()?));
        self.numbers(matchers).into_iter().filter_map(labels).collect()
    }

    /// The numbers of the series that pass all of `matchers`, ascending.
    pub(super) fn numbers(&self, matchers: &[Matcher]) -> Vec<u32> {
        let (wanting, allowing): (Vec<&Matcher>, Vec<&Matcher>) =
            matchers.iter().partition(|matcher| !matcher.matches_empty());
        let (equal, wanting): (Vec<&Matcher>, Vec<&Matcher>) =
            wanting.into_iter().partition(|matcher| matcher.op() == MatchOp::Equal);
        let mut found = self.equal(&equal);
        for matcher in wanting {
            let values = self.postings.get(matcher.name());
            found = Some(match (found, values) {
                (_, None) => Vec::new(),
                (Some(found), Some(values)) if found.len() <= values.len() => {
                    self.tested(found, matcher)
                }
                (found, Some(values)) => {
                    let passing = union(values, |value| matcher.matches(value));
                    found.map_or_else(|| passing.clone(), |found| intersection(&found, &passing))
                }
            });
        }
        let mut found = found.unwrap_or_else(|| self.all());
        for matcher in allowing {
            // A label that no series has is empty everywhere, and this matcher lets that pass.
            let Some(values) = self.postings.get(matcher.name()) else { continue };
            if found.len() <= values.len() {
                found = self.tested(found, matcher);
            } else {
                let barred = union(values, |value| !matcher.matches(value));
                found.retain(|number| barred.binary_search(number).is_err());
            }
        }
        found
    }

    /// What passes all of these; nothing when there is no matcher to start with.
    fn equal(&self, matchers: &[&Matcher]) -> Option<Vec<u32>> {
        let list = |matcher: &&Matcher| {
            let values = self.postings.get(matcher.name())?;
            values.get(matcher.value()).map(Vec::as_slice)
        };
        let mut lists: Vec<&[u32]> =
            matchers.iter().map(|matcher| list(matcher).unwrap_or_default()).collect();
        lists.sort_unstable_by_key(|list| list.len());
        let (first, rest) = lists.split_first()?;
        Some(rest.iter().fold(first.to_vec(), |found, list| intersection(&found, list)))
    }

    fn tested(&self, mut found: Vec<u32>, matcher: &Matcher) -> Vec<u32> {
        let labels = |number: &u32| self.labels.get(*number as usize)?.as_ref();
        found.retain(|number| {
            labels(number).is_some_and(|labels| matcher.matches(labels.value(matcher.name())))
        });
        found
    }

    fn all(&self) -> Vec<u32> {
        let used = self.labels.iter().enumerate().filter(|(_, labels)| labels.is_some());
        used.map(|(number, _)| number as u32).collect()
    }
}

/// The numbers that are in both ascending lists; quick when `few` is much shorter.
fn intersection(few: &[u32], many: &[u32]) -> Vec<u32> {
    if few.len() > many.len() {
        return intersection(many, few);
    }
    let mut rest = many;
    let mut both = Vec::with_capacity(few.len());
    for number in few {
        // Look twice as far each time, then search in the last stretch.
        let mut reach = 1;
        while rest.get(reach).is_some_and(|other| other < number) {
            reach *= 2;
        }
        let stretch = rest.get(..(reach + 1).min(rest.len())).unwrap_or_default();
        let place = stretch.partition_point(|other| other < number);
        rest = rest.get(place..).unwrap_or_default();
        if rest.first() == Some(number) {
            both.push(*number);
        }
    }
    both
}

/// The numbers of all values that pass, ascending.
fn union(values: &Values, passes: impl Fn(&str) -> bool) -> Vec<u32> {
    let lists = values.iter().filter(|(value, _)| passes(value)).map(|(_, numbers)| numbers);
    let mut joined: Vec<u32> = lists.flatten().copied().collect();
    // A series has one value of a label, so that no number comes twice.
    joined.sort_unstable();
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn series(a: u8, b: u8) -> Labels {
        let text = |value: u8| if value == 0 { String::new() } else { format!("v{value}") };
        Labels::from_pairs([("__name__", "m".to_owned()), ("a", text(a)), ("b", text(b))])
            .expect("labels")
    }

    fn matcher() -> impl Strategy<Value = Matcher> {
        let op = prop::sample::select(vec![
            MatchOp::Equal,
            MatchOp::NotEqual,
            MatchOp::Regex,
            MatchOp::NotRegex,
        ]);
        let name = prop::sample::select(vec!["a", "b", "c", "__name__"]);
        let value = prop::sample::select(vec!["", "v1", "v2", "v.", "v1|v3", ".*", ".+", "m"]);
        (name, op, value)
            .prop_map(|(name, op, value)| Matcher::new(name, op, value).expect("a matcher"))
    }

    proptest! {
        #[test]
        fn found_is_what_passes(
            pairs in prop::collection::btree_set((0_u8..6, 0_u8..30), 0..60),
            gone in prop::collection::vec(any::<prop::sample::Index>(), 0..10),
            matchers in prop::collection::vec(matcher(), 0..4),
        ) {
            let mut index = Index::default();
            let mut kept: Vec<(u32, Labels, Origin)> = pairs.into_iter().enumerate()
                .map(|(number, (a, b))| (number as u32, series(a, b), Origin::Push))
                .collect();
            kept.iter().rev().for_each(|(number, labels, origin)| {
                index.insert(*number, labels, *origin);
            });
            for one in gone {
                if !kept.is_empty() {
                    let one = kept.remove(one.index(kept.len()));
                    index.remove(&[one]);
                }
            }
            let expected: Vec<Found> = kept.into_iter()
                .filter(|(_, labels, _)| Matcher::all(&matchers, labels))
                .map(|(number, labels, _)| (number, labels))
                .collect();
            prop_assert_eq!(index.find(&matchers), expected);
        }
    }

    #[test]
    fn an_emptied_index_keeps_nothing() {
        let mut index = Index::default();
        let all: Vec<(u32, Labels, Origin)> =
            (1..5).map(|n| (u32::from(n), series(n, n), Origin::Push)).collect();
        for (number, labels, origin) in &all {
            index.insert(*number, labels, *origin);
        }
        assert_eq!(index.widest_label(), Some(("a", 4)));
        index.claim(&series(1, 1));
        assert_eq!(index.names(Origin::Collector), ["m"]);
        let mut all = all;
        all[0].2 = Origin::Collector;
        index.remove(&all);
        assert_eq!((index.bytes, index.names.len(), index.postings.len()), (0, 0, 0));
    }
}
