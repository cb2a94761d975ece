//! Evaluations on their way: what the hub wants computed, and the fixed set of threads that does
//! it.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};

use parking_lot::Mutex;

use crate::model::{Follow, Timestamp, is_absent};
use crate::query::{self, Column, EvalError, Grid, Limits, Plan, Row, Standing, Value};

/// A first window that looks at more samples than this, some tens of milliseconds of work, waits
/// with the dear queries.
const DEAR: u64 = 1_000_000;

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
    /// Whether the query stands: one column is answered from what the last one left.
    pub(crate) stands: bool,
    /// Whether it is dear, so that it must not hold up what is cheap.
    pub(crate) slow: bool,
    pub(crate) progress: Progress,
}

/// How far a job is, told to and by whoever handed it out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress {
    stop: Arc<AtomicBool>,
    begun: Arc<AtomicBool>,
}

/// Why a job gave nothing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It was stopped.
    Stopped,
    /// In words.
    Text(String),
}

/// The cells of a result.
#[derive(Debug)]
pub(crate) enum Cells {
    /// Series over columns.
    Columns(Vec<Column>),
    /// One column of a standing query.
    Row(Row),
}

/// A job that ended.
pub struct Done {
    pub(crate) channel: u32,
    pub(crate) epoch: String,
    pub(crate) purpose: Purpose,
    pub(crate) columns: (i64, i64),
    pub(crate) slow: bool,
    pub(crate) result: Result<Cells, Failure>,
    /// How much work it was, in looks at samples.
    pub(crate) cost: u64,
}

impl Job {
    /// Evaluates here and now.
    pub(crate) fn run(
        self,
        data: &dyn Follow,
        limits: &Limits,
        series_max: usize,
        standing: &mut Standing,
    ) -> Done {
        self.progress.begin();
        let limits = Limits { stop: Some(Arc::clone(&self.progress.stop)), ..limits.clone() };
        let result = if self.progress.is_stopped() {
            Err(Failure::Stopped)
        } else {
            self.evaluate(data, &limits, standing).map_err(Failure::from)
        };
        let (result, cost) = match result {
            Ok((cells, cost)) => (check(cells, series_max), cost),
            Err(failure) => (Err(failure), 0),
        };
        let Self { channel, epoch, purpose, columns, slow, .. } = self;
        Done { channel, epoch, purpose, columns, slow, result, cost }
    }

    fn evaluate(
        &self,
        data: &dyn Follow,
        limits: &Limits,
        standing: &mut Standing,
    ) -> Result<(Cells, u64), EvalError> {
        if self.needs_graph()
            && let Some(row) = standing.evaluate(&self.plan, self.grid.start, data, limits)
        {
            let row = row?;
            let work = row.work;
            return Ok((Cells::Row(row), work));
        }
        let output = query::evaluate(&self.plan, data, self.grid, limits)?;
        Ok((Cells::Columns(columns(output.value)?), output.work))
    }

    /// Whether it is a first window of a query that costs much: such a one waits with the dear
    /// ones. What cannot be evaluated at all is found out here, before anything is read.
    fn is_dear(&self, data: &dyn Follow, limits: &Limits) -> Result<bool, Failure> {
        if self.slow || !matches!(self.purpose, Purpose::Fill | Purpose::Extend) {
            return Ok(false);
        }
        let cost = query::estimate(&self.plan, data, self.grid, limits)?;
        Ok(cost.work > DEAR)
    }

    /// The end of a job that was not begun.
    fn failed(self, failure: Failure) -> Done {
        let Self { channel, epoch, purpose, columns, slow, .. } = self;
        Done { channel, epoch, purpose, columns, slow, result: Err(failure), cost: 0 }
    }

    /// Whether the graph of standing queries is needed to run it.
    fn needs_graph(&self) -> bool {
        self.stands && self.grid.count() == 1
    }
}

impl Cells {
    /// How many series have a value.
    fn series(&self) -> usize {
        match self {
            Self::Columns(columns) => columns.len(),
            Self::Row(row) => row.values.iter().filter(|value| !is_absent(**value)).count(),
        }
    }
}

fn check(cells: Cells, series_max: usize) -> Result<Cells, Failure> {
    match cells.series() {
        count if count > series_max => Err(Failure::Text(format!(
            "the query gives {count} series, more than live.series_max = {series_max}"
        ))),
        _ => Ok(cells),
    }
}

