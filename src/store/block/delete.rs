//! Writing a block again without what is deleted. It keeps its number, and so its place among the
//! others: the file is written aside and takes the name of the one before in one step, so that a
//! crash leaves one of the two.

use std::path::Path;
use std::sync::Arc;

use roaring::RoaringBitmap;

use super::BlockError;
use super::index::Index;
use super::parts::Reader;
use super::reader::Block;
use super::set::{Blocks, ENDING, FOLDER, UNFINISHED, name, path};
use super::tier::{COLUMNS, Row, Tier};
use crate::model::{Arrival, Matcher, Origin, TimeRange, Timestamp};
use crate::store::snapshot;

/// All columns of a row.
const COLUMNS_ALL: [usize; COLUMNS] = [0, 1, 2, 3, 4, 5, 6, 7, 8];

impl Blocks {
    /// Deletes the samples inside `range` of all series that pass, and the rows that stand for one
    /// of them. Nothing else may change the blocks meanwhile. Gives which series lost something,
    /// and from when to when at most.
    ///
    /// # Errors
    /// When the disk fails. What was deleted before is.
    pub(in crate::store) fn delete(
        &self,
        matchers: &[Matcher],
        range: TimeRange,
    ) -> Result<Vec<Arrival>, BlockError> {
        let mut gone = Vec::new();
        for block in &self.catalog().blocks {
            let span = block.about.span;
            let both = TimeRange::new(span.from().max(range.from()), span.to().min(range.to()));
            let Some(both) = both else { continue };
            let index = match self.index(block) {
                Ok(index) => index,
                Err(error @ BlockError::Damaged(_)) => {
                    self.set_aside(block.number, &error);
                    continue;
                }
                Err(error) => return Err(error),
            };
            let touched = |row: &u32| {
                let span = index.entry(*row).map(|entry| entry.span);
                span.is_some_and(|span| span.from() <= both.to() && span.to() >= both.from())
            };
            let found: RoaringBitmap = index.find(matchers)?.iter().filter(touched).collect();
            if found.is_empty() {
                continue;
            }
            for labels in found.iter().filter_map(|row| index.labels(row)) {
                let (from, to) = (both.from(), both.to());
                gone.push(Arrival { labels, origin: Origin::Push, from, to });
            }
            self.write_again(block, &index, &found, range)?;
        }
        Ok(gone)
    }

    /// Writes a block again without the samples inside `range` of these rows.
    fn write_again(
        &self,
        block: &Arc<Block>,
        index: &Index,
        rows: &RoaringBitmap,
        range: TimeRange,
    ) -> Result<(), BlockError> {
        let number = block.number;
        let (part, whole) = (path(number, UNFINISHED), path(number, ENDING));
        let fill = self.write_part(&part, block.about.purpose.clone(), |writer| {
            let mut reader = Reader::new(self, block);
            for row in 0..index.series() {
                let (Some(labels), Some(entry)) = (index.labels(row), index.entry(row)) else {
                    continue;
                };
                let goes = rows.contains(row);
                let (all, mut samples, mut buckets) = (TimeRange::all(), Vec::new(), Vec::new());
                if block.tier() == Tier::Raw {
                    reader.read(entry, all, usize::MAX, &mut samples);
                    samples.retain(|sample| !goes || !range.contains(sample.at));
                    writer.series(&labels, entry.kind, samples)?;
                } else {
                    reader.read_rows(entry, all, &COLUMNS_ALL, usize::MAX, &mut buckets);
                    buckets.retain(|bucket| !goes || !touches(bucket, block.tier(), range));
                    writer.rows(&labels, entry.kind, &buckets)?;
                }
                if let Some(error) = reader.failed.take() {
                    return Err(error);
                }
            }
            Ok(())
        });
        // Readers of the file that was go on with it.
        let fill = fill.and_then(|any| {
            block.file.hold().map_err(BlockError::Disk)?;
            Ok(any)
        });
        if !matches!(fill, Ok(true)) {
            self.remove(&name(number, UNFINISHED));
        }
        if !fill? {
            return self.exchange(&[], vec![Arc::clone(block)]).map_err(BlockError::Disk);
        }
        if block.suspect.load(std::sync::atomic::Ordering::Relaxed) {
            // What cannot be read any more is not lost for whoever wants to look.
            let aside = Path::new(FOLDER).join(name(number, ENDING) + super::set::DAMAGED);
            if let Err(error) = snapshot::link(&*self.disk, &whole, &aside) {
                log::warn!("a damaged block cannot be kept aside error={error}");
            }
        }
        let renamed = self.disk.rename(&part, &whole);
        renamed
            .and_then(|()| self.disk.sync_folder(Path::new(FOLDER)))
            .map_err(BlockError::Disk)?;
        let again = Arc::new(self.open_block(number)?);
        self.publish(|list| {
            list.retain(|other| other.number != number);
            list.push(Arc::clone(&again));
        });
        Ok(())
    }
}

/// Whether a row may stand for a sample inside `range`: its bucket ends with a multiple of the
/// resolution, at or behind its newest sample.
fn touches(row: &Row, tier: Tier, range: TimeRange) -> bool {
    let resolution = tier.resolution();
    let begin = Timestamp(row.at.saturating_sub(1)).floor_to(resolution);
    begin < range.to() && begin.saturating_add(resolution) >= range.from()
}
