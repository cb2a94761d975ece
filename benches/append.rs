//! What the head costs: appending to and reading from known series, the maintenance of each second,
//! and the memory of an hour. `cargo bench --bench append -- memory 100000` prints the memory of so
//! many series alone.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

mod support;

use std::collections::BTreeMap;

use mimalloc::MiMalloc;
use support::{median, thread_seconds};
use watchglass::model::{
    Append, Batch, Labels, Matcher, Origin, Principal, Report, Sample, Select, Selection, Span,
    TimeRange, Timestamp,
};
use watchglass::store::{Options, Store};

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const START: Timestamp = Timestamp(1_700_000_000_000);
const REPEATS: usize = 3;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|word| word == "memory") {
        let count = arguments.get(1).and_then(|text| text.parse().ok());
        return hour(count.unwrap_or(100_000));
    }
    // First, so that no memory of another measurement is used again.
    hour(1_200);
    append_and_read();
    settling();
    for series in [1_200, 10_000, 200_000] {
        maintenance(series);
    }
}

fn store() -> Store {
    Store::new(&Options::default(), Span::from_secs(3600), Span::from_secs(600))
}

/// A batch with one sample of each of `count` series.
fn batch(count: usize) -> Batch {
    let mut batch = Batch::new(Origin::Push);
    for series in 0..count {
        let labels = Labels::from_pairs([
            ("__name__", format!("metric_{}", series % 50)),
            ("host", format!("web-{}", series / 50)),
            ("job", "node".to_owned()),
        ]);
        batch.push(labels.expect("labels"), Sample::new(START, 0.0));
    }
    batch
}

/// Sets the samples of a batch to a second: a third two-decimal gauges, a third counters, a third
/// that seldom change.
fn stamp(batch: &mut Batch, second: i64) {
    for (series, entry) in batch.entries.iter_mut().enumerate() {
        let mixed = (series as i64 * 31 + second * 17).wrapping_mul(0x9e37_79b9) & 0x3fff;
        let value = match series % 3 {
            0 => mixed as f64 / 100.0,
            1 => (second * 100 + mixed % 50) as f64,
            _ => (second / 60) as f64,
        };
        entry.sample = Sample::new(START.saturating_add(Span::from_secs(second)), value);
    }
}

fn append(store: &Store, batch: &mut Batch, second: i64) {
    stamp(batch, second);
    let now = START.saturating_add(Span::from_secs(second));
    let appended = store.append(batch, Principal::Anonymous, now);
    assert_eq!(appended.accepted, batch.entries.len());
}

fn append_and_read() {
    let (count, seconds) = (10_000, 300);
    let mut appends = Vec::new();
    let (mut newest, mut range) = (Vec::new(), Vec::new());
    for _ in 0..REPEATS {
        let (store, mut batch) = (store(), batch(count));
        append(&store, &mut batch, 0);
        let mut spent = 0.0;
        for second in 1..=seconds {
            stamp(&mut batch, second);
            let now = START.saturating_add(Span::from_secs(second));
            let start = thread_seconds();
            store.append(&batch, Principal::Anonymous, now);
            spent += thread_seconds() - start;
        }
        appends.push(spent * 1e9 / (count as f64 * seconds as f64));
        newest.push(reading_ns(&store, true, seconds));
        range.push(reading_ns(&store, false, seconds));
    }
    println!("append, {count} known series a batch: {:.1} ns a sample", median(appends));
    println!("newest sample of 200 of {count} series: {:.0} ns a series", median(newest));
    println!("300 samples of 200 of {count} series: {:.1} ns a sample", median(range));
}

/// Reads one metric name; the cost of a series (newest only) or of a sample.
fn reading_ns(store: &Store, newest_only: bool, seconds: i64) -> f64 {
    let matchers = [Matcher::equal("__name__", "metric_7")];
    let end = START.saturating_add(Span::from_secs(seconds));
    let selection = Selection {
        matchers: &matchers,
        range: TimeRange::left_open(end, Span::from_secs(300)).expect("a range"),
        newest_only,
        coarse: None,
        series_max: 10_000,
        samples_max: 10_000_000,
    };
    let rounds = if newest_only { 2000 } else { 50 };
    let (mut samples, start) = (0, thread_seconds());
    for _ in 0..rounds {
        let selected = store.select(&selection).expect("inside the limits");
        samples += selected.iter().map(|series| series.samples.len()).sum::<usize>();
    }
    (thread_seconds() - start) * 1e9 / samples as f64
}

fn maintenance(count: usize) {
    let (store, mut batch) = (store(), batch(count));
    for second in 0..10 {
        append(&store, &mut batch, second);
    }
    let rounds = 400_000 / count as i64 + 10;
    let start = thread_seconds();
    for round in 0..rounds {
        store.maintain(START.saturating_add(Span(10_000 + round)));
    }
    let spent = (thread_seconds() - start) * 1e3 / rounds as f64;
    println!("maintain() with {count} series: {spent:.3} ms");
}

/// Late samples: each makes a chunk of 240 samples to be packed anew.
fn settling() {
    let (count, seconds) = (1_000, 400);
    let mut figures = Vec::new();
    for _ in 0..REPEATS {
        let (store, mut batch) = (store(), batch(count));
        (0..seconds).for_each(|second| append(&store, &mut batch, second));
        let now = START.saturating_add(Span::from_secs(seconds));
        for entry in &mut batch.entries {
            entry.sample.at = START.saturating_add(Span(100_500));
        }
        assert_eq!(store.append(&batch, Principal::Anonymous, now).accepted, count);
        let start = thread_seconds();
        store.maintain(now);
        figures.push((thread_seconds() - start) * 1e9 / (count as f64 * 241.0));
    }
    println!("settling late samples: {:.0} ns a sample that is packed anew", median(figures));
}

/// The memory of an hour of samples, one a second: by the store's own count and by the process.
fn hour(count: usize) {
    let before = resident_kib();
    let (store, mut batch) = (store(), batch(count));
    for second in 0..3600 {
        append(&store, &mut batch, second);
        if second == 0 {
            let bytes = (resident_kib() - before) * 1024.0 / count as f64;
            println!("a series with one sample: {bytes:.0} bytes resident, the batch included");
        }
        if second % 60 == 59 {
            store.maintain(START.saturating_add(Span::from_secs(second)));
        }
    }
    let mut readings = Vec::new();
    store.report(&mut readings);
    let figures: BTreeMap<&str, f64> =
        readings.iter().map(|reading| (reading.name, reading.value)).collect();
    let (bytes, samples) =
        (figures["watchglass_store_memory_bytes"], figures["watchglass_store_samples"]);
    println!(
        "an hour of {count} series at 1 s: {:.1} MiB counted, {:.1} MiB resident, {:.2} bytes a \
         sample",
        bytes / 1_048_576.0,
        (resident_kib() - before) / 1024.0,
        bytes / samples
    );
}

fn resident_kib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("the system tells");
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.expect("the system tells RssAnon")
}
