//! A WebSocket client with nothing hidden: the handshake as headers, frames as bytes, so that
//! hostile ones can be sent too.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::http::Request;
use super::within;

/// The key of RFC 6455's example, and what must be answered to it.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// One message as it came.
#[derive(Debug, PartialEq)]
pub(crate) enum Message {
    Text(Vec<u8>),
    Binary(Vec<u8>),
    Ping,
    Pong(Vec<u8>),
    /// A close frame with its code, or the end of the connection without one.
    Close(Option<u16>),
}

/// An open WebSocket.
pub(crate) struct Socket {
    connection: TcpStream,
    buffer: Vec<u8>,
    /// Whether pings with content are answered and passed over, as browsers do; else they are told.
    pub(crate) answers: bool,
}

/// The request that opens a WebSocket.
pub(crate) fn handshake(protocol: Option<&str>) -> Request {
    let request = Request::get("/live")
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", KEY);
    match protocol {
        Some(protocol) => request.header("sec-websocket-protocol", protocol),
        None => request,
    }
}

/// A masked frame, as clients must send it; the mask is all zeros.
pub(crate) fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        short @ 0..126 => frame.push(0x80 | short as u8),
        middle @ 126..65_536 => {
            frame.push(0xfe);
            frame.extend((middle as u16).to_be_bytes());
        }
        long => {
            frame.push(0xff);
            frame.extend((long as u64).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

impl Socket {
    /// Opens a WebSocket that must be accepted, with this subprotocol chosen.
    pub(crate) async fn open(address: SocketAddr, protocol: Option<&str>) -> Self {
        let stream = within("a handshake", handshake(protocol).open(address)).await;
        assert_eq!(stream.status, 101);
        assert_eq!(stream.header("sec-websocket-accept"), Some(ACCEPT));
        assert_eq!(stream.header("sec-websocket-protocol"), protocol);
        assert_eq!(stream.header("sec-websocket-extensions"), None);
        let (connection, buffer) = stream.into_parts();
        Self { connection, buffer, answers: true }
    }

    /// The same over a connection that was made by hand.
    pub(crate) async fn over(mut connection: TcpStream) -> Self {
        let host = connection.peer_addr().unwrap();
        let head = format!(
            "GET /live HTTP/1.1\r\nhost: {host}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: {KEY}\r\n\r\n"
        );
        connection.write_all(head.as_bytes()).await.unwrap();
        let stream = super::http::Stream::read_head(connection).await;
        assert_eq!(stream.status, 101);
        let (connection, buffer) = stream.into_parts();
        Self { connection, buffer, answers: true }
    }

    /// Sends bytes as they are.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.connection.write_all(bytes).await.unwrap();
    }

    /// Sends bytes to a peer that may have ended the connection already.
    pub(crate) async fn send_anyway(&mut self, bytes: &[u8]) -> bool {
        self.connection.write_all(bytes).await.is_ok()
    }

    pub(crate) async fn say(&mut self, text: &str) {
        self.send(&masked(0x81, text.as_bytes())).await;
    }

    /// The next message.
    pub(crate) async fn next(&mut self) -> Message {
        loop {
            if let Some((opcode, payload)) = self.take() {
                if opcode == 9 && !payload.is_empty() && self.answers {
                    // Whoever is let go may be asked last.
                    self.send_anyway(&masked(0x8a, &payload)).await;
                    continue;
                }
                return match opcode {
                    1 => Message::Text(payload),
                    2 => Message::Binary(payload),
                    8 => Message::Close(
                        payload.first_chunk().map(|code: &[u8; 2]| u16::from_be_bytes(*code)),
                    ),
                    9 => Message::Ping,
                    10 => Message::Pong(payload),
                    other => panic!("a frame of opcode {other}"),
                };
            }
            match self.connection.read_buf(&mut self.buffer).await {
                Ok(0) | Err(_) => return Message::Close(None),
                Ok(_) => {}
            }
        }
    }

    /// Reads on until the connection is over; the code of the close frame, if there was one.
    pub(crate) async fn closed(&mut self) -> Option<u16> {
        let end = async {
            loop {
                if let Message::Close(code) = self.next().await {
                    return code;
                }
            }
        };
        within("the connection ends", end).await
    }

    /// A whole frame of the buffer: servers send whole messages, unmasked, without reserved bits.
    fn take(&mut self) -> Option<(u8, Vec<u8>)> {
        let (first, second) = (*self.buffer.first()?, *self.buffer.get(1)?);
        assert_eq!((first & 0xf0, second & 0x80), (0x80, 0), "a plain frame");
        let (head, length) = match second {
            126 => (4, usize::from(u16::from_be_bytes(*self.buffer.get(2..)?.first_chunk()?))),
            127 => (10, u64::from_be_bytes(*self.buffer.get(2..)?.first_chunk()?) as usize),
            short => (2, usize::from(short)),
        };
        if self.buffer.len() < head + length {
            return None;
        }
        let frame: Vec<u8> = self.buffer.drain(..head + length).collect();
        Some((first & 0x0f, frame[head..].to_vec()))
    }
}
