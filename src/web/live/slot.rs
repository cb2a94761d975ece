//! One viewer on a socket worker: what waits for it, and the way its bytes go.
//!
//! Bytes go through the body of the response, which the HTTP layer copies into a buffer of its own
//! and writes when it is polled; or straight to the socket, at less than half the cost. Two writers
//! on one socket must never mix, so straight writing begins only once the layer's buffer is known
//! to be empty: now and then, when nothing waits, the body gives a numbered ping, and its pong says
//! that the viewer has everything before it. When the layer was given nothing since that ping, it
//! has nothing left. What the system does not take of a straight write goes through the layer
//! again, which waits until the socket can be written.

use std::collections::VecDeque;
use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::task::Waker;

use bytes::Bytes;
use hashbrown::{HashMap, HashSet};
use tokio::sync::{mpsc, oneshot};

use crate::live::{Command, GroupId, SessionId};
use crate::model::Timestamp;
use crate::web::server::WRITE_BUFFER_BYTES;

use super::sent::Sent;

/// Frames of a group that a viewer may be behind before it is told the difference in one piece.
const RECENT_MAX: usize = 16;
/// Bytes of a viewer's own that may wait before more is added; beyond it the viewer is let go. The
/// hub answers with less at once, so only who asks and does not read meets it.
const PRIVATE_MAX: usize = 256 * 1024;

/// The last frames of a group, and who is in it on this worker.
#[derive(Default)]
pub(super) struct Recent {
    frames: VecDeque<(u64, Bytes)>,
    pub(super) members: HashSet<SessionId>,
}

impl Recent {
    pub(super) fn push(&mut self, number: u64, bytes: Bytes) {
        // After a frame that was dropped on the way nobody may take the next one for it.
        if self.frames.back().is_some_and(|(last, _)| *last + 1 != number) {
            self.frames.clear();
        }
        self.frames.push_back((number, bytes));
        if self.frames.len() > RECENT_MAX {
            self.frames.pop_front();
        }
    }

    /// The frame after `number`; an error when it is no longer here.
    fn after(&self, number: u64) -> Option<Result<&Bytes, ()>> {
        let (first, _) = self.frames.front()?;
        let (last, _) = self.frames.back()?;
        if number >= *last {
            return None;
        }
        let at = (number + 1).checked_sub(*first).and_then(|at| self.frames.get(at as usize));
        Some(at.map(|(_, bytes)| bytes).ok_or(()))
    }
}

/// The groups of a worker.
pub(super) type Groups = HashMap<GroupId, Recent>;

/// The way a viewer's bytes go.
enum Way {
    /// Through the HTTP layer, in which there may be some still.
    Layer,
    /// Through the HTTP layer, which was given a numbered ping and, while `quiet`, nothing since.
    Asked { number: u32, quiet: bool },
    /// Straight to the socket: the HTTP layer has nothing.
    Straight,
}

/// How long a WebSocket viewer has been silent.
pub(super) struct Silence {
    pub(super) heard: Timestamp,
    /// It was pinged since.
    pub(super) asked: bool,
}

/// What a body does next.
pub(crate) enum Next {
    /// It sends these bytes.
    Send(Bytes),
    /// It waits to be woken.
    Wait,
    /// It ends.
    End,
}

/// One viewer.
pub(super) struct Slot {
    session: SessionId,
    /// What is left of bytes that have begun to be sent.
    rest: Bytes,
    /// Bytes of its own, in order, before what its group has.
    private: VecDeque<Bytes>,
    private_bytes: usize,
    pub(super) group: Option<GroupId>,
    /// The last frame of the group that it has.
    pub(super) number: u64,
    /// It was asked to be told what it missed.
    pub(super) catching_up: bool,
    pub(super) ended: bool,
    waker: Option<Waker>,
    /// Where the answer of a held poll goes.
    pub(super) answer: Option<oneshot::Sender<(Bytes, u64)>>,
    /// Silence is judged on a WebSocket alone, where pings are answered.
    pub(super) silence: Option<Silence>,
    /// The socket of a WebSocket, a second descriptor of it; it never waits.
    socket: Option<TcpStream>,
    sent: Arc<Sent>,
    way: Way,
    /// A numbered ping may be sent: once a second at most, since a viewer may send only so many
    /// pongs.
    may_ask: bool,
    pings: u32,
}

impl Slot {
    pub(super) fn new(
        session: SessionId,
        silence: Option<Silence>,
        socket: Option<TcpStream>,
        sent: Arc<Sent>,
    ) -> Self {
        Self {
            session,
            rest: Bytes::new(),
            private: VecDeque::new(),
            private_bytes: 0,
            group: None,
            number: 0,
            catching_up: false,
            ended: false,
            waker: None,
            answer: None,
            silence,
            socket,
            sent,
            way: Way::Layer,
            may_ask: false,
            pings: 0,
        }
    }

