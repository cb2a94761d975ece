//! Numbers and units to text, windows to SVG stills.
//!
//! A still is what a page shows before any script runs: the same chart as a picture of a few paths,
//! its colours by classes, without ids that could meet others and without styles of its own.

mod heard;
pub mod legend;
pub mod number;
mod panel_data;
pub mod scale;
pub mod still;

pub use panel_data::{Latest, PanelData, Shown, Window, day, time_of_day};
