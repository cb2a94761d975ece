//! The changes of state of a panel's series, the newest first.

use super::state::{Run, runs, state};
use super::{PanelData, Shown};
use crate::dashboard::{Level, Panel};
use crate::model::Timestamp;

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// When it was first seen.
    pub at: Timestamp,
    /// The name of the series.
    pub name: String,
    /// What it was before; `new` for a series that began.
    pub from: String,
    /// What it is since; `silent` for one that has no more values.
    pub to: String,
    /// How well or wrong that is.
    pub level: Option<Level>,
}

/// The changes in the range, at most as many as the panel allows.
pub fn events(panel: &Panel, data: &PanelData, shown: &[Shown<'_>]) -> Vec<Change> {
    let most = panel.series_max();
    let mut all: Vec<Change> = Vec::new();
    for series in shown {
        let found = runs(panel, data, series);
        let said = |run: &Run| match run.value {
            Some(value) => {
                let state = state(panel, series.query, value);
                (state.text, state.level)
            }
            None => ("silent".to_owned(), None),
        };
        let change = |before: Option<&Run>, run: &Run| {
            let (to, level) = said(run);
            let from = before.map_or_else(|| "new".to_owned(), |before| said(before).0);
            Change { at: run.from, name: series.name.clone(), from, to, level }
        };
        let pairs = found.windows(2).rev().map(|pair| change(pair.first(), &pair[1]));
        all.extend(pairs.take(most));
        // One that was there when the range began is not new.
        let first = data.end() - data.range + series.step();
        all.extend(found.first().filter(|run| run.from > first).map(|run| change(None, run)));
    }
    all.sort_by(|one, two| two.at.cmp(&one.at).then_with(|| one.name.cmp(&two.name)));
    all.truncate(most);
    all
}
