//! What the live core knows of boards: which queries stand on which panel. Whoever keeps the
//! dashboards implements [`Boards`]; the core asks again when the revision has moved.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::model::Span;
use crate::query::Plan;

/// Gives boards by slug.
pub trait Boards: Send + Sync {
    /// The board as it is now.
    fn board(&self, slug: &str) -> Option<Arc<BoardSpec>>;

    /// Another number whenever a board has another revision, has come or has gone.
    fn generation(&self) -> u64;
}

/// One board.
#[derive(Debug, Clone)]
pub struct BoardSpec {
    /// Its name in addresses.
    pub slug: String,
    /// Grows with every change of the board, from 1.
    pub revision: u64,
    /// What the page shows beside the panels; the live core only hands it on.
    pub document: Value,
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
    /// Of each query that is asked over a range or at a step of its own, in the order of `plans`;
    /// those beyond the end are asked as the page shows them.
    pub spans: Vec<QuerySpan>,
    /// Those of its queries, by number, that are drawn with the bounds of what lies between two
    /// columns where these are far apart.
    pub bands: Vec<usize>,
    /// Whether its values are drawn over time. Then windows reach from column to column where these
    /// are far apart; otherwise the newest values are what it is about.
    pub is_chart: bool,
    /// What the page needs to draw it; the live core only hands it on.
    pub document: Value,
}

/// Over which time a query is asked, where that is not the page's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QuerySpan {
    /// How far back it reaches.
    pub range: Option<Span>,
    /// The finest step that makes sense for it.
    pub step: Option<Span>,
}

/// What one channel of a panel asks.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) plan: Arc<Plan>,
    /// How far back.
    pub(crate) range: Span,
    /// The finest step.
    pub(crate) finest: Option<Span>,
}

impl BoardSpec {
    /// What stands in the place of a board that viewers see while it is removed.
    pub(crate) fn gone(slug: &str) -> Self {
        let document = json!({ "gone": true });
        Self { slug: slug.to_owned(), revision: 0, document, panels: Vec::new() }
    }
}

/// The steps that a channel may have, in seconds: 1 s to 1 d.
const STEPS: [i64; 17] =
    [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400];

/// From this step on columns are far apart: something may happen between two of them that neither
/// shows.
const FAR_APART: Span = Span::from_secs(15);

impl PanelSpec {
    /// What its channels ask over a range: its queries, with what follows from step and range put
    /// in, then the two bounds of each of `bands` in
    /// the order of these, where columns are far apart.
    pub(crate) fn asked(&self, range: Span) -> Vec<Asked> {
        let step = step_for(range, self.step);
        let asked = |plan: Arc<Plan>| Asked { plan, range, finest: self.step };
        let settled = |plan: &Arc<Plan>, step: Span, range: Span| {
            if plan.is_settled() { Arc::clone(plan) } else { Arc::new(plan.settled(step, range)) }
        };
        if step < FAR_APART || !self.is_chart {
            let own = |(number, plan): (usize, &Arc<Plan>)| {
                let span = self.spans.get(number).copied().unwrap_or_default();
                let (range, finest) = (span.range.unwrap_or(range), span.step.or(self.step));
                Asked { plan: settled(plan, step_for(range, finest), range), range, finest }
            };
            return self.plans.iter().enumerate().map(own).collect();
        }
        let plans: Vec<Arc<Plan>> =
            self.plans.iter().map(|plan| settled(plan, step, range)).collect();
        let widened = plans.iter().map(|plan| Arc::new(plan.widened(step)));
        let banded = self.bands.iter().filter_map(|query| plans.get(*query));
        let bounds = banded.filter_map(|plan| plan.bounds(step)).flatten();
        widened.chain(bounds.map(Arc::new)).map(asked).collect()
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_follows_the_distance_of_columns() {
        let plans = ["rate(a[5s])", "b"].map(|text| Arc::new(Plan::new(text).expect("a query")));
        let panel = |is_chart: bool| PanelSpec {
            id: "p".to_owned(),
            step: None,
            plans: plans.to_vec(),
            spans: Vec::new(),
            bands: vec![1],
            is_chart,
            document: Value::Null,
        };
        let check = |is_chart: bool, range: i64, expected: &[&str]| {
            let asked = panel(is_chart).asked(Span::from_secs(range));
            let texts: Vec<&str> = asked.iter().map(|asked| asked.plan.text()).collect();
            assert_eq!(texts, expected, "{range}");
        };
        check(true, 3600, &["rate(a[5s])", "b"]);
        let bounds = ["min_over_time(b[2m])", "max_over_time(b[2m])"];
        check(true, 86_400, &["rate(a[2m])", "b", bounds[0], bounds[1]]);
        check(false, 86_400, &["rate(a[5s])", "b"]);
        let hour = QuerySpan { range: Some(Span::from_secs(3600)), step: Some(Span(60_000)) };
        let own = PanelSpec { spans: vec![hour], ..panel(false) }.asked(Span::from_secs(300));
        let spans: Vec<_> = own.iter().map(|asked| (asked.range.0, asked.finest)).collect();
        assert_eq!(spans, [(3_600_000, Some(Span(60_000))), (300_000, None)]);
        let steps = [(3 * 3600, 15), (30 * 86_400, 3600), (2 * 365 * 86_400, 86_400)];
        for (range, step) in steps {
            assert_eq!(step_for(Span::from_secs(range), None), Span::from_secs(step));
        }
    }
}
