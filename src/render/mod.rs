//! Numbers and units to text, windows to SVG stills.
//!
//! A still is what a page shows before any script runs: the same chart as a picture of a few paths,
//! its colours by classes, without ids that could meet others and without styles of its own.

pub mod bars;
pub mod change;
pub mod events;
pub mod figures;
mod heard;
pub mod legend;
mod markup;
pub mod number;
mod panel_data;
pub mod picture;
pub mod pie;
pub mod scale;
pub mod state;
pub mod still;
pub mod table;
pub mod targets;
pub mod timeline;

pub use markup::markup;
pub use panel_data::{Latest, PanelData, Shown, Window, day, time_of_day};

#[cfg(test)]
mod tests;
