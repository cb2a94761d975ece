//! Live queries: evaluated once a tick, encoded once, handed to every viewer.
//!
//! The [`Hub`] is a state machine without sockets, threads or clocks: it is told commands, results
//! and the time, and gives jobs and messages. [`run`] drives it: one task owns it, a few threads
//! evaluate, and each socket worker has one channel on which it is told frames. A slow viewer is a
//! position behind the head of a shared log; it costs nobody anything.

mod board;
mod carrier;
mod channel;
mod channels;
mod command;
mod frame;
mod group;
mod hub;
mod job;
mod options;
mod pace;
mod page;
mod past;
mod piece;
mod poll;
mod session;
mod snapshot;
mod subscribe;
#[cfg(test)]
mod tests;
mod values;
mod watched;

use std::sync::Arc;

use tokio::sync::mpsc;

pub use board::{BoardSpec, Boards, COLUMNS_MAX, PanelSpec, QuerySpan, step_for};
pub use carrier::Carrier;
pub use command::{ClientFrame, Position, RANGE_BOUNDS, Subscribe};
pub use frame::{Codec, encode_tick};
pub use group::GroupId;
pub use hub::{Command, Counters, Hub, Outgoing};
pub use job::{Done, Evaluators, Job};
pub use options::Options;
pub use page::{Page, PageAsk, PageWindow};
pub use past::Past;
pub use session::{SessionId, WorkerId};
pub use snapshot::Snapshot;
pub use values::{ValueError, decode as decode_values};

use crate::model::{Clock, Follow, Timestamp};
use crate::query::Limits;

/// The most bytes of one client frame.
pub const MESSAGE_BYTES_MAX: usize = 16 * 1024;
/// Commands that may wait for the hub; a worker that meets the bound drops the connection it
/// serves.
pub const COMMANDS_MAX: usize = 16_384;

/// Where the hub's messages for one worker go.
pub trait Outlet: Send {
    /// Hands one message over without waiting.
    ///
    /// # Errors
    /// Gives the message back when the worker cannot take it now. Frames of a group may be dropped
    /// then: the worker notices the hole and asks to catch up.
    fn send(&self, outgoing: Outgoing) -> Result<(), Outgoing>;
}

/// What the hub's task needs beside the hub.
pub struct Surroundings {
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// What queries read.
    pub data: Arc<dyn Follow>,
    /// What one evaluation may use.
    pub limits: Limits,
    /// One outlet a worker, by its number.
    pub outlets: Vec<Box<dyn Outlet>>,
}

/// Drives the hub until the commands' senders are gone.
///
/// # Errors
/// When the evaluator threads cannot be started.
pub async fn run(
    mut hub: Hub,
    mut commands: mpsc::Receiver<Command>,
    around: Surroundings,
) -> std::io::Result<()> {
    let (finished, mut results) = mpsc::unbounded_channel::<Done>();
    let evaluators = Evaluators::start(
        hub.options.evaluators,
        &around.data,
        &around.limits,
        (hub.options.series_max, hub.options.window_samples_max),
        // The receiver lives as long as this task; a failure means the process is ending.
        move |done| drop(finished.send(done)),
    )?;
    let clock = around.clock;
    let mut wake_at = Timestamp::MIN;
    loop {
        tokio::select! {
            biased;
            () = clock.wait_until(wake_at) => {
                hub.timer(clock.now());
                wake_at = hub.wake_at(clock.now());
            }
            Some(done) = results.recv() => hub.done(done, clock.now()),
            command = commands.recv() => match command {
                Some(command) => hub.command(command, clock.now()),
                None => return Ok(()),
            },
        }
        evaluators.submit(hub.take_jobs());
        for (worker, outgoing) in hub.take_outgoing() {
            let Some(outlet) = around.outlets.get(worker) else { continue };
            if let Err(outgoing) = outlet.send(outgoing) {
                log::warn!("a socket worker does not keep up worker={worker}");
                hub.undelivered(&outgoing, clock.now());
            }
        }
    }
}

/// A name of 128 random bits, in hexadecimal: what cannot be guessed.
pub(crate) fn random_name() -> String {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    bytes.iter().fold(String::with_capacity(32), |mut name, byte| {
        use std::fmt::Write;
        write!(name, "{byte:02x}").expect("writing to memory cannot fail");
        name
    })
}
