//! What viewers cost: the service with the overview open in thousands of pages, beside a bare loop
//! that writes messages of the same size to as many sockets, both at once on the same machine.
//!
//! `cargo bench --bench fanout` measures everything; `-- ratio`, `idle`, `delay` or `stopped` one
//! part.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

mod support;

use std::fmt::Write as _;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use mimalloc::MiMalloc;
use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use support::viewers::Viewers;
use support::{Service, instant, median};
use watchglass::clock::SystemClock;
use watchglass::model::Clock;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const BINARY: &str = "watchglass.v1";
const JSON: &str = "watchglass.v1.json";
const OVERVIEW: &str = r#"{"sub":{"id":1,"board":"overview","range":"5m"}}"#;
const REPEATS: usize = 3;
const SECOND: Duration = Duration::from_secs(1);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument = |at: usize| arguments.get(at).map(String::as_str).unwrap_or_default();
    match argument(0) {
        "server" => return support::serve(true),
        "quiet" => return support::serve(false),
        "bare" => return bare(argument(1).parse().expect("a size")),
        _ => {}
    }
    support::raise_open_files();
    let wanted = |part: &str| {
        let parts = ["ratio", "idle", "delay", "stopped"];
        let named = arguments.iter().any(|word| parts.contains(&word.as_str()));
        !named || arguments.iter().any(|word| word == part)
    };
    if wanted("ratio") {
        [1_000, 5_000].into_iter().for_each(ratio);
    }
    if wanted("idle") {
        idle(10_000);
    }
    if wanted("delay") {
        delay(1_000);
    }
    if wanted("stopped") {
        stopped(300, 100);
    }
}

/// The bare loop: a message to every socket each second, half a second beside the service's ticks.
fn bare(size: usize) {
    support::raise_open_files();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.set_nonblocking(true).expect("a socket option");
    support::say(&listener.local_addr().expect("it is bound").to_string());
    let mut message = vec![0x5a; size];
    message[..2].copy_from_slice(&[0x82, 126]);
    message[2..4].copy_from_slice(&u16::try_from(size - 4).expect("a short one").to_be_bytes());
    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).expect("the system has epoll");
    let data = epoll::EventData::new_u64(0);
    epoll::add(&epoll, &listener, data, epoll::EventFlags::IN).expect("room in epoll");
    let mut sockets: Vec<TcpStream> = Vec::new();
    let mut events = Vec::with_capacity(64);
    let mut last = 0;
    loop {
        let now = SystemClock.now().0 - 500;
        if now / 1000 > last {
            last = now / 1000;
            for socket in &mut sockets {
                assert_eq!(socket.write(&message).expect("a viewer reads"), size);
            }
        }
        let left = Duration::from_millis(1000 - (now % 1000) as u64);
        let timeout = Timespec::try_from(left).expect("a short time");
        events.clear();
        epoll::wait(&epoll, spare_capacity(&mut events), Some(&timeout)).expect("epoll waits");
        loop {
            match listener.accept() {
                Ok((socket, _)) => {
                    socket.set_nonblocking(true).expect("a socket option");
                    socket.set_nodelay(true).expect("a socket option");
                    sockets.push(socket);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("no connection can be taken: {error}"),
            }
        }
    }
}

/// Messages a CPU-second, ours and bare.
fn ratio(count: usize) {
    let service = Service::start(&["server"]);
    let mut viewers = Viewers::new();
    let one = viewers.open(service.address, 1, BINARY, &[OVERVIEW]);
    viewers.read_for(4 * SECOND);
    let evaluations = || service.figure("watchglass_query_evaluations_total");
    viewers.take(one);
    let (cpu, evaluated) = (service.cpu_seconds(), evaluations());
    viewers.read_for(10 * SECOND);
    let alone = (service.cpu_seconds() - cpu) / 10.0;
    let evaluated_alone = (evaluations() - evaluated) / 10.0;
    let size = (viewers.take(one).bytes / 10) as usize;
    let ours = viewers.open(service.address, count, BINARY, &[OVERVIEW]);
    let size_text = size.to_string();
    let bare = Service::start(&["bare", &size_text]);
    let plain = viewers.open_bare(bare.address, count);
    viewers.read_for(4 * SECOND);
    let (mut ratios, mut marginal, mut figures) = (Vec::new(), Vec::new(), Vec::new());
    let (mut reads, mut evaluated) = (Vec::new(), Vec::new());
    for _ in 0..REPEATS {
        let before = (service.cpu_seconds(), bare.cpu_seconds(), evaluations());
        viewers.take(ours);
        viewers.take(plain);
        viewers.read_for(10 * SECOND);
        let (cpu, cpu_bare) = (service.cpu_seconds() - before.0, bare.cpu_seconds() - before.1);
        evaluated.push((evaluations() - before.2) / 10.0);
        let (sent, sent_bare) = (viewers.take(ours), viewers.take(plain));
        let rate = sent.messages as f64 / cpu;
        let rate_bare = sent_bare.messages as f64 / cpu_bare;
        ratios.push(rate / rate_bare);
        marginal.push(sent.messages as f64 / (cpu - alone * 10.0) / rate_bare);
        figures.push((rate, rate_bare));
        let seconds = count as f64 * 10.0;
        reads.push((sent.messages as f64 / seconds, sent.reads as f64 / seconds));
    }
    println!("{count} viewers of the overview, {size} B a tick:");
    for ((rate, rate_bare), (messages, reads)) in figures.iter().zip(&reads) {
        println!(
            "  {rate:.0} messages a CPU-second, bare loop {rate_bare:.0}; {messages:.3} messages \
             and {reads:.3} reads a viewer and second"
        );
    }
    println!(
        "  ratio {:.2}, without what the service spends with one viewer ({:.2} ms a second) {:.2}",
        median(ratios),
        alone * 1e3,
        median(marginal)
    );
    println!(
        "  evaluations a second: {evaluated_alone:.1} with one viewer, {:.1} with {count} more",
        median(evaluated)
    );
}

