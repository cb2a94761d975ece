//! Rows of minutes and hours: whatever is cut, rolled up, merged and removed when, a reader that
//! looks at whole minutes or hours makes of them what it would have made of all samples.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use watchglass::model::{Coarse, Labels, Sample, Span, TimeRange, Timestamp, stale_marker};
use watchglass::store::Store;

use crate::blocks::{HOUR, NOW, labels, open, push, select};
use crate::coarse::{AGGREGATES, Naive, check, select as coarse};
use crate::disk::SimulatedDisk;
use crate::faults::{figure, figure_of};
use crate::life::{live, steps};

const MINUTE: i64 = 60_000;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn rows_lose_nothing(
        steps in steps(),
        grids in prop::collection::vec((-60_i64..60, 1_i64..6, 0_usize..4), 6),
    ) {
        let (store, taken) = live(steps);
        let mut all = Naive::new();
        for ((id, at), value) in taken {
            all.entry(labels(id)).or_default().push(Sample::new(at, value));
        }
        for (hours, windows, every) in grids {
            let every = Span([MINUTE, 5 * MINUTE, HOUR, 6 * HOUR][every]);
            let start = (NOW + Span(hours * HOUR)).floor_to(every);
            check(&store, &all, (start, windows), every, "a case");
        }
    }
}

/// A day of one series at 20 s, rolled up; 30 hours later its raw samples have gone.
fn a_day(disk: &SimulatedDisk) -> (Store, Naive, Timestamp) {
    let store = open(disk, |options| options.retention.raw = Span(26 * HOUR));
    let start = NOW.floor_to(Span(24 * HOUR));
    let mut all = Naive::new();
    for number in 0..24 * 180 {
        let at = start + Span(number * 20_000 + 7);
        let value = if number % 500 == 499 { stale_marker() } else { (number * 7 % 400) as f64 };
        push(&store, 0, at, value, at);
        all.entry(labels(0)).or_default().push(Sample::new(at, value));
        if number % 90 == 0 {
            store.compact(at);
        }
    }
    (store, all, start)
}

#[test]
fn rows_stay_when_the_samples_have_gone() {
    let disk = SimulatedDisk::new(1);
    let (store, all, start) = a_day(&disk);
    store.compact(start + Span(28 * HOUR));
    let windows = (start, 24);
    check(&store, &all, windows, Span(HOUR), "rolled up");
    let [raw, minutes, hours] = store.tiers().unwrap();
    assert_eq!((raw.samples, minutes.samples, hours.samples), (22 * 180, 24 * 60, 24));
    assert_eq!(
        (raw.series, minutes.resolution, hours.retention),
        (1, Span(MINUTE), Span(730 * 24 * HOUR))
    );
    // Of samples the newest 22 hours are left, and the settings keep 26.
    let near = |one: f64, other: f64| (one / other - 1.0).abs() < 1e-9;
    assert!(
        near(raw.bytes_a_day, raw.bytes as f64 * 24.0 / 22.0)
            && near(minutes.bytes_a_day, minutes.bytes as f64)
    );
    assert!(near(raw.foreseen_bytes, raw.bytes as f64 * 26.0 / 22.0) && raw.reach == raw.retention);
    store.compact(start + Span(60 * HOUR));
    assert_eq!(figure_of(&store, "watchglass_store_blocks", "raw"), 0.0);
    check(&store, &all, windows, Span(HOUR), "the samples have gone");
    check(&store, &all, windows, Span(MINUTE * 5), "the samples have gone");
    // Without being asked for it, a minute's newest sample is what is left.
    let left = select(&store, TimeRange::all(), false);
    let rolled = left[0].rolled.as_ref().unwrap();
    assert_eq!(rolled.counts.iter().sum::<u32>(), 24 * 180 - 24 * 180 / 500);
    assert!(left[0].samples.len() < 24 * 62, "{}", left[0].samples.len());
    let newest = select(&store, TimeRange::all(), true);
    assert_eq!(newest[0].samples[0], *all[&labels(0)].last().unwrap());
    drop(store);
    let store = open(&disk, |options| options.retention.raw = Span(26 * HOUR));
    check(&store, &all, windows, Span(HOUR), "after a start");
}

