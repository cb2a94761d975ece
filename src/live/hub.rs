//! The hub: one state machine that owns every channel, group and session. It is fed commands,
//! results and the passing of time, and drained of jobs to evaluate and messages to send. It waits
//! for nothing, locks nothing and knows no socket.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use bytes::Bytes;
use hashbrown::HashMap;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::model::{Arrivals, Counter, Principal, Reading, Report, Span, Timestamp};

use super::board::{BoardSpec, Boards};
use super::carrier::Carrier;
use super::channels::Channels;
use super::frame::{self, Codec, TickKind};
use super::group::{Group, GroupId, GroupKey};
use super::job::{Done, Job, Purpose};
use super::options::Options;
use super::page::{PageAsk, PageWait};
use super::piece::Piece;
use super::session::{Place, Session, SessionId, WorkerId};
use super::snapshot::Snapshot;

/// What the hub is told.
pub enum Command {
    /// A viewer has come.
    Open {
        /// Its number.
        session: SessionId,
        /// The worker that holds its connection.
        worker: WorkerId,
        /// The way to it.
        carrier: Carrier,
        /// On whose behalf it asks.
        principal: Principal,
        /// The key under which commands and polls name it; none on WebSocket.
        key: Option<String>,
        /// The position that an event stream was resumed with.
        resume: Option<String>,
    },
    /// A viewer said something: a client frame.
    Text {
        /// Who.
        session: SessionId,
        /// The frame.
        text: String,
    },
    /// A viewer missed frames of its group that its worker no longer has.
    CatchUp {
        /// Who.
        session: SessionId,
        /// The last frame it has.
        number: u64,
    },
    /// A poll is being held for a session.
    Poll {
        /// Who.
        session: SessionId,
        /// The worker that holds the poll.
        worker: WorkerId,
        /// The number of the last answer that the viewer has.
        after: Option<u64>,
    },
    /// The poll ended without an answer.
    PollGone(SessionId),
    /// A viewer has gone.
    Close(SessionId),
    /// Somebody fetches a window.
    Snapshot {
        /// The last part of its path.
        name: String,
        /// Where the answer goes; `None` when there is no such window.
        reply: oneshot::Sender<Option<Arc<Snapshot>>>,
    },
    /// A page is rendered: the windows of a board are wanted.
    Page(PageAsk),
    /// The service ends: every viewer is told to come back.
    Shutdown,
}

/// What a worker is told.
#[derive(Debug)]
pub enum Outgoing {
    /// Frames for groups: each to all of the group's sessions.
    Frames(Vec<(GroupId, u64, Bytes)>),
    /// Bytes for one session.
    Private(SessionId, Bytes),
    /// The session belongs to this group from now on; it has the group's frames up to the number.
    Join(SessionId, GroupId, u64),
    /// The answer to a poll, and its number.
    Answer(SessionId, Bytes, u64),
    /// The session is over; the bytes are its last.
    End(SessionId, Bytes),
}

/// What the live core counts.
#[derive(Debug, Default)]
pub struct Counters {
    evaluations: Counter,
    evaluation_errors: Counter,
    frames: Counter,
    bytes: Counter,
    messages: Counter,
    catch_ups: Counter,
    refused: Counter,
    sessions: AtomicU64,
    channels: AtomicU64,
    lag_us: AtomicU64,
}

/// The state machine.
pub struct Hub {
    pub(crate) options: Options,
    pub(crate) deadline: Span,
    pub(crate) build: String,
    pub(crate) boards: Arc<dyn Boards>,
    arrivals: Arc<dyn Arrivals>,
    appends_seen: u64,
    pub(crate) channels: Channels,
    pub(crate) sessions: HashMap<SessionId, Session>,
    pub(crate) groups: HashMap<GroupKey, Group>,
    pub(crate) group_keys: HashMap<GroupId, GroupKey>,
    next_group: GroupId,
    pub(crate) shown_boards: HashMap<String, Arc<BoardSpec>>,
    /// That of the boards when they were last looked at.
    generation: u64,
    boards_looked_at: Timestamp,
    balanced_at: Timestamp,
    /// Sessions that wait for a window: session, channel, columns.
    pub(crate) waiters: Vec<(SessionId, u32, usize)>,
    pub(crate) pages: Vec<PageWait>,
    pub(crate) outgoing: Vec<(WorkerId, Outgoing)>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) nonce: String,
}

/// The time between beats to a page that is seen, and to one that is hidden.
const BEAT: Span = Span(1000);
const BEAT_HIDDEN: Span = Span(20_000);
const BEAT_SLACK: Span = Span(50);
/// Boards that nobody shows any more are looked for this often: it takes a look at every session.
const BOARDS_LOOK: Span = Span(10_000);

/// The load of all queries is looked at this often.
const BALANCE: Span = Span(1000);

