//! Value lists: the cells of a column (or of one series over time) in as few bytes as give every
//! value back exactly. The bytes are described in `docs/formats/live.md`.
//!
//! The idea: neighbours in a list are of one kind (all two-decimal gauges, all whole numbers), so a
//! run names the kind once and each cell is a small difference to its previous value.

use crate::model::{ABSENT, is_absent};

/// The most decimal places that are tried; beyond it a value goes out as it is.
const DECIMALS_MAX: u8 = 9;
/// Above this size not every whole number has its own f64.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

const SAME: u8 = 0;
const GONE: u8 = 1;
const F64: u8 = 2;
const F32: u8 = 3;
const DECIMAL: u8 = 4;

/// What is wrong with the bytes of a value list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueError {
    /// They end before the list does.
    Short,
    /// A run of a code that does not exist, or of no length or too great a length.
    BadRun,
    /// A varint of more than ten bytes.
    BadVarint,
}

/// Appends an unsigned LEB128 number.
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Takes an unsigned LEB128 number from the front of `bytes`.
pub(crate) fn take_varint(bytes: &mut &[u8]) -> Result<u64, ValueError> {
    let mut value = 0_u64;
    for shift in (0..70).step_by(7) {
        let (&byte, rest) = bytes.split_first().ok_or(ValueError::Short)?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(ValueError::BadVarint)
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// `value` in units of 10^-decimals, or 0 where that is no exact whole number: what both sides
/// compute of the previous value.
fn scaled_previous(previous: f64, power: f64) -> f64 {
    let scaled = (previous * power + 0.5).floor();
    if scaled.abs() < EXACT_MAX { scaled } else { 0.0 }
}

/// `value` in units of 10^-decimals, if the division gives it back bit for bit.
fn scaled_exactly(value: f64, power: f64) -> Option<f64> {
    let scaled = (value * power + 0.5).floor();
    let exact = scaled.abs() < EXACT_MAX && (scaled / power).to_bits() == value.to_bits();
    exact.then_some(scaled)
}

fn power_of_ten(decimals: u8) -> f64 {
    // Powers up to 10^22 are exact in f64.
    10_f64.powi(i32::from(decimals))
}

/// How one cell can be written. `hint` is the code of the run before, tried first.
fn code_for(previous: f64, value: f64, hint: u8) -> u8 {
    if is_absent(value) {
        return GONE;
    }
    if hint >= DECIMAL && scaled_exactly(value, power_of_ten(hint - DECIMAL)).is_some() {
        return hint;
    }
    if value.to_bits() == previous.to_bits() {
        return SAME;
    }
    let decimals = (0..=DECIMALS_MAX)
        .find(|decimals| scaled_exactly(value, power_of_ten(*decimals)).is_some());
    // Many digits of a large number cost more as a difference than the bits themselves.
    if let Some(decimals) = decimals {
        let power = power_of_ten(decimals);
        let difference =
            scaled_exactly(value, power).unwrap_or(0.0) - scaled_previous(previous, power);
        if difference.abs() < (1_u64 << 41) as f64 {
            return DECIMAL + decimals;
        }
    }
    if f64::from(value as f32).to_bits() == value.to_bits() { F32 } else { F64 }
}

/// Appends the value list of `cells`, pairs of (previous value, value).
pub(crate) fn encode(cells: impl IntoIterator<Item = (f64, f64)>, out: &mut Vec<u8>) {
    let mut run: Vec<(f64, f64)> = Vec::new();
    let mut code = SAME;
    for (previous, value) in cells {
        let next = code_for(previous, value, code);
        if next != code && !run.is_empty() {
            put_run(code, &run, out);
            run.clear();
        }
        code = next;
        run.push((previous, value));
    }
    if !run.is_empty() {
        put_run(code, &run, out);
    }
}

fn put_run(code: u8, run: &[(f64, f64)], out: &mut Vec<u8>) {
    if run.len() < 16 {
        out.push(code << 4 | run.len() as u8);
    } else {
        out.push(code << 4);
        put_varint(out, run.len() as u64);
    }
    for (previous, value) in run {
        match code {
            SAME | GONE => {}
            F64 => out.extend(value.to_le_bytes()),
            F32 => out.extend((*value as f32).to_le_bytes()),
            decimal => {
                let power = power_of_ten(decimal - DECIMAL);
                let scaled = scaled_exactly(*value, power).expect("the code was chosen for it");
                put_varint(out, zigzag((scaled - scaled_previous(*previous, power)) as i64));
            }
        }
    }
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], ValueError> {
    let (head, rest) = bytes.split_first_chunk::<N>().ok_or(ValueError::Short)?;
    *bytes = rest;
    Ok(*head)
}

/// Reads a value list of `size` cells from the front of `bytes`; `previous` gives the value before
/// of a cell by its number, given the cells read so far.
///
/// # Errors
/// When the bytes are no value list of that size.
pub fn decode(
    bytes: &mut &[u8],
    size: usize,
    previous: impl Fn(usize, &[f64]) -> f64,
) -> Result<Vec<f64>, ValueError> {
    let mut cells = Vec::new();
    while cells.len() < size {
        let [head] = take::<1>(bytes)?;
        let length = match head & 15 {
            0 => usize::try_from(take_varint(bytes)?).map_err(|_| ValueError::BadRun)?,
            short => usize::from(short),
        };
        if length == 0 || length > size - cells.len() {
            return Err(ValueError::BadRun);
        }
        for _ in 0..length {
            let before = previous(cells.len(), &cells);
            let value = match head >> 4 {
                SAME => before,
                GONE => ABSENT,
                F64 => f64::from_le_bytes(take(bytes)?),
                F32 => f64::from(f32::from_le_bytes(take(bytes)?)),
                decimal if decimal <= DECIMAL + DECIMALS_MAX => {
                    let power = power_of_ten(decimal - DECIMAL);
                    let difference = unzigzag(take_varint(bytes)?);
                    (scaled_previous(before, power) + difference as f64) / power
                }
                _ => return Err(ValueError::BadRun),
            };
            cells.push(value);
        }
    }
    Ok(cells)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn there_and_back(previous: &[f64], values: &[f64]) -> usize {
        let mut bytes = Vec::new();
        encode(previous.iter().copied().zip(values.iter().copied()), &mut bytes);
        let mut rest = bytes.as_slice();
        let read = decode(&mut rest, values.len(), |at, _| previous[at]).expect("a value list");
        let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&read), bits(values));
        assert!(rest.is_empty());
        bytes.len()
    }

    #[test]
    fn kinds_cost_what_the_format_says() {
        let check = |previous: &[f64], values: &[f64], bytes: usize| {
            assert_eq!(there_and_back(previous, values), bytes, "{values:?}");
        };
        check(&[], &[], 0);
        check(&[1.5; 20], &[1.5; 20], 2);
        check(&[ABSENT; 3], &[ABSENT; 3], 1);
        check(&[12.34, 99.0], &[12.35, 98.87], 3);
        check(&[ABSENT], &[0.1 + 0.2], 9);
        check(&[0.0], &[f64::from(0.3_f32)], 5);
        check(&[0.0], &[-0.0], 5);
        check(&[f64::NAN, 1.0], &[f64::INFINITY, f64::MIN_POSITIVE], 1 + 4 + 1 + 8);
    }

    proptest! {
        #[test]
        fn every_value_arrives_exactly(cells in prop::collection::vec(
            (cell(), cell()), 0..200)
        ) {
            let (previous, values): (Vec<f64>, Vec<f64>) = cells.into_iter().unzip();
            there_and_back(&previous, &values);
        }

        #[test]
        fn no_bytes_make_it_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..100),
            size in 0..300_usize,
        ) {
            let _ = decode(&mut bytes.as_slice(), size, |at, cells| {
                if at == 0 { ABSENT } else { cells[at - 1] }
            });
        }
    }

    fn cell() -> impl Strategy<Value = f64> {
        prop_oneof![
            any::<u64>().prop_map(f64::from_bits),
            (-100_000_i32..100_000).prop_map(|hundredths| f64::from(hundredths) / 100.0),
            (-1000_i32..1000).prop_map(f64::from),
            Just(ABSENT),
            Just(0.0),
            Just(-0.0),
        ]
    }
}
