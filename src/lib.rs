//! Watchglass: a live metrics dashboard in one binary.
//!
//! Collectors and pushes put samples into a shared state; live queries are evaluated once a tick,
//! encoded once, and pushed to every viewer of a page that the server rendered. `ARCHITECTURE.md`
//! is the map of the modules; a module imports only from the floors below its own.

pub mod clock;
pub mod collect;
pub mod config;
pub mod dashboard;
pub mod ingest;
pub mod live;
pub mod model;
pub mod query;
pub mod render;
pub mod store;
pub mod web;

/// Placeholder until the wiring is merged.
#[derive(Debug)]
pub struct Error;

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("placeholder")
    }
}

impl std::error::Error for Error {}

/// Placeholder until the wiring is merged.
pub async fn run(
    _settings: config::Settings,
    _listener: std::net::TcpListener,
    _clock: std::sync::Arc<dyn model::Clock>,
    shutdown: impl Future<Output = ()>,
) -> Result<(), Error> {
    shutdown.await;
    Ok(())
}
