//! The values of a chunk as bytes, to the last bit.
//!
//! Most figures are short decimals that were made into floats. Multiplied by a power of ten they
//! are whole numbers again; less the first one and divided by what they all share they are small,
//! and pco (Loncaric et al., "Pcodec", 2025) packs them close to their entropy. What is no short
//! decimal is packed by pco as floats. The first byte says which way it was:
//!
//! | first byte | content |
//! | --- | --- |
//! | 0, constant | the bits that all values have, highest byte first, without zeros at the end |
//! | 1, decimal | exponent, first, divisor, exceptions, then pco of 64-bit signed numbers |
//! | 2, float | pco of 64-bit floats |
//! | 3, plain | the bits of each value, lowest byte first |
//!
//! An exception is a value that is no decimal among many that are, such as a staleness marker. The
//! shortest way wins, and nothing is given out that was not read back first.

use super::BlockError;
use super::bytes::{Cursor, put_number, put_signed};
use super::pack::{Unpacker, pack};

const CONSTANT: u8 = 0;
const DECIMAL: u8 = 1;
const FLOAT: u8 = 2;
const PLAIN: u8 = 3;

/// The powers of ten that are tried; figures with more decimals are measured, not counted.
const POWERS: [f64; 10] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
/// Whole numbers up to this one are exact as floats.
const WHOLE_MOST: u64 = 1 << 53;
/// Of this many values one may be an exception.
const EXCEPTION_SHARE: usize = 16;
/// Floats are tried as well when decimals take more bytes a value than this.
const SHORT_BYTES: usize = 2;

/// The bytes of `values`.
pub(super) fn encode(values: &[f64]) -> Vec<u8> {
    if let Some(constant) = constant(values) {
        return constant;
    }
    let (mut unpacker, mut read) = (Unpacker::default(), Vec::new());
    let mut exact = |bytes: &Vec<u8>| {
        read.clear();
        decode(bytes, values.len(), &mut unpacker, &mut read).is_ok() && same_bits(&read, values)
    };
    let decimal = decimal(values).filter(&mut exact);
    if let Some(short) = decimal.as_ref().filter(|one| one.len() <= values.len() * SHORT_BYTES) {
        return short.clone();
    }
    let float = pack(values, vec![FLOAT]).filter(exact);
    let ways = [decimal, float, Some(plain(values))];
    ways.into_iter().flatten().min_by_key(Vec::len).unwrap_or_default()
}

/// Adds the `count` values of `bytes` to `into`.
pub(super) fn decode(
    bytes: &[u8],
    count: usize,
    unpacker: &mut Unpacker,
    into: &mut Vec<f64>,
) -> Result<(), BlockError> {
    let mut cursor = Cursor::new(bytes);
    match cursor.byte()? {
        CONSTANT => {
            let mut bits = [0; 8];
            let given = cursor.rest();
            let part = bits.get_mut(..given.len());
            part.ok_or(BlockError::Damaged("a constant is too long"))?.copy_from_slice(given);
            into.resize(into.len() + count, f64::from_bits(u64::from_be_bytes(bits)));
            Ok(())
        }
        DECIMAL => decode_decimal(&mut cursor, count, unpacker, into),
        FLOAT => unpacker.unpack(cursor.rest(), count, into),
        PLAIN => {
            let (parts, rest) = cursor.rest().as_chunks::<8>();
            if parts.len() != count || !rest.is_empty() {
                return Err(BlockError::Damaged("the values are not as many as they should be"));
            }
            into.extend(parts.iter().map(|bits| f64::from_bits(u64::from_le_bytes(*bits))));
            Ok(())
        }
        _ => Err(BlockError::Damaged("values are packed in an unknown way")),
    }
}

fn same_bits(one: &[f64], other: &[f64]) -> bool {
    one.len() == other.len()
        && one.iter().zip(other).all(|(one, other)| one.to_bits() == other.to_bits())
}

