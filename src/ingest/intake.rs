//! What every decoder fills: the accepted samples by ttl, the refusals counted and the first of
//! them in words, within the limit of samples a push.

use crate::model::{
    Batch, Entry, Labels, Metadata, MetricType, Origin, Refusal, Sample, Span, Timestamp,
};

use super::Options;
use super::families::Families;
use super::fault::Fault;

/// How many refusals are put into words.
const REFUSALS_MAX: usize = 20;

/// How many different ttl values one push may name: each one is a batch of its own.
const TTLS_MAX: usize = 64;

/// What one body held.
///
/// ```
/// use watchglass::ingest::{KeyCache, Options, text};
/// use watchglass::model::{Span, Timestamp};
/// let mut cache = KeyCache::new(1000);
/// let body = b"orders 42\nwhat is this";
/// let mut decoded = text::decode(body, Timestamp(0), &Options::default(), &mut cache);
/// decoded.default_ttl(Span(90_000));
/// assert_eq!((decoded.samples(), decoded.refused), (1, 1));
/// assert_eq!(decoded.batches[0].ttl, Some(Span(90_000)));
/// ```
#[derive(Debug, Default)]
pub struct Decoded {
    /// The accepted samples, one batch for each distinct ttl; none is empty of both samples and
    /// metadata. Their origin is [`Origin::Push`].
    pub batches: Vec<Batch>,
    /// How many lines, objects or samples were refused.
    pub refused: usize,
    /// The first 20 of them in words, in the order of the body; those beyond the limit of samples
    /// a push share one.
    pub refusals: Vec<Refusal>,
}

impl Decoded {
    /// How many samples were accepted.
    pub fn samples(&self) -> usize {
        self.batches.iter().map(|batch| batch.entries.len()).sum()
    }

    /// Gives `ttl` to the samples that named none of their own (the `ttl` parameter of a push).
    pub fn default_ttl(&mut self, ttl: Span) {
        for batch in &mut self.batches {
            batch.ttl = batch.ttl.or(Some(ttl));
        }
    }
}

/// A place in a batch.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    batch: usize,
    entries: usize,
}

/// Notes what a body says of its metric names.
pub(super) struct Describing<'i> {
    families: &'i mut Families,
    names_max: usize,
}

impl Describing<'_> {
    /// Lets `say` change the metadata of a metric name.
    pub(super) fn note(
        &mut self,
        name: &str,
        say: impl FnOnce(&mut Metadata),
    ) -> Result<(), Fault> {
        let metadata = self.families.entry(name, self.names_max).ok_or(Fault::Plain(
            "the push describes more metrics than it may bring samples (`ingest.samples_max`)",
        ))?;
        say(metadata);
        Ok(())
    }
}

/// A body being decoded.
pub(super) struct Intake<'o> {
    /// The limits in force.
    pub(super) options: &'o Options,
    /// The time of samples that have none.
    pub(super) now: Timestamp,
    batches: Vec<Batch>,
    samples: usize,
    families: Families,
    refused: usize,
    refusals: Vec<Refusal>,
    /// How many samples came after the limit was met, and the line of the first.
    beyond: usize,
    beyond_line: u32,
}

impl<'o> Intake<'o> {
    /// An empty one that expects about this many samples.
    pub(super) fn new(options: &'o Options, now: Timestamp, expected: usize) -> Self {
        let mut first = Batch::new(Origin::Push);
        first.entries.reserve(expected.min(options.samples_max));
        Self {
            options,
            now,
            batches: vec![first],
            samples: 0,
            families: Families::default(),
            refused: 0,
            refusals: Vec::new(),
            beyond: 0,
            beyond_line: 0,
        }
    }

    /// Whether the push has brought all the samples it may.
    pub(super) fn is_full(&self) -> bool {
        self.samples >= self.options.samples_max
    }

    /// Counts one sample that came after the limit was met.
    pub(super) fn count_beyond(&mut self, line: u32) {
        if self.beyond == 0 {
            self.beyond_line = line;
        }
        self.beyond += 1;
    }

