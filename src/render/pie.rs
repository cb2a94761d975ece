//! The newest values as shares of their sum.

use std::fmt::Write;

use super::bars::{Largest, largest, present};
use super::still::Short;
use super::{Shown, number};
use crate::dashboard::{Panel, Unit};

/// A whole and its parts.
#[derive(Debug, Clone, PartialEq)]
pub struct Pie {
    /// The parts, the largest first; what is beyond the limit is the last one.
    pub slices: Vec<Slice>,
    /// The sum.
    pub total: String,
    /// What is not in it, in words; empty when all is.
    pub left_out: String,
}

/// One part.
#[derive(Debug, Clone, PartialEq)]
pub struct Slice {
    /// The name of its series; `other (5)` for those beyond the limit.
    pub name: String,
    /// The number of its colour, 1 to 8; 0 for those beyond the limit.
    pub color: u8,
    /// The value.
    pub text: String,
    /// Its part of the whole, 0 to 1.
    pub share: f64,
    /// The same as a text.
    pub percent: String,
}

/// The parts of a panel's whole. A negative value is no part of anything.
pub fn pie(panel: &Panel, shown: &[Shown<'_>]) -> Pie {
    let Largest { all, rest } = largest(panel, shown, |value| value >= 0.0);
    let sum = all.iter().map(|(_, value)| value).sum::<f64>() + rest.map_or(0.0, |(sum, _)| sum);
    let slice = |name: String, color: u8, value: f64, unit: &Unit| {
        let share = if sum > 0.0 { value / sum } else { 0.0 };
        let percent = number::text(share, &Unit::Ratio, None);
        Slice { name, color, text: number::text(value, unit, panel.decimals), share, percent }
    };
    let colored = all.iter().enumerate().map(|(place, (series, value))| {
        let color = (usize::from(panel.color) + place + 7) % 8 + 1;
        slice(series.name.clone(), color as u8, *value, panel.unit_of(series.query))
    });
    let mut slices: Vec<Slice> = colored.collect();
    slices.extend(rest.map(|(sum, count)| slice(format!("other ({count})"), 0, sum, &panel.unit)));
    let values = present(shown).into_iter().filter_map(|series| series.latest);
    let negative = values.filter(|latest| latest.value < 0.0).count();
    let left_out = match negative {
        0 => String::new(),
        1 => "1 negative value left out".to_owned(),
        many => format!("{many} negative values left out"),
    };
    Pie { slices, total: number::text(sum, &panel.unit, panel.decimals), left_out }
}

/// The ring: a piece a part, clockwise from the top.
pub fn ring(pie: &Pie) -> String {
    let mut out = String::from(concat!(
        r#"<svg viewBox="0 0 100 100" aria-hidden="true">"#,
        r#"<g fill="none" transform="rotate(-90 50 50)"><circle cx="50" cy="50" r="40"/>"#
    ));
    let mut before = 0.0;
    for slice in &pie.slices {
        let (length, offset) = (Short(100.0 * slice.share), Short(-100.0 * before));
        let _ = write!(
            out,
            concat!(
                r#"<circle class="c{color} v" cx="50" cy="50" r="40" pathLength="100" "#,
                r#"stroke-dasharray="{length} 100" stroke-dashoffset="{offset}"/>"#
            ),
            color = slice.color,
            length = length,
            offset = offset
        );
        before += slice.share;
    }
    out + "</g></svg>"
}
