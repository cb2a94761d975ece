//! Instant vectors over all steps at once: one dense column a series, with [`ABSENT`] where the
//! series has no value.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::model::{ABSENT, Labels, is_absent};

use super::EvalError;

/// A map keyed by label sets, whose hash is at hand.
pub(super) type LabelMap<T> = HashMap<Labels, T, RandomState>;

/// One series of a result: one cell a step.
#[derive(Debug, Clone)]
pub struct Column {
    /// The series.
    pub labels: Labels,
    /// Its values, [`ABSENT`] where it has none.
    pub values: Vec<f64>,
}

/// The columns of one expression.
#[derive(Debug, Clone, Default)]
pub(super) struct Vector {
    pub(super) columns: Vec<Column>,
    /// Whether the order of the columns means something: `sort`, `topk` and their kin.
    pub(super) ordered: bool,
}

impl Column {
    /// Whether there is no value at any step.
    pub(super) fn is_empty(&self) -> bool {
        self.values.iter().all(|value| is_absent(*value))
    }
}

impl Vector {
    /// A vector in no particular order.
    pub(super) const fn new(columns: Vec<Column>) -> Self {
        Self { columns, ordered: false }
    }

    /// Replaces each value that is there; the step is told.
    pub(super) fn map(&mut self, change: impl Fn(f64, usize) -> f64) {
        for column in &mut self.columns {
            for (step, value) in column.values.iter_mut().enumerate() {
                if !is_absent(*value) {
                    *value = present(change(*value, step));
                }
            }
        }
    }

    /// Drops columns without a value.
    pub(super) fn prune(&mut self) {
        self.columns.retain(|column| !column.is_empty());
    }

    /// Drops the metric names and joins series that then have equal labels.
    pub(super) fn drop_names(mut self) -> Result<Self, EvalError> {
        for column in &mut self.columns {
            column.labels = column.labels.without_name();
        }
        self.merge_equal()
    }

    /// Joins series with equal labels, which is possible when they never have a value at the same
    /// step.
    pub(super) fn merge_equal(self) -> Result<Self, EvalError> {
        self.merge_equal_or(same_labels_twice)
    }

    /// As [`Self::merge_equal`], with the error for two that have.
    pub(super) fn merge_equal_or(
        self,
        refusal: impl Fn(&Labels) -> EvalError,
    ) -> Result<Self, EvalError> {
        let mut seen =
            LabelMap::with_capacity_and_hasher(self.columns.len(), RandomState::default());
        let mut columns: Vec<Column> = Vec::with_capacity(self.columns.len());
        for column in self.columns {
            match seen.get(&column.labels) {
                None => {
                    seen.insert(column.labels.clone(), columns.len());
                    columns.push(column);
                }
                Some(index) => join(&mut columns[*index], &column, &refusal)?,
            }
        }
        Ok(Self { columns, ordered: self.ordered })
    }

    /// At each step, whether any series has a value.
    pub(super) fn presence(&self, count: usize) -> Vec<bool> {
        let mut any = vec![false; count];
        for column in &self.columns {
            mark_presence(&mut any, column);
        }
        any
    }
}

/// Marks the steps at which a column has a value.
pub(super) fn mark_presence(any: &mut [bool], column: &Column) {
    for (mark, value) in any.iter_mut().zip(&column.values) {
        *mark |= !is_absent(*value);
    }
}

/// A computed value: one that by chance has the bits of [`ABSENT`] becomes an ordinary NaN.
pub(super) const fn present(value: f64) -> f64 {
    if is_absent(value) { f64::NAN } else { value }
}

/// A cell that may be empty.
pub(super) fn cell(value: Option<f64>) -> f64 {
    value.map_or(ABSENT, present)
}

/// Two series that cannot be told apart.
pub(super) fn same_labels_twice(labels: &Labels) -> EvalError {
    EvalError::execution(format!(
        "vector cannot contain metrics with the same labelset: {}; keep a label that tells them \
         apart, or aggregate them",
        super::text::labels(labels)
    ))
}

fn join(
    into: &mut Column,
    from: &Column,
    refusal: &impl Fn(&Labels) -> EvalError,
) -> Result<(), EvalError> {
    for (old, new) in into.values.iter_mut().zip(&from.values) {
        if is_absent(*new) {
            continue;
        }
        if !is_absent(*old) {
            return Err(refusal(&into.labels));
        }
        *old = *new;
    }
    Ok(())
}
