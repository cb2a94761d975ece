//! Which blocks answer a question, stretch by stretch.
//!
//! Rows of an hour or a minute will do where whoever asks looks at whole hours or minutes alone;
//! otherwise samples as they came, as long as they are there, and after that the finest rows.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::catalog::{Catalog, Run};
use super::cover::{times, unit};
use super::reader::Block;
use super::select::overlap;
use super::tier::Tier;
use crate::model::{Coarse, Selected, Span, TimeRange, Timestamp};

/// Where the samples of a stretch come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// From the blocks that have them as they came.
    Raw,
    /// From the block of rows with this number, and where something came after it from that.
    Rolled(u64),
}

/// A stretch with one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment {
    /// The stretch.
    pub(super) range: TimeRange,
    /// Where its samples come from.
    pub(super) source: Source,
}

impl Segment {
    /// Whether samples inside may come from `block`.
    pub(super) fn uses(&self, block: &Block) -> bool {
        let right = match (self.source, block.tier()) {
            (Source::Raw, Tier::Raw) => true,
            (Source::Raw, _) => false,
            (Source::Rolled(number), Tier::Raw) => block.is_fresh() && block.number > number,
            (Source::Rolled(number), _) => block.number == number,
        };
        right && overlap(block.about.span, self.range)
    }
}

/// The stretches of `range`, ascending and without a gap. In the units of `late` a sample came that
/// is in no block: where samples are there as they came, they are taken there.
pub(super) fn plan(
    catalog: &Catalog,
    range: TimeRange,
    coarse: Option<Coarse>,
    late: &BTreeSet<i64>,
) -> Vec<Segment> {
    let mut plan = Plan { range, next: Some(range.from()), segments: Vec::new() };
    for run in catalog.over((unit(range.from()), unit(range.to()).saturating_add(1))) {
        let source = source(catalog, run, coarse);
        if source == Source::Raw || !run.has_all_raw() {
            plan.push(times(run.units.0, run.units.1), source);
            continue;
        }
        let mut from = run.units.0;
        for unit in late.range(run.units.0..run.units.1) {
            if from < *unit {
                plan.push(times(from, *unit), source);
            }
            plan.push(times(*unit, unit + 1), Source::Raw);
            from = unit + 1;
        }
        if from < run.units.1 {
            plan.push(times(from, run.units.1), source);
        }
    }
    plan.fill(range.to());
    plan.segments
}

/// The units that have a sample of the head's.
pub(super) fn units_of(head: &[Selected], before: Timestamp) -> BTreeSet<i64> {
    let samples = head.iter().flat_map(|one| &one.samples);
    samples.filter(|sample| sample.at < before).map(|sample| unit(sample.at)).collect()
}

fn source(catalog: &Catalog, run: &Run, coarse: Option<Coarse>) -> Source {
    let fits =
        |tier: &Tier| coarse.is_some_and(|coarse| coarse.every.0 % tier.resolution().0.max(1) == 0);
    let coarsest =
        Tier::ROLLED.into_iter().rev().find(|tier| fits(tier) && catalog.has(run, *tier));
    let finest = || {
        let raw = run.has_raw() && run.has_all_raw();
        if raw { None } else { Tier::ROLLED.into_iter().find(|tier| run.rolled(*tier).is_some()) }
    };
    let place = coarsest.or_else(finest).and_then(|tier| run.rolled(tier));
    let block = place.and_then(|(place, _)| catalog.blocks.get(place));
    block.map_or(Source::Raw, |block: &Arc<Block>| Source::Rolled(block.number))
}

/// A plan that is being made.
struct Plan {
    range: TimeRange,
    /// What comes next; nothing at the end of the scale.
    next: Option<Timestamp>,
    segments: Vec<Segment>,
}

impl Plan {
    /// Adds a stretch; what lies before it and after the last one has no rows.
    fn push(&mut self, stretch: TimeRange, source: Source) {
        let from = stretch.from().max(self.range.from());
        let to = stretch.to().min(self.range.to());
        if from > to {
            return;
        }
        self.fill(from.saturating_sub(Span(1)));
        self.add(from, to, source);
    }

    fn fill(&mut self, to: Timestamp) {
        if let Some(next) = self.next.filter(|next| *next <= to) {
            self.add(next, to, Source::Raw);
        }
    }

    fn add(&mut self, from: Timestamp, to: Timestamp, source: Source) {
        self.next = to.0.checked_add(1).map(Timestamp);
        let same = self.segments.last_mut().filter(|last| last.source == source);
        let start = same.as_ref().map_or(from, |last| last.range.from());
        let Some(range) = TimeRange::new(start, to) else { return };
        match same {
            Some(last) => last.range = range,
            None => self.segments.push(Segment { range, source }),
        }
    }
}
