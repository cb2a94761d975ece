//! What one socket worker holds of the live core: a slot a viewer and the last frames of each
//! group. All of it belongs to one thread, so there is no lock; the hub's messages come over one
//! channel.
//!
//! A viewer that does not read costs its slot and nothing else: frames are shared, and what it
//! misses is told in one piece when it reads again.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Waker;

use bytes::Bytes;
use hashbrown::{HashMap, HashSet};
use tokio::sync::{mpsc, oneshot};

use crate::live::{Command, GroupId, Outgoing, SessionId, WorkerId};
use crate::model::{Clock, Span, Timestamp};

/// Frames of a group that a viewer may be behind before it is told the difference in one piece.
const RECENT_MAX: usize = 16;
/// Bytes of a viewer's own that may wait before more is added; beyond it the viewer is let go. The
/// hub answers with less at once, so only who asks and does not read meets it.
const PRIVATE_MAX: usize = 256 * 1024;
/// Viewers that are woken before the worker looks after its other connections.
const WAKES_AT_ONCE: usize = 500;
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
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    slots: HashMap<SessionId, Slot>,
    groups: HashMap<GroupId, Recent>,
}

#[derive(Default)]
struct Recent {
    frames: VecDeque<(u64, Bytes)>,
    members: HashSet<SessionId>,
}

/// One viewer on this worker.
struct Slot {
    /// Bytes of its own, in order, before what its group has.
    private: VecDeque<Bytes>,
    private_bytes: usize,
    group: Option<GroupId>,
    /// The last frame of the group that it has.
    number: u64,
    /// It was asked to be told what it missed.
    catching_up: bool,
    ended: bool,
    waker: Option<Waker>,
    /// Where the answer of a held poll goes.
    answer: Option<oneshot::Sender<(Bytes, u64)>>,
    /// Silence is judged on a WebSocket alone, where pings are answered.
    silence: Option<Silence>,
}

/// How long a WebSocket viewer has been silent.
struct Silence {
    heard: Timestamp,
    /// It was pinged since.
    asked: bool,
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

impl Worker {
    pub(crate) fn new(
        id: WorkerId,
        commands: mpsc::Sender<Command>,
        sessions: Arc<AtomicU64>,
        clock: Arc<dyn Clock>,
    ) -> Rc<Self> {
        Rc::new(Self { id, commands, sessions, clock, state: RefCell::default() })
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

    /// Asks silent viewers and lets go those that stay silent, each second.
    pub(crate) async fn sweep(self: Rc<Self>) {
        loop {
            let now = self.clock.now();
            self.clock.wait_until(now + Span(1000)).await;
            let now = self.clock.now();
            let mut gone = Vec::new();
            for (id, slot) in &mut self.state.borrow_mut().slots {
                let Some(silence) = &mut slot.silence else { continue };
                let silent = now - silence.heard;
                if silent >= GONE_AFTER {
                    gone.push(*id);
                } else if silent >= ASK_AFTER && !silence.asked {
                    silence.asked = true;
                    slot.push(PING);
                }
            }
            for id in gone {
                self.end(id, Some(1001));
            }
        }
    }

    /// A number for a new session.
    pub(crate) fn new_session(&self) -> SessionId {
        self.sessions.fetch_add(1, Ordering::Relaxed)
    }

    /// Makes the slot of a session.
    pub(crate) fn open(&self, session: SessionId, answers_pings: bool) {
        let slot = Slot {
            private: VecDeque::new(),
            private_bytes: 0,
            group: None,
            number: 0,
            catching_up: false,
            ended: false,
            waker: None,
            answer: None,
            silence: answers_pings.then(|| Silence { heard: self.clock.now(), asked: false }),
        };
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

    /// Ends a session after what waits for it, with a WebSocket close frame where there is one.
    pub(crate) fn end(&self, session: SessionId, close: Option<u16>) {
        let mut state = self.state.borrow_mut();
        let Some(slot) = state.slots.get_mut(&session) else { return };
        if slot.ended {
            return;
        }
        if let Some(code) = close.filter(|_| slot.silence.is_some()) {
            let [high, low] = code.to_be_bytes();
            slot.push(Bytes::copy_from_slice(&[0x88, 2, high, low]));
        }
        slot.ended = true;
        slot.wake();
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
        self.open(session, false);
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
        if let Some(bytes) = slot.private.pop_front() {
            slot.private_bytes -= bytes.len();
            return Next::Send(bytes);
        }
        if slot.ended {
            return Next::End;
        }
        if let Some(recent) = slot.group.and_then(|group| groups.get(&group))
            && !slot.catching_up
        {
            match recent.after(slot.number) {
                Some(Ok(bytes)) => {
                    slot.number += 1;
                    return Next::Send(bytes.clone());
                }
                Some(Err(())) => {
                    slot.catching_up = true;
                    let number = slot.number;
                    let told = self.commands.try_send(Command::CatchUp { session, number });
                    // Not told: asked again when the next frame wakes this viewer.
                    slot.catching_up = told.is_ok();
                }
                None => {}
            }
        }
        if !slot.waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
            slot.waker = Some(waker.clone());
        }
        Next::Wait
    }

    async fn group_frame(&self, group: GroupId, number: u64, bytes: Bytes) {
        let members: Vec<SessionId> = {
            let mut state = self.state.borrow_mut();
            let Some(recent) = state.groups.get_mut(&group) else { return };
            recent.push(number, bytes);
            recent.members.iter().copied().collect()
        };
        for some in members.chunks(WAKES_AT_ONCE) {
            {
                let state = self.state.borrow();
                for slot in some.iter().filter_map(|session| state.slots.get(session)) {
                    slot.wake();
                }
            }
            if members.len() > WAKES_AT_ONCE {
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
        slot.wake();
    }

    /// Answers a poll that is held; `false` when none is.
    fn answer(&self, session: SessionId, bytes: Bytes, number: u64) -> bool {
        let mut state = self.state.borrow_mut();
        let slot = state.slots.get_mut(&session);
        let Some(answer) = slot.and_then(|slot| slot.answer.take()) else { return false };
        // The poll may have gone; then the answer is asked for again by its number.
        let _ = answer.send((bytes, number));
        true
    }
}

impl Recent {
    fn push(&mut self, number: u64, bytes: Bytes) {
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

impl Slot {
    fn push(&mut self, bytes: Bytes) {
        // What waits is compared, not what comes: one long answer alone is no reason to end.
        if self.private_bytes > PRIVATE_MAX {
            self.ended = true;
        } else {
            self.private_bytes += bytes.len();
            self.private.push_back(bytes);
        }
        self.wake();
    }

    fn wake(&self) {
        if let Some(waker) = &self.waker {
            waker.wake_by_ref();
        }
    }

    /// Moves the group's frames that the viewer lacks in front of what comes next.
    fn take_outstanding(&mut self, groups: &HashMap<GroupId, Recent>) {
        let Some(recent) = self.group.and_then(|group| groups.get(&group)) else { return };
        while !self.catching_up
            && let Some(Ok(bytes)) = recent.after(self.number)
        {
            self.number += 1;
            self.private_bytes += bytes.len();
            self.private.push_back(bytes.clone());
        }
    }
}

fn leave(groups: &mut HashMap<GroupId, Recent>, group: Option<GroupId>, session: SessionId) {
    let Some(group) = group else { return };
    if let Some(recent) = groups.get_mut(&group) {
        recent.members.remove(&session);
        if recent.members.is_empty() {
            groups.remove(&group);
        }
    }
}
