//! Head and blocks together: whatever is cut and merged when, they are a naive list.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use watchglass::model::{
    Append, Batch, ByteSize, Labels, MatchOp, Matcher, Origin, Principal, Sample, Select, Selected,
    Selection, Span, TimeRange, Timestamp,
};
use watchglass::store::{BLOCK_VERSION, OpenError, Options, Retention, Store};

use crate::disk::{KEPT_OPEN, SimulatedDisk};
use crate::faults::{figure, figure_of};
use crate::life::{live, steps};

pub(crate) const NOW: Timestamp = Timestamp(1_700_000_000_000);
pub(crate) const HOUR: i64 = 3_600_000;
const YEARS: Span = Span(20 * 365 * 24 * HOUR);

/// A store of everything that lies on `disk`.
pub(crate) fn open(disk: &SimulatedDisk, change: impl FnOnce(&mut Options)) -> Store {
    let mut options = Options::default();
    options.retention.raw = YEARS;
    change(&mut options);
    let disk = Arc::new(disk.clone());
    let opened = Store::open(&options, YEARS, Span(600_000), disk, || 7);
    let (store, recovery) = opened.unwrap();
    drop(recovery.run(&store, NOW));
    store
}

pub(crate) fn labels(id: u8) -> Labels {
    Labels::from_pairs([("__name__", "m"), ("id", &id.to_string())]).unwrap()
}

pub(crate) fn push(store: &Store, id: u8, at: Timestamp, value: f64, now: Timestamp) {
    let mut batch = Batch::new(Origin::Push);
    batch.push(labels(id), Sample::new(at, value));
    assert_eq!(store.append(&batch, Principal::Anonymous, now).accepted, 1);
}

pub(crate) fn select(store: &Store, range: TimeRange, newest_only: bool) -> Vec<Selected> {
    let selection = Selection {
        matchers: &[Matcher::equal("__name__", "m")],
        range,
        newest_only,
        coarse: None,
        series_max: usize::MAX,
        samples_max: usize::MAX,
    };
    store.select(&selection).unwrap()
}

#[test]
fn what_is_old_moves_into_blocks_and_is_found_there() {
    let disk = SimulatedDisk::new(1);
    let store = open(&disk, |_| {});
    for second in 0..3 * 3600 {
        let at = NOW + Span(second * 1000);
        push(&store, (second % 3) as u8, at, second as f64, at);
    }
    let before = select(&store, TimeRange::all(), false);
    let end = NOW + Span(3 * HOUR);
    store.compact(end);
    let moved = figure(&store, "watchglass_store_moved_samples_total");
    assert!(moved > 3600.0 && moved < 3.0 * 3600.0, "{moved}");
    assert_eq!(select(&store, TimeRange::all(), false), before);
    store.compact(end + Span(9 * HOUR));
    store.maintain(end + Span(9 * HOUR));
    assert_eq!(figure(&store, "watchglass_store_samples"), 0.0);
    store.maintain(end + Span(10 * HOUR));
    assert_eq!(figure(&store, "watchglass_store_series"), 0.0);
    drop(store);
    let store = open(&disk, |_| {});
    assert_eq!(select(&store, TimeRange::all(), false), before);
    assert_eq!(figure_of(&store, "watchglass_store_block_samples", "raw"), 3.0 * 3600.0);
    // What a query is refused for before it reads.
    let about = |id: &str, to: i64| {
        let range = TimeRange::new(NOW, NOW + Span(to)).unwrap();
        store.measure(&[Matcher::new("id", MatchOp::Regex, id).unwrap()], range, None)
    };
    assert_eq!((about(".", 3 * HOUR).series, about("2", 3 * HOUR).series), (3, 1));
    for (id, to, samples) in [(".", 3 * HOUR, 10_800), ("1", 3 * HOUR, 3600), (".", HOUR, 3600)] {
        let estimate = about(id, to).samples;
        assert!(estimate.abs_diff(samples) <= samples / 5, "{estimate} of {samples}");
    }
    let ids = |range| store.label_values("id", &[Matcher::equal("__name__", "m")], range);
    assert_eq!(ids(TimeRange::all()), ["0", "1", "2"]);
    let single = TimeRange::new(NOW + Span(1001), NOW + Span(2999)).unwrap();
    assert_eq!(ids(single), ["2"]);
}

