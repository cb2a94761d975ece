//! Sessions one by one: what each frame is answered with, and what a viewer costs.

use serde_json::Value;

use crate::live::{Carrier, Command};
use crate::model::{Labels, Origin, Span, Timestamp};

use super::{START, World};

fn world() -> World {
    let world = World::new(&["a", "sum(a) "]);
    for second in -60..0 {
        world.data.put(&Labels::named("a"), START + Span(second * 1000), 1.0, Origin::Collector);
    }
    world
}

fn heard<'a>(world: &'a World, session: u64, kind: &str) -> Vec<&'a Value> {
    world.sessions[&session].client.heard.iter().filter_map(|frame| frame.get(kind)).collect()
}

#[test]
fn a_board_is_answered_in_order() {
    let mut world = world();
    world.open(1, Carrier::SocketText);
    world.say(1, r#"{"sub":{"id":4,"board":"board","range":"1m"}}"#);
    let kinds: Vec<String> = world.sessions[&1]
        .client
        .heard
        .iter()
        .filter_map(|frame| frame.as_object()?.keys().next().cloned())
        .collect();
    let expected = ["welcome", "subscribed", "board", "schema", "at", "schema", "at"];
    assert_eq!(kinds, expected);
    assert_eq!(heard(&world, 1, "subscribed")[0]["channels"].as_array().map(Vec::len), Some(2));
}

#[test]
fn viewers_do_not_change_what_is_evaluated_or_encoded() {
    let cost = |viewers: u64| {
        let mut world = world();
        for viewer in 1..=viewers {
            world.open(viewer, Carrier::SocketBinary);
            world.say(viewer, r#"{"sub":{"id":1,"board":"board","range":"1m"}}"#);
        }
        // Until the samples from before the start have been looked at.
        world.pass(Span(3000));
        let before = (world.hub.counters().evaluations(), world.frames);
        world.pass(Span(10_000));
        let least = world.sessions.values().map(|held| held.client.ticks).min();
        let most = world.sessions.values().map(|held| held.client.ticks).max();
        assert_eq!(least, most, "every viewer gets every tick");
        (world.hub.counters().evaluations() - before.0, world.frames - before.1)
    };
    assert_eq!(cost(1), cost(300));
    assert_eq!(cost(1), (20, 10), "two channels, one frame a tick");
}

#[test]
fn a_pushed_value_is_shown_before_its_column_is_final() {
    let mut world = world();
    world.open(1, Carrier::SocketBinary);
    world.say(1, r#"{"sub":{"id":1,"query":"a","window":"1m"}}"#);
    world.until(Timestamp(START.0 + 10_100));
    world.data.put(&Labels::named("a"), world.now, 7.0, Origin::Push);
    world.pass(Span(300));
    let known = world.sessions[&1].client.channels.values().next().expect("a channel");
    assert_eq!(known.open, Some((START.0 / 1000 + 11, vec![7.0])));
    assert!(!known.columns.contains_key(&(START.0 / 1000 + 11)));
}

#[test]
fn a_board_that_changes_is_told_with_its_new_window() {
    let mut world = world();
    world.open(1, Carrier::SocketText);
    world.say(1, r#"{"sub":{"id":1,"board":"board","range":"1m"}}"#);
    *world.boards.0.lock() = (2, vec!["a", "a + 1   "]);
    world.pass(Span(2000));
    let boards = heard(&world, 1, "board");
    assert_eq!(boards.last().map(|board| board["revision"].as_u64()), Some(Some(2)));
    let id = boards[1]["panels"][1]["channels"][0].as_u64().expect("a channel") as u32;
    let known = &world.sessions[&1].client.channels[&id];
    assert!(known.whole);
    assert_eq!(known.column(known.columns.keys().last().copied().expect("columns")), [2.0]);
}

#[test]
fn a_removed_board_is_told_empty_and_comes_back() {
    let mut world = world();
    world.open(1, Carrier::SocketText);
    world.say(1, r#"{"sub":{"id":1,"board":"board","range":"1m"}}"#);
    *world.boards.0.lock() = (2, vec![]);
    world.pass(Span(500));
    let told = heard(&world, 1, "board").last().copied().cloned().expect("a board");
    assert_eq!(
        (&told["spec"]["gone"], told["panels"].as_array().map(Vec::len)),
        (&true.into(), Some(0))
    );
    *world.boards.0.lock() = (3, vec!["a"]);
    world.pass(Span(2000));
    let told = heard(&world, 1, "board").last().copied().cloned().expect("a board");
    assert_eq!((&told["revision"], told["panels"].as_array().map(Vec::len)), (&3.into(), Some(1)));
    assert!(world.sessions[&1].client.channels.values().any(|known| known.whole));
}

#[test]
fn who_did_not_look_when_a_board_changed_is_told_on_return() {
    let mut world = world();
    for session in [1, 2, 3] {
        world.open(session, Carrier::SocketText);
        world.say(session, r#"{"sub":{"id":1,"board":"board","range":"1m"}}"#);
    }
    world.pass(Span(2000));
    world.say(1, r#"{"show":false}"#);
    world.reads(2, false);
    *world.boards.0.lock() = (2, vec!["a + 1   "]);
    // Whoever subscribes first is not the only one who hears of it.
    world.open(4, Carrier::SocketText);
    world.say(4, r#"{"sub":{"id":1,"board":"board","range":"1m"}}"#);
    world.pass(Span(20_000));
    let told = |world: &World, session: u64| -> Vec<u64> {
        let boards = heard(world, session, "board").into_iter();
        boards.filter_map(|board| board["revision"].as_u64()).collect()
    };
    assert_eq!((told(&world, 1), told(&world, 3)), (vec![1], vec![1, 2]));
    assert_eq!(told(&world, 4), [2]);
    world.say(1, r#"{"show":true}"#);
    world.reads(2, true);
    world.pass(Span(1000));
    assert_eq!((told(&world, 1), told(&world, 2)), (vec![1, 2], vec![1, 2]));
    world.say(1, r#"{"show":false}"#);
    world.say(1, r#"{"show":true}"#);
    assert_eq!(told(&world, 1), [1, 2], "it is told once");
}

#[test]
fn mistakes_are_answered_in_words_and_the_session_goes_on() {
    let mut world = world();
    world.open(1, Carrier::SocketText);
    let mut check = |text: &str, kind: &str, words: &str| {
        world.say(1, text);
        let last = world.sessions[&1].client.heard.last().expect("an answer").clone();
        assert!(last[kind]["text"].as_str().is_some_and(|text| text.contains(words)), "{last}");
    };
    check("{", "notice", "cannot read");
    check(r#"{"sub":{"id":1,"board":"other"}}"#, "end", "no board `other`");
    check(r#"{"sub":{"id":1,"query":"sum("}}"#, "end", "parse error");
    check(r#"{"sub":{"id":1,"query":"a[1m]"}}"#, "end", "instant vector");
    world.say(1, r#"{"ping":1}"#);
    assert!(world.sessions[&1].client.heard.last().is_some_and(|last| last.get("pong").is_some()));
}

#[test]
fn a_hidden_page_hears_beats_and_one_batch_on_return() {
    let mut world = world();
    world.open(1, Carrier::SocketBinary);
    world.say(1, r#"{"sub":{"id":1,"query":"a","window":"1m"}}"#);
    world.pass(Span(3000));
    world.say(1, r#"{"show":false}"#);
    let ticks = world.sessions[&1].client.ticks;
    world.pass(Span(61_000));
    assert_eq!(world.sessions[&1].client.ticks, ticks);
    assert!((2..=4).contains(&heard(&world, 1, "beat").len()));
    world.say(1, r#"{"show":true}"#);
    let known = world.sessions[&1].client.channels.values().next().expect("a channel");
    assert_eq!(
        known.columns.keys().last().copied(),
        Some(world.now.0 / 1000 - i64::from(world.now.0 % 1000 < 50))
    );
}

#[test]
fn a_poll_is_answered_with_what_came_and_again_when_it_was_lost() {
    let mut world = world();
    world.open(1, Carrier::Poll);
    world.say(1, r#"{"sub":{"id":1,"query":"a","window":"1m"}}"#);
    let poll = |after| Command::Poll { session: 1, worker: 0, after };
    world.command(poll(None));
    world.command(poll(Some(1)));
    world.pass(Span(2000));
    let seq = |world: &World| world.sessions[&1].client.channels.values().next().expect("one").seq;
    let before = seq(&world);
    world.command(poll(Some(2)));
    world.pass(Span(2000));
    assert!(seq(&world) > before);
    // The answer to the last poll was lost: asked again, it comes again.
    let at = seq(&world);
    world.command(poll(Some(2)));
    assert!(seq(&world) >= at);
}

#[test]
fn channels_end_after_their_last_viewer() {
    let mut world = world();
    world.open(1, Carrier::SocketBinary);
    world.say(1, r#"{"sub":{"id":1,"query":"a","window":"1m"}}"#);
    world.pass(Span(1000));
    world.command(Command::Close(1));
    world.sessions.clear();
    world.pass(Span(20_000));
    let before = world.hub.counters().evaluations();
    world.pass(Span(5000));
    assert!(world.hub.counters().evaluations() > before, "kept for those who come back");
    world.pass(Span(20_000));
    let before = world.hub.counters().evaluations();
    world.pass(Span(5000));
    assert_eq!(world.hub.counters().evaluations(), before);
}

#[test]
fn the_end_of_the_service_is_told_to_all() {
    let mut world = world();
    for viewer in 1..=200 {
        world.open(viewer, Carrier::SocketText);
    }
    world.command(Command::Shutdown);
    assert!(world.sessions.values().all(|held| held.closed));
    let bye = heard(&world, 1, "bye");
    assert_eq!(bye[0]["retry_ms"][0].as_u64(), Some(200));
}

#[test]
fn a_table_of_series_that_come_and_go_begins_anew_now_and_then() {
    let mut world = world();
    world.open(1, Carrier::SocketBinary);
    world.say(1, r#"{"sub":{"id":1,"query":"b","window":"1m"}}"#);
    let mut number = 0;
    for _ in 0..200 {
        for _ in 0..10 {
            number += 1;
            let labels = Labels::named("b").with("pid", &number.to_string());
            world.data.put(&labels, world.now, 1.0, Origin::Collector);
            let ended = world.now + Span(900);
            world.data.put(&labels, ended, crate::model::stale_marker(), Origin::Collector);
        }
        world.pass(Span(1000));
    }
    let resets = heard(&world, 1, "reset").len();
    assert!((1..=4).contains(&resets), "{resets} resets");
    let known = world.sessions[&1].client.channels.values().next().expect("a channel");
    assert!(known.whole && known.series.len() < 1500, "{} series", known.series.len());
}
