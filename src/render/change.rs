//! How a stat has changed since one range ago.

use super::{PanelData, Shown, number, state};
use crate::dashboard::{Better, Level, Panel, Unit};
use crate::model::{Span, is_absent};

/// A change in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The words: `+12 % in 5 min`.
    pub text: String,
    /// Whether it went the good way, where the panel says which one that is.
    pub level: Option<Level>,
}

/// The difference between the newest value and the one a range ago, which may be missing for the
/// first tenth of the range; none when the history is shorter than that.
pub fn difference(panel: &Panel, data: &PanelData, series: &Shown<'_>) -> Option<Difference> {
    let value = series.latest?.value;
    let start = data.end() - data.range;
    let near = start + Span(data.range.millis() / 10);
    let old = series.columns().find(|(at, value)| *at >= start && !is_absent(*value))?;
    let old = Some(old).filter(|(at, _)| *at <= near)?.1;
    if !value.is_finite() || !old.is_finite() {
        return None;
    }
    let (text, rises) = words(old, value, panel.unit_of(series.query), panel.decimals);
    let level = panel.better.zip(rises).map(|(better, rises)| {
        if rises == (better == Better::Higher) { Level::Ok } else { Level::Warn }
    });
    Some(Difference { text: format!("{text} in {}", state::length(data.range)), level })
}

/// A change in words, and whether it is a rise; none for one too small to be told.
fn words(old: f64, new: f64, unit: &Unit, decimals: Option<u8>) -> (String, Option<bool>) {
    let difference = new - old;
    let size = match unit {
        // Per cent of per cent would be misread.
        Unit::Percent | Unit::Ratio => {
            let points = if *unit == Unit::Ratio { 100.0 } else { 1.0 } * difference.abs();
            format!("{}\u{202f}points", number::fixed(points, decimals.unwrap_or(1)))
        }
        Unit::Celsius | Unit::Duration | Unit::Timestamp => {
            let unit = if *unit == Unit::Celsius { unit } else { &Unit::Duration };
            number::text(difference.abs(), unit, decimals)
        }
        _ if old == 0.0 => number::text(difference.abs(), unit, decimals),
        _ => {
            let percent = 100.0 * (difference / old).abs();
            // Tenths of a small change only.
            format!("{}\u{202f}%", number::fixed(percent, u8::from(percent < 9.95)))
        }
    };
    if !size.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) {
        return ("no change".to_owned(), None);
    }
    let sign = if difference < 0.0 { number::MINUS } else { '+' };
    (format!("{sign}{size}"), Some(difference > 0.0))
}
