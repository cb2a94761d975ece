//! What was acknowledged is there after the service ended, in order or not: the program itself
//! under pushes, killed and told to end at any moment, and the service in this process.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use watchglass::clock::SystemClock;
use watchglass::model::{Clock, Span};

use crate::program::Program;
use crate::support::{App, NOW, Request, within};

/// Writers at the same time.
const WRITERS: usize = 6;
/// Times that the program is killed.
const KILLS: usize = 50;
/// Times that it is told to end.
const ENDS: usize = 5;

/// The values that were acknowledged: of each writer, by the time of the sample.
pub(crate) type Acknowledged = BTreeMap<(usize, i64), f64>;

/// Pushes of one writer until the program does not answer any more; each push brings a few samples.
pub(crate) async fn write(
    program: std::net::SocketAddr,
    writer: usize,
    from: i64,
    counted: Arc<AtomicUsize>,
) -> Acknowledged {
    let (mut acknowledged, mut at) = (Acknowledged::new(), from);
    loop {
        let lines: Vec<(i64, f64)> = (0..3).map(|more| (at + more, (at + more) as f64)).collect();
        let body: String = lines
            .iter()
            .map(|(at, value)| format!("kept{{writer=\"{writer}\"}} {value} {at}\n"))
            .collect();
        match Request::post("/push", &body).status(program).await {
            Some(200) => {
                acknowledged.extend(lines.iter().map(|(at, value)| ((writer, *at), *value)));
                counted.fetch_add(1, Ordering::Relaxed);
            }
            // It has not read its log yet.
            Some(503) => {}
            Some(status) => panic!("a push is answered by {status}"),
            None => return acknowledged,
        }
        at += 3;
    }
}

/// All that is kept.
pub(crate) async fn kept(program: &Program) -> Acknowledged {
    let path = "/api/v1/query?query=kept%5B1h%5D";
    let ask = async {
        loop {
            let answer = Request::get(path).send(program.address).await;
            if answer.status == 200 {
                return answer.json();
            }
            assert_eq!(answer.status, 503, "{}", answer.text());
        }
    };
    let answer = within("an answer from the whole log", ask).await;
    let mut found = Acknowledged::new();
    for series in answer["data"]["result"].as_array().unwrap() {
        let writer = series["metric"]["writer"].as_str().unwrap().parse().unwrap();
        for sample in series["values"].as_array().unwrap() {
            let at = (sample[0].as_f64().unwrap() * 1000.0).round() as i64;
            found.insert((writer, at), sample[1].as_str().unwrap().parse().unwrap());
        }
    }
    found
}

/// Rounds of pushes that `end` ends after ever other numbers of acknowledgements.
async fn rounds(count: usize, end: impl Fn(Program)) {
    let folder: Arc<TempDir> = Arc::new(tempfile::tempdir().unwrap());
    let mut acknowledged = Acknowledged::new();
    let start = SystemClock.now().saturating_sub(Span::from_secs(1800)).0;
    for round in 0..count {
        let program = Program::over(Arc::clone(&folder));
        let found = kept(&program).await;
        for (key, value) in &acknowledged {
            assert_eq!(found.get(key), Some(value), "round {round}: {key:?}");
        }
        for ((_, at), value) in &found {
            assert_eq!(*value, *at as f64, "round {round}: a value that nobody pushed");
        }
        let counted = Arc::new(AtomicUsize::new(0));
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let from = start + round as i64 * 30_000;
                tokio::spawn(write(program.address, writer, from, Arc::clone(&counted)))
            })
            .collect();
        let enough = 1 + round * 7 % 40;
        let reached = async {
            while counted.load(Ordering::Relaxed) < enough {
                tokio::task::yield_now().await;
            }
        };
        within("acknowledgements", reached).await;
        end(program);
        for writer in writers {
            acknowledged.extend(within("a writer", writer).await.unwrap());
        }
    }
    assert!(acknowledged.len() > count, "{} samples were acknowledged", acknowledged.len());
}

#[tokio::test]
async fn a_killed_program_loses_nothing_it_acknowledged() {
    rounds(KILLS, Program::kill).await;
}

#[tokio::test]
async fn a_program_told_to_end_loses_nothing_it_acknowledged() {
    rounds(ENDS, |program| assert_eq!(program.end(), Some(0))).await;
}

#[tokio::test]
async fn series_and_their_description_are_there_after_a_restart() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let app = App::over(Arc::clone(&folder), NOW, "").await;
    app.push("# TYPE orders counter\n# HELP orders Orders taken.\norders{shop=\"a\"} 42").await;
    app.step(Span(1100)).await;
    let now = app.now();
    within("the end", app.end()).await.unwrap().unwrap();

    let app = App::over(folder, now, "").await;
    let answer = app.get("/api/v1/query?query=orders").await.json();
    assert_eq!(answer["data"]["result"][0]["value"][1], "42", "{answer}");
    let answer = app.get("/api/v1/metadata?metric=orders").await.json();
    assert_eq!(answer["data"]["orders"][0]["help"], "Orders taken.", "{answer}");
    assert_eq!(app.figure("watchglass_store_replayed_samples_total").await, 1.0);
    assert_eq!(app.figure("watchglass_store_log_well").await, 1.0);
    let page = app.get("/").await.text();
    assert!(page.contains("orders"), "a pushed name has its panel again: {page}");
}

