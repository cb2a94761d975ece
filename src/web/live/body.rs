//! The body of a live response: the same shared bytes for every viewer of a group.
//!
//! On a WebSocket it stands around the body that actix-ws made, because replacing that one would
//! end the inbound stream. That one has nothing to say: pongs and close frames are the worker's.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use bytes::Bytes;

use crate::live::SessionId;

use super::slot::Next;
use super::worker::Worker;

/// What a live response sends.
pub(crate) struct LiveBody {
    worker: Rc<Worker>,
    session: SessionId,
    inner: Option<Pin<Box<BoxBody>>>,
}

impl LiveBody {
    /// A body for a session; `inner` is what the WebSocket layer sends by itself.
    pub(crate) fn new(worker: Rc<Worker>, session: SessionId, inner: Option<BoxBody>) -> Self {
        Self { worker, session, inner: inner.map(Box::pin) }
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
        if let Some(inner) = &mut self.inner {
            match inner.as_mut().poll_next(context) {
                Poll::Ready(Some(bytes)) => {
                    self.worker.handed(self.session);
                    return Poll::Ready(Some(bytes));
                }
                // It ends with the task that listens; what that task said last is still to be sent.
                Poll::Ready(None) => self.inner = None,
                Poll::Pending => {}
            }
        }
        match self.worker.next(self.session, context.waker()) {
            Next::Send(bytes) => Poll::Ready(Some(Ok(bytes))),
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
