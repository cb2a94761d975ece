//! A checked query in its normal form, and what can be said of it without data.

use std::hash::{Hash, Hasher};

use super::ast::{
    Binary, Edge, Expr, Length, LengthNode, Matching, Node, Place, Selector, Shift, ValueType,
};
use super::error::{ParseError, line_and_column};
use super::parser::parse;
use crate::model::{Matcher, Span};

/// A checked query in its normal form. Two plans are equal when their normal texts are: equal plans
/// are one subscription.
///
/// ```
/// use watchglass::query::Plan;
/// let plan = Plan::new(r#"(sum(up{job="a", env!="b"}) by (zone, app))"#).unwrap();
/// assert_eq!(plan.text(), r#"sum by (app, zone) (up{env!="b", job="a"})"#);
/// assert_eq!(plan, Plan::new(plan.text()).unwrap());
/// ```
#[derive(Debug, Clone)]
pub struct Plan {
    source: String,
    text: String,
    expr: Expr,
}

/// Which samples can change which results: a sample at `s` can change the result at `t` only if
/// `s - ahead <= t <= s + back`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// How long after its time a sample is seen.
    pub back: Span,
    /// How long before its time a sample is seen: by negative offsets and smoothed edges.
    pub ahead: Span,
    /// Whether old results can change as time passes, or in ways that `back` and `ahead` do not
    /// cover: any `@`, negative offsets, lengths and numbers that depend on the query's range.
    pub moves: bool,
}

impl Plan {
    /// Reads a query, checks it and brings it into its normal form.
    ///
    /// # Errors
    /// As [`parse`].
    pub fn new(text: &str) -> Result<Self, ParseError> {
        let expr = normal(parse(text)?);
        Ok(Self { source: text.to_owned(), text: expr.to_string(), expr })
    }

    /// The normal text: reads back as an equal plan.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text as it was written, which the places of [`Self::expr`] point into.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The tree, without parentheses.
    pub fn expr(&self) -> &Expr {
        &self.expr
    }

    /// The type of the result.
    pub fn value_type(&self) -> ValueType {
        self.expr.value_type()
    }

    /// The line and the column, both from 1, at which `place` begins in the text as it was written.
    pub fn position(&self, place: Place) -> (usize, usize) {
        line_and_column(&self.source, place.start)
    }

    /// Which samples can change which results, with this lookback. Never too small.
    ///
    /// ```
    /// use watchglass::model::Span;
    /// let plan = watchglass::query::Plan::new("rate(up[1m] offset 30s)").unwrap();
    /// let reach = plan.reach(Span::from_secs(300));
    /// assert_eq!((reach.back, reach.ahead, reach.moves), (Span(90_000), Span::ZERO, false));
    /// ```
    pub fn reach(&self, lookback: Span) -> Reach {
        let mut window = Window::default();
        window.add(&self.expr, lookback, Interval::default());
        let ahead = window.ahead.max(Span::ZERO);
        let moves = window.moves || ahead > Span::ZERO;
        Reach { back: window.back.max(Span::ZERO), ahead, moves }
    }

    /// The matchers of each selector, in the order of the normal text.
    pub fn selectors(&self) -> Vec<&[Matcher]> {
        let mut found = Vec::new();
        self.expr.visit(&mut |expr| match &expr.node {
            Node::Selector(selector) | Node::Range { selector, .. } => {
                found.push(selector.matchers.as_slice());
            }
            _ => {}
        });
        found
    }
}

impl PartialEq for Plan {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Plan {}

impl Hash for Plan {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl Expr {
    /// Calls `seen` with this expression and all inside it, outer before inner, left before right.
    pub fn visit<'a>(&'a self, seen: &mut dyn FnMut(&'a Self)) {
        seen(self);
        match &self.node {
            Node::Number(_) | Node::String(_) | Node::Selector(_) | Node::Range { .. } => {}
            Node::Subquery { expr, .. } | Node::Paren(expr) | Node::Unary { expr, .. } => {
                expr.visit(seen);
            }
            Node::Binary(binary) => {
                binary.lhs.visit(seen);
                binary.rhs.visit(seen);
            }
            Node::Call { args, .. } => args.iter().for_each(|arg| arg.visit(seen)),
            Node::Aggregate(aggregate) => {
                aggregate.param.iter().for_each(|param| param.visit(seen));
                aggregate.expr.visit(seen);
            }
        }
    }
}

/// Where samples may lie that a part of the query reads, seen from the time of the result.
#[derive(Clone, Copy, Default)]
struct Interval {
    /// How far before.
    back: Span,
    /// How far behind; negative when all lies before.
    ahead: Span,
}

#[derive(Default)]
struct Window {
    back: Span,
    ahead: Span,
    moves: bool,
}

impl Window {
    /// Adds all that `expr` reads when it is evaluated at times within `outer`.
    fn add(&mut self, expr: &Expr, lookback: Span, outer: Interval) {
        match &expr.node {
            Node::Number(_) | Node::String(_) => {}
            Node::Selector(selector) => {
                let ahead = Self::smoothed(selector.edge, lookback);
                self.read(outer, &selector.shift, lookback, ahead);
            }
            Node::Range { selector, range, edge } => {
                let before = if *edge == Edge::Plain { Span::ZERO } else { lookback };
                let back = sum(self.fixed(range), before);
                self.read(outer, &selector.shift, back, Self::smoothed(*edge, lookback));
            }
            Node::Subquery { expr, range, step, shift } => {
                if let Some(step) = step {
                    self.fixed(step);
                }
                let back = self.fixed(range);
                let inner = self.shifted(outer, shift, back, Span::ZERO);
                self.add(expr, lookback, inner);
            }
            Node::Paren(expr) | Node::Unary { expr, .. } => self.add(expr, lookback, outer),
            Node::Binary(binary) => {
                self.add(&binary.lhs, lookback, outer);
                self.add(&binary.rhs, lookback, outer);
            }
            Node::Call { function, args } => {
                self.moves |= matches!(function.name(), "start" | "end" | "range");
                for arg in args {
                    self.add(arg, lookback, outer);
                }
            }
            Node::Aggregate(aggregate) => {
                aggregate.param.iter().for_each(|param| self.add(param, lookback, outer));
                self.add(&aggregate.expr, lookback, outer);
            }
        }
    }

