//! The panels that list hosts and services: ordinary queries, made from what is known of them.

use std::collections::{BTreeMap, BTreeSet};

use super::automatic::selector;
use super::places::{NODE_SIGNS, Places};
use super::{Level, Mapping, Mark, Panel, PanelKind, PanelQuery, Plan, Threshold, Unit};
use crate::model::{METRIC_NAME, MatchOp, Matcher, Span};

/// The id of the list of hosts.
pub const HOSTS: &str = "hosts";
/// The id of what happened to a host.
pub const EVENTS: &str = "events";
/// The id of the list of services.
pub const SERVICES: &str = "services";

/// How far back the strip of a target reaches, and how long its pieces are.
const STRIP: (Span, Span) = (Span::from_secs(3600), Span::from_secs(60));
/// The same of the small lines.
const LINE: (Span, Span) = (Span::from_secs(300), Span::from_secs(2));
/// For how long a sample tells that its series is there.
const THERE: &str = "90s";
/// Names by which targets are known to be there; what none of them covers is not listed.
const COVER_MAX: usize = 40;
/// Names whose times are asked for; of other targets it is known to the minute when they fell
/// silent.
const TIMED_MAX: usize = 12;

/// Interfaces that carry no traffic of their own.
const VIRTUAL: &str = "lo|veth.*|docker.*|br-.*|virbr.*|ifb.*";
/// File systems that hold files of their own, in places that are disks.
const DISKS: &str = "fstype!~\"tmpfs|ramfs|squashfs|devtmpfs\", \
                     mountpoint!~\"/(etc|run|dev|proc|sys|snap|var/lib/docker)(/.*)?\"";

/// The list of hosts; nothing when none is known. `rows` of the grid are what it takes at most.
pub fn hosts(places: &Places, rows: u8) -> Option<Panel> {
    let known = &places.hosts;
    let cover = cover(known.values().filter(|host| !host.node).map(|host| &host.names));
    let has_node = known.values().any(|host| host.node);
    let has_telegraf = known.values().any(|host| host.telegraf);
    // A node exporter names hosts in `instance`, everybody else in `host`.
    let from_node = |query: String| {
        let host = format!("label_replace({query}, \"host\", \"$1\", \"instance\", \"(.+)\")");
        has_node.then(|| format!("max by (host) ({host})"))
    };
    let from_telegraf = |query: String| has_telegraf.then(|| format!("max by (host) ({query})"));
    let others = !cover.is_empty();
    let signs = NODE_SIGNS.map(str::to_owned);
    let state = [from_node(there("instance", &signs)), others.then(|| there("host", &cover))];
    let mut queries = vec![strip(&joined(state)?, "{{host}}")?];
    for ((column, unit, round), (node, telegraf)) in
        HOST_CELLS.into_iter().zip(node_cells().into_iter().zip(telegraf_cells()))
    {
        if let Some(query) = joined([from_node(node), from_telegraf(telegraf)]) {
            let plan = plan(&format!("round({query}, {round})"))?;
            queries.push(cell(plan, column, unit));
        }
    }
    let first = [NODE_SIGNS[0].to_owned()];
    let times = [from_node(times("instance", &first)), others.then(|| times("host", &cover))];
    queries.push(times_query(&joined(times)?)?);
    let mut panel = list(HOSTS, "Hosts", queries, (known.len(), rows))?;
    "Host".clone_into(&mut panel.heading);
    "/h/{{host}}".clone_into(&mut panel.link);
    panel.thresholds =
        vec![threshold(80.0, Level::Warn, "high"), threshold(95.0, Level::Critical, "very high")];
    Some(panel)
}

/// The cells of a host: heading, unit, and what its values are rounded to.
const HOST_CELLS: [(&str, Unit, f64); 4] = [
    ("CPU", Unit::Percent, 0.1),
    ("Memory", Unit::Percent, 0.1),
    ("Disk", Unit::Percent, 0.1),
    ("Network", Unit::BitsPerSecond, 1.0),
];

