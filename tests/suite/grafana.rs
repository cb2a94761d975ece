//! Every call that an unmodified Prometheus data source of Grafana makes, answered in the form that
//! it reads.

use serde_json::{Value, json};

use crate::api::{app, data, seconds};

fn shops() -> Value {
    let shop = |name: &str| json!({ "__name__": "requests_total", "shop": name });
    json!([shop("a"), shop("b")])
}

/// What Grafana's Prometheus data source asks while it is set up, while a query is written, and
/// while a dashboard is shown; each answer in the form that it reads.
#[tokio::test]
async fn a_data_source_finds_its_posts_answered() {
    let app = app().await;
    let (from, to) = (seconds() - 10, seconds());
    let vector = |result: Value| json!({ "resultType": "vector", "result": result });
    let posts = [
        // The test of a new data source.
        (
            "/api/v1/query",
            "query=1%2B1&time=4".to_owned(),
            json!({ "resultType": "scalar", "result": [4, "2"] }),
        ),
        // A table panel: spaces as `+`, a plus as `%2B`, a time with a fraction.
        (
            "/api/v1/query",
            format!("query=sum+by+%28shop%29+%28requests_total%29+%2B+1&time={to}.500&timeout=30s"),
            vector(json!([
                { "metric": { "shop": "a" }, "value": [to as f64 + 0.5, "21"] },
                { "metric": { "shop": "b" }, "value": [to as f64 + 0.5, "41"] },
            ])),
        ),
        // A graph panel.
        (
            "/api/v1/query_range",
            format!(
                "query=rate%28requests_total%7Bshop%3D%7E%22a%7Cc%22%7D%5B5s%5D%29&start={}&end={to}\
                 &step=1",
                to - 1
            ),
            json!({ "resultType": "matrix", "result": [
                { "metric": { "shop": "a" }, "values": [[to - 1, "2"], [to, "2"]] },
            ]}),
        ),
        // An annotation and an alert ask as instants do, with RFC 3339 times from older versions.
        (
            "/api/v1/query",
            "query=temp&time=2023-11-14T22%3A13%3A20Z".to_owned(),
            vector(json!([{ "metric": { "__name__": "temp" }, "value": [to, "21.5"] }])),
        ),
        // Variables, the explorer of metrics, and what is offered while a query is written.
        (
            "/api/v1/labels",
            format!("start={from}&end={to}&match%5B%5D=requests_total"),
            json!(["__name__", "shop"]),
        ),
        (
            "/api/v1/series",
            format!("match%5B%5D=%7B__name__%3D%22requests_total%22%7D&start={from}&end={to}"),
            shops(),
        ),
        (
            "/api/v1/query_exemplars",
            format!("query=requests_total&start={from}&end={to}"),
            json!([]),
        ),
        ("/api/v1/format_query", "query=1%2B+temp".to_owned(), json!("1 + temp")),
    ];
    for (path, body, expected) in posts {
        assert_eq!(data(&app.post(path, &body).await), expected, "{path} {body}");
    }
}

#[tokio::test]
async fn its_lists_of_what_there_is_are_answered() {
    let app = app().await;
    let (from, to) = (seconds() - 10, seconds());
    let values = "/api/v1/label/shop/values";
    let gets = [
        (format!("/api/v1/labels?start={from}&end={to}&match[]=temp"), json!(["__name__"])),
        (format!("{values}?start={from}&end={to}&limit=40000"), json!(["a", "b"])),
        (format!("{values}?match[]=requests_total{{shop!%3D%22a%22}}"), json!(["b"])),
        (
            format!(
                "/api/v1/label/__name__/values?start={from}&end={to}&match[]={{shop=~%22.%2B%22}}"
            ),
            json!(["requests_total"]),
        ),
        (format!("/api/v1/series?match[]=requests_total&start={from}&end={to}"), shops()),
        (
            "/api/v1/metadata?limit=40000&limit_per_metric=1".to_owned(),
            json!({ "requests_total": [{ "type": "counter", "help": "Requests", "unit": "" }] }),
        ),
        ("/api/v1/rules?type=alert&exclude_alerts=true".to_owned(), json!({ "groups": [] })),
        ("/api/v1/alerts".to_owned(), json!({ "alerts": [] })),
        (format!("/api/v1/query_exemplars?query=temp&start={from}&end={to}"), json!([])),
    ];
    for (path, expected) in gets {
        assert_eq!(data(&app.get(&path).await), expected, "{path}");
    }
    for path in ["/api/v1/targets?state=active", "/api/v1/parse_query?query=temp"] {
        data(&app.get(path).await);
    }
}
