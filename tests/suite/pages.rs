//! Pages and assets as a browser gets them: complete without scripts, with the headers that keep
//! strangers out.

use watchglass::model::Span;

use crate::support::{Answer, App, NOW, Request};

/// An address out of a page: what stands between these two texts.
fn cut<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no {before}"));
    rest.split_once(after).unwrap().0
}

fn policy(answer: &Answer) -> String {
    answer.header("content-security-policy").unwrap_or_default().to_owned()
}

/// What every answer carries.
fn check_headers(answer: &Answer, what: &str) {
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{what}");
    assert_eq!(answer.header("set-cookie"), None, "{what}");
    assert_eq!(answer.header("cross-origin-opener-policy"), Some("same-origin"), "{what}");
    let policy = policy(answer);
    for part in ["default-src 'none'", "script-src 'self'", "require-trusted-types-for 'script'"] {
        assert!(policy.contains(part), "{what}: {policy}");
    }
    assert!(!policy.contains("unsafe"), "{what}: {policy}");
}

async fn page(app: &App, path: &str, status: u16) -> String {
    let answer = app.get(path).await;
    assert_eq!(answer.status, status, "{path}: {}", answer.text());
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{path}");
    assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"), "{path}");
    assert!(policy(&answer).ends_with("frame-ancestors 'none'"), "{path}: {}", policy(&answer));
    check_headers(&answer, path);
    let text = answer.text();
    assert!(text.starts_with("<!doctype html>"), "{path}: {text}");
    for inline in ["style=\"", "<style", "onclick", "onload", "javascript:"] {
        assert!(!text.contains(inline), "{path}: {inline}");
    }
    text
}

#[tokio::test]
async fn pages_are_complete_without_scripts() {
    let app = App::start().await;
    app.push(&format!("orders 1234 {}\nload_seconds{{mode=\"user\"}} 7", NOW.0 - 2000)).await;
    app.step(Span(1100)).await;
    let text = page(&app, "/", 200).await;
    assert!(text.contains("id=\"cpu\"") && text.contains("<svg"), "{text}");
    assert!(text.contains("<span>1234</span>"), "{text}");
    assert!(text.contains("history since "), "{text}");
    let data = cut(&text, "<script type=\"application/json\" id=\"wg-data\">", "</script>");
    let data: serde_json::Value = serde_json::from_str(data).unwrap();
    assert_eq!(data["board"]["slug"], "overview");
    assert!(data["snapshots"].as_object().is_some_and(|snapshots| snapshots.len() >= 4), "{data}");

    let list = page(&app, "/d", 200).await;
    assert!(list.contains("href=\"/d/closed\"") && list.contains("Overview"), "{list}");
    assert!(page(&app, "/d/closed", 200).await.contains("Closed"));
    assert!(page(&app, "/d/metric?name=orders", 200).await.contains("orders"));
    page(&app, "/d/metric?name=nobody_pushed_this", 200).await;
    page(&app, "/?range=1h&theme=dark", 200).await;
}

