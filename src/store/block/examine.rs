//! Reads any bytes as a part of a block, for tests and fuzzing. Checksums keep damage out of the
//! readers of parts; here they are handed whatever comes.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use super::index::Index;
use super::opened::BlockFile;
use super::pack::Unpacker;
use super::reader::{Block, SeriesReader};
use super::tier::{COLUMNS, Tier};
use super::{BlockError, list, times, values};
use crate::model::{TimeRange, Timestamp};
use crate::store::disk::{DiskError, Readable};

/// How many values or times are asked for.
const COUNT: usize = 100;

/// Reads `bytes` as a part of a block, which the first byte chooses: a whole block, values, times,
/// a list of samples,
/// an index, or a list of rows. Gives how many samples or rows, chunks or series there are.
///
/// # Errors
/// When no writer writes such bytes.
pub fn examine_block(bytes: &[u8]) -> Result<usize, BlockError> {
    let empty = BlockError::Damaged("there is nothing");
    let (part, bytes) = bytes.split_first().ok_or(empty)?;
    match part % 6 {
        0 => whole(bytes),
        1 => {
            let mut read = Vec::new();
            values::decode(bytes, COUNT, &mut Unpacker::default(), &mut read)?;
            Ok(read.len())
        }
        2 => {
            let mut read = Vec::new();
            let day = TimeRange::new(Timestamp(0), Timestamp(86_400_000));
            let way = (day.unwrap_or_else(TimeRange::all), COUNT);
            times::decode(Some(bytes), way, &mut Unpacker::default(), &mut read)?;
            Ok(read.len())
        }
        3 => Ok(list::decode(bytes, 1)?.len()),
        5 => Ok(list::decode(bytes, COLUMNS)?.len()),
        _ => {
            let (texts, rest) = section(bytes)?;
            let (rows, postings) = section(rest)?;
            let index = Index::decode([texts.to_vec(), rows.to_vec(), postings.to_vec()])?;
            let found = index.find(&[])?;
            Ok(found.iter().filter_map(|number| index.labels(number)).count())
        }
    }
}

/// The first part of `bytes`, whose length stands in front in two bytes, and the rest.
fn section(bytes: &[u8]) -> Result<(&[u8], &[u8]), BlockError> {
    let short = BlockError::Damaged("a section is short");
    let length = bytes.first_chunk::<2>().map(|length| usize::from(u16::from_le_bytes(*length)));
    let length = length.ok_or(BlockError::Damaged("a section has no length"))?;
    bytes.get(2..).and_then(|rest| rest.split_at_checked(length)).ok_or(short)
}

fn whole(bytes: &[u8]) -> Result<usize, BlockError> {
    let block = Block::open(1, BlockFile::held(Arc::new(InMemory(bytes.to_vec()))))?;
    let index = block.index()?;
    let mut reader = SeriesReader::new(&block);
    let all: Vec<usize> = (0..COLUMNS).collect();
    let (mut samples, mut rows) = (Vec::new(), Vec::new());
    for number in 0..index.series() {
        let Some(entry) = index.entry(number) else { continue };
        for chunk in reader.chunks(entry.list)? {
            if block.tier() == Tier::Raw {
                reader.samples(&chunk, TimeRange::all(), &mut samples)?;
            } else {
                reader.rows(&chunk, TimeRange::all(), &all, &mut rows)?;
            }
        }
    }
    Ok(samples.len() + rows.len())
}

/// A file that is no file.
struct InMemory(Vec<u8>);

impl Readable for InMemory {
    fn length(&self) -> Result<u64, DiskError> {
        Ok(self.0.len() as u64)
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> Result<(), DiskError> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let end = start.saturating_add(into.len());
        let short = || DiskError::new("read", Path::new("memory"), ErrorKind::UnexpectedEof.into());
        into.copy_from_slice(self.0.get(start..end).ok_or_else(short)?);
        Ok(())
    }
}
