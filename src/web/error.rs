//! What a request can be refused with: the one place that knows status codes.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError};
use serde_json::json;

use crate::model::NotDurable;

/// A refusal, in words for whoever asked.
#[derive(Debug)]
pub enum Error {
    /// 400.
    BadRequest(String),
    /// 403.
    Forbidden(String),
    /// 404.
    NotFound(&'static str),
    /// 405, where only POST is taken.
    OnlyPost(&'static str),
    /// 410.
    Gone(&'static str),
    /// 408.
    TooSlow(String),
    /// 413.
    TooLarge(String),
    /// 415.
    Unsupported(String),
    /// 503, to be tried again.
    Overloaded(String),
    /// 507, to be tried again later.
    Full(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound(text) | Self::OnlyPost(text) | Self::Gone(text) => f.write_str(text),
            Self::BadRequest(text)
            | Self::Forbidden(text)
            | Self::TooSlow(text)
            | Self::TooLarge(text)
            | Self::Unsupported(text)
            | Self::Overloaded(text)
            | Self::Full(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Error {}

impl From<NotDurable> for Error {
    fn from(why: NotDurable) -> Self {
        match why {
            NotDurable::Full(_) => Self::Full(why.to_string()),
            NotDurable::Starting | NotDurable::Failed(_) => Self::Overloaded(why.to_string()),
        }
    }
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::OnlyPost(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Gone(_) => StatusCode::GONE,
            Self::TooSlow(_) => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unsupported(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Overloaded(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Full(_) => StatusCode::INSUFFICIENT_STORAGE,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        let header = match self {
            Self::Overloaded(_) => Some((RETRY_AFTER, "1")),
            Self::Full(_) => Some((RETRY_AFTER, "10")),
            Self::OnlyPost(_) => Some((ALLOW, "POST")),
            _ => None,
        };
        if let Some(header) = header {
            response.insert_header(header);
        }
        response.json(json!({ "error": self.to_string() }))
    }
}
