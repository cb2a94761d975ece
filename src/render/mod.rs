//! Numbers and units to text, windows to SVG stills.

pub mod number;
