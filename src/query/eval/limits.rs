//! What one evaluation may use, and the running account of what it has used.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::model::{SelectError, Span};

use super::super::options::Options;
use super::{Bound, EvalError};

/// What one evaluation may use.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How far back an instant selector looks for its sample.
    pub lookback: Span,
    /// The most samples that may be read, and the most values that one step of the work may hold.
    pub samples_max: u64,
    /// The most series that one selector may select.
    pub series_max: usize,
    /// The most intervals of the grid; one more step than this passes.
    pub points_max: usize,
    /// Whether the samples that each step sees are counted for [`Output`](super::Output).
    pub count_seen: bool,
    /// Set by somebody else to end the evaluation soon: a deadline, a client that left.
    pub stop: Option<Arc<AtomicBool>>,
}

impl From<&Options> for Limits {
    /// The limits that the settings say; the deadline is kept by whoever sets `stop`.
    fn from(options: &Options) -> Self {
        Self {
            lookback: options.lookback,
            samples_max: options.samples_max,
            series_max: options.series_max,
            points_max: options.points_max,
            count_seen: false,
            stop: None,
        }
    }
}

/// So often a sample may be looked at, on average over as many as may be read: a window function
/// looks at a sample once a step that sees it. With 20 million samples this is some seconds.
const LOOKS_MAX: u64 = 100;

/// Work is cheap to count; the flag is looked at once in this many samples.
const WORK_BETWEEN_LOOKS: u64 = 4096;

/// What an evaluation has used so far.
#[derive(Debug)]
pub(super) struct Budget<'a> {
    limits: &'a Limits,
    samples: u64,
    work: u64,
    /// Work since the flag was last looked at.
    unlooked: u64,
    peak: u64,
}

/// How many samples the steps of a query saw: each window's, each step anew.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// By the steps of subqueries.
    pub inside: u64,
    /// By each step of the grid.
    pub by_step: Vec<u64>,
}

impl Seen {
    /// In all.
    pub fn total(&self) -> u64 {
        self.inside + self.by_step.iter().sum::<u64>()
    }
}

impl<'a> Budget<'a> {
    pub(super) fn new(limits: &'a Limits) -> Self {
        Self { limits, samples: 0, work: 0, unlooked: 0, peak: 0 }
    }

    /// How many samples were read.
    pub(super) const fn samples(&self) -> u64 {
        self.samples
    }

    /// How many samples may still be read.
    pub(super) const fn samples_left(&self) -> u64 {
        self.limits.samples_max.saturating_sub(self.samples)
    }

    /// How many samples may be read in all.
    pub(super) const fn samples_max(&self) -> u64 {
        self.limits.samples_max
    }

    /// How many intervals a grid may have.
    pub(super) const fn points_max(&self) -> u64 {
        self.limits.points_max as u64
    }

    /// Counts samples that were read.
    pub(super) fn spend(&mut self, samples: u64) -> Result<(), EvalError> {
        if samples > self.samples_left() {
            return Err(self.exceeded(Bound::Samples, self.limits.samples_max));
        }
        self.samples += samples;
        self.peak = self.peak.max(samples);
        self.work(samples)
    }

    /// Refuses to hold more than the limit: `series` dense columns of `steps` values.
    pub(super) fn hold(&mut self, series: usize, steps: usize) -> Result<(), EvalError> {
        let values = (series as u64).saturating_mul(steps as u64);
        if values > self.limits.samples_max {
            return Err(self.exceeded(Bound::Samples, self.limits.samples_max));
        }
        self.peak = self.peak.max(values);
        Ok(())
    }

    /// How much work was done.
    pub(super) const fn work_done(&self) -> u64 {
        self.work
    }

    /// The most values that one part of the query held at once.
    pub(super) const fn peak(&self) -> u64 {
        self.peak
    }

    /// Refuses work beyond the limit before it is begun.
    pub(super) fn affords(&self, work: u64) -> Result<(), EvalError> {
        let most = self.limits.samples_max.saturating_mul(LOOKS_MAX);
        if work > most {
            return Err(self.exceeded(Bound::Work, most));
        }
        Ok(())
    }

    /// Counts work that is about to be done, in samples looked at, and stops when told to.
    pub(super) fn work(&mut self, samples: u64) -> Result<(), EvalError> {
        self.work += samples + 1;
        self.unlooked += samples + 1;
        if self.unlooked < WORK_BETWEEN_LOOKS {
            return Ok(());
        }
        self.unlooked = 0;
        match &self.limits.stop {
            Some(stop) if stop.load(Ordering::Relaxed) => {
                Err(EvalError::Stopped { samples: self.samples })
            }
            _ => Ok(()),
        }
    }

    /// A bound that was met.
    pub(super) const fn exceeded(&self, bound: Bound, limit: u64) -> EvalError {
        EvalError::Limit { bound, limit, samples: self.samples }
    }

    /// A selection that the data refused.
    pub(super) fn refused(&self, error: &SelectError) -> EvalError {
        EvalError::refused(error, self.limits.samples_max, self.samples)
    }
}
