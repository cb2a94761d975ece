//! Queries over data that give rows of several samples wherever a query says that will do: the
//! answers are those over all samples.

use super::*;
use crate::model::{Aggregate, Coarse, Rolled, is_stale, stale_marker};
use crate::query::eval::number::{Sum, larger, smaller};

/// Series that are given as rows over stretches of `stretch` where that divides what is asked for.
struct Rolling {
    series: Vec<Selected>,
    stretch: Span,
    /// How often rows were given.
    gave: Mutex<usize>,
}

impl Rolling {
    fn roll(&self, one: &Selected, coarse: Coarse) -> Selected {
        let (mut samples, mut rolled) = (Vec::new(), Rolled::default());
        let stretch = |sample: &Sample| Timestamp(sample.at.0 - 1).floor_to(self.stretch);
        for inside in one.samples.chunk_by(|one, next| stretch(one) == stretch(next)) {
            for (sample, count, lost) in rows(inside, coarse.aggregate) {
                samples.push(sample);
                rolled.counts.push(count);
                rolled.lost.push(lost);
            }
        }
        Selected { samples, rolled: Some(rolled), ..one.clone() }
    }
}

/// The rows of the samples in one stretch: sample, count, lost.
fn rows(inside: &[Sample], aggregate: Aggregate) -> Vec<(Sample, u32, f64)> {
    let values: Vec<Sample> =
        inside.iter().copied().filter(|sample| !is_stale(sample.value)).collect();
    let mut rows = Vec::new();
    if let (Some(first), Some(last)) = (values.first(), values.last()) {
        let all = || values.iter().map(|sample| sample.value);
        let count = values.len() as u32;
        let lost = values.windows(2).filter(|pair| pair[1].value < pair[0].value);
        let lost: f64 = lost.map(|pair| pair[0].value).sum();
        let mut sum = Sum::default();
        all().for_each(|value| sum.add(value));
        let row = |value| (Sample::new(last.at, value), count, 0.0);
        match aggregate {
            Aggregate::Newest => rows.push(row(last.value)),
            Aggregate::Least => rows.push(row(all().fold(f64::NAN, smaller))),
            Aggregate::Greatest => rows.push(row(all().fold(f64::NAN, larger))),
            Aggregate::Sum => rows.push(row(sum.value())),
            Aggregate::Ends if count == 1 => rows.push((*last, 1, 0.0)),
            Aggregate::Ends => rows.extend([(*first, 1, 0.0), (*last, count - 1, lost)]),
        }
    }
    rows.extend(inside.last().filter(|last| is_stale(last.value)).map(|last| (*last, 0, 0.0)));
    rows
}

impl Select for Rolling {
    fn select(&self, selection: &Selection<'_>) -> Result<Vec<Selected>, SelectError> {
        let divides = |coarse: &Coarse| coarse.every.0 % self.stretch.0 == 0;
        let mut found = Vec::new();
        for one in self.series.iter().filter(|one| Matcher::all(selection.matchers, &one.labels)) {
            let mut one = one.clone();
            if let Some(coarse) = selection.coarse.filter(divides) {
                *self.gave.lock().expect("a lock") += 1;
                one = self.roll(&one, coarse);
            }
            let stays: Vec<bool> =
                one.samples.iter().map(|sample| selection.range.contains(sample.at)).collect();
            let (mut counts, mut lost, mut samples) = (stays.iter(), stays.iter(), stays.iter());
            if let Some(rolled) = &mut one.rolled {
                rolled.counts.retain(|_| *counts.next().expect("a row"));
                rolled.lost.retain(|_| *lost.next().expect("a row"));
            }
            one.samples.retain(|_| *samples.next().expect("a row"));
            if selection.newest_only {
                one.samples = one.samples.split_off(one.samples.len().saturating_sub(1));
                one.rolled = None;
            }
            if !one.samples.is_empty() {
                found.push(one);
            }
        }
        Ok(found)
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

/// A series with a sample every one to seven seconds, resets, gaps and staleness markers among
/// them.
fn series() -> impl Strategy<Value = Selected> {
    let step = (1_i64..7, prop_oneof![Just(0_i64), Just(0), Just(0), 0_i64..90]);
    let value = prop_oneof![
        9 => (0_i32..50).prop_map(f64::from),
        1 => Just(stale_marker()),
        1 => Just(f64::NAN),
    ];
    prop::collection::vec((step, value), 1..400).prop_map(|steps| {
        let mut at = 0;
        let samples = steps.into_iter().map(|((step, gap), value)| {
            at += (step + gap) * 1000;
            Sample::new(Timestamp(at), value)
        });
        let samples = samples.collect();
        Selected { labels: Labels::named("m"), kind: Kind::Float, samples, rolled: None }
    })
}

/// Queries over windows of `RANGE`, which stands for a length.
const QUERIES: [&str; 19] = [
    "m",
    "-m offset RANGE",
    "timestamp(m)",
    "min_over_time(m[RANGE])",
    "max_over_time(m[RANGE])",
    "sum_over_time(m[RANGE])",
    "avg_over_time(m[RANGE])",
    "count_over_time(m[RANGE])",
    "last_over_time(m[RANGE])",
    "first_over_time((m[RANGE]))",
    "ts_of_first_over_time(m[RANGE])",
    "ts_of_last_over_time(m[RANGE])",
    "present_over_time(m[RANGE])",
    "absent_over_time(m[RANGE])",
    "rate(m[RANGE])",
    "increase(m[RANGE] offset 60s)",
    "delta(m[RANGE])",
    "quantile_over_time(0.5, m[RANGE])",
    "max_over_time(rate(m[60s])[RANGE:60s])",
];

proptest! {
    #[test]
    fn nothing_is_lost(
        series in series(),
        query in prop::sample::select(&QUERIES[..]),
        (start, step, range) in (0_i64..40, 1_i64..10, 1_i64..10),
        unit in prop::sample::select(&[10_i64, 30, 60, 7][..]),
    ) {
        let text = query.replace("RANGE", &format!("{}s", range * unit));
        let plan = Plan::new(&text).expect("a query");
        let grid = Grid {
            start: Timestamp(start * unit * 1000),
            end: Timestamp((start + 30 * step) * unit * 1000),
            step: Span(step * unit * 1000),
        };
        let answer = |stretch: Span| {
            let data = Rolling { series: vec![series.clone()], stretch, gave: Mutex::default() };
            let output = evaluate(&plan, &data, grid, &limits()).expect("an answer");
            let Value::Vector(columns) = output.value else { panic!("a vector") };
            let values = columns.into_iter().next().map(|column| column.values);
            (values.unwrap_or_default(), data.gave.into_inner().expect("a lock"))
        };
        let (all, _) = answer(Span(i64::MAX));
        let (rolled, gave) = answer(Span(unit * 1000));
        let aligned = !query.contains("60s") || 60 % unit == 0;
        prop_assert_eq!(gave > 0, aligned && !query.contains("quantile"), "{}", text);
        prop_assert_eq!(all.len(), rolled.len(), "{}", &text);
        for (one, other) in all.iter().zip(&rolled) {
            // Sums are made of sums, in another order; all else is the same to the bit.
            let near = (one - other).abs() <= one.abs() * 1e-13;
            let sums = query.contains("sum") || query.contains("avg") || query.contains("rate");
            let same = one.to_bits() == other.to_bits() || (sums && near);
            prop_assert!(same, "{}: {} {}", text, one, other);
        }
    }
}
