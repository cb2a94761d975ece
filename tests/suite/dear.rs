//! Queries that cost too much, and queries that nobody waits for any more.

use crate::api::{data, encoded, seconds};
use crate::support::{App, NOW, Request};

/// One figure of `/metrics`.
async fn figure(app: &App, name: &str) -> f64 {
    let text = app.get("/metrics").await.text();
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    value.unwrap_or_else(|| panic!("{name} is not in {text}"))
}

/// A query that would work for minutes holds the only turn; what is too dear is refused all the
/// same, before it waits; and when the asker hangs up, the work ends.
#[tokio::test]
async fn dear_queries_are_refused_at_once_and_end_with_their_asker() {
    let app = App::with("[query]\nparallel_max = 1\ndeadline = \"10m\"").await;
    let mut text = String::new();
    for second in 0..10 {
        text += &format!("temp {second} {}\n", NOW.0 - 10_000 + second * 1000);
    }
    app.post("/push", &text).await;
    let slow = format!(
        "/api/v1/query_range?query={}&start={}&end={}&step=0.001",
        encoded("quantile_over_time(0.5, temp[10s:1ms])"),
        seconds(),
        seconds() + 11
    );
    let asker = Request::get(&slow).begin(app.address).await;
    while figure(&app, "watchglass_query_running ").await < 1.0 {}
    let dear = [
        // One place more than fits, whoever is asked.
        "sum_over_time(temp[1y:1ms])",
        "max_over_time(max_over_time(temp[1d:1s])[1d:1s])",
        "sum_over_time(vector(1)[1y:1ms])",
    ];
    for query in dear {
        let path = format!("/api/v1/query?query={}&time={}", encoded(query), seconds());
        let answer = app.get(&path).await;
        assert_eq!((answer.status, answer.json()["errorType"].as_str()), (422, Some("execution")));
        assert!(answer.text().contains("too many samples"), "{}", answer.text());
    }
    let terms = vec!["1"; 300_000].join("%2B");
    let answer = app.post("/api/v1/query", &format!("query={terms}")).await;
    assert_eq!((answer.status, answer.json()["errorType"].as_str()), (400, Some("bad_data")));
    let brackets = format!("query={}1{}", "(".repeat(5000), ")".repeat(5000));
    assert_eq!(app.post("/api/v1/query", &brackets).await.status, 400);
    assert_eq!(figure(&app, "watchglass_query_running ").await, 1.0);
    drop(asker);
    while figure(&app, "watchglass_query_running ").await > 0.0 {}
    assert_eq!(figure(&app, "watchglass_query_abandoned_total ").await, 1.0);
    data(&app.get("/api/v1/query?query=temp").await);
}
