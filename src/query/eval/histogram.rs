//! Classic histograms: quantiles from cumulative buckets, one series a bucket, bounds in `le`.

use crate::model::{ABSENT, is_absent, is_metric_identity};

use super::super::ast::Expr;
use super::notes::Raised;
use super::vector::{Column, LabelMap, Vector, present};
use super::{EvalError, Evaluated, Evaluator, mistyped};

/// The label that holds a bucket's upper bound.
const BOUND: &str = "le";

/// Counts that differ by less than this part of themselves are equal: they came out of a rate.
const TOLERANCE: f64 = 1e-12;

/// One bucket at one step.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Bucket {
    bound: f64,
    count: f64,
}

/// The bucket series of one histogram: upper bound and place in the vector, by bound.
struct Histogram {
    labels: crate::model::Labels,
    /// The metric name; empty when a function has taken it.
    name: String,
    buckets: Vec<(f64, usize)>,
}

impl Evaluator<'_> {
    /// The functions of histograms.
    pub(super) fn histogram(&mut self, name: &str, args: &[Expr]) -> Result<Evaluated, EvalError> {
        match (name, args) {
            ("histogram_quantile", [quantile, arg]) => self.histogram_quantile(quantile, arg),
            ("histogram_quantiles", _) => self.histogram_quantiles(args),
            ("histogram_fraction", _) => self.histogram_fraction(args),
            // Of series of numbers the others have nothing to say: they read native histograms.
            (_, [arg]) => {
                self.vector(arg)?;
                Ok(Evaluated::Vector(Vector::default()))
            }
            _ => Err(mistyped("there")),
        }
    }

    fn histogram_quantile(&mut self, quantile: &Expr, arg: &Expr) -> Result<Evaluated, EvalError> {
        let quantiles = self.scalar(quantile)?;
        self.warn_of_quantiles(&quantiles, quantile.place);
        let vector = self.vector(arg)?;
        let mut vector = Vector::new(self.quantile_columns(&vector, &quantiles, arg)?);
        vector.prune();
        Ok(Evaluated::Vector(vector))
    }

    /// Several quantiles at once, each in a series of its own: `(vector, label, quantile, ...)`.
    fn histogram_quantiles(&mut self, args: &[Expr]) -> Result<Evaluated, EvalError> {
        let [arg, label, wanted @ ..] = args else { return Err(mistyped("there")) };
        let label = self.text(label)?;
        super::relabel::check_name("label name", &label, Some("histogram_quantiles"))?;
        let vector = self.vector(arg)?;
        let mut all: Vec<Column> = Vec::new();
        for quantile in wanted {
            let quantiles = self.scalar(quantile)?;
            self.warn_of_quantiles(&quantiles, quantile.place);
            let columns = self.quantile_columns(&vector, &quantiles, arg)?;
            let mut told: Vec<f64> = Vec::new();
            for value in &quantiles {
                if told.iter().any(|other| other.to_bits() == value.to_bits()) {
                    continue;
                }
                told.push(*value);
                let text = quantile_text(*value);
                let held = |(cell, other): (&f64, &f64)| {
                    if other.to_bits() == value.to_bits() { *cell } else { ABSENT }
                };
                all.extend(columns.iter().map(|column| Column {
                    labels: column.labels.with(&label, &text),
                    values: column.values.iter().zip(&quantiles).map(held).collect(),
                }));
            }
        }
        let mut vector = Vector::new(all);
        vector.prune();
        Ok(Evaluated::Vector(vector.merge_equal()?))
    }

    /// The part of the observations that lies between two bounds.
    fn histogram_fraction(&mut self, args: &[Expr]) -> Result<Evaluated, EvalError> {
        let [lower, upper, arg] = args else { return Err(mistyped("there")) };
        let (lower, upper) = (self.scalar(lower)?, self.scalar(upper)?);
        let vector = self.vector(arg)?;
        self.budget.work((vector.columns.len() * self.steps.count) as u64)?;
        let histograms = self.histograms(&vector, arg);
        let mut buckets = Vec::new();
        let mut columns = Vec::with_capacity(histograms.len());
        for histogram in histograms {
            let bounds = lower.iter().zip(&upper).enumerate();
            let values = bounds.map(|(step, (lower, upper))| {
                gather(&histogram, &vector, step, &mut buckets);
                if buckets.is_empty() { ABSENT } else { fraction_of(*lower, *upper, &mut buckets) }
            });
            columns.push(Column { values: values.collect(), labels: histogram.labels });
        }
        let mut vector = Vector::new(columns);
        vector.prune();
        Ok(Evaluated::Vector(vector))
    }

    fn quantile_columns(
        &mut self,
        vector: &Vector,
        quantiles: &[f64],
        arg: &Expr,
    ) -> Result<Vec<Column>, EvalError> {
        self.budget.work((vector.columns.len() * self.steps.count) as u64)?;
        let histograms = self.histograms(vector, arg);
        let mut buckets = Vec::new();
        let mut columns = Vec::with_capacity(histograms.len());
        for histogram in histograms {
            let mut repaired: Option<Raised> = None;
            let quantile_at = |(step, quantile): (usize, &f64)| {
                gather(&histogram, vector, step, &mut buckets);
                if buckets.is_empty() {
                    return ABSENT;
                }
                let (value, raised) = quantile_of(*quantile, &mut buckets);
                if let Some(Rise { bounds, most }) = raised {
                    let time = self.steps.time(step);
                    let raised = Raised { bounds, most, samples: 1, times: (time, time) };
                    repaired = Some(repaired.map_or(raised, |known| known.joined(raised)));
                }
                present(value)
            };
            let values = quantiles.iter().enumerate().map(quantile_at).collect();
            if let Some(repaired) = repaired {
                self.notes.raised(&histogram.name, repaired, arg.place);
            }
            columns.push(Column { labels: histogram.labels, values });
        }
        Ok(columns)
    }

    /// The histograms of a vector: series that differ in the bound alone.
    fn histograms(&mut self, vector: &Vector, arg: &Expr) -> Vec<Histogram> {
        let mut seen: LabelMap<usize> = LabelMap::default();
        let mut histograms: Vec<Histogram> = Vec::new();
        for (index, column) in vector.columns.iter().enumerate() {
            let text = column.labels.value(BOUND);
            let Some(bound) = text.parse::<f64>().ok().filter(|bound| !bound.is_nan()) else {
                let remark =
                    format!("bucket label \"le\" is missing or has a malformed value of {text:?}");
                let remark = super::text::about(&remark, column.labels.name());
                self.notes.warn(&remark, arg.place);
                continue;
            };
            let labels = column.labels.filtered(|name| name != BOUND && !is_metric_identity(name));
            let place = *seen.entry(labels.clone()).or_insert_with(|| {
                let name = column.labels.name().to_owned();
                histograms.push(Histogram { labels, name, buckets: Vec::new() });
                histograms.len() - 1
            });
            histograms[place].buckets.push((bound, index));
        }
        for histogram in &mut histograms {
            histogram.buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        }
        histograms
    }
}

