//! Tests of the Influx decoder: lines as data, units of time, and what must hold for any bytes.

use proptest::prelude::*;

use super::*;
use crate::model::{Labels, METRIC_NAME};

const NOW: Timestamp = Timestamp(1_000);

fn decoded(body: &[u8]) -> Decoded {
    decode(body, Precision::Milliseconds, NOW, &Options::default(), &mut KeyCache::new(100))
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
fn good_lines_make_a_sample_of_each_numeric_field() {
    let check = |line: &str, expected: &[&str]| {
        let mut cache = KeyCache::new(100);
        for round in 0..2 {
            let precision = Precision::Milliseconds;
            let decoded = decode(line.as_bytes(), precision, NOW, &Options::default(), &mut cache);
            assert_eq!(decoded.refusals, [], "{line}");
            assert_eq!(shown(&decoded), expected, "{line}, round {round}");
        }
    };
    check("cpu value=1", &["cpu 1 @1000"]);
    check(
        "cpu,host=a user=1.5,sys=2i 7",
        &[r#"cpu_user{host="a"} 1.5 @7"#, r#"cpu_sys{host="a"} 2 @7"#],
    );
    check(
        "cpu a=1u,b=t,c=FALSE,d=true",
        &["cpu_a 1 @1000", "cpu_b 1 @1000", "cpu_c 0 @1000", "cpu_d 1 @1000"],
    );
    check(r#"cpu s="a, b=1 \" \\",n=-1e3   -5"#, &["cpu_n -1000 @-5"]);
    check(r#"cpu n=1,s="x" 9"#, &["cpu_n 1 @9"]);
    check(r"my\ cpu\,0,a\ b=c\=d\,e f\ g=1", &[r#"{"my cpu,0_f g", "a b"="c=d,e"} 1 @1000"#]);
    check(r"cpu,path=C:\x\\y v=1", &[r#"cpu_v{path="C:\\x\\\\y"} 1 @1000"#]);
    check(r"a\=b v=1", &[r#"{"a\\=b_v"} 1 @1000"#]);
    check("größe,b=ü v=1\r", &[r#"{"größe_v", b="ü"} 1 @1000"#]);
    check("# a remark\n\ncpu.load value=1", &[r#"{"cpu.load"} 1 @1000"#]);
    check(
        "cpu a=9223372036854775807i,b=18446744073709551615u",
        &["cpu_a 9223372036854776000 @1000", "cpu_b 18446744073709552000 @1000"],
    );
}

#[test]
fn bad_lines_are_refused_whole_with_their_reason() {
    let check = |line: &[u8], reason: &str| {
        let body = [b"m before=1\n", line, b"\nm after=2"].concat();
        let decoded = decoded(&body);
        assert_eq!(shown(&decoded), ["m_before 1 @1000", "m_after 2 @1000"]);
        assert_eq!((decoded.refused, decoded.refusals[0].line), (1, 2));
        let given = &decoded.refusals[0].reason;
        assert!(given.contains(reason), "{}: {given}", String::from_utf8_lossy(line));
    };
    check(b"cpu", "there are no fields");
    check(b"cpu,a=b", "there are no fields");
    check(b"cpu 12", "field `12` has no value");
    check(b"cpu a=", "a field has no value");
    check(b"cpu a=1,", "has no value");
    check(b"cpu =1", "a field has no name");
    check(b"cpu a=1,b=x", "value `x` is not a number");
    check(b"cpu a=1,b c=2", "`b c` is not the name of a field");
    check(b"cpu a,b=2", "`a,b` is not the name of a field");
    check(b"cpu a=NaN", "no NaN");
    check(b"cpu a=1.5i", "is not a whole number");
    check(b"cpu a=9223372036854775808i", "does not fit 64 bits");
    check(b"cpu a=-1u", "not an unsigned");
    check(b"cpu s=\"only text\"", "no numeric field");
    check(b"cpu s=\"open,a=1", "a text is not closed");
    check(b"cpu s=\"x\\", "a text is not closed");
    check(b"cpu s=\"x\"y,a=1", "missing after a text");
    check(b"cpu a=1 x", "timestamp `x` is not a whole number");
    check(b"cpu a=1 1 2", "timestamp `1 2` is not a whole number");
    check(b"cpu a=1 99999999999999999999", "does not fit 64 bits");
    check(b",a=b v=1", "the measurement has no name");
    check(b"cpu,a v=1", "`a` is not a tag");
    check(b"cpu,a= v=1", "`a=` is not a tag");
    check(b"cpu,a=1,a=2 v=1", "label `a` stands twice");
    check(b"cpu,__name__=x v=1", "two metric names");
    check(b"cpu,a=\xff v=1", "not UTF-8");
    check(b"cpu,a=b \xff=1", "not UTF-8");
}

#[test]
fn times_round_down_to_milliseconds_and_do_not_overflow() {
    let check = |precision: &str, time: i64, expected: Option<i64>| {
        let precision = Precision::parse(Some(precision)).expect("a precision");
        let body = format!("m value=1 {time}");
        let mut cache = KeyCache::new(9);
        let decoded = decode(body.as_bytes(), precision, NOW, &Options::default(), &mut cache);
        let at = decoded.batches.first().map(|batch| batch.entries[0].sample.at.0);
        assert_eq!(at, expected, "{body} {precision:?}");
    };
    check("ns", 1_999_999, Some(1));
    check("n", -1, Some(-1));
    check("", 1_000_000, Some(1));
    check("us", 1_999, Some(1));
    check("µs", -1_001, Some(-2));
    check("ms", i64::MIN, Some(i64::MIN));
    check("s", 2, Some(2_000));
    check("m", 2, Some(120_000));
    check("h", 2, Some(7_200_000));
    check("s", i64::MAX, None);
    check("h", i64::MIN, None);
    assert!(Precision::parse(Some("NS")).is_err());
}

#[test]
fn the_limit_of_samples_counts_fields() {
    let options = Options { samples_max: 3, ..Options::default() };
    let body = b"m a=1,b=2\nm a=1,b=2\nm a=1,s=\"x\"\n";
    let decoded = decode(body, Precision::default(), NOW, &options, &mut KeyCache::new(9));
    assert_eq!((decoded.samples(), decoded.refused, decoded.refusals.len()), (3, 2, 1));
    assert_eq!(decoded.refusals[0].line, 2);
}

#[test]
fn the_name_made_of_measurement_and_field_keeps_the_limit() {
    let options = Options { metric_name_bytes_max: 5, ..Options::default() };
    let decoded =
        decode(b"abc de=1\nabc d=1", Precision::default(), NOW, &options, &mut KeyCache::new(9));
    assert_eq!((decoded.samples(), decoded.refused), (1, 1));
    assert!(decoded.refusals[0].reason.contains("`ingest.metric_name_bytes_max`"));
}

#[test]
fn a_known_field_is_not_read_again() {
    let (options, mut cache) = (Options::default(), KeyCache::new(9));
    let body = b"m,a=b x=1,y=2\nm,a=b y=3";
    let decoded = decode(body, Precision::default(), NOW, &options, &mut cache);
    let entries = &decoded.batches[0].entries;
    assert!(entries[1].labels.same(&entries[2].labels));
    assert_eq!((cache.len(), entries[2].line), (2, 2));
}

/// Texts that a tag can carry: no line feed, and no backslash at the end.
fn any_text() -> impl Strategy<Value = String> {
    let part =
        prop_oneof![Just("\\".to_owned()), Just(" ,=\"#".to_owned()), "[a-z_]{1,5}", "\\PC{1,3}",];
    prop::collection::vec(part, 0..4).prop_map(|parts| parts.concat() + "x")
}

fn escaped(text: &str, special: &[char]) -> String {
    let escape = |c: char| if special.contains(&c) { format!("\\{c}") } else { c.to_string() };
    text.chars().map(escape).collect()
}

proptest! {
    #[test]
    fn what_is_written_reads_back(
        measurement in any_text(),
        tags in prop::collection::btree_map(any_text(), any_text(), 0..5),
        fields in prop::collection::btree_map(any_text(), -1e300..1e300_f64, 1..5),
        at: i64,
    ) {
        let special = [',', '=', ' '];
        // A line that begins with `#` is a remark.
        let measurement = format!("m{measurement}");
        let mut line = escaped(&measurement, &[',', ' ']);
        for (name, value) in &tags {
            line.extend([",", &escaped(name, &special), "=", &escaped(value, &special)]);
        }
        let write = |(name, value): (&String, &f64)| format!("{}={value}", escaped(name, &special));
        let fields_written: Vec<String> = fields.iter().map(write).collect();
        let line = format!("{line} {} {at}", fields_written.join(","));
        let decoded = decoded(line.as_bytes());
        prop_assert_eq!(&decoded.refusals, &[], "{}", line);
        let entries = &decoded.batches[0].entries;
        prop_assert_eq!(entries.len(), fields.len());
        for (entry, (field, value)) in entries.iter().zip(&fields) {
            let name = format!("{measurement}_{field}");
            let pairs = tags.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            let expected = Labels::from_pairs(pairs.chain([(METRIC_NAME, name.as_str())]));
            prop_assert_eq!(Ok(&entry.labels), expected.as_ref());
            prop_assert_eq!((entry.sample.value, entry.sample.at), (*value, Timestamp(at)));
        }
    }

    #[test]
    fn a_good_line_survives_any_neighbours(before: Vec<u8>, after: Vec<u8>) {
        let body = [before.as_slice(), b"\ngood,a=b value=42 7\n", &after].concat();
        let good = "good{a=\"b\"} 42 @7".to_owned();
        prop_assert!(shown(&decoded(&body)).contains(&good));
    }

    #[test]
    fn bytes_like_lines_never_panic(body in "[am,=\"\\\\ #0-9.iut\n]{0,60}") {
        let decoded = decoded(body.as_bytes());
        prop_assert_eq!(decoded.refusals.len(), decoded.refused.min(20));
    }
}
