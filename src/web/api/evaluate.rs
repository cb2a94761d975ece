//! Evaluations for the API: off the socket workers, a few at a time, stopped at their deadline and
//! when whoever asked has left.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::{Api, ApiError};
use crate::model::{Counter, Reading, Report, Span};
use crate::query::{self, Grid, Limits, Output, Plan, Value};

/// The evaluations under way.
pub(super) struct Evaluations {
    turns: Arc<Semaphore>,
    counters: Arc<QueryCounters>,
}

/// What evaluations count.
#[derive(Debug, Default)]
pub(crate) struct QueryCounters {
    answered: Counter,
    failed: Counter,
    timeouts: Counter,
    abandoned: Counter,
    samples: Counter,
    running: AtomicU64,
}

impl Report for QueryCounters {
    fn report(&self, out: &mut Vec<Reading>) {
        let rows = [
            ("watchglass_query_answered_total", "Queries over HTTP answered", &self.answered),
            ("watchglass_query_failed_total", "Queries over HTTP that failed", &self.failed),
            (
                "watchglass_query_timeouts_total",
                "Queries over HTTP that met their deadline",
                &self.timeouts,
            ),
            (
                "watchglass_query_abandoned_total",
                "Queries over HTTP whose asker hung up",
                &self.abandoned,
            ),
            ("watchglass_query_samples_total", "Samples read by queries over HTTP", &self.samples),
        ];
        out.extend(rows.map(|(name, help, counter)| Reading::counter(name, help, counter.get())));
        let running = self.running.load(Ordering::Relaxed) as f64;
        out.push(Reading::gauge("watchglass_query_running", "Queries over HTTP at work", running));
    }
}

/// What one evaluation may use beside the settings.
#[derive(Default)]
pub(super) struct Wishes {
    /// `timeout`: never longer than the settings allow.
    pub(super) timeout: Option<Span>,
    /// `lookback_delta`.
    pub(super) lookback: Option<Span>,
    /// `stats`: whether the samples that each step sees are counted.
    pub(super) count_seen: bool,
}

/// How long an evaluation took.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Times {
    /// Until it was known that the query may be evaluated.
    pub(super) preparation: Span,
    /// Until its turn came.
    pub(super) queue: Span,
    /// The evaluation itself.
    pub(super) evaluation: Span,
}

/// Tells an evaluation to stop when nobody waits for it any more.
struct Waiting {
    stop: Arc<AtomicBool>,
    counters: Arc<QueryCounters>,
    answered: bool,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if !self.answered {
            self.counters.abandoned.increment();
        }
    }
}

/// A place among the evaluations at work.
struct Running(Arc<QueryCounters>);

impl Running {
    fn begin(counters: &Arc<QueryCounters>) -> Self {
        counters.running.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(counters))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Evaluations {
    pub(super) fn new(parallel_max: usize) -> Self {
        Self { turns: Arc::new(Semaphore::new(parallel_max)), counters: Arc::default() }
    }

    pub(super) fn counters(&self) -> Arc<QueryCounters> {
        Arc::clone(&self.counters)
    }
}

impl Api {
    /// Evaluates a plan when its turn comes.
    pub(super) async fn evaluate(
        &self,
        plan: Plan,
        grid: Grid,
        wishes: &Wishes,
    ) -> Result<(Output, Times), ApiError> {
        let counters = &self.evaluations.counters;
        let stop = Arc::new(AtomicBool::new(false));
        let mut waiting =
            Waiting { stop: Arc::clone(&stop), counters: Arc::clone(counters), answered: false };
        let most = self.options.deadline;
        let deadline = wishes.timeout.map_or(most, |asked| asked.clamp(Span(1), most));
        let patience = Duration::from_millis(deadline.0.unsigned_abs());
        let evaluated = self.evaluate_in_turn(plan, grid, self.limits(wishes, stop));
        let result = tokio::time::timeout(patience, evaluated).await;
        waiting.answered = true;
        let result = result.unwrap_or_else(|_| {
            Err(ApiError::Timeout(format!(
                "query timed out in expression evaluation: it was not answered within {deadline} \
                 (`timeout`, query.deadline)"
            )))
        });
        match &result {
            Ok((output, _)) => {
                counters.answered.increment();
                counters.samples.add(output.samples);
            }
            Err(ApiError::Timeout(_)) => counters.timeouts.increment(),
            Err(_) => counters.failed.increment(),
        }
        result
    }

