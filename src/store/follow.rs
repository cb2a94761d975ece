//! Reading the head for standing queries: a look at one series under its shard's lock, without
//! asking the index again.

use super::Store;
use super::block::Blocks;
use super::series::Series;
use super::shard::SHARDS;
use crate::model::{
    Follow, Followed, Matcher, Sample, SelectError, SeriesRef, TimeRange, Timestamp,
};

impl Follow for Store {
    fn whole_since(&self) -> Timestamp {
        self.blocks.as_ref().map_or(Timestamp::MIN, Blocks::end)
    }

    fn generation(&self) -> u64 {
        self.index.read().generation()
    }

    fn find(&self, matchers: &[Matcher], series_max: usize) -> Result<Vec<Followed>, SelectError> {
        let found = self.index.read().find(matchers);
        if found.len() > series_max {
            return Err(SelectError::TooManySeries { limit: series_max });
        }
        let followed = found
            .into_iter()
            .map(|(number, labels)| Followed { series: SeriesRef(number), labels });
        let mut followed: Vec<Followed> = followed.collect();
        followed.sort_unstable_by(|one, other| one.labels.cmp(&other.labels));
        Ok(followed)
    }

    fn newest(&self, followed: &Followed, range: TimeRange) -> Option<Sample> {
        self.look(followed, |series| series.newest_in(range))?
    }

    fn since(
        &self,
        followed: &Followed,
        after: Timestamp,
        to: Timestamp,
        into: &mut Vec<Sample>,
    ) -> Option<u64> {
        self.look(followed, |series| {
            series.since(after, to, into);
            series.rewrites()
        })
    }
}

impl Store {
    /// What `see` makes of a series, if it is still the one that was found.
    fn look<T>(&self, followed: &Followed, see: impl FnOnce(&Series) -> T) -> Option<T> {
        let number = followed.series.0;
        let shard = self.shards.get(number as usize % SHARDS)?.read();
        let series = shard.get(number / SHARDS as u32)?;
        series.labels.same(&followed.labels).then(|| see(series))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Options;
    use super::*;
    use crate::model::{
        Append, Batch, Labels, METRIC_NAME, MatchOp, Origin, Principal, Select, Selection, Span,
    };

    const RANGE: Span = Span(20);

    fn store() -> Store {
        Store::new(&Options::default(), Span::from_secs(3600), Span::from_secs(600))
    }

    fn push(store: &Store, name: &str, at: i64, value: f64) {
        let mut batch = Batch::new(Origin::Push);
        batch.push(Labels::named(name), Sample::new(Timestamp(at), value));
        store.append(&batch, Principal::Anonymous, Timestamp(1000));
    }

    fn matchers() -> [Matcher; 1] {
        [Matcher::new(METRIC_NAME, MatchOp::Regex, "m.*").expect("a matcher")]
    }

    #[test]
    fn the_generation_grows_when_series_come() {
        let store = store();
        push(&store, "m1", 1000, 1.0);
        let before = store.generation();
        push(&store, "m1", 1001, 2.0);
        assert_eq!(store.generation(), before);
        push(&store, "m2", 1000, 1.0);
        assert!(store.generation() > before);
        let found = store.find(&matchers(), 2).expect("two series");
        let names: Vec<&str> = found.iter().map(|one| one.labels.name()).collect();
        assert_eq!(names, ["m1", "m2"]);
        assert_eq!(
            store.find(&matchers(), 1).expect_err("two are too many"),
            SelectError::TooManySeries { limit: 1 }
        );
    }

    proptest! {
        /// A reader that keeps a window by what is new, and begins anew when told, holds what a
        /// selection gives.
        #[test]
        fn a_followed_window_is_what_a_selection_gives(
            pushes in prop::collection::vec((0_i64..12, 0_u8..3, any::<bool>()), 1..300)
        ) {
            let store = store();
            let mut window: Vec<Sample> = Vec::new();
            let (mut now, mut known) = (500_i64, 0);
            for (number, (back, value, read)) in pushes.into_iter().enumerate() {
                now += i64::from(number % 3 == 0);
                push(&store, "m", now - back, f64::from(value));
                if !read {
                    continue;
                }
                // Reads lie behind the newest sample too.
                let to = Timestamp(now - 3);
                let from = to.saturating_sub(RANGE).saturating_add(Span(1));
                let range = TimeRange::new(from, to).expect("a range");
                let followed = store.find(&matchers(), 1).expect("one series").remove(0);
                let after = window.last().map_or(from.saturating_sub(Span(1)), |last| last.at);
                let rewrites = store.since(&followed, after, to, &mut window).expect("there");
                if rewrites != known {
                    window.clear();
                    store.since(&followed, from.saturating_sub(Span(1)), to, &mut window);
                    known = rewrites;
                }
                window.retain(|sample| sample.at >= from);
                let selection = Selection {
                    matchers: &matchers(), range, newest_only: false, coarse: None,
                    series_max: 9, samples_max: 9999,
                };
                let selected = store.select(&selection).expect("inside the limits");
                let expected = selected.first().map(|one| one.samples.clone()).unwrap_or_default();
                prop_assert_eq!(&window, &expected);
                prop_assert_eq!(store.newest(&followed, range), expected.last().copied());
            }
        }
    }
}
