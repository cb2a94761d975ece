//! Dashboard files: `[[dashboard]]` with its panels and their queries, read with the line of every
//! mistake. `docs/dashboards.md` tells people what may stand in such a file.

use std::collections::BTreeSet;

use toml::de::{DeTable, DeValue};

use super::automatic::is_reserved;
use super::fields::{Fields, Mistake, Mistakes};
use super::{Dashboard, Level, Panel, PanelKind, PanelQuery, Threshold, Unit};
use crate::model::Span;
use crate::query::Plan;

/// The most panels of one dashboard.
pub const PANELS_MAX: usize = 60;

const DASHBOARDS_MAX: usize = 100;
const QUERIES_MAX: usize = 8;
const THRESHOLDS_MAX: usize = 8;
const SLUG_BYTES_MAX: usize = 64;
const TITLE_CHARS_MAX: usize = 80;
const SENTENCE_CHARS_MAX: usize = 300;
const QUERY_CHARS_MAX: usize = 16 * 1024;
const DECIMALS_MAX: u64 = 6;
const LIMIT_MAX: u64 = 100;
const SIDE: std::ops::RangeInclusive<u64> = 1..=12;
const RANGE: std::ops::RangeInclusive<Span> =
    Span::from_secs(60)..=Span::from_secs(2 * 365 * 86_400);
const STEP: std::ops::RangeInclusive<Span> = Span::from_secs(1)..=Span::from_secs(3600);
const RANGE_DEFAULT: Span = Span::from_secs(300);

/// Reads the dashboards of one file: all of its `[[dashboard]]` tables, or, when there is none,
/// the one dashboard whose keys stand at the top. Other top-level tables are none of its business
/// when there are `[[dashboard]]` tables or nothing else. A dashboard at the top of a file needs
/// no slug: it takes the file's name.
///
/// # Errors
/// All mistakes of the file at once, in its order.
pub fn parse(text: &str, file: &str) -> Result<Vec<Dashboard>, Vec<Mistake>> {
    let mistakes = Mistakes::new(file, text);
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let place = error.span().map_or(0, |span| span.start);
        mistakes.add(place, "", error.message().replace('\n', ", "));
    }
    let top = Fields::new(root.get_ref(), &mistakes, String::new(), &root.span());
    let alone = ["slug", "title", "panel"].iter().any(|key| root.get_ref().contains_key(*key));
    let found: Vec<Dashboard> = if root.get_ref().contains_key("dashboard") || !alone {
        let mut slugs = BTreeSet::new();
        let tables = top.tables("dashboard", DASHBOARDS_MAX);
        tables.iter().map(|table| dashboard(table, "", &mut slugs)).collect()
    } else {
        vec![dashboard(&top, stem(file), &mut BTreeSet::new())]
    };
    let mistakes = mistakes.take_sorted();
    if mistakes.is_empty() { Ok(found) } else { Err(mistakes) }
}

/// The size of a panel that says none.
pub(super) fn size_of(kind: PanelKind) -> (u8, u8) {
    match kind {
        PanelKind::Line | PanelKind::Stack => (4, 5),
        PanelKind::Stat => (2, 2),
        PanelKind::Gauge | PanelKind::Table => (3, 5),
    }
}

/// The name of a file without its folder and ending.
fn stem(file: &str) -> &str {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    name.strip_suffix(".toml").unwrap_or(name)
}

fn dashboard(fields: &Fields<'_>, file_stem: &str, slugs: &mut BTreeSet<String>) -> Dashboard {
    let mut slug = fields.text("slug", SLUG_BYTES_MAX);
    if slug.is_empty() {
        file_stem.clone_into(&mut slug);
    }
    check_id(fields, "slug", &slug);
    if !slugs.insert(slug.clone()) {
        fields.wrong("slug", format!("`{slug}` names an earlier dashboard of this file too"));
    }
    let title = needed(fields, "title");
    let description = fields.text("description", SENTENCE_CHARS_MAX);
    let embed = fields.flag("embed", false);
    let range = fields.span("range", RANGE).unwrap_or(RANGE_DEFAULT);
    let tables = fields.tables("panel", PANELS_MAX);
    if tables.is_empty() {
        fields.wrong("panel", "the dashboard has no panel (begin one with `[[dashboard.panel]]`)");
    }
    let mut ids = BTreeSet::new();
    let panels = tables.iter().map(|table| panel(table, &mut ids)).collect();
    fields.finish();
    Dashboard { slug, title, description, embed, range, panels }
}

