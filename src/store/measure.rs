//! How much a selection would give, without reading it: series are counted by the index, and a few
//! of them, evenly spread, are looked at for how many samples they have.

use super::Store;
use super::shard::SHARDS;
use crate::model::{Coarse, Matcher, Measure, TimeRange};

/// So many series are looked at.
const PROBES: usize = 16;

impl Store {
    /// About how many series and samples lie inside.
    pub(super) fn about(
        &self,
        matchers: &[Matcher],
        range: TimeRange,
        coarse: Option<Coarse>,
    ) -> Measure {
        let numbers = self.index.read().numbers(matchers);
        let every = numbers.len().div_ceil(PROBES).max(1);
        let (mut probes, mut inside, mut samples) = (0, 0, 0);
        for number in numbers.iter().step_by(every) {
            let Some(shard) = self.shards.get(*number as usize % SHARDS) else { continue };
            let shard = shard.read();
            let about = shard.get(number / SHARDS as u32).map_or(0, |series| series.about(range));
            probes += 1;
            inside += u64::from(about > 0);
            samples += about;
        }
        let scaled = |figure: u64| (figure * numbers.len() as u64).div_ceil(probes.max(1));
        let Measure { series, samples: old } =
            self.blocks.as_ref().map_or(Measure { series: 0, samples: 0 }, |blocks| {
                blocks.about(matchers, range, coarse)
            });
        Measure { series: series.max(scaled(inside)), samples: old + scaled(samples) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Options;
    use super::*;
    use crate::model::{
        Append, Batch, Labels, METRIC_NAME, MatchOp, Origin, Principal, Sample, Select, Selection,
        Span, Timestamp,
    };

    #[test]
    fn what_is_about_there_is_near_what_is_there() {
        let store = Store::new(&Options::default(), Span::from_secs(3600), Span::from_secs(600));
        for second in 0..600 {
            let mut batch = Batch::new(Origin::Push);
            // A tenth of the series ends early.
            for number in (0..50).filter(|number| second < 100 || number % 10 > 0) {
                let labels = [("__name__", "m".to_owned()), ("n", format!("{number}"))];
                let sample = Sample::new(Timestamp(second * 1000), 1.0);
                batch.push(Labels::from_pairs(labels).expect("labels"), sample);
            }
            store.append(&batch, Principal::Anonymous, Timestamp(second * 1000));
        }
        let check = |matcher: Matcher, from: i64, to: i64| {
            let range = TimeRange::new(Timestamp(from), Timestamp(to)).expect("a range");
            let about = store.about(std::slice::from_ref(&matcher), range, None);
            let selected = store.select(&Selection {
                matchers: &[matcher],
                range,
                newest_only: false,
                coarse: None,
                series_max: 1000,
                samples_max: 1_000_000,
            });
            let selected = selected.expect("a selection");
            let samples: usize = selected.iter().map(|one| one.samples.len()).sum();
            let near = |about: u64, exact: usize| {
                let (about, exact) = (about as f64, exact as f64);
                (about - exact).abs() <= exact * 0.2
            };
            assert!(
                near(about.series, selected.len()) && near(about.samples, samples),
                "{from}..{to}: {about:?} of {} and {samples}",
                selected.len()
            );
        };
        let all = || Matcher::new(METRIC_NAME, MatchOp::Regex, "m.*").expect("a matcher");
        check(all(), 0, 599_000);
        check(all(), 0, 50_000);
        check(all(), 300_000, 400_000);
        check(Matcher::equal("n", "7"), 10_000, 20_000);
        check(Matcher::equal(METRIC_NAME, "other"), 0, 599_000);
        check(all(), 700_000, 800_000);
    }
}
