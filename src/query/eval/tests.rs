//! Tests of evaluation as a whole: its limits, what it reads, and that a range is the same as its
//! steps one by one. What queries answer is said by the scripts in `tests/promql`.

mod rolled;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;

use super::*;
use crate::model::{
    Kind, Labels, Matcher, Metadata, Sample, SelectError, Selection, Span, TimeRange, Timestamp,
    is_absent,
};
use crate::query::Options;

/// Series in memory that remember what was asked of them: (range, newest only).
#[derive(Default)]
struct Data {
    series: Vec<Selected>,
    asked: Mutex<Vec<(TimeRange, bool)>>,
}

impl Data {
    /// Series called `name` with label `n` and one value every ten seconds; `None` is a gap.
    fn new(series: &[(&str, &str, Vec<Option<f64>>)]) -> Self {
        let series = series.iter().map(|(name, n, values)| {
            let labels = Labels::from_pairs([("__name__", *name), ("n", *n)]).expect("labels");
            let samples = values.iter().enumerate().filter_map(|(index, value)| {
                Some(Sample::new(Timestamp(index as i64 * 10_000), (*value)?))
            });
            Selected { labels, kind: Kind::Float, samples: samples.collect(), rolled: None }
        });
        let mut series: Vec<Selected> = series.collect();
        series.sort_by(|a, b| a.labels.cmp(&b.labels));
        Self { series, asked: Mutex::default() }
    }
}

