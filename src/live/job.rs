//! Evaluations on their way: what the hub wants computed, and the fixed set of threads that does
//! it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};

use parking_lot::Mutex;

use crate::model::{Select, Timestamp};
use crate::query::{self, Column, Grid, Limits, Plan, Value};

/// What the result of a job is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The first window.
    Fill,
    /// Older columns in front of the window.
    Extend,
    /// The columns that have become final.
    Advance,
    /// Old columns again, after a late sample.
    Revise,
    /// The column in progress.
    Open,
    /// The whole window, of a query whose old columns move with time.
    Whole,
}

/// One evaluation.
pub struct Job {
    pub(crate) channel: u32,
    pub(crate) epoch: String,
    pub(crate) purpose: Purpose,
    /// The first and the last column.
    pub(crate) columns: (i64, i64),
    pub(crate) plan: Arc<Plan>,
    pub(crate) grid: Grid,
    pub(crate) stop: Arc<AtomicBool>,
}

/// A job that ended.
pub struct Done {
    pub(crate) channel: u32,
    pub(crate) epoch: String,
    pub(crate) purpose: Purpose,
    pub(crate) columns: (i64, i64),
    pub(crate) result: Result<Vec<Column>, String>,
}

impl Job {
    /// Evaluates here and now.
    pub(crate) fn run(self, data: &dyn Select, limits: &Limits, series_max: usize) -> Done {
        let limits = Limits { stop: Some(Arc::clone(&self.stop)), ..limits.clone() };
        let output = query::evaluate(&self.plan, data, self.grid, &limits);
        let result = output.map_err(|error| error.to_string()).and_then(|output| {
            let columns = columns(output.value)?;
            if columns.len() > series_max {
                let count = columns.len();
                return Err(format!(
                    "the query gives {count} series, more than live.series_max = {series_max}"
                ));
            }
            Ok(columns)
        });
        let Self { channel, epoch, purpose, columns, .. } = self;
        Done { channel, epoch, purpose, columns, result }
    }
}

fn columns(value: Value) -> Result<Vec<Column>, String> {
    match value {
        Value::Vector(columns) => Ok(columns),
        Value::Scalar(values) => Ok(vec![Column { labels: crate::model::Labels::empty(), values }]),
        Value::String(_) | Value::Matrix(_) => {
            Err("a live query gives a scalar or an instant vector".to_owned())
        }
    }
}

/// The evaluator threads. Dropping the pool ends them after the jobs under way.
pub struct Evaluators {
    jobs: mpsc::Sender<Job>,
}

impl Evaluators {
    /// Starts `threads` threads that hand each result to `done`.
    ///
    /// The queue needs no bound of its own: a channel has at most one job under way, and channels
    /// are bounded.
    pub fn start(
        threads: usize,
        data: &Arc<dyn Select>,
        limits: &Limits,
        series_max: usize,
        done: impl Fn(Done) + Clone + Send + 'static,
    ) -> std::io::Result<Self> {
        let (jobs, waiting) = mpsc::channel::<Job>();
        // Held only while a thread takes the next job.
        let waiting = Arc::new(Mutex::new(waiting));
        for number in 0..threads {
            let (waiting, done) = (Arc::clone(&waiting), done.clone());
            let (data, limits) = (Arc::clone(data), limits.clone());
            std::thread::Builder::new().name(format!("evaluator-{number}")).spawn(move || {
                loop {
                    let job = waiting.lock().recv();
                    let Ok(job) = job else { return };
                    done(job.run(&*data, &limits, series_max));
                }
            })?;
        }
        Ok(Self { jobs })
    }

    /// Queues one job.
    pub(crate) fn submit(&self, job: Job) {
        // The threads live as long as the sender does; a failure means the process is ending.
        let _ = self.jobs.send(job);
    }
}

/// A job that was handed out: how to stop it, and since when it runs.
pub(crate) struct UnderWay {
    pub(crate) stop: Arc<AtomicBool>,
    pub(crate) since: Timestamp,
}

impl UnderWay {
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
