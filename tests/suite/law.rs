//! The law of live queries, end to end: what a viewer has put together from a window and what came
//! after it is what a window fetched later says, late samples and all.

use watchglass::model::Span;

use crate::support::{App, Codec, NOW, Viewer};

/// Pushes of a second, some of them of seconds long past.
fn pushes(second: i64) -> String {
    let now = NOW.0 + second * 1000;
    let wave = (second * 37 % 11) as f64 / 4.0;
    let mut lines = format!("orders{{shop=\"a\"}} {wave}\nhits_total {}\n", second * 3);
    if second % 3 == 0 {
        lines += &format!("orders{{shop=\"b\"}} {second} {}\n", now - 4000);
    }
    if second % 4 == 1 {
        lines += &format!("orders{{shop=\"a\"}} {} {}\n", -wave, now - 7500);
        lines += &format!("hits_total {} {}\n", second, now - 12_300);
    }
    if second == 9 {
        lines += &format!("orders{{shop=\"late\"}} 1 {}\n", now - 20_000);
    }
    lines
}

async fn check(query: &str) {
    let app = App::start().await;
    app.push(&pushes(0)).await;
    app.step(Span(1100)).await;
    let mut viewers =
        [Viewer::of(&app, Codec::Json, query).await, Viewer::of(&app, Codec::Binary, query).await];
    for second in 1..=14 {
        app.push(&pushes(second)).await;
        app.step(Span(1000)).await;
    }
    // What came last is told with the next phases; bursts of revisions once a second.
    app.step(Span(2500)).await;
    let end = NOW.0 + 17_000;
    for viewer in &mut viewers {
        viewer.until_column(1, end).await;
    }
    let fresh = Viewer::of(&app, Codec::Binary, query).await;
    let fresh = fresh.reader.whole(1).unwrap();
    let seq = fresh.seq;
    for viewer in &mut viewers {
        viewer
            .until("the last entry", |reader| reader.whole(1).is_some_and(|known| known.seq >= seq))
            .await;
        let known = viewer.reader.whole(1).unwrap();
        assert!(!known.hole && known.seq == seq);
        assert_eq!(viewer.reader.all("reset").len(), 0);
        for (n, column) in &fresh.columns {
            let told = known.named(&known.column(*n));
            assert_eq!(told, fresh.named(column), "{query}, column {n}");
        }
    }
    // And it is what another service says that had all samples before anybody watched.
    let other = App::start().await;
    for second in 0..=14 {
        let stamped = |line: &str| match line.split(' ').count() {
            2 => format!("{line} {}\n", NOW.0 + second * 1000 + if second > 0 { 100 } else { 0 }),
            _ => format!("{line}\n"),
        };
        let lines: String = pushes(second).lines().map(stamped).collect();
        other.push(&lines).await;
    }
    other.step(app.now() - other.now()).await;
    let all = Viewer::of(&other, Codec::Binary, query).await;
    let all = all.reader.whole(1).unwrap();
    // The newest column follows a window that was just filled.
    for n in NOW.0 / 1000..end / 1000 {
        let (told, expected) = (fresh.named(&fresh.column(n)), all.named(&all.column(n)));
        assert_eq!(told, expected, "{query}, column {n}");
    }
}

#[tokio::test]
async fn of_a_selector() {
    check("orders").await;
}

#[tokio::test]
async fn of_a_rate() {
    check("rate(hits_total[5s])").await;
}

#[tokio::test]
async fn of_a_sum_with_an_offset() {
    check("sum(orders) - sum(orders offset 3s) + count(hits_total)").await;
}
