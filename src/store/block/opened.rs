//! The files of blocks. One is opened when it is read, and a bounded number of those that were read
//! lately stays open, so that hundreds of blocks leave descriptors for everything else.
//!
//! A file can lose its name, or another one can take it, while a reader still goes on with the
//! block. Before that happens the block holds on to its file by itself: it is read to the end by
//! whoever has the block, and closed with the last of them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use super::recent::Recent;
use crate::store::disk::{Disk, DiskError, Fault, Readable};

/// How many files of blocks this process has numbered.
static NUMBERED: AtomicU64 = AtomicU64::new(0);

/// The files of blocks that are open.
pub(super) struct OpenFiles {
    disk: Arc<dyn Disk>,
    // Guards which files are open. Held for one look-up or one entry.
    kept: Mutex<Recent<Arc<dyn Readable>>>,
}

impl OpenFiles {
    /// None yet, and at most as many as the disk allows.
    pub(super) fn new(disk: Arc<dyn Disk>) -> Arc<Self> {
        let kept = Mutex::new(Recent::new(disk.kept_open_max()));
        Arc::new(Self { disk, kept })
    }

    fn open(&self, key: u64, path: &Path) -> Result<Arc<dyn Readable>, DiskError> {
        if let Some(file) = self.kept.lock().get(key) {
            return Ok(file);
        }
        let file = self.disk.open(path)?;
        self.kept.lock().put(key, Arc::clone(&file), 1);
        Ok(file)
    }
}

/// The file of one block.
pub(super) struct BlockFile {
    /// Tells it from all others, also from one that takes its name.
    pub(super) key: u64,
    // Guards how the file is reached: nobody opens it by its name any more when that goes. Held
    // while it is opened.
    way: Mutex<Way>,
}

/// How a file is reached.
enum Way {
    /// By its name, unless it is among those that are open.
    Named(Arc<OpenFiles>, PathBuf),
    /// It stays open.
    Held(Arc<dyn Readable>),
}

impl BlockFile {
    /// The file at `path`, to be opened when it is read.
    pub(super) fn named(files: &Arc<OpenFiles>, path: PathBuf) -> Self {
        Self::new(Way::Named(Arc::clone(files), path))
    }

    /// A file that is open and stays so.
    pub(super) fn held(file: Arc<dyn Readable>) -> Self {
        Self::new(Way::Held(file))
    }

    fn new(way: Way) -> Self {
        Self { key: NUMBERED.fetch_add(1, Ordering::Relaxed), way: Mutex::new(way) }
    }

    /// The file, open.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(super) fn open(&self) -> Result<Arc<dyn Readable>, DiskError> {
        match &*self.way.lock() {
            Way::Named(files, path) => files.open(self.key, path),
            Way::Held(file) => Ok(Arc::clone(file)),
        }
    }

    /// Holds on to the file, since its name goes: whoever has the block goes on reading it.
    ///
    /// # Errors
    /// When it cannot be opened. One that is not there any more has nothing to hold on to.
    pub(super) fn hold(&self) -> Result<(), DiskError> {
        let mut way = self.way.lock();
        let Way::Named(files, path) = &*way else { return Ok(()) };
        let file = match files.open(self.key, path) {
            Err(error) if error.fault() == Fault::Missing => return Ok(()),
            file => file?,
        };
        files.kept.lock().forget(self.key);
        *way = Way::Held(file);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::disk::Folder;

    #[test]
    fn a_file_that_is_held_is_read_after_its_name_went() {
        let root = tempfile::tempdir().expect("a folder");
        let disk: Arc<dyn Disk> = Arc::new(Folder::lock(root.path()).expect("free"));
        let write = |name: &str, text: &str| {
            let mut file = disk.create(Path::new(name)).expect("new");
            file.append(text.as_bytes()).expect("written");
        };
        let read = |file: &BlockFile| {
            let mut word = [0; 3];
            file.open().and_then(|file| file.read_at(0, &mut word)).map(|()| word)
        };
        let files = OpenFiles::new(Arc::clone(&disk));
        let named = |name: &str| BlockFile::named(&files, PathBuf::from(name));
        write("one", "old");
        write("two", "two");
        let (old, two, other) = (named("one"), named("two"), named("one"));
        assert_eq!((read(&other).ok(), read(&two).ok()), (Some(*b"old"), Some(*b"two")));
        old.hold().expect("it is there");
        write("new", "new");
        disk.rename(Path::new("new"), Path::new("one")).expect("renamed");
        let new = named("one");
        assert_eq!((read(&old).ok(), read(&new).ok()), (Some(*b"old"), Some(*b"new")));
        // One that stayed open is held as it is, whatever has its name by now.
        other.hold().expect("it is open");
        two.hold().expect("it is open");
        disk.remove(Path::new("two")).expect("removed");
        assert_eq!((read(&other).ok(), read(&two).ok()), (Some(*b"old"), Some(*b"two")));
        let gone = named("two");
        gone.hold().expect("nothing to hold on to");
        assert_eq!(read(&gone).err().map(|error| error.fault()), Some(Fault::Missing));
    }
}
