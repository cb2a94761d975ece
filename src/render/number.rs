//! Numbers to text: three significant digits, powers of 1024 for bytes and of 1000 for rates, a
//! narrow space before the unit, and `–` where there is no number.
//!
//! The page's script writes the same texts (`assets/units.js`); `tests/vectors/numbers.json` holds
//! both to it. So that two languages round alike, rounding is done here by one plain formula
//! (`floor(x * 10^d + 0.5) / 10^d`) and never left to the formatter of either.

use std::borrow::Cow;
use std::fmt::Write;

use chrono::DateTime;

use crate::dashboard::Unit;

/// What stands for a value that is not there.
pub const MISSING: &str = "–";

/// The space between a number and its unit: narrow, and no line breaks at it.
pub const THIN_SPACE: char = '\u{202f}';

pub(super) const MINUS: char = '\u{2212}';
const THOUSANDS: [&str; 7] = ["", "k", "M", "G", "T", "P", "E"];
const BINARY: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/// The text of a value in a unit: `38.0 %`, `10.1 GiB`, `–`.
pub fn text(value: f64, unit: &Unit, decimals: Option<u8>) -> String {
    joined(parts(value, unit, decimals))
}

/// A number and its unit with the narrow space between them.
pub fn joined((number, unit): (String, String)) -> String {
    if unit.is_empty() { number } else { format!("{number}{THIN_SPACE}{unit}") }
}

/// The number and the unit that stand for a value; `decimals` fixes the digits after the point,
/// otherwise there are three significant ones. An absent value and NaN are `–` without a unit.
pub fn parts(value: f64, unit: &Unit, decimals: Option<u8>) -> (String, String) {
    if value.is_nan() {
        return (MISSING.to_owned(), String::new());
    }
    if value.is_infinite() {
        let sign = if value < 0.0 { "\u{2212}" } else { "" };
        return (format!("{sign}∞"), String::new());
    }
    match unit {
        Unit::Duration => (duration(value), String::new()),
        Unit::Timestamp => moment(value),
        _ => {
            let scale = Scale::of(value, unit);
            (scale.number(value, decimals), scale.suffix.into_owned())
        }
    }
}

/// The labels of an axis at `ticks`: one scale for all of them, chosen by the largest, with no more
/// digits than it takes to tell neighbours apart.
pub fn axis(ticks: &[f64], unit: &Unit) -> Vec<String> {
    let largest = ticks.iter().fold(0.0_f64, |most, tick| most.max(tick.abs()));
    if matches!(unit, Unit::Duration | Unit::Timestamp) {
        return ticks.iter().map(|tick| text(*tick, unit, None)).collect();
    }
    let scale = Scale::of(largest, unit);
    let distance = ticks.windows(2).fold(f64::MAX, |least, pair| least.min(pair[1] - pair[0]));
    let distance = distance * scale.factor;
    let decimals = (0..=6).find(|decimals| {
        let steps = distance * 10_f64.powi(*decimals);
        (steps - steps.round()).abs() < 1e-6 * steps.abs().max(1.0)
    });
    let decimals = decimals.unwrap_or(6).unsigned_abs() as u8;
    let short = scale.suffix.trim_end_matches("bit/s").trim_end_matches("/s");
    let prefix = scale.prefix;
    let label = |tick: &f64| {
        let number =
            signed(*tick * scale.factor, |size| format!("{prefix}{}", fixed(size, decimals)));
        match short {
            _ if *tick == 0.0 && !matches!(unit, Unit::Percent | Unit::Ratio) => "0".to_owned(),
            "" | "%" | "k" | "M" | "G" | "T" | "P" | "E" => format!("{number}{short}"),
            _ => format!("{number}{THIN_SPACE}{short}"),
        }
    };
    ticks.iter().map(label).collect()
}

/// How a unit writes numbers of one size.
struct Scale {
    factor: f64,
    /// What stands right before the number.
    prefix: &'static str,
    suffix: Cow<'static, str>,
    digits: Digits,
}

/// How many digits a number gets when nobody fixed it.
#[derive(Clone, Copy, PartialEq)]
enum Digits {
    /// That many after the point.
    Fixed(u8),
    /// Three significant ones.
    Three,
    /// Three significant ones, none after the point of a whole number.
    Whole,
}

