//! Chunks: samples of one series, in ascending order, packed by their differences.
//!
//! Times are stored as the difference of differences (Pelkonen et al., "Gorilla", VLDB 2015).
//! Values that are short decimals are stored as the differences of whole numbers, all of a chunk
//! with as many decimals as one of them needs; others as the XOR with the value before, as in the
//! same paper. Each sample is packed as it comes, so nothing has to be collected first. When a
//! value needs more decimals than the ones before it, or too many are no decimals, the chunk is
//! packed anew, ten times at most. All arithmetic of times wraps: any time and any bit pattern of
//! a value come back exactly.
//!
//! | time: difference of differences | bits | value: XOR with the last one | bits |
//! | --- | --- | --- | --- |
//! | 0 | `0` | 0 | `0` |
//! | fits 8 bits | `10` + 8 | fits the window in use | `10` + its width |
//! | fits 14 bits | `110` + 14 | another window | `11` + 5 leading zeros + 6 width + width |
//! | fits 20 bits | `1110` + 20 | | |
//! | anything | `1111` + 64 | | |
//!
//! | value: difference of the whole numbers, folded | bits |
//! | --- | --- |
//! | 0 | `0` |
//! | fits the width in use | `10` + its width |
//! | another width | `110` + 6 width + width |
//! | no decimal | `111` + 64 |

use std::sync::Arc;

use super::bits::{BitReader, BitWriter};
use super::decimal::{self, POWERS};
use crate::model::{Kind, Sample, Timestamp};

/// A chunk is closed at this many samples: at one a second 4 minutes. Half as many would double the
/// share of the fixed cost of a chunk, 56 bytes, in a series that hardly changes.
pub(super) const CHUNK_SAMPLES: usize = 240;

/// A narrower window is opened when it saves more than this many bits; opening costs 11.
const WINDOW_SAVING: u32 = 13;
/// The same of whole numbers, where it costs 7.
const WIDTH_SAVING: u32 = 8;
/// Stands for the decimals of a chunk whose values are packed by their bits.
const BITS: u8 = u8::MAX;
/// So many values are made whole numbers together.
const WHOLES: usize = 32;
/// Of this many values one may be no decimal, and so many at the start beside.
const EXCEPTION_SHARE: u16 = 16;
const EXCEPTIONS_LEAST: u16 = 3;

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
    decimals: u8,
    data: Arc<[u8]>,
}

impl Chunk {
    /// Packs `samples`, which are strictly ascending; nothing when there are none. At most 65,535.
    pub(super) fn pack(kind: Kind, samples: &[Sample]) -> Option<Self> {
        let mut writer = ChunkWriter::new(kind);
        writer.extend(samples);
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
                whole: 0,
                decimals: self.decimals,
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
    /// How many values are no decimals though the chunk has some.
    exceptions: u16,
    /// How many decimals the whole numbers have that stand for the values, or [`BITS`].
    decimals: u8,
    /// The whole number of the last value that is a decimal.
    whole: i64,
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
        if self.count == 0 {
            // The values before it in the series were like it.
            let alike = decimal::whole(sample.value, self.decimals).map(|_| self.decimals);
            let decimals = alike.or_else(|| decimal::decimals(sample.value)).unwrap_or(BITS);
            return self.begin(sample, decimals);
        }
        if self.decimals == BITS {
            return self.add_bits(sample);
        }
        if let Some(whole) = decimal::whole(sample.value, self.decimals) {
            return self.add_whole(sample.at, whole);
        }
        let more = decimal::decimals(sample.value).filter(|more| *more > self.decimals);
        let most = EXCEPTIONS_LEAST + self.count / EXCEPTION_SHARE;
        if let Some(more) = more.or((self.exceptions >= most).then_some(BITS)) {
            self.pack_anew(more);
        }
        self.add(sample);
    }

    /// Adds samples that are newer than all in the chunk, in their order. Decimals are made whole
    /// numbers many at a time: then none of these divisions is waited for.
    pub(super) fn extend(&mut self, samples: &[Sample]) {
        let first = usize::from(self.count == 0).min(samples.len());
        let (first, rest) = samples.split_at(first);
        for sample in first {
            self.push(*sample);
        }
        let mut wholes = [0; WHOLES];
        for part in rest.chunks(WHOLES) {
            if decimal::all_whole(part, self.decimals, &mut wholes) {
                for (sample, whole) in part.iter().zip(wholes) {
                    self.add_whole(sample.at, whole);
                }
            } else {
                for sample in part {
                    self.push(*sample);
                }
            }
        }
    }

    fn pack_anew(&mut self, decimals: u8) {
        let chunk = self.chunk();
        self.clear();
        for sample in chunk.iter().flat_map(Chunk::samples) {
            if self.count == 0 { self.begin(sample, decimals) } else { self.add(sample) }
        }
    }

    fn begin(&mut self, sample: Sample, decimals: u8) {
        let value = sample.value.to_bits();
        (self.decimals, self.exceptions) = (decimals, 0);
        self.whole = first_whole(sample.value, decimals);
        (self.first, self.delta, self.window) = (sample.at, 0, Window::default());
        self.bits.write(value, 64);
        (self.last, self.value, self.count) = (sample.at, value, 1);
    }

    /// Adds a sample to what a chunk with its number of decimals has.
    fn add(&mut self, sample: Sample) {
        if self.decimals == BITS {
            return self.add_bits(sample);
        }
        if let Some(whole) = decimal::whole(sample.value, self.decimals) {
            return self.add_whole(sample.at, whole);
        }
        let (head, head_bits) = self.add_time(sample.at);
        self.exceptions += 1;
        self.bits.write(head << 3 | 0b111, head_bits + 3);
        self.bits.write(sample.value.to_bits(), 64);
    }

