//! What a body says of its metric names, gathered so that type, unit and help of one name meet
//! however far apart they stand, and so that saying it again costs a look-up.

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

use crate::model::Metadata;

/// The metadata of one body by metric name, in the order of first mention.
#[derive(Default)]
pub(super) struct Families {
    known: Vec<(String, Metadata)>,
    index: HashTable<usize>,
    hasher: RandomState,
}

impl Families {
    /// The metadata of `name`, to be filled in. Nothing when it would be the name beyond `most`.
    pub(super) fn entry(&mut self, name: &str, most: usize) -> Option<&mut Metadata> {
        let Self { known, index, hasher } = self;
        // The lines of one family stand together: the last name is nearly always the one.
        if known.last().is_some_and(|(last, _)| last == name) {
            return known.last_mut().map(|(_, metadata)| metadata);
        }
        let hash = hasher.hash_one(name);
        let at = match index.find(hash, |at| known[*at].0 == name) {
            Some(at) => *at,
            None if known.len() >= most => return None,
            None => {
                known.push((name.to_owned(), Metadata::default()));
                let at = known.len() - 1;
                index.insert_unique(hash, at, |at| hasher.hash_one(known[*at].0.as_str()));
                at
            }
        };
        known.get_mut(at).map(|(_, metadata)| metadata)
    }

    /// Everything that was said.
    pub(super) fn into_vec(self) -> Vec<(String, Metadata)> {
        self.known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_apart_meets_and_new_names_are_bounded() {
        let mut families = Families::default();
        families.entry("a", 2).expect("room").unit = "bytes".into();
        families.entry("b", 2).expect("room").help = "of b".into();
        families.entry("a", 2).expect("known").help = "of a".into();
        assert!(families.entry("c", 2).is_none());
        let all = families.into_vec();
        assert_eq!(
            (all.len(), all[0].1.unit.as_str(), all[0].1.help.as_str()),
            (2, "bytes", "of a")
        );
    }
}
