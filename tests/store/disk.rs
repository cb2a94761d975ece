//! A disk in memory that forgets what was not synced when its power is cut.
//!
//! It is as treacherous as real ones: of writes that were not synced any part may be there after a
//! power cut, with holes; of changes of names the first so many are. After a sync has failed, what
//! it should have made safe is gone for good, even though a further sync of the file succeeds.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use watchglass::store::{Disk, DiskError, Listed, Readable, Writable};

use crate::random::Random;

/// What is written at once by the disk itself.
const PAGE: usize = 512;
/// Files that may stay open only because they are read often: few, so that they are opened again
/// all the time.
pub(crate) const KEPT_OPEN: usize = 3;

/// The disk; clones are the same one.
#[derive(Clone)]
pub(crate) struct SimulatedDisk(Arc<Mutex<State>>);

struct State {
    random: Random,
    files: Vec<FileState>,
    /// The names as they are now, and as the disk has them.
    names: BTreeMap<PathBuf, Node>,
    safe_names: BTreeMap<PathBuf, Node>,
    /// Changes of names that the disk does not have yet.
    changes: Vec<Change>,
    /// Bytes that can still be written.
    free: u64,
    /// So many syncs from now on fail.
    failing_syncs: usize,
    /// Shared by all that is open.
    open: Arc<()>,
    /// Grows with each power cut: whoever held a file open before cannot use it any more.
    life: u64,
}

#[derive(Clone, Copy, PartialEq)]
enum Node {
    Folder,
    File(usize),
}

#[derive(Clone)]
enum Change {
    Set(PathBuf, Node),
    Remove(PathBuf),
}

#[derive(Default)]
struct FileState {
    bytes: Vec<u8>,
    /// So many of its bytes are safe.
    safe: usize,
    /// A sync failed: nothing more of it becomes safe, whatever later syncs say.
    forsaken: bool,
}

impl SimulatedDisk {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            random: Random::new(seed),
            files: Vec::new(),
            names: BTreeMap::from([(PathBuf::new(), Node::Folder)]),
            safe_names: BTreeMap::from([(PathBuf::new(), Node::Folder)]),
            changes: Vec::new(),
            free: u64::MAX,
            failing_syncs: 0,
            open: Arc::default(),
            life: 0,
        })))
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Cuts the power: what is not safe may be gone, whole or in part.
    pub(crate) fn cut_power(&self) {
        let mut state = self.state();
        let state = &mut *state;
        state.life += 1;
        let kept = state.random.below(state.changes.len() + 1);
        for change in state.changes.drain(..).take(kept) {
            change.apply(&mut state.safe_names);
        }
        state.names.clone_from(&state.safe_names);
        for file in &mut state.files {
            file.tear(&mut state.random);
        }
    }

    /// Ends the process alone: the system still has everything.
    pub(crate) fn kill(&self) {
        self.state().life += 1;
    }

    /// Lets so many more bytes be written.
    pub(crate) fn set_free(&self, bytes: u64) {
        self.state().free = bytes;
    }

    /// Lets the next syncs fail.
    pub(crate) fn fail_syncs(&self, count: usize) {
        self.state().failing_syncs = count;
    }

    /// How many files are open.
    pub(crate) fn open_files(&self) -> usize {
        Arc::strong_count(&self.state().open) - 1
    }

    /// The files in a folder with their bytes.
    pub(crate) fn contents(&self, folder: &str) -> Vec<(PathBuf, Vec<u8>)> {
        let state = self.state();
        let inside =
            state.names.iter().filter(|(path, _)| path.parent() == Some(Path::new(folder)));
        let files = inside.filter_map(|(path, node)| match node {
            Node::File(file) => Some((path.clone(), state.files[*file].bytes.clone())),
            Node::Folder => None,
        });
        files.collect()
    }

    /// Puts other bytes in place of a file, safe at once: damage, or a file from elsewhere.
    pub(crate) fn replace(&self, path: &Path, bytes: Vec<u8>) {
        let mut state = self.state();
        let file = FileState { safe: bytes.len(), bytes, forsaken: false };
        state.files.push(file);
        let node = Node::File(state.files.len() - 1);
        state.names.insert(path.to_owned(), node);
        state.safe_names.insert(path.to_owned(), node);
    }
}

