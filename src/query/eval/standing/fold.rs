//! Nodes that aggregate: the groups are found once, then a tick adds up by number.

use crate::model::{ABSENT, Labels, is_absent};

use super::super::super::ast::{Aggregate, AggregateOp};
use super::super::aggregate::{Accumulate, Count, Deviation, Least, Most, One, group_labels};
use super::super::number::{Mean, Sum, Variance};
use super::super::vector::present;
use super::node::Node;
use super::table::{Places, Table};

/// An aggregation.
pub(super) struct Fold {
    aggregate: Aggregate,
    cells: Box<dyn Cells>,
    places: Places,
    /// The input's cells in the order of their labels: sums depend on the order in the last digit.
    order: Vec<u32>,
    input: Option<u64>,
}

impl Fold {
    /// Nothing for aggregations that need more than one look at a value.
    pub(super) fn new(aggregate: &Aggregate) -> Option<Self> {
        let cells: Box<dyn Cells> = match aggregate.op {
            AggregateOp::Sum => cells::<Sum>(),
            AggregateOp::Avg => cells::<Mean>(),
            AggregateOp::Count => cells::<Count>(),
            AggregateOp::Min => cells::<Least>(),
            AggregateOp::Max => cells::<Most>(),
            AggregateOp::Group => cells::<One>(),
            AggregateOp::Stddev => cells::<Deviation>(),
            AggregateOp::Stdvar => cells::<Variance>(),
            _ => return None,
        };
        let (places, order) = (Places::default(), Vec::new());
        Some(Self { aggregate: aggregate.clone(), cells, places, order, input: None })
    }

    pub(super) fn compute(&mut self, input: &Node, (table, values): (&mut Table, &mut Vec<f64>)) {
        let labels = input.table.labels();
        if self.input != Some(input.table.version()) {
            self.input = Some(input.table.version());
            self.order = (0..labels.len() as u32).collect();
            let of = |place: &u32| -> &Labels { &labels[*place as usize] };
            self.order.sort_by(|one, other| of(one).cmp(of(other)));
        }
        let aggregate = &self.aggregate;
        self.places.follow(&input.table, table, |labels| group_labels(labels, aggregate));
        self.cells.begin(table.labels().len());
        for at in &self.order {
            let value = input.values[*at as usize];
            if !is_absent(value) {
                self.cells.take(self.places.of(*at), value);
            }
        }
        values.clear();
        values.extend((0..table.labels().len()).map(|place| self.cells.result(place)));
    }
}

/// The accumulators of all groups.
trait Cells: Send {
    /// Empties `count` of them.
    fn begin(&mut self, count: usize);
    /// Adds a value to a group.
    fn take(&mut self, place: usize, value: f64);
    /// What became of a group; absent when it got no value.
    fn result(&self, place: usize) -> f64;
}

struct Accumulators<A>(Vec<(bool, A)>);

fn cells<A: Accumulate + Send + 'static>() -> Box<dyn Cells> {
    Box::new(Accumulators::<A>(Vec::new()))
}

impl<A: Accumulate + Send> Cells for Accumulators<A> {
    fn begin(&mut self, count: usize) {
        self.0.clear();
        self.0.resize(count, (false, A::empty()));
    }

    fn take(&mut self, place: usize, value: f64) {
        let (any, cell) = &mut self.0[place];
        *any = true;
        cell.take(value);
    }

    fn result(&self, place: usize) -> f64 {
        let (any, cell) = &self.0[place];
        if *any { present(cell.result()) } else { ABSENT }
    }
}
