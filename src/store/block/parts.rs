//! The parts of a series in several blocks, read and joined in the order of time.
//!
//! Of equal times the later block wins. What is damaged is left out.

use super::BlockError;
use super::index::Entry;
use super::plan::{Segment, Source};
use super::reader::{Block, SeriesReader};
use super::select::overlap;
use super::set::Blocks;
use super::tier::{Row, Told, tell, wanted};
use crate::model::{Aggregate, Sample, Span, TimeRange};
use crate::store::series::merge;

/// The part of a series that is in one block: the place of the block among the readers, and the
/// entry.
pub(super) type Part = (usize, Entry);

/// Reads series of one block, and leaves out what is damaged.
pub(super) struct Reader<'a> {
    blocks: &'a Blocks,
    /// The block.
    pub(super) block: &'a Block,
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

    fn chunks(&mut self, entry: Entry) -> Vec<super::list::Chunk> {
        self.series.chunks(entry.list).unwrap_or_else(|error| {
            self.note(error);
            Vec::new()
        })
    }

    /// Adds the samples of a series inside `range`; ends when there are more than `most`.
    pub(super) fn read(
        &mut self,
        entry: Entry,
        range: TimeRange,
        most: usize,
        into: &mut Vec<Sample>,
    ) {
        for chunk in self.chunks(entry).iter().filter(|chunk| overlap(chunk.span, range)) {
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

    /// Adds the rows of a series whose own times lie inside `range`, with these columns; ends when
    /// there are more than `most`.
    pub(super) fn read_rows(
        &mut self,
        entry: Entry,
        range: TimeRange,
        columns: &[usize],
        most: usize,
        into: &mut Vec<Row>,
    ) {
        for chunk in self.chunks(entry).iter().filter(|chunk| overlap(chunk.span, range)) {
            let length = into.len();
            if let Err(error) = self.series.rows(chunk, range, columns, into) {
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
        let mut samples = Vec::new();
        for chunk in self.chunks(entry).iter().rev().filter(|chunk| overlap(chunk.span, range)) {
            samples.clear();
            if let Err(error) = self.series.samples(chunk, range, &mut samples) {
                self.note(error);
            } else if let Some(last) = samples.last() {
                return Some(*last);
            }
        }
        None
    }

    /// Adds what rows of a series tell of `range`.
    fn tell(
        &mut self,
        entry: Entry,
        range: TimeRange,
        aggregate: Aggregate,
        most: usize,
        into: &mut Vec<Told>,
    ) {
        let mut rows = Vec::new();
        // What a row tells lies less than a bucket away from its own time.
        let around = widened(range, self.block.tier().resolution());
        self.read_rows(entry, around, wanted(aggregate), most, &mut rows);
        for row in &rows {
            tell(row, aggregate, |told| {
                if range.contains(told.sample.at) {
                    into.push(told);
                }
            });
        }
    }
}

fn widened(range: TimeRange, by: Span) -> TimeRange {
    let (from, to) = (range.from().saturating_sub(by), range.to().saturating_add(by));
    TimeRange::new(from, to).unwrap_or(range)
}

/// The samples of a series from all its parts, which stand in the order of their blocks.
pub(super) fn read_parts(
    readers: &mut [Reader<'_>],
    parts: &[Part],
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

/// Those of `parts` that a segment uses: of rows, and of samples as they came.
fn used(readers: &[Reader<'_>], parts: &[Part], segment: &Segment) -> (Option<Part>, Vec<Part>) {
    let inside = parts.iter().filter(|(place, entry)| {
        let block = readers.get(*place).map(|reader| reader.block);
        block.is_some_and(|block| segment.uses(block)) && overlap(entry.span, segment.range)
    });
    let of_rows =
        |part: &&Part| readers.get(part.0).is_some_and(|one| one.block.tier().columns() > 1);
    let (rows, raw): (Vec<&Part>, Vec<&Part>) = inside.partition(of_rows);
    (rows.first().map(|part| **part), raw.into_iter().copied().collect())
}

/// What a series has in a segment, and whether rows told of it; may end after more than `most`.
pub(super) fn told(
    readers: &mut [Reader<'_>],
    parts: &[Part],
    segment: &Segment,
    aggregate: Aggregate,
    most: usize,
) -> (Vec<Told>, bool) {
    let (rows, raw) = used(readers, parts, segment);
    let mut told = Vec::new();
    if let Some((place, entry)) = rows
        && let Some(reader) = readers.get_mut(place)
    {
        reader.tell(entry, segment.range, aggregate, most, &mut told);
    }
    let late = read_parts(readers, &raw, segment.range, most);
    (join(told, late, aggregate), rows.is_some())
}

/// What was told, and samples that came late: of equal times the late one is right, unless a row
/// stands for more than its newest sample.
pub(super) fn join(told: Vec<Told>, late: Vec<Sample>, aggregate: Aggregate) -> Vec<Told> {
    let apart = told.last().zip(late.first()).is_none_or(|(last, first)| last.sample.at < first.at);
    let late = late.into_iter().map(Told::raw);
    if apart {
        return told.into_iter().chain(late).collect();
    }
    let mut all: Vec<Told> = Vec::with_capacity(told.len() + late.len());
    let (mut told, mut late) = (told.into_iter().peekable(), late.peekable());
    while let (Some(one), Some(other)) = (told.peek(), late.peek()) {
        let order = one.sample.at.cmp(&other.sample.at);
        let mut next = if order.is_le() { told.next() } else { late.next() };
        if order.is_eq()
            && let (Some(next), Some(right)) = (&mut next, late.next())
            && (aggregate == Aggregate::Newest || next.count <= 1)
        {
            *next = Told { sample: right.sample, ..*next };
        }
        all.extend(next);
    }
    all.extend(told);
    all.extend(late);
    all
}

/// The newest sample of a series inside the segments, unless that one of the head is newer.
pub(super) fn newest(
    readers: &mut [Reader<'_>],
    parts: &[Part],
    segments: &[Segment],
    head: Option<Sample>,
) -> Option<Sample> {
    let mut newest = head;
    for segment in segments.iter().rev() {
        let newer = |than: Sample| newest.is_none_or(|newest| than.at > newest.at);
        if newest.is_some_and(|newest| newest.at >= segment.range.to()) {
            break;
        }
        let found = match segment.source {
            Source::Raw => newest_raw(readers, &used(readers, parts, segment).1, segment.range),
            Source::Rolled(_) => {
                let (told, _) = told(readers, parts, segment, Aggregate::Newest, usize::MAX);
                told.last().map(|told| told.sample)
            }
        };
        if let Some(found) = found.filter(|found| newer(*found)) {
            newest = Some(found);
        }
        if newest.is_some_and(|newest| newest.at >= segment.range.from()) {
            break;
        }
    }
    newest
}

/// The newest sample of a series in blocks of samples as they came.
fn newest_raw(readers: &mut [Reader<'_>], parts: &[Part], range: TimeRange) -> Option<Sample> {
    let mut newest: Option<Sample> = None;
    for (place, entry) in parts.iter().rev() {
        let newer = newest.is_none_or(|newest| entry.span.to() > newest.at);
        let Some(reader) = readers.get_mut(*place).filter(|_| newer) else { continue };
        let found = reader.newest(*entry, range);
        if found.is_some_and(|found| newest.is_none_or(|newest| found.at > newest.at)) {
            newest = found;
        }
    }
    newest
}