    /// Takes a sample into the batch without ttl. The caller has asked [`Self::is_full`].
    pub(super) fn accept(&mut self, labels: Labels, sample: Sample, line: u32) {
        self.batches[0].entries.push(Entry { labels, sample, line });
        self.samples += 1;
    }

    /// Takes a sample into the batch of a mark.
    pub(super) fn accept_into(&mut self, mark: Mark, labels: Labels, sample: Sample, line: u32) {
        self.batches[mark.batch].entries.push(Entry { labels, sample, line });
        self.samples += 1;
    }

    /// The batch of a ttl; an error when the push has named too many different ones.
    pub(super) fn batch_of(&mut self, ttl: Option<Span>) -> Result<usize, Fault> {
        if let Some(at) = self.batches.iter().position(|batch| batch.ttl == ttl) {
            return Ok(at);
        }
        if self.batches.len() > TTLS_MAX {
            return Err(Fault::Plain("the push names more than 64 different ttl values"));
        }
        self.batches.push(Batch { ttl, ..Batch::new(Origin::Push) });
        Ok(self.batches.len() - 1)
    }

    /// The present end of a batch, for a line that is taken as a whole or not at all.
    pub(super) fn mark(&self, batch: usize) -> Mark {
        Mark { batch, entries: self.batches[batch].entries.len() }
    }

    /// Takes back what its batch took since `mark`.
    pub(super) fn take_back(&mut self, mark: Mark) {
        let entries = &mut self.batches[mark.batch].entries;
        self.samples -= entries.len() - mark.entries;
        entries.truncate(mark.entries);
    }

    /// What its batch took since `mark`, and where metric names are described.
    pub(super) fn since(&mut self, mark: Mark) -> (&mut [Entry], Describing<'_>) {
        let names_max = self.options.samples_max;
        let describing = Describing { families: &mut self.families, names_max };
        (&mut self.batches[mark.batch].entries[mark.entries..], describing)
    }

    /// Where metric names are described.
    pub(super) fn describing(&mut self) -> Describing<'_> {
        Describing { families: &mut self.families, names_max: self.options.samples_max }
    }

    /// Refuses a line or object.
    pub(super) fn refuse(&mut self, line: u32, fault: &Fault, text: &[u8]) {
        self.refused += 1;
        if self.refusals.len() < REFUSALS_MAX {
            // Four bytes a character at most: no need to read on for a text that is cut anyway.
            let head = text.get(..Refusal::TEXT_MAX * 4 + 4).unwrap_or(text);
            let shown = String::from_utf8_lossy(head);
            self.refusals.push(Refusal::new(line, fault.to_string(), &shown));
        }
    }

    /// Ends the body. `open_metrics`: counters are described under their family's name, while their
    /// samples end in `_total`.
    pub(super) fn finish(mut self, open_metrics: bool) -> Decoded {
        self.refuse_beyond();
        self.batches[0].metadata = self.families.into_vec();
        if open_metrics {
            for (name, metadata) in &mut self.batches[0].metadata {
                if metadata.metric_type == MetricType::Counter && !name.ends_with("_total") {
                    name.push_str("_total");
                }
            }
        }
        self.batches.retain(|batch| !batch.entries.is_empty() || !batch.metadata.is_empty());
        Decoded { batches: self.batches, refused: self.refused, refusals: self.refusals }
    }

    /// Puts all samples beyond the limit into one refusal.
    fn refuse_beyond(&mut self) {
        if self.beyond == 0 {
            return;
        }
        self.refused += self.beyond;
        let reason = format!(
            "a push may bring {} samples (`ingest.samples_max`): {} from here on were refused, \
             send them in a push of their own",
            self.options.samples_max, self.beyond
        );
        // It concerns more samples than any other refusal: it must not fall off the end.
        self.refusals.truncate(REFUSALS_MAX - 1);
        self.refusals.push(Refusal::new(self.beyond_line, reason, ""));
        self.refusals.sort_by_key(|refusal| refusal.line);
    }
}