    fn smoothed(edge: Edge, lookback: Span) -> Span {
        if edge == Edge::Smoothed { lookback } else { Span::ZERO }
    }

    fn read(&mut self, outer: Interval, shift: &Shift, back: Span, ahead: Span) {
        let read = self.shifted(outer, shift, back, ahead);
        self.back = self.back.max(read.back);
        self.ahead = self.ahead.max(read.ahead);
    }

    fn shifted(&mut self, outer: Interval, shift: &Shift, back: Span, ahead: Span) -> Interval {
        // A fixed time reaches every result from one place: nothing but reading all again is right.
        self.moves |= shift.at.is_some();
        let offset = shift.offset.as_ref().map_or(Span::ZERO, |offset| self.fixed(offset));
        Interval {
            back: sum(sum(outer.back, offset), back),
            ahead: sum(sum(outer.ahead, Span(-offset.0)), ahead),
        }
    }

    /// The length, or nothing when it depends on the query, which makes old results move.
    fn fixed(&mut self, length: &Length) -> Span {
        match length {
            Length::Fixed(span) => *span,
            Length::Computed(_) => {
                self.moves = true;
                Span::ZERO
            }
        }
    }
}

fn sum(one: Span, two: Span) -> Span {
    Span(one.0.saturating_add(two.0))
}

/// The normal form: no parentheses, signs folded into numbers, matchers and label lists sorted
/// without duplicates, nothing said that says nothing.
fn normal(expr: Expr) -> Expr {
    let Expr { node, place } = expr;
    let boxed = |expr: Box<Expr>| Box::new(normal(*expr));
    let node = match node {
        Node::Paren(inner) => return Expr { place, ..normal(*inner) },
        Node::Number(_) | Node::String(_) => node,
        Node::Selector(selector) => Node::Selector(normal_selector(selector)),
        Node::Range { selector, range, edge } => {
            Node::Range { selector: normal_selector(selector), range, edge }
        }
        Node::Subquery { expr, range, step, shift } => {
            Node::Subquery { expr: boxed(expr), range, step, shift: normal_shift(shift) }
        }
        Node::Unary { negative, expr } => match normal(*expr) {
            Expr { node: Node::Number(value), .. } => {
                Node::Number(if negative { -value } else { value })
            }
            expr => Node::Unary { negative, expr: Box::new(expr) },
        },
        Node::Binary(binary) => Node::Binary(Box::new(normal_binary(*binary))),
        Node::Call { function, args } => {
            Node::Call { function, args: args.into_iter().map(normal).collect() }
        }
        Node::Aggregate(mut aggregate) => {
            aggregate.param = aggregate.param.map(normal);
            aggregate.expr = normal(aggregate.expr);
            sort(&mut aggregate.grouping);
            Node::Aggregate(aggregate)
        }
    };
    Expr { node, place }
}

fn normal_binary(binary: Binary) -> Binary {
    let Binary { op, lhs, rhs, return_bool, mut matching } = binary;
    let (lhs, rhs) = (normal(lhs), normal(rhs));
    if lhs.value_type() == ValueType::Scalar || rhs.value_type() == ValueType::Scalar {
        matching = Matching::default();
    }
    sort(&mut matching.labels);
    sort(&mut matching.include);
    Binary { op, lhs, rhs, return_bool, matching }
}

fn normal_selector(mut selector: Selector) -> Selector {
    let key =
        |matcher: &Matcher| (matcher.name().to_owned(), matcher.op(), matcher.value().to_owned());
    selector.matchers.sort_by_cached_key(key);
    selector.matchers.dedup();
    selector.shift = normal_shift(selector.shift);
    selector
}

fn normal_shift(mut shift: Shift) -> Shift {
    shift.offset = shift.offset.filter(|offset| !is_zero(offset));
    shift
}

fn is_zero(length: &Length) -> bool {
    match length {
        Length::Fixed(span) => *span == Span::ZERO,
        Length::Computed(expr) => matches!(expr.node, LengthNode::Seconds(0.0)),
    }
}

fn sort(labels: &mut Vec<String>) {
    labels.sort_unstable();
    labels.dedup();
}

#[cfg(test)]
mod tests;
