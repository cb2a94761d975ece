//! Tasks on intervals that read the host and the process and append what they read.

use serde::{Deserialize, Serialize};

/// Placeholder until the module is merged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Placeholder.
    pub host: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self { host: None }
    }
}

impl Options {
    /// What is wrong with the values.
    pub fn check(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}
