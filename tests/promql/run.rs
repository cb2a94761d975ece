//! Runs a script: loads, evaluates, compares. Every instant query is evaluated over a range as
//! well, and both must agree at its time.

use watchglass::model::{Labels, Select, Selected, Span, Timestamp, is_absent};
use watchglass::query::{Column, Grid, Limits, Options, Output, Plan, Value, evaluate};

use crate::script::{Command, Eval, Series, Text, When, Word, read};
use crate::store::Store;

/// What became of one evaluation.
pub(crate) enum Outcome {
    Passed,
    Failed(String),
    /// It is about native histograms.
    Skipped(String),
}

/// Runs all evaluations of a script: (line, outcome).
pub(crate) fn run_script(text: &str) -> Vec<(usize, Outcome)> {
    let mut store = Store::default();
    let mut histogram_names: Vec<String> = Vec::new();
    let mut outcomes = Vec::new();
    for command in read(text) {
        match command {
            Command::Clear => {
                store.clear();
                histogram_names.clear();
            }
            Command::Load { step, series, histograms } => {
                for one in series {
                    store.load(&one.labels, step, &one.points);
                }
                histogram_names.extend(histograms);
            }
            Command::Eval(eval) => {
                let native = eval.histograms
                    || histogram_names.iter().any(|name| eval.query.contains(name.as_str()));
                let outcome = if native {
                    Outcome::Skipped("native histograms".into())
                } else {
                    run(&eval, &store, !histogram_names.is_empty())
                };
                outcomes.push((eval.line, outcome));
            }
        }
    }
    outcomes
}

/// `left_out`: native histograms should have been loaded as well, and a query would say so.
fn run(eval: &Eval, store: &Store, left_out: bool) -> Outcome {
    let fails = eval.words.iter().find(|(word, _)| *word == Word::Fail);
    let failed = |text: String| match fails {
        None => Outcome::Failed(format!("`{}`: {text}", eval.query)),
        Some((_, Some(wanted))) if !holds(&text, wanted) => {
            Outcome::Failed(format!("`{}`: `{text}` instead of {wanted:?}", eval.query))
        }
        Some(_) => Outcome::Passed,
    };
    let plan = match Plan::new(&eval.query) {
        Ok(plan) => plan,
        Err(error) => return failed(error.to_string()),
    };
    let grid = match eval.when {
        When::Instant(at) => Grid::at(at),
        When::Range(start, end, step) => Grid { start, end, step },
    };
    let output = match evaluate(&plan, store, grid, &Limits::from(&Options::default())) {
        Ok(output) => output,
        Err(error) => return failed(error.to_string()),
    };
    if fails.is_some() {
        return Outcome::Failed(format!("`{}` does not fail: {:?}", eval.query, output.value));
    }
    let words = compare_words(eval, &output);
    if left_out && words.is_err() {
        return Outcome::Skipped("native histograms".into());
    }
    let checks = [
        compare(eval, &output.value),
        words,
        compare_with_range(&plan, eval, store, &output.value),
    ];
    match checks.into_iter().find_map(Result::err) {
        Some(why) => Outcome::Failed(format!("`{}`: {why}", eval.query)),
        None => Outcome::Passed,
    }
}

/// Whether a failure says what is wanted.
fn holds(text: &str, wanted: &Text) -> bool {
    match wanted {
        Text::Words(words) => text.contains(words),
        Text::Pattern(pattern) => pattern.is_match(text),
    }
}

fn compare_words(eval: &Eval, output: &Output) -> Result<(), String> {
    for (word, wanted) in &eval.words {
        let (notes, there) = match word {
            Word::Warn => (&output.warnings, true),
            Word::NoWarn => (&output.warnings, false),
            Word::Info => (&output.infos, true),
            Word::NoInfo => (&output.infos, false),
            Word::Fail => continue,
        };
        let is_wanted = |note: &String| match wanted {
            None => true,
            Some(Text::Words(words)) => note == words,
            Some(Text::Pattern(pattern)) => pattern.is_match(note),
        };
        if notes.iter().any(is_wanted) != there {
            return Err(format!("expected {word:?} {wanted:?}, there is {notes:?}"));
        }
    }
    Ok(())
}

