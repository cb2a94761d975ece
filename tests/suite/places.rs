//! Hosts and services: listed as soon as something comes from them, each with a page of its own.

use std::sync::Arc;

use serde_json::json;
use watchglass::model::Span;

use crate::support::{App, Codec, NOW, Viewer, within};

/// What two hosts send: one as a node exporter, one as Telegraf, whose name is hostile.
const EVIL: &str = "a/..<b>&amp;%2F?#";

async fn push_hosts(app: &App) {
    let node = |name: &str, labels: &str, value: f64| {
        format!("{name}{{job=\"exporter\",instance=\"web-01:9100\"{labels}}} {value}\n")
    };
    app.push(
        &[
            node("node_time_seconds", "", 5.0),
            node("node_load1", "", 0.5),
            node("node_memory_MemTotal_bytes", "", 1000.0),
            node("node_memory_MemAvailable_bytes", "", 250.0),
            format!("mem_used_percent{{host=\"{EVIL}\"}} 42\n"),
            "up{job=\"api\",instance=\"1\"} 1\nup{job=\"api\",instance=\"2\"} 0\n".to_owned(),
        ]
        .concat(),
    )
    .await;
}

fn encoded(name: &str) -> String {
    name.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test]
async fn hosts_and_services_are_listed_as_they_come() {
    let app = App::start().await;
    assert!(!app.get("/").await.text().contains("id=\"hosts\""));
    let mut viewer = Viewer::open(&app, Codec::Binary).await;
    viewer.say(&json!({ "sub": { "id": 1, "board": "overview", "range": "1m" } })).await;
    viewer.until("a board", |reader| !reader.all("board").is_empty()).await;
    push_hosts(&app).await;
    app.step(Span(200)).await;
    viewer.until("the board again", |reader| reader.all("board").len() > 1).await;
    let board = viewer.reader.all("board")[viewer.reader.all("board").len() - 1].clone();
    let ids: Vec<&str> =
        board["panels"].as_array().unwrap().iter().filter_map(|p| p["panel"].as_str()).collect();
    assert_eq!(ids[..2], ["hosts", "services"], "{board}");
    app.step(Span::from_secs(100)).await;
    push_hosts(&app).await;
    app.step(Span::from_secs(6)).await;
    let text = app.get("/").await.text();
    assert!(text.contains("<a href=\"/h/web-01%3A9100\">web-01:9100</a>"), "{text}");
    assert!(text.contains("<span class=\"v\">75.0\u{202f}%</span>"), "{text}");
    assert!(text.contains("<b data-level=\"warn\">partly down</b>"), "{text}");
    assert!(!text.contains(EVIL) && text.contains("%2F..%3Cb%3E"), "{text}");
    let list = app.get("/h").await.text();
    assert!(list.contains("id=\"hosts\"") && list.contains("id=\"services\""), "{list}");
    // What fell silent says since when, and stays in its place.
    app.step(Span::from_secs(320)).await;
    let text = app.get("/").await.text();
    assert!(text.contains("<b data-level=\"warn\">silent since "), "{text}");
}

#[tokio::test]
async fn a_host_has_a_page_of_its_own_and_unknown_ones_are_told() {
    let app = App::start().await;
    let missing = app.get("/h/web-01").await;
    assert_eq!(missing.status, 404);
    assert!(missing.text().contains("no host is known yet"), "{}", missing.text());
    push_hosts(&app).await;
    app.push(&format!("orders{{host=\"{EVIL}\"}} 7\norders{{host=\"b\"}} 3000")).await;
    app.step(Span::from_secs(1)).await;
    let page = app.get(&format!("/h/{}", encoded(EVIL))).await;
    assert_eq!(page.status, 200, "{}", page.text());
    let text = page.text();
    assert!(text.contains("<h2 id=\"t-orders\"><a href=\"/d/metric?name=orders\">"), "{text}");
    assert!(text.contains("<b>7</b>") && !text.contains("<b>3000</b>"), "{text}");
    let missing = app.get("/h/wbe-01:9100").await;
    assert_eq!(missing.status, 404);
    assert!(missing.text().contains("<code>web-01:9100</code>"), "{}", missing.text());
    let page = app.get("/h/web-01:9100").await.text();
    assert!(page.contains("aria-current=\"page\">Hosts</a>"), "{page}");
    let mut viewer = Viewer::open(&app, Codec::Json).await;
    let board = "host:web-01:9100";
    viewer.say(&json!({ "sub": { "id": 1, "board": board, "range": "1m" } })).await;
    viewer.until("a board", |reader| !reader.all("board").is_empty()).await;
}

