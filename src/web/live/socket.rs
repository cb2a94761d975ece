//! `/live`: the WebSocket. The handshake and the inbound frames are actix-ws's, behind the length
//! gate; what goes out has a body of its own.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_web::body::BoxBody;
use actix_web::error::PayloadError;
use actix_web::http::header::{HeaderMap, SEC_WEBSOCKET_PROTOCOL};
use actix_web::{FromRequest, HttpRequest, HttpResponse, dev, web};
use actix_ws::{AggregatedMessage, MessageStream, ProtocolError};
use bytes::Bytes;
use futures_core::Stream;

use crate::live::{Carrier, Command, MESSAGE_BYTES_MAX, SessionId};
use crate::model::Principal;
use crate::web::Error;

use super::body::LiveBody;
use super::gate::{Gate, GateError};
use super::straight;
use super::worker::Worker;

/// The subprotocol with binary frames.
const PROTOCOL_BINARY: &str = "watchglass.v1";
/// The subprotocol with JSON frames.
const PROTOCOL_JSON: &str = "watchglass.v1.json";

/// Answers `GET /live`.
pub(crate) async fn socket(
    request: HttpRequest,
    payload: web::Payload,
    worker: web::ThinData<Rc<Worker>>,
) -> Result<HttpResponse, Error> {
    let carrier = carrier(request.headers())?;
    let worker = Rc::clone(&worker.0);
    let session = worker.new_session();
    let refused = Rc::new(Cell::new(None));
    let gated = Gated {
        inner: payload.into_inner(),
        gate: Gate::default(),
        refused: Rc::clone(&refused),
        worker: Rc::clone(&worker),
        session,
    };
    let gated: Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>> = Box::pin(gated);
    let mut gated = dev::Payload::Stream { payload: gated };
    let payload = web::Payload::from_request(&request, &mut gated)
        .await
        .map_err(|error| Error::BadRequest(format!("cannot read the request: {error}")))?;
    let protocols = [PROTOCOL_BINARY, PROTOCOL_JSON];
    let (response, control, messages) =
        actix_ws::handle_with_protocols(&request, payload, &protocols)
            .map_err(|error| Error::BadRequest(format!("no WebSocket handshake: {error}")))?;
    worker.open_socket(session, straight::socket(&request));
    let open = Command::Open {
        session,
        worker: worker.id(),
        carrier,
        principal: Principal::Anonymous,
        key: None,
        resume: None,
    };
    if !worker.tell(open) {
        worker.forget(session);
        return Err(Error::Overloaded("the live core has too many commands waiting".to_owned()));
    }
    let body = Rc::clone(&worker);
    let response =
        response.map_body(|_, inner| BoxBody::new(LiveBody::new(body, session, Some(inner))));
    actix_web::rt::spawn(listen(worker, session, control, messages, refused));
    Ok(response)
}

/// The carrier that the client asks for: the first subprotocol in its list that we speak.
fn carrier(headers: &HeaderMap) -> Result<Carrier, Error> {
    let mut offered = headers
        .get_all(SEC_WEBSOCKET_PROTOCOL)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .peekable();
    if offered.peek().is_none() {
        return Ok(Carrier::SocketText);
    }
    let known = |protocol| match protocol {
        PROTOCOL_BINARY => Some(Carrier::SocketBinary),
        PROTOCOL_JSON => Some(Carrier::SocketText),
        _ => None,
    };
    offered.find_map(known).ok_or_else(|| {
        Error::BadRequest(format!(
            "none of the subprotocols is spoken here; there are `{PROTOCOL_BINARY}` and `{PROTOCOL_JSON}`"
        ))
    })
}

/// Hands what the viewer says to the hub until the viewer is gone.
async fn listen(
    worker: Rc<Worker>,
    session: SessionId,
    // Without it the inbound stream ends.
    _control: actix_ws::Session,
    messages: MessageStream,
    refused: Rc<Cell<Option<GateError>>>,
) {
    let messages = messages.max_frame_size(MESSAGE_BYTES_MAX);
    let mut messages = messages.aggregate_continuations().max_continuation_size(MESSAGE_BYTES_MAX);
    let code = loop {
        match messages.recv().await {
            Some(Ok(AggregatedMessage::Text(text))) => {
                let text = text.to_string();
                if !worker.tell(Command::Text { session, text }) {
                    break Some(1013);
                }
            }
            Some(Ok(AggregatedMessage::Ping(content))) => worker.send(session, pong(&content)),
            Some(Ok(AggregatedMessage::Pong(content))) => worker.pong(session, &content),
            // Commands are text in every codec.
            Some(Ok(AggregatedMessage::Binary(_))) => break Some(1003),
            Some(Ok(AggregatedMessage::Close(reason))) => {
                break Some(reason.map_or(1000, |reason| reason.code.into()));
            }
            Some(Err(error)) => break Some(code_of(&error, refused.get())),
            None => break refused.get().map(GateError::code),
        }
    };
    worker.end(session, code.or(Some(1000)));
}

/// The frame that answers a ping: its content, of 125 bytes at most as the gate holds.
fn pong(content: &[u8]) -> Bytes {
    [&[0x8a, content.len() as u8], content].concat().into()
}

fn code_of(error: &ProtocolError, refused: Option<GateError>) -> u16 {
    if let Some(refused) = refused {
        return refused.code();
    }
    match error {
        ProtocolError::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => 1007,
        ProtocolError::Overflow => 1009,
        _ => 1002,
    }
}

/// The connection's bytes on their way to the WebSocket parser.
struct Gated {
    inner: dev::Payload,
    gate: Gate,
    refused: Rc<Cell<Option<GateError>>>,
    worker: Rc<Worker>,
    session: SessionId,
}

impl Stream for Gated {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.refused.get().is_some() {
            return Poll::Ready(None);
        }
        let bytes = match ready!(Pin::new(&mut self.inner).poll_next(context)) {
            Some(Ok(bytes)) => bytes,
            other => return Poll::Ready(other),
        };
        let now = self.worker.clock.now();
        self.worker.heard(self.session, now);
        if let Err(error) = self.gate.feed(&bytes, now) {
            self.refused.set(Some(error));
            let error =
                std::io::Error::new(std::io::ErrorKind::InvalidInput, "refused by the gate");
            return Poll::Ready(Some(Err(PayloadError::Io(error))));
        }
        Poll::Ready(Some(Ok(bytes)))
    }
}
