//! Range vectors: the samples of each series, and the window that each step sees of them.

use std::iter;

use crate::model::{Kind, Rolled, Sample, Selected, Span, Timestamp, is_absent};

use super::super::ast::{Expr, Length, Shift};
use super::grid::{Steps, Target, positive_length};
use super::vector::{Column, Vector, cell};
use super::{EvalError, Evaluator};

/// The inner step of a subquery that names none: the usual evaluation interval.
pub(super) const SUBQUERY_STEP: Span = Span::from_secs(60);

/// A range vector: what each step sees of a series is the samples in (target − range, target].
pub(super) struct Matrix {
    pub(super) series: Vec<Selected>,
    pub(super) range: Span,
    pub(super) target: Target,
}

/// What one step sees of one series.
pub(super) struct Window<'a> {
    /// All samples of the series.
    pub(super) all: &'a [Sample],
    /// The first one inside.
    pub(super) from: usize,
    /// The one after the last inside.
    pub(super) to: usize,
    /// The right edge, which is inside.
    pub(super) end: Timestamp,
    /// The left edge, which is outside.
    pub(super) start: Timestamp,
    /// The time of the step.
    pub(super) time: Timestamp,
    /// Which step.
    pub(super) step: usize,
    /// What the samples stand for, where that is more than themselves.
    pub(super) rolled: Option<&'a Summed>,
}

/// How many samples all those before the first one, before the second one, and so on, stand for.
#[derive(Debug)]
pub(super) struct Summed(Vec<u64>);

impl Summed {
    fn new(rolled: &Rolled) -> Self {
        let sums = rolled.counts.iter().scan(0, |sum, count| {
            *sum += u64::from(*count);
            Some(*sum)
        });
        Self(iter::once(0).chain(sums).collect())
    }

    fn between(&self, from: usize, to: usize) -> u64 {
        let before = |index: usize| self.0.get(index).copied().unwrap_or_default();
        before(to) - before(from)
    }
}

impl<'a> Window<'a> {
    /// A window that holds all samples of a series.
    #[cfg(test)]
    pub(super) fn whole(all: &'a [Sample], start: Timestamp, end: Timestamp) -> Self {
        Self { all, from: 0, to: all.len(), end, start, time: end, step: 0, rolled: None }
    }

    /// The samples inside, oldest first.
    pub(super) fn samples(&self) -> &'a [Sample] {
        self.all.get(self.from..self.to).unwrap_or_default()
    }

    /// How many samples those inside stand for.
    pub(super) fn count(&self) -> u64 {
        let own = self.to.saturating_sub(self.from) as u64;
        self.rolled.map_or(own, |summed| summed.between(self.from, self.to))
    }

    /// Whether some samples stand for more than themselves.
    pub(super) const fn is_rolled(&self) -> bool {
        self.rolled.is_some()
    }

    /// The values inside, oldest first.
    pub(super) fn values(&self) -> impl ExactSizeIterator<Item = f64> + 'a {
        self.samples().iter().map(|sample| sample.value)
    }
}

/// A function of the samples in a window.
pub(super) trait WindowFunction {
    /// Prepares for the windows of a series.
    fn begin(&mut self, _samples: &[Sample], _rolled: Option<&Rolled>) {}

