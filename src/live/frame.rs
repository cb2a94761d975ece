//! Frames: what the server says, in both codecs. `docs/formats/live.md` has the bytes.
//!
//! A frame is written once per codec and then only copied; nothing here knows who gets it.

use std::fmt::Write;

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::model::{ABSENT, Labels, is_absent};

use super::values::{encode, put_varint};

/// How frames are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Codec {
    /// One JSON object a line.
    Json,
    /// Kind, flags, length, body.
    Binary,
}

const KIND_JSON: u8 = 0;
const KIND_TICK: u8 = 1;
const KIND_BATCH: u8 = 2;

/// The kinds of tick: a final column, the column in progress, or a change of an old one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TickKind {
    Final,
    Open,
    Revise,
}

impl TickKind {
    fn flags(self) -> u8 {
        match self {
            Self::Final => 0,
            Self::Open => 1,
            Self::Revise => 2,
        }
    }
}

/// One channel's part of a tick frame, in one codec.
pub(crate) fn block(
    codec: Codec,
    (channel, seq, n): (u32, u64, i64),
    previous: &[f64],
    values: &[f64],
    out: &mut Vec<u8>,
) {
    match codec {
        Codec::Json => {
            let cells = changes(previous, values);
            let block = JsonBlock { channel, seq, n, cells: &cells };
            serde_json::to_writer(out, &block).expect("writing to memory cannot fail");
        }
        Codec::Binary => {
            put_varint(out, u64::from(channel));
            put_varint(out, seq);
            put_varint(out, n as u64);
            put_varint(out, values.len() as u64);
            encode(pairs(previous, values), out);
        }
    }
}

fn pairs<'a>(previous: &'a [f64], values: &'a [f64]) -> impl Iterator<Item = (f64, f64)> + 'a {
    let before = previous.iter().copied().chain(std::iter::repeat(ABSENT));
    before.zip(values.iter().copied())
}

/// The cells whose value differs from the previous column, bit for bit. A column may be shorter
/// than the one before it, when series joined by a revision of that one: what it lacks is absent.
pub(crate) fn changes(previous: &[f64], values: &[f64]) -> Vec<(u32, f64)> {
    let cell = |column: &[f64], at: usize| column.get(at).copied().unwrap_or(ABSENT);
    (0..previous.len().max(values.len()))
        .map(|at| (at as u32, cell(previous, at), cell(values, at)))
        .filter(|(_, before, value)| before.to_bits() != value.to_bits())
        .map(|(at, _, value)| (at, value))
        .collect()
}

/// Joins blocks into one tick frame.
pub(crate) fn tick(codec: Codec, kind: TickKind, blocks: &[&[u8]], out: &mut Vec<u8>) {
    match codec {
        Codec::Json => {
            out.extend(br#"{"tick":{"blocks":["#);
            for (at, block) in blocks.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                out.extend(*block);
            }
            out.extend(match kind {
                TickKind::Final => b"]}}".as_slice(),
                TickKind::Open => br#"],"open":true}}"#,
                TickKind::Revise => br#"],"revise":true}}"#,
            });
            out.push(b'\n');
        }
        Codec::Binary => {
            let length = blocks.iter().map(|block| block.len()).sum::<usize>();
            put_head(KIND_TICK, kind.flags(), length, out);
            for block in blocks {
                out.extend(*block);
            }
        }
    }
}

fn put_head(kind: u8, flags: u8, length: usize, out: &mut Vec<u8>) {
    out.extend([kind, flags]);
    put_varint(out, length as u64);
}

/// A frame that both codecs write as JSON.
pub(crate) fn plain(codec: Codec, frame: &serde_json::Value, out: &mut Vec<u8>) {
    let text = frame.to_string();
    match codec {
        Codec::Json => {
            out.extend(text.as_bytes());
            out.push(b'\n');
        }
        Codec::Binary => {
            put_head(KIND_JSON, 0, text.len(), out);
            out.extend(text.as_bytes());
        }
    }
}

/// A change of an old column: its number, the column as it was, the column as it is.
pub(crate) struct Revision<'a> {
    pub(crate) n: i64,
    pub(crate) before: Vec<f64>,
    pub(crate) values: &'a [f64],
}

/// Everything after a position.
pub(crate) struct Batch<'a> {
    pub(crate) channel: u32,
    pub(crate) seq: u64,
    /// The position that it follows; a viewer elsewhere must not apply it.
    pub(crate) after: u64,
    pub(crate) revised: Vec<Revision<'a>>,
    pub(crate) from_n: i64,
    /// The column before the first of `columns`, as now known.
    pub(crate) before: &'a [f64],
    pub(crate) columns: Vec<&'a [f64]>,
}

impl Batch<'_> {
    /// Appends the frame.
    pub(crate) fn write(&self, codec: Codec, out: &mut Vec<u8>) {
        match codec {
            Codec::Json => {
                let batch = JsonBatch(self);
                serde_json::to_writer(&mut *out, &batch).expect("writing to memory cannot fail");
                out.push(b'\n');
            }
            Codec::Binary => {
                let mut body = Vec::new();
                put_varint(&mut body, u64::from(self.channel));
                put_varint(&mut body, self.seq);
                put_varint(&mut body, self.after);
                put_varint(&mut body, self.revised.len() as u64);
                for revision in &self.revised {
                    put_varint(&mut body, revision.n as u64);
                    put_varint(&mut body, revision.values.len() as u64);
                    encode(pairs(&revision.before, revision.values), &mut body);
                }
                put_varint(&mut body, self.from_n as u64);
                put_varint(&mut body, self.columns.len() as u64);
                for (before, values) in self.steps() {
                    put_varint(&mut body, values.len() as u64);
                    encode(pairs(before, values), &mut body);
                }
                put_head(KIND_BATCH, 0, body.len(), out);
                out.extend(body);
            }
        }
    }

    fn steps(&self) -> impl Iterator<Item = (&[f64], &[f64])> {
        let before = std::iter::once(self.before).chain(self.columns.iter().copied());
        before.zip(self.columns.iter().copied())
    }
}

