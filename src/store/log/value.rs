//! One value after another of the same series, each as its difference to the one before.
//!
//! Most values are whole numbers or have a few decimals. Such a value times a power of ten is a
//! whole number, and the whole number divided by that power is the value again, bit for bit: the
//! division of two exact numbers is rounded to the nearest value, which is the one that the decimal
//! names (Clinger, "How to read floating point numbers accurately", PLDI 1990). What is no such
//! decimal is written by the bits that changed.
//!
//! | lowest bit of the first number | meaning |
//! | --- | --- |
//! | 0 | the difference of the whole numbers, folded, times 2 |
//! | 1 | the next four bits are the form, the bits above them of use for form 11 |
//!
//! | form | what follows |
//! | --- | --- |
//! | 0 to 9 | a whole number, folded, of so many decimals |
//! | 10 | the eight bytes of the value, lowest first |
//! | 11 | the bytes that changed; the bits above say how many (4 bits) and how many zeros below |

use super::bytes::{Bytes, Malformed, fold, put, put_signed, unfold};

/// The powers of ten that a decimal may be written by. All are exact.
const POWERS: [f64; 10] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
/// Whole numbers up to here are exact, and so are their divisions.
const WHOLE_MAX: u64 = 1 << 53;
/// The form of a value by its eight bytes.
const RAW: u8 = 10;
/// The form of a value by the bytes that changed.
const CHANGED: u8 = 11;

/// The value of a series that was written last, in the form it was written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Last {
    /// Its bits.
    pub(super) bits: u64,
    /// The whole number that stands for it; of no meaning when `form` is raw.
    whole: i64,
    /// How many decimals the whole number has, or `RAW`.
    form: u8,
}

impl Last {
    const fn raw(bits: u64) -> Self {
        Self { bits, whole: 0, form: RAW }
    }

    fn decimal(whole: i64, form: u8) -> Option<Self> {
        let power = POWERS.get(usize::from(form))?;
        Some(Self { bits: (whole as f64 / power).to_bits(), whole, form })
    }
}

/// The whole number that stands for `value` with so many decimals, if one does exactly.
fn whole(value: f64, decimals: u8) -> Option<i64> {
    let power = POWERS[usize::from(decimals)];
    let scaled = value * power;
    let whole = (scaled + 0.5_f64.copysign(scaled)) as i64;
    // What is no number, or too large, does not come back.
    let same = (whole as f64 / power).to_bits() == value.to_bits();
    (same && whole.unsigned_abs() <= WHOLE_MAX).then_some(whole)
}

/// Writes a value that can be read whatever came before.
pub(super) fn write_whole(out: &mut Vec<u8>, value: f64) -> Last {
    for decimals in 0..POWERS.len() as u8 {
        if let Some(whole) = whole(value, decimals) {
            put(out, 1 | u64::from(decimals) << 1);
            put_signed(out, whole);
            return Last { bits: value.to_bits(), whole, form: decimals };
        }
    }
    put(out, 1 | u64::from(RAW) << 1);
    out.extend_from_slice(&value.to_bits().to_le_bytes());
    Last::raw(value.to_bits())
}

/// Writes a value by how it differs from `last`, which was written before it.
pub(super) fn write_change(out: &mut Vec<u8>, value: f64, last: Last) -> Last {
    if last.form == RAW {
        let bits = value.to_bits();
        let changed = bits ^ last.bits;
        let below = (changed.trailing_zeros() / 8).min(7);
        let count = (8 - changed.leading_zeros() / 8).saturating_sub(below);
        put(out, 1 | u64::from(CHANGED) << 1 | u64::from(count | below << 4) << 5);
        let bytes = (changed >> (8 * below)).to_le_bytes();
        out.extend(bytes.into_iter().take(count as usize));
        return Last::raw(bits);
    }
    match whole(value, last.form) {
        Some(whole) => {
            put(out, fold(whole - last.whole) << 1);
            Last { bits: value.to_bits(), whole, form: last.form }
        }
        None => write_whole(out, value),
    }
}

