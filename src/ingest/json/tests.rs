//! Tests of the JSON decoder: the three shapes of a body, each key, breaks, and any bytes.

use proptest::prelude::*;

use super::*;
use crate::model::{MetricType, Span};

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

/// Line and reason of the refusals.
fn refused(decoded: &Decoded) -> Vec<(u32, &str)> {
    decoded.refusals.iter().map(|refusal| (refusal.line, refusal.reason.as_ref())).collect()
}

#[test]
fn good_objects_make_samples() {
    let check = |body: &str, expected: &[&str]| {
        let mut cache = KeyCache::new(100);
        for round in 0..2 {
            let decoded = decode(body.as_bytes(), NOW, &Options::default(), &mut cache);
            assert_eq!(decoded.refusals, [], "{body}");
            assert_eq!(shown(&decoded), expected, "{body}, round {round}");
        }
    };
    check(r#"{"metric":"a","value":42}"#, &["a 42 @1000"]);
    check("\n{\n \"metric\": \"a\",\n \"value\": 4.5e1\n}\n", &["a 45 @1000"]);
    check(
        r#"{"metric":"a","labels":{"b":"c\n\"\u00fc"},"value":-0.1,"timestamp":7}"#,
        &[r#"a{b="c\n\"ü"} -0.1 @7"#],
    );
    check(
        r#"{"metric":"a","value":1,"timestamp":"1970-01-01T01:00:01.500+01:00"}"#,
        &["a 1 @1500"],
    );
    check(r#"{"metric":"a","values":{"x":1,"y":2},"labels":{}}"#, &["a_x 1 @1000", "a_y 2 @1000"]);
    check(r#"{"values":{"x":1,"y":2},"labels":null}"#, &["x 1 @1000", "y 2 @1000"]);
    check(
        r#"[{"metric":"a","value":1} , {"metric":"b.c","value":2}]"#,
        &["a 1 @1000", r#"{"b.c"} 2 @1000"#],
    );
    check(
        "{\"metric\":\"a\",\"value\":1}\n\r\n{\"metric\":\"a\",\"value\":2}\r\n",
        &["a 1 @1000", "a 2 @1000"],
    );
    check("[]", &[]);
    check(" ", &[]);
}

#[test]
fn bad_objects_are_refused_by_number_and_the_others_kept() {
    let check = |object: &str, reason: &str| {
        let (before, after) = (r#"{"metric":"a","value":1}"#, r#"{"metric":"a","value":2}"#);
        let array = format!("[\n{before},{object},{after}\n]");
        let lines = format!("{before}\n{object}\n{after}\n");
        for body in [array, lines] {
            let decoded = decoded(body.as_bytes());
            assert_eq!(shown(&decoded), ["a 1 @1000", "a 2 @1000"], "{body}");
            assert_eq!((decoded.refused, decoded.refusals[0].line), (1, 2), "{body}");
            let given = &decoded.refusals[0].reason;
            assert!(given.contains(reason), "{object}: {given}");
            assert_eq!(decoded.refusals[0].text, object);
        }
    };
    check("{}", "there is no `value`");
    check("5", "not an object");
    check("[]", "not an object");
    check(r#"{"value":1}"#, "there is no `metric`");
    check(r#"{"metric":"","value":1}"#, "the metric name is empty");
    check(r#"{"metric":5,"value":1}"#, "`metric` is not a text: `5`");
    check(r#"{"metric":"b","value":1,"colour":"red"}"#, "unknown key `colour`");
    check(r#"{"metric":"b","value":1,"value":2}"#, "key `value` stands twice");
    check(r#"{"metric":"b","value":1,"values":{"x":1}}"#, "both `value` and `values`");
    check(r#"{"metric":"b","values":{}}"#, "`values` is empty");
    check(r#"{"metric":"b","values":[1]}"#, "`values` is not an object");
    check(r#"{"metric":"b","values":{"x":1,"y":"2"}}"#, "value `\"2\"` is not a JSON number");
    check(r#"{"metric":"b","value":"42"}"#, "is not a JSON number");
    check(r#"{"metric":"b","value":NaN}"#, "value `NaN` is not a JSON number");
    check(r#"{"metric":"b","value":true}"#, "value `true` is not a JSON number");
    check(r#"{"metric":"b","value":null}"#, "there is no `value`");
    check(r#"{"metric":"b","value":01}"#, "value `01` is not a JSON number");
    check(r#"{"metric":"b","value":1.}"#, "is not a JSON number");
    check(r#"{"metric":"b","value":+1}"#, "is not a JSON number");
    check(r#"{"metric":"b","value":1e999}"#, "too large");
    check(r#"{"metric":"b","value":}"#, "this is not JSON: expected a value");
    check(r#"{"metric":"b" "value":1}"#, "this is not JSON: expected a `,` or `}`");
    check(r#"{"metric":"b","value":1,}"#, "this is not JSON: expected a `\"`");
    check(r#"{"metric":"b","value":1,"labels":"x"}"#, "`labels` is not an object");
    check(
        r#"{"metric":"b","value":1,"labels":{"x":1}}"#,
        "the value of a label is not a text: `1`",
    );
    check(r#"{"metric":"b","value":1,"labels":{"x":"\q"}}"#, "is not a text");
    check(r#"{"metric":"b","value":1,"labels":{"x":"1","x":"2"}}"#, "label `x` stands twice");
    check(r#"{"metric":"b","value":1,"labels":{"":"1"}}"#, "a label has no name");
    check(r#"{"metric":"b","value":1,"timestamp":1.5}"#, "is not a whole number");
    check(r#"{"metric":"b","value":1,"timestamp":9223372036854775808}"#, "does not fit 64 bits");
    check(r#"{"metric":"b","value":1,"timestamp":"noon"}"#, "neither milliseconds nor");
    check(r#"{"metric":"b","value":1,"type":"thing"}"#, "no such `type`");
    check(r#"{"metric":"b","value":1,"ttl":"90"}"#, "`ttl`: `90` is no length of time");
    check(r#"{"metric":"b","value":1,"ttl":"0s"}"#, "`ttl` is not longer");
    let deep =
        format!(r#"{{"metric":"b","value":1,"labels":{}1{}}}"#, "[".repeat(40), "]".repeat(40));
    check(&deep, "nests deeper than 16 (`ingest.json_depth_max`)");
}

#[test]
fn a_broken_array_keeps_what_stands_before_and_names_the_place() {
    let check = |body: &str, samples: usize, expected: (u32, &str)| {
        let decoded = decoded(body.as_bytes());
        assert_eq!(refused(&decoded), [expected], "{body}");
        assert_eq!(decoded.samples(), samples, "{body}");
    };
    let one = r#"{"metric":"a","value":1}"#;
    let close = "the array breaks at line 1, column 26, where the body ends: expected a `,` or `]`";
    check(&format!("[{one}"), 1, (1, close));
    let inside =
        "the array breaks at line 2, column 10, where the body ends: expected a `}` or `]`";
    check(&format!("[{one},\n{{\"metric\""), 1, (2, inside));
    let value = "the array breaks at line 1, column 27: expected a value";
    check(&format!("[{one},]"), 1, (2, value));
    let comma = "the array breaks at line 1, column 26: expected a `,` or `]`";
    check(&format!("[{one}{one}]"), 1, (1, comma));
    let end = "the array breaks at line 2, column 1: expected the end";
    check(&format!("[{one}]\nx"), 1, (1, end));
    check(
        "[",
        0,
        (1, "the array breaks at line 1, column 2, where the body ends: expected a value"),
    );
}

#[test]
fn a_broken_single_object_names_the_place() {
    let decoded = decoded(b"{\n \"metric\": \"a\",\n \"value\" 1\n}");
    assert_eq!(refused(&decoded), [(1, "the object breaks at line 3, column 10: expected a `:`")]);
}

#[test]
fn a_broken_line_does_not_touch_the_next() {
    let good = r#"{"metric":"a","value":2}"#;
    let around =
        [("{\"metric\":", "{} x"), ("{\"", "{\"}"), ("{", "}"), ("5", "]"), ("\"\\", "\"")];
    for (before, after) in around {
        let decoded = decoded(format!("{before}\n{good}\n{after}").as_bytes());
        assert_eq!(shown(&decoded), ["a 2 @1000"], "{before} {after}");
        assert_eq!((decoded.refusals[0].line, decoded.refusals[1].line), (1, 3));
    }
    let spread = "{\n\"metric\":\"a\",\n\"values\":\n{\n\"b\":1}}";
    assert_eq!(shown(&decoded(spread.as_bytes())), ["a_b 1 @1000"]);
}

#[test]
fn each_ttl_has_its_batch_within_bounds() {
    let body = r#"[{"metric":"a","value":1,"ttl":"90s"},{"metric":"b","value":1},
                   {"metric":"c","value":1,"ttl":"1m30s"},{"metric":"d","value":1,"ttl":"1h"}]"#;
    let batches = decoded(body.as_bytes()).batches;
    let shown: Vec<(Option<Span>, usize)> =
        batches.iter().map(|batch| (batch.ttl, batch.entries.len())).collect();
    assert_eq!(shown, [(None, 1), (Some(Span(90_000)), 2), (Some(Span(3_600_000)), 1)]);

    let object = |n: i64| format!("{{\"metric\":\"a\",\"value\":1,\"ttl\":\"{n}ms\"}}\n");
    let decoded = decoded((1..=70).map(object).collect::<String>().as_bytes());
    assert_eq!((decoded.batches.len(), decoded.refused, decoded.refusals[0].line), (64, 6, 65));
}

#[test]
fn type_unit_and_help_reach_every_metric_of_the_object() {
    let body = r#"{"metric":"a","values":{"x":1,"y":2},"type":"counter","unit":"bytes","help":"Of\ta."}
                  {"metric":"a_x","value":1,"help":"Other."}
                  {"metric":"z","value":"bad","help":"Unsaid."}"#;
    let decoded = decoded(body.as_bytes());
    let metadata = &decoded.batches[0].metadata;
    let names: Vec<&str> = metadata.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!((names, decoded.refused), (vec!["a_x", "a_y"], 1));
    assert_eq!(metadata[0].1.metric_type, MetricType::Counter);
    assert_eq!((metadata[0].1.unit.as_str(), metadata[0].1.help.as_str()), ("bytes", "Other."));
    assert_eq!(metadata[1].1.help, "Of\ta.");
}

#[test]
fn samples_beyond_the_limit_share_one_refusal() {
    let options = Options { samples_max: 2, ..Options::default() };
    let body = br#"[{"values":{"a":1,"b":2,"c":3}},{"values":{"a":1,"b":2}}]"#;
    let decoded = decode(body, NOW, &options, &mut KeyCache::new(9));
    assert_eq!((decoded.samples(), decoded.refused, decoded.refusals.len()), (2, 3, 1));
}

#[test]
fn a_million_brackets_cost_no_stack() {
    for bracket in ["[", "{", "{\"labels\":", "[{\"a\":"] {
        let decoded = decoded(bracket.repeat(200_000).as_bytes());
        assert_eq!((decoded.samples(), decoded.refused), (0, 1), "{bracket}");
    }
}

#[test]
fn known_series_are_not_read_again() {
    let (options, mut cache) = (Options::default(), KeyCache::new(9));
    let body = br#"[{"metric":"a","labels":{"b":"c"},"value":1},
                    {"value":2,"labels":{"b":"c"},"metric":"a"}]"#;
    let decoded = decode(body, NOW, &options, &mut cache);
    let entries = &decoded.batches[0].entries;
    assert!(entries[0].labels.same(&entries[1].labels));
    assert_eq!(cache.len(), 1);
}

proptest! {
    #[test]
    fn what_is_written_reads_back(
        metric in "\\PC{1,20}",
        labels in prop::collection::btree_map("\\PC{1,8}", any::<String>(), 0..5),
        value in -1e300..1e300_f64,
        at: i64,
    ) {
        prop_assume!(!labels.contains_key("__name__"));
        let object = serde_json::json!(
            {"metric": metric, "labels": labels, "value": value, "timestamp": at}
        );
        for body in [format!("{object}"), format!("[{object}]"), format!("{object:#}")] {
            let decoded = decoded(body.as_bytes());
            prop_assert_eq!(&decoded.refusals, &[]);
            let entry = &decoded.batches[0].entries[0];
            prop_assert_eq!(entry.labels.name(), &metric);
            for (name, value) in &labels {
                prop_assert_eq!(entry.labels.value(name), value);
            }
            prop_assert_eq!((entry.sample.value, entry.sample.at), (value, Timestamp(at)));
        }
    }

    #[test]
    fn a_good_line_survives_bad_neighbours(before in "\\{\\PC{0,30}", after in "\\{\\PC{0,30}") {
        let body = format!("{before}\n{{\"metric\":\"good\",\"value\":42}}\n{after}\n");
        prop_assert!(shown(&decoded(body.as_bytes())).contains(&"good 42 @1000".to_owned()));
    }

    #[test]
    fn bytes_like_objects_never_panic(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "{", "}", "[", "]", ",", ":", "\"", "\\", "1", "-", " ", "\n", "\"metric\":\"a\"",
                "\"value\":1", "\"labels\":{", "\"values\":{", "\"x\":1", "\"ttl\":\"1s\"",
            ]),
            0..20,
        ),
        bytes: Vec<u8>,
    ) {
        let like = decoded(parts.concat().as_bytes());
        prop_assert_eq!(like.refusals.len(), like.refused.min(20));
        let any = decoded(&[b"[".as_slice(), &bytes].concat());
        prop_assert_eq!(any.refusals.len(), any.refused.min(20));
    }
}
