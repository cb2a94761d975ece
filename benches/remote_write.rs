//! Whether Prometheus' own client of remote write delivers everything: a `prometheus` of this
//! machine reads a made-up target, keeps what it read, and writes it to the service; then both are
//! asked the same and must answer the same, sample by sample and step by step.
//!
//! Run by hand: `cargo bench --bench remote_write`. It needs `prometheus` on the path and says so
//! when it is not there; it fails when an answer differs or a sample was not delivered.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use mimalloc::MiMalloc;
use serde_json::Value;
use support::{Service, instant};
use watchglass::clock::SystemClock;
use watchglass::model::{Clock, Timestamp};

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Readings of the target before the answers are compared.
const SCRAPES: u64 = 80;
const SCRAPE_INTERVAL_MS: i64 = 250;
/// Series of the target that are always there, beside the odd ones.
const COUNTERS: u64 = 2_000;
/// Nothing that is waited for takes longer than this.
const PATIENCE: Duration = Duration::from_mins(1);

fn main() {
    if std::env::args().nth(1).as_deref() == Some("server") {
        return support::serve(false);
    }
    let Ok(version) = Command::new("prometheus").arg("--version").output() else {
        println!(
            "nothing was compared: there is no `prometheus` on the path (in Debian a package)"
        );
        return;
    };
    let version = String::from_utf8_lossy(&version.stdout).into_owned()
        + &String::from_utf8_lossy(&version.stderr);
    println!("{}", version.lines().next().unwrap_or_default());
    let scrapes = Arc::new(AtomicU64::new(0));
    let target = target(Arc::clone(&scrapes));
    let service = Service::start(&["server"]);
    let sender = Sender::start(target, service.address);
    until("the target is read", || scrapes.load(Ordering::Relaxed) >= SCRAPES);
    let end = SystemClock.now();
    compare(&sender, &service, end);
    delivered(&sender);
    let taken = service.figure("watchglass_push_samples_total");
    let refused = service.figure("watchglass_push_refused_samples_total");
    println!("the service took {taken} samples and refused {refused}");
    assert_eq!(refused, 0.0, "nothing is refused");
}

