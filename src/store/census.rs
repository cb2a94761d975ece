//! What the head is made of: how many series each metric, label and value has.

use super::Store;
use super::index::Index;

/// The figures of the head. Lists are ordered by figure, largest first, then by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Census {
    /// How many series there are.
    pub series: usize,
    /// How many different pairs of label and value they have.
    pub label_pairs: usize,
    /// How many chunks of samples there are, open ones included.
    pub chunks: usize,
    /// Series of each metric name.
    pub by_metric: Vec<(String, u64)>,
    /// Different values of each label.
    pub values_by_label: Vec<(String, u64)>,
    /// Bytes of the values of each label, each counted once a series that has it.
    pub bytes_by_label: Vec<(String, u64)>,
    /// Series of each pair of label and value, as `name=value`.
    pub by_pair: Vec<(String, u64)>,
}

impl Store {
    /// Counts what there is; each list has at most `most` rows. Walks over the whole index.
    pub fn census(&self, most: usize) -> Census {
        let mut census = self.index.read().census(most);
        census.chunks = self.shards.iter().map(|shard| shard.read().chunks()).sum();
        census
    }

    /// All metric names of which something is known, sorted.
    pub fn all_metadata(&self) -> Vec<(String, crate::model::Metadata)> {
        self.metadata.all()
    }
}

impl Index {
    fn census(&self, most: usize) -> Census {
        let mut census = Census { series: self.series(), ..Census::default() };
        let mut rows = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
        for (name, value, series) in self.pairs() {
            census.label_pairs += 1;
            let count = series as u64;
            if name == crate::model::METRIC_NAME {
                rows[0].push((value.to_owned(), count));
            }
            rows[3].push((format!("{name}={value}"), count));
            let bytes = count * value.len() as u64;
            match rows[1].last_mut() {
                Some((last, values)) if *last == *name => {
                    *values += 1;
                    if let Some((_, sum)) = rows[2].last_mut() {
                        *sum += bytes;
                    }
                }
                _ => {
                    rows[1].push((name.to_owned(), 1));
                    rows[2].push((name.to_owned(), bytes));
                }
            }
        }
        for rows in &mut rows {
            rows.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
            rows.truncate(most);
        }
        [census.by_metric, census.values_by_label, census.bytes_by_label, census.by_pair] = rows;
        census
    }
}

#[cfg(test)]
mod tests {
    use super::super::Options;
    use super::*;
    use crate::model::{Append, Batch, Labels, Origin, Principal, Sample, Span, Timestamp};

    #[test]
    fn what_there_is_is_counted_and_the_largest_come_first() {
        let store = Store::new(&Options::default(), Span::from_secs(3600), Span::from_secs(600));
        let mut batch = Batch::new(Origin::Push);
        for (name, host) in [("a", "x"), ("a", "yy"), ("b", "x")] {
            let labels = Labels::from_pairs([("__name__", name), ("host", host)]);
            batch.push(labels.expect("labels"), Sample::new(Timestamp(1000), 1.0));
        }
        store.append(&batch, Principal::Anonymous, Timestamp(1000));
        let row = |name: &str, count| (name.to_owned(), count);
        let census = store.census(2);
        assert_eq!((census.series, census.label_pairs), (3, 4));
        assert_eq!(census.by_metric, [row("a", 2), row("b", 1)]);
        assert_eq!(census.values_by_label, [row("__name__", 2), row("host", 2)]);
        assert_eq!(census.bytes_by_label, [row("host", 4), row("__name__", 3)]);
        assert_eq!(census.by_pair, [row("__name__=a", 2), row("host=x", 2)]);
    }
}
