//! Where WebSocket does not get through: the same frames as server-sent events and by long poll,
//! with commands by POST.

use serde_json::{Value, json};
use watchglass::model::Span;

use crate::support::{Answer, App, Codec, NOW, Reader, Request, Stream, Viewer, within};

/// The address of a transport with client frames in it.
fn address(path: &str, commands: &[Value]) -> String {
    let encoded = |command: &Value| {
        let text = command.to_string();
        let plain = |byte: u8| byte.is_ascii_alphanumeric();
        let byte =
            |byte| if plain(byte) { char::from(byte).into() } else { format!("%{byte:02x}") };
        format!("cmd={}", text.bytes().map(byte).collect::<String>())
    };
    format!("{path}?{}", commands.iter().map(encoded).collect::<Vec<_>>().join("&"))
}

fn orders() -> Value {
    json!({ "sub": { "id": 1, "query": "orders", "window": "1m" } })
}

/// Fetches the windows that a reader wants.
async fn fetch(app: &App, reader: &mut Reader) {
    for path in std::mem::take(&mut reader.wanted) {
        let answer = app.get(&path).await;
        assert_eq!(answer.status, 200, "{path}");
        reader.take_snapshot(&answer.body);
    }
}

/// Somebody who listens to events.
struct Listener {
    stream: Stream,
    buffer: String,
    reader: Reader,
    id: Option<String>,
}

impl Listener {
    async fn open(app: &App, commands: &[Value], last: Option<&str>) -> Self {
        let mut request = Request::get(&address("/live/events", commands));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let stream = within("events", request.open(app.address)).await;
        assert_eq!(stream.status, 200);
        assert_eq!(stream.header("content-type"), Some("text/event-stream"));
        assert_eq!(stream.header("cache-control"), Some("no-store"));
        assert_eq!(stream.header("x-accel-buffering"), Some("no"));
        assert_eq!(stream.header("content-encoding"), None);
        Self { stream, buffer: String::new(), reader: Reader::new(Codec::Json), id: None }
    }

    async fn until(&mut self, app: &App, what: &str, holds: impl Fn(&Reader) -> bool) {
        let reading = async {
            while !holds(&self.reader) {
                let piece = self.stream.piece().await.unwrap_or_else(|| panic!("ended: {what}"));
                self.buffer += std::str::from_utf8(&piece).unwrap();
                while let Some(end) = self.buffer.find("\n\n") {
                    let event: String = self.buffer.drain(..end + 2).collect();
                    for line in event.trim_end().lines() {
                        match line.split_once(": ").unwrap() {
                            ("id", id) => self.id = Some(id.to_owned()),
                            ("data", frame) => self.reader.take(frame.as_bytes()),
                            other => panic!("{other:?}"),
                        }
                    }
                }
                fetch(app, &mut self.reader).await;
            }
        };
        within(what, reading).await;
    }
}

fn has(ms: i64) -> impl Fn(&Reader) -> bool {
    move |reader| reader.whole(1).is_some_and(|known| known.newest() >= ms / 1000)
}

