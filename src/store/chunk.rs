//! Chunks: samples of one series, in ascending order, packed by their differences.
//!
//! Times are stored as the difference of differences, values as the XOR with the value before
//! (Pelkonen et al., "Gorilla", VLDB 2015). Each sample is packed as it comes, so nothing has to be
//! collected first. All arithmetic wraps: any time and any bit pattern of a value come back
//! exactly.
//!
//! | time: difference of differences | bits | value: XOR with the last one | bits |
//! | --- | --- | --- | --- |
//! | 0 | `0` | 0 | `0` |
//! | fits 8 bits | `10` + 8 | fits the window in use | `10` + its width |
//! | fits 14 bits | `110` + 14 | another window | `11` + 5 leading zeros + 6 width + width |
//! | fits 20 bits | `1110` + 20 | | |
//! | anything | `1111` + 64 | | |

use std::sync::Arc;

use super::bits::{BitReader, BitWriter};
use crate::model::{Kind, Sample, Timestamp};

/// A chunk is closed at this many samples: at one a second 4 minutes. Half as many would double the
/// share of the fixed cost of a chunk, 56 bytes, in a series that hardly changes.
pub(super) const CHUNK_SAMPLES: usize = 240;

/// A narrower window is opened when it saves more than this many bits; opening costs 11.
const WINDOW_SAVING: u32 = 13;

/// A closed chunk. Cloning shares the packed bytes.
#[derive(Debug, Clone)]
pub(super) struct Chunk {
    /// What kind of values are packed.
    kind: Kind,
    /// The time of the first sample.
    pub(super) first: Timestamp,
    /// The time of the last sample.
    pub(super) last: Timestamp,
    count: u16,
    data: Arc<[u8]>,
}

impl Chunk {
    /// Packs `samples`, which are strictly ascending; nothing when there are none. At most 65,535.
    pub(super) fn pack(kind: Kind, samples: &[Sample]) -> Option<Self> {
        let mut writer = ChunkWriter::new(kind);
        for sample in samples {
            writer.push(*sample);
        }
        writer.chunk()
    }

    /// How many samples there are.
    pub(super) fn len(&self) -> usize {
        usize::from(self.count)
    }

    /// The bytes kept on the heap, the two counts beside the shared data included.
    pub(super) fn heap_bytes(&self) -> usize {
        self.data.len() + 2 * size_of::<usize>()
    }

    /// The samples, oldest first.
    pub(super) fn samples(&self) -> Samples<'_> {
        match self.kind {
            Kind::Float => Samples {
                bits: BitReader::new(&self.data),
                left: self.count,
                started: false,
                at: self.first,
                delta: 0,
                value: 0,
                window: Window::default(),
            },
        }
    }
}

/// The bits of an XOR that are written: `width` of them after `leading` zeros. Width 0: none yet.
#[derive(Debug, Clone, Copy, Default)]
struct Window {
    leading: u8,
    width: u8,
}

impl Window {
    /// The narrowest window around the ones of `xor`, which is not zero.
    fn around(xor: u64) -> Self {
        // Five bits hold the zeros in front: more than 31 are written as part of the value.
        let leading = xor.leading_zeros().min(31);
        let width = 64 - leading - xor.trailing_zeros();
        Self { leading: leading as u8, width: width as u8 }
    }

    const fn trailing(self) -> u32 {
        64 - self.leading as u32 - self.width as u32
    }

    /// Whether `inner` can be written through this window without much waste.
    fn serves(self, inner: Self) -> bool {
        self.width > 0
            && self.leading <= inner.leading
            && self.trailing() <= inner.trailing()
            && u32::from(self.width) <= u32::from(inner.width) + WINDOW_SAVING
    }
}

/// A chunk that still grows.
#[derive(Debug, Clone, Default)]
pub(super) struct ChunkWriter {
    kind: Kind,
    count: u16,
    window: Window,
    first: Timestamp,
    last: Timestamp,
    delta: i64,
    value: u64,
    bits: BitWriter,
}

impl ChunkWriter {
    /// An empty chunk for values of `kind`.
    pub(super) fn new(kind: Kind) -> Self {
        Self { kind, ..Self::default() }
    }

