//! Axes: which values and times stand beside a chart.

use crate::dashboard::Unit;
use crate::model::{Span, Timestamp};

/// How many steps a value axis has, about.
const STEPS: f64 = 4.0;

/// The most times that stand below a chart.
const TIMES_MAX: i64 = 5;

/// Beyond these, differences are no longer numbers.
pub(super) const SIZE_MAX: f64 = 1e300;
const SIZE_MIN: f64 = 1e-300;

/// A value axis: its ends and the values that are written beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueAxis {
    /// The value at the lower edge.
    pub low: f64,
    /// The value at the upper edge.
    pub high: f64,
    /// The values that are named, rising.
    pub ticks: Vec<f64>,
}

impl ValueAxis {
    /// The axis that holds `extent`: from zero unless values lie below it, up to a round value.
    /// `min` fixes the lower end, `max` the upper one unless values lie clearly above it; per cent
    /// end at the whole.
    pub fn of(extent: Option<(f64, f64)>, min: Option<f64>, max: Option<f64>, unit: &Unit) -> Self {
        let (least, most) = extent.unwrap_or((0.0, 1.0));
        let whole = match unit {
            Unit::Percent => Some(100.0),
            Unit::Ratio => Some(1.0),
            _ => None,
        };
        // Sums of measured shares may be a little more than the whole.
        let told = max.is_some() && max == whole;
        let max = max.or(whole).filter(|max| told || most <= max + max.abs() / 100.0);
        let low = min.unwrap_or(least.min(0.0)).max(-SIZE_MAX);
        let mut high = max.unwrap_or(most.max(0.0)).min(SIZE_MAX);
        if high - low < SIZE_MIN {
            high = low + if low == 0.0 { 1.0 } else { low.abs() };
        }
        let step = step(high - low, unit);
        let low = if min.is_some() { low } else { (low / step).floor() * step };
        let high = if max.is_some() { high } else { (high / step).ceil() * step };
        let first = (low / step - 1e-9).ceil() as i64;
        let end = (high / step + 1e-9).floor() as i64;
        let ticks = (first..=end.min(first.saturating_add(12))).map(|index| index as f64 * step);
        let inside = |tick: &f64| (low - step * 0.01..=high + step * 0.01).contains(tick);
        let ticks = ticks.filter(inside).collect();
        Self { low, high, ticks }
    }

    /// How far below the upper edge a value stands, as a share of the height.
    pub fn place(&self, value: f64) -> f64 {
        1.0 - (value - self.low) / (self.high - self.low)
    }
}

/// The distance of ticks: 1, 2 or 5 times a power of ten, for bytes a power of two.
fn step(length: f64, unit: &Unit) -> f64 {
    let wanted = length / STEPS;
    if matches!(unit, Unit::Bytes | Unit::BytesPerSecond) {
        return 2.0_f64.powf(wanted.log2().ceil()).max(f64::MIN_POSITIVE);
    }
    let power = 10.0_f64.powf(wanted.log10().floor()).max(f64::MIN_POSITIVE);
    let multiple = [1.0, 2.0, 2.5, 5.0].into_iter().find(|multiple| multiple * power >= wanted);
    multiple.unwrap_or(10.0) * power
}

/// The times that stand below a chart from `end - range` to `end`, and their distance.
pub fn times(end: Timestamp, range: Span, zone: Span) -> (Vec<Timestamp>, Span) {
    const STEPS_SECONDS: [i64; 19] = [
        5, 10, 15, 30, 60, 120, 300, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400,
        172_800, 604_800, 2_592_000, 7_776_000,
    ];
    let fits = |step: &i64| range.millis() / (step * 1000) <= TIMES_MAX;
    let step = Span::from_secs(STEPS_SECONDS.into_iter().find(fits).unwrap_or(31_536_000));
    // Ticks stand on round times of the reader's wall, not of UTC.
    let mut at = (end.saturating_add(zone) - range).floor_to(step) - zone + step;
    let mut ticks = Vec::new();
    while at <= end && ticks.len() as i64 <= TIMES_MAX {
        ticks.push(at);
        at = at + step;
    }
    (ticks, step)
}

