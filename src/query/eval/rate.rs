//! Change within a window: `rate`, `increase`, `delta`, their instant forms, `resets`, `changes`.

use crate::model::{Rolled, Sample};

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
    /// The indices of the samples before which resets are not to be seen, and what was lost by
    /// them.
    hidden: Vec<(usize, f64)>,
}

impl Extrapolated {
    pub(super) const fn new(change: Change) -> Self {
        Self { change, resets: Vec::new(), hidden: Vec::new() }
    }

    /// As after [`WindowFunction::begin`], when the samples that are lower than the one before are
    /// known by their index.
    pub(super) const fn with_resets(change: Change, resets: Vec<usize>) -> Self {
        Self { change, resets, hidden: Vec::new() }
    }

    /// What the counter lost by resets inside the window.
    fn lost(&self, window: &Window<'_>) -> f64 {
        let first = self.resets.partition_point(|reset| *reset <= window.from);
        let inside = self.resets.iter().skip(first).take_while(|reset| **reset < window.to);
        let values = window.samples();
        let before = inside.filter_map(|reset| values.get(reset - window.from - 1));
        let shown: f64 = before.map(|sample| sample.value).sum();
        let first = self.hidden.partition_point(|(reset, _)| *reset <= window.from);
        let inside = self.hidden.iter().skip(first).take_while(|(reset, _)| *reset < window.to);
        inside.fold(shown, |sum, (_, lost)| sum + lost)
    }
}

impl WindowFunction for Extrapolated {
    fn begin(&mut self, samples: &[Sample], rolled: Option<&Rolled>) {
        self.resets.clear();
        self.hidden.clear();
        if self.change == Change::Delta {
            return;
        }
        let drops = samples.windows(2).enumerate();
        let drops = drops.filter(|(_, pair)| pair[1].value < pair[0].value);
        self.resets.extend(drops.map(|(index, _)| index + 1));
        if let Some(Rolled { counts, lost }) = rolled {
            // What is known of the samples in between says all about them.
            let told = |index: usize| {
                let count = counts.get(index).is_some_and(|count| *count > 1);
                count || lost.get(index).is_some_and(|lost| *lost != 0.0)
            };
            self.resets.retain(|index| !told(*index));
            let hidden = lost.iter().copied().enumerate().filter(|(_, lost)| *lost != 0.0);
            self.hidden.extend(hidden);
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
        let spacing = sampled / (window.count() - 1) as f64;
        // A sample missing at an edge is likely only when the gap there is clearly longer than
        // usual.
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

#[cfg(test)]
mod tests {
    use crate::model::Timestamp;

    use super::*;

    /// Seconds and values to samples.
    fn samples(points: &[(i64, f64)]) -> Vec<Sample> {
        points.iter().map(|(at, value)| Sample::new(Timestamp(at * 1000), *value)).collect()
    }

    fn change(change: Change, points: &[(i64, f64)], start: i64, end: i64) -> Option<f64> {
        let samples = samples(points);
        let mut function = Extrapolated::new(change);
        function.begin(&samples, None);
        function.value(&Window::whole(&samples, Timestamp(start * 1000), Timestamp(end * 1000)))
    }

    #[test]
    fn gaps_at_the_edges_are_covered_up_to_the_threshold() {
        let check = |start: i64, end: i64, expected: f64| {
            let points = [(100, 1000.0), (110, 1010.0), (120, 1020.0)];
            let result = change(Change::Increase, &points, start, end).expect("two samples");
            assert!((result - expected).abs() < 1e-9, "({start}, {end}]: {result}");
        };
        check(99, 120, 21.0);
        check(90, 130, 40.0);
        // 11 s are 1.1 times the spacing: half the spacing is taken instead.
        check(89, 120, 25.0);
        check(99, 131, 26.0);
        check(0, 200, 30.0);
    }

    #[test]
    fn a_counter_is_not_extended_beyond_its_zero() {
        let check = |kind: Change, first: f64, start: i64, expected: f64| {
            let points = [(100, first), (110, first + 10.0)];
            let result = change(kind, &points, start, 110).expect("two samples");
            assert!((result - expected).abs() < 1e-9, "{kind:?} {first} {start}: {result}");
        };
        check(Change::Increase, 4.0, 92, 14.0);
        check(Change::Increase, 9.0, 92, 18.0);
        // After the threshold rule: 5 s of a longer gap, and zero was 4 s before.
        check(Change::Increase, 4.0, 50, 14.0);
        check(Change::Increase, 6.0, 50, 15.0);
        check(Change::Increase, 0.0, 50, 10.0);
        check(Change::Increase, -1.0, 92, 18.0);
        check(Change::Delta, 4.0, 92, 18.0);
        check(Change::Rate, 4.0, 92, 14.0 / 18.0);
        // The rate is a second of the range, not of the sampled time.
        check(Change::Rate, 1000.0, 50, 15.0 / 60.0);
    }

    #[test]
    fn resets_add_what_was_counted_before_them() {
        let check = |kind: Change, values: &[f64], expected: f64| {
            let points: Vec<(i64, f64)> =
                (0_i64..).map(|at| at * 10).zip(values.to_vec()).collect();
            let end = points[points.len() - 1].0;
            let result = change(kind, &points, 0, end).expect("two samples");
            let same = result == expected || (result.is_nan() && expected.is_nan());
            assert!(same, "{values:?}: {result}");
        };
        check(Change::Increase, &[5.0, 7.0, 1.0, 2.0], 4.0);
        check(Change::Increase, &[5.0, 1.0, 3.0, 0.0], 3.0);
        check(Change::Increase, &[5.0, 5.0], 0.0);
        check(Change::Delta, &[5.0, 7.0, 1.0, 2.0], -3.0);
        check(Change::Increase, &[1.0, f64::NAN, 3.0], 2.0);
        check(Change::Increase, &[1.0, 2.0, f64::NAN], f64::NAN);
    }

    #[test]
    fn one_sample_is_too_few() {
        assert_eq!(change(Change::Rate, &[(5, 1.0)], 0, 10), None);
        let one = samples(&[(5, 1.0)]);
        let window = Window::whole(&one, Timestamp(0), Timestamp(10_000));
        assert_eq!(last_change(&window, true), None);
        assert_eq!((resets(&window), changes(&window)), (0.0, 0.0));
    }

    /// Sliding over windows finds the resets that lie inside each of them and no others.
    #[test]
    fn windows_see_their_own_resets_alone() {
        let values = [9.0, 1.0, 2.0, 8.0, 0.0, 3.0, 1.0, 5.0];
        let points: Vec<(i64, f64)> = (0_i64..).map(|at| at * 10).zip(values).collect();
        let all = samples(&points);
        let mut function = Extrapolated::new(Change::Increase);
        function.begin(&all, None);
        for from in 0..all.len() {
            for to in from + 2..=all.len() {
                let inside = &all[from..to];
                let (start, end) = (inside[0].at, inside[inside.len() - 1].at);
                let window = Window { from, to, ..Window::whole(&all, start, end) };
                let naive = inside.windows(2).map(|pair| {
                    let (before, value) = (pair[0].value, pair[1].value);
                    if value < before { value } else { value - before }
                });
                assert_eq!(function.value(&window), Some(naive.sum()), "{from}..{to}");
            }
        }
    }
}
