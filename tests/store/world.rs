//! A store on a simulated disk, lived through under a seed, beside a naive memory of everything
//! that was written.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use watchglass::model::{
    Append, Batch, Entry, Labels, Matcher, NotDurable, Origin, Principal, Receipt, Sample, Select,
    Selection, Span, TimeRange, Timestamp, is_stale,
};
use watchglass::store::{LogWriter, Options, Retention, Store};

use crate::coarse::{Naive, check};
use crate::disk::SimulatedDisk;
use crate::random::Random;

/// When a world begins.
pub(crate) const START: Timestamp = Timestamp(1_700_000_000_000);
const RETENTION: Span = Span(12 * 3_600_000);
const MAX_AGE: Span = Span(3_600_000);
const MAX_FUTURE: Span = Span(600_000);
/// Steps of one life.
const STEPS: usize = 60;

/// What waits for a receipt.
pub(crate) type Pending = Pin<Box<dyn Future<Output = Result<(), NotDurable>> + Send>>;

/// What was written to one series at one time.
#[derive(Default)]
struct Writes {
    /// The bits of the values, in their order.
    values: Vec<u64>,
    /// The place of the last one that was acknowledged.
    acknowledged: Option<usize>,
    /// How many of them, the first ones, were deleted for good.
    deleted: usize,
    /// Whether the head has it. What is too old at a start is not there, and may be at another
    /// start when the clock was set back meanwhile.
    is_there: bool,
}

/// Samples of which it is not known yet whether they are durable.
struct Waiting {
    receipt: Pending,
    /// Series, time and place among the writes.
    writes: Vec<(usize, Timestamp, usize)>,
    /// What was deleted: series, time, and how many writes there were.
    deleted: Vec<(usize, Timestamp, usize)>,
}

/// The world.
pub(crate) struct World {
    seed: u64,
    random: Random,
    pub(crate) disk: SimulatedDisk,
    pub(crate) store: Arc<Store>,
    pub(crate) writer: LogWriter,
    pub(crate) now: Timestamp,
    /// The furthest that the clock has been.
    latest: Timestamp,
    written: BTreeMap<(usize, Timestamp), Writes>,
    waiting: Vec<Waiting>,
}

/// Opens the store of a disk and reads everything that is there.
pub(crate) fn open(disk: &SimulatedDisk, seed: u64, now: Timestamp) -> (Arc<Store>, LogWriter) {
    let retention = Retention { raw: RETENTION, ..Retention::default() };
    let options = Options { retention, ..Options::default() };
    let mut random = Random::new(seed ^ 0x5a17);
    let draw = move || random.number() as u32;
    let disk = Arc::new(disk.clone());
    let (store, recovery) = Store::open(&options, MAX_AGE, MAX_FUTURE, disk, draw).unwrap();
    let store = Arc::new(store);
    let writer = recovery.run(&store, now);
    (store, writer)
}

/// The label set of a series.
pub(crate) fn labels(series: usize) -> Labels {
    let number = series.to_string();
    Labels::from_pairs([("__name__", "m"), ("series", number.as_str())]).unwrap()
}

/// All samples of all series.
pub(crate) fn everything(store: &Store) -> BTreeMap<(usize, Timestamp), u64> {
    let matchers = [Matcher::equal("__name__", "m")];
    let selection = Selection {
        matchers: &matchers,
        range: TimeRange::all(),
        newest_only: false,
        coarse: None,
        series_max: usize::MAX,
        samples_max: usize::MAX,
    };
    let mut found = BTreeMap::new();
    for selected in store.select(&selection).unwrap() {
        let series = selected.labels.value("series").parse().unwrap();
        for sample in selected.samples {
            found.insert((series, sample.at), sample.value.to_bits());
        }
    }
    found
}

/// What a receipt says by now; nothing while it is open.
pub(crate) fn poll(receipt: &mut Pending) -> Option<Result<(), NotDurable>> {
    let mut context = Context::from_waker(Waker::noop());
    match receipt.as_mut().poll(&mut context) {
        Poll::Ready(said) => Some(said),
        Poll::Pending => None,
    }
}

impl World {
    /// Begins on an empty disk.
    pub(crate) fn new(seed: u64) -> Self {
        let disk = SimulatedDisk::new(seed);
        let (store, writer) = open(&disk, seed, START);
        Self {
            seed,
            random: Random::new(seed),
            disk,
            store,
            writer,
            now: START,
            latest: START,
            written: BTreeMap::new(),
            waiting: Vec::new(),
        }
    }