struct JsonBlock<'a> {
    channel: u32,
    seq: u64,
    n: i64,
    cells: &'a [(u32, f64)],
}

impl Serialize for JsonBlock<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("channel", &self.channel)?;
        map.serialize_entry("seq", &self.seq)?;
        map.serialize_entry("n", &self.n)?;
        map.serialize_entry("values", &Cells(self.cells))?;
        map.end()
    }
}

struct JsonBatch<'a>(&'a Batch<'a>);

impl Serialize for JsonBatch<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Revised<'a>(i64, Vec<(u32, f64)>, std::marker::PhantomData<&'a ()>);
        impl Serialize for Revised<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(Some(2))?;
                map.serialize_entry("n", &self.0)?;
                map.serialize_entry("values", &Cells(&self.1))?;
                map.end()
            }
        }
        struct Inner<'a>(&'a Batch<'a>);
        impl Serialize for Inner<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let batch = self.0;
                let revised: Vec<Revised<'_>> = batch
                    .revised
                    .iter()
                    .map(|one| {
                        Revised(one.n, changes(&one.before, one.values), std::marker::PhantomData)
                    })
                    .collect();
                let columns: Vec<Vec<(u32, f64)>> =
                    batch.steps().map(|(before, values)| changes(before, values)).collect();
                let columns: Vec<Cells<'_>> = columns.iter().map(|cells| Cells(cells)).collect();
                let mut map = serializer.serialize_map(Some(6))?;
                map.serialize_entry("channel", &batch.channel)?;
                map.serialize_entry("seq", &batch.seq)?;
                map.serialize_entry("after", &batch.after)?;
                map.serialize_entry("revised", &revised)?;
                map.serialize_entry("from_n", &batch.from_n)?;
                map.serialize_entry("columns", &columns)?;
                map.end()
            }
        }
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("batch", &Inner(self.0))?;
        map.end()
    }
}

struct Cells<'a>(&'a [(u32, f64)]);

impl Serialize for Cells<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for (at, value) in self.0 {
            list.serialize_element(&(at, JsonNumber(*value)))?;
        }
        list.end()
    }
}

/// A value in JSON: a number, `null` for absent, and texts for what JSON has no number for.
pub(crate) struct JsonNumber(pub(crate) f64);

impl Serialize for JsonNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = self.0;
        if is_absent(value) {
            serializer.serialize_none()
        } else if value.is_nan() {
            serializer.serialize_str("NaN")
        } else if value.is_infinite() {
            serializer.serialize_str(if value > 0.0 { "+Inf" } else { "-Inf" })
        } else if value == value.trunc()
            && value.abs() < 1e15
            && value.to_bits() != (-0.0_f64).to_bits()
        {
            serializer.serialize_i64(value as i64)
        } else {
            serializer.serialize_f64(value)
        }
    }
}

/// A label set as a JSON object.
pub(crate) fn labels_json(labels: &Labels) -> serde_json::Value {
    let own = |(name, value): (&str, &str)| (name.to_owned(), serde_json::Value::from(value));
    serde_json::Value::Object(labels.iter().map(own).collect())
}

/// The window of a channel as it is fetched over HTTP.
pub(crate) struct SnapshotBody<'a> {
    pub(crate) channel: u32,
    pub(crate) epoch: &'a str,
    pub(crate) seq: u64,
    pub(crate) step_ms: i64,
    /// The newest column.
    pub(crate) n: i64,
    pub(crate) columns: usize,
    /// Each series with its values over time, oldest first.
    pub(crate) series: Vec<(&'a Labels, Vec<f64>)>,
}

impl SnapshotBody<'_> {
    /// The bytes in a codec.
    pub(crate) fn write(&self, codec: Codec) -> Vec<u8> {
        match codec {
            Codec::Json => self.write_json().into_bytes(),
            Codec::Binary => self.write_binary(),
        }
    }

    fn write_binary(&self) -> Vec<u8> {
        let mut out = vec![1];
        put_varint(&mut out, u64::from(self.channel));
        put_text(self.epoch, &mut out);
        for number in [self.seq, self.step_ms as u64, self.n as u64, self.columns as u64] {
            put_varint(&mut out, number);
        }
        put_varint(&mut out, self.series.len() as u64);
        for (labels, values) in &self.series {
            put_text(&labels_json(labels).to_string(), &mut out);
            let before = std::iter::once(ABSENT).chain(values.iter().copied());
            encode(before.zip(values.iter().copied()), &mut out);
        }
        out
    }

    fn write_json(&self) -> String {
        let mut out = String::new();
        let series: Vec<serde_json::Value> = self
            .series
            .iter()
            .map(|(labels, values)| {
                let values: Vec<JsonNumber> = values.iter().copied().map(JsonNumber).collect();
                serde_json::json!({ "labels": labels_json(labels), "values": values })
            })
            .collect();
        let body = serde_json::json!({
            "channel": self.channel, "epoch": self.epoch, "seq": self.seq,
            "step_ms": self.step_ms, "n": self.n, "series": series,
        });
        write!(out, "{body}").expect("writing to memory cannot fail");
        out
    }
}

fn put_text(text: &str, out: &mut Vec<u8>) {
    put_varint(out, text.len() as u64);
    out.extend(text.as_bytes());
}