#[test]
fn what_comes_late_is_rolled_up_again() {
    let disk = SimulatedDisk::new(1);
    let (store, mut all, start) = a_day(&disk);
    let now = start + Span(26 * HOUR);
    (0..20).for_each(|_| store.compact(now));
    let rolled = figure(&store, "watchglass_store_blocks_rolled_total");
    let late = start + Span(5 * HOUR + 11);
    push(&store, 0, late, 99_999.0, now);
    let samples = all.get_mut(&labels(0)).unwrap();
    samples.push(Sample::new(late, 99_999.0));
    samples.sort_by_key(|sample| sample.at);
    check(&store, &all, (start, 24), Span(HOUR), "late, in the head");
    store.compact(now + Span(2 * HOUR));
    check(&store, &all, (start, 24), Span(HOUR), "late, in blocks");
    let again = figure(&store, "watchglass_store_blocks_rolled_total");
    assert!(again >= rolled + 2.0, "{rolled} {again}");
}

#[test]
fn rows_that_lose_a_part_are_made_again_of_what_is_left() {
    let disk = SimulatedDisk::new(1);
    let (store, mut all, start) = a_day(&disk);
    let behind = |minutes: i64, seconds: i64| start + Span((minutes * 60 + seconds) * 1000);
    let mut delete = |store: &Store, (from, to), and_gone: (Timestamp, Timestamp), said: &str| {
        let range = TimeRange::new(from, to).unwrap();
        drop(store.delete(&[], range).unwrap());
        let is_gone = |at: Timestamp| range.contains(at) || (at > and_gone.0 && at <= and_gone.1);
        for samples in all.values_mut() {
            samples.retain(|sample| !is_gone(sample.at));
        }
        for every in [MINUTE, 5 * MINUTE, HOUR] {
            check(store, &all, (start, 24 * HOUR / every), Span(every), said);
        }
    };
    store.compact(start + Span(26 * HOUR));
    let part = (behind(5 * 60 + 10, 10), behind(6 * 60 + 20, 30));
    delete(&store, part, (start, start), "samples are there");
    let inside = (behind(9 * 60, 30), behind(9 * 60, 30));
    delete(&store, inside, (start, start), "one sample at most");
    store.compact(start + Span(60 * HOUR));
    assert_eq!(figure_of(&store, "watchglass_store_blocks", "raw"), 0.0);
    // Of the minutes that it touches nothing is left, of the hours the other minutes.
    let part = (behind(15 * 60 + 10, 10), behind(16 * 60 + 20, 30));
    let minutes = (behind(15 * 60 + 10, 0), behind(16 * 60 + 21, 0));
    delete(&store, part, minutes, "the samples have gone");
    assert_eq!(figure(&store, "watchglass_store_blocks_damaged_total"), 0.0);
}

/// A store of these files.
fn store_of(files: &[(PathBuf, Vec<u8>)]) -> Store {
    let disk = SimulatedDisk::new(1);
    for (path, bytes) in files {
        disk.replace(path, bytes.clone());
    }
    open(&disk, |options| options.retention.raw = Span(26 * HOUR))
}