#[tokio::test]
async fn names_from_outside_are_only_text() {
    let app = App::start().await;
    let evil = "</script><img src=x onerror=alert(1)>";
    let body = format!(r#"{{"metric":"{evil}","labels":{{"a":"<em>\u2028"}},"value":1}}"#);
    assert_eq!(app.post("/api/v1/push", &body).await.status, 200);
    app.step(Span(1100)).await;
    for path in ["/", "/d/metric?name=%3C/script%3E%3Cimg%20src=x%20onerror=alert(1)%3E"] {
        let text = page(&app, path, 200).await;
        assert!(!text.contains("<img") && !text.contains("<em>"), "{path}: {text}");
    }
    let text = page(&app, "/d/%3Cscript%3E", 404).await;
    assert!(!text.contains("<script>"), "{text}");
}

#[tokio::test]
async fn what_is_not_there_is_said_in_html() {
    let app = App::start().await;
    assert!(page(&app, "/d/nowhere", 404).await.contains("<code>nowhere</code>"));
    assert!(page(&app, "/nothing/at/all", 404).await.contains("/nothing/at/all"));
    for range in ["3y", "5", "-1m", "0s", "abc"] {
        page(&app, &format!("/?range={range}"), 400).await;
    }
}

#[tokio::test]
async fn assets_are_kept_for_ever_and_packed() {
    let app = App::start().await;
    let text = page(&app, "/", 200).await;
    let entry = format!("/assets/{}", cut(&text, "src=\"/assets/", "\""));
    let style = format!("/assets/{}", cut(&text, "href=\"/assets/", "\""));
    for path in [&entry, &style] {
        let plain = app.get(path).await;
        assert_eq!(plain.status, 200, "{path}");
        assert_eq!(
            plain.header("cache-control"),
            Some("public, max-age=31536000, immutable"),
            "{path}"
        );
        assert_eq!(plain.header("access-control-allow-origin"), Some("*"));
        assert_eq!(plain.header("cross-origin-resource-policy"), Some("cross-origin"));
        assert_eq!(plain.header("x-content-type-options"), Some("nosniff"));
        for (accepted, expected) in [("gzip, br", "br"), ("gzip", "gzip"), ("br;q=0, gzip", "gzip")]
        {
            let packed = app.ask(Request::get(path).header("accept-encoding", accepted)).await;
            assert_eq!(packed.header("content-encoding"), Some(expected), "{path} {accepted}");
            assert!(packed.body.len() < plain.body.len(), "{path} {accepted}");
        }
        let tag = plain.header("etag").unwrap();
        let known = app.ask(Request::get(path).header("if-none-match", tag)).await;
        assert_eq!((known.status, known.body.len()), (304, 0));
    }
    let hash = entry.split('/').nth(2).unwrap();
    for wrong in [
        entry.replace(hash, "0000000000000000"),
        format!("/assets/{hash}/nothing.js"),
        format!("/assets/{hash}/../Cargo.toml"),
        format!("/assets/{hash}/%2e%2e/Cargo.toml"),
        format!("/assets/{hash}/"),
    ] {
        assert_eq!(app.get(&wrong).await.status, 404, "{wrong}");
    }
    // Every module that the page names is there.
    let mut modules = 0;
    for part in text.split("rel=\"modulepreload\"").skip(1) {
        let path = cut(part, "href=\"", "\"");
        assert_eq!(app.get(path).await.status, 200, "{path}");
        modules += 1;
    }
    assert!((1..24).contains(&modules), "{modules}");
}

#[tokio::test]
async fn pages_are_packed_and_hosts_checked() {
    let app = App::start().await;
    let plain = app.get("/").await;
    for encoding in ["br", "gzip"] {
        let packed = app.ask(Request::get("/").header("accept-encoding", encoding)).await;
        assert_eq!(packed.header("content-encoding"), Some(encoding));
        assert!(packed.body.len() * 2 < plain.body.len());
    }
    for path in ["/", "/metrics", "/-/healthy", "/live/poll", "/d/closed"] {
        let answer = app.ask(Request::get(path).header("host", "evil.example")).await;
        assert_eq!(answer.status, 403, "{path}");
        check_headers(&answer, path);
    }
    // A page of another site may link here: only what changes something or is live is refused.
    let linked = Request::get("/").header("origin", "http://evil.example");
    assert_eq!(app.ask(linked).await.status, 200);
}

#[tokio::test]
async fn a_spike_of_one_sample_is_seen_on_a_month() {
    let app = App::with("[ingest]\nmax_age = \"40d\"\n[storage.retention]\nraw = \"40d\"\n").await;
    let minute = |minute: i64, value: f64| format!("heat {value} {}\n", NOW.0 - minute * 60_000);
    let mut lines: String = (1..20 * 24 * 12).map(|five| minute(five * 5, 20.0)).collect();
    lines.push_str(&minute(9 * 24 * 60 + 7, 97.0));
    app.push(&lines).await;
    let text = page(&app, "/d/metric?name=heat&range=30d", 200).await;
    let words = cut(&text, "role=\"img\" aria-label=\"", "\"");
    assert!(words.starts_with("heat, last 30 days: heat 20 (least 20, most 97)"), "{words}");
    assert!(text.contains("<path class=\"b\" d=\"M"), "{text}");
    assert!(text.contains("a value every 1h, shaded from least to greatest"), "{text}");
    let near = page(&app, "/d/metric?name=heat&range=1h", 200).await;
    assert!(!near.contains("shaded from") && !near.contains("class=\"b\""), "{near}");
}

#[tokio::test]
async fn the_status_page_says_what_is_held_and_what_was_refused() {
    let app = App::start().await;
    app.push("orders 42").await;
    let old = app.post("/push", &format!("orders 1 {}", NOW.0 - 86_400_000)).await;
    assert_eq!(old.json()["refused"], 1);
    let text = page(&app, "/status", 200).await;
    for words in [
        "all is well, as of ",
        "<td>Log</td><td>safe on disk</td>",
        "<td>Damaged parts</td><td>0</td>",
        "<td>too old</td><td>1</td>",
        "<td>orders</td><td>1</td>",
        "<td>every sample</td><td>nothing yet</td>",
        "<td>by hour</td>",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let nav = cut(&text, "<nav", "</nav>");
    assert!(nav.contains("href=\"/status\" aria-current=\"page\""), "{nav}");
}

#[tokio::test]
async fn a_mistyped_metric_is_deleted_from_its_page() {
    let app = App::start().await;
    app.push("ordres 1\norders 2").await;
    app.step(Span(1100)).await;
    let overview = page(&app, "/", 200).await;
    assert!(overview.contains("<a href=\"/d/metric?name=ordres\">ordres</a>"), "{overview}");
    assert!(!overview.contains("Delete this metric"));
    let own = page(&app, "/d/metric?name=ordres", 200).await;
    assert!(own.contains("<a href=\"?name=ordres&#38;range=5m\""), "{own}");
    let form = cut(&own, "Delete this metric", "</form>");
    assert!(form.contains("method=\"post\" action=\"/d/metric/delete\""), "{form}");
    assert!(form.contains("name=\"name\" value=\"ordres\""), "{form}");
    let send = async |origin: &str| {
        let request = Request::post("/d/metric/delete", "name=ordres");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.header("origin", origin).send(app.address).await
    };
    assert_eq!(send("http://evil.example").await.status, 403);
    let series =
        async || app.get("/api/v1/series?match[]=%7B__name__=~%22ord.*%22%7D").await.json();
    assert_eq!(series().await["data"].as_array().map(Vec::len), Some(2));
    let answer = send(&format!("http://{}", app.address)).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/")), "{}", answer.text());
    let left = series().await;
    assert_eq!(left["data"], serde_json::json!([{ "__name__": "orders" }]));
    assert_eq!(app.post("/d/metric/delete", "name=").await.status, 400);
}
