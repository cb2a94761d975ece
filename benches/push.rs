//! What a push costs: samples per CPU-second of the service through the whole HTTP path, and of the
//! decoders alone.
//!
//! Each request brings 10,000 samples of 10,000 series that the service knows, half of them whole
//! numbers and half with two decimals, with timestamps a second apart from request to request.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

mod support;

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use mimalloc::MiMalloc;
use support::{Service, median, thread_seconds};
use watchglass::clock::SystemClock;
use watchglass::ingest::influx::Precision;
use watchglass::ingest::remote_write::{self, Version};
use watchglass::ingest::{Decoded, KeyCache, Options, influx, json, text};
use watchglass::model::{Clock, Span, Timestamp};

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const SAMPLES: usize = 10_000;
/// Requests that make the series known.
const WARM_UP: usize = 5;
/// Requests of one measurement.
const REQUESTS: usize = 100;
const REPEATS: usize = 3;

/// How a body is written.
#[derive(Clone, Copy)]
enum Format {
    Text,
    TextWithoutTimes,
    Influx,
    Json,
    RemoteWrite,
}

const FORMATS: [(Format, &str, &str); 5] = [
    (Format::Text, "Prometheus text", "/push"),
    (Format::TextWithoutTimes, "Prometheus text, no timestamps", "/push"),
    (Format::Influx, "Influx lines", "/write?precision=ms"),
    (Format::Json, "JSON", "/api/v1/push"),
    (Format::RemoteWrite, "remote write", "/api/v1/write"),
];

fn main() {
    if std::env::args().nth(1).as_deref() == Some("server") {
        return support::serve(false);
    }
    println!("{SAMPLES} samples a request, medians of {REPEATS}");
    for (format, name, _) in FORMATS {
        let figures = (0..REPEATS).map(|_| decoding_ns(format)).collect();
        println!("decoder alone, {name}: {:.1} ns a sample", median(figures));
    }
    let service = Service::start(&["server"]);
    let mut client = Client::to(&service);
    let mut figures: Vec<Vec<f64>> = vec![Vec::new(); FORMATS.len()];
    // Interleaved, so that a busy moment of the machine meets all.
    for _ in 0..REPEATS {
        for (at, (format, _, path)) in FORMATS.iter().enumerate() {
            figures[at].push(client.samples_a_cpu_second(&service, *format, path));
        }
    }
    for ((_, name, _), figures) in FORMATS.iter().zip(figures) {
        println!("through HTTP, {name}: {:.2} million samples a CPU-second", median(figures) / 1e6);
    }
    one_sample(&service, &mut client);
}

/// A request of one sample on the kept connection.
fn one_sample(service: &Service, client: &mut Client) {
    let before = service.cpu_seconds();
    let requests = 20_000;
    for number in 0..requests {
        client.post("/push", format!("orders {number}").as_bytes());
    }
    let spent = (service.cpu_seconds() - before) / f64::from(requests);
    println!("one sample a request: {:.1} us CPU of the service", spent * 1e6);
}

fn body(format: Format, round: usize, at: Timestamp) -> Vec<u8> {
    if let Format::RemoteWrite = format {
        return remote_write_body(round, at);
    }
    let mut out = String::with_capacity(SAMPLES * 120);
    if let Format::Json = format {
        out.push('[');
    }
    for series in 0..SAMPLES {
        let (name, host, path) = (series % 50, series / 50 % 40, series / 2000);
        let whole = (series * 7 + round * 13) % 100_000;
        let value = if series % 2 == 0 { whole as f64 } else { whole as f64 / 100.0 };
        let at = at.0;
        let _ = match format {
            Format::Text => writeln!(
                out,
                "app_metric_{name}{{host=\"web-{host}\",path=\"/api/{path}\"}} {value} {at}"
            ),
            Format::TextWithoutTimes => writeln!(
                out,
                "bare_metric_{name}{{host=\"web-{host}\",path=\"/api/{path}\"}} {value}"
            ),
            Format::Influx => {
                writeln!(out, "metric_{name},host=web-{host},path=/api/{path} value={value} {at}")
            }
            Format::Json => write!(
                out,
                "{}{{\"metric\":\"json_metric_{name}\",\"labels\":{{\"host\":\"web-{host}\",\
                 \"path\":\"/api/{path}\"}},\"value\":{value},\"timestamp\":{at}}}",
                if series == 0 { "" } else { "," }
            ),
            // Made above.
            Format::RemoteWrite => Ok(()),
        };
    }
    if let Format::Json = format {
        out.push(']');
    }
    out.into_bytes()
}

