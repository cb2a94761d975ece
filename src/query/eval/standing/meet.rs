//! Nodes of two vectors: which elements meet is found once, as long as no group can become
//! ambiguous.

use crate::model::{ABSENT, is_absent};

use super::super::super::ast::{Binary, Cardinality, Matching};
use super::super::binary::Operation;
use super::super::matching::{Meeting, Sides, meetings, not_unique};
use super::super::vector::{Column, LabelMap, Vector};
use super::super::{EvalError, Evaluator, Grid};
use super::node::{Around, Node, take_vector};
use super::table::Table;

/// An operator between two vectors.
pub(super) struct Meet {
    matching: Matching,
    operation: Operation,
    inputs: Option<(u64, u64)>,
    /// Cell of the left, cell of the right, place in the result; nothing while groups may be
    /// ambiguous, which is judged by who is there at a tick.
    pairs: Option<Vec<(u32, u32, u32)>>,
}

impl Meet {
    /// Nothing for set operators, and where missing partners are filled in.
    pub(super) fn new(binary: &Binary) -> Option<Self> {
        let matching = &binary.matching;
        let filled = matching.fill_left.is_some() || matching.fill_right.is_some();
        let operation = Operation::new(binary).filter(|_| !filled)?;
        Some(Self { matching: matching.clone(), operation, inputs: None, pairs: None })
    }

    pub(super) fn compute(
        &mut self,
        (left, right): (&Node, &Node),
        around: &Around<'_>,
        (table, values): (&mut Table, &mut Vec<f64>),
    ) -> Result<(), EvalError> {
        let inputs = Some((left.table.version(), right.table.version()));
        if self.inputs != inputs {
            self.inputs = inputs;
            self.pairs = self.pairs(left, right, table);
        }
        let Some(pairs) = &self.pairs else {
            let grid = Grid::at(around.at);
            let mut evaluator = Evaluator::new(around.data, grid, around.limits)?;
            let (left, right) = (left.vector(), right.vector());
            let vector = evaluator.matched(left, right, &self.matching, self.operation)?;
            take_vector(vector, table, values);
            return Ok(());
        };
        values.clear();
        values.resize(table.labels().len(), ABSENT);
        for (one, other, place) in pairs {
            let (one, other) = (left.values[*one as usize], right.values[*other as usize]);
            if is_absent(one) || is_absent(other) {
                continue;
            }
            let value = self.operation.apply(one, other, one);
            let cell = &mut values[*place as usize];
            if is_absent(value) {
                continue;
            }
            if !is_absent(*cell) {
                return Err(not_unique(&self.matching, &table.labels()[*place as usize]));
            }
            *cell = value;
        }
        Ok(())
    }

    fn pairs(&self, left: &Node, right: &Node, table: &mut Table) -> Option<Vec<(u32, u32, u32)>> {
        let swapped = self.matching.cardinality == Cardinality::OneToMany;
        let (left, right) = (labels_alone(left), labels_alone(right));
        let (many, one) = if swapped { (&right, &left) } else { (&left, &right) };
        let sides = Sides { many, one, swapped, matching: &self.matching };
        let alone = self.matching.cardinality == Cardinality::OneToOne;
        let (mut pairs, mut labels) = (Vec::new(), Vec::new());
        let mut seen: LabelMap<u32> = LabelMap::default();
        for (_, Meeting { many: members, one: partners }) in &meetings(many, one, &self.matching) {
            if partners.len() > 1 || (alone && members.len() > 1) {
                return None;
            }
            for (member, partner) in members.iter().zip(partners.iter().cycle()) {
                let (of, with) = (&many.columns[*member].labels, &one.columns[*partner].labels);
                let result = sides.labels(of, with, self.operation.drops_name());
                let place = *seen.entry(result).or_insert_with_key(|result| {
                    labels.push(result.clone());
                    (labels.len() - 1) as u32
                });
                let (member, partner) = (*member as u32, *partner as u32);
                let (left, right) = if swapped { (partner, member) } else { (member, partner) };
                pairs.push((left, right, place));
            }
        }
        table.renew(labels);
        Some(pairs)
    }
}

fn labels_alone(node: &Node) -> Vector {
    let column =
        |labels: &crate::model::Labels| Column { labels: labels.clone(), values: Vec::new() };
    Vector::new(node.table.labels().iter().map(column).collect())
}
