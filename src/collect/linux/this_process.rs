//! The figures of this very process, named as every Prometheus client library names them.

use std::path::PathBuf;

use super::cpu::TICKS_A_SECOND;
use crate::collect::bytes::{lines, rounded, whole, words};
use crate::collect::files::KeptFile;
use crate::model::{MetricType, Reading};

/// Reads this process's own files.
pub(in crate::collect) struct OwnProcess {
    stat: KeptFile,
    page_bytes: f64,
    /// When the process started, in seconds since the epoch; read once.
    started: Option<f64>,
}

impl OwnProcess {
    /// Nothing is read yet.
    pub(in crate::collect) fn new() -> Self {
        let stat = KeptFile::new(PathBuf::from("/proc/self/stat"));
        Self { stat, page_bytes: rustix::param::page_size() as f64, started: None }
    }

    /// Adds what can be read now.
    pub(in crate::collect) fn read(&mut self, out: &mut Vec<Reading>) {
        let Ok(Some(content)) = self.stat.read() else { return };
        let after_name = memchr::memrchr(b')', content).and_then(|at| content.get(at + 1..));
        let mut fields = words(after_name.unwrap_or_default());
        let mut field = |skip: usize| fields.nth(skip).and_then(whole).unwrap_or_default() as f64;
        let (user, system) = (field(11), field(0));
        let threads = field(4);
        let (start, size, pages) = (field(1), field(0), field(0));
        let started =
            *self.started.get_or_insert_with(|| rounded(boot_time() + start / TICKS_A_SECOND, 2));
        out.push(Reading {
            name: "process_cpu_seconds_total",
            metric_type: MetricType::Counter,
            help: "CPU time of this process.",
            labels: Vec::new(),
            value: (user + system) / TICKS_A_SECOND,
        });
        let mut gauge = |name, help, value| out.push(Reading::gauge(name, help, value));
        let resident = pages * self.page_bytes;
        gauge("process_resident_memory_bytes", "Resident memory of this process.", resident);
        gauge("process_virtual_memory_bytes", "Virtual memory of this process.", size);
        gauge("process_threads", "Threads of this process.", threads);
        gauge("process_start_time_seconds", "When this process started, since the epoch.", started);
        if let Some(open) = open_files() {
            gauge("process_open_fds", "Files and sockets that this process has open.", open);
        }
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
        if let Some(most) = limit.current {
            gauge("process_max_fds", "Files and sockets that this process may open.", most as f64);
        }
    }
}

fn boot_time() -> f64 {
    let content = std::fs::read("/proc/stat").unwrap_or_default();
    let line = lines(&content).find_map(|line| line.strip_prefix(b"btime "));
    line.and_then(whole).unwrap_or_default() as f64
}

/// How many files are open. Kernels since 6.2 tell it as the size of the folder; older ones have
/// the folder listed, which costs more the more viewers there are.
fn open_files() -> Option<f64> {
    let told = std::fs::metadata("/proc/self/fd").ok()?.len();
    if told > 0 {
        return Some(told as f64);
    }
    Some(std::fs::read_dir("/proc/self/fd").ok()?.count() as f64)
}
