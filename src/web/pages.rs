//! The pages' handlers: they ask the live core for the windows of a board and hand plain data to
//! [`super::page`], which turns it into HTML.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, ResponseError, web};
use arc_swap::ArcSwap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, json};
use tokio::sync::{mpsc, oneshot};

use crate::dashboard::Dashboard;
use crate::live::{Command, Page, PageAsk, PageWindow};
use crate::model::{Span, Timestamp};
use crate::render::{PanelData, Window};
use crate::store::{LogState, Store};

use super::api::{Api, ApiError};
use super::asset;
use super::boards::{Board, METRIC, Missing, OVERVIEW, Registry};
use super::chosen;
use super::hosts::HOST;
use super::packed::body;
use super::page::{
    self, AssetUrls, BoardPage, Choosing, ErrorPage, ListPage, NavEntry, Script, Shell, Theme,
};
use super::past::{self, When};
use super::why;
use super::zone::{self, Clock};

/// How long a page waits after a start before it says that the log is still read.
const STARTING_PATIENCE: Duration = Duration::from_millis(1500);
/// After how many seconds a page that cannot be shown now is asked for again.
const AGAIN_SECONDS: &str = "2";
/// Windows that stand in the page itself, in bytes as base64; those of further panels are fetched.
/// It holds the first charts of the overview.
const INLINE_MAX: usize = 6 * 1024;

/// Hosts that are listed.
const HOSTS_MAX: usize = 1000;

/// What pages need.
pub(crate) struct Pages {
    pub(crate) assets: AssetUrls,
    pub(crate) boards: Arc<Registry>,
    pub(crate) live: mpsc::Sender<Command>,
    pub(crate) store: Arc<Store>,
    pub(crate) parents: Vec<String>,
    /// What is said of the host and of the history's reach, renewed now and then.
    pub(crate) facts: Arc<ArcSwap<Facts>>,
}

/// Words that stand on every board.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    pub(crate) host: String,
    pub(crate) reach: String,
}

/// The parameters of a page's address.
#[derive(serde::Deserialize)]
pub(crate) struct PageQuery {
    range: Option<String>,
    from: Option<String>,
    to: Option<String>,
    pub(super) theme: Option<String>,
    /// The zone whose clocks the times follow.
    pub(super) tz: Option<String>,
    /// On a wall, and for how long a screen is shown there before the next one.
    pub(super) kiosk: Option<String>,
    /// The boards that are shown there in turn, with commas between them.
    pub(super) boards: Option<String>,
    /// The panel that is shown alone.
    pub(super) panel: Option<String>,
    /// How long before is shown beside the present; the script's matter.
    pub(super) compare: Option<String>,
}

/// Where the assets of this build are.
pub(crate) fn asset_urls() -> AssetUrls {
    let url = |path: &str| format!("/assets/{}/{path}", asset::hash());
    let script = |entry: &str| Script {
        entry: url(entry),
        modules: asset::modules(entry).iter().map(|path| url(path)).collect(),
    };
    let view = |name: &str| {
        let modules = asset::modules(&format!("views/{name}.js"));
        (name.to_owned(), modules.iter().map(|path| url(path)).collect())
    };
    AssetUrls {
        style: url("style.css"),
        page_style: url("page.css"),
        variables_style: url("variables.css"),
        script: script("main.js"),
        explore: script("explore.js"),
        explore_style: url("explore.css"),
        embed: script("embed.js"),
        views: asset::views().map(view).collect(),
        icon: url("icon.svg"),
    }
}

