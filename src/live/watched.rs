//! A channel with what is going on around it: who watches, what is wanted, what is under way, what
//! there is to tell.

use crate::model::{Arrival, Matcher, Origin, Span, Timestamp};
use crate::query::Reach;

use super::channel::{Changed, Channel};
use super::frame::{self, Codec, TickKind};
use super::job::{Cells, Done, Failure, Purpose, UnderWay};
use super::pace::Pace;
use super::piece::Piece;

/// From this step on the column in progress is shown whatever comes: the one before would be shown
/// as the newest for too long.
const OPENED_STEP: Span = Span::from_secs(60);
/// How often it is then asked for.
const OPENED_EVERY: Span = Span::from_secs(10);

/// A channel with what is going on around it.
pub(crate) struct Watched {
    pub(crate) channel: Channel,
    pub(crate) ready: bool,
    /// Subscriptions of sessions.
    pub(crate) viewers: usize,
    pub(crate) pieces: Vec<Piece>,
    pub(super) pace: Pace,
    pub(super) reach: Reach,
    pub(super) idle_since: Timestamp,
    pub(super) under_way: Option<UnderWay>,
    pub(super) wants_open: bool,
    /// When the column in progress was asked for last.
    pub(super) opened_at: Timestamp,
    pub(super) wants_revise: Option<(Timestamp, Timestamp)>,
    pub(super) revised_at: Timestamp,
    pub(super) length: usize,
    /// How many series the last fill brought.
    pub(super) filled: usize,
    /// The open column that viewers have, when it is newer than the newest final one.
    pub(super) shown_open: Option<(i64, Vec<f64>)>,
    /// The error that viewers were told of.
    pub(super) failing: Option<String>,
    /// Viewers have the window of an older epoch: the next fill is told to all.
    pub(super) tell_fill: bool,
}

impl Watched {
    /// A channel that was just made.
    pub(super) fn new(channel: Channel, reach: Reach, length: usize, now: Timestamp) -> Self {
        Self {
            pace: Pace::new(channel.step),
            channel,
            ready: false,
            viewers: 0,
            pieces: Vec::new(),
            reach,
            idle_since: now,
            under_way: None,
            wants_open: false,
            opened_at: now.saturating_sub(OPENED_EVERY),
            wants_revise: None,
            revised_at: now,
            length,
            filled: 0,
            shown_open: None,
            failing: None,
            tell_fill: false,
        }
    }

    /// The number and the values of the open column, when it is newer than the newest final one.
    pub(crate) fn open_column(&self) -> Option<(i64, &[f64])> {
        let open = self.shown_open.as_ref().filter(|(n, _)| *n > self.channel.newest());
        open.map(|(n, values)| (*n, values.as_slice()))
    }

    /// Whether the window holds as many columns as `length` asks for.
    pub(crate) fn holds(&self, length: usize) -> bool {
        self.ready && self.channel.len() >= length
    }

    pub(super) fn can_change(&self, arrival: &Arrival) -> bool {
        let newest = self.channel.time(self.channel.newest());
        let collected = arrival.origin == Origin::Collector;
        if collected && self.ready && arrival.from > newest.saturating_add(self.reach.ahead) {
            return false;
        }
        let selectors = self.channel.plan.selectors();
        selectors.iter().any(|matchers| Matcher::all(matchers, &arrival.labels))
    }

