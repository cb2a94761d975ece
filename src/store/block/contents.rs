//! Looking at a block by itself: whether everything in it is what was written, and what it is
//! about.

use std::path::Path;

use super::BlockError;
use super::opened::BlockFile;
use super::reader::{Block, SeriesReader};
use super::tier::{COLUMNS, Row, Tier};
use crate::model::{Labels, TimeRange};
use crate::store::disk::Disk;
use crate::store::files::Contents;

/// What stands in the block at `path`: see [`crate::store::StoreFile::contents`].
pub(in crate::store) fn contents(
    disk: &dyn Disk,
    path: &Path,
    deep: bool,
    each: &mut dyn FnMut(&Labels, u64),
) -> Contents {
    let mut found = Contents::default();
    if let Err(error) = read(disk, path, deep, each, &mut found) {
        found.fault(error.to_string());
    }
    found
}

fn read(
    disk: &dyn Disk,
    path: &Path,
    deep: bool,
    each: &mut dyn FnMut(&Labels, u64),
    found: &mut Contents,
) -> Result<(), BlockError> {
    let file = BlockFile::held(disk.open(path).map_err(BlockError::Disk)?);
    let block = Block::open(0, file)?;
    let about = &block.about;
    (found.series, found.tier) = (u64::from(about.series), Some(block.tier().name()));
    match block.tier() {
        Tier::Raw => found.samples = about.samples,
        Tier::Minutes | Tier::Hours => found.rows = about.samples,
    }
    found.span = Some(about.span);
    let index = block.index()?;
    let (mut reader, mut samples, mut place) = (SeriesReader::new(&block), 0, 0);
    for number in 0..index.series() {
        let (Some(labels), Some(entry)) = (index.labels(number), index.entry(number)) else {
            found.fault("a series has no labels");
            continue;
        };
        // The chunks of a series stand between the list of the one before and its own.
        each(&labels, entry.list.end().saturating_sub(place));
        place = entry.list.end();
        if !deep {
            continue;
        }
        match reader.check(entry) {
            Ok(count) => samples += count,
            Err(error) => found.fault(format!("{labels}: {error}")),
        }
    }
    if deep && found.faults == 0 && samples != about.samples {
        let what = if block.tier() == Tier::Raw { "samples" } else { "rows" };
        found.fault(format!("it has {samples} {what} and should have {}", about.samples));
    }
    Ok(())
}

impl SeriesReader<'_> {
    /// Reads all of a series; gives how many samples it has.
    fn check(&mut self, entry: super::index::Entry) -> Result<u64, BlockError> {
        let (chunks, mut count) = (self.chunks(entry.list)?, 0);
        let all: [usize; COLUMNS] = std::array::from_fn(|column| column);
        let (mut samples, mut rows, mut reach) = (Vec::new(), Vec::new(), None);
        for chunk in &chunks {
            samples.clear();
            rows.clear();
            if self.tier() == Tier::Raw {
                self.samples(chunk, TimeRange::all(), &mut samples)?;
            } else {
                self.rows(chunk, TimeRange::all(), &all, &mut rows)?;
            }
            let times = samples.iter().map(|sample| (sample.at.0, sample.at.0));
            let wider = |known: Option<(i64, i64)>, (from, to): (i64, i64)| {
                Some(known.map_or((from, to), |known| (known.0.min(from), known.1.max(to))))
            };
            reach = times.chain(rows.iter().map(Row::reach)).fold(reach, wider);
            count += (samples.len() + rows.len()) as u64;
        }
        if reach != Some((entry.span.from().0, entry.span.to().0)) {
            return Err(BlockError::Damaged("its chunks are not of the time they should be"));
        }
        Ok(count)
    }
}
