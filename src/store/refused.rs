//! Why the head refuses a sample, as a label of the store's own figures and in words for the
//! sender.

use std::borrow::Cow;

use super::block::Kept;
use super::index::Index;
use crate::model::{Counter, MetricType, Reading, Span};

/// Why a sample was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// Older than what is taken or kept.
    TooOld,
    /// Too far ahead of the clock.
    TooNew,
    /// A push to a series of a collector.
    Owned,
    /// The series holds values of another kind.
    OtherKind,
    /// A new series beyond the limit.
    SeriesLimit,
    /// A new series while labels alone fill the memory.
    MemoryFull,
}

/// All reasons, in the order of their counters.
const REASONS: [Refused; 6] = [
    Refused::TooOld,
    Refused::TooNew,
    Refused::Owned,
    Refused::OtherKind,
    Refused::SeriesLimit,
    Refused::MemoryFull,
];

/// The limits that a refusal names.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// `ingest.max_age`.
    pub(super) max_age: Span,
    /// `ingest.max_future`.
    pub(super) max_future: Span,
    /// `storage.retention.raw`.
    pub(super) retention: Span,
    /// All of `storage.retention`, by tier.
    pub(super) kept: Kept,
    /// `storage.series_max`.
    pub(super) series_max: usize,
    /// `storage.memory_max`, in bytes.
    pub(super) memory_max: usize,
    /// `storage.max_size`, in bytes.
    pub(super) disk_max: u64,
}

impl Limits {
    /// How old a sample may be: what is not kept is not taken either.
    pub(super) fn age(&self) -> Span {
        self.max_age.min(self.retention)
    }
}

impl Refused {
    /// The reason as a label value.
    const fn label(self) -> &'static str {
        match self {
            Self::TooOld => "too_old",
            Self::TooNew => "too_new",
            Self::Owned => "owned",
            Self::OtherKind => "other_kind",
            Self::SeriesLimit => "series_limit",
            Self::MemoryFull => "memory",
        }
    }

    /// The reason in words, with the limit that was met.
    pub(super) fn words(self, limits: &Limits, index: &Index) -> Cow<'static, str> {
        match self {
            Self::TooOld if limits.max_age <= limits.retention => {
                format!("the sample is older than `{}` (`ingest.max_age`)", limits.max_age).into()
            }
            Self::TooOld => format!(
                "the sample is older than `{}`, which is how long samples are kept \
                 (`storage.retention.raw`)",
                limits.retention
            )
            .into(),
            Self::TooNew => format!(
                "the sample is more than `{}` ahead of this machine's clock (`ingest.max_future`)",
                limits.max_future
            )
            .into(),
            Self::Owned => "the series belongs to a collector of this service: push under another \
                            name or with another label"
                .into(),
            Self::OtherKind => "the series holds values of another kind".into(),
            Self::SeriesLimit => format!(
                "new series are refused at the limit of {} series (`storage.series_max`){}",
                limits.series_max,
                widest(index)
            )
            .into(),
            Self::MemoryFull => format!(
                "new series are refused while the labels of those there fill the memory of {} MiB \
                 (`storage.memory_max`){}",
                limits.memory_max >> 20,
                widest(index)
            )
            .into(),
        }
    }
}

fn widest(index: &Index) -> String {
    index.widest_label().map_or_else(String::new, |(name, count)| {
        format!(": label `{name}` has the most values, {count}")
    })
}

/// How often each reason was met.
#[derive(Debug, Default)]
pub(super) struct RefusedCounters([Counter; REASONS.len()]);

impl RefusedCounters {
    /// Counts one refusal.
    pub(super) fn count(&self, why: Refused) {
        if let Some(counter) = self.0.get(why as usize) {
            counter.increment();
        }
    }

    /// Adds one reading for each reason.
    pub(super) fn report(&self, out: &mut Vec<Reading>) {
        let rows = REASONS.iter().zip(&self.0);
        out.extend(rows.map(|(why, counter)| Reading {
            name: "watchglass_store_refused_samples_total",
            metric_type: MetricType::Counter,
            help: "Samples that the head refused, by reason.",
            labels: vec![("reason", why.label().to_owned())],
            value: counter.get() as f64,
        }));
    }
}
