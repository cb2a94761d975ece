//! The times at which a query is evaluated: the grid that is asked for, and the steps made of it.

use crate::model::{Span, Timestamp};

use super::super::ast::BinaryOp;
use super::super::ast::{At, Length, LengthExpr, LengthNode, Shift};
use super::limits::Budget;
use super::{Bound, EvalError};

/// The times asked for: `start`, `start + step`, … up to and including `end`. It begins at `start`
/// and is never moved to multiples of `step`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    /// The first time.
    pub start: Timestamp,
    /// No time lies after this one.
    pub end: Timestamp,
    /// From one time to the next; zero for a single time.
    pub step: Span,
}

impl Grid {
    /// The single time `at`: an instant query.
    ///
    /// ```
    /// use watchglass::model::Timestamp;
    /// use watchglass::query::Grid;
    /// assert_eq!(Grid::at(Timestamp(5)).count(), 1);
    /// ```
    pub const fn at(at: Timestamp) -> Self {
        Self { start: at, end: at, step: Span::ZERO }
    }

    /// How many times there are; none when the end lies before the start.
    ///
    /// ```
    /// use watchglass::model::{Span, Timestamp};
    /// use watchglass::query::Grid;
    /// let grid = Grid { start: Timestamp(500), end: Timestamp(2600), step: Span(1000) };
    /// assert_eq!(grid.count(), 3);
    /// ```
    pub fn count(&self) -> u64 {
        match i128::from(self.end.0) - i128::from(self.start.0) {
            length if length < 0 => 0,
            0 => 1,
            _ if self.step.0 <= 0 => 1,
            length => u64::try_from(length / i128::from(self.step.0) + 1).unwrap_or(u64::MAX),
        }
    }

    /// Whether this is an instant query: one time and no step.
    pub const fn is_instant(&self) -> bool {
        self.start.0 == self.end.0 && self.step.0 == 0
    }
}

/// Evenly spaced evaluation times, at least one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Steps {
    pub(super) start: Timestamp,
    pub(super) step: Span,
    pub(super) count: usize,
}

impl Steps {
    /// All times of a grid, within the limit of steps.
    pub(super) fn of(grid: &Grid, budget: &Budget<'_>) -> Result<Self, EvalError> {
        let most = budget.points_max();
        match grid.count() {
            0 => Err(EvalError::execution("the end of the range lies before its start")),
            count if count > most.saturating_add(1) => Err(budget.exceeded(Bound::Points, most)),
            count => Ok(Self { start: grid.start, step: grid.step, count: count as usize }),
        }
    }

    /// The multiples of `step` that a subquery over `range` sees from these steps; nothing when
    /// there are none. The left edge is open: a multiple that lies on it is outside.
    pub(super) fn inside(
        self,
        target: &Target,
        range: Span,
        step: Span,
        budget: &Budget<'_>,
    ) -> Result<Option<Self>, EvalError> {
        let (first, last) = (target.of(self.start), target.of(self.last()));
        let start = first.saturating_sub(range).floor_to(step).saturating_add(step);
        if start > last {
            return Ok(None);
        }
        let count = (i128::from(last.0) - i128::from(start.0)) / i128::from(step.0) + 1;
        let (count, most) = (u64::try_from(count).unwrap_or(u64::MAX), budget.samples_max());
        if count > most {
            return Err(budget.exceeded(Bound::Samples, most));
        }
        Ok(Some(Self { start, step, count: count as usize }))
    }

    /// The time of a step.
    pub(super) fn time(&self, index: usize) -> Timestamp {
        Timestamp(self.start.0.saturating_add(self.step.0.saturating_mul(index as i64)))
    }

    /// The time of the last step.
    pub(super) fn last(&self) -> Timestamp {
        self.time(self.count.saturating_sub(1))
    }

