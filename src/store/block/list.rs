//! The list of one series' chunks: when each begins and ends, and where its bytes stand.
//!
//! It follows the chunks of its series in the file, so that a reader of one series reads two
//! stretches: the list, and what it needs of the chunks.

use super::BlockError;
use super::bytes::{Cursor, put_number, put_signed};
use super::tier::COLUMNS;
use crate::model::{TimeRange, Timestamp};

/// All steps between the times are the same: they have no bytes.
const REGULAR: u64 = 0;
/// The times stand right before the values.
const OWN: u64 = 1;
/// The times stand elsewhere, since another chunk has the same.
const SHARED: u64 = 2;

/// The most samples of a chunk; no writer makes longer ones.
pub(super) const COUNT_MAX: u32 = 1 << 16;

/// A stretch of the file, its checksum included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    /// Where it begins.
    pub(super) at: u64,
    /// How long it is, in bytes.
    pub(super) length: u32,
}

/// A column that a chunk does not have.
pub(super) const NOWHERE: Piece = Piece { at: 0, length: 0 };

impl Piece {
    /// Where it ends.
    pub(super) const fn end(self) -> u64 {
        self.at.saturating_add(self.length as u64)
    }
}

/// A chunk as its list knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chunk {
    /// The times of its first and its last sample.
    pub(super) span: TimeRange,
    /// How many samples it has, at least one.
    pub(super) count: u32,
    /// Its times; nothing when all steps are the same.
    pub(super) times: Option<Piece>,
    /// Its columns, of which blocks of samples as they came have the first one alone: their values.
    pub(super) columns: [Piece; COLUMNS],
}

/// The bytes of a list of chunks with so many columns. The first chunk's pieces stand at `start` or
/// after it.
pub(super) fn encode(chunks: &[Chunk], start: u64, columns: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    put_number(start, &mut bytes);
    let (mut place, mut before) = (start, 0);
    for chunk in chunks {
        let (first, last) = (chunk.span.from().0, chunk.span.to().0);
        put_signed(first.wrapping_sub(before), &mut bytes);
        put_number(last.abs_diff(first), &mut bytes);
        put_number(u64::from(chunk.count), &mut bytes);
        match chunk.times {
            None => put_number(REGULAR, &mut bytes),
            Some(own) if own.at == place => {
                put_number(OWN, &mut bytes);
                put_number(u64::from(own.length), &mut bytes);
                place = own.end();
            }
            Some(shared) => {
                put_number(SHARED, &mut bytes);
                put_number(shared.at, &mut bytes);
                put_number(u64::from(shared.length), &mut bytes);
            }
        }
        let pieces = chunk.columns.get(..columns).unwrap_or_default();
        for (number, piece) in pieces.iter().enumerate() {
            match pieces.iter().position(|other| other == piece) {
                Some(same) if same < number => put_number(same as u64, &mut bytes),
                _ => {
                    put_number(number as u64 + u64::from(piece.length), &mut bytes);
                    place = piece.end();
                }
            }
        }
        before = last;
    }
    bytes
}

/// The chunks of a list, each with so many columns, in ascending order, none over another.
pub(super) fn decode(bytes: &[u8], columns: usize) -> Result<Vec<Chunk>, BlockError> {
    let mut cursor = Cursor::new(bytes);
    let mut place = cursor.number()?;
    let (mut before, mut chunks) = (0_i64, Vec::new());
    while !cursor.is_empty() {
        let first = before.wrapping_add(cursor.signed()?);
        let last = first.checked_add_unsigned(cursor.number()?);
        let ascends = chunks.is_empty() || first > before;
        let span = last
            .filter(|_| ascends)
            .and_then(|last| TimeRange::new(Timestamp(first), Timestamp(last)));
        let span = span.ok_or(BlockError::Damaged("chunks do not ascend"))?;
        let count = cursor.small()?;
        if !(1..=COUNT_MAX).contains(&count) || u64::from(count) - 1 > span.to().0.abs_diff(first) {
            return Err(BlockError::Damaged("a chunk has an impossible number of samples"));
        }
        let times = match cursor.number()? {
            REGULAR => None,
            OWN => {
                let own = Piece { at: place, length: cursor.small()? };
                place = own.end();
                Some(own)
            }
            SHARED => Some(Piece { at: cursor.number()?, length: cursor.small()? }),
            _ => return Err(BlockError::Damaged("times stand at an unknown place")),
        };
        let pieces = decode_columns(&mut cursor, &mut place, columns)?;
        before = span.to().0;
        chunks.push(Chunk { span, count, times, columns: pieces });
    }
    Ok(chunks)
}

/// Where the columns of a chunk stand: each at `place`, which moves behind it, or it is the same as
/// one before.
fn decode_columns(
    cursor: &mut Cursor<'_>,
    place: &mut u64,
    columns: usize,
) -> Result<[Piece; COLUMNS], BlockError> {
    let mut pieces = [NOWHERE; COLUMNS];
    for number in 0..columns.min(COLUMNS) {
        let told = cursor.small()?;
        pieces[number] = match pieces.get(told as usize).filter(|_| (told as usize) < number) {
            Some(same) => *same,
            None => Piece { at: *place, length: told - number as u32 },
        };
        *place = (*place).max(pieces[number].end());
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_list_comes_back(
            parts in prop::collection::vec(
                (1_i64..1000, 0_i64..1000, 5_u32..9000, 0_u8..3, any::<u16>()), 0..20),
            start in 0_u64..1_000_000,
            first in any::<i32>(),
            of_rows in any::<bool>(),
        ) {
            let columns = if of_rows { COLUMNS } else { 1 };
            let (mut place, mut at, mut chunks) = (start, i64::from(first), Vec::new());
            for (gap, way, length, times, same) in parts {
                let from = at + gap;
                at = from + way;
                let times = match times {
                    0 => None,
                    1 => Some(Piece { at: place, length: 20 }),
                    // Elsewhere: never where the values are to stand.
                    _ => Some(Piece { at: start.wrapping_sub(1), length }),
                };
                place += times.filter(|times| times.at == place).map_or(0, |_| 20);
                let span = TimeRange::new(Timestamp(from), Timestamp(at)).expect("ascending");
                let mut pieces = [NOWHERE; COLUMNS];
                for number in 0..columns {
                    pieces[number] = if number > 0 && same >> number & 1 == 1 {
                        pieces[number / 2]
                    } else {
                        Piece { at: place, length: length + number as u32 }
                    };
                    place = place.max(pieces[number].end());
                }
                chunks.push(Chunk { span, count: 1, times, columns: pieces });
            }
            let bytes = encode(&chunks, start, columns);
            prop_assert_eq!(decode(&bytes, columns).expect("what was written"), chunks);
        }

        #[test]
        fn damaged_lists_ascend_or_are_refused(
            bytes in prop::collection::vec(any::<u8>(), 0..60),
            columns in prop::sample::select(vec![1, COLUMNS]),
        ) {
            if let Ok(chunks) = decode(&bytes, columns) {
                let ascend = |pair: &[Chunk]| pair[0].span.to() < pair[1].span.from();
                prop_assert!(chunks.windows(2).all(ascend));
            }
        }
    }
}
