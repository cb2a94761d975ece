//! Dashboard files: `[[dashboard]]` with its panels and their queries, read with the line of every
//! mistake. `docs/dashboards.md` tells people what may stand in such a file.

use std::collections::BTreeSet;

use toml::de::DeTable;

use super::Dashboard;
use super::fields::{Fields, Mistake, Mistakes};
use super::first::by_section;
use crate::model::{Span, Zone};

mod panel;
mod variable;

use panel::panel;
pub(super) use panel::size_of;
use variable::{VARIABLES_MAX, variable};

/// The most panels of one dashboard.
pub const PANELS_MAX: usize = 60;

const DASHBOARDS_MAX: usize = 100;
const SLUG_BYTES_MAX: usize = 64;
const TITLE_CHARS_MAX: usize = 80;
const SENTENCE_CHARS_MAX: usize = 300;
const RANGE: std::ops::RangeInclusive<Span> =
    Span::from_secs(60)..=Span::from_secs(2 * 365 * 86_400);
const SPACING: std::ops::RangeInclusive<Span> = Span(100)..=Span::from_secs(3600);
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
    let scrape_interval = fields.span("scrape_interval", SPACING);
    let mut variables = Vec::new();
    for table in fields.tables("variable", VARIABLES_MAX) {
        let next = variable(&table, &variables);
        variables.push(next);
    }
    let time_zone = time_zone(fields);
    let tables = fields.tables("panel", PANELS_MAX);
    if tables.is_empty() {
        fields.wrong("panel", "the dashboard has no panel (begin one with `[[dashboard.panel]]`)");
    }
    let mut ids = BTreeSet::new();
    let (mut panels, mut pinned) = (Vec::new(), Vec::new());
    for table in &tables {
        let pin = table.flag("pin", false);
        let panel = panel(table, &mut ids, &variables);
        if pin && panel.needs_values() {
            table.wrong("pin", "a panel with variables cannot stand on the first page");
        }
        pinned.extend(pin.then(|| panel.id.clone()));
        panels.push(panel);
    }
    let panels = by_section(panels);
    fields.finish();
    Dashboard {
        slug,
        title,
        description,
        embed,
        range,
        scrape_interval,
        variables,
        time_zone,
        panels,
        pinned,
    }
}

/// The zone of a dashboard: none when it names none, or says that it is the reader's.
fn time_zone(fields: &Fields<'_>) -> Option<Zone> {
    let name = fields.text("time_zone", SLUG_BYTES_MAX);
    if name.is_empty() || name == "browser" {
        return None;
    }
    let zone: Result<Zone, _> = name.parse();
    zone.map_err(|error| fields.wrong("time_zone", error.to_string())).ok()
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
