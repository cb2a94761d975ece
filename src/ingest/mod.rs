//! Bytes to batches: one pure decoder a push format, and the limited reader in front of them.

use serde::{Deserialize, Serialize};

use crate::model::{ByteSize, Span};

/// Placeholder until the module is merged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Placeholder.
    pub body_max: ByteSize,
    /// Placeholder.
    pub max_age: Span,
}

impl Default for Options {
    fn default() -> Self {
        Self { body_max: ByteSize(8 << 20), max_age: Span::from_secs(3600) }
    }
}

impl Options {
    /// What is wrong with the values.
    pub fn check(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}
