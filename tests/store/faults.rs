//! One fault at a time: what is said meanwhile, what is there afterwards.

use std::path::Path;

use watchglass::model::{
    Append, Appended, Batch, NotDurable, Origin, Principal, Reading, Report, Sample, Span,
    Timestamp,
};
use watchglass::store::{Disk, LOG_VERSION, LogState, OpenError, Options, Store};

use crate::disk::SimulatedDisk;
use crate::world::{Pending, START, World, everything, labels, open, poll};

fn append(world: &World, origin: Origin, series: usize, value: f64) -> Appended {
    let mut batch = Batch::new(origin);
    batch.push(labels(series), Sample::new(world.now, value));
    let appended = world.store.append(&batch, Principal::Anonymous, world.now);
    assert_eq!(appended.accepted, 1, "{:?}", appended.refusals);
    appended
}

fn push(world: &World, series: usize, value: f64) -> Pending {
    Box::pin(append(world, Origin::Push, series, value).receipt.wait())
}

pub(crate) fn figure(store: &Store, name: &str) -> f64 {
    let mut readings = Vec::new();
    store.report(&mut readings);
    readings.iter().filter(|reading| reading.name == name).map(|reading| reading.value).sum()
}

/// A figure of blocks of one tier.
pub(crate) fn figure_of(store: &Store, name: &str, tier: &str) -> f64 {
    let mut readings = Vec::new();
    store.report(&mut readings);
    let of_tier = |reading: &&Reading| {
        reading.name == name && reading.labels.iter().any(|(_, value)| value == tier)
    };
    readings.iter().find(of_tier).map(|reading| reading.value).unwrap()
}

fn values_after_power_cut(world: &mut World) -> Vec<(usize, f64)> {
    world.disk.cut_power();
    (world.store, world.writer) = open(&world.disk, 1, world.now);
    let found = everything(&world.store).into_iter();
    found.map(|((series, _), bits)| (series, f64::from_bits(bits))).collect()
}

#[test]
fn a_receipt_resolves_with_the_sync_and_not_before() {
    let mut world = World::new(1);
    let mut receipt = push(&world, 1, 1.0);
    assert_eq!(poll(&mut receipt), None);
    assert_eq!(figure(&world.store, "watchglass_store_log_waiting_samples"), 1.0);
    world.writer.commit();
    assert_eq!(poll(&mut receipt), Some(Ok(())));
    assert_eq!(figure(&world.store, "watchglass_store_log_written_samples_total"), 1.0);
    assert_eq!(values_after_power_cut(&mut world), [(1, 1.0)]);
}

#[test]
fn what_a_failed_sync_left_open_is_written_again_elsewhere() {
    let mut world = World::new(1);
    let mut first = push(&world, 1, 1.0);
    world.writer.commit();
    assert_eq!(poll(&mut first), Some(Ok(())));
    world.disk.fail_syncs(1);
    let mut second = push(&world, 2, 2.0);
    world.writer.commit();
    assert_eq!((poll(&mut second), world.store.log_state()), (Some(Ok(())), LogState::Well));
    assert_eq!(world.disk.contents("log").len(), 2, "the segment was left");
    assert_eq!(values_after_power_cut(&mut world), [(1, 1.0), (2, 2.0)]);
}

#[test]
fn while_syncs_fail_nothing_is_acknowledged_and_readiness_is_red() {
    let mut world = World::new(1);
    world.disk.fail_syncs(4);
    let mut receipt = push(&world, 1, 1.0);
    world.writer.commit();
    assert!(matches!(poll(&mut receipt), Some(Err(NotDurable::Failed(_)))));
    assert!(matches!(world.store.log_state(), LogState::Failing(_)));
    assert!(matches!(world.store.takes(), Err(NotDurable::Failed(_))));
    // What collectors bring is kept, and nobody has to push for the disk to be tried again.
    append(&world, Origin::Collector, 2, 2.0);
    world.writer.commit();
    assert!(matches!(world.store.log_state(), LogState::Failing(_)));
    assert_eq!(figure(&world.store, "watchglass_store_log_failures_total"), 2.0);
    world.writer.commit();
    assert_eq!((world.store.log_state(), world.store.takes()), (LogState::Well, Ok(())));
    assert_eq!(values_after_power_cut(&mut world), [(1, 1.0), (2, 2.0)]);
}

#[test]
fn a_full_disk_refuses_pushes_and_the_head_goes_on() {
    let mut world = World::new(1);
    let mut before = push(&world, 1, 1.0);
    world.writer.commit();
    assert_eq!(poll(&mut before), Some(Ok(())));
    world.disk.set_free(5);
    let mut receipt = push(&world, 2, 2.0);
    world.writer.commit();
    assert!(matches!(poll(&mut receipt), Some(Err(NotDurable::Full(_)))));
    assert!(matches!(world.store.takes(), Err(NotDurable::Full(_))));
    append(&world, Origin::Collector, 3, 3.0);
    world.writer.commit();
    assert_eq!(everything(&world.store).len(), 3, "the live view goes on");
    assert_eq!(figure(&world.store, "watchglass_store_log_well"), 0.0);
    world.disk.set_free(u64::MAX);
    world.writer.commit();
    assert_eq!(world.store.log_state(), LogState::Well);
    let mut after = push(&world, 4, 4.0);
    world.writer.commit();
    assert_eq!(poll(&mut after), Some(Ok(())));
    assert_eq!(values_after_power_cut(&mut world), [(1, 1.0), (2, 2.0), (3, 3.0), (4, 4.0)]);
}