fn compare(eval: &Eval, value: &Value) -> Result<(), String> {
    match (value, eval.when) {
        (Value::String(text), _) if Some(text) == eval.text.as_ref() => Ok(()),
        (Value::Scalar(values), When::Instant(_)) => match (values.as_slice(), eval.scalar) {
            ([value], Some(expected)) if near(*value, expected) => Ok(()),
            _ => Err(format!("{values:?} instead of {:?}", eval.scalar)),
        },
        (Value::Scalar(values), When::Range(..)) => {
            let column = Column { labels: Labels::empty(), values: values.clone() };
            compare_columns(eval, &[column])
        }
        (Value::Vector(columns), _) => compare_columns(eval, columns),
        (Value::Matrix(series), _) => compare_raw(eval, series),
        (value, _) => Err(format!("{value:?} instead of {:?}", eval.text)),
    }
}

fn compare_columns(eval: &Eval, columns: &[Column]) -> Result<(), String> {
    let problem = |what: String| Err(format!("{what}; got {columns:?}"));
    if columns.len() != eval.series.len() {
        return problem(format!("{} series instead of {}", columns.len(), eval.series.len()));
    }
    for (index, expected) in eval.series.iter().enumerate() {
        let place = columns.iter().position(|column| column.labels == expected.labels);
        let Some(place) = place else {
            return problem(format!("`{}` is missing", expected.labels));
        };
        if eval.ordered && place != index {
            return problem(format!("`{}` stands at {place}", expected.labels));
        }
        if !same_points(&columns[place], expected) {
            return problem(format!("`{}`: expected {:?}", expected.labels, expected.points));
        }
    }
    Ok(())
}

fn same_points(column: &Column, expected: &Series) -> bool {
    if expected.points.len() > column.values.len() {
        return false;
    }
    column.values.iter().enumerate().all(|(index, value)| {
        match expected.points.get(index).copied().flatten() {
            None => is_absent(*value),
            Some(expected) => !is_absent(*value) && near(*value, expected),
        }
    })
}

fn compare_raw(eval: &Eval, series: &[Selected]) -> Result<(), String> {
    let (start, step) = eval.raw.ok_or_else(|| format!("raw samples: {series:?}"))?;
    let same = |(got, expected): (&Selected, &Series)| {
        let points = expected.points.iter().enumerate();
        let points = points.filter_map(|(index, point)| {
            Some((start + step * i64::try_from(index).unwrap(), (*point)?))
        });
        let points: Vec<(Timestamp, f64)> = points.collect();
        let pairs = got.samples.iter().zip(&points);
        got.labels == expected.labels
            && got.samples.len() == points.len()
            && pairs.into_iter().all(|(got, point)| got.at == point.0 && near(got.value, point.1))
    };
    if series.len() == eval.series.len() && series.iter().zip(&eval.series).all(same) {
        return Ok(());
    }
    Err(format!("raw samples: {series:?} instead of {:?}", eval.series))
}

/// Evaluates an instant query over a range as well; the column at its time must be the same.
fn compare_with_range(
    plan: &Plan,
    eval: &Eval,
    store: &dyn Select,
    value: &Value,
) -> Result<(), String> {
    let When::Instant(at) = eval.when else {
        return Ok(());
    };
    let Value::Vector(columns) = value else {
        return Ok(());
    };
    // What asks for the range itself answers differently over another one.
    let own = ["start()", "end()", "range()", "step()"];
    if own.iter().any(|text| eval.query.contains(text)) {
        return Ok(());
    }
    let step = Span(17_000);
    let grid = Grid { start: at - step * 2, end: at + step, step };
    // Another step of the range may well fail where this one does not.
    let Ok(output) = evaluate(plan, store, grid, &Limits::from(&Options::default())) else {
        return Ok(());
    };
    let Value::Vector(over_range) = output.value else {
        return Err("no vector over a range".into());
    };
    let at_step = |column: &Column| (column.labels.clone(), column.values[2]);
    let mut over_range: Vec<(Labels, f64)> = over_range.iter().map(at_step).collect();
    over_range.retain(|(_, value)| !is_absent(*value));
    let mut columns: Vec<(Labels, f64)> =
        columns.iter().map(|column| (column.labels.clone(), column.values[0])).collect();
    columns.sort_by(|a, b| a.0.cmp(&b.0));
    let pairs = columns.iter().zip(&over_range);
    if columns.len() == over_range.len()
        && pairs.into_iter().all(|(a, b)| a.0 == b.0 && near(a.1, b.1))
    {
        return Ok(());
    }
    Err(format!("over a range the same time gives {over_range:?}, not {columns:?}"))
}

/// Equal within a millionth; zero, infinities and NaN exactly.
fn near(got: f64, expected: f64) -> bool {
    if got == expected || (got.is_nan() && expected.is_nan()) {
        return true;
    }
    got.is_finite()
        && expected.is_finite()
        && (got - expected).abs() <= 1e-6 * expected.abs().max(got.abs())
}
