//! The same frames where WebSocket does not get through: server-sent events and long poll, with
//! commands by POST, and the windows that are fetched over plain HTTP.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY,
};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use hashbrown::HashMap;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::live::{Carrier, Command, MESSAGE_BYTES_MAX, SessionId, Snapshot};
use crate::model::Principal;
use crate::web::Error;

use super::body::LiveBody;
use super::worker::Worker;

/// What is said of a key that names no session.
const OVER: Error = Error::Gone("this session is over; begin a new one");
/// Client frames that one request may bring.
const COMMANDS_MAX: usize = 16;

/// The keys of sessions that have no socket: who has the key may speak for the session.
#[derive(Default)]
pub(crate) struct Keys {
    // Held for one look-up; the sessions behind it are bounded by connections.
    sessions: Mutex<HashMap<String, SessionId>>,
}

/// The most sessions without a socket.
const KEYS_MAX: usize = 20_000;

impl Keys {
    fn make(&self, session: SessionId) -> String {
        let key = crate::live::random_name();
        let mut sessions = self.sessions.lock();
        if sessions.len() >= KEYS_MAX {
            // The oldest sessions have the smallest numbers; their keys have long been of no use.
            let oldest = sessions.values().copied().min().unwrap_or_default() + KEYS_MAX as u64 / 2;
            sessions.retain(|_, session| *session > oldest);
        }
        sessions.insert(key.clone(), session);
        key
    }

    fn find(&self, key: &str) -> Option<SessionId> {
        self.sessions.lock().get(key).copied()
    }

    fn forget(&self, key: &str) {
        self.sessions.lock().remove(key);
    }
}

/// Answers `GET /live/events`.
pub(crate) async fn events(
    request: HttpRequest,
    worker: web::ThinData<Rc<Worker>>,
    keys: web::Data<Keys>,
) -> Result<HttpResponse, Error> {
    let worker = Rc::clone(&worker.0);
    let commands = commands(&request)?;
    let session = worker.new_session();
    let key = keys.make(session);
    let resume = request.headers().get("last-event-id").and_then(|value| value.to_str().ok());
    let resume = resume.map(str::to_owned);
    worker.open(session);
    let body = LiveBody::new(Rc::clone(&worker), session, None);
    let body = Keyed { body, keys: keys.clone(), key: key.clone() };
    open(&worker, session, Carrier::Events, Some(key), resume, commands)?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/event-stream"))
        .insert_header((CACHE_CONTROL, "no-store"))
        // A proxy must not collect events.
        .insert_header(("x-accel-buffering", "no"))
        .body(BoxBody::new(body)))
}

/// A stream whose key ends with it.
struct Keyed {
    body: LiveBody,
    keys: web::Data<Keys>,
    key: String,
}

impl MessageBody for Keyed {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}

impl Drop for Keyed {
    fn drop(&mut self) {
        self.keys.forget(&self.key);
    }
}

fn open(
    worker: &Worker,
    session: SessionId,
    carrier: Carrier,
    key: Option<String>,
    resume: Option<String>,
    commands: Vec<String>,
) -> Result<(), Error> {
    let (principal, id) = (Principal::Anonymous, worker.id());
    let opened =
        worker.tell(Command::Open { session, worker: id, carrier, principal, key, resume });
    let told = commands.into_iter().all(|text| worker.tell(Command::Text { session, text }));
    if opened && told { Ok(()) } else { Err(overloaded()) }
}

fn overloaded() -> Error {
    Error::Overloaded("the live core has too many commands waiting".to_owned())
}

/// The client frames in the address: every `cmd`.
fn commands(request: &HttpRequest) -> Result<Vec<String>, Error> {
    let query = web::Query::<Vec<(String, String)>>::from_query(request.query_string())
        .map_err(|error| Error::BadRequest(format!("cannot read the address: {error}")))?;
    let commands: Vec<String> = query
        .into_inner()
        .into_iter()
        .filter(|(name, _)| name == "cmd")
        .map(|(_, text)| text)
        .collect();
    if commands.len() > COMMANDS_MAX || commands.iter().any(|text| text.len() > MESSAGE_BYTES_MAX) {
        return Err(Error::BadRequest(format!(
            "a request brings at most {COMMANDS_MAX} commands of {MESSAGE_BYTES_MAX} bytes"
        )));
    }
    Ok(commands)
}

/// What a poll names beside its commands.
#[derive(serde::Deserialize)]
pub(crate) struct PollQuery {
    session: Option<String>,
    after: Option<u64>,
}