/// The buckets that a histogram has at a step, those with equal bounds (`1` and `1.0`) as one.
fn gather(histogram: &Histogram, vector: &Vector, step: usize, buckets: &mut Vec<Bucket>) {
    buckets.clear();
    for (bound, index) in &histogram.buckets {
        let column = vector.columns.get(*index);
        let count = column.and_then(|column| column.values.get(step)).copied().unwrap_or(ABSENT);
        match buckets.last_mut() {
            _ if is_absent(count) => {}
            Some(last) if last.bound == *bound => last.count += count,
            _ => buckets.push(Bucket { bound: *bound, count }),
        }
    }
}

/// How buckets were raised: the bounds of the lowest and the highest, and the most it took.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Rise {
    bounds: (f64, f64),
    most: f64,
}

/// The quantile, and which buckets had to be raised for it.
fn quantile_of(quantile: f64, buckets: &mut [Bucket]) -> (f64, Option<Rise>) {
    if quantile.is_nan() {
        return (f64::NAN, None);
    }
    if quantile < 0.0 {
        return (f64::NEG_INFINITY, None);
    }
    if quantile > 1.0 {
        return (f64::INFINITY, None);
    }
    if buckets.len() < 2 || buckets.last().is_none_or(|last| last.bound != f64::INFINITY) {
        return (f64::NAN, None);
    }
    let raised = make_monotonic(buckets);
    (interpolate(quantile, buckets).unwrap_or(f64::NAN), raised)
}

/// Raises counts that are lower than the one before; tells of dips that were more than rounding.
fn make_monotonic(buckets: &mut [Bucket]) -> Option<Rise> {
    let mut raised: Option<Rise> = None;
    let mut highest = f64::NEG_INFINITY;
    for bucket in buckets {
        if highest.is_finite() && nearly_equal(bucket.count, highest) {
            bucket.count = highest;
        } else if bucket.count < highest {
            let (bound, by) = (bucket.bound, highest - bucket.count);
            let known = raised.unwrap_or(Rise { bounds: (bound, bound), most: by });
            let bounds = (known.bounds.0.min(bound), known.bounds.1.max(bound));
            raised = Some(Rise { bounds, most: known.most.max(by) });
            bucket.count = highest;
        } else {
            highest = bucket.count;
        }
    }
    raised
}

/// A quantile as the value of a label: whole numbers keep a decimal, as in `OpenMetrics`.
fn quantile_text(quantile: f64) -> String {
    if quantile.is_infinite() {
        return if quantile > 0.0 { "+Inf".to_owned() } else { "-Inf".to_owned() };
    }
    format!("{quantile:?}")
}

