//! What every test needs: a service to talk to, and clients that speak HTTP, WebSocket and frames.

mod app;
mod http;
mod reader;
mod socket;
mod viewer;

use std::time::Duration;

pub(crate) use app::{App, NOW};
pub(crate) use http::{Answer, Request, Stream};
pub(crate) use reader::{Codec, Known, Reader};
pub(crate) use socket::{Message, Socket, handshake, masked};
pub(crate) use viewer::{Viewer, values};

/// The longest that anything may take before a test gives up; nothing waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for something that must happen; `what` says what when it does not.
pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    let result = tokio::time::timeout(PATIENCE, future).await;
    result.unwrap_or_else(|_| panic!("did not happen within {PATIENCE:?}: {what}"))
}
