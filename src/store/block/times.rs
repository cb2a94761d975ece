//! The times of a chunk as bytes.
//!
//! Most series have one sample a step, without a gap: then the first time, the last and the count
//! say it all, and there are no bytes. Otherwise the ways from each time to the next are kept,
//! divided by what they all share: of a scrape that missed a step they are ones and a two. They
//! say nothing of when they begin, so series that were read together have the same bytes, and a
//! block keeps those once.

use super::BlockError;
use super::bytes::{Cursor, put_number};
use super::pack::{Unpacker, pack};
use super::values::greatest_common_divisor;
use crate::model::{TimeRange, Timestamp};

/// The ways stand as numbers of variable length.
const NUMBERS: u8 = 0;
/// The ways are packed by pco.
const PACKED: u8 = 1;

/// The bytes of strictly ascending `times`; nothing when all steps between them are the same.
pub(super) fn encode(times: &[i64]) -> Option<Vec<u8>> {
    let gap = |pair: &[i64]| pair[1].wrapping_sub(pair[0]);
    let mut gaps: Vec<i64> = times.windows(2).map(gap).collect();
    let first = gaps.first()?;
    if gaps.iter().all(|gap| gap == first) {
        return None;
    }
    let divisor = gaps.iter().fold(0, |sum, gap| greatest_common_divisor(sum, *gap as u64));
    for gap in &mut gaps {
        *gap = (*gap as u64 / divisor) as i64;
    }
    let mut numbers = vec![NUMBERS];
    put_number(divisor, &mut numbers);
    for gap in &gaps {
        put_number(*gap as u64, &mut numbers);
    }
    let mut packed = vec![PACKED];
    put_number(divisor, &mut packed);
    let packed = pack(&gaps, packed).filter(|packed| packed.len() < numbers.len());
    Some(packed.unwrap_or(numbers))
}

/// Adds the `count` times from the first to the last of `span` to `into`.
pub(super) fn decode(
    bytes: Option<&[u8]>,
    (span, count): (TimeRange, usize),
    unpacker: &mut Unpacker,
    into: &mut Vec<i64>,
) -> Result<(), BlockError> {
    let Some(bytes) = bytes else { return regular(span, count, into) };
    let mut cursor = Cursor::new(bytes);
    let (way, divisor) = (cursor.byte()?, cursor.number()?);
    let gaps = count.saturating_sub(1);
    match way {
        NUMBERS => {
            unpacker.numbers.clear();
            for _ in 0..gaps {
                unpacker.numbers.push(cursor.number()? as i64);
            }
        }
        PACKED => unpacker.unpack_numbers(cursor.rest(), gaps)?,
        _ => return Err(BlockError::Damaged("times are packed in an unknown way")),
    }
    let mut at = span.from().0;
    into.push(at);
    for gap in &unpacker.numbers {
        let next = (*gap as u64).checked_mul(divisor).and_then(|way| at.checked_add_unsigned(way));
        let next = next.filter(|next| *next > at);
        at = next.ok_or(BlockError::Damaged("times do not ascend"))?;
        into.push(at);
    }
    if Timestamp(at) == span.to() {
        Ok(())
    } else {
        Err(BlockError::Damaged("times end elsewhere"))
    }
}

/// The times of a chunk in which all steps are the same.
fn regular(span: TimeRange, count: usize, into: &mut Vec<i64>) -> Result<(), BlockError> {
    let (first, way) = (span.from().0, span.to().0.abs_diff(span.from().0));
    let steps = (count as u64).saturating_sub(1);
    let step = way.checked_div(steps).unwrap_or(0);
    if step * steps != way || (step == 0 && steps > 0) {
        return Err(BlockError::Damaged("times have no common step"));
    }
    // Inside the span, so nothing leaves the scale.
    into.extend((0..=steps).map(|number| first.wrapping_add_unsigned(number * step)));
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn holds(times: &[i64]) -> Option<Vec<u8>> {
        let bytes = encode(times);
        let span = TimeRange::new(Timestamp(times[0]), Timestamp(*times.last().expect("one")));
        let (mut read, mut unpacker) = (vec![7], Unpacker::default());
        let of = (span.expect("ascending"), times.len());
        decode(bytes.as_deref(), of, &mut unpacker, &mut read).expect("what was written");
        assert_eq!(&read[1..], times);
        bytes
    }

    proptest! {
        #[test]
        fn times_come_back(
            mut times in prop::collection::vec(any::<i64>(), 1..100),
            gaps in prop::collection::vec(1_i64..4, 0..1000),
            scale in 1_i64..5000,
        ) {
            times.sort_unstable();
            times.dedup();
            holds(&times);
            let sum = |sum: &mut i64, gap| { *sum += gap * scale; Some(*sum) };
            holds(&std::iter::once(0).chain(gaps.into_iter().scan(0, sum)).collect::<Vec<i64>>());
        }

        #[test]
        fn damaged_times_are_ascending_or_refused(
            bytes in prop::collection::vec(any::<u8>(), 0..40),
            first in any::<i64>(),
            last in any::<i64>(),
            count in 1_usize..50,
        ) {
            let span = TimeRange::new(Timestamp(first.min(last)), Timestamp(first.max(last)));
            let span = span.expect("ordered");
            for bytes in [None, Some(&bytes[..])] {
                let (mut read, mut unpacker) = (Vec::new(), Unpacker::default());
                if decode(bytes, (span, count), &mut unpacker, &mut read).is_ok() {
                    prop_assert_eq!(read.len(), count);
                    prop_assert!(read.is_sorted_by(|one, next| one < next));
                    prop_assert_eq!(read.last(), Some(&span.to().0));
                }
            }
        }
    }

    #[test]
    fn regular_times_take_nothing_and_a_gap_next_to_nothing() {
        let second = |n: i64| 1_700_000_000_000 + n * 1000;
        assert_eq!(holds(&[5]), None);
        assert_eq!(holds(&(0..2048).map(second).collect::<Vec<i64>>()), None);
        let gap = (0..2049).filter(|n| *n != 700).map(second).collect::<Vec<i64>>();
        assert!(holds(&gap).expect("not regular").len() < 40);
        let jitter = |n: i64| second(n) + (n * 7919) % 5;
        let jitter = holds(&(0..2048).map(jitter).collect::<Vec<i64>>());
        assert!(jitter.expect("not regular").len() < 1200);
    }
}
