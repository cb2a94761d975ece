//! What panels say of the newest values and of states, held to the vectors that the page's script
//! is held to as well.

use serde_json::{Value, json};

use super::still::Short;
use super::timeline::Spell;
use super::*;
use crate::dashboard::{Level, Panel, PanelKind, parse};
use crate::model::{ABSENT, Labels, Span, Timestamp};

const VECTORS: &str = include_str!("../../tests/vectors/kinds.json");
const END: Timestamp = Timestamp(1_700_000_400_000);

/// The panel of a vector, read as a file is.
fn panel(vector: &Value) -> Panel {
    let mut panel = vector["panel"].clone();
    panel["id"] = json!("p");
    panel["title"] = json!("Title");
    let file = toml::to_string(&json!({ "title": "Board", "panel": [panel] }));
    let file = file.unwrap_or_else(|error| panic!("{vector}: {error}"));
    let boards = parse(&file, "x.toml").unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    boards[0].panels[0].clone()
}

fn number_of(value: &Value) -> f64 {
    match value {
        Value::Null => ABSENT,
        Value::String(text) => text.parse().expect("a number"),
        other => other.as_f64().expect("a number"),
    }
}

fn data(vector: &Value) -> PanelData {
    let millis = |key: &str| Span(vector[key].as_i64().expect("a length of time"));
    let series = |series: &Value| {
        let labels = series[0].as_object().expect("labels").iter();
        let labels = labels.map(|(name, value)| (name.as_str(), value.as_str().expect("a value")));
        let values = series[1].as_array().expect("values").iter().map(number_of);
        (Labels::from_pairs(labels).expect("labels"), values.collect())
    };
    let window = |window: &Value| {
        let series = window.as_array().expect("series").iter().map(series).collect();
        Window { end: END, step: millis("step_ms"), series }
    };
    let windows = vector["windows"].as_array().expect("windows").iter().map(window).collect();
    PanelData { now: END, range: millis("range_ms"), zone: Span::ZERO, windows }
}

fn at(time: Timestamp) -> i64 {
    (time - END).millis()
}

fn level(level: Option<Level>) -> Value {
    json!(level.map(Level::name))
}

fn percent(share: f64) -> String {
    format!("{}%", Short(100.0 * share))
}