/// What a node exporter tells for them, by `instance`: of the disks the fullest.
fn node_cells() -> [String; 4] {
    // Two windows: the short one follows what comes each second, the long one serves the rest.
    let both = |query: &dyn Fn(&str) -> String| format!("({}) or ({})", query("15s"), query("2m"));
    let busy = |length: &str| {
        let idle = format!("node_cpu_seconds_total{{mode=\"idle\", instance!=\"\"}}[{length}]");
        format!("100 * (1 - avg by (instance) (rate({idle})))")
    };
    let memory = "max by (instance) (100 * (1 - node_memory_MemAvailable_bytes{instance!=\"\"} \
                  / node_memory_MemTotal_bytes))";
    let disk = format!(
        "max by (instance) (100 * (1 - node_filesystem_avail_bytes{{{DISKS}, instance!=\"\"}} \
         / ((node_filesystem_size_bytes - node_filesystem_free_bytes \
         + node_filesystem_avail_bytes) > 0)))"
    );
    let traffic = |length: &str| {
        let [received, sent] = ["receive", "transmit"].map(|way| {
            let real = format!("device!~\"{VIRTUAL}\", instance!=\"\"");
            format!("sum by (instance) (rate(node_network_{way}_bytes_total{{{real}}}[{length}]))")
        });
        format!("8 * ({received} + {sent})")
    };
    [both(&busy), memory.to_owned(), disk, both(&traffic)]
}

/// The same of Telegraf, by `host`.
fn telegraf_cells() -> [String; 4] {
    let [received, sent] = ["recv", "sent"].map(|way| {
        format!("sum by (host) (rate(net_bytes_{way}{{interface!=\"all\", host!=\"\"}}[2m]))")
    });
    [
        "100 - cpu_usage_idle{cpu=\"cpu-total\", host!=\"\"}".to_owned(),
        "mem_used_percent{host!=\"\"}".to_owned(),
        "disk_used_percent{host!=\"\"}".to_owned(),
        format!("8 * ({received} + {sent})"),
    ]
}

/// The list of services; nothing when none is known.
pub fn services(places: &Places, rows: u8) -> Option<Panel> {
    let known = &places.services;
    let up = known.values().any(|service| service.has_up);
    let of_jobs = known.values().filter(|service| service.is_job && !service.has_up);
    let jobs = cover(of_jobs.map(|service| &service.names));
    let others = known.values().filter(|service| !service.is_job);
    let others = cover(others.map(|service| &service.names));
    let from_job = |query: String, by: &str| {
        format!(
            "{by} by (service) (label_replace({query}, \"service\", \"$1\", \"job\", \"(.+)\"))"
        )
    };
    let scraped = "up{job!=\"\", job!~\"node|watchglass\"}";
    let state = [
        up.then(|| from_job(format!("last_over_time({scraped}[{THERE}])"), "avg")),
        (!jobs.is_empty()).then(|| from_job(there("job", &jobs), "max")),
        (!others.is_empty()).then(|| there("service", &others)),
    ];
    let mut queries = vec![strip(&joined(state)?, "{{service}}")?];
    if up {
        let plan = plan(&from_job(format!("last_over_time({scraped}[{THERE}])"), "count"))?;
        queries.push(cell(plan, "Instances", Unit::Count));
    }
    let times = [
        up.then(|| from_job(format!("timestamp({scraped})"), "max")),
        (!jobs.is_empty()).then(|| from_job(times("job", &jobs), "max")),
        (!others.is_empty()).then(|| times("service", &others)),
    ];
    queries.push(times_query(&joined(times)?)?);
    let mut panel = list(SERVICES, "Services", queries, (known.len(), rows))?;
    "Service".clone_into(&mut panel.heading);
    Some(panel)
}

/// What happened to one host, whose name stands in `label`: when it began to send and fell silent,
/// and when what runs on it went down. `names` are some that it has, where it is no node
/// exporter's.
pub fn events(label: &str, host: &str, names: &BTreeSet<String>) -> Option<Panel> {
    let signs = NODE_SIGNS.map(str::to_owned);
    let own: Vec<String> = names.iter().cloned().collect();
    let by = Matcher::equal(label, host);
    let query = |text: &str, legend: &str| {
        let plan = plan(text)?.narrowed(&by);
        Some(PanelQuery { legend: legend.to_owned(), ..PanelQuery::new(plan) })
    };
    let state = query(&there(label, if own.is_empty() { &signs } else { &own }), "host")?;
    let mut panel = Panel::new(EVENTS, "Events", PanelKind::Events, state);
    panel.queries.extend(query("max by (job) (up)", "{{job}}"));
    (panel.width, panel.height) = (4, 5);
    panel.mappings = states();
    Some(panel)
}

