//! One `[[dashboard.panel]]` table.

use std::collections::BTreeSet;

use toml::de::DeValue;

use super::variable::{checked, is_template};
use super::{RANGE, SENTENCE_CHARS_MAX, SLUG_BYTES_MAX, TITLE_CHARS_MAX, check_id, needed};
use crate::dashboard::automatic::is_reserved;
use crate::dashboard::fields::Fields;
use crate::dashboard::markdown::{self, leads_somewhere};
use crate::dashboard::{
    Better, Legend, Level, Link, Mapping, Mark, Nulls, Panel, PanelKind, PanelQuery, Repeat, Stat,
    Threshold, Unit, Variable,
};
use crate::model::Span;
use crate::query::Plan;

const QUERIES_MAX: usize = 8;
const THRESHOLDS_MAX: usize = 8;
const MAPPINGS_MAX: usize = 40;
const LINKS_MAX: usize = 8;
const COLUMNS_MAX: usize = 8;
const QUERY_CHARS_MAX: usize = 16 * 1024;
const TEXT_CHARS_MAX: usize = 8 * 1024;
const URL_CHARS_MAX: usize = 500;
const DECIMALS_MAX: u64 = 6;
const LIMIT_MAX: u64 = 100;
/// The most panels that one is repeated as, and as many as are made when nothing is said.
const REPEAT_MAX: u64 = 60;
const REPEAT_DEFAULT: u64 = 12;
const SIDE: std::ops::RangeInclusive<u64> = 1..=12;
const STEP: std::ops::RangeInclusive<Span> = Span::from_secs(1)..=Span::from_secs(3600);

/// The size of a panel that says none.
pub(in crate::dashboard) fn size_of(kind: PanelKind) -> (u8, u8) {
    match kind {
        PanelKind::Line
        | PanelKind::Stack
        | PanelKind::Band
        | PanelKind::Mirror
        | PanelKind::Events => (4, 5),
        PanelKind::Stat => (2, 2),
        PanelKind::Gauge | PanelKind::Table | PanelKind::Bars | PanelKind::Pie => (3, 5),
        PanelKind::Heatmap => (6, 5),
        PanelKind::Timeline => (6, 4),
        PanelKind::Targets => (12, 4),
        PanelKind::Text => (4, 3),
    }
}

/// Reads a panel; `ids` are those of the panels before it.
pub(super) fn panel(
    fields: &Fields<'_>,
    ids: &mut BTreeSet<String>,
    variables: &[Variable],
) -> Panel {
    let id = id(fields, ids);
    let title = needed(fields, "title");
    let kind = fields.choice("kind", "kind", &PanelKind::ALL, PanelKind::name);
    let kind = kind.unwrap_or(PanelKind::Line);
    let (width, height) = size_of(kind);
    let unit = unit(fields).unwrap_or_default();
    let side = |key, default| fields.whole(key, SIDE).map_or(default, |side| side as u8);
    let (min, max) = (fields.number("min"), fields.number("max"));
    if min.zip(max).is_some_and(|(min, max)| min >= max) {
        fields.wrong("max", "`max` must lie above `min`");
    }
    let (legend, template) = legend(fields);
    let repeat = repeat(fields, variables);
    let own = alone(variables, repeat.as_ref());
    let legend_as = fields.choice("legend_as", "form", &Legend::ALL, Legend::name);
    let nulls = fields.choice("nulls", "way", &Nulls::ALL, Nulls::name);
    let panel = Panel {
        metric: None,
        id,
        title,
        subtitle: fields.text("subtitle", TITLE_CHARS_MAX),
        description: fields.text("description", SENTENCE_CHARS_MAX),
        links: links(fields),
        no_data: fields.text("no_data", TITLE_CHARS_MAX),
        kind,
        queries: queries(fields, kind, (&template, &own)),
        decimals: fields.whole("decimals", 0..=DECIMALS_MAX).map(|decimals| decimals as u8),
        min,
        max,
        thresholds: thresholds(fields, &unit),
        mappings: mappings(fields),
        nulls: nulls.unwrap_or(Nulls::Gap),
        unit,
        width: side("width", width),
        height: side("height", height),
        legend,
        legend_as,
        stats: stats(fields),
        note: fields.text("note", TITLE_CHARS_MAX),
        step: fields.span("step", STEP),
        limit: fields.whole("limit", 1..=LIMIT_MAX).map(|limit| limit as usize),
        heading: fields.text("heading", TITLE_CHARS_MAX),
        columns: fields.texts("columns", COLUMNS_MAX),
        change: fields.flag("change", false),
        better: fields.choice("better", "way", &Better::ALL, Better::name),
        text: text(fields, kind),
        color: fields.whole("color", 1..=8).map_or(1, |color| color as u8),
        hide_when_empty: fields.flag("hide_when_empty", false),
        section: fields.text("section", TITLE_CHARS_MAX),
        link: link(fields, kind),
        repeat,
        copy_of: None,
    };
    fields.finish();
    panel
}