impl Hub {
    /// A hub without viewers. `lookback` and `deadline` are those of queries; `build` is what pages
    /// compare to notice another version.
    pub fn new(
        options: Options,
        (lookback, deadline): (Span, Span),
        build: String,
        boards: Arc<dyn Boards>,
        arrivals: Arc<dyn Arrivals>,
    ) -> Self {
        let nonce = super::random_name();
        let nonce = nonce.get(..8).unwrap_or_default().to_owned();
        Self {
            channels: Channels::new(nonce.clone(), lookback, &options),
            options,
            deadline,
            build,
            boards,
            arrivals,
            appends_seen: 0,
            sessions: HashMap::new(),
            groups: HashMap::new(),
            group_keys: HashMap::new(),
            next_group: 1,
            shown_boards: HashMap::new(),
            generation: 0,
            boards_looked_at: Timestamp::MIN,
            balanced_at: Timestamp::MIN,
            waiters: Vec::new(),
            pages: Vec::new(),
            outgoing: Vec::new(),
            counters: Arc::default(),
            nonce,
        }
    }

    /// The counters, which live as long as anyone reads them.
    pub fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.counters)
    }

    /// When the hub wants to be told the time again.
    pub fn wake_at(&self, now: Timestamp) -> Timestamp {
        let (grace, phase) = (self.options.grace, self.options.push_interval);
        let second = Span(1000);
        let next_second = now.saturating_sub(grace).floor_to(second) + second + grace;
        if self.channels.len() == 0 && self.sessions.is_empty() {
            return next_second;
        }
        let next_phase = now.saturating_sub(grace).floor_to(phase) + phase + grace;
        next_phase.min(next_second)
    }

    /// Time has passed.
    pub fn timer(&mut self, now: Timestamp) {
        self.look_at_arrivals();
        self.refresh_boards(now);
        self.channels.stop_overdue(now, self.deadline);
        if self.balanced_at.saturating_add(BALANCE) <= now {
            self.balanced_at = now;
            self.channels.balance();
        }
        self.channels.dispatch(now, self.options.grace, true);
        self.flush(now);
        self.beat(now);
        self.expire(now);
        self.answer_pages(now);
        self.counters.sessions.store(self.sessions.len() as u64, Relaxed);
        self.counters.channels.store(self.channels.len() as u64, Relaxed);
    }

    /// An evaluation has ended.
    pub fn done(&mut self, done: Done, now: Timestamp) {
        self.counters.evaluations.increment();
        if done.result.is_err() {
            self.counters.evaluation_errors.increment();
        }
        let ticked = !done.slow && matches!(done.purpose, Purpose::Advance | Purpose::Whole);
        let whole = self.channels.done(done, now, self.options.grace);
        if let Some(id) = whole {
            self.window_is_whole(id);
            self.answer_pages(now);
        }
        if self.channels.outstanding == 0 {
            self.flush(now);
        }
        if ticked && self.channels.outstanding == 0 {
            let lag = now - now.saturating_sub(self.options.grace).floor_to(Span(1000));
            self.counters.lag_us.store(lag.0.unsigned_abs() * 1000, Relaxed);
        }
    }

    /// The evaluations that are wanted; each must come back through [`Self::done`].
    pub fn take_jobs(&mut self) -> Vec<Job> {
        std::mem::take(&mut self.channels.jobs)
    }

    /// The messages to send, by worker, in order.
    pub fn take_outgoing(&mut self) -> Vec<(WorkerId, Outgoing)> {
        self.counters.messages.add(self.outgoing.len() as u64);
        std::mem::take(&mut self.outgoing)
    }

    /// A worker could not take a message. Frames are made up for when it asks; a viewer that lost
    /// something of its own is let go, hears nothing more, and comes back.
    pub(crate) fn undelivered(&mut self, outgoing: &Outgoing, now: Timestamp) {
        match outgoing {
            Outgoing::Frames(_) => {}
            Outgoing::Private(session, _)
            | Outgoing::Join(session, _, _)
            | Outgoing::Answer(session, _, _)
            | Outgoing::End(session, _) => self.close(*session, now),
        }
    }

    /// Writes what is new into one frame a group and hands it out.
    pub(crate) fn flush(&mut self, now: Timestamp) {
        let news: Vec<u32> = self
            .channels
            .iter()
            .filter(|(_, watched)| !watched.pieces.is_empty())
            .map(|(id, _)| *id)
            .collect();
        if news.is_empty() && self.groups.values().all(|group| group.own.is_empty()) {
            return;
        }
        let mut frames: HashMap<WorkerId, Vec<(GroupId, u64, Bytes)>> = HashMap::new();
        let keys: Vec<GroupKey> = self.groups.keys().filter(|key| !key.hidden).cloned().collect();
        for key in keys {
            let group = self.groups.get_mut(&key).expect("its key was just read");
            let payload = payload(key.carrier.codec(), group, &self.channels);
            if !payload.is_empty() {
                self.hand_out(&key, payload, now, &mut frames);
            }
        }
        for (worker, frames) in frames {
            self.outgoing.push((worker, Outgoing::Frames(frames)));
        }
        for id in news {
            if let Some(watched) = self.channels.get_mut(id) {
                watched.pieces.clear();
            }
        }
    }

    fn hand_out(
        &mut self,
        key: &GroupKey,
        payload: Vec<u8>,
        now: Timestamp,
        frames: &mut HashMap<WorkerId, Vec<(GroupId, u64, Bytes)>>,
    ) {
        let group = self.groups.get_mut(key).expect("the caller has it");
        let stand = |id: &u32| self.channels.get(*id).map(|watched| (*id, watched.channel.seq()));
        let number = group.mark(group.channels.iter().filter_map(stand).collect());
        group.sent_at = now;
        self.counters.frames.increment();
        self.counters.bytes.add(payload.len() as u64);
        if key.carrier == Carrier::Poll {
            return self.answer_polls(key, &payload);
        }
        let id = position(&self.nonce, group.id, number);
        let bytes = key.carrier.wrap(payload, Some(&id));
        for (worker, count) in &group.members {
            if *count > 0 {
                frames.entry(*worker).or_default().push((group.id, number, bytes.clone()));
            }
        }
    }

    fn look_at_arrivals(&mut self) {
        let appends = self.arrivals.appends();
        if appends != self.appends_seen {
            self.appends_seen = appends;
            let arrivals = self.arrivals.drain();
            self.channels.arrived(&arrivals);
        }
    }

    /// Tells viewers of boards that are others now. Whoever subscribes calls it first: no group may
    /// stay with an older board than the newest that is known here.
    pub(crate) fn refresh_boards(&mut self, now: Timestamp) {
        let generation = self.boards.generation();
        if std::mem::replace(&mut self.generation, generation) == generation {
            return;
        }
        let slugs: Vec<String> = self.shown_boards.keys().cloned().collect();
        for slug in slugs {
            let gone = || Arc::new(BoardSpec::gone(&slug));
            let spec = self.boards.board(&slug).unwrap_or_else(gone);
            if self.shown_boards.get(&slug).is_some_and(|known| known.revision != spec.revision) {
                self.shown_boards.insert(slug.clone(), spec);
                self.board_changed(&slug, now);
            }
        }
    }

    fn beat(&mut self, now: Timestamp) {
        let mut frames: HashMap<WorkerId, Vec<(GroupId, u64, Bytes)>> = HashMap::new();
        let due = |(key, group): &(&GroupKey, &Group)| {
            // A tick of this very phase goes first and makes the beat needless.
            let pause = if key.hidden { BEAT_HIDDEN } else { BEAT + BEAT_SLACK };
            key.carrier != Carrier::Poll && now - group.sent_at >= pause
        };
        let keys: Vec<GroupKey> =
            self.groups.iter().filter(due).map(|(key, _)| key.clone()).collect();
        for key in keys {
            let mut payload = Vec::new();
            frame::plain(key.carrier.codec(), &json!({ "beat": { "time": now.0 } }), &mut payload);
            self.hand_out(&key, payload, now, &mut frames);
        }
        for (worker, frames) in frames {
            self.outgoing.push((worker, Outgoing::Frames(frames)));
        }
    }

    fn expire(&mut self, now: Timestamp) {
        self.channels.retire(now, self.options.keep);
        self.expire_polls(now);
        if now.saturating_sub(BOARDS_LOOK) < self.boards_looked_at {
            return;
        }
        self.boards_looked_at = now;
        let used: hashbrown::HashSet<&str> = self
            .sessions
            .values()
            .flat_map(|session| session.subscriptions.values())
            .filter_map(|subscription| subscription.board.as_ref())
            .map(|board| board.slug.as_str())
            .collect();
        self.shown_boards.retain(|slug, _| used.contains(slug.as_str()));
    }

    pub(crate) fn new_group(&mut self, key: GroupKey, channels: Vec<u32>, now: Timestamp) {
        let id = self.next_group;
        self.next_group += 1;
        let mut group = Group::new(id, channels, now);
        let stand = |id: &u32| self.channels.get(*id).map(|watched| (*id, watched.channel.seq()));
        group.mark(group.channels.iter().filter_map(stand).collect());
        self.group_keys.insert(id, key.clone());
        self.groups.insert(key, group);
    }

    /// The positions behind the opaque text of an event id.
    pub(crate) fn places_at(&self, position: &str) -> Option<Vec<Place>> {
        let mut parts = position.split('.');
        let (nonce, group, number) = (parts.next()?, parts.next()?, parts.next()?);
        if nonce != self.nonce {
            return None;
        }
        let group: GroupId = group.parse().ok()?;
        let key = self.group_keys.get(&group)?;
        let places = self.groups.get(key)?.places(number.parse().ok()?)?;
        Some(self.with_epochs(places))
    }

    pub(crate) fn with_epochs(&self, places: &[(u32, u64)]) -> Vec<Place> {
        let place = |(id, seq): &(u32, u64)| {
            self.channels.get(*id).map(|watched| (*id, watched.channel.epoch.clone(), *seq))
        };
        places.iter().filter_map(place).collect()
    }
}

