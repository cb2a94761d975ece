//! What a collector is: something that fills its tables when told to, says when the machine does
//! not have what it reads, and fails in words.

use std::fmt;
use std::io;
use std::path::Path;

use super::files::Files;
use super::table::{Round, Table};
use crate::model::Span;

/// Whether the machine has what a source reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// It was there and was read.
    Read,
    /// The machine does not have it (now). This is no failure.
    Missing,
}

/// Why a reading failed, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure(String);

impl Failure {
    /// A file that is there and could not be read.
    pub(super) fn read(path: &Path, error: &io::Error) -> Self {
        Self(format!("cannot read `{}`: {error}", path.display()))
    }

    /// Something that was read and makes no sense.
    pub(super) fn form(what: &str, expected: &str) -> Self {
        Self(format!("cannot understand `{what}`: {expected} was expected"))
    }

    /// A part of the system that would not answer.
    #[cfg(any(test, not(target_os = "linux")))]
    pub(super) fn system(what: &str, error: &dyn fmt::Display) -> Self {
        Self(format!("cannot read {what}: {error}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One collector's reading side. It blocks, and is only called on threads that may.
pub(super) trait Source: Send {
    /// Reads everything once, now, and puts it into the tables and the round. `files` are those of
    /// the task, shared with its other sources.
    fn read(&mut self, files: &mut Files, round: &mut Round<'_>) -> Result<Found, Failure>;

    /// Its tables, for ending what a reading no longer named and for metadata.
    fn tables(&mut self) -> &mut [Table];
}

/// A source with its place in the plan.
pub(super) struct Planned {
    /// Its name in logs and own metrics: the key of its table of settings.
    pub(super) name: &'static str,
    /// The distance of its readings.
    pub(super) interval: Span,
    /// Whether it may take long, and so has a task to itself.
    pub(super) alone: bool,
    /// The source.
    pub(super) source: Box<dyn Source>,
}

/// A source that is quick and shares a task with others of the same interval.
pub(super) fn quick(name: &'static str, interval: Span, source: impl Source + 'static) -> Planned {
    Planned { name, interval, alone: false, source: Box::new(source) }
}

/// A source with a task to itself.
pub(super) fn alone(name: &'static str, interval: Span, source: impl Source + 'static) -> Planned {
    Planned { name, interval, alone: true, source: Box::new(source) }
}
