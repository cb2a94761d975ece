//! How frames travel: the few bytes around them on a WebSocket, in an event stream, in an answer to
//! a poll. They are the same for every viewer, so they are put on once, here.

use bytes::Bytes;

use super::frame::Codec;

/// The way to a viewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Carrier {
    /// WebSocket, binary frames.
    SocketBinary,
    /// WebSocket, JSON frames in text messages.
    SocketText,
    /// Server-sent events, JSON frames.
    Events,
    /// Long poll, JSON frames.
    Poll,
}

impl Carrier {
    /// The codec of its frames.
    pub fn codec(self) -> Codec {
        match self {
            Self::SocketBinary => Codec::Binary,
            Self::SocketText | Self::Events | Self::Poll => Codec::Json,
        }
    }

    /// Puts the carrier's own bytes around frames. `id` is the position that an event carries.
    pub(crate) fn wrap(self, payload: Vec<u8>, id: Option<&str>) -> Bytes {
        match self {
            Self::SocketBinary => socket_message(2, &payload),
            Self::SocketText => socket_message(1, payload.strip_suffix(b"\n").unwrap_or(&payload)),
            Self::Events => event(&payload, id),
            Self::Poll => payload.into(),
        }
    }
}

/// An unmasked, unfragmented WebSocket message (RFC 6455, section 5.2).
fn socket_message(opcode: u8, payload: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(payload.len() + 10);
    out.push(0x80 | opcode);
    match payload.len() {
        short @ 0..126 => out.push(short as u8),
        middle @ 126..65_536 => {
            out.push(126);
            out.extend((middle as u16).to_be_bytes());
        }
        long => {
            out.push(127);
            out.extend((long as u64).to_be_bytes());
        }
    }
    out.extend(payload);
    out.into()
}

/// One server-sent event: frames hold no raw line feeds, so each stands on a `data:` line.
fn event(payload: &[u8], id: Option<&str>) -> Bytes {
    let mut out = Vec::with_capacity(payload.len() + 64);
    if let Some(id) = id {
        out.extend(b"id: ");
        out.extend(id.as_bytes());
        out.push(b'\n');
    }
    for line in payload.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        out.extend(b"data: ");
        out.extend(line);
        out.push(b'\n');
    }
    out.push(b'\n');
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn socket_lengths_take_the_shortest_form() {
        let check = |size: usize, head: &[u8]| {
            let message = Carrier::SocketBinary.wrap(vec![0; size], None);
            assert_eq!(message.get(..head.len()), Some(head));
            assert_eq!(message.len(), head.len() + size);
        };
        check(0, &[0x82, 0]);
        check(125, &[0x82, 125]);
        check(126, &[0x82, 126, 0, 126]);
        check(65_536, &[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
    }

    #[test]
    fn events_carry_a_line_a_frame() {
        let bytes = Carrier::Events.wrap(b"{1}\n{2}\n".to_vec(), Some("p"));
        assert_eq!(bytes, "id: p\ndata: {1}\ndata: {2}\n\n");
    }
}
