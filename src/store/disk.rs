//! The disk as the store sees it: one folder, reached through one trait.
//!
//! Nobody in the store touches a file in another way. That is what makes power cuts, failing syncs
//! and full disks ordinary tests: a simulated disk stands in for the real one. Paths are relative
//! to the store's folder. What was written is safe only once it was synced; a name (made, renamed,
//! removed) only once its folder was.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{error, fmt};

use crate::model::NotDurable;

/// The name of the file that is locked while a process uses a folder.
const LOCK: &str = "lock";
/// The share of the files that may be open that stay open only because they are read often.
const KEPT_OPEN_SHARE: u64 = 16;
/// At least so many, also where few may be open.
const KEPT_OPEN_LEAST: usize = 8;
/// And at most so many: two weeks of samples, 90 days of minutes and two years of hours are about
/// 90 blocks, few of which one question is about.
const KEPT_OPEN_MOST: usize = 64;

/// A folder of files.
pub trait Disk: Send + Sync {
    /// Makes a file that is not there yet, to be written from its start to its end.
    ///
    /// # Errors
    /// [`Fault::Exists`] when it is there, and whatever the system says.
    fn create(&self, path: &Path) -> Result<Box<dyn Writable>, DiskError>;

    /// Opens a file to be read.
    ///
    /// # Errors
    /// [`Fault::Missing`] when it is not there, and whatever the system says.
    fn open(&self, path: &Path) -> Result<Arc<dyn Readable>, DiskError>;

    /// What lies in a folder, sorted by name.
    ///
    /// # Errors
    /// [`Fault::Missing`] when there is no such folder, and whatever the system says.
    fn list(&self, folder: &Path) -> Result<Vec<Listed>, DiskError>;

    /// Makes a folder; one that is there stays as it is. The folder above it has to be there.
    ///
    /// # Errors
    /// Whatever the system says.
    fn create_folder(&self, folder: &Path) -> Result<(), DiskError>;

    /// Gives a file or a folder another name, in place of a file that has that name.
    ///
    /// # Errors
    /// Whatever the system says.
    fn rename(&self, from: &Path, to: &Path) -> Result<(), DiskError>;

    /// Gives a file a second name.
    ///
    /// # Errors
    /// Whatever the system says; not every file system can.
    fn link(&self, from: &Path, to: &Path) -> Result<(), DiskError>;

    /// Removes a file.
    ///
    /// # Errors
    /// [`Fault::Missing`] when it is not there, and whatever the system says.
    fn remove(&self, path: &Path) -> Result<(), DiskError>;

    /// Removes a folder with everything in it.
    ///
    /// # Errors
    /// [`Fault::Missing`] when it is not there, and whatever the system says.
    fn remove_folder(&self, folder: &Path) -> Result<(), DiskError>;

    /// Makes the names in a folder safe: those made, renamed and removed before.
    ///
    /// # Errors
    /// When they may not be safe. Asking again proves nothing.
    fn sync_folder(&self, folder: &Path) -> Result<(), DiskError>;

    /// Bytes that can still be written.
    ///
    /// # Errors
    /// Whatever the system says.
    fn free_bytes(&self) -> Result<u64, DiskError>;

    /// Bytes of the whole disk, whatever is on it.
    ///
    /// # Errors
    /// Whatever the system says.
    fn size_bytes(&self) -> Result<u64, DiskError>;

    /// How many files may stay open only because they are read often.
    fn kept_open_max(&self) -> usize;
}

/// A file that is being written. It is closed when it is dropped.
pub trait Writable: Send {
    /// Writes at the end, all of it.
    ///
    /// # Errors
    /// [`Fault::Full`] when there is no room, and whatever the system says. A part may have been
    /// written: the file is not to be gone on with.
    fn append(&mut self, bytes: &[u8]) -> Result<(), DiskError>;

    /// Makes safe what was written so far.
    ///
    /// # Errors
    /// When it may not be safe. The system may have forgotten what it could not write, so that a
    /// second call on the same file proves nothing: it has to be written again to another file.
    fn sync(&mut self) -> Result<(), DiskError>;
}

/// A file that is being read, by any number of threads.
pub trait Readable: Send + Sync {
    /// How long it is now, in bytes.
    ///
    /// # Errors
    /// Whatever the system says.
    fn length(&self) -> Result<u64, DiskError>;

