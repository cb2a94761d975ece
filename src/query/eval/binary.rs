//! Binary operators: what they do with two numbers, with a vector and a number, and where two
//! vectors go.

use crate::model::ABSENT;

use super::super::ast::{Binary, BinaryOp};
use super::vector::{Vector, present};
use super::{EvalError, Evaluated, Evaluator, mistyped};

/// An operator on two numbers.
#[derive(Clone, Copy)]
pub(super) enum Operation {
    /// Gives a number.
    Arithmetic(fn(f64, f64) -> f64),
    /// Keeps or drops an element.
    Filter(fn(f64, f64) -> bool),
    /// Gives 0 or 1.
    Truth(fn(f64, f64) -> bool),
}

impl Operation {
    /// The operation of a binary expression; nothing for set operators, which see no values.
    pub(super) fn new(binary: &Binary) -> Option<Self> {
        let comparison: fn(f64, f64) -> bool = match binary.op {
            BinaryOp::Add => return Some(Self::Arithmetic(|a, b| a + b)),
            BinaryOp::Sub => return Some(Self::Arithmetic(|a, b| a - b)),
            BinaryOp::Mul => return Some(Self::Arithmetic(|a, b| a * b)),
            BinaryOp::Div => return Some(Self::Arithmetic(|a, b| a / b)),
            BinaryOp::Mod => return Some(Self::Arithmetic(|a, b| a % b)),
            BinaryOp::Pow => return Some(Self::Arithmetic(f64::powf)),
            BinaryOp::Atan2 => return Some(Self::Arithmetic(f64::atan2)),
            BinaryOp::Eq => |a, b| a == b,
            BinaryOp::Ne => |a, b| a != b,
            BinaryOp::Gt => |a, b| a > b,
            BinaryOp::Lt => |a, b| a < b,
            BinaryOp::Ge => |a, b| a >= b,
            BinaryOp::Le => |a, b| a <= b,
            BinaryOp::And | BinaryOp::Or | BinaryOp::Unless => return None,
        };
        Some(if binary.return_bool { Self::Truth(comparison) } else { Self::Filter(comparison) })
    }

    /// The result for two values that are there; a filter keeps `kept`.
    pub(super) fn apply(self, left: f64, right: f64, kept: f64) -> f64 {
        match self {
            Self::Arithmetic(operation) => present(operation(left, right)),
            Self::Truth(holds) => f64::from(u8::from(holds(left, right))),
            Self::Filter(holds) if holds(left, right) => kept,
            Self::Filter(_) => ABSENT,
        }
    }

    /// Whether the result is a new figure, so that the metric name no longer fits.
    pub(super) const fn drops_name(self) -> bool {
        !matches!(self, Self::Filter(_))
    }
}

impl Evaluator<'_> {
    pub(super) fn binary(&mut self, binary: &Binary) -> Result<Evaluated, EvalError> {
        let left = self.eval(&binary.lhs)?;
        let right = self.eval(&binary.rhs)?;
        let operation = Operation::new(binary);
        match (left, right, operation) {
            (Evaluated::Scalar(left), Evaluated::Scalar(right), Some(operation)) => {
                let pairs = left.iter().zip(&right);
                let apply = |(left, right): (&f64, &f64)| operation.apply(*left, *right, *left);
                Ok(Evaluated::Scalar(pairs.map(apply).collect()))
            }
            (Evaluated::Vector(left), Evaluated::Scalar(right), Some(operation)) => {
                self.with_scalar(left, &right, operation, false)
            }
            (Evaluated::Scalar(left), Evaluated::Vector(right), Some(operation)) => {
                self.with_scalar(right, &left, operation, true)
            }
            (Evaluated::Vector(left), Evaluated::Vector(right), Some(operation)) => {
                self.budget.work(self.cells(&left) + self.cells(&right))?;
                let vector = self.matched(left, right, &binary.matching, operation)?;
                Ok(Evaluated::Vector(vector))
            }
            (Evaluated::Vector(left), Evaluated::Vector(right), None) => {
                self.budget.work(self.cells(&left) + self.cells(&right))?;
                self.set(binary.op, left, right, &binary.matching)
            }
            _ => Err(mistyped("a number or an instant vector")),
        }
    }

    fn cells(&self, vector: &Vector) -> u64 {
        (vector.columns.len() * self.steps.count) as u64
    }

    fn with_scalar(
        &mut self,
        mut vector: Vector,
        scalar: &[f64],
        operation: Operation,
        scalar_first: bool,
    ) -> Result<Evaluated, EvalError> {
        self.budget.work(self.cells(&vector))?;
        for column in &mut vector.columns {
            for (value, number) in column.values.iter_mut().zip(scalar) {
                if !crate::model::is_absent(*value) {
                    *value = if scalar_first {
                        operation.apply(*number, *value, *value)
                    } else {
                        operation.apply(*value, *number, *value)
                    };
                }
            }
        }
        if operation.drops_name() {
            return Ok(Evaluated::Vector(vector.drop_names()?));
        }
        vector.prune();
        Ok(Evaluated::Vector(vector))
    }
}
