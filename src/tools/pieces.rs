//! Reading a file that is imported, piece by piece: lines of text or requests of remote write. It
//! is from anywhere, so nothing that it says is believed.

use std::io::{self, BufRead, Read};

use super::requests;
use crate::config::ImportFormat;
use crate::ingest::{Decoded, Encoding, KeyCache, Options, inflate, remote_write, text};
use crate::model::{ByteSize, Timestamp};

/// Lines are read in pieces of about this many bytes.
pub(super) const PIECE_BYTES: usize = 1 << 20;
/// A line that is longer is no line.
const LINE_BYTES_MAX: usize = 16 << 20;
/// Series that are known by their bytes.
const KEYS_MAX: usize = 200_000;

/// What was read of a file.
pub struct Piece {
    /// What stands in it.
    pub decoded: Decoded,
    /// How many lines there are before it.
    pub before: u32,
    /// How many bytes of the file it takes.
    pub bytes: u64,
}

/// A file that is being read.
pub struct Pieces<R> {
    input: R,
    is_of_requests: bool,
    now: Timestamp,
    options: Options,
    cache: KeyCache,
}

impl<R: BufRead> Pieces<R> {
    /// Begins to read a file at the time `now`, which samples without one get.
    ///
    /// # Errors
    /// In words, when it cannot be read or is not of the format.
    pub fn new(mut input: R, format: ImportFormat, now: Timestamp) -> Result<Self, String> {
        let begins = input.fill_buf().map_err(|error| unread(&error))?;
        let begins = begins.starts_with(&requests::MAGIC);
        if format == ImportFormat::RemoteWrite && !begins {
            return Err("the file does not begin like one of remote-write requests".to_owned());
        }
        let is_of_requests = begins && format != ImportFormat::Text;
        let cache = KeyCache::new(KEYS_MAX);
        Ok(Self { input, is_of_requests, now, options: generous(), cache })
    }

    /// Hands all of it to `take`, piece by piece.
    ///
    /// # Errors
    /// In words, when it cannot be read, is damaged or was cut, and what `take` gives. What stood
    /// before has been handed over.
    pub fn read(self, take: impl FnMut(Piece) -> Result<(), String>) -> Result<(), String> {
        if self.is_of_requests { self.requests(take) } else { self.lines(take) }
    }

    fn lines(mut self, mut take: impl FnMut(Piece) -> Result<(), String>) -> Result<(), String> {
        let (mut piece, mut before) = (Vec::new(), 0_u32);
        loop {
            let start = piece.len();
            let read = (&mut self.input).take(PIECE_BYTES as u64).read_to_end(&mut piece);
            let read = read.map_err(|error| unread(&error))?;
            let line = memchr::memrchr(b'\n', piece.get(start..).unwrap_or_default());
            let end = match line {
                _ if read == 0 => piece.len(),
                Some(at) => start + at + 1,
                None if piece.len() > LINE_BYTES_MAX => {
                    return Err(format!("line {} is longer than any line may be", before + 1));
                }
                None => continue,
            };
            let whole = piece.get(..end).unwrap_or_default();
            let decoded = text::decode(whole, self.now, &self.options, &mut self.cache);
            take(Piece { decoded, before, bytes: end as u64 })?;
            let lines = memchr::memchr_iter(b'\n', whole).count();
            before = before.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
            piece.drain(..end);
            if read == 0 {
                return Ok(());
            }
        }
    }

    fn requests(mut self, mut take: impl FnMut(Piece) -> Result<(), String>) -> Result<(), String> {
        let mut magic = requests::MAGIC;
        self.input.read_exact(&mut magic).map_err(|error| unread(&error))?;
        while let Some(request) = requests::read(&mut self.input)? {
            let message = inflate(Encoding::Snappy, &request, &self.options);
            let message = message.map_err(|error| error.to_string())?;
            let version = remote_write::Version::One;
            let (options, cache) = (&self.options, &mut self.cache);
            let decoded = remote_write::decode(&message, version, self.now, options, cache)?;
            take(Piece { decoded, before: 0, bytes: request.len() as u64 + 8 })?;
        }
        Ok(())
    }
}

/// Words for an error while reading a file.
pub(super) fn unread(error: &io::Error) -> String {
    format!("cannot read the file: {error}")
}

/// The widest limits that can be set: what was kept once may come back.
fn generous() -> Options {
    Options {
        body_max: ByteSize(1 << 30),
        inflated_max: ByteSize(1 << 30),
        ratio_max: 10_000,
        samples_max: 10_000_000,
        metric_name_bytes_max: 1 << 16,
        label_name_bytes_max: 1 << 16,
        label_value_bytes_max: 1 << 20,
        labels_max: 1000,
        ..Options::default()
    }
}
