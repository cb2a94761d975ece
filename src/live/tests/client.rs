//! A viewer as the format describes it: it reads frames of either codec, keeps windows, and holds
//! back what comes before the window it belongs to.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::live::values::{decode, take_varint};
use crate::live::{Carrier, Codec};
use crate::model::{ABSENT, Labels};

/// One channel as a viewer knows it.
#[derive(Default, Debug)]
pub(super) struct Known {
    pub(super) epoch: String,
    pub(super) step_ms: i64,
    pub(super) series: Vec<Labels>,
    pub(super) seq: u64,
    pub(super) columns: BTreeMap<i64, Vec<f64>>,
    pub(super) open: Option<(i64, Vec<f64>)>,
    pub(super) whole: bool,
    /// Something is missing after `seq`: the viewer has to subscribe anew.
    pub(super) hole: bool,
    pub(super) held: Vec<Change>,
}

#[derive(Debug, Clone)]
pub(super) enum Cells {
    Json(Vec<(usize, f64)>),
    /// The bytes of a value list and its size: it can be read only with the column before at hand.
    Binary(Vec<u8>, usize),
}

#[derive(Debug, Clone)]
pub(super) enum Change {
    Tick { seq: u64, n: i64, open: bool, revise: bool, cells: Cells },
    Batch { seq: u64, after: u64, from_n: i64, revised: Vec<(i64, Cells)>, columns: Vec<Cells> },
}

pub(super) struct Client {
    carrier: Carrier,
    pub(super) channels: BTreeMap<u32, Known>,
    pub(super) wanted: Vec<String>,
    /// Every frame in JSON form that is no tick or batch.
    pub(super) heard: Vec<Value>,
    pub(super) ticks: usize,
}

impl Client {
    pub(super) fn new(carrier: Carrier) -> Self {
        Self { carrier, channels: BTreeMap::new(), wanted: Vec::new(), heard: Vec::new(), ticks: 0 }
    }

    /// The pace that was told last.
    pub(super) fn every_ms(&self) -> Option<i64> {
        self.heard.iter().rev().find_map(|frame| frame["notice"]["every_ms"].as_i64())
    }

    pub(super) fn take(&mut self, bytes: &[u8]) {
        match self.carrier {
            Carrier::SocketBinary => self.take_binary(message(bytes)),
            Carrier::SocketText => self.take_lines(message(bytes)),
            Carrier::Events => {
                let text = std::str::from_utf8(bytes).expect("UTF-8");
                for line in text.lines().filter_map(|line| line.strip_prefix("data: ")) {
                    self.take_lines(line.as_bytes());
                }
            }
            Carrier::Poll => self.take_lines(bytes),
        }
    }

