//! All channels: made for their first viewer, evaluated when something is due, kept a while after
//! the last one. What they want computed comes out as jobs; what a result changed, as pieces of the
//! next frames.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use hashbrown::{HashMap, HashSet};

use crate::model::{Arrival, METRIC_NAME, MatchOp, Matcher, Origin, Span, Timestamp};
use crate::query::{Grid, Plan, Reach, Standing};

use super::channel::{Changed, Channel, Told};
use super::frame::{self, Codec, TickKind};
use super::job::{Cells, Done, Job, Purpose, UnderWay};
use super::snapshot::{Snapshot, Snapshots};

/// A whole-window query is evaluated no finer than this.
const MOVING_STEP_MIN: Span = Span(5000);
/// Queries that are evaluated more rarely keep nothing between their columns.
const STANDING_STEP_MAX: Span = Span::from_secs(10);
/// A table beyond this size that is mostly absent begins anew.
const TABLE_SLACK: usize = 256;
/// Revisions of more columns than this are made at most once a second.
const REVISE_AT_ONCE: i64 = 10;

/// One or more frames of one channel, in both codecs, waiting for the next flush.
pub(crate) struct Piece {
    /// A block of a tick, or frames of their own.
    pub(crate) kind: Option<TickKind>,
    pub(crate) json: Vec<u8>,
    pub(crate) binary: Vec<u8>,
}

impl Piece {
    pub(crate) fn bytes(&self, codec: Codec) -> &[u8] {
        match codec {
            Codec::Json => &self.json,
            Codec::Binary => &self.binary,
        }
    }

    fn plain(frame: &serde_json::Value) -> Self {
        let (mut json, mut binary) = (Vec::new(), Vec::new());
        frame::plain(Codec::Json, frame, &mut json);
        frame::plain(Codec::Binary, frame, &mut binary);
        Self { kind: None, json, binary }
    }

    fn block(channel: u32, kind: TickKind, told: &Told) -> Self {
        let (mut json, mut binary) = (Vec::new(), Vec::new());
        let at = (channel, told.seq, told.n);
        frame::block(Codec::Json, at, &told.before, &told.values, &mut json);
        frame::block(Codec::Binary, at, &told.before, &told.values, &mut binary);
        Self { kind: Some(kind), json, binary }
    }
}

/// A channel with what is going on around it.
pub(crate) struct Watched {
    pub(crate) channel: Channel,
    pub(crate) ready: bool,
    /// Subscriptions of sessions.
    pub(crate) viewers: usize,
    pub(crate) pieces: Vec<Piece>,
    reach: Reach,
    idle_since: Timestamp,
    under_way: Option<UnderWay>,
    wants_open: bool,
    wants_revise: Option<(Timestamp, Timestamp)>,
    revised_at: Timestamp,
    length: usize,
    /// How many series the last fill brought.
    filled: usize,
    /// The open column that viewers have, when it is newer than the newest final one.
    shown_open: Option<(i64, Vec<f64>)>,
    /// The error that viewers were told of.
    failing: Option<String>,
    /// Viewers have the window of an older epoch: the next fill is told to all.
    tell_fill: bool,
}

impl Watched {
    /// Whether the window holds as many columns as `length` asks for.
    pub(crate) fn holds(&self, length: usize) -> bool {
        self.ready && self.channel.len() >= length
    }

    fn can_change(&self, arrival: &Arrival) -> bool {
        let newest = self.channel.time(self.channel.newest());
        let collected = arrival.origin == Origin::Collector;
        if collected && self.ready && arrival.from > newest.saturating_add(self.reach.ahead) {
            return false;
        }
        let selectors = self.channel.plan.selectors();
        selectors.iter().any(|matchers| Matcher::all(matchers, &arrival.labels))
    }

    fn mark(&mut self, arrival: &Arrival) {
        let newest = self.channel.time(self.channel.newest());
        if arrival.origin == Origin::Push && arrival.to > newest {
            self.wants_open = true;
        }
        if arrival.from <= newest.saturating_add(self.reach.ahead) || !self.ready {
            let (from, to) = self.wants_revise.unwrap_or((arrival.from, arrival.to));
            self.wants_revise = Some((from.min(arrival.from), to.max(arrival.to)));
        }
    }

