//! One channel: a distinct query with the window of its last columns and the log of how they became
//! known. It evaluates nothing and sends nothing; it takes results and says what changed.

use std::collections::VecDeque;
use std::sync::Arc;

use hashbrown::HashMap;

use crate::model::{ABSENT, Labels, Span, Timestamp, is_absent};
use crate::query::{Column, Plan, Row};

use super::frame::{Batch, Revision, SnapshotBody};

/// The fewest entries that a log keeps, however short the window.
const LOG_MIN: usize = 240;

/// What a result changed.
#[derive(Debug, Default)]
pub(crate) struct Changed {
    /// Log entries that were added, oldest first.
    pub(crate) entries: Vec<Told>,
    /// From which index of the series table on there are new series.
    pub(crate) new_series_from: Option<usize>,
}

/// One entry as it goes out: its column before and after.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) seq: u64,
    pub(crate) n: i64,
    pub(crate) revised: bool,
    pub(crate) before: Vec<f64>,
    pub(crate) values: Vec<f64>,
}

struct Entry {
    seq: u64,
    n: i64,
    /// The column as it was, for a revision; nothing for a final column.
    before: Option<Box<[f64]>>,
}

/// A query's window and log.
pub(crate) struct Channel {
    pub(crate) id: u32,
    pub(crate) plan: Arc<Plan>,
    pub(crate) step: Span,
    pub(crate) epoch: String,
    /// Whether the query stands: each tick is answered from what the last one left.
    pub(crate) stands: bool,
    series: Vec<Labels>,
    index: HashMap<Labels, u32>,
    /// The last columns, oldest first; the last one is number `newest`.
    columns: VecDeque<Vec<f64>>,
    newest: i64,
    log: VecDeque<Entry>,
    seq: u64,
    /// When the table grew: the seq after which it was told, and the first new series.
    growth: VecDeque<(u64, usize)>,
    /// How many columns are kept.
    length: usize,
    /// Where the cells of a standing query's rows go: their table, and places in the series table.
    row_places: (u64, Vec<Option<u32>>),
}

impl Channel {
    pub(crate) fn new(id: u32, plan: Arc<Plan>, step: Span, epoch: String) -> Self {
        Self {
            id,
            plan,
            step,
            epoch,
            stands: false,
            series: Vec::new(),
            index: HashMap::new(),
            columns: VecDeque::new(),
            newest: 0,
            log: VecDeque::new(),
            seq: 0,
            growth: VecDeque::new(),
            length: 1,
            row_places: (0, Vec::new()),
        }
    }

    pub(crate) fn seq(&self) -> u64 {
        self.seq
    }

    pub(crate) fn newest(&self) -> i64 {
        self.newest
    }

    /// The number of the oldest column that is kept.
    pub(crate) fn oldest(&self) -> i64 {
        self.newest + 1 - self.columns.len() as i64
    }

    pub(crate) fn len(&self) -> usize {
        self.columns.len()
    }

    pub(crate) fn series(&self) -> &[Labels] {
        &self.series
    }

    /// The time of a column.
    pub(crate) fn time(&self, n: i64) -> Timestamp {
        Timestamp(n * self.step.0)
    }

    /// The column that was final at `at` at the latest.
    pub(crate) fn column_at(&self, at: Timestamp) -> i64 {
        at.0.div_euclid(self.step.0)
    }

    fn column(&self, n: i64) -> Option<&Vec<f64>> {
        usize::try_from(n - self.oldest()).ok().and_then(|at| self.columns.get(at))
    }

    /// How many series have a value in the newest column.
    pub(crate) fn present(&self) -> usize {
        let newest = self.columns.back();
        newest.map_or(0, |column| column.iter().filter(|v| !is_absent(**v)).count())
    }

    /// Takes the first window: columns `first..=last`.
    pub(crate) fn fill(&mut self, first: i64, last: i64, result: Vec<Column>) {
        let rows = self.rows(first, last, result);
        (self.columns, self.newest, self.length) = (rows.into(), last, (last - first + 1) as usize);
    }

    /// Takes columns older than the oldest one, `first..oldest`, so that the window grows.
    pub(crate) fn extend(&mut self, first: i64, last: i64, result: Vec<Column>) -> Changed {
        let (rows, new_series_from) = self.grown_rows(first, last, result);
        if last + 1 == self.oldest() {
            for row in rows.into_iter().rev() {
                self.columns.push_front(row);
            }
            self.length = self.length.max(self.columns.len());
        }
        Changed { entries: Vec::new(), new_series_from }
    }

    /// Takes the columns after the newest one, `newest+1..=last`: each becomes final.
    pub(crate) fn advance(&mut self, last: i64, result: Vec<Column>) -> Changed {
        let first = self.newest + 1;
        let (rows, new_series_from) = self.grown_rows(first, last, result);
        self.take_final(first, rows, new_series_from)
    }

    /// As [`Self::advance`] by one column, which a standing query gave.
    pub(crate) fn advance_row(&mut self, row: &Row) -> Changed {
        let known = self.series.len();
        let column = self.place_row(row);
        let new_series_from = self.grown_since(known);
        self.take_final(self.newest + 1, vec![column], new_series_from)
    }

