//! Rows of series with their label sets at hand: what a source fills anew at every tick.
//!
//! A row is one device, interface, core or process; its columns are metrics. Label sets are built
//! once, when a cell first gets a value; after that a tick costs one clone a cell. A row that a
//! reading no longer names ends: each of its series gets a staleness marker at that tick.

use std::sync::Arc;

use crate::model::{Batch, Labels, LabelsBuilder, METRIC_NAME, Metadata, MetricType, Sample};
use crate::model::{Timestamp, stale_marker};

/// The most rows of one table. A host with more devices than that keeps the first ones; the others
/// are left out and counted, as each row costs memory in the head for as long as it lives.
pub(super) const ROWS_MAX: usize = 4_000;

/// The labels of a row beside the metric name and the identity.
pub(super) type Pairs = Vec<(&'static str, String)>;

/// The labels that every series of a source carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    /// What is observed: `node` or `watchglass`.
    pub(super) job: &'static str,
    /// The host.
    pub(super) instance: String,
}

impl Identity {
    fn labels(&self, name: &str, fixed: Option<(&str, &str)>, pairs: &Pairs) -> Labels {
        let mut labels = LabelsBuilder::default();
        for (label, value) in pairs {
            labels.set(label, value);
        }
        if let Some((label, value)) = fixed {
            labels.set(label, value);
        }
        labels.set("job", self.job).set("instance", &self.instance).set(METRIC_NAME, name);
        labels.build()
    }
}

/// One metric of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    /// The metric name.
    pub(super) name: &'static str,
    /// Counter or gauge.
    pub(super) metric_type: MetricType,
    /// The unit in the plural; empty for plain counts.
    pub(super) unit: &'static str,
    /// A sentence for people.
    pub(super) help: &'static str,
    /// A label that this column has in every row, as the mode of a CPU.
    fixed: Option<(&'static str, &'static str)>,
}

impl Column {
    /// A metric that only grows.
    pub(super) const fn counter(
        name: &'static str,
        unit: &'static str,
        help: &'static str,
    ) -> Self {
        Self { name, metric_type: MetricType::Counter, unit, help, fixed: None }
    }

    /// A metric that goes up and down.
    pub(super) const fn gauge(name: &'static str, unit: &'static str, help: &'static str) -> Self {
        Self { name, metric_type: MetricType::Gauge, unit, help, fixed: None }
    }

    /// The same metric with one label of its own.
    pub(super) const fn with(self, label: &'static str, value: &'static str) -> Self {
        Self { fixed: Some((label, value)), ..self }
    }

    fn metadata(&self) -> Metadata {
        let (unit, help) = (self.unit.to_owned(), self.help.to_owned());
        Metadata { metric_type: self.metric_type, unit, help }
    }
}

/// The samples of one tick, as sources add to them.
pub(super) struct Round<'a> {
    /// The tick: what every sample is stamped with.
    pub(super) at: Timestamp,
    /// The present, a little after the tick.
    pub(super) now: Timestamp,
    /// Where the samples go.
    pub(super) batch: &'a mut Batch,
}

impl Round<'_> {
    fn push(&mut self, labels: &Labels, value: f64) {
        self.batch.push(labels.clone(), Sample::new(self.at, value));
    }
}

/// Rows of series with the same columns.
pub(super) struct Table {
    identity: Arc<Identity>,
    columns: &'static [Column],
    rows: Vec<RowState>,
    /// Where the next key is looked for first: sources name their rows in a steady order.
    expected: usize,
    round: u64,
    /// The columns that have a series, by index: what there is to describe.
    used: Vec<bool>,
    /// Metadata of the metrics that have no column.
    named: Vec<(String, Metadata)>,
    undescribed: bool,
    left_out: u64,
}

struct RowState {
    key: Box<[u8]>,
    seen: u64,
    pairs: Pairs,
    cells: Box<[Option<Labels>]>,
}

/// One row in the tick in progress.
pub(super) struct Row<'a> {
    identity: &'a Identity,
    columns: &'static [Column],
    state: &'a mut RowState,
    used: &'a mut [bool],
    undescribed: &'a mut bool,
}

