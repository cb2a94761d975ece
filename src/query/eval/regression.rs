//! `deriv` and `predict_linear`: a straight line through the samples of a window, by least squares.

use crate::model::{Sample, Timestamp};

use super::number::Sum;

/// A line: its value at the time it was centred on, and its slope a second.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    pub(super) value: f64,
    pub(super) slope: f64,
}

/// The line through `samples` with time counted from `centre`; nothing for fewer than two.
pub(super) fn line(samples: &[Sample], centre: Timestamp) -> Option<Line> {
    let first = samples.first().filter(|_| samples.len() > 1)?.value;
    if samples.iter().all(|sample| sample.value == first) {
        let value = if first.is_infinite() { f64::NAN } else { first };
        let slope = if first.is_infinite() { f64::NAN } else { 0.0 };
        return Some(Line { value, slope });
    }
    let [mut time_sum, mut value_sum, mut product_sum, mut square_sum] = [Sum::default(); 4];
    for sample in samples {
        let x = (sample.at - centre).seconds();
        time_sum.add(x);
        value_sum.add(sample.value);
        product_sum.add(x * sample.value);
        square_sum.add(x * x);
    }
    let count = samples.len() as f64;
    let (x, y) = (time_sum.value(), value_sum.value());
    let covariance = product_sum.value() - x * y / count;
    let variance = square_sum.value() - x * x / count;
    let slope = covariance / variance;
    Some(Line { value: y / count - slope * x / count, slope })
}

/// The last level of a row of values by double exponential smoothing; nothing for fewer than two.
pub(super) fn smoothed(
    mut values: impl Iterator<Item = f64>,
    (smoothing, trend): (f64, f64),
) -> Option<f64> {
    let (first, second) = (values.next()?, values.next()?);
    let (mut level, mut slope) = (first, second - first);
    for value in std::iter::once(second).chain(values) {
        let before = level;
        level = smoothing * value + (1.0 - smoothing) * (level + slope);
        slope = trend * (level - before) + (1.0 - trend) * slope;
    }
    Some(level)
}