    fn take_lines(&mut self, bytes: &[u8]) {
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            self.take_json(serde_json::from_slice(line).expect("a frame"));
        }
    }

    pub(super) fn take_binary(&mut self, mut bytes: &[u8]) {
        while let [kind, flags, rest @ ..] = bytes {
            bytes = rest;
            let length = take_varint(&mut bytes).expect("a length") as usize;
            let (mut body, rest) = bytes.split_at(length);
            bytes = rest;
            match kind {
                0 => self.take_json(serde_json::from_slice(body).expect("a frame")),
                1 => {
                    self.ticks += 1;
                    while !body.is_empty() {
                        self.take_block(*flags, &mut body);
                    }
                }
                2 => self.take_batch(&mut body),
                other => panic!("a frame of kind {other}"),
            }
        }
    }

    fn take_block(&mut self, flags: u8, body: &mut &[u8]) {
        let mut number = || take_varint(body).expect("a number");
        let (channel, seq, n) = (number() as u32, number(), number() as i64);
        let cells = read_list(body);
        let change = Change::Tick { seq, n, open: flags & 1 != 0, revise: flags & 2 != 0, cells };
        self.change(channel, change);
    }

    fn take_batch(&mut self, body: &mut &[u8]) {
        let number = |body: &mut &[u8]| take_varint(body).expect("a number");
        let (channel, seq, after) = (number(body) as u32, number(body), number(body));
        let revised = (0..number(body)).map(|_| (number(body) as i64, read_list(body))).collect();
        let from_n = number(body) as i64;
        let columns = (0..number(body)).map(|_| read_list(body)).collect();
        self.change(channel, Change::Batch { seq, after, from_n, revised, columns });
    }

    pub(super) fn take_json(&mut self, frame: Value) {
        if let Some(tick) = frame.get("tick") {
            self.ticks += 1;
            let flag = |name: &str| tick.get(name).is_some_and(|flag| flag == true);
            for block in tick["blocks"].as_array().expect("blocks") {
                let (seq, n) = (block["seq"].as_u64(), block["n"].as_i64());
                let change = Change::Tick {
                    seq: seq.expect("a seq"),
                    n: n.expect("a column"),
                    open: flag("open"),
                    revise: flag("revise"),
                    cells: json_cells(&block["values"]),
                };
                self.change(block["channel"].as_u64().expect("a channel") as u32, change);
            }
        } else if let Some(batch) = frame.get("batch") {
            let list = |name: &str| batch[name].as_array().expect("a list").iter();
            let revised = list("revised")
                .map(|one| (one["n"].as_i64().expect("a column"), json_cells(&one["values"])));
            let change = Change::Batch {
                seq: batch["seq"].as_u64().expect("a seq"),
                after: batch["after"].as_u64().expect("a seq"),
                from_n: batch["from_n"].as_i64().expect("a column"),
                revised: revised.collect(),
                columns: list("columns").map(json_cells).collect(),
            };
            self.change(batch["channel"].as_u64().expect("a channel") as u32, change);
        } else {
            self.take_plain(&frame);
            self.heard.push(frame);
        }
    }

    fn take_plain(&mut self, frame: &Value) {
        let channel = |body: &Value| body["channel"].as_u64().expect("a channel") as u32;
        if let Some(schema) = frame.get("schema") {
            let known = self.channels.entry(channel(schema)).or_default();
            let series = schema["series"].as_array().expect("series").iter().map(labels);
            let first = schema.get("append").map_or(0, |first| first.as_u64().expect("an index"));
            known.series.truncate(first as usize);
            known.series.extend(series);
            schema["epoch"].as_str().expect("an epoch").clone_into(&mut known.epoch);
            known.step_ms = schema["step_ms"].as_i64().expect("a step");
        } else if let Some(at) = frame.get("at") {
            let known = self.channels.entry(channel(at)).or_default();
            known.whole = false;
            let path = at["snapshot"].as_str().expect("a path");
            let name = path.rsplit('/').next().expect("a name");
            self.wanted.push(match self.carrier.codec() {
                Codec::Json => format!("{name}.json"),
                Codec::Binary => name.to_owned(),
            });
        } else if let Some(reset) = frame.get("reset") {
            self.channels.insert(channel(reset), Known::default());
        }
    }

    fn change(&mut self, channel: u32, change: Change) {
        let known = self.channels.entry(channel).or_default();
        if known.whole {
            known.apply(change);
        } else {
            known.held.push(change);
        }
    }

    pub(super) fn take_snapshot(&mut self, bytes: &[u8]) {
        let (channel, window) = match self.carrier.codec() {
            Codec::Json => json_snapshot(&serde_json::from_slice(bytes).expect("a window")),
            Codec::Binary => binary_snapshot(bytes),
        };
        let known = self.channels.entry(channel).or_default();
        let held = std::mem::take(&mut known.held);
        if window.epoch != known.epoch {
            return;
        }
        *known = window;
        for change in held {
            known.apply(change);
        }
    }
}

impl Known {
    fn apply(&mut self, change: Change) {
        match change {
            Change::Tick { seq, open: true, n, cells, .. } => {
                if seq == self.seq {
                    let before = self.column(n - 1);
                    self.open = Some((n, cells.over(&before, self.series.len())));
                }
            }
            Change::Tick { seq, n, revise, cells, .. } => {
                if seq <= self.seq {
                    return;
                }
                if seq != self.seq + 1 {
                    self.hole = true;
                    return;
                }
                let before = if revise { self.column(n) } else { self.column(n - 1) };
                self.columns.insert(n, cells.over(&before, self.series.len()));
                self.seq = seq;
            }
            Change::Batch { seq, after, from_n, revised, columns } => {
                if seq <= self.seq {
                    return;
                }
                if after != self.seq {
                    self.hole = true;
                    return;
                }
                self.hole = false;
                for (n, cells) in revised {
                    let before = self.column(n);
                    self.columns.insert(n, cells.over(&before, self.series.len()));
                }
                for (n, cells) in (from_n..).zip(columns) {
                    let before = self.column(n - 1);
                    self.columns.insert(n, cells.over(&before, self.series.len()));
                }
                self.seq = seq;
            }
        }
    }

    pub(super) fn column(&self, n: i64) -> Vec<f64> {
        let mut column = self.columns.get(&n).cloned().unwrap_or_default();
        column.resize(self.series.len(), ABSENT);
        column
    }
}

