//! What durability costs: the time until an acknowledgement, the processor time of an append, the
//! bytes of a host's samples in the log, and reading them back after a start.
//!
//! `cargo bench --bench durability` prints all but the last; `-- host 600` collects this host for
//! 600 seconds, `-- replay 20` reads one log back 20 times, `-- kill 1000` kills the service 1,000
//! times under pushes and looks for what it acknowledged.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mimalloc::MiMalloc;
use support::{Service, instant, median, thread_seconds};
use watchglass::clock::SystemClock;
use watchglass::model::{Append, Batch, Clock, Labels, Origin, Principal, Sample, Span, Timestamp};
use watchglass::store::{Folder, LogWriter, Options, Store};

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const START: Timestamp = Timestamp(1_700_000_000_000);
/// Series of the appends and of the log that is read back.
const SERIES: usize = 10_000;
/// Seconds of them.
const SECONDS: i64 = 600;
const REPEATS: usize = 3;
/// Writers that wait for acknowledgements at the same time.
const WRITERS: usize = 16;
/// Pushes of each.
const PUSHES: usize = 1_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = arguments.get(1).and_then(|text| text.parse::<u32>().ok());
    match arguments.first().map(String::as_str) {
        Some("server") => support::serve(false),
        Some("collecting") => support::serve(true),
        Some("host") => host(number.unwrap_or(60)),
        Some("replay") => replay(number.unwrap_or(10)),
        Some("kill") => kill(number.unwrap_or(50) as usize),
        _ => {
            appends_and_replay();
            acknowledgements();
        }
    }
}

/// A batch with one sample of each series.
fn batch() -> Batch {
    let mut batch = Batch::new(Origin::Push);
    for series in 0..SERIES {
        let labels = Labels::from_pairs([
            ("__name__", format!("metric_{}", series % 50)),
            ("host", format!("web-{}", series / 50)),
            ("job", "node".to_owned()),
        ]);
        batch.push(labels.expect("labels"), Sample::new(START, 0.0));
    }
    batch
}

/// Sets the samples to a second: a third two-decimal gauges, a third counters, a third that seldom
/// change.
fn stamp(batch: &mut Batch, second: i64) {
    for (series, entry) in batch.entries.iter_mut().enumerate() {
        let mixed = (series as i64 * 31 + second * 17).wrapping_mul(0x9e37_79b9) & 0x3fff;
        let value = match series % 3 {
            0 => mixed as f64 / 100.0,
            1 => (second * 100 + mixed % 50) as f64,
            _ => (second / 60) as f64,
        };
        entry.sample = Sample::new(START.saturating_add(Span::from_secs(second)), value);
    }
}

fn at(second: i64) -> Timestamp {
    START.saturating_add(Span::from_secs(second))
}

fn open(folder: &Path, now: Timestamp) -> (Store, LogWriter) {
    let disk = Arc::new(Folder::lock(folder).expect("a folder of its own"));
    let (age, future) = (Span::from_secs(3600), Span::from_secs(600));
    let opened = Store::open(&Options::default(), age, future, disk, || 7);
    let (store, recovery) = opened.expect("it can be opened");
    let writer = recovery.run(&store, now);
    (store, writer)
}

/// Appends with and without a log, and the replay of what was logged, on this thread alone.
fn appends_and_replay() {
    let samples = SERIES as f64 * SECONDS as f64;
    let mut figures = [const { Vec::new() }; 4];
    for _ in 0..REPEATS {
        let memory = Store::new(&Options::default(), Span::from_secs(3600), Span::from_secs(600));
        figures[0].push(append_seconds(&memory, None).0 * 1e9 / samples);
        let folder = tempfile::tempdir().expect("a folder");
        let (store, mut writer) = open(folder.path(), START);
        let (append, commit) = append_seconds(&store, Some(&mut writer));
        figures[1].push(append * 1e9 / samples);
        figures[2].push(commit * 1e9 / samples);
        drop((store, writer));
        let start = thread_seconds();
        let (store, _writer) = open(folder.path(), at(SECONDS));
        figures[3].push((thread_seconds() - start) * 1e9 / samples);
        assert_eq!(figure(&store, "watchglass_store_replayed_samples_total"), samples);
    }
    let [memory, logged, commit, replay] = figures.map(median);
    println!("append, {SERIES} known series a batch, in memory alone: {memory:.1} ns a sample");
    println!("the same with a log: {logged:.1} ns, and {commit:.1} ns in the log's thread");
    println!(
        "replay: {replay:.1} ns a sample, {:.2} million series-minutes a CPU-second at 15 s, \
         {:.2} at 1 s",
        1e3 / replay / 4.0,
        1e3 / replay / 60.0
    );
}

