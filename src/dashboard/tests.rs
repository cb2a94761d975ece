//! Dashboard files: what is taken, and how each mistake reads.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::places::Places;
use super::*;
use crate::model::MetricType::{Counter, Gauge, Unknown};
use crate::model::{Labels, Metadata, MetricType};

fn parsed(text: &str) -> Vec<Dashboard> {
    parse(text, "dashboard.toml").unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
}

fn mistakes(text: &str) -> Vec<String> {
    let found = parse(text, "dashboard.toml").expect_err("a mistake");
    found.iter().map(ToString::to_string).collect()
}

const SMALL: &str = r#"
[server]
bind = "127.0.0.1:9494"

[[dashboard]]
slug = "shop"
title = "Shop"
embed = true
range = "15m"

[[dashboard.panel]]
id = "orders"
title = "Orders"
kind = "stack"
unit = "per_second"
legend = "{{shop}}"
query = 'sum by (shop) (rate(orders_total[10s]))'
thresholds = [
  { value = 10, level = "warn" },
  { value = 20.5, level = "critical", word = "too many" },
]

[[dashboard.panel]]
id = "top"
title = "Top"
kind = "table"
limit = 5

[[dashboard.panel.query]]
query = "a"
column = "A"
bar = true

[[dashboard.panel.query]]
query = "b"
unit = "bytes"
"#;

#[test]
fn a_file_with_settings_and_dashboards_reads() {
    let boards = parsed(SMALL);
    assert_eq!(boards.len(), 1);
    let board = &boards[0];
    assert_eq!((board.slug.as_str(), board.embed, board.range), ("shop", true, Span(900_000)));
    let orders = &board.panels[0];
    assert_eq!((orders.kind, orders.width, orders.height), (PanelKind::Stack, 4, 5));
    assert_eq!(orders.queries[0].legend, "{{shop}}");
    assert_eq!(orders.queries[0].plan.text(), "sum by (shop) (rate(orders_total[10s]))");
    assert_eq!(orders.reached(9.9), None);
    assert_eq!(orders.reached(12.0).map(|found| found.word.as_str()), Some("at or above 10"));
    assert_eq!(orders.reached(99.0).map(|found| found.level), Some(Level::Critical));
    let top = &board.panels[1];
    assert_eq!(top.queries.len(), 2);
    assert_eq!((top.unit_of(0), top.unit_of(1)), (&Unit::None, &Unit::Bytes));
    assert_eq!((top.queries[0].bar, top.limit), (true, Some(5)));
}

#[test]
fn a_file_of_its_own_holds_one_dashboard_named_as_the_file() {
    let text = "title = \"Shop\"\n[[panel]]\nid = \"a\"\ntitle = \"A\"\nquery = \"a\"\n";
    let boards = parse(text, "dashboards/web-shop.toml").expect("a dashboard");
    assert_eq!((boards[0].slug.as_str(), boards[0].panels.len()), ("web-shop", 1));
    assert!(parsed("[server]\nbind = \"x\"\n").is_empty());
}

#[test]
fn the_document_for_the_page_says_all_but_the_query() {
    let document = parsed(SMALL)[0].panels[0].document();
    assert_eq!(document["kind"], "stack");
    assert_eq!(
        document["thresholds"][1],
        serde_json::json!({
            "value": 20.5, "level": "critical", "word": "too many",
        })
    );
    assert_eq!(
        document["queries"][0],
        serde_json::json!({
            "legend": "{{shop}}", "column": "", "unit": "per_second", "bar": false, "times": false,
            "below": false,
        })
    );
    assert!(!document.to_string().contains("orders_total"));
}

