//! One value at one time, and the one bit pattern that says "this series has ended for now".

use super::Timestamp;

/// The bits of the staleness marker. It is a NaN, but not every NaN is it: compare bits.
/// (Prometheus, `model/value`: `StaleNaN`.)
pub const STALE_BITS: u64 = 0x7ff0_0000_0000_0002;

/// What stands in a dense column of query results where a series has no value. It is the staleness
/// marker, which no evaluation can return as a value.
pub const ABSENT: f64 = f64::from_bits(STALE_BITS);

/// A value at a time.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// When it was measured.
    pub at: Timestamp,
    /// What was measured; may be NaN or infinite, and may be the staleness marker.
    pub value: f64,
}

impl Sample {
    /// A sample of `value` at `at`.
    pub const fn new(at: Timestamp, value: f64) -> Self {
        Self { at, value }
    }
}

impl PartialEq for Sample {
    /// Equal when the times are equal and the values have the same bits, so that NaNs compare.
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at && self.value.to_bits() == other.value.to_bits()
    }
}

/// The staleness marker as a value.
pub const fn stale_marker() -> f64 {
    f64::from_bits(STALE_BITS)
}

/// Whether `value` is the staleness marker; an ordinary NaN is not.
///
/// ```
/// use watchglass::model::{is_stale, stale_marker};
/// assert!(is_stale(stale_marker()));
/// assert!(!is_stale(f64::NAN));
/// ```
pub const fn is_stale(value: f64) -> bool {
    value.to_bits() == STALE_BITS
}

/// Whether a cell of a dense result column is empty.
pub const fn is_absent(value: f64) -> bool {
    is_stale(value)
}
