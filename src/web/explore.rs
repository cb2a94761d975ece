//! `GET /explore`: every metric with its newest values, and any query with its result, live.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};

use super::Api;
use super::boards::EXPLORED;
use super::page::{self, ExplorePage, MetricRow, MetricsList};
use super::pages::{self, PageQuery, Pages, Refusal};
use super::past::When;
use super::zone;
use crate::dashboard::{Dashboard, as_toml, automatic};
use crate::live::Page;
use crate::model::{METRIC_NAME, Matcher, Metadata, Select, Selection, Span, TimeRange, Timestamp};
use crate::render::number;
use crate::store::Store;

/// The most metrics that are listed; who looks for others narrows the search.
const METRICS_MAX: usize = 400;
/// Series of one metric whose newest values are looked at.
const SERIES_MAX: usize = 1000;
/// How old a value may be that is shown as the newest.
const RECENT: Span = Span(300_000);
/// The most lines of a raw result.
const LINES_MAX: usize = 1000;

/// The range that is shown at first.
const LIVE: Span = Span::from_secs(300);

/// The parameters of the address.
#[derive(serde::Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    view: String,
    #[serde(default)]
    search: String,
    /// A panel whose query is asked for in place of `q`: its dashboard, its id, and which query.
    board: Option<String>,
    id: Option<String>,
    #[serde(default)]
    n: usize,
}

/// Answers `GET /explore`.
pub(crate) async fn explore(
    request: HttpRequest,
    asked: web::Query<Asked>,
    query: web::Query<PageQuery>,
    pages: web::Data<Pages>,
    api: web::Data<Api>,
) -> HttpResponse {
    if let Some(board) = &asked.board {
        return match place_of(board, &asked, &pages).await {
            Ok(query) => led(&query, &request),
            Err(refusal) => pages::refused(&request, &pages, &refusal),
        };
    }
    match try_explore(&asked, &query, &pages, &api).await {
        Ok(text) => pages::html(&request, StatusCode::OK, text),
        Err(refusal) => pages::refused(&request, &pages, &refusal),
    }
}

/// The query of a panel, which its page does not say.
async fn place_of(slug: &str, asked: &Asked, pages: &Pages) -> Result<String, Refusal> {
    let id = asked.id.as_deref().unwrap_or_default();
    let board = pages::find_slug(pages, slug).await?;
    let panel = board.dashboard.panels.iter().find(|panel| panel.id == id);
    let query = panel.and_then(|panel| panel.queries.get(asked.n));
    let text = query.map(|query| query.plan.text().to_owned());
    text.ok_or_else(|| {
        let text = format!("dashboard `{slug}` has no query {} of a panel `{id}`", asked.n);
        Refusal(StatusCode::NOT_FOUND, "No such query", text)
    })
}

/// Leads to a query; what else the address says stays.
fn led(query: &str, request: &HttpRequest) -> HttpResponse {
    let own = ["board", "id", "n", "q"].map(|name| format!("{name}="));
    let mut place = format!("/explore?q={}", page::encoded(query));
    for part in request.query_string().split('&') {
        if !part.is_empty() && !own.iter().any(|name| part.starts_with(name)) {
            place.push('&');
            place.push_str(part);
        }
    }
    HttpResponse::Found().insert_header((LOCATION, place)).finish()
}

/// The result of a query as the page shows it.
struct Outcome {
    board: Dashboard,
    page: Page,
    data_json: String,
}

