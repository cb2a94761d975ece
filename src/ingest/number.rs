//! Values and times from bytes: the short whole numbers of everyday pushes take a path of their
//! own, the rest is read exactly by the float parser.

use super::fault::{Fault, excerpt};

/// Up to this many digits a whole number is exact in a float.
const EXACT_DIGITS: usize = 15;

/// Up to this many digits a whole number cannot overflow 64 bits.
const SAFE_DIGITS: usize = 18;

/// A value as the Prometheus text format writes it: decimal, exponent, `NaN`, `+Inf`, `-Inf`.
pub(super) fn value(bytes: &[u8]) -> Result<f64, Fault> {
    if let Some(whole) = short_whole(bytes) {
        return Ok(whole);
    }
    let wrong = || Fault::Worded(format!("value `{}` is not a number", excerpt(bytes)));
    let value: f64 = fast_float2::parse(bytes).map_err(|_| wrong())?;
    if value.is_nan() {
        // One NaN for all: the bits of the staleness marker must not come from a text.
        return Ok(f64::NAN);
    }
    if value.is_infinite() && bytes.iter().any(u8::is_ascii_digit) {
        return Err(Fault::Worded(format!(
            "value `{}` is too large for a 64-bit float",
            excerpt(bytes)
        )));
    }
    Ok(value)
}

/// A value that must be finite, as JSON and Influx lines have it: they have no word for the rest.
pub(super) fn finite_value(bytes: &[u8]) -> Result<f64, Fault> {
    match value(bytes)? {
        finite if finite.is_finite() => Ok(finite),
        _ => Err(Fault::Plain("this format has no NaN and no infinity")),
    }
}

/// A whole number with an optional sign; the error says what `what` should be.
pub(super) fn whole(bytes: &[u8], what: &'static str) -> Result<i64, Fault> {
    let (negative, digits) = sign(bytes);
    if (1..=SAFE_DIGITS).contains(&digits.len())
        && let Some(number) = digits_value(digits)
    {
        let number = number as i64;
        return Ok(if negative { -number } else { number });
    }
    let parsed = std::str::from_utf8(bytes).ok().and_then(|text| text.parse().ok());
    parsed.ok_or_else(|| {
        let fits = if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) {
            "does not fit 64 bits"
        } else {
            "is not a whole number"
        };
        Fault::Worded(format!("{what} `{}` {fits}", excerpt(bytes)))
    })
}

fn short_whole(bytes: &[u8]) -> Option<f64> {
    let (negative, digits) = sign(bytes);
    if digits.is_empty() || digits.len() > EXACT_DIGITS {
        return None;
    }
    let value = digits_value(digits)? as f64;
    Some(if negative { -value } else { value })
}

fn sign(bytes: &[u8]) -> (bool, &[u8]) {
    match bytes {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    }
}

/// The number that at most [`SAFE_DIGITS`] digits make; nothing when one is no digit.
fn digits_value(digits: &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + u64::from(digit);
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_read_as_the_text_format_writes_them() {
        let check = |text: &str, expected: f64| {
            let value = value(text.as_bytes()).unwrap_or_else(|fault| panic!("{text}: {fault}"));
            assert_eq!(value.to_bits(), expected.to_bits(), "{text}");
        };
        check("42", 42.0);
        check("-0", -0.0);
        check("+7", 7.0);
        check("0.1", 0.1);
        check("1e3", 1000.0);
        check(".5", 0.5);
        check("999999999999999", 999_999_999_999_999.0);
        check("9007199254740993", 9_007_199_254_740_992.0);
        check("NaN", f64::NAN);
        check("-nan", f64::NAN);
        check("+Inf", f64::INFINITY);
        check("-Inf", f64::NEG_INFINITY);
        check("inf", f64::INFINITY);
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for wrong in ["", "-", "+", "4x", "1,5", "0x10", "1e400", "-1e999", "nanx", "--1", "é"] {
            assert!(value(wrong.as_bytes()).is_err(), "{wrong}");
        }
        assert!(finite_value(b"NaN").is_err() && finite_value(b"+Inf").is_err());
    }

    #[test]
    fn whole_numbers_stop_at_64_bits() {
        let check = |text: &str, expected: Option<i64>| {
            assert_eq!(whole(text.as_bytes(), "timestamp").ok(), expected, "{text}");
        };
        check("1700000000000", Some(1_700_000_000_000));
        check("-5", Some(-5));
        check("9223372036854775807", Some(i64::MAX));
        check("-9223372036854775808", Some(i64::MIN));
        for wrong in ["9223372036854775808", "1.5", "", "-", "1e3", "99999999999999999999999"] {
            check(wrong, None);
        }
        let fault = whole(b"9223372036854775808", "timestamp").expect_err("overflow");
        assert!(fault.to_string().contains("does not fit 64 bits"), "{fault}");
    }

    proptest! {
        #[test]
        fn every_float_that_is_written_reads_back(bits: u64) {
            let expected = f64::from_bits(bits);
            prop_assume!(expected.is_finite());
            let read = value(expected.to_string().as_bytes()).expect("a number");
            prop_assert_eq!(read.to_bits(), bits);
        }

        #[test]
        fn every_whole_number_that_is_written_reads_back(number: i64) {
            prop_assert_eq!(whole(number.to_string().as_bytes(), "n"), Ok(number));
        }
    }
}
