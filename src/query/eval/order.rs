//! `sort` and its kin: the order of the series of an instant query.

use std::cmp::Ordering;

use super::super::ast::{Expr, Place};
use super::vector::Column;
use super::{EvalError, Evaluated, Evaluator, mistyped};

impl Evaluator<'_> {
    pub(super) fn sort(
        &mut self,
        name: &str,
        args: &[Expr],
        place: Place,
    ) -> Result<Evaluated, EvalError> {
        let [vector, labels @ ..] = args else {
            return Err(mistyped("there"));
        };
        let labels = labels.iter().map(|label| self.text(label)).collect::<Result<Vec<_>, _>>()?;
        let mut vector = self.vector(vector)?;
        if !self.grid.is_instant() {
            let remark = "sort is ineffective for range queries since results are always ordered \
                          by labels";
            self.notes.warn(remark, place);
        }
        if self.steps.count > 1 {
            return Ok(Evaluated::Vector(vector));
        }
        vector.prune();
        // Series that are equal in what is asked for stand in the order of their labels.
        vector.columns.sort_by(|a, b| a.labels.cmp(&b.labels));
        match name {
            "sort" => vector.columns.sort_by(|a, b| by_value(first(a), first(b), false)),
            "sort_desc" => vector.columns.sort_by(|a, b| by_value(first(a), first(b), true)),
            _ => {
                let by = |a: &Column, b: &Column| by_labels(a, b, &labels);
                vector.columns.sort_by(by);
                if name == "sort_by_label_desc" {
                    vector.columns.reverse();
                }
            }
        }
        vector.ordered = true;
        Ok(Evaluated::Vector(vector))
    }
}

fn first(column: &Column) -> f64 {
    column.values.first().copied().unwrap_or(f64::NAN)
}

/// By value; NaN comes last either way.
pub(super) fn by_value(a: f64, b: f64, descending: bool) -> Ordering {
    let order = a.partial_cmp(&b).map(|order| if descending { order.reverse() } else { order });
    order.unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

fn by_labels(a: &Column, b: &Column, labels: &[String]) -> Ordering {
    let mut orders =
        labels.iter().map(|label| natural(a.labels.value(label), b.labels.value(label)));
    let order = orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal);
    order.then_with(|| a.labels.cmp(&b.labels))
}

/// As people count: `cpu2` before `cpu10`.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a_parts, mut b_parts) = (parts(a), parts(b));
    loop {
        let order = match (a_parts.next(), b_parts.next()) {
            (None, None) => return a.cmp(b),
            (a, b) if a.is_none() || b.is_none() => return a.is_some().cmp(&b.is_some()),
            (a, b) => compare_parts(a.unwrap_or_default(), b.unwrap_or_default()),
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// The text in pieces that are all digits or hold none.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let digits = rest.chars().next()?.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(rest.len());
        let (part, left) = rest.split_at(end);
        rest = left;
        Some(part)
    })
}

fn compare_parts(a: &str, b: &str) -> Ordering {
    let number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    if number(a) && number(b) {
        let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
        return a.len().cmp(&b.len()).then_with(|| a.cmp(b));
    }
    a.cmp(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn natural_order_counts_digits_as_numbers() {
        let check = |sorted: &[&str]| {
            let mut texts = sorted.to_vec();
            texts.reverse();
            texts.sort_by(|a, b| natural(a, b));
            assert_eq!(texts, sorted);
        };
        check(&["", "cpu", "cpu2", "cpu10", "cpu10a", "cpu010b", "disk1"]);
        check(&["1", "02", "2", "10", "a"]);
    }

    #[test]
    fn nan_comes_last_either_way() {
        let check = |descending: bool, expected: [f64; 2]| {
            let mut values = [f64::NAN, 1.0, 2.0];
            values.sort_by(|a, b| by_value(*a, *b, descending));
            assert_eq!(values[..2], expected);
        };
        check(false, [1.0, 2.0]);
        check(true, [2.0, 1.0]);
    }
}
