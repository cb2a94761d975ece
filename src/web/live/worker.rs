//! What one socket worker holds of the live core: a slot a viewer and the last frames of each
//! group. All of it belongs to one thread, so there is no lock; the hub's messages come over one
//! channel.
//!
//! A viewer that does not read costs its slot and nothing else: frames are shared, and what it
//! misses is told in one piece when it reads again.

use std::cell::RefCell;
use std::net::TcpStream;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Waker;

use bytes::Bytes;
use hashbrown::HashMap;
use tokio::sync::{mpsc, oneshot};

use crate::live::{Command, GroupId, Outgoing, SessionId, WorkerId};
use crate::model::{Clock, Span, Timestamp};

use super::sent::Sent;
use super::slot::{Groups, Next, Silence, Slot};

/// Viewers that are sent a frame before the worker looks after its other connections.
const VIEWERS_AT_ONCE: usize = 500;
/// Messages that may wait for a worker.
pub(crate) const OUTGOING_MAX: usize = 8192;
/// Nothing heard from a viewer for this long: it is asked (a ping).
const ASK_AFTER: Span = Span(15_000);
/// Nothing heard for this long: it is gone.
const GONE_AFTER: Span = Span(30_000);

/// An empty ping frame.
const PING: Bytes = Bytes::from_static(&[0x89, 0]);

/// One worker's part of the live core.
pub(crate) struct Worker {
    id: WorkerId,
    commands: mpsc::Sender<Command>,
    sessions: Arc<AtomicU64>,
    pub(crate) clock: Arc<dyn Clock>,
    sent: Arc<Sent>,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    slots: HashMap<SessionId, Slot>,
    groups: Groups,
}

impl Worker {
    pub(crate) fn new(
        id: WorkerId,
        commands: mpsc::Sender<Command>,
        sessions: Arc<AtomicU64>,
        clock: Arc<dyn Clock>,
        sent: Arc<Sent>,
    ) -> Rc<Self> {
        Rc::new(Self { id, commands, sessions, clock, sent, state: RefCell::default() })
    }

    pub(crate) fn id(&self) -> WorkerId {
        self.id
    }

    /// Takes the hub's messages until there are no more.
    pub(crate) async fn listen(self: Rc<Self>, mut outgoing: mpsc::Receiver<Outgoing>) {
        while let Some(outgoing) = outgoing.recv().await {
            match outgoing {
                Outgoing::Frames(frames) => {
                    for (group, number, bytes) in frames {
                        self.group_frame(group, number, bytes).await;
                    }
                }
                Outgoing::Private(session, bytes) => self.private(session, bytes),
                Outgoing::Join(session, group, number) => self.join(session, group, number),
                Outgoing::Answer(session, bytes, number) => {
                    self.answer(session, bytes, number);
                }
                Outgoing::End(session, bytes) => {
                    // A poll that is held is answered; the session has no other stream to end.
                    if !self.answer(session, bytes.clone(), 0) {
                        self.private(session, bytes);
                        self.end(session, Some(1012));
                    }
                }
            }
        }
    }

    /// Each second: lets bodies ask whether their viewers have all, asks silent viewers, and lets
    /// go those that stay silent.
    pub(crate) async fn sweep(self: Rc<Self>) {
        loop {
            let now = self.clock.now();
            self.clock.wait_until(now + Span(1000)).await;
            let now = self.clock.now();
            let mut gone = Vec::new();
            let mut state = self.state.borrow_mut();
            let State { slots, groups } = &mut *state;
            for (id, slot) in slots {
                slot.allow_ask();
                let Some(silence) = &mut slot.silence else { continue };
                let silent = now - silence.heard;
                if silent >= GONE_AFTER {
                    gone.push(*id);
                } else if silent >= ASK_AFTER && !silence.asked {
                    silence.asked = true;
                    slot.push(PING);
                    slot.send(groups, &self.commands);
                }
            }
            drop(state);
            for id in gone {
                self.end(id, Some(1001));
            }
        }
    }

    /// A number for a new session.
    pub(crate) fn new_session(&self) -> SessionId {
        self.sessions.fetch_add(1, Ordering::Relaxed)
    }

    /// Makes the slot of a session without a WebSocket.
    pub(crate) fn open(&self, session: SessionId) {
        self.state
            .borrow_mut()
            .slots
            .insert(session, Slot::new(session, None, None, Arc::clone(&self.sent)));
    }

    /// Makes the slot of a session on a WebSocket, with its socket where that can be written.
    pub(crate) fn open_socket(&self, session: SessionId, socket: Option<TcpStream>) {
        let silence = Silence { heard: self.clock.now(), asked: false };
        let slot = Slot::new(session, Some(silence), socket, Arc::clone(&self.sent));
        self.state.borrow_mut().slots.insert(session, slot);
    }

    /// Tells the hub something; `false` when it is overloaded or gone.
    pub(crate) fn tell(&self, command: Command) -> bool {
        self.commands.try_send(command).is_ok()
    }

    /// Something came from the viewer.
    pub(crate) fn heard(&self, session: SessionId, now: Timestamp) {
        if let Some(slot) = self.state.borrow_mut().slots.get_mut(&session) {
            slot.silence = Some(Silence { heard: now, asked: false });
        }
    }

