//! Many blocks to one: which are merged, and how.
//!
//! Blocks are cut along two hours; those of a day that has passed become one, and those of seven
//! days. What came late or was cut early lies in further blocks of the same two hours: a block is
//! always newer than every wider one that it lies in, since that one took in all there were. So of
//! equal times the block with the greater number is right.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::BlockError;
use super::index::{Entry, Index};
use super::reader::Block;
use super::select::{Reader, read_parts};
use super::set::Blocks;
use crate::model::{Labels, Span, TimeRange, Timestamp};

/// The stretches that a block lies in, the first one as it is cut. A day and a week are whole
/// multiples of what comes before.
pub(in crate::store) const STRETCHES: [Span; 3] =
    [Span(2 * 3_600_000), Span(24 * 3_600_000), Span(7 * 24 * 3_600_000)];
/// A large block is written anew for small ones when they are this share of it.
const SMALL_SHARE: u64 = 8;
/// Or when there are this many.
const BLOCKS_MAX: usize = 8;

/// Blocks that become one.
pub(in crate::store) struct Group {
    number: u64,
    blocks: Vec<Arc<Block>>,
}

impl Blocks {
    /// The group of blocks that is to be merged next: of those that end before `before` the
    /// narrowest and oldest, into a stretch of at most `widest`. No block may be on its way into
    /// the list meanwhile: what comes after this call is newer than what the group becomes.
    pub(in crate::store) fn group(&self, before: Timestamp, widest: Span) -> Option<Group> {
        let blocks = group(&self.list(), before, widest)?;
        Some(Group { number: self.next_number(), blocks })
    }

    /// Makes one block of all that lie from `start` to `end`. Nothing else may be done with the
    /// blocks meanwhile.
    ///
    /// # Errors
    /// When the disk fails. What was there can be read as before.
    pub(in crate::store) fn merge_inside(
        &self,
        start: Timestamp,
        end: Timestamp,
    ) -> Result<(), BlockError> {
        let inside =
            |block: &&Arc<Block>| block.about.span.from() >= start && block.about.span.to() <= end;
        let blocks: Vec<Arc<Block>> = self.list().iter().filter(inside).cloned().collect();
        if blocks.len() < 2 {
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
        let numbers = group.iter().map(|block| block.number).collect();
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
        let merged = self.write(number, numbers, |writer| {
            let mut readers: Vec<Reader<'_>> =
                group.iter().map(|block| Reader::new(self, block)).collect();
            let mut rows = Rows::new(&indexes);
            while let Some((labels, mut parts)) = rows.next() {
                let Some((_, entry)) = parts.first().copied() else { continue };
                let samples = read_parts(&mut readers, &mut parts, TimeRange::all(), usize::MAX);
                writer.series(&labels, entry.kind, samples)?;
                if let Some(error) = readers.iter_mut().find_map(|reader| reader.failed.take()) {
                    return Err(error);
                }
            }
            Ok(())
        })?;
        let merged: Vec<Arc<Block>> = merged.into_iter().collect();
        self.counters.merged.add(merged.len() as u64);
        self.exchange(&merged, &group).map_err(BlockError::Disk)
    }

    /// Removes the blocks that end before `edge`, then the oldest until all take at most
    /// `bytes_max`.
    ///
    /// # Errors
    /// When the folder cannot be made safe; the blocks are out of the list all the same.
    pub(in crate::store) fn expire(
        &self,
        edge: Timestamp,
        bytes_max: u64,
    ) -> Result<(), BlockError> {
        let mut in_time = self.list().to_vec();
        in_time.sort_by_key(|block| block.about.span.to());
        let mut bytes: u64 = in_time.iter().map(|block| block.bytes).sum();
        let mut kept = 0;
        while let Some(block) = in_time.get(kept)
            && (block.about.span.to() < edge || bytes > bytes_max)
        {
            bytes -= block.bytes;
            kept += 1;
        }
        in_time.truncate(kept);
        if in_time.is_empty() {
            return Ok(());
        }
        self.counters.expired.add(in_time.len() as u64);
        self.exchange(&[], &in_time).map_err(BlockError::Disk)
    }
}

/// The blocks to be merged next, ascending by number; nothing when all is well.
fn group(list: &[Arc<Block>], before: Timestamp, widest: Span) -> Option<Vec<Arc<Block>>> {
    for stretch in STRETCHES.into_iter().filter(|one| *one <= widest.max(STRETCHES[0])) {
        let mut groups: BTreeMap<Timestamp, Vec<Arc<Block>>> = BTreeMap::new();
        for block in list {
            let span = block.about.span;
            let start = span.from().floor_to(stretch);
            let inside = start == span.to().floor_to(stretch);
            if inside && start.saturating_add(stretch) <= before {
                groups.entry(start).or_default().push(Arc::clone(block));
            }
        }
        let found = groups.into_values().find(|group| worth_it(group));
        if found.is_some() {
            return found;
        }
    }
    None
}

/// Whether merging these wins more than writing the largest of them anew costs.
fn worth_it(group: &[Arc<Block>]) -> bool {
    let largest = group.iter().map(|block| block.bytes).max().unwrap_or(0);
    let others = group.iter().map(|block| block.bytes).sum::<u64>() - largest;
    group.len() > 1 && (group.len() > BLOCKS_MAX || others.saturating_mul(SMALL_SHARE) >= largest)
}

/// Walks over the series of several blocks in the order of their labels.
struct Rows<'a> {
    indexes: &'a [Arc<Index>],
    /// Of each index the row that comes next, with its labels.
    next: Vec<(u32, Option<Labels>)>,
}

impl<'a> Rows<'a> {
    fn new(indexes: &'a [Arc<Index>]) -> Self {
        let first = |index: &Arc<Index>| {
            if index.series() > 0 { index.labels(0) } else { None }
        };
        Self { indexes, next: indexes.iter().map(|index| (0, first(index))).collect() }
    }

    /// The next series with its entries by the place of their block.
    fn next(&mut self) -> Option<(Labels, Vec<(usize, Entry)>)> {
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
