//! Reading the head: matchers to series by the index, then the samples of each under its shard's
//! lock for a moment, unpacked after the lock is gone.

use std::collections::BTreeSet;

use super::Store;
use super::index::Found;
use super::series::Series;
use super::shard::{SHARDS, Shard};
use crate::model::{
    Coarse, Labels, Matcher, Measure, Metadata, Sample, Select, SelectError, Selected, Selection,
    TimeRange,
};

/// How many series are read under one taking of a shard's lock.
const SERIES_A_LOCK: usize = 256;

impl Select for Store {
    fn select(&self, selection: &Selection<'_>) -> Result<Vec<Selected>, SelectError> {
        let mut reading = Reading { selection, selected: Vec::new(), samples: 0 };
        self.each(selection.matchers, |shard, found| reading.read(shard, found))?;
        let mut selected = reading.selected;
        selected.sort_unstable_by(|one, other| one.labels.cmp(&other.labels));
        // The head first: what it lets go of meanwhile is in the blocks before.
        match &self.blocks {
            Some(blocks) => blocks.select(selection, selected),
            None => Ok(selected),
        }
    }

    fn measure(&self, matchers: &[Matcher], range: TimeRange, coarse: Option<Coarse>) -> Measure {
        self.about(matchers, range, coarse)
    }

    fn label_names(&self, matchers: &[Matcher], range: TimeRange) -> Vec<String> {
        let mut names = BTreeSet::new();
        self.each_inside(matchers, range, |labels| {
            for (name, _) in labels.iter() {
                if !names.contains(name) {
                    names.insert(name.to_owned());
                }
            }
        });
        names.into_iter().collect()
    }

    fn label_values(&self, name: &str, matchers: &[Matcher], range: TimeRange) -> Vec<String> {
        let mut values = BTreeSet::new();
        self.each_inside(matchers, range, |labels| {
            if let Some(value) = labels.get(name)
                && !values.contains(value)
            {
                values.insert(value.to_owned());
            }
        });
        values.into_iter().collect()
    }

    fn metadata(&self, name: &str) -> Option<Metadata> {
        self.metadata.get(name)
    }
}

/// A shard, for as long as `take` looks at some of its series.
struct Locked<'a> {
    store: &'a Store,
    place: usize,
}

impl Locked<'_> {
    /// What `take` makes of those of `found` that are still the series they were.
    fn map<T>(
        &self,
        found: &[Found],
        mut take: impl FnMut(&Series) -> Option<T>,
    ) -> Vec<(Labels, T)> {
        let Some(shard) = self.store.shards.get(self.place) else { return Vec::new() };
        let shard = shard.read();
        let read = |(number, labels): &Found| {
            let series = series(&shard, *number)?;
            let same = series.labels.same(labels);
            Some((labels.clone(), same.then(|| take(series))??))
        };
        found.iter().filter_map(read).collect()
    }
}

fn series(shard: &Shard, number: u32) -> Option<&Series> {
    shard.get(number / SHARDS as u32)
}

impl Store {
    /// Hands the series that pass to `read`, shard by shard, in small portions.
    fn each<E>(
        &self,
        matchers: &[Matcher],
        mut read: impl FnMut(&Locked<'_>, &[Found]) -> Result<(), E>,
    ) -> Result<(), E> {
        let place = |found: &Found| found.0 as usize % SHARDS;
        let mut found = self.index.read().find(matchers);
        found.sort_by_key(place);
        for group in found.chunk_by(|one, other| place(one) == place(other)) {
            let locked = Locked { store: self, place: group.first().map_or(0, place) };
            for portion in group.chunks(SERIES_A_LOCK) {
                read(&locked, portion)?;
            }
        }
        Ok(())
    }

    /// Hands the labels of the series that pass and have a sample inside to `take`, some of them
    /// more than once.
    fn each_inside(&self, matchers: &[Matcher], range: TimeRange, mut take: impl FnMut(&Labels)) {
        let read = |shard: &Locked<'_>, found: &[Found]| {
            let inside = shard.map(found, |series| series.newest_in(range));
            for (labels, _) in &inside {
                take(labels);
            }
            Ok::<(), std::convert::Infallible>(())
        };
        let Ok(()) = self.each(matchers, read);
        if let Some(blocks) = &self.blocks {
            blocks.each_inside(matchers, range, take);
        }
    }
}

/// A selection on its way, with what it has used of its limits.
struct Reading<'a> {
    selection: &'a Selection<'a>,
    selected: Vec<Selected>,
    samples: usize,
}

impl Reading<'_> {
    fn read(&mut self, shard: &Locked<'_>, found: &[Found]) -> Result<(), SelectError> {
        let range = self.selection.range;
        if self.selection.newest_only {
            let newest = shard.map(found, |series| Some((series.kind(), series.newest_in(range)?)));
            for (labels, (kind, sample)) in newest {
                self.add(Selected { labels, kind, samples: vec![sample], rolled: None })?;
            }
            return Ok(());
        }
        let snapshots = shard.map(found, |series| Some((series.kind(), series.snapshot(range)?)));
        for (labels, (kind, snapshot)) in snapshots {
            let left = self.selection.samples_max - self.samples;
            let samples: Vec<Sample> = snapshot.unpack(range, left);
            self.add(Selected { labels, kind, samples, rolled: None })?;
        }
        Ok(())
    }

    fn add(&mut self, selected: Selected) -> Result<(), SelectError> {
        if selected.samples.is_empty() {
            return Ok(());
        }
        let Selection { series_max, samples_max, .. } = *self.selection;
        if self.selected.len() >= series_max {
            return Err(SelectError::TooManySeries { limit: series_max });
        }
        if selected.samples.len() > samples_max - self.samples {
            return Err(SelectError::TooManySamples { limit: samples_max });
        }
        self.samples += selected.samples.len();
        self.selected.push(selected);
        Ok(())
    }
}
