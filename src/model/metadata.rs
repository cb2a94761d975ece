//! What is known of a metric name beside its samples: type, unit, help.

use std::fmt;

/// The type that a metric was declared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MetricType {
    /// Only grows, save for resets.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Buckets with `le`, with `_sum` and `_count`.
    Histogram,
    /// Quantiles, with `_sum` and `_count`.
    Summary,
    /// Nobody said.
    #[default]
    Unknown,
}

impl MetricType {
    /// The type by its name in the text formats; `None` when there is no such type. The names of
    /// `OpenMetrics` that have no type of their own here read as unknown.
    ///
    /// ```
    /// use watchglass::model::MetricType;
    /// assert_eq!(MetricType::parse("counter"), Some(MetricType::Counter));
    /// assert_eq!(MetricType::parse("thing"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "counter" => Self::Counter,
            "gauge" => Self::Gauge,
            "histogram" => Self::Histogram,
            "summary" => Self::Summary,
            "untyped" | "unknown" | "info" | "stateset" | "gaugehistogram" => Self::Unknown,
            _ => return None,
        })
    }
}

impl fmt::Display for MetricType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Summary => "summary",
            Self::Unknown => "unknown",
        })
    }
}

/// Type, unit and help of one metric name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metadata {
    /// The declared type.
    pub metric_type: MetricType,
    /// The unit in the plural, as `OpenMetrics` writes it (`seconds`, `bytes`); empty when unknown.
    pub unit: String,
    /// A sentence for people; empty when unknown.
    pub help: String,
}