/// A position in a group's frames as an event id.
pub(crate) fn position(nonce: &str, group: GroupId, number: u64) -> String {
    format!("{nonce}.{group}.{number}")
}

/// The frames of a group: its own, then what its channels have new, blocks of one kind joined into
/// one tick, each channel's pieces in their order.
fn payload(codec: Codec, group: &mut Group, channels: &Channels) -> Vec<u8> {
    let mut out = Vec::new();
    for own in group.own.drain(..) {
        frame::plain(codec, &own, &mut out);
    }
    let mut queues: Vec<&[Piece]> = group
        .channels
        .iter()
        .filter_map(|id| channels.get(*id))
        .map(|watched| watched.pieces.as_slice())
        .collect();
    while let Some(kind) = queues.iter().find_map(|queue| queue.first()).map(|piece| piece.kind) {
        match kind {
            None => take_plain(codec, &mut queues, &mut out),
            Some(kind) => take_blocks(codec, kind, &mut queues, &mut out),
        }
    }
    out
}

fn take_plain(codec: Codec, queues: &mut [&[Piece]], out: &mut Vec<u8>) {
    for queue in queues {
        while let Some((piece, rest)) = queue.split_first()
            && piece.kind.is_none()
        {
            out.extend(piece.bytes(codec));
            *queue = rest;
        }
    }
}

