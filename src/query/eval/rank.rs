//! Aggregations that must see all values of a group at once: `topk`, `bottomk`, `quantile`,
//! `count_values`.

use crate::model::{ABSENT, Labels, is_absent};

use super::EvalError;
use super::aggregate::Group;
use super::limits::Budget;
use super::number;
use super::order::by_value;
use super::vector::{Column, LabelMap, Vector, present};

/// The values of a group at a step with the places of their columns.
fn gather(vector: &Vector, group: &Group, step: usize, into: &mut Vec<(f64, usize)>) {
    into.clear();
    into.extend(group.members.iter().filter_map(|index| {
        let value = vector.columns.get(*index)?.values.get(step).copied()?;
        (!is_absent(value)).then_some((value, *index))
    }));
}

/// At each step the `sizes` highest or lowest elements of each group, NaN behind all numbers. At a
/// single step the columns come in that order; over many a column has its value where it ranks.
pub(super) fn ranked(vector: &Vector, groups: &[Group], sizes: &[f64], top: bool) -> Vector {
    let mut values: Vec<Vec<f64>> = vec![Vec::new(); vector.columns.len()];
    let (mut elements, mut order) = (Vec::new(), Vec::new());
    for (step, size) in sizes.iter().enumerate() {
        let size = *size as usize;
        for group in groups.iter().filter(|_| size > 0) {
            gather(vector, group, step, &mut elements);
            if elements.len() > size || sizes.len() == 1 {
                elements.sort_by(|a, b| by_value(a.0, b.0, top));
                elements.truncate(size);
            }
            for (value, index) in &elements {
                let kept = &mut values[*index];
                if kept.is_empty() {
                    kept.resize(sizes.len(), ABSENT);
                    order.push(*index);
                }
                kept[step] = *value;
            }
        }
    }
    let column = |index: usize| Column {
        labels: vector.columns[index].labels.clone(),
        values: std::mem::take(&mut values[index]),
    };
    Vector { columns: order.into_iter().map(column).collect(), ordered: sizes.len() == 1 }
}

/// At each step the quantile of each group.
pub(super) fn quantiles(vector: &Vector, groups: Vec<Group>, quantiles: &[f64]) -> Vector {
    let (mut elements, mut numbers) = (Vec::new(), Vec::new());
    let mut columns = Vec::with_capacity(groups.len());
    for group in groups {
        let at = |(step, quantile): (usize, &f64)| {
            gather(vector, &group, step, &mut elements);
            numbers.clear();
            numbers.extend(elements.iter().map(|(value, _)| *value));
            if numbers.is_empty() {
                return ABSENT;
            }
            present(number::quantile(*quantile, &mut numbers))
        };
        let values = quantiles.iter().enumerate().map(at).collect();
        columns.push(Column { labels: group.labels, values });
    }
    Vector::new(columns)
}

/// How often each value occurs in each group, with the value in `label`.
pub(super) fn count_values(
    vector: &Vector,
    groups: &[Group],
    label: &str,
    steps: usize,
    budget: &mut Budget<'_>,
) -> Result<Vector, EvalError> {
    let mut places: LabelMap<usize> = LabelMap::default();
    let mut columns: Vec<Column> = Vec::new();
    let mut elements = Vec::new();
    for group in groups {
        for step in 0..steps {
            gather(vector, group, step, &mut elements);
            for (value, _) in &elements {
                let labels = with_value(&group.labels, label, *value);
                let place = *places.entry(labels.clone()).or_insert_with(|| {
                    columns.push(Column { labels, values: vec![ABSENT; steps] });
                    columns.len() - 1
                });
                let count = &mut columns[place].values[step];
                *count = if is_absent(*count) { 1.0 } else { *count + 1.0 };
            }
            // Every different value is a series of its own.
            budget.hold(columns.len(), steps)?;
        }
    }
    Ok(Vector::new(columns))
}

fn with_value(labels: &Labels, label: &str, value: f64) -> Labels {
    if value.is_infinite() {
        labels.with(label, if value > 0.0 { "+Inf" } else { "-Inf" })
    } else {
        labels.with(label, &value.to_string())
    }
}
