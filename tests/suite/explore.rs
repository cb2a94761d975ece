//! The page that explores: complete without scripts, with mistakes told where they are.

use watchglass::model::Span;

use crate::support::{App, Codec, Viewer};

#[tokio::test]
async fn metrics_are_listed_with_their_newest_values() {
    let app = App::start().await;
    let typed = "# TYPE heat_celsius gauge\n# HELP heat_celsius How <hot> it is\n";
    app.push(&format!("{typed}heat_celsius{{room=\"a\"}} 20\nheat_celsius{{room=\"b\"}} 25\n"))
        .await;
    app.push("orders 42").await;
    let text = app.get("/explore").await.text();
    for part in [
        "<a href=\"/explore?q=heat_celsius\">heat_celsius</a></th><td>20.0\u{202f}°C … 25.0\u{202f}°C</td>\
         <td>2</td><td>gauge</td><td>celsius</td><td>How &#60;hot&#62; it is</td>",
        "<a href=\"/explore?q=orders\">orders</a></th><td>42</td><td>1</td>",
        "<a href=\"/explore\" aria-current=\"page\">Explore</a>",
        "\"label_replace\"",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("wg-data"), "nothing is live without a query");
    let text = app.get("/explore?search=HEAT").await.text();
    assert!(text.contains("heat_celsius</a>") && !text.contains("orders</a>"), "{text}");
}

#[tokio::test]
async fn a_query_has_its_result_in_three_views() {
    let app = App::start().await;
    app.push("orders{shop=\"a\"} 42\norders{shop=\"b\"} 7").await;
    app.step(Span(1100)).await;
    let page =
        async |view: &str| app.get(&format!("/explore?q=orders%20*%202&view={view}")).await.text();
    let chart = page("chart").await;
    assert!(chart.contains("class=\"panel k-line\" id=\"result\""), "{chart}");
    assert!(chart.contains("\"slug\":\"explore:chart:orders * 2\""), "{chart}");
    assert!(chart.contains("query = &#34;orders * 2&#34;"), "{chart}");
    assert!(chart.contains("?q=orders%20%2A%202&#38;view=table"), "{chart}");
    let table = page("table").await;
    assert!(table.contains("<td>shop=a</td><td>84</td>"), "{table}");
    let raw = page("raw").await;
    assert!(raw.contains("{shop=&#34;a&#34;} 84\n{shop=&#34;b&#34;} 14\n"), "{raw}");

    // The board of a query is live as any other.
    let mut viewer = Viewer::open(&app, Codec::Json).await;
    let board = "explore:chart:orders * 2";
    viewer.say(&serde_json::json!({ "sub": { "id": 1, "board": board, "range": "5m" } })).await;
    viewer.until("a window", |reader| reader.whole(1).is_some()).await;
    app.push("orders{shop=\"a\"} 50").await;
    app.step(Span(1000)).await;
    viewer
        .until("the new value", |reader| {
            let known = reader.whole(1);
            known.is_some_and(|known| known.latest().get("{shop=\"a\"}") == Some(&100.0))
        })
        .await;
}

#[tokio::test]
async fn a_mistake_is_marked_in_the_query() {
    let app = App::start().await;
    let text = app.get("/explore?q=sum(orders%20by)").await.text();
    assert!(text.contains("sum(orders <mark>by</mark>)"), "{text}");
    assert!(text.contains("role=\"alert\">1:12: parse error: "), "{text}");
    assert!(text.contains("aria-invalid=\"true\"") && !text.contains("wg-data"), "{text}");
    let text = app.get("/explore?q=orders%5B5m%5D").await.text();
    assert!(text.contains("role=\"alert\">1:1: a live query gives a scalar"), "{text}");
    assert!(app.get("/explore?q=%3C/script%3E").await.text().contains("&#60;/script&#62;"));
}

#[tokio::test]
async fn the_query_of_a_panel_is_found_by_its_place() {
    let app = App::start().await;
    let led = app.get("/explore?board=overview&id=cpu&n=0&range=15m&q=other").await;
    let place = "/explore?q=sum%20by%20%28mode%29%20%28load_seconds%29&range=15m";
    assert_eq!((led.status, led.header("location")), (302, Some(place)));
    for wrong in ["board=overview&id=cpu&n=1", "board=overview&id=no", "board=no&id=cpu"] {
        assert_eq!(app.get(&format!("/explore?{wrong}")).await.status, 404, "{wrong}");
    }
}
