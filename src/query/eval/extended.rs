//! `anchored` and `smoothed` selectors: windows that look beyond their edges.
//!
//! An anchored window begins with the last sample before it, so that changes across its edge are
//! seen and nothing is extrapolated. A smoothed one is interpolated at both edges from the samples
//! on either side (Prometheus, `promql/functions.go`, `extendedRate`).

use crate::model::{ABSENT, Sample, Span, Timestamp, is_stale};

use super::super::ast::{Edge, Expr, Length, Node, Selector};
use super::grid::Target;
use super::rate::Change;
use super::select::Wanted;
use super::vector::{Column, Vector, cell};
use super::window::Matrix;
use super::{EvalError, Evaluated, Evaluator, mistyped, without_parens};

/// What may be asked of a window that looks beyond its edges.
#[derive(Clone, Copy)]
enum Function {
    Change(Change),
    Changes,
    Resets,
}

impl Function {
    /// The function of this name, if windows with this edge can be given to it.
    fn new(name: &str, edge: Edge) -> Result<Self, EvalError> {
        let function = match name {
            "rate" => Some(Self::Change(Change::Rate)),
            "increase" => Some(Self::Change(Change::Increase)),
            "delta" => Some(Self::Change(Change::Delta)),
            "changes" if edge == Edge::Anchored => Some(Self::Changes),
            "resets" if edge == Edge::Anchored => Some(Self::Resets),
            _ => None,
        };
        function.ok_or_else(|| {
            let (modifier, fit) = match edge {
                Edge::Smoothed => ("smoothed", "delta, increase, rate"),
                Edge::Anchored | Edge::Plain => {
                    ("anchored", "changes, delta, increase, rate, resets")
                }
            };
            EvalError::execution(format!(
                "{modifier} modifier can only be used with: {fit} - not with {name}"
            ))
        })
    }
}

impl Evaluator<'_> {
    /// The value of a call whose windows look beyond their edges; nothing when they do not.
    pub(super) fn extended(
        &mut self,
        name: &str,
        args: &[Expr],
    ) -> Result<Option<Evaluated>, EvalError> {
        let ranges = args.iter().map(without_parens).filter_map(|arg| match &arg.node {
            Node::Range { selector, range, edge } if *edge != Edge::Plain => {
                Some((selector, range, *edge))
            }
            _ => None,
        });
        let Some((selector, range, edge)) = ranges.into_iter().next() else { return Ok(None) };
        let function = Function::new(name, edge)?;
        let vector = self.extended_windows(selector, range, edge, function)?;
        Ok(Some(Evaluated::Vector(vector.drop_names()?)))
    }

    fn extended_windows(
        &mut self,
        selector: &Selector,
        range: &Length,
        edge: Edge,
        function: Function,
    ) -> Result<Vector, EvalError> {
        let Matrix { series, range, target } = self.extended_range(selector, range, edge, None)?;
        self.budget.hold(series.len(), self.steps.count)?;
        let ahead = if edge == Edge::Smoothed { self.limits.lookback } else { Span::ZERO };
        let mut columns = Vec::with_capacity(series.len());
        for one in series {
            let all = one.samples.as_slice();
            let (mut from, mut to) = (0, 0);
            let mut values = Vec::with_capacity(self.steps.count);
            for time in self.steps.times() {
                let end = target.of(time);
                let start = end.saturating_sub(range);
                let (first, last) =
                    (start.saturating_sub(self.limits.lookback), end.saturating_add(ahead));
                while all.get(to).is_some_and(|sample| sample.at <= last) {
                    to += 1;
                }
                while from < to && all.get(from).is_some_and(|sample| sample.at <= first) {
                    from += 1;
                }
                self.budget.work((to - from) as u64)?;
                let samples = all.get(from..to).unwrap_or_default();
                values.push(cell(value(function, edge, samples, start, end, range.seconds())));
            }
            columns.push(Column { labels: one.labels, values });
        }
        let mut vector = Vector::new(columns);
        vector.prune();
        Ok(vector)
    }

    /// The values of an instant selector that is interpolated between its samples.
    pub(super) fn smoothed(&mut self, selector: &Selector) -> Result<Vector, EvalError> {
        if selector.edge != Edge::Smoothed {
            return Err(mistyped("an instant vector: `anchored` needs a range"));
        }
        let lookback = self.limits.lookback;
        let target = Target::new(&selector.shift, &self.grid)?;
        let (first, last) = (target.of(self.steps.start), target.of(self.steps.last()));
        let last = last.saturating_add(lookback);
        let mut series = self.read(&selector.matchers, (first, last), lookback, Wanted::ALL)?;
        let mut columns = Vec::with_capacity(series.len());
        for one in &mut series {
            one.samples.retain(|sample| !is_stale(sample.value));
            self.budget.work(self.steps.count as u64)?;
            let value = |time: Timestamp| {
                let at = target.of(time);
                let next = one.samples.partition_point(|sample| sample.at < at);
                let after = one.samples.get(next).filter(|after| after.at - lookback <= at);
                let before = next.checked_sub(1).and_then(|before| one.samples.get(before));
                let before = before.filter(|before| before.at + lookback > at);
                match (before, after) {
                    (_, Some(after)) if after.at == at => after.value,
                    (Some(before), Some(after)) => between(before, after, at, false),
                    (Some(before), None) => before.value,
                    (None, _) => ABSENT,
                }
            };
            let values = self.steps.times().map(value).collect();
            columns.push(Column { labels: one.labels.clone(), values });
        }
        let mut vector = Vector::new(columns);
        vector.prune();
        Ok(vector)
    }
}

