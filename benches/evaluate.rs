//! What queries cost: parsing them; of live ones, one tick of the shipped overview, filling its
//! windows, and a thousand distinct queries, over what the collectors read of this host.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

#[path = "evaluate/standing.rs"]
mod standing;
mod support;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mimalloc::MiMalloc;
use support::{median, thread_seconds};
use watchglass::config::{self, Flags};
use watchglass::model::{Append, Span, SteppedClock, Timestamp};
use watchglass::query::{Grid, Limits, Options, Plan, evaluate};
use watchglass::store::{self, Store};
use watchglass::{collect, model};

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const SECONDS: i64 = 420;
const REPEATS: usize = 3;

fn main() {
    let loaded = config::load(&Flags::default(), [], Path::new("/nonexistent"));
    let settings = loaded.expect("the shipped settings are good").settings;
    let (store, now) = collected();
    let limits = Limits::from(&Options::default());
    let mut boards = settings.dashboards.served().iter().flat_map(|file| &file.dashboards);
    let overview = boards.find(|board| board.slug == "overview");
    let panels = &overview.expect("the shipped board").panels;
    let plans: Vec<Plan> =
        panels.iter().flat_map(|panel| &panel.queries).map(|query| query.plan.clone()).collect();
    println!(
        "{} queries of the overview over {} series",
        plans.len(),
        figure(&store, "watchglass_store_series")
    );
    let texts: Vec<&str> = plans.iter().map(Plan::source).collect();
    let parse = measure(200, || {
        for text in &texts {
            std::hint::black_box(Plan::new(text).expect("the shipped queries are good"));
        }
    });
    println!("parsing and planning a query of it: {:.1} us", parse * 1e6 / texts.len() as f64);
    let tick = measure(200, || instants(&plans, &store, now, &limits));
    println!("a tick: {:.0} us, {:.1} us a query", tick * 1e6, tick * 1e6 / plans.len() as f64);
    let window = Grid { start: now.saturating_sub(Span(299_000)), end: now, step: Span(1000) };
    let fill = measure(5, || {
        for plan in &plans {
            evaluate(plan, &store, window, &limits).expect("the shipped queries are good");
        }
    });
    println!("filling all windows, 300 columns each: {:.1} ms", fill * 1e3);
    let distinct: Vec<Plan> = (0..1_000)
        .map(|number| {
            let text = plans[number % plans.len()].text();
            Plan::new(&format!("({text}) + {number}")).expect("a query")
        })
        .collect();
    let tick = measure(10, || instants(&distinct, &store, now, &limits));
    println!("a tick of {} distinct queries: {:.1} ms", distinct.len(), tick * 1e3);
    standing::run(&limits);
}

fn instants(plans: &[Plan], store: &Store, now: Timestamp, limits: &Limits) {
    for plan in plans {
        evaluate(plan, store, Grid::at(now), limits).expect("the shipped queries are good");
    }
}

/// Seconds of one call: the median of a few means.
fn measure(rounds: u32, mut call: impl FnMut()) -> f64 {
    call();
    let once = |_| {
        let start = thread_seconds();
        (0..rounds).for_each(|_| call());
        (thread_seconds() - start) / f64::from(rounds)
    };
    median((0..REPEATS).map(once).collect())
}

fn figure(store: &Store, name: &str) -> f64 {
    let mut readings = Vec::new();
    model::Report::report(store, &mut readings);
    readings.iter().find(|reading| reading.name == name).map_or(0.0, |reading| reading.value)
}

/// A store with minutes of this host in it, and the time at their end.
fn collected() -> (Store, Timestamp) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()
        .expect("a runtime");
    let clock = SteppedClock::at(Timestamp(1_700_000_000_400));
    let options = store::Options::default();
    let store = Arc::new(Store::new(&options, Span::from_secs(3600), Span::from_secs(600)));
    let running = {
        let _inside = runtime.enter();
        let append: Arc<dyn Append> = Arc::<Store>::clone(&store);
        let clock = Arc::new(clock.clone());
        collect::start(&collect::Options::default(), append, clock, Arc::new(Vec::new))
    };
    running.begin();
    let rest = || {
        while clock.waiting() != running.tasks() {
            runtime.block_on(async { tokio::time::sleep(Duration::from_micros(200)).await });
        }
    };
    rest();
    for _ in 0..SECONDS {
        clock.step(Span(1000));
        rest();
    }
    running.stop();
    drop(running);
    drop(runtime);
    let store = Arc::into_inner(store).expect("the collectors are gone");
    (store, Timestamp(1_700_000_000_000).saturating_add(Span::from_secs(SECONDS)))
}