    fn take_final(
        &mut self,
        first: i64,
        rows: Vec<Vec<f64>>,
        new_series_from: Option<usize>,
    ) -> Changed {
        let mut entries = Vec::with_capacity(rows.len());
        for (n, values) in (first..).zip(rows) {
            let before = self.columns.back().cloned().unwrap_or_default();
            self.seq += 1;
            self.newest = n;
            self.columns.push_back(values.clone());
            self.remember(n, None);
            entries.push(Told { seq: self.seq, n, revised: false, before, values });
        }
        while self.columns.len() > self.length {
            self.columns.pop_front();
        }
        Changed { entries, new_series_from }
    }

    /// Compares the columns `first..=last` with what is known and takes what differs.
    pub(crate) fn revise(&mut self, first: i64, last: i64, result: Vec<Column>) -> Changed {
        let (rows, new_series_from) = self.grown_rows(first, last, result);
        let mut entries = Vec::new();
        for (n, values) in (first..).zip(rows) {
            let Some(before) = self.column(n) else { continue };
            if super::frame::changes(before, &values).is_empty() {
                continue;
            }
            let before = before.clone();
            self.seq += 1;
            let at = (n - self.oldest()) as usize;
            self.columns[at].clone_from(&values);
            self.remember(n, Some(before.clone().into()));
            entries.push(Told { seq: self.seq, n, revised: true, before, values });
        }
        Changed { entries, new_series_from }
    }

    /// The column in progress: its number, the newest final column, its values.
    pub(crate) fn open(&mut self, result: Vec<Column>) -> (Changed, Told) {
        let n = self.newest + 1;
        let (mut rows, new_series_from) = self.grown_rows(n, n, result);
        let values = rows.pop().unwrap_or_default();
        let before = self.columns.back().cloned().unwrap_or_default();
        let changed = Changed { entries: Vec::new(), new_series_from };
        (changed, Told { seq: self.seq, n, revised: false, before, values })
    }

