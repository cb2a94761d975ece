//! Variables: boards with values of their own, alike for all who chose the same, in step with the
//! data, and safe whatever an address says.

use serde_json::{Value, json};
use watchglass::model::Span;

use crate::support::{App, Codec, Viewer};

const BOARD: &str = r#"
title = "Shop of $shop"
embed = true

[[variable]]
name = "shop"
title = "Shop"
query = "label_values(orders, shop)"

[[variable]]
name = "till"
title = "Till"
query = 'label_values(orders{shop="$shop"}, till)'
multi = true
all = true

[[panel]]
id = "orders"
title = "Orders of $shop"
query = 'orders{shop="$shop",till=~"$till"}'

[[panel]]
id = "till"
title = "Till"
kind = "stat"
repeat = "till"
query = 'orders{shop="$shop",till="$till"}'
"#;

/// The time in which what changed must have been told: values are looked up every ten seconds.
const SOON: Span = Span(12_000);

async fn started() -> App {
    let app = App::start().await;
    for (shop, till, value) in [("east", 1, 42), ("east", 2, 43), ("west", 9, 7)] {
        app.push(&format!("orders{{shop=\"{shop}\",till=\"{till}\"}} {value}")).await;
    }
    std::fs::write(app.file("dashboards/shop.toml"), BOARD).unwrap();
    app.step(Span(1000)).await;
    app
}

async fn viewer(app: &App, board: &str) -> Viewer {
    let mut viewer = Viewer::open(app, Codec::Json).await;
    viewer.say(&json!({ "sub": { "id": 1, "board": board, "range": "5m" } })).await;
    viewer.until("a board", |reader| !reader.all("board").is_empty()).await;
    viewer
}

fn panels(board: &Value) -> Vec<&str> {
    let panels = board["panels"].as_array().unwrap();
    panels.iter().map(|panel| panel["panel"].as_str().unwrap()).collect()
}