fn constant(values: &[f64]) -> Option<Vec<u8>> {
    let bits = values.first()?.to_bits();
    values.iter().all(|value| value.to_bits() == bits).then(|| {
        let used = 8 - bits.trailing_zeros().min(64) as usize / 8;
        let mut bytes = vec![CONSTANT];
        bytes.extend(bits.to_be_bytes().iter().take(used));
        bytes
    })
}

fn plain(values: &[f64]) -> Vec<u8> {
    let mut bytes = vec![PLAIN];
    for value in values {
        bytes.extend_from_slice(&value.to_bits().to_le_bytes());
    }
    bytes
}

/// The whole number that gives `value` again when divided by the power of ten.
fn whole(value: f64, exponent: usize) -> Option<i64> {
    let power = POWERS[exponent];
    let near = if exponent == 0 { value } else { value * power + 0.5_f64.copysign(value) };
    let whole = near as i64;
    let exact = (whole as f64 / power).to_bits() == value.to_bits();
    (exact && whole.unsigned_abs() <= WHOLE_MOST).then_some(whole)
}

/// The smallest power of ten that makes whole numbers of almost all values.
fn exponent(values: &[f64]) -> Option<usize> {
    let (mut exponent, mut exceptions) = (0, 0);
    for value in values {
        match (exponent..POWERS.len()).find(|exponent| whole(*value, *exponent).is_some()) {
            Some(enough) => exponent = enough,
            None => exceptions += 1,
        }
        if exceptions > values.len() / EXCEPTION_SHARE {
            return None;
        }
    }
    Some(exponent)
}

fn decimal(values: &[f64]) -> Option<Vec<u8>> {
    let exponent = exponent(values)?;
    let mut exceptions = Vec::new();
    let first = values.iter().find_map(|value| whole(*value, exponent))?;
    let (mut before, mut divisor) = (0, 0);
    let mut differences: Vec<i64> = Vec::with_capacity(values.len());
    for (place, value) in values.iter().enumerate() {
        match whole(*value, exponent) {
            Some(whole) => before = whole - first,
            None => exceptions.push((place, value.to_bits())),
        }
        // An exception takes the place of the value before it, which costs least.
        differences.push(before);
        if divisor != 1 {
            divisor = greatest_common_divisor(divisor, before.unsigned_abs());
        }
    }
    let divisor = divisor.max(1) as i64;
    if divisor > 1 {
        for difference in &mut differences {
            *difference /= divisor;
        }
    }
    let mut bytes = vec![DECIMAL, exponent as u8];
    put_signed(first, &mut bytes);
    put_number(divisor as u64, &mut bytes);
    put_number(exceptions.len() as u64, &mut bytes);
    let mut next = 0;
    for (place, bits) in exceptions {
        put_number((place - next) as u64, &mut bytes);
        bytes.extend_from_slice(&bits.to_le_bytes());
        next = place + 1;
    }
    pack(&differences, bytes)
}

fn decode_decimal(
    cursor: &mut Cursor<'_>,
    count: usize,
    unpacker: &mut Unpacker,
    into: &mut Vec<f64>,
) -> Result<(), BlockError> {
    let power = POWERS.get(usize::from(cursor.byte()?));
    let power = *power.ok_or(BlockError::Damaged("an exponent is too large"))?;
    let (first, divisor) = (cursor.signed()?, cursor.number()? as i64);
    let start = into.len();
    let mut exceptions = Vec::new();
    let mut next = 0_usize;
    for _ in 0..cursor.size()? {
        let place = next.saturating_add(cursor.size()?);
        let bits = cursor.bytes(8)?.first_chunk::<8>().copied().unwrap_or_default();
        exceptions.push((place, f64::from_bits(u64::from_le_bytes(bits))));
        next = place.saturating_add(1);
    }
    unpacker.unpack_numbers(cursor.rest(), count)?;
    let whole = |difference: &i64| first.wrapping_add(difference.wrapping_mul(divisor)) as f64;
    into.extend(unpacker.numbers.iter().map(|difference| whole(difference) / power));
    for (place, value) in exceptions {
        let cell = into.get_mut(start.saturating_add(place));
        *cell.ok_or(BlockError::Damaged("an exception lies outside its chunk"))? = value;
    }
    Ok(())
}

