//! The page that explores: a query with its result, and the list of all metrics.

use askama::Template;

use super::panel::{Body, PanelView};
use super::why::{Part, Why};
use super::{Kept, RangeLink, Script, Shell, Stretch, encoded, range_links, rendered, script_json};
use crate::dashboard::Panel;
use crate::model::{Span, Timestamp, Zone};
use crate::query::{Function, aggregation_names};
use crate::render::{PanelData, time_of_day};

/// What the page shows.
#[derive(Debug, Clone)]
pub struct ExplorePage<'a> {
    /// What every page is given.
    pub shell: Shell<'a>,
    /// What stays in the address beside query, view and range.
    pub kept: Kept,
    /// The query as it was written; empty at first.
    pub query: &'a str,
    /// How the result is shown: `chart`, `table` or `raw`.
    pub view: &'a str,
    /// Why the query has no result, with line and column at the beginning.
    pub wrong: Option<&'a str>,
    /// The panel with the result.
    pub panel: Option<&'a Panel>,
    /// What it shows.
    pub data: Option<&'a PanelData>,
    /// Why that is nothing, if it is.
    pub why: &'a Why,
    /// The first windows for the script, as for boards.
    pub data_json: Option<&'a str>,
    /// The newest values as lines of text, where that is what was asked for.
    pub raw: Option<&'a str>,
    /// The panel as a file of dashboards would have it.
    pub toml: Option<&'a str>,
    /// The present.
    pub now: Timestamp,
    /// How far the clock that times are told by is east of UTC.
    pub zone: Span,
    /// The zone of that clock; none for the server's own.
    pub clock: Option<Zone>,
    /// The range shown.
    pub range: Span,
    /// Whether a stretch of the past is shown.
    pub is_past: bool,
    /// What the list was narrowed by.
    pub search: &'a str,
    /// The metrics.
    pub metrics: &'a MetricsList,
}

/// The metrics that are listed.
#[derive(Debug, Clone, Default)]
pub struct MetricsList {
    /// In the order of their names.
    pub rows: Vec<MetricRow>,
    /// How many more there are.
    pub beyond: usize,
}

/// One metric, every number already a text.
#[derive(Debug, Clone)]
pub struct MetricRow {
    /// Its name.
    pub name: String,
    /// The query that selects it.
    pub query: String,
    /// Its type.
    pub kind: String,
    /// Its unit, as files of dashboards name it.
    pub unit: String,
    /// How many series it has.
    pub series: String,
    /// Its newest value, or the least and the greatest of several; empty when none is recent.
    pub newest: String,
    /// What it says of itself.
    pub help: String,
}

/// The page that explores.
pub fn explore(page: &ExplorePage<'_>) -> String {
    let kept = page.kept.clone().with("view", page.view).with("q", page.query);
    let own = kept.query();
    let panels = page.panel.zip(page.data).filter(|_| page.raw.is_none());
    let view = |(panel, data)| {
        let mut view = PanelView::new(panel, data);
        view.explain(Some(page.why));
        view
    };
    let views = ["chart", "table", "raw"].map(|name| {
        let kept = page.kept.clone().with("view", name).with("q", page.query).query();
        let address = format!("?{}", kept.trim_end_matches('&'));
        (name, address, name == page.view)
    });
    let (end, length) = page.data.map_or((page.now, page.range), |data| (data.now, data.range));
    let shown = Stretch::new((end, length, page.zone), (page.clock, None), page.is_past, kept);
    rendered(&ExploreTemplate {
        shell: &page.shell,
        script: page.shell.assets.with_views(&page.shell.assets.script, page.panel),
        title: "Explore",
        page,
        parts: page.wrong.map(|wrong| marked(page.query, wrong)),
        api: format!("/api/v1/query?query={}", encoded(page.query)),
        shown,
        ranges: range_links(if page.is_past { Span::ZERO } else { page.range }, &own),
        range: page.range.to_string(),
        time: time_of_day(page.now, page.zone, true),
        views,
        panels: panels.map(view).into_iter().collect(),
        data: page.data_json.filter(|_| page.raw.is_none()).map(script_json),
        metrics: page.metrics.rows.iter().map(|row| (row, encoded(&row.query))).collect(),
        words: words(),
    })
}

#[derive(Template)]
#[template(path = "explore.html")]
struct ExploreTemplate<'a> {
    shell: &'a Shell<'a>,
    script: Script,
    title: &'a str,
    page: &'a ExplorePage<'a>,
    /// The query before, at and behind the mistake.
    parts: Option<[&'a str; 3]>,
    api: String,
    shown: Stretch,
    ranges: Vec<RangeLink>,
    range: String,
    time: String,
    views: [(&'static str, String, bool); 3],
    panels: Vec<PanelView<'a>>,
    data: Option<String>,
    metrics: Vec<(&'a MetricRow, String)>,
    words: String,
}

/// A query in three parts around the place that a message begins with: `line:column: …`.
fn marked<'a>(query: &'a str, wrong: &str) -> [&'a str; 3] {
    let mut numbers = wrong.split(':').map_while(|part| part.trim().parse::<usize>().ok());
    let (line, column) = (numbers.next().unwrap_or(1), numbers.next().unwrap_or(1));
    let lines = query.split_inclusive('\n').take(line.saturating_sub(1));
    let line_start: usize = lines.map(str::len).sum();
    let rest = query.get(line_start..).unwrap_or_default();
    let inside: usize = rest.chars().take(column.saturating_sub(1)).map(char::len_utf8).sum();
    let start = (line_start + inside).min(query.len());
    let (before, rest) = query.split_at(start);
    let word = |letter: char| letter.is_alphanumeric() || "_:.".contains(letter);
    let length = rest.find(|letter| !word(letter)).unwrap_or(rest.len());
    let first = rest.chars().next().map_or(0, char::len_utf8);
    let (at, behind) = rest.split_at(length.max(first));
    [before, at, behind]
}

/// The words of the language, for the script that completes them.
fn words() -> String {
    let functions: Vec<&str> = Function::all().map(Function::name).collect();
    let aggregations: Vec<&str> = aggregation_names().collect();
    let words = serde_json::json!({ "functions": functions, "aggregations": aggregations });
    script_json(&words.to_string())
}

#[cfg(test)]
mod tests {
    use super::marked;

    #[test]
    fn a_mistake_is_marked_where_it_is() {
        let check = |query: &str, wrong: &str, expected: [&str; 3]| {
            assert_eq!(marked(query, wrong), expected, "{query} {wrong}");
        };
        check("sum(foo bar)", "1:9: parse error: x", ["sum(foo ", "bar", ")"]);
        check("sum(", "1:5: parse error: unexpected end", ["sum(", "", ""]);
        check("a +\n  ü ) b", "2:5: parse error", ["a +\n  ü ", ")", " b"]);
        check("a", "9:9: parse error", ["a", "", ""]);
        check("up[5m]", "no place", ["", "up", "[5m]"]);
    }
}
