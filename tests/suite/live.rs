//! Watching over a WebSocket: the handshake, subscriptions, resuming, hiding, and what is answered
//! to what cannot be understood.

use serde_json::{Value, json};
use watchglass::model::Span;

use crate::support::{
    App, Codec, Known, Message, NOW, Reader, Request, Socket, Viewer, handshake, within,
};

/// A push whose samples lie in the window of whoever subscribes now.
fn past(app: &App, lines: &[(&str, f64)]) -> String {
    let at = app.now().0 - 2000;
    lines.iter().map(|(series, value)| format!("{series} {value} {at}\n")).collect()
}

#[tokio::test]
async fn a_welcome_comes_first() {
    let app = App::start().await;
    let viewer = Viewer::open(&app, Codec::Binary).await;
    let welcome = &viewer.reader.heard[0]["welcome"];
    assert_eq!((&welcome["time"], &welcome["beat_ms"]), (&NOW.0.into(), &1000.into()));
    assert_eq!(welcome["limits"], json!({ "subscriptions": 200, "message_bytes": 16384 }));
    assert!(welcome.get("session").is_none(), "{welcome}");
}

#[tokio::test]
async fn subprotocols_are_negotiated() {
    let app = App::start().await;
    let chosen = async |offered: Option<&str>| {
        let stream = within("a handshake", handshake(offered).open(app.address)).await;
        (stream.status, stream.header("sec-websocket-protocol").map(str::to_owned))
    };
    assert_eq!(chosen(None).await, (101, None));
    for (offered, expected) in [
        ("watchglass.v1", "watchglass.v1"),
        ("watchglass.v1.json", "watchglass.v1.json"),
        ("watchglass.v9, watchglass.v1.json", "watchglass.v1.json"),
        ("watchglass.v1, watchglass.v1.json", "watchglass.v1"),
        ("watchglass.v1.json, watchglass.v1", "watchglass.v1.json"),
    ] {
        assert_eq!(chosen(Some(offered)).await, (101, Some(expected.to_owned())), "{offered}");
    }
    let answer = app.ask(handshake(Some("graphql-ws"))).await;
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("`watchglass.v1`"), "{}", answer.text());
    // Without a subprotocol frames are JSON in text messages.
    let mut socket = Socket::open(app.address, None).await;
    let Message::Text(text) = within("a welcome", socket.next()).await else { panic!("no text") };
    assert!(text.starts_with(br#"{"welcome""#));
    assert_eq!(app.get("/live").await.status, 400);
}

#[tokio::test]
async fn both_codecs_see_the_same_values() {
    let app = App::start().await;
    let values = [
        ("v{s=\"a\"}", 0.1),
        ("v{s=\"b\"}", 1e300),
        ("v{s=\"c\"}", -17.25),
        ("v{s=\"d\"}", f64::INFINITY),
        ("v{s=\"e\"}", f64::NAN),
        ("v{s=\"f\"}", -0.0),
    ];
    app.push(&past(&app, &values)).await;
    let mut viewers =
        [Viewer::of(&app, Codec::Json, "v").await, Viewer::of(&app, Codec::Binary, "v").await];
    for round in 1..=4 {
        app.push(&format!("v{{s=\"a\"}} 0.{round}\nv{{s=\"g\"}} {}\n", 1.0 / f64::from(round)))
            .await;
        app.step(Span(1000)).await;
        for viewer in &mut viewers {
            viewer.until_column(1, NOW.0 + 1000 * i64::from(round) - 1000).await;
        }
    }
    let bits = |viewer: &Viewer| {
        let known = viewer.reader.whole(1).unwrap();
        let column = |(n, column): (&i64, &Vec<f64>)| {
            let cell = |(series, value): (String, f64)| (series, value.to_bits());
            (*n, known.named(column).into_iter().map(cell).collect::<Vec<_>>())
        };
        known.columns.iter().map(column).collect::<Vec<_>>()
    };
    assert_eq!(bits(&viewers[0]), bits(&viewers[1]));
    let latest = viewers[1].latest(1);
    assert_eq!(latest.len(), 7);
    assert_eq!((latest["v{s=\"a\"}"], latest["v{s=\"b\"}"]), (0.4, 1e300));
}

#[tokio::test]
async fn a_board_brings_all_its_panels() {
    let app = App::start().await;
    app.push(&past(&app, &[("load_seconds{mode=\"user\"}", 3.0), ("orders", 5.0)])).await;
    let mut viewer = Viewer::open(&app, Codec::Json).await;
    viewer.say(&json!({ "sub": { "id": 7, "board": "overview", "range": "1m" } })).await;
    viewer
        .until("its windows", |reader| {
            let channels = reader.channels_of(7).unwrap_or_default();
            let whole = |id: &u32| reader.channels.get(id).is_some_and(|known| known.whole);
            !channels.is_empty() && channels.iter().all(whole)
        })
        .await;
    let board = viewer.reader.all("board")[0].clone();
    let mut ids: Vec<&str> =
        board["panels"].as_array().unwrap().iter().filter_map(|p| p["panel"].as_str()).collect();
    assert_eq!(ids[..2], ["cpu", "orders-now"]);
    ids.sort_unstable();
    assert_eq!(ids, ["cpu", "load-seconds", "orders", "orders-now"]);
    assert_eq!(board["panels"][0]["spec"]["kind"], "line");
    assert!(!board.to_string().contains("sum by"), "queries stay with the server");
    let channel = board["panels"][0]["channels"][0].as_u64().unwrap() as u32;
    assert_eq!(viewer.reader.channels[&channel].latest()["{mode=\"user\"}"], 3.0);

    let mut one = Viewer::open(&app, Codec::Binary).await;
    one.say(&json!({ "sub": { "id": 1, "board": "overview", "panels": ["orders-now"] } })).await;
    // Its range is longer than what is watched already: the window grows with the next phase.
    one.until("an answer", |reader| reader.channels_of(1).is_some()).await;
    app.step(Span(200)).await;
    one.until("a window", |reader| reader.whole(1).is_some()).await;
    assert_eq!(one.latest(1)["{}"], 5.0);
    assert_eq!(one.reader.channels_of(1).unwrap().len(), 1);
}

#[tokio::test]
async fn a_pushed_name_gets_its_panel_while_people_watch() {
    let app = App::start().await;
    let mut viewer = Viewer::open(&app, Codec::Binary).await;
    viewer.say(&json!({ "sub": { "id": 1, "board": "overview", "range": "1m" } })).await;
    viewer.until("a board", |reader| !reader.all("board").is_empty()).await;
    let revision = viewer.reader.all("board")[0]["revision"].as_u64().unwrap();
    app.push("visitors 12").await;
    app.step(Span(200)).await;
    viewer.until("the board again", |reader| reader.all("board").len() > 1).await;
    let board = viewer.reader.all("board")[1].clone();
    assert!(board["revision"].as_u64().unwrap() > revision, "{board}");
    let panel = board["panels"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(panel["panel"], "visitors");
    let channel = panel["channels"][0].as_u64().unwrap() as u32;
    app.step(Span(1000)).await;
    viewer
        .until("its value", |reader| {
            let known = reader.channels.get(&channel).filter(|known| known.whole);
            known.is_some_and(|known| known.latest().get("visitors") == Some(&12.0))
        })
        .await;
}

#[tokio::test]
async fn what_cannot_be_watched_ends_with_words() {
    let app = App::with("[live]\nsubscriptions_max = 2\n").await;
    let mut viewer = Viewer::open(&app, Codec::Json).await;
    let mut ended = async |sub: Value, code: &str, words: &str| {
        let id = sub["id"].clone();
        let before = viewer.reader.all("end").len();
        viewer.say(&json!({ "sub": sub })).await;
        viewer.until("an end", |reader| reader.all("end").len() > before).await;
        let end = viewer.reader.all("end")[before].clone();
        assert_eq!((&end["id"], &end["code"]), (&id, &code.into()), "{end}");
        assert!(end["text"].as_str().unwrap().contains(words), "{end}");
    };
    ended(json!({ "id": 1, "query": "sum(a" }), "parse", "1:6: parse error: ").await;
    ended(json!({ "id": 2, "query": "a +\n b{c}" }), "parse", "2:5: parse error: ").await;
    ended(json!({ "id": 3, "query": "1+".repeat(2000) + "1" }), "parse", "parse error").await;
    ended(json!({ "id": 4, "query": "a[5m]" }), "evaluation", "instant vector").await;
    ended(json!({ "id": 5, "board": "nowhere" }), "unknown_board", "`nowhere`").await;
    viewer.watch(6, "a").await;
    viewer.watch(7, "b").await;
    viewer.say(&json!({ "sub": { "id": 8, "query": "c" } })).await;
    viewer.until("an end", |reader| reader.all("end").len() == 6).await;
    let end = viewer.reader.all("end")[5].to_string();
    assert!(end.contains("limit") && end.contains("live.subscriptions_max = 2"), "{end}");
    // After one has gone there is room again.
    viewer.say(&json!({ "unsub": 7 })).await;
    viewer.watch(8, "c").await;
}

#[tokio::test]
async fn frames_that_cannot_be_read_are_answered_and_passed_over() {
    let app = App::start().await;
    let mut viewer = Viewer::open(&app, Codec::Binary).await;
    let deep = "[".repeat(10_000);
    let bad = [
        "",
        "{",
        "null",
        "{\"sub\":{}}",
        "{\"sub\":{\"id\":-1,\"query\":\"a\"}}",
        "{\"dance\":1}",
        "{\"sub\":{\"id\":1,\"board\":\"overview\",\"range\":\"5y\"}}",
        deep.as_str(),
    ];
    for (count, text) in bad.iter().enumerate() {
        viewer.socket.say(text).await;
        viewer.until("a notice", |reader| reader.all("notice").len() == count + 1).await;
    }
    assert!(viewer.reader.all("notice").iter().all(|notice| notice["code"] == "bad_frame"));
    viewer.say(&json!({ "ping": 1 })).await;
    viewer.until("a pong", |reader| reader.all("pong").len() == 1).await;
    assert_eq!(app.figure("watchglass_live_refused_total").await, bad.len() as f64);
}

#[tokio::test]
async fn a_hidden_page_hears_beats_and_then_one_batch() {
    let app = App::start().await;
    app.push(&past(&app, &[("orders", 1.0)])).await;
    let mut viewer = Viewer::of(&app, Codec::Binary, "orders").await;
    viewer.say(&json!({ "show": false })).await;
    viewer.say(&json!({ "ping": 1 })).await;
    viewer.until("a pong", |reader| !reader.all("pong").is_empty()).await;
    let (finals, seq) = (viewer.reader.finals, viewer.reader.whole(1).unwrap().seq);
    for round in 0..25 {
        app.push(&format!("orders {round}")).await;
        app.step(Span(1000)).await;
    }
    viewer.until("a beat", |reader| !reader.all("beat").is_empty()).await;
    assert_eq!(viewer.reader.finals, finals);
    assert!(viewer.reader.all("beat").len() <= 2, "{:?}", viewer.reader.all("beat"));
    viewer.say(&json!({ "show": true })).await;
    viewer.until("a batch", |reader| reader.batches > 0).await;
    viewer.until_column(1, NOW.0 + 24_000).await;
    assert_eq!((viewer.reader.finals, viewer.reader.batches), (finals, 1));
    let known = viewer.reader.whole(1).unwrap();
    assert!(known.seq > seq && !known.hole);
    let numbers: Vec<i64> = known.columns.keys().copied().collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
    assert_eq!(viewer.latest(1)["orders"], 24.0);
    app.step(Span(1000)).await;
    viewer.until("ticks again", |reader| reader.finals > finals).await;
}

/// A viewer that goes, comes back after a while on another connection, and says where it stood.
async fn resumed(app: &App, codec: Codec, away: i64) -> Viewer {
    let mut before = Viewer::of(app, codec, "orders").await;
    app.push("orders 1").await;
    app.step(Span(1100)).await;
    before.until_column(1, NOW.0).await;
    let channel = before.reader.channels_of(1).unwrap()[0];
    let known = before.reader.channels.remove(&channel).unwrap();
    let from = json!({ channel.to_string(): { "epoch": known.epoch, "seq": known.seq } });
    drop(before);
    for second in 0..away {
        app.push(&format!("orders {}", second + 2)).await;
        app.step(Span(1000)).await;
    }
    let mut after = Viewer::open(app, codec).await;
    after.reader.channels.insert(channel, known);
    let sub = json!({ "id": 1, "query": "orders", "window": "1m", "from": from });
    after.say(&json!({ "sub": sub })).await;
    after.until_column(1, NOW.0 + (away + 1) * 1000).await;
    after
}

#[tokio::test]
async fn a_connection_resumes_where_the_last_one_ended() {
    for codec in [Codec::Json, Codec::Binary] {
        let app = App::start().await;
        let after = resumed(&app, codec, 5).await;
        assert_eq!(after.reader.batches, 1);
        assert!(after.reader.all("at").is_empty(), "no window is needed");
        let known = after.reader.whole(1).unwrap();
        assert!(!known.hole);
        let fresh = Viewer::of(&app, codec, "orders").await;
        let fresh = fresh.reader.whole(1).unwrap();
        assert_eq!(known.seq, fresh.seq);
        for (n, column) in &fresh.columns {
            assert_eq!(known.named(&known.column(*n)), fresh.named(column), "column {n}");
        }
    }
}

#[tokio::test]
async fn who_was_away_too_long_gets_a_window() {
    let app = App::start().await;
    let after = resumed(&app, Codec::Binary, 40).await;
    // Nobody watched for longer than a live query is kept: it has begun anew.
    assert_eq!((after.reader.batches, after.reader.all("at").len()), (0, 1));
    assert_eq!(after.latest(1)["orders"], 41.0);
}

#[tokio::test]
async fn windows_are_fetched_by_names_that_cannot_be_guessed() {
    let app = App::start().await;
    app.push(&past(&app, &[("orders", 5.0)])).await;
    let mut viewer = Viewer::open(&app, Codec::Json).await;
    viewer.watch(1, "orders").await;
    let path = viewer.reader.all("at")[0]["snapshot"].as_str().unwrap().to_owned();
    let name = path.strip_prefix("/live/snapshot/").unwrap();
    assert!(name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}");
    let plain = app.get(&path).await;
    assert_eq!(plain.header("content-type"), Some("application/octet-stream"));
    assert_eq!(plain.header("cache-control"), Some("private, no-store"));
    let packed = app.ask(Request::get(&path).header("accept-encoding", "gzip")).await;
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    let mut unpacked = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&*packed.body), &mut unpacked)
        .unwrap();
    assert_eq!(unpacked, plain.body);
    let json = app.get(&format!("{path}.json")).await.json();
    assert_eq!(json["series"][0]["labels"], json!({ "__name__": "orders" }));
    for wrong in ["0".repeat(32), "1".to_owned(), format!("{name}x"), "..%2f..".to_owned()] {
        let answer = app.get(&format!("/live/snapshot/{wrong}")).await;
        assert_eq!(answer.status, 404, "{wrong}");
    }
    let foreign = Request::get(&path).header("origin", "http://evil.example");
    assert_eq!(app.ask(foreign).await.status, 403);
}