#[tokio::test]
async fn events_carry_the_same_frames() {
    let app = App::start().await;
    let mut socket = Viewer::of(&app, Codec::Binary, "orders").await;
    let mut events = Listener::open(&app, &[orders()], None).await;
    events.until(&app, "a window", |reader| reader.whole(1).is_some()).await;
    for round in 1..=3 {
        app.push(&format!("orders {round}")).await;
        app.step(Span(1000)).await;
    }
    socket.until_column(1, NOW.0 + 2000).await;
    events.until(&app, "the same column", has(NOW.0 + 2000)).await;
    let (one, other) = (socket.reader.whole(1).unwrap(), events.reader.whole(1).unwrap());
    assert_eq!(one.latest(), other.latest());
    assert_eq!(one.seq, other.seq);

    // Commands go by their own way, with the key of the welcome.
    let key = events.reader.all("welcome")[0]["session"].as_str().unwrap().to_owned();
    let path = format!("/live/command?session={key}");
    assert_eq!(app.post(&path, r#"{"ping":1}"#).await.status, 204);
    events.until(&app, "a pong", |reader| !reader.all("pong").is_empty()).await;
    assert_eq!(app.post(&path, r#"{"dance":1}"#).await.status, 204);
    events.until(&app, "a notice", |reader| !reader.all("notice").is_empty()).await;
    assert_eq!(app.post(&path, &" ".repeat(16_385)).await.status, 413);
    assert_eq!(app.post("/live/command?session=00", r#"{"ping":1}"#).await.status, 410);
    assert_eq!(app.post("/live/command", r#"{"ping":1}"#).await.status, 400);
    let foreign = Request::post(&path, r#"{"ping":1}"#).header("origin", "http://evil.example");
    assert_eq!(app.ask(foreign).await.status, 403);
}

#[tokio::test]
async fn events_go_on_after_the_last_one_that_came() {
    let app = App::start().await;
    // Somebody else watches the same, so that the position is still known.
    let mut other = Listener::open(&app, &[orders()], None).await;
    let mut first = Listener::open(&app, &[orders()], None).await;
    for listener in [&mut other, &mut first] {
        listener.until(&app, "a window", |reader| reader.whole(1).is_some()).await;
    }
    app.push("orders 1").await;
    app.step(Span(1100)).await;
    first.until(&app, "a column", has(NOW.0)).await;
    let (last, channel) = (first.id.clone().unwrap(), first.reader.channels_of(1).unwrap()[0]);
    let known = first.reader.channels.remove(&channel).unwrap();
    drop(first);
    for round in 2..=5 {
        app.push(&format!("orders {round}")).await;
        app.step(Span(1000)).await;
    }
    let mut again = Listener::open(&app, &[orders()], Some(&last)).await;
    again.reader.channels.insert(channel, known);
    again.until(&app, "what was missed", has(NOW.0 + 5000)).await;
    assert_eq!((again.reader.batches, again.reader.all("at").len()), (1, 0));
    other.until(&app, "the same column", has(NOW.0 + 5000)).await;
    let (one, two) = (again.reader.whole(1).unwrap(), other.reader.whole(1).unwrap());
    assert!(!one.hole && one.seq == two.seq && one.latest() == two.latest());

    // A position that means nothing leads to a window.
    let mut stray = Listener::open(&app, &[orders()], Some("nonsense.1.1")).await;
    stray.until(&app, "a window", |reader| reader.whole(1).is_some()).await;
    assert_eq!(stray.reader.all("at").len(), 1);
}

/// Somebody who polls.
struct Poller {
    key: String,
    position: String,
    reader: Reader,
}

impl Poller {
    async fn open(app: &App) -> Self {
        let answer = app.get(&address("/live/poll", &[orders()])).await;
        let mut reader = Reader::new(Codec::Json);
        let position = take(&mut reader, &answer);
        let key = reader.all("welcome")[0]["session"].as_str().unwrap().to_owned();
        Self { key, position, reader }
    }

    async fn ask(&self, app: &App) -> Answer {
        app.get(&format!("/live/poll?session={}&after={}", self.key, self.position)).await
    }

    async fn until(&mut self, app: &App, what: &str, holds: impl Fn(&Reader) -> bool) {
        let polling = async {
            fetch(app, &mut self.reader).await;
            while !holds(&self.reader) {
                let answer = self.ask(app).await;
                self.position = take(&mut self.reader, &answer);
                fetch(app, &mut self.reader).await;
            }
        };
        within(what, polling).await;
    }
}

fn take(reader: &mut Reader, answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    reader.take(&answer.body);
    answer.header("watchglass-position").unwrap().to_owned()
}

#[tokio::test]
async fn polls_are_answered_with_what_is_new() {
    let app = App::start().await;
    let mut poller = Poller::open(&app).await;
    poller.until(&app, "a window", |reader| reader.whole(1).is_some()).await;
    for round in 1..=3 {
        app.push(&format!("orders {round}")).await;
        app.step(Span(1000)).await;
    }
    poller.until(&app, "the column", has(NOW.0 + 2000)).await;
    assert_eq!(poller.reader.whole(1).unwrap().latest()["orders"], 3.0);

    // An answer that was lost is asked for again by the position before it.
    app.push("orders 4").await;
    app.step(Span(1000)).await;
    let before = poller.reader.whole(1).unwrap().seq;
    let lost = poller.ask(&app).await;
    assert_eq!(lost.status, 200);
    app.step(Span(1000)).await;
    poller.until(&app, "what was lost", has(NOW.0 + 4000)).await;
    let known = poller.reader.whole(1).unwrap();
    assert!(!known.hole && known.seq > before);
    assert_eq!(known.named(&known.column(NOW.0 / 1000 + 3))["orders"], 4.0);

    let path = format!("/live/command?session={}", poller.key);
    assert_eq!(app.post(&path, r#"{"ping":1}"#).await.status, 204);
    poller.until(&app, "a pong", |reader| !reader.all("pong").is_empty()).await;
}

#[tokio::test]
async fn a_poll_without_news_is_held_and_then_answered_with_a_beat() {
    let app = App::start().await;
    let opened = app.get("/live/poll").await;
    let mut reader = Reader::new(Codec::Json);
    let position = take(&mut reader, &opened);
    let key = reader.all("welcome")[0]["session"].as_str().unwrap().to_owned();
    let path = format!("/live/poll?session={key}&after={position}");
    let mut poll = std::pin::pin!(app.get(&path));
    // Stepped for as long as it is held: the service may have begun to hold it late.
    let answer = loop {
        tokio::select! {
            answer = &mut poll => break answer,
            () = app.step(Span(1000)) => {}
        }
    };
    take(&mut reader, &answer);
    let beat = reader.all("beat")[0]["time"].as_i64().unwrap();
    assert!((NOW.0 + 25_000..=app.now().0).contains(&beat), "{beat}");

    assert_eq!(app.get("/live/poll?session=0123").await.status, 410);
    assert_eq!(app.get("/live/poll?session=").await.status, 410);
    assert_eq!(app.get("/live/poll?after=x").await.status, 400);
    // Who asks no more for long enough is forgotten.
    app.step(Span(45_000)).await;
    assert_eq!(app.figure("watchglass_live_sessions").await, 0.0);
}
