//! Aggregations: the columns of a group become one, cell by cell.

use crate::model::{ABSENT, Labels, is_absent, is_metric_identity};

use super::super::ast::{Aggregate, AggregateOp, Place};
use super::limited;
use super::number::{Mean, Sum, Variance, larger, smaller};
use super::rank::{count_values, quantiles, ranked};
use super::text;
use super::vector::{Column, LabelMap, Vector, present};
use super::{EvalError, Evaluator, mistyped};

/// The columns of one group.
pub(super) struct Group {
    pub(super) labels: Labels,
    /// Places in the vector.
    pub(super) members: Vec<usize>,
}

impl Evaluator<'_> {
    pub(super) fn aggregate(&mut self, aggregate: &Aggregate) -> Result<Vector, EvalError> {
        match aggregate.op {
            AggregateOp::CountValues => return self.count_values(aggregate),
            AggregateOp::Topk
            | AggregateOp::Bottomk
            | AggregateOp::Quantile
            | AggregateOp::Limitk
            | AggregateOp::LimitRatio => {
                return self.with_number(aggregate);
            }
            _ => {}
        }
        let vector = self.vector(&aggregate.expr)?;
        let groups = self.groups(&vector, aggregate)?;
        let count = self.steps.count;
        let columns = match aggregate.op {
            AggregateOp::Sum => fold::<Sum>(&vector, groups, count),
            AggregateOp::Avg => fold::<Mean>(&vector, groups, count),
            AggregateOp::Count => fold::<Count>(&vector, groups, count),
            AggregateOp::Min => fold::<Least>(&vector, groups, count),
            AggregateOp::Max => fold::<Most>(&vector, groups, count),
            AggregateOp::Stddev => fold::<Deviation>(&vector, groups, count),
            AggregateOp::Stdvar => fold::<Variance>(&vector, groups, count),
            _ => fold::<One>(&vector, groups, count),
        };
        Ok(Vector::new(columns))
    }

    /// `topk`, `bottomk`, `quantile`, `limitk`, `limit_ratio`: their parameter may change from step
    /// to step.
    fn with_number(&mut self, aggregate: &Aggregate) -> Result<Vector, EvalError> {
        let param = aggregate.param.as_ref().ok_or_else(|| mistyped("there"))?;
        let numbers = self.scalar(param)?;
        let vector = self.vector(&aggregate.expr)?;
        if aggregate.op == AggregateOp::Quantile {
            self.warn_of_quantiles(&numbers, param.place);
            let groups = self.groups(&vector, aggregate)?;
            return Ok(quantiles(&vector, groups, &numbers));
        }
        if aggregate.op == AggregateOp::LimitRatio {
            self.check_ratios(&numbers, param.place)?;
            self.budget.work((vector.columns.len() * self.steps.count) as u64)?;
            return Ok(limited::part(&vector, &numbers));
        }
        if numbers.iter().all(|number| *number < 1.0) {
            return Ok(Vector::default());
        }
        check_sizes(&numbers)?;
        let groups = self.groups(&vector, aggregate)?;
        Ok(match aggregate.op {
            AggregateOp::Limitk => limited::first(&vector, &groups, &numbers),
            op => ranked(&vector, &groups, &numbers, op == AggregateOp::Topk),
        })
    }

    fn check_ratios(&mut self, ratios: &[f64], place: Place) -> Result<(), EvalError> {
        for ratio in ratios.iter().filter(|ratio| !(-1.0..=1.0).contains(*ratio)) {
            if ratio.is_nan() {
                return Err(EvalError::execution("Ratio value is NaN"));
            }
            let got = text::number(*ratio, None);
            let remark = format!(
                "ratio value should be between -1 and 1, got {got}, capping to {}",
                ratio.signum()
            );
            self.notes.warn(&remark, place);
        }
        Ok(())
    }

    fn count_values(&mut self, aggregate: &Aggregate) -> Result<Vector, EvalError> {
        let param = aggregate.param.as_ref().ok_or_else(|| mistyped("there"))?;
        let label = self.text(param)?;
        super::relabel::check_name("label name", &label, None)?;
        let vector = self.vector(&aggregate.expr)?;
        let groups = self.groups(&vector, aggregate)?;
        count_values(&vector, &groups, &label, self.steps.count, &mut self.budget)
    }

    /// The groups of a vector, in the order of their first members.
    fn groups(&mut self, vector: &Vector, aggregate: &Aggregate) -> Result<Vec<Group>, EvalError> {
        self.budget.work((vector.columns.len() * self.steps.count) as u64)?;
        let mut seen: LabelMap<usize> = LabelMap::default();
        let mut groups: Vec<Group> = Vec::new();
        // Sums depend on the order of their parts in the last digit; that of the labels is the same
        // whether one step is evaluated or many.
        let mut order: Vec<&Column> = vector.columns.iter().collect();
        let mut places: Vec<usize> = (0..order.len()).collect();
        if !order.is_sorted_by(|a, b| a.labels <= b.labels) {
            places.sort_by(|a, b| vector.columns[*a].labels.cmp(&vector.columns[*b].labels));
            order = places.iter().map(|index| &vector.columns[*index]).collect();
        }
        for (index, column) in places.into_iter().zip(order) {
            let labels = group_labels(&column.labels, aggregate);
            let place = *seen.entry(labels.clone()).or_insert_with(|| {
                groups.push(Group { labels, members: Vec::new() });
                groups.len() - 1
            });
            groups[place].members.push(index);
        }
        Ok(groups)
    }
}