/// Reads a value: nothing when it can only be told from a value before it that is not known.
///
/// # Errors
/// When the bytes are none that a writer writes.
pub(super) fn read(bytes: &mut Bytes<'_>, last: Option<Last>) -> Result<Option<Last>, Malformed> {
    let first = bytes.number().ok_or(Malformed)?;
    if first & 1 == 0 {
        let Some(last) = last else { return Ok(None) };
        let whole = last.whole.checked_add(unfold(first >> 1));
        let read = whole.and_then(|whole| Last::decimal(whole, last.form));
        return read.map(Some).ok_or(Malformed);
    }
    let whole = match (first >> 1 & 15) as u8 {
        RAW => bytes.take(8).and_then(<[u8]>::first_chunk).copied().map(u64::from_le_bytes),
        CHANGED => {
            let changed = changed(bytes, first >> 5).ok_or(Malformed)?;
            return Ok(last.map(|last| Last::raw(last.bits ^ changed)));
        }
        decimals => {
            let read = bytes.signed().and_then(|whole| Last::decimal(whole, decimals));
            return read.map(Some).ok_or(Malformed);
        }
    };
    whole.map(|bits| Some(Last::raw(bits))).ok_or(Malformed)
}

/// The bits that changed; `about` says how many bytes there are, and how many zeros below them.
fn changed(bytes: &mut Bytes<'_>, about: u64) -> Option<u64> {
    let (count, below) = ((about & 15) as usize, usize::try_from(about >> 4).ok()?);
    let mut changed = [0; 8];
    changed.get_mut(below..below.checked_add(count)?)?.copy_from_slice(bytes.take(count)?);
    Some(u64::from_le_bytes(changed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value() -> impl Strategy<Value = f64> {
        prop_oneof![
            any::<u64>().prop_map(f64::from_bits),
            any::<i32>().prop_map(f64::from),
            (any::<i32>(), 0_usize..10).prop_map(|(whole, form)| f64::from(whole) / POWERS[form]),
            (any::<i64>(), 0_usize..10).prop_map(|(whole, form)| whole as f64 / POWERS[form]),
            prop::sample::select(vec![0.0, -0.0, f64::NAN, f64::INFINITY, f64::MIN_POSITIVE]),
        ]
    }

    proptest! {
        #[test]
        fn values_come_back_bit_for_bit(values in prop::collection::vec(value(), 1..100)) {
            let mut out = Vec::new();
            let mut last = write_whole(&mut out, values[0]);
            for value in &values[1..] {
                last = write_change(&mut out, *value, last);
            }
            let (mut bytes, mut last) = (Bytes(&out), None);
            for value in &values {
                last = read(&mut bytes, last).expect("written");
                prop_assert_eq!(last.map(|last| last.bits), Some(value.to_bits()));
            }
            prop_assert!(bytes.is_empty());
        }

        #[test]
        fn any_bytes_are_read_without_harm(input in prop::collection::vec(any::<u8>(), 0..40)) {
            let (mut bytes, mut last) = (Bytes(&input), None);
            while let Ok(read) = read(&mut bytes, last) {
                last = read;
            }
        }
    }

    #[test]
    fn values_of_a_host_take_few_bytes() {
        let check = |values: &[f64], expected: usize| {
            let mut out = Vec::new();
            let mut last = write_whole(&mut out, values[0]);
            out.clear();
            for value in &values[1..] {
                last = write_change(&mut out, *value, last);
            }
            assert_eq!(out.len(), expected, "{values:?}");
        };
        check(&[100.0, 131.0, 100.0], 2);
        check(&[1_700_000_000.0, 1_700_150_000.0], 3);
        check(&[12.34, 12.35, 12.0], 3);
        check(&[0.5, 0.25], 2);
        // What is no decimal: two bytes say which ones changed.
        check(&[1.0 / 3.0, f64::from_bits((1.0_f64 / 3.0).to_bits() ^ 0xff00)], 3);
    }

    #[test]
    fn a_change_of_what_is_not_known_is_told() {
        let mut out = Vec::new();
        let last = write_whole(&mut out, 5.0);
        out.clear();
        write_change(&mut out, 6.0, last);
        assert_eq!(read(&mut Bytes(&out), None), Ok(None));
        assert_eq!(read(&mut Bytes(&[]), None), Err(Malformed));
    }
}
