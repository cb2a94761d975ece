//! `limitk` and `limit_ratio`: a part of the series of each group, the same ones each time.

use crate::model::{ABSENT, Labels, is_absent};

use super::aggregate::Group;
use super::vector::{Column, Vector};

/// At each step the first `sizes` elements of each group, in the order of their labels.
pub(super) fn first(vector: &Vector, groups: &[Group], sizes: &[f64]) -> Vector {
    let mut values = vec![vec![ABSENT; sizes.len()]; vector.columns.len()];
    for (step, size) in sizes.iter().enumerate() {
        for group in groups {
            let there = group.members.iter().filter_map(|index| {
                let value = *vector.columns.get(*index)?.values.get(step)?;
                (!is_absent(value)).then_some((*index, value))
            });
            // A number below one, or beyond all there are, needs no word.
            for (index, value) in there.take(*size as usize) {
                values[index][step] = value;
            }
        }
    }
    with_values(vector, values)
}

/// At each step the series whose place lies below the ratio; with a ratio below zero, those that
/// the complement leaves out.
pub(super) fn part(vector: &Vector, ratios: &[f64]) -> Vector {
    let values = vector.columns.iter().map(|column| {
        let place = place(&column.labels);
        let kept = |(value, ratio): (&f64, &f64)| {
            let kept = if *ratio >= 0.0 { place < *ratio } else { place >= 1.0 + ratio };
            if kept { *value } else { ABSENT }
        };
        column.values.iter().zip(ratios).map(kept).collect()
    });
    with_values(vector, values.collect())
}

/// Where a series stands between 0 and 1, by its labels alone: their hash as Prometheus makes it
/// (xxHash64 over names and values, each followed by 0xff).
fn place(labels: &Labels) -> f64 {
    let mut bytes = Vec::with_capacity(256);
    for (name, value) in labels.iter() {
        for text in [name, value] {
            bytes.extend_from_slice(text.as_bytes());
            bytes.push(0xff);
        }
    }
    twox_hash::XxHash64::oneshot(0, &bytes) as f64 / u64::MAX as f64
}

fn with_values(vector: &Vector, values: Vec<Vec<f64>>) -> Vector {
    let columns = vector.columns.iter().zip(values);
    let columns = columns.map(|(column, values)| Column { labels: column.labels.clone(), values });
    let mut vector = Vector::new(columns.collect());
    vector.prune();
    vector
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_and_its_complement_are_all() {
        let column = |number: usize| Column {
            labels: Labels::from_pairs([("__name__", "m"), ("n", &number.to_string())])
                .expect("labels"),
            values: vec![number as f64],
        };
        let vector = Vector::new((0..200).map(column).collect());
        for ratio in [0.0, 0.1, 0.5, 0.9, 1.0] {
            let count = |ratio: f64| part(&vector, &[ratio]).columns.len();
            assert_eq!(count(ratio) + count(ratio - 1.0), 200, "{ratio}");
            let near = (count(ratio) as f64 / 200.0 - ratio).abs();
            assert!(near < 0.15, "{ratio}: {near}");
        }
    }
}
