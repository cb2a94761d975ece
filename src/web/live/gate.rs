//! The length gate in front of the WebSocket parser: it reads the head of every inbound frame and
//! ends the connection before a frame that is too long, too many or too often can cost memory.
//!
//! It is needed because the parser behind it compares a frame's length with its limit only after
//! the whole payload has arrived.

use crate::live::MESSAGE_BYTES_MAX;
use crate::model::Timestamp;

/// Fragments of one message.
const FRAGMENTS_MAX: u32 = 64;
/// Messages: so many at once, then so many a second.
const MESSAGES: Rate = Rate { burst: 60.0, per_second: 20.0 };
/// Control frames (ping, pong, close): so many at once, then so many a second.
const CONTROLS: Rate = Rate { burst: 20.0, per_second: 10.0 };

/// Why a connection is ended, by its close code (RFC 6455, section 7.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GateError {
    /// A frame or message beyond the limit: 1009.
    TooLong,
    /// More frames than a viewer needs: 1008.
    TooMany,
    /// Bytes that are no frame a client may send: 1002.
    Protocol,
}

impl GateError {
    /// The close code.
    pub const fn code(self) -> u16 {
        match self {
            Self::TooLong => 1009,
            Self::TooMany => 1008,
            Self::Protocol => 1002,
        }
    }
}

struct Rate {
    burst: f64,
    per_second: f64,
}

/// A bucket of tokens that fills with time.
#[derive(Default)]
struct Bucket {
    used: f64,
    at: Timestamp,
}

impl Bucket {
    fn take(&mut self, rate: &Rate, now: Timestamp) -> bool {
        let refilled = (now - self.at).seconds().max(0.0) * rate.per_second;
        self.used = (self.used - refilled).max(0.0) + 1.0;
        self.at = now;
        self.used <= rate.burst
    }
}

/// The state between two pieces of a connection's bytes. It holds 14 bytes of them at most.
#[derive(Default)]
pub struct Gate {
    head: [u8; 14],
    filled: usize,
    /// Payload bytes of the frame under way that are still to come.
    left: u64,
    /// Bytes and fragments of the message under way.
    message_bytes: u64,
    fragments: u32,
    messages: Bucket,
    controls: Bucket,
}

impl Gate {
    /// Looks at the next bytes of a connection.
    ///
    /// # Errors
    /// When a frame in them, complete or only announced, is not to be let through.
    ///
    /// ```
    /// use watchglass::model::Timestamp;
    /// use watchglass::web::{Gate, GateError};
    /// let announces_a_tebibyte = [0x82, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4];
    /// let mut gate = Gate::default();
    /// assert_eq!(gate.feed(&announces_a_tebibyte, Timestamp(0)), Err(GateError::TooLong));
    /// ```
    pub fn feed(&mut self, mut bytes: &[u8], now: Timestamp) -> Result<(), GateError> {
        while !bytes.is_empty() {
            if self.left > 0 {
                let skipped = self.left.min(bytes.len() as u64);
                self.left -= skipped;
                bytes = bytes.get(skipped as usize..).unwrap_or_default();
                continue;
            }
            let (byte, rest) = bytes.split_first().expect("it is not empty");
            self.head[self.filled] = *byte;
            self.filled += 1;
            bytes = rest;
            if self.filled >= 2 && self.filled == self.head_length() {
                self.frame(now)?;
                self.filled = 0;
            }
        }
        Ok(())
    }

    /// How long the head is, as far as its second byte tells.
    fn head_length(&self) -> usize {
        let extended = match self.head[1] & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let mask = if self.head[1] & 0x80 == 0 { 0 } else { 4 };
        2 + extended + mask
    }