#[tokio::test]
async fn pushed_names_have_their_panels_again_after_a_restart() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let app = App::over(Arc::clone(&folder), NOW, "").await;
    app.push(&format!("orders{{host=\"b\"}} 42 {}", NOW.0 - 1000)).await;
    app.step(Span(1100)).await;
    assert!(app.get("/").await.text().contains("id=\"orders\""));
    let now = app.now();
    within("the end", app.end()).await.unwrap().unwrap();
    let again = App::over(folder, now, "").await;
    again.step(Span(1100)).await;
    let text = again.get("/").await.text();
    assert!(text.contains("id=\"orders\"") && text.contains("id=\"hosts\""), "{text}");
    assert_eq!(again.get("/h/b").await.status, 200);
}

#[tokio::test]
async fn metrics_of_one_family_stand_in_one_section() {
    let app = App::start().await;
    app.push("queue_length 1\nqueue_bytes 2\nvisitors 3").await;
    app.step(Span(1100)).await;
    let text = app.get("/").await.text();
    let (top, section) = text.split_once("<details class=\"section\"").unwrap();
    assert!(top.contains("id=\"visitors\"") && !top.contains("id=\"queue-length\""), "{text}");
    assert!(section.starts_with(" data-section=\"queue\" open><summary><h2>queue</h2>"), "{text}");
    assert!(section.contains("id=\"queue-length\"") && section.contains("id=\"queue-bytes\""));
}

#[tokio::test]
async fn an_empty_panel_says_why() {
    let app = App::start().await;
    let old = NOW.0 - 1_200_000;
    app.push(&format!("doors{{of=\"shed\"}} 1 {old}")).await;
    app.push("node_load1{mode=\"idle\",instance=\"a\"} 1\nnode_load5{mode=\"user\"} 1").await;
    app.step(Span(1100)).await;
    let why = async |query: &str| {
        let encoded: String = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let page = app.get(&format!("/explore?q={encoded}")).await.text();
        let told = page.split_once("<p class=\"empty\">").unwrap_or_else(|| panic!("{page}")).1;
        told.split_once("</p>").unwrap().0.to_owned()
    };
    let told = why("node_laod1").await;
    assert!(told.contains("no series is named <code>node_laod1</code>"), "{told}");
    assert!(told.contains("<a href=\"/explore?q=node_load1\">node_load1</a>"), "{told}");
    let told = why("rate(node_load1{mode=\"idel\"}[1m])").await;
    assert!(told.contains("filtered out: no series of <code>node_load1</code>"), "{told}");
    assert!(told.contains("<code>mode</code> is <code>idle</code>"), "{told}");
    let told = why("node_load1{made=\"x\"}").await;
    assert!(told.contains("; its labels: <code>instance</code>, <code>mode</code>"), "{told}");
    let told = why("{__name__=~\"node_.*\", mode=\"user\", instance=\"a\"}").await;
    assert!(told.contains("no series fits all of"), "{told}");
    let told = why("doors").await;
    assert!(told.contains("<code>doors</code> is silent since 21:53:20, 20\u{202f}min"), "{told}");
    assert!(told.contains("from=") && told.contains(">show then</a>"), "{told}");
    let told = why("rate(node_load1[1m])").await;
    assert!(told.contains("one sample so far"), "{told}");
    let told = why("node_load1 > 5").await;
    assert!(told.contains("lets none of them through"), "{told}");
    let answer = app.get("/live/why?board=overview&panel=cpu&range=5m").await.json();
    assert_eq!(answer["parts"][1], json!(["code", "load_seconds"]), "{answer}");
    let (from, to) = (old - 600_000, old - 300_000);
    let path = format!("/live/why?board=metric:doors&panel=doors&from={from}&to={to}");
    let answer = app.get(&path).await.json();
    let later = " has no values in the time shown, only later ones";
    assert_eq!(answer["parts"][1], json!(["text", later]), "{answer}");
    assert_eq!(app.get("/live/why?board=overview&panel=no").await.status, 404);
    assert_eq!(app.get("/live/why?board=no&panel=cpu").await.status, 404);
    assert_eq!(app.get("/live/why?board=overview&panel=cpu&from=5").await.status, 400);
    // Strangers are told nothing of what there is.
    let embed = app.get("/embed/overview/cpu").await.text();
    assert!(!embed.contains("load_seconds") && embed.contains("nothing to show"), "{embed}");
}
