//! Samples to frames. Series have numbers that hold inside one segment: the first sample of a
//! series in a segment is preceded by its labels, written by how they differ from those of the
//! first series of the same metric name. Each value is written as its difference to the
//! value of the series before it; once a minute it is written whole, so that a damaged frame costs
//! no more than that of those who were in it.

use hashbrown::{HashMap, HashTable};

use super::bytes::{put, put_bytes, put_signed};
use super::frame::{FrameWriter, SegmentId};
use super::value::{Last, write_change, write_whole};
use super::{Logged, Origin, Terms};
use crate::model::{Labels, MatchOp, Matcher, Metadata, MetricType, Span, TimeRange, Timestamp};

/// A part of a frame that names series.
pub(super) const SERIES: u8 = 1;
/// A part of a frame with samples.
pub(super) const SAMPLES: u8 = 2;
/// A part of a frame that tells of metric names.
pub(super) const METADATA: u8 = 3;

/// A part of a frame that tells of a deletion.
pub(super) const DELETION: u8 = 4;

/// The most samples of a part.
const PART_SAMPLES: usize = 8192;
/// The most series that a part names.
const PART_SERIES: usize = 256;
/// A frame of this length takes no further part: what is damaged is lost by the frame.
const FRAME_BYTES: usize = 64 << 10;
/// How long differences may go on from one whole value.
const WHOLE_AGAIN: Span = Span(60_000);

/// The series that were written lately, across segments.
#[derive(Default)]
pub(super) struct SeriesBook {
    table: HashTable<u32>,
    series: Vec<Series>,
    /// Grows with each segment.
    segment: u32,
    /// How many series have a number in this segment.
    numbers: u32,
    /// The first series of each metric name in this segment: its number and its description.
    firsts: HashMap<Box<str>, (u32, Vec<u8>)>,
}

struct Series {
    labels: Labels,
    /// How long it stays open, as was said last.
    ttl: Option<Span>,
    /// When it was written last.
    used: Timestamp,
    /// The segment that its number holds in.
    segment: u32,
    number: u32,
    last: Option<Last>,
    /// When it was written whole.
    whole: Timestamp,
}

impl SeriesBook {
    /// Begins a segment: no series has a number. Those not written since `edge` are forgotten.
    pub(super) fn begin_segment(&mut self, edge: Timestamp) {
        self.segment += 1;
        self.numbers = 0;
        self.firsts.clear();
        self.series.retain(|series| series.used >= edge);
        let series = &self.series;
        let hash = |place: &u32| hash_at(series, *place);
        self.table.clear();
        for (place, one) in series.iter().enumerate() {
            self.table.insert_unique(one.labels.hash_value(), place as u32, hash);
        }
    }

    /// The place of a series, which is made when it is new. `guess` is looked at first.
    fn place(&mut self, labels: &Labels, guess: usize) -> usize {
        if self.series.get(guess).is_some_and(|series| series.labels.same(labels)) {
            return guess;
        }
        let series = &self.series;
        let same = |place: &u32| {
            series.get(*place as usize).is_some_and(|series| series.labels == *labels)
        };
        if let Some(place) = self.table.find(labels.hash_value(), same) {
            return *place as usize;
        }
        let place = self.series.len();
        self.series.push(Series {
            labels: labels.clone(),
            ttl: None,
            used: Timestamp::MIN,
            segment: 0,
            number: 0,
            last: None,
            whole: Timestamp::MIN,
        });
        let series = &self.series;
        let hash = |place: &u32| hash_at(series, *place);
        self.table.insert_unique(labels.hash_value(), place as u32, hash);
        place
    }
}

fn hash_at(series: &[Series], place: u32) -> u64 {
    series.get(place as usize).map_or(0, |series| series.labels.hash_value())
}

/// Writes the parts of one commit.
pub(super) struct Encoder<'a> {
    book: &'a mut SeriesBook,
    frames: FrameWriter,
    /// The last time that stands in the open frame.
    time: i64,
    places: Vec<usize>,
    tokens: Vec<u8>,
}

