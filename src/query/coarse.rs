//! What a query of a chart becomes when its columns lie far apart, so that nothing between two of
//! them is passed over: windows that reach from column to column, and the bounds of what lies
//! between.

use super::ast::{Binary, BinaryOp, Expr, Length, Node, Shift};
use super::{Function, Plan, ValueType};
use crate::model::Span;

/// Functions that say the same of a longer window, only smoother or of more: those are widened.
const AVERAGES: [&str; 4] = ["rate", "avg_over_time", "min_over_time", "max_over_time"];
/// Functions of a value that never change the order of two values.
const MONOTONE: [&str; 11] = [
    "round",
    "ceil",
    "floor",
    "sqrt",
    "exp",
    "ln",
    "log2",
    "log10",
    "clamp",
    "clamp_min",
    "clamp_max",
];
/// How finely a query is looked at between two columns when it is more than a value that was
/// measured: as roll-ups are spaced, and at most so often.
const FINE: [Span; 2] = [Span::from_secs(60), Span::from_secs(3600)];
/// The most looks between two columns.
const LOOKS_MAX: i64 = 60;

impl Plan {
    /// The query with windows that are shorter than `step` made as long, where they are averaged or
    /// searched for extremes: `rate(x[5s])` once an hour would show five seconds of each hour.
    ///
    /// ```
    /// use watchglass::{model::Span, query::Plan};
    /// let plan = Plan::new("sum(rate(x[5s])) + increase(x[5s])").unwrap();
    /// let hourly = plan.widened(Span::from_secs(3600));
    /// assert_eq!(hourly.text(), "sum(rate(x[1h])) + increase(x[5s])");
    /// ```
    #[must_use]
    pub fn widened(&self, step: Span) -> Self {
        let mut expr = self.expr().clone();
        widen(&mut expr, step);
        Self::new(&expr.to_string()).unwrap_or_else(|_| self.clone())
    }

    /// Two queries between whose values the query's own lie from one column to the next, `step`
    /// apart; nothing for a query without series, or one that looks at fixed times. Which of the
    /// two is the lower one may differ. They leave metric names out.
    ///
    /// ```
    /// use watchglass::{model::Span, query::Plan};
    /// let text = |query: &str| {
    ///     let bounds = Plan::new(query).unwrap().bounds(Span::from_secs(3600));
    ///     bounds.map(|[_, greatest]| greatest.text().to_owned())
    /// };
    /// assert_eq!(text("x * 8").unwrap(), "max_over_time(x[1h]) * 8");
    /// assert_eq!(text("rate(x[5s])").unwrap(), "max_over_time(rate(x[1m])[1h:1m])");
    /// assert_eq!(text("vector(1) + time()"), None);
    /// ```
    pub fn bounds(&self, step: Span) -> Option<[Self; 2]> {
        let selects = !self.selectors().is_empty() && self.value_type() == ValueType::Vector;
        if !selects || self.reach(Span::ZERO).moves || has_subquery(self.expr()) {
            return None;
        }
        let of = |name: &str| {
            let function = Function::by_name(name)?;
            let mut expr = self.expr().clone();
            if is_measured(&expr) {
                look_at(&mut expr, &|node| over(function, node, step));
            } else {
                let fine = FINE.into_iter().find(|fine| step.0 <= fine.0 * LOOKS_MAX)?;
                widen(&mut expr, fine);
                let (range, step) = (Length::Fixed(step), Some(Length::Fixed(fine)));
                let shift = Shift { offset: None, at: None };
                let place = expr.place;
                let node = Node::Subquery { expr: Box::new(expr), range, step, shift };
                expr = Expr { node: call(function, Expr { node, place }), place };
            }
            Self::new(&expr.to_string()).ok()
        };
        Some([of("min_over_time")?, of("max_over_time")?])
    }
}

fn call(function: Function, arg: Expr) -> Node {
    Node::Call { function, args: vec![arg] }
}

/// The function over the windows of an instant selector.
fn over(function: Function, node: &Node, step: Span) -> Option<Node> {
    let Node::Selector(selector) = node else { return None };
    let (selector, edge) = (selector.clone(), selector.edge);
    let node = Node::Range { selector, range: Length::Fixed(step), edge };
    Some(call(function, Expr { node, place: super::Place::default() }))
}

/// Whether an expression is a value as it was measured, changed at most in ways that keep or turn
/// the order of values.
fn is_measured(expr: &Expr) -> bool {
    let is_number = |expr: &Expr| expr.value_type() == ValueType::Scalar && is_fixed(expr);
    match &expr.node {
        Node::Selector(selector) => selector.edge == super::ast::Edge::Plain,
        Node::Paren(inner) | Node::Unary { expr: inner, .. } => is_measured(inner),
        Node::Binary(binary) => {
            let Binary { op, lhs, rhs, .. } = &**binary;
            match op {
                BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul => {
                    (is_number(lhs) && is_measured(rhs)) || (is_measured(lhs) && is_number(rhs))
                }
                BinaryOp::Div => is_measured(lhs) && is_number(rhs),
                _ => false,
            }
        }
        Node::Call { function, args } => {
            let (first, others) = (args.first(), args.get(1..).unwrap_or_default());
            MONOTONE.contains(&function.name())
                && first.is_some_and(is_measured)
                && others.iter().all(is_number)
        }
        _ => false,
    }
}

