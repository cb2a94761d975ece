//! Routes, pages, push endpoints, the live transports and the assets.
//!
//! It holds no state but sockets: what two requests must agree on lives lower. `start` makes the
//! server of its `Parts`; the rest of the module is one file a group of routes.

mod address;
pub mod api;
pub mod asset;
mod boards;
mod chosen;
mod embed;
mod error;
mod explore;
mod guard;
mod health;
mod hosts;
mod live;
pub mod options;
mod packed;
pub mod page;
mod pages;
mod past;
mod peers;
mod picture;
mod push;
mod remote_write;
mod removal;
mod server;
mod status;
mod why;
mod zone;

pub use error::Error;
pub use guard::Guard;
pub use live::{Gate, GateError};

pub(crate) use api::{About, Api};
pub(crate) use boards::Registry;
pub(crate) use health::Reports;
pub(crate) use hosts::found;
pub(crate) use pages::{Facts, Pages, asset_urls, day_and_time};
pub(crate) use peers::Peers;
pub(crate) use push::Intake;
pub(crate) use server::{Parts, Workers, start, worker_count};
pub(crate) use zone::zone;