    /// Fills `into` with what stands from `offset` on.
    ///
    /// # Errors
    /// [`Fault::Short`] when the file ends before, and whatever the system says.
    fn read_at(&self, offset: u64, into: &mut [u8]) -> Result<(), DiskError>;
}

/// Something in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name inside the folder.
    pub name: String,
    /// Whether it is a folder itself.
    pub is_folder: bool,
    /// Its length in bytes; of no meaning for folders.
    pub bytes: u64,
}

/// What kind of failure it was, as far as somebody acts upon it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// There is no room, on the disk or in a quota.
    Full,
    /// There is nothing of that name.
    Missing,
    /// Something has that name already.
    Exists,
    /// A file ends before what was wanted.
    Short,
    /// Another process uses the folder.
    InUse,
    /// Anything else.
    Other,
}

/// Why the disk did not do as told: what on which file, and the system's words.
#[derive(Debug)]
pub struct DiskError {
    fault: Fault,
    doing: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl DiskError {
    /// An error while `doing` (as in "cannot write") something to `path`.
    pub fn new(doing: &'static str, path: &Path, source: io::Error) -> Self {
        let fault = match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Fault::Full,
            ErrorKind::NotFound => Fault::Missing,
            ErrorKind::AlreadyExists => Fault::Exists,
            ErrorKind::UnexpectedEof => Fault::Short,
            ErrorKind::WouldBlock => Fault::InUse,
            _ => Fault::Other,
        };
        Self { fault, doing, path: path.to_owned(), source }
    }

    /// What kind of failure it was.
    pub const fn fault(&self) -> Fault {
        self.fault
    }
}

impl fmt::Display for DiskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {} `{}`: {}", self.doing, self.path.display(), self.source)
    }
}

impl From<DiskError> for NotDurable {
    fn from(error: DiskError) -> Self {
        match error.fault() {
            Fault::Full => Self::Full(error.to_string()),
            _ => Self::Failed(error.to_string()),
        }
    }
}

impl error::Error for DiskError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        Some(&self.source)
    }
}

/// A folder of the machine's file system, locked against other processes for as long as this
/// lives.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    /// Its lock goes with it, also when the process is killed.
    lock: File,
}

impl Folder {
    /// Takes the folder `root`, which is made when it is missing.
    ///
    /// # Errors
    /// [`Fault::InUse`] when another process has it, and whatever the system says.
    pub fn lock(root: &Path) -> Result<Self, DiskError> {
        fs::create_dir_all(root).map_err(|error| DiskError::new("create", root, error))?;
        let path = root.join(LOCK);
        let failed = |error| DiskError::new("lock", &path, error);
        let mut options = OpenOptions::new();
        let file = options.create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => {
                failed(io::Error::new(ErrorKind::WouldBlock, "another process uses this folder"))
            }
            TryLockError::Error(error) => failed(error),
        })?;
        // Where another process could be asked that had the folder before.
        file.set_len(0).map_err(failed)?;
        Ok(Self { root: root.to_owned(), lock: file })
    }

    /// Writes into the lock where the process that has the folder can be asked; see [`address_of`].
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn tell(&self, address: &str) -> Result<(), DiskError> {
        let told = (&self.lock).write_all(address.as_bytes());
        told.map_err(|error| DiskError::new("write", &self.root.join(LOCK), error))
    }

    /// Does something to the file of that name.
    fn at<T>(
        &self,
        doing: &'static str,
        path: &Path,
        act: impl FnOnce(&Path) -> io::Result<T>,
    ) -> Result<T, DiskError> {
        let path = self.root.join(path);
        act(&path).map_err(|error| DiskError::new(doing, &path, error))
    }
}

/// How many files this process may open; nothing where there is no limit.
#[cfg(unix)]
pub fn files_max() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).current
}

/// How many files this process may open: other systems are not asked.
#[cfg(not(unix))]
pub fn files_max() -> Option<u64> {
    None
}

/// How many files stay open only because they are read often, where `files` may be open in all.
pub fn kept_open_max(files: Option<u64>) -> usize {
    let share = files.map_or(KEPT_OPEN_MOST, |files| (files / KEPT_OPEN_SHARE) as usize);
    share.clamp(KEPT_OPEN_LEAST, KEPT_OPEN_MOST)
}

