//! Tests of the text decoder: lines as data, limits, metadata, and what must hold for any bytes.

use proptest::prelude::*;

use super::*;
use crate::model::Metadata;

const NOW: Timestamp = Timestamp(1_000);

fn decoded(body: &[u8]) -> Decoded {
    decode(body, NOW, &Options::default(), &mut KeyCache::new(100))
}

/// What a body makes, as `series value @time` lines.
fn shown(decoded: &Decoded) -> Vec<String> {
    let entries = decoded.batches.iter().flat_map(|batch| &batch.entries);
    let show = |entry: &crate::model::Entry| {
        format!("{} {} @{}", entry.labels, entry.sample.value, entry.sample.at.0)
    };
    entries.map(show).collect()
}

#[test]
fn good_lines_make_samples() {
    let check = |line: &str, expected: &str| {
        let mut cache = KeyCache::new(100);
        // The second time through the cache.
        for round in 0..2 {
            let decoded = decode(line.as_bytes(), NOW, &Options::default(), &mut cache);
            assert_eq!(decoded.refusals, [], "{line}");
            assert_eq!(shown(&decoded), [expected], "{line}, round {round}");
        }
    };
    check("orders 42", "orders 42 @1000");
    check("orders 42\r", "orders 42 @1000");
    check("  orders\t42  7  ", "orders 42 @7");
    check("orders{} 1", "orders 1 @1000");
    check(
        r#"orders{shop="berlin"} 42 1700000000000"#,
        r#"orders{shop="berlin"} 42 @1700000000000"#,
    );
    check(r#"orders { shop = "berlin" , } -1.5 -9"#, r#"orders{shop="berlin"} -1.5 @-9"#);
    check(r#"{"my.metric", a="b"} 1"#, r#"{"my.metric", a="b"} 1 @1000"#);
    check(r#"{a="b", "orders"} 1"#, r#"orders{a="b"} 1 @1000"#);
    check(r#"{__name__="orders"} 1"#, "orders 1 @1000");
    check(r#"x{"a b"="c}d{",e="{}"} 1"#, r#"x{"a b"="c}d{", e="{}"} 1 @1000"#);
    check(r#"x{p="C:\\a\"b\nc"} 1"#, r#"x{p="C:\\a\"b\nc"} 1 @1000"#);
    check(r#"x{gone=""} 1"#, "x 1 @1000");
    check(r#"{"größe"} 1"#, r#"{"größe"} 1 @1000"#);
    check("a:b_9 +Inf", "a:b_9 inf @1000");
    check("a -Inf 5", "a -inf @5");
    check("a NaN", "a NaN @1000");
    check(r#"a_total 5 # {trace_id="x}"} 0.5 123"#, "a_total 5 @1000");
    check(r#"a_bucket{le="1"} 5 9 # {trace_id="x"} 0.5"#, r#"a_bucket{le="1"} 5 @9"#);
    check("a 9007199254740993 9223372036854775807", "a 9007199254740992 @9223372036854775807");
}

#[test]
fn bad_lines_are_refused_with_their_reason() {
    let check = |line: &[u8], reason: &str| {
        let body = [b"before 1\n", line, b"\nafter 2"].concat();
        let decoded = decoded(&body);
        assert_eq!(shown(&decoded), ["before 1 @1000", "after 2 @1000"]);
        assert_eq!((decoded.refused, decoded.refusals[0].line), (1, 2));
        let given = &decoded.refusals[0].reason;
        assert!(given.contains(reason), "{}: {given}", String::from_utf8_lossy(line));
        assert_eq!(decoded.refusals[0].text, String::from_utf8_lossy(line));
    };
    check(b"orders", "there is no value");
    check(b"orders{a=\"b\"}", "there is no value");
    check(b"orders x", "value `x` is not a number");
    check(b"orders 1 2.5", "`2.5` is not a whole number of milliseconds");
    check(b"orders 1 9223372036854775808", "does not fit 64 bits");
    check(b"orders 1 2 3", "`3` follows the timestamp");
    check(b"orders 1 # why", "a comment needs a line of its own");
    check(b"my.metric 1", "write it in quotes");
    check(b"9lives 1", "begins with a digit");
    check(b"\"orders\" 1", "metric name `\"orders\"`");
    check(b"{a=\"b\"} 1", "no metric name");
    check(b"{\"\"} 1", "the metric name is empty");
    check(b"a{\"b\"} 1", "two metric names");
    check(b"a{b=\"1\",b=\"2\"} 1", "label `b` stands twice");
    check(b"a{b=1} 1", "not in double quotes");
    check(b"a{b} 1", "label `b` has no value");
    check(b"a{b=\"1\" c=\"2\"} 1", "a `,` or `}` is missing");
    check(b"a{9=\"1\"} 1", "does not begin a label");
    check(b"a{,} 1", "does not begin a label");
    check(b"a{b=\"1\" 1", "not closed");
    check(b"a{b=\"1} 1", "a quoted text is not closed");
    check(b"a{b=\"1\\", "a quoted text is not closed");
    check(b"a{b=\"\\x\"} 1", "there is no escape `\\x`");
    check(b"a{b=\"\xff\"} 1", "not UTF-8");
    check(b"a 1e400", "too large");
    check(b"# TYPE a thing", "there is no metric type `thing`");
    check(b"# HELP a \xff", "not UTF-8");
    check(b"# TYPE a-b gauge", "metric name `a-b`");
}

#[test]
fn limits_are_named() {
    let options = Options {
        metric_name_bytes_max: 4,
        label_name_bytes_max: 3,
        label_value_bytes_max: 2,
        labels_max: 1,
        ..Options::default()
    };
    let check = |line: &str, expected: Option<&str>| {
        let decoded = decode(line.as_bytes(), NOW, &options, &mut KeyCache::new(9));
        let given = decoded.refusals.first().map(|refusal| refusal.reason.as_ref());
        assert_eq!(given, expected, "{line}");
    };
    check("abcd{abc=\"12\"} 1", None);
    check(
        "abcde 1",
        Some("the metric name is longer than 4 bytes (`ingest.metric_name_bytes_max`)"),
    );
    let label_name = "the label name is longer than 3 bytes (`ingest.label_name_bytes_max`)";
    check("a{abcd=\"1\"} 1", Some(label_name));
    let label_value = "the label value is longer than 2 bytes (`ingest.label_value_bytes_max`)";
    check("a{b=\"123\"} 1", Some(label_value));
    check("a{b=\"1\",c=\"2\"} 1", Some("the series has more than 1 labels (`ingest.labels_max`)"));
    check("{b=\"1\",\"a\"} 1", None);
    check(
        "# HELP a 123",
        Some("the help or unit is longer than 2 bytes (`ingest.label_value_bytes_max`)"),
    );
}

#[test]
fn samples_beyond_the_limit_share_one_refusal() {
    let options = Options { samples_max: 3, ..Options::default() };
    let body = "bad\n".repeat(30) + &"a 1\n".repeat(10) + "# a remark\n\n";
    let decoded = decode(body.as_bytes(), NOW, &options, &mut KeyCache::new(9));
    assert_eq!((decoded.samples(), decoded.refused, decoded.refusals.len()), (3, 37, 20));
    let last = &decoded.refusals[19];
    assert_eq!(last.line, 34);
    assert!(last.reason.contains("`ingest.samples_max`") && last.reason.contains(": 7 from"));
}

#[test]
fn metadata_is_gathered_by_name() {
    let body = "# HELP a_seconds Time of a.\\nIn b\\\\c.\n# TYPE a_seconds gauge\n\
                # UNIT a_seconds seconds\na_seconds 1\n#TYPE a_seconds thing\n# a remark\n\
                # TYPE \"b.c\" counter\n# HELP a_seconds Later.\n";
    let decoded = decoded(body.as_bytes());
    assert_eq!(decoded.refused, 0);
    let gauge =
        Metadata { metric_type: MetricType::Gauge, unit: "seconds".into(), help: "Later.".into() };
    let counter = Metadata { metric_type: MetricType::Counter, ..Metadata::default() };
    let expected = [("a_seconds".to_owned(), gauge), ("b.c".to_owned(), counter)];
    assert_eq!(decoded.batches[0].metadata, expected);
}

#[test]
fn help_loses_its_escapes() {
    let decoded = decoded(b"# HELP a x\\ny\\\\z\\q");
    assert_eq!(decoded.batches[0].metadata[0].1.help, "x\ny\\z\\q");
}

#[test]
fn open_metrics_counters_are_described_by_their_samples_name() {
    let body = b"# TYPE a counter\na_total 5\n# TYPE b_total counter\n# EOF\n";
    let decoded = decoded(body);
    let names: Vec<&str> =
        decoded.batches[0].metadata.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!((names, decoded.refused), (vec!["a_total", "b_total"], 0));
}

#[test]
fn a_known_series_is_not_read_again() {
    let (options, mut cache) = (Options::default(), KeyCache::new(10));
    let body = b"a{b=\"1\"} 1\na{b=\"1\"} 2 # {c=\"d\"} 1\na{b=\"1\"} x";
    let decoded = decode(body, NOW, &options, &mut cache);
    let entries = &decoded.batches[0].entries;
    assert!(entries[0].labels.same(&entries[1].labels));
    assert_eq!((cache.len(), decoded.refused, entries[1].line), (1, 1, 2));
}

#[test]
fn a_body_of_nothing_is_nothing() {
    for body in [b"".as_slice(), b"\n\r\n", b"# a remark"] {
        let decoded = decoded(body);
        assert!(decoded.batches.is_empty() && decoded.refused == 0);
    }
}

/// Texts that labels may hold: anything, with more of what has a meaning than chance would bring.
fn any_text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("\\".to_owned()),
        Just("\"".to_owned()),
        Just("\n".to_owned()),
        Just("{a=\"b\"} 1".to_owned()),
        Just("# ,=".to_owned()),
        "[a-z_]{1,5}",
        "\\PC{1,3}",
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(part, 1..5).prop_map(|parts| parts.concat())
}

fn any_labels() -> impl Strategy<Value = Labels> {
    let pairs = prop::collection::btree_map(any_text(), any_text(), 0..5);
    (any_text(), pairs).prop_map(|(name, mut pairs)| {
        pairs.insert("__name__".into(), name);
        Labels::from_pairs(pairs).expect("names of a map are distinct")
    })
}

proptest! {
    #[test]
    fn what_is_written_reads_back(
        series in prop::collection::vec((any_labels(), any::<f64>(), any::<i64>()), 1..8),
    ) {
        let mut cache = KeyCache::new(5);
        let write = |(labels, value, at): &(Labels, f64, i64)| format!("{labels} {value} {at}\n");
        let body: String = series.iter().map(write).collect();
        for _ in 0..2 {
            let decoded = decode(body.as_bytes(), NOW, &Options::default(), &mut cache);
            prop_assert_eq!(&decoded.refusals, &[]);
            for (entry, (labels, value, at)) in decoded.batches[0].entries.iter().zip(&series) {
                prop_assert_eq!(&entry.labels, labels);
                let same = entry.sample.value.to_bits() == value.to_bits();
                prop_assert!(same || (value.is_nan() && entry.sample.value.is_nan()));
                prop_assert_eq!(entry.sample.at, Timestamp(*at));
            }
            prop_assert_eq!(decoded.samples(), series.len());
        }
    }

    #[test]
    fn a_good_line_survives_any_neighbours(before: Vec<u8>, after: Vec<u8>) {
        let body = [before.as_slice(), b"\ngood{a=\"b\"} 42 7\n", &after].concat();
        let decoded = decoded(&body);
        let good = "good{a=\"b\"} 42 @7".to_owned();
        prop_assert!(shown(&decoded).contains(&good));
        prop_assert!(decoded.refusals.len() == decoded.refused.min(20));
    }

    #[test]
    fn bytes_like_lines_never_panic(body in "([a{}\",=\\\\ #0-9.\n]|TYPE |HELP ){0,60}") {
        let lines = body.split('\n').count();
        let decoded = decoded(body.as_bytes());
        prop_assert!(decoded.samples() + decoded.refused <= lines);
    }
}