/// Refuses a number of series that is none. Prometheus' words; its numbers have 64 bits.
fn check_sizes(sizes: &[f64]) -> Result<(), EvalError> {
    for size in sizes {
        let what = if size.is_nan() {
            return Err(EvalError::execution("Parameter value is NaN"));
        } else if *size >= i64::MAX as f64 {
            "overflows"
        } else if *size <= i64::MIN as f64 {
            "underflows"
        } else {
            continue;
        };
        let size = text::number(*size, None);
        return Err(EvalError::execution(format!("Scalar value {size} {what} int64")));
    }
    Ok(())
}

/// The labels of the group that a series belongs to.
pub(super) fn group_labels(labels: &Labels, aggregate: &Aggregate) -> Labels {
    let named = |name: &str| aggregate.grouping.iter().any(|label| label == name);
    if aggregate.without {
        labels.filtered(|name| !is_metric_identity(name) && !named(name))
    } else if aggregate.grouping.is_empty() {
        Labels::empty()
    } else {
        labels.filtered(named)
    }
}

/// Takes the values of a group at one step.
pub(super) trait Accumulate: Clone {
    /// Before the first value.
    fn empty() -> Self;
    /// Takes one value.
    fn take(&mut self, value: f64);
    /// What was made of them.
    fn result(&self) -> f64;
}

fn fold<A: Accumulate>(vector: &Vector, groups: Vec<Group>, count: usize) -> Vec<Column> {
    let aggregate = |group: Group| {
        let mut cells: Vec<(bool, A)> = vec![(false, A::empty()); count];
        for column in group.members.iter().filter_map(|index| vector.columns.get(*index)) {
            for ((any, cell), value) in cells.iter_mut().zip(&column.values) {
                if !is_absent(*value) {
                    *any = true;
                    cell.take(*value);
                }
            }
        }
        let value = |(any, cell): &(bool, A)| if *any { present(cell.result()) } else { ABSENT };
        Column { labels: group.labels, values: cells.iter().map(value).collect() }
    };
    groups.into_iter().map(aggregate).collect()
}

impl Accumulate for Sum {
    fn empty() -> Self {
        Self::default()
    }
    fn take(&mut self, value: f64) {
        self.add(value);
    }
    fn result(&self) -> f64 {
        self.value()
    }
}

impl Accumulate for Mean {
    fn empty() -> Self {
        Self::default()
    }
    fn take(&mut self, value: f64) {
        self.add(value);
    }
    fn result(&self) -> f64 {
        self.value()
    }
}

impl Accumulate for Variance {
    fn empty() -> Self {
        Self::default()
    }
    fn take(&mut self, value: f64) {
        self.add(value);
    }
    fn result(&self) -> f64 {
        self.value()
    }
}

/// A standard deviation of the population.
#[derive(Clone)]
pub(super) struct Deviation(Variance);

impl Accumulate for Deviation {
    fn empty() -> Self {
        Self(Variance::default())
    }
    fn take(&mut self, value: f64) {
        self.0.add(value);
    }
    fn result(&self) -> f64 {
        self.0.value().sqrt()
    }
}

/// How many values there are.
#[derive(Clone)]
pub(super) struct Count(f64);

impl Accumulate for Count {
    fn empty() -> Self {
        Self(0.0)
    }
    fn take(&mut self, _: f64) {
        self.0 += 1.0;
    }
    fn result(&self) -> f64 {
        self.0
    }
}

/// The smallest value.
#[derive(Clone)]
pub(super) struct Least(f64);

impl Accumulate for Least {
    fn empty() -> Self {
        Self(f64::NAN)
    }
    fn take(&mut self, value: f64) {
        self.0 = smaller(self.0, value);
    }
    fn result(&self) -> f64 {
        self.0
    }
}

/// The largest value.
#[derive(Clone)]
pub(super) struct Most(f64);

impl Accumulate for Most {
    fn empty() -> Self {
        Self(f64::NAN)
    }
    fn take(&mut self, value: f64) {
        self.0 = larger(self.0, value);
    }
    fn result(&self) -> f64 {
        self.0
    }
}

/// The number one.
#[derive(Clone)]
pub(super) struct One;

impl Accumulate for One {
    fn empty() -> Self {
        Self
    }
    fn take(&mut self, _: f64) {}
    fn result(&self) -> f64 {
        1.0
    }
}