/// Where the process that has the folder `root` said that it can be asked.
pub fn address_of(root: &Path) -> Option<String> {
    fs::read_to_string(root.join(LOCK)).ok().filter(|address| !address.is_empty())
}

impl Disk for Folder {
    fn create(&self, path: &Path) -> Result<Box<dyn Writable>, DiskError> {
        let file = self.at("create", path, |path| {
            OpenOptions::new().write(true).create_new(true).open(path)
        })?;
        Ok(Box::new(OpenFile { file, path: self.root.join(path) }))
    }

    fn open(&self, path: &Path) -> Result<Arc<dyn Readable>, DiskError> {
        let file = self.at("open", path, |path| File::open(path))?;
        Ok(Arc::new(OpenFile { file, path: self.root.join(path) }))
    }

    fn list(&self, folder: &Path) -> Result<Vec<Listed>, DiskError> {
        self.at("list", folder, |folder| {
            let mut found = Vec::new();
            for entry in fs::read_dir(folder)? {
                let entry = entry?;
                let about = entry.metadata()?;
                let name = entry.file_name().to_string_lossy().into_owned();
                found.push(Listed { name, is_folder: about.is_dir(), bytes: about.len() });
            }
            found.sort_by(|one, other| one.name.cmp(&other.name));
            Ok(found)
        })
    }

    fn create_folder(&self, folder: &Path) -> Result<(), DiskError> {
        self.at("create", folder, |folder| match fs::create_dir(folder) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
            done => done,
        })
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), DiskError> {
        self.at("rename", from, |from| fs::rename(from, self.root.join(to)))
    }

    fn link(&self, from: &Path, to: &Path) -> Result<(), DiskError> {
        self.at("link", from, |from| fs::hard_link(from, self.root.join(to)))
    }

    fn remove(&self, path: &Path) -> Result<(), DiskError> {
        self.at("remove", path, |path| fs::remove_file(path))
    }

    fn remove_folder(&self, folder: &Path) -> Result<(), DiskError> {
        self.at("remove", folder, |folder| fs::remove_dir_all(folder))
    }

    #[cfg(unix)]
    fn sync_folder(&self, folder: &Path) -> Result<(), DiskError> {
        self.at("sync", folder, |folder| File::open(folder)?.sync_all())
    }

    /// Other systems know no sync of a folder: names are as safe as they make them.
    #[cfg(not(unix))]
    fn sync_folder(&self, _folder: &Path) -> Result<(), DiskError> {
        Ok(())
    }

    #[cfg(unix)]
    fn free_bytes(&self) -> Result<u64, DiskError> {
        self.at("measure", Path::new(""), |path| {
            let about = rustix::fs::statvfs(path)?;
            Ok(about.f_bavail.saturating_mul(about.f_frsize))
        })
    }

    /// Other systems are not asked: writing tells.
    #[cfg(not(unix))]
    fn free_bytes(&self) -> Result<u64, DiskError> {
        Ok(u64::MAX)
    }

    #[cfg(unix)]
    fn size_bytes(&self) -> Result<u64, DiskError> {
        self.at("measure", Path::new(""), |path| {
            let about = rustix::fs::statvfs(path)?;
            Ok(about.f_blocks.saturating_mul(about.f_frsize))
        })
    }

    /// Other systems are not asked: the settings can tell.
    #[cfg(not(unix))]
    fn size_bytes(&self) -> Result<u64, DiskError> {
        Ok(u64::MAX)
    }

    fn kept_open_max(&self) -> usize {
        kept_open_max(files_max())
    }
}

/// An open file with the path that errors name.
struct OpenFile {
    file: File,
    path: PathBuf,
}

impl OpenFile {
    fn failed(&self, doing: &'static str, error: io::Error) -> DiskError {
        DiskError::new(doing, &self.path, error)
    }
}

impl Writable for OpenFile {
    fn append(&mut self, bytes: &[u8]) -> Result<(), DiskError> {
        self.file.write_all(bytes).map_err(|error| self.failed("write", error))
    }

    fn sync(&mut self) -> Result<(), DiskError> {
        self.file.sync_data().map_err(|error| self.failed("sync", error))
    }
}

