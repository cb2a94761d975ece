//! The standing graph gives what a query that is asked once gives, bit for bit, whatever came, went
//! or came late in between.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::{Grid, Value, evaluate};
use super::{Row, Standing};
use crate::model::list::List;
use crate::model::{Follow, Labels, Origin, Span, Timestamp, is_absent, stale_marker};
use crate::query::{Limits, Options, Plan};

const QUERIES: [&str; 48] = [
    "a",
    "a offset 2s",
    "-a",
    "+a",
    "a * 2 + 1",
    "2 - a",
    "a > 3",
    "3 < bool a",
    "7",
    "time()",
    "a + time()",
    "abs(a - 5)",
    "round(a, 0.3)",
    "clamp(a, 2, 4)",
    "clamp(a, 4, 2)",
    "rate(a[5s])",
    "increase(a[7s] offset 1s)",
    "delta(a[5s])",
    "irate(a[9s])",
    "resets(a[9s])",
    "max_over_time(a[6s])",
    "min_over_time({__name__=~\"a|b\"}[6s])",
    "avg_over_time(a[6s])",
    "last_over_time(b[3s])",
    "quantile_over_time(0.7, a[6s])",
    "absent_over_time(a[2s])",
    "max_over_time(sum(a)[8s:2s])",
    "sum(a)",
    "sum by (x) (rate(a[5s]))",
    "avg without (x) ({__name__=~\"a|b\"})",
    "stddev by (y) (a)",
    "count(a) or vector(0)",
    "topk(1, a)",
    "quantile by (y) (0.5, a)",
    "count_values(\"v\", a)",
    "a + b",
    "a > on (x) b",
    "a * on (y) group_left (z) sum by (y) (b)",
    "a unless b",
    "sum(rate(a[5s])) / sum(rate(b[5s]))",
    "label_replace(rate(a[5s]), \"w\", \"$1\", \"x\", \"(.*)\")",
    "absent(a) + timestamp(vector(1))",
    "limitk by (y) (1, a)",
    "limit_ratio(0.5, a)",
    "info(a, {__name__=\"b\"})",
    "increase(a[5s] anchored)",
    "double_exponential_smoothing(a[8s], 0.5, 0.5)",
    "histogram_fraction(0, 1, a)",
];

#[derive(Debug, Clone)]
enum Event {
    Sample { series: usize, late_ms: i64, value: f64 },
    Ends { series: usize },
    Goes { series: usize },
    GivesAway { ms: i64 },
    Tick { ms: i64 },
}

fn event() -> impl Strategy<Value = Event> {
    let value = prop_oneof![
        20 => (0..60_i32).prop_map(|value| f64::from(value) / 7.0),
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0]),
    ];
    prop_oneof![
        12 => (0..6_usize, prop_oneof![Just(0_i64), -900..4000_i64], value)
            .prop_map(|(series, late_ms, value)| Event::Sample { series, late_ms, value }),
        1 => (0..6_usize).prop_map(|series| Event::Ends { series }),
        1 => (0..6_usize).prop_map(|series| Event::Goes { series }),
        1 => (0..20_000_i64).prop_map(|ms| Event::GivesAway { ms }),
        6 => prop_oneof![Just(1000), 1..5000_i64].prop_map(|ms| Event::Tick { ms }),
    ]
}

fn series(number: usize) -> Labels {
    let (name, x, y) = [
        ("a", "p", "1"),
        ("a", "q", "1"),
        ("a", "r", "2"),
        ("b", "p", "1"),
        ("b", "q", "2"),
        ("b", "r", "2"),
    ][number];
    Labels::from_pairs([("__name__", name), ("x", x), ("y", y)]).expect("labels")
}

fn limits() -> Limits {
    Limits { lookback: Span::from_secs(4), ..Limits::from(&Options::default()) }
}

/// What is there, by labels.
fn of_row(row: &Row) -> BTreeMap<Labels, u64> {
    let cells = row.labels.iter().cloned().zip(&row.values);
    cells.filter(|(_, value)| !is_absent(**value)).map(|(l, value)| (l, bits(*value))).collect()
}

/// The bits of a value; all ordinary NaNs are one, since their signs mean nothing.
fn bits(value: f64) -> u64 {
    if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() }
}

