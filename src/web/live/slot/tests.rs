//! A viewer's bytes arrive whole and in order, whichever way they go.

use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::task::Waker;

use super::*;

/// A slot with a socket, the viewer's end of it, and what the HTTP layer was given.
struct World {
    slot: Slot,
    viewer: TcpStream,
    layer: Vec<u8>,
    groups: Groups,
    commands: mpsc::Sender<Command>,
    told: mpsc::Receiver<Command>,
}

fn world() -> World {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let viewer = TcpStream::connect(listener.local_addr().expect("it is bound")).expect("a peer");
    let (socket, _) = listener.accept().expect("a connection");
    socket.set_nonblocking(true).expect("a socket option");
    let (commands, told) = mpsc::channel(16);
    let slot = Slot::new(1, None, Some(socket), Arc::default());
    World { slot, viewer, layer: Vec::new(), groups: Groups::new(), commands, told }
}

impl World {
    /// Lets the body give all it has; the content of the ping it ended with.
    fn poll(&mut self) -> Option<Vec<u8>> {
        let mut ping = None;
        loop {
            match self.slot.next(&self.groups, &self.commands, Waker::noop()) {
                Next::Send(bytes) if bytes.starts_with(&[0x89, 4]) => {
                    ping = bytes.get(2..).map(<[u8]>::to_vec);
                }
                Next::Send(bytes) => {
                    assert!(bytes.len() <= WRITE_BUFFER_BYTES, "a piece of {}", bytes.len());
                    self.layer.extend(bytes);
                }
                Next::Wait | Next::End => return ping,
            }
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        self.slot.push(Bytes::copy_from_slice(bytes));
        self.slot.send(&self.groups, &self.commands);
    }

    fn pong(&mut self, content: &[u8]) {
        self.slot.answered(content, &self.groups, &self.commands);
    }

    /// The next bytes that come to the viewer's socket by themselves.
    fn arrived(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.viewer.read_exact(&mut bytes).expect("so many bytes");
        bytes
    }

    fn straighten(&mut self) {
        self.slot.allow_ask();
        let ping = self.poll().expect("a ping");
        self.pong(&ping);
    }
}

#[test]
fn bytes_go_straight_once_the_layer_is_known_to_be_empty() {
    let mut world = world();
    world.push(b"wel");
    assert_eq!(world.poll(), None, "not yet");
    world.slot.allow_ask();
    world.push(b"come");
    let ping = world.poll().expect("a ping behind what waits");
    assert_eq!(world.layer, b"welcome");
    world.pong(b"none of it");
    world.push(b"first");
    world.slot.allow_ask();
    assert_eq!(world.poll(), None, "one ping at a time");
    world.pong(&ping);
    assert_eq!(world.poll(), None, "another one only when it is allowed");
    assert_eq!(world.layer, b"welcomefirst", "the layer was given more behind that ping");
    world.straighten();
    world.push(b"second");
    assert_eq!((world.poll(), world.layer.as_slice()), (None, &b"welcomefirst"[..]));
    assert_eq!(world.arrived(6), b"second");
    world.slot.handed();
    world.push(b"third");
    assert_eq!(world.poll(), None);
    assert_eq!(world.layer, b"welcomefirstthird");
}

#[test]
fn what_waits_when_the_pong_comes_goes_at_once() {
    let mut world = world();
    world.slot.allow_ask();
    let ping = world.poll().expect("a ping");
    world.push(b"in between");
    world.pong(&ping);
    assert_eq!(world.arrived(10), b"in between");
    assert_eq!(world.poll(), None);
    assert!(world.layer.is_empty());
}

#[test]
fn what_a_full_socket_does_not_take_follows_through_the_layer() {
    let mut world = world();
    world.straighten();
    let (group, mut expected) = (7, Vec::<u8>::new());
    world.slot.group = Some(group);
    let mut number = 0_u32;
    while !matches!(world.slot.way, Way::Layer) {
        number += 1;
        let frame: Vec<u8> = (0..200_000_u32).map(|at| (at * number) as u8).collect();
        expected.extend(&frame);
        let recent = world.groups.entry(group).or_default();
        recent.push(u64::from(number), Bytes::from(frame));
        world.slot.send(&world.groups, &world.commands);
    }
    assert!(number > 1, "a first frame fits");
    assert_eq!(world.poll(), None);
    assert!(!world.layer.is_empty() && world.layer.len() < expected.len());
    let mut arrived = world.arrived(expected.len() - world.layer.len());
    arrived.extend(&world.layer);
    assert!(arrived == expected, "{} of {} bytes", arrived.len(), expected.len());
}

#[test]
fn who_falls_behind_is_caught_up_once() {
    let mut world = world();
    world.straighten();
    world.slot.group = Some(7);
    let recent = world.groups.entry(7).or_default();
    for number in 5..8 {
        recent.push(number, Bytes::from_static(b"late"));
    }
    world.slot.number = 2;
    world.slot.send(&world.groups, &world.commands);
    world.slot.send(&world.groups, &world.commands);
    let told = world.told.try_recv();
    assert!(matches!(told, Ok(Command::CatchUp { session: 1, number: 2 })));
    assert!(world.told.try_recv().is_err());
    world.push(b"batch");
    assert_eq!(world.arrived(5), b"batch", "and nothing before it");
}
