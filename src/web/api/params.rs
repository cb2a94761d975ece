//! The parameters of a request: from its address, and from a form in its body.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest, dev, web};
use futures_core::future::LocalBoxFuture;

use super::ApiError;
use crate::model::{Matcher, Span, TimeRange, Timestamp};
use crate::query::ast::Node;

/// Lengths are taken up to these many milliseconds, so that sums with them stay in range.
const TIME_MOST_MS: f64 = 9.2e18 / 4.0;
/// The most bytes of a form.
const FORM_BYTES_MAX: usize = 1024 * 1024;

/// Names and values as they came, the form's before the address'.
#[derive(Debug, Default)]
pub(crate) struct Params(Vec<(String, String)>);

impl FromRequest for Params {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let address = pairs(request.query_string());
        let is_form = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let body = is_form.then(|| web::Payload::from_request(request, payload));
        Box::pin(async move {
            let mut all = Vec::new();
            if let Some(body) = body {
                let unread =
                    |error: &dyn std::fmt::Display| ApiError::BadData(format!("the form: {error}"));
                let body = body.into_inner().map_err(|error| unread(&error))?;
                let bytes = body.to_bytes_limited(FORM_BYTES_MAX).await;
                let bytes = bytes
                    .map_err(|_| unread(&format!("it is larger than {FORM_BYTES_MAX} bytes")))?
                    .map_err(|error| unread(&error))?;
                let text = str::from_utf8(&bytes).map_err(|error| unread(&error))?;
                all.extend(pairs(text)?);
            }
            all.extend(address?);
            Ok(Self(all))
        })
    }
}

fn pairs(text: &str) -> Result<Vec<(String, String)>, ApiError> {
    web::Query::<Vec<(String, String)>>::from_query(text)
        .map(web::Query::into_inner)
        .map_err(|error| ApiError::BadData(format!("cannot read the parameters: {error}")))
}

impl Params {
    /// The first value of a parameter; an empty one counts as none.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
        value.filter(|value| !value.is_empty())
    }

    /// A time, if it is there.
    pub(super) fn time(&self, name: &str) -> Result<Option<Timestamp>, ApiError> {
        let time = |text: &str| Timestamp::parse(text).ok_or_else(|| no_time(name, text));
        self.get(name).map(time).transpose()
    }

    /// A time that must be there.
    pub(super) fn required_time(&self, name: &str) -> Result<Timestamp, ApiError> {
        self.time(name)?.ok_or_else(|| no_time(name, ""))
    }

    /// A length of time that must be there.
    pub(super) fn required_span(&self, name: &str) -> Result<Span, ApiError> {
        self.span(name)?.ok_or_else(|| no_span(name, ""))
    }

    /// A length of time, if it is there.
    pub(super) fn span(&self, name: &str) -> Result<Option<Span>, ApiError> {
        let span = |text: &str| parse_span(text).ok_or_else(|| no_span(name, text));
        self.get(name).map(span).transpose()
    }

    /// A count, if it is there; zero means that there is no limit.
    pub(super) fn limit(&self, name: &str) -> Result<Option<usize>, ApiError> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let limit: usize = text.parse().map_err(|_| {
            ApiError::parameter(name, format!("`{text}` is no count: say 0 or more"))
        })?;
        Ok((limit > 0).then_some(limit))
    }

    /// The selectors of `match[]`, each as its matchers.
    pub(super) fn selectors(&self) -> Result<Vec<Vec<Matcher>>, ApiError> {
        let texts = self.0.iter().filter(|(name, _)| name == "match[]");
        texts.map(|(_, text)| selector(text)).collect()
    }

    /// The range of `start` and `end`, all of time where they are left out.
    pub(super) fn time_range(&self) -> Result<TimeRange, ApiError> {
        let all = TimeRange::all();
        let start = self.time("start")?.unwrap_or(all.from());
        let end = self.time("end")?.unwrap_or(all.to());
        TimeRange::new(start, end).ok_or_else(|| {
            ApiError::parameter("end", "end timestamp must not be before start time")
        })
    }
}

fn no_time(name: &str, text: &str) -> ApiError {
    let why = format!(
        "cannot parse {text:?} to a valid timestamp: say seconds since 1970, or like \
         2026-01-31T12:00:00Z"
    );
    ApiError::parameter(name, why)
}

fn no_span(name: &str, text: &str) -> ApiError {
    let why = format!("cannot parse {text:?} to a valid duration: say seconds, or like 1m30s");
    ApiError::parameter(name, why)
}

fn selector(text: &str) -> Result<Vec<Matcher>, ApiError> {
    let expr = crate::query::parse(text).map_err(|error| ApiError::parameter("match[]", error))?;
    match expr.node {
        Node::Selector(selector) => Ok(selector.matchers),
        _ => Err(ApiError::parameter("match[]", format!("`{text}` is no selector of series"))),
    }
}

/// Seconds with a fraction, or a duration as queries write it.
fn parse_span(text: &str) -> Option<Span> {
    if let Ok(seconds) = text.parse::<f64>() {
        let millis = (seconds * 1000.0).round();
        return (millis.abs() < TIME_MOST_MS).then_some(Span(millis as i64));
    }
    Span::parse(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_or_dates() {
        let check = |text: &str, expected: Option<i64>| {
            assert_eq!(Timestamp::parse(text), expected.map(Timestamp), "{text}");
        };
        check("1700000000", Some(1_700_000_000_000));
        check("1.0005", Some(1001));
        check("-1", Some(-1000));
        check("2015-06-03T13:21:58.555Z", Some(1_433_337_718_555));
        check("2015-06-03T14:21:58.555+01:00", Some(1_433_337_718_555));
        check("1e300", None);
        check("NaN", None);
        check("yesterday", None);
    }

    #[test]
    fn lengths_are_seconds_or_durations() {
        let check = |text: &str, expected: Option<i64>| {
            assert_eq!(parse_span(text), expected.map(Span), "{text}");
        };
        check("15", Some(15_000));
        check("0.25", Some(250));
        check("1m30s", Some(90_000));
        check("-5", Some(-5000));
        check("soon", None);
        check("Inf", None);
    }
}