#[test]
fn damaged_rows_are_left_out_and_made_again() {
    let disk = SimulatedDisk::new(1);
    let (store, all, start) = a_day(&disk);
    drop(store);
    let files = disk.contents("blocks");
    let is_of_rows = |file: &(PathBuf, Vec<u8>)| {
        let alone = store_of(std::slice::from_ref(file));
        figure_of(&alone, "watchglass_store_blocks", "raw") == 0.0
    };
    for number in (0..files.len()).filter(|number| is_of_rows(&files[*number])) {
        let length = files[number].1.len();
        for place in (0..length).step_by(1 + length / 12) {
            let mut damaged = files.clone();
            damaged[number].1[place] ^= 0x10;
            let store = store_of(&damaged);
            // Whoever reads first finds the damage; the samples are there to answer the next one.
            read_rows(&store);
            check(&store, &all, (start, 20), Span(HOUR), "damaged");
            (0..8).for_each(|_| store.compact(start + Span(25 * HOUR)));
            check(&store, &all, (start, 20), Span(HOUR), "made again");
            let rolled = figure(&store, "watchglass_store_blocks_rolled_total");
            let damage = figure(&store, "watchglass_store_blocks_damaged_total");
            assert!(damage > 0.0 && rolled > 0.0, "byte {place}: {damage}, {rolled}");
        }
    }
}

/// Reads all rows.
fn read_rows(store: &Store) {
    for aggregate in AGGREGATES {
        coarse(store, TimeRange::all(), Coarse { every: Span(HOUR), aggregate });
        coarse(store, TimeRange::all(), Coarse { every: Span(MINUTE), aggregate });
    }
}

/// A power cut in the midst of rolling up and merging: whatever of it is on disk, nothing is lost.
#[test]
fn a_power_cut_while_rolling_up_loses_nothing() {
    for seed in 0..40 {
        let disk = SimulatedDisk::new(seed);
        let (store, all, start) = a_day(&disk);
        for step in 0..seed % 6 {
            store.compact(start + Span((25 + step as i64) * HOUR));
        }
        disk.set_free(600 * (seed % 9));
        store.compact(start + Span(31 * HOUR));
        drop(store);
        disk.cut_power();
        disk.set_free(u64::MAX);
        let store = open(&disk, |options| options.retention.raw = Span(26 * HOUR));
        // The last hour was in no log.
        check(&store, &all, (start, 22), Span(HOUR), &format!("seed {seed}"));
    }
}

#[test]
fn a_folder_of_the_first_version_is_read_and_rolled_up() {
    let disk = SimulatedDisk::new(1);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stored/0.1.0-block1");
    for folder in ["blocks", "log"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let name = entry.unwrap().file_name();
            let bytes = std::fs::read(root.join(folder).join(&name)).unwrap();
            disk.replace(&Path::new(folder).join(name), bytes);
        }
    }
    // What was pushed: every half a minute for 28 hours.
    let start = Timestamp(1_699_995_600_000);
    let mut all = Naive::new();
    for number in 0..28 * 120 {
        let at = start + Span(number * 30_000);
        let sometimes = match number % 40 {
            39 => Some(stale_marker()),
            21.. => None,
            _ => Some((number as f64).sqrt()),
        };
        let values = [
            ("requests_total", Some((number % 700 * 3) as f64)),
            ("temperature_celsius", Some((2000 + number * 7919 % 389) as f64 / 100.0)),
            ("up", Some(1.0)),
            ("sometimes", sometimes),
        ];
        for (name, value) in values {
            let labels = Labels::from_pairs([("__name__", name), ("instance", "one")]).unwrap();
            let series = all.entry(labels).or_default();
            series.extend(value.map(|value| Sample::new(at, value)));
        }
    }
    let store = open(&disk, |_| {});
    let whole = |said: &str| {
        check(&store, &all, (start - Span(HOUR), 30), Span(HOUR), said);
        check(&store, &all, (start, 28 * 12), Span(5 * MINUTE), said);
    };
    whole("as it was");
    let now = start + Span(28 * HOUR);
    (0..20).for_each(|_| store.compact(now));
    assert!(figure_of(&store, "watchglass_store_block_samples", "hours") > 24.0 * 4.0);
    whole("rolled up");
    assert_eq!(figure(&store, "watchglass_store_damaged_total"), 0.0);
}