    /// Adds a sample that is newer than all in the chunk.
    pub(super) fn push(&mut self, sample: Sample) {
        let value = sample.value.to_bits();
        if self.count == 0 {
            (self.first, self.delta, self.window) = (sample.at, 0, Window::default());
            self.bits.write(value, 64);
        } else {
            let delta = sample.at.0.wrapping_sub(self.last.0);
            self.push_time(delta.wrapping_sub(self.delta));
            self.push_value(value ^ self.value);
            self.delta = delta;
        }
        (self.last, self.value) = (sample.at, value);
        self.count += 1;
    }

    fn push_time(&mut self, change: i64) {
        if change == 0 {
            self.bits.write(0, 1);
        } else if fits(change, 8) {
            self.bits.write(0b10 << 8 | low_bits(change, 8), 10);
        } else if fits(change, 14) {
            self.bits.write(0b110 << 14 | low_bits(change, 14), 17);
        } else if fits(change, 20) {
            self.bits.write(0b1110 << 20 | low_bits(change, 20), 24);
        } else {
            self.bits.write(0b1111, 4);
            self.bits.write(change as u64, 64);
        }
    }

    fn push_value(&mut self, xor: u64) {
        if xor == 0 {
            self.bits.write(0, 1);
            return;
        }
        let wanted = Window::around(xor);
        if self.window.serves(wanted) {
            self.bits.write(0b10, 2);
        } else {
            self.window = wanted;
            // A width of 64 is written as 0, which no window has.
            let header = u64::from(wanted.leading) << 6 | u64::from(wanted.width & 63);
            self.bits.write(0b11 << 11 | header, 13);
        }
        self.bits.write(xor >> self.window.trailing(), u32::from(self.window.width));
    }

    /// How many samples there are.
    pub(super) fn len(&self) -> usize {
        usize::from(self.count)
    }

    /// Whether there is no sample.
    pub(super) const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The time of the first sample; of no meaning when there is none.
    pub(super) const fn first(&self) -> Timestamp {
        self.first
    }

    /// The time of the last sample; of no meaning when there is none.
    pub(super) const fn last(&self) -> Timestamp {
        self.last
    }

    /// A closed copy of what is there; nothing when there is no sample.
    pub(super) fn chunk(&self) -> Option<Chunk> {
        (self.count > 0).then(|| Chunk {
            kind: self.kind,
            first: self.first,
            last: self.last,
            count: self.count,
            data: self.bits.to_bytes().into(),
        })
    }

    /// Forgets all samples and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.count = 0;
        self.bits.clear();
    }

    /// The bytes kept on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        self.bits.heap_bytes()
    }
}

/// Whether `number` fits `bits` bits with its sign.
const fn fits(number: i64, bits: u32) -> bool {
    let half = 1 << (bits - 1);
    -half <= number && number < half
}

const fn low_bits(number: i64, bits: u32) -> u64 {
    number as u64 & ((1 << bits) - 1)
}

/// Gives the samples of a chunk back, oldest first.
#[derive(Debug, Clone)]
pub(super) struct Samples<'a> {
    bits: BitReader<'a>,
    left: u16,
    started: bool,
    at: Timestamp,
    delta: i64,
    value: u64,
    window: Window,
}

impl Samples<'_> {
    /// The usual changes are read with one look; the others bit by bit.
    fn time_change(&mut self) -> Option<i64> {
        let word = self.bits.peek();
        if word >> 63 == 0 {
            self.bits.skip(1)?;
            return Some(0);
        }
        if word >> 62 == 0b10 {
            self.bits.skip(10)?;
            return Some(((word << 2) as i64) >> 56);
        }
        for bits in [0_u32, 8, 14, 20] {
            if !self.bits.bit()? {
                return if bits == 0 { Some(0) } else { self.signed(bits) };
            }
        }
        self.signed(64)
    }

    fn signed(&mut self, bits: u32) -> Option<i64> {
        let unused = 64 - bits;
        Some(((self.bits.read(bits)? << unused) as i64) >> unused)
    }

    fn value_change(&mut self) -> Option<u64> {
        let word = self.bits.peek();
        if word >> 63 == 0 {
            self.bits.skip(1)?;
            return Some(0);
        }
        let width = u32::from(self.window.width);
        if word >> 62 == 0b10 && (1..=55).contains(&width) {
            self.bits.skip(2 + width)?;
            return Some(((word << 2) >> (64 - width)) << self.window.trailing());
        }
        self.bits.skip(2)?;
        if word >> 62 == 0b11 {
            let header = self.bits.read(11)?;
            let width = match header & 63 {
                0 => 64,
                narrow => narrow,
            };
            self.window = Window { leading: (header >> 6) as u8, width: width as u8 };
        }
        Some(self.bits.read(u32::from(self.window.width))? << self.window.trailing())
    }

    fn step(&mut self) -> Option<Sample> {
        if self.started {
            self.delta = self.delta.wrapping_add(self.time_change()?);
            self.at = Timestamp(self.at.0.wrapping_add(self.delta));
            self.value ^= self.value_change()?;
        } else {
            self.started = true;
            self.value = self.bits.read(64)?;
        }
        Some(Sample::new(self.at, f64::from_bits(self.value)))
    }
}

