//! Samples as requests of remote write, version 1.0: the way back of [`decode`](super::decode).

use crate::model::{Labels, Metadata, MetricType, Sample};

/// A request in the making, and how many samples it has.
///
/// ```
/// use watchglass::ingest::{KeyCache, Options, remote_write};
/// use watchglass::model::{Labels, Sample, Timestamp};
/// let mut request = remote_write::Request::default();
/// request.series(&Labels::named("up"), &[Sample::new(Timestamp(1), 1.0)]);
/// let (one, options) = (remote_write::Version::One, Options::default());
/// let cache = &mut KeyCache::new(1);
/// let read = remote_write::decode(request.message(), one, Timestamp(0), &options, cache);
/// assert_eq!(read.unwrap().batches[0].entries[0].sample.value, 1.0);
/// ```
#[derive(Debug, Default)]
pub struct Request {
    message: Vec<u8>,
    series: Vec<u8>,
    part: Vec<u8>,
}

impl Request {
    /// Adds a series with samples.
    pub fn series(&mut self, labels: &Labels, samples: &[Sample]) {
        self.series.clear();
        for (name, value) in labels.iter() {
            self.part.clear();
            put_bytes(1, name.as_bytes(), &mut self.part);
            put_bytes(2, value.as_bytes(), &mut self.part);
            put_bytes(1, &self.part, &mut self.series);
        }
        for sample in samples {
            self.part.clear();
            self.part.push(1 << 3 | 1);
            self.part.extend_from_slice(&sample.value.to_bits().to_le_bytes());
            put_number(2, sample.at.0.cast_unsigned(), &mut self.part);
            put_bytes(2, &self.part, &mut self.series);
        }
        put_bytes(1, &self.series, &mut self.message);
    }

    /// Adds what is known of a metric name.
    pub fn metadata(&mut self, name: &str, known: &Metadata) {
        self.part.clear();
        let kind = match known.metric_type {
            MetricType::Unknown => 0,
            MetricType::Counter => 1,
            MetricType::Gauge => 2,
            MetricType::Histogram => 3,
            MetricType::Summary => 5,
        };
        put_number(1, kind, &mut self.part);
        put_bytes(2, name.as_bytes(), &mut self.part);
        put_bytes(4, known.help.as_bytes(), &mut self.part);
        put_bytes(5, known.unit.as_bytes(), &mut self.part);
        put_bytes(3, &self.part, &mut self.message);
    }

    /// The message so far.
    pub fn message(&self) -> &[u8] {
        &self.message
    }

    /// The message so far as it is sent: packed by Snappy's block format. The request is empty
    /// after it.
    ///
    /// # Errors
    /// In words, when it is too long.
    pub fn take_packed(&mut self) -> Result<Vec<u8>, String> {
        let packed = snap::raw::Encoder::new().compress_vec(&self.message);
        self.message.clear();
        packed.map_err(|error| error.to_string())
    }
}

/// Adds a field of bytes.
fn put_bytes(field: u8, bytes: &[u8], into: &mut Vec<u8>) {
    into.push(field << 3 | 2);
    put_varint(bytes.len() as u64, into);
    into.extend_from_slice(bytes);
}

/// Adds a field of a whole number.
fn put_number(field: u8, number: u64, into: &mut Vec<u8>) {
    into.push(field << 3);
    put_varint(number, into);
}

fn put_varint(mut number: u64, into: &mut Vec<u8>) {
    while number >= 0x80 {
        into.push(number as u8 | 0x80);
        number >>= 7;
    }
    into.push(number as u8);
}