fn id(fields: &Fields<'_>, ids: &mut BTreeSet<String>) -> String {
    let id = fields.text("id", SLUG_BYTES_MAX);
    check_id(fields, "id", &id);
    if is_reserved(&id) {
        fields.wrong("id", format!("the page itself uses `{id}`: choose another id"));
    }
    if !id.is_empty() && !ids.insert(id.clone()) {
        fields.wrong("id", format!("`{id}` names an earlier panel of this dashboard too"));
    }
    id
}

fn unit(fields: &Fields<'_>) -> Option<Unit> {
    let name = fields.text("unit", TITLE_CHARS_MAX);
    if name.is_empty() {
        return None;
    }
    let unit = Unit::parse(&name);
    if unit.is_none() {
        let known: Vec<&str> = Unit::names().collect();
        fields.wrong("unit", format!("no unit `{name}` (there are {})", known.join(", ")));
    }
    unit
}

/// `legend = false` hides the legend; `legend = "{{mode}}"` is the template of the one query.
fn legend(fields: &Fields<'_>) -> (bool, String) {
    match fields.value("legend") {
        None => (true, String::new()),
        Some(DeValue::String(_)) => (true, fields.text("legend", TITLE_CHARS_MAX)),
        Some(_) => (fields.flag("legend", true), String::new()),
    }
}

fn stats(fields: &Fields<'_>) -> Vec<Stat> {
    let mut stats = Vec::new();
    for name in fields.texts("stats", Stat::ALL.len()) {
        match Stat::ALL.into_iter().find(|stat| stat.name() == name) {
            Some(stat) if !stats.contains(&stat) => stats.push(stat),
            Some(_) => fields.wrong("stats", format!("`{name}` stands twice")),
            None => {
                let known = Stat::ALL.map(Stat::name).join(", ");
                fields.wrong("stats", format!("no figure `{name}` (there are {known})"));
            }
        }
    }
    stats
}

fn text(fields: &Fields<'_>, kind: PanelKind) -> Vec<markdown::Node> {
    let text = fields.lines("text", TEXT_CHARS_MAX);
    match (kind, text.trim().is_empty()) {
        (PanelKind::Text, true) => fields.wrong("text", "`text` is missing or empty"),
        (PanelKind::Text, false) | (_, true) => {}
        (_, false) => fields.wrong("text", "only a panel of kind `text` has a text"),
    }
    markdown::parse(&text)
}

fn links(fields: &Fields<'_>) -> Vec<Link> {
    let link = |table: &Fields<'_>| {
        let (title, url) = (needed(table, "title"), table.text("url", URL_CHARS_MAX));
        if !leads_somewhere(&url, false) {
            let wanted = "begin with `https://` or `http://`, or lead to a page of this service";
            table.wrong("url", format!("`{url}` must {wanted}"));
        }
        table.finish();
        Link { title, url }
    };
    fields.tables("links", LINKS_MAX).iter().map(link).collect()
}

/// Where the names of targets lead.
fn link(fields: &Fields<'_>, kind: PanelKind) -> String {
    let link = fields.text("link", URL_CHARS_MAX);
    if !link.is_empty() && kind != PanelKind::Targets {
        fields.wrong("link", "only a panel of kind `targets` has a `link`: others have `links`");
    } else if !link.is_empty() && !leads_somewhere(&link, false) {
        let wanted = "begin with `https://` or `http://`, or lead to a page of this service";
        fields.wrong("link", format!("`{link}` must {wanted}"));
    }
    link
}

/// The queries of a panel; a text has none.
fn queries(
    fields: &Fields<'_>,
    kind: PanelKind,
    (legend, variables): (&str, &[Variable]),
) -> Vec<PanelQuery> {
    if kind == PanelKind::Text {
        if fields.value("query").is_some() {
            fields.wrong("query", "a panel of kind `text` has no query");
        }
        return Vec::new();
    }
    if matches!(fields.value("query"), Some(DeValue::Array(_))) {
        if !legend.is_empty() {
            fields.wrong("legend", "with `[[…query]]` tables a template stands in each of them");
        }
        let tables = fields.tables("query", QUERIES_MAX);
        if tables.is_empty() {
            fields.wrong("query", "a panel needs at least one query");
        }
        return tables.iter().filter_map(|table| query(table, kind, variables)).collect();
    }
    let found = plan(fields, "query", variables);
    let own = |(plan, template)| {
        let legend = legend.to_owned();
        PanelQuery { template, legend, ..PanelQuery::new(plan) }
    };
    found.map(own).into_iter().collect()
}

fn query(fields: &Fields<'_>, kind: PanelKind, variables: &[Variable]) -> Option<PanelQuery> {
    let found = plan(fields, "query", variables);
    let legend = fields.text("legend", TITLE_CHARS_MAX);
    let column = fields.text("column", TITLE_CHARS_MAX);
    let (unit, bar) = (unit(fields), fields.flag("bar", false));
    let (times, below) = (fields.flag("times", false), fields.flag("below", false));
    let (range, step) = (fields.span("range", RANGE), fields.span("step", STEP));
    if range.is_some() && kind != PanelKind::Targets {
        fields
            .wrong("range", "only queries of a panel of kind `targets` have a range of their own");
    }
    fields.finish();
    let (plan, template) = found?;
    Some(PanelQuery { plan, template, legend, column, unit, bar, below, times, range, step })
}

