//! Standing queries: queries that are asked again every tick, and answered from what the last tick
//! left.
//!
//! The plans of all of them make one graph, in which equal parts stand once, so that what two
//! queries share is computed once a tick. A node keeps the labels of its cells, the places where
//! they go and, over windows, the samples; on an ordinary tick it reads and writes numbers alone.
//! Labels are looked at again only when series have come or gone. What has no node of its own is
//! evaluated as for a query that is asked once, over the values of the nodes below it. Both ways
//! give the same bits; a property test says so.

mod compile;
mod each;
mod fold;
mod meet;
mod node;
mod sliding;
mod table;
#[cfg(test)]
mod tests;
mod windows;

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;

use crate::model::{Follow, Labels, Span, Timestamp};

use super::super::ast::Node as Syntax;
use super::super::plan::Plan;
use super::EvalError;
use super::limits::Limits;
use node::{Around, Halt, Node};

/// A query that was not asked for this long is forgotten with what it kept.
const IDLE: Span = Span::from_secs(60);

/// The values of a standing query at one time.
#[derive(Debug, Clone)]
pub struct Row {
    /// Tells whether the labels are those of an earlier row: they are when this number is.
    pub table: u64,
    /// The series, in no particular order. Some may have had no value for long.
    pub labels: Arc<[Labels]>,
    /// One value a series, [`ABSENT`](crate::model::ABSENT) where there is none.
    pub values: Vec<f64>,
    /// How much work it was, in the unit of [`Output`](super::Output); what another query of this
    /// tick had computed already is not in it.
    pub work: u64,
}

/// The graph of all standing queries.
///
/// ```
/// use watchglass::model::*;
/// use watchglass::query::{Limits, Options, Plan, Standing};
/// use watchglass::store::{Options as StoreOptions, Store};
///
/// let store = Store::new(&StoreOptions::default(), Span::from_secs(3600), Span::from_secs(60));
/// let mut standing = Standing::new(1000);
/// let plan = Plan::new("orders * 2").unwrap();
/// for at in [Timestamp(1000), Timestamp(2000)] {
///     let mut batch = Batch::new(Origin::Push);
///     batch.push(Labels::named("orders"), Sample::new(at, at.seconds()));
///     store.append(&batch, Principal::Anonymous, at);
///     let limits = Limits::from(&Options::default());
///     let row = standing.evaluate(&plan, at, &store, &limits).unwrap().unwrap();
///     assert_eq!(row.values, [at.seconds() * 2.0]);
/// }
/// ```
pub struct Standing {
    /// Inputs stand before the nodes that read them.
    nodes: Vec<Node>,
    /// The nodes by the normal text of their part of a plan.
    by_text: HashMap<String, usize, RandomState>,
    roots: HashMap<String, Root, RandomState>,
    swept: Timestamp,
    /// How many samples the windows of all nodes have room for, and may have.
    samples: usize,
    samples_max: usize,
}

/// A query and where its values stand.
struct Root {
    /// Nothing when its windows did not fit: it is evaluated without being kept.
    node: Option<usize>,
    asked: Timestamp,
    /// How far it looks back.
    back: Span,
}

impl Standing {
    /// An empty graph whose windows keep at most about `samples_max` samples of 16 bytes.
    pub fn new(samples_max: usize) -> Self {
        Self {
            nodes: Vec::new(),
            by_text: HashMap::default(),
            roots: HashMap::default(),
            swept: Timestamp::MIN,
            samples: 0,
            samples_max,
        }
    }

    /// Whether a plan can stand: not when old results move as time passes, or when it asks for the
    /// step, which is not the graph's to know.
    pub fn suits(plan: &Plan, lookback: Span) -> bool {
        let mut asks = false;
        plan.expr().visit(&mut |expr| {
            if let Syntax::Call { function, .. } = &expr.node {
                asks |= function.name() == "step";
            }
        });
        !asks && !plan.reach(lookback).moves
    }

