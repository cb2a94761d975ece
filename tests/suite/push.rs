//! Pushes: what is taken, how mistakes are named, what is refused, and what a push may not touch.

use std::io::Write;

use crate::support::{App, Codec, NOW, Request, Viewer, values};
use watchglass::model::Span;

/// A time that is a final column of the window of whoever subscribes now.
const BEFORE: i64 = NOW.0 - 2000;

/// Pushes and expects this many samples taken, and these series afterwards.
async fn check(path: &str, body: &str, expected: &[(&str, f64)]) {
    let app = App::start().await;
    let answer = app.post(path, body).await;
    assert_eq!(answer.status, 200, "{body}: {}", answer.text());
    let json = answer.json();
    assert_eq!(
        (&json["accepted"], &json["refused"]),
        (&expected.len().into(), &0.into()),
        "{body}"
    );
    let series: Vec<(String, f64)> = values(&app, r#"{__name__!=""}"#).await.into_iter().collect();
    let named = |(name, value): &(&str, f64)| ((*name).to_owned(), *value);
    assert_eq!(series, expected.iter().map(named).collect::<Vec<_>>(), "{body}");
}

#[tokio::test]
async fn text_is_taken_as_it_stands() {
    let body = format!("orders{{a=\"%41+b&c=d\"}} 1 {BEFORE}");
    check("/push", &body, &[(r#"orders{a="%41+b&c=d"}"#, 1.0)]).await;
    let body = format!("# TYPE b counter\r\nb_total 2.5e3 {BEFORE}\r\n\r\nc{{}} -0.125 {BEFORE}\n");
    check("/push", &body, &[("b_total", 2500.0), ("c", -0.125)]).await;
}

#[tokio::test]
async fn json_is_taken_as_object_array_and_lines() {
    let one = |name: &str, value: f64| {
        format!(
            r#"{{"metric":"{name}","labels":{{"shop":"x"}},"value":{value},"timestamp":{BEFORE}}}"#
        )
    };
    let (a, b) = ((r#"a{shop="x"}"#, 1.5), (r#"b{shop="x"}"#, 2.0));
    check("/api/v1/push", &one("a", 1.5), &[a]).await;
    check("/api/v1/push", &format!("[{},{}]", one("a", 1.5), one("b", 2.0)), &[a, b]).await;
    check("/api/v1/push", &format!("{}\n{}\n", one("a", 1.5), one("b", 2.0)), &[a, b]).await;
    let several = r#"{"metric":"m","values":{"x":1,"y":2},"timestamp":"2023-11-14T22:13:18Z"}"#;
    check("/api/v1/push", several, &[("m_x", 1.0), ("m_y", 2.0)]).await;
}

#[tokio::test]
async fn influx_lines_are_taken_in_every_precision() {
    let expected = [(r#"weather_temp{city="x"}"#, 21.5)];
    let times = [
        ("/write", format!("{BEFORE}000000")),
        ("/write?precision=ns", format!("{BEFORE}000000")),
        ("/api/v2/write?precision=us", format!("{BEFORE}000")),
        ("/api/v2/write?precision=ms", BEFORE.to_string()),
        ("/write?db=ignored&precision=s", (BEFORE / 1000).to_string()),
    ];
    for (path, time) in times {
        check(path, &format!("weather,city=x temp=21.5 {time}"), &expected).await;
    }
    let app = App::start().await;
    let answer = app.post("/write?precision=weeks", "a value=1").await;
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("weeks"), "{}", answer.text());
}

#[tokio::test]
async fn the_shortest_push_is_stamped_with_the_present() {
    let app = App::start().await;
    app.push("orders 42").await;
    let mut viewer = Viewer::of(&app, Codec::Json, "orders").await;
    app.step(Span(1100)).await;
    viewer.until_column(1, NOW.0).await;
    assert_eq!(viewer.latest(1)["orders"], 42.0);
}

#[tokio::test]
async fn encoded_bodies_are_read() {
    let app = App::start().await;
    let body = |name: &str| format!("{name} 7 {BEFORE}\n").into_bytes();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(&body("gzip")).unwrap();
    let bodies = [
        ("gzip", gzip.finish().unwrap()),
        ("zstd", zstd::encode_all(body("zstd").as_slice(), 1).unwrap()),
        ("snappy", snap::raw::Encoder::new().compress_vec(&body("snappy")).unwrap()),
        ("identity", body("identity")),
    ];
    for (encoding, bytes) in bodies {
        let request = Request::post("/push", bytes).header("content-encoding", encoding);
        let answer = app.ask(request).await;
        assert_eq!((answer.status, &answer.json()["accepted"]), (200, &1.into()), "{encoding}");
        assert_eq!(values(&app, encoding).await[encoding], 7.0);
    }
}

#[tokio::test]
async fn good_lines_are_kept_and_bad_ones_named() {
    let app = App::start().await;
    let answer = app.post("/push", "good 1\nbad x\n{ 3\nfine 2\n").await;
    assert_eq!(answer.status, 200);
    let json = answer.json();
    assert_eq!((&json["accepted"], &json["refused"]), (&2.into(), &2.into()));
    assert_eq!(
        (&json["errors"][0]["line"], &json["errors"][0]["text"]),
        (&2.into(), &"bad x".into())
    );
    assert_eq!(&json["errors"][1]["line"], 3);
    assert!(json["errors"][0]["reason"].as_str().unwrap().contains("`x`"), "{json}");

    let lines: String = (0..50).map(|_| "bad x\n").collect();
    let answer = app.post("/push", &lines).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["refused"], 50);
    assert_eq!(answer.json()["errors"].as_array().unwrap().len(), 20);
    for path in ["/push", "/api/v1/push", "/write"] {
        let answer = app.post(path, "").await;
        assert_eq!(answer.status, 400, "{path}");
        assert!(!answer.json()["errors"][0]["reason"].as_str().unwrap().is_empty(), "{path}");
    }
}

#[tokio::test]
async fn limits_are_held_and_named() {
    let more = "[ingest]\nbody_max = \"2KiB\"\ninflated_max = \"8KiB\"\nsamples_max = 3\nlabels_max = 2\n\
                metric_name_bytes_max = 10\n[storage]\nseries_max = 4\n";
    let app = App::with(more).await;
    let refused = async |request: Request, status: u16, word: &str| {
        let answer = app.ask(request).await;
        assert_eq!(answer.status, status, "{word}: {}", answer.text());
        assert!(answer.text().contains(word), "{word}: {}", answer.text());
    };
    refused(Request::post("/push", "a 1\n".repeat(600)), 413, "ingest.body_max").await;
    let announced = Request::post("/push", "a 1").header("content-length", "99999999");
    refused(announced, 413, "ingest.body_max").await;
    let long = zstd::encode_all("a 1\n".repeat(3000).as_bytes(), 1).unwrap();
    let long = Request::post("/push", long).header("content-encoding", "zstd");
    refused(long, 413, "ingest.inflated_max").await;
    refused(Request::post("/push", "a 1\na 2\na 3\na 4\n"), 200, "samples_max").await;
    refused(Request::post("/push", "a{b=\"1\",c=\"2\",d=\"3\"} 1"), 400, "labels_max").await;
    refused(Request::post("/push", "abcdefghijk 1"), 400, "metric_name_bytes_max").await;
    refused(Request::post("/push", "b 1\nc 1\nd 1"), 200, "\"accepted\":3").await;
    refused(Request::post("/push", "e 1\na 1\n"), 200, "series_max").await;
    let brotli = Request::post("/push", "a 1").header("content-encoding", "br");
    refused(brotli, 415, "br").await;
    let twice = Request::post("/push", "a 1").header("content-encoding", "gzip, gzip");
    refused(twice, 415, "gzip, gzip").await;
    let broken = Request::post("/push", "a 1").header("content-encoding", "gzip");
    refused(broken, 400, "gzip").await;
}

#[tokio::test]
async fn bombs_are_refused() {
    let app = App::start().await;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&vec![b'\n'; 40 << 20]).unwrap();
    // A snappy block whose head claims 1 GiB.
    let claims = [0x80, 0x80, 0x80, 0x80, 0x04, 0, 0];
    for (encoding, bytes) in [("gzip", gzip.finish().unwrap()), ("snappy", claims.to_vec())] {
        let request = Request::post("/push", bytes).header("content-encoding", encoding);
        let answer = app.ask(request).await;
        assert_eq!(answer.status, 413, "{encoding}: {}", answer.text());
        assert!(answer.text().contains("ingest."), "{encoding}: {}", answer.text());
    }
    assert_eq!(app.figure("watchglass_push_samples_total").await, 0.0);
}

#[tokio::test]
async fn samples_out_of_time_are_refused_one_by_one() {
    let app = App::start().await;
    let (old, new) = (NOW.0 - 3_600_001, NOW.0 + 600_001);
    let body = format!("a 1 {old}\na 2 {BEFORE}\na 3 {new}\na 4 9223372036854775807\n");
    let answer = app.post("/push", &body).await;
    assert_eq!(answer.status, 200);
    let json = answer.json();
    assert_eq!((&json["accepted"], &json["refused"]), (&1.into(), &3.into()), "{json}");
    let reason = |at: usize| json["errors"][at]["reason"].as_str().unwrap();
    assert!(json["errors"][0]["line"] == 1 && reason(0).contains("max_age"), "{json}");
    assert!(json["errors"][1]["line"] == 3 && reason(1).contains("max_future"), "{json}");
    // The far future has not closed the series.
    app.push("a 5").await;
    assert_eq!(values(&app, "a").await["a"], 2.0);
}

#[tokio::test]
async fn other_sites_cannot_push() {
    let app = App::start().await;
    let push = || Request::post("/push", "orders 1");
    let own = format!("http://{}", app.address);
    assert_eq!(app.ask(push().header("origin", &own)).await.status, 200);
    for origin in ["http://evil.example", "null", &format!("{own}.evil.example")] {
        let answer = app.ask(push().header("origin", origin)).await;
        assert_eq!(answer.status, 403, "{origin}");
        assert!(answer.text().contains("origin"), "{}", answer.text());
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
    let rebound = push().header("host", "evil.example").header("origin", "http://evil.example");
    let answer = app.ask(rebound).await;
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains("server.hosts"), "{}", answer.text());
    assert_eq!(app.figure("watchglass_push_requests_total").await, 1.0);
    assert_eq!(app.figure("watchglass_web_refused_requests_total").await, 4.0);
}

#[tokio::test]
async fn a_silent_series_ends_after_its_ttl() {
    let app = App::start().await;
    let mut viewer = Viewer::of(&app, Codec::Binary, "drain").await;
    assert_eq!(app.post("/push?ttl=3s", "drain 1").await.status, 200);
    app.step(Span(1200)).await;
    viewer
        .until("its value", |reader| {
            reader.whole(1).is_some_and(|known| known.latest().get("drain") == Some(&1.0))
        })
        .await;
    for _ in 0..5 {
        app.step(Span(1000)).await;
    }
    viewer.until_column(1, NOW.0 + 6000).await;
    viewer
        .until("its end", |reader| reader.whole(1).is_some_and(|known| known.latest().is_empty()))
        .await;
    // Longer than the ttl it was there, and it comes back with the next sample.
    let known = viewer.reader.whole(1).unwrap();
    let at = |ms: i64| known.named(&known.column((NOW.0 + ms) / 1000));
    assert_eq!((at(2000).len(), at(6000).len()), (1, 0));
    app.push("drain 2").await;
    app.step(Span(1100)).await;
    viewer
        .until("its return", |reader| {
            reader.whole(1).is_some_and(|known| known.latest().get("drain") == Some(&2.0))
        })
        .await;
    for (ttl, word) in [("soon", "`soon`"), ("0s", "not longer than `0s`")] {
        let answer = app.post(&format!("/push?ttl={ttl}"), "drain 1").await;
        assert_eq!(answer.status, 400, "{ttl}");
        assert!(answer.text().contains("`ttl`") && answer.text().contains(word), "{ttl}");
    }
}

#[tokio::test]
async fn other_methods_are_told_to_post() {
    let app = App::start().await;
    for path in ["/push", "/api/v1/push", "/api/v1/write", "/write", "/api/v2/write"] {
        let answer = app.get(path).await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")), "{path}");
        assert!(answer.text().contains("POST"), "{path}: {}", answer.text());
    }
}

#[tokio::test]
async fn what_a_collector_owns_cannot_be_pushed() {
    let app = App::real("[collect]\nhost = \"test-host\"\n");
    let mut viewer = Viewer::open(&app, Codec::Json).await;
    viewer
        .say(&serde_json::json!({ "sub": { "id": 1, "query": "node_load1", "window": "1m" } }))
        .await;
    viewer
        .until("a reading", |reader| {
            reader.whole(1).is_some_and(|known| !known.latest().is_empty())
        })
        .await;
    let series = viewer.latest(1).into_keys().next().unwrap();
    assert_eq!(series, r#"node_load1{instance="test-host", job="node"}"#);
    let answer = app.post("/push", &format!("{series} 99\nnode_load1{{job=\"mine\"}} 7")).await;
    let json = answer.json();
    assert_eq!((&json["accepted"], &json["errors"][0]["line"]), (&1.into(), &1.into()), "{json}");
    assert!(json["errors"][0]["reason"].as_str().unwrap().contains("collector"), "{json}");
}

#[tokio::test]
async fn bodies_that_come_too_slowly_are_let_go() {
    let app = App::start().await;
    let answer = app.ask(Request::post("/push", "a").header("content-length", "100")).await;
    assert_eq!(answer.status, 408);
    assert!(answer.text().contains("10 s"), "{}", answer.text());
}