fn take_blocks(codec: Codec, kind: TickKind, queues: &mut [&[Piece]], out: &mut Vec<u8>) {
    let mut blocks: Vec<&[u8]> = Vec::new();
    for queue in queues {
        while let Some((piece, rest)) = queue.split_first()
            && piece.kind == Some(kind)
        {
            blocks.push(piece.bytes(codec));
            *queue = rest;
        }
    }
    frame::tick(codec, kind, &blocks, out);
}

/// The welcome that every session hears first.
pub(crate) fn welcome(hub: &Hub, key: Option<&str>, now: Timestamp) -> Value {
    let mut welcome = json!({
        "time": now.0,
        "beat_ms": BEAT.0,
        "build": hub.build,
        "limits": {
            "subscriptions": hub.options.subscriptions_max,
            "message_bytes": super::MESSAGE_BYTES_MAX,
        },
    });
    if let Some(key) = key {
        welcome["session"] = key.into();
    }
    json!({ "welcome": welcome })
}

impl Counters {
    /// Counts one catch-up of a viewer that fell behind.
    pub(crate) fn caught_up(&self) {
        self.catch_ups.increment();
    }

    /// Counts one refused client frame or subscription.
    pub(crate) fn refuse(&self) {
        self.refused.increment();
    }

    /// How many evaluations were made so far.
    pub fn evaluations(&self) -> u64 {
        self.evaluations.get()
    }
}

impl Report for Counters {
    fn report(&self, out: &mut Vec<Reading>) {
        let counters = [
            (
                "watchglass_query_evaluations_total",
                "Evaluations of live queries",
                &self.evaluations,
            ),
            ("watchglass_query_errors_total", "Evaluations that failed", &self.evaluation_errors),
            ("watchglass_live_frames_total", "Frames encoded, one a group", &self.frames),
            ("watchglass_live_frame_bytes_total", "Bytes of frames encoded", &self.bytes),
            ("watchglass_live_worker_messages_total", "Messages to socket workers", &self.messages),
            (
                "watchglass_live_catch_ups_total",
                "Viewers that fell behind and caught up",
                &self.catch_ups,
            ),
            (
                "watchglass_live_refused_total",
                "Client frames and subscriptions refused",
                &self.refused,
            ),
        ];
        out.extend(
            counters.map(|(name, help, counter)| Reading::counter(name, help, counter.get())),
        );
        let gauges = [
            ("watchglass_live_sessions", "Viewers", self.sessions.load(Relaxed) as f64),
            (
                "watchglass_live_channels",
                "Distinct live queries",
                self.channels.load(Relaxed) as f64,
            ),
            (
                "watchglass_live_tick_lag_seconds",
                "From the time of a column to its frames being handed out",
                self.lag_us.load(Relaxed) as f64 / 1e6,
            ),
        ];
        out.extend(gauges.map(|(name, help, value)| Reading::gauge(name, help, value)));
    }
}
