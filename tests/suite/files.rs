//! Dashboard files that change while people watch: the change, a mistake and a removal are shown
//! within a second, in open pages and in those that come.

use serde_json::{Value, json};
use watchglass::model::Span;

use crate::support::{App, Codec, Viewer};

const SHOP: &str = r#"
title = "Shop"

[[panel]]
id = "orders"
title = "Orders"
query = "orders"
"#;

/// The time in which a change of a file must have been told.
const SOON: Span = Span(1000);

async fn viewer(app: &App, board: &str) -> Viewer {
    let mut viewer = Viewer::open(app, Codec::Json).await;
    viewer.say(&json!({ "sub": { "id": 1, "board": board, "range": "5m" } })).await;
    viewer.until("a board", |reader| !reader.all("board").is_empty()).await;
    viewer
}

/// The next board that a viewer is told.
async fn next(viewer: &mut Viewer, known: usize) -> Value {
    viewer.until("another board", |reader| reader.all("board").len() > known).await;
    viewer.reader.all("board")[known].clone()
}

#[tokio::test]
async fn a_changed_file_reaches_those_who_watch() {
    let app = App::start().await;
    app.push("orders 42").await;
    std::fs::write(app.file("dashboards/shop.toml"), SHOP).unwrap();
    assert_eq!(app.get("/d/shop").await.status, 404);
    app.step(SOON).await;
    assert_eq!(app.get("/d/shop").await.status, 200);
    assert!(app.get("/d").await.text().contains("href=\"/d/shop\""));

    let (mut watching, mut elsewhere) = (viewer(&app, "shop").await, viewer(&app, "closed").await);
    let changed = SHOP.replace("\"Shop\"", "\"Store\"").replace("\"orders\"\n", "\"orders * 2\"\n");
    let changed = changed.replace("id = \"orders * 2\"", "id = \"twice\"");
    std::fs::write(app.file("dashboards/shop.toml"), &changed).unwrap();
    app.step(SOON).await;
    let board = next(&mut watching, 1).await;
    assert_eq!(
        (&board["spec"]["title"], &board["panels"][0]["panel"]),
        (&json!("Store"), &json!("twice"))
    );
    let channel = board["panels"][0]["channels"][0].as_u64().unwrap() as u32;
    app.step(Span(1000)).await;
    watching
        .until("its values", |reader| {
            let known = reader.channels.get(&channel).filter(|known| known.whole);
            known.is_some_and(|known| known.latest().get("{}") == Some(&84.0))
        })
        .await;

    let broken = changed.replace("orders * 2", "orders *");
    std::fs::write(app.file("dashboards/shop.toml"), &broken).unwrap();
    app.step(SOON).await;
    let board = next(&mut watching, 2).await;
    let told = board["spec"]["mistakes"][0].as_str().unwrap();
    assert!(told.contains("shop.toml:7: panel[0].query: 1:9: parse error"), "{told}");
    assert_eq!(board["panels"][0]["panel"], "twice", "the last good version stays");
    for path in ["/d/shop", "/d", "/status"] {
        let text = app.get(path).await.text();
        assert!(text.contains("shop.toml:7: panel[0].query: 1:9: parse error"), "{path}: {text}");
    }

    std::fs::remove_file(app.file("dashboards/shop.toml")).unwrap();
    app.step(SOON).await;
    let board = next(&mut watching, 3).await;
    assert_eq!((&board["spec"]["gone"], &board["panels"]), (&json!(true), &json!([])));
    assert_eq!(app.get("/d/shop").await.status, 404);
    assert!(!app.get("/status").await.text().contains("shop.toml"));
    assert_eq!(elsewhere.reader.all("board").len(), 1, "nobody else hears of it");
    elsewhere.say(&json!({ "ping": 1 })).await;
    elsewhere.until("a pong", |reader| !reader.all("pong").is_empty()).await;
    assert_eq!(elsewhere.reader.all("board").len(), 1);
}

#[tokio::test]
async fn dashboards_of_the_settings_file_change_as_well() {
    let app = App::start().await;
    let text = std::fs::read_to_string(app.file("dashboard.toml")).unwrap();
    let mut watching = viewer(&app, "overview").await;
    let changed = text.replace("title = \"Orders now\"", "title = \"Orders so far\"");
    std::fs::write(app.file("dashboard.toml"), changed).unwrap();
    app.step(SOON).await;
    let board = next(&mut watching, 1).await;
    assert_eq!(board["panels"][1]["spec"]["title"], "Orders so far");
    assert_eq!(board["spec"]["title"], "test-host", "the overview keeps the host's name");
}
