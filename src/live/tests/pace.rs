//! Dear queries: they fall to slower classes, their viewers are told, and nobody else waits.

use crate::live::{Carrier, Options};
use crate::model::{Labels, Origin, Span};

use super::law::assert_lawful;
use super::{START, World};

/// Reads a minute of samples at each column, and no more for several columns at once.
const DEAR: &str = "count_over_time(a[1m:1s])";

fn world(options: &Options) -> World {
    let mut world = World::with(&[], options);
    for second in -120..0 {
        put(&mut world, second);
    }
    world
}

fn put(world: &mut World, second: i64) {
    let at = START + Span(second * 1000);
    world.data.put(&Labels::named("a"), at, second as f64, Origin::Collector);
}

fn subscribe(world: &mut World, viewer: u64, query: &str) {
    world.open(viewer, Carrier::SocketText);
    let sub = serde_json::json!({ "sub": { "id": 1, "query": query, "window": "30s" } });
    world.say(viewer, &sub.to_string());
}

/// Lets seconds pass with a sample each.
fn live_on(world: &mut World, from: i64, to: i64) {
    for second in from..to {
        put(world, second);
        world.pass(Span(1000));
    }
}

/// The codes and paces that a viewer was told.
fn told(world: &World, viewer: u64) -> Vec<(String, i64)> {
    let heard = world.sessions[&viewer].client.heard.iter();
    let notices = heard.filter_map(|frame| frame.get("notice"));
    let text = |notice: &serde_json::Value| notice["code"].as_str().unwrap_or("").to_owned();
    notices.map(|notice| (text(notice), notice["every_ms"].as_i64().unwrap_or(0))).collect()
}

fn newest(world: &World, viewer: u64) -> i64 {
    let known = world.sessions[&viewer].client.channels.values().next().expect("a channel");
    *known.columns.keys().last().expect("columns")
}

#[test]
fn a_query_that_looks_at_too_much_is_refreshed_more_rarely_and_its_columns_are_the_same() {
    let mut world = world(&Options { query_samples_max: 150, ..Options::default() });
    subscribe(&mut world, 1, DEAR);
    subscribe(&mut world, 2, "a");
    live_on(&mut world, 0, 21);
    assert_eq!(told(&world, 1), [("slower".to_owned(), 5000)]);
    assert_eq!(told(&world, 2), []);
    // Who comes later hears of it as well.
    subscribe(&mut world, 3, DEAR);
    assert_eq!(told(&world, 3), [("slower".to_owned(), 5000)]);
    live_on(&mut world, 21, 29);
    let second = |viewer: u64| newest(&world, viewer) - START.0 / 1000;
    assert_eq!((second(1), second(2)), (25, 28));
    for (viewer, query) in [(1, DEAR), (3, DEAR), (2, "a")] {
        let known = world.sessions[&viewer].client.channels.values().next().expect("a channel");
        assert_lawful(&world, known, query, 30);
    }
}

#[test]
fn all_queries_together_have_a_limit_and_the_dearest_fall_first() {
    let options = Options { samples_max: 150, ..Options::default() };
    let mut world = world(&options);
    subscribe(&mut world, 1, DEAR);
    subscribe(&mut world, 2, "a");
    live_on(&mut world, 0, 5);
    assert_eq!(told(&world, 1), [("slower".to_owned(), 5000)]);
    assert_eq!(told(&world, 2), []);
}

#[test]
fn a_refresh_that_does_not_keep_up_is_stopped_and_holds_nobody_up() {
    let mut world = world(&Options { query_samples_max: 1000, ..Options::default() });
    subscribe(&mut world, 1, DEAR);
    subscribe(&mut world, 2, "a");
    world.pass(Span(1000));
    let before = newest(&world, 2);
    world.stuck = Some(Vec::new());
    world.pass(Span(200));
    let stuck = world.stuck.take().expect("jobs that do not end");
    assert_eq!(stuck.len(), 2);
    // One of them ends; the other goes on until it is stopped.
    for job in stuck {
        if job.plan.text() == "a" {
            world.run(job);
            world.settle();
        } else {
            world.stuck.get_or_insert_default().push(job);
        }
    }
    let stuck = world.stuck.take().expect("the dear one");
    world.pass(Span(300));
    assert_eq!(newest(&world, 2), before + 1);
    world.pass(Span(500));
    for job in stuck {
        assert!(job.progress.is_stopped() || job.plan.text() == "a");
        world.run(job);
    }
    world.pass(Span(100));
    assert_eq!(told(&world, 1), [("slower".to_owned(), 5000)]);
    live_on(&mut world, 2, 12);
    let known = world.sessions[&1].client.channels.values().next().expect("a channel");
    assert_lawful(&world, known, DEAR, 30);
}

#[test]
fn the_column_in_progress_is_shown_where_columns_are_far_apart() {
    let mut world = world(&Options::default());
    world.open(1, Carrier::SocketText);
    world.say(1, r#"{"sub":{"id":1,"query":"a","window":"24h"}}"#);
    let open = |world: &World| {
        let known = world.sessions[&1].client.channels.values().next().expect("a channel");
        known.open.as_ref().map(|(_, values)| values.clone())
    };
    live_on(&mut world, 0, 2);
    assert_eq!(open(&world), Some(vec![0.0]));
    live_on(&mut world, 2, 15);
    let newer = open(&world).expect("renewed").remove(0);
    assert!((10.0..15.0).contains(&newer), "{newer}");
    // Who comes later is told of it as well, though nothing has changed.
    world.open(2, Carrier::SocketText);
    world.say(2, r#"{"sub":{"id":1,"query":"a","window":"24h"}}"#);
    world.pass(Span(300));
    let known = world.sessions[&2].client.channels.values().next().expect("a channel");
    assert!(known.open.is_some(), "told at once");
}