/// A page that cannot be shown.
pub(super) struct Refusal(pub(super) StatusCode, pub(super) &'static str, pub(super) String);

/// Answers `GET /`.
pub(crate) async fn overview(
    request: HttpRequest,
    query: web::Query<PageQuery>,
    pages: web::Data<Pages>,
) -> HttpResponse {
    board_page(&request, &pages, OVERVIEW, &query).await
}

/// Answers `GET /d/{slug}`.
pub(crate) async fn dashboard(
    request: HttpRequest,
    slug: web::Path<String>,
    query: web::Query<PageQuery>,
    pages: web::Data<Pages>,
) -> HttpResponse {
    board_page(&request, &pages, &slug, &query).await
}

/// The name that a single board shows.
#[derive(serde::Deserialize)]
pub(crate) struct MetricQuery {
    name: String,
}

/// Answers `GET /d/metric`: one name by itself.
pub(crate) async fn metric(
    request: HttpRequest,
    name: web::Query<MetricQuery>,
    query: web::Query<PageQuery>,
    pages: web::Data<Pages>,
) -> HttpResponse {
    board_page(&request, &pages, &format!("{METRIC}{}", name.name), &query).await
}

/// Answers `GET /d`.
pub(crate) async fn dashboards(
    request: HttpRequest,
    query: web::Query<PageQuery>,
    pages: web::Data<Pages>,
) -> HttpResponse {
    let nav = nav("/d");
    let shell = shell(&pages, &nav, &query);
    let served = pages.boards.served();
    let dashboards: Vec<&Dashboard> = served.boards().map(|board| &board.dashboard).collect();
    let mistakes = &served.mistakes;
    let list = page::dashboards(&ListPage { shell, dashboards: &dashboards, mistakes });
    html(&request, StatusCode::OK, list)
}

/// Answers `GET /api/v1/places`: dashboards and hosts, for what leads to their pages.
pub(crate) async fn listed(request: HttpRequest, pages: web::Data<Pages>) -> HttpResponse {
    let served = pages.boards.served();
    let boards = served.boards().map(|Board { dashboard, .. }| {
        json!({
            "slug": dashboard.slug, "title": dashboard.title, "description": dashboard.description,
        })
    });
    let hosts: Vec<&str> = served.places.hosts().take(HOSTS_MAX).collect();
    let data = json!({ "dashboards": boards.collect::<Vec<_>>(), "hosts": hosts });
    let text = json!({ "status": "success", "data": data }).to_string();
    let mut answer = HttpResponse::Ok();
    answer.content_type("application/json").insert_header((CACHE_CONTROL, "no-store"));
    body(&request, answer, text)
}

/// Answers everything that has no route.
pub(crate) async fn not_found(request: HttpRequest, pages: web::Data<Pages>) -> HttpResponse {
    let text = format!("there is nothing at `{}`", request.path());
    refused(&request, &pages, &Refusal(StatusCode::NOT_FOUND, "Not found", text))
}

pub(super) async fn board_page(
    request: &HttpRequest,
    pages: &Pages,
    slug: &str,
    query: &PageQuery,
) -> HttpResponse {
    match try_board_page(request, pages, slug, query).await {
        Ok(text) => html(request, StatusCode::OK, text),
        Err(refusal) => refused(request, pages, &refusal),
    }
}

async fn try_board_page(
    request: &HttpRequest,
    pages: &Pages,
    slug: &str,
    query: &PageQuery,
) -> Result<String, Refusal> {
    let mut board = find(pages, slug, request).await?;
    // A board with values has a slug that holds them.
    let own = board.dashboard.slug.clone();
    let api = api(request);
    let clock = query.clock(board.dashboard.time_zone)?;
    let when = when(query, (board.dashboard.range, clock), api.now())?;
    let range = when.length();
    let (page, data_json) = shown(pages, api, &own, (when, board.dashboard.range)).await?;
    if page.board.revision != board.spec.revision {
        board = find(pages, slug, request).await?;
    }
    let panels = panel_data(&page, range, clock);
    let is_past = matches!(when, When::Past(..));
    let whys = why::of(pages, api, board.dashboard.panels.iter().zip(&panels), is_past).await;
    let served = pages.boards.served();
    let nav = nav(match slug {
        OVERVIEW => "/",
        _ if slug.starts_with(HOST) => "/h",
        _ => "/d",
    });
    let facts = pages.facts.load();
    let overview = slug == OVERVIEW;
    let base = push_base(request);
    Ok(page::board(&BoardPage {
        shell: shell(pages, &nav, query),
        seen: query.seen((slug, &board), served.boards().map(|board| &board.dashboard))?,
        dashboard: &board.dashboard,
        panels: &panels,
        whys: &whys,
        now: page.now,
        zone: zone::offset(clock, page.now),
        clock,
        range,
        is_past,
        facts: if overview { &facts.host } else { "" },
        reach: &facts.reach,
        data_json: &data_json,
        beyond: &board.beyond,
        mistakes: &board.mistakes,
        metric: slug.strip_prefix(METRIC),
        choosing: Choosing {
            sets: &board.chosen.sets,
            notes: &board.chosen.notes,
            time: time_of(query),
        },
        push_base: overview.then_some(base.as_str()),
    }))
}

/// The windows of a board at a time, and what its script begins with; `live` is the range that the
/// page comes back to from the past.
pub(super) async fn shown(
    pages: &Pages,
    api: &Api,
    slug: &str,
    (when, live): (When, Span),
) -> Result<(Page, String), Refusal> {
    match when {
        When::Live(range) => {
            let page = ask(pages, slug, None, range).await?;
            let data_json = data_json(&page, range, asset::hash());
            Ok((page, data_json))
        }
        // The script fetches these windows itself, and what is live beside them.
        When::Past(from, to) => {
            let board = Arc::clone(&find_slug(pages, slug).await?.spec);
            let (page, _) =
                past::page(api, board, from, to).await.map_err(|error| past_refused(&error))?;
            let data_json = still_json(&page, (from, to), api.now(), live);
            Ok((page, data_json))
        }
    }
}

/// The board of a path with what its address chooses.
pub(super) async fn find(
    pages: &Pages,
    slug: &str,
    request: &HttpRequest,
) -> Result<Arc<Board>, Refusal> {
    let asked = chosen::read(request.query_string());
    let asked = asked.map_err(|text| missing(slug, Missing::TooMuch(text)))?;
    let is_of_file = !slug.contains([':', '?']);
    let slug = if is_of_file { chosen::slug(slug, &asked) } else { slug.to_owned() };
    find_slug(pages, &slug).await
}

/// The board of a slug. What has to be looked up for it is looked up off the socket workers.
pub(super) async fn find_slug(pages: &Pages, slug: &str) -> Result<Arc<Board>, Refusal> {
    if let Some(board) = pages.boards.at_hand(slug) {
        return Ok(board);
    }
    let (boards, own) = (Arc::clone(&pages.boards), slug.to_owned());
    let found = web::block(move || boards.find(&own)).await;
    found.unwrap_or(Err(Missing::Full)).map_err(|why| missing(slug, why))
}

fn missing(slug: &str, why: Missing) -> Refusal {
    match why {
        Missing::Unknown => {
            let slug = slug.split_once('?').map_or(slug, |(slug, _)| slug);
            let text = format!("there is no dashboard `{slug}`");
            Refusal(StatusCode::NOT_FOUND, "No such dashboard", text)
        }
        Missing::TooMuch(text) => Refusal(StatusCode::BAD_REQUEST, "Too much", text),
        Missing::Full => {
            let text = "too many boards with values of their own are looked at; try again later";
            Refusal(StatusCode::SERVICE_UNAVAILABLE, "Busy", text.to_owned())
        }
    }
}

pub(super) async fn ask(
    pages: &Pages,
    slug: &str,
    panels: Option<Vec<String>>,
    range: Span,
) -> Result<Page, Refusal> {
    let (reply, answer) = oneshot::channel();
    let ask = PageAsk { slug: slug.to_owned(), panels, range, reply };
    let busy = || {
        let text = "the live core has too much to do; try again in a moment".to_owned();
        Refusal(StatusCode::SERVICE_UNAVAILABLE, "Busy", text)
    };
    pages.live.try_send(Command::Page(ask)).map_err(|_| busy())?;
    patient(answer, STARTING_PATIENCE, || pages.store.log_state()).await?.ok_or_else(busy)
}

/// Waits for the live core; for no longer than this while it has not begun, since the log is still
/// read back.
async fn patient(
    mut answer: oneshot::Receiver<Option<Page>>,
    patience: Duration,
    log_state: impl Fn() -> LogState,
) -> Result<Option<Page>, Refusal> {
    if let Ok(answer) = tokio::time::timeout(patience, &mut answer).await {
        return Ok(answer.ok().flatten());
    }
    if let LogState::Replaying { done, total } = log_state() {
        let percent = done.saturating_mul(100).checked_div(total).unwrap_or_default();
        let text = format!(
            "the history is read back after the start, {percent} % so far; what is pushed now has to \
             wait as well. This page tries again by itself"
        );
        return Err(Refusal(StatusCode::SERVICE_UNAVAILABLE, "Starting", text));
    }
    Ok(answer.await.ok().flatten())
}

pub(super) fn api(request: &HttpRequest) -> &Api {
    request.app_data::<web::Data<Api>>().expect("every server has it")
}

pub(super) fn when(
    query: &PageQuery,
    (default, clock): (Span, Clock),
    now: Timestamp,
) -> Result<When, Refusal> {
    let said = (query.range.as_deref(), query.from.as_deref(), query.to.as_deref());
    let wrong = |text: String| Refusal(StatusCode::BAD_REQUEST, "No such range", text);
    When::read(said, (default, clock), now).map_err(wrong)
}

pub(super) fn theme(query: &PageQuery) -> Option<Theme> {
    query.theme.as_deref().and_then(Theme::parse)
}

/// What an address says of the time that is shown.
fn time_of(query: &PageQuery) -> Vec<(&'static str, &str)> {
    let all = [("range", &query.range), ("from", &query.from), ("to", &query.to)];
    all.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))).collect()
}

