//! Routes, pages, push endpoints, the live transports and the assets.

pub mod page;
