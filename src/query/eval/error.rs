//! Why an evaluation gave no result, in words for whoever wrote the query.

use std::fmt;

use crate::model::SelectError;

/// Why an evaluation gave no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EvalError {
    /// The query costs more than it may.
    Limit {
        /// Which bound was met.
        bound: Bound,
        /// The bound.
        limit: u64,
        /// How many samples were read before.
        samples: u64,
    },
    /// The data do not fit the query: ambiguous matches, duplicate label sets, bad parameters.
    Execution(String),
    /// The evaluation was told to stop: its deadline passed or nobody waits any more.
    Stopped {
        /// How many samples were read before.
        samples: u64,
    },
}

/// What an evaluation can use too much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// Samples read, or values held at once.
    Samples,
    /// Series of one selector.
    Series,
    /// Steps of the grid.
    Points,
    /// Looks at samples, each step's window counted.
    Work,
}

impl EvalError {
    /// A failure of the data to fit the query.
    pub(super) fn execution(text: impl Into<String>) -> Self {
        Self::Execution(text.into())
    }

    /// A selection that was refused after `samples` samples had been read; `whole` is the limit of
    /// samples for the whole query, of which a selection is only given the rest.
    pub(super) fn refused(error: &SelectError, whole: u64, samples: u64) -> Self {
        let (bound, limit) = match error {
            SelectError::TooManySeries { limit } => (Bound::Series, *limit as u64),
            SelectError::TooManySamples { .. } => (Bound::Samples, whole),
        };
        Self::Limit { bound, limit, samples }
    }
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Limit { bound: bound @ (Bound::Samples | Bound::Work), limit, samples } => {
                let what = match bound {
                    Bound::Work => "looks at samples",
                    _ => "samples",
                };
                write!(
                    f,
                    "query processing would load too many samples into memory in query execution: \
                     it needs more than {limit} {what} ({samples} samples read so far); narrow its \
                     selectors or its ranges, or choose a longer step"
                )
            }
            Self::Limit { bound, limit, samples } => {
                let what = match bound {
                    Bound::Series => "series in one selector: add matchers",
                    _ => "steps: choose a longer step or a shorter range",
                };
                write!(
                    f,
                    "the query needs more than {limit} {what} ({samples} samples read so far)"
                )
            }
            Self::Execution(text) => f.write_str(text),
            Self::Stopped { samples } => {
                write!(
                    f,
                    "the query was stopped before it was done ({samples} samples read so far)"
                )
            }
        }
    }
}

impl std::error::Error for EvalError {}