impl<'a> Encoder<'a> {
    /// An encoder for a segment, which begins with `start`.
    pub(super) fn new(id: SegmentId, book: &'a mut SeriesBook, start: Vec<u8>) -> Self {
        let mut frames = FrameWriter::new(id);
        frames.out = start;
        Self { book, frames, time: 0, places: Vec::new(), tokens: Vec::new() }
    }

    /// The frames so far; the last one is closed.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.frames.close();
        self.frames.out
    }

    /// The open frame, to be added to.
    fn payload(&mut self) -> &mut Vec<u8> {
        if self.frames.open_bytes() >= FRAME_BYTES {
            self.frames.close();
        }
        let (payload, opened) = self.frames.payload();
        if opened {
            self.time = 0;
        }
        payload
    }

    /// Writes samples that came under the same terms.
    pub(super) fn samples<'s>(&mut self, terms: &Terms, samples: impl Iterator<Item = &'s Logged>) {
        let mut piece: Vec<&Logged> = Vec::new();
        for sample in samples {
            piece.push(sample);
            if piece.len() == PART_SAMPLES {
                self.piece(terms, &piece);
                piece.clear();
            }
        }
        if !piece.is_empty() {
            self.piece(terms, &piece);
        }
    }

    fn piece(&mut self, terms: &Terms, piece: &[&Logged]) {
        let mut places = std::mem::take(&mut self.places);
        places.clear();
        for (labels, _) in piece {
            let guess = places.last().map_or(0, |last| last + 1);
            places.push(self.book.place(labels, guess));
        }
        self.name_series(&places);
        for place in &places {
            let Some(series) = self.book.series.get_mut(*place) else { continue };
            series.used = terms.arrived;
            match (terms.origin, terms.ttl) {
                (Origin::End, _) => series.ttl = None,
                (_, Some(ttl)) => series.ttl = Some(ttl),
                (_, None) => {}
            }
        }
        self.part(terms, piece, &places);
        self.places = places;
    }

    /// Gives numbers to the series that have none in this segment.
    fn name_series(&mut self, places: &[usize]) {
        let (segment, first) = (self.book.segment, self.book.numbers);
        let mut new = Vec::new();
        for place in places {
            let Some(series) = self.book.series.get_mut(*place) else { continue };
            if series.segment != segment {
                (series.segment, series.last) = (segment, None);
                series.number = self.book.numbers;
                self.book.numbers += 1;
                new.push(*place);
            }
        }
        for (part, places) in new.chunks(PART_SERIES).enumerate() {
            let out = self.payload();
            out.push(SERIES);
            put(out, u64::from(first) + (part * PART_SERIES) as u64);
            put(out, places.len() as u64);
            for place in places {
                self.name_one(*place);
            }
        }
    }

    /// Writes the time to live and the labels of a series.
    fn name_one(&mut self, place: usize) {
        let Some(series) = self.book.series.get(place) else { return };
        let (out, _) = self.frames.payload();
        put(out, series.ttl.map_or(0, |ttl| ttl.0.max(0) as u64 + 1));
        let mut text = Vec::new();
        put(&mut text, series.labels.len() as u64);
        for (name, value) in series.labels.iter() {
            put_bytes(&mut text, name.as_bytes());
            put_bytes(&mut text, value.as_bytes());
        }
        let Some((number, first)) = self.book.firsts.get(series.labels.name()) else {
            put(out, 0);
            put_bytes(out, &text);
            self.book.firsts.insert(series.labels.name().into(), (series.number, text));
            return;
        };
        let alike = |(one, two): &(&u8, &u8)| one == two;
        let start = text.iter().zip(first).take_while(alike).count();
        let rest = text.len().min(first.len()) - start;
        let end = text.iter().rev().zip(first.iter().rev()).take(rest).take_while(alike).count();
        put(out, u64::from(*number) + 1);
        put(out, start as u64);
        put(out, end as u64);
        put_bytes(out, text.get(start..text.len() - end).unwrap_or_default());
    }

    fn part(&mut self, terms: &Terms, piece: &[&Logged], places: &[usize]) {
        self.payload();
        let time = std::mem::replace(&mut self.time, terms.arrived.0);
        let (out, _) = self.frames.payload();
        out.push(SAMPLES);
        out.push(terms.origin as u8);
        put_signed(out, terms.arrived.0.wrapping_sub(time));
        put(out, terms.ttl.map_or(0, |ttl| ttl.0.max(0) as u64 + 1));
        put(out, piece.len() as u64);
        put_numbers(out, places, &self.book.series);
        put_times(out, terms.arrived, piece);
        // One bit a sample says whether the value is the one before.
        let bits = out.len();
        out.resize(bits + piece.len().div_ceil(8), 0);
        self.tokens.clear();
        for (at, ((_, sample), place)) in piece.iter().zip(places).enumerate() {
            let Some(series) = self.book.series.get_mut(*place) else { continue };
            let since = terms.arrived.0.saturating_sub(series.whole.0);
            match series.last.filter(|_| (0..WHOLE_AGAIN.0).contains(&since)) {
                Some(last) if last.bits == sample.value.to_bits() => {
                    if let Some(byte) = out.get_mut(bits + at / 8) {
                        *byte |= 1 << (at % 8);
                    }
                }
                Some(last) => {
                    series.last = Some(write_change(&mut self.tokens, sample.value, last));
                }
                None => {
                    series.last = Some(write_whole(&mut self.tokens, sample.value));
                    series.whole = terms.arrived;
                }
            }
        }
        out.extend_from_slice(&self.tokens);
    }

    /// Writes that samples were deleted.
    pub(super) fn deletion(&mut self, matchers: &[Matcher], range: TimeRange) {
        let out = self.payload();
        out.push(DELETION);
        put_signed(out, range.from().0);
        put_signed(out, range.to().0);
        put(out, matchers.len() as u64);
        for matcher in matchers {
            out.push(match matcher.op() {
                MatchOp::Equal => 0,
                MatchOp::NotEqual => 1,
                MatchOp::Regex => 2,
                MatchOp::NotRegex => 3,
            });
            put_bytes(out, matcher.name().as_bytes());
            put_bytes(out, matcher.value().as_bytes());
        }
    }

    /// Writes what was said of metric names.
    pub(super) fn metadata(&mut self, said: &[(String, Metadata)]) {
        for (name, metadata) in said {
            let out = self.payload();
            out.push(METADATA);
            put_bytes(out, name.as_bytes());
            out.push(match metadata.metric_type {
                MetricType::Unknown => 0,
                MetricType::Counter => 1,
                MetricType::Gauge => 2,
                MetricType::Histogram => 3,
                MetricType::Summary => 4,
            });
            put_bytes(out, metadata.unit.as_bytes());
            put_bytes(out, metadata.help.as_bytes());
        }
    }
}

/// The numbers of series, by runs of numbers that follow each other.
fn put_numbers(out: &mut Vec<u8>, places: &[usize], series: &[Series]) {
    let mut numbers = places.iter().filter_map(|place| Some(series.get(*place)?.number)).peekable();
    let mut next = 0;
    while let Some(start) = numbers.next() {
        let mut end = start + 1;
        while numbers.next_if_eq(&end).is_some() {
            end += 1;
        }
        put_signed(out, i64::from(start) - i64::from(next));
        put(out, u64::from(end - start - 1));
        next = end;
    }
}

/// The times of samples: one for all when they are the same.
fn put_times(out: &mut Vec<u8>, arrived: Timestamp, piece: &[&Logged]) {
    let mut times = piece.iter().map(|(_, sample)| sample.at.0);
    let first = times.next().unwrap_or_default();
    if times.all(|at| at == first) {
        out.push(0);
        put_signed(out, first.wrapping_sub(arrived.0));
        return;
    }
    out.push(1);
    let mut before = arrived.0;
    for (_, sample) in piece {
        put_signed(out, sample.at.0.wrapping_sub(before));
        before = sample.at.0;
    }
}
