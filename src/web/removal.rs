//! `POST /d/metric/delete`: deletes a metric from its own page, and goes back to the overview.

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, web};

use super::Api;
use super::api::ApiError;
use super::hosts::found;
use super::pages::Pages;
use crate::model::Origin;

/// The metric to delete.
#[derive(serde::Deserialize)]
pub(crate) struct Removal {
    name: String,
}

/// Deletes all series of a name, for all time. A mistyped metric is gone with that.
pub(crate) async fn delete(
    form: web::Form<Removal>,
    api: web::Data<Api>,
    pages: web::Data<Pages>,
) -> Result<HttpResponse, ApiError> {
    api.delete_metric(&form.name).await?;
    // The overview, which is seen next, has its panel no more.
    pages.boards.renew(&pages.store.names(Origin::Push), found(&pages.store), api.now());
    log::info!("a metric was deleted name={:?}", form.name);
    Ok(HttpResponse::SeeOther().insert_header((LOCATION, "/")).finish())
}
