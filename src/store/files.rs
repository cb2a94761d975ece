//! What lies in a store's folder, file by file: looked at as it is, without opening a store over it
//! and without changing anything.

use std::path::{Path, PathBuf};

use super::block;
use super::disk::{Disk, DiskError, Fault};
use super::log;
use crate::model::{Labels, TimeRange, Timestamp};

/// The most faults of one file that are put in words.
const WORDS_MAX: usize = 20;

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileKind {
    /// A segment of the log.
    Log,
    /// A block.
    Block,
    /// A file that could not be read at some start; nobody reads it.
    SetAside,
    /// A file that was being written when the process ended; the next start removes it.
    Unfinished,
}

/// A file of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreFile {
    /// Where it lies inside the store's folder.
    pub path: PathBuf,
    /// What it is for.
    pub kind: FileKind,
    /// Its length in bytes.
    pub bytes: u64,
    /// Whether it is the last segment of the log, in which a write may have been cut.
    is_last: bool,
}

/// What stands in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents {
    /// How many series it has.
    pub series: u64,
    /// The tier of a block: `raw`, `minutes` or `hours`; nothing of a log or what cannot be read.
    pub tier: Option<&'static str>,
    /// How many samples it has.
    pub samples: u64,
    /// How many rows it has, in place of samples.
    pub rows: u64,
    /// The times of its oldest and its newest sample.
    pub span: Option<TimeRange>,
    /// What is wrong with it, in words; the first of them.
    pub wrong: Vec<String>,
    /// How much is wrong with it.
    pub faults: u64,
    /// What may look wrong and is not.
    pub remark: Option<String>,
}

impl Contents {
    /// Notes a fault.
    pub(super) fn fault(&mut self, words: impl Into<String>) {
        self.faults += 1;
        if self.wrong.len() < WORDS_MAX {
            self.wrong.push(words.into());
        }
    }

    /// Widens the span by a time.
    pub(super) fn reach(&mut self, at: Timestamp) {
        let (from, to) = self.span.map_or((at, at), |span| (span.from(), span.to()));
        self.span = TimeRange::new(from.min(at), to.max(at));
    }
}

impl StoreFile {
    /// The files of the store on `disk`: the log's, then the blocks.
    ///
    /// # Errors
    /// When a folder cannot be listed. One that is missing has no files.
    pub fn list(disk: &dyn Disk) -> Result<Vec<Self>, DiskError> {
        let mut files = Vec::new();
        for (folder, ending, kind) in
            [(log::FOLDER, ".log", FileKind::Log), (block::FOLDER, ".block", FileKind::Block)]
        {
            let listed = match disk.list(Path::new(folder)) {
                Err(error) if error.fault() == Fault::Missing => Vec::new(),
                listed => listed?,
            };
            for one in listed {
                let kind = if one.name.ends_with(ending) {
                    kind
                } else if one.name.ends_with(".damaged") {
                    FileKind::SetAside
                } else if Path::new(&one.name).extension().is_some_and(|ending| ending == "part") {
                    FileKind::Unfinished
                } else {
                    continue;
                };
                let path = Path::new(folder).join(&one.name);
                files.push(Self { path, kind, bytes: one.bytes, is_last: false });
            }
        }
        if let Some(last) = files.iter_mut().rev().find(|file| file.kind == FileKind::Log) {
            last.is_last = true;
        }
        Ok(files)
    }

    /// Looks at what stands in it: at all of it when `deep`, else at as little as tells what it is
    /// about. Hands each series to `each`, with the bytes that it takes where they are its own.
    pub fn contents(
        &self,
        disk: &dyn Disk,
        deep: bool,
        each: &mut dyn FnMut(&Labels, u64),
    ) -> Contents {
        match self.kind {
            FileKind::Log => log::contents(disk, &self.path, self.is_last, each),
            FileKind::Block => block::contents(disk, &self.path, deep, each),
            FileKind::SetAside | FileKind::Unfinished => Contents::default(),
        }
    }
}