fn columns(value: Value) -> Result<Vec<Column>, EvalError> {
    match value {
        Value::Vector(columns) => Ok(columns),
        Value::Scalar(values) => Ok(vec![Column { labels: crate::model::Labels::empty(), values }]),
        Value::String(_) | Value::Matrix(_) => {
            Err(EvalError::Execution("a live query gives a scalar or an instant vector".to_owned()))
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped => f.write_str(
                "the query takes longer than a live query may, even at the slowest pace: narrow \
                 its selectors or its ranges",
            ),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl From<EvalError> for Failure {
    fn from(error: EvalError) -> Self {
        match error {
            EvalError::Stopped { .. } => Self::Stopped,
            error => Self::Text(error.to_string()),
        }
    }
}

impl Progress {
    /// A thread takes the job up.
    pub(crate) fn begin(&self) {
        self.begun.store(true, Ordering::Relaxed);
    }

    /// Ends the job soon.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Whether it was told to end.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Whether a thread has taken it up.
    pub(crate) fn has_begun(&self) -> bool {
        self.begun.load(Ordering::Relaxed)
    }
}

/// What one thread does at a time.
enum Work {
    /// One evaluation.
    One(Job),
    /// Columns of standing queries, which share one graph.
    Standing(Vec<Job>),
}

/// The evaluator threads: some for what is cheap, and one for what is dear, so that no tick waits
/// for a dear query. Dropping the pool ends them after the jobs under way.
pub struct Evaluators {
    quick: mpsc::Sender<Work>,
    slow: mpsc::Sender<Work>,
}

/// What all evaluator threads share.
struct Shared {
    // Held only while a thread takes the next work.
    quick: Mutex<mpsc::Receiver<Work>>,
    // The same, of what is dear.
    slow: Mutex<mpsc::Receiver<Work>>,
    // The graph of standing queries. Held for one tick's columns of all of them.
    standing: Mutex<Standing>,
    data: Arc<dyn Follow>,
    limits: Limits,
    series_max: usize,
}

impl Evaluators {
    /// Starts `threads` threads and one for what is dear; each result is handed to `done`. Standing
    /// queries keep about `samples_max` samples.
    ///
    /// The queues need no bound of their own: a channel has at most one job under way, and channels
    /// are bounded.
    pub fn start(
        threads: usize,
        data: &Arc<dyn Follow>,
        limits: &Limits,
        (series_max, samples_max): (usize, usize),
        done: impl Fn(Done) + Clone + Send + 'static,
    ) -> std::io::Result<Self> {
        let (quick, quick_work) = mpsc::channel();
        let (slow, slow_work) = mpsc::channel();
        let shared = Arc::new(Shared {
            quick: Mutex::new(quick_work),
            slow: Mutex::new(slow_work),
            standing: Mutex::new(Standing::new(samples_max)),
            data: Arc::clone(data),
            limits: limits.clone(),
            series_max,
        });
        for number in 0..threads {
            let (shared, done, slow) = (Arc::clone(&shared), done.clone(), slow.clone());
            let name = format!("evaluator-{number}");
            let serve = move || shared.serve(&shared.quick, Some(&slow), &done);
            std::thread::Builder::new().name(name).spawn(serve)?;
        }
        let name = "evaluator-slow".to_owned();
        let serve = move || shared.serve(&shared.slow, None, &done);
        std::thread::Builder::new().name(name).spawn(serve)?;
        Ok(Self { quick, slow })
    }

    /// Queues jobs.
    pub(crate) fn submit(&self, jobs: Vec<Job>) {
        let (slow, jobs): (Vec<Job>, Vec<Job>) = jobs.into_iter().partition(|job| job.slow);
        let (standing, others): (Vec<Job>, Vec<Job>) = jobs.into_iter().partition(Job::needs_graph);
        let standing = (!standing.is_empty()).then_some(Work::Standing(standing));
        // The threads live as long as the senders do; a failure means the process is ending.
        for work in standing.into_iter().chain(others.into_iter().map(Work::One)) {
            let _ = self.quick.send(work);
        }
        for job in slow {
            let _ = self.slow.send(Work::One(job));
        }
    }
}

impl Shared {
    /// Does what waits; what turns out to be dear is handed on to `slow`, if there is one.
    fn serve(
        &self,
        waiting: &Mutex<mpsc::Receiver<Work>>,
        slow: Option<&mpsc::Sender<Work>>,
        done: &impl Fn(Done),
    ) {
        // For what does not stand: nothing is kept in it.
        let mut unused = Standing::new(0);
        loop {
            let work = waiting.lock().recv();
            let run = |job: Job, standing: &mut Standing| {
                done(job.run(&*self.data, &self.limits, self.series_max, standing));
            };
            match work {
                Ok(Work::One(job)) => match (job.is_dear(&*self.data, &self.limits), slow) {
                    (Err(failure), _) => done(job.failed(failure)),
                    (Ok(true), Some(slow)) => {
                        drop(slow.send(Work::One(Job { slow: true, ..job })));
                    }
                    (Ok(_), _) => run(job, &mut unused),
                },
                Ok(Work::Standing(jobs)) => {
                    let mut standing = self.standing.lock();
                    for job in jobs {
                        run(job, &mut standing);
                    }
                }
                Err(mpsc::RecvError) => return,
            }
        }
    }
}

/// A job that was handed out, and since when it is known to run.
pub(crate) struct UnderWay {
    pub(crate) progress: Progress,
    pub(crate) purpose: Purpose,
    pub(crate) since: Timestamp,
}
