//! Filling the head from the log after a start.
//!
//! Segments are read in their order, and what is in them goes through the same rules as when it
//! came, with the time at which it came. What is older than the retention is passed over. The
//! samples of a series go into the head some at a time, in their order; no rule looks from one
//! series at another. Meanwhile nothing else changes the head: pushes are refused, collectors and
//! upkeep wait.

use std::sync::Arc;

use super::Store;
use super::log::{
    Decoder, Log, LogWriter, Origin as LogOrigin, Piece, SegmentFile, Sink, Terms as LogTerms,
    read_segment, set_aside, version,
};
use super::shard::{Tally, Terms, shard_of};
use crate::model::{Kind, Labels, Matcher, Metadata, Origin, Sample, Span, TimeRange, Timestamp};

/// So many samples of a series are given to the head together: at one a second, half a minute.
const RUN_SAMPLES: usize = 32;
/// So many kinds of what samples came under are known at a time.
const TERMS_MAX: usize = 64;
/// Stands for the kind that ends series.
const ENDING: u32 = u32::MAX;

/// What remains to be done after [`Store::open`]: reading the log, and then writing on.
pub struct Recovery {
    log: Arc<Log>,
    draw: Box<dyn FnMut() -> u32 + Send>,
}

impl Recovery {
    pub(super) fn new(log: Arc<Log>, draw: Box<dyn FnMut() -> u32 + Send>) -> Self {
        Self { log, draw }
    }

    /// Fills `store`, which is the one that it was opened with, from the log at the time `now`;
    /// gives who writes on. Damaged stretches are passed over, counted, and told in the service's
    /// own log.
    pub fn run(self, store: &Store, now: Timestamp) -> LogWriter {
        let files = self.log.files();
        let total = files.iter().map(|file| file.bytes).sum();
        let mut done = 0;
        for (number, file) in files.iter().enumerate() {
            if self.log.is_closing() {
                break;
            }
            let is_last = number + 1 == files.len();
            let newest = self.segment(store, *file, is_last, now);
            done += file.bytes;
            self.log.replayed(*file, newest, done, total);
            // More may be in the log than fits into memory.
            store.evict(now);
        }
        store.forget_arrivals();
        LogWriter::new(self.log, self.draw)
    }

    /// Reads one segment; gives the time of its newest sample.
    fn segment(
        &self,
        store: &Store,
        file: SegmentFile,
        is_last: bool,
        now: Timestamp,
    ) -> Timestamp {
        let figures = self.log.figures();
        let bytes = match read_segment(self.log.disk(), file) {
            Ok(bytes) => bytes,
            Err(error) => {
                figures.damaged.increment();
                log::error!("a segment of the log cannot be read error={error}");
                // Kept: perhaps it can be read another time.
                return Timestamp::MAX;
            }
        };
        let (mut replay, mut decoder, mut frames) =
            (Replay::new(store, now), Decoder::default(), 0);
        for piece in file.frames(&bytes) {
            match piece {
                Piece::Frame(payload) if decoder.frame(payload, &mut replay).is_some() => {
                    frames += 1;
                }
                Piece::Frame(_) => {
                    figures.damaged.increment();
                    decoder.damaged();
                    log::error!("a frame of the log holds what nobody wrote file={file}");
                }
                Piece::Damage(passed) => {
                    figures.damaged.increment();
                    decoder.damaged();
                    log::error!("a part of the log is damaged file={file} bytes={passed}");
                }
                Piece::Tail(passed) if frames > 0 || (is_last && version(&bytes).is_some()) => {
                    figures.cut_bytes.add(passed as u64);
                    log::info!("an unfinished write was cut off file={file} bytes={passed}");
                }
                Piece::Tail(_) => self.set_aside(file),
            }
        }
        replay.hand_over_all();
        figures.replayed.add(replay.taken as u64);
        figures.damaged_samples.add(decoder.lost() as u64);
        replay.newest
    }