impl Readable for OpenFile {
    fn length(&self) -> Result<u64, DiskError> {
        let about = self.file.metadata().map_err(|error| self.failed("measure", error))?;
        Ok(about.len())
    }

    #[cfg(unix)]
    fn read_at(&self, offset: u64, into: &mut [u8]) -> Result<(), DiskError> {
        use std::os::unix::fs::FileExt;
        self.file.read_exact_at(into, offset).map_err(|error| self.failed("read", error))
    }

    #[cfg(windows)]
    fn read_at(&self, mut offset: u64, mut into: &mut [u8]) -> Result<(), DiskError> {
        use std::os::windows::fs::FileExt;
        while !into.is_empty() {
            match self.file.seek_read(into, offset) {
                Ok(0) => return Err(self.failed("read", ErrorKind::UnexpectedEof.into())),
                Ok(read) => {
                    into = into.get_mut(read..).unwrap_or_default();
                    offset += read as u64;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed("read", error)),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_written_read_named_and_removed() {
        let root = tempfile::tempdir().expect("a folder");
        let disk = Folder::lock(root.path()).expect("free");
        disk.create_folder(Path::new("log")).expect("made");
        disk.create_folder(Path::new("log")).expect("there already");
        let (one, two) = (Path::new("log/one"), Path::new("log/two"));
        let mut file = disk.create(one).expect("new");
        file.append(b"hello ").expect("written");
        file.append(b"world").expect("written");
        file.sync().expect("synced");
        assert_eq!(disk.create(one).err().map(|error| error.fault()), Some(Fault::Exists));
        disk.link(one, two).expect("linked");
        disk.sync_folder(Path::new("log")).expect("synced");
        let read = disk.open(two).expect("there");
        let mut word = [0; 5];
        read.read_at(6, &mut word).expect("inside");
        assert_eq!((&word, read.length().expect("a length")), (b"world", 11));
        let beyond = read.read_at(7, &mut word).expect_err("beyond the end");
        assert_eq!(beyond.fault(), Fault::Short);
        disk.rename(one, Path::new("log/three")).expect("renamed");
        let names: Vec<String> = disk
            .list(Path::new("log"))
            .expect("there")
            .into_iter()
            .map(|listed| format!("{} {} {}", listed.name, listed.is_folder, listed.bytes))
            .collect();
        assert_eq!(names, ["three false 11", "two false 11"]);
        disk.remove(two).expect("removed");
        assert_eq!(disk.open(two).err().map(|error| error.fault()), Some(Fault::Missing));
        disk.remove_folder(Path::new("log")).expect("removed");
        let (free, size) = (disk.free_bytes(), disk.size_bytes());
        assert!((1..=size.expect("a figure")).contains(&free.expect("a figure")));
    }

    #[test]
    fn a_folder_in_use_is_refused_until_it_is_free() {
        let root = tempfile::tempdir().expect("a folder");
        let disk = Folder::lock(root.path()).expect("free");
        let second = Folder::lock(root.path()).expect_err("taken");
        assert_eq!(second.fault(), Fault::InUse);
        assert!(second.to_string().starts_with("cannot lock `"), "{second}");
        assert_eq!(address_of(root.path()), None);
        disk.tell("127.0.0.1:80").expect("written");
        assert_eq!(address_of(root.path()).as_deref(), Some("127.0.0.1:80"));
        drop(disk);
        Folder::lock(root.path()).expect("free again");
        assert_eq!(address_of(root.path()), None);
    }

    #[test]
    fn few_files_stay_open_where_few_may_be_open() {
        let check = |files, expected| assert_eq!(kept_open_max(files), expected, "{files:?}");
        check(Some(64), 8);
        check(Some(256), 16);
        check(Some(1024), 64);
        check(Some(1 << 20), 64);
        check(None, 64);
    }

    #[test]
    fn a_full_disk_is_told_apart() {
        let check = |kind: ErrorKind, expected| {
            assert_eq!(DiskError::new("write", Path::new("a"), kind.into()).fault(), expected);
        };
        check(ErrorKind::StorageFull, Fault::Full);
        check(ErrorKind::QuotaExceeded, Fault::Full);
        check(ErrorKind::PermissionDenied, Fault::Other);
    }
}