impl Cells {
    fn over(self, before: &[f64], size: usize) -> Vec<f64> {
        let mut column = match self {
            Self::Json(cells) => {
                let mut column = before.to_vec();
                column.resize(size, ABSENT);
                for (at, value) in cells {
                    column[at] = value;
                }
                column
            }
            Self::Binary(bytes, size) => {
                let at = |at: usize, _: &[f64]| before.get(at).copied().unwrap_or(ABSENT);
                decode(&mut bytes.as_slice(), size, at).expect("a value list")
            }
        };
        column.resize(size.max(column.len()), ABSENT);
        column
    }
}

/// Cuts a value list out of the bytes: its size, and as many bytes as it takes.
fn read_list(body: &mut &[u8]) -> Cells {
    let size = take_varint(body).expect("a size") as usize;
    let before = *body;
    decode(body, size, |_, _| ABSENT).expect("a value list");
    Cells::Binary(before[..before.len() - body.len()].to_vec(), size)
}

fn json_cells(value: &Value) -> Cells {
    let cells = value.as_array().expect("cells").iter();
    Cells::Json(
        cells
            .map(|cell| (cell[0].as_u64().expect("an index") as usize, number(&cell[1])))
            .collect(),
    )
}

pub(super) fn number(value: &Value) -> f64 {
    match value {
        Value::Null => ABSENT,
        Value::String(text) => match text.as_str() {
            "NaN" => f64::NAN,
            "+Inf" => f64::INFINITY,
            "-Inf" => f64::NEG_INFINITY,
            other => panic!("a value {other}"),
        },
        other => other.as_f64().expect("a number"),
    }
}

fn labels(value: &Value) -> Labels {
    let pairs = value.as_object().expect("labels").iter();
    let text = |value: &Value| value.as_str().expect("a value").to_owned();
    Labels::from_pairs(pairs.map(|(name, value)| (name.clone(), text(value)))).expect("labels")
}

fn json_snapshot(body: &Value) -> (u32, Known) {
    let mut known = Known { whole: true, ..Known::default() };
    body["epoch"].as_str().expect("an epoch").clone_into(&mut known.epoch);
    known.step_ms = body["step_ms"].as_i64().expect("a step");
    known.seq = body["seq"].as_u64().expect("a seq");
    let newest = body["n"].as_i64().expect("a column");
    for (at, series) in body["series"].as_array().expect("series").iter().enumerate() {
        known.series.push(labels(&series["labels"]));
        let values: Vec<f64> =
            series["values"].as_array().expect("values").iter().map(number).collect();
        known.put(at, newest, &values);
    }
    (body["channel"].as_u64().expect("a channel") as u32, known)
}

fn binary_snapshot(mut bytes: &[u8]) -> (u32, Known) {
    let mut known = Known { whole: true, ..Known::default() };
    let (version, rest) = bytes.split_first().expect("a version");
    assert_eq!(*version, 1);
    bytes = rest;
    let number = |bytes: &mut &[u8]| take_varint(bytes).expect("a number");
    let channel = number(&mut bytes) as u32;
    known.epoch = text(&mut bytes);
    known.seq = number(&mut bytes);
    known.step_ms = number(&mut bytes) as i64;
    let (newest, columns) = (number(&mut bytes) as i64, number(&mut bytes) as usize);
    for at in 0..number(&mut bytes) as usize {
        known.series.push(labels(&serde_json::from_str(&text(&mut bytes)).expect("labels")));
        let before = |at: usize, cells: &[f64]| if at == 0 { ABSENT } else { cells[at - 1] };
        let values = decode(&mut bytes, columns, before).expect("a value list");
        known.put(at, newest, &values);
    }
    assert!(bytes.is_empty());
    (channel, known)
}

impl Known {
    fn put(&mut self, at: usize, newest: i64, values: &[f64]) {
        for (n, value) in (newest + 1 - values.len() as i64..).zip(values) {
            let column = self.columns.entry(n).or_default();
            column.resize(at.max(column.len()), ABSENT);
            column.push(*value);
        }
    }
}

fn text(bytes: &mut &[u8]) -> String {
    let length = take_varint(bytes).expect("a length") as usize;
    let (text, rest) = bytes.split_at(length);
    *bytes = rest;
    String::from_utf8(text.to_vec()).expect("UTF-8")
}

/// The payload of one unmasked WebSocket message.
fn message(bytes: &[u8]) -> &[u8] {
    let head = match bytes[1] {
        126 => 4,
        127 => 10,
        _ => 2,
    };
    &bytes[head..]
}
