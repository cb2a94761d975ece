//! What collecting costs: CPU time per second of clock, on this machine, with its real files.
//!
//! The collectors run as in the service, on a runtime of their own, with a clock that this program
//! steps and a store that keeps nothing. The time of all threads but the main one is summed up, so
//! waking, handing over and reading are in it and stepping is not.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use watchglass::collect::{self, Options};
use watchglass::model::{
    Append, Appended, Batch, Principal, Receipt, Span, SteppedClock, Timestamp,
};

const ROUNDS: u32 = 600;

/// Counts what it is given and keeps nothing.
#[derive(Default)]
struct Counting(AtomicUsize);

impl Append for Counting {
    fn append(&self, batch: &Batch, _: Principal, _: Timestamp) -> Appended {
        self.0.fetch_add(batch.entries.len(), Ordering::Relaxed);
        let accepted = batch.entries.len();
        let (refusals, created, receipt) = (Vec::new(), Vec::new(), Receipt::immediate());
        Appended { accepted, refused: 0, refusals, created, receipt }
    }
}

fn main() {
    let all = Options::default();
    let mut without_processes = Options::default();
    without_processes.processes.enabled = false;
    measure("everything but processes", &without_processes);
    measure("everything", &all);
}

fn measure(what: &str, options: &Options) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().expect("a runtime");
    let clock = SteppedClock::at(Timestamp(1_700_000_000_400));
    let counting = Arc::new(Counting::default());
    let running = {
        let _inside = runtime.enter();
        let append: Arc<dyn Append> = Arc::<Counting>::clone(&counting);
        collect::start(options, append, Arc::new(clock.clone()), Arc::new(Vec::new))
    };
    running.begin();
    let rest = || {
        while clock.waiting() != running.tasks() {
            std::thread::sleep(Duration::from_micros(200));
        }
    };
    rest();
    for _ in 0..10 {
        clock.step(Span(1000));
        rest();
    }
    let (before, samples) = (other_threads_ns(), counting.0.load(Ordering::Relaxed));
    for _ in 0..ROUNDS {
        clock.step(Span(1000));
        rest();
    }
    let spent = (other_threads_ns() - before) as f64 / 1e6 / f64::from(ROUNDS);
    let samples = (counting.0.load(Ordering::Relaxed) - samples) as f64 / f64::from(ROUNDS);
    println!("{what}: {spent:.3} ms CPU a second, {samples:.0} samples a second");
}

/// The CPU time of all threads of this process but the main one, in nanoseconds.
fn other_threads_ns() -> u64 {
    let main = std::process::id().to_string();
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    threads
        .filter(|thread| thread.file_name().to_str() != Some(main.as_str()))
        .filter_map(|thread| std::fs::read_to_string(thread.path().join("schedstat")).ok())
        .filter_map(|times| times.split_whitespace().next()?.parse::<u64>().ok())
        .sum()
}
