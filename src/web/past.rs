//! Which time a page shows, as its address says it, and the windows of a stretch of the past, which
//! the live core does not keep: they are evaluated when they are asked for.

use std::sync::Arc;

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};

use crate::live::{BoardSpec, Page, Past, RANGE_BOUNDS};
use crate::model::{Span, Timestamp};

use super::api::{Api, ApiError};
use super::packed::body;
use super::pages::{self, Pages};
use super::zone::{self, Clock};

/// The shortest stretch of the past that can be shown.
const STRETCH_MIN: Span = Span::from_secs(10);
/// From this on a bare number is milliseconds since the epoch, and not seconds: the year 5138.
const MILLISECONDS_FROM: f64 = 1e11;

/// The time that a page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// The last so much, live.
    Live(Span),
    /// A stretch of the past.
    Past(Timestamp, Timestamp),
}

impl When {
    /// Reads `range`, or `from` and `to`, or `from` alone: from there to the present, live.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub(super) fn read(
        (range, from, to): (Option<&str>, Option<&str>, Option<&str>),
        (default, clock): (Span, Clock),
        now: Timestamp,
    ) -> Result<Self, String> {
        let (shortest, longest) = RANGE_BOUNDS;
        let live = |range: Span| {
            if range < shortest || range > longest {
                return Err(format!("a live range is from {shortest} to {longest}, not `{range}`"));
            }
            Ok(Self::Live(range))
        };
        match (range, from, to) {
            (Some(text), None, None) => live(Span::parse(text).map_err(|error| error.to_string())?),
            (None, None, None) => Ok(Self::Live(default)),
            (None, Some(from), None) => {
                // Whole minutes, so that pages of one beginning share their queries for a while.
                let length = (now - time(from, clock)?).max(Span::ZERO);
                live(Span(length.0.div_euclid(60_000) * 60_000 + 60_000))
            }
            (None, Some(from), Some(to)) => {
                let (from, to) = (time(from, clock)?, time(to, clock)?);
                let length = Span(to.0.saturating_sub(from.0));
                if length < STRETCH_MIN || length > longest {
                    return Err(format!(
                        "`to` must lie from {STRETCH_MIN} to {longest} behind `from`"
                    ));
                }
                Ok(Self::Past(from, to))
            }
            (None, None, Some(_)) => Err("`to` needs a `from`".to_owned()),
            (Some(_), ..) => Err("there is a `range` or a `from`, not both".to_owned()),
        }
    }

    /// The range, where it is live; otherwise the one that is come back to.
    pub(super) fn live_or(self, other: Span) -> Span {
        match self {
            Self::Live(range) => range,
            Self::Past(..) => other,
        }
    }

    /// How long it is.
    pub(super) fn length(self) -> Span {
        match self {
            Self::Live(range) => range,
            Self::Past(from, to) => to - from,
        }
    }
}

/// Seconds or milliseconds since the epoch, or a date with its time of day: with a zone, or by the
/// clock that the page is written by.
fn time(text: &str, clock: Clock) -> Result<Timestamp, String> {
    use chrono::{DateTime, NaiveDateTime};
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    let read = number.map(|number| {
        let factor = if number.abs() < MILLISECONDS_FROM { 1000.0 } else { 1.0 };
        (number * factor) as i64
    });
    let zoned = || DateTime::parse_from_rfc3339(text).ok().map(|time| time.timestamp_millis());
    let local = || {
        let forms = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"];
        let naive = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
        Some(zone::moment(clock, naive)?.0)
    };
    // Beyond the year 9999 nothing is dated.
    let fits = |at: &i64| (0..253_402_300_800_000).contains(at);
    let found = read.or_else(zoned).or_else(local).filter(fits);
    found.map(Timestamp).ok_or_else(|| {
        format!("`{text}` is no time: seconds since 1970, or as 2026-11-24T12:03 or with a zone")
    })
}

/// The board with these of its panels alone, in this order; all when none are named.
pub(super) fn narrowed(board: &Arc<BoardSpec>, named: Option<&[String]>) -> Arc<BoardSpec> {
    let Some(ids) = named else { return Arc::clone(board) };
    let panel = |id: &String| board.panels.iter().find(|panel| panel.id == *id).cloned();
    let panels = ids.iter().filter_map(panel).collect();
    let (slug, document) = (board.slug.clone(), board.document.clone());
    Arc::new(BoardSpec { slug, revision: board.revision, document, panels })
}

