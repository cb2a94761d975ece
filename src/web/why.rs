//! Why a panel is empty: no such series, filtered out, silent, out of the time shown, or not let
//! through by the query. Pages say it at once, `GET /live/why` while they are open.
//!
//! It looks at what each selector of the panel's first query selects, one after the other; the
//! first that selects nothing is what is told.

use std::fmt::Write;
use std::sync::Arc;

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, ResponseError, web};
use serde_json::json;

use super::api::{Api, ApiError};
use super::page::{Part, Why, is_empty};
use super::pages::{self, Pages, Refusal};
use super::past::When;
use super::zone;
use crate::dashboard::{Panel, PanelKind, Plan, Unit, automatic, nearest};
use crate::model::{
    METRIC_NAME, MatchOp, Matcher, Origin, Select, Selection, Span, TimeRange, Timestamp,
};
use crate::render::{PanelData, number};
use crate::store::Store;

/// Panels of one page that are told about; who sees the others asks for them.
const PANELS_MAX: usize = 12;
/// Series that are looked at; of more than these it is only known that they are there.
const SERIES_MAX: usize = 500;
/// Names and values that are offered.
const NEAR_MAX: usize = 3;
const VALUES_MAX: usize = 5;
/// A value that is offered is cut to this.
const VALUE_CHARS_MAX: usize = 60;
/// Functions that need two samples in their window.
const NEEDS_TWO: [&str; 5] = ["rate(", "increase(", "delta(", "deriv(", "irate("];

/// What is asked of a panel.
struct Asked {
    plan: Plan,
    /// The time shown.
    range: TimeRange,
    is_past: bool,
    lookback: Span,
    /// For the times of day in words: the page's present, and its clock.
    clock: PanelData,
}

impl Asked {
    fn new(panel: &Panel, data: &PanelData, is_past: bool, lookback: Span) -> Option<Self> {
        let told = panel.kind != PanelKind::Text && panel.no_data.is_empty();
        let query = panel.queries.first().filter(|_| told)?;
        let range = TimeRange::new(data.now - data.range, data.now)?;
        let PanelData { now, range: length, zone, .. } = *data;
        let clock = PanelData { now, range: length, zone, windows: Vec::new() };
        Some(Self { plan: query.plan.clone(), range, is_past, lookback, clock })
    }
}

/// The reasons of those of these panels that are empty, in their order; nothing for others.
pub(super) async fn of<'a>(
    pages: &Pages,
    api: &Api,
    panels: impl IntoIterator<Item = (&'a Panel, &'a PanelData)>,
    is_past: bool,
) -> Vec<Why> {
    let lookback = api.lookback();
    let mut room = PANELS_MAX;
    let mut asked = |(panel, data): (&Panel, &PanelData)| {
        let empty = room > 0 && !panel.hide_when_empty && is_empty(panel, data);
        let asked = empty.then(|| Asked::new(panel, data, is_past, lookback)).flatten();
        room -= usize::from(asked.is_some());
        asked
    };
    let asked: Vec<Option<Asked>> = panels.into_iter().map(&mut asked).collect();
    if asked.iter().all(Option::is_none) {
        return Vec::new();
    }
    let store = Arc::clone(&pages.store);
    let told = move || {
        let why = |asked: Option<Asked>| asked.map(|asked| why(&store, &asked)).unwrap_or_default();
        asked.into_iter().map(why).collect()
    };
    // A page without the reasons is better than none.
    web::block(told).await.unwrap_or_default()
}

/// The parameters of a question.
#[derive(serde::Deserialize)]
pub(crate) struct Question {
    board: String,
    panel: String,
    range: Option<String>,
    from: Option<String>,
    to: Option<String>,
    tz: Option<String>,
}

/// Answers `GET /live/why`: the parts of the sentence, each `[kind, text]` or `[kind, text,
/// address]`.
pub(crate) async fn answer(
    question: web::Query<Question>,
    pages: web::Data<Pages>,
    api: web::Data<Api>,
) -> HttpResponse {
    match try_answer(&question, &pages, &api).await {
        Ok(why) => {
            let parts: Vec<serde_json::Value> = why.iter().map(document).collect();
            let mut answer = HttpResponse::Ok();
            answer.insert_header((CACHE_CONTROL, "no-store")).json(json!({ "parts": parts }))
        }
        Err(error) => error.error_response(),
    }
}

