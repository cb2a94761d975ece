//! The segments on disk: which there are, what is in one, and how one that cannot be read is put
//! aside.

use std::path::{Path, PathBuf};
use std::{error, fmt};

use super::frame::{Frames, LOG_VERSION, SegmentId, version};
use crate::model::Timestamp;
use crate::store::{Disk, DiskError};

/// The folder of the log inside the store's.
pub(in crate::store) const FOLDER: &str = "log";
/// A file is read in pieces of this size, so that one spot that cannot be read costs no more.
const READ_BYTES: usize = 64 << 10;
/// What is added to the name of a file that no frame could be read of.
const ASIDE: &str = "damaged";

/// Why a store cannot be opened.
#[derive(Debug)]
pub enum OpenError {
    /// The disk did not do as told.
    Disk(DiskError),
    /// A file is of a format that this version does not know.
    Newer {
        /// The file, inside the store's folder.
        file: String,
        /// Its version.
        version: u32,
        /// The newest version that is read.
        known: u32,
    },
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disk(error) => error.fmt(f),
            Self::Newer { file, version, known } => write!(
                f,
                "`{file}` is of version {version} of its format, and this version of Watchglass \
                 reads up to {known}: start the newer one that wrote it, or choose another folder \
                 with --data DIR"
            ),
        }
    }
}

impl error::Error for OpenError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Disk(error) => error.source(),
            Self::Newer { .. } => None,
        }
    }
}

impl From<DiskError> for OpenError {
    fn from(error: DiskError) -> Self {
        Self::Disk(error)
    }
}

/// A segment on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct SegmentFile {
    /// Who it is.
    pub(super) id: SegmentId,
    /// The time of its newest sample.
    pub(in crate::store) newest: Timestamp,
    /// Its length.
    pub(in crate::store) bytes: u64,
}

/// Where a segment lies.
pub(super) fn path(id: SegmentId) -> PathBuf {
    Path::new(FOLDER).join(id.name())
}

/// The segments on disk in their order, the folder being made when it is missing.
pub(super) fn list(disk: &dyn Disk) -> Result<Vec<SegmentFile>, OpenError> {
    disk.create_folder(Path::new(FOLDER))?;
    disk.sync_folder(Path::new(""))?;
    let mut files = Vec::new();
    for listed in disk.list(Path::new(FOLDER))? {
        let Some(id) = SegmentId::parse(&listed.name) else { continue };
        let bytes = listed.bytes;
        let mut start = vec![0; READ_BYTES.min(usize::try_from(bytes).unwrap_or(READ_BYTES))];
        let read = disk.open(&path(id)).and_then(|file| file.read_at(0, &mut start));
        // What cannot be read is for the replay to tell.
        let version = read.ok().and_then(|()| version(&start));
        if let Some(version) = version.filter(|version| *version > LOG_VERSION) {
            let (file, known) = (path(id).display().to_string(), LOG_VERSION);
            return Err(OpenError::Newer { file, version, known });
        }
        files.push(SegmentFile { id, newest: Timestamp::MIN, bytes });
    }
    files.sort_unstable_by_key(|file| file.id);
    Ok(files)
}

impl SegmentFile {
    /// Its number: segments are numbered in the order in which they were begun.
    pub(super) const fn number(self) -> u64 {
        self.id.number
    }

    /// The frames in its bytes.
    pub(in crate::store) fn frames(self, bytes: &[u8]) -> Frames<'_> {
        Frames::new(self.id, bytes)
    }
}

impl fmt::Display for SegmentFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id.name())
    }
}

/// The bytes of a segment. What cannot be read of it is zeros, which are no frame.
///
/// # Errors
/// When it cannot be read at all.
pub(in crate::store) fn read_segment(
    disk: &dyn Disk,
    file: SegmentFile,
) -> Result<Vec<u8>, DiskError> {
    let opened = disk.open(&path(file.id))?;
    let length = usize::try_from(opened.length()?).unwrap_or(usize::MAX);
    let mut bytes = vec![0; length];
    for (number, piece) in bytes.chunks_mut(READ_BYTES).enumerate() {
        if let Err(error) = opened.read_at((number * READ_BYTES) as u64, piece) {
            log::error!("a part of the log cannot be read error={error}");
            piece.fill(0);
        }
    }
    Ok(bytes)
}

/// Gives a segment another name under which nobody reads it, for whoever wants to look.
///
/// # Errors
/// Whatever the system says.
pub(in crate::store) fn set_aside(disk: &dyn Disk, file: SegmentFile) -> Result<(), DiskError> {
    let from = path(file.id);
    disk.rename(&from, &from.with_extension(ASIDE))
}