#[test]
fn a_day_and_a_week_become_one_block_each() {
    let disk = SimulatedDisk::new(1);
    let store = open(&disk, |_| {});
    let start = NOW.floor_to(Span(7 * 24 * HOUR));
    for minute in 1..=8 * 24 * 60 {
        let at = start + Span(minute * 60_000);
        push(&store, 0, at, minute as f64, at);
        if minute % 60 == 0 {
            store.compact(at);
        }
    }
    // One week, what of the eighth day was cut so far, and of samples an hour more.
    for (tier, begun) in [("raw", 1.0), ("minutes", 0.0), ("hours", 0.0)] {
        let blocks = figure_of(&store, "watchglass_store_blocks", tier);
        assert_eq!(blocks, 1.0 + 11.0 + begun, "{tier}");
    }
    assert_eq!(select(&store, TimeRange::all(), false)[0].samples.len(), 8 * 24 * 60);
    assert_eq!(figure(&store, "watchglass_store_blocks_damaged_total"), 0.0);
}

#[test]
fn blocks_go_at_the_end_of_the_retention_and_for_want_of_room() {
    let disk = SimulatedDisk::new(1);
    let store = open(&disk, |options| {
        let kept = Span(6 * HOUR);
        options.retention = Retention { raw: kept, minutes: kept, hours: kept };
    });
    push(&store, 0, NOW, 1.0, NOW);
    push(&store, 0, NOW + Span(4 * HOUR), 2.0, NOW + Span(4 * HOUR));
    store.compact(NOW + Span(5 * HOUR));
    assert_eq!(select(&store, TimeRange::all(), false)[0].samples.len(), 2);
    store.compact(NOW + Span(6 * HOUR + 1));
    assert_eq!(select(&store, TimeRange::all(), false)[0].samples.len(), 1);
    assert_eq!(figure(&store, "watchglass_store_blocks_expired_total"), 3.0);
    drop(store);
    let store = open(&disk, |options| options.max_size = Some(ByteSize(1)));
    push(&store, 0, NOW, 1.0, NOW);
    store.compact(NOW + Span(20 * HOUR));
    assert_eq!(figure(&store, "watchglass_store_block_bytes"), 0.0);
    drop(store);
    // Where there is some room, what is coarser stays.
    let disk = SimulatedDisk::new(1);
    let store = open(&disk, |_| {});
    for minute in 0..120 {
        let at = NOW.floor_to(Span(2 * HOUR)) + Span(minute * 60_000 + 1);
        push(&store, 0, at, (minute * minute % 101) as f64 / 7.0, at);
    }
    store.compact(NOW + Span(20 * HOUR));
    let [raw, minutes, hours] = store.tiers().unwrap().map(|tier| tier.bytes);
    assert!(raw > 0 && minutes > 0);
    drop(store);
    let store = open(&disk, |options| options.max_size = Some(ByteSize(hours)));
    store.compact(NOW + Span(20 * HOUR));
    let blocks = |tier| figure_of(&store, "watchglass_store_blocks", tier);
    assert_eq!(["raw", "minutes", "hours"].map(blocks), [0.0, 0.0, 1.0]);
    let [raw, _, hours] = store.tiers().unwrap();
    assert!(raw.reach < raw.retention && hours.reach < hours.retention, "{hours:?}");
}