/// Whether a scalar is made of numbers alone.
fn is_fixed(expr: &Expr) -> bool {
    match &expr.node {
        Node::Number(_) => true,
        Node::Paren(inner) | Node::Unary { expr: inner, .. } => is_fixed(inner),
        Node::Binary(binary) => is_fixed(&binary.lhs) && is_fixed(&binary.rhs),
        _ => false,
    }
}

fn has_subquery(expr: &Expr) -> bool {
    let mut found = false;
    expr.visit(&mut |expr| found |= matches!(expr.node, Node::Subquery { .. }));
    found
}

fn widen(expr: &mut Expr, least: Span) {
    if let Node::Call { function, args } = &mut expr.node
        && AVERAGES.contains(&function.name())
        && let Some(Node::Range { range: Length::Fixed(range), .. }) =
            args.first_mut().map(|arg| &mut arg.node)
    {
        *range = (*range).max(least);
        return;
    }
    children(expr, &mut |inner| widen(inner, least));
}

/// Puts another node in the place of each for which `other` has one.
fn look_at(expr: &mut Expr, other: &impl Fn(&Node) -> Option<Node>) {
    if let Some(node) = other(&expr.node) {
        expr.node = node;
        return;
    }
    children(expr, &mut |inner| look_at(inner, other));
}

pub(super) fn children(expr: &mut Expr, each: &mut dyn FnMut(&mut Expr)) {
    match &mut expr.node {
        // A subquery has a step of its own.
        Node::Number(_)
        | Node::String(_)
        | Node::Selector(_)
        | Node::Range { .. }
        | Node::Subquery { .. } => {}
        Node::Paren(inner) | Node::Unary { expr: inner, .. } => each(inner),
        Node::Binary(binary) => {
            each(&mut binary.lhs);
            each(&mut binary.rhs);
        }
        Node::Call { args, .. } => args.iter_mut().for_each(each),
        Node::Aggregate(aggregate) => {
            aggregate.param.iter_mut().for_each(&mut *each);
            each(&mut aggregate.expr);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Span = Span::from_secs(3600);

    #[test]
    fn short_windows_of_averages_reach_to_the_column_before() {
        let check = |query: &str, expected: &str| {
            let plan = Plan::new(query).expect("a query");
            assert_eq!(plan.widened(HOUR).text(), expected);
            assert_eq!(plan.widened(Span(1000)), plan);
        };
        check("rate(a[2h])", "rate(a[2h])");
        check("8 * sum by (b) (rate(a[5s]))", "8 * sum by (b) (rate(a[1h]))");
        check("irate(a[1m]) / delta(a[1m])", "irate(a[1m]) / delta(a[1m])");
        check("max_over_time(a[1m] offset 5m)", "max_over_time(a[1h] offset 5m)");
        check("max_over_time(rate(a[1m])[5m:])", "max_over_time(rate(a[1m])[5m:])");
        check("topk(3, avg_over_time(a[1m]))", "topk(3, avg_over_time(a[1h]))");
    }

    #[test]
    fn bounds_are_found_where_values_are_measured_or_looked_at_finely() {
        let check = |query: &str, expected: Option<&str>| {
            let plan = Plan::new(query).expect("a query");
            let bounds = plan.bounds(HOUR);
            let least = bounds.as_ref().map(|[least, _]| least.text());
            assert_eq!(least, expected, "{query}");
            let greatest = bounds.as_ref().map(|[_, greatest]| greatest.text().to_owned());
            let swapped = expected.map(|text| text.replace("min_over", "max_over"));
            assert_eq!(greatest, swapped, "{query}");
        };
        check("a{b=\"c\"}", Some("min_over_time(a{b=\"c\"}[1h])"));
        check("100 - a offset 5m", Some("100 - min_over_time(a[1h] offset 5m)"));
        check("round(-a / 1024, 0.1)", Some("round(-min_over_time(a[1h]) / 1024, 0.1)"));
        check("1 / a", Some("min_over_time((1 / a)[1h:1m])"));
        check("a / b", Some("min_over_time((a / b)[1h:1m])"));
        check("sum(rate(a[5s]))", Some("min_over_time(sum(rate(a[1m]))[1h:1m])"));
        check("a[5m]", None);
        check("a @ 5", None);
        check("max_over_time(a[1h:5m])", None);
        check("3", None);
    }

    #[test]
    fn what_is_far_apart_is_looked_at_by_the_hour() {
        let bounds = |step: Span| Plan::new("a / b").expect("a query").bounds(step);
        let text = |step: Span| bounds(step).map(|[least, _]| least.text().to_owned());
        let day = text(Span::from_secs(86_400));
        assert_eq!(day.as_deref(), Some("min_over_time((a / b)[1d:1h])"));
        assert_eq!(text(Span(FINE[1].0 * LOOKS_MAX + 1)), None);
    }
}
