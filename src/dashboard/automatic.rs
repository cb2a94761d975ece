//! Panels that nobody configured: one for each pushed metric name, its unit and query guessed from
//! the name and the declared type.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::{Dashboard, Panel, PanelKind, PanelQuery, Unit};
use crate::model::{Labels, Metadata, MetricType, Span};
use crate::query::Plan;

/// Ids that stand in the page for something else than a panel.
const RESERVED_IDS: [&str; 8] =
    ["filters", "main", "mistakes", "notes", "notice", "push", "vars", "wg-data"];

/// Headings stand in the page under `t-` and the panel's id, patterns of pictures under `h-`, what
/// stands behind an `i` under `i-`.
const RESERVED_PREFIXES: [&str; 3] = ["t-", "h-", "i-"];

/// Endings of names, with the unit they tell. The first that fits wins.
const ENDINGS: [(&str, Unit); 20] = [
    ("_timestamp_seconds", Unit::Timestamp),
    ("_start_time_seconds", Unit::Timestamp),
    ("_boot_time_seconds", Unit::Timestamp),
    ("node_time_seconds", Unit::Timestamp),
    ("_created", Unit::Timestamp),
    ("_uptime_seconds", Unit::Duration),
    ("_milliseconds", Unit::Milliseconds),
    ("_ms", Unit::Milliseconds),
    ("_seconds", Unit::Seconds),
    ("_bytes_per_second", Unit::BytesPerSecond),
    ("_bits_per_second", Unit::BitsPerSecond),
    ("_per_second", Unit::PerSecond),
    ("_bytes", Unit::Bytes),
    ("_ratio", Unit::Ratio),
    ("_percent", Unit::Percent),
    ("_celsius", Unit::Celsius),
    ("_hertz", Unit::Hertz),
    ("_hz", Unit::Hertz),
    ("_rpm", Unit::Rpm),
    ("_bits", Unit::None),
];

/// Words of descriptions, with the unit that they tell.
const HELPED: [(&str, Unit); 9] = [
    ("milliseconds", Unit::Milliseconds),
    ("ms", Unit::Milliseconds),
    ("seconds", Unit::Seconds),
    ("bytes", Unit::Bytes),
    ("percent", Unit::Percent),
    ("celsius", Unit::Celsius),
    ("watts", Unit::Watts),
    ("volts", Unit::Volts),
    ("hertz", Unit::Hertz),
];

/// The quantiles that a histogram is shown by.
const QUANTILES: [(&str, &str); 3] = [("0.5", "p50"), ("0.9", "p90"), ("0.99", "p99")];

/// The panel of one metric name: the rate of a counter, quantiles of a histogram's buckets, the
/// value itself of everything else. `None` when no query can name it (it is empty, or far too
/// long).
pub fn panel(name: &str, metadata: Option<&Metadata>) -> Option<Panel> {
    let declared = metadata.map_or(MetricType::Unknown, |metadata| metadata.metric_type);
    let mut panel = if let Some(base) = name.strip_suffix("_bucket") {
        let mut panel = quantiles(name)?;
        base.clone_into(&mut panel.title);
        panel.unit = unit_of(base, metadata);
        panel
    } else if declared == MetricType::Counter || name.ends_with("_total") {
        rate(name, metadata)?
    } else {
        let selector = selector(name)?;
        let mut panel = line(name, plan(&selector)?);
        panel.unit = unit_of(name, metadata);
        panel.queries.extend(times(&selector));
        panel
    };
    panel.id = id_of(name);
    panel.metric = Some(name.to_owned());
    Some(panel)
}

/// How fast a counter grows.
fn rate(name: &str, metadata: Option<&Metadata>) -> Option<Panel> {
    let selector = selector(name)?;
    // Two windows: the short one follows each second, the long one serves what is pushed rarely.
    let query = format!("rate({selector}[10s]) or rate({selector}[2m])");
    let mut panel = line(name, plan(&query)?);
    let base = name.trim_end_matches("_total").trim_end_matches("_count");
    // What is counted are events, in whatever these are measured.
    panel.unit =
        if name.ends_with("_count") { Unit::PerSecond } else { rate_of(&unit_of(base, metadata)) };
    "rate".clone_into(&mut panel.subtitle);
    panel.queries.extend(times(&selector));
    Some(panel)
}

/// What a summary, or a histogram of which there are no buckets, measured on average.
fn mean(base: &str, metadata: Option<&Metadata>) -> Option<Panel> {
    let sum = format!("{base}_sum");
    let [sums, counts] = [selector(&sum)?, selector(&format!("{base}_count"))?];
    let mut panel = line(base, plan(&format!("rate({sums}[2m]) / rate({counts}[2m])"))?);
    panel.unit = unit_of(base, metadata);
    "mean of the last two minutes".clone_into(&mut panel.subtitle);
    panel.id = id_of(&sum);
    panel.metric = Some(sum);
    Some(panel)
}

