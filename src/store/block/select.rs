//! Reading the blocks and joining what they give with what the head gives.
//!
//! The head was read before: a cut puts its blocks into the list before the head lets go, so that
//! every sample is seen at least once. Of equal times the later block wins, and the head over all.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::BlockError;
use super::index::{Entry, Index};
use super::reader::{Block, SeriesReader};
use super::set::Blocks;
use crate::model::{
    Kind, Labels, Matcher, Measure, Sample, SelectError, Selected, Selection, TimeRange, Timestamp,
};
use crate::store::series::merge;

/// The part of a series that is in one block: the place of the block in the list, and the entry.
pub(super) type Part = (usize, Entry);

/// What is known of a series on the way.
#[derive(Default)]
struct Row {
    head: Option<Selected>,
    kind: Kind,
    parts: Vec<Part>,
}

/// The blocks that a question is about, with their indexes.
pub(super) struct Open {
    pub(super) block: Arc<Block>,
    pub(super) index: Arc<Index>,
}

impl Blocks {
    /// The blocks with a sample inside `range`; those whose index is damaged are set aside.
    pub(super) fn inside(&self, range: TimeRange) -> Vec<Open> {
        if range.from() >= self.end() {
            return Vec::new();
        }
        let list = self.list();
        let inside = list.iter().filter(|block| overlap(block.about.span, range));
        let open = |block: &Arc<Block>| match self.index(block) {
            Ok(index) => Some(Open { block: Arc::clone(block), index }),
            Err(error) => {
                self.note(block, &error);
                None
            }
        };
        inside.filter_map(open).collect()
    }

    /// What the head selected together with what the blocks have, sorted by labels.
    pub(in crate::store) fn select(
        &self,
        selection: &Selection<'_>,
        head: Vec<Selected>,
    ) -> Result<Vec<Selected>, SelectError> {
        let open = self.inside(selection.range);
        if open.is_empty() {
            return Ok(head);
        }
        let mut rows: HashMap<Labels, Row, RandomState> = HashMap::default();
        for one in head {
            let row = Row { kind: one.kind, ..Row::default() };
            rows.insert(one.labels.clone(), Row { head: Some(one), ..row });
        }
        self.find(&open, selection, |place, labels, entry| {
            let row = rows.entry(labels).or_default();
            row.kind = entry.kind;
            row.parts.push((place, entry));
        });
        let mut readers: Vec<Reader<'_>> =
            open.iter().map(|open| Reader::new(self, &open.block)).collect();
        let (mut selected, mut used) = (Vec::with_capacity(rows.len()), 0);
        for (labels, row) in rows {
            let left = selection.samples_max - used;
            let Row { head, kind, parts } = row;
            let (labels, head) = head.map_or((labels, Vec::new()), |one| (one.labels, one.samples));
            let samples = if selection.newest_only {
                newest(&mut readers, &parts, selection.range, &head)
            } else {
                joined(&mut readers, parts, selection.range, head, left)
            };
            if samples.is_empty() {
                continue;
            }
            if selected.len() >= selection.series_max {
                return Err(SelectError::TooManySeries { limit: selection.series_max });
            }
            if samples.len() > left {
                return Err(SelectError::TooManySamples { limit: selection.samples_max });
            }
            used += samples.len();
            selected.push(Selected { labels, kind, samples, rolled: None });
        }
        selected.sort_unstable_by(|one, other| one.labels.cmp(&other.labels));
        Ok(selected)
    }

    /// About how many series and samples the blocks have inside: those of a block are taken to be
    /// spread evenly over its series and its time, and blocks to have the same series.
    pub(in crate::store) fn about(&self, matchers: &[Matcher], range: TimeRange) -> Measure {
        let mut measure = Measure { series: 0, samples: 0 };
        for Open { block, index } in self.inside(range) {
            let about = &block.about;
            let series = index.find(matchers).map_or(0, |found| found.len());
            let (from, to) = (range.from().max(about.span.from()), range.to().min(about.span.to()));
            let whole = (about.span.to() - about.span.from()).0 as f64 + 1.0;
            let part = ((to - from).0 as f64 + 1.0) / whole;
            let of_series = about.samples as f64 / f64::from(about.series.max(1));
            measure.series = measure.series.max(series);
            measure.samples += (series as f64 * of_series * part).ceil() as u64;
        }
        measure
    }

    /// Hands the series of all blocks that pass and may have a sample inside to `take`.
    pub(super) fn find(
        &self,
        open: &[Open],
        selection: &Selection<'_>,
        mut take: impl FnMut(usize, Labels, Entry),
    ) {
        for (place, Open { block, index }) in open.iter().enumerate() {
            let found = index.find(selection.matchers).unwrap_or_else(|error| {
                self.note(block, &error);
                roaring::RoaringBitmap::new()
            });
            for number in found {
                let Some(entry) = index.entry(number) else { continue };
                if overlap(entry.span, selection.range)
                    && let Some(labels) = index.labels(number)
                {
                    take(place, labels, entry);
                }
            }
        }
    }

