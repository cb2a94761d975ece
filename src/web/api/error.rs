//! What a request of the API can be refused with: Prometheus' error types and status codes.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use serde_json::json;

use crate::query::EvalError;

/// A refusal, in words for whoever asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ApiError {
    /// A parameter is missing or cannot be read, or the query is no query.
    BadData(String),
    /// The data do not fit the query, or it costs more than it may.
    Execution(String),
    /// The query took longer than it may, or waited that long for its turn.
    Timeout(String),
    /// There is no such thing.
    NotFound(String),
    /// The thing is asked in another way.
    Method(String),
    /// The service is not ready yet.
    Unavailable(String),
    /// The service is at fault.
    Internal(String),
}

impl ApiError {
    /// A parameter that cannot be used, and why.
    pub(super) fn parameter(name: &str, why: impl fmt::Display) -> Self {
        Self::BadData(format!("invalid parameter \"{name}\": {why}"))
    }

    /// Its name in answers (Prometheus, `web/api/v1`).
    const fn kind(&self) -> &'static str {
        match self {
            Self::BadData(_) | Self::Method(_) => "bad_data",
            Self::Execution(_) => "execution",
            Self::Timeout(_) => "timeout",
            Self::NotFound(_) => "not_found",
            Self::Unavailable(_) => "unavailable",
            Self::Internal(_) => "internal",
        }
    }

    /// The answer.
    pub(super) fn answer(&self) -> HttpResponse {
        HttpResponse::build(self.status_code()).json(json!({
            "status": "error", "errorType": self.kind(), "error": self.to_string(),
        }))
    }
}

impl From<EvalError> for ApiError {
    fn from(error: EvalError) -> Self {
        match error {
            EvalError::Stopped { .. } => Self::Timeout(error.to_string()),
            _ => Self::Execution(error.to_string()),
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadData(text)
            | Self::Execution(text)
            | Self::Timeout(text)
            | Self::NotFound(text)
            | Self::Method(text)
            | Self::Unavailable(text)
            | Self::Internal(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for ApiError {}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::BadData(_) => StatusCode::BAD_REQUEST,
            Self::Execution(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Timeout(_) | Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        self.answer()
    }
}
