//! `watchglass store import`: samples of an export, of any age that the retention allows.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use super::pieces::{PIECE_BYTES, Piece, Pieces};
use super::{Progress, unwritten};
use crate::config::Import;
use crate::model::{Refusal, Timestamp};
use crate::store::{self, LogState, LogWriter, Store};

/// The most refusals that are put in words.
const REFUSALS_MAX: usize = 20;

/// Takes what can be taken of a file; see [`super::run`].
pub(super) fn import(
    given: &Import,
    (store, mut writer): (Store, LogWriter),
    now: Timestamp,
    out: &mut dyn Write,
) -> Result<(), String> {
    let (input, bytes) = open(&given.file)?;
    let input = BufReader::with_capacity(PIECE_BYTES, input);
    let pieces = Pieces::new(input, given.format, now)?;
    let mut taking = Taking {
        import: store.import(now).ok_or("the store keeps nothing on disk")?,
        refused: 0,
        refusals: Vec::new(),
        progress: Progress::new("import", bytes),
    };
    // What was taken before a mistake of the file is kept.
    let read = pieces.read(|piece| taking.take(piece));
    let Taking { import, refused, refusals, progress } = taking;
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

/// An import with what it has refused so far.
struct Taking<'a> {
    import: store::Import<'a>,
    refused: u64,
    refusals: Vec<Refusal>,
    progress: Progress,
}

impl Taking<'_> {
    /// Takes what can be taken of a piece.
    fn take(&mut self, piece: Piece) -> Result<(), String> {
        let Piece { decoded, before, bytes } = piece;
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
        self.progress.advance(bytes);
        Ok(())
    }
}