    fn frame(&mut self, now: Timestamp) -> Result<(), GateError> {
        let length = match self.head[1] & 0x7f {
            126 => u64::from(u16::from_be_bytes([self.head[2], self.head[3]])),
            127 => {
                let mut length = [0; 8];
                length.copy_from_slice(&self.head[2..10]);
                u64::from_be_bytes(length)
            }
            short => u64::from(short),
        };
        // A client masks every frame, and no extension was negotiated.
        if self.head[1] & 0x80 == 0 || self.head[0] & 0x70 != 0 {
            return Err(GateError::Protocol);
        }
        self.left = length;
        let (last, opcode) = (self.head[0] & 0x80 != 0, self.head[0] & 0x0f);
        if opcode >= 8 {
            let fits = last && length <= 125;
            return match (fits, self.controls.take(&CONTROLS, now)) {
                (false, _) => Err(GateError::Protocol),
                (true, false) => Err(GateError::TooMany),
                (true, true) => Ok(()),
            };
        }
        self.message_bytes = self.message_bytes.saturating_add(length);
        self.fragments += 1;
        if self.message_bytes > MESSAGE_BYTES_MAX as u64 || self.fragments > FRAGMENTS_MAX {
            return Err(GateError::TooLong);
        }
        if last {
            (self.message_bytes, self.fragments) = (0, 0);
            if !self.messages.take(&MESSAGES, now) {
                return Err(GateError::TooMany);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(first: u8, length: usize) -> Vec<u8> {
        let mut bytes = vec![first];
        match length {
            0..126 => bytes.push(0x80 | length as u8),
            126..65_536 => {
                bytes.push(0xfe);
                bytes.extend((length as u16).to_be_bytes());
            }
            _ => {
                bytes.push(0xff);
                bytes.extend((length as u64).to_be_bytes());
            }
        }
        bytes.extend([1, 2, 3, 4]);
        bytes.extend(std::iter::repeat_n(0, length));
        bytes
    }

    fn feed(frames: &[Vec<u8>]) -> Result<(), GateError> {
        Gate::default().feed(&frames.concat(), Timestamp(0))
    }

    #[test]
    fn what_a_viewer_needs_passes_and_the_rest_does_not() {
        let check = |frames: &[Vec<u8>], expected: Result<(), GateError>| {
            assert_eq!(feed(frames), expected);
        };
        check(&[frame(0x81, MESSAGE_BYTES_MAX)], Ok(()));
        check(&[frame(0x81, MESSAGE_BYTES_MAX + 1)], Err(GateError::TooLong));
        check(&[frame(0x01, 9000), frame(0x80, 9000)], Err(GateError::TooLong));
        check(&vec![frame(0x01, 1); 65], Err(GateError::TooLong));
        check(&vec![frame(0x81, 1); 60], Ok(()));
        check(&vec![frame(0x81, 1); 61], Err(GateError::TooMany));
        check(&vec![frame(0x89, 0); 21], Err(GateError::TooMany));
        check(&[frame(0x89, 126)], Err(GateError::Protocol));
        check(&[frame(0xc1, 1)], Err(GateError::Protocol));
        check(&[vec![0x81, 0x01, 0x41]], Err(GateError::Protocol));
    }

    #[test]
    fn the_rate_is_given_back_with_time() {
        let mut gate = Gate::default();
        assert_eq!(gate.feed(&vec![frame(0x81, 1); 60].concat(), Timestamp(0)), Ok(()));
        assert_eq!(gate.feed(&vec![frame(0x81, 1); 20].concat(), Timestamp(1000)), Ok(()));
        assert_eq!(gate.feed(&frame(0x81, 1), Timestamp(1000)), Err(GateError::TooMany));
    }

    proptest! {
        #[test]
        fn where_the_bytes_are_cut_makes_no_difference(
            lengths in prop::collection::vec(0..70_000_usize, 1..5), cut in 1..50_usize
        ) {
            let bytes: Vec<u8> = lengths.iter().flat_map(|length| frame(0x81, *length)).collect();
            let whole = Gate::default().feed(&bytes, Timestamp(0));
            let mut gate = Gate::default();
            let pieces = bytes.chunks(cut).try_for_each(|piece| gate.feed(piece, Timestamp(0)));
            prop_assert_eq!(whole, pieces);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Gate::default().feed(&bytes, Timestamp(0));
        }
    }
}
