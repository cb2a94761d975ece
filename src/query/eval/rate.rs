//! Change within a window: `rate`, `increase`, `delta`, their instant forms, `resets`, `changes`.

use crate::model::Sample;

use super::window::{Window, WindowFunction};

/// What is made of the first and the last sample of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// Of a counter, a second.
    Rate,
    /// Of a counter.
    Increase,
    /// Of a gauge.
    Delta,
}

/// The change from edge to edge of a window, extrapolated from the samples inside.
pub(super) struct Extrapolated {
    change: Change,
    /// The indices of the samples that are lower than the one before, for counters; most series
    /// have none, so a window needs not be walked.
    resets: Vec<usize>,
}

impl Extrapolated {
    pub(super) const fn new(change: Change) -> Self {
        Self { change, resets: Vec::new() }
    }

    /// What the counter lost by resets inside the window.
    fn lost(&self, window: &Window<'_>) -> f64 {
        let first = self.resets.partition_point(|reset| *reset <= window.from);
        let inside = self.resets.iter().skip(first).take_while(|reset| **reset < window.to);
        let values = window.samples();
        let before = inside.filter_map(|reset| values.get(reset - window.from - 1));
        before.map(|sample| sample.value).sum()
    }
}

impl WindowFunction for Extrapolated {
    fn begin(&mut self, samples: &[Sample]) {
        self.resets.clear();
        if self.change != Change::Delta {
            let drops = samples.windows(2).enumerate();
            let drops = drops.filter(|(_, pair)| pair[1].value < pair[0].value);
            self.resets.extend(drops.map(|(index, _)| index + 1));
        }
    }

    fn value(&mut self, window: &Window<'_>) -> Option<f64> {
        let (first, last) = ends(window.samples())?;
        let counter = self.change != Change::Delta;
        let mut change = last.value - first.value;
        if counter {
            change += self.lost(window);
        }
        let sampled = (last.at - first.at).seconds();
        let spacing = sampled / (window.samples().len() - 1) as f64;
        // A sample missing at an edge is likely only when the gap there is clearly longer than usual.
        let reach = |gap: f64| if gap >= spacing * 1.1 { spacing / 2.0 } else { gap };
        let mut before = reach((first.at - window.start).seconds());
        let after = reach((window.end - last.at).seconds());
        if counter && change > 0.0 && first.value >= 0.0 {
            // A counter is never negative: it cannot have begun earlier than where it was zero.
            before = before.min(sampled * (first.value / change));
        }
        let mut factor = (sampled + before + after) / sampled;
        if self.change == Change::Rate {
            factor /= (window.end - window.start).seconds();
        }
        Some(change * factor)
    }

    fn walks(&self) -> bool {
        false
    }
}

fn ends(samples: &[Sample]) -> Option<(&Sample, &Sample)> {
    match samples {
        [first, .., last] => Some((first, last)),
        _ => None,
    }
}

/// The change between the last two samples: a second of a counter (`irate`), or plain (`idelta`).
pub(super) fn last_change(window: &Window<'_>, counter: bool) -> Option<f64> {
    let [.., before, last] = window.samples() else {
        return None;
    };
    let seconds = (last.at - before.at).seconds();
    if seconds <= 0.0 {
        return None;
    }
    let after_reset = counter && last.value < before.value;
    let change = if after_reset { last.value } else { last.value - before.value };
    Some(if counter { change / seconds } else { change })
}

/// How often the value is lower than the one before.
pub(super) fn resets(window: &Window<'_>) -> f64 {
    count_pairs(window, |before, value| value < before)
}

/// How often the value differs from the one before; two NaNs do not differ.
pub(super) fn changes(window: &Window<'_>) -> f64 {
    count_pairs(window, |before, value| value != before && !(value.is_nan() && before.is_nan()))
}

fn count_pairs(window: &Window<'_>, counts: impl Fn(f64, f64) -> bool) -> f64 {
    let pairs = window.samples().windows(2);
    pairs.filter(|pair| counts(pair[0].value, pair[1].value)).count() as f64
}