    /// The columns that samples from `from` to `to` can change.
    fn touched(&self, from: Timestamp, to: Timestamp) -> (i64, i64) {
        let step = self.channel.step.0;
        let first =
            from.saturating_sub(self.reach.ahead).0.saturating_add(step - 1).div_euclid(step);
        let last = to.saturating_add(self.reach.back).0.div_euclid(step);
        (first.max(self.channel.oldest()), last.min(self.channel.newest()))
    }
}

/// All channels.
pub(crate) struct Channels {
    by_id: BTreeMap<u32, Watched>,
    by_key: HashMap<(String, Span, usize), u32>,
    /// Channels by the metric names they select; `""` for those that select by something else.
    by_name: HashMap<String, Vec<u32>>,
    next_id: u32,
    epochs: u64,
    /// Tells incarnations of different processes apart.
    nonce: String,
    pub(crate) snapshots: Snapshots,
    lookback: Span,
    max: usize,
    pub(crate) jobs: Vec<Job>,
    /// Jobs that the next flush waits for.
    pub(crate) outstanding: usize,
}

impl Channels {
    pub(crate) fn new(nonce: String, lookback: Span, max: usize) -> Self {
        Self {
            snapshots: Snapshots::new(),
            by_id: BTreeMap::new(),
            by_key: HashMap::new(),
            by_name: HashMap::new(),
            next_id: 1,
            epochs: 0,
            nonce,
            lookback,
            max,
            jobs: Vec::new(),
            outstanding: 0,
        }
    }

