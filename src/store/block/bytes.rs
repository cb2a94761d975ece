//! The small parts of the format: numbers of variable length, texts, and pieces with a checksum.
//!
//! Numbers take seven bits a byte, the lowest first, and the top bit says that more follow. Signed
//! numbers are folded first, so that small ones stay short whichever their sign.

use super::BlockError;

/// A checksum stands behind what it is of.
pub(super) const CHECKSUM_BYTES: usize = 4;

/// Adds a number.
pub(super) fn put_number(mut number: u64, into: &mut Vec<u8>) {
    while number >= 0x80 {
        into.push(number as u8 | 0x80);
        number >>= 7;
    }
    into.push(number as u8);
}

/// Adds a signed number.
pub(super) fn put_signed(number: i64, into: &mut Vec<u8>) {
    put_number(((number << 1) ^ (number >> 63)) as u64, into);
}

/// Adds the checksum of everything from `start` on.
pub(super) fn seal(into: &mut Vec<u8>, start: usize) {
    let sum = crc32c::crc32c(into.get(start..).unwrap_or_default());
    into.extend_from_slice(&sum.to_le_bytes());
}

/// What stands in front of the checksum, when that is right.
pub(super) fn unseal(piece: &[u8]) -> Result<&[u8], BlockError> {
    let (content, sum) = piece
        .split_last_chunk::<CHECKSUM_BYTES>()
        .ok_or(BlockError::Damaged("a piece is short"))?;
    if crc32c::crc32c(content) != u32::from_le_bytes(*sum) {
        return Err(BlockError::Damaged("a checksum is wrong"));
    }
    Ok(content)
}

/// Gives the parts back in order; an error when they end too early.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    /// Reads from the first byte.
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether everything was read.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What was not read yet.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// The next number.
    pub(super) fn number(&mut self) -> Result<u64, BlockError> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            if shift == 63 && part > 1 {
                break;
            }
            number |= part << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(BlockError::Damaged("a number is too long"))
    }

    /// The next number, which counts or measures something in memory.
    pub(super) fn size(&mut self) -> Result<usize, BlockError> {
        usize::try_from(self.number()?).map_err(|_| BlockError::Damaged("a size is too large"))
    }

    /// The next number, which has to fit 32 bits.
    pub(super) fn small(&mut self) -> Result<u32, BlockError> {
        u32::try_from(self.number()?).map_err(|_| BlockError::Damaged("a number is too large"))
    }

    /// The next signed number.
    pub(super) fn signed(&mut self) -> Result<i64, BlockError> {
        let folded = self.number()?;
        Ok((folded >> 1) as i64 ^ -((folded & 1) as i64))
    }

    /// The next byte.
    pub(super) fn byte(&mut self) -> Result<u8, BlockError> {
        let (first, rest) =
            self.0.split_first().ok_or(BlockError::Damaged("a piece ends too early"))?;
        self.0 = rest;
        Ok(*first)
    }

    /// The next `count` bytes.
    pub(super) fn bytes(&mut self, count: usize) -> Result<&'a [u8], BlockError> {
        let (taken, rest) =
            self.0.split_at_checked(count).ok_or(BlockError::Damaged("a piece ends too early"))?;
        self.0 = rest;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_put_is_read(numbers in prop::collection::vec((any::<u64>(), 0_u32..64), 0..50)) {
            let mut bytes = Vec::new();
            for (number, shift) in &numbers {
                put_number(number >> shift, &mut bytes);
                put_signed((*number as i64) >> shift, &mut bytes);
            }
            let mut cursor = Cursor::new(&bytes);
            for (number, shift) in &numbers {
                prop_assert_eq!(cursor.number().ok(), Some(number >> shift));
                prop_assert_eq!(cursor.signed().ok(), Some((*number as i64) >> shift));
            }
            prop_assert!(cursor.is_empty() && cursor.number().is_err());
        }
    }

    #[test]
    fn numbers_that_are_too_long_are_refused() {
        let check = |bytes: &[u8], good: bool| {
            assert_eq!(Cursor::new(bytes).number().is_ok(), good, "{bytes:?}");
        };
        check(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], true);
        check(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02], false);
        check(&[0x80; 12], false);
        check(&[0x80], false);
    }

    #[test]
    fn a_changed_byte_breaks_the_seal() {
        let mut piece = b"before".to_vec();
        piece.extend_from_slice(b"content");
        seal(&mut piece, 6);
        assert_eq!(unseal(&piece[6..]).ok(), Some(&b"content"[..]));
        piece[8] ^= 1;
        assert!(unseal(&piece[6..]).is_err() && unseal(&[0; 3]).is_err());
    }
}
