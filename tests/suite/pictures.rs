//! Panels as pictures: SVG and PNG of any panel, badges, their sizes, and who may show them.

use watchglass::model::Span;

use crate::support::{Answer, App, NOW, Request, within};

async fn app() -> App {
    let app = App::start().await;
    app.push("load_seconds{mode=\"user\"} 7\nload_seconds{mode=\"idle\"} 3\norders 42").await;
    app.step(Span(1100)).await;
    app
}

async fn picture(app: &App, path: &str, kind: &str) -> Answer {
    let answer = app.get(path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    assert_eq!(answer.header("content-type"), Some(kind), "{path}");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
    answer
}

/// Width and height as a PNG says them in its first chunk.
fn size(png: &[u8]) -> (u32, u32) {
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

#[tokio::test]
async fn panels_are_pictures_in_both_forms_and_themes() {
    let app = app().await;
    let svg = picture(&app, "/panel/overview/cpu.svg", "image/svg+xml").await;
    let text = svg.text();
    assert!(text.contains(r#"width="640" height="320""#) && text.contains(">CPU</text>"), "{text}");
    assert!(text.contains("#ffffff") && text.contains(">mode=user</text>"), "{text}");
    let dark = "/panel/overview/cpu.svg?theme=dark&range=1h&w=800&h=200";
    let dark = picture(&app, dark, "image/svg+xml").await.text();
    assert!(dark.contains(r#"width="800" height="200""#) && dark.contains("#12151c"), "{dark}");
    assert!(dark.contains("last 1h, "), "{dark}");
    let png = picture(&app, "/panel/overview/orders-now.png?w=300&h=150", "image/png").await;
    assert_eq!(size(&png.body), (300, 150));
    for wrong in ["w=99", "h=2001", "w=x", "range=forever"] {
        let path = format!("/panel/overview/cpu.svg?{wrong}");
        assert_eq!(app.get(&path).await.status, 400, "{wrong}");
    }
    for missing in ["/panel/overview/cpu.gif", "/panel/overview/no.svg", "/panel/no/cpu.png"] {
        assert_eq!(app.get(missing).await.status, 404, "{missing}");
    }
}

#[tokio::test]
async fn a_picture_to_keep_is_larger_says_where_it_is_from_and_may_show_the_past() {
    let app = app().await;
    let large = "/panel/overview/cpu.png?w=300&h=150&scale=2&foot=1";
    assert_eq!(size(&picture(&app, large, "image/png").await.body), (600, 300));
    let (from, to) = (NOW.0 - 60_000, NOW.0);
    let path = format!("/panel/overview/cpu.svg?foot=1&from={from}&to={to}");
    let text = picture(&app, &path, "image/svg+xml").await.text();
    let host = app.address;
    assert!(
        text.contains("test-host · 2023-11-14 ") && text.contains(&format!(" · {host}</text>"))
    );
    assert!(text.contains(r#"width="640" height="320" viewBox="0 0 640 320""#), "{text}");
    for wrong in ["scale=4", "scale=0", "w=2000&h=2000&scale=2", "from=5&to=6"] {
        let path = format!("/panel/overview/cpu.png?{wrong}");
        assert_eq!(app.get(&path).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn pictures_are_kept_for_a_step_and_shown_elsewhere_where_that_is_allowed() {
    let app = app().await;
    for path in ["/panel/overview/cpu.svg", "/panel/overview/cpu.png", "/badge/overview/cpu.svg"] {
        // Who asks first begins to watch: what is in progress comes while the clock stands.
        let known = async {
            loop {
                let first = app.get(path).await;
                assert_eq!(first.header("cache-control"), Some("max-age=1"), "{path}");
                let policy = first.header("cross-origin-resource-policy");
                assert_eq!(policy, Some("cross-origin"), "{path}");
                let tag = first.header("etag").unwrap().to_owned();
                let known = app.ask(Request::get(path).header("if-none-match", &tag)).await;
                if known.status == 304 {
                    return known.body.len();
                }
            }
        };
        assert_eq!(within("the same picture", known).await, 0, "{path}");
    }
    let closed = app.get("/panel/closed/cpu.svg").await;
    assert_eq!(closed.header("cross-origin-resource-policy"), Some("same-origin"));
    let tag = app.get("/panel/overview/cpu.svg").await.header("etag").unwrap().to_owned();
    app.push("load_seconds{mode=\"user\"} 8").await;
    app.step(Span(1100)).await;
    assert_ne!(app.get("/panel/overview/cpu.svg").await.header("etag"), Some(tag.as_str()));
}

#[tokio::test]
async fn a_badge_says_the_newest_value() {
    let app = app().await;
    let badge = picture(&app, "/badge/overview/orders-now.svg", "image/svg+xml").await.text();
    assert!(badge.contains("<title>Orders now: 42</title>"), "{badge}");
    let named = "/badge/overview/orders-now.svg?label=%3Cb%3E";
    assert!(app.get(named).await.text().contains("<title>&lt;b&gt;: 42</title>"));
    assert_eq!(app.get("/badge/overview/orders-now.png").await.status, 404);
    let empty = App::start().await;
    empty.step(Span(1100)).await;
    let badge = empty.get("/badge/overview/orders-now.svg").await.text();
    assert!(badge.contains("<title>Orders now: no data</title>"), "{badge}");
}
