//! What the live core knows of boards: which queries stand on which panel. Whoever keeps the
//! dashboards implements [`Boards`]; the core asks again when the revision has moved.

use std::sync::Arc;

use serde_json::Value;

use crate::model::Span;
use crate::query::Plan;

/// Gives boards by slug.
pub trait Boards: Send + Sync {
    /// The board as it is now.
    fn board(&self, slug: &str) -> Option<Arc<BoardSpec>>;
}

/// One board.
#[derive(Debug, Clone)]
pub struct BoardSpec {
    /// Its name in addresses.
    pub slug: String,
    /// Grows with every change of the board.
    pub revision: u64,
    /// Its panels, in the order in which they stand.
    pub panels: Vec<PanelSpec>,
}

/// One panel.
#[derive(Debug, Clone)]
pub struct PanelSpec {
    /// Its name on the board.
    pub id: String,
    /// The finest step that makes sense for it.
    pub step: Option<Span>,
    /// Its queries, in order.
    pub plans: Vec<Arc<Plan>>,
    /// What the page needs to draw it; the live core only hands it on.
    pub document: Value,
}

/// The steps that a channel may have: 1 s to 1 h.
const STEPS: [i64; 13] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];

/// The most columns of a window.
pub const COLUMNS_MAX: i64 = 900;

/// The step for a range: the smallest that gives at most [`COLUMNS_MAX`] columns and is no finer
/// than
/// `finest`.
///
/// ```
/// use watchglass::live::step_for;
/// use watchglass::model::Span;
/// assert_eq!(step_for(Span::from_secs(900), None), Span::from_secs(1));
/// assert_eq!(step_for(Span::from_secs(3600), None), Span::from_secs(5));
/// assert_eq!(step_for(Span::from_secs(60), Some(Span::from_secs(4))), Span::from_secs(5));
/// ```
pub fn step_for(range: Span, finest: Option<Span>) -> Span {
    let fits = |step: &&i64| {
        range.0 <= **step * 1000 * COLUMNS_MAX
            && finest.is_none_or(|finest| finest.0 <= **step * 1000)
    };
    Span::from_secs(*STEPS.iter().find(fits).unwrap_or(&STEPS[STEPS.len() - 1]))
}
