//! The description of all routes, as `OpenAPI` 3.1. A rule of the tree compares it with the routes
//! that the server registers, so that none is left out: to add a route, add its row here.

use actix_web::HttpResponse;
use serde_json::{Map, Value as Json, json};

/// One route: methods, path, what it is for, and the parameters of its address.
pub struct Route {
    /// `GET`, `POST` or both.
    pub methods: &'static [&'static str],
    /// With `{name}` for its variable parts.
    pub path: &'static str,
    /// One line.
    pub summary: &'static str,
    /// Their names; a `*` before one that must be there.
    pub parameters: &'static [&'static str],
}

const GET: &[&str] = &["GET"];
const POST: &[&str] = &["POST"];
const CHANGE: &[&str] = &["POST", "PUT"];
const BOTH: &[&str] = &["GET", "POST"];
const RANGE: &[&str] = &["match[]", "start", "end", "limit"];
const PUSH: &[&str] = &["ttl"];
const INFLUX: &[&str] = &["precision", "ttl"];
const PAGE: &[&str] =
    &["range", "from", "to", "tz", "theme", "panel", "kiosk", "boards", "var-NAME", "filter"];
const EMBED: &[&str] = &["range", "from", "to", "tz", "theme", "bg", "title", "var-NAME", "filter"];
const EMBEDS: &[&str] =
    &["panels", "range", "from", "to", "tz", "theme", "bg", "title", "var-NAME", "filter"];
const PICTURE: &[&str] =
    &["range", "from", "to", "tz", "theme", "w", "h", "scale", "foot", "var-NAME", "filter"];
const WHY: &[&str] = &["*board", "*panel", "range", "from", "to", "tz"];
const INSTANT: &[&str] = &["*query", "time", "timeout", "lookback_delta", "limit", "stats"];
const QUERY_RANGE: &[&str] =
    &["*query", "*start", "*end", "*step", "timeout", "lookback_delta", "limit", "stats"];

const fn route(
    methods: &'static [&'static str],
    path: &'static str,
    parameters: &'static [&'static str],
    summary: &'static str,
) -> Route {
    Route { methods, path, summary, parameters }
}

