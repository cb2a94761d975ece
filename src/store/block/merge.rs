//! Many blocks to one: which are merged, and how.
//!
//! Each cut block lies inside two hours; those of two hours that have passed become one, and so
//! do those of a day and of seven days, and of hours those of twelve weeks. What came late or was
//! cut early lies in further blocks of the same two hours: a block is always newer than every wider
//! one that it lies in, since that one took in all there were. So of equal times the block with the
//! greater number is right. Where rows are stale nothing is merged: by their numbers blocks tell
//! what the rows lack.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::BlockError;
use super::catalog::{Catalog, Kept};
use super::cover::{Cover, UNIT, times};
use super::index::{Entry, Index};
use super::parts::{Part, Reader, read_parts};
use super::reader::Block;
use super::set::Blocks;
use super::tier::{COLUMNS, Row, Tier};
use super::writer::{BlockWriter, Purpose};
use crate::model::{Labels, Span, TimeRange, Timestamp};

/// The stretches that a block lies in, in units of two hours: each is a whole multiple of the one
/// before. The last one is of hours alone.
const STRETCHES: [i64; 4] = [1, 12, 7 * 12, 12 * 7 * 12];
/// A block reaches over this share of its retention at most, so that what goes with its last sample
/// is not kept for much longer than it should be.
const BLOCK_SHARE: i64 = 2;
/// A large block is written anew for small ones when they are this share of it.
const SMALL_SHARE: u64 = 8;
/// Or when there are this many.
const BLOCKS_MAX: usize = 8;

/// Blocks that become one.
pub(in crate::store) struct Group {
    number: u64,
    /// Of one tier, ascending by number.
    blocks: Vec<Arc<Block>>,
}

impl Blocks {
    /// The group of blocks that is to be merged next: of those that end by `before` the narrowest
    /// and oldest of a tier. No block may be on its way into the list meanwhile: what comes after
    /// this call is newer than what the group becomes.
    pub(in crate::store) fn group(&self, before: Timestamp, kept: &Kept) -> Option<Group> {
        let catalog = self.catalog();
        let found = |tier: Tier| group(&catalog, tier, before, kept);
        let blocks = Tier::ALL.into_iter().find_map(found)?;
        Some(Group { number: self.next_number(), blocks })
    }

    /// Makes one block of all samples that lie from unit `from` to before unit `to`, unless rows
    /// are to be made there first. Nothing else may be done with the blocks meanwhile.
    ///
    /// # Errors
    /// When the disk fails. What was there can be read as before.
    pub(in crate::store) fn merge_inside(&self, from: i64, to: i64) -> Result<(), BlockError> {
        let inside = |block: &&Arc<Block>| {
            let within = |hull: (i64, i64)| from <= hull.0 && hull.1 <= to;
            block.tier() == Tier::Raw && block.cover().hull().is_some_and(within)
        };
        let catalog = self.catalog();
        let blocks: Vec<Arc<Block>> = catalog.blocks.iter().filter(inside).cloned().collect();
        if blocks.len() < 2 || !is_whole(&catalog, &blocks) {
            return Ok(());
        }
        self.merge(Group { number: self.next_number(), blocks })
    }

