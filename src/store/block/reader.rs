//! Reading a block through the disk: the footer when it is opened, the index when it is first
//! asked, and of a series its list and the chunks that are wanted.
//!
//! Every piece is checked before it is used. A piece that is damaged is left out and reported to
//! the caller; nothing is made of it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use foldhash::fast::RandomState;

use super::bytes::{Cursor, unseal};
use super::cover::Cover;
use super::index::Index;
use super::list::{self, Chunk, Piece};
use super::opened::BlockFile;
use super::pack::Unpacker;
use super::tier::{COLUMNS, Row, Tier};
use super::writer::{About, Purpose};
use super::{BLOCK_VERSION, BlockError, FOOTER_MAGIC, HEADER_BYTES, MAGIC, times, values};
use crate::model::{Sample, TimeRange, Timestamp};
use crate::store::disk::Readable;

/// The end of the file: the length of the footer, and four bytes that end every block.
const TRAILER_BYTES: usize = 8;
/// The version of the format that knew no tiers.
const FIRST_VERSION: u32 = 1;
/// The longest footer, section or piece that is read: no writer makes longer ones.
const PIECE_BYTES_MAX: u64 = 1 << 30;
/// How many packed times a reader keeps for the series that come next.
const KEPT_TIMES: usize = 256;

/// A block that can be read.
pub(super) struct Block {
    /// Its number: of two blocks the one with the greater number was written later.
    pub(super) number: u64,
    /// How long its file is.
    pub(super) bytes: u64,
    /// What it is about.
    pub(super) about: About,
    /// Where its bytes are.
    pub(super) file: BlockFile,
    /// Whether something in it was found damaged since it was opened.
    pub(super) suspect: AtomicBool,
}

impl Block {
    /// Opens a block; reads its header and its footer.
    pub(super) fn open(number: u64, from: BlockFile) -> Result<Self, BlockError> {
        let file = from.open().map_err(BlockError::Disk)?;
        let bytes = file.length().map_err(BlockError::Disk)?;
        if bytes < (HEADER_BYTES + TRAILER_BYTES) as u64 {
            return Err(BlockError::Damaged("the file is too short"));
        }
        let mut header = [0; HEADER_BYTES];
        file.read_at(0, &mut header).map_err(BlockError::Disk)?;
        let version = unseal(&header)?.strip_prefix(&MAGIC[..]);
        let version = version.and_then(<[u8]>::first_chunk::<4>);
        let version = match version.map(|version| u32::from_le_bytes(*version)) {
            Some(known @ (FIRST_VERSION | BLOCK_VERSION)) => known,
            Some(newer) if newer > BLOCK_VERSION => return Err(BlockError::Newer(newer)),
            _ => return Err(BlockError::Damaged("the file does not begin like a block")),
        };
        let mut trailer = [0; TRAILER_BYTES];
        file.read_at(bytes - TRAILER_BYTES as u64, &mut trailer).map_err(BlockError::Disk)?;
        let length = trailer.strip_suffix(&FOOTER_MAGIC).and_then(<[u8]>::first_chunk::<4>);
        let length = length.ok_or(BlockError::Damaged("the file does not end like a block"))?;
        let length = u32::from_le_bytes(*length);
        let end = bytes - TRAILER_BYTES as u64;
        let at = end.checked_sub(u64::from(length));
        let at = at.ok_or(BlockError::Damaged("the footer is too long"))?;
        let footer = read(&*file, bytes, Piece { at, length })?;
        let about = decode_footer(unseal(&footer)?, version)?;
        Ok(Self { number, bytes, about, file: from, suspect: AtomicBool::new(false) })
    }

    /// What its samples are.
    pub(super) const fn tier(&self) -> Tier {
        self.about.purpose.tier
    }

    /// Of which time it has all there was.
    pub(super) const fn cover(&self) -> &Cover {
        &self.about.purpose.cover
    }

    /// Whether it was cut from the head, and not made of other blocks.
    pub(super) fn is_fresh(&self) -> bool {
        self.tier() == Tier::Raw && self.about.purpose.replaces.is_empty()
    }

    /// Whether something in it was found damaged.
    pub(super) fn is_suspect(&self) -> bool {
        self.suspect.load(Ordering::Relaxed)
    }

    /// A piece with its checksum.
    fn read(&self, piece: Piece) -> Result<Vec<u8>, BlockError> {
        let file = self.file.open().map_err(BlockError::Disk)?;
        read(&*file, self.bytes, piece)
    }

    /// Reads its index.
    pub(super) fn index(&self) -> Result<Index, BlockError> {
        let section = |piece: Piece| {
            let sealed = self.read(piece)?;
            Ok(unseal(&sealed)?.to_vec())
        };
        let [texts, rows, postings] = self.about.sections;
        let index = Index::decode([section(texts)?, section(rows)?, section(postings)?])?;
        if index.series() == self.about.series {
            Ok(index)
        } else {
            Err(BlockError::Damaged("the series are not as many as they should be"))
        }
    }
}

