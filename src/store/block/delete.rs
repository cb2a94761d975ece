//! Writing a block again without what is deleted. It keeps its number, and so its place among the
//! others: the file is written aside and takes the name of the one before in one step, so that a
//! crash leaves one of the two.
//!
//! A row that stands for something deleted and for something else goes too, and is made again of
//! what is left: of samples, or of an hour of its minutes. Where these have gone it is lost.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use roaring::RoaringBitmap;

use super::BlockError;
use super::catalog::Catalog;
use super::cover::{times, unit};
use super::index::{Entry, Index};
use super::merge::Rows;
use super::parts::{Part, Reader};
use super::reader::Block;
use super::rollup::read;
use super::select::overlap;
use super::set::{Blocks, DAMAGED, ENDING, FOLDER, UNFINISHED, name, path};
use super::tier::{COLUMNS, Row, Tier, roll};
use super::writer::BlockWriter;
use crate::model::{Arrival, Labels, Matcher, Origin, Span, TimeRange, Timestamp};
use crate::store::snapshot;

/// All columns of a row.
const COLUMNS_ALL: [usize; COLUMNS] = [0, 1, 2, 3, 4, 5, 6, 7, 8];

impl Blocks {
    /// Deletes the samples inside `range` of all series that pass, and what rows say of them.
    /// Nothing else may change the blocks meanwhile. Gives which series lost something, and from
    /// when to when at most.
    ///
    /// # Errors
    /// When the disk fails. What was deleted before is.
    pub(in crate::store) fn delete(
        &self,
        matchers: &[Matcher],
        range: TimeRange,
    ) -> Result<Vec<Arrival>, BlockError> {
        let mut gone = Vec::new();
        // The finest first: of what is left of it rows are made again.
        for tier in Tier::ALL {
            for block in self.catalog().blocks.iter().filter(|block| block.tier() == tier) {
                self.delete_from(block, matchers, range, &mut gone)?;
            }
        }
        Ok(gone)
    }

