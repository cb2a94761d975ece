//! The law of live queries: a snapshot followed by everything the log says equals the range query
//! asked on the grid with the same samples, late samples, resumes and slow viewers included.

use proptest::prelude::*;

use crate::live::{Carrier, Options};
use crate::model::{Labels, Origin, Span, is_absent};
use crate::query::{Grid, Plan, Value, evaluate};

use super::World;
use super::client::Known;

const QUERIES: [&str; 5] =
    ["a", "sum(a)", "rate(a[5s])", "max by (x) (last_over_time(a[3s])) - 1", "a offset 2s"];

#[derive(Debug, Clone)]
enum Event {
    /// A sample of series `x` arrives, so many milliseconds behind the present.
    Sample {
        x: u8,
        late_ms: i64,
        value: f64,
        pushed: bool,
    },
    Pass {
        ms: i64,
    },
    Show {
        viewer: u64,
        seen: bool,
    },
    Reads {
        viewer: u64,
        reads: bool,
    },
    Resubscribe {
        viewer: u64,
    },
}

fn sample() -> impl Strategy<Value = Event> {
    let parts = (0..3_u8, 0..6000_i64, 0..100_i32, any::<bool>());
    parts.prop_map(|(x, late_ms, value, pushed)| Event::Sample {
        x,
        late_ms: if pushed { late_ms / 4 } else { late_ms },
        value: f64::from(value) / 4.0,
        pushed,
    })
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => sample(),
        6 => (1..3000_i64).prop_map(|ms| Event::Pass { ms }),
        1 => (1..4_u64, any::<bool>()).prop_map(|(viewer, seen)| Event::Show { viewer, seen }),
        1 => (1..4_u64, any::<bool>()).prop_map(|(viewer, reads)| Event::Reads { viewer, reads }),
        1 => (1..4_u64).prop_map(|viewer| Event::Resubscribe { viewer }),
    ]
}

fn series(x: u8) -> Labels {
    Labels::from_pairs([("__name__", "a"), ("x", ["p", "q", "r"][usize::from(x)])]).expect("labels")
}

fn carry_out(world: &mut World, event: &Event, query: &str) {
    match *event {
        Event::Sample { x, late_ms, value, pushed } => {
            let origin = if pushed { Origin::Push } else { Origin::Collector };
            world.data.put(&series(x), world.now - Span(late_ms), value, origin);
        }
        Event::Pass { ms } => world.pass(Span(ms)),
        Event::Show { viewer, seen } => world.say(viewer, &format!(r#"{{"show":{seen}}}"#)),
        Event::Reads { viewer, reads } => world.reads(viewer, reads),
        Event::Resubscribe { viewer } => {
            resubscribe(world, viewer, query);
        }
    }
}

fn resubscribe(world: &mut World, viewer: u64, query: &str) {
    // What its worker holds for it is read before it says where it stands.
    world.reads(viewer, true);
    let held = &world.sessions[&viewer];
    let places = held.client.channels.iter().filter(|(_, known)| known.whole);
    let place = |(id, known): (&u32, &Known)| {
        (id.to_string(), serde_json::json!({ "epoch": known.epoch, "seq": known.seq }))
    };
    let from: serde_json::Map<String, serde_json::Value> = places.map(place).collect();
    let sub = serde_json::json!({ "sub": {
        "id": 1, "query": query, "window": "30s", "from": from,
    }});
    world.say(viewer, &sub.to_string());
}

/// The window that a viewer has equals the range query over the same columns.
pub(super) fn assert_lawful(world: &World, known: &Known, query: &str, columns: i64) {
    let plan = Plan::new(query).expect("a query");
    let (last, step) = (*known.columns.keys().last().expect("columns"), Span(known.step_ms));
    let first = last + 1 - columns;
    let time = |n: i64| crate::model::Timestamp(n * step.0);
    let grid = Grid { start: time(first), end: time(last), step };
    let output = evaluate(&plan, &*world.data, grid, &World::limits()).expect("a result");
    let Value::Vector(expected) = output.value else { panic!("no vector") };
    for n in first..=last {
        let at = (n - first) as usize;
        let column = known.column(n);
        for (place, labels) in known.series.iter().enumerate() {
            let there = expected.iter().find(|column| column.labels == *labels);
            let value = there.map_or(crate::model::ABSENT, |column| column.values[at]);
            assert_eq!(
                column[place].to_bits(),
                value.to_bits(),
                "{query} {labels} at column {n} of {first}..={last}: {} is not {value}",
                column[place]
            );
        }
        let present = expected.iter().filter(|column| !is_absent(column.values[at]));
        for column in present {
            assert!(known.series.contains(&column.labels), "{query}: {} is missing", column.labels);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// Whatever pace the queries fall to.
    #[test]
    fn what_viewers_have_equals_the_range_query(
        events in prop::collection::vec(event(), 1..60),
        query in prop::sample::select(&QUERIES),
        query_samples_max in prop::sample::select(vec![2_000_000, 2_000_000, 20, 1]),
    ) {
        let options = Options { query_samples_max, ..Options::default() };
        let mut world = World::with(&[], &options);
        for (viewer, carrier) in
            [(1, Carrier::SocketBinary), (2, Carrier::SocketText), (3, Carrier::Events)]
        {
            world.open(viewer, carrier);
            let sub = serde_json::json!({ "sub": { "id": 1, "query": query, "window": "30s" } });
            world.say(viewer, &sub.to_string());
        }
        for event in &events {
            carry_out(&mut world, event, query);
        }
        for viewer in 1..4 {
            world.reads(viewer, true);
            world.say(viewer, r#"{"show":true}"#);
        }
        // Until every late sample has been looked at, at the slowest pace that was told meanwhile.
        let every = |world: &World| world.sessions[&1].client.every_ms().unwrap_or(1000);
        let mut waited = 0;
        while waited < every(&world) + 2000 {
            waited += 1000;
            world.pass(Span(1000));
        }
        for viewer in 1..4 {
            // A viewer that finds a hole asks again, once: then it is filled.
            if world.sessions[&viewer].client.channels.values().any(|known| known.hole) {
                resubscribe(&mut world, viewer, query);
            }
            let known = world.sessions[&viewer].client.channels.values().next().expect("a channel");
            prop_assert!(known.whole);
            assert_lawful(&world, known, query, 30);
        }
    }
}
