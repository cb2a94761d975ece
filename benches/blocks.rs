//! What blocks cost: bytes a sample of this host as it is recorded, the time of cutting and
//! merging, queries over blocks against the same over the head, a deletion, how long an append
//! waits for a cut, and a month over rows of minutes and hours.
//!
//! `cargo bench --bench blocks -- 600` records for so many seconds; 60 when nothing is said.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

mod support;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mimalloc::MiMalloc;
use support::{instant, median, thread_seconds};
use watchglass::clock::SystemClock;
use watchglass::collect;
use watchglass::model::{
    Append, Batch, Clock, Labels, Matcher, Origin, Principal, Reading, Report, Sample, Select,
    Selection, Span, TimeRange, Timestamp,
};
use watchglass::query::{Grid, Limits, Options as QueryOptions, Plan, evaluate};
use watchglass::store::{FileKind, Folder, Options, Store, StoreFile};

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const HOUR: Span = Span(3_600_000);
const SECONDS: u64 = 60;
const SERIES: i64 = 80;
const REPEATS: usize = 5;
/// Of each kind, in the figures of a month.
const TIER_SERIES: i64 = 4;
const DAYS: i64 = 30;
/// Series of each kind, and seconds of them, that are cut while others append.
const CUT_SERIES: i64 = 5_000;
const CUT_SECONDS: i64 = 900;
/// Samples of one append beside a cut.
const BESIDE_SERIES: i64 = 500;

/// What is asked of a month, and at how many minutes.
const MONTH: [(&str, i64); 5] = [
    ("gauge{instance=\"host-1\"}", 60),
    ("max_over_time(gauge{instance=\"host-1\"}[1h])", 60),
    ("rate(requests_total{instance=\"host-1\"}[1h])", 60),
    ("max_over_time(gauge{instance=\"host-1\"}[5m])", 5),
    ("rate(requests_total{instance=\"host-1\"}[5m])", 5),
];

/// What is asked of both.
const QUERIES: [&str; 4] = [
    "sum by (job) (rate(requests_total[1m]))",
    "gauge",
    "avg_over_time(gauge[5m])",
    "max by (job) (gauge)",
];

fn main() {
    let seconds = std::env::args().find_map(|word| word.parse().ok());
    recorded(seconds.unwrap_or(SECONDS));
    queries();
    stalls();
    tiers();
}

fn store(folder: &Path) -> Store {
    let disk = Arc::new(Folder::lock(folder).expect("a folder"));
    let (options, age) = (Options::default(), Span(365 * 24 * HOUR.0));
    let opened = Store::open(&options, age, Span::from_secs(600), disk, || 7);
    opened.expect("a store").0
}

fn figure(store: &Store, name: &str) -> f64 {
    let mut readings = Vec::new();
    store.report(&mut readings);
    let of = |reading: &&Reading| {
        reading.name == name && reading.labels.iter().all(|(_, tier)| tier == "raw")
    };
    readings.iter().filter(of).map(|reading| reading.value).sum()
}

/// Records this host and packs what came into one block of each stretch.
fn recorded(seconds: u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Arc::new(store(folder.path()));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()
        .expect("a runtime");
    let own = Arc::clone(&store);
    let own = move || {
        let mut readings = Vec::new();
        own.report(&mut readings);
        readings
    };
    let running = {
        let _inside = runtime.enter();
        let append: Arc<dyn Append> = Arc::<Store>::clone(&store);
        collect::start(&collect::Options::default(), append, Arc::new(SystemClock), Arc::new(own))
    };
    running.begin();
    std::thread::sleep(Duration::from_secs(seconds));
    running.stop();
    drop(running);
    drop(runtime);
    let samples = figure(&store, "watchglass_store_samples");
    let series = figure(&store, "watchglass_store_series");
    let memory = figure(&store, "watchglass_store_memory_bytes");
    let now = SystemClock.now();
    let start = thread_seconds();
    store.compact(now.saturating_add(Span(4 * HOUR.0)));
    let cut = thread_seconds() - start;
    let bytes = figure(&store, "watchglass_store_block_bytes");
    println!("{seconds} s of this host: {series} series, {samples} samples");
    println!("in memory {:.2} B a sample, labels and index included", memory / samples);
    println!(
        "in {} blocks {:.3} B a sample, index included; cut at {:.0} ns a sample",
        figure(&store, "watchglass_store_blocks"),
        bytes / figure(&store, "watchglass_store_block_samples"),
        cut * 1e9 / samples
    );
}

/// Counters and gauges that walk, at 1 s.
struct Source {
    random: u64,
    totals: Vec<u64>,
    walks: Vec<i64>,
    labels: Vec<[Labels; 2]>,
}