/// The plan of a query, and its text where there are variables in it.
fn plan(
    fields: &Fields<'_>,
    key: &'static str,
    variables: &[Variable],
) -> Option<(Plan, Option<String>)> {
    let text = match fields.value(key) {
        Some(DeValue::String(text)) => text,
        Some(_) => {
            fields.wrong(key, "a query must be a text");
            return None;
        }
        None => {
            fields.wrong(key, "`query` is missing");
            return None;
        }
    };
    if text.len() > QUERY_CHARS_MAX {
        fields.wrong(key, format!("the query is longer than {QUERY_CHARS_MAX} bytes"));
        return None;
    }
    if !variables.is_empty() || is_template(text, variables) {
        let plan = checked(text, variables).map_err(|error| fields.wrong(key, error)).ok()?;
        return Some((plan, is_template(text, variables).then(|| text.as_ref().to_owned())));
    }
    let plan = Plan::new(text).map_err(|error| fields.wrong(key, error.to_string())).ok()?;
    Some((plan, None))
}

/// The variables as a panel sees them: the one that it is repeated for has one value there.
fn alone(variables: &[Variable], repeat: Option<&Repeat>) -> Vec<Variable> {
    let mut own = variables.to_vec();
    for variable in &mut own {
        if repeat.is_some_and(|repeat| repeat.variable == variable.name) {
            (variable.multi, variable.all) = (false, false);
        }
    }
    own
}

fn repeat(fields: &Fields<'_>, variables: &[Variable]) -> Option<Repeat> {
    let variable = fields.text("repeat", TITLE_CHARS_MAX);
    let max = fields.whole("repeat_max", 1..=REPEAT_MAX);
    if variable.is_empty() {
        if fields.value("repeat_max").is_some() {
            fields.wrong("repeat_max", "only a panel with `repeat` has a `repeat_max`");
        }
        return None;
    }
    match variables.iter().find(|one| one.name == variable) {
        None => fields.wrong("repeat", format!("there is no variable `{variable}`")),
        Some(one) if !one.multi && !one.all => {
            let text =
                format!("`{variable}` has one value: it needs `multi = true` or `all = true`");
            fields.wrong("repeat", text);
        }
        Some(_) => {}
    }
    Some(Repeat { variable, max: max.unwrap_or(REPEAT_DEFAULT) as usize })
}

fn thresholds(fields: &Fields<'_>, panel_unit: &Unit) -> Vec<Threshold> {
    let tables = fields.tables("thresholds", THRESHOLDS_MAX);
    let found = tables.iter().filter_map(|table| threshold(table, panel_unit)).collect::<Vec<_>>();
    if found.windows(2).any(|pair| pair[0].value >= pair[1].value) {
        fields.wrong("thresholds", "the thresholds must rise");
    }
    found
}

fn threshold(fields: &Fields<'_>, panel_unit: &Unit) -> Option<Threshold> {
    let value = fields.number("value");
    if fields.value("value").is_none() {
        fields.wrong("value", "`value` is missing");
    }
    let levels = [Level::Warn, Level::Critical];
    let level = fields.choice("level", "level", &levels, Level::name);
    if fields.value("level").is_none() {
        fields.wrong("level", "`level` is missing (there are warn, critical)");
    }
    let mark = fields.choice("show", "mark", &Mark::ALL, Mark::name).unwrap_or(Mark::Both);
    let mut word = fields.text("word", TITLE_CHARS_MAX);
    fields.finish();
    let (value, level) = (value?, level?);
    if word.is_empty() {
        let sign = if *panel_unit == Unit::Percent { "\u{202f}%" } else { "" };
        word = format!("at or above {value}{sign}");
    }
    Some(Threshold { value, level, word, mark })
}

fn mappings(fields: &Fields<'_>) -> Vec<Mapping> {
    fields.tables("mappings", MAPPINGS_MAX).iter().map(mapping).collect()
}

fn mapping(fields: &Fields<'_>) -> Mapping {
    let value = fields.number("value");
    let (from, to) = (fields.number("from"), fields.number("to"));
    let alone = fields.value("from").is_none() && fields.value("to").is_none();
    if alone == fields.value("value").is_none() {
        fields.wrong("value", "a mapping has either `value`, or `from`, `to` or both");
    }
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        fields.wrong("to", "`to` must not lie below `from`");
    }
    let text = needed(fields, "text");
    let levels = [None, Some(Level::Ok), Some(Level::Warn), Some(Level::Critical)];
    let name = |level: Option<Level>| level.map_or("none", Level::name);
    let level = fields.choice("level", "level", &levels, name).flatten();
    fields.finish();
    Mapping { from: value.or(from), to: value.or(to), text, level }
}
