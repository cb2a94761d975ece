//! Walking over everything that is kept, in an order that follows from the samples alone: week by
//! week, in each by label set, in each by time. So two stores with the same samples are walked
//! alike, however they keep them.

use std::collections::{BTreeMap, BTreeSet};

use super::Store;
use super::block::{Blocks, times};
use super::shard::{SHARDS, Shard};
use crate::model::{Labels, Matcher, Sample, Span, TimeRange, Timestamp};

/// How long the stretches are that are walked over one after the other.
const WEEK: Span = Span(7 * 24 * 3_600_000);

impl Store {
    /// Hands each series that passes one of `wanted`, with its samples of one week inside `range`,
    /// to `take`. In memory are the labels of one week's series and the samples of one series of
    /// one week. Nothing else may be done with the store meanwhile.
    ///
    /// # Errors
    /// What `take` gives.
    pub fn walk<E>(
        &self,
        wanted: &[Vec<Matcher>],
        range: TimeRange,
        mut take: impl FnMut(&Labels, &[Sample]) -> Result<(), E>,
    ) -> Result<(), E> {
        for start in self.weeks() {
            let end = start.saturating_add(WEEK).saturating_sub(Span(1));
            let week = TimeRange::new(start.max(range.from()), end.min(range.to()));
            let Some(week) = week else { continue };
            let mut head = BTreeMap::new();
            for matchers in wanted {
                head.extend(self.index.read().find(matchers).into_iter().map(|(n, l)| (l, n)));
            }
            let samples = |labels: &Labels, number| self.head_samples(labels, number, week);
            match &self.blocks {
                Some(blocks) => blocks.walk(wanted, week, head, samples, &mut take)?,
                None => head.iter().try_for_each(|(labels, number)| {
                    let samples = samples(labels, *number);
                    if samples.is_empty() { Ok(()) } else { take(labels, &samples) }
                })?,
            }
        }
        Ok(())
    }

    /// How many samples there are as they came, those counted twice that are in the head and in
    /// blocks.
    pub fn samples(&self) -> u64 {
        let in_blocks = self.blocks.as_ref().map_or(0, Blocks::samples);
        in_blocks + self.footprint().samples as u64
    }

    /// The beginnings of the weeks in which there are samples.
    fn weeks(&self) -> BTreeSet<Timestamp> {
        let mut weeks = BTreeSet::new();
        let mut units = BTreeSet::new();
        self.change_all(|series| series.units(Timestamp::MIN, Timestamp::MAX, &mut units));
        for unit in units {
            let range = times(unit, unit + 1);
            weeks.extend([range.from(), range.to()].map(|at| at.floor_to(WEEK)));
        }
        for span in self.blocks.iter().flat_map(Blocks::spans) {
            let mut start = span.from().floor_to(WEEK);
            while start <= span.to() {
                weeks.insert(start);
                start = start.saturating_add(WEEK);
            }
        }
        weeks
    }

    fn head_samples(&self, labels: &Labels, number: u32, range: TimeRange) -> Vec<Sample> {
        let Some(shard) = self.shards.get(number as usize % SHARDS) else { return Vec::new() };
        let shard = shard.read();
        let series = Shard::get(&shard, number / SHARDS as u32);
        let series = series.filter(|series| series.labels.same(labels));
        let snapshot = series.and_then(|series| series.snapshot(range));
        drop(shard);
        snapshot.map_or_else(Vec::new, |snapshot| snapshot.unpack(range, usize::MAX - 1))
    }
}