#[test]
fn a_closed_log_tells_those_who_wait() {
    let world = World::new(1);
    let mut receipt = push(&world, 1, 1.0);
    drop((world.writer, world.store));
    assert!(matches!(poll(&mut receipt), Some(Err(NotDurable::Failed(_)))));
}

/// A disk with one segment of 100 commits of 5 series, and what was written.
fn written() -> (SimulatedDisk, Timestamp) {
    let mut world = World::new(1);
    for second in 0..100 {
        for series in 0..5 {
            drop(append(&world, Origin::Push, series, f64::from(second) + series as f64 / 10.0));
        }
        world.writer.commit();
        world.now = world.now.saturating_add(Span(1000));
    }
    (world.disk, world.now)
}

/// Opens a damaged disk: every value has to be right. Gives how many there are.
fn intact(disk: &SimulatedDisk, now: Timestamp) -> (usize, Store) {
    let options = Options::default();
    let (age, future) = (Span(3_600_000), Span(0));
    let opened = Store::open(&options, age, future, std::sync::Arc::new(disk.clone()), || 7);
    let (store, recovery) = opened.unwrap();
    drop(recovery.run(&store, now));
    let found = everything(&store);
    for ((series, at), bits) in &found {
        let second = (at.0 - START.0) as f64 / 1000.0;
        assert_eq!(f64::from_bits(*bits), second + *series as f64 / 10.0, "{series} {at:?}");
    }
    (found.len(), store)
}

#[test]
fn a_damaged_byte_costs_its_frame_and_a_minute_of_its_series_at_most() {
    let (disk, now) = written();
    let (path, bytes) = disk.contents("log").remove(0);
    for at in (0..bytes.len()).step_by(97) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x41;
        disk.replace(&path, damaged);
        let (count, store) = intact(&disk, now);
        let told = figure(&store, "watchglass_store_damaged_total")
            + figure(&store, "watchglass_store_log_cut_bytes_total");
        assert!(told > 0.0, "byte {at}");
        // The first frames name the series; what names them is needed up to the segment's end.
        let first_frames = 400;
        assert!(at < first_frames || count >= 500 - 5 * 61, "byte {at}: {count}");
    }
}

#[test]
fn a_cut_zeroed_or_emptied_file_does_not_keep_the_store_from_starting() {
    let (disk, now) = written();
    let (path, bytes) = disk.contents("log").remove(0);
    let half = bytes.len() / 2;
    disk.replace(&path, bytes[..half].to_vec());
    let (count, store) = intact(&disk, now);
    assert!((200..300).contains(&count), "{count}");
    assert!(figure(&store, "watchglass_store_log_cut_bytes_total") > 0.0);
    disk.replace(&path, [&bytes[..half], &vec![0; half]].concat());
    assert!((200..300).contains(&intact(&disk, now).0));
    disk.replace(&path, Vec::new());
    assert_eq!(intact(&disk, now).0, 0);
    disk.replace(&path, vec![0; half]);
    let (count, store) = intact(&disk, now);
    assert_eq!((count, figure(&store, "watchglass_store_damaged_total")), (0, 1.0));
    let names = disk.contents("log");
    let aside = names.iter().filter(|(path, _)| path.extension() == Some("damaged".as_ref()));
    assert_eq!(aside.count(), 1, "{names:?}");
}

#[test]
fn a_newer_format_is_refused_in_words() {
    let (disk, now) = written();
    let (path, mut bytes) = disk.contents("log").remove(0);
    bytes[8..12].copy_from_slice(&(LOG_VERSION + 1).to_le_bytes());
    let sum = crc32c::crc32c(&bytes[..12]).to_le_bytes();
    bytes[12..16].copy_from_slice(&sum);
    disk.replace(&path, bytes);
    let options = Options::default();
    let opened = Store::open(&options, Span(0), Span(0), std::sync::Arc::new(disk.clone()), || 7);
    let error = opened.err().unwrap();
    assert!(matches!(error, OpenError::Newer { version, .. } if version == LOG_VERSION + 1));
    assert!(error.to_string().contains(path.file_name().unwrap().to_str().unwrap()), "{error}");
    disk.remove(&path).unwrap();
    assert_eq!(intact(&disk, now).0, 0);
}

#[test]
fn files_that_are_none_of_ours_are_left_alone() {
    let (disk, now) = written();
    disk.replace(Path::new("log/notes.txt"), b"mine".to_vec());
    assert_eq!(intact(&disk, now).0, 500);
    assert!(disk.contents("log").iter().any(|(path, _)| path.ends_with("notes.txt")));
}
