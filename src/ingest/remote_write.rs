//! Prometheus remote write, versions 1.0 and 2.0: series with their samples as Protocol Buffers
//! (the specifications at prometheus.io/docs/specs/prw).
//!
//! The bytes of a series' labels are its key in the cache, as in every other format, so that a
//! known series costs a walk over its samples. Version 2 writes labels as places in a table of
//! texts that differs from request to request; its key is made of the texts.

mod encode;
#[cfg(test)]
mod tests;
mod wire;

use super::fault::Fault;
use super::intake::Intake;
use super::key_cache::Format;
use super::series::Series;
use super::{Decoded, KeyCache, Options};
use crate::model::{Labels, Metadata, MetricType, Sample, Timestamp};
pub use encode::Request;
use wire::{Fields, Malformed, Value};

/// Fewer bytes than this are rarely spent on a sample: the room that is made ahead.
const SAMPLE_BYTES: usize = 16;
/// What is added to the names of a histogram or summary.
const SUFFIXES: [&str; 3] = ["_bucket", "_sum", "_count"];

/// Which version of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// `prometheus.WriteRequest`.
    One,
    /// `io.prometheus.write.v2.Request`.
    Two,
}

impl Version {
    /// The version that a `Content-Type` names; `None` when it names something else. The first
    /// version was sent before there was a name for it.
    ///
    /// ```
    /// use watchglass::ingest::remote_write::Version;
    /// assert_eq!(Version::parse("application/x-protobuf"), Some(Version::One));
    /// let two = "application/x-protobuf;proto=io.prometheus.write.v2.Request";
    /// assert_eq!(Version::parse(two), Some(Version::Two));
    /// assert_eq!(Version::parse("text/plain"), None);
    /// ```
    pub fn parse(content_type: &str) -> Option<Self> {
        let mut parts = content_type.split(';').map(str::trim);
        if !parts.next()?.eq_ignore_ascii_case("application/x-protobuf") {
            return None;
        }
        match parts.find_map(|part| part.strip_prefix("proto=")) {
            None | Some("prometheus.WriteRequest") => Some(Self::One),
            Some("io.prometheus.write.v2.Request") => Some(Self::Two),
            Some(_) => None,
        }
    }
}

/// Decodes one inflated request. Series that cannot be taken are refused by their number (from 1)
/// and the others kept; native histograms are refused, exemplars and the times at which counters
/// began are passed over.
///
/// # Errors
/// In words, when the bytes are no such request; then nothing is taken.
///
/// ```
/// use watchglass::ingest::{KeyCache, Options, remote_write};
/// use watchglass::model::Timestamp;
/// // A series `up` with the value 1 at 1 ms.
/// let label = b"\x0a\x0e\x0a\x08__name__\x12\x02up";
/// let sample = b"\x12\x0b\x09\x00\x00\x00\x00\x00\x00\xf0\x3f\x10\x01";
/// let body = [b"\x0a\x1d", &label[..], &sample[..]].concat();
/// let (options, mut cache) = (Options::default(), KeyCache::new(10));
/// let one = remote_write::Version::One;
/// let decoded = remote_write::decode(&body, one, Timestamp(0), &options, &mut cache);
/// let decoded = decoded.unwrap();
/// assert_eq!(decoded.batches[0].entries[0].sample.value, 1.0);
/// assert!(remote_write::decode(b"no", one, Timestamp(0), &options, &mut cache).is_err());
/// ```
pub fn decode(
    body: &[u8],
    version: Version,
    now: Timestamp,
    options: &Options,
    cache: &mut KeyCache,
) -> Result<Decoded, String> {
    let mut intake = Intake::new(options, now, body.len() / SAMPLE_BYTES + 1);
    let read = match version {
        Version::One => first(body, &mut intake, cache),
        Version::Two => second(body, &mut intake, cache),
    };
    read.map_err(|Malformed| {
        let name = match version {
            Version::One => "prometheus.WriteRequest",
            Version::Two => "io.prometheus.write.v2.Request",
        };
        format!("the body is no message `{name}`")
    })?;
    Ok(intake.finish(false))
}

