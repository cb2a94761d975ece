//! File systems: bytes, files, and whether they can be written.
//!
//! A file system of another machine may never answer. Each of those is asked on a thread of its
//! own, one at a time, and its answer is told at the next tick; what has not answered by then
//! counts as an error and holds nobody up, not even the end of the program.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::fs::StatVfs;
use rustix::io::Errno;

use super::is_own_root;
use super::mounts::{Mount, mounts};
use crate::collect::files::Files;
use crate::collect::source::{Failure, Found, Source};
use crate::collect::table::{Column, Identity, Pairs, Round, Table};

/// The most file systems of other machines: each may hold a thread.
const REMOTE_MAX: usize = 64;

const COLUMNS: &[Column] = &[
    Column::gauge("node_filesystem_size_bytes", "bytes", "Size of the file system."),
    Column::gauge("node_filesystem_free_bytes", "bytes", "Free space."),
    Column::gauge("node_filesystem_avail_bytes", "bytes", "Free space for ordinary users."),
    Column::gauge("node_filesystem_files", "", "Files (inodes) that it has room for."),
    Column::gauge("node_filesystem_files_free", "", "Files (inodes) that can still be made."),
    Column::gauge("node_filesystem_readonly", "", "1 when nothing can be written."),
];
const ERRORS: &[Column] = &[Column::gauge(
    "node_filesystem_device_error",
    "",
    "1 when the file system did not answer, or with an error.",
)];

/// The source of file systems.
pub(super) struct Filesystems {
    tables: [Table; 2],
    place: &'static str,
    root: PathBuf,
    /// The table of mounts as last read, and what stood in it.
    content: Vec<u8>,
    watched: Vec<Watched>,
}

struct Watched {
    mount: Mount,
    key: String,
    path: PathBuf,
    remote: Option<Asked>,
}

impl Filesystems {
    pub(super) fn new(identity: &Arc<Identity>, root: &Path) -> Self {
        let own = is_own_root(root);
        Self {
            tables: [Table::new(identity, COLUMNS), Table::new(identity, ERRORS)],
            place: if own { "proc/self/mounts" } else { "proc/1/mounts" },
            root: root.to_owned(),
            content: Vec::new(),
            watched: Vec::new(),
        }
    }

    /// Takes over a changed table of mounts; what is already being asked goes on.
    fn watch(&mut self, content: &[u8]) {
        content.clone_into(&mut self.content);
        let mut old = std::mem::take(&mut self.watched);
        let mut remote = 0;
        for mount in mounts(content) {
            let key = format!("{}\0{}\0{}", mount.device, mount.kind, mount.point);
            let path = self.root.join(mount.point.trim_start_matches('/'));
            if mount.is_remote() {
                remote += 1;
                if remote > REMOTE_MAX {
                    continue;
                }
            }
            let before = old.iter().position(|watched| watched.key == key);
            let asked = before.and_then(|at| old.swap_remove(at).remote);
            let asked = mount.is_remote().then(|| asked.unwrap_or_default());
            self.watched.push(Watched { mount, key, path, remote: asked });
        }
    }
}

impl Source for Filesystems {
    fn read(&mut self, files: &mut Files, round: &mut Round<'_>) -> Result<Found, Failure> {
        let Some(content) = files.read(self.place)? else { return Ok(Found::Missing) };
        if content != self.content {
            self.watch(content);
        }
        let [values, errors] = &mut self.tables;
        for watched in &self.watched {
            let answer = match &watched.remote {
                None => Some(rustix::fs::statvfs(&watched.path)),
                Some(asked) => asked.ask(&watched.path),
            };
            let (key, pairs) = (watched.key.as_bytes(), || watched.pairs());
            match answer {
                // Asked for the first time, and not answered yet: nothing is known.
                None => {}
                // Without blocks it is a view onto something else.
                Some(Ok(stat)) if stat.f_blocks == 0 => {}
                Some(answer) => {
                    if let Some(mut row) = errors.row(key, pairs) {
                        row.put(round, 0, f64::from(u8::from(answer.is_err())));
                    }
                    if let Ok(stat) = answer
                        && let Some(mut row) = values.row(key, pairs)
                    {
                        for (column, value) in watched.figures(&stat).into_iter().enumerate() {
                            row.put(round, column, value);
                        }
                    }
                }
            }
        }
        Ok(Found::Read)
    }

    fn tables(&mut self) -> &mut [Table] {
        &mut self.tables
    }
}

impl Watched {
    fn pairs(&self) -> Pairs {
        vec![
            ("device", self.mount.device.clone()),
            ("fstype", self.mount.kind.clone()),
            ("mountpoint", self.mount.point.clone()),
        ]
    }

    /// In the order of the columns.
    fn figures(&self, stat: &StatVfs) -> [f64; 6] {
        let bytes = |blocks: u64| blocks as f64 * stat.f_frsize as f64;
        [
            bytes(stat.f_blocks),
            bytes(stat.f_bfree),
            bytes(stat.f_bavail),
            stat.f_files as f64,
            stat.f_ffree as f64,
            f64::from(u8::from(self.mount.read_only)),
        ]
    }
}

/// A question to a file system that may take for ever.
#[derive(Default)]
struct Asked(Arc<Mutex<Answer>>);

// The lock is held to look or to set, never while the file system is asked.
#[derive(Default)]
enum Answer {
    #[default]
    NotAsked,
    Waiting,
    Known(Result<StatVfs, Errno>),
}

impl Asked {
    /// The answer to the question of the last tick, which is asked again; `None` at the first.
    /// A question without an answer so far is a time-out, and is not asked twice.
    fn ask(&self, path: &Path) -> Option<Result<StatVfs, Errno>> {
        let last = {
            let mut answer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *answer, Answer::Waiting)
        };
        let known = match last {
            Answer::Waiting => return Some(Err(Errno::TIMEDOUT)),
            Answer::NotAsked => None,
            Answer::Known(known) => Some(known),
        };
        let (shared, path) = (Arc::clone(&self.0), path.to_owned());
        // A plain thread: the runtime would wait for one of its own before the program may end.
        let asking = std::thread::Builder::new().name("statvfs".to_owned()).spawn(move || {
            let answer = Answer::Known(rustix::fs::statvfs(&path));
            *shared.lock().unwrap_or_else(PoisonError::into_inner) = answer;
        });
        if asking.is_err() {
            let mut answer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            *answer = Answer::Known(Err(Errno::AGAIN));
        }
        known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_answered_later_and_an_open_one_is_not_asked_twice() {
        let asked = Asked::default();
        assert!(asked.ask(Path::new("/")).is_none());
        let is_known = || matches!(*asked.0.lock().expect("no panic"), Answer::Known(_));
        while !is_known() {
            std::thread::yield_now();
        }
        assert!(matches!(asked.ask(Path::new("/")), Some(Ok(_))));
        *asked.0.lock().expect("no panic") = Answer::Waiting;
        assert!(matches!(asked.ask(Path::new("/")), Some(Err(Errno::TIMEDOUT))));
    }
}
