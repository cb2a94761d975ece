//! Queries that are bound to one thing among several: a matcher in each of their selectors.

use super::Plan;
use super::ast::{Expr, Node, Selector};
use super::error::ParseError;
use crate::model::Matcher;

impl Plan {
    /// The query with `other` in place of `marked`, in each selector that has it; nothing when none
    /// has.
    ///
    /// ```
    /// use watchglass::{model::Matcher, query::Plan};
    /// let plan = Plan::new(r#"rate(a{job="node"}[5s]) / b"#).unwrap();
    /// let marked = Matcher::equal("job", "node");
    /// let bound = plan.bound(&marked, &Matcher::equal("instance", "web-01")).unwrap();
    /// assert_eq!(bound.text(), r#"rate(a{instance="web-01"}[5s]) / b"#);
    /// assert!(plan.bound(&Matcher::equal("job", "x"), &marked).is_none());
    /// ```
    pub fn bound(&self, marked: &Matcher, other: &Matcher) -> Option<Self> {
        let mut expr = self.expr().clone();
        let mut found = false;
        each_selector(&mut expr, &mut |selector| {
            if let Some(at) = selector.matchers.iter().position(|matcher| matcher == marked) {
                selector.matchers[at] = other.clone();
                found = true;
            }
        });
        found.then(|| Self::new(&expr.to_string()).ok()).flatten()
    }

    /// The query with `other` as one more condition of each selector.
    #[must_use]
    pub fn narrowed(&self, other: &Matcher) -> Self {
        self.filtered(std::slice::from_ref(other)).unwrap_or_else(|_| self.clone())
    }

    /// The query with all of these as conditions of each selector.
    ///
    /// # Errors
    /// When it would be too long, or have too many parts.
    pub fn filtered(&self, by: &[Matcher]) -> Result<Self, ParseError> {
        let mut expr = self.expr().clone();
        each_selector(&mut expr, &mut |selector| selector.matchers.extend_from_slice(by));
        Self::new(&expr.to_string())
    }
}

fn each_selector(expr: &mut Expr, each: &mut dyn FnMut(&mut Selector)) {
    match &mut expr.node {
        Node::Number(_) | Node::String(_) => {}
        Node::Selector(selector) | Node::Range { selector, .. } => each(selector),
        Node::Subquery { expr, .. } | Node::Paren(expr) | Node::Unary { expr, .. } => {
            each_selector(expr, each);
        }
        Node::Binary(binary) => {
            each_selector(&mut binary.lhs, each);
            each_selector(&mut binary.rhs, each);
        }
        // The second argument of `info` says which labels are wanted, and selects nothing.
        Node::Call { function, args } if function.name() == "info" => {
            args.iter_mut().take(1).for_each(|arg| each_selector(arg, each));
        }
        Node::Call { args, .. } => args.iter_mut().for_each(|arg| each_selector(arg, each)),
        Node::Aggregate(aggregate) => {
            aggregate.param.iter_mut().for_each(|param| each_selector(param, each));
            each_selector(&mut aggregate.expr, each);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_conditions_of_each_selector() {
        let check = |query: &str, expected: &str| {
            let plan = Plan::new(query).expect("a query");
            let by = [Matcher::equal("h", "x\"y"), Matcher::equal("k", "z")];
            let filtered = plan.filtered(&by).map(|plan| plan.text().to_owned());
            assert_eq!(filtered.as_deref(), Ok(expected));
        };
        check("rate(a[1m])", r#"rate(a{h="x\"y", k="z"}[1m])"#);
        check("info(a, {b=\"c\"})", r#"info(a{h="x\"y", k="z"}, {b="c"})"#);
        check("a{k=\"z\"} offset 1m", r#"a{h="x\"y", k="z"} offset 1m"#);
        check("time()", "time()");
    }

    #[test]
    fn every_selector_is_reached_and_hostile_values_stay_values() {
        let plan = Plan::new("topk(2, -max_over_time((a + b{c=\"d\"})[5m:1m]) or vector(1))");
        let plan = plan.expect("a query");
        let name = "x\"} or y{\\ \n";
        let narrowed = plan.narrowed(&Matcher::equal("host", name));
        let selectors = narrowed.selectors();
        assert_eq!(selectors.len(), 2, "{}", narrowed.text());
        for matchers in selectors {
            assert!(matchers.iter().any(|m| m.name() == "host" && m.value() == name));
        }
        let bound = plan.bound(&Matcher::equal("c", "d"), &Matcher::equal("host", name));
        let bound = bound.expect("one selector has it");
        let hosts = bound.selectors().into_iter().flatten().filter(|m| m.name() == "host").count();
        assert_eq!(hosts, 1);
    }
}
