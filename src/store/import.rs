//! Taking in samples of any age that the retention allows, past the head and straight into blocks:
//! for a store that nobody else uses.
//!
//! Samples are collected up to a bound, written as a block for each stretch of time they fall into,
//! and at the end all blocks of those stretches become one each. An imported sample replaces one
//! that blocks have at the same time; one that is still in the log stays.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use foldhash::fast::RandomState;

use super::Store;
use super::block::{BlockError, Blocks, Cover, Tier, stretches, times, unit};
use crate::model::{Batch, Labels, Sample, Timestamp};

/// So many samples are collected, 64 MiB, before they are written.
const WAITING_SAMPLES_MAX: usize = 4 << 20;

/// An import that is under way.
pub struct Import<'a> {
    store: &'a Store,
    blocks: &'a Blocks,
    /// How long the stretches are that a block is written for, in units of two hours.
    stretch: i64,
    oldest: Timestamp,
    newest: Timestamp,
    waiting: HashMap<Labels, Vec<Sample>, RandomState>,
    waiting_samples: usize,
    waiting_samples_max: usize,
    /// The first units of the stretches that were written.
    touched: BTreeSet<i64>,
    /// What became of the samples so far.
    pub tally: ImportTally,
}

/// What became of imported samples.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportTally {
    /// Samples taken.
    pub taken: u64,
    /// Samples refused since they are older than samples are kept.
    pub too_old: u64,
    /// Samples refused since they are too far ahead of the clock.
    pub too_new: u64,
}

impl Store {
    /// Begins an import at the time `now`; nothing when the store is in memory alone.
    pub fn import(&self, now: Timestamp) -> Option<Import<'_>> {
        let blocks = self.blocks.as_ref()?;
        let retention = self.limits.retention;
        Some(Import {
            store: self,
            blocks,
            stretch: stretches(Tier::Raw, retention).max().unwrap_or(1),
            oldest: now.saturating_sub(retention),
            newest: now.saturating_add(self.limits.max_future),
            waiting: HashMap::default(),
            waiting_samples: 0,
            waiting_samples_max: WAITING_SAMPLES_MAX,
            touched: BTreeSet::new(),
            tally: ImportTally::default(),
        })
    }
}

impl Import<'_> {
    /// Takes what can be taken of a batch. It is in blocks when the import is finished.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn take(&mut self, batch: Batch) -> Result<(), BlockError> {
        let news = self.store.metadata.learn(&batch.metadata);
        if let Some(log) = self.store.log.as_ref().filter(|_| !news.is_empty()) {
            log.describe(news);
        }
        for entry in batch.entries {
            let at = entry.sample.at;
            if at < self.oldest {
                self.tally.too_old += 1;
            } else if at > self.newest {
                self.tally.too_new += 1;
            } else {
                self.tally.taken += 1;
                self.waiting_samples += 1;
                self.waiting.entry(entry.labels).or_default().push(entry.sample);
            }
        }
        if self.waiting_samples >= self.waiting_samples_max {
            self.write()?;
        }
        Ok(())
    }

    /// Writes what waits, and makes one block of all that each stretch has; gives what became of
    /// everything.
    ///
    /// # Errors
    /// When the disk fails. What was written before is there.
    pub fn finish(mut self) -> Result<ImportTally, BlockError> {
        self.write()?;
        for start in &self.touched {
            self.blocks.merge_inside(*start, start + self.stretch)?;
        }
        Ok(self.tally)
    }

    /// Writes what waits.
    fn write(&mut self) -> Result<(), BlockError> {
        let mut rows: BTreeMap<Labels, Vec<Sample>> = BTreeMap::new();
        let mut units: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
        for (labels, samples) in self.waiting.drain() {
            let samples = ascending(samples);
            for unit in samples.iter().map(|sample| unit(sample.at)) {
                let start = unit.div_euclid(self.stretch) * self.stretch;
                units.entry(start).or_default().insert(unit);
            }
            rows.insert(labels, samples);
        }
        self.waiting_samples = 0;
        for (start, units) in units {
            let stretch = times(start, start + self.stretch);
            let covers: Vec<Cover> =
                units.iter().map(|unit| Cover::units(*unit, unit + 1)).collect();
            self.blocks.add(Cover::union(&covers), |writer| {
                for (labels, samples) in &rows {
                    let from = samples.partition_point(|sample| sample.at < stretch.from());
                    let to = samples.partition_point(|sample| sample.at <= stretch.to());
                    let inside = samples.get(from..to).unwrap_or_default();
                    writer.series(labels, crate::model::Kind::Float, inside.iter().copied())?;
                }
                Ok(())
            })?;
            self.touched.insert(start);
        }
        Ok(())
    }
}

/// The samples in order; of equal times the one that came last.
fn ascending(mut samples: Vec<Sample>) -> Vec<Sample> {
    samples.sort_by_key(|sample| sample.at);
    samples.reverse();
    samples.dedup_by_key(|sample| sample.at);
    samples.reverse();
    samples
}