/// A request of version 1, without its compression.
fn remote_write_body(round: usize, at: Timestamp) -> Vec<u8> {
    let mut out = Vec::with_capacity(SAMPLES * 120);
    let field = |number: u8, bytes: &[u8]| [&[number << 3 | 2, bytes.len() as u8], bytes].concat();
    let mut time = vec![0x10];
    let mut left = at.0 as u64;
    while left >= 128 {
        time.push(left as u8 | 128);
        left >>= 7;
    }
    time.push(left as u8);
    for series in 0..SAMPLES {
        let (name, host, path) = (series % 50, series / 50 % 40, series / 2000);
        let whole = (series * 7 + round * 13) % 100_000;
        let value = if series % 2 == 0 { whole as f64 } else { whole as f64 / 100.0 };
        let pairs = [
            ("__name__", format!("written_metric_{name}")),
            ("host", format!("web-{host}")),
            ("path", format!("/api/{path}")),
        ];
        let label = |(name, value): &(&str, String)| {
            field(1, &[field(1, name.as_bytes()), field(2, value.as_bytes())].concat())
        };
        let mut message: Vec<u8> = pairs.iter().flat_map(label).collect();
        let value = value.to_bits().to_le_bytes();
        message.extend(field(2, &[&[0x09], &value[..], &time].concat()));
        out.extend(field(1, &message));
    }
    out
}

fn decode(format: Format, body: &[u8], now: Timestamp, cache: &mut KeyCache) -> Decoded {
    let options = Options::default();
    match format {
        Format::Text | Format::TextWithoutTimes => text::decode(body, now, &options, cache),
        Format::Influx => influx::decode(body, Precision::Milliseconds, now, &options, cache),
        Format::Json => json::decode(body, now, &options, cache),
        Format::RemoteWrite => {
            remote_write::decode(body, Version::One, now, &options, cache).expect("a request")
        }
    }
}

fn decoding_ns(format: Format) -> f64 {
    let mut cache = KeyCache::new(100_000);
    let now = SystemClock.now();
    let bodies: Vec<Vec<u8>> = (0..5).map(|round| body(format, round, now)).collect();
    decode(format, &bodies[0], now, &mut cache);
    let (rounds, start) = (50, thread_seconds());
    for round in 0..rounds {
        let decoded = decode(format, &bodies[round % bodies.len()], now, &mut cache);
        assert_eq!((decoded.samples(), decoded.refused), (SAMPLES, 0));
    }
    (thread_seconds() - start) * 1e9 / (rounds * SAMPLES) as f64
}

/// One kept connection.
struct Client {
    stream: BufReader<TcpStream>,
    host: String,
    /// The time of the samples of the next request.
    at: Timestamp,
}

impl Client {
    fn to(service: &Service) -> Self {
        let stream = TcpStream::connect(service.address).expect("the service listens");
        stream.set_nodelay(true).expect("a socket option");
        let at = SystemClock.now().saturating_sub(Span::from_secs(3000));
        Self { stream: BufReader::new(stream), host: service.address.to_string(), at }
    }

    fn samples_a_cpu_second(&mut self, service: &Service, format: Format, path: &str) -> f64 {
        let mut before = 0.0;
        for round in 0..WARM_UP + REQUESTS {
            if round == WARM_UP {
                before = service.cpu_seconds();
            }
            self.at = self.at.saturating_add(Span::from_secs(1));
            let body = body(format, round, self.at);
            if let Format::RemoteWrite = format {
                let body = snap::raw::Encoder::new().compress_vec(&body).expect("it compresses");
                let answer = self.post(path, &body);
                assert_eq!(answer, "", "all is written");
                continue;
            }
            let answer = self.post(path, &body);
            assert!(answer.contains(&format!("\"accepted\":{SAMPLES}")), "{answer}");
        }
        (REQUESTS * SAMPLES) as f64 / (service.cpu_seconds() - before)
    }

    fn post(&mut self, path: &str, body: &[u8]) -> String {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\ncontent-length: {}\r\n{}\r\n",
            self.host,
            body.len(),
            if path.ends_with("/v1/write") { "content-encoding: snappy\r\n" } else { "" }
        );
        // In one write, as senders do: in two, the service would be woken twice.
        let request = [head.as_bytes(), body].concat();
        self.stream.get_mut().write_all(&request).expect("the request is sent");
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).expect("an answer comes");
            match line.trim().split_once(": ") {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.parse().expect("a length");
                }
                None if line.trim().is_empty() => break,
                _ => {}
            }
        }
        let mut answer = vec![0; length];
        self.stream.read_exact(&mut answer).expect("the answer's body comes");
        String::from_utf8(answer).expect("the answer is text")
    }
}
