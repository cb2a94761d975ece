//! `watchglass store stats`: how much there is, from when to when, and what takes the room.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::io::Write;

use chrono::DateTime;
use serde::Serialize;

use super::{Progress, unwritten};
use crate::model::Labels;
use crate::store::{Contents, Disk, FileKind, StoreFile};

/// How many metric names each list has.
const NAMES: usize = 10;
/// What files are for, those last of which there should be none.
const PARTS: [&str; 7] =
    ["log", "raw", "minutes", "hours", "set aside", "unreadable", "unfinished"];
/// So many of them are always told.
const ALWAYS: usize = 5;

/// What there is: `docs/formats/stats.md`.
#[derive(Serialize)]
struct Stats {
    parts: BTreeMap<String, Sum>,
    series: usize,
    names: BTreeMap<String, Name>,
    damaged: Vec<String>,
}

/// What the files of a part have.
#[derive(Clone, Default, Serialize)]
struct Sum {
    files: u64,
    bytes: u64,
    series: u64,
    samples: u64,
    rows: u64,
    /// The times of the oldest and the newest sample, in milliseconds.
    from: Option<i64>,
    to: Option<i64>,
}

/// What a metric name has.
#[derive(Clone, Copy, Default, Serialize)]
struct Name {
    series: u64,
    /// Of blocks alone: in the log bytes are shared.
    bytes: u64,
}

impl Sum {
    fn add(&mut self, bytes: u64, found: &Contents) {
        (self.files, self.bytes) = (self.files + 1, self.bytes + bytes);
        (self.samples, self.rows) = (self.samples + found.samples, self.rows + found.rows);
        if let Some(span) = found.span {
            let (from, to) = (span.from().0, span.to().0);
            self.from = Some(self.from.map_or(from, |known| known.min(from)));
            self.to = Some(self.to.map_or(to, |known| known.max(to)));
        }
    }

    fn cells(&self, part: &str) -> Vec<String> {
        let count = self.samples + self.rows;
        let each = match count {
            0 => "-".to_owned(),
            count => format!("{:.2}", self.bytes as f64 / count as f64),
        };
        let time = |at: Option<i64>| at.map_or_else(|| "-".to_owned(), date);
        let counts = [self.files, self.series, self.samples, self.rows, self.bytes];
        let counts = counts.iter().map(u64::to_string);
        let rest = [each, time(self.from), time(self.to)];
        std::iter::once(part.to_owned()).chain(counts).chain(rest).collect()
    }
}

/// Says what there is, for people or as JSON; see [`super::run`].
pub(super) fn stats(disk: &dyn Disk, json: bool, out: &mut dyn Write) -> Result<(), String> {
    let stats = look(disk)?;
    let text = if json {
        let text = serde_json::to_string(&stats).map_err(|error| error.to_string())?;
        text + "\n"
    } else {
        words(&stats)
    };
    out.write_all(text.as_bytes()).map_err(|error| unwritten(&error))
}

fn look(disk: &dyn Disk) -> Result<Stats, String> {
    let files = StoreFile::list(disk).map_err(|error| error.to_string())?;
    let mut progress = Progress::new("stats", files.iter().map(|file| file.bytes).sum());
    // Of each series the bytes, and whether each part has it.
    let mut series: HashMap<Labels, (u64, [bool; PARTS.len()])> = HashMap::new();
    let (mut sums, mut damaged) = (PARTS.map(|_| Sum::default()), Vec::new());
    for file in &files {
        let mut held = Vec::new();
        let found = file.contents(disk, false, &mut |labels, bytes| {
            held.push((labels.clone(), bytes));
        });
        if found.faults > 0 {
            damaged.push(file.path.display().to_string());
        }
        let place = place(file.kind, found.tier);
        sums[place].add(file.bytes, &found);
        for (labels, bytes) in held {
            let (in_all, parts) = series.entry(labels).or_default();
            *in_all += bytes;
            parts[place] = true;
        }
        progress.advance(file.bytes);
    }
    drop(progress);
    let mut names: BTreeMap<String, Name> = BTreeMap::new();
    for (labels, (bytes, parts)) in &series {
        let name = names.entry(labels.name().to_owned()).or_default();
        *name = Name { series: name.series + 1, bytes: name.bytes + bytes };
        for (sum, has) in sums.iter_mut().zip(parts) {
            sum.series += u64::from(*has);
        }
    }
    let parts = PARTS.iter().map(|part| part.replace(' ', "_")).zip(sums).collect();
    Ok(Stats { parts, series: series.len(), names, damaged })
}

/// The place of what a file is for among the parts.
fn place(kind: FileKind, tier: Option<&str>) -> usize {
    let part = match kind {
        FileKind::Log => "log",
        FileKind::Block => tier.unwrap_or("unreadable"),
        FileKind::SetAside => "set aside",
        FileKind::Unfinished => "unfinished",
    };
    PARTS.iter().position(|known| *known == part).unwrap_or_default()
}

fn words(stats: &Stats) -> String {
    let head = ["", "files", "series", "samples", "rows", "bytes", "bytes each", "from", "to"];
    let mut rows = Vec::new();
    for (place, part) in PARTS.into_iter().enumerate() {
        let sum =
            stats.parts.get(&part.replace(' ', "_")).filter(|sum| place < ALWAYS || sum.files > 0);
        rows.extend(sum.map(|sum| sum.cells(part)));
    }
    let mut text = table(&head, &rows);
    let _ = write!(text, "\n{} series\n", stats.series);
    let mut names: Vec<(&String, &Name)> = stats.names.iter().collect();
    for (title, figure) in [
        ("most series", (|of| of.series) as fn(&Name) -> u64),
        ("most bytes in blocks", |of| of.bytes),
    ] {
        names.sort_by(|one, other| figure(other.1).cmp(&figure(one.1)).then(one.0.cmp(other.0)));
        let rows: Vec<Vec<String>> = names
            .iter()
            .take(NAMES)
            .map(|(name, of)| vec![(*name).clone(), of.series.to_string(), of.bytes.to_string()])
            .collect();
        let _ = write!(text, "\n{}", table(&[title, "series", "bytes"], &rows));
    }
    for path in &stats.damaged {
        let _ = write!(
            text,
            "\n{path}: not all of it can be read (watchglass store verify says more)\n"
        );
    }
    text
}

/// A time in milliseconds since 1970.
fn date(at: i64) -> String {
    let date = DateTime::from_timestamp_millis(at);
    date.map_or_else(|| at.to_string(), |date| date.format("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// Rows below a head, each column as wide as it must be; the first is aligned to the left.
fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let head: Vec<String> = head.iter().map(|cell| (*cell).to_owned()).collect();
    let all = || std::iter::once(&head).chain(rows);
    let widths: Vec<usize> = (0..head.len())
        .map(|column| all().map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for row in all() {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(column, (cell, width))| {
                let pad = " ".repeat(width.saturating_sub(cell.chars().count()));
                if column == 0 { format!("{cell}{pad}") } else { format!("{pad}{cell}") }
            })
            .collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other() {
        let rows = [vec!["log".to_owned(), "12".to_owned()], vec!["é".to_owned(), "3".to_owned()]];
        assert_eq!(table(&["", "files"], &rows), "     files\nlog     12\né        3\n");
    }

    #[test]
    fn dates_are_in_utc() {
        assert_eq!(date(1_700_000_000_999), "2023-11-14T22:13:20Z");
        assert_eq!(date(i64::MAX), i64::MAX.to_string());
    }
}
