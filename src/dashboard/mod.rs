//! Dashboard and panel documents: parsed, checked, and derived for what was pushed.
//!
//! A value of [`Dashboard`] that came from [`parse`] is valid: its queries are plans, its ids are
//! unique, its sizes lie in bounds. Nothing here knows how a panel looks; that is `render`.

pub mod automatic;
mod document;
mod explored;
mod fields;
mod filled;
mod first;
pub mod host;
pub mod markdown;
mod meaning;
mod near;
mod parse;
pub mod places;
pub mod targets;
mod unit;
mod variable;

pub use explored::{RESULT, as_toml, explored};
pub use fields::Mistake;
pub use filled::{filled, filters};
pub use first::First;
pub use meaning::{Level, Mapping, Mark, Threshold};
pub use near::nearest;
pub use parse::{PANELS_MAX, parse};
pub use unit::Unit;
pub use variable::{ALL, Asked, Choice, Known, LabelValues, Set, Values, Variable, choose};

use crate::model::{Span, Zone};
/// What a [`PanelQuery`] asks; named here for those who know panels and not the query language.
pub use crate::query::Plan;

/// With more series than this a legend becomes a table by itself.
const LISTED_MAX: usize = 8;

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
    /// How far apart the samples are that its queries read; measured when not given.
    pub scrape_interval: Option<Span>,
    /// What a reader may choose, in the order of the bar.
    pub variables: Vec<Variable>,
    /// The zone whose clocks its times follow; each reader's own when none is named.
    pub time_zone: Option<Zone>,
    /// The panels, in reading order.
    pub panels: Vec<Panel>,
    /// The ids of those that stand on the first page too.
    pub pinned: Vec<String>,
}

impl Dashboard {
    /// Whether what it shows follows from what is chosen, or from the data.
    pub fn is_template(&self) -> bool {
        let open = |panel: &Panel| panel.queries.iter().any(|query| query.template.is_some());
        !self.variables.is_empty() || self.panels.iter().any(open)
    }

    /// The place of a panel by its id; of one that is there once a value, that of the first.
    pub fn place_of(&self, id: &str) -> Option<usize> {
        let place = self.panels.iter().position(|panel| panel.id == id);
        place.or_else(|| self.panels.iter().position(|panel| panel.copy_of.as_deref() == Some(id)))
    }
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
    /// What it shows, at least one; none in a panel of kind [`PanelKind::Text`].
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
    /// A sentence or two behind an `i` in the head; may be empty.
    pub description: String,
    /// Where the panel leads, behind the same `i`.
    pub links: Vec<Link>,
    /// What it says while it has nothing to show; its own words when empty.
    pub no_data: String,
    /// What a chart does where a series has no value.
    pub nulls: Nulls,
    /// Values that have a word.
    pub mappings: Vec<Mapping>,
    /// Whether the series are listed below the chart.
    pub legend: bool,
    /// How they are listed; when not said, by their number.
    pub legend_as: Option<Legend>,
    /// What the list says of each series; when nothing is said, by the form of the list.
    pub stats: Vec<Stat>,
    /// The labels that have a column of their own in a table.
    pub columns: Vec<String>,
    /// Whether a stat tells the change since the value one range ago.
    pub change: bool,
    /// Which way that change is a good one.
    pub better: Option<Better>,
    /// What a panel of kind [`PanelKind::Text`] says.
    pub text: Vec<markdown::Node>,
    /// A few words beside a stat's number; `{1}` stands for the newest value of query number 1,
    /// counted from 0.
    pub note: String,
    /// The finest step of its queries.
    pub step: Option<Span>,
    /// The most rows, shares or events, or series of another panel, that are shown one by one.
    pub limit: Option<usize>,
    /// The heading of a table's first column; may be empty.
    pub heading: String,
    /// The series colour, 1 to 8, that the first series takes; the next take the next ones.
    pub color: u8,
    /// Whether the panel is left out as long as its queries return nothing.
    pub hide_when_empty: bool,
    /// The section of the dashboard that it stands in; empty for the part above all sections.
    pub section: String,
    /// Where the names of targets lead: an address with `{{label}}` in it; may be empty.
    pub link: String,
    /// The variable for whose values it is there once each.
    pub repeat: Option<Repeat>,
    /// The id of the panel that this is one of several of.
    pub copy_of: Option<String>,
}