/// Memory of viewers that are there and of viewers that watch.
fn idle(count: usize) {
    for (what, commands) in [("connected", &[][..]), ("watching the overview", &[OVERVIEW][..])] {
        let service = Service::start(&["server"]);
        let mut viewers = Viewers::new();
        viewers.open(service.address, 1, BINARY, &[OVERVIEW]);
        viewers.read_for(5 * SECOND);
        let before = service.memory_kib();
        viewers.open(service.address, count, BINARY, commands);
        viewers.read_for(20 * SECOND);
        let spent = (service.memory_kib() - before) / count as f64;
        println!("{count} viewers {what}: {spent:.1} KiB each in the service");
    }
}

/// From a push to the last viewers' having it.
fn delay(count: usize) {
    let service = Service::start(&["server"]);
    let mut viewers = Viewers::new();
    push(service.address, "bench_delay 0");
    let query = r#"{"sub":{"id":1,"query":"bench_delay","window":"5m"}}"#;
    let set = viewers.open(service.address, count, JSON, &[OVERVIEW, query]);
    viewers.read_for(4 * SECOND);
    let mut waits = Vec::new();
    for number in 0..50 {
        // At ever different places between the ticks.
        viewers.read_for(Duration::from_millis(400 + number * 37 % 250));
        let value = 7_000_000 + number;
        let start = instant();
        push(service.address, &format!("bench_delay {value}"));
        let found = viewers.waits(set, count, &format!("[0,{value}]"), start);
        assert_eq!(found.len(), count, "every viewer gets what is pushed");
        waits.extend(found);
    }
    let (p50, p99, most) = percentiles(&mut waits);
    println!(
        "a pushed value with {count} viewers of the overview: p50 {p50:.0} ms, p99 {p99:.0} ms, \
         at most {most:.0} ms"
    );
}

/// What viewers cost that stop reading, and what they do to the others.
fn stopped(count: usize, stopping: usize) {
    let service = Service::start(&["quiet"]);
    let mut viewers = Viewers::new();
    push(service.address, &wide(0));
    let query = r#"{"sub":{"id":1,"query":"bench_wide","window":"1m"}}"#;
    let others = viewers.open(service.address, count - stopping, JSON, &[query]);
    let halted = viewers.open(service.address, stopping, JSON, &[query]);
    viewers.read_for(4 * SECOND);
    let waits = |viewers: &mut Viewers, first: i64| {
        let mut waits = Vec::new();
        for number in first..first + 60 {
            viewers.read_for(Duration::from_millis(150 + number as u64 * 37 % 100));
            let start = instant();
            push(service.address, &wide(number));
            let needle = format!("[0,{}]", value(0, number));
            waits.extend(viewers.waits(others, count - stopping, &needle, start));
        }
        (percentiles(&mut waits), service.memory_kib())
    };
    let (_, first) = waits(&mut viewers, 1);
    let (reading, before) = waits(&mut viewers, 100);
    viewers.take(others);
    viewers.stop_reading(halted, stopping);
    let (beside, after) = waits(&mut viewers, 200);
    let bytes = viewers.take(others).bytes / (count - stopping) as u64;
    // What the pushes themselves keep was measured by the round before.
    let spent = ((after - before) - (before - first)) / stopping as f64;
    println!(
        "{stopping} of {count} viewers stop reading while {} KiB are sent to each: {spent:.0} KiB \
         each in the service; p99 of the others {:.0} ms, before {:.0} ms",
        bytes / 1024,
        beside.1,
        reading.1
    );
}

const WIDE: i64 = 1000;

fn value(series: i64, number: i64) -> i64 {
    series * 1_000_000 + number * 1000 + 7
}

/// A push that changes every series of a wide query.
fn wide(number: i64) -> String {
    (0..WIDE).fold(String::new(), |mut body, series| {
        let value = value(series, number);
        let _ = writeln!(body, "bench_wide{{series=\"{series:04}\"}} {value}");
        body
    })
}

fn percentiles(figures: &mut [f64]) -> (f64, f64, f64) {
    figures.sort_by(f64::total_cmp);
    let at = |share: f64| figures[((figures.len() - 1) as f64 * share) as usize];
    (at(0.5), at(0.99), at(1.0))
}

fn push(address: SocketAddr, body: &str) {
    let mut stream = TcpStream::connect(address).expect("the service listens");
    let head = format!(
        "POST /push HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).expect("the head is sent");
    stream.write_all(body.as_bytes()).expect("the body is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer comes");
    assert!(answer.contains("\"refused\":0"), "{answer}");
}
