//! Bits in a row: written most significant first into a growing buffer, read back in the same
//! order. It knows nothing of samples; chunks are made of it.

/// Collects bits.
#[derive(Debug, Clone, Default)]
pub(super) struct BitWriter {
    /// Whole words of 64 bits, big end first.
    bytes: Vec<u8>,
    /// The bits that do not fill a word yet, at its upper end.
    pending: u64,
    /// How many bits of `pending` are in use, always below 64.
    pending_bits: u32,
}

impl BitWriter {
    /// Adds the lower `bits` bits of `value`, 1 to 64; the bits above them must be zero.
    pub(super) fn write(&mut self, value: u64, bits: u32) {
        debug_assert!((1..=64).contains(&bits) && (bits == 64 || value >> bits == 0));
        let free = 64 - self.pending_bits;
        if bits < free {
            self.pending |= value << (free - bits);
            self.pending_bits += bits;
            return;
        }
        let over = bits - free;
        self.bytes.extend_from_slice(&(self.pending | (value >> over)).to_be_bytes());
        self.pending = if over == 0 { 0 } else { value << (64 - over) };
        self.pending_bits = over;
    }

    /// All bits so far as bytes; the last byte is filled up with zeros.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let tail = self.pending_bits.div_ceil(8) as usize;
        let mut all = Vec::with_capacity(self.bytes.len() + tail);
        all.extend_from_slice(&self.bytes);
        all.extend(self.pending.to_be_bytes().into_iter().take(tail));
        all
    }

    /// Forgets all bits and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        (self.pending, self.pending_bits) = (0, 0);
    }

    /// The bytes kept on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        self.bytes.capacity()
    }
}

/// Gives bits back.
#[derive(Debug, Clone)]
pub(super) struct BitReader<'a> {
    bytes: &'a [u8],
    /// The number of bits that were read.
    position: usize,
}

impl<'a> BitReader<'a> {
    /// Reads from the first bit of `bytes`.
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    /// The next `bits` bits, 1 to 64; nothing when fewer are left.
    pub(super) fn read(&mut self, bits: u32) -> Option<u64> {
        if self.position + bits as usize > self.bytes.len() * 8 {
            return None;
        }
        // One load gives 57 bits at any offset inside a byte.
        if bits > 56 {
            let upper = self.take(bits - 32);
            return Some((upper << 32) | self.take(32));
        }
        Some(self.take(bits))
    }

    /// The next bit; nothing at the end.
    pub(super) fn bit(&mut self) -> Option<bool> {
        let byte = self.bytes.get(self.position / 8)?;
        let set = byte & (0x80 >> (self.position % 8)) != 0;
        self.position += 1;
        Some(set)
    }

    /// The next bits at the upper end of a word, 57 of them at least, with zeros behind the last.
    pub(super) fn peek(&self) -> u64 {
        let rest = self.bytes.get(self.position / 8..).unwrap_or_default();
        let word = rest.first_chunk::<8>().copied().unwrap_or_else(|| {
            let mut word = [0; 8];
            for (to, from) in word.iter_mut().zip(rest) {
                *to = *from;
            }
            word
        });
        u64::from_be_bytes(word) << (self.position % 8)
    }

    /// Goes on behind `bits` bits that were looked at; nothing when fewer are left.
    pub(super) fn skip(&mut self, bits: u32) -> Option<()> {
        let next = self.position + bits as usize;
        if next > self.bytes.len() * 8 {
            return None;
        }
        self.position = next;
        Some(())
    }

    /// At most 56 bits that are known to be there.
    fn take(&mut self, bits: u32) -> u64 {
        let taken = self.peek() >> (64 - bits);
        self.position += bits as usize;
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(
            parts in prop::collection::vec((any::<u64>(), 1_u32..=64), 0..200),
        ) {
            let cut = |(value, bits): &(u64, u32)| value >> (64 - bits);
            let mut writer = BitWriter::default();
            for part in &parts {
                writer.write(cut(part), part.1);
            }
            let bytes = writer.to_bytes();
            let mut reader = BitReader::new(&bytes);
            for part in &parts {
                prop_assert_eq!(reader.read(part.1), Some(cut(part)));
            }
            prop_assert!(reader.read(8).is_none(), "only the padding is left");
        }

        #[test]
        fn single_bits_are_read_as_written(bits in prop::collection::vec(any::<bool>(), 0..200)) {
            let mut writer = BitWriter::default();
            for bit in &bits {
                writer.write(u64::from(*bit), 1);
            }
            let bytes = writer.to_bytes();
            let mut reader = BitReader::new(&bytes);
            for bit in bits {
                prop_assert_eq!(reader.bit(), Some(bit));
            }
        }
    }
}
