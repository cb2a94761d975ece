//! The shared state: series by label set with their recent samples, behind `Append` and `Select`.
//!
//! The head holds everything in memory. Series are spread over shards by the hash of their labels;
//! each keeps its samples in packed chunks. What is decided about order, duplicates and ownership
//! is decided here, once: `docs/decisions/0001-head-rules.md`. What the head took goes to the log
//! (`log`), from which it is filled again after a start. The store reads no clock: every call that
//! needs the time is given it.

mod bits;
mod block;
mod census;
mod chunk;
mod cut;
mod decimal;
mod delete;
mod disk;
mod files;
mod follow;
mod import;
mod index;
mod log;
mod maintain;
mod measure;
mod metadata;
mod options;
mod read;
mod refused;
mod replay;
mod series;
mod shard;
mod snapshot;
#[cfg(test)]
mod tests;
mod walk;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};

use parking_lot::{Mutex, RwLock};

use crate::model::{
    Append, Appended, Arrival, Arrivals, Batch, Counter, Entry, Labels, Matcher, NotDurable,
    Origin, Principal, Reading, Receipt, Refusal, Report, Span, Timestamp,
};
use block::Blocks;
pub use block::{BLOCK_VERSION, BlockError, TierRoom, examine_block};
pub use census::Census;
use cut::Cutting;
pub use disk::{
    Disk, DiskError, Fault, Folder, Listed, Readable, Writable, address_of, files_max,
    kept_open_max,
};
pub use files::{Contents, FileKind, StoreFile};
pub use import::{Import, ImportTally};
use index::Index;
use log::{Handover, Log};
pub use log::{LOG_VERSION, LogState, LogWriter, OpenError, count_samples, examine_segment};
use metadata::MetadataBook;
pub use options::{Durability, Options, Retention};
use refused::{Limits, Refused, RefusedCounters};
pub use replay::Recovery;
use shard::{Gate, SHARDS, Shard, Tally, Terms, shard_of};
pub use snapshot::SNAPSHOTS;

/// The most refusals of one batch that are put in words.
const REFUSALS_MAX: usize = 20;
/// The share of the memory that names' types, units and helps may take.
const METADATA_SHARE: usize = 16;
/// The share of the memory that indexes of blocks may take.
const INDEX_SHARE: usize = 16;
/// A chunk reaches over this share of the retention at most, so that what is let go of is little at
/// a time even where samples are rare.
const CHUNK_SHARE: i64 = 4;
/// And over this much where the head is cut into blocks, so that little lies on both sides.
const CHUNK_SPAN_MOST: Span = Span(30 * 60_000);

/// How far back the head reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// The time from which on samples are kept; nothing when there is no sample.
    pub oldest: Option<Timestamp>,
    /// Whether older samples had to go for want of memory, before the retention ended.
    pub limited_by_memory: bool,
}

/// The shared state. All methods take `&self` and may be called from any thread.
///
/// ```
/// use watchglass::model::{Append, Batch, Labels, Origin, Principal, Sample, Span, Timestamp};
/// use watchglass::store::{Options, Store};
///
/// let store = Store::new(&Options::default(), Span(3_600_000), Span(600_000));
/// let mut batch = Batch::new(Origin::Push);
/// batch.push(Labels::named("orders"), Sample::new(Timestamp(5000), 42.0));
/// let appended = store.append(&batch, Principal::Anonymous, Timestamp(6000));
/// assert_eq!((appended.accepted, appended.refused), (1, 0));
/// assert_eq!(store.names(Origin::Push), ["orders"]);
/// ```
pub struct Store {
    // Each guards its series and their samples. Held for a batch's share of samples (some 100 ns
    // each), or for 256 series while maintaining or reading; unpacking is done without it.
    shards: Box<[RwLock<Shard>]>,
    // Guards the postings. Taken after a shard's lock, never before. Held by readers while the
    // matchers are resolved, by writers for one new series or the removal of up to 256.
    index: RwLock<Index>,
    metadata: Arc<MetadataBook>,
    /// Where what was taken is made durable; none when the store is in memory alone.
    log: Option<Arc<Log>>,
    /// What the head has given away; none when the store is in memory alone.
    blocks: Option<Blocks>,
    // Held while the head is cut into blocks, by one thread at a time.
    cutting: Mutex<Cutting>,
    // Held while blocks are cut, merged or written again on time; taken before `cutting`.
    packing: Mutex<()>,
    // Guards what was deleted since the last drain. Held for one look or one change.
    deleted: Mutex<Vec<Arrival>>,
    limits: Limits,
    series: AtomicUsize,
    appends: AtomicU64,
    /// The oldest time kept, `i64::MAX` while there is none.
    oldest: AtomicI64,
    /// Before this time samples had to go for want of memory; `i64::MIN` while that never happened.
    evicted_before: AtomicI64,
    limited_by_memory: AtomicBool,
    memory_full: AtomicBool,
    counters: Counters,
}