/// Reads one log so many times.
fn replay(times: u32) {
    let samples = SERIES as f64 * SECONDS as f64;
    let folder = tempfile::tempdir().expect("a folder");
    let (store, mut writer) = open(folder.path(), START);
    append_seconds(&store, Some(&mut writer));
    drop((store, writer));
    let mut figures = Vec::new();
    for _ in 0..times {
        let start = thread_seconds();
        let (store, _writer) = open(folder.path(), at(SECONDS));
        figures.push((thread_seconds() - start) * 1e9 / samples);
        assert_eq!(figure(&store, "watchglass_store_replayed_samples_total"), samples);
    }
    println!("replay: {:.1} ns a sample", median(figures));
}

fn figure(store: &Store, name: &str) -> f64 {
    let mut readings = Vec::new();
    watchglass::model::Report::report(store, &mut readings);
    readings.iter().filter(|reading| reading.name == name).map(|reading| reading.value).sum()
}

/// Processor time of appending, and of writing to the log.
fn append_seconds(store: &Store, mut writer: Option<&mut LogWriter>) -> (f64, f64) {
    let mut batch = batch();
    let (mut append, mut commit) = (0.0, 0.0);
    for second in 0..SECONDS {
        stamp(&mut batch, second);
        let start = thread_seconds();
        let appended = store.append(&batch, Principal::Anonymous, at(second));
        let middle = thread_seconds();
        if let Some(writer) = &mut writer {
            writer.commit();
        }
        append += middle - start;
        commit += thread_seconds() - middle;
        assert_eq!(appended.accepted, SERIES);
    }
    (append, commit)
}

/// A kept connection that pushes.
struct Client {
    stream: BufReader<TcpStream>,
    address: SocketAddr,
}

impl Client {
    fn to(address: SocketAddr) -> Option<Self> {
        let stream = TcpStream::connect(address).ok()?;
        stream.set_nodelay(true).ok()?;
        Some(Self { stream: BufReader::new(stream), address })
    }

    /// The status of the answer and its body; nothing when the service has ended.
    fn ask(&mut self, method: &str, path: &str, body: &str) -> Option<(u16, String)> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\ncontent-length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes()).ok()?;
        let (mut status, mut length) = (None, 0);
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if status.is_none() {
                status = line.split(' ').nth(1)?.parse().ok();
            }
            if let Some(text) = line.strip_prefix("content-length: ") {
                length = text.parse().ok()?;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).ok()?;
        Some((status?, String::from_utf8(body).ok()?))
    }
}

fn acknowledgements() {
    let service = Service::start(&["server"]);
    let address = service.address;
    let before = service.figure("watchglass_store_log_commits_total");
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            std::thread::spawn(move || {
                let mut client = Client::to(address).expect("the service listens");
                let push = |push: usize| {
                    let body = format!("acknowledged{{writer=\"{writer}\"}} {push}");
                    let start = instant();
                    let answer = client.ask("POST", "/push", &body);
                    assert_eq!(answer.map(|(status, _)| status), Some(200));
                    start.elapsed()
                };
                (0..PUSHES).map(push).collect::<Vec<Duration>>()
            })
        })
        .collect();
    let mut times: Vec<Duration> =
        writers.into_iter().flat_map(|writer| writer.join().expect("it has pushed")).collect();
    times.sort_unstable();
    let at = |share: usize| times[(times.len() - 1) * share / 100].as_secs_f64() * 1e3;
    let commits = service.figure("watchglass_store_log_commits_total") - before;
    println!(
        "acknowledgement of one sample, {WRITERS} writers: p50 {:.1} ms, p99 {:.1} ms; {:.1} pushes \
         a sync",
        at(50),
        at(99),
        times.len() as f64 / commits
    );
}

