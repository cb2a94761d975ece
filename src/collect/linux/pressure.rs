//! Pressure stall times: how long work waited for CPU, input and output, or memory.

use std::sync::Arc;

use crate::collect::bytes::{lines, whole, words};
use crate::collect::files::Files;
use crate::collect::source::{Failure, Found, Source};
use crate::collect::table::{Column, Identity, Round, Table};

const COLUMNS: &[Column] = &[
    Column::counter(
        "node_pressure_cpu_waiting_seconds_total",
        "seconds",
        "Time in which some work waited for a CPU.",
    ),
    Column::counter(
        "node_pressure_cpu_stalled_seconds_total",
        "seconds",
        "Time in which no work went on for lack of a CPU.",
    ),
    Column::counter(
        "node_pressure_io_waiting_seconds_total",
        "seconds",
        "Time in which some work waited for input or output.",
    ),
    Column::counter(
        "node_pressure_io_stalled_seconds_total",
        "seconds",
        "Time in which no work went on because all waited for input or output.",
    ),
    Column::counter(
        "node_pressure_memory_waiting_seconds_total",
        "seconds",
        "Time in which some work waited for memory.",
    ),
    Column::counter(
        "node_pressure_memory_stalled_seconds_total",
        "seconds",
        "Time in which no work went on because all waited for memory.",
    ),
];

/// Each file with the column of its line `some`; `full` has the next.
const PLACES: [(&str, usize); 3] =
    [("proc/pressure/cpu", 0), ("proc/pressure/io", 2), ("proc/pressure/memory", 4)];

/// The source of pressure.
pub(super) struct Pressure([Table; 1]);

impl Pressure {
    pub(super) fn new(identity: &Arc<Identity>) -> Self {
        Self([Table::new(identity, COLUMNS)])
    }
}

impl Source for Pressure {
    fn read(&mut self, files: &mut Files, round: &mut Round<'_>) -> Result<Found, Failure> {
        let mut found = Found::Missing;
        for (place, first) in PLACES {
            let Some(content) = files.read(place)? else { continue };
            let Some(mut row) = self.0[0].only() else { continue };
            for line in lines(content) {
                let mut fields = words(line);
                let column = match fields.next() {
                    Some(b"some") => first,
                    Some(b"full") => first + 1,
                    _ => continue,
                };
                let total = fields.find_map(|word| whole(word.strip_prefix(b"total=")?));
                let Some(micros) = total else {
                    return Err(Failure::form(place, "`total=` and microseconds"));
                };
                row.put(round, column, (micros / 1000) as f64 / 1000.0);
                found = Found::Read;
            }
        }
        Ok(found)
    }

    fn tables(&mut self) -> &mut [Table] {
        &mut self.0
    }
}
