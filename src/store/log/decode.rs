//! Frames to samples. A frame whose checksum holds is still not trusted: whatever no writer writes
//! ends its reading, and nothing of what it says is made room for before it is there.

use std::collections::HashMap;

use super::bytes::{Bytes, Malformed};
use super::encode::{DELETION, METADATA, SAMPLES, SERIES};
use super::value::{Last, read};
use super::{Origin, Terms};
use crate::model::{
    Labels, MatchOp, Matcher, Metadata, MetricType, Sample, Span, TimeRange, Timestamp,
};

/// The numbers of series follow each other, save where a damaged frame named some: by so many at
/// most.
const NUMBERS_AHEAD_MAX: usize = 1 << 20;
/// What one byte can hold at most of the bits that say whether a value is the one before.
const BITS: usize = 8;

/// What is told while frames are read.
pub(in crate::store) trait Sink {
    /// A number stands for this series from now on.
    fn series(&mut self, number: u32, labels: Labels, ttl: Option<Span>);
    /// The samples from here on came under these terms.
    fn under(&mut self, terms: Terms);
    /// A sample of a series by its number.
    fn sample(&mut self, number: u32, sample: Sample);
    /// What was said of a metric name.
    fn metadata(&mut self, name: &str, metadata: Metadata);
    /// What passes all of these and lies inside was deleted.
    fn deleted(&mut self, matchers: &[Matcher], range: TimeRange);
}

/// Reads the frames of one segment, in their order.
#[derive(Default)]
pub(in crate::store) struct Decoder {
    series: Vec<Series>,
    /// The descriptions of series that those of others are told by.
    firsts: HashMap<u32, Vec<u8>>,
    /// Grows with each damaged stretch: values before it say nothing of values after it.
    stretch: u32,
    numbers: Vec<u32>,
    times: Vec<Timestamp>,
    /// Samples that could not be told for want of what a damaged stretch held.
    lost: usize,
}

/// A series that was named, or a place for one that a damaged frame named.
#[derive(Clone, Copy)]
struct Series {
    named: bool,
    last: Last,
    stretch: u32,
}

impl Series {
    const UNNAMED: Self = Self { named: false, last: Last::UNKNOWN, stretch: 0 };
}

impl Decoder {
    /// Notes that bytes were passed over.
    pub(in crate::store) fn damaged(&mut self) {
        self.stretch += 1;
    }

    /// How many samples could not be told.
    pub(in crate::store) const fn lost(&self) -> usize {
        self.lost
    }

    /// Reads a frame. Nothing when it holds what no writer writes; what it held before that has
    /// been told.
    pub(in crate::store) fn frame(&mut self, payload: &[u8], sink: &mut impl Sink) -> Option<()> {
        let (mut bytes, mut time) = (Bytes(payload), 0);
        while !bytes.is_empty() {
            match bytes.byte()? {
                SERIES => self.name_series(&mut bytes, sink)?,
                SAMPLES => self.part(&mut bytes, &mut time, sink)?,
                METADATA => metadata(&mut bytes, sink)?,
                DELETION => deletion(&mut bytes, sink)?,
                _ => return None,
            }
        }
        Some(())
    }

    fn name_series(&mut self, bytes: &mut Bytes<'_>, sink: &mut impl Sink) -> Option<()> {
        let first = usize::try_from(bytes.number()?).ok()?;
        let count = bytes.count(1)?;
        if first > self.series.len() + NUMBERS_AHEAD_MAX || first + count > u32::MAX as usize {
            return None;
        }
        if self.series.len() < first + count {
            self.series.resize(first + count, Series::UNNAMED);
        }
        for number in first..first + count {
            let ttl = length(bytes.number()?).ok()?;
            let Some(labels) = self.labels(number as u32, bytes)? else { continue };
            self.series[number] = Series { named: true, ..Series::UNNAMED };
            sink.series(number as u32, labels, ttl);
        }
        Some(())
    }

    /// Reads the labels of a series. They are not known when they are told by those of a series
    /// that a damaged frame named.
    #[expect(clippy::option_option, reason = "inside: not known; outside: no writer writes it")]
    fn labels(&mut self, number: u32, bytes: &mut Bytes<'_>) -> Option<Option<Labels>> {
        let Some(like) = bytes.number()?.checked_sub(1) else {
            let text = bytes.bytes()?;
            self.firsts.insert(number, text.to_vec());
            return labels(text).map(Some);
        };
        let (start, end) = (bytes.number()?, bytes.number()?);
        let middle = bytes.bytes()?;
        let Some(first) = u32::try_from(like).ok().and_then(|like| self.firsts.get(&like)) else {
            return Some(None);
        };
        let start = first.get(..usize::try_from(start).ok()?)?;
        let end = first.get(first.len().checked_sub(usize::try_from(end).ok()?)?..)?;
        labels(&[start, middle, end].concat()).map(Some)
    }

    fn part(&mut self, bytes: &mut Bytes<'_>, time: &mut i64, sink: &mut impl Sink) -> Option<()> {
        let origin = match bytes.byte()? {
            0 => Origin::Push,
            1 => Origin::Collector,
            2 => Origin::End,
            _ => return None,
        };
        let arrived = time.wrapping_add(bytes.signed()?);
        *time = arrived;
        let ttl = length(bytes.number()?).ok()?;
        let count = bytes.count(BITS)?;
        self.read_numbers(bytes, count)?;
        self.read_times(bytes, arrived)?;
        let same = bytes.take(count.div_ceil(BITS))?;
        sink.under(Terms { origin, ttl, arrived: Timestamp(arrived) });
        self.read_values(bytes, same, sink)
    }

