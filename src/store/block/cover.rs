//! The stretches of time that a block has all of, as it was when it was written.
//!
//! They are whole numbers of two hours, left-open as the windows of queries are; what is cut from
//! the head lies inside one. A block says them in its footer, so that what is known of
//! an hour without samples differs from what is not known.

use super::BlockError;
use super::bytes::{Cursor, put_number, put_signed};
use crate::model::{Span, TimeRange, Timestamp};

/// The length of what is rolled up at a time; no cut reaches over more of it in one block.
pub(in crate::store) const UNIT: Span = Span(2 * 3_600_000);

/// Left-open stretches in units of two hours since 1970, ascending, none touching another: behind
/// the beginning of the first unit to the end of the last one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::store) struct Cover(Vec<(i64, i64)>);

/// The unit that a time lies in: it begins behind this many units.
pub(in crate::store) const fn unit(at: Timestamp) -> i64 {
    at.0.saturating_sub(1).div_euclid(UNIT.0)
}

/// The times of the units from `from` to before `to`.
pub(in crate::store) fn times(from: i64, to: i64) -> TimeRange {
    let at = |unit: i64| unit.saturating_mul(UNIT.0);
    let range = TimeRange::new(Timestamp(at(from).saturating_add(1)), Timestamp(at(to)));
    range.unwrap_or_else(TimeRange::all)
}

impl Cover {
    /// The units from `from` to before `to`.
    pub(in crate::store) fn units(from: i64, to: i64) -> Self {
        Self(if from < to { vec![(from, to)] } else { Vec::new() })
    }

    /// What a block of version 1 covers, whose stretches were right-open: its first sample may lie
    /// on the edge before.
    pub(super) fn first_version(span: TimeRange) -> Self {
        let unit = |at: Timestamp| at.0.div_euclid(UNIT.0);
        Self::units(unit(span.from()), unit(span.to()).saturating_add(1))
    }

    /// The stretches.
    pub(super) fn stretches(&self) -> &[(i64, i64)] {
        &self.0
    }

    /// From the beginning of the first stretch to the end of the last one.
    pub(super) fn hull(&self) -> Option<(i64, i64)> {
        Some((self.0.first()?.0, self.0.last()?.1))
    }

    /// What any of them covers.
    pub(in crate::store) fn union<'a>(covers: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut all: Vec<(i64, i64)> =
            covers.into_iter().flat_map(|cover| cover.0.iter().copied()).collect();
        all.sort_unstable();
        let mut joined: Vec<(i64, i64)> = Vec::new();
        for (from, to) in all {
            match joined.last_mut().filter(|last| last.1 >= from) {
                Some(last) => last.1 = last.1.max(to),
                None => joined.push((from, to)),
            }
        }
        Self(joined)
    }

    /// What it covers and the other one does not.
    pub(super) fn without(&self, other: &Self) -> Self {
        let mut left = Vec::new();
        for (from, to) in &self.0 {
            let mut place = *from;
            for (start, end) in other.0.iter().filter(|one| one.1 > *from && one.0 < *to) {
                if *start > place {
                    left.push((place, *start));
                }
                place = *end;
            }
            if place < *to {
                left.push((place, *to));
            }
        }
        Self(left)
    }

    /// Adds its bytes: how many stretches, and of each how far it begins behind the end of the one
    /// before (behind 1970 for the first) and how long it is.
    pub(super) fn encode(&self, into: &mut Vec<u8>) {
        put_number(self.0.len() as u64, into);
        let mut place = 0;
        for (from, to) in &self.0 {
            put_signed(from.wrapping_sub(place), into);
            put_number(to.abs_diff(*from), into);
            place = *to;
        }
    }

    /// Reads its bytes.
    pub(super) fn decode(cursor: &mut Cursor<'_>) -> Result<Self, BlockError> {
        let (mut stretches, mut place) = (Vec::new(), 0_i64);
        for number in 0..cursor.number()? {
            let from = place.checked_add(cursor.signed()?);
            let from = from.filter(|from| number == 0 || *from > place);
            let length = cursor.number()?;
            let end = from.and_then(|from| from.checked_add_unsigned(length));
            let stretch = from.zip(end).filter(|(from, end)| from < end);
            let (from, end) = stretch.ok_or(BlockError::Damaged("stretches do not ascend"))?;
            stretches.push((from, end));
            place = end;
        }
        Ok(Self(stretches))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn cover(parts: &[(i64, i64)]) -> Cover {
        let parts: Vec<Cover> =
            parts.iter().map(|(from, length)| Cover::units(*from, from + length)).collect();
        Cover::union(&parts)
    }

    fn set(cover: &Cover) -> BTreeSet<i64> {
        cover.stretches().iter().flat_map(|(from, to)| *from..*to).collect()
    }

    proptest! {
        #[test]
        fn covers_are_sets_of_units(
            one in prop::collection::vec((-20_i64..20, 0_i64..5), 0..6),
            other in prop::collection::vec((-20_i64..20, 0_i64..5), 0..6),
        ) {
            let (one, other) = (cover(&one), cover(&other));
            let both: BTreeSet<i64> = set(&one).union(&set(&other)).copied().collect();
            prop_assert_eq!(set(&Cover::union([&one, &other])), both);
            let rest: BTreeSet<i64> = set(&one).difference(&set(&other)).copied().collect();
            prop_assert_eq!(set(&one.without(&other)), rest);
            let mut bytes = Vec::new();
            one.encode(&mut bytes);
            let read = Cover::decode(&mut Cursor::new(&bytes)).expect("what was written");
            prop_assert_eq!(read, one);
        }
    }

    #[test]
    fn a_time_on_an_edge_belongs_to_the_unit_before() {
        let check = |at: i64, expected: i64| assert_eq!(unit(Timestamp(at)), expected, "{at}");
        check(0, -1);
        check(1, 0);
        check(UNIT.0, 0);
        check(UNIT.0 + 1, 1);
        let range = times(0, 2);
        assert_eq!((range.from(), range.to()), (Timestamp(1), Timestamp(2 * UNIT.0)));
    }
}