    /// Puts bytes of the viewer's own behind those that wait.
    pub(super) fn push(&mut self, bytes: Bytes) {
        // What waits is compared, not what comes: one long answer alone is no reason to end.
        if self.private_bytes > PRIVATE_MAX {
            self.ended = true;
        } else {
            self.private_bytes += bytes.len();
            self.private.push_back(bytes);
        }
    }

    /// Sends what waits, or has the body send it.
    pub(super) fn send(&mut self, groups: &Groups, commands: &mpsc::Sender<Command>) {
        if matches!(self.way, Way::Straight) {
            self.write(groups, commands);
        }
        // A body that has nothing to send is woken to end, and not otherwise.
        if !matches!(self.way, Way::Straight) || self.ended {
            self.wake();
        }
    }

    fn write(&mut self, groups: &Groups, commands: &mpsc::Sender<Command>) {
        while let Some(mut bytes) = self.take(groups, commands) {
            // A socket that breaks is noticed by the HTTP layer, which reads from it.
            let written = self
                .socket
                .as_ref()
                .map_or(0, |mut socket| socket.write(&bytes).unwrap_or_default());
            if written < bytes.len() {
                self.rest = bytes.split_off(written);
                self.way = Way::Layer;
                return;
            }
        }
    }

    /// What the body sends next. `waker` is kept when there is nothing.
    pub(super) fn next(
        &mut self,
        groups: &Groups,
        commands: &mpsc::Sender<Command>,
        waker: &Waker,
    ) -> Next {
        if !matches!(self.way, Way::Straight) {
            if self.rest.is_empty() {
                self.rest = self.take(groups, commands).unwrap_or_default();
            }
            if !self.rest.is_empty() {
                self.handed();
                let piece = self.rest.len().min(WRITE_BUFFER_BYTES);
                return Next::Send(self.rest.split_to(piece));
            }
        }
        if self.ended {
            return Next::End;
        }
        if let Some(ping) = self.ask() {
            return Next::Send(ping);
        }
        if !self.waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
            self.waker = Some(waker.clone());
        }
        Next::Wait
    }

    /// Something was given to the HTTP layer.
    pub(super) fn handed(&mut self) {
        match &mut self.way {
            Way::Layer => {}
            Way::Asked { quiet, .. } => *quiet = false,
            Way::Straight => self.way = Way::Layer,
        }
    }

    /// Allows one numbered ping, where its pong is of use and none is awaited.
    pub(super) fn allow_ask(&mut self) {
        if matches!(self.way, Way::Layer) && self.socket.is_some() {
            self.may_ask = true;
            self.wake();
        }
    }

    /// A ping with a number, when one is allowed.
    fn ask(&mut self) -> Option<Bytes> {
        if !std::mem::take(&mut self.may_ask) {
            return None;
        }
        self.pings += 1;
        self.way = Way::Asked { number: self.pings, quiet: true };
        let [a, b, c, d] = self.pings.to_be_bytes();
        Some(Bytes::copy_from_slice(&[0x89, 4, a, b, c, d]))
    }

    /// A pong came with this content.
    pub(super) fn answered(
        &mut self,
        content: &[u8],
        groups: &Groups,
        commands: &mpsc::Sender<Command>,
    ) {
        let Way::Asked { number, quiet } = self.way else { return };
        if content != number.to_be_bytes() {
            return;
        }
        self.way = if quiet { Way::Straight } else { Way::Layer };
        self.send(groups, commands);
    }

    /// The next bytes for the viewer, counted as sent.
    fn take(&mut self, groups: &Groups, commands: &mpsc::Sender<Command>) -> Option<Bytes> {
        let bytes = self.take_private().or_else(|| self.take_shared(groups, commands))?;
        self.sent.count(bytes.len());
        Some(bytes)
    }

    fn take_private(&mut self) -> Option<Bytes> {
        let bytes = self.private.pop_front()?;
        self.private_bytes -= bytes.len();
        if self.private.is_empty() {
            // The first frames of a board are many, and then there are none for hours.
            self.private = VecDeque::new();
        }
        Some(bytes)
    }

    fn take_shared(&mut self, groups: &Groups, commands: &mpsc::Sender<Command>) -> Option<Bytes> {
        if self.ended || self.catching_up {
            return None;
        }
        if let Ok(bytes) = groups.get(&self.group?)?.after(self.number)? {
            self.number += 1;
            return Some(bytes.clone());
        }
        let catch_up = Command::CatchUp { session: self.session, number: self.number };
        // Not told: asked again when the next frame comes.
        self.catching_up = commands.try_send(catch_up).is_ok();
        None
    }

    /// Moves the group's frames that the viewer lacks in front of what comes next.
    pub(super) fn take_outstanding(&mut self, groups: &Groups) {
        let Some(recent) = self.group.and_then(|group| groups.get(&group)) else { return };
        while !self.catching_up
            && let Some(Ok(bytes)) = recent.after(self.number)
        {
            self.number += 1;
            self.private_bytes += bytes.len();
            self.private.push_back(bytes.clone());
        }
    }

    fn wake(&self) {
        if let Some(waker) = &self.waker {
            waker.wake_by_ref();
        }
    }
}

#[cfg(test)]
mod tests;
