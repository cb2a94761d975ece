//! Evaluations on their way: what the hub wants computed, and the fixed set of threads that does
//! it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};

use parking_lot::Mutex;

use crate::model::{Follow, Timestamp, is_absent};
use crate::query::{self, Column, Grid, Limits, Plan, Row, Standing, Value};

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
    pub(crate) stop: Arc<AtomicBool>,
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
    pub(crate) result: Result<Cells, String>,
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
        let limits = Limits { stop: Some(Arc::clone(&self.stop)), ..limits.clone() };
        let row = if self.stands && self.grid.count() == 1 {
            standing.evaluate(&self.plan, self.grid.start, data, &limits)
        } else {
            None
        };
        let result = match row {
            Some(row) => row.map(Cells::Row).map_err(|error| error.to_string()),
            None => query::evaluate(&self.plan, data, self.grid, &limits)
                .map_err(|error| error.to_string())
                .and_then(|output| columns(output.value).map(Cells::Columns)),
        };
        let result = result.and_then(|cells| match cells.series() {
            count if count > series_max => Err(format!(
                "the query gives {count} series, more than live.series_max = {series_max}"
            )),
            _ => Ok(cells),
        });
        let Self { channel, epoch, purpose, columns, .. } = self;
        Done { channel, epoch, purpose, columns, result }
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

fn columns(value: Value) -> Result<Vec<Column>, String> {
    match value {
        Value::Vector(columns) => Ok(columns),
        Value::Scalar(values) => Ok(vec![Column { labels: crate::model::Labels::empty(), values }]),
        Value::String(_) | Value::Matrix(_) => {
            Err("a live query gives a scalar or an instant vector".to_owned())
        }
    }
}

/// What one thread does at a time.
enum Work {
    /// One evaluation.
    One(Job),
    /// Columns of standing queries, which share one graph.
    Standing(Vec<Job>),
}

/// The evaluator threads. Dropping the pool ends them after the jobs under way.
pub struct Evaluators {
    work: mpsc::Sender<Work>,
}

/// What all evaluator threads share.
struct Shared {
    // Held only while a thread takes the next work.
    waiting: Mutex<mpsc::Receiver<Work>>,
    // The graph of standing queries. Held for one tick's columns of all of them.
    standing: Mutex<Standing>,
    data: Arc<dyn Follow>,
    limits: Limits,
    series_max: usize,
}

impl Evaluators {
    /// Starts `threads` threads that hand each result to `done`. Standing queries keep about
    /// `samples_max` samples.
    ///
    /// The queue needs no bound of its own: a channel has at most one job under way, and channels
    /// are bounded.
    pub fn start(
        threads: usize,
        data: &Arc<dyn Follow>,
        limits: &Limits,
        (series_max, samples_max): (usize, usize),
        done: impl Fn(Done) + Clone + Send + 'static,
    ) -> std::io::Result<Self> {
        let (work, waiting) = mpsc::channel();
        let shared = Arc::new(Shared {
            waiting: Mutex::new(waiting),
            standing: Mutex::new(Standing::new(samples_max)),
            data: Arc::clone(data),
            limits: limits.clone(),
            series_max,
        });
        for number in 0..threads {
            let (shared, done) = (Arc::clone(&shared), done.clone());
            let name = format!("evaluator-{number}");
            std::thread::Builder::new().name(name).spawn(move || shared.serve(&done))?;
        }
        Ok(Self { work })
    }

    /// Queues jobs.
    pub(crate) fn submit(&self, jobs: Vec<Job>) {
        let (standing, others): (Vec<Job>, Vec<Job>) = jobs.into_iter().partition(Job::needs_graph);
        let standing = (!standing.is_empty()).then_some(Work::Standing(standing));
        for work in standing.into_iter().chain(others.into_iter().map(Work::One)) {
            // The threads live as long as the sender does; a failure means the process is ending.
            let _ = self.work.send(work);
        }
    }
}

impl Shared {
    fn serve(&self, done: &impl Fn(Done)) {
        // For what does not stand: nothing is kept in it.
        let mut unused = Standing::new(0);
        loop {
            let work = self.waiting.lock().recv();
            let run = |job: Job, standing: &mut Standing| {
                done(job.run(&*self.data, &self.limits, self.series_max, standing));
            };
            match work {
                Ok(Work::One(job)) => run(job, &mut unused),
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
