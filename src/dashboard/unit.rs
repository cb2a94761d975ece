//! The units of values: what a dashboard file may name, and what numbers are written in. How a
//! number looks in a unit is decided in `render::number` and, for the page, in `assets/units.js`.

use std::fmt;

/// What a panel's values measure.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Unit {
    /// A bare number.
    #[default]
    None,
    /// Per cent, 100 being the whole.
    Percent,
    /// A share, 1 being the whole; shown as per cent.
    Ratio,
    /// Bytes, in powers of 1024.
    Bytes,
    /// Bytes, in powers of 1000.
    BytesSi,
    /// Bits, in powers of 1000.
    Bits,
    /// Bytes a second, in powers of 1024.
    BytesPerSecond,
    /// Bits a second, in powers of 1000.
    BitsPerSecond,
    /// Seconds; short ones are shown as ms, µs or ns.
    Seconds,
    /// Milliseconds; shown as seconds are.
    Milliseconds,
    /// Hertz, in powers of 1000.
    Hertz,
    /// Watts.
    Watts,
    /// Volts.
    Volts,
    /// Amperes.
    Amperes,
    /// Grams; a thousand kilograms are a tonne.
    Grams,
    /// Metres; the largest step is the kilometre.
    Metres,
    /// Degrees Celsius.
    Celsius,
    /// Turns a minute.
    Rpm,
    /// Events a second.
    PerSecond,
    /// Things that are counted.
    Count,
    /// Seconds as a length of time: `41 d 3 h`.
    Duration,
    /// Seconds since the epoch as a date and a time of day in UTC.
    Timestamp,
    /// An amount of money, by the three letters of its currency: `EUR`.
    Currency([u8; 3]),
    /// A word of one's own behind the number, at most [`Unit::WORD_CHARS_MAX`] characters.
    Custom(String),
}

const NAMES: [(&str, Unit); 22] = [
    ("none", Unit::None),
    ("percent", Unit::Percent),
    ("ratio", Unit::Ratio),
    ("bytes", Unit::Bytes),
    ("bytes_si", Unit::BytesSi),
    ("bits", Unit::Bits),
    ("bytes_per_second", Unit::BytesPerSecond),
    ("bits_per_second", Unit::BitsPerSecond),
    ("seconds", Unit::Seconds),
    ("milliseconds", Unit::Milliseconds),
    ("hertz", Unit::Hertz),
    ("watts", Unit::Watts),
    ("volts", Unit::Volts),
    ("amperes", Unit::Amperes),
    ("grams", Unit::Grams),
    ("metres", Unit::Metres),
    ("celsius", Unit::Celsius),
    ("rpm", Unit::Rpm),
    ("per_second", Unit::PerSecond),
    ("count", Unit::Count),
    ("duration", Unit::Duration),
    ("timestamp", Unit::Timestamp),
];

impl Unit {
    /// The most characters of a word after `custom:`.
    pub const WORD_CHARS_MAX: usize = 12;

    /// The unit of that name; `custom:req` is the word `req` behind the number, `currency:EUR` an
    /// amount of euros. `None` when there is no such unit, the word is empty or too long, or the
    /// currency is not named by three capital letters.
    pub fn parse(name: &str) -> Option<Self> {
        if let Some(word) = name.strip_prefix("custom:") {
            let fits = !word.is_empty() && word.chars().count() <= Self::WORD_CHARS_MAX;
            return fits.then(|| Self::Custom(word.to_owned()));
        }
        if let Some(code) = name.strip_prefix("currency:") {
            let code: [u8; 3] = code.as_bytes().try_into().ok()?;
            return code.iter().all(u8::is_ascii_uppercase).then_some(Self::Currency(code));
        }
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, unit)| unit.clone())
    }

    /// The names that [`Unit::parse`] knows, for error texts.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name).chain(["currency:EUR", "custom:word"])
    }
}

impl fmt::Display for Unit {
    /// Writes the name that [`Unit::parse`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Custom(word) => write!(f, "custom:{word}"),
            Self::Currency(code) => write!(f, "currency:{}", code.escape_ascii()),
            known => {
                let name = NAMES.iter().find(|(_, unit)| unit == known).map(|(name, _)| *name);
                f.write_str(name.unwrap_or("none"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_reads_back_from_its_name() {
        for (name, unit) in NAMES {
            assert_eq!(Unit::parse(name), Some(unit.clone()));
            assert_eq!(unit.to_string(), name);
        }
        assert_eq!(Unit::parse("custom:req"), Some(Unit::Custom("req".into())));
        assert_eq!(Unit::Custom("req".into()).to_string(), "custom:req");
        assert_eq!(Unit::parse("currency:EUR"), Some(Unit::Currency(*b"EUR")));
        assert_eq!(Unit::Currency(*b"EUR").to_string(), "currency:EUR");
        for wrong in [
            "currency:eur",
            "currency:EURO",
            "currency:",
            "",
            "Percent",
            "custom:",
            "custom:thirteen chars",
            "byte",
        ] {
            assert_eq!(Unit::parse(wrong), None, "{wrong}");
        }
    }
}