    fn set_aside(&self, file: SegmentFile) {
        self.log.figures().damaged.increment();
        log::error!("a file of the log holds nothing whole and is set aside file={file}");
        if let Err(error) = set_aside(self.log.disk(), file) {
            log::error!("a damaged file cannot be set aside error={error}");
        }
    }
}

/// A series of a segment, on its way into the head.
struct Named {
    labels: Labels,
    /// Where it lies in its shard; not known before its first sample.
    slot: Option<u32>,
    /// The time to live that it was named with, until its first sample.
    open: Option<Span>,
}

/// How many samples of a series wait, and what they came under. Small, since each sample looks at
/// the one of its series.
#[derive(Clone, Copy)]
struct Run {
    count: u32,
    /// The place of what they came under.
    terms: u32,
    /// When the last one came.
    arrived: Timestamp,
}

impl Run {
    const NONE: Self = Self { count: 0, terms: ENDING, arrived: Timestamp::MIN };
}

/// What frames tell, on its way into the head.
///
/// The samples of a series go into the head together: what a series costs beside its samples (its
/// lock, its memory that is not in the processor's cache) is paid once for all of them. They wait
/// in columns, since a second of all series lies together in the log.
struct Replay<'a> {
    store: &'a Store,
    /// What is older is not kept.
    oldest: Timestamp,
    /// The series by their numbers in the segment, and in the same order what waits of each.
    named: Vec<Option<Named>>,
    runs: Vec<Run>,
    /// The first samples that wait, one a number, then the second ones, and so on.
    columns: Vec<Sample>,
    /// How many numbers a column has room for.
    room: usize,
    /// One series' samples, put together.
    run: Vec<Sample>,
    /// What the samples come under that are told now, and its place among what others came under.
    now: LogTerms,
    place: u32,
    /// What samples came under: little differs. `arrived` is of no meaning here.
    terms: Vec<LogTerms>,
    taken: usize,
    newest: Timestamp,
}

impl<'a> Replay<'a> {
    fn new(store: &'a Store, now: Timestamp) -> Self {
        Self {
            store,
            oldest: now.saturating_sub(store.limits.retention),
            named: Vec::new(),
            runs: Vec::new(),
            columns: Vec::new(),
            room: 0,
            run: Vec::with_capacity(RUN_SAMPLES),
            now: LogTerms::end(Timestamp::MIN),
            place: ENDING,
            terms: Vec::new(),
            taken: 0,
            newest: Timestamp::MIN,
        }
    }

    fn terms(&self, terms: &LogTerms) -> Terms {
        Terms {
            origin: if terms.origin == LogOrigin::Push { Origin::Push } else { Origin::Collector },
            kind: Kind::Float,
            ttl: terms.ttl,
            now: terms.arrived,
            oldest: self.oldest,
            newest: Timestamp::MAX,
            chunk_span: self.store.chunk_span(),
        }
    }

    /// Makes room for samples of the series up to this number, and for half as many again.
    fn make_room(&mut self, number: usize) {
        if self.named.len() <= number {
            self.named.resize_with(number + 1, || None);
            self.runs.resize(number + 1, Run::NONE);
        }
        if self.room <= number {
            self.hand_over_all();
            self.room = number + number / 2 + 1;
            self.columns.resize(self.room * RUN_SAMPLES, Sample::new(Timestamp::MIN, 0.0));
        }
    }