    pub(crate) fn get(&self, id: u32) -> Option<&Watched> {
        self.by_id.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: u32) -> Option<&mut Watched> {
        self.by_id.get_mut(&id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&u32, &Watched)> {
        self.by_id.iter()
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// The channel of a plan with at least `range` of window, made if need be. `None` when there
    /// are too many.
    pub(crate) fn watch(
        &mut self,
        plan: &Arc<Plan>,
        range: Span,
        finest: Option<Span>,
        now: Timestamp,
    ) -> Option<(u32, usize)> {
        let reach = plan.reach(self.lookback);
        let finest = if reach.moves {
            Some(finest.unwrap_or_default().max(MOVING_STEP_MIN))
        } else {
            finest
        };
        let step = super::board::step_for(range, finest);
        let length = usize::try_from(range.0 / step.0 + 1).unwrap_or(1);
        // The window is part of what a moving query means, so it is part of its identity.
        let key = (plan.text().to_owned(), step, if reach.moves { length } else { 0 });
        if let Some(&id) = self.by_key.get(&key) {
            self.grow(id, length, now);
            return Some((id, length));
        }
        if self.by_id.len() >= self.max {
            return None;
        }
        let id = self.next_id;
        self.next_id += 1;
        let epoch = self.new_epoch();
        let mut channel = Channel::new(id, Arc::clone(plan), step, epoch);
        channel.keep(length);
        channel.stands = step <= STANDING_STEP_MAX && Standing::suits(plan, self.lookback);
        for name in names(plan) {
            self.by_name.entry(name).or_default().push(id);
        }
        self.by_key.insert(key, id);
        self.by_id.insert(
            id,
            Watched {
                channel,
                ready: false,
                viewers: 0,
                pieces: Vec::new(),
                reach,
                idle_since: now,
                under_way: None,
                wants_open: false,
                wants_revise: None,
                revised_at: now,
                length,
                filled: 0,
                shown_open: None,
                failing: None,
                tell_fill: false,
            },
        );
        self.fill(id, now);
        Some((id, length))
    }

    /// The `at` frame of a channel that is there, for a viewer who wants `columns` of its window.
    pub(crate) fn at(&mut self, id: u32, columns: usize) -> serde_json::Value {
        self.snapshots.at(&self.by_id[&id].channel, columns)
    }

    /// The bytes of a window that was named.
    pub(crate) fn snapshot(&mut self, id: u32, name: &str, codec: Codec) -> Option<Arc<Snapshot>> {
        let watched = self.by_id.get(&id).filter(|watched| watched.ready)?;
        self.snapshots.bytes(name, codec, &watched.channel)
    }

    /// Counts a subscription of a session in (`true`) or out.
    pub(crate) fn count(&mut self, id: u32, joins: bool, now: Timestamp) {
        if let Some(watched) = self.by_id.get_mut(&id) {
            watched.viewers = if joins { watched.viewers + 1 } else { watched.viewers - 1 };
            watched.idle_since = now;
        }
    }

    /// Marks the channels that an arrival can change.
    pub(crate) fn arrived(&mut self, arrivals: &[Arrival]) {
        for arrival in arrivals {
            for name in [arrival.labels.name(), ""] {
                let Some(ids) = self.by_name.get(name) else { continue };
                for id in ids {
                    let watched = self.by_id.get_mut(id).expect("the index follows the table");
                    if watched.can_change(arrival) {
                        watched.mark(arrival);
                    }
                }
            }
        }
    }

    /// Makes jobs of everything that is due at `now`.
    pub(crate) fn dispatch(&mut self, now: Timestamp, grace: Span, open: bool) {
        let ids: Vec<u32> = self.by_id.keys().copied().collect();
        for id in ids {
            self.dispatch_one(id, now, grace, open);
        }
    }

    fn dispatch_one(&mut self, id: u32, now: Timestamp, grace: Span, open: bool) {
        let Some(watched) = self.by_id.get_mut(&id) else { return };
        if watched.under_way.is_some() || !watched.ready {
            return;
        }
        let (newest, oldest) = (watched.channel.newest(), watched.channel.oldest());
        let last = watched.channel.column_at(now.saturating_sub(grace));
        if last > newest {
            if last - newest > watched.length as i64 {
                return self.begin_anew(id, "the window was left behind", now);
            }
            let (purpose, first) = if watched.reach.moves {
                (Purpose::Whole, oldest.max(last + 1 - watched.length as i64))
            } else {
                (Purpose::Advance, newest + 1)
            };
            return self.submit(id, purpose, (first, last), now);
        }
        if watched.channel.len() < watched.length {
            let first = newest + 1 - watched.length as i64;
            return self.submit(id, Purpose::Extend, (first, oldest - 1), now);
        }
        if let Some((from, to)) = watched.wants_revise {
            let (first, last) = watched.touched(from, to);
            let at_once = last - first < REVISE_AT_ONCE || now - watched.revised_at >= Span(1000);
            if first > last || watched.reach.moves {
                watched.wants_revise = None;
            } else if at_once {
                (watched.wants_revise, watched.revised_at) = (None, now);
                return self.submit(id, Purpose::Revise, (first, last), now);
            }
        }
        let watched = self.by_id.get_mut(&id).expect("looked up above");
        if watched.wants_open && open && !watched.reach.moves {
            watched.wants_open = false;
            self.submit(id, Purpose::Open, (newest + 1, newest + 1), now);
        }
    }

    /// Takes a result. Returns the channel when its window has become whole, for those who wait.
    pub(crate) fn done(&mut self, done: Done, now: Timestamp, grace: Span) -> Option<u32> {
        if !matches!(done.purpose, Purpose::Fill | Purpose::Extend) {
            self.outstanding = self.outstanding.saturating_sub(1);
        }
        let id = done.channel;
        let watched = self.by_id.get_mut(&id)?;
        if watched.channel.epoch != done.epoch {
            return None;
        }
        watched.under_way = None;
        let error = done.result.as_ref().err().cloned();
        let result = done.result.unwrap_or(Cells::Columns(Vec::new()));
        watched.tell_error(error);
        let whole = watched.take(done.purpose, done.columns, result);
        if whole && std::mem::take(&mut watched.tell_fill) {
            watched.pieces.push(Piece::plain(&watched.schema(0)));
            let at = self.snapshots.at(&watched.channel, watched.channel.len());
            watched.pieces.push(Piece::plain(&at));
        }
        // A fill brings all that the window saw, so only growth since then counts.
        let kept = watched.filled.max(watched.channel.present());
        if watched.channel.series().len() > TABLE_SLACK + 2 * kept {
            self.begin_anew(id, "most of its series have ended", now);
            return None;
        }
        // What became due meanwhile goes on at once; the column in progress waits for its phase.
        self.dispatch_one(id, now, grace, false);
        whole.then_some(id)
    }

    /// Stops evaluations that have run longer than `deadline`.
    pub(crate) fn stop_overdue(&mut self, now: Timestamp, deadline: Span) {
        for watched in self.by_id.values() {
            if let Some(under_way) = &watched.under_way
                && now - under_way.since > deadline
            {
                under_way.stop();
            }
        }
    }

    /// Forgets channels that nobody has watched for `keep`.
    pub(crate) fn retire(&mut self, now: Timestamp, keep: Span) {
        let idle = |watched: &Watched| watched.viewers == 0 && now - watched.idle_since >= keep;
        let gone: HashSet<u32> =
            self.by_id.iter().filter(|(_, watched)| idle(watched)).map(|(id, _)| *id).collect();
        if gone.is_empty() {
            return;
        }
        for id in &gone {
            if let Some(watched) = self.by_id.remove(id)
                && let Some(under_way) = watched.under_way
            {
                under_way.stop();
            }
        }
        self.snapshots.forget(&gone);
        self.by_key.retain(|_, id| !gone.contains(id));
        self.by_name.retain(|_, ids| {
            ids.retain(|id| !gone.contains(id));
            !ids.is_empty()
        });
    }

    fn grow(&mut self, id: u32, length: usize, now: Timestamp) {
        let watched = self.by_id.get_mut(&id).expect("the index follows the table");
        watched.idle_since = now;
        watched.length = watched.length.max(length);
        watched.channel.keep(length);
        if !watched.ready && watched.under_way.is_none() {
            self.fill(id, now);
        }
    }

    fn fill(&mut self, id: u32, now: Timestamp) {
        let watched = &self.by_id[&id];
        // The column before the present one is surely final; the next ones follow as they come due.
        let last = watched.channel.column_at(now) - 1;
        self.submit(id, Purpose::Fill, (last + 1 - watched.length as i64, last), now);
    }

    fn begin_anew(&mut self, id: u32, reason: &str, now: Timestamp) {
        let epoch = self.new_epoch();
        let watched = self.by_id.get_mut(&id).expect("the caller has it");
        if let Some(under_way) = watched.under_way.take() {
            under_way.stop();
        }
        watched.channel.reset(epoch);
        self.snapshots.forget(&HashSet::from_iter([id]));
        (watched.ready, watched.tell_fill, watched.shown_open) = (false, true, None);
        let frame = serde_json::json!({ "reset": { "channel": id, "reason": reason } });
        watched.pieces.push(Piece::plain(&frame));
        self.fill(id, now);
    }

    fn submit(&mut self, id: u32, purpose: Purpose, columns: (i64, i64), now: Timestamp) {
        let watched = self.by_id.get_mut(&id).expect("the caller has it");
        let stop = Arc::new(AtomicBool::new(false));
        watched.under_way = Some(UnderWay { stop: Arc::clone(&stop), since: now });
        let channel = &watched.channel;
        let grid = if purpose == Purpose::Open {
            Grid::at(now)
        } else {
            let (start, end) = (channel.time(columns.0), channel.time(columns.1));
            Grid { start, end, step: channel.step }
        };
        if !matches!(purpose, Purpose::Fill | Purpose::Extend) {
            self.outstanding += 1;
        }
        let stands = channel.stands && purpose == Purpose::Advance;
        let (epoch, plan) = (channel.epoch.clone(), Arc::clone(&channel.plan));
        self.jobs.push(Job { channel: id, epoch, purpose, columns, plan, grid, stands, stop });
    }

    fn new_epoch(&mut self) -> String {
        self.epochs += 1;
        format!("{}-{}", self.nonce, self.epochs)
    }
}

impl Watched {
    /// Takes the cells of a result and writes the pieces; whether the window has become whole.
    fn take(&mut self, purpose: Purpose, (first, last): (i64, i64), cells: Cells) -> bool {
        let result = match cells {
            Cells::Columns(columns) => columns,
            Cells::Row(row) => {
                // Only a single column that becomes final is asked of a standing query.
                let changed = self.channel.advance_row(&row);
                self.shown_open = None;
                self.tell(changed);
                return false;
            }
        };
        match purpose {
            Purpose::Fill => {
                self.channel.fill(first, last, result);
                (self.ready, self.filled) = (true, self.channel.series().len());
                return true;
            }
            Purpose::Extend => {
                let changed = self.channel.extend(first, last, result);
                self.tell(changed);
                return true;
            }
            Purpose::Advance => {
                let changed = self.channel.advance(last, result);
                self.shown_open = None;
                self.tell(changed);
            }
            Purpose::Revise => {
                let changed = self.channel.revise(first, last, result);
                self.tell(changed);
            }
            Purpose::Whole => {
                let known = (self.channel.newest() + 1 - first).max(0) as usize;
                let newer = result.iter().map(|column| crate::query::Column {
                    labels: column.labels.clone(),
                    values: column.values.get(known..).unwrap_or_default().to_vec(),
                });
                let newer: Vec<_> = newer.collect();
                let revised = self.channel.revise(first, self.channel.newest(), result);
                self.tell(revised);
                let changed = self.channel.advance(last, newer);
                self.tell(changed);
            }
            Purpose::Open => self.take_open(result),
        }
        false
    }

    fn take_open(&mut self, result: Vec<crate::query::Column>) {
        let (changed, told) = self.channel.open(result);
        self.tell(changed);
        let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        let shown = self.shown_open.as_ref();
        if shown.is_some_and(|(n, values)| *n == told.n && bits(values) == bits(&told.values)) {
            return;
        }
        self.pieces.push(Piece::block(self.channel.id, TickKind::Open, &told));
        self.shown_open = Some((told.n, told.values));
    }

    fn tell(&mut self, changed: Changed) {
        if let Some(from) = changed.new_series_from {
            self.pieces.push(Piece::plain(&self.schema(from)));
        }
        for told in changed.entries {
            let kind = if told.revised { TickKind::Revise } else { TickKind::Final };
            self.pieces.push(Piece::block(self.channel.id, kind, &told));
        }
    }

    /// Says once that the query fails, and once that it works again.
    fn tell_error(&mut self, error: Option<String>) {
        if self.failing == error {
            return;
        }
        let text = error.as_deref().unwrap_or("the query works again");
        let code = if error.is_some() { "evaluation" } else { "evaluation_works" };
        let channel = self.channel.id;
        let notice = serde_json::json!({
            "notice": { "code": code, "channel": channel, "text": text }
        });
        self.pieces.push(Piece::plain(&notice));
        self.failing = error;
    }

    /// Appends the series that a viewer at `seq` may lack.
    pub(crate) fn write_untold(&self, codec: Codec, seq: u64, out: &mut Vec<u8>) {
        if let Some(first) = self.channel.untold_series(seq) {
            frame::plain(codec, &self.schema(first), out);
        }
    }

    /// The table of series from `from` on, as a frame.
    pub(crate) fn schema(&self, from: usize) -> serde_json::Value {
        let series = self.channel.series().iter().skip(from).map(frame::labels_json);
        let mut schema = serde_json::json!({
            "channel": self.channel.id,
            "epoch": self.channel.epoch,
            "step_ms": self.channel.step.0,
            "series": series.collect::<Vec<_>>(),
        });
        if from > 0 {
            schema["append"] = from.into();
        }
        serde_json::json!({ "schema": schema })
    }
}

/// The metric names that a plan selects by equality; `""` where a selector has none.
fn names(plan: &Plan) -> HashSet<String> {
    let name = |matchers: &[Matcher]| {
        let equal =
            |matcher: &&Matcher| matcher.name() == METRIC_NAME && matcher.op() == MatchOp::Equal;
        matchers.iter().find(equal).map_or(String::new(), |matcher| matcher.value().to_owned())
    };
    plan.selectors().into_iter().map(name).collect()
}