#[derive(Default)]
struct Counters {
    appended: Counter,
    late: Counter,
    duplicate: Counter,
    evicted: Counter,
    expired: Counter,
    moved: Counter,
    ended: Counter,
    created: Counter,
    refused: RefusedCounters,
}

impl Store {
    /// An empty store in memory alone. Samples are taken when they are at most `max_age` old (and
    /// no older than they are kept) and at most `max_future` ahead of the time of the append. Reads
    /// the machine's memory when no limit is set.
    pub fn new(options: &Options, max_age: Span, max_future: Span) -> Self {
        // Beyond these bounds sums with times could leave the scale.
        let bounded = |span: Span| span.clamp(Span::ZERO, options::TIME_MOST);
        let limits = Limits {
            max_age: bounded(max_age),
            max_future: bounded(max_future),
            retention: bounded(options.retention.raw),
            kept: options.retention.by_tier().map(bounded),
            series_max: options.series_max,
            memory_max: options.memory_bytes_max(),
            disk_max: options.max_size.map_or(options::DISK_MOST.0, |set| set.0),
        };
        let metadata = MetadataBook::new(limits.series_max, limits.memory_max / METADATA_SHARE);
        Self {
            shards: (0..SHARDS).map(|place| RwLock::new(Shard::new(place))).collect(),
            index: RwLock::default(),
            metadata: Arc::new(metadata),
            log: None,
            blocks: None,
            cutting: Mutex::default(),
            packing: Mutex::default(),
            deleted: Mutex::default(),
            limits,
            series: AtomicUsize::new(0),
            appends: AtomicU64::new(0),
            oldest: AtomicI64::new(i64::MAX),
            evicted_before: AtomicI64::new(i64::MIN),
            limited_by_memory: AtomicBool::new(false),
            memory_full: AtomicBool::new(false),
            counters: Counters::default(),
        }
    }

    /// A store that keeps what it takes on `disk`, with the same bounds. It is empty until the
    /// recovery was run, and what it takes is durable only while the writer that the recovery gives
    /// runs. `draw` gives random numbers.
    ///
    /// # Errors
    /// When the disk cannot be read, or what is there was written by a newer version.
    pub fn open(
        options: &Options,
        max_age: Span,
        max_future: Span,
        disk: Arc<dyn Disk>,
        draw: impl FnMut() -> u32 + Send + 'static,
    ) -> Result<(Self, Recovery), OpenError> {
        let mut store = Self::new(options, max_age, max_future);
        snapshot::remove_unfinished(&*disk)?;
        let blocks = Blocks::open(Arc::clone(&disk), store.limits.memory_max / INDEX_SHARE)?;
        if options.max_size.is_none() {
            let share = disk.size_bytes()? / options::DISK_SHARE;
            store.limits.disk_max = options::DISK_MOST.0.min(share);
        }
        store.blocks = Some(blocks);
        let log = Log::open(disk, options.durability, Arc::clone(&store.metadata))?;
        let log = Arc::new(log);
        store.log = Some(Arc::clone(&log));
        Ok((store, Recovery::new(log, Box::new(draw))))
    }

    /// Whether what is pushed now would be made durable. To be asked before an append, so that what
    /// is refused leaves no trace.
    ///
    /// # Errors
    /// With the reason when it would not.
    pub fn takes(&self) -> Result<(), NotDurable> {
        self.log.as_ref().map_or(Ok(()), |log| log.takes())
    }

    /// When a push may be answered, as the settings have it.
    pub fn durability(&self) -> Durability {
        self.log.as_ref().map_or(Durability::Sync, |log| log.durability())
    }

    /// How the log is; well when there is none.
    pub fn log_state(&self) -> LogState {
        self.log.as_ref().map_or(LogState::Well, |log| log.state())
    }

    /// Lets the writer of the log write what waits and end.
    pub fn close(&self) {
        if let Some(log) = &self.log {
            log.close();
        }
    }

    /// How far back the head reaches, for the page. Brought up to date by `maintain`.
    pub fn reach(&self) -> Reach {
        let oldest = self.oldest.load(Ordering::Relaxed);
        let limited_by_memory = self.limited_by_memory.load(Ordering::Relaxed);
        // A rare series may still have an older sample, but nothing is complete before this.
        let complete = self.evicted_before.load(Ordering::Relaxed);
        let oldest = if limited_by_memory { oldest.max(complete) } else { oldest };
        Reach { oldest: (oldest < i64::MAX).then_some(Timestamp(oldest)), limited_by_memory }
    }

