//! Prometheus remote write: what a sender hears, and what is there afterwards.

use serde_json::json;
use watchglass::model::stale_marker;

use crate::support::{Answer, App, NOW, Request};

const TWO: &str = "application/x-protobuf;proto=io.prometheus.write.v2.Request";

/// A field of a message that holds bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    assert!(bytes.len() < 128, "one byte says how long it is");
    [&[number << 3 | 2, bytes.len() as u8], bytes].concat()
}

fn sample(value: f64, at: i64) -> Vec<u8> {
    let mut message = vec![0x09];
    message.extend(value.to_bits().to_le_bytes());
    message.push(0x10);
    let mut left = at as u64;
    while left >= 128 {
        message.push(left as u8 | 128);
        left >>= 7;
    }
    message.push(left as u8);
    field(2, &message)
}

/// A series of version 1, as a field of its request.
fn series(pairs: &[(&str, &str)], samples: &[(f64, i64)]) -> Vec<u8> {
    let label = |(name, value): &(&str, &str)| {
        field(1, &[field(1, name.as_bytes()), field(2, value.as_bytes())].concat())
    };
    let mut message: Vec<u8> = pairs.iter().flat_map(label).collect();
    message.extend(samples.iter().flat_map(|(value, at)| sample(*value, *at)));
    field(1, &message)
}

async fn write(app: &App, content_type: &str, message: &[u8]) -> Answer {
    let body = snap::raw::Encoder::new().compress_vec(message).unwrap();
    let request = Request::post("/api/v1/write", body)
        .header("content-type", content_type)
        .header("content-encoding", "snappy");
    app.ask(request).await
}

async fn value(app: &App, query: &str) -> serde_json::Value {
    let path = format!("/api/v1/query?query={query}&time={}", NOW.0 / 1000);
    app.get(&path).await.json()["data"]["result"][0]["value"][1].clone()
}

#[tokio::test]
async fn both_versions_are_written() {
    let app = App::start().await;
    let up = [("__name__", "up"), ("job", "a")];
    let answer = write(&app, "application/x-protobuf", &series(&up, &[(1.0, NOW.0)])).await;
    assert_eq!((answer.status, answer.body.len()), (204, 0), "{}", answer.text());
    assert_eq!(value(&app, "up").await, json!("1"));
    let symbols = ["", "__name__", "down"].map(|text| field(4, text.as_bytes())).concat();
    let places = field(1, &[1, 2]);
    let message = [symbols, field(5, &[places, sample(2.5, NOW.0)].concat())].concat();
    let answer = write(&app, TWO, &message).await;
    assert_eq!(answer.status, 204, "{}", answer.text());
    let written = |what: &str| answer.header(&format!("x-prometheus-remote-write-{what}-written"));
    assert_eq!(
        ["samples", "histograms", "exemplars"].map(written),
        [Some("1"), Some("0"), Some("0")]
    );
    assert_eq!(value(&app, "down").await, json!("2.5"));
    // A staleness marker ends the series at once.
    let ended = series(&up, &[(stale_marker(), NOW.0 + 1)]);
    assert_eq!(write(&app, "application/x-protobuf", &ended).await.status, 204);
    let path = format!("/api/v1/query?query=up&time={}", NOW.0 / 1000 + 1);
    assert_eq!(app.get(&path).await.json()["data"]["result"], json!([]));
}

#[tokio::test]
async fn what_can_be_written_is_and_the_rest_is_named() {
    let app = App::start().await;
    let message = [
        series(&[("__name__", "good")], &[(1.0, NOW.0), (2.0, NOW.0 - 7_200_000)]),
        series(&[("job", "nameless")], &[(1.0, NOW.0)]),
    ]
    .concat();
    let answer = write(&app, "application/x-protobuf", &message).await;
    assert_eq!(answer.status, 400);
    let text = answer.text();
    assert!(text.starts_with("1 samples written, 2 refused\n"), "{text}");
    assert!(text.contains("series 1: ") && text.contains("good"), "{text}");
    assert!(text.contains("series 2: the series has no metric name"), "{text}");
    assert_eq!(value(&app, "good").await, json!("1"));
    assert_eq!(app.figure("watchglass_push_refused_samples_total").await, 2.0);
}

#[tokio::test]
async fn what_is_no_remote_write_is_refused_in_words() {
    let app = App::start().await;
    let refused = async |request: Request, status: u16, word: &str| {
        let answer = app.ask(request).await;
        assert_eq!(answer.status, status, "{word}: {}", answer.text());
        assert!(answer.text().contains(word), "{word}: {}", answer.text());
    };
    let post = |body: &[u8]| {
        let body = snap::raw::Encoder::new().compress_vec(body).unwrap();
        Request::post("/api/v1/write", body)
            .header("content-type", "application/x-protobuf")
            .header("content-encoding", "snappy")
    };
    refused(post(b"").header("content-encoding", "gzip"), 415, "snappy").await;
    refused(post(b"").header("content-type", "application/json"), 415, "x-protobuf").await;
    let other = "application/x-protobuf;proto=some.Other";
    refused(post(b"").header("content-type", other), 415, "some.Other").await;
    refused(post(b"orders 42"), 400, "prometheus.WriteRequest").await;
    refused(post(b"").header("origin", "https://evil.example"), 403, "origin").await;
    let raw = Request::post("/api/v1/write", "no snappy").header("content-encoding", "snappy");
    refused(raw.header("content-type", "application/x-protobuf"), 400, "snappy").await;
}
