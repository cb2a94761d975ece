//! Long poll: a session that has no stream. Between its polls it stands at a place like any other
//! viewer; an answer holds what came after it, and is repeated should it have been lost.

use serde_json::json;

use crate::model::{Span, Timestamp};

use super::carrier::Carrier;
use super::frame;
use super::group::GroupKey;
use super::hub::{Hub, Outgoing};
use super::session::{OUTBOX_MAX, POLL_KEEP, Place, SessionId, WorkerId};

/// How long a poll is held without news.
const HOLD: Span = Span(25_000);

impl Hub {
    pub(crate) fn poll(
        &mut self,
        session: SessionId,
        worker: WorkerId,
        after: Option<u64>,
        now: Timestamp,
    ) {
        self.flush(now);
        let Some(state) = self.sessions.get_mut(&session) else { return };
        let Some(poll) = state.poll.as_mut() else { return };
        let moved = std::mem::replace(&mut state.worker, worker);
        if let Some(group) = state.group.as_ref().and_then(|key| self.groups.get_mut(key)) {
            // The session is counted under the worker that holds its poll.
            if let Some(count) = group.members.get_mut(&moved) {
                *count = count.saturating_sub(1);
            }
            *group.members.entry(worker).or_default() += 1;
        }
        poll.heard = now;
        let places: Option<Vec<Place>> = match after {
            None => Some(poll.places.clone()),
            Some(after) if after == poll.answered => Some(poll.places.clone()),
            Some(after) if after + 1 == poll.answered => Some(poll.before.clone()),
            Some(_) => None,
        };
        self.collect_news(session, places.as_deref());
        let poll = self.sessions.get_mut(&session).and_then(|state| state.poll.as_mut());
        let Some(poll) = poll else { return };
        if poll.outbox.is_empty() {
            poll.waiting = true;
        } else {
            self.answer(session, &[]);
        }
    }

    pub(crate) fn poll_gone(&mut self, session: SessionId) {
        let poll = self.sessions.get_mut(&session).and_then(|state| state.poll.as_mut());
        if let Some(poll) = poll {
            poll.waiting = false;
        }
    }

    /// Puts what came after the places into the outbox; without places, the windows anew.
    fn collect_news(&mut self, session: SessionId, places: Option<&[Place]>) {
        let Some(state) = self.sessions.get(&session) else { return };
        let mut payload = Vec::new();
        for (id, columns) in state.channels() {
            let Some(watched) = self.channels.get(id).filter(|watched| watched.ready) else {
                continue;
            };
            let place = match places {
                Some(places) => places.iter().find(|(channel, _, _)| *channel == id),
                None => None,
            };
            let current = |(_, epoch, _): &&Place| *epoch == watched.channel.epoch;
            let batch =
                place.filter(current).map(|(_, _, seq)| (*seq, watched.channel.batch(*seq)));
            match batch {
                Some((seq, _)) if seq == watched.channel.seq() => {}
                Some((seq, Some(batch))) => {
                    watched.write_untold(frame::Codec::Json, seq, &mut payload);
                    batch.write(frame::Codec::Json, &mut payload);
                }
                // A channel that the places do not name was greeted by frames of its own.
                None if places.is_some() && place.is_none() => {}
                _ => {
                    let schema = watched.schema(0);
                    frame::plain(frame::Codec::Json, &schema, &mut payload);
                    let at = self.channels.at(id, columns);
                    frame::plain(frame::Codec::Json, &at, &mut payload);
                }
            }
        }
        let poll = self.sessions.get_mut(&session).and_then(|state| state.poll.as_mut());
        if let Some(poll) = poll {
            poll.outbox.extend(payload);
        }
    }

    /// Frames of the session's own: sent with the poll that is held, or with the next one.
    pub(crate) fn keep_for_poll(&mut self, session: SessionId, payload: &[u8]) {
        let poll = self.sessions.get_mut(&session).and_then(|state| state.poll.as_mut());
        let Some(poll) = poll else { return };
        if poll.outbox.len() + payload.len() <= OUTBOX_MAX {
            poll.outbox.extend(payload);
        }
        if poll.waiting {
            self.answer(session, &[]);
        }
    }

    /// The group has news: the polls that are held are answered with it.
    pub(crate) fn answer_polls(&mut self, key: &GroupKey, payload: &[u8]) {
        let waiting = |state: &super::session::Session| {
            state.group.as_ref() == Some(key)
                && state.poll.as_ref().is_some_and(|poll| poll.waiting)
        };
        let ids: Vec<SessionId> =
            self.sessions.iter().filter(|(_, state)| waiting(state)).map(|(id, _)| *id).collect();
        for id in ids {
            self.answer(id, payload);
        }
    }

    fn answer(&mut self, session: SessionId, news: &[u8]) {
        let Some(state) = self.sessions.get(&session) else { return };
        let mut places = self.places_of(&state.channels());
        let waits = |id: u32| {
            self.waiters.iter().any(|(who, channel, _)| (*who, *channel) == (session, id))
        };
        places.retain(|(id, _, _)| !waits(*id));
        let state = self.sessions.get_mut(&session).expect("looked up above");
        let Some(poll) = state.poll.as_mut() else { return };
        let mut bytes = std::mem::take(&mut poll.outbox);
        bytes.extend(news);
        poll.waiting = false;
        poll.answered += 1;
        poll.before = std::mem::replace(&mut poll.places, places);
        let answer = Outgoing::Answer(session, bytes.into(), poll.answered);
        self.outgoing.push((state.worker, answer));
    }

    /// Answers polls that were held long enough, and ends sessions that ask no more.
    pub(crate) fn expire_polls(&mut self, now: Timestamp) {
        let mut held = Vec::new();
        let mut gone = Vec::new();
        for (id, state) in &self.sessions {
            let Some(poll) = state.poll.as_ref().filter(|_| state.carrier == Carrier::Poll) else {
                continue;
            };
            if poll.waiting && now - poll.heard >= HOLD {
                held.push(*id);
            } else if !poll.waiting && now - poll.heard >= POLL_KEEP {
                gone.push(*id);
            }
        }
        for id in held {
            let mut beat = Vec::new();
            frame::plain(frame::Codec::Json, &json!({ "beat": { "time": now.0 } }), &mut beat);
            self.answer(id, &beat);
        }
        for id in gone {
            self.close(id, now);
        }
    }
}