fn titles(board: &Value) -> Vec<&str> {
    let panels = board["panels"].as_array().unwrap();
    panels.iter().map(|panel| panel["spec"]["title"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_page_shows_what_its_address_chooses_and_offers_the_rest() {
    let app = started().await;
    let page = app.get("/d/shop?var-shop=west&range=15m").await.text();
    for part in [
        "Orders of west",
        r#"<option value="east">east</option><option value="west" selected>"#,
        r#"<input type="hidden" name="range" value="15m">"#,
        r#"<input type="checkbox" name="var-till" value="9">9"#,
        r#"href="?var-shop=west&#38;range=1h""#,
        r#"id="till-9""#,
        r#""slug":"shop?var-shop=west""#,
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let first = app.get("/d/shop").await.text();
    assert!(first.contains("Orders of east") && first.contains(r#"id="till-2""#), "{first}");
    assert!(first.contains(r#"id="notes" role="status" hidden"#));
}

#[tokio::test]
async fn what_cannot_be_chosen_is_said_and_the_default_shown() {
    let app = started().await;
    let hostile = "%22%7D%20or%20up%7Ba%3D%22%3Cscript%3E";
    let page = app.get(&format!("/d/shop?var-shop={hostile}&var-none=1")).await;
    assert_eq!(page.status, 200);
    let page = page.text();
    assert!(page.contains("Orders of east") && !page.contains("<script>"), "{page}");
    assert!(page.contains("Shop has no value `&#34;} or up{a=&#34;&#60;script&#62;`."), "{page}");
    assert!(page.contains("This dashboard has no variable `none`."), "{page}");
    let many: String = (0..400).map(|value| format!("var-till={value}&")).collect();
    assert_eq!(app.get(&format!("/d/shop?{many}")).await.status, 400);
}

#[tokio::test]
async fn the_same_choice_is_one_board_with_the_same_channels() {
    let app = started().await;
    let one = viewer(&app, "shop?var-shop=east&var-till=1&var-till=2").await;
    let other = viewer(&app, "shop?var-till=2&var-shop=east&var-till=1").await;
    let third = viewer(&app, "shop?var-shop=west").await;
    let channels = |viewer: &Viewer| -> Vec<Value> {
        let board = viewer.reader.all("board")[0].clone();
        board["panels"].as_array().unwrap().iter().map(|panel| panel["channels"].clone()).collect()
    };
    assert_eq!(channels(&one), channels(&other));
    assert_ne!(channels(&one), channels(&third));
    let board = third.reader.all("board")[0].clone();
    assert_eq!(panels(&board), ["orders", "till-9"]);
    assert_eq!(titles(&board), ["Orders of west", "Till 9"]);
}

#[tokio::test]
async fn a_new_value_is_offered_to_those_who_watch_and_what_follows_from_all_follows() {
    let app = started().await;
    let mut watching = viewer(&app, "shop?var-shop=west").await;
    app.push("orders{shop=\"west\",till=\"10\"} 8\norders{shop=\"north\",till=\"1\"} 1").await;
    app.step(SOON).await;
    watching.until("another board", |reader| reader.all("board").len() > 1).await;
    let board = watching.reader.all("board")[1].clone();
    assert_eq!(titles(&board), ["Orders of west", "Till 9", "Till 10"]);
    let shops = &board["spec"]["variables"][0]["choices"];
    assert_eq!(shops, &json!([["east", "east"], ["north", "north"], ["west", "west"]]));
    let channel = board["panels"][2]["channels"][0].as_u64().unwrap() as u32;
    app.push("orders{shop=\"west\",till=\"10\"} 9").await;
    app.step(Span(2000)).await;
    watching
        .until("its value", |reader| {
            let known = reader.channels.get(&channel).filter(|known| known.whole);
            known.is_some_and(|known| known.latest().values().any(|value| *value == 9.0))
        })
        .await;
}

#[tokio::test]
async fn embeds_pictures_badges_and_the_past_take_values_too() {
    let app = started().await;
    app.step(Span(2000)).await;
    let embed = app.get("/embed/shop/till?var-shop=west").await.text();
    assert!(embed.contains(r#"id="till-9""#) && embed.contains(">7<"), "{embed}");
    let badge = app.get("/badge/shop/till.svg?var-shop=east&var-till=2").await.text();
    assert!(badge.contains("43"), "{badge}");
    let picture = app.get("/panel/shop/orders.svg?var-shop=west").await.text();
    assert!(picture.contains("Orders of west"), "{picture}");
    let now = app.now().0 / 1000;
    let past = app
        .get(&format!("/live/past?board=shop%3Fvar-shop%3Dwest&from={}&to={now}", now - 60))
        .await;
    let past: Value = serde_json::from_str(&past.text()).unwrap();
    assert_eq!(panels(&past), ["orders", "till-9"]);
}

#[tokio::test]
async fn filters_narrow_every_panel_and_can_be_taken_away() {
    let app = started().await;
    let page = app.get("/d/shop?var-shop=east&filter=till:2&theme=dark").await.text();
    let removed = r#"href="?theme=dark&#38;var-shop=east" aria-label="Remove the filter till = 2""#;
    assert!(page.contains(removed), "{page}");
    let watching = viewer(&app, "shop?var-shop=east&filter=till:1").await;
    let board = watching.reader.all("board")[0].clone();
    assert_eq!(board["spec"]["filters"], json!([["till", ["1"]]]));
    let second = &board["panels"][2]["spec"];
    assert_eq!(second["no_data"], r#"filtered out: nothing with till="1""#);
    let any = app.get("/?filter=instance:nowhere").await.text();
    assert!(any.contains("filtered out: nothing with"), "{any}");
}

#[tokio::test]
async fn windows_of_rates_hold_four_samples_however_far_apart_they_are() {
    let app = App::start().await;
    let board = "title = \"R\"\n[[panel]]\nid = \"r\"\ntitle = \"R\"\n\
        query = 'count_over_time(slow[$__rate_interval])'\n";
    std::fs::write(app.file("dashboards/rates.toml"), board).unwrap();
    for value in 0..8 {
        app.push(&format!("slow {value}")).await;
        app.step(Span(15_000)).await;
    }
    let watching = viewer(&app, "rates").await;
    let channel = watching.reader.all("board")[0]["panels"][0]["channels"][0].as_u64().unwrap();
    let mut watching = watching;
    watching
        .until("four samples", |reader| {
            let known = reader.channels.get(&(channel as u32)).filter(|known| known.whole);
            known.is_some_and(|known| known.latest().values().any(|count| *count == 4.0))
        })
        .await;
}
