//! Samples as lines of the text format, the way back of [`decode`](super::decode).

use std::fmt::Write;

use crate::model::{Labels, Metadata, MetricType, Sample, is_stale};

/// Adds a line for each sample, `name{label="value"} value milliseconds`, staleness markers left
/// out, since the format has none; gives how many those were. All other values but NaNs of unusual
/// bits are read back as they are.
///
/// ```
/// use watchglass::ingest::text;
/// use watchglass::model::{Labels, Sample, Timestamp};
/// let mut lines = String::new();
/// text::encode(&Labels::named("orders"), &[Sample::new(Timestamp(5), 0.5)], &mut lines);
/// assert_eq!(lines, "orders 0.5 5\n");
/// ```
pub fn encode(labels: &Labels, samples: &[Sample], into: &mut String) -> u64 {
    let series = labels.to_string();
    let mut left_out = 0;
    for sample in samples {
        if is_stale(sample.value) {
            left_out += 1;
            continue;
        }
        into.push_str(&series);
        into.push(' ');
        push_value(sample.value, into);
        into.push(' ');
        into.push_str(itoa::Buffer::new().format(sample.at.0));
        into.push('\n');
    }
    left_out
}

/// Adds what is known of a metric name as comment lines.
pub fn encode_metadata(name: &str, known: &Metadata, into: &mut String) {
    let selector = Labels::named(name).to_string();
    // A name that has to stand in quotes stands in braces too.
    let name = selector.trim_start_matches('{').trim_end_matches('}');
    let mut line = |word: &str, text: &str| {
        if !text.is_empty() {
            // Writing to a string does not fail.
            let _ = writeln!(into, "# {word} {name} {text}");
        }
    };
    line("HELP", &known.help.replace('\\', "\\\\").replace('\n', "\\n"));
    if known.metric_type != MetricType::Unknown {
        line("TYPE", &known.metric_type.to_string());
    }
    line("UNIT", &known.unit);
}

/// Adds the shortest decimal that is read back to the same bits.
fn push_value(value: f64, into: &mut String) {
    if value.is_nan() {
        into.push_str("NaN");
    } else if value.is_infinite() {
        into.push_str(if value > 0.0 { "+Inf" } else { "-Inf" });
    } else {
        let mut buffer = zmij::Buffer::new();
        let text = buffer.format_finite(value);
        into.push_str(text.strip_suffix(".0").unwrap_or(text));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ingest::{KeyCache, Options, text};
    use crate::model::{Timestamp, stale_marker};

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            pairs in prop::collection::btree_map("[a-z]{1,3}|.{1,6}", ".{1,6}", 0..4),
            name in "[a-z:]{1,4}|\\PC{1,5}",
            values in prop::collection::vec((any::<f64>(), any::<i64>()), 1..6),
        ) {
            prop_assume!(!pairs.contains_key("__name__"));
            let pairs = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            let labels = Labels::from_pairs(pairs.chain([("__name__", name.as_str())]));
            let labels = labels.expect("labels");
            let samples: Vec<Sample> =
                values.iter().map(|(value, at)| Sample::new(Timestamp(*at), *value)).collect();
            let mut lines = String::new();
            prop_assert_eq!(encode(&labels, &samples, &mut lines), 0);
            let (now, options) = (Timestamp(0), Options::default());
            let read = text::decode(lines.as_bytes(), now, &options, &mut KeyCache::new(9));
            prop_assert_eq!(read.refused, 0, "{}: {:?}", lines, read.refusals);
            for (entry, sample) in read.batches[0].entries.iter().zip(&samples) {
                prop_assert_eq!(&entry.labels, &labels);
                prop_assert_eq!(entry.sample.at, sample.at);
                let same = entry.sample.value.to_bits() == sample.value.to_bits();
                prop_assert!(same || (entry.sample.value.is_nan() && sample.value.is_nan()));
            }
            prop_assert_eq!(read.samples(), samples.len());
        }
    }

    #[test]
    fn markers_are_left_out_and_special_values_have_names() {
        let sample = |at, value| Sample::new(Timestamp(at), value);
        let samples =
            [sample(1, stale_marker()), sample(2, f64::NAN), sample(3, f64::NEG_INFINITY)];
        let mut lines = String::new();
        assert_eq!(encode(&Labels::named("a.b"), &samples, &mut lines), 1);
        assert_eq!(lines, "{\"a.b\"} NaN 2\n{\"a.b\"} -Inf 3\n");
    }

    #[test]
    fn what_is_known_is_read_back() {
        let known = Metadata {
            metric_type: MetricType::Counter,
            unit: "seconds".to_owned(),
            help: "a \\ and\na line".to_owned(),
        };
        let mut lines = String::new();
        encode_metadata("a.b", &known, &mut lines);
        encode_metadata("plain", &Metadata::default(), &mut lines);
        let (now, options) = (Timestamp(0), Options::default());
        let read = text::decode(lines.as_bytes(), now, &options, &mut KeyCache::new(9));
        assert_eq!(read.batches[0].metadata, [("a.b".to_owned(), known)], "{lines}");
    }
}
