//! Thousands of viewers in one thread: WebSocket connections that count what they are sent.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use memchr::memmem::Finder;
use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};

use super::instant;

/// What a set of viewers was sent.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counted {
    /// Messages with data.
    pub(crate) messages: u64,
    /// Their bytes on the wire.
    pub(crate) bytes: u64,
    /// Reads that brought bytes: when there are as many as messages, each message came by itself.
    pub(crate) reads: u64,
}

/// All viewers of one load.
pub(crate) struct Viewers {
    epoll: OwnedFd,
    all: Vec<Viewer>,
    counted: Vec<Counted>,
    buffer: Vec<u8>,
    events: Vec<epoll::Event>,
}

struct Viewer {
    stream: TcpStream,
    set: usize,
    frames: Frames,
    /// When it was sent what is looked for.
    found: Option<Instant>,
}

/// Where a viewer stands in the row of WebSocket frames.
#[derive(Default)]
struct Frames {
    head: [u8; 10],
    filled: usize,
    left: usize,
    /// The content of a ping, as far as it has come.
    ping: Option<Vec<u8>>,
}

impl Viewers {
    /// Nobody yet.
    pub(crate) fn new() -> Self {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).expect("the system has epoll");
        let (buffer, events) = (vec![0; 256 * 1024], Vec::with_capacity(1024));
        Self { epoll, all: Vec::new(), counted: Vec::new(), buffer, events }
    }

    /// Connects a set of viewers that each say `commands`; gives the number of the set.
    pub(crate) fn open(
        &mut self,
        address: SocketAddr,
        count: usize,
        protocol: &str,
        commands: &[&str],
    ) -> usize {
        self.add(address, count, |stream| handshake(stream, address, protocol, commands))
    }

    /// Connects a set of viewers to a server that sends messages without being asked.
    pub(crate) fn open_bare(&mut self, address: SocketAddr, count: usize) -> usize {
        self.add(address, count, |_| Vec::new())
    }

    fn add(
        &mut self,
        address: SocketAddr,
        count: usize,
        begin: impl Fn(&mut TcpStream) -> Vec<u8>,
    ) -> usize {
        let set = self.counted.len();
        self.counted.push(Counted::default());
        for number in 0..count {
            let mut stream = TcpStream::connect(address).expect("the server listens");
            let first = begin(&mut stream);
            stream.set_nonblocking(true).expect("a socket option");
            let data = epoll::EventData::new_u64(self.all.len() as u64);
            epoll::add(&self.epoll, &stream, data, epoll::EventFlags::IN).expect("room in epoll");
            let mut viewer = Viewer { stream, set, frames: Frames::default(), found: None };
            viewer.feed(&first, &mut self.counted[set]);
            self.all.push(viewer);
            if number % 200 == 199 {
                self.run(Duration::ZERO, None);
            }
        }
        set
    }

    /// What a set was sent since the last time it was asked for.
    pub(crate) fn take(&mut self, set: usize) -> Counted {
        std::mem::take(&mut self.counted[set])
    }

    /// The first viewers of a set read no more.
    pub(crate) fn stop_reading(&mut self, set: usize, count: usize) {
        for viewer in self.all.iter().filter(|viewer| viewer.set == set).take(count) {
            epoll::delete(&self.epoll, &viewer.stream).expect("it was added");
        }
    }

    /// Reads for this long.
    pub(crate) fn read_for(&mut self, length: Duration) {
        self.run(length, None);
    }

    /// Reads until `count` viewers of a set were sent `needle`, two seconds at most; how long each
    /// of them waited since `start`, in milliseconds.
    pub(crate) fn waits(
        &mut self,
        set: usize,
        count: usize,
        needle: &str,
        start: Instant,
    ) -> Vec<f64> {
        self.all.iter_mut().for_each(|viewer| viewer.found = None);
        let finder = Finder::new(needle.as_bytes());
        let of_set = |viewer: &&Viewer| viewer.set == set;
        while start.elapsed() < Duration::from_secs(2) {
            self.run(Duration::from_millis(1), Some(&finder));
            let found = self.all.iter().filter(of_set).filter(|one| one.found.is_some());
            if found.count() >= count {
                break;
            }
        }
        let found = self.all.iter().filter(of_set).filter_map(|viewer| viewer.found);
        found.map(|at| (at - start).as_secs_f64() * 1e3).collect()
    }

    fn run(&mut self, length: Duration, finder: Option<&Finder<'_>>) {
        let end = instant() + length;
        loop {
            let left = end.saturating_duration_since(instant());
            let timeout = Timespec::try_from(left).expect("a short time");
            self.events.clear();
            epoll::wait(&self.epoll, spare_capacity(&mut self.events), Some(&timeout))
                .or_else(|error| if error == rustix::io::Errno::INTR { Ok(0) } else { Err(error) })
                .expect("epoll waits");
            for event in &self.events {
                let viewer = &mut self.all[event.data.u64() as usize];
                viewer.read(&mut self.buffer, &mut self.counted[viewer.set], finder);
            }
            if left.is_zero() && self.events.is_empty() || instant() >= end {
                return;
            }
        }
    }
}

