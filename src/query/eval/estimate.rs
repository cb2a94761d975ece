//! What an evaluation will cost, found before it begins: from the plan, the times, and how many
//! series and samples the data say there are. No sample is read.
//!
//! Where it cannot be known, the least is taken, so that nothing is refused that would fit: how
//! many groups an aggregation has, and how many elements find a partner. What then turns out to be
//! too much ends in the evaluation itself.

use crate::model::{Aggregate, Coarse, Matcher, Select, Span, TimeRange, Timestamp};

use super::super::ast::{
    Aggregate as Aggregation, Binary, Edge, Expr, Length, Node, Selector, Shift, ValueType,
};
use super::super::plan::Plan;
use super::grid::{Grid, Steps, Target, positive_length};
use super::limits::{Budget, Limits};
use super::window::{SUBQUERY_STEP, looks};
use super::{Bound, EvalError, call, is_step_invariant, is_work};

/// What an evaluation costs at least.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// Samples that are read.
    pub samples: u64,
    /// How often a sample is looked at, or a value computed.
    pub work: u64,
}

/// What evaluating `plan` over `data` at every time of the grid will cost at least.
///
/// # Errors
/// When that is more than the limits allow, or a computed length is none.
///
/// ```
/// # use watchglass::model::*;
/// # use watchglass::query::{Grid, Limits, Options, Plan, estimate};
/// # use watchglass::store::{Options as StoreOptions, Store};
/// let store = Store::new(&StoreOptions::default(), Span::from_secs(3600), Span::from_secs(60));
/// let limits = Limits::from(&Options::default());
/// let dear = Plan::new("sum_over_time(vector(1)[1y:1ms])").unwrap();
/// assert!(estimate(&dear, &store, Grid::at(Timestamp(0)), &limits).is_err());
/// ```
pub fn estimate(
    plan: &Plan,
    data: &dyn Select,
    grid: Grid,
    limits: &Limits,
) -> Result<Cost, EvalError> {
    let budget = Budget::new(limits);
    let steps = Steps::of(&grid, &budget)?;
    let mut estimator = Estimator { data, limits, grid, steps, budget, cost: Cost::default() };
    estimator.rows(plan.expr())?;
    Ok(estimator.cost)
}

struct Estimator<'a> {
    data: &'a dyn Select,
    limits: &'a Limits,
    grid: Grid,
    steps: Steps,
    budget: Budget<'a>,
    cost: Cost,
}

