//! The body of a live response: the same shared bytes for every viewer of a group.
//!
//! On a WebSocket it stands around the body that actix-ws made, because replacing that one would
//! end the inbound stream; what the old body has (pongs, close frames) goes first.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use bytes::Bytes;

use crate::live::SessionId;

use super::worker::{Next, Worker};

/// The most bytes that are handed over at once. The HTTP layer copies what it is given into a
/// buffer that it keeps as large as it ever was; ticks are shorter, a board's first frames are not.
const PIECE_BYTES: usize = 4 * 1024;

/// What a live response sends.
pub(crate) struct LiveBody {
    worker: Rc<Worker>,
    session: SessionId,
    inner: Option<Pin<Box<BoxBody>>>,
    /// What is left of bytes that were too many at once.
    rest: Bytes,
}

impl LiveBody {
    /// A body for a session; `inner` is what the WebSocket layer sends by itself.
    pub(crate) fn new(worker: Rc<Worker>, session: SessionId, inner: Option<BoxBody>) -> Self {
        Self { worker, session, inner: inner.map(Box::pin), rest: Bytes::new() }
    }

    /// The front of `bytes`; what is behind it comes before anything else.
    fn piece(&mut self, mut bytes: Bytes) -> Poll<Option<Result<Bytes, BodyError>>> {
        if bytes.len() > PIECE_BYTES {
            self.rest = bytes.split_off(PIECE_BYTES);
        }
        Poll::Ready(Some(Ok(bytes)))
    }
}

type BodyError = Box<dyn std::error::Error>;

impl MessageBody for LiveBody {
    type Error = BodyError;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        if !self.rest.is_empty() {
            let rest = std::mem::take(&mut self.rest);
            return self.piece(rest);
        }
        if let Some(inner) = &mut self.inner {
            match inner.as_mut().poll_next(context) {
                Poll::Ready(Some(bytes)) => return Poll::Ready(Some(bytes)),
                // It ends with the task that listens; what that task said last is still to be sent.
                Poll::Ready(None) => self.inner = None,
                Poll::Pending => {}
            }
        }
        match self.worker.next(self.session, context.waker()) {
            Next::Send(bytes) => self.piece(bytes),
            Next::Wait => Poll::Pending,
            Next::End => Poll::Ready(None),
        }
    }
}

impl Drop for LiveBody {
    fn drop(&mut self) {
        self.worker.close(self.session);
    }
}
