//! Short decimals as whole numbers.
//!
//! Most values are whole numbers or have a few decimals. Such a value times a power of ten is a
//! whole number, and the whole number divided by that power is the value again, bit for bit: the
//! division of two exact numbers is rounded to the nearest value, which is the one that the decimal
//! names (Clinger, "How to read floating point numbers accurately", PLDI 1990).

use crate::model::Sample;

/// The powers of ten that a decimal may be written by. All are exact.
pub(super) const POWERS: [f64; 10] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
/// Whole numbers up to here are exact, and so are their divisions.
const WHOLE_MAX: u64 = 1 << 53;

/// The whole number that stands for `value` with so many decimals, if one does exactly.
pub(super) fn whole(value: f64, decimals: u8) -> Option<i64> {
    let power = POWERS.get(usize::from(decimals))?;
    let scaled = value * power;
    let whole = (scaled + 0.5_f64.copysign(scaled)) as i64;
    // What is no number, or too large, does not come back.
    let same = (whole as f64 / power).to_bits() == value.to_bits();
    (same && whole.unsigned_abs() <= WHOLE_MAX).then_some(whole)
}

/// Whether all of these values have whole numbers that stand for them with so many decimals, which
/// are put into `wholes` then. Looks at all before it says no: so the processor works at many at a
/// time.
pub(super) fn all_whole(samples: &[Sample], decimals: u8, wholes: &mut [i64]) -> bool {
    let Some(power) = POWERS.get(usize::from(decimals)) else { return false };
    let mut all = true;
    for (sample, into) in samples.iter().zip(wholes) {
        let scaled = sample.value * power;
        let whole = (scaled + 0.5_f64.copysign(scaled)) as i64;
        let same = (whole as f64 / power).to_bits() == sample.value.to_bits();
        all &= same && whole.unsigned_abs() <= WHOLE_MAX;
        *into = whole;
    }
    all
}

/// How few decimals a whole number needs to stand for `value`; nothing when none does.
pub(super) fn decimals(value: f64) -> Option<u8> {
    (0..POWERS.len() as u8).find(|decimals| whole(value, *decimals).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_counted() {
        let check = |value: f64, expected: Option<u8>| {
            assert_eq!(decimals(value), expected, "{value}");
        };
        check(5.0, Some(0));
        check(-0.25, Some(2));
        check(0.000_000_001, Some(9));
        check(9_007_199_254_740_992.0, Some(0));
        // An odd number beyond what is exact has no decimals, and is none.
        check(9_007_199_254_740_994.0, None);
        check(1.0 / 3.0, None);
        check(-0.0, None);
        check(f64::NAN, None);
        check(f64::INFINITY, None);
    }
}