impl Row<'_> {
    /// Gives the series of `column` its value at this tick.
    pub(super) fn put(&mut self, round: &mut Round<'_>, column: usize, value: f64) {
        let (Some(metric), Some(cell)) =
            (self.columns.get(column), self.state.cells.get_mut(column))
        else {
            return;
        };
        if cell.is_none()
            && let Some(used) = self.used.get_mut(column)
        {
            *self.undescribed |= !*used;
            *used = true;
        }
        let pairs = &self.state.pairs;
        let labels =
            cell.get_or_insert_with(|| self.identity.labels(metric.name, metric.fixed, pairs));
        round.push(labels, value);
    }
}

impl Table {
    /// A table without rows.
    pub(super) fn new(identity: &Arc<Identity>, columns: &'static [Column]) -> Self {
        Self {
            identity: Arc::clone(identity),
            columns,
            rows: Vec::new(),
            expected: 0,
            round: 1,
            used: vec![false; columns.len()],
            named: Vec::new(),
            undescribed: false,
            left_out: 0,
        }
    }

    /// The row of `key`, made with the labels of `pairs` when it is new. `None` when the table is
    /// full: the caller leaves the row out.
    pub(super) fn row(&mut self, key: &[u8], pairs: impl FnOnce() -> Pairs) -> Option<Row<'_>> {
        let cells = self.columns.len();
        let (at, _) = self.find(key, |_| (pairs(), vec![None; cells]))?;
        let Self { identity, columns, rows, used, undescribed, .. } = self;
        Some(Row { identity, columns, state: rows.get_mut(at)?, used, undescribed })
    }

    /// The only row of a table whose metrics have no labels of their own.
    pub(super) fn only(&mut self) -> Option<Row<'_>> {
        self.row(b"", Pairs::new)
    }

    /// Gives the series of `key` its value. Its metric name, labels and metadata are asked for when
    /// the key is new. A key that came before in this tick is left out: one series has one value at
    /// a time.
    pub(super) fn named(
        &mut self,
        round: &mut Round<'_>,
        key: &[u8],
        value: f64,
        describe: impl FnOnce() -> (String, Pairs, Metadata),
    ) {
        let found = self.find(key, |table| {
            let (name, pairs, metadata) = describe();
            let labels = table.identity.labels(&name, None, &pairs);
            if !table.named.iter().any(|(known, _)| *known == name) {
                table.named.push((name, metadata));
                table.undescribed = true;
            }
            (Pairs::new(), vec![Some(labels)])
        });
        if let Some((at, false)) = found
            && let Some(Some(labels)) = self.rows.get(at).and_then(|row| row.cells.first())
        {
            round.push(labels, value);
        }
    }

    /// Ends the rows that this tick did not name, and begins the next tick.
    pub(super) fn finish(&mut self, round: &mut Round<'_>) {
        let current = self.round;
        self.rows.retain(|row| {
            if row.seen == current {
                return true;
            }
            for labels in row.cells.iter().flatten() {
                round.push(labels, stale_marker());
            }
            false
        });
        self.round += 1;
        self.expected = 0;
    }

    /// Whether it has metrics that [`Self::describe`] has not told yet.
    pub(super) fn undescribed(&self) -> bool {
        self.undescribed
    }

    /// Adds the metadata of every metric that has a series.
    pub(super) fn describe(&mut self, out: &mut Vec<(String, Metadata)>) {
        let mut last = "";
        for (column, _) in self.columns.iter().zip(&self.used).filter(|(_, used)| **used) {
            // The modes of a CPU stand side by side and share one name.
            if column.name != last {
                out.push((column.name.to_owned(), column.metadata()));
            }
            last = column.name;
        }
        out.extend(self.named.iter().cloned());
        self.undescribed = false;
    }

    /// The names of the metrics that it can give, those of [`Self::named`] apart.
    #[cfg(test)]
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.columns.iter().map(|column| column.name)
    }

    /// How many rows were left out since the last call because the table was full.
    pub(super) fn take_left_out(&mut self) -> u64 {
        std::mem::take(&mut self.left_out)
    }

    /// Where the row of `key` stands, and whether this tick had named it before.
    fn find(
        &mut self,
        key: &[u8],
        make: impl FnOnce(&mut Self) -> (Pairs, Vec<Option<Labels>>),
    ) -> Option<(usize, bool)> {
        let is_expected = self.rows.get(self.expected).is_some_and(|row| *row.key == *key);
        let known = if is_expected {
            Some(self.expected)
        } else {
            self.rows.iter().position(|row| *row.key == *key)
        };
        let at = if let Some(at) = known {
            at
        } else {
            if self.rows.len() >= ROWS_MAX {
                self.left_out += 1;
                return None;
            }
            let (pairs, cells) = make(self);
            let key = key.to_owned().into_boxed_slice();
            self.rows.push(RowState { key, seen: 0, pairs, cells: cells.into_boxed_slice() });
            self.rows.len() - 1
        };
        let row = self.rows.get_mut(at)?;
        let again = row.seen == self.round;
        row.seen = self.round;
        self.expected = at + 1;
        Some((at, again))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Origin, is_stale};

    const COLUMNS: &[Column] = &[
        Column::counter("reads_total", "", "reads").with("mode", "a"),
        Column::counter("reads_total", "", "reads").with("mode", "b"),
        Column::gauge("depth", "", "depth"),
    ];

    fn table() -> Table {
        let identity = Identity { job: "node", instance: "host".into() };
        Table::new(&Arc::new(identity), COLUMNS)
    }

    /// Fills one tick and returns what it appended, as `series value` lines.
    fn tick(table: &mut Table, rows: &[(&str, usize, f64)]) -> Vec<String> {
        let mut batch = Batch::new(Origin::Collector);
        let mut round = Round { at: Timestamp(1000), now: Timestamp(1001), batch: &mut batch };
        for (key, column, value) in rows {
            let pairs = || vec![("device", (*key).to_owned())];
            let mut row = table.row(key.as_bytes(), pairs).expect("room");
            row.put(&mut round, *column, *value);
        }
        table.finish(&mut round);
        let line = |value: f64| if is_stale(value) { "stale".into() } else { value.to_string() };
        batch
            .entries
            .iter()
            .map(|entry| format!("{} {}", entry.labels, line(entry.sample.value)))
            .collect()
    }

    #[test]
    fn rows_that_are_no_longer_named_end_once() {
        let mut table = table();
        let first = tick(&mut table, &[("sda", 0, 1.0), ("sdb", 2, 2.0)]);
        let sda = r#"reads_total{device="sda", instance="host", job="node", mode="a"}"#;
        let sdb = r#"depth{device="sdb", instance="host", job="node"}"#;
        assert_eq!(first, [format!("{sda} 1"), format!("{sdb} 2")]);
        let second = tick(&mut table, &[("sdb", 2, 3.0)]);
        assert_eq!(second, [format!("{sdb} 3"), format!("{sda} stale")]);
        assert_eq!(tick(&mut table, &[("sdb", 2, 3.0)]), [format!("{sdb} 3")]);
        // Back again, in another order: found wherever it stands.
        let back = tick(&mut table, &[("sda", 0, 5.0), ("sdb", 2, 4.0)]);
        assert_eq!(back, [format!("{sda} 5"), format!("{sdb} 4")]);
    }

    #[test]
    fn only_metrics_with_a_series_are_described_and_each_name_once() {
        let mut table = table();
        let mut told = Vec::new();
        tick(&mut table, &[("sda", 0, 1.0), ("sda", 1, 1.0)]);
        assert!(table.undescribed());
        table.describe(&mut told);
        assert_eq!(told.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["reads_total"]);
        tick(&mut table, &[("sda", 0, 1.0), ("sdb", 1, 1.0)]);
        assert!(!table.undescribed());
        tick(&mut table, &[("sda", 2, 1.0)]);
        assert!(table.undescribed());
    }

    #[test]
    fn a_full_table_leaves_new_rows_out_and_counts_them() {
        let mut table = table();
        for number in 0..ROWS_MAX {
            assert!(table.row(&number.to_le_bytes(), Pairs::new).is_some());
        }
        assert!(table.row(b"one more", Pairs::new).is_none());
        assert!(table.row(&0_usize.to_le_bytes(), Pairs::new).is_some());
        assert_eq!((table.take_left_out(), table.take_left_out()), (1, 0));
    }

    #[test]
    fn a_key_named_twice_in_a_tick_has_one_value() {
        let mut table = table();
        let mut batch = Batch::new(Origin::Collector);
        let mut round = Round { at: Timestamp(1000), now: Timestamp(1001), batch: &mut batch };
        for value in [1.0, 2.0] {
            let describe = || ("up".to_owned(), Pairs::new(), Metadata::default());
            table.named(&mut round, b"up", value, describe);
        }
        let values: Vec<f64> = batch.entries.iter().map(|entry| entry.sample.value).collect();
        assert_eq!(values, [1.0]);
    }
}
