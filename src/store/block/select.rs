//! Reading the blocks and joining what they give with what the head gives.
//!
//! The head was read before: a cut puts its blocks into the list before the head lets go, so that
//! every sample is seen at least once. Of equal times the later block wins, and the head over all.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::index::{Entry, Index};
use super::parts::{Part, Reader, join, newest, read_parts, told};
use super::plan::{Segment, Source, plan, units_of};
use super::reader::Block;
use super::set::Blocks;
use super::tier::Told;
use crate::model::{
    Aggregate, Coarse, Kind, Labels, Matcher, Measure, Rolled, Sample, SelectError, Selected,
    Selection, TimeRange,
};
use crate::store::series::merge;

/// What is known of a series on the way.
#[derive(Default)]
struct Row {
    head: Option<Selected>,
    kind: Kind,
    parts: Vec<Part>,
}

/// A block that a question is about, with its index.
pub(super) struct Open {
    pub(super) block: Arc<Block>,
    pub(super) index: Arc<Index>,
}

/// What a question is about: stretches of time, and the blocks that they use.
pub(super) struct Opened {
    pub(super) segments: Vec<Segment>,
    pub(super) blocks: Vec<Open>,
}

impl Blocks {
    /// What has to be read for `range`; blocks whose index is damaged are left out. `head` is what
    /// was selected before.
    pub(super) fn open_inside(
        &self,
        range: TimeRange,
        coarse: Option<Coarse>,
        head: &[Selected],
    ) -> Opened {
        if range.from() >= self.end() {
            return Opened { segments: Vec::new(), blocks: Vec::new() };
        }
        let catalog = self.catalog();
        let mut segments = plan(&catalog, range, coarse, &BTreeSet::new());
        let is_rolled = |segment: &Segment| segment.source != Source::Raw;
        if coarse.is_some() && segments.iter().any(is_rolled) {
            let late = units_of(head, self.end());
            if !late.is_empty() {
                segments = plan(&catalog, range, coarse, &late);
            }
        }
        let used = |block: &&Arc<Block>| segments.iter().any(|segment| segment.uses(block));
        let open = |block: &Arc<Block>| match self.index(block) {
            Ok(index) => Some(Open { block: Arc::clone(block), index }),
            Err(error) => {
                self.note(block, &error);
                None
            }
        };
        let blocks = catalog.blocks.iter().filter(used).filter_map(open).collect();
        Opened { segments, blocks }
    }

