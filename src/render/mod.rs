//! Numbers and units to text, windows to SVG stills.
