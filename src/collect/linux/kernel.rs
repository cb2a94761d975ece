//! Load, and the kernel's counts of work: context switches, interrupts, forks, running and blocked
//! processes, open files, and how long it has been up.

use std::sync::Arc;

use crate::collect::bytes::{decimal, lines, rounded, whole, words};
use crate::collect::files::Files;
use crate::collect::source::{Failure, Found, Source};
use crate::collect::table::{Column, Identity, Round, Table};

const LOAD: &[Column] = &[
    Column::gauge("node_load1", "", "Load average over 1 minute."),
    Column::gauge("node_load5", "", "Load average over 5 minutes."),
    Column::gauge("node_load15", "", "Load average over 15 minutes."),
];

/// The source of load averages.
pub(super) struct Load([Table; 1]);

impl Load {
    pub(super) fn new(identity: &Arc<Identity>) -> Self {
        Self([Table::new(identity, LOAD)])
    }
}

impl Source for Load {
    fn read(&mut self, files: &mut Files, round: &mut Round<'_>) -> Result<Found, Failure> {
        let Some(content) = files.read("proc/loadavg")? else { return Ok(Found::Missing) };
        let mut numbers = words(content).map_while(decimal);
        let loads = [numbers.next(), numbers.next(), numbers.next()];
        let [Some(one), Some(five), Some(fifteen)] = loads else {
            return Err(Failure::form("proc/loadavg", "three load averages"));
        };
        if let Some(mut row) = self.0[0].only() {
            for (column, load) in [one, five, fifteen].into_iter().enumerate() {
                row.put(round, column, load);
            }
        }
        Ok(Found::Read)
    }

    fn tables(&mut self) -> &mut [Table] {
        &mut self.0
    }
}

const SWITCHES: usize = 0;
const INTERRUPTS: usize = 1;
const FORKS: usize = 2;
const RUNNING: usize = 3;
const BLOCKED: usize = 4;
const BOOT: usize = 5;
const FILES_OPEN: usize = 6;
const FILES_MAX: usize = 7;
const TIME: usize = 8;
const UPTIME: usize = 9;

const COLUMNS: &[Column] = &[
    Column::counter("node_context_switches_total", "", "Context switches."),
    Column::counter("node_intr_total", "", "Interrupts served."),
    Column::counter("node_forks_total", "", "Processes and threads made."),
    Column::gauge("node_procs_running", "", "Threads that run or are ready to."),
    Column::gauge("node_procs_blocked", "", "Processes that wait for input or output."),
    Column::gauge("node_boot_time_seconds", "seconds", "When the host started, since the epoch."),
    Column::gauge("node_filefd_allocated", "", "File handles in use."),
    Column::gauge("node_filefd_maximum", "", "File handles that the kernel allows."),
    Column::gauge("node_time_seconds", "seconds", "The host's time, since the epoch."),
    Column::gauge("node_uptime_seconds", "seconds", "How long the host has been up."),
];

/// The source of the kernel's counts.
pub(super) struct Kernel([Table; 1]);

impl Kernel {
    pub(super) fn new(identity: &Arc<Identity>) -> Self {
        Self([Table::new(identity, COLUMNS)])
    }
}

impl Source for Kernel {
    fn read(&mut self, files: &mut Files, round: &mut Round<'_>) -> Result<Found, Failure> {
        let Some(content) = files.read("proc/stat")? else { return Ok(Found::Missing) };
        let Some(mut row) = self.0[0].only() else { return Ok(Found::Read) };
        for line in lines(content) {
            let mut fields = words(line);
            let column = match fields.next() {
                Some(b"ctxt") => SWITCHES,
                Some(b"intr") => INTERRUPTS,
                Some(b"processes") => FORKS,
                Some(b"procs_running") => RUNNING,
                Some(b"procs_blocked") => BLOCKED,
                Some(b"btime") => BOOT,
                _ => continue,
            };
            if let Some(count) = fields.next().and_then(whole) {
                row.put(round, column, count as f64);
            }
        }
        row.put(round, TIME, rounded(round.now.seconds(), 1));
        if let Some(content) = files.read("proc/sys/fs/file-nr")? {
            let mut fields = words(content.trim_ascii_end());
            let (open, most) = (fields.next().and_then(whole), fields.nth(1).and_then(whole));
            if let (Some(open), Some(most)) = (open, most) {
                row.put(round, FILES_OPEN, open as f64);
                row.put(round, FILES_MAX, most as f64);
            }
        }
        if let Some(content) = files.read("proc/uptime")?
            && let Some(up) = words(content).next().and_then(decimal)
        {
            row.put(round, UPTIME, rounded(up, 1));
        }
        Ok(Found::Read)
    }

    fn tables(&mut self) -> &mut [Table] {
        &mut self.0
    }
}