    /// Everything after the entry `seq`, if the log and the window still hold it.
    pub(crate) fn batch(&self, seq: u64) -> Option<Batch<'_>> {
        let oldest = self.log.front().map_or(self.seq + 1, |entry| entry.seq);
        if seq > self.seq || seq + 1 < oldest {
            return None;
        }
        let after = || self.log.iter().filter(move |entry| entry.seq > seq);
        let finals = after().find(|entry| entry.before.is_none());
        let from_n = finals.map_or(self.newest + 1, |entry| entry.n);
        let mut revised: Vec<Revision<'_>> = Vec::new();
        for entry in after() {
            let Some(before) = &entry.before else { continue };
            let seen = revised.iter().any(|revision| revision.n == entry.n);
            if entry.n >= from_n || seen {
                continue;
            }
            if let Some(values) = self.column(entry.n) {
                revised.push(Revision { n: entry.n, before: before.to_vec(), values });
            }
        }
        let before = self.column(from_n - 1)?;
        let columns: Option<Vec<&[f64]>> =
            (from_n..=self.newest).map(|n| self.column(n).map(Vec::as_slice)).collect();
        Some(Batch {
            channel: self.id,
            seq: self.seq,
            after: seq,
            revised,
            from_n,
            before,
            columns: columns?,
        })
    }

    /// The newest `columns` columns, by series.
    pub(crate) fn snapshot(&self, columns: usize) -> SnapshotBody<'_> {
        let columns = columns.min(self.columns.len());
        let skipped = self.columns.len() - columns;
        let over_time = |at: usize| {
            let cells = self.columns.iter().skip(skipped);
            cells.map(|column| column.get(at).copied().unwrap_or(ABSENT)).collect::<Vec<f64>>()
        };
        SnapshotBody {
            channel: self.id,
            epoch: &self.epoch,
            seq: self.seq,
            step_ms: self.step.0,
            n: self.newest,
            columns,
            series: self
                .series
                .iter()
                .enumerate()
                .map(|(at, labels)| (labels, over_time(at)))
                .collect(),
        }
    }

    /// Keeps at least this many columns from now on.
    pub(crate) fn keep(&mut self, columns: usize) {
        self.length = self.length.max(columns);
    }

    /// Begins a new incarnation: the window, the table and the log are forgotten.
    pub(crate) fn reset(&mut self, epoch: String) {
        self.series.clear();
        self.index.clear();
        self.columns.clear();
        self.log.clear();
        self.growth.clear();
        self.row_places = (0, Vec::new());
        self.epoch = epoch;
        self.seq = 0;
    }

    /// As [`Self::rows`]; also from where on the series are new, which is remembered.
    fn grown_rows(
        &mut self,
        first: i64,
        last: i64,
        result: Vec<Column>,
    ) -> (Vec<Vec<f64>>, Option<usize>) {
        let known = self.series.len();
        let rows = self.rows(first, last, result);
        (rows, self.grown_since(known))
    }

    /// Remembers that the table has grown, if it has more than `known` series.
    fn grown_since(&mut self, known: usize) -> Option<usize> {
        let grown = self.series.len() > known;
        if grown {
            self.growth.push_back((self.seq, known));
        }
        grown.then_some(known)
    }

    /// The first series that a viewer at `seq` may not have been told of.
    pub(crate) fn untold_series(&self, seq: u64) -> Option<usize> {
        self.growth.iter().find(|(told_after, _)| *told_after >= seq).map(|(_, first)| *first)
    }

    fn remember(&mut self, n: i64, before: Option<Box<[f64]>>) {
        self.log.push_back(Entry { seq: self.seq, n, before });
        while self.log.len() > LOG_MIN.max(self.length) {
            self.log.pop_front();
        }
        let oldest = self.log.front().map_or(0, |entry| entry.seq);
        while self.growth.front().is_some_and(|(seq, _)| seq + 1 < oldest) {
            self.growth.pop_front();
        }
    }

    /// Turns series over steps into columns over the series table; new series join the table.
    fn rows(&mut self, first: i64, last: i64, result: Vec<Column>) -> Vec<Vec<f64>> {
        let count = usize::try_from(last - first + 1).unwrap_or(0);
        let places: Vec<(usize, Vec<f64>)> =
            result.into_iter().map(|column| (self.place(column.labels), column.values)).collect();
        let mut rows = vec![vec![ABSENT; self.series.len()]; count];
        for (place, values) in places {
            for (row, value) in rows.iter_mut().zip(values) {
                row[place] = value;
            }
        }
        rows
    }

    /// A standing query's row as a column. Labels are looked at only when the row's table is new,
    /// or a series has its first value.
    fn place_row(&mut self, row: &Row) -> Vec<f64> {
        let (table, mut places) = std::mem::take(&mut self.row_places);
        if table != row.table {
            let known = row.labels.iter().map(|labels| self.index.get(labels).copied());
            places = known.collect();
        }
        let mut column = vec![ABSENT; self.series.len()];
        for ((place, value), labels) in places.iter_mut().zip(&row.values).zip(row.labels.iter()) {
            if is_absent(*value) {
                continue;
            }
            let at = place.map_or_else(|| self.place(labels.clone()), |place| place as usize);
            *place = Some(at as u32);
            if at >= column.len() {
                column.resize(at + 1, ABSENT);
            }
            column[at] = *value;
        }
        self.row_places = (row.table, places);
        column
    }

    fn place(&mut self, labels: Labels) -> usize {
        let next = self.series.len() as u32;
        let place = *self.index.entry(labels.clone()).or_insert(next);
        if place == next {
            self.series.push(labels);
        }
        place as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, values: &[f64]) -> Column {
        Column { labels: Labels::named(name), values: values.to_vec() }
    }

    fn channel() -> Channel {
        let plan = Arc::new(Plan::new("up").expect("a query"));
        let mut channel = Channel::new(7, plan, Span(1000), "e".into());
        channel.fill(1, 3, vec![column("a", &[1.0, 2.0, 3.0])]);
        channel
    }

    #[test]
    fn columns_advance_and_series_join() {
        let mut channel = channel();
        let changed = channel.advance(4, vec![column("a", &[4.0]), column("b", &[9.0])]);
        assert_eq!(changed.new_series_from, Some(1));
        assert_eq!((changed.entries[0].seq, changed.entries[0].n), (1, 4));
        assert_eq!(channel.oldest(), 2);
        assert_eq!(channel.snapshot(9).series[0].1, [2.0, 3.0, 4.0]);
        assert!(is_absent(channel.snapshot(9).series[1].1[0]));
    }

    #[test]
    fn only_what_differs_is_revised() {
        let mut channel = channel();
        let changed = channel.revise(2, 3, vec![column("a", &[2.0, 5.0])]);
        let told: Vec<i64> = changed.entries.iter().map(|entry| entry.n).collect();
        assert_eq!(told, [3]);
    }

    #[test]
    fn a_batch_holds_revisions_of_what_the_viewer_has_and_columns_it_lacks() {
        let mut channel = channel();
        channel.advance(4, vec![column("a", &[4.0])]);
        channel.revise(3, 4, vec![column("a", &[30.0, 40.0])]);
        let batch = channel.batch(0).expect("inside the log");
        assert_eq!((batch.seq, batch.from_n), (3, 4));
        let revised: Vec<i64> = batch.revised.iter().map(|revision| revision.n).collect();
        assert_eq!((revised, batch.columns), (vec![3], vec![[40.0].as_slice()]));
        assert_eq!(channel.batch(3).expect("at the end").columns.len(), 0);
        assert!(channel.batch(4).is_none(), "a position from the future");
    }

    #[test]
    fn a_position_behind_the_log_has_no_batch() {
        let mut channel = channel();
        for n in 4..1000 {
            channel.advance(n, vec![column("a", &[1.0])]);
        }
        assert!(channel.batch(1).is_none());
        assert!(channel.batch(channel.seq() - 1).is_some());
    }
}