    /// What all edges of the windows over `range` are multiples of, that these steps see through
    /// `target`; zero when they are all at zero.
    pub(super) fn every(&self, target: &Target, range: Span) -> Span {
        let step = if self.count > 1 && !target.is_fixed() { self.step } else { Span::ZERO };
        let edge = target.of(self.start).0.unsigned_abs();
        let lengths = [step, range].map(|span| span.0.unsigned_abs());
        let every = lengths.into_iter().fold(edge, common_divisor);
        Span(i64::try_from(every).unwrap_or(i64::MAX))
    }

    /// The times of all steps.
    pub(super) fn times(self) -> impl Iterator<Item = Timestamp> {
        (0..self.count).map(move |index| self.time(index))
    }
}

/// The greatest number that divides both; the other one when one is zero (Euclid).
const fn common_divisor(mut one: u64, mut other: u64) -> u64 {
    while other > 0 {
        (one, other) = (other, one % other);
    }
    one
}

/// Where a selector looks from, given the time of a step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target {
    fixed: Option<Timestamp>,
    offset: Span,
}

impl Target {
    /// The target of a selector with these modifiers inside a query over `grid`.
    pub(super) fn new(shift: &Shift, grid: &Grid) -> Result<Self, EvalError> {
        let offset = shift.offset.as_ref().map_or(Ok(Span::ZERO), |offset| length(offset, grid))?;
        let fixed = shift.at.map(|at| match at {
            At::Time(time) => time,
            At::Start => grid.start,
            At::End => grid.end,
        });
        Ok(Self { fixed, offset })
    }

    /// Whether all steps look back from the same time.
    const fn is_fixed(&self) -> bool {
        self.fixed.is_some()
    }

    /// The time that a step at `time` looks back from.
    pub(super) fn of(&self, time: Timestamp) -> Timestamp {
        self.fixed.unwrap_or(time).saturating_sub(self.offset)
    }
}

/// The length of time that `length` means in a query over `grid`.
pub(in super::super) fn length(length: &Length, grid: &Grid) -> Result<Span, EvalError> {
    match length {
        Length::Fixed(span) => Ok(*span),
        Length::Computed(expr) => {
            let millis = seconds(expr, grid) * 1000.0;
            // Beyond a few hundred million years a length means nothing and would overflow.
            if millis.is_finite() && millis.abs() < 1e19 {
                Ok(Span(millis.round() as i64))
            } else {
                Err(EvalError::execution(format!(
                    "a computed duration is {} seconds",
                    millis / 1e3
                )))
            }
        }
    }
}

/// As [`length`], for a range or a step, which must be positive.
pub(super) fn positive_length(of: &Length, grid: &Grid) -> Result<Span, EvalError> {
    match length(of, grid)? {
        span if span.0 > 0 => Ok(span),
        span => Err(EvalError::execution(format!(
            "a range or step is `{span}` here, and must be longer than nothing"
        ))),
    }
}

fn seconds(expr: &LengthExpr, grid: &Grid) -> f64 {
    match &expr.node {
        LengthNode::Seconds(seconds) => *seconds,
        LengthNode::Step => grid.step.seconds(),
        LengthNode::Range => Span(grid.end.0.saturating_sub(grid.start.0)).seconds(),
        LengthNode::Negate(inner) => -seconds(inner, grid),
        LengthNode::Min(a, b) => seconds(a, grid).min(seconds(b, grid)),
        LengthNode::Max(a, b) => seconds(a, grid).max(seconds(b, grid)),
        LengthNode::Binary(op, a, b) => {
            let (a, b) = (seconds(a, grid), seconds(b, grid));
            match op {
                BinaryOp::Add => a + b,
                BinaryOp::Sub => a - b,
                BinaryOp::Mul => a * b,
                BinaryOp::Div => a / b,
                BinaryOp::Mod => a % b,
                BinaryOp::Pow => a.powf(b),
                // The grammar allows no other operator between durations.
                _ => f64::NAN,
            }
        }
    }
}