/// The panels of one name among others: nothing for a name that says nothing of its own.
fn panels(name: &str, metadata: Option<&Metadata>, known: &HashSet<&str>) -> Vec<Panel> {
    let has = |base: &str, ending: &str| known.contains(format!("{base}{ending}").as_str());
    let sum = name.strip_suffix("_sum");
    let count = name.strip_suffix("_count");
    if sum.or(count).is_some_and(|base| has(base, "_bucket")) {
        return Vec::new();
    }
    if let Some(base) = sum.filter(|base| has(base, "_count")) {
        return mean(base, metadata).into_iter().collect();
    }
    if count.is_some_and(|base| has(base, "_sum")) {
        let named = |mut panel: Panel| {
            (panel.id, panel.metric) = (id_of(name), Some(name.to_owned()));
            panel
        };
        return rate(name, metadata).map(named).into_iter().collect();
    }
    let main = panel(name, metadata);
    let base = name.strip_suffix("_bucket");
    let heat = base.zip(main.as_ref()).and_then(|(base, main)| heat(name, base, &main.unit));
    let heat = heat.map(|mut panel| {
        (panel.width, panel.height) = (4, 4);
        "a second, by bucket".clone_into(&mut panel.subtitle);
        (panel.id, panel.metric) = (id_of(&format!("{name}_heat")), Some(name.to_owned()));
        panel
    });
    heat.into_iter().chain(main).collect()
}

/// Panels for these names, at most so many, in the order of the names; each says the section that
/// its family has. Also the names for which there is no room, and those that only tell facts.
pub fn sections(
    names: &[(String, Option<Metadata>)],
    most: usize,
    taken: &mut BTreeSet<String>,
) -> (Vec<Panel>, Vec<String>) {
    let known: HashSet<&str> = names.iter().map(|(name, _)| name.as_str()).collect();
    let (mut found, mut beyond): (Vec<Panel>, Vec<String>) = (Vec::new(), Vec::new());
    for (name, metadata) in names {
        let own = panels(name, metadata.as_ref(), &known);
        if name.ends_with("_info") || found.len() + own.len() > most {
            beyond.extend((!own.is_empty()).then(|| name.clone()));
            continue;
        }
        for mut panel in own {
            if !taken.insert(panel.id.clone()) {
                panel.id = hashed_id(&format!("{name}{}", panel.kind.name()));
                taken.insert(panel.id.clone());
            }
            found.push(panel);
        }
    }
    let metrics: Vec<&str> = found.iter().filter_map(|panel| panel.metric.as_deref()).collect();
    let families = families(&metrics);
    for panel in &mut found {
        let family = panel.metric.as_deref().and_then(|metric| families.get(base_of(metric)));
        if let Some(family) = family {
            panel.section.clone_from(family);
        }
    }
    (found, beyond)
}

/// A family with more names than this is told apart by the next word of the names too.
const FAMILY_MAX: usize = 12;

/// A name without what tells one part of a metric from the others.
fn base_of(name: &str) -> &str {
    let endings = ["_bucket", "_sum", "_count", "_total"];
    endings.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name)
}

/// The family of each metric that has one: what its name has in front in common with others.
fn families(metrics: &[&str]) -> HashMap<String, String> {
    let bases: BTreeSet<&str> = metrics.iter().map(|metric| base_of(metric)).collect();
    let size = |prefix: &str| bases.iter().filter(|base| begins(base, prefix)).count();
    let family = |base: &&str| {
        let first = prefix(base, 1)?;
        let members = size(first);
        let second = prefix(base, 2).filter(|_| members > FAMILY_MAX);
        let second = second.filter(|second| size(second) > 1);
        let own = second.or_else(|| (members > 1).then_some(first))?;
        Some(((*base).to_owned(), own.to_owned()))
    };
    bases.iter().filter_map(family).collect()
}

/// The first words of a name; nothing when it has no more than these.
fn prefix(name: &str, words: usize) -> Option<&str> {
    let ends = name.match_indices(['_', '.', ':']).map(|(at, _)| at).filter(|at| *at > 0);
    ends.take(words)
        .last()
        .filter(|_| name.matches(['_', '.', ':']).count() >= words)
        .and_then(|end| name.get(..end))
}

fn begins(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['_', '.', ':']))
}

/// The query that tells when each series of a selector was last heard.
fn times(selector: &str) -> Option<PanelQuery> {
    let plan = plan(&format!("timestamp({selector})"))?;
    Some(PanelQuery { times: true, ..PanelQuery::new(plan) })
}

/// A board with the one panel of a metric name, large; `None` as [`panel`].
pub fn single(name: &str, metadata: Option<&Metadata>) -> Option<Dashboard> {
    let mut panel = panel(name, metadata)?;
    (panel.width, panel.height) = (12, 7);
    let heat = name.strip_suffix("_bucket").and_then(|base| heat(name, base, &panel.unit));
    Some(Dashboard {
        scrape_interval: None,
        variables: Vec::new(),
        slug: panel.id.clone(),
        title: name.to_owned(),
        description: metadata.map(|metadata| metadata.help.clone()).unwrap_or_default(),
        embed: false,
        time_zone: None,
        range: Span::from_secs(300),
        panels: heat.into_iter().chain([panel]).collect(),
        pinned: Vec::new(),
    })
}

