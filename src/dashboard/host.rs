//! What is shown of one host: the first page's panels that are about a host, bound to it, those for
//! what Telegraf tells, and a panel for each other metric of it.

use std::collections::BTreeSet;

use super::PanelKind::{self, Gauge, Line, Stack, Stat, Table};
use super::automatic;
use super::places::Host;
use super::{Dashboard, Panel, PanelQuery, Plan, Unit, targets};
use crate::model::{METRIC_NAME, MatchOp, Matcher, Metadata, Span};

/// The most panels of metrics that nobody wrote a panel for.
const PANELS_MAX: usize = 24;

/// What marks the queries of the first page that are about a host.
fn marked() -> Matcher {
    Matcher::equal("job", "node")
}

/// How far apart a host's samples are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rhythm {
    /// It is read by this service, as often as the queries expect.
    Own,
    /// It comes from elsewhere, so far apart.
    Every(Span),
}

impl Rhythm {
    /// The shortest window that holds enough samples.
    fn window(self) -> Span {
        match self {
            Self::Own => Span(0),
            // Two samples at least, and one may come late.
            Self::Every(interval) if interval.0 <= 20_000 => Span::from_secs(60),
            Self::Every(interval) => Span(interval.0.saturating_mul(3)).max(Span::from_secs(120)),
        }
    }
}

/// The panel with every query that says `job="node"` bound to a host, whatever its job is; a panel
/// without such a query as it is.
pub fn bound(panel: &Panel, host: &str, rhythm: Rhythm) -> Panel {
    let mut panel = panel.clone();
    for query in &mut panel.queries {
        if let Some(plan) = query.plan.bound(&marked(), &Matcher::equal("instance", host)) {
            query.plan = plan.widened(rhythm.window());
        }
    }
    panel
}

/// Whether a panel of the first page is about a host.
pub fn is_of_host(panel: &Panel) -> bool {
    let marked = marked();
    panel.queries.iter().any(|query| query.plan.selectors().iter().any(|m| m.contains(&marked)))
}

/// The board of a host: `first` is the first page, `metrics` are those that it has. Also the names
/// for which there is no room.
pub fn board(
    first: Option<&Dashboard>,
    name: &str,
    (host, rhythm): (&Host, Rhythm),
    metrics: &[(String, Option<Metadata>)],
) -> (Dashboard, Vec<String>) {
    let mut panels = Vec::new();
    if host.node {
        let own = first.map_or(&[][..], |first| &first.panels);
        let own = own.iter().filter(|panel| is_of_host(panel) && !panel.needs_values());
        panels.extend(own.map(|panel| {
            let mut panel = bound(panel, name, rhythm);
            panel.section.clear();
            if rhythm != Rhythm::Own {
                // What is read elsewhere may lack some of it; what is left stands without holes.
                panel.hide_when_empty = true;
                if panel.kind != Stat {
                    (panel.width, panel.height) = (4, 5);
                }
            }
            panel
        }));
    }
    if host.telegraf {
        panels.extend(telegraf(name));
    }
    // An identity in `instance` is that of what is read from there too; one in `host` of the rest.
    let by = Matcher::equal(if host.node { "instance" } else { "host" }, name);
    panels.extend(
        targets::events(by.name(), name, &host.names)
            .filter(|_| !panels.iter().any(|panel: &Panel| panel.id == targets::EVENTS)),
    );
    let mut taken: BTreeSet<String> = panels.iter().map(|panel| panel.id.clone()).collect();
    let shown = names_of(&panels);
    let metrics: Vec<(String, Option<Metadata>)> =
        metrics.iter().filter(|(name, _)| !shown.contains(name)).cloned().collect();
    let (mut others, beyond) = automatic::sections(&metrics, PANELS_MAX, &mut taken);
    for panel in &mut others {
        for query in &mut panel.queries {
            query.plan = query.plan.narrowed(&by);
        }
    }
    panels.extend(others);
    let board = Dashboard {
        slug: String::new(),
        title: name.to_owned(),
        description: String::new(),
        embed: false,
        range: Span::from_secs(300),
        scrape_interval: None,
        variables: Vec::new(),
        time_zone: None,
        panels,
        pinned: Vec::new(),
    };
    (board, beyond)
}