    /// Gives the samples that wait to their series.
    fn hand_over(&mut self, number: usize) {
        let Some(Some(Named { labels, slot: Some(slot), .. })) = self.named.get(number) else {
            return;
        };
        let run = self.runs[number];
        let columns = self.columns.chunks_exact(self.room).take(run.count as usize);
        self.run.clear();
        self.run.extend(columns.filter_map(|column| column.get(number)));
        let Some(oldest) = self.run.iter().map(|sample| sample.at).min() else { return };
        let Some(terms) = self.terms.get(run.terms as usize) else { return };
        let terms = self.terms(&LogTerms { arrived: run.arrived, ..*terms });
        let mut shard = self.store.shards[shard_of(labels)].write();
        let taken = shard.append_run(*slot, &self.run, &terms, &self.store.gate());
        drop(shard);
        self.store.note(&Tally { oldest: Some(oldest), ..Tally::default() });
        self.runs[number].count = 0;
        self.taken += taken;
    }

    /// Gives everything that waits to the head.
    fn hand_over_all(&mut self) {
        (0..self.named.len()).for_each(|number| self.hand_over(number));
    }

    /// Makes the series of a number ready for a sample, to begin a run with it; says whether it is.
    /// A series is made at its first sample, so that of too many the same ones are let in as at
    /// first. A sample that ends a series is taken here.
    #[cold]
    fn prepare(&mut self, number: usize, sample: Sample) -> bool {
        self.hand_over(number);
        if self.place == ENDING {
            self.end(number, sample);
            return false;
        }
        if sample.at < self.oldest {
            return false;
        }
        self.runs[number].terms = self.place;
        let (terms, gate) = (self.terms(&self.now), self.store.gate());
        let Some(Some(named)) = self.named.get_mut(number) else { return false };
        if named.slot.is_none() {
            let mut shard = self.store.shards[shard_of(&named.labels)].write();
            named.slot = shard.enter(&named.labels, &terms, &gate).ok();
            if let (Some(slot), Some(ttl)) = (named.slot, named.open.take()) {
                shard.keep_open(slot, ttl);
            }
        }
        named.slot.is_some()
    }

    /// Ends a series as it did at first.
    fn end(&mut self, number: usize, sample: Sample) {
        let Some(Some(named)) = self.named.get_mut(number) else { return };
        // A series that ends has nothing to be kept open.
        named.open = None;
        let mut shard = self.store.shards[shard_of(&named.labels)].write();
        shard.end(&named.labels, sample, self.store.chunk_span());
    }
}

impl Sink for Replay<'_> {
    fn series(&mut self, number: u32, labels: Labels, ttl: Option<Span>) {
        let number = number as usize;
        self.make_room(number);
        self.hand_over(number);
        self.named[number] = Some(Named { labels, slot: None, open: ttl });
    }

    fn under(&mut self, terms: LogTerms) {
        self.now = terms;
        if terms.origin == LogOrigin::End {
            self.place = ENDING;
            return;
        }
        let alike = |one: &LogTerms| one.origin == terms.origin && one.ttl == terms.ttl;
        let known = self.terms.iter().position(alike);
        let place = known.unwrap_or_else(|| {
            if self.terms.len() == TERMS_MAX {
                self.hand_over_all();
                self.terms.clear();
            }
            self.terms.push(terms);
            self.terms.len() - 1
        });
        self.place = place as u32;
    }

    #[inline]
    fn sample(&mut self, number: u32, sample: Sample) {
        self.newest = self.newest.max(sample.at);
        let number = number as usize;
        let Some(run) = self.runs.get(number) else { return };
        let goes_on = run.terms == self.place
            && (1..RUN_SAMPLES as u32).contains(&run.count)
            && sample.at >= self.oldest;
        if !goes_on && !self.prepare(number, sample) {
            return;
        }
        let run = &mut self.runs[number];
        self.columns[run.count as usize * self.room + number] = sample;
        run.count += 1;
        run.arrived = self.now.arrived;
    }

    fn metadata(&mut self, name: &str, metadata: Metadata) {
        self.store.metadata.learn(&[(name.to_owned(), metadata)]);
    }

    fn deleted(&mut self, matchers: &[Matcher], range: TimeRange) {
        // What came before it has to be there to be forgotten.
        self.hand_over_all();
        self.store.forget_again(matchers, range);
    }
}
