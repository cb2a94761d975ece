//! Routes, pages, push endpoints, the live transports and the assets.

mod error;
mod live;

pub use error::Error;
pub use live::{Gate, GateError, Keys};
