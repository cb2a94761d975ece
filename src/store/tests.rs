//! Tests of the head as a whole: its rules, its bounds, and the head against a naive list.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::model::{
    ByteSize, Labels, MatchOp, Matcher, Metadata, Sample, Select, SelectError, Selected, Selection,
    TimeRange, is_stale, stale_marker,
};

const HOUR: i64 = 3_600_000;
const NOW: Timestamp = Timestamp(1_700_000_000_000);
const YEARS: Span = Span(20 * 365 * 24 * HOUR);

fn store() -> Store {
    Store::new(&Options::default(), Span(HOUR), Span(600_000))
}

fn store_with(change: impl FnOnce(&mut Options)) -> Store {
    let mut options = Options::default();
    change(&mut options);
    Store::new(&options, YEARS, Span(600_000))
}

fn labels(text: &str) -> Labels {
    Labels::from_pairs([("__name__", "m"), ("id", text)]).expect("labels")
}

fn push(store: &Store, origin: Origin, id: &str, at: Timestamp, value: f64) -> Appended {
    let mut batch = Batch::new(origin);
    batch.push(labels(id), Sample::new(at, value));
    store.append(&batch, Principal::Anonymous, NOW)
}

fn all(store: &Store, range: TimeRange) -> Vec<Selected> {
    let selection = Selection {
        matchers: &[Matcher::equal("__name__", "m")],
        range,
        newest_only: false,
        coarse: None,
        series_max: usize::MAX,
        samples_max: usize::MAX,
    };
    store.select(&selection).expect("within the limits")
}

fn samples(store: &Store, id: &str) -> Vec<(i64, f64)> {
    let found = all(store, TimeRange::all()).into_iter().find(|one| one.labels == labels(id));
    let samples = found.map_or_else(Vec::new, |found| found.samples);
    samples.iter().map(|sample| (sample.at.0 - NOW.0, sample.value)).collect()
}

fn reading(store: &Store, name: &str) -> f64 {
    let mut out = Vec::new();
    store.report(&mut out);
    out.iter().filter(|reading| reading.name == name).map(|reading| reading.value).sum()
}

#[test]
fn series_are_found_in_any_order_of_a_batch() {
    let store = store();
    let known: Vec<Labels> = (0..200).map(|id| labels(&id.to_string())).collect();
    let orders: [Vec<usize>; 4] = [
        // New series that come twice in one batch are made once.
        (0..100).chain(0..100).collect(),
        (0..100).rev().collect(),
        (0..200).step_by(3).chain([5, 5, 6, 199]).collect(),
        (0..200).collect(),
    ];
    let mut expected: BTreeMap<usize, Vec<(i64, f64)>> = BTreeMap::new();
    for (round, order) in orders.iter().enumerate() {
        let mut batch = Batch::new(Origin::Push);
        for (place, id) in order.iter().enumerate() {
            let offset = (round * 1000 + place) as i64;
            let sample = Sample::new(NOW.saturating_add(Span(offset)), *id as f64);
            batch.push(known[*id].clone(), sample);
            expected.entry(*id).or_default().push((offset, *id as f64));
        }
        let appended = store.append(&batch, Principal::Anonymous, NOW);
        assert_eq!(appended.accepted, order.len());
    }
    for (id, wanted) in &expected {
        assert_eq!(samples(&store, &id.to_string()), *wanted, "{id}");
    }
    assert_eq!(reading(&store, "watchglass_store_series"), 200.0);
}

