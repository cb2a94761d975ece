//! When a series was last heard of. A query's column repeats the newest sample for as long as the
//! lookback reaches, so its values alone cannot tell; a panel that cares has a query of times.

use super::panel_data::FRESH_LEAST;
use super::{PanelData, Window};
use crate::dashboard::Panel;
use crate::model::{ABSENT, Labels, Span, Timestamp, is_absent};

/// A series whose rhythm is not known yet is fresh for this long.
const FRESH_AT_FIRST: Span = Span::from_secs(15);

/// The newest sample of a series, and the times of those before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heard<'a> {
    /// When it was measured.
    pub(super) at: Timestamp,
    /// For how long after a sample the series is fresh: three of its usual intervals, the median of
    /// those in the window.
    pub(super) fresh: Span,
    seconds: &'a [f64],
    window: &'a Window,
}

impl Heard<'_> {
    /// The values of a column each, without those that only repeat a sample that was old by then:
    /// silence is a gap.
    pub(super) fn without_repeats(&self, window: &Window, values: &[f64]) -> Vec<f64> {
        if window.step != self.window.step {
            // Times of another step say nothing of these columns.
            return values.to_vec();
        }
        let measured = |(index, value): (usize, &f64)| {
            let at = window.time(values, index);
            let heard = self.window.index(self.seconds, at).and_then(|i| self.seconds.get(i));
            let heard = heard.filter(|seconds| !is_absent(**seconds)).map(|s| moment(*s));
            if heard.is_some_and(|heard| at - heard > self.fresh) { ABSENT } else { *value }
        };
        values.iter().enumerate().map(measured).collect()
    }
}

/// What the panel's queries of times say of the series with these labels.
pub(super) fn heard<'a>(panel: &Panel, data: &'a PanelData, labels: &Labels) -> Option<Heard<'a>> {
    let wanted = labels.without_name();
    let times = panel.queries.iter().zip(&data.windows).filter(|(query, _)| query.times);
    let series = times.flat_map(|(_, window)| window.series.iter().map(move |it| (window, it)));
    let same = |(_, (labels, _)): &(&Window, &(Labels, Vec<f64>))| labels.without_name() == wanted;
    series.filter(same).find_map(|(window, (_, seconds))| {
        let (at, fresh) = rhythm(seconds)?;
        Some(Heard { at, fresh, seconds, window })
    })
}

fn moment(seconds: f64) -> Timestamp {
    Timestamp((seconds * 1000.0).round() as i64)
}

/// The newest of these times, and how long after one the series is fresh.
fn rhythm(seconds: &[f64]) -> Option<(Timestamp, Span)> {
    let mut heard: Option<Timestamp> = None;
    let mut intervals: Vec<Span> = Vec::new();
    for second in seconds.iter().filter(|second| !is_absent(**second) && second.is_finite()) {
        let at = moment(*second);
        intervals.extend(heard.filter(|before| *before < at).map(|before| at - before));
        heard = Some(at);
    }
    intervals.sort_unstable();
    let usual = intervals.get(intervals.len().saturating_sub(1) / 2);
    let fresh = usual.map_or(FRESH_AT_FIRST, |interval| (*interval * 3).max(FRESH_LEAST));
    Some((heard?, fresh))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_time_and_the_rhythm_are_read_off_the_column() {
        let check = |seconds: &[f64], expected: Option<(i64, i64)>| {
            let heard = rhythm(seconds).map(|(at, fresh)| (at.0, fresh.0));
            assert_eq!(heard, expected, "{seconds:?}");
        };
        check(&[], None);
        check(&[ABSENT, ABSENT], None);
        check(&[ABSENT, 5.0, 5.0, ABSENT], Some((5000, 15_000)));
        check(&[5.0, 5.0, 7.5, 7.5, 12.0], Some((12_000, 7500)));
        check(&[10.0, 20.0, 20.5, 30.5], Some((30_500, 30_000)));
        check(&[5.0, 5.5, 6.0], Some((6000, 3000)));
    }
}