#[test]
fn few_of_many_blocks_are_open_at_once() {
    let disk = SimulatedDisk::new(1);
    let store = open(&disk, |_| {});
    let start = NOW.floor_to(Span(24 * HOUR));
    for minute in 1..23 * 60 {
        let at = start + Span(minute * 60_000);
        push(&store, 0, at, minute as f64, at);
        if minute % 60 == 0 {
            store.compact(at);
        }
    }
    assert!(figure(&store, "watchglass_store_blocks") >= 30.0);
    let whole = |store: &Store| {
        assert_eq!(select(store, TimeRange::all(), false)[0].samples.len(), 23 * 60 - 1);
        assert!((1..=KEPT_OPEN).contains(&disk.open_files()), "{}", disk.open_files());
    };
    whole(&store);
    // A day becomes one block; what was made of it is closed.
    store.compact(start + Span(30 * HOUR));
    whole(&store);
    drop(store);
    assert_eq!(disk.open_files(), 0);
    whole(&open(&disk, |_| {}));
}

#[test]
fn what_does_not_fit_into_memory_is_still_found() {
    let disk = SimulatedDisk::new(1);
    let store = open(&disk, |options| options.memory_max = Some(ByteSize(200_000)));
    for second in 0..40_000_i64 {
        let at = NOW + Span(second * 100);
        let noise = f64::from_bits((second as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 2);
        push(&store, 0, at, noise, at);
        if second % 1000 == 0 {
            store.maintain(at);
        }
    }
    assert!(figure(&store, "watchglass_store_memory_bytes") < 250_000.0);
    assert!(figure(&store, "watchglass_store_moved_samples_total") > 10_000.0);
    assert_eq!(figure(&store, "watchglass_store_evicted_samples_total"), 0.0);
    assert_eq!(select(&store, TimeRange::all(), false)[0].samples.len(), 40_000);
    store.compact(NOW + Span(9 * HOUR));
    assert_eq!(select(&store, TimeRange::all(), false)[0].samples.len(), 40_000);
}

#[test]
fn a_late_value_stays_with_the_chunk_that_has_the_old_one() {
    let disk = SimulatedDisk::new(1);
    let store = open(&disk, |_| {});
    let edge = NOW.floor_to(Span(2 * HOUR));
    let at = |seconds: i64| edge + Span(seconds * 1000);
    // One chunk lies on both sides of the edge, and a late sample replaces what is in front of it.
    for second in -5..5 {
        push(&store, 0, at(second), 1.0, NOW);
    }
    push(&store, 0, at(-3), 2.0, NOW);
    store.compact(edge + Span(HOUR));
    assert!(figure(&store, "watchglass_store_blocks_cut_total") > 0.0);
    let samples = &select(&store, TimeRange::all(), false)[0].samples;
    assert_eq!(samples.iter().find(|sample| sample.at == at(-3)).expect("there").value, 2.0);
}

#[test]
fn a_damaged_part_is_left_out_and_the_rest_is_served() {
    let disk = SimulatedDisk::new(1);
    // Without rows, which would be served instead.
    let raw = |options: &mut Options| {
        (options.retention.minutes, options.retention.hours) = (Span(60_000), Span(60_000));
    };
    let store = open(&disk, raw);
    for id in 0..4 {
        for second in 0..100 {
            push(&store, id, NOW + Span(second * 1000), 0.5, NOW);
        }
    }
    store.compact(NOW + Span(9 * HOUR));
    drop(store);
    let (path, whole) = disk.contents("blocks").remove(0);
    for place in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x10;
        disk.replace(&path, bytes);
        let store = open(&disk, raw);
        for one in select(&store, TimeRange::all(), false) {
            assert_eq!(one.samples.len(), 100, "byte {place}");
            assert!(one.samples.iter().all(|sample| sample.value == 0.5), "byte {place}");
        }
        assert!(figure(&store, "watchglass_store_blocks_damaged_total") > 0.0, "byte {place}");
    }
}

