//! One node of the graph: what it computes, from what, and the cells it holds since the last tick.

use std::cell::Cell;

use crate::model::{ABSENT, Follow, Labels, Timestamp};

use super::super::super::ast::{Expr, Place};
use super::super::grid::Target;
use super::super::limits::Limits;
use super::super::vector::{Column, Vector};
use super::super::window::Matrix;
use super::super::{EvalError, Evaluated, evaluate_once};
use super::each::Each;
use super::fold::Fold;
use super::meet::Meet;
use super::sliding::Sliding;
use super::table::{Places, Table};
use super::windows::{Newest, Windows};

/// What a computation needs beside the graph.
pub(super) struct Around<'a> {
    pub(super) at: Timestamp,
    pub(super) data: &'a dyn Follow,
    pub(super) limits: &'a Limits,
    /// The work of this query so far.
    pub(super) work: Cell<u64>,
}

impl Around<'_> {
    /// Counts work.
    pub(super) fn worked(&self, work: u64) {
        self.work.set(self.work.get().saturating_add(work));
    }
}

/// Why a node has no values.
pub(super) enum Halt {
    /// The time asked for lies before what the node has seen.
    Behind,
    /// The evaluation failed.
    Error(EvalError),
}

/// What a node computes.
pub(super) enum Kind {
    /// A number.
    Number(f64),
    /// An instant selector.
    Newest(Newest),
    /// A range selector.
    Windows(Windows),
    /// A function of the windows of the first input; and whether names stay.
    Sliding(Sliding, Places, bool),
    /// Each cell of the first input for itself, with the numbers of the others.
    Each(Each),
    /// An aggregation of the first input.
    Fold(Fold),
    /// Two vectors.
    Meet(Meet),
    /// Anything else, evaluated over the values of the inputs, which stand at these places.
    Other(Vec<Place>),
}

/// One node.
pub(super) struct Node {
    pub(super) expr: Expr,
    pub(super) kind: Kind,
    pub(super) inputs: Vec<usize>,
    /// The time of the values; nothing before the first tick.
    pub(super) at: Option<Timestamp>,
    pub(super) failure: Option<EvalError>,
    pub(super) table: Table,
    pub(super) values: Vec<f64>,
}

impl Node {
    pub(super) fn new(expr: Expr, kind: Kind, inputs: Vec<usize>) -> Self {
        let (table, values) = (Table::default(), Vec::new());
        Self { expr, kind, inputs, at: None, failure: None, table, values }
    }

    /// How many samples its windows have room for.
    pub(super) const fn samples(&self) -> usize {
        if let Kind::Windows(windows) = &self.kind { windows.samples() } else { 0 }
    }

    /// How many cells a tick writes: one a series.
    pub(super) fn cells(&self) -> u64 {
        self.table.labels().len() as u64
    }

    /// The number that a node of a scalar holds.
    pub(super) fn number(&self) -> f64 {
        self.values.first().copied().unwrap_or(f64::NAN)
    }

    /// Brings the values to the time asked for; `nodes` are all that stand before this one.
    pub(super) fn compute(&mut self, nodes: &[Self], around: &Around<'_>) -> Result<(), EvalError> {
        let limits = around.limits;
        let input = |index: usize| &nodes[self.inputs[index]];
        let cells = (&mut self.table, &mut self.values);
        match &mut self.kind {
            Kind::Number(number) => {
                if self.values.is_empty() {
                    (self.table, self.values) = (unlabelled(), vec![*number]);
                }
                Ok(())
            }
            Kind::Newest(newest) => {
                let bounds = (limits.series_max, limits.lookback);
                newest.advance(around.data, around.at, bounds, cells)
            }
            Kind::Windows(windows) => {
                let bounds = (limits.series_max, limits.samples_max);
                windows.advance(around.data, around.at, bounds, &mut self.table)
            }
            Kind::Sliding(sliding, places, keep_names) => {
                let Self { kind: Kind::Windows(windows), table, .. } = input(0) else {
                    return Err(super::super::mistyped("a range vector"));
                };
                let name = |labels: &Labels| {
                    if *keep_names { labels.clone() } else { labels.without_name() }
                };
                places.follow(table, &mut self.table, name);
                if sliding.walks() {
                    around.worked(windows.samples() as u64);
                }
                let values = sliding.values(windows, table, around.at);
                places.put(&self.table, values, &mut self.values)
            }
            Kind::Each(each) => {
                let numbers = self.inputs.iter().skip(1).map(|input| nodes[*input].number());
                each.compute(input(0), numbers, cells)
            }
            Kind::Fold(fold) => {
                fold.compute(input(0), cells);
                Ok(())
            }
            Kind::Meet(meet) => meet.compute((input(0), input(1)), around, cells),
            Kind::Other(places) => {
                let given = places.iter().zip(&self.inputs);
                let given = given.map(|(place, input)| Ok((*place, nodes[*input].given(around)?)));
                let given: Result<Vec<_>, EvalError> = given.collect();
                let (data, at) = (around.data, around.at);
                let (evaluated, work) = evaluate_once(&self.expr, given?, data, at, limits)?;
                around.worked(work);
                self.take(evaluated)
            }
        }
    }

    /// The values as a query that is asked once would have them.
    pub(super) fn given(&self, around: &Around<'_>) -> Result<Evaluated, EvalError> {
        use super::super::super::ast::{Node as Syntax, ValueType};
        if let (Kind::Windows(windows), Syntax::Range { selector, .. }) =
            (&self.kind, &self.expr.node)
        {
            let grid = super::super::Grid::at(around.at);
            let target = Target::new(&selector.shift, &grid)?;
            let series = windows.selected();
            return Ok(Evaluated::Matrix(Matrix { series, range: windows.range, target }));
        }
        if self.expr.value_type() == ValueType::Scalar {
            return Ok(Evaluated::Scalar(vec![self.number()]));
        }
        Ok(Evaluated::Vector(self.vector()))
    }

    /// The cells that are there, as a vector of one step.
    pub(super) fn vector(&self) -> Vector {
        let cells = self.table.labels().iter().zip(&self.values);
        let there = cells.filter(|(_, value)| !crate::model::is_absent(**value));
        let column = |(labels, value): (&Labels, &f64)| Column {
            labels: labels.clone(),
            values: vec![*value],
        };
        Vector::new(there.map(column).collect())
    }

    fn take(&mut self, evaluated: Evaluated) -> Result<(), EvalError> {
        match evaluated {
            Evaluated::Scalar(values) => {
                self.table.renew(vec![Labels::empty()]);
                self.values = values;
            }
            Evaluated::Vector(vector) => take_vector(vector, &mut self.table, &mut self.values),
            Evaluated::Text(_) | Evaluated::Matrix(_) => {
                return Err(super::super::mistyped("a scalar or an instant vector"));
            }
        }
        Ok(())
    }
}

/// Takes a vector of one step; its labels become the table's.
pub(super) fn take_vector(vector: Vector, table: &mut Table, values: &mut Vec<f64>) {
    values.clear();
    values.extend(vector.columns.iter().map(|one| one.values.first().copied().unwrap_or(ABSENT)));
    table.renew(vector.columns.into_iter().map(|column| column.labels).collect());
}

fn unlabelled() -> Table {
    Table::new(vec![Labels::empty()])
}
