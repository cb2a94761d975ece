//! The settings of the store: table `[storage]`.

use std::fs;

use serde::{Deserialize, Serialize};

use crate::model::{ByteSize, Span};

/// The least memory that can be set.
const MEMORY_LEAST: ByteSize = ByteSize(8 << 20);
/// The least room on disk that can be set.
const DISK_LEAST: ByteSize = ByteSize(8 << 20);
/// The most room on disk that is taken when none is set.
pub(super) const DISK_MOST: ByteSize = ByteSize(20 << 30);
/// The share of the disk that is taken when none is set.
pub(super) const DISK_SHARE: u64 = 10;
/// The most series that can be set; their numbers must fit 32 bits with room to spare.
const SERIES_MOST: usize = 10_000_000;
/// The shortest retention that can be set.
const RETENTION_LEAST: Span = Span(60_000);
/// The longest retention that can be set, and the greatest age and lead of a sample.
pub(super) const TIME_MOST: Span = Span(100 * 365 * 86_400_000);
/// What is taken for the machine's memory when the system does not tell.
const MEMORY_UNKNOWN: u64 = 2 << 30;

/// Where samples are kept, how many, and for how long.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The folder of what is kept on disk, relative to where the program was started. Default
    /// `data`. Not empty.
    pub path: String,
    /// When a push is answered. Default `sync`.
    pub durability: Durability,
    /// The most memory for series and samples, with its unit; when it is met the oldest samples
    /// move to disk early. At least `8MiB`. Default: half of the machine's memory, or of the
    /// control group's limit where that is less.
    pub memory_max: Option<ByteSize>,
    /// The most room on disk for blocks, with its unit; when it is met the oldest go first. At
    /// least `8MiB`. Default: a tenth of the disk, at most `20GiB`.
    pub max_size: Option<ByteSize>,
    /// The most series at a time; beyond it new ones are refused and existing ones go on. Default
    /// 200,000; 1 to 10,000,000.
    pub series_max: usize,
    /// How long samples are kept: table `[storage.retention]`.
    pub retention: Retention,
}

/// When a push is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Durability {
    /// When what it brought is safe on disk.
    #[default]
    Sync,
    /// At once: a second of what was acknowledged may be lost when the machine or the process ends
    /// without notice. The answer says so.
    Async,
}

/// How long samples are kept: table `[storage.retention]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// How long samples are kept as they came. Default `2w`; `1m` to `100y`.
    pub raw: Span,
    /// How long rows of a minute are kept. Default `90d`; `1m` to `100y`.
    pub minutes: Span,
    /// How long rows of an hour are kept. Default `2y`; `1m` to `100y`.
    pub hours: Span,
}

impl Retention {
    /// By tier, the finest first.
    pub(super) const fn by_tier(&self) -> [Span; 3] {
        [self.raw, self.minutes, self.hours]
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            path: "data".to_owned(),
            durability: Durability::Sync,
            memory_max: None,
            max_size: None,
            series_max: 200_000,
            retention: Retention::default(),
        }
    }
}

impl Default for Retention {
    fn default() -> Self {
        let days = |days: i64| Span(days * 86_400_000);
        Self { raw: days(14), minutes: days(90), hours: days(730) }
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
        if let Some(size) = self.max_size.filter(|size| *size < DISK_LEAST) {
            wrong.push(("max_size", format!("`{size}` is less than `{DISK_LEAST}`")));
        }
        if !(1..=SERIES_MOST).contains(&self.series_max) {
            let text = format!("`{}` is not from 1 to {SERIES_MOST}", self.series_max);
            wrong.push(("series_max", text));
        }
        let keys = ["retention.raw", "retention.minutes", "retention.hours"];
        for (key, kept) in keys.into_iter().zip(self.retention.by_tier()) {
            if !(RETENTION_LEAST..=TIME_MOST).contains(&kept) {
                let text = format!("`{kept}` is not from `{RETENTION_LEAST}` to `{TIME_MOST}`");
                wrong.push((key, text));
            }
        }
        wrong
    }

    /// The memory limit in bytes: the one that was set, or half of what the machine or the control
    /// group gives.
    pub(super) fn memory_bytes_max(&self) -> usize {
        let bytes = self.memory_max.map_or_else(|| machine_memory() / 2, |set| set.0);
        usize::try_from(bytes).unwrap_or(usize::MAX)
    }
}

/// The memory of the machine, or of the control group where that is less.
fn machine_memory() -> u64 {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let limits = limits.iter().filter_map(|path| read(path).trim().parse::<u64>().ok());
    limits.chain(total_memory(&read("/proc/meminfo"))).min().unwrap_or(MEMORY_UNKNOWN)
}

/// The figure `MemTotal` of `/proc/meminfo`, in bytes.
fn total_memory(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_settings_are_named_with_their_bounds() {
        let check = |options: &Options, expected: &[&str]| {
            let found: Vec<&str> = options.check().iter().map(|(key, _)| *key).collect();
            assert_eq!(found, expected);
        };
        check(&Options::default(), &[]);
        let wrong = Options {
            path: " ".to_owned(),
            memory_max: Some(ByteSize(1)),
            max_size: Some(ByteSize(1)),
            series_max: 0,
            durability: Durability::Async,
            retention: Retention { raw: Span(-1), minutes: Span(0), hours: Span(i64::MAX) },
        };
        let retention = ["retention.raw", "retention.minutes", "retention.hours"];
        check(
            &wrong,
            &[&["path", "memory_max", "max_size", "series_max"], &retention[..]].concat(),
        );
        assert!(wrong.check()[1].1.contains("8MiB"), "{:?}", wrong.check());
    }

    #[test]
    fn settings_are_read_with_their_units() {
        let text = "durability = \"async\"\nseries_max = 5\nmemory_max = \"64MiB\"\n[retention]\nraw = \"2h\"\nminutes = \"1d\"\n";
        let read: Options = toml::from_str(text).expect("settings");
        assert_eq!(read.retention.raw, Span(7_200_000));
        assert_eq!(read.retention.minutes, Span(86_400_000));
        assert_eq!((read.series_max, read.memory_bytes_max()), (5, 64 << 20));
        assert_eq!(read.durability, Durability::Async);
        assert!(toml::from_str::<Options>("serie_max = 5").is_err());
        assert!(toml::from_str::<Options>("durability = \"maybe\"").is_err());
    }

    #[test]
    fn memory_is_read_from_the_system() {
        assert_eq!(total_memory("MemTotal:       2048 kB\nMemFree: 1 kB\n"), Some(2 << 20));
        assert_eq!(total_memory("nothing of the kind"), None);
        assert!(Options::default().memory_bytes_max() > 0);
    }
}
