//! `PromQL`: text to a checked plan, and a plan to values over a [`Select`](crate::model::Select).

pub mod ast;
pub mod function;
