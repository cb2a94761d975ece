//! What the collectors count about themselves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::model::{Counter, Reading, Report, Span};

/// The figures of all collectors, told as `watchglass_collect_*`.
#[derive(Debug, Default)]
pub(super) struct Figures {
    /// Rounds of all tasks: one reading of all their sources.
    pub(super) rounds: Counter,
    /// Samples that the store refused.
    pub(super) refused: Counter,
    /// Rows that were left out because a table was full.
    pub(super) left_out: Counter,
    /// How long after its tick the last round began, in milliseconds.
    lag_ms: AtomicU64,
    // Held while one source is added or all are read out; never while reading a source.
    sources: Mutex<Vec<Arc<SourceFigures>>>,
}

/// The figures of one source.
#[derive(Debug)]
pub(super) struct SourceFigures {
    name: &'static str,
    /// Samples appended, staleness markers included.
    pub(super) samples: Counter,
    /// Readings that failed.
    pub(super) failures: Counter,
    duration_ms: AtomicU64,
}

impl SourceFigures {
    /// Notes how long the last reading took.
    pub(super) fn took(&self, duration: Span) {
        self.duration_ms.store(duration.millis().max(0) as u64, Ordering::Relaxed);
    }
}

impl Figures {
    /// Adds a source.
    pub(super) fn source(&self, name: &'static str) -> Arc<SourceFigures> {
        let figures = Arc::new(SourceFigures {
            name,
            samples: Counter::new(),
            failures: Counter::new(),
            duration_ms: AtomicU64::new(0),
        });
        self.sources.lock().push(Arc::clone(&figures));
        figures
    }

    /// Notes how long after its tick a round began.
    pub(super) fn began_after(&self, lag: Span) {
        self.lag_ms.store(lag.millis().max(0) as u64, Ordering::Relaxed);
    }
}

impl Report for Figures {
    fn report(&self, out: &mut Vec<Reading>) {
        let seconds = |ms: &AtomicU64| ms.load(Ordering::Relaxed) as f64 / 1000.0;
        out.push(Reading::counter(
            "watchglass_collect_rounds_total",
            "Rounds of all collector tasks.",
            self.rounds.get(),
        ));
        out.push(Reading::counter(
            "watchglass_collect_refused_total",
            "Samples of collectors that the store refused.",
            self.refused.get(),
        ));
        out.push(Reading::counter(
            "watchglass_collect_left_out_total",
            "Devices or processes left out because a collector already had too many.",
            self.left_out.get(),
        ));
        out.push(Reading::gauge(
            "watchglass_collect_lag_seconds",
            "How long after its tick the last collector round began.",
            seconds(&self.lag_ms),
        ));
        for source in self.sources.lock().iter() {
            let readings = [
                Reading::counter(
                    "watchglass_collect_samples_total",
                    "Samples read by a collector.",
                    source.samples.get(),
                ),
                Reading::counter(
                    "watchglass_collect_failures_total",
                    "Readings of a collector that failed.",
                    source.failures.get(),
                ),
                Reading::gauge(
                    "watchglass_collect_duration_seconds",
                    "How long the last reading of a collector took.",
                    seconds(&source.duration_ms),
                ),
            ];
            out.extend(readings.into_iter().map(|reading| reading.with("source", source.name)));
        }
    }
}