#[test]
fn all_mistakes_are_told_at_once_with_their_lines() {
    let text = r#"
[[dashboard]]
slug = "Shop"
range = "3y"

[[dashboard.panel]]
id = "a"
title = "A"
kind = "pies"
width = 13
query = "sum("

[[dashboard.panel]]
id = "a"
title = "B"
colour = 3
min = 5
max = 5
decimals = 1.5
query = 7
"#;
    let found = mistakes(text);
    let check = |beginning: &str| {
        assert!(
            found.iter().any(|mistake| mistake.starts_with(beginning)),
            "{beginning}\n{found:#?}"
        );
    };
    check("dashboard.toml:2: dashboard[0].title: `title` is missing or empty");
    check("dashboard.toml:3: dashboard[0].slug: `Shop` has other characters in it");
    check("dashboard.toml:4: dashboard[0].range: `3y` lies outside the bounds, 1m to 2y");
    check("dashboard.toml:9: dashboard[0].panel[0].kind: no kind `pies` (there are line, stack, ");
    check(
        "dashboard.toml:10: dashboard[0].panel[0].width: this is the number 13, it must be a whole",
    );
    check("dashboard.toml:11: dashboard[0].panel[0].query: 1:");
    check("dashboard.toml:14: dashboard[0].panel[1].id: `a` names an earlier panel");
    check(
        "dashboard.toml:16: dashboard[0].panel[1].colour: unknown key (known here: better, change, color, ",
    );
    check("dashboard.toml:18: dashboard[0].panel[1].max: `max` must lie above `min`");
    check("dashboard.toml:19: dashboard[0].panel[1].decimals: this is the number 1.5, it must be");
    check("dashboard.toml:20: dashboard[0].panel[1].query: a query must be a text");
    assert_eq!(found.len(), 11, "{found:#?}");
}

#[test]
fn what_is_no_toml_or_no_dashboard_is_told_too() {
    assert!(mistakes("[[dashboard]\nslug = 1")[0].starts_with("dashboard.toml:1: "));
    let check = |text: &str, expected: &str| {
        let found = mistakes(text);
        assert!(found.iter().any(|mistake| mistake.contains(expected)), "{expected}\n{found:#?}");
    };
    check("dashboard = 5", "dashboard: this is the number 5, it must be a list of tables");
    check("dashboard = [5]", "dashboard[0]: this is the number 5, not a table");
    check("title = \"x\"", "the dashboard has no panel (begin one with `[[dashboard.panel]]`)");
    let panel = |rest: &str| {
        format!("title = \"x\"\n[[panel]]\nid = \"a\"\ntitle = \"a\"\nquery = \"a\"\n{rest}")
    };
    check(&panel("unit = \"stone\""), "no unit `stone` (there are none, percent, ");
    check(
        "title = \"x\"\n[[panel]]\nquery = []",
        "panel[0].query: a panel needs at least one query",
    );
    check(&panel("step = \"10\""), "panel[0].step: `10` is no length of time");
    check(&panel("thresholds = [{ level = \"bad\" }]"), "thresholds[0].value: `value` is missing");
    check(
        &panel("thresholds = [{ level = \"bad\" }]"),
        "no level `bad` (there are warn, critical)",
    );
    let falling = r#"thresholds = [{ value = 2, level = "warn" }, { value = 1, level = "warn" }]"#;
    check(&panel(falling), "panel[0].thresholds: the thresholds must rise");
    check(&panel("subtitle = \"a\\nb\""), "control characters");
    check(&panel("min = nan"), "this is the number nan, it must be a number");
    check(&panel("").replace("\"a\"", "\"t-a\""), "the page itself uses `t-a`");
    let many = "[[panel]]\nid = \"a\"\ntitle = \"a\"\nquery = \"a\"\n".repeat(PANELS_MAX + 1);
    check(&format!("title = \"x\"\n{many}"), "there are 61, the most is 60");
}

const WORDY: &str = r#"
title = "Shop"

[[panel]]
id = "state"
title = "State"
kind = "stat"
query = "up"
description = "Whether it is up"
links = [{ title = "Runbook", url = "https://wiki.example/shop" }]
no_data = "never seen"
nulls = "connect"
legend_as = "table"
stats = ["min", "mean"]
change = true
better = "higher"
columns = ["job"]
unit = "currency:EUR"
mappings = [{ value = 1, text = "up", level = "ok" }, { from = 2, text = "odd", level = "none" }]
thresholds = [{ value = 5, level = "warn", word = "w", show = "band" }]

[[panel]]
id = "words"
title = "Words"
kind = "text"
text = """
# Hello

*you*
"""
"#;

