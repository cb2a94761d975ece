//! The HTTP API of Prometheus, version 1: what Grafana and other programs ask.
//!
//! A request is read into parameters, checked, evaluated off the socket workers, and answered in
//! pieces as it is written down, so that a large answer never stands in memory as one text. Types
//! on the wire are this module's own.

mod admin;
mod answer;
mod ast;
mod error;
mod evaluate;
mod federate;
mod names;
mod number;
pub mod openapi;
mod params;
mod query;
mod status;

use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::{Compress, Next, from_fn};
use actix_web::{HttpResponse, Resource, web};

use crate::model::{Clock, Span, Timestamp};
use crate::query::Options;
use crate::store::{Census, LogState, Store, TierRoom};

pub(crate) use error::ApiError;
use evaluate::Evaluations;
pub(crate) use federate::federate;

/// What the API needs.
pub(crate) struct Api {
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
    options: Options,
    evaluations: Evaluations,
    about: About,
}

/// What the API tells of the service itself.
pub(crate) struct About {
    /// When it started.
    pub(crate) started: Timestamp,
    /// The settings in force, as TOML.
    pub(crate) settings: String,
    /// The settings that a command line can set, by name.
    pub(crate) flags: Vec<(&'static str, String)>,
    /// How long samples are kept.
    pub(crate) retention: String,
    /// This host, as its collectors name it.
    pub(crate) host: String,
    /// The address that is listened on.
    pub(crate) address: String,
}

impl Api {
    /// An API over `store`.
    pub(crate) fn new(
        store: Arc<Store>,
        clock: Arc<dyn Clock>,
        options: Options,
        about: About,
    ) -> Self {
        let evaluations = Evaluations::new(options.parallel_max);
        Self { store, clock, options, evaluations, about }
    }

    /// The present.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// How far back the newest sample of a series is taken for its value.
    pub(crate) fn lookback(&self) -> Span {
        self.options.lookback
    }

    /// What each tier of the history has and will need; nothing where all is in memory.
    pub(crate) fn tiers(&self) -> Option<[TierRoom; 3]> {
        self.store.tiers()
    }

    /// What the head is made of.
    pub(crate) fn census(&self, most: usize) -> Census {
        self.store.census(most)
    }

    /// How the log of the store is.
    pub(crate) fn log_state(&self) -> LogState {
        self.store.log_state()
    }

    /// Whether everything that was there before the start can be asked for.
    fn awake(&self) -> Result<(), ApiError> {
        match self.log_state() {
            LogState::Replaying { .. } => {
                Err(ApiError::Unavailable("the service still reads its log: try again".to_owned()))
            }
            _ => Ok(()),
        }
    }

    /// What evaluations count.
    pub(crate) fn counters(&self) -> Arc<evaluate::QueryCounters> {
        self.evaluations.counters()
    }
}

/// Adds the routes of the API.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    let get = |path: &str| web::resource(path.to_owned());
    config.service(
        web::scope("/api/v1")
            .wrap(from_fn(when_awake))
            .wrap(Compress::default())
            .service(both(get("/query"), query::instant))
            .service(both(get("/query_range"), query::range))
            .service(both(get("/series"), names::series))
            .service(both(get("/labels"), names::labels))
            .service(both(get("/format_query"), query::format))
            .service(both(get("/parse_query"), query::parse))
            .service(both(get("/query_exemplars"), query::exemplars))
            .route("/label/{name}/values", super::server::get().to(names::label_values))
            .route("/metadata", super::server::get().to(names::metadata))
            .route("/targets", super::server::get().to(status::targets))
            .route("/rules", super::server::get().to(status::rules))
            .route("/alerts", super::server::get().to(status::alerts))
            .route("/status/buildinfo", super::server::get().to(status::build_info))
            .route("/status/runtimeinfo", super::server::get().to(status::runtime_info))
            .route("/status/flags", super::server::get().to(status::flags))
            .route("/status/config", super::server::get().to(status::config))
            .route("/status/tsdb", super::server::get().to(status::tsdb))
            .route("/admin/snapshot", web::post().to(admin::snapshot))
            .route("/admin/snapshot", web::put().to(admin::snapshot))
            .route("/admin/tsdb/snapshot", web::post().to(admin::snapshot))
            .route("/admin/tsdb/snapshot", web::put().to(admin::snapshot))
            .route("/admin/tsdb/delete_series", web::post().to(admin::delete_series))
            .route("/admin/tsdb/delete_series", web::put().to(admin::delete_series))
            .route("/admin/tsdb/clean_tombstones", web::post().to(admin::clean_tombstones))
            .route("/admin/tsdb/clean_tombstones", web::put().to(admin::clean_tombstones))
            .default_service(web::to(unknown)),
    );
    config.route("/api/openapi.json", super::server::get().to(openapi::serve));
}

/// A resource that is asked by GET, with its parameters in the address, or by POST as a form.
fn both<F, Args>(resource: Resource, handler: F) -> Resource
where
    F: actix_web::Handler<Args> + Clone,
    Args: actix_web::FromRequest + 'static,
    F::Output: actix_web::Responder + 'static,
{
    resource
        .route(super::server::get().to(handler.clone()))
        .route(web::post().to(handler))
        .default_service(web::to(wrong_method))
}

/// Answers nothing from a history that is not whole yet.
async fn when_awake(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    if let Some(api) = request.app_data::<web::Data<Api>>() {
        api.awake()?;
    }
    next.call(request).await
}

async fn unknown() -> HttpResponse {
    let text = "there is no such part of the API; /api/openapi.json lists them all";
    ApiError::NotFound(text.to_owned()).answer()
}

async fn wrong_method() -> HttpResponse {
    let text = "this part of the API is asked by GET, or by POST with a form";
    ApiError::Method(text.to_owned()).answer()
}
