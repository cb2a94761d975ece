//! Windows to SVG: charts, the small line of a stat, the dial of a gauge.
//!
//! A chart is an SVG in pixels that holds a stretched one with the paths, so that the paths fill
//! any box while letters and hatching keep their shape. Colours come from the classes `c1` to
//! `c8`.

mod heat;

use std::collections::BTreeMap;
use std::fmt::Write;

use super::scale::{SIZE_MAX, ValueAxis, time_text, times};
use super::{PanelData, Shown, number};
use crate::dashboard::{Mark, Nulls, Panel, PanelKind};
use crate::model::{Span, Timestamp, is_absent};

/// The most points of one line.
pub const POINTS_MAX: usize = 60;

const SPARK_POINTS: usize = 40;

/// The same of a line in a table: a page carries hundreds.
const SMALL_POINTS: usize = 20;

/// Among more lines than this, an area below the first one would say nothing.
const FILLED_MAX: usize = 4;

/// A spark spans at least this, however young its series is.
const SPARK_LEAST: Span = Span::from_secs(60);

/// The box of paths. Places in it are whole numbers: a picture of a picture is short.
const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 200.0;

/// The box of paths takes the shape of the panel.
const STRETCHED: &str = r#"preserveAspectRatio="none""#;

/// The radius of a dial, and the part of the circle that it covers.
const RADIUS: f64 = 42.0;
const SWEEP: f64 = 0.75;

/// What is drawn inside the axes of a chart.
struct Drawing {
    axis: ValueAxis,
    /// What stands beside the ticks of the axis.
    names: Vec<String>,
    /// The values by row, for the gaps.
    rows: Vec<Vec<f64>>,
    markup: String,
}

