//! A series in the making: pairs from any decoder, checked against the limits one by one.

use std::borrow::Cow;

use crate::model::{Labels, METRIC_NAME};

use super::Options;
use super::fault::Fault;

/// Collects the metric name and the labels of one series and refuses what is beyond the limits.
pub(super) struct Series<'a> {
    options: &'a Options,
    pairs: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    named: bool,
}

impl<'a> Series<'a> {
    /// A series without name and labels.
    pub(super) fn new(options: &'a Options) -> Self {
        Self { options, pairs: Vec::new(), named: false }
    }

    /// Adds the metric name. A second one is refused when the series is built.
    pub(super) fn name(&mut self, name: impl Into<Cow<'a, str>>) -> Result<(), Fault> {
        let name = name.into();
        check_metric_name(&name, self.options)?;
        self.named = true;
        self.pairs.push((Cow::Borrowed(METRIC_NAME), name));
        Ok(())
    }

    /// Adds a label; `__name__` is the metric name.
    pub(super) fn label(
        &mut self,
        name: impl Into<Cow<'a, str>>,
        value: impl Into<Cow<'a, str>>,
    ) -> Result<(), Fault> {
        let (name, value) = (name.into(), value.into());
        if name == METRIC_NAME {
            return self.name(value);
        }
        if name.is_empty() {
            return Err(Fault::Plain("a label has no name"));
        }
        let limit = self.options.label_name_bytes_max;
        if name.len() > limit {
            let setting = "label_name_bytes_max";
            return Err(Fault::TooLong { what: "label name", limit, setting });
        }
        let limit = self.options.label_value_bytes_max;
        if value.len() > limit {
            let setting = "label_value_bytes_max";
            return Err(Fault::TooLong { what: "label value", limit, setting });
        }
        if self.pairs.len() - usize::from(self.named) >= self.options.labels_max {
            return Err(Fault::TooManyLabels { limit: self.options.labels_max });
        }
        self.pairs.push((name, value));
        Ok(())
    }

    /// The labels of the series.
    pub(super) fn build(self) -> Result<Labels, Fault> {
        if !self.named {
            return Err(Fault::Plain("the series has no metric name"));
        }
        Ok(Labels::from_pairs(self.pairs)?)
    }
}

/// Refuses an empty metric name and one that is too long.
pub(super) fn check_metric_name(name: &str, options: &Options) -> Result<(), Fault> {
    let limit = options.metric_name_bytes_max;
    if name.is_empty() {
        return Err(Fault::Plain("the metric name is empty"));
    }
    if name.len() > limit {
        let setting = "metric_name_bytes_max";
        return Err(Fault::TooLong { what: "metric name", limit, setting });
    }
    Ok(())
}
