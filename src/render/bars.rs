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

/// Fresh series by their newest values, of those that are finite and count.
pub(super) fn largest<'s, 'a>(
    panel: &Panel,
    shown: &'s [Shown<'a>],
    counts: impl Fn(f64) -> bool,
) -> Largest<'s, 'a> {
    let fresh = |series: &'s Shown<'a>| {
        let latest = series.latest.filter(|latest| !latest.stale)?;
        (latest.value.is_finite() && counts(latest.value)).then_some((series, latest.value))
    };
    let mut all: Vec<_> = shown.iter().filter_map(fresh).collect();
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
        reached: state::verdict(panel, *value).map(|(level, word)| (level, word.to_owned())),
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
