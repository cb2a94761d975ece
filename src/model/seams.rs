//! The two seams: `Append` takes samples in, `Select` gives them out; `Arrivals` tells what came.
//!
//! The store implements them; collectors, pushes, the query engine and the live core use them, and
//! none of them knows the store.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use super::{
    Batch, Kind, Labels, Matcher, Metadata, Origin, Principal, Refusal, Sample, Span, TimeRange,
    Timestamp,
};

/// Takes samples in.
pub trait Append: Send + Sync {
    /// Takes what can be taken of `batch` at the time `now` and says what was refused. When the
    /// call returns, what was taken can be selected; the receipt says when it is durable.
    fn append(&self, batch: &Batch, by: Principal, now: Timestamp) -> Appended;
}

/// The answer to an append.
pub struct Appended {
    /// How many samples were taken.
    pub accepted: usize,
    /// How many were refused.
    pub refused: usize,
    /// The first refusals, in words; bounded by the implementation, `refused` counts them all.
    pub refusals: Vec<Refusal>,
    /// The series that this batch made.
    pub created: Vec<Labels>,
    /// Resolves when everything that was taken is durable.
    pub receipt: Receipt,
}

/// Why samples are not durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotDurable {
    /// The service has just started and still reads what it has.
    Starting,
    /// There is no room: in words.
    Full(String),
    /// The disk does not do as told: in words.
    Failed(String),
}

impl fmt::Display for NotDurable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Starting => f.write_str("the service still reads its log: try again"),
            Self::Full(why) => write!(f, "the disk is full, samples are not durable: {why}"),
            Self::Failed(why) => write!(f, "samples are not durable: {why}"),
        }
    }
}

impl std::error::Error for NotDurable {}

/// Resolves when the samples of one append are as durable as the store was told to make them. A
/// push waits for it before it is answered; a collector does not.
pub struct Receipt(Option<Pin<Box<dyn Durability>>>);

/// What a receipt waits for.
trait Durability: Future<Output = Result<(), NotDurable>> + Send {}

impl<F: Future<Output = Result<(), NotDurable>> + Send> Durability for F {}

impl Receipt {
    /// A receipt that has nothing to wait for: a store in memory alone.
    pub const fn immediate() -> Self {
        Self(None)
    }

    /// A receipt that resolves with `pending`.
    pub fn pending(pending: impl Future<Output = Result<(), NotDurable>> + Send + 'static) -> Self {
        Self(Some(Box::pin(pending)))
    }

    /// Waits until the samples are durable.
    ///
    /// # Errors
    /// When they could not be made so.
    pub async fn wait(self) -> Result<(), NotDurable> {
        match self.0 {
            Some(pending) => pending.await,
            None => Ok(()),
        }
    }
}

/// What is asked of a [`Select`].
#[derive(Debug, Clone, Copy)]
pub struct Selection<'a> {
    /// The series wanted: those that pass all of these.
    pub matchers: &'a [Matcher],
    /// The stretch of time wanted.
    pub range: TimeRange,
    /// Only the newest sample inside the range is wanted of each series.
    pub newest_only: bool,
    /// What will do in place of all samples; nothing when each of them is wanted.
    pub coarse: Option<Coarse>,
    /// Beyond this many series the selection is refused.
    pub series_max: usize,
    /// Beyond this many samples in all the selection is refused.
    pub samples_max: usize,
}

/// What a reader makes of samples that looks at whole stretches of time alone: each begins behind a
/// multiple of `every` since 1970 and ends with one. So it loses nothing when the samples in a part
/// of a stretch, itself cut at such multiples, are given as one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coarse {
    /// What all edges of the reader's stretches are multiples of.
    pub every: Span,
    /// What it wants to know of a stretch.
    pub aggregate: Aggregate,
}

/// What is wanted of the samples in a stretch of time, staleness markers apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aggregate {
    /// The newest one, and a staleness marker behind it.
    Newest,
    /// The least value, at the time of the newest one.
    Least,
    /// The greatest value, at the time of the newest one.
    Greatest,
    /// The sum of the values, at the time of the newest one.
    Sum,
    /// The oldest and the newest one.
    Ends,
}

/// What samples stand for that were made of several ones; a row a sample.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rolled {
    /// How many samples each stands for, staleness markers apart.
    pub counts: Vec<u32>,
    /// What a counter lost by being reset between the sample before and this one: the sum of the
    /// values right before each reset that the samples do not show.
    pub lost: Vec<f64>,
}

/// One series with its samples inside the range, oldest first, staleness markers included.
#[derive(Debug, Clone, PartialEq)]
pub struct Selected {
    /// The series.
    pub labels: Labels,
    /// What kind of values it holds.
    pub kind: Kind,
    /// Its samples, strictly ascending in time.
    pub samples: Vec<Sample>,
    /// What they stand for where some were made of several; nothing when each is as it came.
    pub rolled: Option<Rolled>,
}

/// Why a selection was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SelectError {
    /// More series pass than `series_max`.
    TooManySeries {
        /// The limit that was met.
        limit: usize,
    },
    /// More samples lie inside than `samples_max`.
    TooManySamples {
        /// The limit that was met.
        limit: usize,
    },
}

impl fmt::Display for SelectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManySeries { limit } => {
                write!(f, "the query selects more than {limit} series")
            }
            Self::TooManySamples { limit } => {
                write!(f, "the query reads more than {limit} samples")
            }
        }
    }
}

impl std::error::Error for SelectError {}

/// About how much a selection gives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Measure {
    /// Series with a sample inside.
    pub series: u64,
    /// Their samples inside.
    pub samples: u64,
}

/// Gives samples out.
pub trait Select: Send + Sync {
    /// The series that pass with their samples inside the range, sorted by labels. A series without
    /// a sample inside is left out.
    ///
    /// # Errors
    /// When more series or samples pass than the selection allows.
    fn select(&self, selection: &Selection<'_>) -> Result<Vec<Selected>, SelectError>;

    /// About how many series and samples a selection of these would give, without limits. Whoever
    /// can say so without reading the samples does; `coarse` is as in a [`Selection`].
    fn measure(&self, matchers: &[Matcher], range: TimeRange, coarse: Option<Coarse>) -> Measure {
        let all = usize::MAX;
        let newest_only = false;
        let selection =
            Selection { matchers, range, newest_only, coarse, series_max: all, samples_max: all };
        let found = self.select(&selection).unwrap_or_default();
        let samples = found.iter().map(|one| one.samples.len() as u64).sum();
        Measure { series: found.len() as u64, samples }
    }

    /// The label names of the series that pass and have a sample inside the range, sorted.
    fn label_names(&self, matchers: &[Matcher], range: TimeRange) -> Vec<String>;

    /// The values of one label over the series that pass and have a sample inside the range,
    /// sorted.
    fn label_values(&self, name: &str, matchers: &[Matcher], range: TimeRange) -> Vec<String>;

    /// What is known of a metric name.
    fn metadata(&self, name: &str) -> Option<Metadata>;
}

/// One series that received samples since the last look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The series.
    pub labels: Labels,
    /// Who brought the samples.
    pub origin: Origin,
    /// The time of the oldest of them.
    pub from: Timestamp,
    /// The time of the newest of them.
    pub to: Timestamp,
}

/// Tells which series received samples. It has one reader: what was told once is not told again.
pub trait Arrivals: Send + Sync {
    /// A number that grows with every append; a cheap look at whether draining is worth it.
    fn appends(&self) -> u64;

    /// The series that received samples since the last drain, each once.
    fn drain(&self) -> Vec<Arrival>;
}
