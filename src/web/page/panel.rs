//! One panel as its template needs it: every number already a text, every picture already drawn.

use crate::dashboard::{Panel, PanelKind, Threshold};
use crate::model::Span;
use crate::render::{Latest, PanelData, Shown, number, still, time_of_day};

/// A panel ready to be written.
pub(super) struct PanelView<'a> {
    pub(super) panel: &'a Panel,
    /// The highest level that a value has reached, and the words for it.
    pub(super) reached: Option<&'a Threshold>,
    /// `as of 12:03:11`, when nothing in the panel is fresh.
    pub(super) as_of: Option<String>,
    /// Left out of sight, as long as there is nothing to show.
    pub(super) hidden: bool,
    pub(super) body: Body,
    pub(super) legend: Vec<LegendEntry>,
}

/// What a panel's box holds.
pub(super) enum Body {
    Empty { query: String },
    Chart { words: String, picture: String },
    Stat { note: String, number: String, unit: String, color: u8, picture: String },
    Gauges(Vec<Gauge>),
    Table { heading: String, columns: Vec<String>, rows: Vec<Row>, words: String },
}

pub(super) struct LegendEntry {
    pub(super) color: u8,
    pub(super) name: String,
    pub(super) value: String,
    pub(super) as_of: Option<String>,
}

pub(super) struct Gauge {
    pub(super) name: String,
    pub(super) least: f64,
    pub(super) most: f64,
    pub(super) value: f64,
    pub(super) text: String,
    pub(super) level: Option<&'static str>,
    pub(super) as_of: Option<String>,
    pub(super) picture: String,
}

pub(super) struct Row {
    /// The text of the name, and what stands in it as code.
    pub(super) name: String,
    pub(super) code: String,
    pub(super) cells: Vec<Cell>,
}

pub(super) struct Cell {
    /// How much of its bar is filled, 0 to 100.
    pub(super) bar: Option<u8>,
    pub(super) text: String,
}

impl<'a> PanelView<'a> {
    pub(super) fn new(panel: &'a Panel, data: &PanelData) -> Self {
        let shown = data.shown(panel);
        let body = if shown.is_empty() {
            let query = panel.queries.first().map_or("", |query| query.plan.text());
            Body::Empty { query: shortened(query) }
        } else {
            match panel.kind {
                PanelKind::Line | PanelKind::Stack => Body::Chart {
                    words: still::described(panel, data),
                    picture: still::chart(panel, data),
                },
                PanelKind::Stat => stat(panel, data, &shown),
                PanelKind::Gauge => Body::Gauges(gauges(panel, data, &shown)),
                PanelKind::Table => table(panel, data),
            }
        };
        let charted = matches!(panel.kind, PanelKind::Line | PanelKind::Stack);
        let legend = if charted && panel.legend { legend(panel, data, &shown) } else { Vec::new() };
        let hidden = panel.hide_when_empty && shown.is_empty();
        let reached = reached(panel, &shown);
        Self { panel, reached, as_of: all_stale(data, &shown), hidden, body, legend }
    }
}

