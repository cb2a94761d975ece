//! Looking at a segment of the log by itself: whether everything in it is what was written, and
//! what it is about.

use std::path::Path;

use super::Terms;
use super::decode::{Decoder, Sink};
use super::frame::{Frames, LOG_VERSION, Piece, SegmentId, version};
use super::segments::{SegmentFile, read_segment};
use crate::model::{Labels, Matcher, Metadata, Sample, Span, TimeRange, Timestamp};
use crate::store::disk::Disk;
use crate::store::files::Contents;

/// What stands in the segment at `path`: see [`crate::store::StoreFile::contents`].
pub(in crate::store) fn contents(
    disk: &dyn Disk,
    path: &Path,
    is_last: bool,
    each: &mut dyn FnMut(&Labels, u64),
) -> Contents {
    let mut found = Contents::default();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let Some(id) = SegmentId::parse(&name) else {
        found.fault("its name is not that of a segment");
        return found;
    };
    let file = SegmentFile { id, newest: Timestamp::MIN, bytes: 0 };
    let bytes = match read_segment(disk, file) {
        Ok(bytes) => bytes,
        Err(error) => {
            found.fault(error.to_string());
            return found;
        }
    };
    match version(&bytes) {
        Some(newer) if newer > LOG_VERSION => {
            found.fault(format!("it has version {newer}, and up to {LOG_VERSION} are read"));
            return found;
        }
        Some(_) => {}
        None => found.fault("its header is damaged"),
    }
    let mut decoder = Decoder::default();
    let mut told = Told { found, each };
    let mut frames = 0;
    for piece in Frames::new(id, &bytes) {
        match piece {
            Piece::Frame(payload) if decoder.frame(payload, &mut told).is_some() => frames += 1,
            Piece::Frame(_) => {
                decoder.damaged();
                told.found.fault("a frame holds what nobody wrote");
            }
            Piece::Damage(bytes) => {
                decoder.damaged();
                told.found.fault(format!("{bytes} bytes inside are damaged"));
            }
            // As at a start: a write that was cut was never acknowledged.
            Piece::Tail(bytes) if frames > 0 || is_last => {
                told.found.remark =
                    Some(format!("it ends with an unfinished write, {bytes} bytes"));
            }
            Piece::Tail(bytes) => told.found.fault(format!("nothing of {bytes} bytes is whole")),
        }
    }
    let lost = decoder.lost();
    if lost > 0 {
        told.found.fault(format!("{lost} samples cannot be told for want of what is damaged"));
    }
    told.found
}

/// Counts what frames tell.
struct Told<'a> {
    found: Contents,
    each: &'a mut dyn FnMut(&Labels, u64),
}

impl Sink for Told<'_> {
    fn series(&mut self, _number: u32, labels: Labels, _ttl: Option<Span>) {
        self.found.series += 1;
        (self.each)(&labels, 0);
    }

    fn under(&mut self, _terms: Terms) {}

    fn sample(&mut self, _number: u32, sample: Sample) {
        self.found.samples += 1;
        self.found.reach(sample.at);
    }

    fn metadata(&mut self, _name: &str, _metadata: Metadata) {}

    fn deleted(&mut self, _matchers: &[Matcher], _range: TimeRange) {}
}