    /// The values of several queries, one after the other in one turn. One that fails says why, and
    /// costs the others nothing.
    pub(crate) async fn values(
        &self,
        asked: Vec<(Arc<Plan>, Grid)>,
    ) -> Result<Vec<Result<Value, String>>, ApiError> {
        self.awake()?;
        let stop = Arc::new(AtomicBool::new(false));
        let counters = Arc::clone(&self.evaluations.counters);
        let mut waiting = Waiting { stop: Arc::clone(&stop), counters, answered: false };
        let limits = self.limits(&Wishes::default(), stop);
        let patience = Duration::from_millis(self.options.deadline.0.unsigned_abs());
        let done = tokio::time::timeout(patience, self.values_in_turn(asked, limits)).await;
        waiting.answered = true;
        done.unwrap_or_else(|_| {
            self.evaluations.counters.timeouts.increment();
            let deadline = self.options.deadline;
            Err(ApiError::Timeout(format!(
                "it was not evaluated within {deadline} (query.deadline)"
            )))
        })
    }

    async fn values_in_turn(
        &self,
        asked: Vec<(Arc<Plan>, Grid)>,
        limits: Limits,
    ) -> Result<Vec<Result<Value, String>>, ApiError> {
        let internal = |error: &dyn std::fmt::Display| ApiError::Internal(error.to_string());
        let turn = Arc::clone(&self.evaluations.turns).acquire_owned().await;
        let turn = turn.map_err(|error| internal(&error))?;
        let running = Running::begin(&self.evaluations.counters);
        let (store, counters) = (Arc::clone(&self.store), Arc::clone(&self.evaluations.counters));
        let work = move || {
            let _held = (turn, running);
            let value = |(plan, grid): (Arc<Plan>, Grid)| {
                let output = query::evaluate(&plan, &*store, grid, &limits);
                match &output {
                    Ok(output) => counters.samples.add(output.samples),
                    Err(_) => counters.failed.increment(),
                }
                output.map(|output| output.value).map_err(|error| error.to_string())
            };
            asked.into_iter().map(value).collect()
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| internal(&error))
    }

    fn limits(&self, wishes: &Wishes, stop: Arc<AtomicBool>) -> Limits {
        let own = Limits::from(&self.options);
        let lookback = wishes.lookback.unwrap_or(own.lookback);
        Limits { lookback, count_seen: wishes.count_seen, stop: Some(stop), ..own }
    }

    /// Refuses what is too dear at once, without waiting for a turn.
    async fn evaluate_in_turn(
        &self,
        plan: Plan,
        grid: Grid,
        limits: Limits,
    ) -> Result<(Output, Times), ApiError> {
        let internal = |error: &dyn std::fmt::Display| ApiError::Internal(error.to_string());
        let begun = self.clock.now();
        let store = Arc::clone(&self.store);
        let estimate =
            move || query::estimate(&plan, &*store, grid, &limits).map(|_| (plan, limits));
        let estimated = tokio::task::spawn_blocking(estimate).await;
        let (plan, limits) = estimated.map_err(|error| internal(&error))??;
        let prepared = self.clock.now();
        let turn = Arc::clone(&self.evaluations.turns).acquire_owned().await;
        let turn = turn.map_err(|error| internal(&error))?;
        let (store, running) =
            (Arc::clone(&self.store), Running::begin(&self.evaluations.counters));
        let at_work = self.clock.now();
        let work = move || {
            // Both are given back when the work is over, not when whoever asked has left.
            let (_turn, _running) = (turn, running);
            query::evaluate(&plan, &*store, grid, &limits)
        };
        let done = tokio::task::spawn_blocking(work).await;
        let output = done.map_err(|error| internal(&error))??;
        let times = Times {
            preparation: prepared - begun,
            queue: at_work - prepared,
            evaluation: self.clock.now() - at_work,
        };
        Ok((output, times))
    }
}
