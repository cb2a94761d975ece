//! One value after another of the same series, each as its difference to the one before.
//!
//! What is a short decimal is written as a whole number (see `decimal`), and the rest by the bits
//! that changed.
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

use super::bytes::{Bytes, fold, put, put_signed, unfold};
use crate::store::decimal::{POWERS, whole};

/// The form of a value by its eight bytes.
const RAW: u8 = 10;
/// The form of a value by the bytes that changed.
const CHANGED: u8 = 11;
/// The form of a value that is not known; never written.
const UNKNOWN: u8 = u8::MAX;

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
    /// No value: none came, or it was lost.
    pub(super) const UNKNOWN: Self = Self { bits: 0, whole: 0, form: UNKNOWN };

    /// Whether there is a value.
    pub(super) const fn is_known(&self) -> bool {
        self.form != UNKNOWN
    }

    const fn raw(bits: u64) -> Self {
        Self { bits, whole: 0, form: RAW }
    }

    /// Makes it the value of a whole number with so many decimals.
    fn set_decimal(&mut self, whole: i64, form: u8) -> Option<()> {
        let power = POWERS.get(usize::from(form))?;
        (self.bits, self.whole, self.form) = ((whole as f64 / power).to_bits(), whole, form);
        Some(())
    }

    /// Makes it a value by its bits.
    const fn set_raw(&mut self, bits: u64) {
        (self.bits, self.whole, self.form) = (bits, 0, RAW);
    }
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

/// Reads a value in place of the one before it. It is not known when it can only be told from one
/// that is not known itself. Nothing when the bytes are none that a writer writes.
///
/// It changes what is there instead of giving a value back: that would go through memory, and
/// waiting for it took half of the time.
#[inline]
pub(super) fn read(bytes: &mut Bytes<'_>, last: &mut Last) -> Option<()> {
    let first = bytes.number()?;
    if first & 1 == 0 {
        if !last.is_known() {
            return Some(());
        }
        return last.set_decimal(last.whole.checked_add(unfold(first >> 1))?, last.form);
    }
    read_form(bytes, first, last)
}

/// Reads a value that is not told by a difference of whole numbers; its first number was read.
#[cold]
fn read_form(bytes: &mut Bytes<'_>, first: u64, last: &mut Last) -> Option<()> {
    match (first >> 1 & 15) as u8 {
        RAW => last.set_raw(u64::from_le_bytes(*bytes.take(8)?.first_chunk()?)),
        CHANGED => {
            let changed = changed(bytes, first >> 5)?;
            if last.is_known() {
                last.set_raw(last.bits ^ changed);
            }
        }
        decimals => return last.set_decimal(bytes.signed()?, decimals),
    }
    Some(())
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
            let (mut bytes, mut last) = (Bytes(&out), Last::UNKNOWN);
            for value in &values {
                read(&mut bytes, &mut last).expect("written");
                prop_assert_eq!((last.is_known(), last.bits), (true, value.to_bits()));
            }
            prop_assert!(bytes.is_empty());
        }

        #[test]
        fn any_bytes_are_read_without_harm(input in prop::collection::vec(any::<u8>(), 0..40)) {
            let (mut bytes, mut last) = (Bytes(&input), Last::UNKNOWN);
            while read(&mut bytes, &mut last).is_some() {}
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
        let mut last = Last::UNKNOWN;
        assert_eq!(read(&mut Bytes(&out), &mut last), Some(()));
        assert_eq!(last, Last::UNKNOWN);
        assert_eq!(read(&mut Bytes(&[]), &mut last), None);
    }
}