impl Change {
    fn apply(self, names: &mut BTreeMap<PathBuf, Node>) {
        match self {
            Self::Set(path, node) => drop(names.insert(path, node)),
            Self::Remove(path) => drop(names.remove(&path)),
        }
    }
}

impl FileState {
    /// What is left after a power cut.
    fn tear(&mut self, random: &mut Random) {
        let unsafe_bytes = self.bytes.len() - self.safe;
        let kept = match random.below(3) {
            0 => 0,
            1 => unsafe_bytes,
            _ => random.below(unsafe_bytes + 1),
        };
        self.bytes.truncate(self.safe + kept);
        let holes = self.forsaken || random.one_in(2);
        let start = self.safe;
        for page in self.bytes[start..].chunks_mut(PAGE).filter(|_| holes) {
            if self.forsaken || random.one_in(3) {
                page.fill(0);
            }
        }
        self.safe = self.bytes.len();
        self.forsaken = false;
    }
}

impl State {
    fn change(&mut self, change: Change) {
        change.clone().apply(&mut self.names);
        self.changes.push(change);
    }

    fn node(&self, path: &Path) -> io::Result<Node> {
        self.names.get(path).copied().ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn file(&self, path: &Path) -> io::Result<usize> {
        match self.node(path)? {
            Node::File(file) => Ok(file),
            Node::Folder => Err(ErrorKind::IsADirectory.into()),
        }
    }

    fn sync_fails(&mut self) -> bool {
        let fails = self.failing_syncs > 0;
        self.failing_syncs = self.failing_syncs.saturating_sub(1);
        fails
    }
}

fn failed<'a>(doing: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> DiskError + 'a {
    move |error| DiskError::new(doing, path, error)
}

impl Disk for SimulatedDisk {
    fn create(&self, path: &Path) -> Result<Box<dyn Writable>, DiskError> {
        let mut state = self.state();
        if state.names.contains_key(path) {
            return Err(failed("create", path)(ErrorKind::AlreadyExists.into()));
        }
        state.files.push(FileState::default());
        let file = state.files.len() - 1;
        state.change(Change::Set(path.to_owned(), Node::File(file)));
        Ok(Box::new(OpenFile::new(self, &state, file, path)))
    }

    fn open(&self, path: &Path) -> Result<Arc<dyn Readable>, DiskError> {
        let state = self.state();
        let file = state.file(path).map_err(failed("open", path))?;
        Ok(Arc::new(OpenFile::new(self, &state, file, path)))
    }

    fn list(&self, folder: &Path) -> Result<Vec<Listed>, DiskError> {
        let state = self.state();
        state.node(folder).map_err(failed("list", folder))?;
        let inside = state.names.iter().filter(|(path, _)| path.parent() == Some(folder));
        let listed = inside.map(|(path, node)| Listed {
            name: path.file_name().unwrap().to_str().unwrap().to_owned(),
            is_folder: *node == Node::Folder,
            bytes: match node {
                Node::File(file) => state.files[*file].bytes.len() as u64,
                Node::Folder => 0,
            },
        });
        Ok(listed.collect())
    }

    fn create_folder(&self, folder: &Path) -> Result<(), DiskError> {
        let mut state = self.state();
        if state.node(folder).is_err() {
            state.change(Change::Set(folder.to_owned(), Node::Folder));
        }
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), DiskError> {
        let mut state = self.state();
        let node = state.node(from).map_err(failed("rename", from))?;
        let inside: Vec<(PathBuf, Node)> = state
            .names
            .iter()
            .filter(|(path, _)| *path != from && path.starts_with(from))
            .map(|(path, node)| (to.join(path.strip_prefix(from).unwrap()), *node))
            .collect();
        self.remove_all(&mut state, from);
        state.change(Change::Set(to.to_owned(), node));
        for (path, node) in inside {
            state.change(Change::Set(path, node));
        }
        Ok(())
    }

