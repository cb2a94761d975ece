//! What sessions ask for: the hub's answers to client frames, and who belongs to which group.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::model::Timestamp;
use crate::query::{Plan, ValueType};

use super::board::{Asked, BoardSpec};
use super::carrier::Carrier;
use super::command::{ClientFrame, Subscribe};
use super::frame;
use super::group::GroupKey;
use super::hub::{Command, Hub, Outgoing, welcome};
use super::session::{BoardRef, Place, Poll, Session, SessionId, Subscription};

/// The most bytes of batches that one answer tells a session; beyond it windows are fetched.
const BATCHES_MAX: usize = 128 * 1024;

/// Why a subscription did not begin: a code of the `end` frame, and words.
type Refused = (&'static str, String);

/// What a subscription was resolved to.
struct Resolved {
    board: Option<BoardRef>,
    channels: Vec<(u32, usize)>,
}

impl Hub {
    /// Carries out one command.
    pub fn command(&mut self, command: Command, now: Timestamp) {
        match command {
            Command::Text { session, text } => self.text(session, &text, now),
            Command::CatchUp { session, number } => self.catch_up(session, number, now),
            Command::Poll { session, worker, after } => self.poll(session, worker, after, now),
            Command::PollGone(session) => self.poll_gone(session),
            Command::Close(session) => self.close(session, now),
            Command::Page(ask) => self.page(ask, now),
            Command::Shutdown => self.shut_down(),
            Command::Snapshot { name, reply } => {
                let (name, codec) = match name.strip_suffix(".json") {
                    Some(name) => (name, frame::Codec::Json),
                    None => (name.as_str(), frame::Codec::Binary),
                };
                // The asker may have gone; then nobody needs the answer.
                let _ = reply.send(self.snapshot(name, codec));
            }
            Command::Open { session, worker, carrier, principal, key, resume } => {
                let resume = resume.and_then(|position| self.places_at(&position));
                let poll =
                    (carrier == Carrier::Poll).then(|| Poll { heard: now, ..Poll::default() });
                let opened = Session {
                    worker,
                    carrier,
                    principal,
                    subscriptions: BTreeMap::new(),
                    group: None,
                    hidden: None,
                    poll,
                    resume: resume.unwrap_or_default(),
                };
                self.sessions.insert(session, opened);
                let welcome = welcome(self, key.as_deref(), now);
                self.say(session, &[welcome]);
                self.regroup(session, now);
            }
        }
    }

    fn snapshot(
        &mut self,
        name: &str,
        codec: frame::Codec,
    ) -> Option<Arc<super::snapshot::Snapshot>> {
        let id = self.channels.snapshots.channel(name)?;
        self.channels.snapshot(id, name, codec)
    }

    fn text(&mut self, session: SessionId, text: &str, now: Timestamp) {
        if !self.sessions.contains_key(&session) {
            return;
        }
        match ClientFrame::read(text) {
            Ok(ClientFrame::Sub(subscribe)) => self.subscribe(session, &subscribe, now),
            Ok(ClientFrame::Unsub(id)) => self.unsubscribe(session, id, now),
            Ok(ClientFrame::Show(true)) => self.show(session, now),
            Ok(ClientFrame::Show(false)) => self.hide(session, now),
            Ok(ClientFrame::Ping(_)) => self.say(session, &[json!({ "pong": 1 })]),
            Err(text) => {
                self.counters.refuse();
                self.say(session, &[json!({ "notice": { "code": "bad_frame", "text": text } })]);
            }
        }
    }

    fn subscribe(&mut self, session: SessionId, subscribe: &Subscribe, now: Timestamp) {
        // What the group has not been told yet must not come after what this session is told now.
        self.flush(now);
        let resolved = match self.resolve(session, subscribe, now) {
            Ok(resolved) => resolved,
            Err((code, text)) => {
                self.counters.refuse();
                let end = json!({ "end": { "id": subscribe.id, "code": code, "text": text } });
                return self.say(session, &[end]);
            }
        };
        let ids: Vec<u32> = resolved.channels.iter().map(|(id, _)| *id).collect();
        for id in &ids {
            self.channels.count(*id, true, now);
        }
        let mut frames = vec![json!({ "subscribed": { "id": subscribe.id, "channels": ids } })];
        if let Some(board) = &resolved.board {
            frames.extend(self.board_frame(board, now));
        }
        self.say(session, &frames);
        let from = self.starting_places(session, subscribe);
        let mut room = BATCHES_MAX;
        for (id, columns) in distinct(&resolved.channels) {
            let place = from.iter().find(|(channel, _, _)| *channel == id).cloned();
            self.greet(session, (id, columns), place, &mut room);
        }
        let revision = self.revision_of(resolved.board.as_ref());
        let Resolved { board, channels } = resolved;
        let subscription = Subscription { board, channels, revision };
        let Some(state) = self.sessions.get_mut(&session) else { return };
        let old = state.subscriptions.insert(subscribe.id, subscription);
        self.drop_subscription(old, now);
        self.regroup(session, now);
    }

    /// Where the viewer says it stands; of an event stream that named nothing, where its id says.
    fn starting_places(&self, session: SessionId, subscribe: &Subscribe) -> Vec<Place> {
        if subscribe.from.is_empty() {
            return self
                .sessions
                .get(&session)
                .map(|state| state.resume.clone())
                .unwrap_or_default();
        }
        let place = |(id, position): (&u32, &super::command::Position)| {
            (*id, position.epoch.clone(), position.seq)
        };
        subscribe.from.iter().map(place).collect()
    }

    fn resolve(
        &mut self,
        session: SessionId,
        subscribe: &Subscribe,
        now: Timestamp,
    ) -> Result<Resolved, Refused> {
        let state = &self.sessions[&session];
        let max = self.options.subscriptions_max;
        let known = state.subscriptions.contains_key(&subscribe.id);
        if !known && state.subscriptions.len() >= max {
            let text =
                format!("a session has at most live.subscriptions_max = {max} subscriptions");
            return Err(("limit", text));
        }
        let range = subscribe.length();
        if let Some(slug) = &subscribe.board {
            self.refresh_boards(now);
            let unknown = || ("unknown_board", format!("there is no board `{slug}`"));
            let spec = self.boards.board(slug).ok_or_else(unknown)?;
            let (slug, panels) = (slug.clone(), subscribe.panels.clone());
            let board = BoardRef { slug, panels, range };
            let channels = self.watch_board(&spec, &board, now)?;
            self.shown_boards.insert(board.slug.clone(), spec);
            return Ok(Resolved { board: Some(board), channels });
        }
        let text = subscribe.query.as_deref().unwrap_or_default();
        let plan = plan(text)?;
        let channel = self.channels.watch(&plan, range, subscribe.step, now);
        let channel = channel.ok_or_else(|| self.too_many_channels())?;
        Ok(Resolved { board: None, channels: vec![channel] })
    }

    fn too_many_channels(&self) -> Refused {
        let max = self.options.channels_max;
        ("limit", format!("there are live.channels_max = {max} distinct live queries already"))
    }

    fn watch_board(
        &mut self,
        spec: &BoardSpec,
        board: &BoardRef,
        now: Timestamp,
    ) -> Result<Vec<(u32, usize)>, Refused> {
        let mut channels = Vec::new();
        for panel in spec.panels.iter().filter(|panel| board.shows(&panel.id)) {
            for asked in &panel.asked(board.range) {
                let channel = self.channels.watch_asked(asked, now);
                channels.push(channel.ok_or_else(|| self.too_many_channels())?);
            }
        }
        Ok(channels)
    }

    fn board_frame(&mut self, board: &BoardRef, now: Timestamp) -> Option<Value> {
        let spec = Arc::clone(self.shown_boards.get(&board.slug)?);
        let mut panels = Vec::new();
        for panel in spec.panels.iter().filter(|panel| board.shows(&panel.id)) {
            let watch = |asked: &Asked| self.channels.watch_asked(asked, now);
            let asked = panel.asked(board.range);
            let channels: Vec<u32> = asked.iter().map_while(watch).map(|(id, _)| id).collect();
            let (id, document) = (&panel.id, &panel.document);
            panels.push(json!({ "panel": id, "channels": channels, "spec": document }));
        }
        Some(json!({ "board": {
            "slug": board.slug, "revision": spec.revision, "spec": spec.document,
            "panels": panels,
        }}))
    }

    /// The revision of a board as viewers are told it; 0 without a board.
    fn revision_of(&self, board: Option<&BoardRef>) -> u64 {
        let shown = board.and_then(|board| self.shown_boards.get(&board.slug));
        shown.map_or(0, |spec| spec.revision)
    }

    /// Tells a session its boards: `all` of them, or those whose change it has not heard of.
    fn say_boards(&mut self, session: SessionId, all: bool, now: Timestamp) {
        let Some(state) = self.sessions.get(&session) else { return };
        let boards: Vec<(u32, BoardRef, u64)> = state
            .subscriptions
            .iter()
            .filter_map(|(id, one)| Some((*id, one.board.clone()?, one.revision)))
            .collect();
        for (id, board, told) in boards {
            let revision = self.revision_of(Some(&board));
            if !all && told == revision {
                continue;
            }
            let frame: Vec<Value> = self.board_frame(&board, now).into_iter().collect();
            self.say(session, &frame);
            let state = self.sessions.get_mut(&session);
            if let Some(one) = state.and_then(|state| state.subscriptions.get_mut(&id)) {
                one.revision = revision;
            }
        }
    }

    /// Tells a session where a channel stands: a batch after its place, or schema and window.
    /// Batches take from `room`; what does not fit is fetched as a window, which all share.
    fn greet(
        &mut self,
        session: SessionId,
        (id, columns): (u32, usize),
        place: Option<Place>,
        room: &mut usize,
    ) {
        let Some(state) = self.sessions.get_mut(&session) else { return };
        let Some(watched) = self.channels.get(id) else { return };
        let codec = state.carrier.codec();
        if let Some(hidden) = &mut state.hidden {
            hidden.retain(|(channel, _, _)| *channel != id);
            hidden.push((id, watched.channel.epoch.clone(), watched.channel.seq()));
        }
        let known = place.filter(|(_, epoch, _)| watched.ready && *epoch == watched.channel.epoch);
        let write = |seq: u64| {
            let mut payload = Vec::new();
            watched.write_untold(codec, seq, &mut payload);
            watched.channel.batch(seq)?.write(codec, &mut payload);
            Some(payload)
        };
        let batch = known.and_then(|(_, _, seq)| write(seq));
        if let Some(payload) = batch.filter(|batch| batch.len() <= *room) {
            *room -= payload.len();
            let notices = watched.notices();
            self.say_bytes(session, payload);
            if !notices.is_empty() {
                self.say(session, &notices);
            }
        } else if watched.holds(columns) {
            self.say_window(session, id, columns);
        } else {
            self.waiters.push((session, id, columns));
        }
    }

    /// A window has become whole: those who waited for it are told.
    pub(crate) fn window_is_whole(&mut self, id: u32) {
        let waiting = std::mem::take(&mut self.waiters);
        for (session, channel, columns) in waiting {
            if channel == id {
                self.say_window(session, id, columns);
            } else {
                self.waiters.push((session, channel, columns));
            }
        }
    }

    /// Tells a session the table and the window of a channel, and what there is to know of it.
    fn say_window(&mut self, session: SessionId, id: u32, columns: usize) {
        let Some(watched) = self.channels.get(id).filter(|watched| watched.ready) else { return };
        let (schema, notices) = (watched.schema(0), watched.notices());
        let at = self.channels.at(id, columns);
        let frames: Vec<Value> = [schema, at].into_iter().chain(notices).collect();
        self.say(session, &frames);
    }

    fn unsubscribe(&mut self, session: SessionId, id: u32, now: Timestamp) {
        let Some(state) = self.sessions.get_mut(&session) else { return };
        let old = state.subscriptions.remove(&id);
        self.drop_subscription(old, now);
        self.regroup(session, now);
    }

    fn drop_subscription(&mut self, old: Option<Subscription>, now: Timestamp) {
        for (id, _) in old.into_iter().flat_map(|old| old.channels) {
            self.channels.count(id, false, now);
        }
    }

    fn hide(&mut self, session: SessionId, now: Timestamp) {
        self.flush(now);
        let Some(state) = self.sessions.get(&session) else { return };
        if state.hidden.is_some() {
            return;
        }
        let places = self.places_of(&state.channels());
        self.sessions.get_mut(&session).expect("looked up above").hidden = Some(places);
        self.regroup(session, now);
    }

    fn show(&mut self, session: SessionId, now: Timestamp) {
        self.flush(now);
        let Some(state) = self.sessions.get_mut(&session) else { return };
        let Some(places) = state.hidden.take() else { return };
        self.say_boards(session, false, now);
        self.bring_up(session, &places);
        self.regroup(session, now);
    }

    fn catch_up(&mut self, session: SessionId, number: u64, now: Timestamp) {
        self.flush(now);
        let Some(state) = self.sessions.get(&session) else { return };
        let Some(group) = state.group.as_ref().and_then(|key| self.groups.get(key)) else { return };
        let places = group.places(number).map(|places| self.with_epochs(places));
        let (worker, id, current) = (state.worker, group.id, group.number);
        let missed_board = number < group.board_number;
        self.counters.caught_up();
        if missed_board {
            self.say_boards(session, true, now);
        }
        self.bring_up(session, &places.unwrap_or_default());
        self.outgoing.push((worker, Outgoing::Join(session, id, current)));
    }

    /// Tells a session everything after its places.
    fn bring_up(&mut self, session: SessionId, places: &[Place]) {
        let Some(state) = self.sessions.get(&session) else { return };
        let mut room = BATCHES_MAX;
        for (id, columns) in state.channels() {
            let place = places.iter().find(|(channel, _, _)| *channel == id).cloned();
            let waits =
                self.waiters.iter().any(|(who, channel, _)| (*who, *channel) == (session, id));
            if !waits {
                self.greet(session, (id, columns), place, &mut room);
            }
        }
    }

    /// Where the channels stand now.
    pub(crate) fn places_of(&self, channels: &BTreeMap<u32, usize>) -> Vec<Place> {
        let place = |id: &u32| {
            let watched = self.channels.get(*id).filter(|watched| watched.ready)?;
            Some((*id, watched.channel.epoch.clone(), watched.channel.seq()))
        };
        channels.keys().filter_map(place).collect()
    }

    /// A board has another revision: its groups are told and get its channels.
    pub(crate) fn board_changed(&mut self, slug: &str, now: Timestamp) {
        let ids: Vec<SessionId> = self.sessions.keys().copied().collect();
        let Some(spec) = self.shown_boards.get(slug).cloned() else { return };
        let mut added: Vec<(SessionId, u32, usize)> = Vec::new();
        for session in ids {
            let state = &self.sessions[&session];
            let boards: Vec<(u32, BoardRef)> = state
                .subscriptions
                .iter()
                .filter_map(|(id, one)| Some((*id, one.board.clone()?)))
                .filter(|(_, board)| board.slug == slug)
                .collect();
            for (id, board) in boards {
                // Too many channels leave the board as it was; the next change tries again.
                let Ok(channels) = self.watch_board(&spec, &board, now) else { continue };
                for (channel, _) in &channels {
                    self.channels.count(*channel, true, now);
                }
                let state = self.sessions.get_mut(&session).expect("its id was just read");
                let before = state.channels();
                let new = channels.iter().filter(|(channel, _)| !before.contains_key(channel));
                added.extend(new.map(|(channel, columns)| (session, *channel, *columns)));
                let told = state.subscriptions.get(&id).map_or(0, |before| before.revision);
                let revision = if state.hidden.is_some() { told } else { spec.revision };
                let subscription = Subscription { board: Some(board), channels, revision };
                let old = state.subscriptions.insert(id, subscription);
                self.drop_subscription(old, now);
            }
        }
        let keys: Vec<GroupKey> = self.groups.keys().cloned().collect();
        for key in keys {
            let Some(board) = key.boards.iter().find(|board| board.slug == slug) else { continue };
            let frame = self.board_frame(board, now);
            let channels = self.channels_of(&key, now);
            let group = self.groups.get_mut(&key).expect("its key was just read");
            group.own.extend(frame);
            group.channels = channels;
            group.board_number = group.number + 1;
        }
        self.flush(now);
        for (session, channel, columns) in added {
            self.greet(session, (channel, columns), None, &mut 0);
        }
    }

    fn channels_of(&mut self, key: &GroupKey, now: Timestamp) -> Vec<u32> {
        let mut channels: BTreeSet<u32> = key.singles.iter().copied().collect();
        for board in &key.boards {
            let Some(spec) = self.shown_boards.get(&board.slug).cloned() else { continue };
            let watched = self.watch_board(&spec, board, now).unwrap_or_default();
            channels.extend(watched.into_iter().map(|(id, _)| id));
        }
        channels.into_iter().collect()
    }

    /// Moves a session to the group of those who want the same.
    fn regroup(&mut self, session: SessionId, now: Timestamp) {
        let Some(state) = self.sessions.get(&session) else { return };
        let hidden = state.hidden.is_some();
        let (mut boards, mut singles) = (Vec::new(), Vec::new());
        for subscription in state.subscriptions.values().filter(|_| !hidden) {
            match &subscription.board {
                Some(board) => boards.push(board.clone()),
                None => singles.extend(subscription.channels.iter().map(|(id, _)| *id)),
            }
        }
        boards.sort();
        boards.dedup();
        singles.sort_unstable();
        singles.dedup();
        let (principal, carrier, worker) = (state.principal, state.carrier, state.worker);
        let key = GroupKey { principal, carrier, hidden, boards, singles };
        if state.group.as_ref() == Some(&key) {
            return;
        }
        self.leave_group(session);
        if !self.groups.contains_key(&key) {
            let channels = self.channels_of(&key, now);
            self.new_group(key.clone(), channels, now);
        }
        let group = self.groups.get_mut(&key).expect("it was just made");
        *group.members.entry(worker).or_default() += 1;
        if carrier != Carrier::Poll {
            let joined = Outgoing::Join(session, group.id, group.number);
            self.outgoing.push((worker, joined));
        }
        self.sessions.get_mut(&session).expect("looked up above").group = Some(key);
    }

    fn leave_group(&mut self, session: SessionId) {
        let Some(state) = self.sessions.get_mut(&session) else { return };
        let worker = state.worker;
        let Some(key) = state.group.take() else { return };
        let Some(group) = self.groups.get_mut(&key) else { return };
        if let Some(count) = group.members.get_mut(&worker) {
            *count = count.saturating_sub(1);
        }
        if group.members.values().all(|count| *count == 0) {
            self.group_keys.remove(&group.id);
            self.groups.remove(&key);
        }
    }

    pub(crate) fn close(&mut self, session: SessionId, now: Timestamp) {
        self.leave_group(session);
        self.waiters.retain(|(who, _, _)| *who != session);
        let Some(state) = self.sessions.remove(&session) else { return };
        for subscription in state.subscriptions.into_values() {
            self.drop_subscription(Some(subscription), now);
        }
    }

    fn shut_down(&mut self) {
        // At most 500 viewers a second come back.
        let longest = (self.sessions.len() as u64 * 2).max(3000);
        let bye = json!({ "bye": { "code": "restart", "retry_ms": [200, longest] } });
        let ids: Vec<(SessionId, usize, Carrier)> =
            self.sessions.iter().map(|(id, state)| (*id, state.worker, state.carrier)).collect();
        for (id, worker, carrier) in ids {
            let mut payload = Vec::new();
            frame::plain(carrier.codec(), &bye, &mut payload);
            self.outgoing.push((worker, Outgoing::End(id, carrier.wrap(payload, None))));
        }
    }

    /// Tells one session frames of its own.
    pub(crate) fn say(&mut self, session: SessionId, frames: &[Value]) {
        let Some(state) = self.sessions.get(&session) else { return };
        let mut payload = Vec::new();
        for one in frames {
            frame::plain(state.carrier.codec(), one, &mut payload);
        }
        self.say_bytes(session, payload);
    }

    fn say_bytes(&mut self, session: SessionId, payload: Vec<u8>) {
        let Some(state) = self.sessions.get(&session) else { return };
        if state.poll.is_some() {
            return self.keep_for_poll(session, &payload);
        }
        let (worker, bytes) = (state.worker, state.carrier.wrap(payload, None));
        self.outgoing.push((worker, Outgoing::Private(session, bytes)));
    }
}

impl BoardRef {
    fn shows(&self, panel: &str) -> bool {
        self.panels.as_ref().is_none_or(|panels| panels.iter().any(|shown| shown == panel))
    }
}

/// Each channel once, with the most columns asked for.
fn distinct(channels: &[(u32, usize)]) -> BTreeMap<u32, usize> {
    let mut distinct = BTreeMap::new();
    for (id, columns) in channels {
        let most: &mut usize = distinct.entry(*id).or_default();
        *most = (*most).max(*columns);
    }
    distinct
}

fn plan(text: &str) -> Result<Arc<Plan>, Refused> {
    let plan = Plan::new(text).map_err(|error| ("parse", error.to_string()))?;
    match plan.value_type() {
        ValueType::Scalar | ValueType::Vector => Ok(Arc::new(plan)),
        ValueType::String | ValueType::Matrix => {
            let text = "a live query gives a scalar or an instant vector".to_owned();
            Err(("evaluation", text))
        }
    }
}
