//! What a store knows after a start beside its samples: who owns a series, when it ends, what was
//! said of its name; and when the log lets go.

use watchglass::model::{
    Append, Appended, Batch, Metadata, MetricType, Origin, Principal, Sample, Select, Span,
    Timestamp, is_stale,
};

use crate::world::{START, World, everything, labels, open};

fn append(world: &World, origin: Origin, ttl: Option<Span>, value: f64) -> Appended {
    let mut batch = Batch::new(origin);
    batch.ttl = ttl;
    batch.push(labels(1), Sample::new(world.now, value));
    world.store.append(&batch, Principal::Anonymous, world.now)
}

fn restart(world: &mut World) {
    world.writer.commit();
    world.disk.cut_power();
    (world.store, world.writer) = open(&world.disk, 2, world.now);
}

fn pass(world: &mut World, seconds: i64) {
    world.now = world.now.saturating_add(Span::from_secs(seconds));
}

fn stale_times(world: &World) -> Vec<Timestamp> {
    let found = everything(&world.store).into_iter();
    found.filter(|(_, bits)| is_stale(f64::from_bits(*bits))).map(|((_, at), _)| at).collect()
}

#[test]
fn a_series_of_a_collector_stays_its_own() {
    let mut world = World::new(1);
    append(&world, Origin::Push, None, 1.0);
    pass(&mut world, 1);
    append(&world, Origin::Collector, None, 2.0);
    restart(&mut world);
    pass(&mut world, 1);
    let appended = append(&world, Origin::Push, None, 3.0);
    assert_eq!((appended.accepted, appended.refused), (0, 1));
    assert_eq!(everything(&world.store).len(), 2);
}

#[test]
fn a_time_to_live_goes_on_over_a_restart() {
    let mut world = World::new(1);
    append(&world, Origin::Push, Some(Span::from_secs(10)), 1.0);
    pass(&mut world, 5);
    // Another batch does not say it again, and it still holds.
    append(&world, Origin::Push, None, 2.0);
    restart(&mut world);
    pass(&mut world, 30);
    world.store.maintain(world.now);
    let end = START.saturating_add(Span::from_secs(15));
    assert_eq!(stale_times(&world), [end]);
    // It has ended, and a sample that comes later opens it for good.
    restart(&mut world);
    append(&world, Origin::Push, None, 3.0);
    restart(&mut world);
    pass(&mut world, 60);
    world.store.maintain(world.now);
    assert_eq!(stale_times(&world), [end]);
}

#[test]
fn a_time_to_live_outlives_the_segment_it_was_said_in() {
    let mut world = World::new(1);
    append(&world, Origin::Push, Some(Span::from_secs(1200)), 0.0);
    for minute in 1..=240 {
        pass(&mut world, 60);
        append(&world, Origin::Push, None, f64::from(minute));
        world.store.compact(world.now);
        world.writer.commit();
    }
    restart(&mut world);
    let last = world.now;
    pass(&mut world, 3000);
    world.store.maintain(world.now);
    assert_eq!(stale_times(&world), [last.saturating_add(Span::from_secs(1200))]);
}

#[test]
fn what_was_said_of_names_is_known_again() {
    let mut world = World::new(1);
    let said = Metadata {
        metric_type: MetricType::Counter,
        unit: "bytes".to_owned(),
        help: "Some bytes.".to_owned(),
    };
    let mut batch = Batch::new(Origin::Push);
    batch.metadata.push(("m".to_owned(), said.clone()));
    batch.push(labels(1), Sample::new(world.now, 1.0));
    world.store.append(&batch, Principal::Anonymous, world.now);
    // Over several segments, of which the first is gone.
    for _ in 0..240 {
        pass(&mut world, 60);
        append(&world, Origin::Push, None, 1.0);
        world.store.compact(world.now);
        world.writer.commit();
    }
    restart(&mut world);
    assert_eq!(world.store.metadata("m"), Some(said));
}

#[test]
fn segments_go_when_nothing_in_them_is_kept() {
    let mut world = World::new(1);
    let mut most = 0;
    for minute in 0..180 {
        append(&world, Origin::Push, None, f64::from(minute));
        world.store.compact(world.now);
        world.writer.commit();
        most = most.max(world.disk.contents("log").len());
        pass(&mut world, 60);
    }
    let count = world.disk.contents("log").len();
    // Blocks are cut every half hour, an hour later; the last one was 13 minutes ago.
    assert!(most <= 11, "{most} segments of ten minutes for 90 minutes at most");
    assert!((7..=9).contains(&count), "{count} segments of ten minutes for 73 minutes");
    restart(&mut world);
    assert_eq!(everything(&world.store).len(), 180);
}

#[test]
fn samples_under_many_times_to_live_are_all_read_back() {
    let mut world = World::new(1);
    for push in 0..200_i32 {
        let ttl = Span(60_000 + i64::from(push / 2));
        append(&world, Origin::Push, Some(ttl), f64::from(push));
        pass(&mut world, 1);
    }
    let before = everything(&world.store);
    restart(&mut world);
    assert_eq!(everything(&world.store), before);
    // The last of them holds: 60 s and 99 ms after the last push.
    pass(&mut world, 65);
    world.store.maintain(world.now);
    assert_eq!(stale_times(&world), [START.saturating_add(Span(199_000 + 60_099))]);
}

#[test]
fn what_is_too_old_at_the_start_is_not_read() {
    let mut world = World::new(1);
    append(&world, Origin::Push, None, 1.0);
    pass(&mut world, 43_000);
    append(&world, Origin::Push, None, 2.0);
    pass(&mut world, 1000);
    restart(&mut world);
    assert_eq!(everything(&world.store).len(), 1);
}
