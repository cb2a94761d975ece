//! `/h`, all hosts and services, and `/h/{host}`, one host: which there are, and their pages.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::boards::Served;
use super::pages::{self, PageQuery, Pages, Refusal};
use crate::dashboard::host::{self, Rhythm};
use crate::dashboard::places::{Host, NAMES_MAX, NODE_SIGNS, Places};
use crate::dashboard::{Dashboard, nearest, targets};
use crate::model::{
    METRIC_NAME, MatchOp, Matcher, Metadata, Select, Selection, Span, TimeRange, Timestamp,
};
use crate::store::Store;

/// What the slug of a host's board begins with; alone it is that of all hosts.
pub(crate) const HOST: &str = "host:";
/// Rows of the grid that the list of all hosts takes at most.
const LIST_ROWS: u8 = 12;
/// How far back a host's metrics and the distance of its samples are looked for.
const RECENT: Span = Span(900_000);
/// Names that the service has panels of its own for: of these the first page tells.
const OWN: [&str; 3] = ["node_", "watchglass_", "process_"];
/// Hosts that an error names.
const NEAREST_MAX: usize = 3;

/// The hosts and services of the series in memory.
pub(crate) fn found(store: &Store) -> Places {
    let mut places = Places::default();
    let signs = Matcher::new(METRIC_NAME, MatchOp::Regex, NODE_SIGNS.join("|"));
    let signs = signs.map(|signs| store.labels_of(&[signs])).unwrap_or_default();
    let scraped = store.labels_of(&[Matcher::equal(METRIC_NAME, "up")]);
    let named = ["host", "service", "job"].map(|label| store.first_with(label, NAMES_MAX));
    for labels in signs.iter().chain(&scraped).chain(named.iter().flatten()) {
        places.see(labels);
    }
    places
}

/// Answers `GET /h`.
pub(crate) async fn list(
    request: HttpRequest,
    query: web::Query<PageQuery>,
    pages: web::Data<Pages>,
) -> HttpResponse {
    pages::board_page(&request, &pages, HOST, &query).await
}

/// Answers `GET /h/{host}`.
pub(crate) async fn host(
    request: HttpRequest,
    name: web::Path<String>,
    query: web::Query<PageQuery>,
    pages: web::Data<Pages>,
) -> HttpResponse {
    let served = pages.boards.served();
    if served.places.host(&name).is_none() {
        let near = nearest(&name, served.places.hosts(), NEAREST_MAX);
        let near: Vec<String> = near.iter().map(|host| format!("`{host}`")).collect();
        let others = match (near.as_slice(), served.places.hosts().len()) {
            ([], 0) => "no host is known yet".to_owned(),
            ([], count) => format!("`/h` lists the {count} that are known"),
            (near, _) => format!("the nearest: {}", near.join(", ")),
        };
        let text = format!("nothing came from a host `{name}`; {others}");
        let refusal = Refusal(StatusCode::NOT_FOUND, "No such host", text);
        return pages::refused(&request, &pages, &refusal);
    }
    pages::board_page(&request, &pages, &format!("{HOST}{name}"), &query).await
}

/// The board of a host, or, without a name, of all of them; also the metrics that it has no panel
/// for. `own` is the host that this service reads.
pub(super) fn host_board(
    served: &Served,
    own: &str,
    name: &str,
    data: &dyn Select,
) -> Option<(Dashboard, Vec<String>)> {
    if name.is_empty() {
        return Some((all(&served.places), Vec::new()));
    }
    let host = served.places.host(name)?;
    let is_own = name == own;
    let rhythm = if is_own { Rhythm::Own } else { rhythm(name, served.looked, data) };
    let mut metrics = metrics(name, host, served.looked, data);
    if is_own {
        metrics.retain(|(name, _)| !OWN.iter().any(|own| name.starts_with(own)));
    }
    Some(host::board(served.first.as_ref(), name, (host, rhythm), &metrics))
}

fn all(places: &Places) -> Dashboard {
    let lists = [targets::hosts(places, LIST_ROWS), targets::services(places, LIST_ROWS)];
    Dashboard {
        scrape_interval: None,
        variables: Vec::new(),
        slug: HOST.to_owned(),
        title: "Hosts".to_owned(),
        description: "Whatever sends metrics of a host, and what runs on it".to_owned(),
        embed: false,
        range: Span::from_secs(300),
        time_zone: None,
        panels: lists.into_iter().flatten().collect(),
        pinned: Vec::new(),
    }
}

/// The metrics that a host has had of late, with what is known of them.
fn metrics(
    name: &str,
    host: &Host,
    looked: Timestamp,
    data: &dyn Select,
) -> Vec<(String, Option<Metadata>)> {
    let by = Matcher::equal(if host.node { "instance" } else { "host" }, name);
    let Some(range) = around(looked) else { return Vec::new() };
    let names = data.label_values(METRIC_NAME, &[by], range);
    names.into_iter().map(|name| (data.metadata(&name), name)).map(|(m, name)| (name, m)).collect()
}

fn around(looked: Timestamp) -> Option<TimeRange> {
    TimeRange::left_open(looked.saturating_add(RECENT), RECENT * 2)
}

/// How far apart the samples of a node exporter's host are: the median of what came of late.
fn rhythm(name: &str, looked: Timestamp, data: &dyn Select) -> Rhythm {
    const SAMPLES_MAX: usize = 4000;
    const UNKNOWN: Rhythm = Rhythm::Every(Span::from_secs(15));
    let Some(range) = around(looked) else { return UNKNOWN };
    let sign = Matcher::new(METRIC_NAME, MatchOp::Regex, NODE_SIGNS.join("|"));
    let Ok(sign) = sign else { return UNKNOWN };
    let matchers = [sign, Matcher::equal("instance", name)];
    let selection = Selection {
        matchers: &matchers,
        range,
        newest_only: false,
        coarse: None,
        series_max: NODE_SIGNS.len() * 2,
        samples_max: SAMPLES_MAX,
    };
    let found = data.select(&selection).unwrap_or_default();
    let Some(series) = found.first() else { return UNKNOWN };
    let times = series.samples.iter().map(|sample| sample.at);
    let mut apart: Vec<Span> =
        times.clone().skip(1).zip(times).map(|(later, before)| later - before).collect();
    apart.sort_unstable();
    apart.get(apart.len() / 2).map_or(UNKNOWN, |interval| Rhythm::Every(*interval))
}