/// The part of the observations that lies in (lower, upper], linear inside a bucket. Below the
/// first bound they are taken to begin at 0, or all at the bound when that is not positive.
fn fraction_of(lower: f64, upper: f64, buckets: &mut [Bucket]) -> f64 {
    let whole = buckets.last().is_some_and(|last| last.bound == f64::INFINITY);
    if !whole || lower.is_nan() || upper.is_nan() {
        return f64::NAN;
    }
    make_monotonic(buckets);
    let total = buckets.last().map_or(0.0, |last| last.count);
    if total == 0.0 || total.is_nan() {
        return f64::NAN;
    }
    if lower >= upper {
        return 0.0;
    }
    (rank_of(upper, buckets) - rank_of(lower, buckets)) / total
}

/// How many observations lie at or below `value`.
fn rank_of(value: f64, buckets: &[Bucket]) -> f64 {
    let total = buckets.last().map_or(0.0, |last| last.count);
    let first = buckets.first().map_or(0.0, |bucket| bucket.bound);
    let (mut below, mut count) = (if first > 0.0 { 0.0 } else { f64::NEG_INFINITY }, 0.0);
    for bucket in buckets {
        if value <= below {
            return count;
        }
        if value < bucket.bound {
            let width = bucket.bound - below;
            // Inside a bucket without an end nothing is known: its observations lie beyond.
            return if width.is_finite() {
                count + (bucket.count - count) * (value - below) / width
            } else {
                count
            };
        }
        (below, count) = (bucket.bound, bucket.count);
    }
    total
}

fn nearly_equal(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() < TOLERANCE * (a.abs() + b.abs()).max(f64::MIN_POSITIVE)
}

fn interpolate(quantile: f64, buckets: &[Bucket]) -> Option<f64> {
    let total = buckets.last()?.count;
    if total == 0.0 || total.is_nan() {
        return None;
    }
    let rank = quantile * total;
    let (_, finite) = buckets.split_last()?;
    let Some(index) = finite.iter().position(|bucket| bucket.count >= rank) else {
        return finite.last().map(|bucket| bucket.bound);
    };
    let bucket = buckets.get(index)?;
    let below = index.checked_sub(1).and_then(|below| buckets.get(below));
    if below.is_none() && bucket.bound <= 0.0 {
        return Some(bucket.bound);
    }
    let below = below.copied().unwrap_or(Bucket { bound: 0.0, count: 0.0 });
    let part = (rank - below.count) / (bucket.count - below.count);
    Some(below.bound + (bucket.bound - below.bound) * part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets(pairs: &[(f64, f64)]) -> Vec<Bucket> {
        pairs.iter().map(|(bound, count)| Bucket { bound: *bound, count: *count }).collect()
    }

    #[test]
    fn dips_are_raised_and_only_real_ones_are_told() {
        let check = |counts: &[f64], expected: &[f64], told: bool| {
            let pairs: Vec<(f64, f64)> = counts.iter().map(|count| (0.0, *count)).collect();
            let mut buckets = buckets(&pairs);
            assert_eq!(make_monotonic(&mut buckets).is_some(), told, "{counts:?}");
            let repaired: Vec<f64> = buckets.iter().map(|bucket| bucket.count).collect();
            assert_eq!(repaired, expected, "{counts:?}");
        };
        check(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0], false);
        check(&[1.0, 1.0 - 1e-13, 3.0], &[1.0, 1.0, 3.0], false);
        check(&[2.0, 1.0, 3.0], &[2.0, 2.0, 3.0], true);
        check(&[5.0, 1.0, 2.0, 6.0], &[5.0, 5.0, 5.0, 6.0], true);
        check(&[0.0, 0.0, 0.0], &[0.0, 0.0, 0.0], false);
    }

    #[test]
    fn quantiles_are_interpolated_inside_their_bucket() {
        let infinity = f64::INFINITY;
        let check = |quantile: f64, pairs: &[(f64, f64)], expected: f64| {
            let (value, _) = quantile_of(quantile, &mut buckets(pairs));
            let same = (value - expected).abs() < 1e-12 || value == expected;
            assert!(same || (value.is_nan() && expected.is_nan()), "{quantile}: {value}");
        };
        let usual = [(1.0, 2.0), (2.0, 6.0), (4.0, 8.0), (infinity, 8.0)];
        check(0.5, &usual, 1.5);
        check(0.25, &usual, 1.0);
        check(0.125, &usual, 0.5);
        check(1.0, &usual, 4.0);
        check(0.0, &usual, 0.0);
        check(-1.0, &usual, -infinity);
        check(2.0, &usual, infinity);
        check(f64::NAN, &usual, f64::NAN);
        // What lies in the last bucket is answered with the bound below it.
        check(0.9, &[(1.0, 1.0), (infinity, 10.0)], 1.0);
        check(0.1, &[(-2.0, 5.0), (infinity, 10.0)], -2.0);
        check(0.5, &[(1.0, 1.0), (2.0, 10.0)], f64::NAN);
        check(0.5, &[(infinity, 10.0)], f64::NAN);
        check(0.5, &[(1.0, 0.0), (infinity, 0.0)], f64::NAN);
    }
}