/// Waits for something to become so, and fails when it does not.
fn until(what: &str, mut so: impl FnMut() -> bool) {
    let start = instant();
    while !so() {
        assert!(start.elapsed() < PATIENCE, "in vain it was waited until {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Asks both the same until the sender has sent all up to `end`, and fails when they never agree.
fn compare(sender: &Sender, service: &Service, end: Timestamp) {
    let seconds = |at: Timestamp| format!("{}.{:03}", at.0 / 1000, at.0 % 1000);
    let start = Timestamp(end.0 - SCRAPE_INTERVAL_MS * SCRAPES.cast_signed());
    let selector = "%7Bjob%3D%22told%22%7D";
    let raw = format!("/api/v1/query?query={selector}%5B1h%5D&time={}", seconds(end));
    let steps = format!(
        "/api/v1/query_range?query={selector}&start={}&end={}&step=0.25",
        seconds(start),
        seconds(end)
    );
    for (what, path) in [("as they were kept", &raw), ("at each step, with their ends", &steps)] {
        // A reading of just before may still be on its way into either.
        let (mut expected, mut found) = (BTreeMap::new(), BTreeMap::new());
        let begun = instant();
        while begun.elapsed() < PATIENCE {
            expected = answer(sender.address, path);
            found = answer(service.address, path);
            if found == expected {
                break;
            }
        }
        for (series, values) in &expected {
            assert_eq!(found.get(series), Some(values), "{series} {what}");
        }
        assert_eq!(found.len(), expected.len(), "there is no further series");
        assert!(expected.len() as u64 > COUNTERS, "the target was read");
        println!("{} series, {} samples {what}: equal", expected.len(), samples(&expected));
    }
}

fn samples(answer: &BTreeMap<String, Value>) -> usize {
    answer.values().filter_map(Value::as_array).map(Vec::len).sum()
}

/// The series of an answer, by their labels, with their samples.
fn answer(address: SocketAddr, path: &str) -> BTreeMap<String, Value> {
    let body: Value = serde_json::from_str(&get(address, path)).expect("an answer is JSON");
    assert_eq!(body["status"], "success", "{body}");
    let series = body["data"]["result"].as_array().expect("an answer lists series");
    series.iter().map(|one| (one["metric"].to_string(), one["values"].clone())).collect()
}

/// What the sender itself says of its sending.
fn delivered(sender: &Sender) {
    let own = get(sender.address, "/metrics");
    for (what, good) in [("failed", true), ("dropped", true), ("retried", true), ("", false)] {
        let name = ["prometheus_remote_storage_samples", what, "total"];
        let name = name.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>();
        let name = name.join("_");
        let lines = own.lines().filter(|line| line.starts_with(&format!("{name}{{")));
        let values = lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
        let count: f64 = values.sum();
        println!("{name} {count}");
        assert!(!good || count == 0.0, "{name} is {count}");
    }
}

/// The body of an answer; the connection ends with it.
fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("a request is sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer comes");
    let end = memchr::memmem::find(&answer, b"\r\n\r\n").expect("an answer has a head");
    let (head, body) = answer.split_at(end + 4);
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let body =
        if head.contains("transfer-encoding: chunked") { joined(body) } else { body.to_vec() };
    String::from_utf8(body).expect("an answer is text")
}

/// A body that came in chunks (RFC 9112, section 7.1).
fn joined(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = memchr::memmem::find(rest, b"\r\n") {
        let size = std::str::from_utf8(&rest[..end]).expect("a size is text");
        let size = usize::from_str_radix(size, 16).expect("a size");
        let from = end + 2;
        body.extend_from_slice(rest.get(from..from + size).expect("a chunk is whole"));
        rest = rest.get(from + size + 2..).unwrap_or_default();
    }
    body
}

/// A `prometheus` that reads a target and writes to the service; it ends with this value.
struct Sender {
    child: Child,
    address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Sender {
    fn start(target: SocketAddr, to: SocketAddr) -> Self {
        let folder = tempfile::tempdir().expect("a folder of its own");
        let settings = format!(
            "global: {{scrape_interval: {SCRAPE_INTERVAL_MS}ms, scrape_timeout: 200ms}}\n\
             scrape_configs: [{{job_name: told, static_configs: [{{targets: ['{target}']}}]}}]\n\
             remote_write:\n\
             - url: http://{to}/api/v1/write\n  \
               queue_config: {{batch_send_deadline: 500ms}}\n  \
               metadata_config: {{send_interval: 1s}}\n"
        );
        let file = folder.path().join("prometheus.yml");
        std::fs::write(&file, settings).expect("settings are written");
        let address = free_address();
        let child = run(&file, folder.path(), address);
        let sender = Self { child, address, _folder: folder };
        until("prometheus listens", || TcpStream::connect(address).is_ok());
        sender
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(settings: &Path, folder: &Path, address: SocketAddr) -> Child {
    let mut command = Command::new("prometheus");
    command
        .arg(format!("--config.file={}", settings.display()))
        .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
        .arg(format!("--web.listen-address={address}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.spawn().expect("prometheus starts")
}

/// An address that was free a moment ago.
fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it is bound")
}

/// Serves the made-up readings for as long as this program runs, and counts them.
fn target(scrapes: Arc<AtomicU64>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = BufReader::new(stream);
            let mut line = String::new();
            while stream.read_line(&mut line).is_ok_and(|length| length > 2) {
                line.clear();
            }
            let body = exposition(scrapes.fetch_add(1, Ordering::Relaxed));
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nconnection: close\r\n";
            let answer = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
            // A reader that has gone is no matter of ours.
            let _ = stream.get_mut().write_all(answer.as_bytes());
        }
    });
    address
}

/// What the target says at one reading: counters, and what is easily lost on the way.
fn exposition(reading: u64) -> String {
    let mut out = String::from("# TYPE told_total counter\n# HELP told_total Made up.\n");
    for number in 0..COUNTERS {
        let value = reading * (number % 97) + number;
        let _ = writeln!(out, "told_total{{number=\"{number}\"}} {value}");
    }
    let cents = ((reading * 7919) % 10_007) as f64 / 100.0 - 50.0;
    let _ = writeln!(out, "# TYPE told_gauge gauge\ntold_gauge{{sort=\"cents\"}} {cents}");
    let thirds = reading as f64 / 3.0 * 1e-300;
    let _ = writeln!(out, "told_gauge{{sort=\"thirds\"}} {thirds:e}");
    // No negative zero: Prometheus leaves out a value that equals zero, and its sign with it.
    for special in ["NaN", "+Inf", "-Inf", "5e-324", "1.7976931348623157e308"] {
        let _ = writeln!(out, "told_gauge{{sort=\"{special}\"}} {special}");
    }
    out.push_str("told_gauge{sort=\"a \\\"quote\\\", a \\\\ and \\n äöü 漢字\"} 1\n");
    // Comes and goes: each time it goes, its end is written too.
    if (reading / 8).is_multiple_of(2) {
        let _ = writeln!(out, "told_guest {reading}");
    }
    out.push_str("# TYPE told_seconds histogram\n");
    for (at, edge) in ["0.1", "1", "+Inf"].into_iter().enumerate() {
        let count = reading * (at as u64 + 1);
        let _ = writeln!(out, "told_seconds_bucket{{le=\"{edge}\"}} {count}");
    }
    let _ = writeln!(out, "told_seconds_sum {}\ntold_seconds_count {}", reading * 2, reading * 3);
    out
}
