//! Points and lengths of time, in whole milliseconds, as types that cannot be mixed up.

use std::fmt;
use std::ops::{Add, Mul, Neg, Sub};

/// Times that are read lie within these many milliseconds of 1970.
const PARSED_MOST_MS: f64 = 9.2e18 / 4.0;

/// A point in time: milliseconds since the Unix epoch, negative before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

/// A length of time in milliseconds; may be negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(pub i64);

impl Timestamp {
    /// The earliest time that can be written down.
    pub const MIN: Self = Self(i64::MIN);
    /// The latest time that can be written down.
    pub const MAX: Self = Self(i64::MAX);

    /// Milliseconds since the epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Seconds since the epoch, with the fraction.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// The newest multiple of `step` that is not later than `self`, towards minus infinity.
    ///
    /// ```
    /// use watchglass::model::{Span, Timestamp};
    /// assert_eq!(Timestamp(1999).floor_to(Span(1000)), Timestamp(1000));
    /// assert_eq!(Timestamp(-1).floor_to(Span(1000)), Timestamp(-1000));
    /// ```
    #[must_use]
    pub fn floor_to(self, step: Span) -> Self {
        Self(self.0.div_euclid(step.0) * step.0)
    }

    /// Reads seconds since 1970 with a fraction, or a date as in RFC 3339; rounded to milliseconds.
    /// Nothing when it is neither, or so far off that sums with it could leave the scale.
    ///
    /// ```
    /// use watchglass::model::Timestamp;
    /// assert_eq!(Timestamp::parse("1.0005"), Some(Timestamp(1001)));
    /// assert_eq!(Timestamp::parse("1970-01-01T00:00:01Z"), Some(Timestamp(1000)));
    /// assert_eq!(Timestamp::parse("yesterday"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(seconds) = text.parse::<f64>() {
            let millis = (seconds * 1000.0).round();
            return (millis.abs() < PARSED_MOST_MS).then_some(Self(millis as i64));
        }
        let time = chrono::DateTime::parse_from_rfc3339(text).ok()?;
        let micros = time.timestamp_micros();
        Some(Self((micros + 500).div_euclid(1000)))
    }

    /// `self + span`, stopping at the ends of the scale.
    #[must_use]
    pub fn saturating_add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// `self - span`, stopping at the ends of the scale.
    #[must_use]
    pub fn saturating_sub(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A length of whole seconds.
    pub const fn from_secs(seconds: i64) -> Self {
        Self(seconds * 1000)
    }

    /// Milliseconds.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Seconds, with the fraction.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }
}

impl Add<Span> for Timestamp {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0 + span.0)
    }
}

impl Sub<Span> for Timestamp {
    type Output = Self;
    fn sub(self, span: Span) -> Self {
        Self(self.0 - span.0)
    }
}

impl Sub for Timestamp {
    type Output = Span;
    fn sub(self, earlier: Self) -> Span {
        Span(self.0 - earlier.0)
    }
}

impl Add for Span {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Span {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Mul<i64> for Span {
    type Output = Self;
    fn mul(self, factor: i64) -> Self {
        Self(self.0 * factor)
    }
}

impl Neg for Span {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl fmt::Display for Span {
    /// Writes the span as the query language does: `1h30m`, `250ms`, `0s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(&str, u64); 7] = [
            ("y", 31_536_000_000),
            ("w", 604_800_000),
            ("d", 86_400_000),
            ("h", 3_600_000),
            ("m", 60_000),
            ("s", 1000),
            ("ms", 1),
        ];
        if self.0 == 0 {
            return f.write_str("0s");
        }
        if self.0 < 0 {
            f.write_str("-")?;
        }
        let mut left = self.0.unsigned_abs();
        for (unit, size) in UNITS {
            // Years and weeks only when nothing smaller remains, so that `1y` and `8d` read back.
            if left >= size && (size < 604_800_000 || left.is_multiple_of(size)) {
                write!(f, "{}{unit}", left / size)?;
                left %= size;
            }
        }
        Ok(())
    }
}

/// A stretch of time with both ends included; `from <= to` always holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeRange {
    from: Timestamp,
    to: Timestamp,
}

impl TimeRange {
    /// The range from `from` to `to`, both included, or nothing when they are in the wrong order.
    ///
    /// ```
    /// use watchglass::model::{TimeRange, Timestamp};
    /// assert!(TimeRange::new(Timestamp(2), Timestamp(1)).is_none());
    /// ```
    pub fn new(from: Timestamp, to: Timestamp) -> Option<Self> {
        (from <= to).then_some(Self { from, to })
    }

    /// The window of a query at `to` that looks `back`: its left edge is open, so a sample that is
    /// exactly `back` old is outside. Nothing when `back` is not positive.
    ///
    /// ```
    /// use watchglass::model::{Span, TimeRange, Timestamp};
    /// let window = TimeRange::left_open(Timestamp(5000), Span(5000)).unwrap();
    /// assert_eq!((window.from(), window.to()), (Timestamp(1), Timestamp(5000)));
    /// ```
    pub fn left_open(to: Timestamp, back: Span) -> Option<Self> {
        Self::new(to.saturating_sub(back).saturating_add(Span(1)), to)
    }

    /// Everything that was ever stored.
    pub const fn all() -> Self {
        Self { from: Timestamp::MIN, to: Timestamp::MAX }
    }

    /// The earliest time inside.
    pub const fn from(self) -> Timestamp {
        self.from
    }

    /// The latest time inside.
    pub const fn to(self) -> Timestamp {
        self.to
    }

    /// Whether `at` lies inside.
    pub fn contains(self, at: Timestamp) -> bool {
        self.from <= at && at <= self.to
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_print_as_the_query_language_writes_them() {
        let check = |ms: i64, expected: &str| assert_eq!(Span(ms).to_string(), expected);
        check(0, "0s");
        check(250, "250ms");
        check(61_500, "1m1s500ms");
        check(5_400_000, "1h30m");
        check(-60_000, "-1m");
        check(8 * 86_400_000, "8d");
        check(604_800_000, "1w");
        check(31_536_000_000, "1y");
    }

    #[test]
    fn left_open_windows_saturate_at_the_ends_of_time() {
        let window = TimeRange::left_open(Timestamp(i64::MIN + 5), Span(10)).expect("a window");
        assert!(window.contains(Timestamp::MIN + Span(1)));
        assert!(TimeRange::left_open(Timestamp(0), Span(0)).is_none());
    }
}