#[test]
fn a_panel_has_words_of_its_own() {
    let panels = &parse(WORDY, "shop.toml").expect("a board")[0].panels;
    let document = panels[0].document();
    let check = |key: &str, expected: Value| assert_eq!(document[key], expected, "{key}");
    check("description", json!("Whether it is up"));
    check("links", json!([{ "title": "Runbook", "url": "https://wiki.example/shop" }]));
    check("no_data", json!("never seen"));
    check("nulls", json!("connect"));
    check("legend_as", json!("table"));
    check("stats", json!(["min", "mean"]));
    check("change", json!(true));
    check("better", json!("higher"));
    check("columns", json!(["job"]));
    check("unit", json!("currency:EUR"));
    check(
        "mappings",
        json!([
            { "from": 1.0, "to": 1.0, "text": "up", "level": "ok" },
            { "from": 2.0, "to": null, "text": "odd", "level": null },
        ]),
    );
    check("thresholds", json!([{ "value": 5.0, "level": "warn", "word": "w", "show": "band" }]));
    assert!(panels[1].queries.is_empty());
    let text = json!([["h3", null, ["Hello"]], ["p", null, [["em", null, ["you"]]]]]);
    assert_eq!(panels[1].document()["text"], text);
    // What is not said does not weigh on the page.
    let plain = parsed(SMALL)[0].panels[0].document();
    for key in ["description", "links", "mappings", "stats", "text", "change"] {
        assert!(plain.get(key).is_none(), "{key}");
    }
}

#[test]
fn mistakes_in_words_are_told() {
    let check = |wrong: &str, right: &str, expected: &str| {
        assert!(WORDY.contains(right), "{right}");
        let found = mistakes(&WORDY.replace(right, wrong));
        assert!(found.iter().any(|mistake| mistake.contains(expected)), "{expected}\n{found:#?}");
    };
    let link = "https://wiki.example/shop";
    check("javascript:alert(1)", link, "links[0].url: `javascript:alert(1)` must begin with");
    check("//evil.example", link, "links[0].url: `//evil.example` must begin with");
    check("nulls = \"no\"", "nulls = \"connect\"", "no way `no` (there are gap, zero, connect)");
    check("\"median\"", "\"mean\"", "stats: no figure `median` (there are last, min, max, mean)");
    check("\"min\"", "\"mean\"", "stats: `min` stands twice");
    check("[5]", "[\"job\"]", "columns: this is a list, it must be a list of texts");
    check("better = \"up\"", "better = \"higher\"", "no way `up` (there are lower, higher)");
    check("{ text =", "{ value = 1, text =", "mappings[0].value: a mapping has either `value`, or");
    check("{ from = 2, to = 1,", "{ from = 2,", "mappings[1].to: `to` must not lie below `from`");
    check(
        "level = \"bad\"",
        "level = \"none\"",
        "no level `bad` (there are none, ok, warn, critical)",
    );
    check(
        "show = \"dots\"",
        "show = \"band\"",
        "no mark `dots` (there are both, line, band, none)",
    );
    check("id = \"i-x\"", "id = \"words\"", "the page itself uses `i-x`");
    check("kind = \"line\"", "kind = \"text\"", "only a panel of kind `text` has a text");
    check(
        "kind = \"text\"",
        "kind = \"stat\"",
        "panel[0].query: a panel of kind `text` has no query",
    );
    check("note = \"\"\"", "text = \"\"\"", "panel[1].text: `text` is missing or empty");
    let long = "x".repeat(8193);
    check(&long, "# Hello", "text: the text is longer than 8192 characters");
}

proptest::proptest! {
    #[test]
    fn a_damaged_file_is_refused_or_read_but_never_breaks(
        at in 0..SMALL.len(), length in 0..40_usize, put in "[\\PC\n]{0,6}",
    ) {
        let damaged: String = SMALL
            .char_indices()
            .filter(|(index, _)| !(at..at + length).contains(index))
            .map(|(_, letter)| letter)
            .collect();
        let damaged = damaged.replacen('o', &put, 1);
        if let Err(mistakes) = parse(&damaged, "x.toml") {
            proptest::prop_assert!(!mistakes.is_empty());
            let lines = damaged.lines().count() + 1;
            proptest::prop_assert!(mistakes.iter().all(|mistake| mistake.line <= lines));
        }
    }
}

#[test]
fn every_shipped_dashboard_reads_and_its_ids_are_unique() {
    let boards = parsed(include_str!("../../dashboard.toml"));
    let slugs: Vec<&str> = boards.iter().map(|board| board.slug.as_str()).collect();
    assert_eq!(slugs, ["overview", "self"]);
    let cpu = boards[0].panels.iter().find(|panel| panel.id == "cpu").expect("the CPU chart");
    assert_eq!(cpu.kind, PanelKind::Stack);
    assert!(boards[0].embed && (15..=20).contains(&boards[0].panels.len()));
}

