//! What a reader makes of a coarse selection, held against all samples that were ever taken.

use std::collections::BTreeMap;

use watchglass::model::{
    Aggregate, Coarse, Labels, Sample, Select, Selected, Selection, Span, TimeRange, Timestamp,
    is_stale,
};
use watchglass::store::Store;

/// All samples of each series, ascending.
pub(crate) type Naive = BTreeMap<Labels, Vec<Sample>>;

/// What is known of a stretch: the newest value, and of the values the least, the greatest, their
/// sum, how many there are, and how much a counter grew.
#[derive(Debug, Default)]
struct Known {
    newest: Option<f64>,
    least: Option<f64>,
    greatest: Option<f64>,
    sum: f64,
    count: u64,
    increase: f64,
    /// How large all values are together: what rounding is measured by.
    size: f64,
}

/// The parts of a selection, one for each aggregate.
pub(crate) const AGGREGATES: [Aggregate; 5] =
    [Aggregate::Newest, Aggregate::Least, Aggregate::Greatest, Aggregate::Sum, Aggregate::Ends];

/// Holds `windows` stretches of `every`, from behind `start` on, against `naive`. Markers that the
/// store set by itself are not in there.
pub(crate) fn check(
    store: &Store,
    naive: &Naive,
    (start, windows): (Timestamp, i64),
    every: Span,
    said: &str,
) {
    let end = start + Span(windows * every.0);
    let range = TimeRange::new(start + Span(1), end).unwrap();
    let found = AGGREGATES.map(|aggregate| select(store, range, Coarse { every, aggregate }));
    for (labels, samples) in naive {
        for window in 0..windows {
            let from = start + Span(window * every.0);
            let inside = |at: Timestamp| at > from && at <= from + every;
            let expected = known(samples.iter().filter(|sample| inside(sample.at)));
            let part = |place: usize| {
                let one = found[place].iter().find(|one| one.labels == *labels);
                one.map_or_else(Vec::new, |one| rows(one, inside))
            };
            let place = format!("{said}: {labels} behind {from:?}, {every}");
            compare(&expected, &AGGREGATES.map(|aggregate| part(aggregate as usize)), &place);
        }
    }
}

pub(crate) fn select(store: &Store, range: TimeRange, coarse: Coarse) -> Vec<Selected> {
    let selection = Selection {
        matchers: &[],
        range,
        newest_only: false,
        coarse: Some(coarse),
        series_max: usize::MAX,
        samples_max: usize::MAX,
    };
    store.select(&selection).unwrap()
}

/// A sample with how many it stands for and what was lost before it.
type Row = (Sample, u32, f64);

fn rows(one: &Selected, inside: impl Fn(Timestamp) -> bool) -> Vec<Row> {
    assert!(one.samples.is_sorted_by(|one, next| one.at < next.at), "{:?}", one.samples);
    let rows = one.samples.iter().enumerate().map(|(place, sample)| match &one.rolled {
        Some(rolled) => (*sample, rolled.counts[place], rolled.lost[place]),
        None => (*sample, u32::from(!is_stale(sample.value)), 0.0),
    });
    rows.filter(|(sample, ..)| inside(sample.at)).collect()
}

fn least(known: f64, value: f64) -> f64 {
    if known.is_nan() || value < known { value } else { known }
}

fn greatest(known: f64, value: f64) -> f64 {
    if known.is_nan() || value > known { value } else { known }
}

fn known<'a>(samples: impl Iterator<Item = &'a Sample>) -> Known {
    let (mut known, mut values) = (Known::default(), Vec::new());
    for sample in samples {
        known.newest = Some(sample.value);
        if is_stale(sample.value) {
            continue;
        }
        known.least = Some(known.least.map_or(sample.value, |known| least(known, sample.value)));
        let most = known.greatest.map_or(sample.value, |known| greatest(known, sample.value));
        known.greatest = Some(most);
        known.sum += sample.value;
        known.size += sample.value.abs();
        known.count += 1;
        values.push((*sample, 1, 0.0));
    }
    known.increase = increase(&values);
    known
}

/// How much a counter grew from the first to the last of these.
fn increase(rows: &[Row]) -> f64 {
    let values: Vec<&Row> = rows.iter().filter(|(sample, ..)| !is_stale(sample.value)).collect();
    let (Some(first), Some(last)) = (values.first(), values.last()) else { return 0.0 };
    let mut resets = 0.0;
    for pair in values.windows(2) {
        let (before, (next, count, inside)) = (pair[0].0.value, *pair[1]);
        if count > 1 {
            resets += inside;
        } else if next.value < before {
            resets += before;
        }
    }
    last.0.value - first.0.value + resets
}

fn compare(expected: &Known, [newest, low, high, sum, ends]: &[Vec<Row>; 5], place: &str) {
    let values = |rows: &[Row]| -> Vec<f64> {
        rows.iter().map(|(sample, ..)| sample.value).filter(|value| !is_stale(*value)).collect()
    };
    let same = |found: Option<f64>, expected: Option<f64>, what: &str| {
        let bits = |value: Option<f64>| {
            value.map(|value| if value.is_nan() { 0 } else { value.to_bits() })
        };
        assert_eq!(bits(found), bits(expected), "{what}, {place}");
    };
    let last = newest.last().map(|(sample, ..)| sample.value);
    if last.is_none_or(|last| !is_stale(last)) {
        same(last, expected.newest, "newest");
    }
    same(values(low).into_iter().reduce(least), expected.least, "least");
    same(values(high).into_iter().reduce(greatest), expected.greatest, "greatest");
    for rows in [newest, low, high, sum, ends] {
        let count: u64 = rows.iter().map(|(_, count, _)| u64::from(*count)).sum();
        assert_eq!(count, expected.count, "count, {place}");
    }
    if expected.size < 1e200 {
        let near = |one: f64, other: f64| (one - other).abs() <= expected.size * 1e-12;
        let total: f64 = values(sum).iter().sum();
        assert!(near(total, expected.sum), "sum {total} of {expected:?}, {place}");
        let grew = increase(ends);
        let exact = expected.size < 1e9 && expected.size.fract() == 0.0;
        let right = if exact { grew == expected.increase } else { near(grew, expected.increase) };
        assert!(right, "increase {grew} of {expected:?}, {place}");
    }
}
