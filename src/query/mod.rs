//! `PromQL`: text to a checked plan, and a plan to values over a [`Select`](crate::model::Select).

pub mod ast;
pub mod function;

use serde::{Deserialize, Serialize};

use crate::model::Span;

/// Placeholder until the module is merged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Placeholder.
    pub lookback: Span,
    /// Placeholder.
    pub samples_max: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { lookback: Span::from_secs(300), samples_max: 20_000_000 }
    }
}

impl Options {
    /// What is wrong with the values.
    pub fn check(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}