/// What both lists have in common; `count` targets in at most `rows` of the grid.
fn list(
    id: &str,
    title: &str,
    mut queries: Vec<PanelQuery>,
    (count, rows): (usize, u8),
) -> Option<Panel> {
    let first = queries.first()?.clone();
    let mut panel = Panel::new(id, title, PanelKind::Targets, first);
    std::mem::swap(&mut panel.queries, &mut queries);
    panel.unit = Unit::Percent;
    panel.height = height_of(count).min(rows);
    panel.mappings = states();
    Some(panel)
}

/// The words for how something is.
fn states() -> Vec<Mapping> {
    let mapping = |from: f64, to: f64, text: &str, level| Mapping {
        from: Some(from),
        to: Some(to),
        text: text.to_owned(),
        level: Some(level),
    };
    vec![
        mapping(0.0, 0.0, "down", Level::Critical),
        mapping(1.0, 1.0, "up", Level::Ok),
        mapping(0.0, 1.0, "partly down", Level::Warn),
    ]
}

/// The rows of the grid that so many targets take: in tenths of a letter's height, with a gap a row
/// has 42 and a target 26, and the head, the headings and the end take 50.
fn height_of(count: usize) -> u8 {
    (50 + count.min(1000) * 26).div_ceil(42).clamp(2, 200) as u8
}

/// 1 for each value of a label of whose series, if they have one of these names, something came.
fn there(label: &str, names: &[String]) -> String {
    let any: Vec<String> = names.iter().map(|name| regex::escape(name)).collect();
    let matcher = Matcher::new(METRIC_NAME, MatchOp::Regex, any.join("|"));
    let matcher = matcher.map(|matcher| matcher.to_string()).unwrap_or_default();
    format!("group by ({label}) (last_over_time({{{matcher}, {label}!=\"\"}}[{THERE}]))")
}

/// When something came last of each value of a label, in series of these names.
fn times(label: &str, names: &[String]) -> String {
    let time = |name: &String| {
        let selector = selector(name)?;
        let plan = plan(&format!("timestamp({selector})"))?;
        let some = Matcher::new(label, MatchOp::NotEqual, "").ok()?;
        Some(plan.narrowed(&some).text().to_owned())
    };
    let all: Vec<String> = names.iter().take(TIMED_MAX).filter_map(time).collect();
    format!("max by ({label}) ({})", all.join(" or "))
}

/// Names so that each of these sets has at least one of them, as far as so many can.
fn cover<'a>(sets: impl Iterator<Item = &'a BTreeSet<String>>) -> Vec<String> {
    let mut left: Vec<&BTreeSet<String>> = sets.filter(|names| !names.is_empty()).collect();
    let mut chosen = Vec::new();
    while !left.is_empty() && chosen.len() < COVER_MAX {
        let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
        left.iter().flat_map(|names| names.iter()).for_each(|name| {
            *counts.entry(name).or_default() += 1;
        });
        let best =
            counts.into_iter().max_by_key(|(name, count)| (*count, std::cmp::Reverse(*name)));
        let Some((name, _)) = best else { break };
        let name = name.clone();
        left.retain(|names| !names.contains(&name));
        chosen.push(name);
    }
    chosen
}

/// All parts that there are as one query; the earlier one counts where two say something.
fn joined<const N: usize>(parts: [Option<String>; N]) -> Option<String> {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" or "))
}

fn plan(text: &str) -> Option<Plan> {
    Plan::new(text).ok()
}

fn strip(query: &str, legend: &str) -> Option<PanelQuery> {
    let (range, step) = (Some(STRIP.0), Some(STRIP.1));
    Some(PanelQuery { legend: legend.to_owned(), range, step, ..PanelQuery::new(plan(query)?) })
}

fn cell(plan: Plan, column: &str, unit: Unit) -> PanelQuery {
    let (range, step) = (Some(LINE.0), Some(LINE.1));
    let column = column.to_owned();
    PanelQuery { column, unit: Some(unit), range, step, ..PanelQuery::new(plan) }
}

fn times_query(query: &str) -> Option<PanelQuery> {
    let (range, step) = (Some(LINE.0), Some(LINE.1));
    Some(PanelQuery { times: true, range, step, ..PanelQuery::new(plan(query)?) })
}

/// When a disk or memory is full.
pub(super) fn fullness() -> Vec<Threshold> {
    vec![
        threshold(80.0, Level::Warn, "filling up"),
        threshold(90.0, Level::Critical, "nearly full"),
    ]
}

fn threshold(value: f64, level: Level, word: &str) -> Threshold {
    Threshold { value, level, word: word.to_owned(), mark: Mark::None }
}