/// A panel that is there once for each value that is chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeat {
    /// The variable.
    pub variable: String,
    /// The most panels.
    pub max: usize,
}

/// How a panel shows its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PanelKind {
    /// A line a series over time.
    Line,
    /// Areas on top of each other over time.
    Stack,
    /// Areas between queries that go from the lowest to the highest, as quantiles do.
    Band,
    /// Areas above and below a line of zero.
    Mirror,
    /// A cell a bucket and column, darker the more is in it.
    Heatmap,
    /// The newest value as a large number, with a small line.
    Stat,
    /// The newest value of each series on a dial.
    Gauge,
    /// The newest values as rows; a column a query.
    Table,
    /// The newest values as bars, the largest first.
    Bars,
    /// The newest values as shares of a whole.
    Pie,
    /// The states of each series over time.
    Timeline,
    /// The changes of state, the newest first.
    Events,
    /// Hosts or services as rows: how each was over the time of the first query, and the newest
    /// values of the other queries with small lines.
    Targets,
    /// A text.
    Text,
}

impl PanelKind {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Line,
        Self::Stack,
        Self::Band,
        Self::Mirror,
        Self::Heatmap,
        Self::Stat,
        Self::Gauge,
        Self::Table,
        Self::Bars,
        Self::Pie,
        Self::Timeline,
        Self::Events,
        Self::Targets,
        Self::Text,
    ];

    /// Whether it is drawn over time, with axes.
    pub const fn is_chart(self) -> bool {
        matches!(self, Self::Line | Self::Stack | Self::Band | Self::Mirror | Self::Heatmap)
    }

    /// The kind as dashboard files and the page's script name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Stack => "stack",
            Self::Band => "band",
            Self::Mirror => "mirror",
            Self::Heatmap => "heatmap",
            Self::Stat => "stat",
            Self::Gauge => "gauge",
            Self::Table => "table",
            Self::Bars => "bars",
            Self::Pie => "pie",
            Self::Timeline => "timeline",
            Self::Events => "events",
            Self::Targets => "targets",
            Self::Text => "text",
        }
    }

    /// Whether it draws the largest series one by one, and those beyond the limit together.
    pub const fn gathers(self) -> bool {
        matches!(self, Self::Line | Self::Stack)
    }

    /// Whether it shows the words of [`Panel::mappings`].
    pub const fn has_words(self) -> bool {
        matches!(self, Self::Stat | Self::Table | Self::Timeline | Self::Events)
    }

    /// Whether it chooses what it shows among all series, which its limit does not bound.
    pub const fn looks_at_all(self) -> bool {
        matches!(self, Self::Table | Self::Bars | Self::Pie | Self::Events | Self::Targets)
    }
}

/// One query of a panel.
#[derive(Debug, Clone, PartialEq)]
pub struct PanelQuery {
    /// The checked query; of one with variables, with something in their place.
    pub plan: Plan,
    /// The text with variables in it, if there are any.
    pub template: Option<String>,
    /// How a series is named: text with `{{label}}` in it; empty for all labels that tell it apart.
    pub legend: String,
    /// The heading of its column in a table.
    pub column: String,
    /// Its unit, when it is not the panel's.
    pub unit: Option<Unit>,
    /// Whether a table draws a small bar before its values.
    pub bar: bool,
    /// Whether a mirrored chart draws its values downwards.
    pub below: bool,
    /// Its values are no curve: they are the times, in seconds since the epoch, of the newest
    /// samples of the other queries' series. With them a page tells when a series was last heard.
    pub times: bool,
    /// How far back it reaches, whatever the page shows; none for the range of the page.
    pub range: Option<Span>,
    /// The finest step of it; none for the panel's.
    pub step: Option<Span>,
}

impl PanelQuery {
    /// A query with nothing but its plan.
    pub fn new(plan: Plan) -> Self {
        let (legend, column) = (String::new(), String::new());
        Self {
            plan,
            template: None,
            legend,
            column,
            unit: None,
            bar: false,
            below: false,
            times: false,
            range: None,
            step: None,
        }
    }
}

/// What stands behind a panel's title: words and an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The words.
    pub title: String,
    /// Where it leads: `http`, `https`, or an address of this service.
    pub url: String,
}

/// What a chart does where a series has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nulls {
    /// It leaves a gap.
    Gap,
    /// It takes the value for zero.
    Zero,
    /// It leads the line from the value before to the one after.
    Connect,
}

