//! The schedule on a stepped clock, with sources that do as they are told.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::collect::table::{Column, Identity, Table};
use crate::model::{Appended, Receipt, Report, SteppedClock, is_stale};

/// Keeps what it is given, as `tick name device value`.
#[derive(Default)]
struct Kept(Mutex<Vec<String>>);

impl Kept {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().expect("no panic"))
    }
}

impl Append for Kept {
    fn append(&self, batch: &Batch, _: Principal, _: Timestamp) -> Appended {
        let mut lines = self.0.lock().expect("no panic");
        for entry in &batch.entries {
            let (labels, sample) = (&entry.labels, entry.sample);
            let value = if is_stale(sample.value) { -1.0 } else { sample.value };
            lines.push(format!("{} {} {value}", sample.at.0, labels.name()));
        }
        lines.extend(batch.metadata.iter().map(|(name, _)| format!("about {name}")));
        let accepted = batch.entries.len();
        let (refusals, created, receipt) = (Vec::new(), Vec::new(), Receipt::immediate());
        Appended { accepted, refused: 0, refusals, created, receipt }
    }
}

const GOOD: &[Column] = &[Column::gauge("good", "", "works")];
const WEAK: &[Column] = &[Column::gauge("weak", "", "works at times")];

struct Told {
    table: [Table; 1],
    fails: Arc<AtomicBool>,
    missing: bool,
}

impl Source for Told {
    fn read(&mut self, _: &mut Files, round: &mut Round<'_>) -> Result<Found, Failure> {
        if self.fails.load(Ordering::Relaxed) {
            return Err(Failure::form("a test", "nothing"));
        }
        if self.missing {
            return Ok(Found::Missing);
        }
        self.table[0].only().expect("room").put(round, 0, 1.0);
        Ok(Found::Read)
    }

    fn tables(&mut self) -> &mut [Table] {
        &mut self.table
    }
}

struct Bench {
    clock: SteppedClock,
    kept: Arc<Kept>,
    figures: Arc<Figures>,
    fails: Arc<AtomicBool>,
    tasks: usize,
}

/// Starts a good and a weak source at `interval` on a clock that stands at 10.4 s.
fn started(interval: Span, alone: bool) -> Bench {
    let (clock, kept) = (SteppedClock::at(Timestamp(10_400)), Arc::new(Kept::default()));
    let (figures, fails) = (Arc::new(Figures::default()), Arc::new(AtomicBool::new(false)));
    let identity = Arc::new(Identity { job: "node", instance: "host".into() });
    let append: Arc<dyn Append> = Arc::<Kept>::clone(&kept);
    let around =
        Surroundings { append, clock: Arc::new(clock.clone()), figures: Arc::clone(&figures) };
    let planned = [("weak", WEAK, &fails), ("good", GOOD, &Arc::default())]
        .map(|(name, columns, fails)| Planned {
            name,
            interval,
            alone,
            source: Box::new(Told {
                table: [Table::new(&identity, columns)],
                fails: Arc::clone(fails),
                missing: false,
            }),
        })
        .into();
    let groups = groups(planned, Path::new("/"), &around);
    let tasks = groups.len();
    for group in groups {
        tokio::spawn(group.run());
    }
    Bench { clock, kept, figures, fails, tasks }
}

impl Bench {
    async fn rest(&self) -> Vec<String> {
        while self.clock.waiting() != self.tasks {
            tokio::task::yield_now().await;
        }
        self.kept.take()
    }

    async fn step(&self, span: i64) -> Vec<String> {
        self.clock.step(Span(span));
        self.rest().await
    }
}

#[tokio::test]
async fn readings_are_stamped_with_aligned_ticks_and_missed_ones_are_skipped() {
    let bench = started(Span(1000), false);
    assert_eq!(bench.tasks, 1);
    let first = bench.rest().await;
    assert_eq!(first, ["10000 weak 1", "10000 good 1", "about weak", "about good"]);
    assert_eq!(bench.step(599).await, Vec::<String>::new());
    assert_eq!(bench.step(1).await, ["11000 weak 1", "11000 good 1"]);
    // A stall of 5.3 s: one reading, for the newest tick.
    assert_eq!(bench.step(5300).await, ["16000 weak 1", "16000 good 1"]);
    assert_eq!(bench.step(700).await, ["17000 weak 1", "17000 good 1"]);
    assert_eq!(bench.figures.rounds.get(), 4);
}

#[tokio::test]
async fn a_failing_source_ends_its_series_and_stops_nobody() {
    let bench = started(Span(1000), false);
    bench.rest().await;
    bench.fails.store(true, Ordering::Relaxed);
    assert_eq!(bench.step(600).await, ["11000 weak -1", "11000 good 1"]);
    assert_eq!(bench.step(1000).await, ["12000 good 1"]);
    bench.fails.store(false, Ordering::Relaxed);
    assert_eq!(bench.step(1000).await, ["13000 weak 1", "13000 good 1"]);

    let mut told = Vec::new();
    bench.figures.report(&mut told);
    let failures: Vec<(&str, f64)> = told
        .iter()
        .filter(|reading| reading.name == "watchglass_collect_failures_total")
        .map(|reading| (reading.labels[0].1.as_str(), reading.value))
        .collect();
    assert_eq!(failures, [("weak", 2.0), ("good", 0.0)]);
}

#[tokio::test]
async fn metadata_is_told_again_now_and_then_and_slow_sources_have_tasks_of_their_own() {
    let bench = started(Span(60_000), true);
    assert_eq!(bench.tasks, 2);
    assert_eq!(bench.rest().await.len(), 4);
    let mut told = Vec::new();
    for minute in 1..=10 {
        let lines = bench.step(60_000).await;
        if lines.iter().any(|line| line.starts_with("about")) {
            told.push(minute);
        }
    }
    assert_eq!(told, [10]);
}

#[test]
fn a_missing_source_is_asked_again_after_a_minute_only() {
    let figures = Figures::default();
    let identity = Arc::new(Identity { job: "node", instance: "host".into() });
    let source =
        Told { table: [Table::new(&identity, GOOD)], fails: Arc::default(), missing: true };
    let fails = Arc::clone(&source.fails);
    let mut slot = Slot {
        name: "good",
        source: Box::new(source),
        figures: figures.source("good"),
        failing: false,
        not_before: None,
        described: None,
    };
    let mut files = Files::new(Path::new("/"));
    let mut failures_after = |second: i64| {
        let mut batch = Batch::new(Origin::Collector);
        let at = Timestamp(second * 1000);
        slot.read(&mut files, &mut Round { at, now: at, batch: &mut batch }, &figures);
        slot.figures.failures.get()
    };
    assert_eq!(failures_after(0), 0);
    // From here on each look at it fails, which shows that there was one.
    fails.store(true, Ordering::Relaxed);
    assert_eq!(failures_after(1), 0);
    assert_eq!(failures_after(59), 0);
    assert_eq!(failures_after(60), 1);
    assert_eq!(failures_after(61), 2);
}
