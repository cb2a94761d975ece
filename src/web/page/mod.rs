//! Pages: plain data to HTML. A page is complete before any script runs: every value, every row and
//! a picture of every chart stand in it, and the script only takes over what is there.
//!
//! Nothing here asks for anything: whoever serves a page brings all that it shows. Everything that
//! comes from outside (labels, titles, names) is escaped by the templates; what goes in as markup
//! are the pictures of [`crate::render::still`], which escape for themselves.

mod address;
mod embed;
mod explore;
mod panel;
mod status;
mod variables;
mod why;

use std::fmt::Write;

use askama::Template;

use crate::dashboard::{Dashboard, Panel};
use crate::model::{Span, Timestamp, Zone};
use crate::render::{PanelData, time_of_day};
pub use address::{Kept, Kiosk, Seen};
use address::{clock_words, clocks};
pub use embed::{EmbedError, EmbedPage, embed, embed_error};
pub use explore::{ExplorePage, MetricRow, MetricsList, explore};
pub use panel::is_empty;
use panel::{Body, PanelView};
pub use status::{StatusPage, StatusTable, status};
pub use variables::Choosing;
use variables::Fields;
pub use why::{Part, Why};

/// The ranges that a page offers.
const RANGES: [(&str, Span); 8] = [
    ("1m", Span::from_secs(60)),
    ("5m", Span::from_secs(300)),
    ("15m", Span::from_secs(900)),
    ("1h", Span::from_secs(3600)),
    ("6h", Span::from_secs(6 * 3600)),
    ("24h", Span::from_secs(24 * 3600)),
    ("7d", Span::from_secs(7 * 24 * 3600)),
    ("30d", Span::from_secs(30 * 24 * 3600)),
];

/// Where the assets of this build are.
#[derive(Debug, Clone, Default)]
pub struct AssetUrls {
    /// The stylesheet of panels.
    pub style: String,
    /// The one of what stands around them, which an embed does without.
    pub page_style: String,
    /// The one of what may be chosen on a board.
    pub variables_style: String,
    /// What starts every page but an embed.
    pub script: Script,
    /// What the page that explores starts beside it.
    pub explore: Script,
    /// The stylesheet of that page.
    pub explore_style: String,
    /// What starts an embed.
    pub embed: Script,
    /// The scripts of views, with all that they load, by the name of the view.
    pub views: Vec<(String, Vec<String>)>,
    /// The icon, an SVG.
    pub icon: String,
}

/// A script and all that it loads, so that it can be loaded together.
#[derive(Debug, Clone, Default)]
pub struct Script {
    /// The module that starts it.
    pub entry: String,
    /// All its modules, the entry too.
    pub modules: Vec<String>,
}

impl AssetUrls {
    /// A script with the views of the panels that stand on its page, so that they come with it.
    fn with_views<'a>(
        &self,
        script: &Script,
        panels: impl IntoIterator<Item = &'a Panel>,
    ) -> Script {
        let mut script = script.clone();
        for panel in panels {
            let view = if panel.kind.is_chart() { "chart" } else { panel.kind.name() };
            let modules = self.views.iter().filter(|(name, _)| name == view);
            for module in modules.flat_map(|(_, modules)| modules) {
                if !script.modules.contains(module) {
                    script.modules.push(module.clone());
                }
            }
        }
        script
    }
}

/// One entry of the navigation.
#[derive(Debug, Clone)]
pub struct NavEntry {
    /// Its text.
    pub title: String,
    /// Its address.
    pub href: String,
    /// Whether the page belongs to it.
    pub current: bool,
}

/// A theme that was asked for by address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// Light letters on a dark ground.
    Dark,
    /// Dark letters on a light ground.
    Light,
}

impl Theme {
    /// The theme of that name in an address.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "dark" => Some(Self::Dark),
            "light" => Some(Self::Light),
            _ => None,
        }
    }

    /// Its name in addresses and in the page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
        }
    }
}

/// What every page is given.
#[derive(Debug, Clone)]
pub struct Shell<'a> {
    /// The assets.
    pub assets: &'a AssetUrls,
    /// The navigation: only what there is.
    pub nav: &'a [NavEntry],
    /// The theme asked for; otherwise the reader's own.
    pub theme: Option<Theme>,
}

