//! `and`, `or`, `unless`: which elements are there, whatever their values.

use crate::model::ABSENT;

use super::super::ast::{BinaryOp, Matching};
use super::matching::match_labels;
use super::vector::{Column, LabelMap, Vector, mark_presence};
use super::{EvalError, Evaluated, Evaluator};

impl Evaluator<'_> {
    pub(super) fn set(
        &mut self,
        op: BinaryOp,
        mut left: Vector,
        mut right: Vector,
        matching: &Matching,
    ) -> Result<Evaluated, EvalError> {
        let count = self.steps.count;
        let vector = match op {
            BinaryOp::And => {
                keep_where(&mut left, &group_presence(&right, matching, count), matching, true);
                left
            }
            BinaryOp::Unless => {
                keep_where(&mut left, &group_presence(&right, matching, count), matching, false);
                left
            }
            _ => {
                keep_where(&mut right, &group_presence(&left, matching, count), matching, false);
                left.columns.append(&mut right.columns);
                self.budget.hold(left.columns.len(), count)?;
                Vector::new(left.columns).merge_equal()?
            }
        };
        Ok(Evaluated::Vector(vector))
    }
}

/// For each match group, the steps at which it has an element.
fn group_presence(vector: &Vector, matching: &Matching, count: usize) -> LabelMap<Vec<bool>> {
    let mut groups: LabelMap<Vec<bool>> = LabelMap::default();
    for column in &vector.columns {
        let group = match_labels(&column.labels, matching);
        mark_presence(groups.entry(group).or_insert_with(|| vec![false; count]), column);
    }
    groups
}

/// Keeps the elements whose group has (or has not) an element at the same step on the other side.
fn keep_where(vector: &mut Vector, other: &LabelMap<Vec<bool>>, matching: &Matching, there: bool) {
    let keep = |column: &mut Column| {
        match other.get(&match_labels(&column.labels, matching)) {
            Some(present) => {
                for (value, present) in column.values.iter_mut().zip(present) {
                    if *present != there {
                        *value = ABSENT;
                    }
                }
            }
            None if there => return false,
            None => {}
        }
        !column.is_empty()
    };
    vector.columns.retain_mut(keep);
}
