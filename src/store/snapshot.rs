//! Snapshots: a folder beside the others with everything that is safe, as further names of the same
//! files, from which a store can be opened.
//!
//! The log comes first, linked by the one who writes it: nobody removes a segment meanwhile, and
//! what was removed before is in blocks. Then the blocks: one that was merged away between the look
//! at the list and the link is in a later list. A snapshot has its name when it is whole; a start
//! removes what is not.

use std::path::{Path, PathBuf};

use super::Store;
use super::disk::{Disk, DiskError, Fault};
use crate::model::NotDurable;

/// The folder of snapshots inside the store's.
pub const SNAPSHOTS: &str = "snapshots";
/// How the name of a snapshot ends that is being made.
const UNFINISHED: &str = ".part";
/// Bytes that are copied at a time where files cannot have two names.
const COPY_BYTES: usize = 1 << 20;

impl Store {
    /// Makes a snapshot of that name, with everything that was acknowledged before the call and
    /// some of what comes meanwhile. Waits for the disk: not to be called from a socket worker.
    ///
    /// # Errors
    /// When the disk fails or is full, or the log is not well, in words; then nothing is left.
    pub fn snapshot(&self, name: &str) -> Result<(), NotDurable> {
        let (Some(log), Some(blocks)) = (&self.log, &self.blocks) else {
            return Err(NotDurable::Failed("the store is in memory alone".to_owned()));
        };
        let disk = log.disk();
        let part = Path::new(SNAPSHOTS).join(format!("{name}{UNFINISHED}"));
        let failed = |error: DiskError| {
            if let Err(error) = disk.remove_folder(&part) {
                log::warn!("an unfinished snapshot cannot be removed error={error}");
            }
            error.into()
        };
        let begin = || {
            disk.create_folder(Path::new(SNAPSHOTS))?;
            disk.sync_folder(Path::new(""))?;
            disk.create_folder(&part)
        };
        begin().map_err(failed)?;
        log.link_into(&part).and_then(|()| {
            let finish = || {
                blocks.link_into(&part)?;
                disk.sync_folder(&part)?;
                disk.rename(&part, &Path::new(SNAPSHOTS).join(name))?;
                disk.sync_folder(Path::new(SNAPSHOTS))
            };
            finish().map_err(failed)
        })
    }
}

/// Removes the snapshots that were not finished when the process ended.
///
/// # Errors
/// Whatever the system says.
pub(super) fn remove_unfinished(disk: &dyn Disk) -> Result<(), DiskError> {
    let listed = match disk.list(Path::new(SNAPSHOTS)) {
        Err(error) if error.fault() == Fault::Missing => return Ok(()),
        listed => listed?,
    };
    for one in listed.iter().filter(|one| one.is_folder && one.name.ends_with(UNFINISHED)) {
        disk.remove_folder(&Path::new(SNAPSHOTS).join(&one.name))?;
    }
    Ok(())
}

/// Gives `from` a second name, or makes a safe copy where the file system knows no second names.
///
/// # Errors
/// [`Fault::Missing`] when it is not there, and whatever the system says.
pub(super) fn link(disk: &dyn Disk, from: &Path, to: &Path) -> Result<(), DiskError> {
    match disk.link(from, to) {
        Ok(()) => Ok(()),
        Err(error) if matches!(error.fault(), Fault::Missing | Fault::Exists | Fault::Full) => {
            Err(error)
        }
        Err(_) => copy(disk, from, to),
    }
}

fn copy(disk: &dyn Disk, from: &Path, to: &Path) -> Result<(), DiskError> {
    let (source, mut target) = (disk.open(from)?, disk.create(to)?);
    let (mut left, mut at) = (source.length()?, 0);
    let mut piece = vec![0; COPY_BYTES];
    while left > 0 {
        let length = left.min(COPY_BYTES as u64);
        let piece = piece.get_mut(..length as usize).unwrap_or_default();
        source.read_at(at, piece)?;
        target.append(piece)?;
        (left, at) = (left - length, at + length);
    }
    target.sync()
}

/// The folder of that name inside a snapshot, made.
///
/// # Errors
/// Whatever the system says.
pub(super) fn folder(disk: &dyn Disk, part: &Path, name: &str) -> Result<PathBuf, DiskError> {
    let folder = part.join(name);
    disk.create_folder(&folder)?;
    Ok(folder)
}