/// The greatest number that divides both; zero divides by everything.
pub(super) fn greatest_common_divisor(mut one: u64, mut other: u64) -> u64 {
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::stale_marker;

    fn holds(values: &[f64]) -> Vec<u8> {
        let bytes = encode(values);
        let mut read = vec![7.0];
        decode(&bytes, values.len(), &mut Unpacker::default(), &mut read)
            .expect("what was written");
        assert!(same_bits(&read[1..], values), "{values:?} came back as {:?}", &read[1..]);
        bytes
    }

    fn odd_value() -> impl Strategy<Value = f64> {
        let odd = [
            stale_marker(),
            f64::NAN,
            -f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            -0.0,
            0.0,
            f64::MIN_POSITIVE,
            5e-324,
            f64::MAX,
            9_007_199_254_740_993.0,
            -1e300,
        ];
        prop_oneof![prop::sample::select(odd.to_vec()), any::<u64>().prop_map(f64::from_bits)]
    }

    fn values() -> impl Strategy<Value = Vec<f64>> {
        let decimal = (any::<i32>(), 0_usize..10, 1_i64..5000)
            .prop_map(|(whole, power, factor)| (i64::from(whole) * factor) as f64 / POWERS[power]);
        let decimals = prop::collection::vec(decimal, 1..300);
        let mixed = prop_oneof![9 => (0_i32..900).prop_map(|n| f64::from(n) / 10.0),
            1 => odd_value()];
        prop_oneof![
            decimals,
            prop::collection::vec(mixed, 1..300),
            prop::collection::vec(odd_value(), 1..300),
            prop::collection::vec(any::<f64>(), 1..300),
            (odd_value(), 1_usize..3000).prop_map(|(value, count)| vec![value; count]),
            prop::collection::vec(0_u64..3, 2000..2100).prop_map(|steps| {
                let sum = |sum: &mut u64, step| {
                    *sum += step * 512;
                    Some(*sum as f64)
                };
                steps.into_iter().scan(1 << 40, sum).collect()
            }),
        ]
    }

    proptest! {
        #[test]
        fn values_come_back_bit_for_bit(values in values()) {
            holds(&values);
        }

        #[test]
        fn damaged_bytes_give_an_error_or_the_right_count(
            values in values(),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
            cut in any::<prop::sample::Index>(),
        ) {
            let mut bytes = encode(&values);
            for (place, byte) in changes {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            for part in [&bytes[..], &bytes[..cut.index(bytes.len())]] {
                let mut read = Vec::new();
                if decode(part, values.len(), &mut Unpacker::default(), &mut read).is_ok() {
                    prop_assert_eq!(read.len(), values.len());
                }
            }
        }
    }

    #[test]
    fn each_kind_of_values_takes_its_shortest_way() {
        let check = |values: Vec<f64>, way: u8, bytes_max: usize| {
            let bytes = holds(&values);
            assert_eq!(bytes[0], way, "{:?}", &values[..3]);
            assert!(bytes.len() <= bytes_max, "{} bytes for {:?}", bytes.len(), &values[..3]);
        };
        let mut random = 1_u64;
        let mut next = move || {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_041);
            random >> 33
        };
        check(vec![0.0; 2048], CONSTANT, 1);
        check(vec![stale_marker(); 2048], CONSTANT, 9);
        check((0..2048).map(|n| f64::from(n) * 4096.0).collect(), DECIMAL, 60);
        let mut walk = 50_000_i64;
        let gauge = (0..2048).map(|_| {
            walk += next() as i64 % 9 - 4;
            walk as f64 / 1000.0
        });
        let mut gauge: Vec<f64> = gauge.collect();
        check(gauge.clone(), DECIMAL, 1400);
        gauge[1000] = stale_marker();
        gauge[2047] = f64::INFINITY;
        check(gauge, DECIMAL, 1450);
        check((0..2048).map(|_| next() as f64 / next() as f64).collect(), FLOAT, 8 * 2048);
        check(vec![0.1, f64::NAN], PLAIN, 17);
    }
}