    /// The values of `plan`, which [suits](Self::suits), at `at`. Nothing when the query must be
    /// asked the ordinary way: `at` lies before what the graph has seen, the query looks back
    /// further than series can be followed, or there is no room for its windows.
    pub fn evaluate(
        &mut self,
        plan: &Plan,
        at: Timestamp,
        data: &dyn Follow,
        limits: &Limits,
    ) -> Option<Result<Row, EvalError>> {
        if self.swept.saturating_add(IDLE) < at {
            self.sweep(at);
        }
        let (node, back) = self.root(plan, at, limits.lookback);
        let oldest = at.saturating_sub(back);
        if oldest < data.whole_since() {
            return None;
        }
        let node = node?;
        let around = Around { at, data, limits, work: Cell::new(0) };
        match self.bring(node, &around) {
            Ok(()) => {}
            Err(Halt::Error(error)) => return Some(Err(error)),
            Err(Halt::Behind) => return None,
        }
        if self.samples > self.samples_max {
            self.roots.get_mut(plan.text())?.node = None;
            self.sweep(at);
            return None;
        }
        if oldest < data.whole_since() {
            // It was given away while it was read. Nothing of it is inside a later window that is.
            return None;
        }
        let node = &self.nodes[node];
        let (table, labels) = (node.table.version(), Arc::clone(node.table.labels()));
        Some(Ok(Row { table, labels, values: node.values.clone(), work: around.work.get() }))
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether no query stands.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The node of a plan, and how far the plan looks back.
    fn root(&mut self, plan: &Plan, at: Timestamp, lookback: Span) -> (Option<usize>, Span) {
        if let Some(root) = self.roots.get_mut(plan.text()) {
            root.asked = root.asked.max(at);
            return (root.node, root.back);
        }
        let (node, back) = (Some(self.compile(plan.expr())), plan.reach(lookback).back);
        self.roots.insert(plan.text().to_owned(), Root { node, asked: at, back });
        (node, back)
    }

    /// Brings a node and all it reads to the time asked for.
    fn bring(&mut self, id: usize, around: &Around<'_>) -> Result<(), Halt> {
        let node = &self.nodes[id];
        if node.at.is_some_and(|at| at > around.at) {
            return Err(Halt::Behind);
        }
        if node.at == Some(around.at) {
            return node.failure.clone().map_or(Ok(()), |error| Err(Halt::Error(error)));
        }
        for input in 0..node.inputs.len() {
            let input = self.nodes[id].inputs[input];
            self.bring(input, around)?;
        }
        let (inputs, rest) = self.nodes.split_at_mut(id);
        let node = &mut rest[0];
        let before = node.samples();
        node.failure = node.compute(inputs, around).err();
        around.worked(node.cells());
        self.samples = self.samples - before + node.samples();
        node.at = Some(around.at);
        node.failure.clone().map_or(Ok(()), |error| Err(Halt::Error(error)))
    }

    /// Forgets queries that nobody asks any more, and the nodes that were only theirs.
    fn sweep(&mut self, at: Timestamp) {
        self.swept = at;
        self.roots.retain(|_, root| at - root.asked <= IDLE);
        let mut wanted = vec![false; self.nodes.len()];
        for root in self.roots.values() {
            if let Some(node) = root.node {
                wanted[node] = true;
            }
        }
        for id in (0..self.nodes.len()).rev() {
            if wanted[id] {
                self.nodes[id].inputs.iter().for_each(|input| wanted[*input] = true);
            }
        }
        let mut next = 0;
        let moved: Vec<Option<usize>> = wanted
            .iter()
            .map(|wanted| {
                next += usize::from(*wanted);
                wanted.then(|| next - 1)
            })
            .collect();
        let place = |old: usize| moved.get(old).copied().flatten();
        self.by_text.retain(|_, id| place(*id).map(|new| *id = new).is_some());
        for root in self.roots.values_mut() {
            root.node = root.node.and_then(place);
        }
        let mut id = 0;
        self.nodes.retain_mut(|node| {
            let kept = wanted[id];
            id += 1;
            node.inputs = node.inputs.iter().filter_map(|input| place(*input)).collect();
            kept
        });
        self.samples = self.nodes.iter().map(Node::samples).sum();
    }
}
