//! The live transports: WebSocket, server-sent events, long poll. They move bytes between sockets
//! and the live core and decide nothing.

mod body;
mod fallback;
mod gate;
mod sent;
mod slot;
mod socket;
pub(super) mod straight;
mod worker;

use actix_web::web;
use tokio::sync::mpsc;

use crate::live::{Outgoing, Outlet};

pub(super) use fallback::Keys;
pub use gate::{Gate, GateError};
pub(crate) use sent::Sent;
pub(super) use straight::Descriptors;
pub(crate) use worker::{OUTGOING_MAX, Worker};

/// The hub's way to one worker.
pub(crate) struct WorkerOutlet(pub(crate) mpsc::Sender<Outgoing>);

impl Outlet for WorkerOutlet {
    fn send(&self, outgoing: Outgoing) -> Result<(), Outgoing> {
        self.0.try_send(outgoing).map_err(mpsc::error::TrySendError::into_inner)
    }
}

/// Adds the live routes.
pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/live", web::get().to(socket::socket))
        .route("/live/events", web::get().to(fallback::events))
        .route("/live/poll", web::get().to(fallback::poll))
        .route("/live/command", web::post().to(fallback::command))
        .route("/live/snapshot/{name}", web::get().to(fallback::snapshot));
}
