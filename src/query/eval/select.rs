//! Selectors: one read of the data for all steps, then one walk over the samples of each series.

use crate::model::{
    ABSENT, Aggregate, Coarse, Matcher, Sample, Selected, Selection, Span, TimeRange, Timestamp,
    is_absent, is_stale,
};

use super::super::ast::{Edge, Length, Selector};
use super::grid::{Target, positive_length};
use super::vector::{Column, Vector};
use super::window::Matrix;
use super::{EvalError, Evaluator};

impl Evaluator<'_> {
    /// The values of an instant selector.
    pub(super) fn instant(&mut self, selector: &Selector) -> Result<Vector, EvalError> {
        if selector.edge != Edge::Plain {
            return self.smoothed(selector);
        }
        self.newest(selector, |sample| sample.value)
    }

    /// The times of an instant selector's samples, in seconds.
    pub(super) fn sample_times(&mut self, selector: &Selector) -> Result<Vector, EvalError> {
        self.newest(selector, |sample| sample.at.seconds())
    }

    fn newest(
        &mut self,
        selector: &Selector,
        read: impl Fn(&Sample) -> f64,
    ) -> Result<Vector, EvalError> {
        plain(selector.edge)?;
        let target = Target::new(&selector.shift, &self.grid)?;
        let lookback = self.limits.lookback;
        let (first, last) = (target.of(self.steps.start), target.of(self.steps.last()));
        let wanted = Wanted {
            newest_only: self.steps.count == 1,
            // How far a step looks back needs no edge: the newest sample has its own time.
            coarse: Some(Coarse {
                every: self.steps.every(&target, Span::ZERO),
                aggregate: Aggregate::Newest,
            }),
        };
        let series = self.read(&selector.matchers, (first, last), lookback, wanted)?;
        let mut columns = Vec::with_capacity(series.len());
        for one in series {
            self.budget.work(self.steps.count as u64)?;
            let mut values = Vec::with_capacity(self.steps.count);
            let mut seen = 0;
            for time in self.steps.times() {
                let to = target.of(time);
                while one.samples.get(seen).is_some_and(|sample| sample.at <= to) {
                    seen += 1;
                }
                let from = to.saturating_sub(lookback);
                let sample = seen.checked_sub(1).and_then(|newest| one.samples.get(newest));
                values.push(match sample {
                    Some(sample) if sample.at > from && !is_stale(sample.value) => read(sample),
                    _ => ABSENT,
                });
            }
            let column = Column { labels: one.labels, values };
            if !column.is_empty() {
                self.see_column(&column);
                columns.push(column);
            }
        }
        Ok(Vector::new(columns))
    }

    fn see_column(&mut self, column: &Column) {
        if self.seen.is_some() {
            for (step, value) in column.values.iter().enumerate() {
                self.see(step, u64::from(!is_absent(*value)));
            }
        }
    }

    /// The windows of a range selector, of which an aggregate may be all that is wanted; staleness
    /// markers are left out.
    pub(super) fn range(
        &mut self,
        selector: &Selector,
        range: &Length,
        edge: Edge,
        aggregate: Option<Aggregate>,
    ) -> Result<Matrix, EvalError> {
        plain(edge)?;
        self.extended_range(selector, range, edge, aggregate)
    }

    /// The windows of a range selector with the samples that its edges look at.
    pub(super) fn extended_range(
        &mut self,
        selector: &Selector,
        range: &Length,
        edge: Edge,
        aggregate: Option<Aggregate>,
    ) -> Result<Matrix, EvalError> {
        let target = Target::new(&selector.shift, &self.grid)?;
        let range = positive_length(range, &self.grid)?;
        let beyond = |looks: bool| if looks { self.limits.lookback } else { Span::ZERO };
        let (before, behind) = (beyond(edge != Edge::Plain), beyond(edge == Edge::Smoothed));
        let first = target.of(self.steps.start);
        let last = target.of(self.steps.last()).saturating_add(behind);
        let back = Span(range.0.saturating_add(before.0));
        let every = self.steps.every(&target, range);
        let coarse = aggregate.map(|aggregate| Coarse { every, aggregate });
        let wanted = Wanted { newest_only: false, coarse };
        let mut series = self.read(&selector.matchers, (first, last), back, wanted)?;
        series.iter_mut().for_each(drop_markers);
        series.retain(|one| !one.samples.is_empty());
        Ok(Matrix { series, range, target })
    }

    /// The samples in (first − back, last] of the series that pass.
    pub(super) fn read(
        &mut self,
        matchers: &[Matcher],
        (first, last): (Timestamp, Timestamp),
        back: Span,
        wanted: Wanted,
    ) -> Result<Vec<Selected>, EvalError> {
        let from = first.saturating_sub(back).saturating_add(Span(1));
        let Some(range) = TimeRange::new(from, last) else {
            return Ok(Vec::new());
        };
        self.budget.work(0)?;
        let selection = Selection {
            matchers,
            range,
            newest_only: wanted.newest_only,
            coarse: wanted.coarse,
            series_max: self.limits.series_max,
            samples_max: usize::try_from(self.budget.samples_left()).unwrap_or(usize::MAX),
        };
        let series = self.data.select(&selection).map_err(|error| self.budget.refused(&error))?;
        self.budget.spend(series.iter().map(|one| one.samples.len() as u64).sum())?;
        self.budget.hold(series.len(), self.steps.count)?;
        Ok(series)
    }
}

/// What is wanted of the series that pass.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    pub(super) newest_only: bool,
    pub(super) coarse: Option<Coarse>,
}

impl Wanted {
    /// Each sample.
    pub(super) const ALL: Self = Self { newest_only: false, coarse: None };
}

/// Leaves the staleness markers of a series out, with what they stand for.
fn drop_markers(series: &mut Selected) {
    if !series.samples.iter().any(|sample| is_stale(sample.value)) {
        return;
    }
    if let Some(rolled) = &mut series.rolled {
        let stays = || series.samples.iter().map(|sample| !is_stale(sample.value));
        let (mut counts, mut lost) = (stays(), stays());
        rolled.counts.retain(|_| counts.next().unwrap_or(true));
        rolled.lost.retain(|_| lost.next().unwrap_or(true));
    }
    series.samples.retain(|sample| !is_stale(sample.value));
}

fn plain(edge: Edge) -> Result<(), EvalError> {
    let name = match edge {
        Edge::Plain => return Ok(()),
        Edge::Anchored => "anchored",
        Edge::Smoothed => "smoothed",
    };
    Err(EvalError::execution(format!(
        "{name} modifier can only be used with a range that rate, increase or delta look at"
    )))
}