    /// Lives through a seed.
    ///
    /// # Panics
    /// When something acknowledged is gone, or something is there that was never written.
    pub(crate) fn live(seed: u64) {
        let mut world = Self::new(seed);
        for _ in 0..STEPS {
            world.step();
        }
        world.disk.set_free(u64::MAX);
        world.disk.fail_syncs(0);
        world.restart(true);
    }

    fn step(&mut self) {
        match self.random.below(40) {
            0..20 => self.append(),
            20..28 => self.commit(),
            28..30 => self.store.maintain(self.now),
            30 => self.delete(),
            31 => self.store.compact(self.now),
            32 => self.disk.fail_syncs(1 + self.random.below(3)),
            33 if self.random.one_in(2) => self.disk.set_free(self.random.number() % 4000),
            33 => self.disk.set_free(u64::MAX),
            34 => self.restart(false),
            35 => self.restart(true),
            // Hours may pass at once, and a clock may be set back.
            36 => self.now = self.now.saturating_add(Span(self.random.below(12_000_000) as i64)),
            37 => self.now = self.now.saturating_sub(Span(self.random.below(60_000) as i64)),
            38 => {
                let start = self.random_time();
                self.check_coarse(start);
            }
            _ => self.check_head(),
        }
        self.now = self.now.saturating_add(Span(self.random.below(1500) as i64));
        self.latest = self.latest.max(self.now);
    }

    /// A batch with a few samples, most of them new, some late or at a time that was there.
    fn append(&mut self) {
        let origin = if self.random.one_in(3) { Origin::Collector } else { Origin::Push };
        let mut batch = Batch::new(origin);
        if self.random.one_in(4) {
            batch.ttl = Some(Span(self.random.below(20_000) as i64));
        }
        for line in 1..=1 + self.random.below(12) as u32 {
            let series = self.random.below(8) + 8 * usize::from(origin == Origin::Collector);
            let back = if self.random.one_in(4) { self.random.below(8_000_000) as i64 } else { 0 };
            let at = self.now.saturating_sub(Span(back)).floor_to(Span(1000));
            let entry = Entry { labels: labels(series), sample: self.sample(at), line };
            batch.entries.push(entry);
        }
        // As it is asked before a push is appended.
        if origin == Origin::Push && self.store.takes().is_err() {
            return;
        }
        let appended = self.store.append(&batch, Principal::Anonymous, self.now);
        assert_eq!(appended.refusals.len(), appended.refused, "seed {}", self.seed);
        let refused = |line| appended.refusals.iter().any(|refusal| refusal.line == line);
        let mut writes = Vec::new();
        for entry in batch.entries.iter().filter(|entry| !refused(entry.line)) {
            let series = entry.labels.value("series").parse().unwrap();
            let written = self.written.entry((series, entry.sample.at)).or_default();
            written.values.push(entry.sample.value.to_bits());
            written.is_there = true;
            writes.push((series, entry.sample.at, written.values.len() - 1));
        }
        if origin == Origin::Push {
            self.wait(appended.receipt, writes);
        }
    }

    fn sample(&mut self, at: Timestamp) -> Sample {
        let value = match self.random.below(6) {
            0 => f64::from_bits(self.random.number()),
            1 => self.random.below(1000) as f64 / 100.0,
            2 => 0.0,
            _ => self.random.below(50) as f64,
        };
        // A marker of the world itself could not be told from one of the store.
        Sample::new(at, if is_stale(value) { 1.0 } else { value })
    }

    fn wait(&mut self, receipt: Receipt, writes: Vec<(usize, Timestamp, usize)>) {
        let receipt = Box::pin(receipt.wait());
        self.waiting.push(Waiting { receipt, writes, deleted: Vec::new() });
    }

    /// Deletes one series, or some of its time.
    fn delete(&mut self) {
        let series = self.random.below(16);
        let all = TimeRange::all();
        // From a sample on, so that minutes and hours are hit in part alone.
        let samples = (series, Timestamp::MIN)..=(series, Timestamp::MAX);
        let count = self.written.range(samples.clone()).count();
        let place = self.random.below(count.max(1));
        let from = self.written.range(samples).nth(place).map_or(self.now, |(key, _)| key.1);
        let length = [0, 10_000, 5_000_000][self.random.below(3)];
        let part = TimeRange::new(from, from.saturating_add(Span(length))).unwrap_or(all);
        let range = if self.random.one_in(3) { all } else { part };
        let number = series.to_string();
        let matchers = [Matcher::equal("__name__", "m"), Matcher::equal("series", number)];
        let done = self.store.delete(&matchers, range);
        let found = everything(&self.store);
        let mut deleted = Vec::new();
        let inside = |key: &(usize, Timestamp)| key.0 == series && range.contains(key.1);
        for (key, writes) in self.written.iter_mut().filter(|(key, _)| inside(key)) {
            // Until the deletion is acknowledged it may come back, or be gone.
            writes.acknowledged = None;
            writes.is_there = found.contains_key(key);
            deleted.push((key.0, key.1, writes.values.len()));
        }
        if let Ok(receipt) = done {
            assert!(!found.keys().any(inside), "seed {}: deleted and still there", self.seed);
            let receipt = Box::pin(receipt.wait());
            self.waiting.push(Waiting { receipt, writes: Vec::new(), deleted });
            self.check_coarse(from);
        }
    }