fn bars(panel: &Panel, shown: &[Shown<'_>]) -> Value {
    let bar = |bar: &bars::Bar| {
        let reached = bar.reached.as_ref();
        let word = reached.map(|(_, word)| word);
        let level = level(reached.map(|(level, _)| *level));
        json!([bar.name, percent(bar.share), bar.text, level, word])
    };
    bars::bars(panel, shown).iter().map(bar).collect()
}

fn pie(panel: &Panel, shown: &[Shown<'_>]) -> Value {
    let pie = pie::pie(panel, shown);
    let slices: Vec<Value> =
        pie.slices.iter().map(|slice| json!([slice.name, slice.text, slice.percent])).collect();
    json!([slices, pie.total, pie.left_out])
}

fn timeline(panel: &Panel, data: &PanelData, shown: &[Shown<'_>]) -> Value {
    let spell = |spell: &Spell| {
        let state = spell.state.as_ref().map(|state| {
            let color = state.color.map(|color| format!("c{color}"));
            json!([state.text, level(state.level), color])
        });
        json!([at(spell.from), at(spell.to), state])
    };
    let strips = timeline::strips(panel, data, shown);
    let strip = |strip: &timeline::Strip| {
        let spells: Vec<Value> = strip.spells.iter().map(spell).collect();
        json!([strip.name, spells])
    };
    strips.iter().map(strip).collect()
}

fn events(panel: &Panel, data: &PanelData, shown: &[Shown<'_>]) -> Value {
    let changes = events::events(panel, data, shown);
    let change = |change: &events::Change| {
        json!([at(change.at), change.name, change.from, change.to, level(change.level)])
    };
    changes.iter().map(change).collect()
}

fn stat(panel: &Panel, data: &PanelData, shown: &[Shown<'_>]) -> Value {
    let change = change::difference(panel, data, &shown[0]);
    let change = change.map(|change| json!([change.text, level(change.level)]));
    let worst = state::worst(panel, shown).map(|(worst, word)| json!([level(Some(worst)), word]));
    json!([change, worst])
}

fn figures(panel: &Panel, shown: &[Shown<'_>]) -> Value {
    let series = |series: &Shown<'_>| {
        let text = |stat| number::text(figures::figure(series, stat), &panel.unit, None);
        json!([series.name, panel.stats.iter().map(|stat| text(*stat)).collect::<Vec<_>>()])
    };
    shown.iter().map(series).collect()
}

fn gathered(shown: &[Shown<'_>]) -> Value {
    shown.iter().map(|series| json!([series.name, series.color])).collect()
}

fn table(panel: &Panel, shown: &[Shown<'_>]) -> Value {
    let cell = |cell: &table::Cell| {
        json!([cell.bar.map(percent), cell.text, level(cell.level), cell.word])
    };
    let row = |row: &table::Row| {
        let cells: Vec<Value> = row.cells.iter().map(cell).collect();
        let code = if row.code.is_empty() { String::new() } else { format!(" `{}`", row.code) };
        json!([format!("{}{code}", row.name), row.labels, cells])
    };
    table::table(panel, shown).rows.iter().map(row).collect()
}

#[test]
fn panels_say_what_the_vectors_say() {
    let vectors: Vec<Value> = serde_json::from_str(VECTORS).expect("the vectors are JSON");
    assert!(vectors.len() > 30);
    for vector in vectors {
        let (panel, data) = (panel(&vector), data(&vector));
        let shown = data.shown(&panel);
        let said = match panel.kind {
            PanelKind::Bars => bars(&panel, &shown),
            PanelKind::Pie => pie(&panel, &shown),
            PanelKind::Timeline => timeline(&panel, &data, &shown),
            PanelKind::Events => events(&panel, &data, &shown),
            PanelKind::Stat => stat(&panel, &data, &shown),
            PanelKind::Line => figures(&panel, &shown),
            PanelKind::Stack => gathered(&shown),
            PanelKind::Table => table(&panel, &shown),
            kind => panic!("no vector is known for {kind:?}"),
        };
        assert_eq!(said, vector["said"], "{}", vector["about"]);
    }
}

#[test]
fn a_strip_that_flickers_has_no_more_pieces_than_can_be_seen() {
    let flicker: Vec<f64> = (0..900).map(|index| f64::from(index % 2)).collect();
    let window = Window { end: END, step: Span(1000), series: vec![(Labels::empty(), flicker)] };
    let data = PanelData {
        now: END,
        range: Span::from_secs(900),
        zone: Span::ZERO,
        windows: vec![window],
    };
    let words = json!([{ "value": 0, "text": "down", "level": "critical" }]);
    let vector = json!({ "panel": { "kind": "timeline", "query": "x", "mappings": words } });
    let panel = panel(&vector);
    let strips = timeline::strips(&panel, &data, &data.shown(&panel));
    let picture = timeline::picture(&strips[0], 12);
    let pieces = picture.matches("<rect class=\"v critical\"").count();
    // What was down for a second between two that were up is not lost.
    assert!((150..=201).contains(&pieces), "{pieces}");
    assert_eq!(picture.matches("<rect").count(), pieces, "{picture}");
}

#[test]
fn a_length_of_time_is_said_in_its_largest_unit() {
    let check = |seconds: i64, expected: &str| {
        assert_eq!(state::length(Span::from_secs(seconds)), expected);
    };
    check(60, "1 min");
    check(300, "5 min");
    check(3600, "1 h");
    check(5400, "90 min");
    check(7 * 86_400, "7 d");
    check(90, "90 s");
}