impl Iterator for Samples<'_> {
    type Item = Sample;

    fn next(&mut self) -> Option<Sample> {
        self.left = self.left.checked_sub(1)?;
        self.step()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::STALE_BITS;
    use proptest::prelude::*;

    fn check(samples: &[Sample]) {
        let chunk = Chunk::pack(Kind::Float, samples).expect("samples");
        assert_eq!(chunk.samples().collect::<Vec<_>>(), samples);
        assert_eq!((chunk.first, chunk.last), (samples[0].at, samples[samples.len() - 1].at));
    }

    /// Values that a lossy codec would bend.
    fn odd_value() -> impl Strategy<Value = u64> {
        let odd = [
            STALE_BITS,
            0x7ff8_0000_0000_0001,
            0xfff8_dead_beef_0001,
            0x8000_0000_0000_0000,
            1,
            0x000f_ffff_ffff_ffff,
            f64::INFINITY.to_bits(),
            f64::MAX.to_bits(),
            u64::MAX,
        ];
        prop_oneof![
            3 => any::<u64>(),
            3 => (0_u32..2000).prop_map(|whole| f64::from(whole).to_bits()),
            3 => (0_u32..2000).prop_map(|cents| (f64::from(cents) / 100.0).to_bits()),
            2 => prop::sample::select(odd.to_vec()),
        ]
    }

    fn step() -> impl Strategy<Value = i64> {
        prop_oneof![Just(1000), 990_i64..1010, 1_i64..100_000, 1_i64..i64::MAX / 1000]
    }

    proptest! {
        #[test]
        fn any_samples_come_back_bit_for_bit(
            start in prop_oneof![
                Just(i64::MIN),
                any::<i32>().prop_map(i64::from),
                Just(i64::MAX / 2),
            ],
            parts in prop::collection::vec((step(), odd_value()), 1..400),
        ) {
            let mut at = start;
            let samples: Vec<Sample> = parts.into_iter().map(|(step, bits)| {
                at = at.wrapping_add(step);
                Sample::new(Timestamp(at), f64::from_bits(bits))
            }).collect();
            check(&samples);
        }
    }

    #[test]
    fn the_ends_of_time_come_back() {
        let at = |times: &[i64]| {
            times.iter().map(|at| Sample::new(Timestamp(*at), 1.5)).collect::<Vec<_>>()
        };
        check(&at(&[i64::MIN, 0, i64::MAX]));
        check(&at(&[i64::MIN, i64::MIN + 1, i64::MAX - 1, i64::MAX]));
        check(&at(&[i64::MAX]));
    }

    #[test]
    fn steady_series_take_a_quarter_of_a_byte() {
        let steady: Vec<Sample> =
            (0..240).map(|second| Sample::new(Timestamp(second * 1000), 42.0)).collect();
        let chunk = Chunk::pack(Kind::Float, &steady).expect("samples");
        assert!(chunk.data.len() < 75, "{} bytes", chunk.data.len());
    }

    #[test]
    fn a_cleared_writer_starts_anew() {
        let mut writer = ChunkWriter::new(Kind::Float);
        writer.push(Sample::new(Timestamp(5), 1.0));
        writer.push(Sample::new(Timestamp(7), 3.0));
        writer.clear();
        assert!(writer.is_empty() && writer.chunk().is_none());
        writer.push(Sample::new(Timestamp(1), 2.0));
        writer.push(Sample::new(Timestamp(2), 2.5));
        let chunk = writer.chunk().expect("two samples");
        let expected = [Sample::new(Timestamp(1), 2.0), Sample::new(Timestamp(2), 2.5)];
        assert_eq!(chunk.samples().collect::<Vec<_>>(), expected);
    }
}