    /// Reads the values of the samples whose numbers and times were read; `same` has a bit for each
    /// that says whether it is the one before.
    fn read_values(
        &mut self,
        bytes: &mut Bytes<'_>,
        same: &[u8],
        sink: &mut impl Sink,
    ) -> Option<()> {
        // A copy that nothing else can see stays in the processor's registers.
        let (stretch, mut rest, mut lost) = (self.stretch, *bytes, 0);
        for (at, (number, time)) in self.numbers.iter().zip(&self.times).enumerate() {
            let mut unnamed = Series::UNNAMED;
            let series = self.series.get_mut(*number as usize).unwrap_or(&mut unnamed);
            if series.stretch != stretch {
                (series.last, series.stretch) = (Last::UNKNOWN, stretch);
            }
            let is_same = same.get(at / BITS)? >> (at % BITS) & 1 == 1;
            if !is_same {
                read(&mut rest, &mut series.last)?;
            }
            if series.named && series.last.is_known() {
                let value = f64::from_bits(series.last.bits);
                sink.sample(*number, Sample::new(*time, value));
            } else {
                lost += 1;
            }
        }
        *bytes = rest;
        self.lost += lost;
        Some(())
    }

    fn read_times(&mut self, bytes: &mut Bytes<'_>, arrived: i64) -> Option<()> {
        self.times.clear();
        match bytes.byte()? {
            0 => {
                let at = Timestamp(arrived.wrapping_add(bytes.signed()?));
                self.times.resize(self.numbers.len(), at);
            }
            1 => {
                let mut at = arrived;
                for _ in &self.numbers {
                    at = at.wrapping_add(bytes.signed()?);
                    self.times.push(Timestamp(at));
                }
            }
            _ => return None,
        }
        Some(())
    }

    fn read_numbers(&mut self, bytes: &mut Bytes<'_>, count: usize) -> Option<()> {
        self.numbers.clear();
        let mut next = 0_i64;
        while self.numbers.len() < count {
            let start = u32::try_from(next.checked_add(bytes.signed()?)?).ok()?;
            let more = usize::try_from(bytes.number()?).ok()?;
            if more >= count - self.numbers.len() {
                return None;
            }
            let end = start.checked_add(more as u32)?;
            self.numbers.extend(start..=end);
            next = i64::from(end) + 1;
        }
        Some(())
    }
}

/// A length of time that may be missing.
fn length(number: u64) -> Result<Option<Span>, Malformed> {
    let length = number.checked_sub(1).map(|length| i64::try_from(length).map(Span));
    length.transpose().map_err(|_| Malformed)
}

fn labels(text: &[u8]) -> Option<Labels> {
    let mut text = Bytes(text);
    let count = text.count(1)?;
    let mut pairs = Vec::with_capacity(count);
    for _ in 0..count {
        pairs.push((text.text()?, text.text()?));
    }
    Labels::from_pairs(pairs).ok().filter(|_| text.is_empty())
}

fn deletion(bytes: &mut Bytes<'_>, sink: &mut impl Sink) -> Option<()> {
    let (from, to) = (Timestamp(bytes.signed()?), Timestamp(bytes.signed()?));
    let range = TimeRange::new(from, to)?;
    let count = bytes.count(1)?;
    let mut matchers = Vec::with_capacity(count);
    for _ in 0..count {
        let op = match bytes.byte()? {
            0 => MatchOp::Equal,
            1 => MatchOp::NotEqual,
            2 => MatchOp::Regex,
            3 => MatchOp::NotRegex,
            _ => return None,
        };
        matchers.push(Matcher::new(bytes.text()?, op, bytes.text()?).ok()?);
    }
    sink.deleted(&matchers, range);
    Some(())
}

fn metadata(bytes: &mut Bytes<'_>, sink: &mut impl Sink) -> Option<()> {
    let name = bytes.text()?;
    let metric_type = match bytes.byte()? {
        0 => MetricType::Unknown,
        1 => MetricType::Counter,
        2 => MetricType::Gauge,
        3 => MetricType::Histogram,
        4 => MetricType::Summary,
        _ => return None,
    };
    let (unit, help) = (bytes.text()?.to_owned(), bytes.text()?.to_owned());
    sink.metadata(name, Metadata { metric_type, unit, help });
    Some(())
}

/// Reads the payload of a frame as if it stood alone in a segment: how many samples it gives, or
/// nothing when it holds what no writer writes. For tests with any bytes.
pub fn count_samples(payload: &[u8]) -> Option<usize> {
    let mut count = Count(0);
    Decoder::default().frame(payload, &mut count)?;
    Some(count.0)
}

struct Count(usize);

impl Sink for Count {
    fn series(&mut self, _number: u32, _labels: Labels, _ttl: Option<Span>) {}

    fn under(&mut self, _terms: Terms) {}

    fn sample(&mut self, _number: u32, _sample: Sample) {
        self.0 += 1;
    }

    fn metadata(&mut self, _name: &str, _metadata: Metadata) {}

    fn deleted(&mut self, _matchers: &[Matcher], _range: TimeRange) {}
}