/// The metrics that these panels ask for by name.
fn names_of(panels: &[Panel]) -> BTreeSet<String> {
    let queries = panels.iter().flat_map(|panel| &panel.queries);
    let selectors = queries.flat_map(|query| query.plan.selectors()).flatten();
    let named = selectors.filter(|m| m.name() == METRIC_NAME && m.op() == MatchOp::Equal);
    named.map(|matcher| matcher.value().to_owned()).collect()
}

/// A panel for what Telegraf tells: id, title, kind, unit, and its queries with their legends.
type Row = (&'static str, &'static str, PanelKind, Unit, &'static [(&'static str, &'static str)]);

const TELEGRAF: [Row; 9] = [
    ("cpu-busy", "CPU", Stat, Unit::Percent, &[("", "100 - cpu_usage_idle{cpu=\"cpu-total\"}")]),
    ("memory", "Memory", Stat, Unit::Bytes, &[("", "mem_used")]),
    ("load", "Load 1 min", Stat, Unit::None, &[("", "system_load1")]),
    ("processes", "Processes", Stat, Unit::Count, &[("", "processes_total")]),
    (
        "cpu",
        "CPU by mode",
        Stack,
        Unit::Percent,
        &[
            ("user", "cpu_usage_user{cpu=\"cpu-total\"} + cpu_usage_nice"),
            ("system", "cpu_usage_system{cpu=\"cpu-total\"}"),
            ("iowait", "cpu_usage_iowait{cpu=\"cpu-total\"}"),
            ("steal", "cpu_usage_steal{cpu=\"cpu-total\"}"),
        ],
    ),
    (
        "network",
        "Network",
        Line,
        Unit::BitsPerSecond,
        &[
            ("{{interface}} in", "8 * rate(net_bytes_recv{interface!~\"all|lo\"}[2m])"),
            ("{{interface}} out", "8 * rate(net_bytes_sent{interface!~\"all|lo\"}[2m])"),
        ],
    ),
    (
        "capacity",
        "Capacity",
        Gauge,
        Unit::Percent,
        &[
            ("Memory", "mem_used_percent"),
            ("Swap", "swap_used_percent"),
            ("Disk {{path}}", "disk_used_percent"),
        ],
    ),
    (
        "disk-io",
        "Disk I/O",
        Line,
        Unit::BytesPerSecond,
        &[
            ("{{name}} read", "rate(diskio_read_bytes[2m])"),
            ("{{name}} written", "rate(diskio_write_bytes[2m])"),
        ],
    ),
    ("disks", "File systems", Table, Unit::Bytes, &[("{{path}}", "disk_free")]),
];

/// The panels for what Telegraf tells of a host.
fn telegraf(host: &str) -> Vec<Panel> {
    let by = Matcher::equal("host", host);
    let query = |(legend, text): &(&str, &str)| {
        let plan = Plan::new(text).ok()?.narrowed(&by);
        Some(PanelQuery { legend: (*legend).to_owned(), ..PanelQuery::new(plan) })
    };
    let made = |(id, title, kind, unit, queries): Row| {
        let queries: Vec<PanelQuery> = queries.iter().filter_map(query).collect();
        let mut panel = Panel::new(id, title, kind, queries.first()?.clone());
        (panel.queries, panel.unit, panel.limit) = (queries, unit, Some(8));
        panel.width = if kind == Stat { 3 } else { 4 };
        if kind == Gauge {
            panel.thresholds = targets::fullness();
        }
        if kind == Table {
            "Path".clone_into(&mut panel.heading);
            panel.queries.iter_mut().for_each(|query| "Free".clone_into(&mut query.column));
        }
        panel.hide_when_empty = true;
        Some(panel)
    };
    TELEGRAF.into_iter().filter_map(made).collect()
}
