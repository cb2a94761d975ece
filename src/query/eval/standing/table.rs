//! The labels of a node's cells, and the ways from one node's cells to another's.
//!
//! Labels are looked at only when a table has changed. On an ordinary tick a node reads the cells
//! of its inputs by number and writes its own by number.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::model::{ABSENT, Labels, is_absent};

use super::super::EvalError;
use super::super::vector::{LabelMap, same_labels_twice};

/// The labels of a row of cells. Tables with the same version have the same labels.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Table {
    version: u64,
    labels: Arc<[Labels]>,
}

/// Where the next version comes from: versions are told apart across all graphs of the process.
static VERSIONS: AtomicU64 = AtomicU64::new(1);

impl Table {
    /// A new table with these labels.
    pub(super) fn new(labels: Vec<Labels>) -> Self {
        Self { version: VERSIONS.fetch_add(1, Ordering::Relaxed), labels: labels.into() }
    }

    /// Takes other labels; the version stays when they are the same.
    pub(super) fn renew(&mut self, labels: Vec<Labels>) {
        if *self.labels != *labels {
            *self = Self::new(labels);
        }
    }

    /// What tells this table from all others.
    pub(in super::super) const fn version(&self) -> u64 {
        self.version
    }

    /// The labels, one set a cell.
    pub(in super::super) const fn labels(&self) -> &Arc<[Labels]> {
        &self.labels
    }
}

/// Where each cell of an input goes. Cells whose new labels are the same share a place.
#[derive(Debug, Default)]
pub(super) struct Places {
    input: Option<u64>,
    to: Vec<u32>,
}

impl Places {
    /// Finds the places anew if `input` is another table than last time; `table` gets the labels
    /// that `change` makes.
    pub(super) fn follow(
        &mut self,
        input: &Table,
        table: &mut Table,
        change: impl Fn(&Labels) -> Labels,
    ) {
        if self.input == Some(input.version) {
            return;
        }
        let mut seen: LabelMap<u32> = LabelMap::default();
        let mut labels = Vec::with_capacity(input.labels.len());
        let place = |old: &Labels| {
            let new = change(old);
            *seen.entry(new).or_insert_with_key(|new| {
                labels.push(new.clone());
                (labels.len() - 1) as u32
            })
        };
        self.to = input.labels.iter().map(place).collect();
        self.input = Some(input.version);
        table.renew(labels);
    }

    /// The place of one cell of the input.
    pub(super) fn of(&self, cell: u32) -> usize {
        self.to[cell as usize] as usize
    }

    /// Puts each value that is there in its place.
    ///
    /// # Errors
    /// When two of them have the same place.
    pub(super) fn put(
        &self,
        table: &Table,
        values: impl Iterator<Item = f64>,
        out: &mut Vec<f64>,
    ) -> Result<(), EvalError> {
        out.clear();
        out.resize(table.labels.len(), ABSENT);
        for (place, value) in self.to.iter().zip(values) {
            if is_absent(value) {
                continue;
            }
            let cell = &mut out[*place as usize];
            if !is_absent(*cell) {
                return Err(same_labels_twice(&table.labels[*place as usize]));
            }
            *cell = value;
        }
        Ok(())
    }
}