impl Nulls {
    const ALL: [Self; 3] = [Self::Gap, Self::Zero, Self::Connect];

    /// The way as dashboard files and the page name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gap => "gap",
            Self::Zero => "zero",
            Self::Connect => "connect",
        }
    }
}

/// How a chart lists its series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Legend {
    /// One behind the other.
    List,
    /// As a table with a row each.
    Table,
}

impl Legend {
    const ALL: [Self; 2] = [Self::List, Self::Table];

    /// The form as dashboard files and the page name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Table => "table",
        }
    }
}

/// What a legend says of the values of a series in the range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stat {
    /// The newest value.
    Last,
    /// The least one.
    Min,
    /// The greatest one.
    Max,
    /// The mean of all of them.
    Mean,
}

impl Stat {
    const ALL: [Self; 4] = [Self::Last, Self::Min, Self::Max, Self::Mean];

    /// The figure as dashboard files and the page name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Last => "last",
            Self::Min => "min",
            Self::Max => "max",
            Self::Mean => "mean",
        }
    }
}

/// Which way a change is a good one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// Down.
    Lower,
    /// Up.
    Higher,
}

impl Better {
    const ALL: [Self; 2] = [Self::Lower, Self::Higher];

    /// The way as dashboard files and the page name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lower => "lower",
            Self::Higher => "higher",
        }
    }
}

impl Panel {
    /// Whether it shows nothing without values of variables.
    pub fn needs_values(&self) -> bool {
        let templates = self.queries.iter().filter_map(|query| query.template.as_deref());
        self.repeat.is_some() || templates.into_iter().any(filled::has_variables)
    }

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
            description: String::new(),
            links: Vec::new(),
            no_data: String::new(),
            nulls: Nulls::Gap,
            mappings: Vec::new(),
            legend: true,
            legend_as: None,
            stats: Vec::new(),
            columns: Vec::new(),
            change: false,
            better: None,
            text: Vec::new(),
            note: String::new(),
            step: None,
            limit: None,
            heading: String::new(),
            color: 1,
            hide_when_empty: false,
            section: String::new(),
            link: String::new(),
            repeat: None,
            copy_of: None,
        }
    }

    /// The most rows, series, shares or events that it shows, given or not.
    pub fn series_max(&self) -> usize {
        self.limit.unwrap_or(match self.kind {
            PanelKind::Table | PanelKind::Bars => 10,
            PanelKind::Pie => 7,
            PanelKind::Events => 50,
            PanelKind::Targets => 500,
            PanelKind::Heatmap => 60,
            PanelKind::Line | PanelKind::Stack => 8,
            _ => 20,
        })
    }

    /// The number of the colour, 1 to 8, of the series at a place, from 0.
    pub fn color_of(&self, place: usize) -> u8 {
        ((usize::from(self.color) + place + 7) % 8 + 1) as u8
    }

    /// Whether something stands behind the `i` in its head.
    pub fn says_more(&self) -> bool {
        !self.description.is_empty() || !self.links.is_empty()
    }

    /// Whether its legend is a table, with so many series.
    pub fn lists_as_table(&self, series: usize) -> bool {
        self.legend_as.map_or(series > LISTED_MAX, |form| form == Legend::Table)
    }

    /// What its legend says of each of so many series.
    pub fn stats(&self, series: usize) -> &[Stat] {
        match &self.stats[..] {
            [] if self.legend_as.is_none() && self.lists_as_table(series) => &Stat::ALL,
            [] => &[Stat::Last],
            said => said,
        }
    }

    /// The unit of one of its queries.
    pub fn unit_of(&self, query: usize) -> &Unit {
        self.queries.get(query).and_then(|query| query.unit.as_ref()).unwrap_or(&self.unit)
    }

    /// Its queries, by number, whose lines are drawn with the least and the greatest value between
    /// two columns, where columns are far apart.
    pub fn bands(&self) -> Vec<usize> {
        // Bounds of parts are no bounds of what is stacked on them.
        if self.kind != PanelKind::Line {
            return Vec::new();
        }
        let hour = Span::from_secs(3600);
        let has_bounds = |query: &PanelQuery| query.plan.settled(hour, hour).bounds(hour).is_some();
        let banded = self.queries.iter().map(|query| !query.times && has_bounds(query));
        banded.enumerate().filter_map(|(number, banded)| banded.then_some(number)).collect()
    }
}

#[cfg(test)]
mod tests;
