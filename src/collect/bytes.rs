//! Words and numbers out of the kernel's text files, as bytes: nothing is allocated for a value.

/// The lines of `text`, without their ends.
pub(super) fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let (line, tail) = rest.split_at_checked(end)?;
        rest = tail.get(1..).unwrap_or_default();
        Some(line)
    })
}

/// The words of a line: what stands between spaces and tabs.
pub(super) fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = line;
    std::iter::from_fn(move || {
        let start = rest.iter().position(|byte| !is_space(*byte))?;
        let word = rest.get(start..)?;
        let end = word.iter().position(|byte| is_space(*byte)).unwrap_or(word.len());
        let (word, tail) = word.split_at_checked(end)?;
        rest = tail;
        Some(word)
    })
}

fn is_space(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// A whole number without a sign; `None` when there is anything else, or it is too great.
pub(super) fn whole(word: &[u8]) -> Option<u64> {
    if word.is_empty() {
        return None;
    }
    word.iter().try_fold(0_u64, |sum, byte| {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        sum.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

/// A whole number that may be negative.
pub(super) fn signed(word: &[u8]) -> Option<i64> {
    match word.split_first() {
        Some((b'-', rest)) => i64::try_from(whole(rest)?).ok()?.checked_neg(),
        _ => i64::try_from(whole(word)?).ok(),
    }
}

/// A number with a fraction.
pub(super) fn decimal(word: &[u8]) -> Option<f64> {
    fast_float2::parse(word).ok().filter(|value: &f64| value.is_finite())
}

/// `line` without spaces around it.
pub(super) fn trimmed(line: &[u8]) -> &[u8] {
    line.trim_ascii()
}

/// `bytes` as text; what is no UTF-8 is replaced.
pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// `value` at so many decimals: what lies below is noise that costs bytes.
pub(super) fn rounded(value: f64, decimals: i32) -> f64 {
    let scale = 10_f64.powi(decimals);
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_and_words_are_found_whatever_stands_between() {
        let check = |text: &str, expected: &[&[&str]]| {
            let found: Vec<Vec<&[u8]>> =
                lines(text.as_bytes()).map(|line| words(line).collect()).collect();
            let expected: Vec<Vec<&[u8]>> = expected
                .iter()
                .map(|line| line.iter().map(|word| word.as_bytes()).collect())
                .collect();
            assert_eq!(found, expected, "{text:?}");
        };
        check("", &[]);
        check("cpu  1 2\n", &[&["cpu", "1", "2"]]);
        check("\n a\tb \n\nc", &[&[], &["a", "b"], &[], &["c"]]);
    }

    #[test]
    fn numbers_are_whole_words_or_nothing() {
        let check = |word: &str, unsigned: Option<u64>, with_sign: Option<i64>| {
            assert_eq!(whole(word.as_bytes()), unsigned, "{word}");
            assert_eq!(signed(word.as_bytes()), with_sign, "{word}");
        };
        check("42", Some(42), Some(42));
        check("-42", None, Some(-42));
        check("18446744073709551615", Some(u64::MAX), None);
        check("18446744073709551616", None, None);
        check("", None, None);
        check("-", None, None);
        check("1a", None, None);
        check("+1", None, None);
    }

    #[test]
    fn rounding_keeps_the_decimals_asked_for() {
        assert_eq!(rounded(12.345_67, 2), 12.35);
        assert_eq!(rounded(-0.06, 1), -0.1);
        assert_eq!(decimal(b"0.25"), Some(0.25));
        assert_eq!((decimal(b"inf"), decimal(b"x")), (None, None));
    }

    proptest! {
        #[test]
        fn every_whole_number_reads_back(value: u64) {
            prop_assert_eq!(whole(value.to_string().as_bytes()), Some(value));
        }

        #[test]
        fn any_bytes_are_split_without_loss_of_words(text in "[ \ta-z0-9\n]{0,80}") {
            let found: Vec<String> = lines(text.as_bytes())
                .flat_map(|line| words(line).map(super::text).collect::<Vec<_>>())
                .collect();
            let expected: Vec<&str> = text.split_whitespace().collect();
            prop_assert_eq!(found, expected);
        }
    }
}
