//! Arithmetic and comparison between two vectors: elements meet inside groups of equal labels.
//!
//! Groups depend on labels alone, so they are made once; whether a match is ambiguous depends on
//! which elements exist at a step, so that is judged step by step.

use crate::model::{ABSENT, Labels, is_absent, is_metric_identity};

use super::super::ast::{Cardinality, Matching};
use super::binary::Operation;
use super::text;
use super::vector::{Column, LabelMap, Vector, same_labels_twice};
use super::{EvalError, Evaluator};

/// The elements of both sides that may meet; `one` is the side that must be unambiguous.
#[derive(Default)]
pub(super) struct Meeting {
    pub(super) many: Vec<usize>,
    pub(super) one: Vec<usize>,
}

/// The part of a label set that must be equal for two elements to meet.
pub(super) fn match_labels(labels: &Labels, matching: &Matching) -> Labels {
    let named = |name: &str| matching.labels.iter().any(|label| label == name);
    if matching.on {
        labels.filtered(named)
    } else {
        labels.filtered(|name| !is_metric_identity(name) && !named(name))
    }
}

impl Evaluator<'_> {
    pub(super) fn matched(
        &mut self,
        left: Vector,
        right: Vector,
        matching: &Matching,
        operation: Operation,
    ) -> Result<Vector, EvalError> {
        let count = self.steps.count;
        let filled = matching.fill_left.is_some() || matching.fill_right.is_some();
        let (left_any, right_any) = (left.presence(count), right.presence(count));
        let judge =
            |(left, right): (&bool, &bool)| (*left && *right) || (filled && (*left || *right));
        let judged: Vec<bool> = left_any.iter().zip(&right_any).map(judge).collect();
        if !judged.contains(&true) {
            return Ok(Vector::default());
        }
        let swapped = matching.cardinality == Cardinality::OneToMany;
        let (many, one) = if swapped { (right, left) } else { (left, right) };
        let mut columns = Vec::with_capacity(many.columns.len());
        for (group, meeting) in &meetings(&many, &one, matching) {
            let sides = Sides { many: &many, one: &one, swapped, matching };
            sides.check(group, meeting, &judged)?;
            for many in meeting.many.iter().filter_map(|index| many.columns.get(*index)) {
                for one in meeting.one.iter().filter_map(|index| one.columns.get(*index)) {
                    self.budget.work(count as u64)?;
                    columns.push(sides.pair(many, one, operation));
                }
            }
            if filled {
                columns.extend(sides.filled(group, meeting, count, operation));
            }
            self.budget.hold(columns.len(), count)?;
        }
        let mut vector = Vector::new(columns);
        vector.prune();
        vector.merge_equal_or(|labels| not_unique(matching, labels))
    }
}

/// Two results with the same labels at the same time.
pub(super) fn not_unique(matching: &Matching, labels: &Labels) -> EvalError {
    if matching.cardinality == Cardinality::OneToOne {
        return same_labels_twice(labels);
    }
    let labels = text::labels(labels);
    EvalError::execution(format!(
        "multiple matches for labels: grouping labels must ensure unique matches: {labels}"
    ))
}

/// The groups of both sides, in the order of their first members.
pub(super) fn meetings(many: &Vector, one: &Vector, matching: &Matching) -> Vec<(Labels, Meeting)> {
    let mut places: LabelMap<usize> = LabelMap::default();
    let mut meetings: Vec<(Labels, Meeting)> = Vec::new();
    for (columns, is_many) in [(&many.columns, true), (&one.columns, false)] {
        for (index, column) in columns.iter().enumerate() {
            let group = match_labels(&column.labels, matching);
            let place = *places.entry(group.clone()).or_insert_with(|| {
                meetings.push((group, Meeting::default()));
                meetings.len() - 1
            });
            let meeting = &mut meetings[place].1;
            if is_many { meeting.many.push(index) } else { meeting.one.push(index) }
        }
    }
    meetings
}

/// Both sides of an operation, turned so that the one that must be unambiguous is `one`.
pub(super) struct Sides<'a> {
    pub(super) many: &'a Vector,
    pub(super) one: &'a Vector,
    /// Whether `many` was written on the right.
    pub(super) swapped: bool,
    pub(super) matching: &'a Matching,
}

