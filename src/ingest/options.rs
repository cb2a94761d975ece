//! The settings of intake: every bound that a push must keep, with its default.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::model::{ByteSize, Span};

/// The settings table `[ingest]`: how much one push may bring, and how old or new a sample may be.
///
/// ```
/// use watchglass::ingest::Options;
/// let options = Options { samples_max: 0, ..Options::default() };
/// assert_eq!(options.check()[0].0, "samples_max");
/// assert!(Options::default().check().is_empty());
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The most bytes of a push body on the wire. Default `8MiB`, from `1KiB` to `1GiB`.
    pub body_max: ByteSize,
    /// The most bytes of a push body after decompression. Default `32MiB`, from `1KiB` to `1GiB`.
    pub inflated_max: ByteSize,
    /// How many times larger than on the wire a body may become; bodies that stay within 64 KiB are
    /// not judged by it. Default 100, from 2 to 10,000.
    pub ratio_max: u32,
    /// The most samples of one push. Default 50,000, from 1 to 10 million.
    pub samples_max: usize,
    /// How deep a JSON body may nest, the outermost array or object counting as 1. Default 16, from
    /// 3 to 128.
    pub json_depth_max: usize,
    /// The most bytes of a metric name. Default 200, from 1 to 65,536.
    pub metric_name_bytes_max: usize,
    /// The most bytes of a label name. Default 100, from 1 to 65,536.
    pub label_name_bytes_max: usize,
    /// The most bytes of a label value, and of a help or unit text. Default 1,024, from 1 to
    /// 1,048,576.
    pub label_value_bytes_max: usize,
    /// The most labels of one series, the metric name apart. Default 40, from 1 to 1,000.
    pub labels_max: usize,
    /// How old a pushed sample may be. Default `1h`, at least `1s`; may be years.
    pub max_age: Span,
    /// How far ahead of the server's clock a pushed sample may be. Default `10m`, at least `0s`.
    pub max_future: Span,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            body_max: ByteSize(8 << 20),
            inflated_max: ByteSize(32 << 20),
            ratio_max: 100,
            samples_max: 50_000,
            json_depth_max: 16,
            metric_name_bytes_max: 200,
            label_name_bytes_max: 100,
            label_value_bytes_max: 1024,
            labels_max: 40,
            max_age: Span(3_600_000),
            max_future: Span(600_000),
        }
    }
}

impl Options {
    /// What is wrong with these settings: (key inside the table, what is wrong with its bounds).
    pub fn check(&self) -> Vec<(&'static str, String)> {
        const SIZES: RangeInclusive<u64> = 1 << 10..=1 << 30;
        let mut wrong = Vec::new();
        for (key, size) in [("body_max", self.body_max), ("inflated_max", self.inflated_max)] {
            if !SIZES.contains(&size.0) {
                wrong.push((key, format!("`{size}` is outside `1KiB` to `1GiB`")));
            }
        }
        let counts = [
            ("ratio_max", self.ratio_max as usize, 2..=10_000),
            ("samples_max", self.samples_max, 1..=10_000_000),
            ("json_depth_max", self.json_depth_max, 3..=128),
            ("metric_name_bytes_max", self.metric_name_bytes_max, 1..=65_536),
            ("label_name_bytes_max", self.label_name_bytes_max, 1..=65_536),
            ("label_value_bytes_max", self.label_value_bytes_max, 1..=1 << 20),
            ("labels_max", self.labels_max, 1..=1000),
        ];
        for (key, count, bounds) in counts {
            if !bounds.contains(&count) {
                let (from, to) = bounds.into_inner();
                wrong.push((key, format!("`{count}` is outside {from} to {to}")));
            }
        }
        for (key, span, least) in
            [("max_age", self.max_age, Span(1000)), ("max_future", self.max_future, Span::ZERO)]
        {
            if span < least {
                wrong.push((key, format!("`{span}` is less than `{least}`")));
            }
        }
        wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_outside_its_bounds_is_named_at_once() {
        let options = Options {
            body_max: ByteSize(1),
            inflated_max: ByteSize(2 << 30),
            ratio_max: 1,
            samples_max: 0,
            json_depth_max: 2,
            metric_name_bytes_max: 0,
            label_name_bytes_max: 0,
            label_value_bytes_max: 0,
            labels_max: 0,
            max_age: Span::ZERO,
            max_future: Span(-1),
        };
        assert_eq!(options.check().len(), 11);
        assert_eq!(options.check()[1].1, "`2GiB` is outside `1KiB` to `1GiB`");
    }

    #[test]
    fn settings_read_with_units_and_unknown_keys_are_errors() {
        let options: Options =
            toml::from_str("body_max = \"1MiB\"\nmax_age = \"2y\"").expect("settings");
        assert_eq!((options.body_max, options.max_age), (ByteSize(1 << 20), Span(63_072_000_000)));
        assert!(toml::from_str::<Options>("body = 1").is_err());
    }
}
