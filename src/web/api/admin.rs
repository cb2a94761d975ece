//! What changes the history as a whole: snapshots of it.

use actix_web::{HttpResponse, web};
use chrono::DateTime;
use serde_json::json;

use super::answer::success;
use super::names::blocking;
use super::{Api, ApiError};
use crate::model::NotDurable;

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

impl From<NotDurable> for ApiError {
    fn from(error: NotDurable) -> Self {
        Self::Unavailable(error.to_string())
    }
}