    /// A pong came from the viewer.
    pub(crate) fn pong(&self, session: SessionId, content: &[u8]) {
        let mut state = self.state.borrow_mut();
        let State { slots, groups } = &mut *state;
        if let Some(slot) = slots.get_mut(&session) {
            slot.answered(content, groups, &self.commands);
        }
    }

    /// Sends a viewer bytes of its own: frames of the WebSocket itself.
    pub(crate) fn send(&self, session: SessionId, bytes: Bytes) {
        let mut state = self.state.borrow_mut();
        let State { slots, groups } = &mut *state;
        if let Some(slot) = slots.get_mut(&session) {
            slot.push(bytes);
            slot.send(groups, &self.commands);
        }
    }

    /// The HTTP layer was given bytes for the viewer by somebody else.
    pub(crate) fn handed(&self, session: SessionId) {
        if let Some(slot) = self.state.borrow_mut().slots.get_mut(&session) {
            slot.handed();
        }
    }

    /// Ends a session after what waits for it, with a WebSocket close frame where there is one.
    pub(crate) fn end(&self, session: SessionId, close: Option<u16>) {
        let mut state = self.state.borrow_mut();
        let State { slots, groups } = &mut *state;
        let Some(slot) = slots.get_mut(&session) else { return };
        if slot.ended {
            return;
        }
        if let Some(code) = close.filter(|_| slot.silence.is_some()) {
            let [high, low] = code.to_be_bytes();
            slot.push(Bytes::copy_from_slice(&[0x88, 2, high, low]));
        }
        slot.ended = true;
        slot.send(groups, &self.commands);
    }

    /// Takes the slot of a session whose connection is no more, and tells the hub.
    pub(crate) fn close(&self, session: SessionId) {
        self.forget(session);
        if !self.tell(Command::Close(session)) {
            log::debug!("the hub is gone or overloaded; a session is left to expire");
        }
    }

    /// Takes the slot of a session that goes on elsewhere: a poll between its requests.
    pub(crate) fn forget(&self, session: SessionId) {
        let mut state = self.state.borrow_mut();
        if let Some(slot) = state.slots.remove(&session) {
            leave(&mut state.groups, slot.group, session);
        }
    }

    /// The answer of a poll, when it comes.
    pub(crate) fn hold(&self, session: SessionId) -> oneshot::Receiver<(Bytes, u64)> {
        let (sender, receiver) = oneshot::channel();
        self.open(session);
        if let Some(slot) = self.state.borrow_mut().slots.get_mut(&session) {
            slot.answer = Some(sender);
        }
        receiver
    }

    /// What the body of a session sends next.
    pub(crate) fn next(&self, session: SessionId, waker: &Waker) -> Next {
        let mut state = self.state.borrow_mut();
        let State { slots, groups } = &mut *state;
        let Some(slot) = slots.get_mut(&session) else { return Next::End };
        slot.next(groups, &self.commands, waker)
    }

    async fn group_frame(&self, group: GroupId, number: u64, bytes: Bytes) {
        let members: Vec<SessionId> = {
            let mut state = self.state.borrow_mut();
            let Some(recent) = state.groups.get_mut(&group) else { return };
            recent.push(number, bytes);
            recent.members.iter().copied().collect()
        };
        for some in members.chunks(VIEWERS_AT_ONCE) {
            {
                let mut state = self.state.borrow_mut();
                let State { slots, groups } = &mut *state;
                for session in some {
                    if let Some(slot) = slots.get_mut(session) {
                        slot.send(groups, &self.commands);
                    }
                }
            }
            if members.len() > VIEWERS_AT_ONCE {
                tokio::task::yield_now().await;
            }
        }
    }

    fn private(&self, session: SessionId, bytes: Bytes) {
        let mut state = self.state.borrow_mut();
        let State { slots, groups } = &mut *state;
        let Some(slot) = slots.get_mut(&session) else { return };
        slot.take_outstanding(groups);
        slot.push(bytes);
        slot.send(groups, &self.commands);
    }

    fn join(&self, session: SessionId, group: GroupId, number: u64) {
        let mut state = self.state.borrow_mut();
        let State { slots, groups } = &mut *state;
        let Some(slot) = slots.get_mut(&session) else { return };
        if slot.group != Some(group) {
            slot.take_outstanding(groups);
            leave(groups, slot.group, session);
        }
        (slot.group, slot.number, slot.catching_up) = (Some(group), number, false);
        groups.entry(group).or_default().members.insert(session);
        slot.send(groups, &self.commands);
    }

    /// Answers a poll that is held; `false` when none is.
    fn answer(&self, session: SessionId, bytes: Bytes, number: u64) -> bool {
        let mut state = self.state.borrow_mut();
        let slot = state.slots.get_mut(&session);
        let Some(answer) = slot.and_then(|slot| slot.answer.take()) else { return false };
        self.sent.count(bytes.len());
        // The poll may have gone; then the answer is asked for again by its number.
        let _ = answer.send((bytes, number));
        true
    }
}

fn leave(groups: &mut Groups, group: Option<GroupId>, session: SessionId) {
    let Some(group) = group else { return };
    if let Some(recent) = groups.get_mut(&group) {
        recent.members.remove(&session);
        if recent.members.is_empty() {
            groups.remove(&group);
        }
    }
}