async fn try_answer(asked: &Question, pages: &Pages, api: &Api) -> Result<Why, ApiError> {
    let missing = |what: String| ApiError::NotFound(format!("there is no {what}"));
    let board = pages::find_slug(pages, &asked.board).await;
    let board = board.map_err(|Refusal(_, _, text)| ApiError::NotFound(text))?;
    let found = board.dashboard.panels.iter().find(|panel| panel.id == asked.panel);
    let panel = found.ok_or_else(|| missing(format!("panel `{}`", asked.panel)))?;
    let said = (asked.range.as_deref(), asked.from.as_deref(), asked.to.as_deref());
    let clock = zone::chosen(asked.tz.as_deref(), board.dashboard.time_zone);
    let clock = clock.map_err(|Refusal(_, _, text)| ApiError::BadData(text))?;
    let default = (board.dashboard.range, clock);
    let when = When::read(said, default, api.now()).map_err(ApiError::BadData)?;
    let now = match when {
        When::Live(_) => api.now(),
        When::Past(_, to) => to,
    };
    let range = when.length();
    let data = PanelData { now, range, zone: zone::offset(clock, now), windows: Vec::new() };
    let is_past = matches!(when, When::Past(..));
    let asked = Asked::new(panel, &data, is_past, api.lookback());
    let Some(asked) = asked else { return Ok(Why::new()) };
    let store = Arc::clone(&pages.store);
    let told = web::block(move || why(&store, &asked)).await;
    told.map_err(|error| ApiError::Internal(error.to_string()))
}

fn document(part: &Part) -> serde_json::Value {
    match part {
        Part::Text(text) => json!(["text", text]),
        Part::Code(text) => json!(["code", text]),
        Part::Link { text, href } => json!(["link", text, href]),
    }
}

/// Why a query gives nothing.
fn why(store: &Store, asked: &Asked) -> Why {
    let selectors = asked.plan.selectors();
    let looks: Vec<Look<'_>> =
        selectors.into_iter().map(|matchers| Look { store, asked, matchers }).collect();
    if looks.is_empty() {
        return vec![text("the query has no series, and gives nothing")];
    }
    for look in &looks {
        if let Some(why) = look.why() {
            return why;
        }
    }
    let needs_two = NEEDS_TWO.iter().any(|function| asked.plan.text().contains(function));
    match looks.first().filter(|look| needs_two && look.has_one_sample()) {
        Some(look) => {
            let mut why = look.subject();
            why.push(text(" has one sample so far; a rate needs two in its window"));
            why
        }
        None => vec![text("there are values, but the query lets none of them through")],
    }
}

fn text(text: impl Into<String>) -> Part {
    Part::Text(text.into())
}

fn code(text: impl Into<String>) -> Part {
    Part::Code(text.into())
}

fn shortened(value: &str) -> String {
    let cut: String = value.chars().take(VALUE_CHARS_MAX).collect();
    if cut.len() < value.len() { cut + "…" } else { cut }
}

/// Parts with words between them.
fn listed(parts: impl IntoIterator<Item = Part>) -> Vec<Part> {
    let mut out = Vec::new();
    for part in parts {
        if !out.is_empty() {
            out.push(text(", "));
        }
        out.push(part);
    }
    out
}

fn explored(query: &str, more: &str) -> String {
    let mut address = String::from("/explore?q=");
    for byte in query.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'~') {
            address.push(char::from(byte));
        } else {
            let _ = write!(address, "%{byte:02X}");
        }
    }
    address + more
}

/// A look at one selector.
struct Look<'a> {
    store: &'a Store,
    asked: &'a Asked,
    matchers: &'a [Matcher],
}