/// Answers `GET /live/poll`.
pub(crate) async fn poll(
    request: HttpRequest,
    query: web::Query<PollQuery>,
    worker: web::ThinData<Rc<Worker>>,
    keys: web::Data<Keys>,
) -> Result<HttpResponse, Error> {
    let worker = Rc::clone(&worker.0);
    let commands = commands(&request)?;
    let session = if let Some(key) = &query.session {
        keys.find(key).ok_or(OVER)?
    } else {
        let session = worker.new_session();
        open(&worker, session, Carrier::Poll, Some(keys.make(session)), None, commands)?;
        session
    };
    let held = Held {
        answer: Some(worker.hold(session)),
        worker: Rc::clone(&worker),
        session,
        answered: false,
    };
    let (id, after) = (worker.id(), query.after);
    if !worker.tell(Command::Poll { session, worker: id, after }) {
        return Err(overloaded());
    }
    let Some((bytes, number)) = held.wait().await else {
        if let Some(key) = &query.session {
            keys.forget(key);
        }
        return Err(OVER);
    };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/x-ndjson"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header(("watchglass-position", number.to_string()))
        .body(bytes))
}

/// A poll while it is held; dropped early, the hub learns that nobody waits.
struct Held {
    answer: Option<oneshot::Receiver<(Bytes, u64)>>,
    worker: Rc<Worker>,
    session: SessionId,
    answered: bool,
}

impl Held {
    async fn wait(mut self) -> Option<(Bytes, u64)> {
        let answer = self.answer.take()?;
        // The hub answers within 25 s; a session that it does not know is never answered.
        let answer = tokio::time::timeout(std::time::Duration::from_secs(30), answer).await;
        let answer = answer.ok().and_then(Result::ok);
        self.answered = answer.is_some();
        answer
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.worker.forget(self.session);
        if !self.answered && !self.worker.tell(Command::PollGone(self.session)) {
            log::debug!("the hub is gone or overloaded; a poll session is left to expire");
        }
    }
}

/// The session that a command speaks for.
#[derive(serde::Deserialize)]
pub(crate) struct CommandQuery {
    session: String,
}

/// Answers `POST /live/command`.
pub(crate) async fn command(
    query: web::Query<CommandQuery>,
    body: Bytes,
    worker: web::ThinData<Rc<Worker>>,
    keys: web::Data<Keys>,
) -> Result<HttpResponse, Error> {
    let session = keys.find(&query.session).ok_or(OVER)?;
    if body.len() > MESSAGE_BYTES_MAX {
        return Err(Error::TooLarge(format!("a command has at most {MESSAGE_BYTES_MAX} bytes")));
    }
    let text = String::from_utf8(body.to_vec())
        .map_err(|_| Error::BadRequest("a command is UTF-8 text".to_owned()))?;
    if worker.tell(Command::Text { session, text }) {
        Ok(HttpResponse::NoContent().finish())
    } else {
        Err(overloaded())
    }
}

/// Answers `GET /live/snapshot/{name}`.
pub(crate) async fn snapshot(
    request: HttpRequest,
    name: web::Path<String>,
    worker: web::ThinData<Rc<Worker>>,
) -> Result<HttpResponse, Error> {
    let (reply, answer) = oneshot::channel();
    if !worker.tell(Command::Snapshot { name: name.into_inner(), reply }) {
        return Err(overloaded());
    }
    let snapshot = answer.await.ok().flatten().ok_or(Error::NotFound("there is no such window"))?;
    let accepts = request.headers().get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let gzip = accepts.is_some_and(|accepts| accepts.contains("gzip"));
    let content_type = if snapshot.json { "application/json" } else { "application/octet-stream" };
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_TYPE, content_type))
        .insert_header((CACHE_CONTROL, "private, no-store"))
        .insert_header((VARY, "accept-encoding"));
    if !gzip {
        return Ok(response.body(snapshot.bytes.clone()));
    }
    let bytes = web::block(move || compressed(&snapshot))
        .await
        .map_err(|_| Error::Overloaded("no thread to compress the window on".to_owned()))?;
    // Set by hand, so that no middleware compresses it again.
    Ok(response.insert_header((CONTENT_ENCODING, "gzip")).body(bytes))
}

/// The window in gzip, made once for all who fetch it.
fn compressed(snapshot: &Snapshot) -> Bytes {
    let compress = || {
        use std::io::Write;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        let written = encoder.write_all(&snapshot.bytes).and_then(|()| encoder.finish());
        written.expect("writing to memory cannot fail").into()
    };
    snapshot.gzip.get_or_init(compress).clone()
}