impl Source {
    /// So many of each.
    fn new(series: i64) -> Self {
        let labels = |name: &str, id: i64| {
            let (job, instance) = (format!("job-{}", id % 8), format!("host-{id}"));
            let pairs = [("__name__", name), ("job", &job), ("instance", &instance)];
            Labels::from_pairs(pairs).expect("labels")
        };
        let both = |id| [labels("requests_total", id), labels("gauge", id)];
        Self {
            random: 1,
            totals: vec![0; series as usize],
            walks: vec![5000; series as usize],
            labels: (0..series).map(both).collect(),
        }
    }

    fn below(&mut self, below: u64) -> u64 {
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_041);
        (self.random >> 33) % below
    }

    /// Appends what comes in so many seconds from `start` on; gives their end.
    fn fill(&mut self, store: &Store, start: Timestamp, seconds: i64) -> Timestamp {
        let mut at = start;
        for _ in 0..seconds {
            let mut batch = Batch::new(Origin::Push);
            for id in 0..self.totals.len() {
                self.totals[id] += self.below(20);
                let step = self.below(21) as i64 - 10;
                self.walks[id] = (self.walks[id] + step).clamp(0, 10_000);
                let [total, walk] = self.labels[id].clone();
                batch.push(total, Sample::new(at, self.totals[id] as f64));
                batch.push(walk, Sample::new(at, self.walks[id] as f64 / 100.0));
            }
            store.append(&batch, Principal::Anonymous, at);
            at = at + Span(1000);
        }
        at
    }
}

/// Thirty days, of which the settings keep fourteen as they came.
fn tiers() {
    let folder = tempfile::tempdir().expect("a folder");
    let kept = store(folder.path());
    let mut source = Source::new(TIER_SERIES);
    let start = Timestamp(1_700_000_000_000).floor_to(Span(7 * 24 * HOUR.0));
    let (mut at, mut packing) = (start, 0.0);
    for _ in 0..DAYS * 24 {
        at = source.fill(&kept, at, 3600);
        let begin = thread_seconds();
        kept.compact(at);
        packing += thread_seconds() - begin;
    }
    let samples = (2 * TIER_SERIES * DAYS * 24 * 3600) as f64;
    println!(
        "{DAYS} days of {} series at 1 s: cut, rolled up and merged at {:.0} ns a sample",
        2 * TIER_SERIES,
        packing * 1e9 / samples
    );
    for tier in kept.tiers().expect("blocks") {
        let each = tier.bytes_a_day / (2 * TIER_SERIES) as f64;
        let (name, blocks, rows) = (tier.name, tier.blocks, tier.samples);
        println!("{name}: {blocks} blocks, {rows} rows, {each:.0} B a series and day");
    }
    drop(kept);
    let end = at.floor_to(HOUR);
    let month = |step| Grid { start: end.saturating_sub(Span(DAYS * 24 * HOUR.0)), end, step };
    let limits = Limits::from(&QueryOptions::default());
    for (text, step) in MONTH {
        let plan = Plan::new(text).expect("a query");
        let grid = month(Span(step * 60_000));
        let run = || {
            let opened = store(folder.path());
            evaluate(&plan, &opened, grid, &limits).expect("inside the limits")
        };
        // All steps but those of the last hours, which the log alone has.
        let steps = (DAYS * 24 * 60 / step) as u64;
        let read = run().samples;
        assert!(read > steps * 9 / 10 && read < steps * 12, "{read} rows for {steps} steps");
        let seconds = measure(run);
        println!("{text}, 30 days at {step} min, opening included: {:.1} ms", seconds * 1e3);
    }
}

