//! Annotations: what a reader should know of a result that is there. Each ends with the place of
//! its cause; the same text is said once. The texts are Prometheus' own, since programs compare
//! them (its `util/annotations`).

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat};

use super::super::ast::Place;
use super::super::plan::Plan;
use super::text;
use crate::model::Timestamp;

/// So many annotations of a kind are told in full, as over Prometheus' API; the rest are counted.
const NOTES_MAX: usize = 10;
/// So many are told apart: beyond it even the count is only a bound.
const NOTES_KEPT: usize = 10_000;

/// The warnings and infos of one evaluation.
#[derive(Debug, Default)]
pub(super) struct Notes {
    warnings: Kept,
    infos: Kept,
    raised: BTreeMap<String, (Raised, Place)>,
}

/// Texts with the place of the first cause, in the order they came.
#[derive(Debug, Default)]
struct Kept {
    places: BTreeMap<String, Place>,
    order: Vec<String>,
}

/// Buckets that had to be raised, over all steps and histograms of a metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Raised {
    /// The lowest and the highest bound of them.
    pub(super) bounds: (f64, f64),
    /// The most that a bucket was raised by.
    pub(super) most: f64,
    /// At how many steps, counted once a histogram.
    pub(super) samples: u64,
    /// The first and the last time.
    pub(super) times: (Timestamp, Timestamp),
}

impl Raised {
    /// Both together.
    pub(super) fn joined(self, other: Self) -> Self {
        Self {
            bounds: (self.bounds.0.min(other.bounds.0), self.bounds.1.max(other.bounds.1)),
            most: self.most.max(other.most),
            samples: self.samples + other.samples,
            times: (self.times.0.min(other.times.0), self.times.1.max(other.times.1)),
        }
    }
}

impl Kept {
    fn add(&mut self, text: String, place: Place) {
        if self.order.len() < NOTES_KEPT && !self.places.contains_key(&text) {
            self.places.insert(text.clone(), place);
            self.order.push(text);
        }
    }

    /// The texts with their places; what is too many is counted.
    fn finish(self, kind: &str, plan: &Plan) -> Vec<String> {
        let more = self.order.len().saturating_sub(NOTES_MAX);
        let told = self.order.iter().take(NOTES_MAX).map(|text| {
            let (line, column) = plan.position(self.places.get(text).copied().unwrap_or_default());
            format!("{text} ({line}:{column})")
        });
        let omitted = (more > 0).then(|| format!("{more} more {kind} annotations omitted"));
        told.chain(omitted).collect()
    }
}

impl Notes {
    /// The result is probably not what was meant.
    pub(super) fn warn(&mut self, text: &str, place: Place) {
        self.warnings.add(format!("PromQL warning: {text}"), place);
    }

    /// The result may not be what was meant.
    pub(super) fn inform(&mut self, text: &str, place: Place) {
        self.infos.add(format!("PromQL info: {text}"), place);
    }

    /// Buckets of the metric called `name` were raised for `histogram_quantile`.
    pub(super) fn raised(&mut self, name: &str, raised: Raised, place: Place) {
        let known = self.raised.get(name).copied();
        let (raised, place) = known.map_or((raised, place), |(old, at)| (old.joined(raised), at));
        self.raised.insert(name.to_owned(), (raised, place));
    }

    /// The texts with their places in the text of the plan: (warnings, infos).
    pub(super) fn finish(mut self, plan: &Plan) -> (Vec<String>, Vec<String>) {
        for (name, (raised, place)) in std::mem::take(&mut self.raised) {
            self.inform(&raised_text(&name, &raised), place);
        }
        (self.warnings.finish("warning", plan), self.infos.finish("info", plan))
    }
}

fn raised_text(name: &str, raised: &Raised) -> String {
    let date = |at: Timestamp| {
        let time = DateTime::from_timestamp_millis(at.0).unwrap_or_default();
        time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
    };
    let remark = text::about(
        "input to histogram_quantile needed to be fixed for monotonicity (see \
         https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)",
        name,
    );
    format!(
        "{remark}, from buckets {} to {}, with a max diff of {}, over {} samples from {} to {}",
        text::number(raised.bounds.0, None),
        text::number(raised.bounds.1, None),
        text::number(raised.most, Some(2)),
        raised.samples,
        date(raised.times.0),
        date(raised.times.1)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_end_with_their_place_and_repeats_are_merged() {
        let check = |text: &str, start: usize, expected: &str| {
            let plan = Plan::new(text).expect("a query");
            let mut notes = Notes::default();
            for repeat in 0..3 {
                notes.warn("odd", Place { start: start + repeat, end: start + repeat });
            }
            let (warnings, infos) = notes.finish(&plan);
            assert_eq!((warnings, infos.len()), (vec![expected.to_owned()], 0));
        };
        check("rate(x[5m])", 5, "PromQL warning: odd (1:6)");
        check("a +\n  b + c", 6, "PromQL warning: odd (2:3)");
        check("{\"é\"} + b + c", 8, "PromQL warning: odd (1:8)");
    }

    #[test]
    fn a_flood_of_notes_is_counted() {
        let mut notes = Notes::default();
        for number in 0..1000 {
            notes.inform(&format!("note {number}"), Place::default());
        }
        let plan = Plan::new("1").expect("a query");
        let (_, infos) = notes.finish(&plan);
        assert_eq!(infos.len(), NOTES_MAX + 1);
        assert_eq!(infos[NOTES_MAX], "990 more info annotations omitted");
    }

    #[test]
    fn raised_buckets_of_a_metric_are_one_note() {
        let raised = |bound: f64, most: f64, at: i64| Raised {
            bounds: (bound, bound),
            most,
            samples: 1,
            times: (Timestamp(at), Timestamp(at)),
        };
        let mut notes = Notes::default();
        notes.raised("x_bucket", raised(0.5, 0.016, 2500), Place::default());
        notes.raised("x_bucket", raised(10.0, 123.0, 1000), Place::default());
        let (_, infos) = notes.finish(&Plan::new("1").expect("a query"));
        let expected = "from buckets 0.5 to 10, with a max diff of 1.2e+02, over 2 samples from \
                        1970-01-01T00:00:01Z to 1970-01-01T00:00:02.500Z (1:1)";
        assert_eq!(infos.len(), 1);
        assert!(infos[0].ends_with(expected), "{infos:?}");
        assert!(infos[0].contains("for metric name \"x_bucket\", from"), "{infos:?}");
    }
}