    /// Forgets what was deleted for good.
    fn forget(&mut self, deleted: Vec<(usize, Timestamp, usize)>) {
        for (series, at, count) in deleted {
            let Some(writes) = self.written.get_mut(&(series, at)) else { continue };
            writes.deleted = writes.deleted.max(count.min(writes.values.len()));
            writes.acknowledged = writes.acknowledged.filter(|place| *place >= writes.deleted);
        }
    }

    fn commit(&mut self) {
        self.writer.commit();
        for mut waiting in std::mem::take(&mut self.waiting) {
            let said = poll(&mut waiting.receipt);
            assert!(said.is_some(), "seed {}: a commit leaves no receipt open", self.seed);
            if said == Some(Ok(())) {
                for (series, at, place) in waiting.writes {
                    let writes = self.written.get_mut(&(series, at)).unwrap();
                    writes.acknowledged = writes.acknowledged.max(Some(place));
                }
                self.forget(waiting.deleted);
            }
        }
    }

    /// A time of which all samples are kept.
    fn random_time(&mut self) -> Timestamp {
        let kept = self.latest.saturating_sub(RETENTION);
        let share = self.random.below(1000) as i64;
        kept.saturating_add(Span((self.latest - kept).0 * share / 1000))
    }

    /// What a reader in whole minutes or hours makes of head, blocks and rows, from about `from`
    /// on, is what all that was written gives.
    fn check_coarse(&mut self, from: Timestamp) {
        let every = [60_000, 300_000, 3_600_000][self.random.below(3)];
        let kept = self.latest.saturating_sub(RETENTION).saturating_add(Span(every));
        let start = from.max(kept).floor_to(Span(every));
        let mut naive = Naive::new();
        for ((series, at), writes) in self.written.iter().filter(|(_, writes)| writes.is_there) {
            let value = writes.values.last().map(|bits| f64::from_bits(*bits));
            let samples = naive.entry(labels(*series)).or_default();
            samples.extend(value.map(|value| Sample::new(*at, value)));
        }
        let windows = (start, 1 + self.random.below(4) as i64);
        check(&self.store, &naive, windows, Span(every), &format!("seed {}", self.seed));
    }

    /// The head shows what was written last, whatever the disk does.
    fn check_head(&self) {
        let found = everything(&self.store);
        let edge = self.latest.saturating_sub(RETENTION);
        let kept = |key: &(usize, Timestamp), writes: &Writes| writes.is_there && key.1 >= edge;
        for (key, writes) in self.written.iter().filter(|(key, writes)| kept(key, writes)) {
            let last = writes.values.last().copied();
            assert_eq!(found.get(key).copied(), last, "seed {}: {key:?}", self.seed);
        }
    }

    /// Ends the process or cuts the power, starts again, and holds what is there against what was
    /// written.
    fn restart(&mut self, power: bool) {
        self.waiting.clear();
        if power {
            self.disk.cut_power();
        } else {
            self.disk.kill();
        }
        // A store whose folder cannot be synced does not start.
        self.disk.fail_syncs(0);
        (self.store, self.writer) = open(&self.disk, self.seed, self.now);
        let found = everything(&self.store);
        for (key, writes) in &mut self.written {
            let since = writes.acknowledged.unwrap_or(0).max(writes.deleted);
            writes.is_there = found.contains_key(key);
            match found.get(key) {
                Some(bits) => {
                    let place = writes.values[since..].iter().position(|value| value == bits);
                    let text = "a value that was not written, or an older one than acknowledged";
                    let place = place.unwrap_or_else(|| panic!("seed {}: {text}", self.seed));
                    // What is not there now does not come back.
                    writes.values.truncate(since + place + 1);
                }
                None if writes.acknowledged.is_some() => {
                    let edge = self.latest.saturating_sub(RETENTION);
                    assert!(key.1 < edge, "seed {}: {key:?} is lost", self.seed);
                }
                None => {}
            }
        }
        for (key, bits) in &found {
            let is_marker = is_stale(f64::from_bits(*bits));
            assert!(is_marker || self.written.contains_key(key), "seed {}: made up", self.seed);
        }
    }
}