/// A dashboard with what its panels show.
#[derive(Debug, Clone)]
pub struct BoardPage<'a> {
    /// What every page is given.
    pub shell: Shell<'a>,
    /// How it is to be seen.
    pub seen: Seen<'a>,
    /// The dashboard.
    pub dashboard: &'a Dashboard,
    /// What its panels show, in their order; a panel without is empty.
    pub panels: &'a [PanelData],
    /// Why those that are empty are so, in the same order; what is missing is not told.
    pub whys: &'a [Why],
    /// The present.
    pub now: Timestamp,
    /// How far the clock that times are told by is east of UTC.
    pub zone: Span,
    /// The zone of that clock; none for the server's own.
    pub clock: Option<Zone>,
    /// The range shown.
    pub range: Span,
    /// Whether that is a stretch of the past, which ends where `now` is.
    pub is_past: bool,
    /// A few words on the host beside the heading; may be empty.
    pub facts: &'a str,
    /// How far back the history reaches, in words.
    pub reach: &'a str,
    /// The first windows for the script, JSON of the form in `docs/formats/live.md`.
    pub data_json: &'a str,
    /// Names that have no panel here, since there are too many; each is linked.
    pub beyond: &'a [String],
    /// What is wrong with the dashboard's file, of which this is the last good version.
    pub mistakes: &'a [String],
    /// The metric whose own page this is; none on others.
    pub metric: Option<&'a str>,
    /// The address of this server for the line that pushes a first metric; none hides the card.
    pub push_base: Option<&'a str>,
    /// What is chosen, and may be.
    pub choosing: Choosing<'a>,
}

/// All dashboards.
#[derive(Debug, Clone)]
pub struct ListPage<'a> {
    /// What every page is given.
    pub shell: Shell<'a>,
    /// The dashboards, in the order of the files.
    pub dashboards: &'a [&'a Dashboard],
    /// What is wrong with any file, a mistake a line.
    pub mistakes: &'a [String],
}

/// Something went wrong, in words.
#[derive(Debug, Clone)]
pub struct ErrorPage<'a> {
    /// What every page is given.
    pub shell: Shell<'a>,
    /// The HTTP status.
    pub status: u16,
    /// What failed, as a heading.
    pub title: &'a str,
    /// Why, and what to do; values stand in backquotes.
    pub text: &'a str,
}

/// The page of a dashboard.
pub fn board(page: &BoardPage<'_>) -> String {
    let views = page.dashboard.panels.iter().enumerate().map(|(index, panel)| {
        let empty =
            PanelData { now: page.now, range: page.range, zone: page.zone, windows: vec![] };
        let mut view = PanelView::new(panel, page.panels.get(index).unwrap_or(&empty));
        view.explain(page.whys.get(index));
        let linked = panel.metric.as_ref().filter(|_| page.metric.is_none());
        view.address = linked.map(|name| format!("/d/metric?name={}", encoded(name)));
        view.alone = page.seen.alone == Some(panel.id.as_str());
        view
    });
    let kept = page.seen.kept.clone();
    let kept = page.metric.map_or(kept.clone(), |name| kept.with("name", name));
    let choice = page.choosing.fields(&kept);
    let live = if page.is_past { Span::ZERO } else { page.range };
    let ranges = range_links(live, &kept.query());
    let clock = (page.clock, page.dashboard.time_zone);
    let shown = Stretch::new((page.now, page.range, page.zone), clock, page.is_past, kept);
    rendered(&BoardTemplate {
        shown,
        shell: &page.shell,
        script: page.shell.assets.with_views(&page.shell.assets.script, &page.dashboard.panels),
        title: &page.dashboard.title,
        description: &page.dashboard.description,
        facts: page.facts,
        reach: page.reach,
        ranges,
        alone: page.seen.alone.is_some(),
        all: page.all(),
        kiosk: page.seen.kiosk.as_ref(),
        refresh: page.seen.refresh(),
        printed: page.printed(),
        time: time_of_day(page.now, page.zone, true),
        sections: sections(views),
        data: script_json(page.data_json),
        beyond: page.beyond.iter().map(|name| (name.as_str(), encoded(name))).collect(),
        mistakes: page.mistakes,
        metric: page.metric,
        push_base: page.push_base,
        choice,
    })
}

impl BoardPage<'_> {
    /// The address of the same page with all its panels.
    fn all(&self) -> String {
        let mut kept = self.seen.kept.clone();
        kept.0.retain(|(name, _)| name != "panel");
        let kept = self.metric.map_or(kept.clone(), |name| kept.with("name", name));
        if self.is_past {
            let [from, to] = [self.now - self.range, self.now].map(|at| at.0);
            return format!("?{}from={from}&to={to}", kept.query());
        }
        format!("?{}range={}", kept.query(), self.range)
    }

    /// What paper says of the time that it shows.
    fn printed(&self) -> String {
        let [from, to] = [self.now - self.range, self.now]
            .map(|at| date_and_time(at, self.zone).replace('T', " "));
        format!("{from} to {to}, {}", clock_words(self.clock, self.zone).0)
    }
}

/// A part of a dashboard under a heading; the first one has none.
struct Section<'a> {
    title: &'a str,
    panels: Vec<PanelView<'a>>,
}

