//! Panels and whole boards in pages of other sites, as a browser gets them.

use serde_json::{Value, json};
use watchglass::model::Span;

use crate::support::{Answer, App, NOW};

const PARENTS: &str =
    "[embed]\nparents = [\"https://intranet.example\", \"http://127.0.0.1:8080\"]\n";

/// An embed's answer, with the headers that each of them has.
async fn embed(app: &App, path: &str, status: u16, ancestors: &str) -> Answer {
    let answer = app.get(path).await;
    assert_eq!(answer.status, status, "{path}: {}", answer.text());
    let policy = answer.header("content-security-policy").unwrap_or_default().to_owned();
    assert!(policy.ends_with(&format!("frame-ancestors {ancestors}")), "{path}: {policy}");
    for part in ["default-src 'none'", "script-src 'self'", "require-trusted-types-for 'script'"] {
        assert!(policy.contains(part), "{path}: {policy}");
    }
    for (name, value) in [
        ("cross-origin-resource-policy", Some("cross-origin")),
        ("x-frame-options", None),
        ("set-cookie", None),
        ("x-content-type-options", Some("nosniff")),
        ("content-type", Some("text/html; charset=utf-8")),
    ] {
        assert_eq!(answer.header(name), value, "{path}: {name}");
    }
    answer
}

/// The panels of a page, in their order, as its markup has them.
fn shown(answer: &Answer) -> Vec<String> {
    let text = answer.text();
    let ids = text.split("<wg-panel ").skip(1).map(|rest| {
        let (_, id) = rest.split_once("id=\"").unwrap();
        id.split('"').next().unwrap().to_owned()
    });
    ids.collect()
}

/// What its script begins with.
fn data(answer: &Answer) -> Value {
    let text = answer.text();
    let (_, rest) = text.split_once("id=\"wg-data\">").unwrap();
    serde_json::from_str(rest.split("</script>").next().unwrap()).unwrap()
}

#[tokio::test]
async fn embeds_are_framed_by_their_parents_and_our_own_pages_alone() {
    let app = App::with(PARENTS).await;
    let parents = "'self' https://intranet.example http://127.0.0.1:8080";
    let answer = embed(&app, "/embed/overview/cpu?theme=dark&range=5m", 200, parents).await;
    let text = answer.text();
    assert!(text.contains("id=\"wg-data\"") && !text.contains("<nav"), "{text}");
    let said =
        "data-panels=\"cpu\" data-parents=\"https://intranet.example http://127.0.0.1:8080\"";
    assert!(text.contains(said), "{text}");
    embed(&App::start().await, "/embed/overview/cpu", 200, "'self'").await;
}

#[tokio::test]
async fn an_embed_holds_a_panel_several_or_the_whole_board() {
    let app = App::start().await;
    app.push("orders 42\nload_seconds 3").await;
    app.step(Span(1100)).await;
    let both = embed(&app, "/embed/overview/orders-now,cpu,orders-now", 200, "'self'").await;
    assert_eq!(shown(&both), ["orders-now", "cpu"]);
    assert!(both.text().contains("<span>42</span>"));
    let data_of_both = data(&both);
    assert_eq!(data_of_both["board"]["panels"][0]["panel"], "orders-now");
    assert_eq!(data_of_both["board"]["spec"]["embed"], true);
    let named = embed(&app, "/embed/overview?panels=orders-now,cpu", 200, "'self'").await;
    assert_eq!(shown(&named), ["orders-now", "cpu"]);
    let whole = embed(&app, "/embed/overview", 200, "'self'").await;
    assert_eq!(shown(&whole)[..2], ["cpu", "orders-now"]);
    assert!(shown(&whole).len() > 2, "panels of pushed names are a part of the board");
    assert!(whole.text().contains("data-panels=\"\""));
}

#[tokio::test]
async fn an_embed_shows_a_stretch_of_the_past() {
    let app = App::start().await;
    app.push(&format!("orders 7 {}\nload_seconds 3", NOW.0 - 40_000)).await;
    app.step(Span(1100)).await;
    let (from, to) = (NOW.0 - 60_000, NOW.0 - 30_000);
    let path = format!("/embed/overview/orders-now?from={from}&to={to}");
    let answer = embed(&app, &path, 200, "'self'").await;
    assert!(answer.text().contains("<span>7</span>"), "{}", answer.text());
    assert_eq!(data(&answer)["past"], json!([from, to]));
    assert_eq!(shown(&answer), ["orders-now"]);
    let windows = async |panels: &str| {
        let path = format!("/live/past?board=overview&from={from}&to={to}{panels}");
        app.get(&path).await.json()["panels"].clone()
    };
    let one = windows("&panels=orders-now").await;
    assert_eq!(one, json!([{ "panel": "orders-now", "channels": [1] }]));
    assert!(windows("").await.as_array().is_some_and(|panels| panels.len() > 2));
}

#[tokio::test]
async fn what_is_wrong_is_said_where_the_embed_would_stand() {
    let app = App::with(PARENTS).await;
    let parents = "'self' https://intranet.example http://127.0.0.1:8080";
    for (path, status, words) in [
        ("/embed/overview/nothing", 404, "has no panel <code>nothing</code>"),
        ("/embed/overview/cpu,nothing", 404, "has no panel <code>nothing</code>"),
        ("/embed/overview/cpu,", 404, "has no panel <code></code>"),
        ("/embed/overview?panels=%3Cb%3E", 404, "has no panel <code>&#60;b&#62;</code>"),
        ("/embed/nowhere", 404, "there is no dashboard <code>nowhere</code>"),
        ("/embed/closed/cpu", 403, "it would say <code>embed = true</code>"),
        ("/embed/closed", 403, "it would say <code>embed = true</code>"),
        ("/embed/overview/cpu?range=3y", 400, "a live range is from"),
        ("/embed/overview/cpu?bg=pink", 400, "is <code>solid</code> or <code>transparent</code>"),
        ("/embed/overview/cpu?title=no", 400, "<code>title</code> is <code>1</code>"),
    ] {
        let answer = embed(&app, path, status, parents).await;
        let text = answer.text();
        assert!(text.contains(words), "{path}: {text}");
        assert!(text.contains("data-mode=\"embed\"") && !text.contains("<nav"), "{path}: {text}");
    }
    let dark = embed(&app, "/embed/closed/cpu?theme=dark", 403, parents).await;
    assert!(dark.text().contains("data-theme=\"dark\""));
}