/// The bytes of this host's samples in the log.
fn host(seconds: u32) {
    let service = Service::start(&["collecting"]);
    std::thread::sleep(Duration::from_secs(seconds.into()));
    let bytes = service.figure("watchglass_store_log_written_bytes_total");
    let samples = service.figure("watchglass_store_log_written_samples_total");
    println!(
        "the log of this host after {seconds} s: {:.2} bytes a sample ({samples} samples of {} \
         series), {:.1} MiB resident",
        bytes / samples,
        service.figure("watchglass_store_created_series_total"),
        service.resident_kib() / 1024.0
    );
}

/// Kills the service under pushes so many times. What it acknowledged has to be there each time.
fn kill(rounds: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let start = SystemClock.now().saturating_sub(Span::from_secs(3000)).0;
    let mut acknowledged: Vec<(usize, i64)> = Vec::new();
    let mut lost = 0;
    for round in 0..=rounds {
        let service = Service::start_in(&["server"], folder.path());
        let found = kept(service.address);
        lost += acknowledged.iter().filter(|one| !found.contains(*one)).count();
        if round == rounds {
            break;
        }
        let ended = Arc::new(AtomicBool::new(false));
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (address, ended) = (service.address, Arc::clone(&ended));
                let from = start + (round * 2_000) as i64;
                std::thread::spawn(move || write(address, writer, from, &ended))
            })
            .collect();
        // Of another length each time.
        std::thread::sleep(Duration::from_millis(10 + (round * 37 % 400) as u64));
        drop(service);
        ended.store(true, Ordering::Relaxed);
        for writer in writers {
            acknowledged.extend(writer.join().expect("it has pushed"));
        }
    }
    println!("{rounds} kills, {} samples acknowledged, {lost} lost", acknowledged.len());
}

fn write(address: SocketAddr, writer: usize, from: i64, ended: &AtomicBool) -> Vec<(usize, i64)> {
    let mut acknowledged = Vec::new();
    let Some(mut client) = Client::to(address) else { return acknowledged };
    for at in from..from + 2_000 {
        let body = format!("kept{{writer=\"{writer}\"}} {at} {at}");
        match client.ask("POST", "/push", &body) {
            Some((200, _)) => acknowledged.push((writer, at)),
            Some(_) if !ended.load(Ordering::Relaxed) => {}
            _ => break,
        }
    }
    acknowledged
}

/// The samples that are there: a value other than the time it was pushed for counts as none.
fn kept(address: SocketAddr) -> std::collections::HashSet<(usize, i64)> {
    let text = loop {
        let head = format!(
            "GET /api/v1/query?query=kept%5B1h%5D HTTP/1.1\r\nhost: {address}\r\nconnection: \
             close\r\n\r\n"
        );
        let mut stream = TcpStream::connect(address).expect("the service listens");
        stream.write_all(head.as_bytes()).expect("it reads");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("it answers");
        if text.contains("\"status\":\"success\"") {
            break text;
        }
        // It still reads its log.
        std::thread::sleep(Duration::from_millis(5));
    };
    let (_, chunks) = text.split_once("\r\n\r\n").expect("a head and a body");
    let answer: serde_json::Value = serde_json::from_str(&joined(chunks)).expect("an answer");
    let mut found = std::collections::HashSet::new();
    for series in answer["data"]["result"].as_array().into_iter().flatten() {
        let writer = series["metric"]["writer"].as_str().and_then(|text| text.parse().ok());
        for sample in series["values"].as_array().into_iter().flatten() {
            let at = sample[0].as_f64().map(|at| (at * 1000.0).round() as i64);
            let value = sample[1].as_str().and_then(|text| text.parse::<i64>().ok());
            if let (Some(writer), Some(at)) = (writer, at)
                && value == Some(at)
            {
                found.insert((writer, at));
            }
        }
    }
    found
}

/// A body that came in chunks, each with its length in front.
fn joined(mut chunks: &str) -> String {
    let mut body = String::new();
    while let Some((length, rest)) = chunks.split_once("\r\n") {
        let length = usize::from_str_radix(length, 16).expect("a length");
        let (chunk, rest) = rest.split_at(length);
        body.push_str(chunk);
        chunks = rest.trim_start_matches("\r\n");
    }
    body
}
