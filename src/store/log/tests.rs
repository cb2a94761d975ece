//! What is encoded is decoded: all of it in its order, and of a damaged segment nothing else than
//! what was written.

use proptest::prelude::*;

use super::decode::{Decoder, Sink};
use super::encode::{Encoder, SeriesBook};
use super::frame::{Frames, Piece, SegmentId, header};
use super::{Logged, Origin, Terms};
use crate::model::{Labels, Matcher, Metadata, MetricType, Sample, Span, TimeRange, Timestamp};

/// What a log tells.
#[derive(Debug, Clone, PartialEq)]
enum Told {
    Sample(Terms, Labels, Timestamp, u64),
    Metadata(String, Metadata),
    Deleted(TimeRange, usize),
}

/// Puts together what a log tells, with the labels that numbers stand for.
#[derive(Default)]
struct Listener {
    named: Vec<Option<Labels>>,
    terms: Option<Terms>,
    told: Vec<Told>,
}

impl Sink for Listener {
    fn series(&mut self, number: u32, labels: Labels, _ttl: Option<Span>) {
        let number = number as usize;
        self.named.resize(self.named.len().max(number + 1), None);
        self.named[number] = Some(labels);
    }

    fn under(&mut self, terms: Terms) {
        self.terms = Some(terms);
    }

    fn sample(&mut self, number: u32, sample: Sample) {
        let labels = self.named[number as usize].clone().expect("a sample of a named series");
        let terms = self.terms.expect("terms before the first sample");
        self.told.push(Told::Sample(terms, labels, sample.at, sample.value.to_bits()));
    }

    fn metadata(&mut self, name: &str, metadata: Metadata) {
        self.told.push(Told::Metadata(name.to_owned(), metadata));
    }

    fn deleted(&mut self, matchers: &[Matcher], range: TimeRange) {
        self.told.push(Told::Deleted(range, matchers.len()));
    }
}

/// One commit: samples that came together, and whether a deletion and metadata follow.
type Commit = (Terms, Vec<Logged>, bool);

fn labels(series: usize) -> Labels {
    let pairs = [("__name__", format!("m{}", series % 3)), ("series", series.to_string())];
    Labels::from_pairs(pairs).expect("labels")
}

fn commit() -> impl Strategy<Value = Commit> {
    let origin = prop::sample::select(vec![Origin::Push, Origin::Collector, Origin::End]);
    let ttl = prop::option::of((0_i64..5).prop_map(Span));
    let arrived = (0_i64..200_000).prop_map(Timestamp);
    let value = prop_oneof![
        3 => (0_i32..5000).prop_map(|cents| f64::from(cents) / 100.0),
        2 => (0_i32..3).prop_map(f64::from),
        1 => any::<u64>().prop_map(f64::from_bits),
    ];
    let sample = (0_usize..40, 0_i64..3, value)
        .prop_map(|(series, at, value)| (labels(series), Sample::new(Timestamp(at), value)));
    let terms = (origin, ttl, arrived);
    let terms = terms.prop_map(|(origin, ttl, arrived)| Terms { origin, ttl, arrived });
    (terms, prop::collection::vec(sample, 0..60), prop::bool::weighted(0.2))
}

/// Writes one segment; gives its bytes and what it is to tell.
fn write(id: SegmentId, book: &mut SeriesBook, commits: &[Commit]) -> (Vec<u8>, Vec<Told>) {
    let (mut bytes, mut expected) = (header(), Vec::new());
    book.begin_segment(Timestamp::MIN);
    for (terms, samples, more) in commits {
        let mut encoder = Encoder::new(id, book, bytes);
        encoder.samples(terms, samples.iter());
        expected.extend(samples.iter().map(|(labels, sample)| {
            Told::Sample(*terms, labels.clone(), sample.at, sample.value.to_bits())
        }));
        if *more {
            let range = TimeRange::new(Timestamp(3), terms.arrived).unwrap_or(TimeRange::all());
            encoder.deletion(&[Matcher::equal("__name__", "m1")], range);
            let (unit, help) = ("bytes".to_owned(), "Some.".to_owned());
            let said = Metadata { metric_type: MetricType::Gauge, unit, help };
            encoder.metadata(&[("m1".to_owned(), said.clone())]);
            expected.push(Told::Deleted(range, 1));
            expected.push(Told::Metadata("m1".to_owned(), said));
        }
        bytes = encoder.finish();
    }
    (bytes, expected)
}

/// Reads a segment as a start does; gives what it told, and how many samples it knows to be lost.
fn read(id: SegmentId, bytes: &[u8]) -> (Vec<Told>, usize) {
    let (mut decoder, mut listener) = (Decoder::default(), Listener::default());
    for piece in Frames::new(id, bytes) {
        match piece {
            Piece::Frame(payload) => {
                decoder.frame(payload, &mut listener).expect("a frame that was written");
            }
            Piece::Damage(_) | Piece::Tail(_) => decoder.damaged(),
        }
    }
    (listener.told, decoder.lost())
}

proptest! {
    #[test]
    fn what_is_written_is_told_in_its_order(
        segments in prop::collection::vec(prop::collection::vec(commit(), 0..12), 1..4),
    ) {
        let mut book = SeriesBook::default();
        for (number, commits) in (1..).zip(&segments) {
            let id = SegmentId { number, salt: 7 };
            let (bytes, expected) = write(id, &mut book, commits);
            prop_assert_eq!(read(id, &bytes), (expected, 0));
        }
    }

    #[test]
    fn damage_adds_nothing_and_changes_nothing(
        commits in prop::collection::vec(commit(), 1..12),
        place in any::<prop::sample::Index>(),
    ) {
        let id = SegmentId { number: 1, salt: 7 };
        let (mut bytes, expected) = write(id, &mut SeriesBook::default(), &commits);
        let place = place.index(bytes.len());
        bytes[place] ^= 0x10;
        let (told, lost) = read(id, &bytes);
        prop_assert!(told.len() + lost <= expected.len());
        // All that is told was written, in the same order.
        let mut written = expected.iter();
        for one in &told {
            prop_assert!(written.any(|other| other == one), "made up: {one:?}");
        }
    }
}
