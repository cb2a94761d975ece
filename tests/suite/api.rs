//! The HTTP API of Prometheus: forms and values of every answer, mistakes in words, and the calls
//! that a Grafana data source makes.

use serde_json::{Value, json};
use watchglass::model::Span;

use crate::support::{Answer, App, NOW, Request};

/// Ten seconds of two counters and a gauge, the last sample at [`NOW`].
pub(crate) async fn app() -> App {
    let app = App::with("[server]\ncors_origins = [\"https://graphs.example\"]").await;
    let mut text = String::from("# TYPE requests_total counter\n# HELP requests_total Requests\n");
    for second in 0..=10 {
        let at = NOW.0 - 10_000 + second * 1000;
        for (shop, step) in [("a", 2), ("b", 4)] {
            text += &format!("requests_total{{shop=\"{shop}\"}} {} {at}\n", second * step);
        }
        text += &format!("temp 21.5 {at}\n");
    }
    let answer = app.post("/push", &text).await;
    assert_eq!(answer.json()["refused"], json!(0), "{}", answer.text());
    app
}

pub(crate) fn seconds() -> i64 {
    NOW.0 / 1000
}

pub(crate) fn encoded(text: &str) -> String {
    let byte = |byte: u8| {
        if byte.is_ascii_alphanumeric() {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    text.bytes().map(byte).collect()
}

/// The data of an answer that went well.
pub(crate) fn data(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json"), "{}", answer.text());
    let json = answer.json();
    assert_eq!(json["status"], "success", "{json}");
    json["data"].clone()
}

async fn query(app: &App, query: &str, more: &str) -> Value {
    let path = format!("/api/v1/query?query={}&time={}{more}", encoded(query), seconds());
    data(&app.get(&path).await)
}

#[tokio::test]
async fn a_query_at_one_time_gives_each_type_in_its_form() {
    let app = app().await;
    let at = seconds();
    let check = async |text: &str, kind: &str, result: Value| {
        let expected = json!({ "resultType": kind, "result": result });
        assert_eq!(query(&app, text, "").await, expected, "{text}");
    };
    check("1 + 1", "scalar", json!([at, "2"])).await;
    check("\"a\\\"b\"", "string", json!([at, "a\"b"])).await;
    let metric = json!({ "__name__": "requests_total", "shop": "b" });
    let one = "requests_total{shop=\"b\"}";
    check(one, "vector", json!([{ "metric": metric, "value": [at, "40"] }])).await;
    let values = json!([[at - 1, "36"], [at, "40"]]);
    let range = format!("{one}[2s]");
    check(&range, "matrix", json!([{ "metric": metric, "values": values }])).await;
    check("nothing_here", "vector", json!([])).await;
    check("vector(1) / 0", "vector", json!([{ "metric": {}, "value": [at, "+Inf"] }])).await;
    check(
        "sum(rate(requests_total[10s]))",
        "vector",
        json!([{ "metric": {}, "value": [at, "6"] }]),
    )
    .await;
}

#[tokio::test]
async fn a_query_over_a_range_gives_the_points_that_exist() {
    let app = app().await;
    let at = seconds();
    let range = |query: &str, start: i64, end: i64, step: &str| {
        format!("/api/v1/query_range?query={}&start={start}&end={end}&step={step}", encoded(query))
    };
    let got = data(&app.get(&range("requests_total{shop=\"a\"}", at - 12, at - 8, "2")).await);
    let metric = json!({ "__name__": "requests_total", "shop": "a" });
    let values = json!([[at - 10, "0"], [at - 8, "4"]]);
    let expected = json!({
        "resultType": "matrix", "result": [{ "metric": metric, "values": values }],
    });
    assert_eq!(got, expected);
    let got = data(&app.get(&range("7", at, at + 1, "500ms")).await);
    let points = json!([[at, "7"], [at as f64 + 0.5, "7"], [at + 1, "7"]]);
    assert_eq!(got["result"], json!([{ "metric": {}, "values": points }]));
    assert!(app.get(&range("7", at, at + 1, "0.5")).await.text().contains(".500,\"7\"]"));
    let body = format!("query=temp&start={at}&end={at}&step=15s");
    let posted = data(&app.post("/api/v1/query_range", &body).await);
    assert_eq!(posted["result"][0]["values"], json!([[at, "21.5"]]));
    // As many steps as the limit allows, and one more.
    for (steps, status) in [(11_000, 200), (11_001, 400)] {
        let answer = app.get(&range("7", at, at + steps, "1")).await;
        assert_eq!(answer.status, status, "{steps}");
    }
}

#[tokio::test]
async fn a_large_range_comes_in_pieces() {
    let app = app().await;
    let at = seconds();
    let path =
        format!("/api/v1/query_range?query=requests_total&start={}&end={at}&step=0.01", at - 100);
    let mut stream = Request::get(&path).header("connection", "close").open(app.address).await;
    assert_eq!((stream.status, stream.header("content-length")), (200, None));
    let (mut pieces, mut body) = (0, Vec::new());
    while let Some(piece) = stream.piece().await {
        pieces += 1;
        body.extend(piece);
    }
    assert!(pieces > 1, "{pieces} pieces of {} bytes", body.len());
    let answer: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(answer["data"]["result"][0]["values"].as_array().map(Vec::len), Some(1001));
}

#[tokio::test]
async fn mistakes_are_named_with_prometheus_types_and_codes() {
    let app = app().await;
    let at = seconds();
    let check = async |path: &str, status: u16, kind: &str, words: &str| {
        let answer = app.get(path).await;
        let json = answer.json();
        assert_eq!((answer.status, &json["status"]), (status, &json!("error")), "{path}: {json}");
        assert_eq!(json["errorType"], kind, "{path}: {json}");
        let text = json["error"].as_str().unwrap_or_default();
        assert!(text.contains(words), "{path}: {text}");
    };
    let bad = "bad_data";
    check("/api/v1/query", 400, bad, "invalid parameter \"query\": 1:1: parse error: ").await;
    check("/api/v1/query?query=sum(", 400, bad, "1:5: parse error: ").await;
    check("/api/v1/query?query=1&time=noon", 400, bad, "\"time\"").await;
    check("/api/v1/query?query=1&timeout=soon", 400, bad, "\"timeout\"").await;
    check("/api/v1/query?query=1&lookback_delta=0", 400, bad, "\"lookback_delta\"").await;
    check("/api/v1/query?query=1&limit=-1", 400, bad, "\"limit\"").await;
    let range = |query: &str, start: i64, end: i64, step: &str| {
        format!("/api/v1/query_range?query={query}&start={start}&end={end}&step={step}")
    };
    check("/api/v1/query_range?query=1&end=1&step=1", 400, bad, "\"start\": cannot parse").await;
    check(&range("1", at, at - 1, "1"), 400, bad, "\"end\"").await;
    check(&range("1", at, at, "0"), 400, bad, "\"step\"").await;
    check(&range("temp%5B1m%5D", at, at, "1"), 400, bad, "range vector").await;
    let many = "exceeded maximum resolution of 11000 points per timeseries";
    check(&range("1", at, at + 11_001, "1"), 400, bad, many).await;
    let twice = encoded("temp + on () group_left () requests_total");
    let path = format!("/api/v1/query?query={twice}&time={at}");
    check(&path, 422, "execution", "many-to-many").await;
    check("/api/v1/series", 400, bad, "match[]").await;
    check("/api/v1/series?match[]=rate(temp[1m])", 400, bad, "no selector").await;
    check("/api/v1/labels?start=2&end=1", 400, bad, "\"end\"").await;
    check("/api/v1/nothing", 404, "not_found", "openapi.json").await;
}

#[tokio::test]
async fn names_values_series_and_metadata_are_told() {
    let app = app().await;
    let get = async |path: &str| data(&app.get(path).await);
    assert_eq!(get("/api/v1/labels").await, json!(["__name__", "shop"]));
    assert_eq!(get("/api/v1/labels?match[]=temp").await, json!(["__name__"]));
    let values = "/api/v1/label/shop/values";
    assert_eq!(get(values).await, json!(["a", "b"]));
    assert_eq!(get(&format!("{values}?match[]=requests_total&limit=1")).await, json!(["a"]));
    assert_eq!(get(&format!("{values}?start=1&end=2")).await, json!([]));
    assert_eq!(
        get("/api/v1/label/U______name____/values").await,
        json!(["requests_total", "temp"])
    );
    let series = "/api/v1/series?match[]=temp&match[]=requests_total{shop='a'}";
    let expected = json!([{ "__name__": "requests_total", "shop": "a" }, { "__name__": "temp" }]);
    assert_eq!(get(series).await, expected);
    let body = "match%5B%5D=temp";
    let posted = data(&app.post("/api/v1/series", body).await);
    assert_eq!(posted, json!([{ "__name__": "temp" }]));
    let cut = app.get("/api/v1/series?match[]={__name__!=''}&limit=1").await.json();
    assert_eq!(cut["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(cut["warnings"], json!(["results truncated due to limit"]));
    let known = json!([{ "type": "counter", "help": "Requests", "unit": "" }]);
    assert_eq!(get("/api/v1/metadata").await, json!({ "requests_total": known }));
    assert_eq!(get("/api/v1/metadata?metric=temp").await, json!({}));
}

#[tokio::test]
async fn limits_lookback_stats_and_remarks_are_honoured() {
    let app = app().await;
    let got = query(&app, "requests_total", "&limit=1&stats=all").await;
    assert_eq!(got["result"].as_array().map(Vec::len), Some(1));
    assert_eq!(got["stats"]["samples"]["totalQueryableSamples"], 2);
    let path = format!("/api/v1/query?query=temp&time={}", seconds() + 20);
    assert_eq!(data(&app.get(&path).await)["result"].as_array().map(Vec::len), Some(1));
    let got = query(&app, "rate(requests_total[5s])", "&stats=all").await;
    let samples = &got["stats"]["samples"];
    assert_eq!(samples["totalQueryableSamples"], 10);
    assert_eq!(samples["totalQueryableSamplesPerStep"], json!([[seconds() as f64, 10]]));
    assert!(samples["peakSamples"].as_u64().is_some_and(|peak| peak >= 10), "{samples}");
    for timing in ["evalTotalTime", "execQueueTime", "execTotalTime", "innerEvalTime"] {
        assert!(got["stats"]["timings"][timing].is_number(), "{got}");
    }
    let steps = format!(
        "/api/v1/query_range?query={}&start={}&end={}&step=2&stats=1",
        encoded("temp + count_over_time(temp[3s])"),
        seconds() - 4,
        seconds()
    );
    let got = data(&app.get(&steps).await);
    // Three steps that see one sample, and three of a window.
    assert_eq!(got["stats"]["samples"]["totalQueryableSamples"], 12);
    assert!(got["stats"]["samples"].get("totalQueryableSamplesPerStep").is_none());
    let narrow = format!("{path}&lookback_delta=10s");
    assert_eq!(data(&app.get(&narrow).await)["result"], json!([]));
    let path = format!("/api/v1/query?query=rate(temp%5B10s%5D)&time={}", seconds());
    let remarks = app.get(&path).await.json();
    let info = remarks["infos"][0].as_str().unwrap_or_default();
    assert!(info.contains("temp") && info.ends_with("(1:6)"), "{remarks}");
}

#[tokio::test]
async fn queries_are_formatted_and_parsed() {
    let app = app().await;
    let text = encoded("sum(rate(temp[5m]offset 1m))by(job)>bool 1");
    let got = data(&app.get(&format!("/api/v1/format_query?query={text}")).await);
    assert_eq!(got, "sum by (job) (rate(temp[5m] offset 1m)) > bool 1");
    let tree = data(&app.get(&format!("/api/v1/parse_query?query={text}")).await);
    assert_eq!(
        (&tree["type"], &tree["op"], &tree["bool"]),
        (&json!("binaryExpr"), &json!(">"), &json!(true))
    );
    let sum = &tree["lhs"];
    assert_eq!((&sum["type"], &sum["grouping"]), (&json!("aggregation"), &json!(["job"])));
    let call = &sum["expr"];
    assert_eq!(call["func"]["argTypes"], json!(["matrix"]));
    let range = &call["args"][0];
    assert_eq!((&range["range"], &range["offset"]), (&json!(300_000), &json!(60_000)));
    let matcher = json!({ "name": "__name__", "value": "temp", "type": "=" });
    assert_eq!(range["matchers"], json!([matcher]));
}

#[tokio::test]
async fn the_service_tells_of_itself() {
    let app = app().await;
    for path in ["flags", "runtimeinfo"] {
        data(&app.get(&format!("/api/v1/status/{path}")).await);
    }
    let build = data(&app.get("/api/v1/status/buildinfo").await);
    let major: u32 = build["version"].as_str().unwrap().split('.').next().unwrap().parse().unwrap();
    assert!(major >= 3, "{build}");
    let tsdb = data(&app.get("/api/v1/status/tsdb").await);
    assert_eq!(tsdb["headStats"]["numSeries"], 3);
    assert_eq!(tsdb["seriesCountByMetricName"][0], json!({ "name": "requests_total", "value": 2 }));
    let targets = data(&app.get("/api/v1/targets").await);
    assert_eq!(targets["activeTargets"][0]["labels"]["job"], "node");
    let config = data(&app.get("/api/v1/status/config").await);
    assert!(config["yaml"].as_str().unwrap().contains("[query]"), "{config}");
}

#[tokio::test]
async fn answers_are_compressed_for_those_who_ask() {
    let app = app().await;
    let (from, to) = (seconds() - 100, seconds());
    let path = format!("/api/v1/query_range?query=requests_total&start={from}&end={to}&step=0.1");
    let plain = app.get(&path).await;
    let packed = Request::get(&path).header("accept-encoding", "gzip").send(app.address).await;
    assert_eq!((packed.status, packed.header("content-encoding")), (200, Some("gzip")));
    let mut text = String::new();
    let mut reader = flate2::read::GzDecoder::new(packed.body.as_slice());
    std::io::Read::read_to_string(&mut reader, &mut text).expect("gzip");
    assert_eq!(text, plain.text());
    assert!(packed.body.len() * 4 < text.len(), "{} of {}", packed.body.len(), text.len());
}

#[tokio::test]
async fn pages_of_listed_origins_may_read_and_no_others() {
    let app = app().await;
    let ask = async |method: &'static str, path: &str, origin: &str| {
        let request = match method {
            "POST" => Request::post(path, "query=1"),
            _ => Request::with_method(method, path),
        };
        request.header("origin", origin).send(app.address).await
    };
    let allowed = "access-control-allow-origin";
    let ours = "https://graphs.example";
    let answer = ask("GET", "/api/v1/query?query=1", ours).await;
    assert_eq!((answer.status, answer.header(allowed)), (200, Some(ours)));
    let answer = ask("POST", "/api/v1/query", ours).await;
    assert_eq!((answer.status, answer.header(allowed)), (200, Some(ours)));
    let first = ask("OPTIONS", "/api/v1/query", ours).await;
    assert_eq!((first.status, first.header(allowed)), (204, Some(ours)));
    assert!(first.header("access-control-allow-methods").is_some_and(|all| all.contains("POST")));
    let answer = ask("GET", "/api/v1/query?query=1", "https://evil.example").await;
    assert_eq!((answer.status, answer.header(allowed)), (200, None));
    let answer = ask("POST", "/api/v1/query", "https://evil.example").await;
    assert_eq!((answer.status, answer.header(allowed)), (403, None));
    // Who may read may not push.
    let answer = ask("POST", "/api/v1/push", ours).await;
    assert_eq!((answer.status, answer.header(allowed)), (403, None));
    let answer = ask("GET", "/", ours).await;
    assert_eq!((answer.status, answer.header(allowed)), (200, None));
}

#[tokio::test]
async fn the_description_names_every_route_and_each_is_there() {
    let app = app().await;
    let answer = app.get("/api/openapi.json").await;
    let document = answer.json();
    assert_eq!((answer.status, &document["openapi"]), (200, &json!("3.1.0")));
    let paths = document["paths"].as_object().unwrap();
    assert_eq!(paths.len(), watchglass::web::api::openapi::ROUTES.len());
    for (path, operations) in paths {
        // Variables and parameters are made up: what is asked is whether somebody answers. The
        // live routes refuse the made-up encoding instead of waiting for news.
        let asked = path.replace(['{', '}'], "") + "?enc=none";
        for method in operations.as_object().unwrap().keys() {
            let request = match method.as_str() {
                "get" => Request::get(&asked),
                _ => Request::post(&asked, ""),
            };
            let stream = request.open(app.address).await;
            let own = stream.header("content-type").is_none_or(|kind| !kind.contains("html"));
            let page = ["/", "/d", "/embed"].iter().any(|page| path.starts_with(page));
            assert!(stream.status != 405 && (own || page), "{method} {path}: {}", stream.status);
        }
    }
}

#[tokio::test]
async fn chosen_series_are_federated() {
    let app = app().await;
    let path = "/federate?match[]=temp&match[]=requests_total{shop=%22b%22}&match[]=temp";
    let answer = app.get(path).await;
    let at = NOW.0;
    let expected = format!(
        "# TYPE requests_total counter\nrequests_total{{shop=\"b\"}} 40 {at}\n\
         # TYPE temp untyped\ntemp 21.5 {at}\n"
    );
    assert_eq!((answer.status, answer.text()), (200, expected.clone()));
    // What is federated can be pushed.
    assert_eq!(app.post("/push", &expected).await.json()["refused"], 0);
    assert_eq!(app.get("/federate").await.status, 400);
    app.step(Span::from_secs(301)).await;
    assert_eq!(app.get(path).await.text(), "");
}

/// What is pushed and asked at once is answered: an answer is as new as the last push.
#[tokio::test]
async fn an_answer_holds_what_was_pushed_before_it() {
    let app = app().await;
    for value in 1..4 {
        app.step(Span(1000)).await;
        app.push(&format!("fresh {value}")).await;
        let got = data(&app.get("/api/v1/query?query=fresh").await);
        assert_eq!(got["result"][0]["value"][1], json!(value.to_string()));
    }
}
