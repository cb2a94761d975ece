//! The shared state: series by label set with their recent samples, behind `Append` and `Select`.

use serde::{Deserialize, Serialize};

use crate::model::{ByteSize, Span};

/// The least memory that can be set.
const MEMORY_LEAST: ByteSize = ByteSize(8 << 20);
/// The most series that can be set; their numbers must fit 32 bits with room to spare.
const SERIES_MOST: usize = 10_000_000;
/// The shortest retention that can be set.
const RETENTION_LEAST: Span = Span(60_000);
/// The longest retention that can be set, and the greatest age and lead of a sample.
const TIME_MOST: Span = Span(100 * 365 * 86_400_000);

/// Where samples are kept, how many, and for how long.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The folder of what is kept on disk, relative to where the program was started. Default
    /// `data`. Not empty.
    pub path: String,
    /// The most memory for series and samples, with its unit; when it is met the oldest samples go
    /// first. At least `8MiB`. Default: half of the machine's memory, or of the control group's
    /// limit where that is less.
    pub memory_max: Option<ByteSize>,
    /// The most series at a time; beyond it new ones are refused and existing ones go on. Default
    /// 200,000; 1 to 10,000,000.
    pub series_max: usize,
    /// How long samples are kept: table `[storage.retention]`.
    pub retention: Retention,
}

/// How long samples are kept: table `[storage.retention]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// How long samples are kept as they came. Default `1h`; `1m` to `100y`.
    pub raw: Span,
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

impl Default for Retention {
    fn default() -> Self {
        Self { raw: Span(3_600_000) }
    }
}

impl Options {
    /// What is wrong: the key inside this table, and why it cannot be so.
    pub fn check(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        if self.path.trim().is_empty() {
            wrong.push(("path", "the folder's name is empty; the default is `data`".to_owned()));
        }
        if let Some(memory) = self.memory_max.filter(|memory| *memory < MEMORY_LEAST) {
            wrong.push(("memory_max", format!("`{memory}` is less than `{MEMORY_LEAST}`")));
        }
        if !(1..=SERIES_MOST).contains(&self.series_max) {
            let text = format!("`{}` is not from 1 to {SERIES_MOST}", self.series_max);
            wrong.push(("series_max", text));
        }
        if !(RETENTION_LEAST..=TIME_MOST).contains(&self.retention.raw) {
            let raw = self.retention.raw;
            let text = format!("`{raw}` is not from `{RETENTION_LEAST}` to `{TIME_MOST}`");
            wrong.push(("retention.raw", text));
        }
        wrong
    }
}
