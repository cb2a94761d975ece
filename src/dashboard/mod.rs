//! Dashboard and panel documents: parsed, checked, and derived for what was pushed.
//!
//! A value of [`Dashboard`] that came from [`parse`] is valid: its queries are plans, its ids are
//! unique, its sizes lie in bounds. Nothing here knows how a panel looks; that is `render`.

pub mod automatic;
mod explored;
mod fields;
mod parse;
mod unit;

use serde_json::{Value, json};

pub use explored::{RESULT, as_toml, explored};
pub use fields::Mistake;
pub use parse::{PANELS_MAX, parse};
pub use unit::Unit;

use crate::model::Span;
/// What a [`PanelQuery`] asks; named here for those who know panels and not the query language.
pub use crate::query::Plan;

/// One dashboard: a grid of panels with a name and an address.
#[derive(Debug, Clone, PartialEq)]
pub struct Dashboard {
    /// Its address, `/d/{slug}`: `a-z`, `0-9` and `-`.
    pub slug: String,
    /// Its name for people.
    pub title: String,
    /// A sentence below the name; may be empty.
    pub description: String,
    /// Whether its panels may stand in pages of the configured parents.
    pub embed: bool,
    /// The range shown at first.
    pub range: Span,
    /// The panels, in reading order.
    pub panels: Vec<Panel>,
}

/// What one file brings: the dashboards of its newest version without a mistake, and what is wrong
/// with the version that lies there now.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DashboardFile {
    /// The file's name for people.
    pub name: String,
    /// Its dashboards, in their order.
    pub dashboards: Vec<Dashboard>,
    /// What is wrong, each on one line that begins with file and line; nothing when all is well.
    pub mistakes: Vec<String>,
}

/// One panel of a dashboard.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// Its id, unique in the dashboard: `a-z`, `0-9` and `-`.
    pub id: String,
    /// Its heading.
    pub title: String,
    /// A few words beside the heading; may be empty.
    pub subtitle: String,
    /// The pushed metric that it was made for by itself; none for a panel that somebody wrote.
    pub metric: Option<String>,
    /// How it shows its values.
    pub kind: PanelKind,
    /// What it shows, at least one.
    pub queries: Vec<PanelQuery>,
    /// The unit of its values.
    pub unit: Unit,
    /// Digits after the point; three significant ones when not given.
    pub decimals: Option<u8>,
    /// The lower end of the axis or dial.
    pub min: Option<f64>,
    /// The upper end of the axis or dial.
    pub max: Option<f64>,
    /// Values from which on something is wrong, rising.
    pub thresholds: Vec<Threshold>,
    /// Columns of the grid that it takes, 1 to 12.
    pub width: u8,
    /// Rows of the grid that it takes, 1 to 12.
    pub height: u8,
    /// Whether the series are listed below the chart.
    pub legend: bool,
    /// A few words beside a stat's number; `{1}` stands for the newest value of query number 1,
    /// counted from 0.
    pub note: String,
    /// The finest step of its queries.
    pub step: Option<Span>,
    /// The most rows of a table, or series of another panel, that are shown.
    pub limit: Option<usize>,
    /// The heading of a table's first column; may be empty.
    pub heading: String,
    /// The series colour, 1 to 8, that the first series takes; the next take the next ones.
    pub color: u8,
    /// Whether the panel is left out as long as its queries return nothing.
    pub hide_when_empty: bool,
}

/// How a panel shows its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PanelKind {
    /// A line a series over time.
    Line,
    /// Areas on top of each other over time.
    Stack,
    /// The newest value as a large number, with a small line.
    Stat,
    /// The newest value of each series on a dial.
    Gauge,
    /// The newest values as rows; a column a query.
    Table,
}

impl PanelKind {
    const ALL: [Self; 5] = [Self::Line, Self::Stack, Self::Stat, Self::Gauge, Self::Table];

    /// Whether it is drawn over time, with axes.
    pub const fn is_chart(self) -> bool {
        matches!(self, Self::Line | Self::Stack)
    }

    /// The kind as dashboard files and the page's script name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Stack => "stack",
            Self::Stat => "stat",
            Self::Gauge => "gauge",
            Self::Table => "table",
        }
    }
}

