//! What must be true of any query over data that meets the special cases: nothing panics, limits
//! are kept, a range is its steps one by one, and a standing query gives what one that is asked
//! once gives.
//!
//! The first byte of an input chooses the step of the range, the rest is the query.

use std::sync::LazyLock;

use watchglass::model::{
    Append, Batch, Labels, Origin, Principal, Sample, Span, Timestamp, is_absent, stale_marker,
};
use watchglass::query::{
    Column, EvalError, Grid, Limits, Options, Plan, Standing, Value, ValueType, estimate, evaluate,
};
use watchglass::store::{self, Store};

const STEPS: i64 = 6;

/// Series called `a`, `b_total` and `h_bucket` over two minutes, every 5 s.
static STORE: LazyLock<Store> = LazyLock::new(|| {
    let store =
        Store::new(&store::Options::default(), Span::from_secs(3600), Span::from_secs(3600));
    for step in 0..24_i64 {
        let mut batch = Batch::new(Origin::Push);
        let at = Timestamp(step * 5000 + 500);
        for (place, (name, label, text)) in SERIES.iter().enumerate() {
            let value = match (step + place as i64) % 11 {
                3 if place % 2 == 0 => f64::NAN,
                5 if place == 1 => f64::INFINITY,
                6 if place == 2 => stale_marker(),
                7 if place == 3 => -0.0,
                8 if place == 4 => continue,
                _ => (step * (place as i64 + 1) % 17) as f64 + place as f64 / 4.0,
            };
            let pairs = [("__name__", *name), (label, *text), ("job", "j"), ("instance", "i")];
            let labels = Labels::from_pairs(pairs).expect("labels");
            batch.push(labels, Sample::new(at, value));
        }
        store.append(&batch, Principal::Anonymous, at);
    }
    store
});

const SERIES: [(&str, &str, &str); 10] = [
    ("a", "n", "1"),
    ("a", "n", "2"),
    ("a", "n", "3"),
    ("b_total", "n", "1"),
    ("b_total", "n", "2"),
    ("h_bucket", "le", "1"),
    ("h_bucket", "le", "2.0"),
    ("h_bucket", "le", "+Inf"),
    ("target_info", "v", "1"),
    ("my.metric", "a b", "c"),
];

/// Holds what must be true of an input.
pub(crate) fn check(input: &[u8]) {
    let Some((first, text)) = input.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let Ok(plan) = Plan::new(text) else { return };
    let limits = Limits {
        samples_max: 20_000,
        points_max: 100,
        ..Limits::from(&Options { lookback: Span::from_secs(30), ..Options::default() })
    };
    let step = Span(1000 + i64::from(*first) * 100);
    let grid = Grid { start: Timestamp(0), end: Timestamp(step.0 * (STEPS - 1)), step };
    let refused = estimate(&plan, &*STORE, grid, &limits).is_err();
    let whole = evaluate(&plan, &*STORE, grid, &limits);
    if let Ok(output) = &whole {
        assert!(output.samples <= limits.samples_max, "{text}");
        assert!(!refused || output.work > 20_000, "{text}: refused, and costs {}", output.work);
    }
    let live = matches!(plan.value_type(), ValueType::Scalar | ValueType::Vector);
    let stands = live && Standing::suits(&plan, limits.lookback);
    let mut standing = Standing::new(100_000);
    for index in 0..STEPS {
        let at = Timestamp(step.0 * index);
        let once = evaluate(&plan, &*STORE, Grid::at(at), &limits);
        if stands && let Some(row) = standing.evaluate(&plan, at, &*STORE, &limits) {
            let cells = row.map(|row| {
                let cells = row.labels.iter().cloned().zip(row.values);
                sorted(cells.filter(|(_, value)| !is_absent(*value)).collect())
            });
            compare(text, at, &cells, &once.as_ref().map(|output| cells_of(&output.value, 0)));
        }
        // What asks for its own range answers differently over another one.
        if stands && let Ok(output) = &whole {
            let cells = Ok(cells_of(&output.value, index as usize));
            compare(text, at, &cells, &once.as_ref().map(|output| cells_of(&output.value, 0)));
        }
    }
}

type Cells = Vec<(Labels, f64)>;

fn compare(
    text: &str,
    at: Timestamp,
    one: &Result<Cells, EvalError>,
    other: &Result<Cells, &EvalError>,
) {
    let bound = |error: &EvalError| matches!(error, EvalError::Limit { .. });
    match (one, other) {
        (Ok(one), Ok(other)) => {
            let same = |(one, other): (&(Labels, f64), &(Labels, f64))| {
                let (a, b) = (one.1, other.1);
                one.0 == other.0 && (a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()))
            };
            let all = one.len() == other.len() && one.iter().zip(other).all(same);
            assert!(all, "{text} at {at:?}: {one:?} but {other:?}");
        }
        // Many steps and one may meet limits differently.
        (Err(error), _) if bound(error) => {}
        (_, Err(error)) if bound(error) => {}
        (Err(_), Err(_)) => {}
        (one, other) => panic!("{text} at {at:?}: {one:?} but {other:?}"),
    }
}

fn cells_of(value: &Value, step: usize) -> Cells {
    let at = |column: &Column| (column.labels.clone(), column.values[step]);
    let cells: Cells = match value {
        Value::Scalar(values) => vec![(Labels::empty(), values[step])],
        Value::Vector(columns) => columns.iter().map(at).collect(),
        Value::String(_) | Value::Matrix(_) => Vec::new(),
    };
    sorted(cells.into_iter().filter(|(_, value)| !is_absent(*value)).collect())
}

fn sorted(mut cells: Cells) -> Cells {
    cells.sort_by(|one, other| one.0.cmp(&other.0));
    cells
}
