//! Somebody who watches: a WebSocket, a reader of frames, and the windows fetched over HTTP.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde_json::{Value, json};

use super::app::App;
use super::http::Request;
use super::reader::{Codec, Reader};
use super::socket::{Message, Socket, masked};
use super::within;

/// One viewer.
pub(crate) struct Viewer {
    address: SocketAddr,
    pub(crate) socket: Socket,
    pub(crate) reader: Reader,
    /// How the connection has ended: a close message.
    pub(crate) closed: Option<Message>,
}

impl Viewer {
    /// A viewer who has heard its welcome.
    pub(crate) async fn open(app: &App, codec: Codec) -> Self {
        let protocol = match codec {
            Codec::Json => "watchglass.v1.json",
            Codec::Binary => "watchglass.v1",
        };
        let socket = Socket::open(app.address, Some(protocol)).await;
        Self::over(app, socket, codec).await
    }

    /// The same over a socket that is open already.
    pub(crate) async fn over(app: &App, socket: Socket, codec: Codec) -> Self {
        let (address, reader) = (app.address, Reader::new(codec));
        let mut viewer = Self { address, socket, reader, closed: None };
        viewer.until("a welcome", |reader| !reader.heard.is_empty()).await;
        assert!(viewer.reader.heard[0].get("welcome").is_some(), "{:?}", viewer.reader.heard);
        viewer
    }

    /// A viewer of one query, with its window.
    pub(crate) async fn of(app: &App, codec: Codec, query: &str) -> Self {
        let mut viewer = Self::open(app, codec).await;
        viewer.watch(1, query).await;
        viewer
    }

    pub(crate) async fn say(&mut self, frame: &Value) {
        self.socket.say(&frame.to_string()).await;
    }

    /// Subscribes to a query and waits for its window.
    pub(crate) async fn watch(&mut self, id: u32, query: &str) {
        self.say(&json!({ "sub": { "id": id, "query": query, "window": "1m" } })).await;
        self.until("a window", |reader| reader.whole(id).is_some()).await;
    }

    /// Reads one message.
    pub(crate) async fn hear(&mut self) {
        match self.socket.next().await {
            Message::Text(bytes) | Message::Binary(bytes) => self.reader.take(&bytes),
            // As browsers do without being told.
            Message::Ping => self.socket.send(&masked(0x8a, b"")).await,
            Message::Pong(_) => {}
            close @ Message::Close(_) => self.closed = Some(close),
        }
        for path in std::mem::take(&mut self.reader.wanted) {
            let answer = within("a window", Request::get(&path).send(self.address)).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
            self.reader.take_snapshot(&answer.body);
        }
    }

    /// Reads until something is so.
    pub(crate) async fn until(&mut self, what: &str, holds: impl Fn(&Reader) -> bool) {
        let reading = async {
            while !holds(&self.reader) {
                assert_eq!(self.closed, None, "closed before {what}");
                self.hear().await;
            }
        };
        within(what, reading).await;
    }

    /// Reads until the final column of this time, in milliseconds, is there.
    pub(crate) async fn until_column(&mut self, id: u32, ms: i64) {
        let there = |reader: &Reader| {
            reader.whole(id).is_some_and(|known| known.newest() >= ms.div_euclid(known.step_ms))
        };
        self.until("the column", there).await;
    }

    /// The newest final column of a subscription.
    pub(crate) fn latest(&self, id: u32) -> BTreeMap<String, f64> {
        self.reader.whole(id).expect("a window").latest()
    }
}

/// What a query gives in the newest final column, by series.
pub(crate) async fn values(app: &App, query: &str) -> BTreeMap<String, f64> {
    Viewer::of(app, Codec::Json, query).await.latest(1)
}
