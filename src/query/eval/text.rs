//! Numbers and label sets as Prometheus writes them in its messages: other programs compare those
//! texts, so they are its own to the letter.

use crate::model::Labels;

/// A number as Go's `%g` writes it: in the fewest digits that read back to it, or rounded to
/// `precision` of them; with an exponent below 1e-4, and from 1e6 (1eN for a precision of N) on.
pub(super) fn number(value: f64, precision: Option<usize>) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf".to_owned() } else { "-Inf".to_owned() };
    }
    let digits = precision.unwrap_or(6);
    let scientific = match precision {
        Some(digits) => format!("{value:.*e}", digits.saturating_sub(1)),
        None => format!("{value:e}"),
    };
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..digits as i32).contains(&exponent) {
        let rounded: f64 = scientific.parse().unwrap_or(value);
        return rounded.to_string();
    }
    let mantissa = match mantissa.split_once('.') {
        Some(_) => mantissa.trim_end_matches('0').trim_end_matches('.'),
        None => mantissa,
    };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

/// A label set with the metric name as a label among the others.
pub(super) fn labels(labels: &Labels) -> String {
    let pairs = labels.iter().map(|(name, value)| format!("{name}={value:?}"));
    let pairs: Vec<String> = pairs.collect();
    format!("{{{}}}", pairs.join(", "))
}

/// A remark about a metric, which may have no name any more.
pub(super) fn about(remark: &str, name: &str) -> String {
    if name.is_empty() {
        return remark.to_owned();
    }
    format!("{remark} for metric name {name:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_go_writes_them() {
        let check = |value: f64, precision: Option<usize>, expected: &str| {
            assert_eq!(number(value, precision), expected, "{value} {precision:?}");
        };
        check(1.5, None, "1.5");
        check(-0.1, None, "-0.1");
        check(100.0, None, "100");
        check(123_456.0, None, "123456");
        check(1_234_567.0, None, "1.234567e+06");
        check(1e30, None, "1e+30");
        check(0.0001, None, "0.0001");
        check(0.000_01, None, "1e-05");
        check(f64::NAN, None, "NaN");
        check(f64::NEG_INFINITY, None, "-Inf");
        check(5.5, Some(2), "5.5");
        check(10.0, Some(2), "10");
        check(123.0, Some(2), "1.2e+02");
        check(0.012_34, Some(2), "0.012");
        check(99.9, Some(2), "1e+02");
    }

    #[test]
    fn label_sets_hold_their_name_in_braces() {
        let set = Labels::from_pairs([("__name__", "up"), ("job", "a\"b")]).expect("labels");
        assert_eq!(labels(&set), r#"{__name__="up", job="a\"b"}"#);
        assert_eq!(labels(&Labels::empty()), "{}");
        assert_eq!(about("odd", ""), "odd");
        assert_eq!(about("odd", "up"), "odd for metric name \"up\"");
    }
}