impl Viewer {
    fn read(&mut self, buffer: &mut [u8], counted: &mut Counted, finder: Option<&Finder<'_>>) {
        let size = match self.stream.read(buffer) {
            Ok(0) => panic!("the server closed a connection"),
            Ok(size) => size,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return,
            Err(error) => panic!("a connection broke: {error}"),
        };
        counted.reads += 1;
        let bytes = &buffer[..size];
        if self.found.is_none() && finder.is_some_and(|finder| finder.find(bytes).is_some()) {
            self.found = Some(instant());
        }
        self.feed(bytes, counted);
    }

    fn feed(&mut self, bytes: &[u8], counted: &mut Counted) {
        for content in self.frames.feed(bytes, counted) {
            // The mask is zero, which is a mask too.
            let mut pong = vec![0x8a, 0x80 | content.len() as u8, 0, 0, 0, 0];
            pong.extend(content);
            self.stream.write_all(&pong).expect("room for a pong");
        }
    }
}

impl Frames {
    /// Counts the data frames that begin in `bytes`; gives the contents of pings that end in them.
    fn feed(&mut self, mut bytes: &[u8], counted: &mut Counted) -> Vec<Vec<u8>> {
        let mut pings = Vec::new();
        while let Some((first, rest)) = bytes.split_first() {
            if self.left > 0 {
                let skipped = self.left.min(bytes.len());
                self.left -= skipped;
                if let Some(content) = &mut self.ping {
                    content.extend(&bytes[..skipped]);
                    if self.left == 0 {
                        pings.extend(self.ping.take());
                    }
                }
                bytes = &bytes[skipped..];
                continue;
            }
            self.head[self.filled] = *first;
            self.filled += 1;
            bytes = rest;
            let extended = match self.head[1] {
                126 => 2,
                127 => 8,
                _ => 0,
            };
            if self.filled < 2 || self.filled < 2 + extended {
                continue;
            }
            let long = self.head[2..2 + extended].iter();
            let long = long.fold(0, |length, byte| length << 8 | usize::from(*byte));
            self.left = if extended == 0 { usize::from(self.head[1]) } else { long };
            match self.head[0] & 15 {
                1 | 2 => {
                    counted.messages += 1;
                    counted.bytes += (self.filled + self.left) as u64;
                }
                9 if self.left == 0 => pings.push(Vec::new()),
                9 => self.ping = Some(Vec::new()),
                _ => {}
            }
            self.filled = 0;
        }
        pings
    }
}

/// Asks for a WebSocket and says the commands; gives the bytes that came behind the answer's head.
fn handshake(
    stream: &mut TcpStream,
    address: SocketAddr,
    protocol: &str,
    commands: &[&str],
) -> Vec<u8> {
    let mut request = format!(
        "GET /live HTTP/1.1\r\nhost: {address}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         sec-websocket-protocol: {protocol}\r\n\r\n"
    )
    .into_bytes();
    for command in commands {
        let length = u8::try_from(command.len()).ok().filter(|length| *length < 126);
        request.extend([0x81, 0x80 | length.expect("a short command"), 0, 0, 0, 0]);
        request.extend(command.as_bytes());
    }
    stream.write_all(&request).expect("a request is sent");
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).expect("an answer comes");
    assert!(line.contains(" 101 "), "{line}");
    while line.trim() != "" {
        line.clear();
        reader.read_line(&mut line).expect("the answer goes on");
    }
    reader.buffer().to_vec()
}
