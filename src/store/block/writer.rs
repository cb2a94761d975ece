//! Writing a block: series by series in the order of their labels, then the index, then the footer.
//!
//! Only one series' open samples are in memory at a time, and the labels and places of all of them.
//! The file gets its name when it is whole and safe: until then it has another, which a start
//! throws away.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::bytes::{put_number, put_signed, seal};
use super::cover::Cover;
use super::index::{self, Entry};
use super::list::{self, Chunk, NOWHERE, Piece};
use super::tier::{COLUMNS, Row, Tier};
use super::{BLOCK_VERSION, BlockError, FOOTER_MAGIC, MAGIC, times, values};
use crate::model::{Kind, Labels, Sample, TimeRange, Timestamp};
use crate::store::disk::Writable;

/// A chunk is closed at this many samples: beyond it chunks of 1 s shrink by some per cent at most,
/// and a reader of few samples unpacks more for nothing.
pub(super) const CHUNK_SAMPLES: usize = 2048;
/// It is closed when this many wait, so that the last chunk of a series is not tiny.
const WAITING_SAMPLES: usize = CHUNK_SAMPLES + CHUNK_SAMPLES / 2;
/// Bytes that are collected before they are written.
const BUFFER_BYTES: usize = 256 << 10;
/// Bytes of times that are remembered to be used again.
const TIMES_BYTES: usize = 4 << 20;

/// What is known of a block before it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct Purpose {
    /// What its samples are.
    pub(in crate::store) tier: Tier,
    /// Of which time it has all there was.
    pub(in crate::store) cover: Cover,
    /// The numbers of the blocks whose samples it takes over.
    pub(in crate::store) replaces: Vec<u64>,
}

/// What a block is about, said by its footer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct About {
    /// What it was written for.
    pub(super) purpose: Purpose,
    /// The times of its oldest and its newest sample.
    pub(super) span: TimeRange,
    /// How many samples or rows it has.
    pub(super) samples: u64,
    /// How many series it has.
    pub(super) series: u32,
    /// Its sections: texts, series, postings.
    pub(super) sections: [Piece; 3],
}

/// A block that is being written.
pub(in crate::store) struct BlockWriter {
    file: Box<dyn Writable>,
    purpose: Purpose,
    buffer: Vec<u8>,
    /// Where the buffer will stand in the file.
    written: u64,
    series: Vec<(Labels, Entry)>,
    samples: u64,
    /// Where times stand that were written before.
    times: HashMap<Vec<u8>, Piece, RandomState>,
    times_bytes: usize,
}

impl BlockWriter {
    /// Begins a block in an empty file.
    pub(super) fn new(file: Box<dyn Writable>, purpose: Purpose) -> Self {
        let mut buffer = MAGIC.to_vec();
        buffer.extend_from_slice(&BLOCK_VERSION.to_le_bytes());
        seal(&mut buffer, 0);
        Self {
            file,
            purpose,
            buffer,
            written: 0,
            series: Vec::new(),
            samples: 0,
            times: HashMap::default(),
            times_bytes: 0,
        }
    }

    /// Adds a series, greater than all before, with its samples, strictly ascending. One without
    /// samples is left out.
    pub(in crate::store) fn series(
        &mut self,
        labels: &Labels,
        kind: Kind,
        samples: impl IntoIterator<Item = Sample>,
    ) -> Result<(), BlockError> {
        let start = self.place();
        let (mut waiting, mut chunks) = (Waiting::default(), Vec::new());
        for sample in samples {
            waiting.at.push(sample.at.0);
            waiting.columns[0].push(sample.value);
            if waiting.at.len() >= WAITING_SAMPLES {
                chunks.extend(self.chunk(&mut waiting, CHUNK_SAMPLES)?);
            }
        }
        let rest = waiting.at.len();
        chunks.extend(self.chunk(&mut waiting, rest)?);
        let reach = chunks.first().zip(chunks.last());
        let reach = reach.map(|(first, last)| (first.span.from().0, last.span.to().0));
        self.close_series((labels, kind), &chunks, start, reach)
    }

    /// Adds a series of a block of rows, greater than all before. One without rows is left out.
    pub(super) fn rows(
        &mut self,
        labels: &Labels,
        kind: Kind,
        rows: &[Row],
    ) -> Result<(), BlockError> {
        let start = self.place();
        let mut chunks = Vec::new();
        let mut rest = rows;
        while !rest.is_empty() {
            let length = if rest.len() < WAITING_SAMPLES { rest.len() } else { CHUNK_SAMPLES };
            let (now, later) = rest.split_at(length);
            let mut waiting =
                Waiting { at: now.iter().map(|row| row.at).collect(), ..Waiting::default() };
            for row in now {
                for (column, value) in waiting.columns.iter_mut().zip(row.columns()) {
                    column.push(value);
                }
            }
            chunks.extend(self.chunk(&mut waiting, length)?);
            rest = later;
        }
        let from = rows.iter().map(|row| row.reach().0).min();
        let reach = from.zip(rows.iter().map(|row| row.reach().1).max());
        self.close_series((labels, kind), &chunks, start, reach)
    }