impl Scale {
    fn of(value: f64, unit: &Unit) -> Self {
        let size = value.abs();
        match unit {
            Unit::Percent => Self::plain(1.0, "%", Digits::Fixed(1)),
            Unit::Ratio => Self::plain(100.0, "%", Digits::Fixed(1)),
            Unit::Celsius => Self::plain(1.0, "°C", Digits::Fixed(1)),
            Unit::Rpm => Self::plain(1.0, "rpm", Digits::Fixed(0)),
            Unit::Bytes => Self::powers(size, 1024.0, &BINARY, ""),
            Unit::BytesPerSecond => Self::powers(size, 1024.0, &BINARY, "/s"),
            Unit::BitsPerSecond => Self::powers(size, 1000.0, &THOUSANDS, "bit/s"),
            Unit::BytesSi => Self::powers(size, 1000.0, &THOUSANDS, "B"),
            Unit::Bits => Self::powers(size, 1000.0, &THOUSANDS, "bit"),
            Unit::Hertz => Self::powers(size, 1000.0, &THOUSANDS, "Hz"),
            Unit::Seconds => Self::small(size, 1.0, &["s"]),
            Unit::Milliseconds => Self::small(size / 1000.0, 0.001, &["s"]),
            Unit::Watts => Self::small(size, 1.0, &["W", "kW", "MW", "GW", "TW"]),
            Unit::Volts => Self::small(size, 1.0, &["V", "kV", "MV"]),
            Unit::Amperes => Self::small(size, 1.0, &["A", "kA"]),
            Unit::Grams => Self::small(size, 1.0, &["g", "kg", "t", "kt", "Mt", "Gt"]),
            Unit::Metres => Self::small(size, 1.0, &["m", "km"]),
            Unit::Currency(code) => Self::money(size, *code),
            Unit::PerSecond => Self::counted(size, "/s", Digits::Three),
            Unit::Custom(word) => Self::counted(size, word, Digits::Whole),
            Unit::None | Unit::Count | Unit::Duration | Unit::Timestamp => {
                Self::counted(size, "", Digits::Whole)
            }
        }
    }

    fn plain(factor: f64, suffix: &'static str, digits: Digits) -> Self {
        Self { factor, prefix: "", suffix: Cow::Borrowed(suffix), digits }
    }

