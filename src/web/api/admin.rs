//! What concerns the history as a whole: snapshots of it, and deleting from it.

use actix_web::{HttpResponse, web};
use chrono::DateTime;
use serde_json::json;

use super::answer::success;
use super::names::blocking;
use super::params::Params;
use super::{Api, ApiError};
use crate::model::{METRIC_NAME, Matcher, NotDurable, TimeRange};

/// Answers `POST /api/v1/admin/snapshot`.
pub(super) async fn snapshot(api: web::Data<Api>) -> Result<HttpResponse, ApiError> {
    let now = DateTime::from_timestamp_millis(api.clock.now().0).unwrap_or_default();
    // Two in one second have names of their own.
    let random = getrandom::u64().map_err(|error| ApiError::Internal(error.to_string()))?;
    let name = format!("{}-{random:016x}", now.format("%Y%m%dT%H%M%SZ"));
    let store = std::sync::Arc::clone(&api.store);
    let made = name.clone();
    blocking(move || store.snapshot(&made).map_err(ApiError::from)).await?;
    log::info!("a snapshot was made name={name}");
    Ok(success(&json!({ "name": name }), &[]))
}

/// Answers `POST /api/v1/admin/tsdb/delete_series`.
pub(super) async fn delete_series(
    params: Params,
    api: web::Data<Api>,
) -> Result<HttpResponse, ApiError> {
    let (selectors, range) = (params.selectors()?, params.time_range()?);
    if selectors.is_empty() {
        return Err(ApiError::BadData("no match[] parameter provided".to_owned()));
    }
    for matchers in selectors {
        api.delete(matchers, range).await?;
    }
    Ok(HttpResponse::NoContent().finish())
}

impl Api {
    /// Deletes all series of a metric name.
    pub(crate) async fn delete_metric(&self, name: &str) -> Result<(), ApiError> {
        if name.is_empty() {
            return Err(ApiError::BadData("no name of a metric provided".to_owned()));
        }
        self.delete(vec![Matcher::equal(METRIC_NAME, name)], TimeRange::all()).await
    }

    async fn delete(&self, matchers: Vec<Matcher>, range: TimeRange) -> Result<(), ApiError> {
        let store = std::sync::Arc::clone(&self.store);
        let work = move || store.delete(&matchers, range).map_err(ApiError::from);
        Ok(blocking(work).await?.wait().await?)
    }
}

/// Answers `POST /api/v1/admin/tsdb/clean_tombstones`: what is deleted has left the disk already.
pub(super) async fn clean_tombstones() -> HttpResponse {
    HttpResponse::NoContent().finish()
}

impl From<NotDurable> for ApiError {
    fn from(error: NotDurable) -> Self {
        Self::Unavailable(error.to_string())
    }
}