/// One query of a panel.
#[derive(Debug, Clone, PartialEq)]
pub struct PanelQuery {
    /// The checked query.
    pub plan: Plan,
    /// How a series is named: text with `{{label}}` in it; empty for all labels that tell it apart.
    pub legend: String,
    /// The heading of its column in a table.
    pub column: String,
    /// Its unit, when it is not the panel's.
    pub unit: Option<Unit>,
    /// Whether a table draws a small bar before its values.
    pub bar: bool,
    /// Its values are no curve: they are the times, in seconds since the epoch, of the newest
    /// samples of the other queries' series. With them a page tells when a series was last heard.
    pub times: bool,
}

impl PanelQuery {
    /// A query with nothing but its plan.
    pub fn new(plan: Plan) -> Self {
        let (legend, column) = (String::new(), String::new());
        Self { plan, legend, column, unit: None, bar: false, times: false }
    }
}

/// A value from which on something is wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    /// The value, in the panel's unit.
    pub value: f64,
    /// How wrong.
    pub level: Level,
    /// What the panel then says, since colour alone is not enough.
    pub word: String,
}

/// How wrong something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Worth a look.
    Warn,
    /// Worth acting on.
    Critical,
}

impl Level {
    /// The level as dashboard files and the page name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Warn => "warn",
            Self::Critical => "critical",
        }
    }
}

impl Panel {
    /// A panel with one query and everything else as a file that says nothing would have it.
    pub fn new(id: &str, title: &str, kind: PanelKind, query: PanelQuery) -> Self {
        let (width, height) = parse::size_of(kind);
        Self {
            id: id.to_owned(),
            title: title.to_owned(),
            subtitle: String::new(),
            metric: None,
            kind,
            queries: vec![query],
            unit: Unit::None,
            decimals: None,
            min: None,
            max: None,
            thresholds: Vec::new(),
            width,
            height,
            legend: true,
            note: String::new(),
            step: None,
            limit: None,
            heading: String::new(),
            color: 1,
            hide_when_empty: false,
        }
    }

    /// The most rows or series that it shows, given or not.
    pub fn series_max(&self) -> usize {
        self.limit.unwrap_or(if self.kind == PanelKind::Table { 10 } else { 20 })
    }

    /// The unit of one of its queries.
    pub fn unit_of(&self, query: usize) -> &Unit {
        self.queries.get(query).and_then(|query| query.unit.as_ref()).unwrap_or(&self.unit)
    }

    /// The highest threshold that a value has reached.
    pub fn reached(&self, value: f64) -> Option<&Threshold> {
        self.thresholds.iter().rev().find(|threshold| value >= threshold.value)
    }

    /// Its queries, by number, whose lines are drawn with the least and the greatest value between
    /// two columns, where columns are far apart.
    pub fn bands(&self) -> Vec<usize> {
        // Bounds of parts are no bounds of what is stacked on them.
        if self.kind != PanelKind::Line {
            return Vec::new();
        }
        let has_bounds = |query: &PanelQuery| query.plan.bounds(Span::from_secs(3600)).is_some();
        let banded = self.queries.iter().map(|query| !query.times && has_bounds(query));
        banded.enumerate().filter_map(|(number, banded)| banded.then_some(number)).collect()
    }

    /// The panel as the page's script reads it. The queries' texts stay with the server: the script
    /// gets channels, and says nothing of how they are filled.
    pub fn document(&self) -> Value {
        let thresholds: Vec<Value> = self
            .thresholds
            .iter()
            .map(|threshold| {
                json!({
                    "value": threshold.value,
                    "level": threshold.level.name(),
                    "word": threshold.word,
                })
            })
            .collect();
        let queries: Vec<Value> = (self.queries.iter().enumerate())
            .map(|(index, query)| {
                json!({
                    "legend": query.legend,
                    "column": query.column,
                    "unit": self.unit_of(index).to_string(),
                    "bar": query.bar,
                    "times": query.times,
                })
            })
            .collect();
        json!({
            "id": self.id,
            "title": self.title,
            "subtitle": self.subtitle,
            "kind": self.kind.name(),
            "unit": self.unit.to_string(),
            "decimals": self.decimals,
            "min": self.min,
            "max": self.max,
            "thresholds": thresholds,
            "width": self.width,
            "height": self.height,
            "legend": self.legend,
            "note": self.note,
            "limit": self.series_max(),
            "heading": self.heading,
            "color": self.color,
            "hide_when_empty": self.hide_when_empty,
            "queries": queries,
            "bands": self.bands(),
        })
    }
}

#[cfg(test)]
mod tests;