    /// The greatest power of `base` that leaves the number at or above one.
    fn powers(size: f64, base: f64, prefixes: &[&'static str], suffix: &str) -> Self {
        let (mut left, mut power) = (size, 0);
        while left >= base * 0.9995 && power + 1 < prefixes.len() {
            left /= base;
            power += 1;
        }
        let digits = if power == 0 { Digits::Whole } else { Digits::Three };
        let suffix = Cow::Owned(format!("{}{suffix}", prefixes[power]));
        Self { factor: base.powi(-(power as i32)), prefix: "", suffix, digits }
    }

    /// Numbers below 10,000 as they are, larger ones in thousands, millions and so on.
    fn counted(size: f64, suffix: &str, digits: Digits) -> Self {
        if size < 9999.5 {
            return Self { factor: 1.0, prefix: "", suffix: Cow::Owned(suffix.to_owned()), digits };
        }
        Self::powers(size, 1000.0, &THOUSANDS, suffix)
    }

    /// A unit with parts of a thousandth each below it, and multiples by a thousand above; `factor`
    /// leads from the value to the unit.
    fn small(size: f64, factor: f64, multiples: &[&'static str]) -> Self {
        let (times, part) = match size {
            size if size == 0.0 || size >= 0.9995 => (1.0, ""),
            size if size >= 0.000_999_5 => (1e3, "m"),
            size if size >= 0.000_000_999_5 => (1e6, "µ"),
            _ => (1e9, "n"),
        };
        let mut scale = if part.is_empty() {
            Self::powers(size, 1000.0, multiples, "")
        } else {
            let unit = multiples.first().unwrap_or(&"");
            Self {
                suffix: Cow::Owned(format!("{part}{unit}")),
                ..Self::plain(times, "", Digits::Three)
            }
        };
        scale.factor *= factor;
        scale.digits = Digits::Three;
        scale
    }

    /// Money: a sign that everybody knows stands before the number, three letters behind it.
    fn money(size: f64, code: [u8; 3]) -> Self {
        // ISO 4217 gives these no smaller coin.
        let whole = matches!(&code, b"JPY" | b"KRW");
        let digits = if whole { Digits::Fixed(0) } else { Digits::Fixed(2) };
        let prefix = match &code {
            b"EUR" => "€",
            b"USD" => "$",
            b"GBP" => "£",
            b"JPY" => "¥",
            b"INR" => "₹",
            b"KRW" => "₩",
            _ => "",
        };
        let behind =
            if prefix.is_empty() { code.escape_ascii().to_string() } else { String::new() };
        if size < 9999.5 {
            return Self { factor: 1.0, prefix, suffix: Cow::Owned(behind), digits };
        }
        let scale = Self::powers(size, 1000.0, &THOUSANDS, "");
        let parts = [scale.suffix.as_ref(), &behind].map(str::to_owned);
        let suffix = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
        Self { prefix, suffix: Cow::Owned(suffix.join("\u{202f}")), ..scale }
    }

    fn number(&self, value: f64, decimals: Option<u8>) -> String {
        // A ratio near the end of the scale would leave it as per cent.
        let scaled = (value * self.factor).clamp(f64::MIN, f64::MAX);
        let digits = |size: f64| match (decimals, self.digits) {
            (Some(decimals), _) | (None, Digits::Fixed(decimals)) => fixed(size, decimals),
            (None, Digits::Whole) if size.fract() == 0.0 && size < 1e15 => fixed(size, 0),
            (None, _) => three_digits(size),
        };
        signed(scaled, |size| format!("{}{}", self.prefix, digits(size)))
    }
}

/// Writes the size of a number and puts the sign before it, unless everything was rounded away.
fn signed(value: f64, write: impl Fn(f64) -> String) -> String {
    let text = write(value.abs());
    let zero = !text.bytes().any(|byte| byte.is_ascii_digit() && byte != b'0');
    if value < 0.0 && !zero { format!("{MINUS}{text}") } else { text }
}

/// Three significant digits; very large and very small sizes with an exponent.
fn three_digits(size: f64) -> String {
    // A little below the powers of ten: 9.996 is written `10.0`, not `10.00`.
    const FROM: [f64; 9] = [
        99.95,
        9.995,
        0.9995,
        0.099_95,
        0.009_995,
        0.000_999_5,
        0.000_099_95,
        0.000_009_995,
        0.000_000_999_5,
    ];
    if size == 0.0 {
        return "0".to_owned();
    }
    match FROM.iter().position(|from| size >= *from) {
        Some(decimals) => fixed(size, decimals as u8),
        None => format!("{size:.2e}"),
    }
}

/// A size with that many digits after the point, halves rounded up.
pub(super) fn fixed(size: f64, decimals: u8) -> String {
    let power = 10_f64.powi(i32::from(decimals));
    let rounded = (size * power + 0.5).floor() / power;
    if !rounded.is_finite() || rounded >= 1e21 {
        return format!("{size:.2e}");
    }
    format!("{rounded:.*}", usize::from(decimals))
}

/// Seconds as a length of time in its two largest units.
fn duration(seconds: f64) -> String {
    const UNITS: [(&str, f64); 4] = [("d", 86_400.0), ("h", 3600.0), ("min", 60.0), ("s", 1.0)];
    let size = seconds.abs();
    if size < 0.9995 {
        return text(seconds, &Unit::Seconds, None);
    }
    let whole = (size + 0.5).floor();
    let first = UNITS.iter().position(|(_, length)| whole >= *length).unwrap_or(3);
    let (name, length) = UNITS[first];
    let count = (whole / length).floor();
    let mut out = if seconds < 0.0 { MINUS.to_string() } else { String::new() };
    let _ = write!(out, "{count:.0}{THIN_SPACE}{name}");
    if let Some((name, smaller)) = UNITS.get(first + 1) {
        let rest = ((whole - count * length) / smaller).floor();
        if rest > 0.0 {
            let _ = write!(out, "\u{a0}{rest:.0}{THIN_SPACE}{name}");
        }
    }
    out
}

/// Seconds since the epoch as a date and a time of day.
fn moment(seconds: f64) -> (String, String) {
    // Years 1 to 9999; what lies outside is no date that anybody meant.
    let known = (-62_135_596_800.0..253_402_300_800.0).contains(&seconds);
    let moment = known.then(|| DateTime::from_timestamp(seconds.floor() as i64, 0)).flatten();
    match moment {
        Some(moment) => (moment.format("%Y-%m-%d %H:%M:%S").to_string(), "UTC".to_owned()),
        None => parts(seconds, &Unit::Seconds, None),
    }
}

#[cfg(test)]
mod tests;