/// The chart of a panel that is drawn over time.
pub fn chart(panel: &Panel, data: &PanelData) -> String {
    let shown = data.shown(panel);
    let grid = Grid::of(data, &shown, POINTS_MAX, Span::ZERO);
    let is_heat = panel.kind == PanelKind::Heatmap;
    let drawing =
        if is_heat { heat::cells(panel, &shown, &grid) } else { lines(panel, &shown, &grid) };
    let mut out = String::from(r#"<svg aria-hidden="true" overflow="visible">"#);
    if panel.nulls == Nulls::Gap {
        hatching(&mut out, &panel.id, &grid, &drawing.rows);
    }
    let _ = write!(
        out,
        r#"<svg width="100%" height="100%" viewBox="0 0 {WIDTH} {HEIGHT}" {STRETCHED}>"#
    );
    rules(&mut out, &drawing.axis, data);
    out.push_str(&drawing.markup);
    if !is_heat {
        limits(&mut out, panel, &drawing.axis);
    }
    out.push_str("</svg>");
    labels(&mut out, &drawing, data);
    beginning(&mut out, &grid, data);
    out.push_str("</svg>");
    out
}

/// Lines with what lies below and between them.
fn lines(panel: &Panel, shown: &[Shown<'_>], grid: &Grid) -> Drawing {
    let stacked = panel.kind == PanelKind::Stack;
    let row = |series: &Shown<'_>| {
        let sign = if panel.queries[series.query].below { -1.0 } else { 1.0 };
        let values = mended(grid.values(series), panel.nulls).into_iter();
        values.map(|value| if is_absent(value) { value } else { sign * value }).collect()
    };
    let own = shown.iter().take_while(|series| series.color > 0).count();
    let (shown, others) = shown.split_at(own);
    let others: Vec<Vec<f64>> = others.iter().map(row).collect();
    let mut rows: Vec<Vec<f64>> = shown.iter().map(row).collect();
    if stacked && !others.is_empty() {
        rows.push(summed(&others));
    }
    let rows = if stacked { stack(&rows) } else { rows };
    let around = if stacked { Vec::new() } else { enclosed(&others) };
    let bands: Vec<Vec<(f64, f64)>> = shown.iter().map(|series| grid.band(series)).collect();
    let ends = |band: &Vec<(f64, f64)>| band.iter().flat_map(|(low, high)| [*low, *high]).collect();
    let all = rows.iter().cloned().chain(bands.iter().chain([&around]).map(ends));
    let all: Vec<Vec<f64>> = all.collect();
    let axis = ValueAxis::of(extent(&all), panel.min, panel.max, &panel.unit);
    let base = HEIGHT * axis.place(0.0).clamp(0.0, 1.0);
    let fan = panel.kind == PanelKind::Band;
    let paths = rows.iter().enumerate().map(|(index, row)| {
        let band = bands.get(index).map_or_else(String::new, |band| grid.shade(band, &axis));
        let first = panel.kind == PanelKind::Line && index == 0 && rows.len() <= FILLED_MAX;
        let filled = stacked || panel.kind == PanelKind::Mirror || (first && band.is_empty());
        let path = path(&grid.points(row, &axis), filled.then_some(base));
        format!("<g class=\"c{}\">{band}{path}</g>", shown.get(index).map_or(0, |one| one.color))
    });
    let around = Some(grid.shade(&around, &axis)).filter(|area| !area.is_empty());
    let around = around.map(|area| format!("<g class=\"c0\">{area}</g>"));
    let paths: Vec<String> = around.into_iter().chain(paths).collect();
    // The areas of a stack reach down to zero: the lowest series is drawn last, over the others.
    let markup = if stacked {
        paths.into_iter().rev().collect()
    } else if fan {
        fans(shown, &rows, grid, &axis)
    } else {
        paths.concat()
    };
    let names = number::axis(&axis.ticks, &panel.unit).into_iter();
    // Below the line of zero is no less than nothing, but the other way.
    let names = names.map(|name| match panel.kind {
        PanelKind::Mirror => name.trim_start_matches('\u{2212}').to_owned(),
        _ => name,
    });
    let names = names.collect();
    Drawing { axis, names, rows, markup }
}

/// Queries from the lowest to the highest: areas between the first and the last, the second and the
/// last but one; the one in the middle is a line. A set of such rows has one colour.
fn fans(shown: &[Shown<'_>], rows: &[Vec<f64>], grid: &Grid, axis: &ValueAxis) -> String {
    let mut sets: BTreeMap<u8, Vec<&Vec<f64>>> = BTreeMap::new();
    for (series, row) in shown.iter().zip(rows) {
        sets.entry(series.color).or_default().push(row);
    }
    let mut out = String::new();
    for (color, set) in sets {
        let _ = write!(out, "<g class=\"c{color}\">");
        let middle = set.len() / 2;
        for (low, high) in set.iter().zip(set.iter().rev()).take(middle) {
            let pairs: Vec<(f64, f64)> = low.iter().copied().zip(high.iter().copied()).collect();
            out.push_str(&grid.shade(&pairs, axis));
        }
        if let Some(row) = set.get(middle).filter(|_| set.len() % 2 == 1) {
            out.push_str(&path(&grid.points(row, axis), None));
        }
        out.push_str("</g>");
    }
    out
}

/// The small line of a stat: its first series, without axes, over the time in which there is one.
pub fn spark(panel: &Panel, data: &PanelData) -> String {
    let shown = data.shown(panel);
    line_of(data, shown.get(..1).unwrap_or_default(), SPARK_POINTS)
}

/// The small line of one series.
pub fn small(data: &PanelData, series: &Shown<'_>) -> String {
    line_of(data, std::slice::from_ref(series), SMALL_POINTS)
}

fn line_of(data: &PanelData, main: &[Shown<'_>], points_max: usize) -> String {
    let mut grid = Grid::of(data, main, points_max, SPARK_LEAST);
    grid.range = grid.end - grid.start;
    let values = main.first().map(|series| grid.values(series)).unwrap_or_default();
    let (least, most) = extent(std::slice::from_ref(&values)).unwrap_or((0.0, 1.0));
    // Room above and below: a flat line runs through the middle, and noise stays noise.
    let room = ((most - least) * 0.15).max((most.abs() / 20.0 - (most - least)) / 2.0);
    let room = if room > 0.0 { room } else { 1.0 };
    let axis = ValueAxis { low: least - room, high: most + room, ticks: Vec::new() };
    let path = path(&grid.points(&values, &axis), Some(HEIGHT));
    format!(r#"<svg viewBox="0 0 {WIDTH} {HEIGHT}" {STRETCHED} aria-hidden="true">{path}</svg>"#)
}

/// The dial of a gauge at a share of its sweep, 0 to 1.
pub fn dial(share: f64) -> String {
    let length = 2.0 * std::f64::consts::PI * RADIUS * SWEEP;
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    let (length, offset) = (Short(length), Short(length * (1.0 - share)));
    format!(
        concat!(
            r#"<svg viewBox="0 0 100 92" aria-hidden="true">"#,
            r#"<g fill="none" transform="rotate(135 50 50)">"#,
            r#"<circle cx="50" cy="50" r="42" stroke-dasharray="{length} 999"/>"#,
            r#"<circle class="v" cx="50" cy="50" r="42" stroke-dasharray="{length} 999" "#,
            r#"stroke-dashoffset="{offset}"/></g></svg>"#
        ),
        length = length,
        offset = offset
    )
}

/// What a chart shows, in words: its name, its range, and of each series the newest, the least and
/// the greatest value.
pub fn described(panel: &Panel, data: &PanelData) -> String {
    const SERIES_MAX: usize = 4;
    let shown = data.shown(panel);
    let mut out = format!("{}, last {}", panel.title, length_in_words(data.range));
    if shown.is_empty() {
        out.push_str(": no values yet");
    }
    for (index, series) in shown.iter().take(SERIES_MAX).enumerate() {
        let unit = panel.unit_of(series.query);
        let text = |value: f64| number::text(value, unit, panel.decimals);
        out.push_str(if index == 0 { ": " } else { "; " });
        let latest = series.latest.map_or(f64::NAN, |latest| latest.value);
        let _ = write!(out, "{} {}", series.name, text(latest));
        if let Some((least, most)) = series.extent() {
            let _ = write!(out, " (least {}, most {})", text(least), text(most));
        }
    }
    if let Some(more) = shown.len().checked_sub(SERIES_MAX + 1) {
        let _ = write!(out, "; and {} more series", more + 1);
    }
    out
}

/// A length of time as it is spoken: `5 minutes`, `1 hour`.
fn length_in_words(range: Span) -> String {
    let (count, word) = match range.millis() {
        ms if ms % 86_400_000 == 0 => (ms / 86_400_000, "day"),
        ms if ms % 3_600_000 == 0 => (ms / 3_600_000, "hour"),
        ms if ms % 60_000 == 0 => (ms / 60_000, "minute"),
        ms => (ms / 1000, "second"),
    };
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

/// The times at which all series of a chart are looked at, so that they can be stacked whatever the
/// steps of their windows are: evenly from the first value to the end.
struct Grid {
    start: Timestamp,
    end: Timestamp,
    /// What the width of the box stands for.
    range: Span,
    count: usize,
}

impl Grid {
    fn of(data: &PanelData, shown: &[Shown<'_>], points_max: usize, least: Span) -> Self {
        let range = Span(data.range.millis().max(1));
        let end = data.end();
        let finest = data.windows.iter().map(|window| window.step.millis().max(1)).min();
        let finest = finest.unwrap_or(1000);
        let first = shown.iter().filter_map(Shown::first).min().unwrap_or(end - range);
        let span = (end - first).max(least).max(Span(finest)).min(range);
        let columns = span.millis() / finest + 1;
        let count = usize::try_from(columns).unwrap_or(points_max).clamp(2, points_max);
        Self { start: end - span, end, range, count }
    }

    fn time(&self, index: usize) -> Timestamp {
        let span = (self.end - self.start).millis();
        let back = span * (self.count - 1 - index) as i64 / (self.count as i64 - 1);
        self.end - Span(back)
    }

    fn x(&self, index: usize) -> f64 {
        WIDTH * (1.0 - (self.end - self.time(index)).seconds() / self.range.seconds())
    }

    fn values(&self, series: &Shown<'_>) -> Vec<f64> {
        (0..self.count).map(|index| series.at(self.time(index))).collect()
    }

    /// From where to where a series goes between each time and the one before; not numbers where
    /// that is not known.
    fn band(&self, series: &Shown<'_>) -> Vec<(f64, f64)> {
        if series.band.is_none() {
            return Vec::new();
        }
        let before = |index: usize| self.time(index.saturating_sub(1));
        let bounds = |index: usize| series.bounds(before(index), self.time(index));
        (0..self.count).map(|index| bounds(index).unwrap_or((f64::NAN, f64::NAN))).collect()
    }

    /// The areas of a band.
    fn shade(&self, band: &[(f64, f64)], axis: &ValueAxis) -> String {
        let row = |end: fn(&(f64, f64)) -> f64| band.iter().map(end).collect::<Vec<f64>>();
        let (lows, highs) = (row(|(low, _)| *low), row(|(_, high)| *high));
        let runs = self.points(&highs, axis).into_iter().zip(self.points(&lows, axis));
        let mut areas = String::new();
        for (upper, lower) in runs {
            let places = upper.iter().chain(lower.iter().rev());
            for (index, (x, y)) in places.enumerate() {
                let _ = write!(areas, "{}{x:.0} {y:.0}", if index == 0 { "M" } else { "L" });
            }
            areas.push('Z');
        }
        if areas.is_empty() { areas } else { format!(r#"<path class="b" d="{areas}"/>"#) }
    }

    /// The unbroken runs of a row as places in the box.
    fn points(&self, row: &[f64], axis: &ValueAxis) -> Vec<Vec<(f64, f64)>> {
        let mut runs: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
        for (index, value) in row.iter().enumerate() {
            match runs.last_mut() {
                Some(run) if value.is_finite() => {
                    // Far outside the box, coordinates would be long and say nothing.
                    let y = (HEIGHT * axis.place(*value)).clamp(-HEIGHT, 2.0 * HEIGHT);
                    run.push((self.x(index), y));
                }
                Some(run) if run.is_empty() => {}
                _ => runs.push(Vec::new()),
            }
        }
        runs.retain(|run| !run.is_empty());
        runs
    }
}

/// A row with what is missing between its values filled in, where the panel asks for it.
fn mended(mut row: Vec<f64>, nulls: Nulls) -> Vec<f64> {
    if nulls == Nulls::Gap {
        return row;
    }
    let known: Vec<usize> = (0..row.len()).filter(|index| row[*index].is_finite()).collect();
    for pair in known.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let step = (row[to] - row[from]) / (to - from) as f64;
        for between in from + 1..to {
            let straight = row[from] + step * (between - from) as f64;
            row[between] = if nulls == Nulls::Zero { 0.0 } else { straight };
        }
    }
    row
}

/// Each row on top of those before it. A value that is not there adds nothing and stays a gap.
fn stack(rows: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let mut sums: Vec<f64> = Vec::new();
    let mut stacked = Vec::with_capacity(rows.len());
    for row in rows {
        sums.resize(row.len(), 0.0);
        let raised = |(sum, value): (&mut f64, &f64)| {
            if !value.is_finite() {
                return *value;
            }
            *sum += value;
            *sum
        };
        stacked.push(sums.iter_mut().zip(row).map(raised).collect());
    }
    stacked
}

/// The sum of rows, of what there is.
fn summed(rows: &[Vec<f64>]) -> Vec<f64> {
    let mut sums: Vec<f64> = Vec::new();
    for row in rows {
        sums.resize(row.len(), f64::NAN);
        for (sum, value) in sums.iter_mut().zip(row).filter(|(_, value)| value.is_finite()) {
            *sum = if sum.is_nan() { *value } else { *sum + value };
        }
    }
    sums
}

/// The least and the greatest of rows; not numbers where there is none.
fn enclosed(rows: &[Vec<f64>]) -> Vec<(f64, f64)> {
    let mut ends: Vec<(f64, f64)> = Vec::new();
    for row in rows {
        ends.resize(row.len(), (f64::NAN, f64::NAN));
        for (end, value) in ends.iter_mut().zip(row).filter(|(_, value)| value.is_finite()) {
            *end = (end.0.min(*value), end.1.max(*value));
        }
    }
    ends
}

fn extent(rows: &[Vec<f64>]) -> Option<(f64, f64)> {
    let finite = rows.iter().flatten().copied().filter(|value| value.is_finite());
    finite.fold(None, |extent, value| {
        let value = value.clamp(-SIZE_MAX, SIZE_MAX);
        let (least, most) = extent.unwrap_or((value, value));
        Some((f64::min(least, value), f64::max(most, value)))
    })
}

/// A number in an attribute: one digit after the point at most.
pub(super) struct Short(pub(super) f64);

impl std::fmt::Display for Short {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tenths = (self.0 * 10.0).round() / 10.0;
        // The plain form of a float ends where its digits end; adding zero turns -0 into 0.
        write!(f, "{}", tenths + 0.0)
    }
}

/// The runs as one line, by steps from point to point; with a base first the area between it and
/// the line, whose sides are not drawn. The steps stand twice then, which compresses to nothing.
fn path(runs: &[Vec<(f64, f64)>], base: Option<f64>) -> String {
    let (mut line, mut area) = (String::new(), String::new());
    for run in runs {
        let mut places = run.iter().map(|(x, y)| (x.round() as i64, y.round() as i64));
        let Some((from_x, from_y)) = places.next() else { continue };
        let (mut x, mut y) = (from_x, from_y);
        let mut steps = String::new();
        for (to_x, to_y) in places {
            let (by_x, by_y) = (to_x - x, to_y - y);
            // A minus sign parts numbers as well as a space does.
            let part = if by_y < 0 { "" } else { " " };
            let _ = write!(steps, "l{by_x}{part}{by_y}");
            (x, y) = (to_x, to_y);
        }
        if run.len() == 1 {
            steps.push_str("h1");
        }
        let _ = write!(line, "M{from_x} {from_y}{steps}");
        if let Some(base) = base.map(|base| base.round() as i64) {
            let _ = write!(area, "M{from_x} {base}V{from_y}{steps}V{base}");
        }
    }
    let area = base.map(|_| format!(r#"<path class="a" d="{area}"/>"#)).unwrap_or_default();
    format!(r#"{area}<path class="l" d="{line}"/>"#)
}

/// The stretches without any value after the first one, as shares of the width.
fn gaps(grid: &Grid, rows: &[Vec<f64>]) -> Vec<(f64, f64)> {
    let filled =
        |index: &usize| rows.iter().any(|row| row.get(*index).is_some_and(|v| !is_absent(*v)));
    let Some(first) = (0..grid.count).find(filled) else { return Vec::new() };
    let mut gaps: BTreeMap<usize, usize> = BTreeMap::new();
    let mut begin = None;
    for index in first..grid.count {
        match (filled(&index), begin) {
            (false, None) => begin = Some(index - 1),
            (true, Some(from)) => {
                gaps.insert(from, index);
                begin = None;
            }
            _ => {}
        }
    }
    gaps.extend(begin.map(|from| (from, grid.count - 1)));
    let share = |index: usize| grid.x(index) / WIDTH * 100.0;
    gaps.into_iter()
        .filter(|(from, to)| to > from)
        .map(|(from, to)| (share(from), share(to)))
        .collect()
}

/// Time without samples is hatched: a line is never led over it.
fn hatching(out: &mut String, id: &str, grid: &Grid, rows: &[Vec<f64>]) {
    let gaps = gaps(grid, rows);
    if gaps.is_empty() {
        return;
    }
    let id = escaped(id);
    let _ = write!(
        out,
        concat!(
            r#"<defs><pattern id="h-{id}" width="7" height="7" patternUnits="userSpaceOnUse" "#,
            r#"patternTransform="rotate(45)"><path d="M0 0V7" stroke="currentColor" "#,
            r#"opacity=".35"/></pattern></defs>"#
        ),
        id = id
    );
    for (from, to) in gaps {
        let (from, width) = (Short(from), Short(to - from));
        let _ = write!(
            out,
            r#"<rect class="gap" x="{from}%" width="{width}%" height="100%" fill="url(#h-{id})"/>"#
        );
    }
}

/// Thresholds: a line, and a faint band above it.
fn limits(out: &mut String, panel: &Panel, axis: &ValueAxis) {
    for threshold in &panel.thresholds {
        let (mark, level) = (threshold.mark, threshold.level.name());
        let y = (HEIGHT * axis.place(threshold.value)).round();
        if matches!(mark, Mark::Both | Mark::Band) && y > 0.0 && y <= HEIGHT {
            let _ = write!(out, r#"<path class="tb {level}" d="M0 0H{WIDTH}V{y}H0Z"/>"#);
        }
        if matches!(mark, Mark::Both | Mark::Line) && (0.0..=HEIGHT).contains(&y) {
            let _ = write!(out, r#"<path class="t {level}" d="M0 {y}H{WIDTH}"/>"#);
        }
    }
}

fn rules(out: &mut String, axis: &ValueAxis, data: &PanelData) {
    let mut path = String::new();
    for tick in &axis.ticks {
        let _ = write!(path, "M0 {}H{WIDTH}", (HEIGHT * axis.place(*tick)).round() + 0.0);
    }
    for at in times(data.end(), data.range, data.zone).0 {
        let _ = write!(path, "M{} 0V{HEIGHT}", (WIDTH * share_at(data, at)).round() + 0.0);
    }
    let _ = write!(out, r#"<path class="g" d="{path}"/>"#);
}

/// Where a time stands, as a share of the width.
fn share_at(data: &PanelData, at: Timestamp) -> f64 {
    1.0 - (data.end() - at).seconds() / data.range.seconds()
}

/// The texts beside and below the chart, outside its box: the page keeps room for them.
fn labels(out: &mut String, drawing: &Drawing, data: &PanelData) {
    out.push_str(r#"<g class="axis"><g text-anchor="end" dominant-baseline="central">"#);
    for (tick, text) in drawing.axis.ticks.iter().zip(&drawing.names) {
        let y = Short(100.0 * drawing.axis.place(*tick));
        let text = escaped(text);
        let _ = write!(out, r#"<text x="-6" y="{y}%">{text}</text>"#);
    }
    out.push_str(r#"</g><g text-anchor="middle">"#);
    let (moments, step) = times(data.end(), data.range, data.zone);
    for at in moments {
        let share = share_at(data, at);
        // A text that would be cut at an edge is left out.
        if (0.03..=0.97).contains(&share) {
            let (x, text) = (Short(100.0 * share), time_text(at, step, data.zone));
            let _ = write!(out, r#"<text x="{x}%" y="100%" dy="1.4em">{text}</text>"#);
        }
    }
    out.push_str("</g></g>");
}

/// Before its first sample a chart says since when there are any.
fn beginning(out: &mut String, grid: &Grid, data: &PanelData) {
    // Less room than this holds no such text.
    const LEAST: f64 = 0.4;
    let empty = grid.x(0) / WIDTH;
    if empty >= LEAST {
        let (x, since) = (Short(empty * 50.0), data.moment(grid.start));
        let _ = write!(
            out,
            concat!(
                r#"<text class="axis since" x="{x}%" y="50%" dy=".35em" text-anchor="middle">"#,
                "recording since {since}</text>"
            ),
            x = x,
            since = since
        );
    }
}

/// Text as it may stand in markup and in attributes.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests;