    /// Adds a sample to a chunk whose values are packed by their bits.
    fn add_bits(&mut self, sample: Sample) {
        let head = self.add_time(sample.at);
        let value = sample.value.to_bits();
        self.push_value(head, value ^ self.value);
        self.value = value;
    }

    /// Adds a sample whose value is `whole` with the chunk's number of decimals.
    #[inline]
    fn add_whole(&mut self, at: Timestamp, whole: i64) {
        let (head, head_bits) = self.add_time(at);
        let change = fold(whole - self.whole);
        self.whole = whole;
        if change == 0 {
            return self.bits.write(head << 1, head_bits + 1);
        }
        let wanted = 64 - change.leading_zeros();
        let width = u32::from(self.window.width);
        if wanted <= width && width <= wanted + WIDTH_SAVING {
            self.write_both((head << 2 | 0b10, head_bits + 2), (change, width));
        } else {
            self.window.width = wanted as u8;
            let head = head << 9 | 0b110 << 6 | u64::from(wanted);
            self.write_both((head, head_bits + 9), (change, wanted));
        }
    }

    /// Counts a sample; gives what is to be written for its time.
    #[inline]
    fn add_time(&mut self, at: Timestamp) -> (u64, u32) {
        let delta = at.0.wrapping_sub(self.last.0);
        let head = self.time_bits(delta.wrapping_sub(self.delta));
        (self.last, self.delta) = (at, delta);
        self.count += 1;
        head
    }

    /// Writes two rows of bits, with one write where both fit.
    fn write_both(&mut self, (head, head_bits): (u64, u32), (value, width): (u64, u32)) {
        if head_bits + width <= 64 {
            self.bits.write(head << width | value, head_bits + width);
        } else {
            self.bits.write(head, head_bits);
            self.bits.write(value, width);
        }
    }

    /// What is to be written for a time, and how many bits of it. It goes out together with the
    /// value where both fit.
    fn time_bits(&mut self, change: i64) -> (u64, u32) {
        if change == 0 {
            (0, 1)
        } else if fits(change, 8) {
            (0b10 << 8 | low_bits(change, 8), 10)
        } else if fits(change, 14) {
            (0b110 << 14 | low_bits(change, 14), 17)
        } else if fits(change, 20) {
            (0b1110 << 20 | low_bits(change, 20), 24)
        } else {
            self.bits.write(0b1111, 4);
            self.bits.write(change as u64, 64);
            (0, 0)
        }
    }

    fn push_value(&mut self, (head, head_bits): (u64, u32), xor: u64) {
        if xor == 0 {
            return self.bits.write(head << 1, head_bits + 1);
        }
        let wanted = Window::around(xor);
        let (control, control_bits) = if self.window.serves(wanted) {
            (0b10, 2)
        } else {
            self.window = wanted;
            // A width of 64 is written as 0, which no window has.
            let header = u64::from(wanted.leading) << 6 | u64::from(wanted.width & 63);
            (0b11 << 11 | header, 13)
        };
        let head = (head << control_bits | control, head_bits + control_bits);
        self.write_both(head, (xor >> self.window.trailing(), u32::from(self.window.width)));
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
            decimals: self.decimals,
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

/// The whole number that the second value of a chunk differs from.
fn first_whole(value: f64, decimals: u8) -> i64 {
    decimal::whole(value, decimals).unwrap_or(0)
}

/// A signed number as one without a sign: 0, -1, 1, -2 become 0, 1, 2, 3.
const fn fold(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

/// What [`fold`] folded.
const fn unfold(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
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
    whole: i64,
    decimals: u8,
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

    /// The difference of the whole numbers, or the bits of a value that is no decimal.
    fn whole_change(&mut self) -> Option<Result<u64, u64>> {
        let word = self.bits.peek();
        if word >> 63 == 0 {
            self.bits.skip(1)?;
            return Some(Ok(0));
        }
        if word >> 62 == 0b10 {
            let width = u32::from(self.window.width);
            if (1..=55).contains(&width) {
                self.bits.skip(2 + width)?;
                return Some(Ok((word << 2) >> (64 - width)));
            }
            self.bits.skip(2)?;
            return self.bits.read(width.max(1)).map(Ok);
        }
        self.bits.skip(3)?;
        if word >> 61 == 0b111 {
            return self.bits.read(64).map(Err);
        }
        self.window.width = self.bits.read(6)? as u8;
        self.bits.read(u32::from(self.window.width).max(1)).map(Ok)
    }

    /// The value after the whole number has changed, or the one that is no decimal.
    fn decimal(&mut self, power: f64) -> Option<f64> {
        match self.whole_change()? {
            Ok(change) => {
                self.whole = self.whole.wrapping_add(unfold(change));
                Some(self.whole as f64 / power)
            }
            Err(bits) => Some(f64::from_bits(bits)),
        }
    }

    fn step(&mut self) -> Option<Sample> {
        if !self.started {
            self.started = true;
            self.value = self.bits.read(64)?;
            self.whole = first_whole(f64::from_bits(self.value), self.decimals);
            return Some(Sample::new(self.at, f64::from_bits(self.value)));
        }
        self.delta = self.delta.wrapping_add(self.time_change()?);
        self.at = Timestamp(self.at.0.wrapping_add(self.delta));
        if let Some(power) = POWERS.get(usize::from(self.decimals)) {
            return Some(Sample::new(self.at, self.decimal(*power)?));
        }
        self.value ^= self.value_change()?;
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
#[path = "chunk/tests.rs"]
mod tests;
