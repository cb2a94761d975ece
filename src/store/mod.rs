//! The shared state: series by label set with their recent samples, behind `Append` and `Select`.

use serde::{Deserialize, Serialize};

use crate::model::{ByteSize, Span};

/// Placeholder until the module is merged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Placeholder.
    pub path: String,
    /// Placeholder.
    pub memory_max: Option<ByteSize>,
    /// Placeholder.
    pub series_max: usize,
    /// Placeholder.
    pub retention: Retention,
}

/// Placeholder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// Placeholder.
    pub raw: Span,
}

impl Default for Retention {
    fn default() -> Self {
        Self { raw: Span::from_secs(3600) }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            path: "data".to_owned(),
            memory_max: None,
            series_max: 200_000,
            retention: Retention::default(),
        }
    }
}

impl Options {
    /// What is wrong with the values.
    pub fn check(&self) -> Vec<(&'static str, String)> {
        if self.retention.raw < Span::from_secs(10) {
            return vec![("retention.raw", format!("`{}` is below `10s`", self.retention.raw))];
        }
        Vec::new()
    }
}