impl Look<'_> {
    /// What is wrong with it; nothing when it has values in the time shown.
    fn why(&self) -> Option<Why> {
        let back = self.asked.plan.reach(self.asked.lookback).back;
        let shown = self.asked.range;
        let near = TimeRange::new(shown.from().saturating_sub(back), shown.to())?;
        if self.newest(self.matchers, near).is_some() {
            return None;
        }
        let before = TimeRange::new(Timestamp::MIN, near.from());
        let before = before.and_then(|before| self.newest(self.matchers, before));
        if let Some(found) = before {
            return Some(self.ended(&found));
        }
        let after = TimeRange::new(shown.to(), Timestamp::MAX);
        if let Some(found) = after.and_then(|after| self.newest(self.matchers, after)) {
            return Some(self.elsewhere(&found));
        }
        Some(self.unknown())
    }

    fn name(&self) -> Option<&str> {
        let fixed = |m: &&Matcher| m.name() == METRIC_NAME && m.op() == MatchOp::Equal;
        self.matchers.iter().find(fixed).map(Matcher::value)
    }

    /// What it is about, in words.
    fn subject(&self) -> Why {
        vec![self.name().map_or_else(|| text("what is selected"), |name| code(shortened(name)))]
    }

    /// The newest sample of the series that pass, and how many of these there are; nothing without
    /// any. Of very many only that there are some is known, without a time.
    fn newest(&self, matchers: &[Matcher], range: TimeRange) -> Option<(usize, Option<Timestamp>)> {
        let selection = Selection {
            matchers,
            range,
            newest_only: true,
            coarse: None,
            series_max: SERIES_MAX,
            samples_max: SERIES_MAX,
        };
        match self.store.select(&selection) {
            Ok(found) if found.is_empty() => None,
            Ok(found) => {
                let newest = found.iter().filter_map(|series| series.samples.last());
                Some((found.len(), newest.map(|sample| sample.at).max()))
            }
            Err(_) => Some((SERIES_MAX, None)),
        }
    }

    fn has_one_sample(&self) -> bool {
        let range = self.asked.range;
        let measure = self.store.measure(self.matchers, range, None);
        measure.series > 0 && measure.samples <= measure.series
    }

    /// Its series have ended before the time shown.
    fn ended(&self, (count, newest): &(usize, Option<Timestamp>)) -> Why {
        let name = self.name().map(shortened);
        let mut why = match (name, *count) {
            (Some(name), 1) => vec![code(name), text(" is silent")],
            (Some(name), count) => {
                vec![text(format!("all {count} series of ")), code(name), text(" are silent")]
            }
            (None, _) => vec![text("what is selected is silent")],
        };
        if let Some(at) = *newest {
            why.push(text(format!(" since {}", self.asked.clock.exact(at))));
            if !self.asked.is_past {
                let age = (self.asked.range.to() - at).seconds();
                why.push(text(format!(", {} ago", number::text(age, &Unit::Duration, None))));
            }
            why.extend(self.shown_at(at));
        }
        why
    }

    /// Its series begin after the time shown.
    fn elsewhere(&self, (_, newest): &(usize, Option<Timestamp>)) -> Why {
        let mut why = self.subject();
        why.push(text(" has no values in the time shown, only later ones"));
        if let Some(at) = *newest {
            why.extend(self.shown_at(at));
        }
        why
    }

    /// The way to where there are values.
    fn shown_at(&self, at: Timestamp) -> [Part; 2] {
        let (from, to) = (at - Span::from_secs(240), at + Span::from_secs(60));
        let query = self.asked.plan.source();
        let href = explored(query, &format!("&from={}&to={}", from.0, to.0));
        [text(" · "), Part::Link { text: "show then".to_owned(), href }]
    }

    /// There is no such series: the name is unknown, or the other matchers fit none of it.
    fn unknown(&self) -> Why {
        let all = TimeRange::all();
        let named: Vec<Matcher> =
            self.matchers.iter().filter(|m| m.name() == METRIC_NAME).cloned().collect();
        if let Some(name) = self.name()
            && self.newest(&named, all).is_none()
        {
            return self.unnamed(name);
        }
        let mut of: Why = vec![text("filtered out: no series")];
        of.extend(
            self.name().map(|name| [text(" of "), code(shortened(name))]).into_iter().flatten(),
        );
        for matcher in self.matchers.iter().filter(|m| m.name() != METRIC_NAME) {
            let mut alone = named.clone();
            alone.push(matcher.clone());
            if self.newest(&alone, all).is_none() {
                of.extend([text(" has "), code(shortened(&matcher.to_string()))]);
                of.extend(self.offered(&named, matcher));
                return of;
            }
        }
        let all: Vec<String> = self
            .matchers
            .iter()
            .filter(|m| m.name() != METRIC_NAME)
            .map(ToString::to_string)
            .collect();
        of.extend([text(" fits all of "), code(shortened(&format!("{{{}}}", all.join(", "))))]);
        of
    }

    /// What a label has in place of the value that was asked for; without it, which labels there
    /// are.
    fn offered(&self, named: &[Matcher], matcher: &Matcher) -> Why {
        let all = TimeRange::all();
        let values = self.store.label_values(matcher.name(), named, all);
        if values.is_empty() {
            let labels = self.store.label_names(named, all);
            let labels = labels.iter().filter(|label| *label != METRIC_NAME).take(VALUES_MAX);
            let labels = listed(labels.map(|label| code(shortened(label))));
            if labels.is_empty() {
                return Why::new();
            }
            return [text("; its labels: ")].into_iter().chain(labels).collect();
        }
        let near = nearest(matcher.value(), values.iter().map(String::as_str), VALUES_MAX);
        let others = values.iter().map(String::as_str).filter(|value| !near.contains(value));
        let shown = near.iter().copied().chain(others).take(VALUES_MAX);
        let shown = listed(shown.map(|value| code(shortened(value))));
        let more = values.len().saturating_sub(VALUES_MAX);
        let more = (more > 0).then(|| text(format!(" and {more} more")));
        let label = [text("; "), code(shortened(matcher.name())), text(" is ")];
        label.into_iter().chain(shown).chain(more).collect()
    }

    /// No series has that name.
    fn unnamed(&self, name: &str) -> Why {
        let mut names = self.store.names(Origin::Push);
        names.extend(self.store.names(Origin::Collector));
        names.sort_unstable();
        names.dedup();
        let near = nearest(name, names.iter().map(String::as_str), NEAR_MAX);
        let link = |name: &str| {
            let href = explored(&automatic::selector(name).unwrap_or_default(), "");
            Part::Link { text: shortened(name), href }
        };
        let mut why = vec![text("no series is named "), code(shortened(name))];
        let near = listed(near.into_iter().map(link));
        if !near.is_empty() {
            why.push(text("; the nearest: "));
            why.extend(near);
        }
        why
    }
}
