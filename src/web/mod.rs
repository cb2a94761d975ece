//! Routes, pages, push endpoints, the live transports and the assets.

pub mod asset;
pub mod options;
