//! Dashboard and panel documents: parsed, checked, and derived for what was pushed.

mod unit;

pub use unit::Unit;
