//! Live queries: evaluated once a tick, encoded once, handed to every viewer.

use serde::{Deserialize, Serialize};

/// Placeholder until the module is merged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Placeholder.
    pub subscriptions_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { subscriptions_max: 200 }
    }
}

impl Options {
    /// What is wrong with the values.
    pub fn check(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}
