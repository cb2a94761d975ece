//! The service itself as a source: the figures of its parts, and those of its process.

use std::sync::Arc;

use super::figures::Figures;
use super::files::Files;
use super::platform::OwnProcess;
use super::source::{Failure, Found, Source};
use super::table::{Identity, Pairs, Round, Table};
use crate::model::{Metadata, Reading, Report};

/// Reads the figures of every part.
pub(super) type OwnReadings = Arc<dyn Fn() -> Vec<Reading> + Send + Sync>;

/// The source of this service's own figures.
pub(super) struct Own {
    parts: OwnReadings,
    collectors: Arc<Figures>,
    process: OwnProcess,
    table: [Table; 1],
    key: Vec<u8>,
}

impl Own {
    /// A source of what `parts` tells, of `collectors`, and of this process.
    pub(super) fn new(instance: &str, parts: OwnReadings, collectors: Arc<Figures>) -> Self {
        let identity = Identity { job: "watchglass", instance: instance.to_owned() };
        let table = [Table::new(&Arc::new(identity), &[])];
        Self { parts, collectors, process: OwnProcess::new(), table, key: Vec::new() }
    }
}

impl Source for Own {
    fn read(&mut self, _: &mut Files, round: &mut Round<'_>) -> Result<Found, Failure> {
        let mut readings = (self.parts)();
        self.collectors.report(&mut readings);
        self.process.read(&mut readings);
        for reading in &readings {
            let key = &mut self.key;
            key.clear();
            key.extend_from_slice(reading.name.as_bytes());
            for (label, value) in &reading.labels {
                // Bytes that no UTF-8 text has keep the parts of a key apart.
                key.push(0xff);
                key.extend_from_slice(label.as_bytes());
                key.push(0xfe);
                key.extend_from_slice(value.as_bytes());
            }
            self.table[0].named(round, key, reading.value, || described(reading));
        }
        Ok(Found::Read)
    }

    fn tables(&mut self) -> &mut [Table] {
        &mut self.table
    }
}

fn described(reading: &Reading) -> (String, Pairs, Metadata) {
    let metadata = Metadata {
        metric_type: reading.metric_type,
        unit: unit_of(reading.name).to_owned(),
        help: reading.help.to_owned(),
    };
    (reading.name.to_owned(), reading.labels.clone(), metadata)
}

/// The unit that a metric name ends with.
fn unit_of(name: &str) -> &'static str {
    let base = name.strip_suffix("_total").unwrap_or(name);
    let units = ["seconds", "bytes", "ratio", "celsius"];
    units.into_iter().find(|unit| base.ends_with(unit)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Batch, Origin, Timestamp};

    #[test]
    fn every_reading_becomes_one_series_and_a_part_told_twice_counts_once() {
        let figures = Arc::new(Figures::default());
        let told = Arc::clone(&figures);
        let parts: OwnReadings = Arc::new(move || {
            let mut readings = vec![
                Reading::counter("watchglass_live_sent_bytes_total", "Sent.", 7).with("codec", "a"),
                Reading::counter("watchglass_live_sent_bytes_total", "Sent.", 9).with("codec", "b"),
            ];
            // The wiring may tell the collectors' figures too.
            told.report(&mut readings);
            readings
        });
        let mut own = Own::new("host", parts, figures);
        let mut batch = Batch::new(Origin::Collector);
        let mut files = Files::new("/".as_ref());
        let mut round = Round { at: Timestamp(1000), now: Timestamp(1000), batch: &mut batch };
        assert_eq!(own.read(&mut files, &mut round), Ok(Found::Read));
        own.tables()[0].describe(&mut batch.metadata);

        let named = |name: &str| batch.entries.iter().filter(|e| e.labels.name() == name).count();
        assert_eq!(named("watchglass_live_sent_bytes_total"), 2);
        assert_eq!(named("watchglass_collect_rounds_total"), 1);
        assert_eq!(named("process_resident_memory_bytes"), 1);
        assert!(batch.entries.iter().all(|entry| entry.labels.value("job") == "watchglass"));
        let sent = batch.metadata.iter().find(|(name, _)| name.contains("sent")).expect("told");
        assert_eq!(sent.1.unit, "bytes");
    }
}