#[test]
fn a_newer_block_is_refused_in_words() {
    let disk = SimulatedDisk::new(1);
    let store = open(&disk, |_| {});
    push(&store, 0, NOW, 1.0, NOW);
    store.compact(NOW + Span(9 * HOUR));
    let (path, mut bytes) = disk.contents("blocks").remove(0);
    bytes[8..12].copy_from_slice(&(BLOCK_VERSION + 1).to_le_bytes());
    let sum = crc32c::crc32c(&bytes[..12]).to_le_bytes();
    bytes[12..16].copy_from_slice(&sum);
    disk.replace(&path, bytes);
    let disk = Arc::new(disk.clone());
    let opened = Store::open(&Options::default(), YEARS, Span(0), disk, || 7);
    let error = opened.err().unwrap();
    assert!(matches!(error, OpenError::Newer { version, .. } if version == BLOCK_VERSION + 1));
    assert!(error.to_string().contains("blocks/"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn head_and_blocks_are_a_naive_list(
        steps in steps(),
        windows in prop::collection::vec((-200_000_i64..200_000, 0_i64..100_000), 8),
    ) {
        let (store, taken) = live(steps);
        for (from, length) in windows {
            let from = NOW + Span(from * 1000);
            let range = TimeRange::new(from, from + Span(length * 1000)).unwrap();
            let expected: Vec<(Labels, i64, u64)> = taken.iter()
                .filter(|((_, at), _)| range.contains(*at))
                .map(|((id, at), value)| (labels(*id), at.0, value.to_bits()))
                .collect();
            let rows = |found: Vec<Selected>| -> Vec<(Labels, i64, u64)> {
                found.iter().flat_map(|one| one.samples.iter().map(|sample| {
                    (one.labels.clone(), sample.at.0, sample.value.to_bits())
                })).collect()
            };
            prop_assert_eq!(&rows(select(&store, range, false)), &expected);
            let mut newest: BTreeMap<Labels, (i64, u64)> = BTreeMap::new();
            for (labels, at, bits) in expected {
                newest.insert(labels, (at, bits));
            }
            let ids = store.label_values("id", &[], range);
            prop_assert_eq!(ids.len(), newest.len());
            let newest: Vec<(Labels, i64, u64)> =
                newest.into_iter().map(|(labels, (at, bits))| (labels, at, bits)).collect();
            prop_assert_eq!(rows(select(&store, range, true)), newest);
        }
    }
}

#[test]
fn what_is_deleted_leaves_the_blocks_and_their_order_stays() {
    let disk = SimulatedDisk::new(1);
    let store = open(&disk, |_| {});
    let end = NOW + Span(9 * HOUR);
    for id in 0..3 {
        (0..100).for_each(|second| push(&store, id, NOW + Span(second * 1000), 1.0, NOW));
    }
    store.compact(end);
    // A late sample lies in a further block, and is right.
    push(&store, 0, NOW + Span(50_000), 2.0, end);
    store.compact(end + Span(2 * HOUR));
    let delete = |id: &str, range| {
        let matchers = [Matcher::equal("__name__", "m"), Matcher::equal("id", id)];
        drop(store.delete(&matchers, range).unwrap());
    };
    let reader = select(&store, TimeRange::all(), false);
    delete("1", TimeRange::all());
    delete("0", TimeRange::new(NOW, NOW + Span(20_000)).unwrap());
    let check = |store: &Store| {
        let found = select(store, TimeRange::all(), false);
        let counts: Vec<usize> = found.iter().map(|one| one.samples.len()).collect();
        assert_eq!(counts, [79, 100]);
        let late = found[0].samples.iter().find(|sample| sample.at == NOW + Span(50_000));
        assert_eq!(late.unwrap().value, 2.0);
    };
    assert_eq!(reader.len(), 3);
    check(&store);
    drop(store);
    let store = open(&disk, |_| {});
    check(&store);
    let all = [Matcher::equal("__name__", "m")];
    drop(store.delete(&all, TimeRange::all()).unwrap());
    assert_eq!(figure(&store, "watchglass_store_blocks"), 0.0);
    assert!(disk.contents("blocks").is_empty());
}
