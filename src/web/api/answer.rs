//! Answers: one envelope around all of them, and results that are written piece by piece.

use std::convert::Infallible;
use std::fmt::Write;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::HttpResponse;
use actix_web::http::header::CONTENT_TYPE;
use bytes::Bytes;
use futures_core::Stream;
use serde_json::{Value as Json, json};

use super::number::{push_text, push_time, push_value};
use crate::model::{Labels, Sample, Selected, is_absent};
use crate::query::{Column, Grid, Value};

/// A piece of an answer is sent when it has grown to this many bytes.
const PIECE_BYTES: usize = 16 * 1024;
/// What is said when `limit` cut an answer.
pub(super) const CUT: &str = "results truncated due to limit";

/// The answer to a request that went well.
pub(super) fn success(data: &Json, warnings: &[String]) -> HttpResponse {
    let mut answer = json!({ "status": "success", "data": data });
    if !warnings.is_empty() {
        answer["warnings"] = json!(warnings);
    }
    HttpResponse::Ok().json(answer)
}

/// What stands around a result.
#[derive(Default)]
pub(super) struct Remarks {
    pub(super) warnings: Vec<String>,
    pub(super) infos: Vec<String>,
    pub(super) stats: Option<Json>,
}

/// The answer with the result of a query, in pieces.
pub(super) fn result(value: Value, grid: Grid, remarks: Remarks) -> HttpResponse {
    let instant = grid.is_instant();
    let (kind, rows) = match value {
        Value::Scalar(values) if instant => {
            ("scalar", Rows::One(Box::new(move |out| pair(grid, values.first(), out))))
        }
        Value::Scalar(values) => {
            let column = Column { labels: Labels::empty(), values };
            ("matrix", Rows::Columns(vec![column].into_iter()))
        }
        Value::String(text) => {
            let write = move |out: &mut String| {
                out.push('[');
                push_time(grid.start, out);
                out.push(',');
                push_text(&text, out);
                out.push(']');
            };
            ("string", Rows::One(Box::new(write)))
        }
        Value::Vector(columns) if instant => ("vector", Rows::Instant(columns.into_iter())),
        Value::Vector(columns) => ("matrix", Rows::Columns(columns.into_iter())),
        Value::Matrix(series) => ("matrix", Rows::Samples(series.into_iter())),
    };
    let alone = matches!(rows, Rows::One(_));
    let open = if alone { "" } else { "[" };
    let head = format!(r#"{{"status":"success","data":{{"resultType":"{kind}","result":{open}"#);
    let mut tail = String::from(if alone { "" } else { "]" });
    if let Some(stats) = remarks.stats {
        let _ = write!(tail, r#","stats":{stats}"#);
    }
    tail.push('}');
    for (name, texts) in [("warnings", &remarks.warnings), ("infos", &remarks.infos)] {
        if !texts.is_empty() {
            let _ = write!(tail, r#","{name}":{}"#, json!(texts));
        }
    }
    tail.push('}');
    let pieces = Pieces { grid, rows, first: true, head: Some(head), tail: Some(tail) };
    HttpResponse::Ok().insert_header((CONTENT_TYPE, "application/json")).streaming(pieces)
}

/// Writes one result that is not a list.
type WriteOne = Box<dyn FnOnce(&mut String)>;

enum Rows {
    One(WriteOne),
    Instant(std::vec::IntoIter<Column>),
    Columns(std::vec::IntoIter<Column>),
    Samples(std::vec::IntoIter<Selected>),
    Done,
}

/// A result on its way out.
struct Pieces {
    grid: Grid,
    rows: Rows,
    first: bool,
    head: Option<String>,
    tail: Option<String>,
}

impl Pieces {
    /// Writes the next row; false when there is none.
    fn write_row(&mut self, out: &mut String) -> bool {
        let separate = |first: &mut bool, out: &mut String| {
            if !std::mem::take(first) {
                out.push(',');
            }
        };
        match &mut self.rows {
            Rows::Instant(columns) => {
                let Some(column) = columns.next() else { return false };
                separate(&mut self.first, out);
                metric(&column.labels, out);
                out.push_str(r#","value":"#);
                pair(self.grid, column.values.first(), out);
                out.push('}');
            }
            Rows::Columns(columns) => {
                let Some(column) = columns.next() else { return false };
                let times = std::iter::successors(Some(self.grid.start), |at| {
                    Some(at.saturating_add(self.grid.step))
                });
                let samples = times.zip(column.values).filter(|(_, value)| !is_absent(*value));
                let samples = samples.map(|(at, value)| Sample::new(at, value));
                separate(&mut self.first, out);
                row(&column.labels, samples, out);
            }
            Rows::Samples(series) => {
                let Some(one) = series.next() else { return false };
                separate(&mut self.first, out);
                row(&one.labels, one.samples.into_iter(), out);
            }
            Rows::One(_) => {
                if let Rows::One(write) = std::mem::replace(&mut self.rows, Rows::Done) {
                    write(out);
                }
            }
            Rows::Done => return false,
        }
        true
    }
}

impl Stream for Pieces {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.tail.is_none() {
            return Poll::Ready(None);
        }
        let mut out = self.head.take().unwrap_or_default();
        while out.len() < PIECE_BYTES {
            if !self.write_row(&mut out) {
                out.push_str(&self.tail.take().unwrap_or_default());
                break;
            }
        }
        Poll::Ready(Some(Ok(Bytes::from(out))))
    }
}

fn metric(labels: &Labels, out: &mut String) {
    out.push_str(r#"{"metric":{"#);
    for (at, (name, value)) in labels.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        push_text(name, out);
        out.push(':');
        push_text(value, out);
    }
    out.push('}');
}

fn row(labels: &Labels, samples: impl Iterator<Item = Sample>, out: &mut String) {
    metric(labels, out);
    out.push_str(r#","values":["#);
    for (at, sample) in samples.enumerate() {
        if at > 0 {
            out.push(',');
        }
        push_sample(sample, out);
    }
    out.push_str("]}");
}

fn pair(grid: Grid, value: Option<&f64>, out: &mut String) {
    push_sample(Sample::new(grid.start, value.copied().unwrap_or(f64::NAN)), out);
}

fn push_sample(sample: Sample, out: &mut String) {
    out.push('[');
    push_time(sample.at, out);
    out.push_str(",\"");
    push_value(sample.value, out);
    out.push_str("\"]");
}
