//! Numbers as texts, against the vectors that the page's script is held to as well.

use serde_json::Value;

use super::*;
use crate::model::ABSENT;

const VECTORS: &str = include_str!("../../../tests/vectors/numbers.json");

fn number_of(value: &Value) -> f64 {
    match value {
        Value::Null => ABSENT,
        Value::String(text) if text == "+Inf" => f64::INFINITY,
        Value::String(text) if text == "-Inf" => f64::NEG_INFINITY,
        Value::String(_) => f64::NAN,
        other => other.as_f64().expect("a number"),
    }
}

#[test]
fn numbers_read_as_the_shared_vectors_say() {
    let vectors: Vec<Value> = serde_json::from_str(VECTORS).expect("the vectors are JSON");
    assert!(vectors.len() > 60);
    for vector in vectors {
        let unit = Unit::parse(vector["unit"].as_str().expect("a name")).expect("a unit");
        let decimals = vector["decimals"].as_u64().map(|decimals| decimals as u8);
        let (number, suffix) = parts(number_of(&vector["value"]), &unit, decimals);
        assert_eq!(serde_json::json!([number, suffix]), vector["parts"], "{vector}");
    }
}

#[test]
fn number_and_unit_are_joined_by_a_narrow_space() {
    assert_eq!(text(38.04, &Unit::Percent, None), "38.0\u{202f}%");
    assert_eq!(text(5.0, &Unit::None, None), "5");
    assert_eq!(text(ABSENT, &Unit::Bytes, None), "–");
}

proptest::proptest! {
    #[test]
    fn any_number_is_written_short(value in proptest::num::f64::ANY, name in 0..24_usize) {
        let unit = Unit::names().nth(name).and_then(Unit::parse).expect("a unit");
        let (number, suffix) = parts(value, &unit, None);
        proptest::prop_assert!(!number.is_empty() && !number.contains("inf"), "{}", number);
        let long = matches!(unit, Unit::Timestamp | Unit::Duration | Unit::Celsius)
            || matches!(unit, Unit::Percent | Unit::Ratio | Unit::Rpm)
            || value.abs() > 1e15;
        proptest::prop_assert!(long || number.chars().count() <= 17, "{} {}", number, suffix);
    }
}

#[test]
fn an_axis_has_one_scale_for_all_its_labels() {
    let check = |ticks: &[f64], unit: Unit, expected: &[&str]| {
        assert_eq!(axis(ticks, &unit), expected, "{ticks:?} {unit}");
    };
    check(&[0.0, 20.0, 40.0], Unit::Percent, &["0%", "20%", "40%"]);
    check(&[0.0, 0.25, 0.5], Unit::Ratio, &["0%", "25%", "50%"]);
    check(&[0.0, 5e7, 1e8], Unit::BitsPerSecond, &["0", "50M", "100M"]);
    check(&[0.0, 512.0, 1024.0], Unit::None, &["0", "512", "1024"]);
    check(&[0.0, 0.5, 1.0], Unit::None, &["0", "0.5", "1.0"]);
    check(&[0.0, 5000.0, 10000.0], Unit::PerSecond, &["0", "5k", "10k"]);
    let money = Unit::Currency(*b"EUR");
    check(&[-5.0, 0.0, 5.0], money, &["−€5", "0", "€5"]);
    check(&[0.0, 0.05, 0.1], Unit::Seconds, &["0", "50\u{202f}ms", "100\u{202f}ms"]);
    let gib = f64::from(1 << 30);
    check(&[0.0, gib, 2.0 * gib], Unit::Bytes, &["0", "1\u{202f}GiB", "2\u{202f}GiB"]);
    let mib = f64::from(1 << 20);
    let expected = ["−1\u{202f}MiB", "0", "1\u{202f}MiB"];
    check(&[-mib, 0.0, mib], Unit::BytesPerSecond, &expected);
}
