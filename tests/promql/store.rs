//! Series in memory, selected in the plainest way there is: the data of the scripts.

use std::collections::BTreeMap;

use watchglass::model::{
    Kind, Labels, Matcher, Metadata, Sample, Select, SelectError, Selected, Selection, Span,
    TimeRange, Timestamp,
};

/// All series that were loaded.
#[derive(Default)]
pub(crate) struct Store {
    series: BTreeMap<Labels, Vec<Sample>>,
}

impl Store {
    /// Adds samples, one every `step` from time 0; a time that is there already is overwritten.
    pub(crate) fn load(&mut self, labels: &Labels, step: Span, points: &[Option<f64>]) {
        let samples = self.series.entry(labels.clone()).or_default();
        for (index, value) in points.iter().enumerate() {
            if let Some(value) = value {
                let at = Timestamp(step.0 * i64::try_from(index).unwrap());
                samples.retain(|sample| sample.at != at);
                samples.push(Sample::new(at, *value));
            }
        }
        samples.sort_by_key(|sample| sample.at);
    }

    pub(crate) fn clear(&mut self) {
        self.series.clear();
    }
}

impl Select for Store {
    fn select(&self, selection: &Selection<'_>) -> Result<Vec<Selected>, SelectError> {
        let mut found = Vec::new();
        let mut count = 0;
        for (labels, samples) in &self.series {
            if !Matcher::all(selection.matchers, labels) {
                continue;
            }
            let inside = samples.iter().filter(|sample| selection.range.contains(sample.at));
            let mut samples: Vec<Sample> = inside.copied().collect();
            if selection.newest_only {
                samples = samples.split_off(samples.len().saturating_sub(1));
            }
            if samples.is_empty() {
                continue;
            }
            count += samples.len();
            found.push(Selected {
                labels: labels.clone(),
                kind: Kind::Float,
                samples,
                rolled: None,
            });
        }
        if found.len() > selection.series_max {
            return Err(SelectError::TooManySeries { limit: selection.series_max });
        }
        if count > selection.samples_max {
            return Err(SelectError::TooManySamples { limit: selection.samples_max });
        }
        Ok(found)
    }

    fn label_names(&self, _: &[Matcher], _: TimeRange) -> Vec<String> {
        Vec::new()
    }

    fn label_values(&self, _: &str, _: &[Matcher], _: TimeRange) -> Vec<String> {
        Vec::new()
    }

    fn metadata(&self, _: &str) -> Option<Metadata> {
        None
    }
}