    /// What the head selected together with what the blocks have, sorted by labels.
    pub(in crate::store) fn select(
        &self,
        selection: &Selection<'_>,
        head: Vec<Selected>,
    ) -> Result<Vec<Selected>, SelectError> {
        let coarse = selection.coarse.filter(|_| !selection.newest_only);
        let Opened { segments, blocks: open } = self.open_inside(selection.range, coarse, &head);
        if open.is_empty() {
            return Ok(head);
        }
        let mut rows: HashMap<Labels, Row, RandomState> = HashMap::default();
        for one in head {
            let row = Row { kind: one.kind, ..Row::default() };
            rows.insert(one.labels.clone(), Row { head: Some(one), ..row });
        }
        self.find(&open, selection.matchers, selection.range, |place, labels, entry| {
            let row = rows.entry(labels).or_default();
            row.kind = entry.kind;
            row.parts.push((place, entry));
        });
        let mut readers: Vec<Reader<'_>> =
            open.iter().map(|open| Reader::new(self, &open.block)).collect();
        let aggregate = coarse.map_or(Aggregate::Newest, |coarse| coarse.aggregate);
        let (mut selected, mut used) = (Vec::with_capacity(rows.len()), 0);
        for (labels, row) in rows {
            let left = selection.samples_max - used;
            let Row { head, kind, parts } = row;
            let (labels, head) = head.map_or((labels, Vec::new()), |one| (one.labels, one.samples));
            let (samples, rolled) = if selection.newest_only {
                let newest = newest(&mut readers, &parts, &segments, head.last().copied());
                (newest.into_iter().collect(), None)
            } else {
                joined(&mut readers, &parts, &segments, (head, aggregate), left)
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
            selected.push(Selected { labels, kind, samples, rolled });
        }
        selected.sort_unstable_by(|one, other| one.labels.cmp(&other.labels));
        Ok(selected)
    }

    /// About how many series and samples the blocks have inside: those of a block are taken to be
    /// spread evenly over its series and its time, and blocks to have the same series.
    pub(in crate::store) fn about(
        &self,
        matchers: &[Matcher],
        range: TimeRange,
        coarse: Option<Coarse>,
    ) -> Measure {
        let mut measure = Measure { series: 0, samples: 0 };
        let Opened { segments, blocks } = self.open_inside(range, coarse, &[]);
        for Open { block, index } in blocks {
            let about = &block.about;
            let series = index.find(matchers).map_or(0, |found| found.len());
            let whole = (about.span.to() - about.span.from()).0 as f64 + 1.0;
            let of_series = about.samples as f64 / f64::from(about.series.max(1));
            measure.series = measure.series.max(series);
            for Segment { range, .. } in segments.iter().filter(|segment| segment.uses(&block)) {
                let from = range.from().max(about.span.from());
                let to = range.to().min(about.span.to());
                let part = ((to - from).0 as f64 + 1.0) / whole;
                measure.samples += (series as f64 * of_series * part).ceil() as u64;
            }
        }
        measure
    }

    /// Hands the series of all blocks that pass and may have a sample inside to `take`.
    pub(super) fn find(
        &self,
        open: &[Open],
        matchers: &[Matcher],
        range: TimeRange,
        mut take: impl FnMut(usize, Labels, Entry),
    ) {
        for (place, Open { block, index }) in open.iter().enumerate() {
            let found = index.find(matchers).unwrap_or_else(|error| {
                self.note(block, &error);
                roaring::RoaringBitmap::new()
            });
            for number in found {
                let Some(entry) = index.entry(number) else { continue };
                if overlap(entry.span, range)
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
        let Opened { segments, blocks: open } = self.open_inside(range, None, &[]);
        let mut readers: Vec<Reader<'_>> =
            open.iter().map(|open| Reader::new(self, &open.block)).collect();
        self.find(&open, matchers, range, |place, labels, entry| {
            let Entry { span, .. } = entry;
            let used = segments.iter().filter(|one| one.uses(&open[place].block));
            let edge = used.clone().any(|segment| {
                segment.range.contains(span.from()) || segment.range.contains(span.to())
            });
            if edge || newest(&mut readers, &[(place, entry)], &segments, None).is_some() {
                take(&labels);
            }
        });
    }
}

/// Whether two stretches have a time in common.
pub(super) fn overlap(one: TimeRange, other: TimeRange) -> bool {
    one.from() <= other.to() && other.from() <= one.to()
}

/// The samples of a series from all its parts and the head, and what they stand for where rows told
/// of them; may end after more than `most`.
pub(super) fn joined(
    readers: &mut [Reader<'_>],
    parts: &[Part],
    segments: &[Segment],
    (head, aggregate): (Vec<Sample>, Aggregate),
    most: usize,
) -> (Vec<Sample>, Option<Rolled>) {
    if let [Segment { range, source: Source::Raw }] = segments {
        return (raw(readers, parts, *range, head, most), None);
    }
    let (mut all, mut rolled): (Vec<Told>, bool) = (Vec::new(), false);
    for segment in segments {
        let left = most.saturating_sub(all.len());
        let (told, by_rows) = told(readers, parts, segment, aggregate, left);
        all.extend(told);
        rolled |= by_rows;
        if all.len() > most {
            break;
        }
    }
    let all = join(all, head, aggregate);
    let samples = all.iter().map(|one| one.sample).collect();
    let rolled = rolled.then(|| Rolled {
        counts: all.iter().map(|one| one.count).collect(),
        lost: all.iter().map(|one| one.lost).collect(),
    });
    (samples, rolled)
}

/// The samples of a series as they came, from blocks and the head.
fn raw(
    readers: &mut [Reader<'_>],
    parts: &[Part],
    range: TimeRange,
    head: Vec<Sample>,
    most: usize,
) -> Vec<Sample> {
    let mut samples = read_parts(readers, parts, range, most);
    let first = head.first().map(|first| first.at);
    if samples.last().zip(first).is_none_or(|(last, first)| last.at < first) {
        samples.extend(head);
        return samples;
    }
    merge(samples.into_iter(), &head)
}