    /// Deletes from one block, and adds what it lost to `gone`.
    fn delete_from(
        &self,
        block: &Arc<Block>,
        matchers: &[Matcher],
        range: TimeRange,
        gone: &mut Vec<Arrival>,
    ) -> Result<(), BlockError> {
        let span = block.about.span;
        let both = TimeRange::new(span.from().max(range.from()), span.to().min(range.to()));
        let Some(both) = both else { return Ok(()) };
        let index = match self.index(block) {
            Ok(index) => index,
            Err(error @ BlockError::Damaged(_)) => {
                self.set_aside(block.number, &error);
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let touched = |row: &u32| index.entry(*row).is_some_and(|entry| overlap(entry.span, both));
        let found: RoaringBitmap = index.find(matchers)?.iter().filter(touched).collect();
        if found.is_empty() {
            return Ok(());
        }
        for labels in found.iter().filter_map(|row| index.labels(row)) {
            let (from, to) = (both.from(), both.to());
            gone.push(Arrival { labels, origin: Origin::Push, from, to });
        }
        self.write_again(block, index, &found, range)
    }

    /// Writes a block again without what is inside `range` of these series.
    fn write_again(
        &self,
        block: &Arc<Block>,
        index: Arc<Index>,
        found: &RoaringBitmap,
        range: TimeRange,
    ) -> Result<(), BlockError> {
        let number = block.number;
        let (part, whole) = (path(number, UNFINISHED), path(number, ENDING));
        let catalog = self.catalog();
        let mut read = Sources::new(block, index);
        for unit in ends(block, range) {
            read.add(self, &catalog, unit);
        }
        let filled = self.write_part(&part, block.about.purpose.clone(), |writer| {
            let readers = read.blocks.iter().map(|block| Reader::new(self, block)).collect();
            let mut again = Again { readers, units: &read.units, tier: block.tier(), range };
            let (mut rows, mut row) = (Rows::new(&read.indexes), 0);
            while let Some((labels, parts)) = rows.next() {
                // The part of the block itself comes first; a series without one is none of its.
                let own = parts.split_first().filter(|((place, _), _)| *place == 0);
                let Some(((_, entry), of_sources)) = own else { continue };
                let of_sources = if found.contains(row) { Some(of_sources) } else { None };
                row += 1;
                again.write(writer, &labels, *entry, of_sources)?;
            }
            Ok(())
        });
        // Readers of the file that was go on with it.
        let filled = filled.and_then(|any| {
            block.file.hold().map_err(BlockError::Disk)?;
            Ok(any)
        });
        if !matches!(filled, Ok(true)) {
            self.remove(&name(number, UNFINISHED));
        }
        if !filled? {
            return self.exchange(&[], vec![Arc::clone(block)]).map_err(BlockError::Disk);
        }
        if block.is_suspect() {
            // What cannot be read any more is not lost for whoever wants to look.
            let aside = Path::new(FOLDER).join(name(number, ENDING) + DAMAGED);
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

/// The units in which a row of `block` may stand for something inside `range` and something
/// outside.
fn ends(block: &Block, range: TimeRange) -> Vec<i64> {
    if block.tier() == Tier::Raw {
        return Vec::new();
    }
    let mut units = vec![unit(range.from()), unit(range.to())];
    units.dedup();
    units.retain(|unit| overlap(times(*unit, unit + 1), block.about.span));
    units
}

/// What is read to write a block again: itself, and of what rows are made.
struct Sources {
    blocks: Vec<Arc<Block>>,
    /// Of each block.
    indexes: Vec<Arc<Index>>,
    /// Of units the places of the blocks of which their rows are made.
    units: Vec<(i64, Range<usize>)>,
}

impl Sources {
    fn new(block: &Arc<Block>, index: Arc<Index>) -> Self {
        Self { blocks: vec![Arc::clone(block)], indexes: vec![index], units: Vec::new() }
    }

    /// Adds of what rows of a unit are made: of samples while all are there, of an hour else of its
    /// minutes.
    fn add(&mut self, set: &Blocks, catalog: &Catalog, unit: i64) {
        let Some(run) = catalog.over((unit, unit + 1)).first() else { return };
        let tier = self.blocks.first().map(|block| block.tier());
        let minutes = run.rolled(Tier::Minutes).filter(|_| catalog.has(run, Tier::Minutes));
        let minutes = minutes.filter(|_| tier == Some(Tier::Hours)).map(|(_, number)| number);
        let raw = run.has_raw() && run.has_all_raw();
        let range = times(unit, unit + 1);
        let wanted = |block: &&Arc<Block>| {
            let right = if raw { block.tier() == Tier::Raw } else { Some(block.number) == minutes };
            right && overlap(block.about.span, range)
        };
        let first = self.blocks.len();
        for block in catalog.blocks.iter().filter(wanted) {
            match set.index(block) {
                Ok(index) => {
                    self.blocks.push(Arc::clone(block));
                    self.indexes.push(index);
                }
                Err(error) => set.note(block, &error),
            }
        }
        self.units.push((unit, first..self.blocks.len()));
    }
}

/// A block that is being written again.
struct Again<'a> {
    /// Of the block itself, then of those that rows are made of.
    readers: Vec<Reader<'a>>,
    units: &'a [(i64, Range<usize>)],
    tier: Tier,
    range: TimeRange,
}

impl Again<'_> {
    /// Writes a series: as it is, or without what is inside the range when there are parts that it
    /// is made of.
    fn write(
        &mut self,
        writer: &mut BlockWriter,
        labels: &Labels,
        entry: Entry,
        parts: Option<&[Part]>,
    ) -> Result<(), BlockError> {
        let Some(reader) = self.readers.first_mut() else { return Ok(()) };
        let (all, mut samples, mut rows) = (TimeRange::all(), Vec::new(), Vec::new());
        if self.tier == Tier::Raw {
            reader.read(entry, all, usize::MAX, &mut samples);
            samples.retain(|sample| parts.is_none() || !self.range.contains(sample.at));
            writer.series(labels, entry.kind, samples)?;
        } else {
            reader.read_rows(entry, all, &COLUMNS_ALL, usize::MAX, &mut rows);
            if let Some(parts) = parts {
                rows = self.without(rows, parts);
            }
            writer.rows(labels, entry.kind, &rows)?;
        }
        let failed = self.readers.iter_mut().find_map(|reader| reader.failed.take());
        failed.map_or(Ok(()), Err)
    }

    /// Of rows those that stand for nothing inside the range, and what is left of others.
    fn without(&mut self, rows: Vec<Row>, parts: &[Part]) -> Vec<Row> {
        let (touched, mut left): (Vec<Row>, Vec<Row>) =
            rows.into_iter().partition(|row| touches(row, self.range));
        for row in touched.iter().filter(|row| !is_inside(row, self.range)) {
            let at = Timestamp(row.at);
            let source = self.units.iter().find(|(number, _)| *number == unit(at));
            let Some((_, places)) = source else { continue };
            let parts = parts.iter().filter(|(place, _)| places.contains(place));
            let parts: Vec<Part> = parts.copied().collect();
            let made_of = read(&mut self.readers, &parts, bucket(at, self.tier));
            left.extend(roll(made_of, self.tier.resolution()));
        }
        left.sort_unstable_by_key(|row| row.at);
        left
    }
}

/// The times of the bucket that a time lies in.
fn bucket(at: Timestamp, tier: Tier) -> TimeRange {
    let begin = at.saturating_sub(Span(1)).floor_to(tier.resolution());
    let (from, to) = (begin.saturating_add(Span(1)), begin.saturating_add(tier.resolution()));
    TimeRange::new(from, to).unwrap_or_else(TimeRange::all)
}

/// Whether some of what a row stands for may lie inside `range`.
const fn touches(row: &Row, range: TimeRange) -> bool {
    let (from, to) = row.reach();
    from <= range.to().0 && to >= range.from().0
}

/// Whether all that a row stands for lies inside `range`.
const fn is_inside(row: &Row, range: TimeRange) -> bool {
    let (from, to) = row.reach();
    range.from().0 <= from && to <= range.to().0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Sample, stale_marker};

    #[test]
    fn a_row_is_touched_by_what_lies_among_its_samples() {
        let samples = [(61_000, 1.0), (80_000, 2.0), (119_000, stale_marker())];
        let rows = samples.map(|(at, value)| Row::of(Sample::new(Timestamp(at), value)));
        let rows = roll(rows, Tier::Minutes.resolution());
        let [row] = rows.as_slice() else { panic!("{rows:?}") };
        let check = |from: i64, to: i64, expected: (bool, bool)| {
            let range = TimeRange::new(Timestamp(from), Timestamp(to)).expect("in order");
            assert_eq!((touches(row, range), is_inside(row, range)), expected, "{from} {to}");
        };
        check(0, 60_999, (false, false));
        check(0, 61_000, (true, false));
        check(62_000, 63_000, (true, false));
        check(61_000, 119_000, (true, true));
        check(61_001, 119_000, (true, false));
        check(61_000, 118_999, (true, false));
        // A staleness marker behind the newest sample is one of them, the bucket's end is not.
        check(119_000, 200_000, (true, false));
        check(119_001, 200_000, (false, false));
        check(i64::MIN, i64::MAX, (true, true));
    }

    #[test]
    fn a_bucket_begins_behind_its_edge() {
        let check = |at: i64, expected: (i64, i64)| {
            let bucket = bucket(Timestamp(at), Tier::Minutes);
            assert_eq!((bucket.from().0, bucket.to().0), expected, "{at}");
        };
        check(1, (1, 60_000));
        check(60_000, (1, 60_000));
        check(60_001, (60_001, 120_000));
        check(0, (-59_999, 0));
    }
}