    /// Makes one block of a group.
    ///
    /// # Errors
    /// When the disk fails. What was there can be read as before.
    pub(in crate::store) fn merge(&self, group: Group) -> Result<(), BlockError> {
        let Group { number, blocks: group } = group;
        let Some(tier) = group.first().map(|block| block.tier()) else { return Ok(()) };
        let mut indexes = Vec::new();
        for block in &group {
            match self.index(block) {
                Ok(index) => indexes.push(index),
                Err(error @ BlockError::Damaged(_)) => {
                    self.set_aside(block.number, &error);
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
        let purpose = Purpose {
            tier,
            cover: Cover::union(group.iter().map(|block| block.cover())),
            replaces: group.iter().map(|block| block.number).collect(),
        };
        let merged = self.write(number, purpose, |writer| {
            let mut merging = Merging {
                readers: group.iter().map(|block| Reader::new(self, block)).collect(),
                right: right(&group),
            };
            let mut rows = Rows::new(&indexes);
            while let Some((labels, parts)) = rows.next() {
                merging.write(writer, tier, &labels, &parts)?;
            }
            Ok(())
        })?;
        let merged: Vec<Arc<Block>> = merged.into_iter().collect();
        self.counters.merged.add(merged.len() as u64);
        self.exchange(&merged, group).map_err(BlockError::Disk)
    }
}

/// A merge that is under way.
struct Merging<'a> {
    readers: Vec<Reader<'a>>,
    /// Of each block of rows what it is right about.
    right: Vec<Cover>,
}

impl Merging<'_> {
    /// Writes a series.
    fn write(
        &mut self,
        writer: &mut BlockWriter,
        tier: Tier,
        labels: &Labels,
        parts: &[Part],
    ) -> Result<(), BlockError> {
        let Some((_, entry)) = parts.first() else { return Ok(()) };
        if tier == Tier::Raw {
            let samples = read_parts(&mut self.readers, parts, TimeRange::all(), usize::MAX);
            writer.series(labels, entry.kind, samples)?;
        } else {
            writer.rows(labels, entry.kind, &self.rows(parts))?;
        }
        let failed = self.readers.iter_mut().find_map(|reader| reader.failed.take());
        failed.map_or(Ok(()), Err)
    }

    /// The rows of a series, of each block those that it is right about.
    fn rows(&mut self, parts: &[Part]) -> Vec<Row> {
        let all: [usize; COLUMNS] = std::array::from_fn(|column| column);
        let mut rows = Vec::new();
        for (place, entry) in parts {
            let (Some(reader), Some(right)) =
                (self.readers.get_mut(*place), self.right.get(*place))
            else {
                continue;
            };
            for (from, to) in right.stretches() {
                reader.read_rows(*entry, times(*from, *to), &all, usize::MAX, &mut rows);
            }
        }
        rows.sort_unstable_by_key(|row| row.at);
        rows
    }
}

/// What each block covers that none with a greater number does.
fn right(group: &[Arc<Block>]) -> Vec<Cover> {
    let later =
        |place: usize| Cover::union(group.iter().skip(place + 1).map(|block| block.cover()));
    group.iter().enumerate().map(|(place, block)| block.cover().without(&later(place))).collect()
}

/// The blocks of a tier to be merged next, ascending by number; nothing when all is well.
fn group(catalog: &Catalog, tier: Tier, before: Timestamp, kept: &Kept) -> Option<Vec<Arc<Block>>> {
    for stretch in stretches(tier, kept[tier.place()]) {
        let mut groups: BTreeMap<i64, Vec<Arc<Block>>> = BTreeMap::new();
        for block in catalog.blocks.iter().filter(|block| block.tier() == tier) {
            let Some((from, to)) = block.cover().hull() else { continue };
            let start = from.div_euclid(stretch);
            let inside = to <= (start + 1) * stretch;
            if inside && times(from, (start + 1) * stretch).to() <= before {
                groups.entry(start).or_default().push(Arc::clone(block));
            }
        }
        let found = groups.into_values().find(|group| worth_it(group) && is_whole(catalog, group));
        if found.is_some() {
            return found;
        }
    }
    None
}

/// The stretches of a tier that is kept for so long, in units of two hours.
pub(in crate::store) fn stretches(tier: Tier, kept: Span) -> impl Iterator<Item = i64> {
    let levels = if tier == Tier::Hours { STRETCHES.len() } else { STRETCHES.len() - 1 };
    let most = (kept.0 / BLOCK_SHARE / UNIT.0).max(STRETCHES[0]);
    STRETCHES.into_iter().take(levels).filter(move |stretch| *stretch <= most)
}

/// Whether no rows over these blocks are stale.
fn is_whole(catalog: &Catalog, group: &[Arc<Block>]) -> bool {
    let stretches = group.iter().flat_map(|block| block.cover().stretches());
    let mut runs = stretches.flat_map(|stretch| catalog.over(*stretch));
    runs.all(|run| !Tier::ROLLED.into_iter().any(|tier| catalog.is_stale(run, tier)))
}

/// Whether merging these wins more than writing the largest of them anew costs.
fn worth_it(group: &[Arc<Block>]) -> bool {
    let largest = group.iter().map(|block| block.bytes).max().unwrap_or(0);
    let others = group.iter().map(|block| block.bytes).sum::<u64>() - largest;
    group.len() > 1 && (group.len() > BLOCKS_MAX || others.saturating_mul(SMALL_SHARE) >= largest)
}

/// Walks over the series of several blocks in the order of their labels.
pub(super) struct Rows<'a> {
    indexes: &'a [Arc<Index>],
    /// Of each index the row that comes next, with its labels.
    next: Vec<(u32, Option<Labels>)>,
}

impl<'a> Rows<'a> {
    /// Begins with the first series.
    pub(super) fn new(indexes: &'a [Arc<Index>]) -> Self {
        let first = |index: &Arc<Index>| {
            if index.series() > 0 { index.labels(0) } else { None }
        };
        Self { indexes, next: indexes.iter().map(|index| (0, first(index))).collect() }
    }

    /// The next series with its entries by the place of their block.
    pub(super) fn next(&mut self) -> Option<(Labels, Vec<(usize, Entry)>)> {
        let least = self.next.iter().filter_map(|(_, labels)| labels.as_ref()).min()?.clone();
        let mut parts = Vec::new();
        for (place, (row, labels)) in self.next.iter_mut().enumerate() {
            if labels.as_ref() != Some(&least) {
                continue;
            }
            let index = &self.indexes[place];
            parts.extend(index.entry(*row).map(|entry| (place, entry)));
            *row += 1;
            *labels = if *row < index.series() { index.labels(*row) } else { None };
        }
        Some((least, parts))
    }
}