    /// What is on disk by tier, the finest first, and what is foreseen; nothing in memory alone.
    pub fn tiers(&self) -> Option<[TierRoom; 3]> {
        let room = |blocks: &Blocks| blocks.room(&self.limits.kept, self.limits.disk_max);
        self.blocks.as_ref().map(room)
    }

    /// The metric names that have a series of that origin, sorted. A series that a collector has
    /// written to counts as the collector's.
    pub fn names(&self, origin: Origin) -> Vec<String> {
        self.index.read().names(origin)
    }

    /// The labels of the first series in memory that have each value of a label, at most `each` of
    /// a value.
    pub fn first_with(&self, label: &str, each: usize) -> Vec<Labels> {
        self.index.read().first_with(label, each)
    }

    /// The labels of the series in memory that pass all of these.
    pub fn labels_of(&self, matchers: &[Matcher]) -> Vec<Labels> {
        self.index.read().find(matchers).into_iter().map(|(_, labels)| labels).collect()
    }

    fn gate(&self) -> Gate<'_> {
        Gate {
            index: &self.index,
            series: &self.series,
            series_max: self.limits.series_max,
            memory_full: &self.memory_full,
        }
    }

    fn chunk_span(&self) -> Span {
        let span = Span((self.limits.retention.0 / CHUNK_SHARE).max(1));
        if self.blocks.is_some() { span.min(CHUNK_SPAN_MOST) } else { span }
    }

    fn refusals(&self, batch: &Batch, tally: &mut Tally) -> Vec<Refusal> {
        for (_, why) in &tally.refused {
            self.counters.refused.count(*why);
        }
        if tally.refused.is_empty() {
            return Vec::new();
        }
        // Shard by shard they came out of order.
        tally.refused.sort_unstable_by_key(|(number, _)| *number);
        let index = self.index.read();
        let first = tally.refused.iter().take(REFUSALS_MAX);
        first
            .filter_map(|(number, why)| {
                let entry = batch.entries.get(*number as usize)?;
                let words = why.words(&self.limits, &index);
                Some(Refusal::new(entry.line, words, &entry.labels.to_string()))
            })
            .collect()
    }

    /// Gives entries to their shards, and what was taken to the log.
    fn take(&self, entries: &[Entry], terms: &Terms, log: Option<&Handover<'_>>) -> Tally {
        let (gate, mut tally) = (self.gate(), Tally::default());
        let order = Order::of(entries);
        let mut found = Vec::new();
        for (place, shard) in self.shards.iter().enumerate() {
            let numbers = order.share(place);
            if numbers.is_empty() {
                continue;
            }
            let before = tally.refused.len();
            let wanted = || numbers.iter().filter_map(|number| entries.get(*number as usize));
            let mut shard = shard.write();
            shard.find(wanted(), &mut found);
            for ((number, entry), slot) in numbers.iter().zip(wanted()).zip(&found) {
                shard.append((*number, entry), *slot, terms, &gate, &mut tally);
            }
            if let Some(log) = log {
                log.share(taken(entries, numbers, &tally.refused[before..]));
            }
        }
        tally
    }

    fn count(&self, tally: &Tally) {
        let counters = &self.counters;
        counters.appended.add(tally.accepted as u64);
        counters.late.add(tally.late as u64);
        counters.duplicate.add(tally.duplicate as u64);
        counters.created.add(tally.created.len() as u64);
    }

    /// Notes that samples have come.
    fn note(&self, tally: &Tally) {
        if let Some(oldest) = tally.oldest {
            self.oldest.fetch_min(oldest.0, Ordering::Relaxed);
            self.appends.fetch_add(1, Ordering::Release);
        }
    }
}

impl Append for Store {
    fn append(&self, batch: &Batch, _by: Principal, now: Timestamp) -> Appended {
        let news = self.metadata.learn(&batch.metadata);
        let terms = Terms {
            origin: batch.origin,
            kind: batch.kind,
            ttl: batch.ttl,
            now,
            oldest: now.saturating_sub(self.limits.age()),
            newest: now.saturating_add(self.limits.max_future),
            chunk_span: self.chunk_span(),
        };
        let log = self.log.as_ref().map(|log| {
            if !news.is_empty() {
                log.describe(news);
            }
            log.begin(log::Terms::of(batch.origin, batch.ttl, now))
        });
        let mut tally = self.take(&batch.entries, &terms, log.as_ref());
        let receipt = log.map_or_else(Receipt::immediate, Handover::receipt);
        self.count(&tally);
        self.note(&tally);
        let refusals = self.refusals(batch, &mut tally);
        Appended {
            accepted: tally.accepted,
            refused: tally.refused.len(),
            refusals,
            created: tally.created,
            receipt,
        }
    }
}