    pub(super) fn mark(&mut self, arrival: &Arrival) {
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
    pub(super) fn touched(&self, from: Timestamp, to: Timestamp) -> (i64, i64) {
        let step = self.channel.step.0;
        let first =
            from.saturating_sub(self.reach.ahead).0.saturating_add(step - 1).div_euclid(step);
        let last = to.saturating_add(self.reach.back).0.div_euclid(step);
        (first.max(self.channel.oldest()), last.min(self.channel.newest()))
    }

    /// The newest column that is to be final at `at`: in a slower class those of a refresh become
    /// so together.
    pub(super) fn due(&self, at: Timestamp) -> i64 {
        let at = if self.pace.is_slow() { at.floor_to(self.pace.every()) } else { at };
        self.channel.column_at(at)
    }

    /// Whether the column in progress is to be asked for: something was pushed, or columns are far
    /// apart and it was not for a while.
    pub(super) fn is_open_due(&self, now: Timestamp) -> bool {
        let is_old = self.channel.step >= OPENED_STEP && now - self.opened_at >= OPENED_EVERY;
        (self.wants_open || is_old) && !self.reach.moves && !self.pace.is_slow()
    }

    /// Has the column in progress asked for at once: somebody came.
    pub(super) fn open_anew(&mut self, now: Timestamp) {
        self.opened_at = now.saturating_sub(OPENED_EVERY);
    }

    pub(super) fn columns_a_refresh(&self) -> i64 {
        self.pace.every().0 / self.channel.step.0
    }

    /// Takes what a job cost, and finds the pace that the query can keep. False when the job was
    /// stopped because it could not, and a slower class was left.
    pub(super) fn keeps_pace(&mut self, done: &Done, (most, spare): (f64, f64)) -> bool {
        let window = matches!(done.purpose, Purpose::Fill | Purpose::Extend);
        if matches!(done.result, Err(Failure::Stopped)) {
            let fell = !window && self.pace.fall();
            if fell {
                self.tell_pace();
            }
            return !fell;
        }
        let counts = window || matches!(done.purpose, Purpose::Advance | Purpose::Whole);
        if done.result.is_ok() && counts {
            let columns = match done.purpose {
                // Columns that are told already are computed again each time.
                Purpose::Whole => 1,
                _ => done.columns.1 - done.columns.0 + 1,
            };
            self.pace.took(done.cost, columns);
            // Who waits for a first window is told with it.
            let first = done.purpose == Purpose::Fill && !self.tell_fill;
            if self.pace.fit(most, spare) && !first {
                self.tell_pace();
            }
        }
        true
    }

    pub(super) fn tell_pace(&mut self) {
        let notice = self.pace_notice();
        self.pieces.push(Piece::plain(&notice));
    }

    fn pace_notice(&self) -> serde_json::Value {
        let every = self.pace.every();
        let (code, text) = if self.pace.is_slow() {
            let why = "looks at more samples than live queries may, or takes too long";
            ("slower", format!("a query of this page {why}: it is refreshed every {every}"))
        } else {
            ("as_asked", format!("a query of this page is refreshed every {every} again"))
        };
        let channel = self.channel.id;
        serde_json::json!({
            "notice": { "code": code, "channel": channel, "every_ms": every.0, "text": text }
        })
    }

    /// What a viewer who comes, or comes back, has missed: that the query fails, and at what pace
    /// it is refreshed if that ever changed.
    pub(crate) fn notices(&self) -> Vec<serde_json::Value> {
        let failing = self.failing.as_ref().map(|text| self.failure_notice("evaluation", text));
        let slow = self.pace.has_changed().then(|| self.pace_notice());
        failing.into_iter().chain(slow).collect()
    }

    fn failure_notice(&self, code: &str, text: &str) -> serde_json::Value {
        let channel = self.channel.id;
        serde_json::json!({ "notice": { "code": code, "channel": channel, "text": text } })
    }

    /// Takes the cells of a result and writes the pieces; whether the window has become whole.
    pub(super) fn take(
        &mut self,
        purpose: Purpose,
        (first, last): (i64, i64),
        cells: Cells,
    ) -> bool {
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
        // Who came since then has not been told, and would wait for the next final column.
        let is_far = self.channel.step >= OPENED_STEP;
        if !is_far
            && shown.is_some_and(|(n, values)| *n == told.n && bits(values) == bits(&told.values))
        {
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
    pub(super) fn tell_error(&mut self, error: Option<String>) {
        if self.failing == error {
            return;
        }
        let text = error.as_deref().unwrap_or("the query works again");
        let code = if error.is_some() { "evaluation" } else { "evaluation_works" };
        self.pieces.push(Piece::plain(&self.failure_notice(code, text)));
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
