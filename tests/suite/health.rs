//! How the service tells of itself: health, readiness, its own figures, and its orderly end.

use std::collections::BTreeSet;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use watchglass::model::Span;

use crate::support::{App, Codec, Message, Viewer, within};

#[tokio::test]
async fn health_and_readiness_are_told() {
    let app = App::start().await;
    for path in ["/-/healthy", "/-/ready"] {
        let answer = app.get(path).await;
        assert_eq!((answer.status, answer.header("set-cookie")), (200, None), "{path}");
        assert!(answer.text().starts_with("watchglass is "), "{path}");
    }
}

#[tokio::test]
async fn own_figures_parse_as_prometheus_text() {
    let app = App::start().await;
    app.push("orders 1\norders{shop=\"a\"} 2").await;
    let viewer = Viewer::of(&app, Codec::Binary, "orders").await;
    app.step(Span(2000)).await;
    let answer = app.get("/metrics").await;
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let text = answer.text();
    let (mut seen, mut described) = (BTreeSet::new(), BTreeSet::new());
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(["counter", "gauge"].contains(&kind), "{line}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            assert!(described.insert(name), "described twice: {line}");
        } else if !line.starts_with("# HELP ") {
            let (series, value) = line.rsplit_once(' ').unwrap();
            assert!(value.parse::<f64>().is_ok(), "{line}");
            assert!(seen.insert(series), "told twice: {line}");
            let name = series.split('{').next().unwrap();
            assert!(name.starts_with("watchglass_") && described.contains(name), "{line}");
        }
    }
    let documented = include_str!("../../docs/metrics.md");
    let missing: Vec<_> =
        described.iter().filter(|name| !documented.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "not in docs/metrics.md: {missing:?}");
    let sent = app.figure("watchglass_live_sent_bytes_total").await;
    assert!(sent > 100.0, "{sent} bytes to a viewer");
    // Their own text can be pushed: the format is one.
    let answer = app.post("/push", &text).await;
    assert_eq!((answer.status, &answer.json()["refused"]), (200, &json!(0)));
    assert_eq!(app.figure("watchglass_live_sessions").await, 1.0);
    assert_eq!(app.figure("watchglass_push_refused_samples_total").await, 0.0);
    drop(viewer);
}

#[tokio::test]
async fn collectors_fill_the_overview_within_two_seconds() {
    let app = App::real(include_str!("../../dashboard.toml"));
    let mut viewer = Viewer::open(&app, Codec::Binary).await;
    viewer
        .say(&json!({ "sub": { "id": 1, "board": "overview", "panels": ["cpu", "memory"] } }))
        .await;
    viewer
        .until("values of this host", |reader| {
            let channels = reader.channels_of(1).unwrap_or_default();
            let filled = |id: &u32| {
                let known = reader.channels.get(id).filter(|known| known.whole);
                known.is_some_and(|known| !known.latest().is_empty())
            };
            !channels.is_empty() && channels.iter().all(filled)
        })
        .await;
    let text = app.get("/").await.text();
    assert!(text.contains("<svg") && text.contains("data-"), "{text}");
    viewer.watch(2, "watchglass_live_sessions").await;
}

#[tokio::test]
async fn at_the_end_viewers_are_told_and_pushes_finish() {
    let app = App::start().await;
    let mut viewers = Vec::new();
    for codec in [Codec::Json, Codec::Binary] {
        viewers.push(Viewer::of(&app, codec, "orders").await);
    }
    // A push of which half has come.
    let mut push = TcpStream::connect(app.address).await.unwrap();
    let head =
        format!("POST /push HTTP/1.1\r\nhost: {}\r\ncontent-length: 8\r\n\r\nord", app.address);
    push.write_all(head.as_bytes()).await.unwrap();
    // It is being read once another request that came later is answered by the same few workers.
    for _ in 0..8 {
        app.get("/-/healthy").await;
    }
    let address = app.address;
    let service = app.end();
    for viewer in &mut viewers {
        viewer.until("a bye", |reader| !reader.all("bye").is_empty()).await;
        let bye = viewer.reader.all("bye")[0].clone();
        assert_eq!((&bye["code"], &bye["retry_ms"]), (&json!("restart"), &json!([200, 3000])));
        assert_eq!(within("a close", viewer.socket.next()).await, Message::Close(Some(1012)));
    }
    push.write_all(b"ers 1").await.unwrap();
    let mut answer = Vec::new();
    within("the push's answer", push.read_to_end(&mut answer)).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"accepted\":1"), "{answer}");
    let ended = tokio::time::timeout(std::time::Duration::from_secs(5), service).await;
    ended.expect("within 5 s").unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "it listens no more");
}

#[tokio::test]
async fn it_ends_in_time_with_hundreds_of_viewers() {
    let app = App::start().await;
    let mut viewers = Vec::new();
    for _ in 0..200 {
        viewers.push(Viewer::open(&app, Codec::Binary).await);
    }
    let idle = TcpStream::connect(app.address).await.unwrap();
    let ended = tokio::time::timeout(std::time::Duration::from_secs(5), app.end()).await;
    ended.expect("within 5 s").unwrap().unwrap();
    for viewer in &mut viewers {
        assert_eq!(viewer.socket.closed().await, Some(1012));
    }
    drop(idle);
}
