//! The `*_over_time` functions that look at the values of a window alone.

use super::number::{Mean, Sum, Variance, larger, quantile, smaller};
use super::window::Window;

/// A function of a window that holds at least one sample.
pub(super) type OverTime = fn(&Window<'_>) -> f64;

/// The function of this name, if it is one of those that need nothing but the window.
pub(super) fn plain(name: &str) -> Option<OverTime> {
    Some(match name {
        "avg_over_time" => average,
        "min_over_time" => |window| window.values().fold(f64::NAN, smaller),
        "max_over_time" => |window| window.values().fold(f64::NAN, larger),
        "sum_over_time" => total,
        "count_over_time" => |window| window.count() as f64,
        "stddev_over_time" => |window| variance(window).sqrt(),
        "stdvar_over_time" => variance,
        "last_over_time" => |window| window.values().last().unwrap_or(f64::NAN),
        "first_over_time" => |window| window.values().next().unwrap_or(f64::NAN),
        "present_over_time" => |_| 1.0,
        "mad_over_time" => median_deviation,
        "ts_of_first_over_time" => |window| time_of(window, |values| values.first().copied()),
        "ts_of_last_over_time" => |window| time_of(window, |values| values.last().copied()),
        "ts_of_min_over_time" => |window| {
            time_of(window, |samples| {
                samples.iter().copied().reduce(|old, new| {
                    if new.value <= old.value || old.value.is_nan() { new } else { old }
                })
            })
        },
        "ts_of_max_over_time" => |window| {
            time_of(window, |samples| {
                samples.iter().copied().reduce(|old, new| {
                    if new.value >= old.value || old.value.is_nan() { new } else { old }
                })
            })
        },
        "resets" => super::rate::resets,
        "changes" => super::rate::changes,
        _ => return None,
    })
}

/// Whether the function keeps the metric name: what it gives is a sample of the series itself.
pub(super) fn keeps_name(name: &str) -> bool {
    matches!(name, "last_over_time" | "first_over_time")
}

fn time_of(
    window: &Window<'_>,
    choose: impl Fn(&[crate::model::Sample]) -> Option<crate::model::Sample>,
) -> f64 {
    choose(window.samples()).map_or(f64::NAN, |sample| sample.at.seconds())
}

fn total(window: &Window<'_>) -> f64 {
    if let Some(sum) = Sum::of_finite(window.values()) {
        return sum.value();
    }
    let mut sum = Sum::default();
    window.values().for_each(|value| sum.add(value));
    sum.value()
}

fn average(window: &Window<'_>) -> f64 {
    if let Some(sum) = Sum::of_finite(window.values()) {
        return sum.value() / window.count() as f64;
    }
    if window.is_rolled() {
        return total(window) / window.count() as f64;
    }
    let mut mean = Mean::default();
    window.values().for_each(|value| mean.add(value));
    mean.value()
}

fn variance(window: &Window<'_>) -> f64 {
    let mut variance = Variance::default();
    window.values().for_each(|value| variance.add(value));
    variance.value()
}

fn median_deviation(window: &Window<'_>) -> f64 {
    let mut values: Vec<f64> = window.values().collect();
    let median = quantile(0.5, &mut values);
    for value in &mut values {
        *value = (*value - median).abs();
    }
    quantile(0.5, &mut values)
}
