//! A query whose lengths and numbers follow from the step and the range that it is asked with
//! (`step()`, `range()`), for one step and one range: its windows are fixed then, so that it can be
//! live like any other.

use super::Plan;
use super::ast::{Expr, Length, Node, Shift};
use super::eval::{Grid, length};
use crate::model::{Span, Timestamp};

impl Plan {
    /// Whether nothing in it follows from the step or the range that it is asked with.
    pub fn is_settled(&self) -> bool {
        // A label may have such letters in its value; then settling changes nothing.
        !self.text().contains("step()") && !self.text().contains("range()")
    }

    /// The query at this step over this range.
    ///
    /// ```
    /// use watchglass::{model::Span, query::Plan};
    /// let plan = Plan::new("rate(x[max_of(step() + 15s, 1m)]) / step()").unwrap();
    /// let settled = plan.settled(Span::from_secs(60), Span::from_secs(3600));
    /// assert_eq!(settled.text(), "rate(x[1m15s]) / 60");
    /// ```
    #[must_use]
    pub fn settled(&self, step: Span, range: Span) -> Self {
        if self.is_settled() {
            return self.clone();
        }
        let mut expr = self.expr().clone();
        let grid = Grid { start: Timestamp(0), end: Timestamp(range.0), step };
        settle(&mut expr, &grid);
        Self::new(&expr.to_string()).unwrap_or_else(|_| self.clone())
    }
}

fn settle(expr: &mut Expr, grid: &Grid) {
    match &mut expr.node {
        Node::Number(_) | Node::String(_) => {}
        Node::Selector(selector) => shift(&mut selector.shift, grid),
        Node::Range { selector, range, .. } => {
            shift(&mut selector.shift, grid);
            fix(range, grid);
        }
        Node::Subquery { expr, range, step, shift: moved } => {
            settle(expr, grid);
            shift(moved, grid);
            fix(range, grid);
            if let Some(step) = step {
                fix(step, grid);
            }
        }
        Node::Paren(inner) | Node::Unary { expr: inner, .. } => settle(inner, grid),
        Node::Binary(binary) => {
            settle(&mut binary.lhs, grid);
            settle(&mut binary.rhs, grid);
        }
        Node::Call { function, args } => match function.name() {
            "step" => expr.node = Node::Number(grid.step.seconds()),
            "range" => expr.node = Node::Number((grid.end - grid.start).seconds()),
            _ => args.iter_mut().for_each(|arg| settle(arg, grid)),
        },
        Node::Aggregate(aggregate) => {
            aggregate.param.iter_mut().for_each(|param| settle(param, grid));
            settle(&mut aggregate.expr, grid);
        }
    }
}

fn shift(shift: &mut Shift, grid: &Grid) {
    shift.offset.iter_mut().for_each(|offset| fix(offset, grid));
}

/// Fixes a length; one that cannot be is left for the evaluation to refuse.
fn fix(of: &mut Length, grid: &Grid) {
    if let Ok(span) = length(of, grid) {
        *of = Length::Fixed(span);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_from_step_and_range_is_fixed() {
        let check = |query: &str, expected: &str| {
            let plan = Plan::new(query).expect("a query");
            let settled = plan.settled(Span::from_secs(15), Span::from_secs(600));
            assert_eq!(settled.text(), expected);
            let reach = settled.reach(Span::from_secs(300));
            assert!(!reach.moves, "{query}");
        };
        check("increase(x[range()] offset step())", "increase(x[10m] offset 15s)");
        check("max_over_time(rate(x[1m])[range():step()])", "max_over_time(rate(x[1m])[10m:15s])");
        check("sum by (a) (x) / range() + -step()", "sum by (a) (x) / 600 + -15");
        check("topk(3, rate(x[4 * step()]))", "topk(3, rate(x[1m]))");
        check("x", "x");
    }

    #[test]
    fn a_length_that_cannot_be_stays() {
        let plan = Plan::new("rate(x[step() - range()])").expect("a query");
        let settled = plan.settled(Span::from_secs(15), Span::from_secs(600));
        assert_eq!(settled, plan);
    }
}
