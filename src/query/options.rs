//! The settings of queries: how far an instant selector looks back, and what an evaluation may
//! use.

use serde::{Deserialize, Serialize};

use crate::model::Span;

/// Settings of the table `[query]`.
///
/// ```
/// use watchglass::query::Options;
/// let options = Options { points_max: 0, ..Options::default() };
/// assert_eq!(options.check()[0].0, "points_max");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// How old the newest sample of a series may be to count as its value now. A length of time,
    /// `5m` unless set, from `1s` to `1d`.
    pub lookback: Span,
    /// How long one evaluation may take before it is stopped. A length of time, `10s` unless set,
    /// from `100ms` to `10m`.
    pub deadline: Span,
    /// The most samples one evaluation may read. A count, 20 million unless set, from 1,000.
    pub samples_max: u64,
    /// The most series one selector may select. A count, 20,000 unless set, from 1.
    pub series_max: usize,
    /// The most queries over HTTP that are evaluated at once; further ones wait their turn. A
    /// count, 4 unless set, from 1 to 256.
    pub parallel_max: usize,
    /// The most steps of a range query. A count, 11,000 unless set, from 1 to 1,000,000.
    pub points_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            lookback: Span::from_secs(300),
            deadline: Span::from_secs(10),
            samples_max: 20_000_000,
            series_max: 20_000,
            parallel_max: 4,
            points_max: 11_000,
        }
    }
}

impl Options {
    /// All mistakes: the key inside the table, and what is wrong with its value.
    pub fn check(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        let mut span = |key, value: Span, least: Span, most: Span| {
            if value < least || value > most {
                wrong.push((key, format!("`{value}` must lie between `{least}` and `{most}`")));
            }
        };
        span("lookback", self.lookback, Span::from_secs(1), Span::from_secs(86_400));
        span("deadline", self.deadline, Span(100), Span::from_secs(600));
        if self.samples_max < 1000 {
            wrong.push(("samples_max", format!("`{}` must be at least 1000", self.samples_max)));
        }
        if self.series_max == 0 {
            wrong.push(("series_max", "`0` must be at least 1".to_owned()));
        }
        if !(1..=256).contains(&self.parallel_max) {
            let value = self.parallel_max;
            wrong.push(("parallel_max", format!("`{value}` must lie between 1 and 256")));
        }
        if !(1..=1_000_000).contains(&self.points_max) {
            let value = self.points_max;
            wrong.push(("points_max", format!("`{value}` must lie between 1 and 1000000")));
        }
        wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_sound_and_every_mistake_is_told() {
        assert_eq!(Options::default().check(), []);
        let wrong = Options {
            lookback: Span::ZERO,
            deadline: Span::from_secs(601),
            samples_max: 999,
            series_max: 0,
            parallel_max: 0,
            points_max: 0,
        };
        let keys: Vec<&str> = wrong.check().iter().map(|(key, _)| *key).collect();
        let expected =
            ["lookback", "deadline", "samples_max", "series_max", "parallel_max", "points_max"];
        assert_eq!(keys, expected);
    }

    #[test]
    fn settings_are_read_with_units_and_unknown_keys_are_refused() {
        let read = |text: &str| toml::from_str::<Options>(text);
        assert_eq!(read("lookback = \"1m\"").map(|options| options.lookback), Ok(Span(60_000)));
        assert!(read("look_back = \"1m\"").is_err());
    }
}