/// The entries of these numbers without those refused, both being in the same order.
fn taken<'e>(
    entries: &'e [Entry],
    numbers: &'e [u32],
    refused: &'e [(u32, Refused)],
) -> impl Iterator<Item = &'e Entry> {
    let mut refused = refused.iter().map(|(number, _)| *number).peekable();
    let numbers = numbers.iter().filter(move |number| refused.next_if_eq(*number).is_none());
    numbers.filter_map(|number| entries.get(*number as usize))
}

/// The entries of a batch grouped by shard, in their order inside a group: each lock is taken once.
struct Order {
    numbers: Vec<u32>,
    ends: [usize; SHARDS],
}

impl Order {
    fn of(entries: &[Entry]) -> Self {
        let shards: Vec<u8> = entries.iter().map(|entry| shard_of(&entry.labels) as u8).collect();
        let mut ends = [0; SHARDS];
        for shard in &shards {
            ends[usize::from(*shard)] += 1;
        }
        let mut sum = 0;
        for end in &mut ends {
            // Where the group starts; each entry placed moves it towards the group's end.
            (sum, *end) = (sum + *end, sum);
        }
        let mut numbers = vec![0; entries.len()];
        for (number, shard) in shards.iter().enumerate() {
            let place = &mut ends[usize::from(*shard)];
            numbers[*place] = number as u32;
            *place += 1;
        }
        Self { numbers, ends }
    }

    fn share(&self, shard: usize) -> &[u32] {
        let start = shard.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.numbers.get(start..self.ends[shard]).unwrap_or_default()
    }
}

impl Store {
    /// Forgets which series received samples.
    fn forget_arrivals(&self) {
        self.shards.iter().for_each(|shard| shard.write().drain(&mut Vec::new()));
    }
}

impl Arrivals for Store {
    fn appends(&self) -> u64 {
        self.appends.load(Ordering::Acquire)
    }

    fn drain(&self) -> Vec<Arrival> {
        // To those who follow what comes, what goes is a change like any other.
        let mut arrivals = std::mem::take(&mut *self.deleted.lock());
        for shard in &self.shards {
            shard.write().drain(&mut arrivals);
        }
        arrivals
    }
}

impl Report for Store {
    fn report(&self, out: &mut Vec<Reading>) {
        let footprint = self.footprint();
        let counters = &self.counters;
        let series = self.series.load(Ordering::Relaxed) as f64;
        out.extend([
            Reading::gauge("watchglass_store_series", "Series in the head.", series),
            Reading::gauge(
                "watchglass_store_samples",
                "Samples in the head.",
                footprint.samples as f64,
            ),
            Reading::gauge(
                "watchglass_store_memory_bytes",
                "Estimated memory of series, samples and index.",
                footprint.bytes as f64,
            ),
            Reading::gauge(
                "watchglass_store_memory_limit_bytes",
                "The memory beyond which the oldest samples go.",
                self.limits.memory_max as f64,
            ),
        ]);
        let rows = [
            ("watchglass_store_appended_samples_total", "Samples taken.", &counters.appended),
            (
                "watchglass_store_out_of_order_samples_total",
                "Samples taken that were older than the newest of their series.",
                &counters.late,
            ),
            (
                "watchglass_store_duplicate_samples_total",
                "Samples taken at the time of the newest of their series.",
                &counters.duplicate,
            ),
            (
                "watchglass_store_evicted_samples_total",
                "Samples that went for want of memory.",
                &counters.evicted,
            ),
            (
                "watchglass_store_moved_samples_total",
                "Samples that the head let go of because they are in blocks.",
                &counters.moved,
            ),
            (
                "watchglass_store_expired_samples_total",
                "Samples that went at the end of the retention.",
                &counters.expired,
            ),
            (
                "watchglass_store_ended_series_total",
                "Series ended by their time to live.",
                &counters.ended,
            ),
            ("watchglass_store_created_series_total", "Series made.", &counters.created),
        ];
        out.extend(rows.map(|(name, help, counter)| Reading::counter(name, help, counter.get())));
        counters.refused.report(out);
        if let Some(log) = &self.log {
            log.report(out);
        }
        if let Some(blocks) = &self.blocks {
            blocks.report(out);
            blocks.report_room(&self.limits.kept, self.limits.disk_max, out);
            let limit = self.limits.disk_max as f64;
            out.push(Reading::gauge(
                "watchglass_store_block_limit_bytes",
                "The room on disk beyond which the oldest blocks go.",
                limit,
            ));
        }
    }
}