fn panel(fields: &Fields<'_>, ids: &mut BTreeSet<String>) -> Panel {
    let id = fields.text("id", SLUG_BYTES_MAX);
    check_id(fields, "id", &id);
    if is_reserved(&id) {
        fields.wrong("id", format!("the page itself uses `{id}`: choose another id"));
    }
    if !id.is_empty() && !ids.insert(id.clone()) {
        fields.wrong("id", format!("`{id}` names an earlier panel of this dashboard too"));
    }
    let title = needed(fields, "title");
    let kind = kind(fields);
    let (width, height) = size_of(kind);
    let unit = unit(fields).unwrap_or_default();
    let side = |key, default| fields.whole(key, SIDE).map_or(default, |side| side as u8);
    let (min, max) = (fields.number("min"), fields.number("max"));
    if min.zip(max).is_some_and(|(min, max)| min >= max) {
        fields.wrong("max", "`max` must lie above `min`");
    }
    let (legend, template) = legend(fields);
    let panel = Panel {
        metric: None,
        id,
        title,
        subtitle: fields.text("subtitle", TITLE_CHARS_MAX),
        kind,
        queries: queries(fields, &template),
        decimals: fields.whole("decimals", 0..=DECIMALS_MAX).map(|decimals| decimals as u8),
        min,
        max,
        thresholds: thresholds(fields, &unit),
        unit,
        width: side("width", width),
        height: side("height", height),
        legend,
        note: fields.text("note", TITLE_CHARS_MAX),
        step: fields.span("step", STEP),
        limit: fields.whole("limit", 1..=LIMIT_MAX).map(|limit| limit as usize),
        heading: fields.text("heading", TITLE_CHARS_MAX),
        color: fields.whole("color", 1..=8).map_or(1, |color| color as u8),
        hide_when_empty: fields.flag("hide_when_empty", false),
    };
    fields.finish();
    panel
}

fn needed(fields: &Fields<'_>, key: &'static str) -> String {
    let text = fields.text(key, TITLE_CHARS_MAX);
    if text.trim().is_empty() {
        fields.wrong(key, format!("`{key}` is missing or empty"));
    }
    text
}

/// Ids and slugs stand in addresses and in the page, so their alphabet is narrow.
fn check_id(fields: &Fields<'_>, key: &'static str, id: &str) {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if id.is_empty() {
        fields.wrong(key, format!("`{key}` is missing or empty"));
    } else if !id.bytes().all(allowed) {
        fields.wrong(key, format!("`{id}` has other characters in it than `a-z`, `0-9` and `-`"));
    } else if id.len() > SLUG_BYTES_MAX {
        fields.wrong(key, format!("`{id}` is longer than {SLUG_BYTES_MAX} characters"));
    }
}

fn kind(fields: &Fields<'_>) -> PanelKind {
    let name = fields.text("kind", TITLE_CHARS_MAX);
    if name.is_empty() {
        return PanelKind::Line;
    }
    let kind = PanelKind::ALL.into_iter().find(|kind| kind.name() == name);
    if kind.is_none() {
        let known: Vec<&str> = PanelKind::ALL.iter().map(|kind| kind.name()).collect();
        fields.wrong("kind", format!("no kind `{name}` (there are {})", known.join(", ")));
    }
    kind.unwrap_or(PanelKind::Line)
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

fn queries(fields: &Fields<'_>, template: &str) -> Vec<PanelQuery> {
    if matches!(fields.value("query"), Some(DeValue::Array(_))) {
        if !template.is_empty() {
            fields.wrong("legend", "with `[[…query]]` tables a template stands in each of them");
        }
        let tables = fields.tables("query", QUERIES_MAX);
        if tables.is_empty() {
            fields.wrong("query", "a panel needs at least one query");
        }
        return tables.iter().filter_map(query).collect();
    }
    let plan = plan(fields, "query");
    let own = |plan| PanelQuery { legend: template.to_owned(), ..PanelQuery::new(plan) };
    plan.map(own).into_iter().collect()
}

fn query(fields: &Fields<'_>) -> Option<PanelQuery> {
    let plan = plan(fields, "query");
    let legend = fields.text("legend", TITLE_CHARS_MAX);
    let column = fields.text("column", TITLE_CHARS_MAX);
    let (unit, bar) = (unit(fields), fields.flag("bar", false));
    let times = fields.flag("times", false);
    fields.finish();
    Some(PanelQuery { plan: plan?, legend, column, unit, bar, times })
}

fn plan(fields: &Fields<'_>, key: &'static str) -> Option<Plan> {
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
    Plan::new(text).map_err(|error| fields.wrong(key, error.to_string())).ok()
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
    let name = fields.text("level", TITLE_CHARS_MAX);
    let level = [Level::Warn, Level::Critical].into_iter().find(|level| level.name() == name);
    if level.is_none() {
        fields.wrong("level", format!("no level `{name}` (there are warn, critical)"));
    }
    let mut word = fields.text("word", TITLE_CHARS_MAX);
    fields.finish();
    let (value, level) = (value?, level?);
    if word.is_empty() {
        let sign = if *panel_unit == Unit::Percent { "\u{202f}%" } else { "" };
        word = format!("at or above {value}{sign}");
    }
    Some(Threshold { value, level, word })
}
