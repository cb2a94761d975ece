//! Nodes that change each cell for itself.

use crate::model::{ABSENT, is_absent};

use super::super::super::ast::Binary;
use super::super::binary::Operation;
use super::super::math::{self, Elementwise};
use super::super::vector::present;
use super::super::{EvalError, dates};
use super::node::Node;
use super::table::{Places, Table};

/// What becomes of a cell.
#[derive(Clone, Copy)]
enum Change {
    Plain(Elementwise),
    /// An operator with a number, which may stand first.
    With(Operation, bool),
    Round,
    AtLeast,
    AtMost,
    Between,
}

/// A change of each cell, and where the cells go.
pub(super) struct Each {
    change: Change,
    places: Places,
}

impl Each {
    fn new(change: Change) -> Self {
        Self { change, places: Places::default() }
    }

    /// `-x`.
    pub(super) fn negated() -> Self {
        Self::new(Change::Plain(|value| -value))
    }

    /// The function of this name, if it changes each value for itself.
    pub(super) fn function(name: &str) -> Option<Self> {
        let change = match name {
            "round" => Change::Round,
            "clamp_min" => Change::AtLeast,
            "clamp_max" => Change::AtMost,
            "clamp" => Change::Between,
            _ => Change::Plain(math::elementwise(name).or_else(|| dates::of_date(name))?),
        };
        Some(Self::new(change))
    }

    /// A vector with a number, which stands first in the text if `number_first`.
    pub(super) fn operator(binary: &Binary, number_first: bool) -> Option<Self> {
        Some(Self::new(Change::With(Operation::new(binary)?, number_first)))
    }

    pub(super) fn compute(
        &mut self,
        input: &Node,
        mut numbers: impl Iterator<Item = f64>,
        (table, values): (&mut Table, &mut Vec<f64>),
    ) -> Result<(), EvalError> {
        let keeps_name =
            matches!(self.change, Change::With(operation, _) if !operation.drops_name());
        self.places.follow(&input.table, table, |labels| {
            if keeps_name { labels.clone() } else { labels.without_name() }
        });
        let first = numbers.next();
        let second = numbers.next().unwrap_or(f64::NAN);
        let change = self.change;
        let changed = input.values.iter().map(|value| {
            if is_absent(*value) { ABSENT } else { change.apply(*value, first, second) }
        });
        self.places.put(table, changed, values)
    }
}

impl Change {
    fn apply(self, value: f64, first: Option<f64>, second: f64) -> f64 {
        let number = first.unwrap_or(f64::NAN);
        match self {
            Self::Plain(change) => present(change(value)),
            Self::With(operation, true) => operation.apply(number, value, value),
            Self::With(operation, false) => operation.apply(value, number, value),
            Self::Round => present(math::round(value, first.unwrap_or(1.0))),
            Self::AtLeast => present(math::at_least(value, number)),
            Self::AtMost => present(math::at_most(value, number)),
            Self::Between if number > second => ABSENT,
            Self::Between => present(math::clamp(value, number, second)),
        }
    }
}
