//! What the selectors of a standing query keep from tick to tick: the series they found, and the
//! samples of their windows.
//!
//! A tick reads what has arrived since the last one and lets go of what has left the window. The
//! samples of a series lie in one stretch of memory, so that every function of a window runs on
//! them unchanged and gives the same bits as it gives for a query that is asked once.

use crate::model::{
    ABSENT, Follow, Followed, Kind, Matcher, Sample, Selected, Span, TimeRange, Timestamp, is_stale,
};

use super::super::{Bound, EvalError};
use super::table::Table;

/// Samples before the window are let go of when there are this many, so that the rest is moved
/// rarely.
const SPENT_SAMPLES: usize = 64;

/// The series of a selector, found once.
#[derive(Debug)]
pub(super) struct Following {
    matchers: Vec<Matcher>,
    generation: Option<u64>,
    pub(super) series: Vec<Followed>,
}

impl Following {
    pub(super) const fn new(matchers: Vec<Matcher>) -> Self {
        Self { matchers, generation: None, series: Vec::new() }
    }

    /// Looks the series up if some have come or gone. Gives the former ones when they changed.
    pub(super) fn refresh(
        &mut self,
        data: &dyn Follow,
        series_max: usize,
        table: &mut Table,
    ) -> Result<Option<Vec<Followed>>, EvalError> {
        // Read first: what joins between the two calls is found once more at the next tick.
        let generation = data.generation();
        if self.generation == Some(generation) {
            return Ok(None);
        }
        let found = data
            .find(&self.matchers, series_max)
            .map_err(|error| EvalError::refused(&error, series_max as u64, 0))?;
        self.generation = Some(generation);
        let same = |(one, other): (&Followed, &Followed)| {
            one.series == other.series && one.labels.same(&other.labels)
        };
        if found.len() == self.series.len() && found.iter().zip(&self.series).all(same) {
            return Ok(None);
        }
        // Another table even when the labels are the same: what was kept of a series that went and
        // came again is no longer true.
        *table = Table::new(found.iter().map(|one| one.labels.clone()).collect());
        Ok(Some(std::mem::replace(&mut self.series, found)))
    }
}

/// The newest samples of a selector.
#[derive(Debug)]
pub(super) struct Newest {
    pub(super) following: Following,
    pub(super) offset: Span,
}

impl Newest {
    /// The values at `at`, one a series.
    pub(super) fn advance(
        &mut self,
        data: &dyn Follow,
        at: Timestamp,
        (series_max, lookback): (usize, Span),
        (table, values): (&mut Table, &mut Vec<f64>),
    ) -> Result<(), EvalError> {
        self.following.refresh(data, series_max, table)?;
        values.clear();
        let to = at.saturating_sub(self.offset);
        let from = to.saturating_sub(lookback).saturating_add(Span(1));
        let Some(range) = TimeRange::new(from, to) else { return Ok(()) };
        let newest = |followed| data.newest(followed, range).map(|sample| sample.value);
        // A staleness marker has the bits of an absent cell, which is what it means.
        values.extend(self.following.series.iter().map(|one| newest(one).unwrap_or(ABSENT)));
        Ok(())
    }
}

/// The window of one series.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// Ascending; those before `from` have left the window.
    pub(super) samples: Vec<Sample>,
    pub(super) from: usize,
    /// How many samples were let go of before the first one that is here.
    pub(super) base: u64,
    /// The time of the last sample that was read, staleness markers included.
    seen: Option<Timestamp>,
    rewrites: u64,
    /// How often the window began anew.
    pub(super) epoch: u64,
}

