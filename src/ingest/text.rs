//! The Prometheus text format, from the shortest line (`orders 42`) to a full exposition.
//!
//! Each line stands for itself. Of a known series only the end is looked for: the bytes up to there
//! are its key in the cache. Only bytes never seen go through `syntax`, which reads labels.

mod encode;
mod syntax;

use memchr::{memchr_iter, memchr2, memrchr};

use super::fault::{Fault, excerpt};
use super::intake::Intake;
use super::key_cache::Format;
use super::series::check_metric_name;
use super::{Decoded, KeyCache, Options, number};
use crate::model::{Labels, MetricType, Sample, Timestamp};
pub use encode::{encode, encode_metadata};

/// Fewer bytes than this are rarely spent on a sample: the room that is made ahead.
const SAMPLE_BYTES: usize = 24;

/// Decodes the body of `POST /push`. Samples without a timestamp get `now`; timestamps are whole
/// milliseconds. Bad lines are refused by number (from 1) and the others kept.
///
/// ```
/// use watchglass::ingest::{KeyCache, Options, text};
/// use watchglass::model::Timestamp;
/// let body = b"orders{shop=\"berlin\"} 42 1700000000000\nbad line\norders 1\n";
/// let mut cache = KeyCache::new(1000);
/// let decoded = text::decode(body, Timestamp(5), &Options::default(), &mut cache);
/// let entries = &decoded.batches[0].entries;
/// assert_eq!(entries[0].labels.to_string(), r#"orders{shop="berlin"}"#);
/// assert_eq!(entries[1].sample.at, Timestamp(5));
/// assert_eq!((decoded.refused, decoded.refusals[0].line), (1, 2));
/// ```
pub fn decode(body: &[u8], now: Timestamp, options: &Options, cache: &mut KeyCache) -> Decoded {
    let mut intake = Intake::new(options, now, body.len() / SAMPLE_BYTES + 1);
    let (mut start, mut line, mut ended) = (0, 0, false);
    for end in memchr_iter(b'\n', body).chain([body.len()]) {
        let bytes = body[start..end].trim_ascii();
        start = end + 1;
        line += 1;
        match bytes.first() {
            None => {}
            Some(b'#') => match comment(bytes, &mut intake) {
                Ok(Comment::Eof) => ended = true,
                Ok(Comment::Other) => {}
                Err(fault) => intake.refuse(line, &fault, bytes),
            },
            Some(_) if intake.is_full() => intake.count_beyond(line),
            Some(_) => match sample(bytes, now, options, cache) {
                Ok((labels, sample)) => intake.accept(labels, sample, line),
                Err(fault) => intake.refuse(line, &fault, bytes),
            },
        }
    }
    intake.finish(ended)
}

/// One line that is not empty and no comment.
fn sample(
    bytes: &[u8],
    now: Timestamp,
    options: &Options,
    cache: &mut KeyCache,
) -> Result<(Labels, Sample), Fault> {
    // The last brace ends the labels, unless an exemplar follows or there is none to speak of; if
    // the guess is wrong the key is not found, since only true series are remembered.
    let guess = match memrchr(b'}', bytes) {
        Some(brace) => brace + 1,
        None => memchr2(b' ', b'\t', bytes).unwrap_or(bytes.len()),
    };
    let (key, rest) = bytes.split_at(guess);
    match cache.get(Format::Text, key) {
        Some(labels) => Ok((labels.clone(), value_and_time(rest, now)?)),
        None => unknown(bytes, now, options, cache),
    }
}

/// A line whose series is not known by the first guess.
fn unknown(
    bytes: &[u8],
    now: Timestamp,
    options: &Options,
    cache: &mut KeyCache,
) -> Result<(Labels, Sample), Fault> {
    let text = std::str::from_utf8(bytes).map_err(|_| Fault::Plain("the line is not UTF-8"))?;
    let (key, rest) = bytes.split_at(syntax::series_end(bytes)?);
    if let Some(labels) = cache.get(Format::Text, key) {
        return Ok((labels.clone(), value_and_time(rest, now)?));
    }
    let series = text.get(..key.len()).unwrap_or_default();
    let labels = syntax::series(series, options)?;
    let sample = value_and_time(rest, now)?;
    cache.insert(Format::Text, key, &labels);
    Ok((labels, sample))
}

