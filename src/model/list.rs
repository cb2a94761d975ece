//! A store that is a list, for the tests of those who read through the seams: slow, and plainly
//! right.

use std::collections::BTreeMap;

use parking_lot::Mutex;

use super::{
    Arrival, Arrivals, Follow, Followed, Kind, Labels, Matcher, Metadata, Origin, Sample, Select,
    SelectError, Selected, Selection, SeriesRef, TimeRange, Timestamp,
};

/// One series: its number, its samples, how many of them were not newer than all others.
#[derive(Default)]
struct Series {
    number: u32,
    samples: BTreeMap<i64, f64>,
    rewrites: u64,
}

/// A store that is a list.
#[derive(Default)]
pub(crate) struct List {
    series: Mutex<BTreeMap<Labels, Series>>,
    arrived: Mutex<(u64, BTreeMap<Labels, Arrival>)>,
    /// How many series were made or removed.
    generation: Mutex<u64>,
    /// Samples older than this cannot be followed.
    given_away: Mutex<Option<Timestamp>>,
}

impl List {
    /// Takes a sample of any time.
    pub(crate) fn put(&self, labels: &Labels, at: Timestamp, value: f64, origin: Origin) {
        let mut all = self.series.lock();
        let series = all.entry(labels.clone()).or_insert_with(|| {
            let mut generation = self.generation.lock();
            *generation += 1;
            Series { number: *generation as u32, ..Series::default() }
        });
        if series.samples.keys().next_back().is_some_and(|newest| at.0 <= *newest) {
            series.rewrites += 1;
        }
        series.samples.insert(at.0, value);
        let (appends, arrived) = &mut *self.arrived.lock();
        *appends += 1;
        let arrival = Arrival { labels: labels.clone(), origin, from: at, to: at };
        let known = arrived.entry(labels.clone()).or_insert(arrival);
        (known.from, known.to) = (known.from.min(at), known.to.max(at));
    }

    /// Makes samples older than `edge` impossible to follow, as if they were in blocks.
    pub(crate) fn give_away(&self, edge: Timestamp) {
        let mut given = self.given_away.lock();
        *given = (*given).max(Some(edge));
    }

    /// Forgets a series.
    pub(crate) fn remove(&self, labels: &Labels) {
        if self.series.lock().remove(labels).is_some() {
            *self.generation.lock() += 1;
        }
    }

    fn inside<T>(&self, followed: &Followed, read: impl FnOnce(&Series) -> T) -> Option<T> {
        let all = self.series.lock();
        let series = all.get(&followed.labels)?;
        (SeriesRef(series.number) == followed.series).then(|| read(series))
    }
}

fn samples(
    series: &Series,
    from: Timestamp,
    to: Timestamp,
) -> impl DoubleEndedIterator<Item = Sample> {
    let inside = (from <= to).then(|| series.samples.range(from.0..=to.0));
    inside.into_iter().flatten().map(|(at, value)| Sample::new(Timestamp(*at), *value))
}

impl Select for List {
    fn select(&self, selection: &Selection<'_>) -> Result<Vec<Selected>, SelectError> {
        let series = self.series.lock();
        let wanted = series.iter().filter(|(labels, _)| Matcher::all(selection.matchers, labels));
        let found = wanted.map(|(labels, series)| {
            let mut inside = samples(series, selection.range.from(), selection.range.to());
            let samples: Vec<Sample> = if selection.newest_only {
                inside.next_back().into_iter().collect()
            } else {
                inside.collect()
            };
            Selected { labels: labels.clone(), kind: Kind::Float, samples, rolled: None }
        });
        Ok(found.filter(|selected| !selected.samples.is_empty()).collect())
    }

    fn label_names(&self, _: &[Matcher], _: TimeRange) -> Vec<String> {
        Vec::new()
    }

    fn label_values(&self, _: &str, _: &[Matcher], _: TimeRange) -> Vec<String> {
        Vec::new()
    }

    fn metadata(&self, _: &str) -> Option<Metadata> {
        None
    }
}

impl Follow for List {
    fn whole_since(&self) -> Timestamp {
        self.given_away.lock().unwrap_or(Timestamp::MIN)
    }

    fn generation(&self) -> u64 {
        *self.generation.lock()
    }

    fn find(&self, matchers: &[Matcher], series_max: usize) -> Result<Vec<Followed>, SelectError> {
        let series = self.series.lock();
        let wanted = series.iter().filter(|(labels, _)| Matcher::all(matchers, labels));
        let followed = wanted.map(|(labels, series)| Followed {
            series: SeriesRef(series.number),
            labels: labels.clone(),
        });
        let followed: Vec<Followed> = followed.collect();
        if followed.len() > series_max {
            return Err(SelectError::TooManySeries { limit: series_max });
        }
        Ok(followed)
    }

    fn newest(&self, followed: &Followed, range: TimeRange) -> Option<Sample> {
        let from = range.from().max(self.whole_since());
        self.inside(followed, |series| samples(series, from, range.to()).next_back())?
    }

    fn since(
        &self,
        followed: &Followed,
        after: Timestamp,
        to: Timestamp,
        into: &mut Vec<Sample>,
    ) -> Option<u64> {
        let from = Timestamp(after.0.saturating_add(1)).max(self.whole_since());
        self.inside(followed, |series| {
            into.extend(samples(series, from, to));
            series.rewrites
        })
    }
}

impl Arrivals for List {
    fn appends(&self) -> u64 {
        self.arrived.lock().0
    }

    fn drain(&self) -> Vec<Arrival> {
        std::mem::take(&mut self.arrived.lock().1).into_values().collect()
    }
}