pub(super) fn shell<'a>(pages: &'a Pages, nav: &'a [NavEntry], query: &PageQuery) -> Shell<'a> {
    Shell { assets: &pages.assets, nav, theme: theme(query) }
}

pub(super) fn nav(current: &str) -> Vec<NavEntry> {
    let entries = [
        ("Overview", "/"),
        ("Hosts", "/h"),
        ("Dashboards", "/d"),
        ("Explore", "/explore"),
        ("Status", "/status"),
    ];
    let entry = |(title, href): (&str, &str)| NavEntry {
        title: title.to_owned(),
        href: href.to_owned(),
        current: href == current,
    };
    entries.into_iter().map(entry).collect()
}

/// A moment as `24 Nov 13:17`, by this machine's wall clock.
pub(crate) fn day_and_time(at: Timestamp) -> String {
    use chrono::{Local, TimeZone};
    let time = Local.timestamp_millis_opt(at.0).single();
    time.map(|time| time.format("%-d %b %H:%M").to_string()).unwrap_or_default()
}

fn push_base(request: &HttpRequest) -> String {
    let connection = request.connection_info();
    format!("{}://{}", connection.scheme(), connection.host())
}

pub(super) fn panel_data(page: &Page, range: Span, clock: Clock) -> Vec<PanelData> {
    let zone = zone::offset(clock, page.now);
    let window = |id: &u32| match page.windows.get(id) {
        Some(window) => {
            Window { end: window.end, step: window.step, series: window.series.clone() }
        }
        None => Window::empty(page.now, Span(1000)),
    };
    let panel = |(_, channels): &(usize, Vec<u32>)| {
        let windows = channels.iter().map(window).collect();
        PanelData { now: page.now, range, zone, windows }
    };
    page.panels.iter().map(panel).collect()
}