/// Panels by section, whose panels stand together; the one without a heading is there in any case.
fn sections<'a>(views: impl Iterator<Item = PanelView<'a>>) -> Vec<Section<'a>> {
    let mut sections = vec![Section { title: "", panels: Vec::new() }];
    for view in views {
        let title = view.panel.section.as_str();
        match sections.iter_mut().find(|section| section.title == title) {
            Some(section) => section.panels.push(view),
            None => sections.push(Section { title, panels: vec![view] }),
        }
    }
    sections
}

/// The ranges offered; `own` are the parameters that stay in the address, with a `&` at their end.
fn range_links(shown: Span, own: &str) -> Vec<RangeLink> {
    let link = |(name, length): &(&'static str, Span)| RangeLink {
        name,
        address: format!("?{own}range={name}"),
        length_ms: length.millis(),
        current: *length == shown,
    };
    RANGES.iter().map(link).collect()
}

/// The page that lists all dashboards.
pub fn dashboards(page: &ListPage<'_>) -> String {
    let ListPage { shell, dashboards, mistakes } = page;
    rendered(&ListTemplate { shell, title: "Dashboards", dashboards, mistakes })
}

/// The page that says what went wrong.
pub fn error(page: &ErrorPage<'_>) -> String {
    rendered(&ErrorTemplate {
        shell: &page.shell,
        status: page.status,
        title: page.title,
        parts: parts(page.text),
    })
}

/// A text in parts; those that are values are set apart.
fn parts(text: &str) -> Vec<(bool, &str)> {
    text.split('`').enumerate().map(|(at, part)| (at % 2 == 1, part)).collect()
}

struct RangeLink {
    name: &'static str,
    address: String,
    length_ms: i64,
    current: bool,
}

#[derive(Template)]
#[template(path = "board.html")]
struct BoardTemplate<'a> {
    shown: Stretch,
    /// Where all panels are, as long as one is shown alone.
    all: String,
    /// Whether one is.
    alone: bool,
    kiosk: Option<&'a Kiosk>,
    refresh: Option<String>,
    printed: String,
    shell: &'a Shell<'a>,
    script: Script,
    title: &'a str,
    description: &'a str,
    facts: &'a str,
    reach: &'a str,
    ranges: Vec<RangeLink>,
    time: String,
    sections: Vec<Section<'a>>,
    data: String,
    beyond: Vec<(&'a str, String)>,
    mistakes: &'a [String],
    metric: Option<&'a str>,
    push_base: Option<&'a str>,
    choice: Fields<'a>,
}

#[derive(Template)]
#[template(path = "dashboards.html")]
struct ListTemplate<'a> {
    shell: &'a Shell<'a>,
    title: &'a str,
    dashboards: &'a [&'a Dashboard],
    mistakes: &'a [String],
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorTemplate<'a> {
    shell: &'a Shell<'a>,
    status: u16,
    title: &'a str,
    /// The text in parts; those that are values are set apart.
    parts: Vec<(bool, &'a str)>,
}

/// Templates write into memory and call nothing that fails.
fn rendered(template: &impl Template) -> String {
    template.render().expect("a template that only writes text renders")
}

/// JSON as it may stand in a script element: whatever could end the element, or begin a comment or
/// another script in it, is written as an escape. Such letters stand in JSON inside texts only.
fn script_json(json: &str) -> String {
    json.replace('<', "\\u003c").replace("]]>", "]]\\u003e")
}

/// The time that a page shows, as a form that asks for another one begins with it.
struct Stretch {
    from: String,
    to: String,
    /// The same in words, where it is the past.
    words: String,
    /// What stays in the address beside it.
    kept: Vec<(String, String)>,
    /// The clocks that may be chosen.
    clocks: Vec<(String, String, bool)>,
    /// The clock in words, and whether it is one of a named zone.
    clock: (String, bool),
}

impl Stretch {
    fn new(
        (end, range, zone): (Timestamp, Span, Span),
        (clock, offered): (Option<Zone>, Option<Zone>),
        is_past: bool,
        mut kept: Kept,
    ) -> Self {
        let [from, to] = [end - range, end].map(|at| date_and_time(at, zone));
        let said = || format!("{} to {}", from.replace('T', " "), to.replace('T', " "));
        let words = if is_past { said() } else { String::new() };
        // It has a field of its own.
        kept.0.retain(|(name, _)| name != "tz");
        let (clocks, clock) = (clocks(clock, offered), clock_words(clock, zone));
        Self { from, to, words, kept: kept.0, clocks, clock }
    }
}

/// A moment as forms write it, `2026-11-24T12:03:11`, by a clock so far east of UTC.
fn date_and_time(at: Timestamp, zone: Span) -> String {
    let time = chrono::DateTime::from_timestamp_millis(at.saturating_add(zone).0);
    time.map(|time| time.format("%Y-%m-%dT%H:%M:%S").to_string()).unwrap_or_default()
}

/// A name as a part of an address's path or query.
pub(super) fn encoded(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests;
