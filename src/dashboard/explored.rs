//! A query that somebody tries out: the board with its result, and the panel as a file would have
//! it.

use std::fmt::Write;

use super::automatic::unit_of;
use super::{Dashboard, Panel, PanelKind, PanelQuery, Plan};
use crate::model::{METRIC_NAME, MatchOp, Metadata, Span};
use crate::query::ValueType;

/// The id of the panel with the result.
pub const RESULT: &str = "result";
/// The most series that are drawn, and the most rows.
const SERIES_MAX: usize = 20;
const ROWS_MAX: usize = 100;
/// Titles of panels are no longer than this.
const TITLE_CHARS_MAX: usize = 60;

/// The board of one query, with the result as a `kind` of panel. `metadata` says what is known of a
/// metric; a query that is nothing but a selector takes its unit from it.
///
/// # Errors
/// In words, with line and column, when the text is no query or none that can be live.
pub fn explored(
    query: &str,
    kind: PanelKind,
    metadata: impl Fn(&str) -> Option<Metadata>,
) -> Result<Dashboard, String> {
    let plan = Plan::new(query).map_err(|error| error.to_string())?;
    if !matches!(plan.value_type(), ValueType::Scalar | ValueType::Vector) {
        return Err(
            "1:1: a live query gives a scalar or an instant vector; a range vector needs a \
                    function around it, such as rate()"
                .to_owned(),
        );
    }
    let name = name_of(&plan);
    let mut panel = Panel::new(RESULT, "Result", kind, PanelQuery::new(plan));
    panel.unit = name.map(|name| unit_of(&name, metadata(&name).as_ref())).unwrap_or_default();
    (panel.width, panel.height) = (12, 7);
    panel.limit = Some(if kind == PanelKind::Table { ROWS_MAX } else { SERIES_MAX });
    if kind == PanelKind::Table {
        "series".clone_into(&mut panel.heading);
        for query in &mut panel.queries {
            "value".clone_into(&mut query.column);
        }
    }
    Ok(Dashboard {
        slug: RESULT.to_owned(),
        title: "Explore".to_owned(),
        description: String::new(),
        embed: false,
        time_zone: None,
        range: Span::from_secs(300),
        scrape_interval: None,
        variables: Vec::new(),
        panels: vec![panel],
        pinned: Vec::new(),
    })
}

/// A panel as it may stand in a file of dashboards.
pub fn as_toml(panel: &Panel) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let query = panel.queries.first().map_or("", |query| query.plan.source());
    let one_line: String = query.split_whitespace().collect::<Vec<_>>().join(" ");
    let title: String = one_line.chars().take(TITLE_CHARS_MAX).collect();
    let mut out = format!("[[panel]]\nid = \"{}\"\ntitle = {}\n", panel.id, quoted(&title));
    let _ = writeln!(out, "kind = \"{}\"", panel.kind.name());
    if panel.unit != super::Unit::None {
        let _ = writeln!(out, "unit = {}", quoted(&panel.unit.to_string()));
    }
    let _ = writeln!(out, "query = {}", quoted(query));
    out
}

/// The metric of a plan that is a selector and nothing else.
fn name_of(plan: &Plan) -> Option<String> {
    let selectors = plan.selectors();
    let [matchers] = selectors.as_slice() else { return None };
    // Whatever stands around a selector ends or begins with something else.
    let alone = !plan.text().contains(['(', '+', '-', '*', '/', '%', '^', '<', '>', '!']);
    let named = |matcher: &&crate::model::Matcher| {
        matcher.name() == METRIC_NAME && matcher.op() == MatchOp::Equal
    };
    matchers.iter().find(named).filter(|_| alone).map(|matcher| matcher.value().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::{Unit, parse};

    #[test]
    fn a_query_becomes_a_panel_that_a_file_may_hold() {
        let check = |query: &str, unit: Unit| {
            let board = explored(query, PanelKind::Line, |_| None).expect("a board");
            assert_eq!(board.panels[0].unit, unit, "{query}");
            let text = format!("title = \"T\"\n{}", as_toml(&board.panels[0]));
            let read = parse(&text, "a.toml").unwrap_or_else(|wrong| panic!("{wrong:?} {text}"));
            let panel = &read[0].panels[0];
            assert_eq!(panel.queries[0].plan, board.panels[0].queries[0].plan, "{text}");
            assert_eq!((&panel.unit, panel.kind), (&unit, PanelKind::Line));
        };
        check("free_bytes", Unit::Bytes);
        check("free_bytes{host=\"a\"}", Unit::Bytes);
        check("sum by (job) (\n  rate(a_bytes{x='\"'}[1m])\n)", Unit::None);
        check("1 + 1", Unit::None);
    }

    #[test]
    fn what_cannot_be_live_is_refused_with_its_place() {
        let refused = |query: &str| explored(query, PanelKind::Table, |_| None).expect_err(query);
        assert!(refused("sum(").starts_with("1:5: parse error: "), "{}", refused("sum("));
        assert!(refused("up[5m]").starts_with("1:1: a live query gives"));
        assert!(refused("").contains("parse error"));
    }
}
