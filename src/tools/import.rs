//! `watchglass store import`: samples of an export, of any age that the retention allows.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use super::{Progress, requests, unwritten};
use crate::config::{Import, ImportFormat};
use crate::ingest::{Decoded, Encoding, KeyCache, Options, inflate, remote_write, text};
use crate::model::{ByteSize, Refusal, Timestamp};
use crate::store::{self, LogState, LogWriter, Store};

/// Lines are read in pieces of about this many bytes.
const PIECE_BYTES: usize = 1 << 20;
/// A line that is longer is no line.
const LINE_BYTES_MAX: usize = 16 << 20;
/// The most refusals that are put in words.
const REFUSALS_MAX: usize = 20;
/// Series that are known by their bytes.
const KEYS_MAX: usize = 200_000;

/// Takes what can be taken of a file; see [`super::run`].
pub(super) fn import(
    given: &Import,
    (store, mut writer): (Store, LogWriter),
    now: Timestamp,
    out: &mut dyn Write,
) -> Result<(), String> {
    let (input, bytes) = open(&given.file)?;
    let mut input = BufReader::with_capacity(PIECE_BYTES, input);
    let begins = input.fill_buf().map_err(|error| unread(&error))?;
    let is_requests = begins.starts_with(&requests::MAGIC);
    let requests = match given.format {
        ImportFormat::Auto => is_requests,
        ImportFormat::Text => false,
        ImportFormat::RemoteWrite if is_requests => true,
        ImportFormat::RemoteWrite => {
            return Err("the file does not begin like one of remote-write requests".to_owned());
        }
    };
    let import = store.import(now).ok_or("the store keeps nothing on disk")?;
    let mut taking = Taking {
        import,
        now,
        options: generous(),
        cache: KeyCache::new(KEYS_MAX),
        refused: 0,
        refusals: Vec::new(),
        progress: Progress::new("import", bytes),
    };
    // What was taken before a mistake of the file is kept.
    let read = if requests { taking.requests(&mut input) } else { taking.lines(&mut input) };
    let Taking { import, refused, refusals, progress, .. } = taking;
    drop(progress);
    let tally = import.finish().map_err(|error| error.to_string())?;
    // What was said of metric names is in the log.
    writer.commit();
    if store.log_state() != LogState::Well {
        return Err("what was said of metric names could not be written to the log".to_owned());
    }
    for refusal in &refusals {
        let Refusal { line, reason, text } = refusal;
        writeln!(out, "refused: number {line}: {reason}: {text}").map_err(|e| unwritten(&e))?;
    }
    let words = summary(&tally, refused, refusals.len());
    writeln!(out, "{words}").map_err(|error| unwritten(&error))?;
    read?;
    if refused + tally.too_old + tally.too_new > 0 {
        return Err("not everything was taken".to_owned());
    }
    Ok(())
}

fn summary(tally: &store::ImportTally, refused: u64, shown: usize) -> String {
    let mut words = format!("{} samples were taken", tally.taken);
    if tally.too_old > 0 {
        let _ = write!(
            words,
            "; {} refused: older than samples are kept (storage.retention.raw)",
            tally.too_old
        );
    }
    if tally.too_new > 0 {
        let _ = write!(
            words,
            "; {} refused: too far ahead of this machine's clock (ingest.max_future)",
            tally.too_new
        );
    }
    if refused > 0 {
        let _ = write!(words, "; {refused} refused, the first {shown} of them above");
    }
    words
}

/// The file, or standard input, and how long it is; 0 when that is not known.
fn open(path: &Path) -> Result<(Box<dyn Read>, u64), String> {
    if path == Path::new("-") {
        return Ok((Box::new(io::stdin()), 0));
    }
    let shown = path.display();
    let file = File::open(path).map_err(|error| format!("cannot open `{shown}`: {error}"))?;
    let bytes = file.metadata().map_or(0, |about| about.len());
    Ok((Box::new(file), bytes))
}

fn unread(error: &io::Error) -> String {
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

/// An import with what it has refused so far.
struct Taking<'a> {
    import: store::Import<'a>,
    now: Timestamp,
    options: Options,
    cache: KeyCache,
    refused: u64,
    refusals: Vec<Refusal>,
    progress: Progress,
}

impl Taking<'_> {
    /// Takes what was decoded of a piece, before which there were `before` lines.
    fn take(&mut self, decoded: Decoded, before: u32) -> Result<(), String> {
        self.refused += decoded.refused as u64;
        let room = REFUSALS_MAX - self.refusals.len();
        self.refusals.extend(
            decoded
                .refusals
                .into_iter()
                .take(room)
                .map(|refusal| Refusal { line: refusal.line.saturating_add(before), ..refusal }),
        );
        for batch in decoded.batches {
            self.import.take(batch).map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    fn lines(&mut self, input: &mut dyn Read) -> Result<(), String> {
        let (mut piece, mut before) = (Vec::new(), 0_u32);
        loop {
            let start = piece.len();
            let read = input.take(PIECE_BYTES as u64).read_to_end(&mut piece);
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
            self.take(decoded, before)?;
            let lines = memchr::memchr_iter(b'\n', whole).count();
            before = before.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
            self.progress.advance(end as u64);
            piece.drain(..end);
            if read == 0 {
                return Ok(());
            }
        }
    }

    fn requests(&mut self, input: &mut dyn Read) -> Result<(), String> {
        let mut magic = requests::MAGIC;
        input.read_exact(&mut magic).map_err(|error| unread(&error))?;
        while let Some(request) = requests::read(input)? {
            let message = inflate(Encoding::Snappy, &request, &self.options);
            let message = message.map_err(|error| error.to_string())?;
            let version = remote_write::Version::One;
            let decoded =
                remote_write::decode(&message, version, self.now, &self.options, &mut self.cache)?;
            self.take(decoded, 0)?;
            self.progress.advance(request.len() as u64 + 8);
        }
        Ok(())
    }
}