fn first(body: &[u8], intake: &mut Intake<'_>, cache: &mut KeyCache) -> Result<(), Malformed> {
    let (mut fields, mut number) = (Fields::of(body), 0);
    while let Some((field, value)) = fields.next()? {
        match (field, value) {
            (1, Value::Bytes(series)) => {
                number += 1;
                let (key, rest) = labels_apart(series)?;
                let rest = Fields::of(rest);
                if let Some(known) = cache.get(Format::RemoteWrite, key) {
                    samples(Ok(known), rest, [2, 4], number, intake)?;
                    continue;
                }
                let labels = labels(key, intake.options)?;
                if let Ok(labels) = &labels {
                    cache.insert(Format::RemoteWrite, key, labels);
                }
                samples(labels.as_ref(), rest, [2, 4], number, intake)?;
            }
            (3, Value::Bytes(metadata)) => describe(metadata, intake)?,
            _ => {}
        }
    }
    Ok(())
}

/// The labels at the beginning of a series, as bytes, and what follows them.
fn labels_apart(series: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    let mut fields = Fields::of(series);
    loop {
        let before = fields.rest;
        match fields.next()? {
            Some((1, _)) => {}
            _ => return Ok(series.split_at(series.len() - before.len())),
        }
    }
}

fn labels(key: &[u8], options: &Options) -> Result<Result<Labels, Fault>, Malformed> {
    let (mut fields, mut pairs) = (Fields::of(key), Vec::new());
    while let Some((_, value)) = fields.next()? {
        let Value::Bytes(label) = value else { return Err(Malformed) };
        let (mut parts, mut pair) = (Fields::of(label), [b"".as_slice(); 2]);
        while let Some((part, value)) = parts.next()? {
            if let (1 | 2, Value::Bytes(text)) = (part, value) {
                pair[usize::from(part == 2)] = text;
            }
        }
        pairs.push(pair);
    }
    Ok(built(&pairs, options))
}

fn built(pairs: &[[&[u8]; 2]], options: &Options) -> Result<Labels, Fault> {
    let mut series = Series::new(options);
    let text = |bytes| str::from_utf8(bytes).map_err(|_| Fault::Plain("a label is not UTF-8"));
    for [name, value] in pairs {
        series.label(text(name)?, text(value)?)?;
    }
    series.build()
}

/// Takes the samples of a series; `[sample, histogram]` are the fields they stand in. A series that
/// cannot be taken is refused once a sample.
fn samples(
    labels: Result<&Labels, &Fault>,
    mut fields: Fields<'_>,
    [sample_field, histogram_field]: [u64; 2],
    number: u32,
    intake: &mut Intake<'_>,
) -> Result<(), Malformed> {
    while let Some((field, value)) = fields.next()? {
        let Value::Bytes(message) = value else { continue };
        if field == histogram_field {
            let fault = Fault::Plain("native histograms are not taken; send classic buckets");
            intake.refuse(number, &fault, shown(labels).as_bytes());
        } else if field == sample_field {
            let sample = sample(message)?;
            match labels {
                _ if intake.is_full() => intake.count_beyond(number),
                Ok(labels) => intake.accept(labels.clone(), sample, number),
                Err(fault) => intake.refuse(number, fault, b""),
            }
        }
    }
    Ok(())
}

/// The series as a refusal shows it.
fn shown(labels: Result<&Labels, &Fault>) -> String {
    labels.map(ToString::to_string).unwrap_or_default()
}

/// A sample: its value, bit for bit (a staleness marker is one NaN among many), and its time.
#[inline]
fn sample(message: &[u8]) -> Result<Sample, Malformed> {
    let (mut fields, mut value, mut at) = (Fields::of(message), 0, 0);
    while let Some(field) = fields.next()? {
        match field {
            (1, Value::Fixed64(bits)) => value = bits,
            // Negative times are written as the 64 bits of their two's complement.
            (2, Value::Varint(time)) => at = time.cast_signed(),
            _ => {}
        }
    }
    Ok(Sample::new(Timestamp(at), f64::from_bits(value)))
}

/// What version 1 says of a metric family.
fn describe(message: &[u8], intake: &mut Intake<'_>) -> Result<(), Malformed> {
    let (mut fields, mut name) = (Fields::of(message), "");
    let mut known = Metadata::default();
    while let Some((field, value)) = fields.next()? {
        match (field, value) {
            (1, Value::Varint(kind)) => known.metric_type = metric_type(kind),
            (2, Value::Bytes(bytes)) => name = str::from_utf8(bytes).unwrap_or_default(),
            (4, Value::Bytes(bytes)) => known.help = text(bytes, intake.options),
            (5, Value::Bytes(bytes)) => known.unit = text(bytes, intake.options),
            _ => {}
        }
    }
    note(name, &known, intake);
    Ok(())
}