/// The buckets of a histogram over time.
fn heat(buckets: &str, base: &str, unit: &Unit) -> Option<Panel> {
    let query = plan(&format!("sum by (le) (rate({}[1m]))", selector(buckets)?))?;
    let mut panel = Panel::new("heat", base, PanelKind::Heatmap, PanelQuery::new(query));
    (panel.width, panel.height) = (12, 7);
    panel.unit = unit.clone();
    "events a second by bucket, over the last minute".clone_into(&mut panel.subtitle);
    Some(panel)
}

fn line(name: &str, plan: Plan) -> Panel {
    let mut panel = Panel::new("", name, PanelKind::Line, PanelQuery::new(plan));
    (panel.width, panel.height) = (4, 4);
    panel.limit = Some(8);
    panel
}

fn quantiles(buckets: &str) -> Option<Panel> {
    let selector = selector(buckets)?;
    let query = |(quantile, legend): (&str, &str)| {
        let text = format!("histogram_quantile({quantile}, sum by (le) (rate({selector}[1m])))");
        let legend = legend.to_owned();
        Some(PanelQuery { legend, ..PanelQuery::new(plan(&text)?) })
    };
    let queries: Option<Vec<PanelQuery>> = QUANTILES.into_iter().map(query).collect();
    let queries = queries?;
    let mut panel = line("", queries.first()?.plan.clone());
    panel.queries = queries;
    "quantiles of the last minute".clone_into(&mut panel.subtitle);
    Some(panel)
}

fn plan(text: &str) -> Option<Plan> {
    Plan::new(text).ok()
}

/// The selector of a name: bare where the grammar reads it as a name, quoted otherwise (`inf`,
/// `sum`, `my.metric`).
pub fn selector(name: &str) -> Option<String> {
    let bare = Labels::named(name).to_string();
    // Alone they are numbers; behind a bracket they would be names, but a person must read it too.
    let number = ["inf", "nan"].iter().any(|word| name.eq_ignore_ascii_case(word));
    if !name.is_empty() && !number && plan(&format!("rate({bare}[1m])")).is_some() {
        return Some(bare);
    }
    let mut escaped = String::with_capacity(name.len());
    for letter in name.chars() {
        match letter {
            '\\' | '"' => escaped.extend(['\\', letter]),
            '\n' => escaped.push_str("\\n"),
            other => escaped.push(other),
        }
    }
    let quoted = format!("{{__name__=\"{escaped}\"}}");
    plan(&quoted).is_some().then_some(quoted)
}

/// The unit that a metric declares, or else its name tells.
pub fn unit_of(name: &str, metadata: Option<&Metadata>) -> Unit {
    let declared = metadata.map_or("", |metadata| metadata.unit.as_str());
    let ended = |name: &str| {
        let found = ENDINGS.iter().find(|(ending, _)| name.ends_with(ending));
        found.map(|(_, unit)| unit.clone())
    };
    // A declared unit is written as names write it in their ending.
    let told = (!declared.is_empty()).then(|| ended(&format!("_{declared}"))).flatten();
    let help = || metadata.and_then(|metadata| helped(&metadata.help));
    told.or_else(|| ended(name)).or_else(help).unwrap_or_default()
}

/// The unit that a description names: `Time of a request in seconds.`
fn helped(help: &str) -> Option<Unit> {
    let help = help.to_lowercase();
    let said = |word: &str| {
        let ends = |rest: &str| !rest.starts_with(|letter: char| letter.is_alphanumeric());
        let before = [" in ", "("].map(|before| format!("{before}{word}"));
        before.iter().any(|text| help.split(text.as_str()).skip(1).any(ends))
    };
    HELPED.iter().find(|(word, _)| said(word)).map(|(_, unit)| unit.clone())
}

fn rate_of(unit: &Unit) -> Unit {
    match unit {
        Unit::Bytes => Unit::BytesPerSecond,
        Unit::Seconds | Unit::Milliseconds => Unit::Custom("s/s".to_owned()),
        _ => Unit::PerSecond,
    }
}

/// An id that stands in addresses. Names that lose something on the way get a hash behind them, so
/// that two names never share an id.
fn id_of(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let id = name.replace('_', "-");
    let taken = is_reserved(&id);
    if name.bytes().all(plain) && name.len() <= 56 && !taken { id } else { hashed_id(name) }
}

/// Whether the page itself uses an id, so that no panel may have it.
pub(super) fn is_reserved(id: &str) -> bool {
    RESERVED_IDS.contains(&id) || RESERVED_PREFIXES.iter().any(|prefix| id.starts_with(prefix))
}

fn hashed_id(name: &str) -> String {
    let letter = |letter: char| {
        let letter = letter.to_ascii_lowercase();
        if letter.is_ascii_alphanumeric() { letter } else { '-' }
    };
    let id: String = name.chars().take(40).map(letter).collect();
    // FNV-1a: the same in every process, since the id stands in addresses that people keep.
    let hash = name
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    format!("m-{}-{hash:08x}", id.trim_matches('-'))
}