async fn try_explore(
    asked: &Asked,
    query: &PageQuery,
    pages: &Pages,
    api: &Api,
) -> Result<String, Refusal> {
    let now = api.now();
    let clock = query.clock(None)?;
    let when = pages::when(query, (LIVE, clock), now)?;
    let (store, search) = (Arc::clone(&pages.store), asked.search.trim().to_lowercase());
    let list = web::block(move || list(&store, &search, now)).await;
    let metrics = list.map_err(|error| {
        let text = format!("the metrics could not be listed: {error}");
        Refusal(StatusCode::INTERNAL_SERVER_ERROR, "Failed", text)
    })?;
    let (mut wrong, mut outcome) = (None, None);
    let table = asked.view == "table";
    let (prefix, kind) = EXPLORED[usize::from(table)];
    if !asked.q.trim().is_empty() {
        match pages.boards.explore(&asked.q, kind) {
            Err(text) => wrong = Some(text),
            Ok(board) => {
                let slug = format!("{prefix}{}", asked.q);
                let (page, data_json) = pages::shown(pages, api, &slug, (when, LIVE)).await?;
                outcome = Some(Outcome { board, page, data_json });
            }
        }
    }
    let raw = (asked.view == "raw").then(|| outcome.as_ref().map(|found| lines(&found.page)));
    let data = outcome.as_ref().map(|found| pages::panel_data(&found.page, when.length(), clock));
    let panel = outcome.as_ref().and_then(|found| found.board.panels.first());
    let shown = panel.zip(data.as_ref().and_then(|data| data.first()));
    let is_past = matches!(when, When::Past(..));
    let why = super::why::of(pages, api, shown, is_past).await.pop().unwrap_or_default();
    let nav = pages::nav("/explore");
    let toml = panel.map(as_toml);
    Ok(page::explore(&ExplorePage {
        shell: pages::shell(pages, &nav, query),
        kept: query.kept(),
        query: &asked.q,
        view: if table || raw.is_some() { &asked.view } else { "chart" },
        wrong: wrong.as_deref(),
        panel,
        data: data.as_ref().and_then(|data| data.first()),
        why: &why,
        data_json: outcome.as_ref().map(|found| found.data_json.as_str()),
        raw: raw.flatten().as_deref(),
        toml: toml.as_deref(),
        now,
        zone: zone::offset(clock, now),
        clock,
        range: when.live_or(LIVE),
        is_past,
        search: &asked.search,
        metrics: &metrics,
    }))
}

/// The newest values of a result, a series a line.
fn lines(page: &Page) -> String {
    let windows = page.windows.values().flat_map(|window| window.series.iter());
    let newest = windows.filter_map(|(labels, values)| {
        let value = values.last().copied().filter(|value| !crate::model::is_absent(*value))?;
        Some(format!("{labels} {value}\n"))
    });
    newest.take(LINES_MAX).collect()
}

/// The metrics in memory whose names contain `search`, in the order of names.
fn list(store: &Store, search: &str, now: Timestamp) -> MetricsList {
    let census = store.census(usize::MAX);
    let mut found: Vec<(String, u64)> = census
        .by_metric
        .into_iter()
        .filter(|(name, _)| name.to_lowercase().contains(search))
        .collect();
    found.sort();
    let beyond = found.len().saturating_sub(METRICS_MAX);
    found.truncate(METRICS_MAX);
    let rows = found.into_iter().map(|(name, series)| row(store, name, series, now)).collect();
    MetricsList { rows, beyond }
}

fn row(store: &Store, name: String, series: u64, now: Timestamp) -> MetricRow {
    let metadata = store.metadata(&name);
    let unit = automatic::unit_of(&name, metadata.as_ref());
    let text = |value: f64| number::text(value, &unit, None);
    let newest = match newest(store, &name, now) {
        None => String::new(),
        Some((least, most)) if least.to_bits() == most.to_bits() => text(most),
        Some((least, most)) => format!("{} … {}", text(least), text(most)),
    };
    let Metadata { metric_type, help, .. } = metadata.unwrap_or_default();
    MetricRow {
        query: automatic::selector(&name).unwrap_or_default(),
        kind: metric_type.to_string(),
        unit: unit.to_string(),
        series: number::text(series as f64, &crate::dashboard::Unit::Count, None),
        newest,
        help,
        name,
    }
}

/// The least and the greatest of the newest values of a metric's series.
fn newest(store: &Store, name: &str, now: Timestamp) -> Option<(f64, f64)> {
    let matchers = [Matcher::equal(METRIC_NAME, name)];
    let selection = Selection {
        matchers: &matchers,
        range: TimeRange::left_open(now, RECENT)?,
        newest_only: true,
        coarse: None,
        series_max: SERIES_MAX,
        samples_max: SERIES_MAX,
    };
    let found = store.select(&selection).ok()?;
    let values = found.iter().filter_map(|series| series.samples.last());
    values.map(|sample| sample.value).filter(|value| value.is_finite()).fold(None, |ends, value| {
        let (least, most) = ends.unwrap_or((value, value));
        Some((f64::min(least, value), f64::max(most, value)))
    })
}