impl Select for Data {
    fn select(&self, selection: &Selection<'_>) -> Result<Vec<Selected>, SelectError> {
        self.asked.lock().expect("a lock").push((selection.range, selection.newest_only));
        let mut found: Vec<Selected> = Vec::new();
        for one in self.series.iter().filter(|one| Matcher::all(selection.matchers, &one.labels)) {
            let mut one = one.clone();
            one.samples.retain(|sample| selection.range.contains(sample.at));
            if selection.newest_only {
                one.samples = one.samples.split_off(one.samples.len().saturating_sub(1));
            }
            if !one.samples.is_empty() {
                found.push(one);
            }
        }
        if found.len() > selection.series_max {
            return Err(SelectError::TooManySeries { limit: selection.series_max });
        }
        if found.iter().map(|one| one.samples.len()).sum::<usize>() > selection.samples_max {
            return Err(SelectError::TooManySamples { limit: selection.samples_max });
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

fn counting(length: usize) -> Vec<Option<f64>> {
    (0..length).map(|value| Some(value as f64)).collect()
}

fn limits() -> Limits {
    Limits::from(&Options::default())
}

fn run(text: &str, data: &Data, grid: Grid, limits: &Limits) -> Result<Output, EvalError> {
    evaluate(&Plan::new(text).expect("a query"), data, grid, limits)
}

fn range(start: i64, end: i64, step: i64) -> Grid {
    Grid { start: Timestamp(start), end: Timestamp(end), step: Span(step) }
}

#[test]
fn limits_are_named_with_the_cost_so_far() {
    let data = Data::new(&[("a", "1", counting(50)), ("a", "2", counting(50))]);
    let check = |text: &str, grid: Grid, change: fn(&mut Limits), expected: &str| {
        let mut limits = limits();
        change(&mut limits);
        let error = run(text, &data, grid, &limits).expect_err("a limit");
        assert!(error.to_string().contains(expected), "{text}: {error}");
    };
    let now = Grid::at(Timestamp(490_000));
    let samples = |limits: &mut Limits| limits.samples_max = 90;
    check(
        "sum_over_time(a{n=\"1\"}[9m]) + sum_over_time(a{n=\"1\"}[9m])",
        now,
        samples,
        "needs more than 90 samples (50 samples read so far)",
    );
    check(
        "a",
        now,
        |limits| limits.series_max = 1,
        "the query needs more than 1 series in one selector: add matchers (0 samples read so far)",
    );
    check(
        "a",
        range(0, 12_000, 1000),
        |limits| limits.points_max = 11,
        "the query needs more than 11 steps: choose a longer step or a shorter range (0 samples \
         read so far)",
    );
    // Columns that would hold more values than samples may be read, and subqueries with more steps.
    check(
        "a @ 0 + 1",
        range(0, 60_000, 1000),
        |limits| limits.samples_max = 100,
        "needs more than 100 samples (2 samples read so far)",
    );
    check(
        "sum_over_time(vector(1)[1y:1ms])",
        now,
        |_| (),
        "needs more than 20000000 samples (0 samples read so far)",
    );
    check("a", range(2, 1, 1), |_| (), "the end of the range lies before its start");
}

#[test]
fn one_step_more_than_the_limit_of_intervals_passes() {
    let output = run("vector(1)", &Data::default(), range(0, 11_000, 1), &limits());
    let Value::Vector(columns) = output.expect("11,001 steps").value else {
        panic!("a vector was expected");
    };
    assert_eq!(columns[0].values.len(), 11_001);
    assert!(run("vector(1)", &Data::default(), range(0, 11_001, 1), &limits()).is_err());
}

#[test]
fn an_evaluation_ends_soon_after_it_is_told_to_stop() {
    let data = Data::new(&[("a", "1", counting(5000))]);
    let stop = Some(Arc::new(AtomicBool::new(true)));
    let limits = Limits { stop, ..limits() };
    let grid = range(0, 49_990_000, 10_000);
    let error = run("sum_over_time(a[1h])", &data, grid, &limits).expect_err("a stop");
    assert_eq!(error, EvalError::Stopped { samples: 5000 });
    // What is small is done before anyone looks.
    assert!(run("a", &data, Grid::at(Timestamp(0)), &limits).is_ok());
}

#[test]
fn each_selector_reads_once_what_all_steps_see() {
    let check = |text: &str, grid: Grid, expected: &[(i64, i64, bool)]| {
        let data = Data::new(&[("a", "1", counting(100))]);
        run(text, &data, grid, &limits()).expect("a result");
        let asked = data.asked.lock().expect("a lock");
        let asked: Vec<(i64, i64, bool)> =
            asked.iter().map(|(range, newest)| (range.from().0, range.to().0, *newest)).collect();
        assert_eq!(asked, expected, "{text}");
    };
    let grid = range(400_000, 500_000, 10_000);
    check("a", Grid::at(Timestamp(400_000)), &[(100_001, 400_000, true)]);
    check("a", grid, &[(100_001, 500_000, false)]);
    check("rate(a[1m])", Grid::at(Timestamp(400_000)), &[(340_001, 400_000, false)]);
    check("rate(a[1m] offset 20s)", grid, &[(320_001, 480_000, false)]);
    check("a @ 100 offset 50s", grid, &[(-249_999, 50_000, true)]);
    check("a + a", grid, &[(100_001, 500_000, false); 2]);
    check("max_over_time(a[1m:30s])", grid, &[(60_001, 480_000, false)]);
}

/// No function of the table is forgotten.
#[test]
fn every_function_of_the_table_is_evaluated() {
    use crate::query::{Function, ValueType};
    let data = Data::new(&[("a", "1", counting(100))]);
    for function in Function::all() {
        let argument = |value_type: &ValueType| match value_type {
            ValueType::Scalar => "0.5",
            ValueType::String => "\"n\"",
            ValueType::Vector => "a",
            ValueType::Matrix => "a[1m]",
        };
        let args: Vec<&str> =
            function.arguments().iter().map(argument).take(function.arguments_min()).collect();
        let text = format!("{}({})", function.name(), args.join(", "));
        let plan = Plan::new(&text).expect("a query");
        let result = evaluate(&plan, &data, Grid::at(Timestamp(60_000)), &limits());
        assert!(result.is_ok(), "{text}: {result:?}");
    }
}

/// What is estimated is what is then read, and nothing is read when that is too much.
#[test]
fn costs_are_known_before_anything_is_read() {
    let data = Data::new(&[("a", "1", counting(50)), ("a", "2", counting(50))]);
    let day = range(0, 490_000, 10_000);
    let cost = |text: &str, grid: Grid, samples_max: u64| {
        let limits = Limits { samples_max, ..limits() };
        estimate(&Plan::new(text).expect("a query"), &data, grid, &limits)
    };
    for text in ["a", "rate(a[1m]) + a", "sum by (n) (max_over_time(a[2m]))", "a @ 0 * 2", "1 + 1"]
    {
        let output = run(text, &data, day, &limits()).expect("a result");
        let cost = cost(text, day, 1_000_000).expect("it is cheap");
        assert_eq!(cost.samples, output.samples, "{text}");
        assert!(cost.work >= cost.samples, "{text}: {cost:?}");
    }
    let refused = |text: &str, grid: Grid, samples_max: u64| match cost(text, grid, samples_max) {
        Err(EvalError::Limit { bound, .. }) => Some(bound),
        _ => None,
    };
    assert_eq!(refused("rate(a[1m])", day, 99), Some(Bound::Samples));
    assert_eq!(refused("rate(a[1m])", day, 100), None);
    // Each of 8,180 points is looked at by the 491 steps that see it.
    let (inner, fine) = ("sum_over_time(a[1h:1s])", range(0, 490_000, 1000));
    assert_eq!(refused(inner, fine, 41_000), None);
    assert_eq!(refused(inner, fine, 40_000), Some(Bound::Work));
    let nested = "max_over_time(max_over_time(vector(1)[1h:1s])[1h:1s])";
    assert_eq!(refused(nested, Grid::at(Timestamp(0)), 10_000), Some(Bound::Work));
    assert_eq!(refused(nested, Grid::at(Timestamp(0)), 1_000_000), None);
}

/// Values that meet the special cases often.
fn values() -> impl Strategy<Value = Vec<Option<f64>>> {
    let value = prop_oneof![
        4 => (-5_i32..20).prop_map(|value| Some(f64::from(value))),
        1 => Just(Some(f64::NAN)),
        1 => Just(Some(crate::model::stale_marker())),
        2 => Just(None),
    ];
    prop::collection::vec(value, 0..12)
}

fn query() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "a",
        "b",
        "c{n=\"1\"}",
        "{n=\"2\"}",
        "a offset 15s",
        "b @ 40",
        "rate(a[31s])",
        "increase({n=\"1\"}[1m])",
        "sum_over_time(b[25s] offset -10s)",
        "min_over_time(b[25s] @ 60)",
        "changes(c[1m])",
        "vector(time() % 40)",
        "absent(c)",
        "quantile_over_time(time() / 100, a[1m])",
        "count_over_time((a > 3)[45s:15s])",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(3, 12, 2, |inner| {
        let one = [
            "-(X)",
            "abs(X)",
            "(X) > 3",
            "2 == bool (X)",
            "sum by (n) (X)",
            "avg(X)",
            "count without (n) (X)",
            "max(X)",
            "stddev(X)",
            "quantile(0.4, X)",
            "scalar(X) + (X)",
            "count_values(\"n\", X)",
            "timestamp(X)",
            "clamp(X, time() - 30, 20)",
            "label_replace(X, \"n\", \"9\", \"n\", \"1\")",
            "topk by (n) (1, X)",
            "bottomk(2, X)",
        ];
        let two = [
            "(X) + (Y)",
            "(X) > (Y)",
            "(X) == bool (Y)",
            "(X) and (Y)",
            "(X) unless (Y)",
            "(X) or (Y)",
            "(X) - on (n) (Y)",
            "(X) * ignoring (n) group_left () (Y)",
            "(X) < on () (Y)",
            "(X) / on () group_right (n) (Y)",
            "(X) or on () (Y)",
            "(X) and on (n) (Y)",
        ];
        let one = (prop::sample::select(one.to_vec()), inner.clone())
            .prop_map(|(shape, x)| shape.replace('X', &x));
        let two = (prop::sample::select(two.to_vec()), inner.clone(), inner)
            .prop_map(|(shape, x, y)| shape.replace('X', "\0").replace('Y', &y).replace('\0', &x));
        prop_oneof![one, two]
    })
}

type Cells = Vec<(Labels, f64)>;

fn cells(value: Value, step: usize) -> Cells {
    let Value::Vector(columns) = value else {
        panic!("a vector was expected");
    };
    let cells = columns.into_iter().map(|column| (column.labels, column.values[step]));
    let mut cells: Cells = cells.filter(|(_, value)| !is_absent(*value)).collect();
    cells.sort_by(|a, b| a.0.cmp(&b.0));
    cells
}

proptest! {
    /// A range query is its steps as instant queries: the same values, and it fails exactly when
    /// one of them does.
    #[test]
    fn a_range_is_its_steps_one_by_one(
        series in prop::collection::vec(values(), 5),
        text in query(),
        step in 7_000_i64..40_000,
    ) {
        let names = [("a", "1"), ("a", "2"), ("b", "1"), ("b", "2"), ("c", "1")];
        let series: Vec<(&str, &str, Vec<Option<f64>>)> =
            names.into_iter().zip(series).map(|((name, n), values)| (name, n, values)).collect();
        let data = Data::new(&series);
        let limits = Limits { lookback: Span(25_000), ..limits() };
        let grid = range(0, 130_000, step);
        let whole = run(&text, &data, grid, &limits);
        let mut failed = false;
        for index in 0..grid.count() as usize {
            let at = Timestamp(step * index as i64);
            match (run(&text, &data, Grid::at(at), &limits), &whole) {
                (Err(_), _) => failed = true,
                (Ok(_), Err(_)) => {}
                (Ok(instant), Ok(whole)) => {
                    let (instant, over_range) =
                        (cells(instant.value, 0), cells(whole.value.clone(), index));
                    let same = instant.len() == over_range.len()
                        && instant.iter().zip(&over_range).all(|(a, b)| {
                            a.0 == b.0 && (a.1 == b.1 || (a.1.is_nan() && b.1.is_nan()))
                        });
                    prop_assert!(same, "{text} at {at:?}: {instant:?} but {over_range:?}");
                }
            }
        }
        prop_assert_eq!(failed, whole.is_err(), "{}: {:?}", text, whole);
    }
}
