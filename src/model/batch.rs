//! Samples of one arrival, on their way from a decoder or a collector to the head.

use std::borrow::Cow;

use super::{Labels, Metadata, Sample, Span};

/// What kind of value a series holds. Chunks, `Select` and columns are told the kind, so that
/// another one can join without a change of every signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Kind {
    /// A 64-bit float at each time.
    #[default]
    Float,
}

/// Who brought the samples; decides who may write to a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A collector of this process. What it writes it owns: nobody else may write there.
    Collector,
    /// A push over HTTP.
    Push,
}

/// One sample with the series it belongs to.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The series.
    pub labels: Labels,
    /// Its sample.
    pub sample: Sample,
    /// The line (or the number of the object) in the body it came from, from 1; 0 when it has none.
    pub line: u32,
}

/// The samples of one arrival, all of one kind and one origin.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Who brought them.
    pub origin: Origin,
    /// The kind of all their values.
    pub kind: Kind,
    /// The samples, in the order of arrival.
    pub entries: Vec<Entry>,
    /// What was said of metric names: (metric name, metadata). Later ones win.
    pub metadata: Vec<(String, Metadata)>,
    /// After this long without a sample each series of the batch ends by itself: a staleness marker
    /// is written. `None` leaves them open.
    pub ttl: Option<Span>,
}

impl Batch {
    /// An empty batch of float samples.
    pub fn new(origin: Origin) -> Self {
        Self { origin, kind: Kind::Float, entries: Vec::new(), metadata: Vec::new(), ttl: None }
    }

    /// Adds one sample that came from no particular line.
    pub fn push(&mut self, labels: Labels, sample: Sample) {
        self.entries.push(Entry { labels, sample, line: 0 });
    }

    /// Forgets all content and keeps the memory, for the next arrival.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.metadata.clear();
        self.ttl = None;
    }
}

/// One line, object or sample that was not taken, in words for whoever sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The line (or the number of the object) in the body, from 1; 0 when it has none.
    pub line: u32,
    /// Why: lower case, no full stop, the limit named where one was met.
    pub reason: Cow<'static, str>,
    /// What was refused: the line or the series, cut to a readable length.
    pub text: String,
}

impl Refusal {
    /// The most characters of the refused text that are repeated to the sender.
    pub const TEXT_MAX: usize = 120;

    /// A refusal of `text`, which is cut to [`Self::TEXT_MAX`] characters.
    pub fn new(line: u32, reason: impl Into<Cow<'static, str>>, text: &str) -> Self {
        let cut = text.char_indices().nth(Self::TEXT_MAX).map_or(text.len(), |(at, _)| at);
        let mut shown = text.get(..cut).unwrap_or_default().to_owned();
        if cut < text.len() {
            shown.push('…');
        }
        Self { line, reason: reason.into(), text: shown }
    }
}
