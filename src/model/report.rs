//! The service's own figures: counters that each part keeps beside what it counts, and the form in
//! which they are read, by the collector of the service itself and by `/metrics`.

use std::sync::atomic::{AtomicU64, Ordering};

use super::MetricType;

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// A counter at zero.
    pub const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Adds one.
    pub fn increment(&self) {
        self.add(1);
    }

    /// Adds `amount`.
    pub fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    /// The count so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// One figure of the service at this moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Its metric name: `watchglass_<part>_<what>_<unit>`.
    pub name: &'static str,
    /// Counter or gauge.
    pub metric_type: MetricType,
    /// A sentence for people.
    pub help: &'static str,
    /// Labels beside the name.
    pub labels: Vec<(&'static str, String)>,
    /// The figure.
    pub value: f64,
}

impl Reading {
    /// A counter without labels.
    pub fn counter(name: &'static str, help: &'static str, value: u64) -> Self {
        let metric_type = MetricType::Counter;
        Self { name, metric_type, help, labels: Vec::new(), value: value as f64 }
    }

    /// A gauge without labels.
    pub fn gauge(name: &'static str, help: &'static str, value: f64) -> Self {
        Self { name, metric_type: MetricType::Gauge, help, labels: Vec::new(), value }
    }

    /// The same reading with one label more.
    #[must_use]
    pub fn with(mut self, label: &'static str, value: impl Into<String>) -> Self {
        self.labels.push((label, value.into()));
        self
    }
}

/// A part that can tell its own figures.
pub trait Report: Send + Sync {
    /// Adds the part's figures to `out`.
    fn report(&self, out: &mut Vec<Reading>);
}
