//! Blocks: immutable files, each with the samples of many series over a stretch of time.
//!
//! `docs/formats/block.md` has the bytes. A block is written aside, made safe and then given its
//! name; from then on it is only read, until another one has taken its samples over or they are
//! too old.

mod bytes;
mod catalog;
mod contents;
mod cover;
mod delete;
mod examine;
mod expire;
mod index;
mod list;
mod merge;
mod opened;
mod pack;
mod parts;
mod plan;
mod reader;
mod recent;
mod rollup;
mod room;
mod select;
mod set;
mod tier;
mod times;
mod values;
mod walk;
mod writer;

use std::fmt;

use super::disk::DiskError;
pub(super) use catalog::Kept;
pub(super) use contents::contents;
pub(super) use cover::{Cover, UNIT, times, unit};
pub use examine::examine_block;
pub(super) use merge::stretches;
pub(super) use rollup::Barren;
pub use room::TierRoom;
pub(super) use set::{Blocks, FOLDER};
pub(super) use tier::Tier;

/// The version of the format that is written, and the newest that is read.
pub const BLOCK_VERSION: u32 = 2;
/// How every block begins.
const MAGIC: [u8; 8] = *b"WGBLOCK\n";
/// How every block ends.
const FOOTER_MAGIC: [u8; 4] = *b"WGB\n";
/// The beginning of the file: `MAGIC`, the version, a checksum.
const HEADER_BYTES: usize = MAGIC.len() + 4 + bytes::CHECKSUM_BYTES;

/// Why a block cannot be read or written.
#[derive(Debug)]
pub enum BlockError {
    /// The disk failed.
    Disk(DiskError),
    /// What stands in the file cannot be what was written.
    Damaged(&'static str),
    /// The file was written by a newer version of the format.
    Newer(u32),
}

impl fmt::Display for BlockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disk(error) => error.fmt(f),
            Self::Damaged(what) => f.write_str(what),
            Self::Newer(version) => write!(
                f,
                "it has version {version} of the format, and this program reads up to {BLOCK_VERSION}: \
                 start a newer one"
            ),
        }
    }
}

impl std::error::Error for BlockError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Disk(error) => Some(error),
            Self::Damaged(_) | Self::Newer(_) => None,
        }
    }
}