    fn link(&self, from: &Path, to: &Path) -> Result<(), DiskError> {
        let mut state = self.state();
        let node = state.node(from).map_err(failed("link", from))?;
        state.change(Change::Set(to.to_owned(), node));
        Ok(())
    }

    fn remove(&self, path: &Path) -> Result<(), DiskError> {
        let mut state = self.state();
        state.file(path).map_err(failed("remove", path))?;
        state.change(Change::Remove(path.to_owned()));
        Ok(())
    }

    fn remove_folder(&self, folder: &Path) -> Result<(), DiskError> {
        let mut state = self.state();
        state.node(folder).map_err(failed("remove", folder))?;
        self.remove_all(&mut state, folder);
        Ok(())
    }

    fn sync_folder(&self, folder: &Path) -> Result<(), DiskError> {
        let mut state = self.state();
        let state = &mut *state;
        if state.sync_fails() {
            return Err(failed("sync", folder)(ErrorKind::Other.into()));
        }
        // As journals do: everything before it is safe too.
        for change in state.changes.drain(..) {
            change.apply(&mut state.safe_names);
        }
        Ok(())
    }

    fn free_bytes(&self) -> Result<u64, DiskError> {
        Ok(self.state().free)
    }

    fn size_bytes(&self) -> Result<u64, DiskError> {
        Ok(u64::MAX)
    }

    fn kept_open_max(&self) -> usize {
        KEPT_OPEN
    }
}

impl SimulatedDisk {
    #[expect(clippy::unused_self, reason = "beside those who use it")]
    fn remove_all(&self, state: &mut State, path: &Path) {
        let inside: Vec<PathBuf> =
            state.names.keys().filter(|inside| inside.starts_with(path)).cloned().collect();
        for path in inside {
            state.change(Change::Remove(path));
        }
    }
}

struct OpenFile {
    disk: SimulatedDisk,
    life: u64,
    file: usize,
    path: PathBuf,
    _open: Arc<()>,
}

impl OpenFile {
    fn new(disk: &SimulatedDisk, state: &State, file: usize, path: &Path) -> Self {
        let (open, path) = (Arc::clone(&state.open), path.to_owned());
        Self { disk: disk.clone(), life: state.life, file, path, _open: open }
    }

    /// A process that has ended does nothing more.
    fn check_alive(&self, state: &State) {
        assert_eq!(self.life, state.life, "`{}` is used after the end", self.path.display());
    }
}

impl Writable for OpenFile {
    fn append(&mut self, bytes: &[u8]) -> Result<(), DiskError> {
        let mut state = self.disk.state();
        self.check_alive(&state);
        let room = usize::try_from(state.free).unwrap_or(usize::MAX).min(bytes.len());
        state.free -= room as u64;
        state.files[self.file].bytes.extend_from_slice(&bytes[..room]);
        if room < bytes.len() {
            return Err(failed("write", &self.path)(ErrorKind::StorageFull.into()));
        }
        Ok(())
    }

    fn sync(&mut self) -> Result<(), DiskError> {
        let mut state = self.disk.state();
        self.check_alive(&state);
        let fails = state.sync_fails();
        let file = &mut state.files[self.file];
        if fails {
            file.forsaken = true;
            return Err(failed("sync", &self.path)(ErrorKind::Other.into()));
        }
        if !file.forsaken {
            file.safe = file.bytes.len();
        }
        Ok(())
    }
}

impl Readable for OpenFile {
    fn length(&self) -> Result<u64, DiskError> {
        Ok(self.disk.state().files[self.file].bytes.len() as u64)
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> Result<(), DiskError> {
        let state = self.disk.state();
        let bytes = state.files[self.file].bytes.get(offset as usize..);
        match bytes.and_then(|bytes| bytes.get(..into.len())) {
            Some(bytes) => into.copy_from_slice(bytes),
            None => return Err(failed("read", &self.path)(ErrorKind::UnexpectedEof.into())),
        }
        Ok(())
    }
}