fn decode_footer(bytes: &[u8], version: u32) -> Result<About, BlockError> {
    let mut cursor = Cursor::new(bytes);
    let first = cursor.signed()?;
    let last = first.checked_add_unsigned(cursor.number()?);
    let span = last.and_then(|last| TimeRange::new(Timestamp(first), Timestamp(last)));
    let span = span.ok_or(BlockError::Damaged("the block leaves the scale of time"))?;
    let (samples, series) = (cursor.number()?, cursor.small()?);
    let mut replaces = Vec::new();
    for _ in 0..cursor.number()? {
        replaces.push(cursor.number()?);
    }
    let mut section = || Ok(Piece { at: cursor.number()?, length: cursor.small()? });
    let sections = [section()?, section()?, section()?];
    let (mut tier, mut cover) = (Some(Tier::Raw), Cover::first_version(span));
    if version > FIRST_VERSION {
        tier = Tier::of(cursor.number()?);
        cover = Cover::decode(&mut cursor)?;
    }
    let tier = tier.ok_or(BlockError::Damaged("the block has an unknown resolution"))?;
    let purpose = Purpose { tier, cover, replaces };
    Ok(About { purpose, span, samples, series, sections })
}

fn read(file: &dyn Readable, end: u64, piece: Piece) -> Result<Vec<u8>, BlockError> {
    if piece.end() > end || u64::from(piece.length) > PIECE_BYTES_MAX {
        return Err(BlockError::Damaged("a piece lies outside the file"));
    }
    let mut bytes = vec![0; piece.length as usize];
    file.read_at(piece.at, &mut bytes).map_err(BlockError::Disk)?;
    Ok(bytes)
}

/// Reads series of one block after the other, and keeps buffers and times between them.
pub(super) struct SeriesReader<'a> {
    block: &'a Block,
    unpacker: Unpacker,
    times: HashMap<u64, Vec<u8>, RandomState>,
    at: Vec<i64>,
    values: Vec<f64>,
}

impl<'a> SeriesReader<'a> {
    /// A reader of `block`.
    pub(super) fn new(block: &'a Block) -> Self {
        Self {
            block,
            unpacker: Unpacker::default(),
            times: HashMap::default(),
            at: Vec::new(),
            values: Vec::new(),
        }
    }

    /// What the samples of the block are.
    pub(super) const fn tier(&self) -> Tier {
        self.block.tier()
    }

    /// The chunks of the series with this list.
    pub(super) fn chunks(&self, list: Piece) -> Result<Vec<Chunk>, BlockError> {
        list::decode(unseal(&self.block.read(list)?)?, self.block.tier().columns())
    }

    /// Adds the samples of a chunk that lie inside `range` to `into`.
    pub(super) fn samples(
        &mut self,
        chunk: &Chunk,
        range: TimeRange,
        into: &mut Vec<Sample>,
    ) -> Result<(), BlockError> {
        self.times(chunk)?;
        self.column(chunk, 0)?;
        let from = self.at.partition_point(|at| *at < range.from().0);
        let to = self.at.partition_point(|at| *at <= range.to().0);
        let inside = self.at.iter().zip(&self.values).take(to).skip(from);
        into.extend(inside.map(|(at, value)| Sample::new(Timestamp(*at), *value)));
        Ok(())
    }

    /// Adds the rows of a chunk that lie inside `range` to `into`, with these of their columns; the
    /// others are zero.
    pub(super) fn rows(
        &mut self,
        chunk: &Chunk,
        range: TimeRange,
        columns: &[usize],
        into: &mut Vec<Row>,
    ) -> Result<(), BlockError> {
        self.times(chunk)?;
        let from = self.at.partition_point(|at| *at < range.from().0);
        let to = self.at.partition_point(|at| *at <= range.to().0);
        let mut cells = vec![[0.0; COLUMNS]; to.saturating_sub(from)];
        for column in columns {
            self.column(chunk, *column)?;
            for (cells, value) in cells.iter_mut().zip(self.values.iter().skip(from)) {
                cells[*column] = *value;
            }
        }
        let rows = cells.into_iter().zip(self.at.iter().skip(from));
        into.extend(rows.map(|(cells, at)| Row::from_columns(*at, cells)));
        Ok(())
    }

    /// Reads the times of a chunk.
    fn times(&mut self, chunk: &Chunk) -> Result<(), BlockError> {
        self.at.clear();
        let way = (chunk.span, chunk.count as usize);
        let Some(piece) = chunk.times else {
            return times::decode(None, way, &mut self.unpacker, &mut self.at);
        };
        if !self.times.contains_key(&piece.at) {
            let sealed = self.block.read(piece)?;
            if self.times.len() >= KEPT_TIMES {
                self.times.clear();
            }
            self.times.insert(piece.at, unseal(&sealed)?.to_vec());
        }
        let times = self.times.get(&piece.at).map(Vec::as_slice);
        times::decode(times, way, &mut self.unpacker, &mut self.at)
    }

    /// Reads a column of a chunk.
    fn column(&mut self, chunk: &Chunk, column: usize) -> Result<(), BlockError> {
        self.values.clear();
        let sealed = self.block.read(chunk.columns[column])?;
        let count = chunk.count as usize;
        values::decode(unseal(&sealed)?, count, &mut self.unpacker, &mut self.values)
    }
}