fn metadata(metric_type: MetricType, unit: &str) -> Metadata {
    Metadata { metric_type, unit: unit.to_owned(), help: String::new() }
}

#[test]
fn a_pushed_name_tells_its_query_and_unit() {
    let check = |name: &str, kind: MetricType, unit: &str, query: &str, expected: Unit| {
        let panel = automatic::panel(name, Some(&metadata(kind, unit))).expect("a panel");
        assert_eq!((panel.queries[0].plan.text(), &panel.unit), (query, &expected), "{name}");
    };
    let rate = |name: &str| format!("rate({name}[10s]) or rate({name}[2m])");
    check("orders", Unknown, "", "orders", Unit::None);
    check("orders_total", Unknown, "", &rate("orders_total"), Unit::PerSecond);
    check("sent", Counter, "bytes", &rate("sent"), Unit::BytesPerSecond);
    check("sent_bytes_total", Unknown, "", &rate("sent_bytes_total"), Unit::BytesPerSecond);
    check("queue_bytes", Gauge, "", "queue_bytes", Unit::Bytes);
    check("hit_ratio", Gauge, "", "hit_ratio", Unit::Ratio);
    check("room", Gauge, "celsius", "room", Unit::Celsius);
    check("last_run_timestamp_seconds", Gauge, "", "last_run_timestamp_seconds", Unit::Timestamp);
    check("process_start_time_seconds", Gauge, "", "process_start_time_seconds", Unit::Timestamp);
    check("request_time_seconds", Gauge, "", "request_time_seconds", Unit::Seconds);
    check("my.metric", Gauge, "", r#"{"my.metric"}"#, Unit::None);
    let bare = automatic::panel("orders", None).expect("a panel");
    assert_eq!((bare.id.as_str(), bare.title.as_str()), ("orders", "orders"));
    assert!(automatic::panel("", None).is_none());
}

#[test]
fn a_description_tells_the_unit_where_the_name_does_not() {
    let check = |name: &str, help: &str, expected: Unit| {
        let help = help.to_owned();
        let metadata = Metadata { metric_type: Gauge, unit: String::new(), help };
        let panel = automatic::panel(name, Some(&metadata)).expect("a panel");
        assert_eq!(panel.unit, expected, "{help}", help = metadata.help);
    };
    check("latency", "Time of a request in seconds.", Unit::Seconds);
    check("latency", "How long it took (ms)", Unit::Milliseconds);
    check("buffer", "Room that is left, in Bytes", Unit::Bytes);
    check("buffer_ratio", "The share in percent", Unit::Ratio);
    check("steps", "in secondsish steps", Unit::None);
    check("turns", "", Unit::None);
}

#[test]
fn a_summary_is_shown_by_its_mean_and_its_rate() {
    let names = ["rpc_seconds", "rpc_seconds_sum", "rpc_seconds_count", "lone_count"];
    let names = names.map(|name| (name.to_owned(), None));
    let (panels, beyond) = automatic::sections(&names, 100, &mut BTreeSet::new());
    let told = |panel: &Panel| (panel.queries[0].plan.text().to_owned(), panel.unit.clone());
    let told: Vec<(String, Unit)> = panels.iter().map(told).collect();
    let rate = "rate(rpc_seconds_count[10s]) or rate(rpc_seconds_count[2m])";
    let mean = "rate(rpc_seconds_sum[2m]) / rate(rpc_seconds_count[2m])";
    let expected = [
        ("rpc_seconds", Unit::Seconds),
        (mean, Unit::Seconds),
        (rate, Unit::PerSecond),
        ("lone_count", Unit::None),
    ];
    assert_eq!(told, expected.map(|(query, unit)| (query.to_owned(), unit)));
    assert!(beyond.is_empty());
}

#[test]
fn a_histogram_is_shown_by_its_quantiles() {
    let panel = automatic::panel("wait_seconds_bucket", None).expect("a panel");
    let legends: Vec<&str> = panel.queries.iter().map(|query| query.legend.as_str()).collect();
    assert_eq!((panel.title.as_str(), &panel.unit), ("wait_seconds", &Unit::Seconds));
    assert_eq!(legends, ["p50", "p90", "p99"]);
    let last = panel.queries[2].plan.text();
    assert_eq!(last, "histogram_quantile(0.99, sum by (le) (rate(wait_seconds_bucket[1m])))");
}

fn first<'a>(base: &'a Dashboard, places: &'a Places, names: &[&str]) -> First<'a> {
    let names = names.iter().map(|name| ((*name).to_owned(), None)).collect();
    First { base, host: "web-01", places, others: Vec::new(), names, panels_max: 4 }
}

#[test]
fn the_overview_shows_pushed_names_up_to_its_bound() {
    let base = &parsed(SMALL)[0];
    let places = Places::default();
    let names = ["orders", "wait_bucket", "wait_sum", "wait_count", "Orders", "zulu", "app_info"];
    let (board, beyond) = first(base, &places, &names).board();
    let ids: Vec<&str> = board.panels.iter().map(|panel| panel.id.as_str()).collect();
    assert_eq!(board.title, "web-01");
    // `orders` meets the base's panel of that id, `Orders` loses its capital: both get a hash.
    assert_eq!(ids.len(), 6);
    assert!(ids[2].starts_with("m-orders") && ids[5].starts_with("m-orders") && ids[2] != ids[5]);
    assert_eq!(ids[3..5], ["wait-bucket-heat", "wait-bucket"]);
    assert_eq!(beyond, ["zulu", "app_info"]);
    let single = automatic::single("zz", None).expect("a board");
    assert_eq!((single.slug.as_str(), single.panels[0].width), ("zz", 12));
}

#[test]
fn names_of_one_family_stand_in_one_section() {
    let sections = |names: &[&str]| {
        let names: Vec<(String, Option<Metadata>)> =
            names.iter().map(|name| ((*name).to_owned(), None)).collect();
        let (panels, _) = automatic::sections(&names, 100, &mut BTreeSet::new());
        let told =
            |panel: &Panel| (panel.metric.clone().unwrap_or_default(), panel.section.clone());
        panels.iter().map(told).collect::<Vec<(String, String)>>()
    };
    let told = |pairs: &[(&str, &str)]| {
        let owned = |(name, section): &(&str, &str)| ((*name).to_owned(), (*section).to_owned());
        pairs.iter().map(owned).collect::<Vec<(String, String)>>()
    };
    assert_eq!(
        sections(&["http_requests_total", "orders", "http_wait_bucket", "http_wait_sum", "queue"]),
        told(&[
            ("http_requests_total", "http"),
            ("orders", ""),
            ("http_wait_bucket", "http"),
            ("http_wait_bucket", "http"),
            ("queue", ""),
        ])
    );
    // One measurement in several names is no family.
    let alone = sections(&["rpc_seconds_sum", "rpc_seconds_count"]);
    assert_eq!(alone, told(&[("rpc_seconds_sum", ""), ("rpc_seconds_count", "")]));
    // A large family is told apart by the next word, as far as that says something.
    let disks: Vec<String> = (0..12).map(|number| format!("node_disk_v{number}")).collect();
    let mut names: Vec<&str> = disks.iter().map(String::as_str).collect();
    names.extend(["node_load1", "node_boot"]);
    let found = sections(&names);
    assert_eq!(found[0].1, "node_disk");
    assert_eq!(found[12].1, "node");
}

#[test]
fn with_other_hosts_the_own_one_has_a_section_of_its_own() {
    let text = r#"
title = "First"
slug = "overview"
[[panel]]
id = "load"
title = "Load"
query = 'node_load1{job="node"} / rate(x{job="other"}[5s])'
[[panel]]
id = "orders"
title = "Orders"
query = "orders"
"#;
    let other = "title = \"Shop\"\nslug = \"shop\"\n[[panel]]\nid = \"orders\"\ntitle = \"O\"\n\
                 pin = true\nquery = \"sum(orders)\"\n";
    let (base, shop) = (&parsed(text)[0], &parsed(other)[0]);
    let mut places = Places::default();
    let node = |host: &str| Labels::named("node_load1").with("instance", host);
    places.see(&node("web-01"));
    let told = |places: &Places| {
        let first = First { others: vec![shop], ..first(base, places, &["sent"]) };
        let board = first.board().0;
        let told = |panel: &Panel| format!("{} in {:?}", panel.id, panel.section);
        (board.panels.iter().map(told).collect::<Vec<String>>(), board)
    };
    let (alone, board) = told(&places);
    let pinned = "shop-orders in \"Pinned\"";
    let expected = ["hosts in \"\"", "load in \"\"", "orders in \"\"", "sent in \"\"", pinned];
    assert_eq!(alone, expected);
    let query = board.panels[1].queries[0].plan.text();
    assert_eq!(query, r#"node_load1{instance="web-01"} / rate(x{job="other"}[5s])"#);
    places.see(&node("web-02"));
    let (several, _) = told(&places);
    let own = "load in \"web-01\"";
    let expected = ["hosts in \"\"", "orders in \"\"", "sent in \"\"", own, pinned];
    assert_eq!(several, expected);
    // What the first page's panels show is not shown again.
    let names: Vec<(String, Option<Metadata>)> =
        ["node_load1", "orders", "up"].map(|name| (name.to_owned(), None)).to_vec();
    let rhythm = host::Rhythm::Every(Span::from_secs(15));
    let known = places.host("web-02").expect("a host");
    let (board, _) = host::board(Some(base), "web-02", (known, rhythm), &names);
    let queries: Vec<&str> =
        board.panels.iter().map(|panel| panel.queries[0].plan.text()).collect();
    let load = r#"node_load1{instance="web-02"} / rate(x{job="other"}[1m])"#;
    let state = "group by (instance) (last_over_time({__name__=~\"node_time_seconds|node_load1|\
                 node_boot_time_seconds|node_memory_MemTotal_bytes\", instance=\"web-02\", \
                 instance!=\"\"}[1m30s]))";
    assert_eq!(queries, [load, state, r#"orders{instance="web-02"}"#]);
}

#[test]
fn hosts_and_services_are_listed_by_ordinary_queries() {
    let mut places = Places::default();
    assert!(targets::hosts(&places, 9).is_none() && targets::services(&places, 9).is_none());
    places.see(&Labels::named("node_load1").with("instance", "a"));
    let node = targets::hosts(&places, 9).expect("a list");
    assert_eq!((node.queries.len(), node.height, node.kind), (6, 2, PanelKind::Targets));
    let evil = "x\"} or y{\\";
    places.see(&Labels::named("cpu_usage_idle").with("host", evil));
    places.see(&Labels::named("my.metric").with("host", "b").with("service", evil));
    places.see(&Labels::named("up").with("job", "api"));
    let all = targets::hosts(&places, 9).expect("a list");
    let state = all.queries[0].plan.text();
    assert!(state.contains("my\\\\.metric") && state.contains("cpu_usage_idle"), "{state}");
    assert!(all.queries.iter().all(|query| !query.plan.text().contains(evil)));
    let services = targets::services(&places, 9).expect("a list");
    assert_eq!(services.queries.len(), 3);
    for panel in [node, all, services] {
        assert!(
            panel.queries[0].range > panel.queries[1].range
                && panel.queries.iter().any(|query| query.times)
        );
    }
}

#[test]
fn the_example_holds_a_panel_of_every_kind() {
    let text = include_str!("../../docs/examples/kinds.toml");
    let boards = parse(text, "kinds.toml").unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    let missing = PanelKind::ALL
        .into_iter()
        .filter(|kind| !boards[0].panels.iter().any(|panel| panel.kind == *kind));
    assert_eq!(missing.map(PanelKind::name).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn a_dashboard_names_its_time_zone() {
    let file = |zone: &str| {
        format!("title = \"A\"\n{zone}\n[[panel]]\nid = \"a\"\ntitle = \"A\"\nquery = \"a\"\n")
    };
    let named = |zone: &str| parsed(&file(zone))[0].time_zone.map(Zone::name);
    assert_eq!(named(r#"time_zone = "Europe/Zurich""#), Some("Europe/Zurich"));
    assert_eq!(named(r#"time_zone = "utc""#), Some("utc"));
    assert_eq!(named(r#"time_zone = "browser""#), None);
    assert_eq!(named(""), None);
    let found = mistakes(&file(r#"time_zone = "Mars/Base""#));
    assert!(found[0].starts_with("dashboard.toml:2: time_zone: `Mars/Base` is no"), "{found:?}");
}
