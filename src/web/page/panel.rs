//! One panel as its template needs it: every number already a text, every picture already drawn.

use crate::dashboard::{Panel, PanelKind, Threshold, Unit};
use crate::model::{METRIC_NAME, MatchOp, Span};
use crate::render::{Latest, PanelData, Shown, number, still};

/// A panel ready to be written.
pub(super) struct PanelView<'a> {
    pub(super) panel: &'a Panel,
    /// The address of the page of its metric, when it was made for one and this is not that page.
    pub(super) address: Option<String>,
    /// The highest level that a value has reached, and the words for it.
    pub(super) reached: Option<&'a Threshold>,
    /// `as of 12:03:11`, when nothing in the panel is fresh.
    pub(super) as_of: Option<String>,
    /// Left out of sight, as long as there is nothing to show.
    pub(super) hidden: bool,
    pub(super) body: Body,
    pub(super) legend: Vec<LegendEntry>,
    /// How far apart its values are, where that is far.
    pub(super) resolution: Option<String>,
}

/// What a panel's box holds.
pub(super) enum Body {
    Empty { names: Vec<String>, last: String },
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
    /// The text with the words for its level.
    pub(super) said: String,
    pub(super) level: Option<&'static str>,
    pub(super) as_of: Option<String>,
    pub(super) picture: String,
}

pub(super) struct Row {
    pub(super) name: String,
    /// What stands between backquotes in its name, to be set apart.
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
        // A table chooses its rows itself, among all series: the first ones may have ended.
        let most = if panel.kind == PanelKind::Table { usize::MAX } else { panel.series_max() };
        let shown = data.shown_up_to(panel, most);
        // A stat without its main value would show that of its note as the main one.
        let main_missing = shown.first().is_none_or(|first| first.query > 0);
        let said = all_stale(data, &shown);
        let body = if shown.is_empty() || (panel.kind == PanelKind::Stat && main_missing) {
            Body::Empty { names: waited_for(panel), last: last(data.range) }
        } else {
            match panel.kind {
                PanelKind::Line | PanelKind::Stack => Body::Chart {
                    words: still::described(panel, data),
                    picture: still::chart(panel, data),
                },
                PanelKind::Stat => stat(panel, data, &shown),
                PanelKind::Gauge => Body::Gauges(gauges(panel, data, &shown, said.as_ref())),
                PanelKind::Table => table(panel, &shown),
            }
        };
        let charted = matches!(panel.kind, PanelKind::Line | PanelKind::Stack);
        let legend = if charted && panel.legend {
            legend(panel, data, &shown, said.as_ref())
        } else {
            Vec::new()
        };
        let resolution = data.resolution(panel).filter(|_| !legend.is_empty());
        let hidden = panel.hide_when_empty && shown.is_empty();
        let reached = reached(panel, &shown);
        let address = None;
        Self { panel, address, reached, as_of: said, hidden, body, legend, resolution }
    }
}

/// A range in words; those in minutes as people say them.
fn last(range: Span) -> String {
    match range.millis() / 60_000 {
        minutes @ 1..=60 => format!("{minutes} min"),
        _ => range.to_string(),
    }
}