/// The value for one window; `samples` reach beyond its edges.
fn value(
    function: Function,
    edge: Edge,
    samples: &[Sample],
    start: Timestamp,
    end: Timestamp,
    seconds: f64,
) -> Option<f64> {
    let newest = samples.len().checked_sub(1)?;
    let before = samples.get(..newest)?.partition_point(|sample| sample.at <= start);
    let first = before.saturating_sub(1);
    match function {
        Function::Change(change) => {
            let smoothed = edge == Edge::Smoothed;
            let last = if smoothed {
                samples.get(..newest)?.partition_point(|sample| sample.at < end)
            } else {
                newest
            };
            let inside =
                samples.get(last)?.at > start && !(smoothed && samples.get(first)?.at > end);
            inside.then(|| difference(change, smoothed, samples, (first, last), (start, end)))?.map(
                |difference| {
                    if change == Change::Rate { difference / seconds } else { difference }
                },
            )
        }
        _ if samples.get(newest)?.at <= start => None,
        Function::Changes => Some(pairs(samples.get(first..)?, |old, new| {
            new != old && !(new.is_nan() && old.is_nan())
        })),
        Function::Resets => Some(pairs(samples.get(first..)?, |old, new| new < old)),
    }
}

fn pairs(samples: &[Sample], counts: impl Fn(f64, f64) -> bool) -> f64 {
    samples.windows(2).filter(|pair| counts(pair[0].value, pair[1].value)).count() as f64
}

/// From edge to edge, with what a counter lost by resets in between.
fn difference(
    change: Change,
    smoothed: bool,
    samples: &[Sample],
    (first, last): (usize, usize),
    (start, end): (Timestamp, Timestamp),
) -> Option<f64> {
    let counter = change != Change::Delta;
    let (one, two) = (samples.get(first)?, samples.get(last)?);
    let left = match samples.get(first + 1) {
        Some(next) if smoothed && one.at < start => between(one, next, start, counter),
        _ => one.value,
    };
    let right = match last.checked_sub(1).and_then(|before| samples.get(before)) {
        Some(before) if smoothed && two.at > end => between(before, two, end, counter),
        _ => two.value,
    };
    let mut difference = right - left;
    if counter {
        let inside = samples.get(first..=last)?;
        let inside = inside.iter().filter(|sample| sample.at > start && sample.at < end);
        let mut before = left;
        for value in inside.map(|sample| sample.value).chain([right]) {
            if value < before {
                difference += before;
            }
            before = value;
        }
    }
    Some(difference)
}

/// On the line between two samples; a counter that was reset between them begins again at zero.
fn between(one: &Sample, two: &Sample, at: Timestamp, counter: bool) -> f64 {
    let from = if counter && two.value < one.value { 0.0 } else { one.value };
    let part = (at - one.at).millis() as f64 / (two.at - one.at).millis() as f64;
    from + (two.value - from) * part
}
