//! Watchglass: a live metrics dashboard in one binary.
//!
//! Collectors and pushes put samples into a shared state; live queries are evaluated once a tick,
//! encoded once, and pushed to every viewer of a page that the server rendered. `ARCHITECTURE.md`
//! is the map of the modules; a module imports only from the floors below its own.
//!
//! The service is a function of its settings, a listener, a clock and a future that ends it:
//! [`run`]. The program and the tests call it alike.

pub mod clock;
pub mod collect;
pub mod config;
pub mod dashboard;
pub mod ingest;
pub mod live;
pub mod model;
pub mod query;
pub mod render;
mod service;
pub mod store;
pub mod tools;
pub mod web;

pub use service::{Error, run};
