//! Processes: the first by CPU and by memory, as a table that changes from reading to reading.
//!
//! One `stat` file a process is read, through a descriptor of the `proc` folder; threads are not.
//! Only those that end up listed are asked for their user.

use std::collections::HashMap;
use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use foldhash::fast::RandomState;
use rustix::fs::{AtFlags, Mode, OFlags, RawDir, SeekFrom};
use rustix::io::Errno;

use super::cpu::TICKS_A_SECOND;
use super::ranking::{Ranked, listed};
use super::users::Users;
use crate::collect::bytes::{decimal, rounded, text, whole, words};
use crate::collect::files::Files;
use crate::collect::source::{Failure, Found, Source};
use crate::collect::table::{Column, Identity, Round, Table};

/// Processes beyond this many are not looked at.
const PROCESSES_MAX: usize = 50_000;
/// The longest name that is kept, in bytes.
const NAME_BYTES_MAX: usize = 64;
const FOLDER_BYTES: usize = 32 << 10;

const COLUMNS: &[Column] = &[
    Column::gauge("node_process_cpu_percent", "percent", "Use of CPU, in per cent of one core."),
    Column::gauge("node_process_resident_memory_bytes", "bytes", "Resident memory."),
    Column::gauge("node_process_threads", "", "Threads."),
];

/// The source of processes.
pub(super) struct Processes {
    table: [Table; 1],
    top: usize,
    page_bytes: f64,
    path: PathBuf,
    folder: Option<OwnedFd>,
    entries: Vec<MaybeUninit<u8>>,
    users: Users,
    round: u64,
    up: Option<f64>,
    /// The CPU time of every process at the last reading.
    known: HashMap<u32, Known, RandomState>,
    ranked: Vec<Ranked>,
    stats: Vec<Stat>,
    chosen: Vec<usize>,
    key: Vec<u8>,
}

struct Known {
    started: u64,
    ticks: u64,
    round: u64,
    listed: u64,
}

/// What is read of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stat {
    name: [u8; NAME_BYTES_MAX],
    name_bytes: usize,
    ticks: u64,
    threads: u64,
    started: u64,
    pages: u64,
}

impl Processes {
    pub(super) fn new(identity: &Arc<Identity>, root: &Path, top: usize) -> Self {
        Self {
            table: [Table::new(identity, COLUMNS)],
            top,
            page_bytes: rustix::param::page_size() as f64,
            path: root.join("proc"),
            folder: None,
            entries: vec![MaybeUninit::uninit(); FOLDER_BYTES],
            users: Users::new(root.join("etc/passwd")),
            round: 0,
            up: None,
            known: HashMap::default(),
            ranked: Vec::new(),
            stats: Vec::new(),
            chosen: Vec::new(),
            key: Vec::new(),
        }
    }

    /// Reads the `stat` of every process.
    fn scan(&mut self, elapsed: Option<f64>) -> Result<(), Errno> {
        let Self { folder, path, entries, ranked, stats, known, round, .. } = self;
        let folder = match folder {
            Some(folder) => folder,
            none => {
                let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
                none.insert(rustix::fs::open(&*path, flags, Mode::empty())?)
            }
        };
        rustix::fs::seek(&*folder, SeekFrom::Start(0))?;
        let mut list = RawDir::new(&*folder, entries);
        while let Some(entry) = list.next() {
            let entry = entry?;
            let Some(pid) = whole(entry.file_name().to_bytes()) else { continue };
            let Ok(pid) = u32::try_from(pid) else { continue };
            let Some(stat) = read_stat(folder, entry.file_name()) else { continue };
            if ranked.len() >= PROCESSES_MAX {
                break;
            }
            let before = known.get(&pid).filter(|known| known.started == stat.started);
            // Who was not there before has used all its time since then.
            let used = stat.ticks.saturating_sub(before.map_or(0, |known| known.ticks));
            let cpu =
                elapsed.map(|seconds| rounded(used as f64 / TICKS_A_SECOND / seconds * 100.0, 1));
            let was_listed = before.map_or(0, |known| known.listed);
            let listed = was_listed > 0 && was_listed + 1 == *round;
            ranked.push(Ranked { pid, cpu, pages: stat.pages, listed });
            let (started, ticks) = (stat.started, stat.ticks);
            known.insert(pid, Known { started, ticks, round: *round, listed: was_listed });
            stats.push(stat);
        }
        known.retain(|_, known| known.round == *round);
        Ok(())
    }

