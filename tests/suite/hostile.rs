//! Strangers at the WebSocket: foreign origins, frames beyond every limit, floods. Each is refused
//! or ended with its close code, costs nothing, and nobody else notices.

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::support::{App, Codec, Message, Socket, Viewer, handshake, masked, within};

/// Bytes sent over a fresh WebSocket, and the close code they must lead to.
async fn check(app: &App, bytes: &[u8], code: u16) {
    let mut socket = Socket::open(app.address, None).await;
    socket.send_anyway(bytes).await;
    assert_eq!(socket.closed().await, Some(code), "{:?}", bytes.get(..bytes.len().min(16)));
}

#[tokio::test]
async fn foreign_pages_are_refused_before_the_upgrade() {
    let app = App::with("[server]\nhosts = [\"dash.example\"]\n").await;
    let own = format!("http://{}", app.address);
    let opened = async |host: Option<&str>, origin: Option<&str>| {
        let mut request = handshake(Some("watchglass.v1"));
        if let Some(host) = host {
            request = request.header("host", host);
        }
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        within("an answer", request.open(app.address)).await.status
    };
    assert_eq!(opened(None, None).await, 101);
    assert_eq!(opened(None, Some(&own)).await, 101);
    assert_eq!(opened(Some("dash.example"), Some("https://dash.example")).await, 101);
    for origin in ["http://evil.example", "null", "http://127.0.0.1", &format!("{own}0")] {
        assert_eq!(opened(None, Some(origin)).await, 403, "{origin}");
    }
    for host in ["evil.example", "127.0.0.1.evil.example", "192.0.2.1", ""] {
        assert_eq!(opened(Some(host), None).await, 403, "{host}");
    }
    assert_eq!(opened(Some("evil.example"), Some("http://evil.example")).await, 403);
    assert_eq!(app.figure("watchglass_web_refused_requests_total").await, 9.0);
}

#[tokio::test]
async fn compression_is_not_negotiated() {
    let app = App::start().await;
    let offer = "permessage-deflate; client_max_window_bits";
    let request = handshake(Some("watchglass.v1")).header("sec-websocket-extensions", offer);
    let stream = within("a handshake", request.open(app.address)).await;
    assert_eq!((stream.status, stream.header("sec-websocket-extensions")), (101, None));
    // A frame that is compressed all the same has a reserved bit.
    check(&app, &masked(0xc1, b"{}"), 1002).await;
}

#[tokio::test]
async fn frames_beyond_the_limits_end_the_connection() {
    let app = App::start().await;
    check(&app, &masked(0x81, &vec![b' '; 16_385]), 1009).await;
    // An announcement alone is enough: 1 TiB, and 2^63 - 1.
    check(&app, &[0x82, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4], 1009).await;
    check(&app, &[0x82, 0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255, 1, 2, 3, 4], 1009).await;
    let fragments: Vec<u8> = (0..65).flat_map(|at| masked(u8::from(at == 0), b"x")).collect();
    check(&app, &fragments, 1009).await;
    let halves = [masked(0x01, &[b' '; 9000]), masked(0x80, &[b' '; 9000])].concat();
    check(&app, &halves, 1009).await;
    check(&app, &[0x81, 2, b'{', b'}'], 1002).await;
    check(&app, &masked(0x89, &[0; 126]), 1002).await;
    check(&app, &masked(0x09, b""), 1002).await;
    check(&app, &masked(0x83, b""), 1002).await;
    check(&app, &masked(0x80, b"more of nothing"), 1002).await;
    check(&app, &masked(0x81, &[0xff, 0xfe]), 1007).await;
    check(&app, &masked(0x82, b"{}"), 1003).await;
    // One of exactly the limit is read.
    let mut viewer = Viewer::open(&app, Codec::Json).await;
    viewer.socket.say(&format!("{:<16384}", r#"{"ping":1}"#)).await;
    viewer.until("a pong", |reader| !reader.all("pong").is_empty()).await;
    let halves = [masked(0x01, br#"{"pi"#), masked(0x89, b"amid"), masked(0x80, br#"ng":1}"#)];
    viewer.socket.send(&halves.concat()).await;
    viewer.until("a pong", |reader| reader.all("pong").len() == 2).await;
}

#[tokio::test]
async fn floods_end_the_connection() {
    let app = App::start().await;
    // The clock stands still, so the burst is all there is.
    let messages = masked(0x81, br#"{"ping":1}"#);
    check(&app, &messages.repeat(61), 1008).await;
    check(&app, &masked(0x89, b"").repeat(21), 1008).await;
    let mut viewer = Viewer::open(&app, Codec::Json).await;
    viewer.socket.send(&messages.repeat(60)).await;
    viewer.until("all pongs", |reader| reader.all("pong").len() == 60).await;
    app.step(watchglass::model::Span(1000)).await;
    viewer.socket.send(&messages.repeat(20)).await;
    viewer.until("more pongs", |reader| reader.all("pong").len() == 80).await;
}

#[tokio::test]
async fn control_frames_are_answered_in_kind() {
    let app = App::start().await;
    let mut socket = Socket::open(app.address, None).await;
    within("a welcome", socket.next()).await;
    socket.send(&masked(0x89, b"are you there")).await;
    assert_eq!(within("a pong", socket.next()).await, Message::Pong(b"are you there".to_vec()));
    socket.send(&masked(0x88, &1000_u16.to_be_bytes())).await;
    assert_eq!(socket.closed().await, Some(1000));
}

#[tokio::test]
async fn subscriptions_by_the_hundred_are_bounded() {
    let app = App::with("[live]\nchannels_max = 10\n").await;
    let mut viewer = Viewer::open(&app, Codec::Json).await;
    for id in 0..15 {
        viewer.say(&json!({ "sub": { "id": id, "query": format!("a{id}") } })).await;
    }
    viewer
        .until("the last answer", |reader| {
            reader.all("subscribed").len() + reader.all("end").len() == 15
        })
        .await;
    let ends = viewer.reader.all("end");
    assert_eq!(ends.len(), 5);
    assert!(ends[0]["text"].as_str().unwrap().contains("live.channels_max = 10"), "{}", ends[0]);
}

#[tokio::test]
async fn a_head_that_never_ends_is_let_go() {
    let app = App::start().await;
    let mut connection = TcpStream::connect(app.address).await.unwrap();
    connection.write_all(b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n").await.unwrap();
    let stream = crate::support::Stream::read_head(connection);
    assert_eq!(within("a timeout", stream).await.status, 408);
}
