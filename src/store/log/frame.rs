//! What a segment is made of: a header, then frames, each with its length and checksum.
//!
//! The checksum and the mark at the start of a frame depend on a number that is drawn for each
//! segment and stands in its name. So bytes of another segment, or bytes that somebody pushed as a
//! label, are never taken for a frame, and the reader can look for the next frame behind a damaged
//! stretch.

use memchr::memmem;

/// The version of the format, as `docs/formats/wal.md` describes it.
pub const LOG_VERSION: u32 = 2;
/// What the checksums of all versions begin with.
const SEED: u32 = 1;

/// What every segment begins with.
const MAGIC: [u8; 8] = *b"WGLOG\r\n\0";
/// Magic, version, checksum of both.
const HEADER_BYTES: usize = 16;
/// Mark, length, checksum.
const FRAME_HEADER_BYTES: usize = 12;

/// Who a segment is: its number, and the salt of its checksums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::store) struct SegmentId {
    /// Segments are read by ascending number.
    pub(super) number: u64,
    /// Drawn at random.
    pub(super) salt: u32,
}

impl SegmentId {
    /// The segment of a file name.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let (number, salt) = name.strip_suffix(".log")?.split_once('-')?;
        let fits = number.len() == 16 && salt.len() == 8;
        let id = Self { number: number.parse().ok()?, salt: u32::from_str_radix(salt, 16).ok()? };
        (fits && id.name() == name).then_some(id)
    }

    /// Its file name.
    pub(super) fn name(self) -> String {
        format!("{:016}-{:08x}.log", self.number, self.salt)
    }

    /// What checksums begin with.
    fn seed(self) -> u32 {
        let seed = crc32c::crc32c(&SEED.to_le_bytes());
        let seed = crc32c::crc32c_append(seed, &self.number.to_le_bytes());
        crc32c::crc32c_append(seed, &self.salt.to_le_bytes())
    }

    /// What frames begin with.
    fn mark(self) -> [u8; 4] {
        crc32c::crc32c_append(self.seed(), b"mark").to_le_bytes()
    }
}

/// The header of a segment.
pub(super) fn header() -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.extend_from_slice(&LOG_VERSION.to_le_bytes());
    let sum = crc32c::crc32c(&out);
    out.extend_from_slice(&sum.to_le_bytes());
    out
}

/// The version that a header names; nothing when it is damaged or cut.
pub(in crate::store) fn version(bytes: &[u8]) -> Option<u32> {
    let (about, sum) = bytes.get(..HEADER_BYTES)?.split_at(HEADER_BYTES - 4);
    let whole = sum == crc32c::crc32c(about).to_le_bytes() && about.starts_with(&MAGIC);
    let version = about.last_chunk::<4>().copied().filter(|_| whole)?;
    Some(u32::from_le_bytes(version))
}

/// Puts frames together.
#[derive(Debug)]
pub(super) struct FrameWriter {
    id: SegmentId,
    /// Frames as they go to the file.
    pub(super) out: Vec<u8>,
    /// Where the open frame begins; nothing while none is open.
    open: Option<usize>,
}

impl FrameWriter {
    /// A writer of frames for a segment.
    pub(super) const fn new(id: SegmentId) -> Self {
        Self { id, out: Vec::new(), open: None }
    }

    /// The bytes of the open frame, to be added to, and whether it was opened by this call.
    pub(super) fn payload(&mut self) -> (&mut Vec<u8>, bool) {
        let opened = self.open.is_none();
        if opened {
            self.open = Some(self.out.len());
            self.out.extend_from_slice(&self.id.mark());
            self.out.extend_from_slice(&[0; FRAME_HEADER_BYTES - 4]);
        }
        (&mut self.out, opened)
    }

    /// How long the open frame is.
    pub(super) fn open_bytes(&self) -> usize {
        self.open.map_or(0, |start| self.out.len() - start)
    }

    /// Closes the open frame.
    pub(super) fn close(&mut self) {
        let Some(start) = self.open.take() else { return };
        let Some(frame) = self.out.get_mut(start..) else { return };
        let (head, payload) = frame.split_at_mut(FRAME_HEADER_BYTES);
        let length = (payload.len() as u32).to_le_bytes();
        let sum = frame_sum(self.id, length, payload).to_le_bytes();
        for (to, from) in head.iter_mut().skip(4).zip(length.into_iter().chain(sum)) {
            *to = from;
        }
    }
}

fn frame_sum(id: SegmentId, length: [u8; 4], payload: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c_append(id.seed(), &length), payload)
}

