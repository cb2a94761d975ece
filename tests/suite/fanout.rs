//! One tick to many: everyone gets every frame, evaluating costs the same for one and for hundreds,
//! and who does not read delays nobody.

use serde_json::json;
use tokio::net::TcpStream;
use watchglass::model::Span;

use crate::support::{App, Codec, Known, NOW, Socket, Viewer, within};

/// More than any batch size on the way (tokio lets a task do 128 things at a time).
const VIEWERS: usize = 300;
/// Live queries of the board: a query each of its two panels, and of each of two pushed names the
/// query and when its series were last heard.
const CHANNELS: usize = 6;

async fn crowd(app: &App, count: usize) -> Vec<Viewer> {
    let mut viewers = Vec::with_capacity(count);
    for at in 0..count {
        let codec = if at % 2 == 0 { Codec::Binary } else { Codec::Json };
        let mut viewer = Viewer::open(app, codec).await;
        viewer.say(&json!({ "sub": { "id": 1, "board": "overview", "range": "1m" } })).await;
        viewers.push(viewer);
    }
    for viewer in &mut viewers {
        viewer
            .until("the windows", |reader| {
                let channels = reader.channels_of(1).unwrap_or_default();
                let whole = |id: &u32| reader.channels.get(id).is_some_and(|known| known.whole);
                channels.len() == CHANNELS && channels.iter().all(whole)
            })
            .await;
    }
    viewers
}

/// Steps second by second, each seen by all before the next. Evaluations that it took.
async fn seconds(app: &App, viewers: &mut [Viewer], count: i64) -> f64 {
    let before = app.figure("watchglass_query_evaluations_total").await;
    for _ in 0..count {
        app.step(Span(1000)).await;
        let n = (app.now().0 - 50).div_euclid(1000);
        for viewer in viewers.iter_mut() {
            viewer
                .until("the tick", |reader| {
                    reader.channels.values().all(|known| known.newest() >= n)
                })
                .await;
        }
    }
    app.figure("watchglass_query_evaluations_total").await - before
}

#[tokio::test]
async fn hundreds_get_every_tick_and_cost_no_evaluation_more() {
    let app = App::start().await;
    app.push("orders 1\nload_seconds{mode=\"user\"} 5").await;
    app.step(Span(1200)).await;
    let mut one = crowd(&app, 1).await;
    seconds(&app, &mut one, 2).await;
    let alone = seconds(&app, &mut one, 5).await;
    drop(one);

    let mut viewers = crowd(&app, VIEWERS).await;
    let begin: Vec<usize> = viewers.iter().map(|viewer| viewer.reader.finals).collect();
    let together = seconds(&app, &mut viewers, 5).await;
    let evaluations = 5.0 * CHANNELS as f64;
    assert_eq!((alone, together), (evaluations, evaluations));
    let got: Vec<usize> =
        viewers.iter().zip(begin).map(|(viewer, begin)| viewer.reader.finals - begin).collect();
    assert_eq!(
        (got.iter().min(), got.iter().max()),
        (Some(&(5 * CHANNELS)), Some(&(5 * CHANNELS)))
    );

    app.push("orders 2").await;
    app.step(Span(150)).await;
    for viewer in &mut viewers {
        viewer
            .until("the pushed value", |reader| {
                let shown = reader.channels.values().filter_map(Known::shown);
                shown.into_iter().any(|shown| shown.get("orders") == Some(&2.0))
            })
            .await;
        assert!(viewer.reader.channels.values().all(|known| !known.hole));
    }
    // All who want the same in the same codec are told the same bytes, written once.
    let frames = app.figure("watchglass_live_frames_total").await;
    seconds(&app, &mut viewers, 1).await;
    // Two codecs; what is evaluated slowly may come in several frames.
    let frames = app.figure("watchglass_live_frames_total").await - frames;
    assert!((2.0..=16.0).contains(&frames), "{frames}");
    assert_eq!(app.figure("watchglass_live_sessions").await, VIEWERS as f64);
    drop(viewers);
    app.step(Span(1000)).await;
    let gone = async {
        while app.figure("watchglass_live_sessions").await > 0.0 {
            app.step(Span(100)).await;
        }
    };
    within("all have gone", gone).await;
}

/// A viewer whose system takes next to nothing for it.
async fn narrow(app: &App) -> Viewer {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.connect(&app.address.into()).unwrap();
    socket.set_nonblocking(true).unwrap();
    let connection = TcpStream::from_std(socket.into()).unwrap();
    Viewer::over(app, Socket::over(connection).await, Codec::Json).await
}

/// Every series another value, of many digits.
fn noise(round: i64) -> String {
    let value = |series: i64| 1.0 / (1.0 + (series * 7919 + round * 104_729) as f64).sqrt();
    (0..SERIES).map(|series| format!("noise{{s=\"{series}\"}} {}\n", value(series))).collect()
}

const SERIES: i64 = 1500;

#[tokio::test]
async fn who_does_not_read_delays_nobody_and_catches_up() {
    let app = App::start().await;
    app.push(&noise(0)).await;
    app.step(Span(1200)).await;
    let mut quick = Viewer::of(&app, Codec::Json, "noise").await;
    let mut slow = narrow(&app).await;
    slow.watch(1, "noise").await;
    for round in 1..=27 {
        app.push(&noise(round)).await;
        app.step(Span(1000)).await;
        // The quick one has each column before the next second begins.
        quick.until_column(1, NOW.0 + round * 1000).await;
    }
    assert_eq!(quick.reader.all("at").len(), 1);
    assert_eq!(app.figure("watchglass_live_sessions").await, 2.0);
    // Now it reads again.
    let caught_up = async {
        let n = quick.reader.whole(1).unwrap().newest();
        while slow.reader.whole(1).is_none_or(|known| known.newest() < n) {
            assert_eq!(slow.closed, None, "{} ticks", slow.reader.finals);
            slow.hear().await;
        }
    };
    within("it has caught up", caught_up).await;
    assert!(app.figure("watchglass_live_catch_ups_total").await >= 1.0);
    assert!(slow.reader.finals < 27, "it was told the rest in one piece");
    let known = slow.reader.whole(1).unwrap();
    assert!(!known.hole);
    let n = quick.reader.whole(1).unwrap().newest();
    assert_eq!(known.named(&known.column(n)), quick.latest(1));
    app.step(Span(1000)).await;
    let n = quick.reader.whole(1).unwrap().newest() + 1;
    slow.until_column(1, n * 1000).await;
}
