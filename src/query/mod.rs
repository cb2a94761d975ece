//! `PromQL`: text to a checked plan, and a plan to values over a [`Select`](crate::model::Select).

pub mod ast;
mod bind;
mod check;
mod coarse;
mod error;
mod eval;
mod function;
mod lexer;
mod options;
mod parser;
mod plan;
mod print;
#[cfg(test)]
mod sample;
mod settle;
mod template;

pub use ast::{Expr, Place, ValueType};
pub use error::ParseError;
pub use eval::{
    Bound, Column, Cost, EvalError, Grid, Limits, Output, Row, Seen, Standing, Value, estimate,
    evaluate,
};
pub use function::Function;
pub use options::Options;
pub use parser::{DEPTH_MAX, NODES_MAX, REGEXES_MAX, TEXT_BYTES_MAX, parse};
pub use plan::{Plan, Reach};
pub use template::{Filling, Lookup, Piece, fill, pieces};

/// The names of all aggregations.
///
/// ```
/// assert!(watchglass::query::aggregation_names().any(|name| name == "limitk"));
/// ```
pub fn aggregation_names() -> impl Iterator<Item = &'static str> {
    ast::AggregateOp::names()
}
