//! What the log counts of itself.

use std::sync::atomic::{AtomicI64, Ordering};

use super::{Log, LogState};
use crate::model::{Counter, Reading, Timestamp};

/// The counters of the log.
#[derive(Default)]
pub(in crate::store) struct Figures {
    /// Bytes that were written and synced.
    pub(super) written_bytes: Counter,
    /// Samples in them.
    pub(super) written_samples: Counter,
    /// Commits that were synced.
    pub(super) commits: Counter,
    /// Commits that failed for want of room.
    pub(super) failed_full: Counter,
    /// Commits that failed for another reason.
    pub(super) failed_other: Counter,
    /// Samples that were never acknowledged and that the log let go of.
    pub(super) dropped: Counter,
    /// Samples that were read back at the start.
    pub(in crate::store) replayed: Counter,
    /// Stretches of the log that could not be read at the start.
    pub(in crate::store) damaged: Counter,
    /// Samples that such stretches are known to have cost.
    pub(in crate::store) damaged_samples: Counter,
    /// Bytes of writes that were cut, which nobody was told to be safe.
    pub(in crate::store) cut_bytes: Counter,
    /// When the newest samples came that are safe.
    synced: AtomicI64,
}

impl Figures {
    /// Notes until when everything is safe.
    pub(super) fn synced_at(&self, at: Timestamp) {
        self.synced.fetch_max(at.0, Ordering::Relaxed);
    }

    /// Those without labels, with their names and what they mean.
    fn counters(&self) -> [(&'static str, &'static str, &Counter); 8] {
        [
            (
                "watchglass_store_log_written_bytes_total",
                "Bytes written to the log and synced.",
                &self.written_bytes,
            ),
            (
                "watchglass_store_log_written_samples_total",
                "Samples written to the log and synced.",
                &self.written_samples,
            ),
            ("watchglass_store_log_commits_total", "Writes to the log.", &self.commits),
            (
                "watchglass_store_log_dropped_samples_total",
                "Samples that nobody was told to be durable and that the log let go of.",
                &self.dropped,
            ),
            (
                "watchglass_store_replayed_samples_total",
                "Samples read back from the log at the start.",
                &self.replayed,
            ),
            (
                "watchglass_store_damaged_total",
                "Stretches of files that could not be read at the start and were passed over.",
                &self.damaged,
            ),
            (
                "watchglass_store_damaged_samples_total",
                "Samples that are known to be lost with such stretches.",
                &self.damaged_samples,
            ),
            (
                "watchglass_store_log_cut_bytes_total",
                "Bytes at the end of the log that were cut off at the start: writes that were \
                 under way when the process before ended.",
                &self.cut_bytes,
            ),
        ]
    }
}

impl Log {
    /// Adds the log's figures to `out`.
    pub(in crate::store) fn report(&self, out: &mut Vec<Reading>) {
        let (figures, files) = (&self.figures, self.files.lock().clone());
        let bytes: u64 = files.iter().map(|file| file.bytes).sum();
        let waiting = self.queue.lock().samples;
        let well = matches!(*self.state.lock(), LogState::Well);
        let synced = Timestamp(figures.synced.load(Ordering::Relaxed));
        let gauges = [
            ("watchglass_store_log_bytes", "Bytes of the log on disk.", bytes as f64),
            ("watchglass_store_log_segments", "Segments of the log on disk.", files.len() as f64),
            (
                "watchglass_store_log_waiting_samples",
                "Samples that wait to be written to the log.",
                waiting as f64,
            ),
            (
                "watchglass_store_log_well",
                "1 while what comes is made durable, 0 while the disk does not let it.",
                f64::from(u8::from(well)),
            ),
            (
                "watchglass_store_log_synced_timestamp_seconds",
                "When the newest samples came that are on disk; 0 before the first.",
                synced.seconds(),
            ),
        ];
        out.extend(gauges.map(|(name, help, value)| Reading::gauge(name, help, value)));
        out.extend(
            figures.counters().map(|(name, help, count)| Reading::counter(name, help, count.get())),
        );
        let failures = [("full", &figures.failed_full), ("other", &figures.failed_other)];
        out.extend(failures.map(|(reason, count)| {
            let name = "watchglass_store_log_failures_total";
            let help = "Writes to the log that failed, by reason.";
            Reading::counter(name, help, count.get()).with("reason", reason)
        }));
        if let Ok(bytes) = self.disk.free_bytes() {
            let help = "Bytes that can still be written where the data folder is.";
            out.push(Reading::gauge("watchglass_store_free_bytes", help, bytes as f64));
        }
    }
}