/// What follows a series: the value, perhaps a timestamp, perhaps an exemplar (which is ignored).
fn value_and_time(rest: &[u8], now: Timestamp) -> Result<Sample, Fault> {
    let (value, rest) = token(rest);
    if value.is_empty() {
        return Err(Fault::Plain("there is no value after the series (write `orders 42`)"));
    }
    let value = number::value(value)?;
    let (time, rest) = token(rest);
    let (at, rest) = match time.first() {
        None => return Ok(Sample::new(now, value)),
        Some(b'#') => return exemplar(rest).map(|()| Sample::new(now, value)),
        Some(_) => (Timestamp(timestamp(time)?), rest),
    };
    let (more, rest) = token(rest);
    match more.first() {
        None => Ok(Sample::new(at, value)),
        Some(b'#') => exemplar(rest).map(|()| Sample::new(at, value)),
        Some(_) => Err(Fault::Worded(format!(
            "`{}` follows the timestamp, where the line should end",
            excerpt(more)
        ))),
    }
}

fn timestamp(bytes: &[u8]) -> Result<i64, Fault> {
    number::whole(bytes, "timestamp").map_err(|fault| match fault {
        Fault::Worded(words) if words.ends_with("number") => {
            Fault::Worded(format!("{words} of milliseconds"))
        }
        other => other,
    })
}

/// An exemplar begins with its labels; anything else after a `#` was meant as something else.
fn exemplar(rest: &[u8]) -> Result<(), Fault> {
    if rest.trim_ascii_start().first() == Some(&b'{') {
        return Ok(());
    }
    Err(Fault::Plain("a comment needs a line of its own"))
}

/// The next word, and what follows it.
fn token(bytes: &[u8]) -> (&[u8], &[u8]) {
    let bytes = bytes.trim_ascii_start();
    let end = bytes.iter().position(u8::is_ascii_whitespace).unwrap_or(bytes.len());
    bytes.split_at(end)
}

/// What a line that begins with `#` was.
enum Comment {
    /// The end of an `OpenMetrics` exposition.
    Eof,
    /// Metadata, which is noted, or a remark.
    Other,
}

fn comment(bytes: &[u8], intake: &mut Intake<'_>) -> Result<Comment, Fault> {
    // Only `# ` begins metadata; `#TYPE` is a remark.
    let (hash, rest) = token(bytes);
    let (word, rest) = token(rest);
    match word {
        _ if hash != b"#" => return Ok(Comment::Other),
        b"EOF" if rest.is_empty() => return Ok(Comment::Eof),
        b"TYPE" | b"HELP" | b"UNIT" => {}
        _ => return Ok(Comment::Other),
    }
    let text = std::str::from_utf8(rest).map_err(|_| Fault::Plain("the line is not UTF-8"))?;
    let (name, text) = syntax::described_name(text)?;
    check_metric_name(&name, intake.options)?;
    let limit = intake.options.label_value_bytes_max;
    if text.len() > limit {
        let setting = "label_value_bytes_max";
        return Err(Fault::TooLong { what: "help or unit", limit, setting });
    }
    let mut describing = intake.describing();
    match word {
        b"TYPE" => {
            let metric_type = MetricType::parse(text).ok_or_else(|| unknown_type(text))?;
            describing.note(&name, |metadata| metadata.metric_type = metric_type)?;
        }
        b"UNIT" => describing.note(&name, |metadata| text.clone_into(&mut metadata.unit))?,
        _ => describing.note(&name, |metadata| metadata.help = syntax::unescaped_help(text))?,
    }
    Ok(Comment::Other)
}

fn unknown_type(text: &str) -> Fault {
    Fault::Worded(format!(
        "there is no metric type `{}` (say counter, gauge, histogram, summary or untyped)",
        excerpt(text.as_bytes())
    ))
}

#[cfg(test)]
mod tests;
