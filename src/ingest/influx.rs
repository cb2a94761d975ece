//! The Influx line protocol: `measurement,tag=value field=1.5,other=2i 1700000000000000000`.
//!
//! Each numeric field becomes a metric `measurement_field`, a field named `value` just
//! `measurement`. A line is taken as a whole or refused as a whole. The cache key of a field is the
//! front of the line up to its fields, as it is written, with the field's name behind it.

mod syntax;

use std::fmt;

use memchr::memchr_iter;

use super::fault::Fault;
use super::intake::{Intake, Mark};
use super::key_cache::Format;
use super::{Decoded, KeyCache, Options, number};
use crate::model::{Sample, Timestamp};
use syntax::Value;

/// Fewer bytes than this are rarely spent on a field: the room that is made ahead.
const FIELD_BYTES: usize = 32;

/// Stands between the front of a line and the field in a cache key. No UTF-8 text contains it, so
/// different parts never make the same key.
const KEY_SEPARATOR: u8 = 0xff;

/// The unit of the timestamps in a body, from the `precision` parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// `ns` (or `n`): what the protocol means when nothing is said.
    #[default]
    Nanoseconds,
    /// `us` (or `u`, `µ`, `µs`)
    Microseconds,
    /// `ms`
    Milliseconds,
    /// `s`
    Seconds,
    /// `m`
    Minutes,
    /// `h`
    Hours,
}

/// A `precision` parameter that names no unit; displays as a sentence with the known ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrecisionError(pub String);

impl fmt::Display for PrecisionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no precision `{}` (say ns, us, ms, s, m or h)", self.0)
    }
}

impl std::error::Error for PrecisionError {}

impl Precision {
    /// The precision that a `precision` parameter names; nanoseconds when there is none.
    ///
    /// # Errors
    /// When it names no known unit.
    ///
    /// ```
    /// use watchglass::ingest::influx::Precision;
    /// assert_eq!(Precision::parse(Some("ms")), Ok(Precision::Milliseconds));
    /// assert_eq!(Precision::parse(None), Ok(Precision::Nanoseconds));
    /// assert!(Precision::parse(Some("day")).is_err());
    /// ```
    pub fn parse(text: Option<&str>) -> Result<Self, PrecisionError> {
        Ok(match text.unwrap_or_default() {
            "" | "ns" | "n" => Self::Nanoseconds,
            "us" | "u" | "µ" | "µs" => Self::Microseconds,
            "ms" => Self::Milliseconds,
            "s" => Self::Seconds,
            "m" => Self::Minutes,
            "h" => Self::Hours,
            other => return Err(PrecisionError(other.chars().take(40).collect())),
        })
    }

    /// A time in this unit as a timestamp, rounded down; nothing when milliseconds cannot hold it.
    fn timestamp(self, time: i64) -> Option<Timestamp> {
        let ms = match self {
            Self::Nanoseconds => Some(time.div_euclid(1_000_000)),
            Self::Microseconds => Some(time.div_euclid(1000)),
            Self::Milliseconds => Some(time),
            Self::Seconds => time.checked_mul(1000),
            Self::Minutes => time.checked_mul(60_000),
            Self::Hours => time.checked_mul(3_600_000),
        };
        ms.map(Timestamp)
    }
}

/// Decodes the body of `POST /write` and `/api/v2/write`. Lines without a timestamp get `now`; bad
/// lines are refused by number (from 1) and the others kept. Fields of text are passed over; a line
/// that has nothing else is refused.
///
/// ```
/// use watchglass::ingest::influx::{self, Precision};
/// use watchglass::ingest::{KeyCache, Options};
/// use watchglass::model::Timestamp;
/// let (options, mut cache) = (Options::default(), KeyCache::new(1000));
/// let body = br#"weather,city=berlin temp=21.5,wind=3i,sky="clear" 1700000000000000000"#;
/// let decoded = influx::decode(body, Precision::default(), Timestamp(0), &options, &mut cache);
/// let entries = &decoded.batches[0].entries;
/// assert_eq!(entries[0].labels.to_string(), r#"weather_temp{city="berlin"}"#);
/// assert_eq!(entries[1].labels.name(), "weather_wind");
/// assert_eq!((entries.len(), entries[0].sample.at), (2, Timestamp(1_700_000_000_000)));
/// ```
pub fn decode(
    body: &[u8],
    precision: Precision,
    now: Timestamp,
    options: &Options,
    cache: &mut KeyCache,
) -> Decoded {
    let intake = Intake::new(options, now, body.len() / FIELD_BYTES + 1);
    let mut lines = Lines { precision, intake, cache, key: Vec::new() };
    let (mut start, mut number) = (0, 0);
    for end in memchr_iter(b'\n', body).chain([body.len()]) {
        let line = body[start..end].trim_ascii();
        start = end + 1;
        number += 1;
        if matches!(line.first(), None | Some(b'#')) {
            continue;
        }
        let mark = lines.intake.mark(0);
        if let Err(fault) = lines.line(line, number, mark) {
            lines.intake.take_back(mark);
            lines.intake.refuse(number, &fault, line);
        }
    }
    lines.intake.finish(false)
}

struct Lines<'o, 'c> {
    precision: Precision,
    intake: Intake<'o>,
    cache: &'c mut KeyCache,
    key: Vec<u8>,
}

impl Lines<'_, '_> {
    fn line(&mut self, line: &[u8], number: u32, mark: Mark) -> Result<(), Fault> {
        let front_end = syntax::unescaped(line, b' ')
            .ok_or(Fault::Plain("there are no fields (write `measurement,tag=value field=42`)"))?;
        let (front, mut rest) = line.split_at(front_end);
        rest = rest.trim_ascii_start();
        self.key.clear();
        self.key.extend_from_slice(front);
        self.key.push(KEY_SEPARATOR);
        let mut numeric = false;
        loop {
            let field = syntax::field(rest)?;
            match field.value {
                Value::Text => {}
                Value::Number(_) if self.intake.is_full() => {
                    self.intake.count_beyond(number);
                    numeric = true;
                }
                Value::Number(value) => {
                    self.take(front, field.name, value, number)?;
                    numeric = true;
                }
            }
            rest = field.rest;
            match rest.strip_prefix(b",") {
                Some(next) => rest = next,
                None => break,
            }
        }
        if !numeric {
            return Err(Fault::Plain("the line has no numeric field"));
        }
        let at = self.timestamp(rest.trim_ascii())?;
        for entry in self.intake.since(mark).0 {
            entry.sample.at = at;
        }
        Ok(())
    }

    fn take(&mut self, front: &[u8], field: &[u8], value: f64, line: u32) -> Result<(), Fault> {
        let front_end = front.len() + 1;
        self.key.truncate(front_end);
        self.key.extend_from_slice(field);
        let labels = if let Some(labels) = self.cache.get(Format::Influx, &self.key) {
            labels.clone()
        } else {
            let labels = syntax::labels(front, field, self.intake.options)?;
            self.cache.insert(Format::Influx, &self.key, &labels);
            labels
        };
        // The time stands behind the fields; the line is stamped when it has been read.
        self.intake.accept(labels, Sample::new(self.intake.now, value), line);
        Ok(())
    }

    fn timestamp(&self, bytes: &[u8]) -> Result<Timestamp, Fault> {
        if bytes.is_empty() {
            return Ok(self.intake.now);
        }
        let time = number::whole(bytes, "timestamp")?;
        self.precision.timestamp(time).ok_or(Fault::Plain("the timestamp does not fit 64 bits"))
    }
}

#[cfg(test)]
mod tests;