impl Sides<'_> {
    /// Refuses groups with more than one element where only one may be.
    fn check(&self, group: &Labels, meeting: &Meeting, both: &[bool]) -> Result<(), EvalError> {
        if let Some(twice) = twice_at_once(&self.one.columns, &meeting.one, both) {
            let side = if self.swapped { "left" } else { "right" };
            return Err(ambiguous(group, side, twice));
        }
        if self.matching.cardinality != Cardinality::OneToOne || meeting.one.is_empty() {
            return Ok(());
        }
        if meeting.many.len() < 2 {
            return Ok(());
        }
        let mut partner = vec![false; both.len()];
        for one in meeting.one.iter().filter_map(|index| self.one.columns.get(*index)) {
            super::vector::mark_presence(&mut partner, one);
        }
        match twice_at_once(&self.many.columns, &meeting.many, &partner) {
            Some(twice) => Err(explicit(group, twice)),
            None => Ok(()),
        }
    }

    /// The results of elements whose partner is missing and stands in for itself with a number.
    /// `fill_left` is the number of the many side and `fill_right` that of the one side, also where
    /// `group_right` has turned them round: so it is in Prometheus.
    fn filled(
        &self,
        group: &Labels,
        meeting: &Meeting,
        count: usize,
        operation: Operation,
    ) -> Vec<Column> {
        let members = |vector: &'_ Vector, members: &[usize]| -> Vec<Column> {
            members.iter().filter_map(|index| vector.columns.get(*index).cloned()).collect()
        };
        let many = Vector::new(members(self.many, &meeting.many));
        let one = Vector::new(members(self.one, &meeting.one));
        let (many_any, one_any) = (many.presence(count), one.presence(count));
        let drop_name = operation.drops_name();
        let mut columns = Vec::new();
        let alone = |column: &Column, partner: &[bool], compute: &dyn Fn(f64) -> f64| {
            let cells = column.values.iter().zip(partner);
            cells.map(|(value, partner)| if *partner { ABSENT } else { compute(*value) }).collect()
        };
        if let Some(fill) = self.matching.fill_right {
            columns.extend(many.columns.iter().map(|column| Column {
                labels: self.labels(&column.labels, &Labels::empty(), drop_name),
                values: alone(column, &one_any, &|value| self.apply(value, fill, operation)),
            }));
        }
        if let Some(fill) = self.matching.fill_left {
            columns.extend(one.columns.iter().map(|column| Column {
                labels: self.labels(group, &column.labels, drop_name),
                values: alone(column, &many_any, &|value| self.apply(fill, value, operation)),
            }));
        }
        columns
    }

    fn apply(&self, many: f64, one: f64, operation: Operation) -> f64 {
        if is_absent(many) || is_absent(one) {
            return ABSENT;
        }
        let (left, right) = if self.swapped { (one, many) } else { (many, one) };
        operation.apply(left, right, left)
    }

    fn pair(&self, many: &Column, one: &Column, operation: Operation) -> Column {
        let cells = many.values.iter().zip(&one.values);
        let values = cells.map(|(many, one)| self.apply(*many, *one, operation)).collect();
        let labels = self.labels(&many.labels, &one.labels, operation.drops_name());
        Column { labels, values }
    }

    /// The labels of a result: those of the many side, without what the match took away, with what
    /// is copied from the one side.
    pub(super) fn labels(&self, many: &Labels, one: &Labels, drop_name: bool) -> Labels {
        let Matching { on, labels: named, include, .. } = self.matching;
        let kept = |name: &str| !(drop_name && is_metric_identity(name));
        if self.matching.cardinality == Cardinality::OneToOne {
            let is_named = |name: &str| named.iter().any(|label| label == name);
            return many.filtered(|name| kept(name) && is_named(name) == *on);
        }
        let mut labels = many.filtered(kept);
        for name in include {
            if labels.value(name) != one.value(name) {
                labels = labels.with(name, one.value(name));
            }
        }
        labels
    }
}

/// Two members that have a value at the same step, among the steps that count.
fn twice_at_once<'a>(
    columns: &'a [Column],
    members: &[usize],
    counts: &[bool],
) -> Option<(&'a Labels, &'a Labels)> {
    if members.len() < 2 {
        return None;
    }
    let members: Vec<&Column> = members.iter().filter_map(|index| columns.get(*index)).collect();
    let mut first: Vec<Option<&Labels>> = vec![None; counts.len()];
    for column in members {
        for ((value, first), counts) in column.values.iter().zip(&mut first).zip(counts) {
            if *counts && !is_absent(*value) {
                match first {
                    None => *first = Some(&column.labels),
                    Some(first) => return Some((*first, &column.labels)),
                }
            }
        }
    }
    None
}

fn ambiguous(group: &Labels, side: &str, twice: (&Labels, &Labels)) -> EvalError {
    let (group, one, other) = in_words(group, twice);
    EvalError::execution(format!(
        "found duplicate series for the match group {group} on the {side} hand-side of the \
         operation: [{one}, {other}];many-to-many matching not allowed: matching labels must be \
         unique on one side"
    ))
}

fn explicit(group: &Labels, twice: (&Labels, &Labels)) -> EvalError {
    let (group, one, other) = in_words(group, twice);
    EvalError::execution(format!(
        "multiple matches for labels: many-to-one matching must be explicit \
         (group_left/group_right): the match group {group} has {one} and {other} on the left"
    ))
}

/// The group and two of its series, the lesser one first.
fn in_words(group: &Labels, (one, other): (&Labels, &Labels)) -> (String, String, String) {
    let (one, other) = if one <= other { (one, other) } else { (other, one) };
    (text::labels(group), text::labels(one), text::labels(other))
}