impl Estimator<'_> {
    /// How many series an expression has at least, with its cost taken.
    fn rows(&mut self, expr: &Expr) -> Result<u64, EvalError> {
        if self.steps.count > 1 && is_work(expr) && is_step_invariant(expr) {
            let steps = self.steps;
            self.steps.count = 1;
            let rows = self.rows(expr);
            self.steps = steps;
            return rows;
        }
        match &expr.node {
            Node::Number(_) | Node::String(_) => Ok(0),
            Node::Selector(selector) => {
                let count = self.steps.count as u64;
                // How far a step looks back needs no edge.
                let newest = Some((Aggregate::Newest, Span::ZERO));
                let (series, samples) = self.read(selector, self.limits.lookback, newest)?;
                self.take(if count == 1 { series } else { samples }, series.saturating_mul(count))?;
                Ok(series)
            }
            Node::Range { .. } | Node::Subquery { .. } => self.windows(expr, (true, None)),
            Node::Paren(inner) | Node::Unary { expr: inner, .. } => self.rows(inner),
            Node::Binary(binary) => self.binary(binary),
            Node::Call { function, args } => {
                let looks = (call::walks(function.name()), call::aggregate(function.name()));
                let reads =
                    |arg: &Expr| matches!(arg.value_type(), ValueType::Vector | ValueType::Matrix);
                let mut most = u64::from(!args.iter().any(reads));
                for arg in args {
                    let rows = match arg.value_type() {
                        ValueType::Matrix => self.windows(arg, looks)?,
                        _ => self.rows(arg)?,
                    };
                    most = most.max(rows);
                }
                Ok(if function.result() == ValueType::Scalar { 0 } else { most })
            }
            Node::Aggregate(aggregate) => self.aggregate(aggregate),
        }
    }

    fn binary(&mut self, binary: &Binary) -> Result<u64, EvalError> {
        let (left, right) = (self.rows(&binary.lhs)?, self.rows(&binary.rhs)?);
        self.take(0, left.saturating_add(right).saturating_mul(self.steps.count as u64))?;
        let vectors = (binary.lhs.value_type(), binary.rhs.value_type());
        Ok(if vectors == (ValueType::Vector, ValueType::Vector) {
            left.min(right)
        } else {
            left.max(right)
        })
    }

    fn aggregate(&mut self, aggregate: &Aggregation) -> Result<u64, EvalError> {
        if let Some(param) = &aggregate.param {
            self.rows(param)?;
        }
        let rows = self.rows(&aggregate.expr)?;
        self.take(0, rows.saturating_mul(self.steps.count as u64))?;
        Ok(rows.min(1))
    }

    /// The windows of a range vector, which are walked or only looked at, for an aggregate or for
    /// each sample.
    fn windows(
        &mut self,
        expr: &Expr,
        (walks, aggregate): (bool, Option<Aggregate>),
    ) -> Result<u64, EvalError> {
        let (series, samples, range, spacing) = match &expr.node {
            Node::Paren(inner) => return self.windows(inner, (walks, aggregate)),
            Node::Range { selector, range, edge } => {
                let range = positive_length(range, &self.grid)?;
                let aggregate = aggregate.filter(|_| *edge == Edge::Plain);
                let aggregate = aggregate.map(|aggregate| (aggregate, range));
                let (series, samples) = self.read(selector, range, aggregate)?;
                self.take(samples, 0)?;
                (series, samples, range, self.steps.step)
            }
            Node::Subquery { expr, range, step, shift } => {
                let range = positive_length(range, &self.grid)?;
                let (series, samples) = self.subquery(expr, range, step.as_ref(), shift)?;
                (series, samples, range, self.steps.step)
            }
            _ => return self.rows(expr),
        };
        let count = self.steps.count as u64;
        let looked = if walks { looks(samples, range, spacing, count) } else { 0 };
        self.take(0, looked.max(series.saturating_mul(count)))?;
        Ok(series)
    }

    /// The series of a subquery and all their points.
    fn subquery(
        &mut self,
        expr: &Expr,
        range: Span,
        step: Option<&Length>,
        shift: &Shift,
    ) -> Result<(u64, u64), EvalError> {
        let step = step.map_or(Ok(SUBQUERY_STEP), |step| positive_length(step, &self.grid))?;
        let target = Target::new(shift, &self.grid)?;
        let Some(inner) = self.steps.inside(&target, range, step, &self.budget)? else {
            return Ok((0, 0));
        };
        let outer = std::mem::replace(&mut self.steps, inner);
        let rows = self.rows(expr);
        self.steps = outer;
        let rows = rows?;
        Ok((rows, rows.saturating_mul(inner.count as u64)))
    }

    /// The series of a selector and their samples, over all steps.
    fn read(
        &self,
        selector: &Selector,
        back: Span,
        aggregate: Option<(Aggregate, Span)>,
    ) -> Result<(u64, u64), EvalError> {
        let target = Target::new(&selector.shift, &self.grid)?;
        let (first, last) = (target.of(self.steps.start), target.of(self.steps.last()));
        let coarse = aggregate.map(|(aggregate, range)| {
            let every = self.steps.every(&target, range);
            Coarse { every, aggregate }
        });
        let (series, samples) = self.measure(&selector.matchers, (first, last), back, coarse);
        let most = self.limits.series_max as u64;
        if series > most {
            return Err(self.budget.exceeded(Bound::Series, most));
        }
        Ok((series, samples))
    }

    fn measure(
        &self,
        matchers: &[Matcher],
        (first, last): (Timestamp, Timestamp),
        back: Span,
        coarse: Option<Coarse>,
    ) -> (u64, u64) {
        let from = first.saturating_sub(back).saturating_add(Span(1));
        let Some(range) = TimeRange::new(from, last) else { return (0, 0) };
        let measure = self.data.measure(matchers, range, coarse);
        (measure.series, measure.samples)
    }

    fn take(&mut self, samples: u64, work: u64) -> Result<(), EvalError> {
        self.cost.samples = self.cost.samples.saturating_add(samples);
        self.cost.work = self.cost.work.saturating_add(samples).saturating_add(work);
        if self.cost.samples > self.limits.samples_max {
            return Err(self.budget.exceeded(Bound::Samples, self.limits.samples_max));
        }
        self.budget.affords(self.cost.work)
    }
}
