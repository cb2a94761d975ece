//! Plans to nodes: which parts have a node of their own, and which are evaluated as a whole.

use crate::model::Span;

use super::super::super::ast::{
    Aggregate, Binary, Edge, Expr, Length, Node as Syntax, Place, Selector, Shift, ValueType,
};
use super::super::over_time;
use super::Standing;
use super::each::Each;
use super::fold::Fold;
use super::meet::Meet;
use super::node::{Kind, Node};
use super::sliding::Sliding;
use super::table::Places;
use super::windows::{Following, Newest, Windows};

impl Standing {
    /// The node of an expression, made if there is none yet, with all that it reads.
    pub(super) fn compile(&mut self, expr: &Expr) -> usize {
        match &expr.node {
            Syntax::Paren(inner) | Syntax::Unary { negative: false, expr: inner } => {
                return self.compile(inner);
            }
            _ => {}
        }
        let text = expr.to_string();
        if let Some(id) = self.by_text.get(&text) {
            return *id;
        }
        let (kind, inputs) = self.kind(expr);
        self.nodes.push(Node::new(expr.clone(), kind, inputs));
        let id = self.nodes.len() - 1;
        self.by_text.insert(text, id);
        id
    }

    fn kind(&mut self, expr: &Expr) -> (Kind, Vec<usize>) {
        let own = match &expr.node {
            Syntax::Number(number) => Some((Kind::Number(*number), Vec::new())),
            Syntax::Selector(selector) => newest(selector).map(|kind| (kind, Vec::new())),
            Syntax::Range { selector, range, edge } => {
                windows(selector, range, *edge).map(|kind| (kind, Vec::new()))
            }
            Syntax::Call { function, args } => self.call(function.name(), args),
            Syntax::Unary { expr, .. } => self.each(Each::negated(), expr, &[]),
            Syntax::Binary(binary) => self.binary(binary),
            Syntax::Aggregate(aggregate) => self.aggregate(aggregate),
            Syntax::String(_) | Syntax::Subquery { .. } | Syntax::Paren(_) => None,
        };
        own.unwrap_or_else(|| self.other(expr))
    }

    fn call(&mut self, name: &str, args: &[Expr]) -> Option<(Kind, Vec<usize>)> {
        let (first, rest) = args.split_first()?;
        if let Some(each) = Each::function(name) {
            return self.each(each, first, rest);
        }
        let Syntax::Range { selector, range, edge } = &first.node else { return None };
        windows(selector, range, *edge)?;
        let sliding = Sliding::new(name).filter(|_| rest.is_empty())?;
        let input = self.compile(first);
        let names = over_time::keeps_name(name);
        Some((Kind::Sliding(sliding, Places::default(), names), vec![input]))
    }

    fn each(&mut self, each: Each, first: &Expr, rest: &[Expr]) -> Option<(Kind, Vec<usize>)> {
        if first.value_type() != ValueType::Vector {
            return None;
        }
        let args = std::iter::once(first).chain(rest);
        Some((Kind::Each(each), args.map(|arg| self.compile(arg)).collect()))
    }

    fn binary(&mut self, binary: &Binary) -> Option<(Kind, Vec<usize>)> {
        let (lhs, rhs) = (&binary.lhs, &binary.rhs);
        match (lhs.value_type(), rhs.value_type()) {
            (ValueType::Vector, ValueType::Scalar) => {
                self.each(Each::operator(binary, false)?, lhs, std::slice::from_ref(rhs))
            }
            (ValueType::Scalar, ValueType::Vector) => {
                self.each(Each::operator(binary, true)?, rhs, std::slice::from_ref(lhs))
            }
            (ValueType::Vector, ValueType::Vector) => {
                let meet = Meet::new(binary)?;
                Some((Kind::Meet(meet), vec![self.compile(lhs), self.compile(rhs)]))
            }
            _ => None,
        }
    }

    fn aggregate(&mut self, aggregate: &Aggregate) -> Option<(Kind, Vec<usize>)> {
        let fold = Fold::new(aggregate)?;
        Some((Kind::Fold(fold), vec![self.compile(&aggregate.expr)]))
    }

    /// An expression that is evaluated as a whole, over the values of what it reads.
    fn other(&mut self, expr: &Expr) -> (Kind, Vec<usize>) {
        let (mut places, mut inputs) = (Vec::new(), Vec::new());
        for part in parts(expr) {
            places.push(part.place);
            inputs.push(self.compile(part));
        }
        (Kind::Other(places), inputs)
    }
}

/// The parts of an expression whose values it can be given. Equal places would be mixed up, which
/// trees made by the parser do not have.
fn parts(expr: &Expr) -> Vec<&Expr> {
    let all: Vec<&Expr> = match &expr.node {
        // These look at the selector itself, not at its values.
        Syntax::Call { function, .. } if matches!(function.name(), "timestamp" | "info") => {
            Vec::new()
        }
        Syntax::Call { args, .. } => args.iter().collect(),
        Syntax::Binary(binary) => vec![&binary.lhs, &binary.rhs],
        Syntax::Aggregate(aggregate) => {
            aggregate.param.iter().chain(std::iter::once(&aggregate.expr)).collect()
        }
        Syntax::Unary { expr, .. } => vec![expr],
        _ => Vec::new(),
    };
    let given = |part: &&Expr| match &part.node {
        Syntax::Range { selector, range, edge } => windows(selector, range, *edge).is_some(),
        Syntax::Number(_) | Syntax::String(_) | Syntax::Subquery { .. } => false,
        _ => true,
    };
    let distinct = |place: Place| all.iter().filter(|other| other.place == place).count() == 1;
    all.iter().copied().filter(given).filter(|part| distinct(part.place)).collect()
}

fn newest(selector: &Selector) -> Option<Kind> {
    let offset = plain(&selector.shift, selector.edge)?;
    let following = Following::new(selector.matchers.clone());
    Some(Kind::Newest(Newest { following, offset }))
}

fn windows(selector: &Selector, range: &Length, edge: Edge) -> Option<Kind> {
    let offset = plain(&selector.shift, edge)?;
    let range = fixed(range).filter(|range| range.0 > 0)?;
    Some(Kind::Windows(Windows::new(selector.matchers.clone(), range, offset)))
}

/// The offset of a selector that has nothing else.
fn plain(shift: &Shift, edge: Edge) -> Option<Span> {
    if shift.at.is_some() || edge != Edge::Plain {
        return None;
    }
    shift.offset.as_ref().map_or(Some(Span::ZERO), fixed)
}

const fn fixed(length: &Length) -> Option<Span> {
    match length {
        Length::Fixed(span) => Some(*span),
        Length::Computed(_) => None,
    }
}
