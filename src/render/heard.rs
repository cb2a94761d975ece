//! When a series was last heard of. A query's column repeats the newest sample for as long as the
//! lookback reaches, so its values alone cannot tell; a panel that cares has a query of times.

use super::PanelData;
use crate::dashboard::Panel;
use crate::model::{Labels, Span, Timestamp, is_absent};

/// A series whose rhythm is not known yet is fresh for this long.
const FRESH_AT_FIRST: Span = Span::from_secs(15);

/// The newest sample of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Heard {
    /// When it was measured.
    pub(super) at: Timestamp,
    /// For how long after it the series is fresh: three of its shortest intervals in the window.
    pub(super) fresh: Span,
}

/// What the panel's queries of times say of the series with these labels.
pub(super) fn heard(panel: &Panel, data: &PanelData, labels: &Labels) -> Option<Heard> {
    let wanted = labels.without_name();
    let times = panel.queries.iter().zip(&data.windows).filter(|(query, _)| query.times);
    let series = times.flat_map(|(_, window)| &window.series);
    series.filter(|(labels, _)| labels.without_name() == wanted).find_map(|(_, values)| of(values))
}

fn of(seconds: &[f64]) -> Option<Heard> {
    let mut heard: Option<Timestamp> = None;
    let mut shortest: Option<Span> = None;
    for second in seconds.iter().filter(|second| !is_absent(**second) && second.is_finite()) {
        let at = Timestamp((second * 1000.0).round() as i64);
        if let Some(before) = heard.filter(|before| *before < at) {
            shortest = Some(shortest.map_or(at - before, |span| span.min(at - before)));
        }
        heard = Some(at);
    }
    let fresh = shortest.map_or(FRESH_AT_FIRST, |interval| interval * 3);
    Some(Heard { at: heard?, fresh })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ABSENT;

    #[test]
    fn the_newest_time_and_the_rhythm_are_read_off_the_column() {
        let check = |seconds: &[f64], expected: Option<(i64, i64)>| {
            let heard = of(seconds).map(|heard| (heard.at.0, heard.fresh.0));
            assert_eq!(heard, expected, "{seconds:?}");
        };
        check(&[], None);
        check(&[ABSENT, ABSENT], None);
        check(&[ABSENT, 5.0, 5.0, ABSENT], Some((5000, 15_000)));
        check(&[5.0, 5.0, 7.5, 7.5, 12.0], Some((12_000, 7500)));
    }
}