    /// Hands the labels of the series in blocks that pass and have a sample inside to `take`.
    pub(in crate::store) fn each_inside(
        &self,
        matchers: &[Matcher],
        range: TimeRange,
        mut take: impl FnMut(&Labels),
    ) {
        let selection = Selection {
            matchers,
            range,
            newest_only: true,
            coarse: None,
            series_max: 0,
            samples_max: 0,
        };
        let open = self.inside(range);
        let mut readers: Vec<Reader<'_>> =
            open.iter().map(|open| Reader::new(self, &open.block)).collect();
        self.find(&open, &selection, |place, labels, entry| {
            let edge = range.contains(entry.span.from()) || range.contains(entry.span.to());
            let part = [(place, entry)];
            if edge || !newest(&mut readers, &part, range, &[]).is_empty() {
                take(&labels);
            }
        });
    }
}

/// Reads series of one block, and leaves out what is damaged.
pub(super) struct Reader<'a> {
    blocks: &'a Blocks,
    block: &'a Block,
    series: SeriesReader<'a>,
    /// Why a piece could not be read last, other than that it is damaged.
    pub(super) failed: Option<BlockError>,
}

impl<'a> Reader<'a> {
    /// A reader of a block of the set.
    pub(super) fn new(blocks: &'a Blocks, block: &'a Block) -> Self {
        Self { blocks, block, series: SeriesReader::new(block), failed: None }
    }

    fn note(&mut self, error: BlockError) {
        self.blocks.note(self.block, &error);
        if !matches!(error, BlockError::Damaged(_)) {
            self.failed = Some(error);
        }
    }

    /// Adds the samples of a series inside `range`; ends when there are more than `most`.
    pub(super) fn read(
        &mut self,
        entry: Entry,
        range: TimeRange,
        most: usize,
        into: &mut Vec<Sample>,
    ) {
        let chunks = self.series.chunks(entry.list).unwrap_or_else(|error| {
            self.note(error);
            Vec::new()
        });
        for chunk in chunks.iter().filter(|chunk| overlap(chunk.span, range)) {
            let length = into.len();
            if let Err(error) = self.series.samples(chunk, range, into) {
                into.truncate(length);
                self.note(error);
            }
            if into.len() > most {
                return;
            }
        }
    }

    /// The newest sample of a series inside `range`.
    fn newest(&mut self, entry: Entry, range: TimeRange) -> Option<Sample> {
        let chunks = self.series.chunks(entry.list).unwrap_or_else(|error| {
            self.note(error);
            Vec::new()
        });
        let mut samples = Vec::new();
        for chunk in chunks.iter().rev().filter(|chunk| overlap(chunk.span, range)) {
            samples.clear();
            if let Err(error) = self.series.samples(chunk, range, &mut samples) {
                self.note(error);
            } else if let Some(last) = samples.last() {
                return Some(*last);
            }
        }
        None
    }
}

fn overlap(one: TimeRange, other: TimeRange) -> bool {
    one.from() <= other.to() && other.from() <= one.to()
}

/// The samples of a series from all its parts and the head; may end after more than `most`.
pub(super) fn joined(
    readers: &mut [Reader<'_>],
    mut parts: Vec<Part>,
    range: TimeRange,
    head: Vec<Sample>,
    most: usize,
) -> Vec<Sample> {
    let mut samples = read_parts(readers, &mut parts, range, most);
    let first: Option<Timestamp> = head.first().map(|first| first.at);
    if samples.last().zip(first).is_none_or(|(last, first)| last.at < first) {
        samples.extend(head);
        return samples;
    }
    merge(samples.into_iter(), &head)
}

/// The samples of a series from all its parts, which stand in the order of their blocks.
pub(super) fn read_parts(
    readers: &mut [Reader<'_>],
    parts: &mut [Part],
    range: TimeRange,
    most: usize,
) -> Vec<Sample> {
    let mut samples = Vec::new();
    let mut in_time = parts.to_vec();
    in_time.sort_by_key(|(_, entry)| entry.span.from());
    let apart = |pair: &[Part]| pair[0].1.span.to() < pair[1].1.span.from();
    if in_time.windows(2).all(apart) {
        for (place, entry) in in_time {
            if let Some(reader) = readers.get_mut(place) {
                reader.read(entry, range, most, &mut samples);
            }
        }
        return samples;
    }
    for (place, entry) in parts {
        let mut later = Vec::new();
        if let Some(reader) = readers.get_mut(*place) {
            reader.read(*entry, range, most, &mut later);
        }
        samples = merge(samples.into_iter(), &later);
    }
    samples
}

/// The newest sample of a series: the head's unless a block has a newer one.
fn newest(
    readers: &mut [Reader<'_>],
    parts: &[Part],
    range: TimeRange,
    head: &[Sample],
) -> Vec<Sample> {
    let mut newest = head.last().copied();
    for (place, entry) in parts.iter().rev() {
        let newer = newest.is_none_or(|newest| entry.span.to() > newest.at);
        let Some(reader) = readers.get_mut(*place).filter(|_| newer) else { continue };
        let found = reader.newest(*entry, range);
        if found.is_some_and(|found| newest.is_none_or(|newest| found.at > newest.at)) {
            newest = found;
        }
    }
    newest.into_iter().collect()
}