/// All routes of the service.
#[rustfmt::skip]
pub static ROUTES: &[Route] = &[
    route(GET, "/", PAGE, "The overview of this host"),
    route(GET, "/h", PAGE, "All hosts and services"),
    route(GET, "/h/{host}", PAGE, "One host"),
    route(GET, "/d", &[], "All dashboards"),
    route(GET, "/status", &["theme"], "What the service holds, how safe it is, and what it refused"),
    route(GET, "/explore", &["q", "view", "search", "board", "id", "n", "range", "from", "to", "tz", "theme"], "Metrics, and the result of a query, live"),
    route(GET, "/d/metric", &["*name", "range", "from", "to", "tz", "theme", "panel"], "The chart of one pushed metric"),
    route(POST, "/d/metric/delete", &["*name"], "Delete one pushed metric, as its page does"),
    route(GET, "/d/{slug}", PAGE, "A dashboard"),
    route(GET, "/embed/{dashboard}", EMBEDS, "A dashboard, or some of its panels, to stand in another page"),
    route(GET, "/embed/{dashboard}/{panels}", EMBED, "A panel to stand in another page, or several with commas between their ids"),
    route(GET, "/panel/{dashboard}/{picture}", PICTURE, "A panel as a picture, its id with .svg or .png"),
    route(GET, "/badge/{dashboard}/{picture}", &["label", "range", "var-NAME", "filter"], "The newest value of a panel as a badge, its id with .svg"),
    route(GET, "/assets/{hash}/{path}", &[], "Scripts, styles and pictures of the pages"),
    route(GET, "/live", &[], "The live protocol over WebSocket"),
    route(GET, "/live/events", &["board", "range", "query", "window", "step", "enc"], "The live protocol over server-sent events"),
    route(GET, "/live/poll", &["board", "range", "query", "window", "step", "enc"], "The live protocol over long polling"),
    route(POST, "/live/command", &["*key"], "Commands of an event stream or a poll"),
    route(GET, "/live/snapshot/{name}", &["enc"], "The window of a channel"),
    route(GET, "/live/past", &["*board", "*from", "*to", "panels"], "The windows of a board, or of some of its panels, over a stretch of the past"),
    route(GET, "/live/why", WHY, "Why a panel is empty"),
    route(GET, "/api/v1/places", &[], "The dashboards and hosts that have a page"),
    route(POST, "/push", PUSH, "Push text lines or Prometheus text"),
    route(POST, "/api/v1/push", PUSH, "Push JSON"),
    route(POST, "/api/v1/write", PUSH, "Prometheus remote write, 1.0 and 2.0"),
    route(POST, "/write", INFLUX, "Push Influx line protocol"),
    route(POST, "/api/v2/write", INFLUX, "Push Influx line protocol"),
    route(BOTH, "/api/v1/query", INSTANT, "A query at one time"),
    route(BOTH, "/api/v1/query_range", QUERY_RANGE, "A query over a range of time"),
    route(BOTH, "/api/v1/series", &["*match[]", "start", "end", "limit"], "The series that pass"),
    route(BOTH, "/api/v1/labels", RANGE, "Label names"),
    route(GET, "/api/v1/label/{name}/values", RANGE, "The values of a label"),
    route(GET, "/api/v1/metadata", &["metric", "limit"], "Type, unit and help of metrics"),
    route(GET, "/api/v1/targets", &[], "The collectors as targets"),
    route(GET, "/api/v1/rules", &[], "Rules: none"),
    route(GET, "/api/v1/alerts", &[], "Alerts: none"),
    route(BOTH, "/api/v1/query_exemplars", &["*query", "start", "end"], "Exemplars: none"),
    route(BOTH, "/api/v1/format_query", &["*query"], "A query in its usual form"),
    route(BOTH, "/api/v1/parse_query", &["*query"], "A query as a tree"),
    route(GET, "/api/v1/status/buildinfo", &[], "Versions"),
    route(GET, "/api/v1/status/runtimeinfo", &[], "The running service"),
    route(GET, "/api/v1/status/flags", &[], "Settings of the command line"),
    route(GET, "/api/v1/status/config", &[], "Settings in force"),
    route(GET, "/api/v1/status/tsdb", &["limit"], "Figures of the head"),
    route(CHANGE, "/api/v1/admin/snapshot", &[], "Make a snapshot of the history"),
    route(CHANGE, "/api/v1/admin/tsdb/snapshot", &[], "Make a snapshot of the history"),
    route(CHANGE, "/api/v1/admin/tsdb/delete_series", &["*match[]", "start", "end"], "Delete series, or a part of their time"),
    route(CHANGE, "/api/v1/admin/tsdb/clean_tombstones", &[], "Nothing: what is deleted leaves the disk at once"),
    route(GET, "/federate", &["*match[]"], "The newest samples of chosen series, as Prometheus text"),
    route(GET, "/api/openapi.json", &[], "This description"),
    route(GET, "/-/healthy", &[], "Whether the service lives"),
    route(GET, "/-/ready", &[], "Whether the service is ready"),
    route(GET, "/metrics", &[], "The service's own metrics as Prometheus text"),
];

/// Answers `GET /api/openapi.json`.
pub(super) async fn serve() -> HttpResponse {
    HttpResponse::Ok().json(document())
}

/// The document.
pub fn document() -> Json {
    let mut paths = Map::new();
    for route in ROUTES {
        let operation = operation(route);
        let methods =
            route.methods.iter().map(|method| (method.to_ascii_lowercase(), operation.clone()));
        paths.insert(route.path.to_owned(), Json::Object(methods.collect()));
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Watchglass", "version": env!("CARGO_PKG_VERSION"),
            "summary": "Live metrics: pushes, queries, pages and the live protocol",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "paths": paths,
    })
}

fn operation(route: &Route) -> Json {
    let inside = |place: &str, name: &str, required: bool| {
        json!({
            "name": name, "in": place, "required": required, "schema": { "type": "string" },
        })
    };
    let variable = |part: &str| {
        let name = part.strip_prefix('{')?.strip_suffix('}')?;
        Some(inside("path", name, true))
    };
    let mut parameters: Vec<Json> = route.path.split('/').filter_map(variable).collect();
    parameters.extend(route.parameters.iter().map(|name| match name.strip_prefix('*') {
        Some(name) => inside("query", name, true),
        None => inside("query", name, false),
    }));
    json!({
        "summary": route.summary, "parameters": parameters,
        "responses": {
            "200": { "description": "The answer" },
            "default": { "description": "A refusal, in words" },
        },
    })
}
