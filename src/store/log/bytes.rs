//! Numbers and texts as bytes: whole numbers of any size in as many bytes as they need, seven bits
//! a byte, low bits first (LEB128); signed ones folded so that small ones stay small.

/// The most bytes of a number.
const NUMBER_BYTES_MAX: usize = 10;

/// Adds a number.
pub(super) fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Adds a signed number.
pub(super) fn put_signed(out: &mut Vec<u8>, number: i64) {
    put(out, fold(number));
}

/// Adds a text or other bytes with their length.
pub(super) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// A signed number as one without a sign: 0, -1, 1, -2 become 0, 1, 2, 3.
pub(super) const fn fold(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

/// What [`fold`] folded.
pub(super) const fn unfold(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

/// Bytes that no writer writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// Bytes that are read from the front. Every reading gives nothing when they do not hold it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    /// Whether all were read.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next byte.
    pub(super) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// The next so many bytes.
    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// The next number.
    #[inline]
    pub(super) fn number(&mut self) -> Option<u64> {
        // Lengths follow no pattern that a processor could guess: up to eight bytes are taken
        // without a branch on them.
        if let Some(word) = self.0.first_chunk::<8>().copied().map(u64::from_le_bytes) {
            let ends = !word & 0x8080_8080_8080_8080;
            if ends != 0 {
                let bits = ends.trailing_zeros() + 1;
                self.0 = self.0.get(bits as usize / 8..)?;
                let sevens = word & (u64::MAX >> (64 - bits)) & 0x7f7f_7f7f_7f7f_7f7f;
                let pairs = sevens & 0x007f_007f_007f_007f | (sevens & 0x7f00_7f00_7f00_7f00) >> 1;
                let fours = pairs & 0x3fff_0000_3fff | (pairs & 0x3fff_0000_3fff_0000) >> 2;
                return Some(fours & 0x0fff_ffff | (fours & 0x0fff_ffff_0000_0000) >> 4);
            }
        }
        self.long_number()
    }

    /// The next number, byte by byte: one of more than eight, or near the end.
    #[cold]
    fn long_number(&mut self) -> Option<u64> {
        let first = self.byte()?;
        if first < 0x80 {
            return Some(u64::from(first));
        }
        let mut number = u64::from(first & 0x7f);
        for place in 1..NUMBER_BYTES_MAX {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            // The tenth byte holds the last bit alone.
            if place == NUMBER_BYTES_MAX - 1 && byte > 1 {
                return None;
            }
            number |= bits << (7 * place);
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// The next signed number.
    pub(super) fn signed(&mut self) -> Option<i64> {
        self.number().map(unfold)
    }

    /// The next number, when it can count things of which each takes a byte or more of what is
    /// left, or 1/`a_byte` of one: nothing larger is made room for.
    pub(super) fn count(&mut self, a_byte: usize) -> Option<usize> {
        let count = usize::try_from(self.number()?).ok()?;
        (count <= self.0.len().saturating_mul(a_byte)).then_some(count)
    }

    /// The next bytes with their length.
    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        self.take(length)
    }

    /// The next text.
    pub(super) fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_are_read_as_written(
            numbers in prop::collection::vec((any::<u64>(), 0_u32..64), 0..50),
            text in ".{0,20}",
        ) {
            let mut out = Vec::new();
            for (number, shift) in &numbers {
                put(&mut out, number >> shift);
                put_signed(&mut out, (*number as i64) >> shift);
            }
            put_bytes(&mut out, text.as_bytes());
            let mut bytes = Bytes(&out);
            for (number, shift) in &numbers {
                prop_assert_eq!(bytes.number(), Some(number >> shift));
                prop_assert_eq!(bytes.signed(), Some((*number as i64) >> shift));
            }
            prop_assert_eq!(bytes.text(), Some(text.as_str()));
            prop_assert!(bytes.is_empty() && bytes.number().is_none());
        }
    }

    #[test]
    fn what_no_writer_writes_is_refused() {
        assert_eq!(Bytes(&[0xff; 10]).number(), None, "beyond 64 bits");
        assert_eq!(Bytes(&[0x80]).number(), None, "cut");
        assert_eq!(Bytes(&[5, b'a']).text(), None, "longer than what is there");
        assert_eq!(Bytes(&[100, 0]).count(8), None, "more than what is left can be");
        assert_eq!(Bytes(&[8, 0]).count(8), Some(8));
    }
}
