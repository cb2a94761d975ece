//! `watchglass store export`: everything that is kept, or a part of it, in a form that other
//! programs read.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write};

use super::{Progress, damaged, requests, unwritten};
use crate::config::{Export, ExportFormat};
use crate::ingest::{remote_write, text};
use crate::model::{Labels, Matcher, Metadata, Sample, Select, TimeRange};
use crate::query::{ast::Node, parse};
use crate::store::Store;

/// A request has at least so many samples, the last one apart.
const REQUEST_SAMPLES: usize = 10_000;
/// Bytes that are collected before they are written.
const BUFFER_BYTES: usize = 1 << 20;
/// What is added to the name of a family for the series that it is made of.
const SUFFIXES: [&str; 5] = ["", "_bucket", "_sum", "_count", "_total"];

/// Writes what is wanted; see [`super::run`].
pub(super) fn export(
    wanted: &Export,
    store: &Store,
    out: &mut (dyn Write + Send),
) -> Result<(), String> {
    let all = TimeRange::all();
    let range = TimeRange::new(wanted.from.unwrap_or(all.from()), wanted.to.unwrap_or(all.to()));
    let range = range.ok_or("--to lies before --from")?;
    let selectors = wanted.matches.iter().map(|text| selector(text));
    let mut selectors: Vec<Vec<Matcher>> = selectors.collect::<Result<_, _>>()?;
    if selectors.is_empty() {
        selectors.push(Vec::new());
    }
    let Some(path) = &wanted.output else {
        return write(store, &selectors, range, wanted.format, out);
    };
    let shown = path.display();
    let file = File::create(path).map_err(|error| format!("cannot create `{shown}`: {error}"))?;
    let mut file = BufWriter::with_capacity(BUFFER_BYTES, file);
    write(store, &selectors, range, wanted.format, &mut file)
        .map_err(|words| format!("`{shown}` is not complete: {words}"))?;
    let synced = file.into_inner().map_err(std::io::IntoInnerError::into_error);
    synced.and_then(|file| file.sync_all()).map_err(|error| unwritten(&error))
}

fn selector(text: &str) -> Result<Vec<Matcher>, String> {
    let expr = parse(text).map_err(|error| format!("--match: {error}"))?;
    match expr.node {
        Node::Selector(selector) => Ok(selector.matchers),
        _ => Err(format!("--match: `{text}` is no selector of series")),
    }
}

fn write(
    store: &Store,
    selectors: &[Vec<Matcher>],
    range: TimeRange,
    format: ExportFormat,
    out: &mut dyn Write,
) -> Result<(), String> {
    let mut progress = Progress::new("export", store.samples());
    let mut writer = Writer::new(format, out)?;
    let (mut said, mut samples_in_all) = (HashSet::new(), 0);
    store.walk(selectors, range, |labels, samples| {
        for suffix in SUFFIXES {
            let Some(name) = labels.name().strip_suffix(suffix) else { continue };
            if !said.contains(name)
                && let Some(known) = store.metadata(name)
            {
                writer.metadata(name, &known);
                said.insert(name.to_owned());
            }
        }
        samples_in_all += samples.len() as u64;
        progress.advance(samples.len() as u64);
        writer.samples(labels, samples)
    })?;
    let left_out = writer.finish()?;
    drop(progress);
    let mut words = format!("{} samples were written", samples_in_all - left_out);
    if left_out > 0 {
        let _ = write!(
            words,
            "; {left_out} staleness markers were left out, since text has none (--format \
             remote-write has)"
        );
    }
    log::info!("{words}");
    match damaged(store) {
        0 => Ok(()),
        _ => Err("what is damaged was left out (watchglass store verify says what)".to_owned()),
    }
}

/// Writes samples in one of the formats.
struct Writer<'a> {
    format: ExportFormat,
    out: &'a mut dyn Write,
    lines: String,
    request: remote_write::Request,
    request_samples: usize,
    left_out: u64,
}

impl<'a> Writer<'a> {
    fn new(format: ExportFormat, out: &'a mut dyn Write) -> Result<Self, String> {
        if format == ExportFormat::RemoteWrite {
            out.write_all(&requests::MAGIC).map_err(|error| unwritten(&error))?;
        }
        let request = remote_write::Request::default();
        Ok(Self { format, out, lines: String::new(), request, request_samples: 0, left_out: 0 })
    }

    fn metadata(&mut self, name: &str, known: &Metadata) {
        match self.format {
            ExportFormat::Text => text::encode_metadata(name, known, &mut self.lines),
            ExportFormat::RemoteWrite => self.request.metadata(name, known),
        }
    }

    fn samples(&mut self, labels: &Labels, samples: &[Sample]) -> Result<(), String> {
        for samples in samples.chunks(REQUEST_SAMPLES) {
            match self.format {
                ExportFormat::Text => {
                    self.left_out += text::encode(labels, samples, &mut self.lines);
                }
                ExportFormat::RemoteWrite => self.request.series(labels, samples),
            }
            self.request_samples += samples.len();
            if self.request_samples >= REQUEST_SAMPLES {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), String> {
        self.request_samples = 0;
        match self.format {
            ExportFormat::Text => {
                let written = self.out.write_all(self.lines.as_bytes());
                self.lines.clear();
                written.map_err(|error| unwritten(&error))
            }
            ExportFormat::RemoteWrite if self.request.message().is_empty() => Ok(()),
            ExportFormat::RemoteWrite => requests::write(&self.request.take_packed()?, self.out),
        }
    }

    /// Writes what is left; gives how many samples the format could not take.
    fn finish(mut self) -> Result<u64, String> {
        self.flush()?;
        if self.format == ExportFormat::RemoteWrite {
            requests::end(self.out)?;
        }
        self.out.flush().map_err(|error| unwritten(&error))?;
        Ok(self.left_out)
    }
}
