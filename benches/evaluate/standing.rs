//! Standing queries: a tick of a thousand distinct ones over ten thousand series, and what a tick
//! costs against answering the same range again.

use watchglass::model::{Append, Batch, Labels, Origin, Principal, Sample, Span, Timestamp};
use watchglass::query::{Grid, Limits, Plan, Standing, evaluate};
use watchglass::store::{Options, Store};

use super::measure;
use super::support::{median, thread_seconds};

const START: Timestamp = Timestamp(1_700_000_000_000);
const METRICS: usize = 250;
const HOSTS: usize = 40;
/// Before the first tick, so that windows are full.
const FILLED: i64 = 360;
const TICKS: i64 = 60;

/// Prints the figures.
pub(crate) fn run(limits: &Limits) {
    distinct_queries(limits);
    against_ranges(limits);
}

/// A counter that rises unevenly.
fn value(series: usize, second: i64) -> f64 {
    let noise = (series as i64 * 7919 + second * 104_729) % 1000;
    (second * 1000 + noise) as f64 / 100.0
}

struct World {
    store: Store,
    labels: Vec<Labels>,
    second: i64,
}

impl World {
    fn new(metrics: usize, hosts: usize, seconds: i64) -> Self {
        let labels = (0..metrics * hosts).map(|series| {
            let (metric, host) = (series / hosts, series % hosts);
            let pairs = [
                ("__name__", format!("m{metric}_total")),
                ("job", format!("job{}", host % 4)),
                ("instance", format!("host{host}")),
            ];
            Labels::from_pairs(pairs).expect("labels")
        });
        let store = Store::new(&Options::default(), Span::from_secs(7200), Span::from_secs(600));
        let mut world = Self { store, labels: labels.collect(), second: 0 };
        (0..seconds).for_each(|_| world.arrive());
        world
    }

    fn now(&self) -> Timestamp {
        START + Span::from_secs(self.second)
    }

    fn arrive(&mut self) {
        self.second += 1;
        let mut batch = Batch::new(Origin::Push);
        for (series, labels) in self.labels.iter().enumerate() {
            let sample = Sample::new(self.now(), value(series, self.second));
            batch.push(labels.clone(), sample);
        }
        let appended = self.store.append(&batch, Principal::Anonymous, self.now());
        assert_eq!(appended.refused, 0, "the store takes all");
    }
}

fn distinct_queries(limits: &Limits) {
    let shapes: [fn(usize) -> String; 8] = [
        |n| format!("m{n}_total"),
        |n| format!("rate(m{n}_total[1m])"),
        |n| format!("sum by (job) (rate(m{n}_total[5m]))"),
        |n| format!("max_over_time(m{n}_total[1m])"),
        |n| format!("avg by (job) (m{n}_total) * 100"),
        |n| format!("topk(3, rate(m{n}_total[1m]))"),
        |n| format!("m{n}_total > on (job) group_left () avg by (job) (m{n}_total)"),
        |n| format!("avg_over_time(m{n}_total[2m])"),
    ];
    let plans: Vec<Plan> = (0..1000)
        .map(|number| Plan::new(&shapes[number % shapes.len()](number / 4)).expect("a query"))
        .collect();
    let mut world = World::new(METRICS, HOSTS, FILLED);
    // Room for the windows of all: 250 metrics of 40 series, five minutes of some.
    let mut standing = Standing::new(40_000_000);
    let ordinary = measure(1, || {
        for plan in &plans {
            evaluate(plan, &world.store, Grid::at(world.now()), limits).expect("a result");
        }
    });
    let mut ticks: Vec<f64> = Vec::new();
    for tick in 0..=TICKS {
        world.arrive();
        let start = thread_seconds();
        for plan in &plans {
            let row = standing.evaluate(plan, world.now(), &world.store, limits);
            row.expect("there is room").expect("a result");
        }
        if tick > 0 {
            ticks.push(thread_seconds() - start);
        }
    }
    ticks.sort_by(f64::total_cmp);
    let p99 = ticks[ticks.len() * 99 / 100];
    println!(
        "a tick of {} distinct standing queries over {} series: median {:.1} ms, p99 {:.1} ms; \
         asked once each {:.1} ms",
        plans.len(),
        world.labels.len(),
        median(ticks) * 1e3,
        p99 * 1e3,
        ordinary * 1e3
    );
}

fn against_ranges(limits: &Limits) {
    let mut world = World::new(1, 80, 3600);
    println!("a tick of a standing query against its range asked again, 80 series, 1 h:");
    for (text, step) in [
        ("m0_total", 5),
        ("rate(m0_total[1m])", 5),
        ("sum by (job) (rate(m0_total[5m]))", 5),
        ("max_over_time(m0_total[5m])", 5),
        ("avg_over_time(m0_total[5m])", 5),
        ("quantile(0.9, m0_total)", 5),
        ("histogram_quantile(0.9, rate(m0_total[1m]))", 5),
    ] {
        let plan = Plan::new(text).expect("a query");
        let grid = Grid {
            start: world.now().saturating_sub(Span::from_secs(3600)),
            end: world.now(),
            step: Span::from_secs(step),
        };
        let range = measure(2, || drop(evaluate(&plan, &world.store, grid, limits)));
        let mut standing = Standing::new(4_000_000);
        let mut ticks = Vec::new();
        for tick in 0..=TICKS {
            world.arrive();
            let start = thread_seconds();
            let row = standing.evaluate(&plan, world.now(), &world.store, limits);
            row.expect("there is room").expect("a result");
            if tick > 0 {
                ticks.push(thread_seconds() - start);
            }
        }
        let tick = median(ticks);
        println!(
            "  {text}: {:.1} us against {:.2} ms, 1/{:.0}",
            tick * 1e6,
            range * 1e3,
            range / tick
        );
    }
}