/// The highest threshold that a fresh value of the panel has reached.
fn reached<'a>(panel: &'a Panel, shown: &[Shown<'_>]) -> Option<&'a Threshold> {
    let main = if panel.kind == PanelKind::Stat { shown.get(..1)? } else { shown };
    let fresh = main.iter().filter_map(|series| series.latest).filter(|latest| !latest.stale);
    fresh
        .filter_map(|latest| panel.reached(latest.value))
        .max_by(|a, b| a.value.total_cmp(&b.value))
}

fn as_of(latest: Option<Latest>, zone: Span) -> Option<String> {
    let latest = latest.filter(|latest| latest.stale)?;
    Some(format!("as of {}", time_of_day(latest.at, zone, true)))
}

/// The time of the newest value, when none of the panel's values is fresh.
fn all_stale(data: &PanelData, shown: &[Shown<'_>]) -> Option<String> {
    let newest = shown.iter().filter_map(|series| series.latest).max_by_key(|latest| latest.at);
    as_of(newest, data.zone)
}

fn legend(panel: &Panel, data: &PanelData, shown: &[Shown<'_>]) -> Vec<LegendEntry> {
    let entry = |series: &Shown<'_>| LegendEntry {
        color: series.color,
        name: series.name.clone(),
        value: value_text(panel, series),
        as_of: as_of(series.latest, data.zone),
    };
    shown.iter().map(entry).collect()
}

fn value_text(panel: &Panel, series: &Shown<'_>) -> String {
    let value = series.latest.map_or(f64::NAN, |latest| latest.value);
    number::text(value, panel.unit_of(series.query), panel.decimals)
}

fn stat(panel: &Panel, data: &PanelData, shown: &[Shown<'_>]) -> Body {
    let first = shown.first();
    let value = first.and_then(|series| series.latest).map_or(f64::NAN, |latest| latest.value);
    let query = first.map_or(0, |series| series.query);
    let (number, unit) = number::parts(value, panel.unit_of(query), panel.decimals);
    let (note, picture) = (note(panel, data), still::spark(panel, data));
    Body::Stat { note, number, unit, color: panel.color, picture }
}

/// The note with `{1}` filled in by the newest value of query number 1.
fn note(panel: &Panel, data: &PanelData) -> String {
    let mut note = panel.note.clone();
    for query in 0..panel.queries.len() {
        let place = format!("{{{query}}}");
        if note.contains(&place) {
            let value = data.latest_of(query).map_or(f64::NAN, |latest| latest.value);
            note = note.replace(&place, &number::text(value, panel.unit_of(query), panel.decimals));
        }
    }
    note
}

fn gauges(panel: &Panel, data: &PanelData, shown: &[Shown<'_>]) -> Vec<Gauge> {
    let gauge = |series: &Shown<'_>| {
        let unit = panel.unit_of(series.query);
        let least = panel.min.unwrap_or(0.0);
        let whole = if *unit == crate::dashboard::Unit::Ratio { 1.0 } else { 100.0 };
        let most = panel.max.unwrap_or(whole).max(least + f64::MIN_POSITIVE);
        let value = series.latest.map_or(f64::NAN, |latest| latest.value);
        // On a dial a whole number is enough, and the sign stands close.
        let (digits, sign) = number::parts(value, unit, panel.decimals.or(Some(0)));
        let text = if sign == "%" { digits + "%" } else { number::joined((digits, sign)) };
        let as_of = as_of(series.latest, data.zone);
        let level = panel.reached(value).filter(|_| as_of.is_none());
        Gauge {
            name: series.name.clone(),
            least,
            most,
            value: if value.is_finite() { value.clamp(least, most) } else { least },
            text,
            level: level.map(|threshold| threshold.level.name()),
            as_of,
            picture: still::dial((value - least) / (most - least)),
        }
    };
    shown.iter().map(gauge).collect()
}

/// The rows of a table: one for each series of its first query, the largest value first, with the
/// values that its other queries have for the same labels. What is no longer fresh has ended: it goes.
fn table(panel: &Panel, data: &PanelData) -> Body {
    let mut all = panel.clone();
    all.limit = Some(usize::MAX);
    let shown = data.shown(&all);
    let fresh = |series: &&Shown<'_>| series.latest.is_some_and(|latest| !latest.stale);
    let value = |series: &Shown<'_>| series.latest.map_or(f64::NAN, |latest| latest.value);
    let mut first: Vec<&Shown<'_>> =
        shown.iter().filter(|series| series.query == 0).filter(fresh).collect();
    first.sort_by(|a, b| value(b).total_cmp(&value(a)));
    let most = panel.max.or_else(|| first.first().map(|series| value(series))).unwrap_or(100.0);
    let row = |series: &&Shown<'_>| {
        let identity = series.labels.without_name();
        let cell = |query: usize| {
            let same = |other: &&Shown<'_>| {
                other.query == query && other.labels.without_name() == identity
            };
            let number = shown.iter().filter(same).find(fresh).map_or(f64::NAN, value);
            let text = number::text(number, panel.unit_of(query), panel.decimals);
            let bar = panel.queries.get(query).is_some_and(|query| query.bar);
            let share = (number / most * 100.0).clamp(0.0, 100.0).round();
            Cell { bar: (bar && query == 0).then_some(share as u8), text }
        };
        let (name, code) = name_and_code(&series.name);
        Row { name, code, cells: (0..panel.queries.len()).map(cell).collect() }
    };
    let rows = first.iter().take(panel.series_max()).map(row).collect();
    Body::Table {
        heading: panel.heading.clone(),
        columns: panel.queries.iter().map(|query| query.column.clone()).collect(),
        rows,
        words: panel.title.clone(),
    }
}

/// A row's name: what stands between backquotes is set apart as code.
fn name_and_code(name: &str) -> (String, String) {
    let parts = name.split_once('`').and_then(|(before, rest)| {
        let (code, after) = rest.split_once('`')?;
        Some((format!("{}{after}", before.trim_end()), code.to_owned()))
    });
    parts.unwrap_or_else(|| (name.to_owned(), String::new()))
}

fn shortened(query: &str) -> String {
    const CHARS_MAX: usize = 120;
    let mut out: String = query.chars().take(CHARS_MAX).collect();
    if out.len() < query.len() {
        out.push('…');
    }
    out
}
