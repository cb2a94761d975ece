//! Requests made by an independent encoder are read as they were meant, and no bytes make the
//! decoder fail otherwise than in words.

use proptest::prelude::*;
use prost::Message;

use super::*;
use crate::model::{Labels, stale_marker};

/// The messages of version 1 (`prompb/remote.proto` and `types.proto`), as far as they are read.
mod one {
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct WriteRequest {
        #[prost(message, repeated, tag = "1")]
        pub(super) timeseries: Vec<TimeSeries>,
        #[prost(message, repeated, tag = "3")]
        pub(super) metadata: Vec<Metadata>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct TimeSeries {
        #[prost(message, repeated, tag = "1")]
        pub(super) labels: Vec<Label>,
        #[prost(message, repeated, tag = "2")]
        pub(super) samples: Vec<Sample>,
        #[prost(message, repeated, tag = "4")]
        pub(super) histograms: Vec<Empty>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Label {
        #[prost(string, tag = "1")]
        pub(super) name: String,
        #[prost(string, tag = "2")]
        pub(super) value: String,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Sample {
        #[prost(double, tag = "1")]
        pub(super) value: f64,
        #[prost(int64, tag = "2")]
        pub(super) timestamp: i64,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Metadata {
        #[prost(int32, tag = "1")]
        pub(super) kind: i32,
        #[prost(string, tag = "2")]
        pub(super) metric_family_name: String,
        #[prost(string, tag = "4")]
        pub(super) help: String,
        #[prost(string, tag = "5")]
        pub(super) unit: String,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Empty {}
}

/// The messages of version 2 (`io/prometheus/write/v2/types.proto`), as far as they are read.
mod two {
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Request {
        #[prost(string, repeated, tag = "4")]
        pub(super) symbols: Vec<String>,
        #[prost(message, repeated, tag = "5")]
        pub(super) timeseries: Vec<TimeSeries>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct TimeSeries {
        #[prost(uint32, repeated, tag = "1")]
        pub(super) labels_refs: Vec<u32>,
        #[prost(message, repeated, tag = "2")]
        pub(super) samples: Vec<super::one::Sample>,
        #[prost(message, optional, tag = "5")]
        pub(super) metadata: Option<Metadata>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Metadata {
        #[prost(int32, tag = "1")]
        pub(super) kind: i32,
        #[prost(uint32, tag = "3")]
        pub(super) help_ref: u32,
        #[prost(uint32, tag = "4")]
        pub(super) unit_ref: u32,
    }
}

type Pairs = Vec<(String, String)>;
type Meant = Vec<(Pairs, Vec<(f64, i64)>)>;

fn meant() -> impl Strategy<Value = Meant> {
    // Zero is not written by the encoder, whatever its sign.
    let number = any::<f64>().prop_map(|value| if value == 0.0 { 0.0 } else { value });
    let value = prop_oneof![number, Just(stale_marker())];
    let samples = prop::collection::vec((value, any::<i64>()), 0..4);
    let labels = prop::collection::btree_map("[a-cé]{1,3}", "[a-z ]{1,4}", 0..4);
    let series = (labels, "[a-z]{1,4}").prop_map(|(labels, name)| {
        let mut pairs: Pairs = labels.into_iter().collect();
        pairs.push(("__name__".to_owned(), name));
        pairs
    });
    prop::collection::vec((series, samples), 0..6)
}

fn encoded_one(meant: &Meant) -> Vec<u8> {
    let timeseries = meant.iter().map(|(pairs, samples)| one::TimeSeries {
        labels: pairs
            .iter()
            .map(|(name, value)| one::Label { name: name.clone(), value: value.clone() })
            .collect(),
        samples: of_one(samples),
        histograms: Vec::new(),
    });
    one::WriteRequest { timeseries: timeseries.collect(), metadata: Vec::new() }.encode_to_vec()
}

fn of_one(samples: &[(f64, i64)]) -> Vec<one::Sample> {
    samples
        .iter()
        .map(|(value, timestamp)| one::Sample { value: *value, timestamp: *timestamp })
        .collect()
}

fn encoded_two(meant: &Meant) -> Vec<u8> {
    let mut symbols = vec![String::new()];
    let mut place = |text: &String| {
        let known = symbols.iter().position(|symbol| symbol == text);
        known.unwrap_or_else(|| {
            symbols.push(text.clone());
            symbols.len() - 1
        }) as u32
    };
    let timeseries: Vec<two::TimeSeries> = meant
        .iter()
        .map(|(pairs, samples)| two::TimeSeries {
            labels_refs: pairs
                .iter()
                .flat_map(|(name, value)| [place(name), place(value)])
                .collect(),
            samples: of_one(samples),
            metadata: None,
        })
        .collect();
    two::Request { symbols, timeseries }.encode_to_vec()
}

fn read(body: &[u8], version: Version, cache: &mut KeyCache) -> Result<Decoded, String> {
    decode(body, version, Timestamp(0), &Options::default(), cache)
}

proptest! {
    #[test]
    fn what_was_written_is_read(meant in meant()) {
        let mut cache = KeyCache::new(100);
        let expected: Vec<(Labels, u64, i64)> = meant.iter().flat_map(|(pairs, samples)| {
            let labels = Labels::from_pairs(pairs.clone()).expect("labels");
            samples.iter().map(move |(value, at)| (labels.clone(), value.to_bits(), *at))
        }).collect();
        // The second time the series are known.
        for _ in 0..2 {
            for (body, version) in
                [(encoded_one(&meant), Version::One), (encoded_two(&meant), Version::Two)]
            {
                let decoded = read(&body, version, &mut cache).expect("a request");
                let entries = decoded.batches.iter().flat_map(|batch| &batch.entries);
                let got: Vec<(Labels, u64, i64)> = entries.map(|entry| {
                    (entry.labels.clone(), entry.sample.value.to_bits(), entry.sample.at.0)
                }).collect();
                prop_assert_eq!(&got, &expected, "{:?}", version);
                prop_assert_eq!(decoded.refused, 0);
            }
        }
    }

    #[test]
    fn no_bytes_make_it_panic(
        meant in meant(),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        end in any::<prop::sample::Index>(),
    ) {
        for (mut body, version) in
            [(encoded_one(&meant), Version::One), (encoded_two(&meant), Version::Two)]
        {
            for (place, byte) in &cuts {
                if !body.is_empty() {
                    let place = place.index(body.len());
                    body[place] = *byte;
                }
            }
            body.truncate(end.index(body.len() + 1));
            let mut cache = KeyCache::new(100);
            if let Ok(decoded) = read(&body, version, &mut cache) {
                prop_assert!(decoded.samples() <= body.len());
            }
        }
    }
}

fn series(pairs: &[(&str, &str)]) -> one::TimeSeries {
    let label = |(name, value): &(&str, &str)| one::Label {
        name: (*name).to_owned(),
        value: (*value).to_owned(),
    };
    let samples = of_one(&[(1.0, 5)]);
    one::TimeSeries { labels: pairs.iter().map(label).collect(), samples, histograms: Vec::new() }
}

#[test]
fn series_that_cannot_be_taken_are_named_and_the_others_kept() {
    let long = "x".repeat(2000);
    let mut histogram = series(&[("__name__", "h")]);
    histogram.samples.clear();
    histogram.histograms.push(one::Empty {});
    let timeseries = vec![
        series(&[("__name__", "good")]),
        series(&[("job", "a")]),
        series(&[("__name__", "m"), ("a", "1"), ("a", "2")]),
        series(&[("__name__", "m"), ("", "1")]),
        series(&[("__name__", "m"), ("a", &long)]),
        histogram,
    ];
    let body = one::WriteRequest { timeseries, metadata: Vec::new() }.encode_to_vec();
    let decoded = read(&body, Version::One, &mut KeyCache::new(9)).expect("a request");
    assert_eq!((decoded.samples(), decoded.refused), (1, 5));
    let words: Vec<(u32, &str)> =
        decoded.refusals.iter().map(|one| (one.line, &*one.reason)).collect();
    for (place, (line, word)) in [
        (2, "no metric name"),
        (3, "`a`"),
        (4, "no name"),
        (5, "label_value_bytes_max"),
        (6, "native"),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(words[place].0, line, "{words:?}");
        assert!(words[place].1.contains(word), "{words:?}");
    }
}

#[test]
fn metadata_is_taken_from_both_versions() {
    let told = one::Metadata {
        kind: 1,
        metric_family_name: "requests_total".to_owned(),
        help: "Requests".to_owned(),
        unit: String::new(),
    };
    let body = one::WriteRequest { timeseries: Vec::new(), metadata: vec![told] }.encode_to_vec();
    let decoded = read(&body, Version::One, &mut KeyCache::new(9)).expect("a request");
    let (name, known) = &decoded.batches[0].metadata[0];
    assert_eq!((name.as_str(), known.metric_type), ("requests_total", MetricType::Counter));
    assert_eq!(known.help, "Requests");
    let symbols = ["", "__name__", "took_bucket", "How long", "seconds"].map(str::to_owned);
    let metadata = Some(two::Metadata { kind: 3, help_ref: 3, unit_ref: 4 });
    let samples = of_one(&[(1.0, 5)]);
    let timeseries = vec![two::TimeSeries { labels_refs: vec![1, 2], samples, metadata }];
    let body = two::Request { symbols: symbols.to_vec(), timeseries }.encode_to_vec();
    let decoded = read(&body, Version::Two, &mut KeyCache::new(9)).expect("a request");
    let (name, known) = &decoded.batches[0].metadata[0];
    assert_eq!((name.as_str(), known.metric_type), ("took", MetricType::Histogram));
    assert_eq!((known.help.as_str(), known.unit.as_str()), ("How long", "seconds"));
    assert_eq!(decoded.batches[0].entries[0].labels.to_string(), "took_bucket");
}

#[test]
fn a_request_that_is_none_is_refused_as_a_whole() {
    for (body, version) in [
        (&b"orders 42"[..], Version::One),
        (&[0x0a, 0x7f], Version::One),
        // A label that stands beyond the table of texts.
        (&[0x2a, 0x04, 0x0a, 0x02, 0x01, 0x02], Version::Two),
    ] {
        let error = read(body, version, &mut KeyCache::new(9)).expect_err("no request");
        assert!(error.starts_with("the body is no message `"), "{error}");
    }
}

#[test]
fn a_request_is_read_by_a_decoder_that_is_not_ours() {
    let labels = Labels::from_pairs([("__name__", "m"), ("a", "é")]).expect("labels");
    let samples = [
        Sample::new(Timestamp(-5), stale_marker()),
        Sample::new(Timestamp(1_700_000_000_000), 0.5),
    ];
    let mut request = Request::default();
    request.series(&labels, &samples);
    let known = Metadata {
        metric_type: MetricType::Summary,
        unit: "s".to_owned(),
        help: "Help.".to_owned(),
    };
    request.metadata("m", &known);
    let read = one::WriteRequest::decode(request.message()).expect("a message");
    let series = &read.timeseries[0];
    let pairs: Vec<(&str, &str)> =
        series.labels.iter().map(|label| (label.name.as_str(), label.value.as_str())).collect();
    assert_eq!(pairs, [("__name__", "m"), ("a", "é")]);
    let rows = series.samples.iter().map(|sample| (sample.timestamp, sample.value.to_bits()));
    let expected = samples.map(|sample| (sample.at.0, sample.value.to_bits()));
    assert_eq!(rows.collect::<Vec<_>>(), expected);
    let said = &read.metadata[0];
    assert_eq!((said.kind, said.metric_family_name.as_str()), (5, "m"));
    assert_eq!((said.help.as_str(), said.unit.as_str()), ("Help.", "s"));
}