    /// The value for one window, which holds at least one sample; windows come in order.
    fn value(&mut self, window: &Window<'_>) -> Option<f64>;

    /// Whether each window is walked in full; others cost no more than a step.
    fn walks(&self) -> bool {
        true
    }
}

/// A function that needs no preparation.
pub(super) struct Plain<F>(pub(super) F);

impl<F: FnMut(&Window<'_>) -> Option<f64>> WindowFunction for Plain<F> {
    fn value(&mut self, window: &Window<'_>) -> Option<f64> {
        (self.0)(window)
    }
}

/// A function that looks at the ends of a window alone.
pub(super) struct Ends<F>(pub(super) F);

impl<F: FnMut(&Window<'_>) -> Option<f64>> WindowFunction for Ends<F> {
    fn value(&mut self, window: &Window<'_>) -> Option<f64> {
        (self.0)(window)
    }

    fn walks(&self) -> bool {
        false
    }
}

/// How often `samples` evenly spread samples are looked at when the windows of `count` steps are
/// walked: each lies in as many windows as there are steps in a range.
pub(super) fn looks(samples: u64, range: Span, step: Span, count: u64) -> u64 {
    let windows = if step.0 > 0 { (range.0 / step.0).max(1).unsigned_abs() } else { 1 };
    samples.saturating_mul(windows.min(count))
}

impl Evaluator<'_> {
    /// Applies `function` to every window of every series. Names stay.
    pub(super) fn over_windows(
        &mut self,
        matrix: Matrix,
        function: &mut impl WindowFunction,
    ) -> Result<Vector, EvalError> {
        self.budget.hold(matrix.series.len(), self.steps.count)?;
        if function.walks() {
            let samples = matrix.series.iter().map(|series| series.samples.len() as u64).sum();
            let (step, count) = (self.steps.step, self.steps.count as u64);
            self.budget.affords(looks(samples, matrix.range, step, count))?;
        }
        let mut columns = Vec::with_capacity(matrix.series.len());
        for series in matrix.series {
            function.begin(&series.samples, series.rolled.as_ref());
            let summed = series.rolled.as_ref().map(Summed::new);
            let mut values = Vec::with_capacity(self.steps.count);
            let (mut from, mut to) = (0, 0);
            for (step, time) in self.steps.times().enumerate() {
                let end = matrix.target.of(time);
                let start = end.saturating_sub(matrix.range);
                let all = series.samples.as_slice();
                while all.get(to).is_some_and(|sample| sample.at <= end) {
                    to += 1;
                }
                while from < to && all.get(from).is_some_and(|sample| sample.at <= start) {
                    from += 1;
                }
                self.budget.work(if function.walks() { (to - from) as u64 } else { 0 })?;
                self.see(step, (to - from) as u64);
                let rolled = summed.as_ref();
                let window = Window { all, from, to, end, start, time, step, rolled };
                values.push(cell(if from < to { function.value(&window) } else { None }));
            }
            let column = Column { labels: series.labels, values };
            if !column.is_empty() {
                columns.push(column);
            }
        }
        Ok(Vector::new(columns))
    }

    /// Evaluates `expr` at the multiples of the inner step that any outer step sees.
    pub(super) fn subquery(
        &mut self,
        expr: &Expr,
        range: &Length,
        step: Option<&Length>,
        shift: &Shift,
    ) -> Result<Matrix, EvalError> {
        let target = Target::new(shift, &self.grid)?;
        let range = positive_length(range, &self.grid)?;
        let step = step.map_or(Ok(SUBQUERY_STEP), |step| positive_length(step, &self.grid))?;
        let Some(inner) = self.steps.inside(&target, range, step, &self.budget)? else {
            return Ok(Matrix { series: Vec::new(), range, target });
        };
        let outer = std::mem::replace(&mut self.steps, inner);
        let inside = std::mem::replace(&mut self.inside, true);
        let vector = self.vector(expr);
        (self.steps, self.inside) = (outer, inside);
        let series = vector?.columns.into_iter().map(|column| samples_of(column, inner));
        let series: Vec<Selected> = series.filter(|one| !one.samples.is_empty()).collect();
        self.budget.spend(series.iter().map(|one| one.samples.len() as u64).sum())?;
        Ok(Matrix { series, range, target })
    }
}

fn samples_of(column: Column, steps: Steps) -> Selected {
    let cells = steps.times().zip(&column.values).filter(|(_, value)| !is_absent(**value));
    let samples = cells.map(|(at, value)| Sample::new(at, *value)).collect();
    Selected { labels: column.labels, kind: Kind::Float, samples, rolled: None }
}
