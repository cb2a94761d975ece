//! `PromQL`: text to a checked plan, and a plan to values over a [`Select`](crate::model::Select).

pub mod ast;
mod function;

pub use ast::{Place, ValueType};
pub use function::Function;