/// The page of a board over a stretch of the past, and why some query failed, if one did.
pub(super) async fn page(
    api: &Api,
    board: Arc<BoardSpec>,
    from: Timestamp,
    to: Timestamp,
) -> Result<(Page, Option<String>), ApiError> {
    let past = Past::new(board, from, to);
    let mut failed = None;
    let answers = api.values(past.asked().to_vec()).await?.into_iter().map(|answer| {
        answer.map_err(|text| failed = Some(format!("a query of this page failed: {text}"))).ok()
    });
    let answers = answers.collect();
    Ok((past.page(answers), failed))
}

/// The parameters of a request for the windows of a stretch.
#[derive(serde::Deserialize)]
pub(super) struct Ask {
    board: String,
    from: String,
    to: String,
    panels: Option<String>,
}

/// Answers `GET /live/past`: the windows of a board over a stretch of the past, in the form of
/// `docs/formats/live.md`.
pub(super) async fn windows(
    request: HttpRequest,
    ask: web::Query<Ask>,
    pages: web::Data<Pages>,
    api: web::Data<Api>,
) -> HttpResponse {
    match try_windows(&ask, &pages, &api).await {
        Ok(text) => {
            let mut answer = HttpResponse::Ok();
            answer.content_type("application/json").insert_header((CACHE_CONTROL, "no-store"));
            body(&request, answer, text)
        }
        Err(error) => error.error_response(),
    }
}

async fn try_windows(ask: &Ask, pages: &Pages, api: &Api) -> Result<String, ApiError> {
    let stretch = (None, Some(ask.from.as_str()), Some(ask.to.as_str()));
    let when = When::read(stretch, (Span::ZERO, None), api.now()).map_err(ApiError::BadData)?;
    let board = pages::find_slug(pages, &ask.board).await;
    let board = board.map_err(|pages::Refusal(_, _, text)| ApiError::NotFound(text))?;
    let When::Past(from, to) = when else {
        return Err(ApiError::BadData("there is a `from` and a `to`".to_owned()));
    };
    let panels = ask.panels.as_ref();
    let named: Option<Vec<String>> =
        panels.map(|panels| panels.split(',').map(str::to_owned).collect());
    let spec = narrowed(&board.spec, named.as_deref());
    let (page, failed) = page(api, spec, from, to).await?;
    Ok(pages::past_json(&page, failed.as_deref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_a_live_range_or_a_stretch() {
        let now = Timestamp(1_800_000_000_000);
        let check = |range: Option<&str>, from: Option<&str>, to: Option<&str>| {
            When::read((range, from, to), (Span::from_secs(300), None), now)
        };
        assert_eq!(check(None, None, None), Ok(When::Live(Span::from_secs(300))));
        assert_eq!(check(Some("1h"), None, None), Ok(When::Live(Span::from_secs(3600))));
        let stretch = When::Past(Timestamp(1_700_000_000_000), Timestamp(1_700_000_060_000));
        for (from, to) in [
            ("1700000000", "1700000060"),
            ("1700000000000", "1700000060000"),
            ("2023-11-14T22:13:20Z", "2023-11-14T23:14:20+01:00"),
        ] {
            assert_eq!(check(None, Some(from), Some(to)), Ok(stretch), "{from}");
        }
        let open = check(None, Some("1799999000"), None);
        assert_eq!(open, Ok(When::Live(Span::from_secs(1020))));
        assert_eq!(stretch.length(), Span::from_secs(60));
    }

    #[test]
    fn what_cannot_be_shown_is_said() {
        let check = |range: Option<&str>, from: Option<&str>, to: Option<&str>, word: &str| {
            let now = Timestamp(1_800_000_000_000);
            let refused = When::read((range, from, to), (Span::from_secs(300), None), now);
            assert!(refused.as_ref().is_err_and(|text| text.contains(word)), "{refused:?}");
        };
        check(Some("1s"), None, None, "a live range is from");
        check(Some("soon"), None, None, "soon");
        check(None, Some("1700000000"), Some("1700000001"), "`to` must lie");
        check(None, Some("1700000060"), Some("1700000000"), "`to` must lie");
        check(None, Some("yesterday"), Some("1700000000"), "`yesterday` is no time");
        check(None, Some("-5"), Some("1700000000"), "`-5` is no time");
        check(None, None, Some("1700000000"), "`to` needs a `from`");
        check(Some("5m"), Some("1700000000"), None, "not both");
    }
}