#[tokio::test]
async fn an_answer_says_when_it_promises_less() {
    let app = App::with("[storage]\ndurability = \"async\"\n").await;
    let answer = app.post("/push", "orders 1").await;
    assert_eq!((answer.status, &answer.json()["durability"]), (200, &json!("async")));
    let app = App::start().await;
    assert!(app.post("/push", "orders 1").await.json().get("durability").is_none());
}

/// Sends a push over a connection that stays, and reads the status of the answer.
async fn push_over(connection: &mut TcpStream, at: i64) -> u16 {
    let body = format!("kept{{writer=\"0\"}} {at} {at}\n");
    let length = body.len();
    let head =
        format!("POST /push HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n");
    connection.write_all((head + &body).as_bytes()).await.unwrap();
    let (mut answer, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let read = connection.read(&mut piece).await.unwrap();
        assert!(read > 0, "the connection ended: {}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&answer);
        // The body of an answer to a push is one JSON object, without another inside.
        if text.contains("\r\n\r\n") && text.ends_with('}') {
            return text.split(' ').nth(1).unwrap().parse().unwrap();
        }
    }
}

/// Opens connections to a program, each with a request that is not whole, until one is shed with an
/// answer; gives those that are open, and the answer.
async fn fill(program: &Program) -> (Vec<TcpStream>, String) {
    let mut held = Vec::new();
    loop {
        let mut one = TcpStream::connect(program.address).await.unwrap();
        one.write_all(b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        let mut piece = [0; 4096];
        let read = one.read(&mut piece).await.unwrap();
        let answer = String::from_utf8_lossy(&piece[..read]).into_owned();
        if !answer.starts_with("HTTP/1.1 200") {
            // It is closed behind the answer.
            assert_eq!(one.read(&mut piece).await.unwrap_or(0), 0, "{answer}");
            return (held, answer);
        }
        one.write_all(b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n").await.unwrap();
        held.push(one);
    }
}

#[tokio::test]
async fn where_few_files_may_be_open_connections_are_shed_and_storage_goes_on() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let program = Program::limited(Arc::clone(&folder), 112);
    let mut pushing = TcpStream::connect(program.address).await.unwrap();
    let from = SystemClock.now().0 - 600_000;
    assert_eq!(within("a push", push_over(&mut pushing, from)).await, 200);
    let (mut held, answer) = within("an answer that sheds", fill(&program)).await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after: 1"), "{answer}");
    assert!(answer.contains("connection: close") && answer.contains("files open"), "{answer}");
    // Some wait for their requests to be answered; the others are closed.
    for _ in 0..300 {
        held.push(TcpStream::connect(program.address).await.unwrap());
    }
    let last = held.last_mut().unwrap();
    let ended = within("the end of a connection", last.read(&mut [0; 16])).await;
    assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
    for at in from + 1..from + 100 {
        assert_eq!(within("a push", push_over(&mut pushing, at)).await, 200, "{at}");
    }
    // A new segment and the links of a snapshot need descriptors too.
    let snapshot = "POST /api/v1/admin/snapshot HTTP/1.1\r\nHost: localhost\r\n\
        Content-Length: 0\r\n\r\n";
    pushing.write_all(snapshot.as_bytes()).await.unwrap();
    let mut piece = [0; 4096];
    let read = within("a snapshot", pushing.read(&mut piece)).await.unwrap();
    assert!(piece[..read].starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&piece));
    drop((held, pushing));
    let room =
        async { while Request::get("/-/ready").status(program.address).await != Some(200) {} };
    within("room for connections", room).await;
    assert_eq!(kept(&program).await.len(), 100);
    let page = Request::get("/status").send(program.address).await.text();
    assert!(page.contains("too few files may be open"), "{page}");
    program.kill();
    let found = kept(&Program::over(folder)).await;
    assert!((from..from + 100).all(|at| found.get(&(0, at)) == Some(&(at as f64))));
}

#[tokio::test]
async fn what_is_deleted_stays_away_and_what_is_pushed_again_stays() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let app = App::over(Arc::clone(&folder), NOW, "").await;
    app.push("wrong{a=\"1\"} 1\nwrong{a=\"2\"} 2\nright 3").await;
    app.step(Span(1100)).await;
    let path = "/api/v1/admin/tsdb/delete_series?match[]=wrong";
    let foreign = Request::post(path, "").header("Origin", "http://evil.example");
    assert_eq!(foreign.send(app.address).await.status, 403);
    assert_eq!(app.post("/api/v1/admin/tsdb/delete_series", "").await.status, 400);
    assert_eq!(app.post(path, "").await.status, 204);
    assert_eq!(app.post("/api/v1/admin/tsdb/clean_tombstones", "").await.status, 204);
    let count = |answer: serde_json::Value| answer["data"]["result"].as_array().unwrap().len();
    let wrong = "/api/v1/query?query=wrong";
    assert_eq!(count(app.get(wrong).await.json()), 0);
    assert_eq!(count(app.get("/api/v1/query?query=right").await.json()), 1);
    app.push("wrong{a=\"2\"} 5").await;
    app.step(Span(1100)).await;
    let now = app.now();
    within("the end", app.end()).await.unwrap().unwrap();
    let app = App::over(folder, now, "").await;
    let answer = app.get("/api/v1/query?query=wrong%5B1h%5D").await.json();
    assert_eq!(answer["data"]["result"][0]["values"].as_array().unwrap().len(), 1, "{answer}");
    assert_eq!(answer["data"]["result"][0]["values"][0][1], "5", "{answer}");
}
