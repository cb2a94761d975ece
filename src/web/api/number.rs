//! Numbers and times as Prometheus writes them in JSON.

use std::fmt::Write;

use crate::model::Timestamp;

/// Whole numbers below this are written as such.
const WHOLE_MAX: f64 = 1e15;
/// From here to [`WHOLE_MAX`] no writer of shortest decimals uses an exponent.
const PLAIN_MIN: f64 = 1e-3;

/// Appends a value: the shortest decimal that reads back to the same number, with an exponent only
/// where Prometheus writes one (below 1e-6 and from 1e21).
pub(super) fn push_value(value: f64, out: &mut String) {
    let size = value.abs();
    if value.is_nan() {
        out.push_str("NaN");
    } else if value.is_infinite() {
        out.push_str(if value > 0.0 { "+Inf" } else { "-Inf" });
    } else if value.fract() == 0.0
        && size < WHOLE_MAX
        && !(value == 0.0 && value.is_sign_negative())
    {
        out.push_str(itoa::Buffer::new().format(value as i64));
    } else if (PLAIN_MIN..WHOLE_MAX).contains(&size) {
        out.push_str(zmij::Buffer::new().format_finite(value));
    } else if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let start = out.len();
        let _ = write!(out, "{value:e}");
        // Go writes the sign of a positive exponent too.
        if let Some(at) = out.get(start..).and_then(|text| text.find('e')) {
            let digits = start + at + 1;
            if !out.get(digits..).is_some_and(|exponent| exponent.starts_with('-')) {
                out.insert(digits, '+');
            }
        }
    } else {
        let _ = write!(out, "{value}");
    }
}

/// Appends a time as seconds, with three decimals where it is not a whole second.
pub(super) fn push_time(at: Timestamp, out: &mut String) {
    let millis = at.0;
    let sign = if millis < 0 { "-" } else { "" };
    let size = millis.unsigned_abs();
    out.push_str(sign);
    out.push_str(itoa::Buffer::new().format(size / 1000));
    if !size.is_multiple_of(1000) {
        let _ = write!(out, ".{:03}", size % 1000);
    }
}

/// Appends a text in quotes.
pub(super) fn push_text(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_prometheus_writes_them() {
        let check = |value: f64, expected: &str| {
            let mut out = String::from("x");
            push_value(value, &mut out);
            assert_eq!(out, format!("x{expected}"));
        };
        check(1.0, "1");
        check(-0.0, "-0");
        check(0.1, "0.1");
        check(1e20, "100000000000000000000");
        check(1e21, "1e+21");
        check(-1.5e22, "-1.5e+22");
        check(1e-6, "0.000001");
        check(1.5e-7, "1.5e-7");
        check(f64::NAN, "NaN");
        check(f64::INFINITY, "+Inf");
        check(f64::NEG_INFINITY, "-Inf");
        check(5e-324, "5e-324");
    }

    proptest::proptest! {
        #[test]
        fn every_value_is_written_in_its_fewest_digits(value in proptest::num::f64::NORMAL) {
            let mut out = String::new();
            push_value(value, &mut out);
            proptest::prop_assert_eq!(out.parse::<f64>(), Ok(value));
            if (1e-6..1e21).contains(&value.abs()) {
                proptest::prop_assert_eq!(out, value.to_string());
            }
        }

        #[test]
        fn plain_values_are_written_alike(whole in -1_000_000_i64..1_000_000, places in 0_i32..9) {
            let value = whole as f64 / 10_f64.powi(places);
            let mut out = String::new();
            push_value(value, &mut out);
            if !(value != 0.0 && value.abs() < 1e-6) {
                proptest::prop_assert_eq!(out, value.to_string());
            }
        }
    }

    #[test]
    fn times_are_seconds() {
        let check = |millis: i64, expected: &str| {
            let mut out = String::new();
            push_time(Timestamp(millis), &mut out);
            assert_eq!(out, expected);
        };
        check(1_700_000_000_000, "1700000000");
        check(1500, "1.500");
        check(-1001, "-1.001");
        check(7, "0.007");
    }
}
