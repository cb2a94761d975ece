//! Rolling up: rows of minutes from samples, rows of hours from those, two hours at a time.
//!
//! What is to be made is decided while nothing is being cut. Its number is drawn then: what is cut
//! later has a greater one, and by that the rows are known to be stale.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::BlockError;
use super::catalog::{Catalog, Kept, Run};
use super::cover::{Cover, times};
use super::merge::Rows;
use super::parts::{Part, Reader, read_parts};
use super::reader::Block;
use super::set::Blocks;
use super::tier::{COLUMNS, Row, Tier, roll};
use super::writer::Purpose;
use crate::model::{TimeRange, Timestamp};

/// The stretches of which nothing could be rolled up, with the number of the try: only what was cut
/// after it is worth another one.
pub(in crate::store) type Barren = BTreeMap<(Tier, i64), u64>;

/// Rows that are to be made.
pub(in crate::store) struct Due {
    number: u64,
    tier: Tier,
    unit: i64,
    /// Whether there are rows that lack what came late.
    is_stale: bool,
    from: Vec<Arc<Block>>,
    replaces: Vec<Arc<Block>>,
}

impl Due {
    /// What it is of, and the number of the try.
    pub(in crate::store) const fn key(&self) -> ((Tier, i64), u64) {
        ((self.tier, self.unit), self.number)
    }
}

impl Blocks {
    /// What is to be rolled up next, the oldest first: of what ends by `before` and is kept at the
    /// time `now`. No block may be on its way into the list meanwhile.
    pub(in crate::store) fn due(
        &self,
        before: Timestamp,
        (kept, now): (&Kept, Timestamp),
        barren: &Barren,
    ) -> Option<Due> {
        let catalog = self.catalog();
        for run in catalog.runs.iter().filter(|run| catalog.is_unrolled(run, kept, now)) {
            for tier in Tier::ROLLED.into_iter().filter(|tier| catalog.lacks(run, *tier)) {
                let edge = now.saturating_sub(kept[tier.place()]);
                let wanted = |unit: &i64| {
                    let end = times(*unit, unit + 1).to();
                    let tried = barren.get(&(tier, *unit));
                    end > edge && end <= before && tried.is_none_or(|tried| *tried < run.cut())
                };
                if let Some(unit) = (run.units.0..run.units.1).find(wanted) {
                    return Some(self.due_of(&catalog, run, tier, unit));
                }
            }
        }
        None
    }

    fn due_of(&self, catalog: &Catalog, run: &Run, tier: Tier, unit: i64) -> Due {
        let range = times(unit, unit + 1);
        let minutes = run.rolled(Tier::Minutes).filter(|_| catalog.has(run, Tier::Minutes));
        let rows = minutes.filter(|_| tier == Tier::Hours).map(|(place, _)| place);
        let inside = |block: &&Arc<Block>| {
            let span = block.about.span;
            span.from() <= range.to() && range.from() <= span.to()
        };
        let from = if let Some(rows) = rows.and_then(|place| catalog.blocks.get(place)) {
            vec![Arc::clone(rows)]
        } else {
            let raw = catalog.blocks.iter().filter(|block| block.tier() == Tier::Raw);
            raw.filter(inside).cloned().collect()
        };
        let cover = Cover::units(unit, unit + 1);
        let same = |block: &&Arc<Block>| block.tier() == tier && *block.cover() == cover;
        let replaces = catalog.blocks.iter().filter(same).cloned().collect();
        let is_stale = catalog.is_stale(run, tier);
        Due { number: self.next_number(), tier, unit, is_stale, from, replaces }
    }

    /// Makes rows; says whether there were any.
    ///
    /// # Errors
    /// When the disk fails. What was there can be read as before.
    pub(in crate::store) fn roll_up(&self, due: Due) -> Result<bool, BlockError> {
        let Due { number, tier, unit, is_stale, from, replaces } = due;
        let mut indexes = Vec::new();
        for block in &from {
            match self.index(block) {
                Ok(index) => indexes.push(index),
                Err(error @ BlockError::Damaged(_)) => {
                    self.set_aside(block.number, &error);
                    return Ok(false);
                }
                Err(error) => return Err(error),
            }
        }
        let purpose = Purpose {
            tier,
            cover: Cover::units(unit, unit + 1),
            replaces: replaces.iter().map(|block| block.number).collect(),
        };
        let range = times(unit, unit + 1);
        let mut readers: Vec<Reader<'_>> =
            from.iter().map(|block| Reader::new(self, block)).collect();
        // What was lost to damage since would be lost from the rows as well.
        let damaged = || from.iter().any(|block| block.is_suspect());
        let made = self.write(number, purpose, |writer| {
            let mut rows = Rows::new(&indexes);
            while let Some((labels, parts)) = rows.next() {
                let Some((_, entry)) = parts.first().copied() else { continue };
                let read = read(&mut readers, &parts, range);
                writer.rows(&labels, entry.kind, &roll(read, tier.resolution()))?;
                if let Some(error) = readers.iter_mut().find_map(|reader| reader.failed.take()) {
                    return Err(error);
                }
                if is_stale && damaged() {
                    return Err(BlockError::Damaged("samples of rows that are there"));
                }
            }
            Ok(())
        });
        let made = match made {
            Err(BlockError::Damaged(_)) if is_stale && damaged() => None,
            made => made?,
        };
        let Some(made) = made else { return Ok(false) };
        self.counters.rolled.increment();
        self.exchange(&[made], replaces).map_err(BlockError::Disk)?;
        Ok(true)
    }
}

/// What the parts of a series have inside, as rows.
pub(super) fn read(readers: &mut [Reader<'_>], parts: &[Part], range: TimeRange) -> Vec<Row> {
    let all: [usize; COLUMNS] = std::array::from_fn(|column| column);
    if let [(place, entry)] = parts
        && let Some(reader) = readers.get_mut(*place).filter(|one| one.block.tier() != Tier::Raw)
    {
        let mut rows = Vec::new();
        reader.read_rows(*entry, range, &all, usize::MAX, &mut rows);
        return rows;
    }
    read_parts(readers, parts, range, usize::MAX).into_iter().map(Row::of).collect()
}