impl Held {
    /// Brings the window to (start, end].
    fn advance(
        &mut self,
        data: &dyn Follow,
        followed: &Followed,
        start: Timestamp,
        end: Timestamp,
    ) {
        let known = self.samples.len();
        let after = self.seen.map_or(start, |seen| seen.max(start));
        let rewrites = data.since(followed, after, end, &mut self.samples);
        let begun = self.seen.is_some() || !self.samples.is_empty();
        if rewrites != Some(self.rewrites) && begun {
            self.base += self.samples.len() as u64;
            self.samples.clear();
            (self.from, self.epoch) = (0, self.epoch + 1);
            data.since(followed, start, end, &mut self.samples);
            self.take_in(0);
        } else {
            self.take_in(known);
        }
        self.rewrites = rewrites.unwrap_or_default();
        let left = self.samples.get(self.from..).unwrap_or_default();
        self.from += left.partition_point(|sample| sample.at <= start);
        if self.from >= SPENT_SAMPLES && self.from * 2 >= self.samples.len() {
            self.samples.drain(..self.from);
            self.base += self.from as u64;
            self.from = 0;
        }
    }

    /// Notes the last time and drops staleness markers among the samples from `known` on.
    fn take_in(&mut self, known: usize) {
        let fresh = self.samples.get(known..).unwrap_or_default();
        if let Some(last) = fresh.last() {
            self.seen = Some(last.at);
        }
        if fresh.iter().any(|sample| is_stale(sample.value)) {
            let fresh = self.samples.split_off(known);
            self.samples.extend(fresh.into_iter().filter(|sample| !is_stale(sample.value)));
        }
    }
}

/// The windows of a range selector.
#[derive(Debug)]
pub(super) struct Windows {
    pub(super) following: Following,
    pub(super) range: Span,
    pub(super) offset: Span,
    pub(super) held: Vec<Held>,
    /// The edges of the windows; the left one is outside.
    pub(super) edges: (Timestamp, Timestamp),
    /// How many samples there is room for.
    kept: usize,
}

impl Windows {
    pub(super) const fn new(matchers: Vec<Matcher>, range: Span, offset: Span) -> Self {
        let edges = (Timestamp(0), Timestamp(0));
        let following = Following::new(matchers);
        Self { following, range, offset, held: Vec::new(), edges, kept: 0 }
    }

    /// How many samples there is room for.
    pub(super) const fn samples(&self) -> usize {
        self.kept
    }

    /// Brings all windows to `at`.
    pub(super) fn advance(
        &mut self,
        data: &dyn Follow,
        at: Timestamp,
        (series_max, samples_max): (usize, u64),
        table: &mut Table,
    ) -> Result<(), EvalError> {
        if let Some(former) = self.following.refresh(data, series_max, table)? {
            self.carry(&former);
        }
        let end = at.saturating_sub(self.offset);
        let start = end.saturating_sub(self.range);
        self.edges = (start, end);
        let mut samples = 0;
        self.kept = 0;
        for (held, followed) in self.held.iter_mut().zip(&self.following.series) {
            held.advance(data, followed, start, end);
            self.kept += held.samples.capacity();
            samples += (held.samples.len() - held.from) as u64;
            if samples > samples_max {
                return Err(EvalError::Limit {
                    bound: Bound::Samples,
                    limit: samples_max,
                    samples,
                });
            }
        }
        Ok(())
    }

    /// Hands the windows of the former series on to the same series; both lists are sorted.
    fn carry(&mut self, former: &[Followed]) {
        let mut old = std::mem::take(&mut self.held).into_iter().zip(former).peekable();
        let carried = self.following.series.iter().map(|followed| {
            while old.next_if(|(_, one)| one.labels < followed.labels).is_some() {}
            let same =
                |one: &Followed| one.series == followed.series && one.labels.same(&followed.labels);
            old.next_if(|(_, one)| same(one)).map(|(held, _)| held).unwrap_or_default()
        });
        self.held = carried.collect();
    }

    /// The windows as a query that is asked once would read them.
    pub(super) fn selected(&self) -> Vec<Selected> {
        let windows = self.held.iter().zip(&self.following.series);
        let selected = windows.map(|(held, followed)| Selected {
            labels: followed.labels.clone(),
            kind: Kind::Float,
            samples: held.samples.get(held.from..).unwrap_or_default().to_vec(),
            rolled: None,
        });
        selected.filter(|one| !one.samples.is_empty()).collect()
    }
}