fn asked_once(plan: &Plan, data: &List, at: Timestamp) -> Result<BTreeMap<Labels, u64>, String> {
    let grid = Grid { start: at, end: at, step: Span::from_secs(1) };
    let output = evaluate(plan, data, grid, &limits()).map_err(|error| error.to_string())?;
    Ok(match output.value {
        Value::Scalar(values) => BTreeMap::from([(Labels::empty(), bits(values[0]))]),
        Value::Vector(columns) => {
            columns.into_iter().map(|column| (column.labels, bits(column.values[0]))).collect()
        }
        Value::String(_) | Value::Matrix(_) => panic!("no query for a graph"),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_standing_query_answers_as_one_that_is_asked_once(
        events in prop::collection::vec(event(), 1..120),
        chosen in prop::collection::btree_set(0..QUERIES.len(), 1..6),
    ) {
        let data = List::default();
        let mut standing = Standing::new(100_000);
        let plans: Vec<Plan> =
            chosen.iter().map(|at| Plan::new(QUERIES[*at]).expect("a query")).collect();
        let mut now = Timestamp(1_700_000_000_000);
        for event in events {
            match event {
                Event::Sample { series: number, late_ms, value } => {
                    data.put(&series(number), now - Span(late_ms), value, Origin::Push);
                }
                Event::Ends { series: number } => {
                    data.put(&series(number), now, stale_marker(), Origin::Push);
                }
                Event::Goes { series: number } => data.remove(&series(number)),
                Event::GivesAway { ms } => data.give_away(now - Span(ms)),
                Event::Tick { ms } => {
                    now = now + Span(ms);
                    for plan in &plans {
                        let row = standing.evaluate(plan, now, &data, &limits());
                        let Some(row) = row else {
                            // There is room and time goes on: what it needs cannot be followed.
                            let back = plan.reach(limits().lookback).back;
                            prop_assert!(now - back < data.whole_since());
                            continue;
                        };
                        let row = row.map(|row| of_row(&row)).map_err(|error| error.to_string());
                        prop_assert_eq!(row, asked_once(plan, &data, now), "{}", plan.text());
                    }
                }
            }
        }
    }
}

fn filled() -> List {
    let data = List::default();
    for second in 0..30 {
        for number in 0..6 {
            data.put(&series(number), Timestamp(second * 1000), second as f64, Origin::Push);
        }
    }
    data
}

#[test]
fn equal_parts_stand_once() {
    let (data, mut standing) = (filled(), Standing::new(100_000));
    let mut nodes = Vec::new();
    for text in ["rate(a[5s])", "sum(rate(a[5s]))", "sum(rate(a[5s])) / sum(rate(b[5s]))"] {
        let plan = Plan::new(text).expect("a query");
        standing.evaluate(&plan, Timestamp(20_000), &data, &limits());
        nodes.push(standing.len());
    }
    // A selector and its function; the sum; the other selector, function and sum, the quotient.
    assert_eq!(nodes, [2, 3, 7]);
}

#[test]
fn what_nobody_asks_any_more_is_forgotten() {
    let (data, mut standing) = (filled(), Standing::new(100_000));
    let [one, two] = ["rate(a[5s])", "sum(a)"].map(|text| Plan::new(text).expect("a query"));
    for plan in [&one, &two] {
        standing.evaluate(plan, Timestamp(0), &data, &limits());
    }
    for second in [40, 80, 120] {
        standing.evaluate(&two, Timestamp(second * 1000), &data, &limits());
    }
    assert_eq!(standing.len(), 2);
    let row = standing.evaluate(&two, Timestamp(121_000), &data, &limits());
    assert!(row.expect("it stands").expect("a row").values.iter().all(|value| is_absent(*value)));
}

#[test]
fn a_time_before_the_last_is_asked_the_ordinary_way() {
    let (data, mut standing) = (filled(), Standing::new(100_000));
    let plan = Plan::new("rate(a[5s])").expect("a query");
    assert!(standing.evaluate(&plan, Timestamp(20_000), &data, &limits()).is_some());
    assert!(standing.evaluate(&plan, Timestamp(19_000), &data, &limits()).is_none());
    assert!(standing.evaluate(&plan, Timestamp(20_000), &data, &limits()).is_some());
}

#[test]
fn windows_for_which_there_is_no_room_are_not_kept() {
    let (data, mut standing) = (filled(), Standing::new(10));
    let plan = Plan::new("rate(a[5s])").expect("a query");
    for second in [20, 21] {
        assert!(standing.evaluate(&plan, Timestamp(second * 1000), &data, &limits()).is_none());
        assert!(standing.is_empty());
    }
    let plan = Plan::new("a").expect("a query");
    assert!(standing.evaluate(&plan, Timestamp(22_000), &data, &limits()).is_some());
}

#[test]
fn queries_that_move_with_time_or_ask_for_the_step_do_not_stand() {
    let check = |text: &str, expected: bool| {
        let plan = Plan::new(text).expect("a query");
        assert_eq!(Standing::suits(&plan, Span::from_secs(300)), expected, "{text}");
    };
    check("rate(a[5s])", true);
    check("a offset 1m", true);
    check("a offset -1m", false);
    check("a @ start()", false);
    check("a * step()", false);
}