/// The first windows for the script: the form is in `docs/formats/live.md`.
pub(super) fn data_json(page: &Page, range: Span, build: &str) -> String {
    let (mut panels, mut snapshots, mut at) = (Vec::new(), Map::new(), Map::new());
    for (index, channels) in &page.panels {
        let panel = &page.board.panels[*index];
        panels.push(json!({ "panel": panel.id, "channels": channels, "spec": panel.document }));
    }
    // Charts come first: other panels read the same before their script has its windows.
    let is_chart = |(index, _): &&(usize, Vec<u32>)| page.board.panels[*index].is_chart;
    let (charts, others): (Vec<_>, Vec<_>) = page.panels.iter().partition(is_chart);
    let mut room = INLINE_MAX;
    for (_, channels) in charts.into_iter().chain(others) {
        for id in channels {
            let Some(window) = page.windows.get(id) else { continue };
            let text = STANDARD.encode(&window.snapshot);
            if snapshots.contains_key(&id.to_string()) || text.len() > room {
                continue;
            }
            room -= text.len();
            snapshots.insert(id.to_string(), text.into());
            at.insert(id.to_string(), json!({ "epoch": window.epoch, "seq": window.seq }));
        }
    }
    let board = json!({
        "slug": page.board.slug, "revision": page.board.revision, "spec": page.board.document,
        "panels": panels,
    });
    json!({
        "time": page.now.0, "build": build, "board": board, "range_ms": range.0,
        "snapshots": snapshots, "at": at,
    })
    .to_string()
}

/// What the script of a page of the past begins with: the panels, whose channels it is told when
/// it has subscribed.
pub(super) fn still_json(
    page: &Page,
    (from, to): (Timestamp, Timestamp),
    now: Timestamp,
    live: Span,
) -> String {
    let panels: Vec<_> = (page.board.panels.iter())
        .map(|panel| json!({ "panel": panel.id, "channels": [], "spec": panel.document }))
        .collect();
    let board = json!({
        "slug": page.board.slug, "revision": page.board.revision, "spec": page.board.document,
        "panels": panels,
    });
    json!({
        "time": now.0, "build": asset::hash(), "board": board, "range_ms": live.0,
        "snapshots": {}, "at": {}, "past": [from.0, to.0],
    })
    .to_string()
}

