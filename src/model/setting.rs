//! How lengths of time and sizes are written in settings, dashboards and pushes: with their units.

use std::fmt;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::Span;

/// A number of bytes, written with its unit: `8MiB`, `512KiB`, `1GB`, `100B`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ByteSize(pub u64);

/// A text that is no length of time or no size, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingError(pub String);

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SettingError {}

const SPAN_UNITS: [(&str, i64); 7] = [
    ("ms", 1),
    ("s", 1000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
    ("w", 604_800_000),
    ("y", 31_536_000_000),
];

const SIZE_UNITS: [(&str, u64); 8] = [
    ("B", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
];

/// Splits `12ms34s` into the number and the unit at its front and what follows.
fn number_and_unit(text: &str) -> Option<(u64, &str, &str)> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, rest) = text.split_at_checked(digits)?;
    let unit = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
    let (unit, rest) = rest.split_at_checked(unit)?;
    Some((number.parse().ok()?, unit, rest))
}

impl Span {
    /// Reads a length of time with units in falling order: `1h30m`, `10s`, `250ms`, `14d`.
    ///
    /// # Errors
    /// When a unit is missing, unknown, or out of order, or the length is too great.
    ///
    /// ```
    /// use watchglass::model::Span;
    /// assert_eq!(Span::parse("1m30s"), Ok(Span(90_000)));
    /// assert!(Span::parse("10").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, SettingError> {
        let wrong = || {
            SettingError(format!(
                "`{text}` is no length of time (say `10s`, `1h30m`, `250ms`, `14d`)"
            ))
        };
        let (mut rest, mut sum, mut last) = (text.trim(), 0_i64, i64::MAX);
        if rest.is_empty() {
            return Err(wrong());
        }
        while !rest.is_empty() {
            let (number, unit, tail) = number_and_unit(rest).ok_or_else(wrong)?;
            let size = SPAN_UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?.1;
            if size >= last {
                return Err(wrong());
            }
            let part = i64::try_from(number).ok().and_then(|number| number.checked_mul(size));
            sum = part.and_then(|part| sum.checked_add(part)).ok_or_else(wrong)?;
            (rest, last) = (tail, size);
        }
        Ok(Self(sum))
    }
}

impl ByteSize {
    /// Reads a size with its unit.
    ///
    /// # Errors
    /// When the unit is missing or unknown, or the size is too great.
    ///
    /// ```
    /// use watchglass::model::ByteSize;
    /// assert_eq!(ByteSize::parse("8MiB"), Ok(ByteSize(8 << 20)));
    /// ```
    pub fn parse(text: &str) -> Result<Self, SettingError> {
        let wrong =
            || SettingError(format!("`{text}` is no size (say `8MiB`, `512KiB`, `1GB`, `100B`)"));
        let (number, unit, rest) = number_and_unit(text.trim()).ok_or_else(wrong)?;
        let unit = SIZE_UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?.1;
        if !rest.is_empty() {
            return Err(wrong());
        }
        number.checked_mul(unit).map(Self).ok_or_else(wrong)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let binary = SIZE_UNITS.iter().take(5).rev();
        let fits = |unit: &u64| self.0 >= *unit && self.0.is_multiple_of(*unit);
        match binary.into_iter().find(|(_, unit)| fits(unit)) {
            Some((name, unit)) => write!(f, "{}{name}", self.0 / unit),
            None => write!(f, "{}B", self.0),
        }
    }
}

/// Reads a text and parses it, for both kinds of settings.
struct Text<T>(&'static str, fn(&str) -> Result<T, SettingError>);

impl<T> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        (self.1)(text).map_err(E::custom)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_str(Text("a length of time with its unit, like \"10s\"", Self::parse))
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ByteSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text("a size with its unit, like \"8MiB\"", Self::parse))
    }
}

impl Serialize for ByteSize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_sizes_read_and_print() {
        let span = |text: &str, ms: i64| assert_eq!(Span::parse(text), Ok(Span(ms)), "{text}");
        span("0s", 0);
        span("1h30m", 5_400_000);
        span("1s250ms", 1250);
        for wrong in ["", "s", "5", "1.5h", "1m1h", "1s1s", "99999999999999999y", "1 s"] {
            assert!(Span::parse(wrong).is_err(), "{wrong}");
        }
        let size = |text: &str, bytes: u64| assert_eq!(ByteSize::parse(text), Ok(ByteSize(bytes)));
        size("100B", 100);
        size("2GB", 2_000_000_000);
        assert_eq!(ByteSize(8 << 20).to_string(), "8MiB");
        for wrong in ["", "8", "8mb", "8MiB1B", "99999999999999TiB"] {
            assert!(ByteSize::parse(wrong).is_err(), "{wrong}");
        }
    }
}