    /// Puts one listed process into the table.
    fn put(&mut self, at: usize, round: &mut Round<'_>) {
        let (Some(process), Some(stat)) = (self.ranked.get(at), self.stats.get(at)) else { return };
        let name = stat.name.get(..stat.name_bytes).unwrap_or_default();
        let Some(user) = self.folder.as_ref().and_then(|folder| owner(folder, process.pid)) else {
            return;
        };
        // What the labels say is the row: a new process with the number and name of an old one goes
        // on in its series.
        self.key.clear();
        self.key.extend_from_slice(&process.pid.to_le_bytes());
        self.key.extend_from_slice(&user.to_le_bytes());
        self.key.extend_from_slice(name);
        let users = &mut self.users;
        let pairs = || {
            vec![("pid", process.pid.to_string()), ("name", text(name)), ("user", users.name(user))]
        };
        let Some(mut row) = self.table[0].row(&self.key, pairs) else { return };
        if let Some(cpu) = process.cpu {
            row.put(round, 0, cpu);
        }
        row.put(round, 1, stat.pages as f64 * self.page_bytes);
        row.put(round, 2, stat.threads as f64);
        if let Some(known) = self.known.get_mut(&process.pid) {
            known.listed = self.round;
        }
    }
}

impl Source for Processes {
    fn read(&mut self, files: &mut Files, round: &mut Round<'_>) -> Result<Found, Failure> {
        let Some(content) = files.read("proc/uptime")? else { return Ok(Found::Missing) };
        let Some(up) = words(content).next().and_then(decimal) else {
            return Err(Failure::form("proc/uptime", "seconds"));
        };
        // Time that no step of the clock moves.
        let elapsed = self.up.replace(up).map(|before| up - before).filter(|span| *span > 0.0);
        self.round += 1;
        self.ranked.clear();
        self.stats.clear();
        if let Err(error) = self.scan(elapsed) {
            self.folder = None;
            return Err(Failure::read(&self.path, &error.into()));
        }
        let mut chosen = std::mem::take(&mut self.chosen);
        listed(&self.ranked, self.top, &mut chosen);
        for at in &chosen {
            self.put(*at, round);
        }
        self.chosen = chosen;
        Ok(Found::Read)
    }

    fn tables(&mut self) -> &mut [Table] {
        &mut self.table
    }
}

/// The user that a process runs as: the owner of its folder is its effective user.
fn owner(folder: &OwnedFd, pid: u32) -> Option<u32> {
    let stat = rustix::fs::statat(folder, pid.to_string(), AtFlags::empty()).ok()?;
    Some(stat.st_uid)
}

/// What the process says of itself; `None` when it has just ended.
fn read_stat(folder: &OwnedFd, pid: &CStr) -> Option<Stat> {
    let mut place = [0_u8; 32];
    let pid = pid.to_bytes();
    place.get_mut(..pid.len())?.copy_from_slice(pid);
    place.get_mut(pid.len()..pid.len() + 5)?.copy_from_slice(b"/stat");
    let place = CStr::from_bytes_until_nul(&place).ok()?;
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let file = rustix::fs::openat(folder, place, flags, Mode::empty()).ok()?;
    let mut buffer = [0_u8; 1024];
    let read = rustix::io::read(&file, &mut buffer).ok()?;
    parse_stat(buffer.get(..read)?)
}

/// `7 (a name) S 1 …`: the name may hold spaces and parentheses, so it ends at the last one.
fn parse_stat(content: &[u8]) -> Option<Stat> {
    let open = memchr::memchr(b'(', content)?;
    let close = memchr::memrchr(b')', content)?;
    let name = content.get(open + 1..close)?;
    let name_bytes = name.len().min(NAME_BYTES_MAX);
    let mut kept = [0; NAME_BYTES_MAX];
    kept.get_mut(..name_bytes)?.copy_from_slice(name.get(..name_bytes)?);
    // Fields are counted from the state, which is the third of the file.
    let mut fields = words(content.get(close + 1..)?.trim_ascii_end());
    let user = whole(fields.nth(11)?)?;
    let system = whole(fields.next()?)?;
    let threads = whole(fields.nth(4)?)?;
    let started = whole(fields.nth(1)?)?;
    let pages = whole(fields.nth(1)?)?;
    let ticks = user.checked_add(system)?;
    Some(Stat { name: kept, name_bytes, ticks, threads, started, pages })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_hold_anything_and_fields_are_counted_after_them() {
        let check = |name: &str, expected: &str| {
            let line = format!(
                "7 ({name}) S 1 7 7 0 -1 4194560 5 6 0 5 120 34 9 9 20 0 14 0 3100 55103488 4948 \
                 18446744073709551615 1 1\n"
            );
            let stat = parse_stat(line.as_bytes()).expect("a stat");
            assert_eq!(&stat.name[..stat.name_bytes], expected.as_bytes());
            assert_eq!((stat.ticks, stat.threads, stat.started, stat.pages), (154, 14, 3100, 4948));
        };
        check("nginx: worker", "nginx: worker");
        check("a) R 1 (b", "a) R 1 (b");
        check(&"x".repeat(80), &"x".repeat(64));
        for broken in ["", "7", "7 (a", "7 (a) S 1 2 3", ")("] {
            assert_eq!(parse_stat(broken.as_bytes()), None, "{broken}");
        }
    }
}