/// A time below a chart whose times are `step` apart: with seconds where they differ, and as a day
/// where it is one's beginning.
pub fn time_text(at: Timestamp, step: Span, zone: Span) -> String {
    let day = Span::from_secs(86_400);
    if step >= day || (step >= Span::from_secs(1800) && at.saturating_add(zone).0 % day.0 == 0) {
        return super::day(at, zone);
    }
    super::time_of_day(at, zone, step.millis() % 60_000 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_axes_hold_the_values_at_round_ticks() {
        let check = |extent, min, max, unit: Unit, expected: &[f64]| {
            let axis = ValueAxis::of(extent, min, max, &unit);
            assert_eq!(axis.ticks, expected, "{extent:?} {unit}");
            assert!(axis.low < axis.high && axis.ticks.len() >= 2);
        };
        check(Some((1.0, 90.0)), None, None, Unit::None, &[0.0, 25.0, 50.0, 75.0, 100.0]);
        check(
            Some((3.0, 38.0)),
            Some(0.0),
            Some(100.0),
            Unit::Percent,
            &[0.0, 25.0, 50.0, 75.0, 100.0],
        );
        check(Some((0.0, 12.0)), None, None, Unit::Percent, &[0.0, 25.0, 50.0, 75.0, 100.0]);
        check(
            Some((0.0, 180.0)),
            None,
            Some(10.0),
            Unit::Percent,
            &[0.0, 50.0, 100.0, 150.0, 200.0],
        );
        check(
            Some((0.0, 107.0)),
            Some(0.0),
            Some(100.0),
            Unit::Percent,
            &[0.0, 25.0, 50.0, 75.0, 100.0],
        );
        check(Some((-3.0, 3.0)), None, None, Unit::None, &[-4.0, -2.0, 0.0, 2.0, 4.0]);
        check(Some((0.0, 0.0)), None, None, Unit::None, &[0.0, 0.25, 0.5, 0.75, 1.0]);
        check(None, None, None, Unit::None, &[0.0, 0.25, 0.5, 0.75, 1.0]);
        check(Some((0.0, 3000.0)), None, None, Unit::Bytes, &[0.0, 1024.0, 2048.0, 3072.0]);
        check(Some((5.0, 5.0)), Some(5.0), None, Unit::None, &[6.0, 8.0, 10.0]);
    }

    #[test]
    fn an_axis_survives_any_values() {
        for extent in [(f64::MIN, f64::MAX), (0.0, f64::MIN_POSITIVE), (1e300, 1e300), (-1.0, -1.0)]
        {
            let axis = ValueAxis::of(Some(extent), None, None, &Unit::None);
            assert!(axis.ticks.len() <= 13, "{extent:?}");
            let axis = ValueAxis::of(Some(extent), Some(1e299), None, &Unit::None);
            assert!(axis.low < axis.high && axis.ticks.len() <= 13, "{extent:?}");
        }
    }

    #[test]
    fn times_stand_on_round_moments_of_the_wall() {
        let check = |range: Span, zone: Span, expected: &[&str]| {
            let (ticks, step) = times(Timestamp(1_700_000_000_000), range, zone);
            let texts: Vec<String> = ticks.iter().map(|at| time_text(*at, step, zone)).collect();
            assert_eq!(texts, expected, "{range}");
        };
        let (minute, hour) = (Span::from_secs(60), Span::from_secs(3600));
        check(minute, Span::ZERO, &["22:12:30", "22:12:45", "22:13:00", "22:13:15"]);
        check(minute * 5, Span::ZERO, &["22:09", "22:10", "22:11", "22:12", "22:13"]);
        check(hour * 24, hour, &["Nov 14", "06:00", "12:00", "18:00"]);
        check(hour * 72, Span::ZERO, &["Nov 12", "Nov 13", "Nov 14"]);
    }
}
