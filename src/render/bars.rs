//! The newest values as bars, the largest first; those beyond the limit together as one.

use super::still::Short;
use super::{Shown, number, state};
use crate::dashboard::{Level, Panel};

/// One bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// The name of its series; `other (5)` for those beyond the limit.
    pub name: String,
    /// How much of the width it fills, 0 to 1.
    pub share: f64,
    /// The value.
    pub text: String,
    /// How wrong the value is, and the word for it.
    pub reached: Option<(Level, String)>,
}

impl Bar {
    /// How much of the width it fills, in per cent, for an attribute.
    pub fn percent(&self) -> String {
        Short(100.0 * self.share).to_string()
    }
}

/// Series with their values, the largest first.
pub(super) struct Largest<'s, 'a> {
    /// Those within the limit.
    pub(super) all: Vec<(&'s Shown<'a>, f64)>,
    /// The sum of the values beyond it with their count, when there are any.
    pub(super) rest: Option<(f64, usize)>,
}

/// The series that are shown where what has ended goes: the fresh ones; when none is fresh, those
/// that ended last, of which the panel says how old they are.
pub(super) fn present<'s, 'a>(shown: &'s [Shown<'a>]) -> Vec<&'s Shown<'a>> {
    let latest = |series: &&Shown<'_>| series.latest;
    let any_fresh = shown.iter().filter_map(|series| latest(&series)).any(|latest| !latest.stale);
    let newest = shown.iter().filter_map(|series| latest(&series)).map(|latest| latest.at).max();
    let stays = |series: &&Shown<'_>| {
        latest(series)
            .is_some_and(|latest| !latest.stale || (!any_fresh && Some(latest.at) == newest))
    };
    shown.iter().filter(stays).collect()
}

/// Series that are shown by their newest values, of those that are finite and count.
pub(super) fn largest<'s, 'a>(
    panel: &Panel,
    shown: &'s [Shown<'a>],
    counts: impl Fn(f64) -> bool,
) -> Largest<'s, 'a> {
    let valued = |series: &'s Shown<'a>| {
        let value = series.latest?.value;
        (value.is_finite() && counts(value)).then_some((series, value))
    };
    let mut all: Vec<_> = present(shown).into_iter().filter_map(valued).collect();
    all.sort_by(|(a, one), (b, two)| two.total_cmp(one).then_with(|| a.name.cmp(&b.name)));
    let rest = all.split_off(panel.series_max().min(all.len()));
    let sum = rest.iter().map(|(_, value)| value).sum();
    let count = rest.len();
    Largest { all, rest: (count > 0).then_some((sum, count)) }
}

/// The bars of a panel.
pub fn bars(panel: &Panel, shown: &[Shown<'_>]) -> Vec<Bar> {
    let Largest { all, rest } = largest(panel, shown, |_| true);
    let values = all.iter().map(|(_, value)| *value).chain(rest.map(|(sum, _)| sum));
    let most = panel.max.unwrap_or_else(|| values.fold(0.0, f64::max));
    let share = |value: f64| if most > 0.0 { (value / most).clamp(0.0, 1.0) } else { 0.0 };
    let bar = |(series, value): &(&Shown<'_>, f64)| Bar {
        name: series.name.clone(),
        share: share(*value),
        text: number::text(*value, panel.unit_of(series.query), panel.decimals),
        reached: state::fresh_verdict(panel, series),
    };
    let mut bars: Vec<Bar> = all.iter().map(bar).collect();
    bars.extend(rest.map(|(sum, count)| Bar {
        name: format!("other ({count})"),
        share: share(sum),
        text: number::text(sum, &panel.unit, panel.decimals),
        reached: None,
    }));
    bars
}
