//! Pieces of the next frames: what one channel has to say, in both codecs, until the next flush.

use super::channel::Told;
use super::frame::{self, Codec, TickKind};

/// One or more frames of one channel, in both codecs.
pub(crate) struct Piece {
    /// A block of a tick, or frames of their own.
    pub(crate) kind: Option<TickKind>,
    json: Vec<u8>,
    binary: Vec<u8>,
}

impl Piece {
    pub(crate) fn bytes(&self, codec: Codec) -> &[u8] {
        match codec {
            Codec::Json => &self.json,
            Codec::Binary => &self.binary,
        }
    }

    pub(super) fn plain(frame: &serde_json::Value) -> Self {
        let (mut json, mut binary) = (Vec::new(), Vec::new());
        frame::plain(Codec::Json, frame, &mut json);
        frame::plain(Codec::Binary, frame, &mut binary);
        Self { kind: None, json, binary }
    }

    pub(super) fn block(channel: u32, kind: TickKind, told: &Told) -> Self {
        let (mut json, mut binary) = (Vec::new(), Vec::new());
        let at = (channel, told.seq, told.n);
        frame::block(Codec::Json, at, &told.before, &told.values, &mut json);
        frame::block(Codec::Binary, at, &told.before, &told.values, &mut binary);
        Self { kind: Some(kind), json, binary }
    }
}