/// What stands next in a segment.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::store) enum Piece<'a> {
    /// A frame's payload.
    Frame(&'a [u8]),
    /// So many bytes that are no frame, with frames behind them.
    Damage(usize),
    /// So many bytes that are no frame, up to the end: a write that was cut, or damage.
    Tail(usize),
}

/// Reads the frames of a segment, passing over what is damaged.
pub(in crate::store) struct Frames<'a> {
    id: SegmentId,
    mark: [u8; 4],
    rest: &'a [u8],
}

impl<'a> Frames<'a> {
    /// The frames in the bytes of a segment.
    pub(super) fn new(id: SegmentId, bytes: &'a [u8]) -> Self {
        // A damaged header is passed over like any other damage.
        let start = if version(bytes).is_some() { HEADER_BYTES } else { 0 };
        Self { id, mark: id.mark(), rest: bytes.get(start..).unwrap_or_default() }
    }

    /// The payload of the frame at `at`, if there is a whole one, and what follows it.
    fn frame(&self, at: usize) -> Option<(&'a [u8], &'a [u8])> {
        let frame = self.rest.get(at..)?.strip_prefix(&self.mark)?;
        let (length, frame) = frame.split_first_chunk::<4>()?;
        let (sum, frame) = frame.split_first_chunk::<4>()?;
        let (payload, rest) = frame.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        let whole = frame_sum(self.id, *length, payload) == u32::from_le_bytes(*sum);
        whole.then_some((payload, rest))
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        if let Some((payload, rest)) = self.frame(0) {
            self.rest = rest;
            return Some(Piece::Frame(payload));
        }
        let whole = memmem::find_iter(self.rest, &self.mark).find(|at| self.frame(*at).is_some());
        let passed = whole.unwrap_or(self.rest.len());
        self.rest = self.rest.get(passed..).unwrap_or_default();
        Some(if whole.is_some() { Piece::Damage(passed) } else { Piece::Tail(passed) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: SegmentId = SegmentId { number: 7, salt: 0xabcd };

    fn segment(payloads: &[&[u8]]) -> Vec<u8> {
        let mut writer = FrameWriter::new(ID);
        for payload in payloads {
            writer.payload().0.extend_from_slice(payload);
            writer.close();
        }
        [header(), writer.out].concat()
    }

    fn pieces(bytes: &[u8]) -> Vec<Piece<'_>> {
        Frames::new(ID, bytes).collect()
    }

    #[test]
    fn names_carry_number_and_salt() {
        assert_eq!(ID.name(), "0000000000000007-0000abcd.log");
        assert_eq!(SegmentId::parse(&ID.name()), Some(ID));
        for other in ["7-abcd.log", "0000000000000007-0000ABCD.log", "lock", "a-b.log"] {
            assert_eq!(SegmentId::parse(other), None, "{other}");
        }
    }

    #[test]
    fn frames_come_back_and_a_torn_tail_is_told() {
        let payloads: [&[u8]; 3] = [b"one", b"", b"three"];
        let bytes = segment(&payloads);
        let whole = [Piece::Frame(b"one"), Piece::Frame(b""), Piece::Frame(b"three")];
        assert_eq!(pieces(&bytes), whole);
        for cut in HEADER_BYTES..bytes.len() {
            let pieces = pieces(&bytes[..cut]);
            let frames = pieces.iter().filter(|piece| matches!(piece, Piece::Frame(_))).count();
            let at_an_edge = segment(&payloads[..frames]).len() == cut;
            assert_eq!(pieces[..frames], whole[..frames], "{cut}");
            assert_eq!(pieces.len() > frames, !at_an_edge, "{cut}: {pieces:?}");
        }
    }

    #[test]
    fn whatever_byte_is_damaged_the_other_frames_are_read() {
        let bytes = segment(&[b"one", b"two", b"three"]);
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x10;
            let pieces = pieces(&damaged);
            let frames = pieces.iter().filter(|piece| matches!(piece, Piece::Frame(_))).count();
            assert_eq!(frames, if at < HEADER_BYTES { 3 } else { 2 }, "{at}: {pieces:?}");
        }
    }

    #[test]
    fn frames_of_another_segment_are_none() {
        let other = SegmentId { salt: 1, ..ID };
        let bytes = segment(&[b"one"]);
        let found: Vec<Piece<'_>> = Frames::new(other, &bytes).collect();
        assert_eq!(found, [Piece::Tail(bytes.len() - HEADER_BYTES)]);
    }

    #[test]
    fn a_header_names_its_version() {
        assert_eq!(version(&header()), Some(LOG_VERSION));
        let mut damaged = header();
        damaged[9] ^= 1;
        assert_eq!((version(&damaged), version(&header()[..15])), (None, None));
    }
}