#[test]
fn times_outside_the_bounds_are_refused_sample_by_sample() {
    let store = store();
    let mut batch = Batch::new(Origin::Push);
    let edges = [-HOUR, -HOUR - 1, 600_000, 600_001];
    let times = edges.map(|offset| NOW.0 + offset).into_iter().chain([i64::MIN, i64::MAX]);
    for (line, at) in times.enumerate() {
        let sample = Sample::new(Timestamp(at), 1.0);
        let labels = labels(&line.to_string());
        batch.entries.push(Entry { labels, sample, line: line as u32 + 1 });
    }
    let appended = store.append(&batch, Principal::Anonymous, NOW);
    assert_eq!((appended.accepted, appended.refused, appended.created.len()), (2, 4, 2));
    let lines: Vec<u32> = appended.refusals.iter().map(|refusal| refusal.line).collect();
    assert_eq!(lines, [2, 4, 5, 6]);
    let check = |place: usize, expected: &str| {
        let refusal = &appended.refusals[place];
        assert!(refusal.reason.contains(expected), "{refusal:?}");
    };
    check(0, "`1h` (`ingest.max_age`)");
    check(1, "`10m` ahead");
    assert_eq!(appended.refusals[0].text, r#"m{id="1"}"#);
    assert_eq!(reading(&store, "watchglass_store_refused_samples_total"), 4.0);
}

#[test]
fn no_clock_and_no_setting_makes_the_times_overflow() {
    for now in [Timestamp::MIN, Timestamp(0), Timestamp::MAX] {
        for span in [Span(i64::MAX), Span(i64::MIN), Span(0)] {
            let mut options = Options::default();
            options.retention.raw = span;
            let store = Store::new(&options, span, span);
            let mut batch = Batch::new(Origin::Push);
            batch.ttl = Some(Span(i64::MAX));
            for at in [i64::MIN, -1, 0, 1, i64::MAX] {
                batch.push(Labels::named("m"), Sample::new(Timestamp(at), 1.0));
            }
            let appended = store.append(&batch, Principal::Anonymous, now);
            assert_eq!(appended.accepted + appended.refused, 5);
            for then in [Timestamp::MIN, Timestamp(0), Timestamp::MAX] {
                store.maintain(then);
                all(&store, TimeRange::all());
            }
        }
    }
}

#[test]
fn what_is_not_kept_is_not_taken() {
    let store = store_with(|options| options.retention.raw = Span(HOUR));
    let appended = push(&store, Origin::Push, "a", NOW - Span(HOUR + 1), 1.0);
    assert!(appended.refusals[0].reason.contains("storage.retention.raw"));
}

#[test]
fn order_and_duplicates_follow_one_rule() {
    let store = store();
    for (offset, value) in [(0, 1.0), (1000, 2.0), (1000, 3.0), (1000, 3.0), (0, 4.0), (-5, 5.0)] {
        let appended = push(&store, Origin::Push, "a", NOW + Span(offset), value);
        assert_eq!(appended.accepted, 1);
    }
    let expected = [(-5, 5.0), (0, 4.0), (1000, 3.0)];
    assert_eq!(samples(&store, "a"), expected);
    store.maintain(NOW);
    assert_eq!(samples(&store, "a"), expected);
    assert_eq!(reading(&store, "watchglass_store_out_of_order_samples_total"), 2.0);
    assert_eq!(reading(&store, "watchglass_store_duplicate_samples_total"), 2.0);
    assert_eq!(reading(&store, "watchglass_store_samples"), 3.0);
}

#[test]
fn a_collectors_series_cannot_be_pushed_to() {
    let store = store();
    push(&store, Origin::Push, "a", NOW, 1.0);
    assert_eq!(
        (store.names(Origin::Push), store.names(Origin::Collector).len()),
        (vec!["m".to_owned()], 0)
    );
    assert_eq!(push(&store, Origin::Collector, "a", NOW + Span(1), 2.0).accepted, 1);
    assert_eq!(store.names(Origin::Collector), ["m"]);
    assert!(store.names(Origin::Push).is_empty());
    let refused = push(&store, Origin::Push, "a", NOW + Span(2), 3.0);
    assert_eq!((refused.accepted, refused.refused), (0, 1));
    assert!(refused.refusals[0].reason.contains("collector"));
    assert_eq!(samples(&store, "a"), [(0, 1.0), (1, 2.0)]);
}

#[test]
fn silent_series_end_at_their_time() {
    let store = store();
    let mut batch = Batch::new(Origin::Push);
    batch.ttl = Some(Span(5000));
    batch.push(labels("a"), Sample::new(NOW, 1.0));
    batch.push(labels("ahead"), Sample::new(NOW + Span(60_000), 1.0));
    store.append(&batch, Principal::Anonymous, NOW);
    push(&store, Origin::Push, "open", NOW, 1.0);
    assert_eq!(store.drain().len(), 3);
    store.maintain(NOW + Span(5000));
    assert_eq!(store.drain(), []);
    let appends = store.appends();
    store.maintain(NOW + Span(5001));
    assert!(store.appends() > appends);
    let told: BTreeMap<Labels, i64> =
        store.drain().into_iter().map(|one| (one.labels, one.to.0 - NOW.0)).collect();
    assert_eq!(told, BTreeMap::from([(labels("a"), 5000), (labels("ahead"), 60_001)]));
    assert!(is_stale(samples(&store, "a")[1].1));
    store.maintain(NOW + Span(60_000));
    assert_eq!(samples(&store, "a").len(), 2, "a series ends once");
    assert_eq!(samples(&store, "open"), [(0, 1.0)]);
}

#[test]
fn a_batch_without_ttl_keeps_the_one_that_was_said() {
    let store = store();
    let mut batch = Batch::new(Origin::Push);
    batch.ttl = Some(Span(5000));
    batch.push(labels("a"), Sample::new(NOW, 1.0));
    store.append(&batch, Principal::Anonymous, NOW);
    push(&store, Origin::Push, "a", NOW + Span(1), 2.0);
    store.maintain(NOW + Span(6000));
    assert_eq!(samples(&store, "a").len(), 3);
    push(&store, Origin::Push, "a", NOW + Span(7000), 3.0);
    store.maintain(NOW + Span(60_000));
    assert_eq!(samples(&store, "a").len(), 4, "what has ended starts without a time to live");
}

#[test]
fn arrivals_are_told_once_with_their_stretch() {
    let store = store();
    for offset in [10, 5, 20] {
        push(&store, Origin::Collector, "a", NOW + Span(offset), 1.0);
    }
    let (from, to) = (NOW + Span(5), NOW + Span(20));
    let expected = Arrival { labels: labels("a"), origin: Origin::Collector, from, to };
    assert_eq!(store.drain(), [expected]);
    assert_eq!(store.drain(), []);
    assert_eq!(store.appends(), 3);
}

#[test]
fn series_beyond_the_limit_are_refused_and_the_widest_label_named() {
    let store = store_with(|options| options.series_max = 3);
    for id in ["a", "b", "c"] {
        assert_eq!(push(&store, Origin::Push, id, NOW, 1.0).created, [labels(id)]);
    }
    let refused = push(&store, Origin::Push, "d", NOW, 1.0);
    let reason = &refused.refusals[0].reason;
    assert!(reason.contains("3 series") && reason.contains("`id`"), "{reason}");
    assert_eq!(push(&store, Origin::Push, "a", NOW + Span(1), 1.0).accepted, 1);
}

#[test]
fn series_without_samples_are_removed_and_make_room() {
    let store = store_with(|options| {
        options.series_max = 2;
        options.retention.raw = Span(60_000);
    });
    push(&store, Origin::Push, "a", NOW, 1.0);
    push(&store, Origin::Push, "b", NOW, 1.0);
    store.maintain(NOW + Span(60_001));
    assert_eq!(samples(&store, "a"), []);
    assert_eq!(reading(&store, "watchglass_store_series"), 2.0);
    store.maintain(NOW + Span(300_000));
    assert_eq!(reading(&store, "watchglass_store_series"), 0.0);
    assert_eq!(store.reach(), Reach { oldest: None, limited_by_memory: false });
    assert!(store.names(Origin::Push).is_empty());
    assert!(store.label_values("id", &[], TimeRange::all()).is_empty());
    assert_eq!(push(&store, Origin::Collector, "a", NOW, 1.0).created.len(), 1);
    assert_eq!(store.drain().len(), 1);
}

#[test]
fn selections_are_sorted_and_limited() {
    let store = store();
    for id in ["c", "a", "b"] {
        for offset in 0..10 {
            push(&store, Origin::Push, id, NOW + Span(offset), offset as f64);
        }
    }
    let select = |series_max, samples_max, newest_only, to: i64| {
        let range = TimeRange::new(NOW, NOW + Span(to)).expect("a range");
        let matcher = [Matcher::new("id", MatchOp::Regex, "a|b|c").expect("a matcher")];
        let selection = Selection {
            matchers: &matcher,
            range,
            newest_only,
            coarse: None,
            series_max,
            samples_max,
        };
        let found = store.select(&selection)?;
        Ok(found.iter().map(|one| (one.labels.value("id").to_owned(), one.samples.len())).collect())
    };
    let rows = |length| Ok(["a", "b", "c"].map(|id| (id.to_owned(), length)).to_vec());
    assert_eq!(select(3, 30, false, 100), rows(10));
    assert_eq!(select(3, 15, false, 4), rows(5));
    assert_eq!(select(3, 3, true, 4), rows(1));
    assert_eq!(select(2, 30, false, 100), Err(SelectError::TooManySeries { limit: 2 }));
    assert_eq!(select(3, 29, false, 100), Err(SelectError::TooManySamples { limit: 29 }));
    assert_eq!(select(3, 2, true, 100), Err(SelectError::TooManySamples { limit: 2 }));
}

#[test]
fn labels_are_listed_where_samples_lie_inside() {
    let store = store();
    push(&store, Origin::Push, "a", NOW, 1.0);
    push(&store, Origin::Push, "b", NOW + Span(100), 1.0);
    let range = TimeRange::new(NOW, NOW + Span(50)).expect("a range");
    assert_eq!(store.label_values("id", &[], range), ["a"]);
    assert_eq!(store.label_values("id", &[], TimeRange::all()), ["a", "b"]);
    assert_eq!(
        store.label_names(&[Matcher::equal("id", "b")], TimeRange::all()),
        ["__name__", "id"]
    );
    assert!(store.label_names(&[Matcher::equal("id", "b")], range).is_empty());
}

#[test]
fn metadata_comes_with_batches() {
    let store = store();
    let mut batch = Batch::new(Origin::Push);
    batch.metadata.push(("m".to_owned(), Metadata { help: "x".to_owned(), ..Metadata::default() }));
    store.append(&batch, Principal::Anonymous, NOW);
    assert_eq!(store.metadata("m").map(|known| known.help), Some("x".to_owned()));
    assert_eq!(store.appends(), 0);
}

/// A batch of `series` noisy samples at one time.
fn noise(series: usize, at: Timestamp) -> Batch {
    let mut batch = Batch::new(Origin::Push);
    for id in 0..series {
        let mixed = (at.0 as u64 ^ (id as u64) << 40).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let value = f64::from_bits(mixed >> 2);
        batch.push(labels(&id.to_string()), Sample::new(at, value));
    }
    batch
}

#[test]
fn the_oldest_go_first_when_memory_ends() {
    let store = store_with(|options| options.memory_max = Some(ByteSize(1 << 20)));
    push(&store, Origin::Push, "rare", NOW - Span(2000), 1.0);
    let mut at = NOW - Span(1000);
    for second in 0..3000 {
        at = NOW + Span(second * 1000);
        store.append(&noise(50, at), Principal::Anonymous, at);
        if second % 50 == 0 {
            store.maintain(at);
        }
    }
    store.maintain(at);
    assert!(reading(&store, "watchglass_store_memory_bytes") <= f64::from(1 << 20));
    assert!(reading(&store, "watchglass_store_evicted_samples_total") > 0.0);
    let reach = store.reach();
    assert!(reach.limited_by_memory);
    let oldest = reach.oldest.expect("samples");
    assert!(oldest > NOW + Span(600_000) && oldest < at - Span(300_000), "{oldest:?}");
    assert_eq!(samples(&store, "rare").len(), 1, "a newest sample stays");
    let range = TimeRange::new(oldest, at).expect("a range");
    for one in all(&store, range) {
        let expected = (at - oldest).0 / 1000;
        assert!((expected..=expected + 1).contains(&(one.samples.len() as i64)), "{one:?}");
    }
}

#[test]
fn new_series_are_refused_when_labels_alone_fill_the_memory() {
    let store = store_with(|options| options.memory_max = Some(ByteSize(100_000)));
    store.append(&noise(1000, NOW), Principal::Anonymous, NOW);
    store.maintain(NOW);
    let refused = push(&store, Origin::Push, "new", NOW, 1.0);
    assert!(refused.refusals[0].reason.contains("storage.memory_max"));
    assert_eq!(push(&store, Origin::Push, "1", NOW, 1.0).accepted, 1);
}

#[test]
fn an_hour_of_a_host_takes_a_few_mebibytes() {
    let store = store();
    for second in 0..3600_i64 {
        let at = NOW + Span(second * 1000);
        let mut batch = Batch::new(Origin::Collector);
        for id in 0..60_i64 {
            // Constants, slow counters, byte counters and decimal gauges, as on a host.
            let value = match id % 20 {
                0..8 => id,
                8..15 => second / 7 * (id % 3),
                15..18 => second * 150_000 + (second * 7919 + id) % 1500,
                _ => (second * 31 + id) % 1000,
            };
            let scale = if id % 20 >= 18 { 10.0 } else { 1.0 };
            batch.push(labels(&id.to_string()), Sample::new(at, value as f64 / scale));
        }
        store.append(&batch, Principal::Anonymous, at);
    }
    // 60 series stand for 1,200: figures scale.
    let bytes = reading(&store, "watchglass_store_memory_bytes") * 20.0;
    assert!(bytes < f64::from(10 << 20), "{bytes} bytes for 1,200 series");
}

#[test]
fn ten_years_in_random_order_are_all_there() {
    let store = store_with(|options| options.retention.raw = YEARS);
    let mut naive = BTreeMap::new();
    let (mut random, count) = (1_u64, 20_000);
    for round in 0..count {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        let at = Timestamp(NOW.0 - ((random >> 20) % (10 * 365 * 24 * 3600)) as i64 * 1000);
        let value = f64::from(round);
        assert_eq!(push(&store, Origin::Push, "a", at, value).accepted, 1);
        naive.insert(at.0 - NOW.0, value);
        if round % 5000 == 17 {
            store.maintain(NOW);
        }
    }
    let expected: Vec<(i64, f64)> = naive.into_iter().collect();
    assert_eq!(samples(&store, "a"), expected);
    store.maintain(NOW);
    assert_eq!(samples(&store, "a"), expected);
    assert_eq!(store.reach().oldest, expected.first().map(|(at, _)| Timestamp(at + NOW.0)));
}

#[test]
fn appends_of_many_threads_lose_nothing() {
    let store = Arc::new(store());
    std::thread::scope(|scope| {
        for thread in 0..4_i64 {
            let store = Arc::clone(&store);
            scope.spawn(move || {
                for round in 0..250 {
                    let mut batch = Batch::new(Origin::Push);
                    for id in 0..20 {
                        let at = NOW + Span(round * 4 + thread);
                        batch.push(labels(&id.to_string()), Sample::new(at, thread as f64));
                    }
                    assert_eq!(store.append(&batch, Principal::Anonymous, NOW).accepted, 20);
                    if round % 50 == 0 {
                        store.maintain(NOW);
                        all(&store, TimeRange::all());
                    }
                }
            });
        }
    });
    let expected: Vec<(i64, f64)> = (0..1000).map(|at| (at, (at % 4) as f64)).collect();
    for id in 0..20 {
        assert_eq!(samples(&store, &id.to_string()), expected);
    }
    assert_eq!(store.appends(), 1000);
    assert_eq!(reading(&store, "watchglass_store_series"), 20.0);
}

#[derive(Debug, Clone)]
enum Step {
    Append(Vec<(u8, i64, f64)>),
    Maintain(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let value = prop_oneof![4 => (0_u8..9).prop_map(f64::from), 1 => Just(stale_marker())];
    let entry = (0_u8..12, -900_i64..300, value);
    prop_oneof![
        4 => prop::collection::vec(entry, 1..120).prop_map(Step::Append),
        1 => (0_i64..400).prop_map(Step::Maintain),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn the_head_is_a_naive_list(
        steps in prop::collection::vec(step(), 1..25),
        windows in prop::collection::vec((0_i64..3000, 1_i64..2000), 6),
    ) {
        let raw = Span(1_000_000);
        let store = store_with(|options| options.retention.raw = raw);
        let mut naive: BTreeMap<(Labels, i64), u64> = BTreeMap::new();
        let mut now = NOW;
        for step in steps {
            match step {
                Step::Append(entries) => {
                    let mut batch = Batch::new(Origin::Push);
                    for (id, second, value) in entries {
                        let at = now + Span(second * 1000);
                        let labels = labels(&id.to_string());
                        naive.insert((labels.clone(), at.0), value.to_bits());
                        batch.push(labels, Sample::new(at, value));
                    }
                    let appended = store.append(&batch, Principal::Anonymous, now);
                    prop_assert_eq!(appended.accepted, batch.entries.len());
                }
                Step::Maintain(seconds) => {
                    now = now + Span(seconds * 1000);
                    store.maintain(now);
                }
            }
        }
        // What is beyond the retention may be there or not.
        let edge = (now - raw).0;
        naive.retain(|(_, at), _| *at >= edge);
        for (from, length) in windows {
            let from = Timestamp(edge + from * 1000);
            let range = TimeRange::new(from, from + Span(length * 1000)).expect("a range");
            let expected: Vec<(Labels, i64, u64)> = naive.iter()
                .filter(|((_, at), _)| range.contains(Timestamp(*at)))
                .map(|((labels, at), bits)| (labels.clone(), *at, *bits))
                .collect();
            let found: Vec<(Labels, i64, u64)> = all(&store, range).iter()
                .flat_map(|one| one.samples.iter().map(|sample| {
                    (one.labels.clone(), sample.at.0, sample.value.to_bits())
                }))
                .collect();
            prop_assert_eq!(found, expected);
        }
    }
}
