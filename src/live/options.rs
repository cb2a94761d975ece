//! The settings of the live core.

use serde::{Deserialize, Serialize};

use crate::model::Span;

/// The table `[live]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// How long after its time a column is made final, so that collectors' samples of that time are
    /// in it. Default 50 ms, from 0 ms to 500 ms.
    pub grace: Span,
    /// How often, at most, pushed samples are shown before their column is final. Default 100 ms,
    /// from 20 ms to 1 s.
    pub push_interval: Span,
    /// How long a channel is kept after its last viewer left. Default 30 s, from 0 s to 1 h.
    pub keep: Span,
    /// Distinct live queries in all; further ones are refused. Default 10,000, from 1.
    pub channels_max: usize,
    /// Subscriptions of one session, a board counting as one. Default 200, from 1.
    pub subscriptions_max: usize,
    /// Series of one live query; a query that gives more ends with an error. Default 2,000, from 1.
    pub series_max: usize,
    /// Looks at samples a second of one live query; a dearer one is refreshed every 5, 15 or 60 s
    /// instead of at each column. Default 2,000,000, from 1,000.
    pub query_samples_max: usize,
    /// The same of all live queries together: beyond it the dearest are refreshed more rarely.
    /// Default 20,000,000, from 1,000.
    pub samples_max: usize,
    /// Samples that standing queries keep in their windows, 16 bytes each, so that a tick reads
    /// only what is new; queries for which there is no room read their windows anew each tick.
    /// Default 4,000,000 (64 MB), from 0 to 1,000,000,000.
    pub window_samples_max: usize,
    /// Threads that evaluate live queries. Default 2, from 1 to 64.
    pub evaluators: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            grace: Span(50),
            push_interval: Span(100),
            keep: Span::from_secs(30),
            channels_max: 10_000,
            subscriptions_max: 200,
            series_max: 2000,
            query_samples_max: 2_000_000,
            samples_max: 20_000_000,
            window_samples_max: 4_000_000,
            evaluators: 2,
        }
    }
}

impl Options {
    /// What is out of bounds: (key inside the table, what is wrong).
    pub fn check(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        let mut span = |key, value: Span, from: i64, to: i64| {
            if !(from..=to).contains(&value.0) {
                wrong.push((key, format!("`{value}` is not from {} to {}", Span(from), Span(to))));
            }
        };
        span("grace", self.grace, 0, 500);
        span("push_interval", self.push_interval, 20, 1000);
        span("keep", self.keep, 0, 3_600_000);
        let mut count = |key, value: usize, to: usize| {
            if !(1..=to).contains(&value) {
                wrong.push((key, format!("`{value}` is not from 1 to {to}")));
            }
        };
        count("channels_max", self.channels_max, 1_000_000);
        count("subscriptions_max", self.subscriptions_max, 10_000);
        count("series_max", self.series_max, 100_000);
        count("evaluators", self.evaluators, 64);
        for (key, value) in
            [("query_samples_max", self.query_samples_max), ("samples_max", self.samples_max)]
        {
            if value < 1000 {
                wrong.push((key, format!("`{value}` must be at least 1000")));
            }
        }
        if self.window_samples_max > 1_000_000_000 {
            let value = self.window_samples_max;
            wrong.push(("window_samples_max", format!("`{value}` is not from 0 to 1000000000")));
        }
        wrong
    }
}