fn queries() {
    let folders = [tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder")];
    let [head, blocks] = folders.each_ref().map(|folder| store(folder.path()));
    let start = Timestamp(1_700_000_000_000).floor_to(Span(7 * 24 * HOUR.0));
    let end = Source::new(SERIES).fill(&head, start, 2 * 3600);
    Source::new(SERIES).fill(&blocks, start, 2 * 3600);
    let begin = thread_seconds();
    blocks.compact(end + Span(9 * HOUR.0));
    let samples = figure(&blocks, "watchglass_store_block_samples");
    println!(
        "{samples} synthetic samples in blocks: {:.3} B a sample; cut at {:.0} ns a sample",
        figure(&blocks, "watchglass_store_block_bytes") / samples,
        (thread_seconds() - begin) * 1e9 / samples
    );
    assert_eq!(figure(&blocks, "watchglass_store_samples"), 0.0, "all of it is in blocks");
    let read = |store: &Store, name: &str| {
        let matchers = [Matcher::equal("__name__", name)];
        let (range, most) = (TimeRange::all(), usize::MAX);
        let (series_max, samples_max) = (most, most);
        let selection = Selection {
            matchers: &matchers,
            range,
            newest_only: false,
            coarse: None,
            series_max,
            samples_max,
        };
        let selected = store.select(&selection).expect("inside the limits");
        selected.iter().map(|one| one.samples.len()).sum::<usize>()
    };
    for name in ["requests_total", "gauge"] {
        let [old, new] = [&head, &blocks].map(|store| measure(|| read(store, name)));
        let each = 1e9 / (SERIES * 7200) as f64;
        println!(
            "reading `{name}` whole: head {:.1} ns a sample, blocks {:.1}",
            old * each,
            new * each
        );
    }
    let limits = Limits::from(&QueryOptions::default());
    let end = end.saturating_sub(Span::from_secs(600));
    let grid = Grid { start: end.saturating_sub(HOUR), end, step: Span::from_secs(15) };
    for text in QUERIES {
        let plan = Plan::new(text).expect("a query");
        let run = |store: &Store| {
            let output = evaluate(&plan, store, grid, &limits).expect("a good query");
            format!("{output:?}")
        };
        assert!(run(&head) == run(&blocks), "both give the same to {text}");
        let run = |store: &Store| evaluate(&plan, store, grid, &limits).is_ok();
        let [old, new] = [&head, &blocks].map(|store| measure(|| run(store)));
        println!(
            "{text}, 1 h at 15 s: head {:.2} ms, blocks {:.2} ms, ratio {:.2}",
            old * 1e3,
            new * 1e3,
            new / old
        );
    }
    deletion(&blocks);
    drop(blocks);
    unpacking(folders[1].path());
}

/// Reading the largest block of a folder, each chunk by itself.
fn unpacking(folder: &Path) {
    let disk = Folder::lock(folder).expect("a folder of its own");
    let files = StoreFile::list(&disk).expect("a folder that can be listed");
    let blocks = files.iter().filter(|file| file.kind == FileKind::Block);
    let block = blocks.max_by_key(|file| file.bytes).expect("a block");
    let read = |deep| block.contents(&disk, deep, &mut |_, _| {}).samples;
    let [deep, shallow] = [true, false].map(|deep| measure(|| read(deep)));
    let samples = read(false);
    println!(
        "checking and unpacking {samples} samples of a block, not joined: {:.1} ns a sample",
        (deep - shallow) * 1e9 / samples as f64
    );
}

/// Deleting one series of those in blocks.
fn deletion(store: &Store) {
    let matchers = [Matcher::equal("__name__", "gauge"), Matcher::equal("instance", "host-1")];
    let before = figure(store, "watchglass_store_block_samples");
    let start = thread_seconds();
    let done = store.delete(&matchers, TimeRange::all());
    let spent = thread_seconds() - start;
    assert!(done.is_ok(), "it can be deleted");
    let gone = before - figure(store, "watchglass_store_block_samples");
    println!("deleting a series of {gone} samples from blocks of {before}: {:.1} ms", spent * 1e3);
}

/// How long an append takes at most, and what share of them takes long, with and without a cut of
/// all that is there beside it.
fn stalls() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = store(folder.path());
    let start = Timestamp(1_700_000_000_000).floor_to(Span(7 * 24 * HOUR.0));
    let end = Source::new(CUT_SERIES).fill(&store, start, CUT_SECONDS);
    let later = end + Span(2 * HOUR.0);
    let (cutting, ended) = (AtomicBool::new(false), AtomicBool::new(false));
    let [quiet, beside] = std::thread::scope(|scope| {
        let appends = scope.spawn(|| {
            let mut times = [Vec::new(), Vec::new()];
            let (mut source, mut at) = (Source::new(BESIDE_SERIES), later);
            while !ended.load(Ordering::Relaxed) {
                let is_cut = cutting.load(Ordering::Relaxed);
                let begin = instant();
                at = source.fill(&store, at, 1);
                times[usize::from(is_cut)].push(begin.elapsed());
            }
            times
        });
        std::thread::sleep(Duration::from_secs(1));
        cutting.store(true, Ordering::Relaxed);
        store.compact(later);
        ended.store(true, Ordering::Relaxed);
        appends.join().expect("it has appended")
    });
    for (mut times, what) in [(quiet, "without a cut"), (beside, "beside a cut")] {
        times.sort_unstable();
        let at = |share: usize| times[(times.len() - 1) * share / 1000].as_secs_f64() * 1e3;
        println!(
            "an append of {} samples {what} of {} million: p50 {:.2} ms, p99.9 {:.1} ms, longest \
             {:.1} ms, of {}",
            2 * BESIDE_SERIES,
            2 * CUT_SERIES * CUT_SECONDS / 1_000_000,
            at(500),
            at(999),
            at(1000),
            times.len()
        );
    }
}

/// Seconds of one call: the median of a few.
fn measure<T>(mut call: impl FnMut() -> T) -> f64 {
    let once = |_| {
        let start = thread_seconds();
        std::hint::black_box(call());
        thread_seconds() - start
    };
    median((0..REPEATS).map(once).collect())
}