/// The highest threshold that a fresh value of the panel has reached.
fn reached<'a>(panel: &'a Panel, shown: &[Shown<'_>]) -> Option<&'a Threshold> {
    let main = |series: &&Shown<'_>| panel.kind != PanelKind::Stat || series.query == 0;
    let fresh =
        shown.iter().filter(main).filter_map(|series| series.latest).filter(|latest| !latest.stale);
    fresh
        .filter_map(|latest| panel.reached(latest.value))
        .max_by(|a, b| a.value.total_cmp(&b.value))
}

/// How old one of the values is; what the head says of all of them is not said again.
fn as_of(latest: Option<Latest>, data: &PanelData, said: Option<&String>) -> Option<String> {
    let age = latest.and_then(|latest| latest.age(data.now, data.zone));
    age.filter(|age| said != Some(age))
}

/// The time of the newest value, when none of the panel's values is fresh.
fn all_stale(data: &PanelData, shown: &[Shown<'_>]) -> Option<String> {
    let newest = shown.iter().filter_map(|series| series.latest).max_by_key(|latest| latest.at);
    as_of(newest, data, None)
}

fn legend(
    panel: &Panel,
    data: &PanelData,
    shown: &[Shown<'_>],
    said: Option<&String>,
) -> Vec<LegendEntry> {
    let entry = |series: &Shown<'_>| LegendEntry {
        color: series.color,
        name: series.name.clone(),
        value: value_text(panel, series),
        as_of: as_of(series.latest, data, said),
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

fn gauges(
    panel: &Panel,
    data: &PanelData,
    shown: &[Shown<'_>],
    said: Option<&String>,
) -> Vec<Gauge> {
    let gauge = |series: &Shown<'_>| {
        let unit = panel.unit_of(series.query);
        let least = panel.min.unwrap_or(0.0);
        let whole = if *unit == Unit::Ratio { 1.0 } else { 100.0 };
        let most = panel.max.unwrap_or(whole).max(least + f64::MIN_POSITIVE);
        let value = series.latest.map_or(f64::NAN, |latest| latest.value);
        let text = dial_text(value, unit, panel.decimals);
        let as_of = as_of(series.latest, data, said);
        let fresh = series.latest.is_some_and(|latest| !latest.stale);
        let reached = panel.reached(value).filter(|_| fresh);
        let spoken =
            reached.map_or_else(|| text.clone(), |found| format!("{text}, {}", found.word));
        Gauge {
            name: series.name.clone(),
            least,
            most,
            value: if value.is_finite() { value.clamp(least, most) } else { least },
            text,
            level: reached.map(|threshold| threshold.level.name()),
            said: spoken,
            as_of,
            picture: still::dial((value - least) / (most - least)),
        }
    };
    shown.iter().map(gauge).collect()
}

/// A value as it stands on a dial, where a whole number of per cent is enough, and the sign stands
/// close.
fn dial_text(value: f64, unit: &Unit, decimals: Option<u8>) -> String {
    if !matches!(unit, Unit::Percent | Unit::Ratio) {
        return number::text(value, unit, decimals);
    }
    let (number, sign) = number::parts(value, unit, decimals.or(Some(0)));
    number + &sign
}

/// The rows of a table: one for each series of its first query, the largest value first, with the
/// values that its other queries have for the same labels. What is no longer fresh has ended: it
/// goes.
fn table(panel: &Panel, shown: &[Shown<'_>]) -> Body {
    let fresh = |series: &&Shown<'_>| series.latest.is_some_and(|latest| !latest.stale);
    let value = |series: &Shown<'_>| series.latest.map_or(f64::NAN, |latest| latest.value);
    let mut first: Vec<&Shown<'_>> =
        shown.iter().filter(|series| series.query == 0).filter(fresh).collect();
    first.sort_by(|a, b| value(b).total_cmp(&value(a)).then_with(|| a.name.cmp(&b.name)));
    first.truncate(panel.series_max());
    let numbers = |series: &&Shown<'_>| -> Vec<f64> {
        let identity = series.labels.without_name();
        let same = |query: usize| {
            let found = shown.iter().filter(|other| other.query == query).filter(fresh);
            found.into_iter().find(|other| other.labels.without_name() == identity)
        };
        (0..panel.queries.len()).map(|query| same(query).map_or(f64::NAN, value)).collect()
    };
    let numbers: Vec<Vec<f64>> = first.iter().map(numbers).collect();
    let most = |query: usize| {
        let column = numbers.iter().filter_map(|row| row.get(query).copied());
        panel.max.unwrap_or_else(|| column.fold(0.0, f64::max))
    };
    let most: Vec<f64> = (0..panel.queries.len()).map(most).collect();
    let cell = |(query, number): (usize, &f64)| {
        let text = number::text(*number, panel.unit_of(query), panel.decimals);
        let bar = panel.queries.get(query).is_some_and(|query| query.bar);
        Cell { bar: bar.then(|| bar_share(number / most[query])), text }
    };
    let line = |(series, numbers): (&&Shown<'_>, &Vec<f64>)| {
        let cells = numbers.iter().enumerate().map(cell).collect();
        let (name, code) = set_apart(&series.name);
        Row { name, code, cells }
    };
    Body::Table {
        heading: panel.heading.clone(),
        columns: panel.queries.iter().map(|query| query.column.clone()).collect(),
        rows: first.iter().zip(&numbers).map(line).collect(),
        words: panel.title.clone(),
    }
}

/// What stands between the first two backquotes of a name, apart from the rest.
fn set_apart(name: &str) -> (String, String) {
    let parts = name.split_once('`');
    let parts = parts.and_then(|(before, rest)| Some((before, rest.split_once('`')?)));
    parts.map_or_else(
        || (name.to_owned(), String::new()),
        |(before, (code, after))| (format!("{}{after}", before.trim_end()), code.to_owned()),
    )
}

/// A share in steps of 5 per cent: the stylesheet has one rule for each.
fn bar_share(share: f64) -> u8 {
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    (share * 20.0).round() as u8 * 5
}

/// The metric names that a panel's queries look for; those of its first query when it has several.
fn waited_for(panel: &Panel) -> Vec<String> {
    const NAMES_MAX: usize = 3;
    let mut names = Vec::new();
    let selectors = panel.queries.first().map(|query| query.plan.selectors()).unwrap_or_default();
    for matcher in selectors.into_iter().flatten() {
        let fixed = matcher.name() == METRIC_NAME && matcher.op() == MatchOp::Equal;
        if fixed && names.len() < NAMES_MAX && !names.iter().any(|name| name == matcher.value()) {
            names.push(matcher.value().to_owned());
        }
    }
    names
}