/// The windows of a stretch of the past for the script.
pub(super) fn past_json(page: &Page, failed: Option<&str>) -> String {
    let panel = |(index, channels): &(usize, Vec<u32>)| json!({ "panel": page.board.panels[*index].id, "channels": channels });
    let snapshot = |(id, window): (&u32, &PageWindow)| {
        (id.to_string(), STANDARD.encode(&window.snapshot).into())
    };
    json!({
        "panels": page.panels.iter().map(panel).collect::<Vec<_>>(),
        "snapshots": page.windows.iter().map(snapshot).collect::<Map<_, _>>(),
        "failed": failed,
    })
    .to_string()
}

pub(super) fn past_refused(error: &ApiError) -> Refusal {
    Refusal(error.status_code(), "No such time", error.to_string())
}

pub(super) fn answer(status: StatusCode) -> HttpResponseBuilder {
    let mut answer = HttpResponse::build(status);
    answer
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "no-store"));
    answer
}

pub(super) fn html(request: &HttpRequest, status: StatusCode, text: String) -> HttpResponse {
    body(request, answer(status), text)
}

pub(super) fn refused(
    request: &HttpRequest,
    pages: &Pages,
    Refusal(status, title, text): &Refusal,
) -> HttpResponse {
    let nav = nav("");
    let shell = Shell { assets: &pages.assets, nav: &nav, theme: None };
    let page = ErrorPage { shell, status: status.as_u16(), title, text };
    let mut answer = answer(*status);
    if *status == StatusCode::SERVICE_UNAVAILABLE {
        answer
            .insert_header((RETRY_AFTER, AGAIN_SECONDS))
            .insert_header(("refresh", AGAIN_SECONDS));
    }
    body(request, answer, page::error(&page))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::live::{BoardSpec, PageWindow, PanelSpec};

    #[tokio::test]
    async fn a_page_says_that_the_log_is_still_read_and_waits_for_nothing_else() {
        let starting = || LogState::Replaying { done: 40, total: 160 };
        let (reply, answer) = oneshot::channel();
        let refused = patient(answer, Duration::ZERO, starting).await.err();
        let Some(Refusal(status, title, text)) = refused else { panic!("a page") };
        assert_eq!((status, title), (StatusCode::SERVICE_UNAVAILABLE, "Starting"));
        assert!(text.contains("25 %"), "{text}");
        drop(reply);
        let (reply, answer) = oneshot::channel();
        let waits = tokio::spawn(patient(answer, Duration::ZERO, || LogState::Well));
        tokio::task::yield_now().await;
        drop(reply.send(None));
        assert!(matches!(waits.await, Ok(Ok(None))));
    }

    #[test]
    fn windows_of_charts_stand_in_the_page_before_those_of_others() {
        let panel = |kind: &str| PanelSpec {
            spans: Vec::new(),
            bands: Vec::new(),
            is_chart: kind == "stack",
            id: kind.to_owned(),
            step: None,
            plans: Vec::new(),
            document: json!({ "kind": kind }),
        };
        let window = |bytes: usize| PageWindow {
            epoch: "e".to_owned(),
            seq: 7,
            step: Span(1000),
            end: Timestamp(0),
            series: Vec::new(),
            snapshot: Bytes::from(vec![0; bytes]),
        };
        let panels = vec![panel("stat"), panel("stack")];
        let page = Page {
            board: Arc::new(BoardSpec {
                slug: "b".to_owned(),
                revision: 1,
                document: json!({}),
                panels,
            }),
            now: Timestamp(0),
            panels: vec![(0, vec![1]), (1, vec![2, 3])],
            windows: [(1, window(3000)), (2, window(2000)), (3, window(2000))].into(),
        };
        let data: serde_json::Value =
            serde_json::from_str(&data_json(&page, Span(1000), "build")).expect("JSON");
        let inlined: Vec<&String> =
            data["snapshots"].as_object().expect("an object").keys().collect();
        assert_eq!(inlined, ["2", "3"], "the stat's window is one too many");
        assert_eq!(data["board"]["panels"][0]["panel"], "stat", "panels keep their order");
    }
}
