//! What a legend says of the values of a series in the window.

use super::Shown;
use crate::dashboard::Stat;

/// One figure of a series; NaN where there is none.
pub fn figure(series: &Shown<'_>, stat: Stat) -> f64 {
    let ends = series.extent();
    match stat {
        Stat::Last => series.latest.map_or(f64::NAN, |latest| latest.value),
        Stat::Min => ends.map_or(f64::NAN, |(least, _)| least),
        Stat::Max => ends.map_or(f64::NAN, |(_, most)| most),
        Stat::Mean => mean(&series.values),
    }
}

fn mean(values: &[f64]) -> f64 {
    let finite = values.iter().filter(|value| value.is_finite());
    let (sum, count) = finite.fold((0.0, 0_u32), |(sum, count), value| (sum + value, count + 1));
    sum / f64::from(count)
}
