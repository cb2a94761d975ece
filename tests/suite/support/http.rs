//! HTTP as little as the tests need: one request a connection, written as it is said, and the
//! answer as it came.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A request to be sent as it stands.
pub(crate) struct Request {
    method: &'static str,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// An answer: its status, its headers (names in lower case), its body without transfer encoding.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn get(path: &str) -> Self {
        Self::new("GET", path, Vec::new())
    }

    /// A request without a body.
    pub(crate) fn with_method(method: &'static str, path: &str) -> Self {
        Self::new(method, path, Vec::new())
    }

    /// A body as `curl -d` sends it, content type and all.
    pub(crate) fn post(path: &str, body: impl AsRef<[u8]>) -> Self {
        let request = Self::new("POST", path, body.as_ref().to_vec());
        request.header("content-type", "application/x-www-form-urlencoded")
    }

    fn new(method: &'static str, path: &str, body: Vec<u8>) -> Self {
        Self { method, path: path.to_owned(), headers: Vec::new(), body }
    }

    /// Sets a header, in the place of one of the same name.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn head(&self, address: SocketAddr) -> String {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        let named = |name: &str| self.headers.iter().any(|(known, _)| known == name);
        if !named("host") {
            head += &format!("host: {address}\r\n");
        }
        if self.method != "GET" && !named("content-length") {
            head += &format!("content-length: {}\r\n", self.body.len());
        }
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        head + "\r\n"
    }

    /// Sends it and reads the whole answer.
    pub(crate) async fn send(self, address: SocketAddr) -> Answer {
        let mut stream = self.header("connection", "close").open(address).await;
        let mut body = Vec::new();
        while let Some(piece) = stream.piece().await {
            body.extend(piece);
        }
        Answer { status: stream.status, headers: stream.headers, body }
    }

    /// Sends it to a service that may end at any moment: the status of the answer, or nothing when
    /// the connection ends before the head is whole.
    pub(crate) async fn status(self, address: SocketAddr) -> Option<u16> {
        let request = self.header("connection", "close");
        let mut connection = TcpStream::connect(address).await.ok()?;
        let bytes = [request.head(address).as_bytes(), &request.body].concat();
        connection.write_all(&bytes).await.ok()?;
        let mut head = Vec::new();
        while position(&head, b"\r\n\r\n").is_none() {
            if connection.read_buf(&mut head).await.ok()? == 0 {
                return None;
            }
        }
        std::str::from_utf8(&head).ok()?.split(' ').nth(1)?.parse().ok()
    }

    /// Sends it and reads the head of the answer.
    pub(crate) async fn open(self, address: SocketAddr) -> Stream {
        Stream::read_head(self.begin(address).await).await
    }

    /// Sends it and reads nothing.
    pub(crate) async fn begin(self, address: SocketAddr) -> TcpStream {
        let mut connection = TcpStream::connect(address).await.unwrap();
        connection.write_all(self.head(address).as_bytes()).await.unwrap();
        // A server that refuses a body early closes the connection: then writing fails.
        let _ = connection.write_all(&self.body).await;
        connection
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{}", self.text()))
    }
}

fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// An answer whose body is still coming.
pub(crate) struct Stream {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    connection: TcpStream,
    buffer: Vec<u8>,
    left: Option<usize>,
}

impl Stream {
    pub(crate) async fn read_head(mut connection: TcpStream) -> Self {
        let mut buffer = Vec::new();
        let end = loop {
            if let Some(end) = position(&buffer, b"\r\n\r\n") {
                break end;
            }
            let read = connection.read_buf(&mut buffer).await.unwrap();
            assert!(read > 0, "no answer: {:?}", String::from_utf8_lossy(&buffer));
        };
        let head = String::from_utf8(buffer.drain(..end + 4).collect()).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        };
        let headers: Vec<(String, String)> = lines.filter_map(header).collect();
        let left = find(&headers, "content-length").map(|length| length.parse().unwrap());
        Self { status, headers, connection, buffer, left }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// The connection with what of it was read beyond the head, once it speaks something else.
    pub(crate) fn into_parts(self) -> (TcpStream, Vec<u8>) {
        (self.connection, self.buffer)
    }

    /// The next piece of the body; nothing when it has ended.
    pub(crate) async fn piece(&mut self) -> Option<Vec<u8>> {
        if self.status == 304 {
            return None;
        }
        if self.header("transfer-encoding") == Some("chunked") {
            return self.chunk().await;
        }
        if self.left == Some(0) || (self.buffer.is_empty() && !self.more().await) {
            return None;
        }
        let piece = std::mem::take(&mut self.buffer);
        self.left = self.left.map(|left| left - piece.len());
        Some(piece)
    }

    async fn chunk(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(line) = position(&self.buffer, b"\r\n") {
                let size = std::str::from_utf8(&self.buffer[..line]).unwrap();
                let size = usize::from_str_radix(size, 16).unwrap();
                if self.buffer.len() >= line + 2 + size + 2 {
                    let piece = self.buffer.drain(..line + 2 + size + 2).collect::<Vec<u8>>();
                    return (size > 0).then(|| piece[line + 2..line + 2 + size].to_vec());
                }
            }
            if !self.more().await {
                return None;
            }
        }
    }

    async fn more(&mut self) -> bool {
        self.connection.read_buf(&mut self.buffer).await.is_ok_and(|read| read > 0)
    }
}

fn position(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
