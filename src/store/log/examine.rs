//! Reads any bytes as a segment, for tests and fuzzing. Checksums keep damage out of the reader of
//! frames; here it is handed whatever comes, frame after frame.

use super::Terms;
use super::decode::{Decoder, Sink};
use super::frame::{FrameWriter, Frames, Piece, SegmentId, header};
use crate::model::{Labels, Matcher, Metadata, Sample, Span, TimeRange};

/// The segment that the bytes are of.
const ID: SegmentId = SegmentId { number: 1, salt: 1 };
/// The bit of a length that says that the frame is damaged.
const DAMAGED: u16 = 1 << 15;

/// Reads a segment. After a first byte that is even, the others are the file. Else they are the
/// payloads of frames, each behind its length in two bytes, whose highest bit says that the frame
/// is damaged. Gives how many samples and series it tells of.
pub fn examine_segment(bytes: &[u8]) -> usize {
    let Some((first, bytes)) = bytes.split_first() else { return 0 };
    if first % 2 == 0 { read(bytes) } else { read(&sealed(bytes)) }
}

fn read(segment: &[u8]) -> usize {
    let (mut decoder, mut count) = (Decoder::default(), Count(0));
    for piece in Frames::new(ID, segment) {
        match piece {
            Piece::Frame(payload) if decoder.frame(payload, &mut count).is_some() => {}
            Piece::Frame(_) | Piece::Damage(_) => decoder.damaged(),
            Piece::Tail(_) => break,
        }
    }
    count.0
}

/// A segment of these payloads.
fn sealed(mut bytes: &[u8]) -> Vec<u8> {
    let mut segment = header();
    while let Some((length, rest)) = bytes.split_first_chunk::<2>() {
        let length = u16::from_le_bytes(*length);
        let (payload, rest) = rest.split_at(usize::from(length & !DAMAGED).min(rest.len()));
        let mut frames = FrameWriter::new(ID);
        frames.payload().0.extend_from_slice(payload);
        frames.close();
        let damage = u8::from(length & DAMAGED != 0);
        frames.out.iter_mut().take(1).for_each(|mark| *mark ^= damage);
        segment.append(&mut frames.out);
        bytes = rest;
    }
    segment
}

/// Counts what is told.
struct Count(usize);

impl Sink for Count {
    fn series(&mut self, _number: u32, _labels: Labels, _ttl: Option<Span>) {
        self.0 += 1;
    }

    fn under(&mut self, _terms: Terms) {}

    fn sample(&mut self, _number: u32, _sample: Sample) {
        self.0 += 1;
    }

    fn metadata(&mut self, _name: &str, _metadata: Metadata) {}

    fn deleted(&mut self, _matchers: &[Matcher], _range: TimeRange) {}
}
