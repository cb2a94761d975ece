//! Evaluations for the API: off the socket workers, a few at a time, stopped at their deadline and
//! when whoever asked has left.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::{Api, ApiError};
use crate::model::{Counter, Reading, Report, Span};
use crate::query::{self, Grid, Limits, Output, Plan};

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
    samples: Counter,
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
            ("watchglass_query_samples_total", "Samples read by queries over HTTP", &self.samples),
        ];
        out.extend(rows.map(|(name, help, counter)| Reading::counter(name, help, counter.get())));
    }
}

/// What one evaluation may use beside the settings.
#[derive(Default)]
pub(super) struct Wishes {
    /// `timeout`: never longer than the settings allow.
    pub(super) timeout: Option<Span>,
    /// `lookback_delta`.
    pub(super) lookback: Option<Span>,
}

/// Tells an evaluation to stop when nobody waits for it any more.
struct StopWhenDropped(Arc<AtomicBool>);

impl Drop for StopWhenDropped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
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
    ) -> Result<Output, ApiError> {
        let counters = &self.evaluations.counters;
        let result = self.evaluate_in_time(plan, grid, wishes).await;
        match &result {
            Ok(output) => {
                counters.answered.increment();
                counters.samples.add(output.samples);
            }
            Err(ApiError::Timeout(_)) => counters.timeouts.increment(),
            Err(_) => counters.failed.increment(),
        }
        result
    }

    async fn evaluate_in_time(
        &self,
        plan: Plan,
        grid: Grid,
        wishes: &Wishes,
    ) -> Result<Output, ApiError> {
        let most = self.options.deadline;
        let deadline = wishes.timeout.map_or(most, |asked| asked.clamp(Span(1), most));
        let patience = Duration::from_millis(deadline.0.unsigned_abs());
        let late = |what: &str| {
            ApiError::Timeout(format!("{what} within {deadline} (`timeout`, query.deadline)"))
        };
        let stop = Arc::new(AtomicBool::new(false));
        let guard = StopWhenDropped(Arc::clone(&stop));
        let mut limits = Limits { stop: Some(stop), ..Limits::from(&self.options) };
        limits.lookback = wishes.lookback.unwrap_or(limits.lookback);
        let evaluated = async {
            let turn = Arc::clone(&self.evaluations.turns).acquire_owned().await;
            let turn = turn.map_err(|error| ApiError::Internal(error.to_string()))?;
            let store = Arc::clone(&self.store);
            let work = move || {
                // Given back when the work is over, not when whoever asked has left.
                let _turn = turn;
                query::evaluate(&plan, &*store, grid, &limits)
            };
            let done = tokio::task::spawn_blocking(work).await;
            let done = done.map_err(|error| ApiError::Internal(error.to_string()))?;
            done.map_err(ApiError::from)
        };
        let result = tokio::time::timeout(patience, evaluated).await;
        drop(guard);
        result.map_err(|_| late("the query was not answered"))?
    }
}