#[tokio::test]
async fn a_pushed_value_shows_before_its_column_is_final() {
    let app = App::start().await;
    let mut viewer = Viewer::of(&app, Codec::Json, "orders").await;
    app.step(Span(300)).await;
    let finals = viewer.reader.finals;
    app.push("orders 5").await;
    app.step(Span(150)).await;
    let shows = |value: f64| {
        move |reader: &Reader| {
            let shown = reader.whole(1).and_then(Known::shown);
            shown.is_some_and(|shown| shown.get("orders") == Some(&value))
        }
    };
    viewer.until("the open column", shows(5.0)).await;
    assert!(viewer.reader.finals - finals <= 1);
    app.push("orders 6").await;
    app.step(Span(150)).await;
    viewer.until("the next value", shows(6.0)).await;
    let opens = viewer.reader.opens;
    // Without a push nothing is provisional.
    app.step(Span(3000)).await;
    viewer.until_column(1, NOW.0 + 3000).await;
    assert_eq!(viewer.reader.opens, opens);
}

#[tokio::test]
async fn silent_viewers_are_asked_and_then_let_go() {
    let app = App::start().await;
    let mut silent = Viewer::open(&app, Codec::Json).await;
    let mut lively = Viewer::open(&app, Codec::Json).await;
    silent.socket.answers = false;
    app.step(Span(16_500)).await;
    let asked = async {
        while silent.socket.next().await != Message::Ping {}
        while lively.socket.next().await != Message::Ping {}
    };
    within("both are asked", asked).await;
    lively.socket.send(&crate::support::masked(0x8a, b"")).await;
    lively.say(&json!({ "ping": 1 })).await;
    lively.until("a pong", |reader| reader.all("pong").len() == 1).await;
    app.step(Span(15_500)).await;
    assert_eq!(silent.socket.closed().await, Some(1001));
    lively.say(&json!({ "ping": 1 })).await;
    lively.until("a pong", |reader| reader.all("pong").len() == 2).await;
    app.step(Span(1000)).await;
    assert_eq!(app.figure("watchglass_live_sessions").await, 1.0);
}
