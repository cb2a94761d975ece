//! One series against a plain map from time to value.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const SPAN: Span = Span(900_000);

fn sample(at: i64, value: f64) -> Sample {
    Sample::new(Timestamp(at), value)
}

fn range(from: i64, to: i64) -> TimeRange {
    TimeRange::new(Timestamp(from), Timestamp(to)).expect("a range")
}

fn read(series: &Series, range: TimeRange) -> Vec<Sample> {
    series.snapshot(range).map_or_else(Vec::new, |snapshot| snapshot.unpack(range, usize::MAX - 1))
}

#[derive(Debug, Clone)]
enum Step {
    Push(i64, f64),
    Settle,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => (0_i64..3_000, 0_u8..20)
            .prop_map(|(at, value)| Step::Push(at * 1000, f64::from(value) / 4.0)),
        1 => Just(Step::Settle),
    ]
}

proptest! {
    #[test]
    fn a_series_is_a_map_from_time_to_value(
        steps in prop::collection::vec(step(), 1..900),
        windows in prop::collection::vec((0_i64..3_000_000, 0_i64..1_500_000), 8),
    ) {
        let mut series = Series::new(Labels::named("m"), Kind::Float, Origin::Push);
        let mut naive = BTreeMap::new();
        for step in steps {
            match step {
                Step::Push(at, value) => {
                    series.push(sample(at, value), SPAN);
                    naive.insert(at, value);
                }
                Step::Settle => {
                    series.settle(SPAN);
                }
            }
        }
        for round in 0..2 {
            for (from, length) in &windows {
                let (from, to) = (*from, from + length);
                let expected: Vec<Sample> =
                    naive.range(from..=to).map(|(at, value)| sample(*at, *value)).collect();
                prop_assert_eq!(series.newest_in(range(from, to)), expected.last().copied());
                prop_assert_eq!(read(&series, range(from, to)), expected);
            }
            if round == 0 {
                series.settle(SPAN);
                prop_assert!(!series.has_late());
                prop_assert_eq!(series.footprint().samples, naive.len());
                let first = naive.keys().next().map(|at| Timestamp(*at));
                prop_assert_eq!(series.oldest(), first);
            }
        }
    }

    #[test]
    fn letting_go_takes_the_oldest_and_keeps_what_is_young(
        times in prop::collection::vec(0_i64..3_000, 1..900),
        edge in 0_i64..3_000_000,
    ) {
        let mut series = Series::new(Labels::named("m"), Kind::Float, Origin::Push);
        for at in &times {
            series.push(sample(at * 1000, *at as f64), SPAN);
        }
        series.settle(SPAN);
        let before = read(&series, TimeRange::all());
        let gone = series.thin(Timestamp(edge));
        let after = read(&series, TimeRange::all());
        prop_assert_eq!(gone, before.len() - after.len());
        prop_assert!(before.ends_with(&after), "what goes is the oldest");
        let young = before.iter().filter(|sample| sample.at.0 >= edge).count();
        prop_assert!(after.len() >= young.max(1));
        series.expire(Timestamp(4_000_000));
        prop_assert_eq!(series.footprint().samples, 0);
        prop_assert!(series.newest().is_none());
    }
}

#[test]
fn the_newest_sample_is_replaced_in_place() {
    let mut series = Series::new(Labels::named("m"), Kind::Float, Origin::Push);
    let mut check = |at, value, expected| {
        assert_eq!(series.push(sample(at, value), SPAN), expected, "{value} at {at}");
    };
    check(10, 1.0, Taken::Newest);
    check(10, 1.0, Taken::Duplicate);
    check(10, 2.0, Taken::Replaced);
    check(10, f64::NAN, Taken::Replaced);
    check(10, f64::NAN, Taken::Duplicate);
    check(10, -0.0, Taken::Replaced);
    check(10, 0.0, Taken::Replaced);
    check(9, 5.0, Taken::Late);
    check(11, 3.0, Taken::Newest);
    let expected = [sample(9, 5.0), sample(10, 0.0), sample(11, 3.0)];
    assert_eq!(read(&series, TimeRange::all()), expected);
}

#[test]
fn rare_samples_do_not_share_a_chunk_for_hours() {
    let mut series = Series::new(Labels::named("m"), Kind::Float, Origin::Push);
    for minute in 0..240 {
        series.push(sample(minute * 60_000, 1.0), SPAN);
    }
    series.expire(Timestamp(180 * 60_000));
    let oldest = series.oldest().expect("samples").0 / 60_000;
    assert!((164..=180).contains(&oldest), "minute {oldest}");
}