    /// Writes the list of a series, whose samples are from one time to another.
    fn close_series(
        &mut self,
        (labels, kind): (&Labels, Kind),
        chunks: &[Chunk],
        start: u64,
        reach: Option<(i64, i64)>,
    ) -> Result<(), BlockError> {
        let Some((from, to)) = reach else { return Ok(()) };
        let span = TimeRange::new(Timestamp(from), Timestamp(to));
        let span = span.ok_or(BlockError::Damaged("samples do not ascend"))?;
        self.samples += chunks.iter().map(|chunk| u64::from(chunk.count)).sum::<u64>();
        let piece = self.piece(&list::encode(chunks, start, self.purpose.tier.columns()))?;
        self.series.push((labels.clone(), Entry { kind, span, list: piece }));
        Ok(())
    }

    /// Whether there is no sample so far.
    pub(super) fn is_empty(&self) -> bool {
        self.samples == 0
    }

    /// Writes index and footer and makes the file safe.
    pub(super) fn finish(mut self) -> Result<(), BlockError> {
        let spans = || self.series.iter().map(|(_, entry)| entry.span);
        let from = spans().map(TimeRange::from).min();
        let to = spans().map(TimeRange::to).max();
        let span = from.zip(to).and_then(|(from, to)| TimeRange::new(from, to));
        let span = span.ok_or(BlockError::Damaged("a block without samples"))?;
        let (samples, series) = (self.samples, self.series.len() as u32);
        let [texts, rows, postings] = index::encode(&self.series);
        let sections = [self.piece(&texts)?, self.piece(&rows)?, self.piece(&postings)?];
        let purpose = self.purpose.clone();
        let footer = encode_footer(&About { purpose, span, samples, series, sections });
        self.piece(&footer)?;
        let length = (footer.len() + super::bytes::CHECKSUM_BYTES) as u32;
        self.buffer.extend_from_slice(&length.to_le_bytes());
        self.buffer.extend_from_slice(&FOOTER_MAGIC);
        self.flush()?;
        self.file.sync().map_err(BlockError::Disk)
    }

    /// Writes a chunk of the first `count` samples that wait.
    fn chunk(&mut self, waiting: &mut Waiting, count: usize) -> Result<Option<Chunk>, BlockError> {
        let at: Vec<i64> = waiting.at.drain(..count).collect();
        let (Some(first), Some(last)) = (at.first(), at.last()) else { return Ok(None) };
        let span = TimeRange::new(Timestamp(*first), Timestamp(*last));
        let span = span.filter(|_| at.is_sorted_by(|one, next| one < next));
        let span = span.ok_or(BlockError::Damaged("samples do not ascend"))?;
        let times = times::encode(&at).map(|times| self.times(times)).transpose()?;
        let mut columns = [NOWHERE; COLUMNS];
        let mut written: Vec<Vec<u8>> = Vec::new();
        for (number, column) in waiting.columns.iter_mut().enumerate() {
            if number == self.purpose.tier.columns() {
                break;
            }
            let held: Vec<f64> = column.drain(..count).collect();
            let bytes = values::encode(&held);
            columns[number] = match written.iter().position(|other| *other == bytes) {
                Some(same) => columns[same],
                None => self.piece(&bytes)?,
            };
            written.push(bytes);
        }
        Ok(Some(Chunk { span, count: count as u32, times, columns }))
    }

    /// Where these times stand; they are written when they are not there yet.
    fn times(&mut self, times: Vec<u8>) -> Result<Piece, BlockError> {
        if let Some(piece) = self.times.get(&times) {
            return Ok(*piece);
        }
        let piece = self.piece(&times)?;
        if self.times_bytes > TIMES_BYTES {
            self.times.clear();
            self.times_bytes = 0;
        }
        self.times_bytes += times.len();
        self.times.insert(times, piece);
        Ok(piece)
    }

    fn place(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    /// Writes `content` with its checksum.
    fn piece(&mut self, content: &[u8]) -> Result<Piece, BlockError> {
        let (at, start) = (self.place(), self.buffer.len());
        self.buffer.extend_from_slice(content);
        seal(&mut self.buffer, start);
        let length = u32::try_from(self.buffer.len() - start);
        let length = length.map_err(|_| BlockError::Damaged("a piece is too long"))?;
        if self.buffer.len() >= BUFFER_BYTES {
            self.flush()?;
        }
        Ok(Piece { at, length })
    }

    fn flush(&mut self) -> Result<(), BlockError> {
        self.file.append(&self.buffer).map_err(BlockError::Disk)?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}

/// Samples that are not in a chunk yet.
#[derive(Default)]
struct Waiting {
    at: Vec<i64>,
    /// As many as the tier has.
    columns: [Vec<f64>; COLUMNS],
}

fn encode_footer(about: &About) -> Vec<u8> {
    let mut bytes = Vec::new();
    put_signed(about.span.from().0, &mut bytes);
    put_number(about.span.to().0.abs_diff(about.span.from().0), &mut bytes);
    put_number(about.samples, &mut bytes);
    put_number(u64::from(about.series), &mut bytes);
    put_number(about.purpose.replaces.len() as u64, &mut bytes);
    for number in &about.purpose.replaces {
        put_number(*number, &mut bytes);
    }
    for section in about.sections {
        put_number(section.at, &mut bytes);
        put_number(u64::from(section.length), &mut bytes);
    }
    put_number(about.purpose.tier.resolution().0.unsigned_abs(), &mut bytes);
    about.purpose.cover.encode(&mut bytes);
    bytes
}
