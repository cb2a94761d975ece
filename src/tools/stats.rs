//! `watchglass store stats`: how much there is, from when to when, and what takes the room.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write;

use chrono::DateTime;

use super::{Progress, unwritten};
use crate::model::{Labels, TimeRange, Timestamp};
use crate::store::{Contents, Disk, FileKind, StoreFile};

/// How many metric names each list has.
const NAMES: usize = 10;

/// What a kind of files has.
#[derive(Default)]
struct Sum {
    files: u64,
    bytes: u64,
    samples: u64,
    span: Option<TimeRange>,
}

impl Sum {
    fn add(&mut self, bytes: u64, found: &Contents) {
        (self.files, self.bytes) = (self.files + 1, self.bytes + bytes);
        self.samples += found.samples;
        self.span = joined(self.span, found.span);
    }

    fn cells(&self, kind: &str) -> Vec<String> {
        let each = if self.samples == 0 {
            "-".to_owned()
        } else {
            format!("{:.2}", self.bytes as f64 / self.samples as f64)
        };
        let time = |at: Option<Timestamp>| at.map_or_else(|| "-".to_owned(), date);
        vec![
            kind.to_owned(),
            self.files.to_string(),
            self.samples.to_string(),
            self.bytes.to_string(),
            each,
            time(self.span.map(TimeRange::from)),
            time(self.span.map(TimeRange::to)),
        ]
    }
}

/// Says what there is; see [`super::run`].
pub(super) fn stats(disk: &dyn Disk, out: &mut dyn Write) -> Result<(), String> {
    let files = StoreFile::list(disk).map_err(|error| error.to_string())?;
    let mut progress = Progress::new("stats", files.iter().map(|file| file.bytes).sum());
    let (mut log, mut blocks, mut all) = (Sum::default(), Sum::default(), Sum::default());
    let (mut series, mut unread): (HashMap<Labels, u64>, _) = (HashMap::new(), Vec::new());
    for file in &files {
        let mut each = |labels: &Labels, bytes| *series.entry(labels.clone()).or_default() += bytes;
        let sum = match file.kind {
            FileKind::Log => &mut log,
            FileKind::Block => &mut blocks,
            FileKind::SetAside | FileKind::Unfinished => continue,
        };
        let found = file.contents(disk, false, &mut each);
        if found.faults > 0 {
            unread.push(format!("{}: not all of it can be read", file.path.display()));
        }
        sum.add(file.bytes, &found);
        all.add(file.bytes, &found);
        progress.advance(file.bytes);
    }
    drop(progress);
    let head = ["", "files", "samples", "bytes", "bytes/sample", "from", "to"];
    let rows = [log.cells("log"), blocks.cells("blocks"), all.cells("all")];
    let mut text = table(&head, &rows);
    let _ = write!(text, "\n{} series\n", series.len());
    let mut names: HashMap<&str, (u64, u64)> = HashMap::new();
    for (labels, bytes) in &series {
        let name = names.entry(labels.name()).or_default();
        *name = (name.0 + 1, name.1 + bytes);
    }
    let mut names: Vec<(&str, (u64, u64))> = names.into_iter().collect();
    for (title, figure) in
        [("most series", (|of| of.0) as fn((u64, u64)) -> u64), ("most bytes in blocks", |of| of.1)]
    {
        names.sort_by(|one, other| figure(other.1).cmp(&figure(one.1)).then(one.0.cmp(other.0)));
        let rows: Vec<Vec<String>> = names
            .iter()
            .take(NAMES)
            .map(|(name, of)| vec![(*name).to_owned(), of.0.to_string(), of.1.to_string()])
            .collect();
        let _ = write!(text, "\n{}", table(&[title, "series", "bytes"], &rows));
    }
    for line in unread {
        let _ = write!(text, "\n{line} (watchglass store verify says more)\n");
    }
    out.write_all(text.as_bytes()).map_err(|error| unwritten(&error))
}

fn joined(one: Option<TimeRange>, other: Option<TimeRange>) -> Option<TimeRange> {
    let (Some(one), Some(other)) = (one, other) else { return one.or(other) };
    TimeRange::new(one.from().min(other.from()), one.to().max(other.to()))
}

fn date(at: Timestamp) -> String {
    let date = DateTime::from_timestamp_millis(at.0);
    date.map_or_else(|| at.0.to_string(), |date| date.format("%Y-%m-%dT%H:%M:%SZ").to_string())
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
        assert_eq!(date(Timestamp(1_700_000_000_999)), "2023-11-14T22:13:20Z");
        assert_eq!(date(Timestamp(i64::MAX)), i64::MAX.to_string());
    }
}
