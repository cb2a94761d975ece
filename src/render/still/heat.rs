//! Heat maps: a row a bucket of a histogram, a cell a column, darker the more fell into it.

use std::fmt::Write;

use super::{Drawing, Grid, HEIGHT, WIDTH};
use crate::dashboard::Panel;
use crate::render::scale::ValueAxis;
use crate::render::{Shown, number};

/// How many shades a cell may have, the faintest included, which is not drawn.
const SHADES: usize = 6;
/// The most buckets that are named beside the chart.
const NAMES_MAX: usize = 10;

/// The cells of a heat map. Buckets that count all below their edge (`le`) stand by it, and are
/// taken apart first; other series are rows in their order.
pub(super) fn cells(panel: &Panel, shown: &[Shown<'_>], grid: &Grid) -> Drawing {
    let mut order: Vec<(Option<f64>, &Shown<'_>)> =
        shown.iter().map(|series| (edge(series), series)).collect();
    let edged = order.iter().all(|(edge, _)| edge.is_some());
    if edged {
        order.sort_by(|(one, _), (other, _)| {
            one.partial_cmp(other).unwrap_or(std::cmp::Ordering::Equal)
        });
    }
    let name = |(edge, series): &(Option<f64>, &Shown<'_>)| match edge.filter(|_| edged) {
        None => series.name.clone(),
        Some(f64::INFINITY) => "+∞".to_owned(),
        Some(edge) => short(&number::text(edge, panel.unit_of(series.query), None)),
    };
    let names: Vec<String> = order.iter().map(name).collect();
    let rows: Vec<Vec<f64>> = order.iter().map(|(_, series)| grid.values(series)).collect();
    let counts = if edged { apart(&rows) } else { rows.clone() };
    let count = names.len();
    let every = count.div_ceil(NAMES_MAX).max(1);
    let has_room = |index: &usize| (count - 1 - index).is_multiple_of(every);
    let ticks: Vec<usize> = (0..count).filter(has_room).collect();
    // A bucket is named at its upper edge, another row in its middle.
    let place = if edged { 1.0 } else { 0.5 };
    let axis = ValueAxis {
        low: 0.0,
        high: count.max(1) as f64,
        ticks: ticks.iter().map(|index| *index as f64 + place).collect(),
    };
    let names = ticks.iter().map(|index| names[*index].clone()).collect();
    let markup = paths(&counts, grid, &axis);
    Drawing { axis, names, rows, markup }
}

/// The upper edge of a bucket.
fn edge(series: &Shown<'_>) -> Option<f64> {
    let text = series.labels.get("le")?;
    text.parse().ok().filter(|edge: &f64| !edge.is_nan())
}

/// A number without zeros at the end of its fraction.
fn short(text: &str) -> String {
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.');
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    let number = if number.contains('.') {
        number.trim_end_matches('0').trim_end_matches('.')
    } else {
        number
    };
    format!("{number}{unit}")
}

/// What fell into each bucket, and not into the one below.
fn apart(rows: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let mut below: Vec<f64> = Vec::new();
    let mut apart = Vec::with_capacity(rows.len());
    for row in rows {
        below.resize(row.len(), 0.0);
        let own = |(below, value): (&mut f64, &f64)| {
            if value.is_nan() {
                return *value;
            }
            // Buckets are read one after the other: a lower one may be ahead by a moment.
            let own = (*value - *below).max(0.0);
            *below = below.max(*value);
            own
        };
        apart.push(below.iter_mut().zip(row).map(own).collect());
    }
    apart
}

/// The cells, a path a shade.
fn paths(rows: &[Vec<f64>], grid: &Grid, axis: &ValueAxis) -> String {
    let most = rows.iter().flatten().copied().filter(|value| value.is_finite());
    let most = most.fold(0.0, f64::max);
    let mut shades: [String; SHADES] = Default::default();
    let wide = (WIDTH / (grid.count.max(2) - 1) as f64).max(1.0);
    for (row, values) in rows.iter().enumerate() {
        let top = HEIGHT * axis.place((row + 1) as f64);
        let high = HEIGHT * axis.place(row as f64) - top;
        for (at, value) in values.iter().enumerate().filter(|(_, value)| **value > 0.0) {
            // By the root: few among many shall be seen too.
            let shade = ((value / most).sqrt() * (SHADES - 1) as f64).ceil() as usize;
            // A cell ends at its time; the first one would begin outside the box.
            let (end, y) = (grid.x(at).round(), top.round());
            let start = (grid.x(at) - wide).max(0.0).round();
            let shade = &mut shades[shade.min(SHADES - 1)];
            let _ = write!(shade, "M{start} {y}H{end}v{high:.0}H{start}z");
        }
    }
    let path = |(shade, path): (usize, &String)| match path.as_str() {
        "" => String::new(),
        path => format!(r#"<path class="h{shade}" d="{path}"/>"#),
    };
    shades.iter().enumerate().map(path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_taken_apart_and_named_shortly() {
        let rows = [vec![3.0, f64::NAN], vec![8.0, 2.0], vec![7.0, 9.0]];
        let apart = apart(&rows);
        assert_eq!(apart[0][0].to_bits(), 3.0_f64.to_bits());
        assert!(apart[0][1].is_nan());
        assert_eq!((&apart[1], &apart[2]), (&vec![5.0, 2.0], &vec![0.0, 7.0]));
        for (text, expected) in
            [("0.500\u{202f}s", "0.5\u{202f}s"), ("100", "100"), ("2.00 k", "2 k"), ("0", "0")]
        {
            assert_eq!(short(text), expected);
        }
    }
}