fn note(name: &str, known: &Metadata, intake: &mut Intake<'_>) {
    if !name.is_empty() && name.len() <= intake.options.metric_name_bytes_max {
        // Beyond the bound of names the word is lost, not the samples.
        let _ = intake.describing().note(name, |metadata| metadata.clone_from(known));
    }
}

/// A help or unit, unless it is too long or no text.
fn text(bytes: &[u8], options: &Options) -> String {
    let text = str::from_utf8(bytes).ok();
    text.filter(|text| text.len() <= options.label_value_bytes_max).unwrap_or_default().to_owned()
}

const fn metric_type(kind: u64) -> MetricType {
    match kind {
        1 => MetricType::Counter,
        2 => MetricType::Gauge,
        3 => MetricType::Histogram,
        5 => MetricType::Summary,
        _ => MetricType::Unknown,
    }
}

fn second(body: &[u8], intake: &mut Intake<'_>, cache: &mut KeyCache) -> Result<(), Malformed> {
    let (mut fields, mut symbols) = (Fields::of(body), Vec::new());
    // The table may stand anywhere, so it is read first.
    while let Some((field, value)) = fields.next()? {
        if let (4, Value::Bytes(symbol)) = (field, value) {
            symbols.push(symbol);
        }
    }
    let (mut fields, mut number) = (Fields::of(body), 0);
    let mut scratch = Scratch::default();
    while let Some((field, value)) = fields.next()? {
        if let (5, Value::Bytes(series)) = (field, value) {
            number += 1;
            one_of_second(series, &symbols, number, intake, cache, &mut scratch)?;
        }
    }
    Ok(())
}

/// Room that is used again for each series.
#[derive(Default)]
struct Scratch<'a> {
    pairs: Vec<[&'a [u8]; 2]>,
    key: Vec<u8>,
}

fn one_of_second<'a>(
    series: &[u8],
    symbols: &[&'a [u8]],
    number: u32,
    intake: &mut Intake<'_>,
    cache: &mut KeyCache,
    scratch: &mut Scratch<'a>,
) -> Result<(), Malformed> {
    let (mut fields, mut metadata) = (Fields::of(series), None);
    let Scratch { pairs, key } = scratch;
    pairs.clear();
    key.clear();
    let symbol = |place: u64| {
        let place = usize::try_from(place).map_err(|_| Malformed)?;
        symbols.get(place).copied().ok_or(Malformed)
    };
    while let Some((field, value)) = fields.next()? {
        match (field, value) {
            (1, Value::Bytes(packed)) => {
                let mut places = Fields::of(packed);
                while !places.rest.is_empty() {
                    let pair = [symbol(places.varint()?)?, symbol(places.varint()?)?];
                    for text in pair {
                        key.extend_from_slice(&(text.len() as u32).to_le_bytes());
                        key.extend_from_slice(text);
                    }
                    pairs.push(pair);
                }
            }
            (5, Value::Bytes(message)) => metadata = Some(message),
            _ => {}
        }
    }
    let labels = match cache.get(Format::RemoteWrite2, key) {
        Some(labels) => Ok(labels.clone()),
        None => built(pairs, intake.options).inspect(|labels| {
            cache.insert(Format::RemoteWrite2, key, labels);
        }),
    };
    if let (Some(message), Ok(labels)) = (metadata, &labels) {
        let (mut fields, mut known) = (Fields::of(message), Metadata::default());
        while let Some((field, value)) = fields.next()? {
            match (field, value) {
                (1, Value::Varint(kind)) => known.metric_type = metric_type(kind),
                (3, Value::Varint(place)) => known.help = text(symbol(place)?, intake.options),
                (4, Value::Varint(place)) => known.unit = text(symbol(place)?, intake.options),
                _ => {}
            }
        }
        if known != Metadata::default() {
            note(family(labels.name(), known.metric_type), &known, intake);
        }
    }
    samples(labels.as_ref(), Fields::of(series), [2, 3], number, intake)
}

/// The name that the metadata of a series is kept under.
fn family(name: &str, kind: MetricType) -> &str {
    let parts = matches!(kind, MetricType::Histogram | MetricType::Summary);
    let stem = SUFFIXES.iter().filter(|_| parts).find_map(|suffix| name.strip_suffix(suffix));
    stem.unwrap_or(name)
}
