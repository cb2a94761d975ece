//! All channels: made for their first viewer, evaluated when something is due, kept a while after
//! the last one. What they want computed comes out as jobs; what a result changed, as pieces of the
//! next frames.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::{HashMap, HashSet};

use crate::model::{Arrival, METRIC_NAME, MatchOp, Matcher, Span, Timestamp};
use crate::query::{Grid, Plan, Standing};

use super::board::Asked;
use super::channel::Channel;
use super::frame::Codec;
use super::job::{Cells, Done, Failure, Job, Progress, Purpose, UnderWay};
use super::options::Options;
use super::piece::Piece;
use super::snapshot::{Snapshot, Snapshots};
use super::watched::Watched;

/// A whole-window query is evaluated no finer than this.
const MOVING_STEP_MIN: Span = Span(5000);
/// Queries that are evaluated more rarely keep nothing between their columns.
const STANDING_STEP_MAX: Span = Span::from_secs(10);
/// A table beyond this size that is mostly absent begins anew.
const TABLE_SLACK: usize = 256;
/// Revisions of more columns than this are made at most once a second.
const REVISE_AT_ONCE: i64 = 10;

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
    /// Looks at samples a second: of one query, and of all of them.
    load_max: (f64, f64),
    /// What all of them cost when that was last looked at.
    load: f64,
    pub(crate) jobs: Vec<Job>,
    /// Jobs that the next flush waits for.
    pub(crate) outstanding: usize,
}

impl Channels {
    pub(crate) fn new(nonce: String, lookback: Span, options: &Options) -> Self {
        let load_max = (options.query_samples_max as f64, options.samples_max as f64);
        Self {
            snapshots: Snapshots::new(),
            by_id: BTreeMap::new(),
            by_key: HashMap::new(),
            by_name: HashMap::new(),
            next_id: 1,
            epochs: 0,
            nonce,
            lookback,
            max: options.channels_max,
            load_max,
            load: 0.0,
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

    /// The channel of what a panel asks, as [`Self::watch`].
    pub(crate) fn watch_asked(&mut self, asked: &Asked, now: Timestamp) -> Option<(u32, usize)> {
        self.watch(&asked.plan, asked.range, asked.finest, now)
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
        self.by_id.insert(id, Watched::new(channel, reach, length, now));
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
        let last = watched.due(now.saturating_sub(grace));
        if last > newest {
            if last - newest > (watched.length as i64).max(watched.columns_a_refresh() + 1) {
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
            let few = last - first < REVISE_AT_ONCE && !watched.pace.is_slow();
            let at_once = few || now - watched.revised_at >= watched.pace.every().max(Span(1000));
            if first > last || watched.reach.moves {
                watched.wants_revise = None;
            } else if at_once {
                (watched.wants_revise, watched.revised_at) = (None, now);
                return self.submit(id, Purpose::Revise, (first, last), now);
            }
        }
        let watched = self.by_id.get_mut(&id).expect("looked up above");
        if open && watched.is_open_due(now) {
            (watched.wants_open, watched.opened_at) = (false, now);
            self.submit(id, Purpose::Open, (newest + 1, newest + 1), now);
        }
    }

    /// Takes a result. Returns the channel when its window has become whole, for those who wait.
    pub(crate) fn done(&mut self, done: Done, now: Timestamp, grace: Span) -> Option<u32> {
        if counts(done.purpose, done.slow) {
            self.outstanding = self.outstanding.saturating_sub(1);
        }
        let id = done.channel;
        let watched = self.by_id.get_mut(&id)?;
        if watched.channel.epoch != done.epoch {
            return None;
        }
        watched.under_way = None;
        let spare = self.load_max.1 / 2.0 - self.load;
        if !watched.keeps_pace(&done, (self.load_max.0, spare)) {
            // What was stopped comes again at its new pace.
            return None;
        }
        let error = done.result.as_ref().err().map(Failure::to_string);
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

    /// Stops evaluations that do not keep up with their pace, and first windows that take longer
    /// than `deadline`. The time that a job waits for its turn is not counted.
    pub(crate) fn stop_overdue(&mut self, now: Timestamp, deadline: Span) {
        for watched in self.by_id.values_mut() {
            let Some(under_way) = &mut watched.under_way else { continue };
            let most = match under_way.purpose {
                Purpose::Fill | Purpose::Extend => deadline,
                _ => watched.pace.deadline(deadline, self.load_max.0),
            };
            if !under_way.progress.has_begun() {
                under_way.since = now;
            } else if now - under_way.since > most {
                under_way.progress.stop();
            }
        }
    }

    /// Lets the dearest queries fall to slower classes until all together cost no more than they
    /// may.
    pub(crate) fn balance(&mut self) {
        let mut load: f64 = self.by_id.values().map(|watched| watched.pace.load()).sum();
        self.load = load;
        if load <= self.load_max.1 {
            return;
        }
        let mut dearest: Vec<&mut Watched> = self.by_id.values_mut().collect();
        dearest.sort_by(|one, other| other.pace.load().total_cmp(&one.pace.load()));
        for watched in dearest {
            while load > self.load_max.1 && watched.pace.load() > 0.0 {
                load -= watched.pace.load();
                if !watched.pace.fall() {
                    load += watched.pace.load();
                    break;
                }
                load += watched.pace.load();
                watched.tell_pace();
            }
        }
        self.load = load;
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
                under_way.progress.stop();
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
        watched.open_anew(now);
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
            under_way.progress.stop();
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
        let progress = Progress::default();
        watched.under_way = Some(UnderWay { progress: progress.clone(), purpose, since: now });
        let slow = watched.pace.is_slow();
        let channel = &watched.channel;
        let grid = if purpose == Purpose::Open {
            Grid::at(now)
        } else {
            let (start, end) = (channel.time(columns.0), channel.time(columns.1));
            Grid { start, end, step: channel.step }
        };
        self.outstanding += usize::from(counts(purpose, slow));
        let stands = channel.stands && purpose == Purpose::Advance && !slow;
        let (epoch, plan) = (channel.epoch.clone(), Arc::clone(&channel.plan));
        let channel = id;
        self.jobs.push(Job {
            channel,
            epoch,
            purpose,
            columns,
            plan,
            grid,
            stands,
            slow,
            progress,
        });
    }

    fn new_epoch(&mut self) -> String {
        self.epochs += 1;
        format!("{}-{}", self.nonce, self.epochs)
    }
}

/// Whether the next flush waits for such a job: not for first windows, nor for dear queries.
const fn counts(purpose: Purpose, slow: bool) -> bool {
    !slow && !matches!(purpose, Purpose::Fill | Purpose::Extend)
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
