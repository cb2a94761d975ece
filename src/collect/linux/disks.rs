//! Disk input and output by device, from `proc/diskstats`. Partitions, loop and memory devices are
//! left out, as node exporter does: what they carry is counted at the device below.

use std::sync::Arc;

use crate::collect::bytes::{lines, text, whole, words};
use crate::collect::files::Files;
use crate::collect::source::{Failure, Found, Source};
use crate::collect::table::{Column, Identity, Round, Table};

const SECTOR_BYTES: f64 = 512.0;

/// How a field of the file becomes a value.
#[derive(Clone, Copy)]
enum Scale {
    Count,
    Sectors,
    Millis,
}

/// In the order of the file, after the name of the device.
const COLUMNS: &[Column] = &[
    Column::counter("node_disk_reads_completed_total", "", "Reads completed."),
    Column::counter("node_disk_reads_merged_total", "", "Reads merged with a neighbour."),
    Column::counter("node_disk_read_bytes_total", "bytes", "Bytes read."),
    Column::counter("node_disk_read_time_seconds_total", "seconds", "Time of all reads together."),
    Column::counter("node_disk_writes_completed_total", "", "Writes completed."),
    Column::counter("node_disk_writes_merged_total", "", "Writes merged with a neighbour."),
    Column::counter("node_disk_written_bytes_total", "bytes", "Bytes written."),
    Column::counter(
        "node_disk_write_time_seconds_total",
        "seconds",
        "Time of all writes together.",
    ),
    Column::gauge("node_disk_io_now", "", "Operations in progress."),
    Column::counter("node_disk_io_time_seconds_total", "seconds", "Time with work in progress."),
    Column::counter(
        "node_disk_io_time_weighted_seconds_total",
        "seconds",
        "Time with work in progress, times the operations in progress: its rate is the queue.",
    ),
    Column::counter("node_disk_discards_completed_total", "", "Discards completed."),
    Column::counter("node_disk_discards_merged_total", "", "Discards merged with a neighbour."),
    Column::counter("node_disk_discarded_sectors_total", "", "Sectors of 512 bytes discarded."),
    Column::counter(
        "node_disk_discard_time_seconds_total",
        "seconds",
        "Time of all discards together.",
    ),
    Column::counter("node_disk_flush_requests_total", "", "Flushes completed."),
    Column::counter(
        "node_disk_flush_requests_time_seconds_total",
        "seconds",
        "Time of all flushes together.",
    ),
];

const SCALES: [Scale; 17] = {
    use Scale::{Count, Millis, Sectors};
    [
        Count, Count, Sectors, Millis, // reads
        Count, Count, Sectors, Millis, // writes
        Count, Millis, Millis, // queue
        Count, Count, Count, Millis, // discards
        Count, Millis, // flushes
    ]
};

/// The source of disk figures.
pub(super) struct Disks([Table; 1]);

impl Disks {
    pub(super) fn new(identity: &Arc<Identity>) -> Self {
        Self([Table::new(identity, COLUMNS)])
    }
}

impl Source for Disks {
    fn read(&mut self, files: &mut Files, round: &mut Round<'_>) -> Result<Found, Failure> {
        let Some(content) = files.read("proc/diskstats")? else { return Ok(Found::Missing) };
        for line in lines(content) {
            let mut fields = words(line).skip(2);
            let Some(device) = fields.next() else {
                return Err(Failure::form("proc/diskstats", "two numbers and a device"));
            };
            if is_left_out(device) {
                continue;
            }
            let pairs = || vec![("device", text(device))];
            let Some(mut row) = self.0[0].row(device, pairs) else { continue };
            for (column, (field, scale)) in fields.map_while(whole).zip(SCALES).enumerate() {
                let value = match scale {
                    Scale::Count => field as f64,
                    Scale::Sectors => field as f64 * SECTOR_BYTES,
                    Scale::Millis => field as f64 / 1000.0,
                };
                row.put(round, column, value);
            }
        }
        Ok(Found::Read)
    }

    fn tables(&mut self) -> &mut [Table] {
        &mut self.0
    }
}

/// Whether a device is a partition, or stands for memory, a floppy or a file.
fn is_left_out(device: &[u8]) -> bool {
    let digits = device.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 {
        return false;
    }
    let stem = device.get(..device.len() - digits).unwrap_or_default();
    match stem {
        b"ram"
        | b"zram"
        | b"loop"
        | b"fd"
        | [b'h' | b's' | b'v', b'd', b'a'..=b'z']
        | [b'x', b'v', b'd', b'a'..=b'z'] => true,
        [b'n', b'v', b'm', b'e', name @ .., b'p'] => is_numbers_around(name, b'n'),
        _ => false,
    }
}

/// Whether `name` is two numbers with `middle` in between.
fn is_numbers_around(name: &[u8], middle: u8) -> bool {
    let mut parts = name.splitn(2, |byte| *byte == middle);
    let is_number = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    parts.next().is_some_and(is_number) && parts.next().is_some_and(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_and_devices_of_memory_are_left_out() {
        for device in ["loop0", "ram15", "zram0", "fd0", "sda1", "vdb12", "xvda2", "nvme0n1p3"] {
            assert!(is_left_out(device.as_bytes()), "{device}");
        }
        let kept = ["sda", "vda", "xvda", "nvme0n1", "dm-0", "md127", "sr0", "mmcblk0", "nvmep1"];
        for device in kept.into_iter().chain(["", "nbd1", "sdaa1"]) {
            assert!(!is_left_out(device.as_bytes()), "{device}");
        }
    }
}
