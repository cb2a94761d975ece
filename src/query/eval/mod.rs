//! Evaluation: a plan over the data of a [`Select`] on a grid of times.
//!
//! The one idea: everything is evaluated one series over all steps at once. An instant vector is a
//! set of dense columns, one cell a step; a selector walks its samples once, whatever the number of
//! steps. Nothing here reads a clock or waits; the caller stops an evaluation through its limits.

mod aggregate;
mod binary;
mod call;
mod dates;
mod error;
mod estimate;
mod extended;
mod grid;
mod histogram;
mod info;
mod limited;
mod limits;
mod matching;
mod math;
mod notes;
mod number;
mod order;
mod over_time;
mod rank;
mod rate;
mod regression;
mod relabel;
mod select;
mod sets;
mod standing;
mod text;
mod vector;
mod window;

#[cfg(test)]
mod tests;

use crate::model::{Aggregate, Select, Selected, Span, Timestamp};

use super::ast::{Expr, Node, Place};
use super::plan::Plan;

pub use error::{Bound, EvalError};
pub use estimate::{Cost, estimate};
pub use grid::Grid;
pub(super) use grid::length;
pub use limits::{Limits, Seen};
pub use standing::{Row, Standing};
pub use vector::Column;

use grid::Steps;
use limits::Budget;
use notes::Notes;
use vector::Vector;
use window::Matrix;

/// The result of a query and what there is to say about it.
#[derive(Debug, Clone)]
pub struct Output {
    /// The result.
    pub value: Value,
    /// What the result probably does wrong, each with its place in the text of the query.
    pub warnings: Vec<String>,
    /// What the result may do wrong, each with its place in the text of the query.
    pub infos: Vec<String>,
    /// How many samples were read.
    pub samples: u64,
    /// How often a sample was looked at, or a value computed.
    pub work: u64,
    /// The most values that one part of the query held at once.
    pub peak: u64,
    /// How many samples the steps saw, if [`Limits::count_seen`] asked for it.
    pub seen: Seen,
}

/// A result over all steps of the grid.
#[derive(Debug, Clone)]
pub enum Value {
    /// One number a step.
    Scalar(Vec<f64>),
    /// A text; for an instant query alone.
    String(String),
    /// Series with one cell a step, sorted by labels or, for an instant query, as the query says.
    Vector(Vec<Column>),
    /// Series with their own samples; for an instant query alone.
    Matrix(Vec<Selected>),
}

/// Evaluates a plan over `data` at every time of the grid.
///
/// # Errors
/// When the plan meets a limit, does not fit the data, or is told
/// to stop.
///
/// ```
/// use watchglass::model::{Span, Timestamp};
/// use watchglass::query::{Grid, Limits, Options, Plan, Value, evaluate};
/// # use watchglass::model::*;
/// # struct Nothing;
/// # impl Select for Nothing {
/// #     fn select(&self, _: &Selection<'_>) -> Result<Vec<Selected>, SelectError> { Ok(vec![]) }
/// #     fn label_names(&self, _: &[Matcher], _: TimeRange) -> Vec<String> { vec![] }
/// #     fn label_values(&self, _: &str, _: &[Matcher], _: TimeRange) -> Vec<String> { vec![] }
/// #     fn metadata(&self, _: &str) -> Option<Metadata> { None }
/// # }
/// # let store = Nothing;
/// let plan = Plan::new("time() * 2").unwrap();
/// let grid = Grid { start: Timestamp(0), end: Timestamp(2000), step: Span(1000) };
/// let output = evaluate(&plan, &store, grid, &Limits::from(&Options::default())).unwrap();
/// assert!(matches!(output.value, Value::Scalar(values) if values == [0.0, 2.0, 4.0]));
/// ```
pub fn evaluate(
    plan: &Plan,
    data: &dyn Select,
    grid: Grid,
    limits: &Limits,
) -> Result<Output, EvalError> {
    let mut evaluator = Evaluator::new(data, grid, limits)?;
    let value = match evaluator.eval(plan.expr())? {
        Evaluated::Scalar(values) => Value::Scalar(values),
        Evaluated::Text(text) if grid.is_instant() => Value::String(text),
        Evaluated::Matrix(matrix) if grid.is_instant() => Value::Matrix(matrix.series),
        Evaluated::Vector(vector) => Value::Vector(finished(vector, &grid)),
        Evaluated::Text(_) | Evaluated::Matrix(_) => {
            return Err(EvalError::execution(
                "a range of times needs a number or an instant vector; this query gives a text or \
                 a range vector",
            ));
        }
    };
    let budget = &evaluator.budget;
    let (samples, work, peak) = (budget.samples(), budget.work_done(), budget.peak());
    let seen = evaluator.seen.unwrap_or_default();
    let (warnings, infos) = evaluator.notes.finish(plan);
    Ok(Output { value, warnings, infos, samples, work, peak, seen })
}

/// The value of `expr` at one time, where the values of some of its parts are known already, by
/// their places in the text; and how much work it was.
fn evaluate_once(
    expr: &Expr,
    given: Vec<(Place, Evaluated)>,
    data: &dyn Select,
    at: Timestamp,
    limits: &Limits,
) -> Result<(Evaluated, u64), EvalError> {
    // A step, so that this is a step of a range: order means nothing.
    let grid = Grid { start: at, end: at, step: Span(1) };
    let mut evaluator = Evaluator::new(data, grid, limits)?;
    evaluator.given = given;
    let evaluated = evaluator.eval(expr)?;
    Ok((evaluated, evaluator.budget.work_done()))
}

/// The columns with a value, in the order the caller is promised.
fn finished(mut vector: Vector, grid: &Grid) -> Vec<Column> {
    vector.prune();
    if !(vector.ordered && grid.is_instant()) {
        vector.columns.sort_by(|a, b| a.labels.cmp(&b.labels));
    }
    vector.columns
}

/// The value of an expression at all steps.
enum Evaluated {
    Scalar(Vec<f64>),
    Text(String),
    Vector(Vector),
    Matrix(Matrix),
}

/// The state of one evaluation.
struct Evaluator<'a> {
    data: &'a dyn Select,
    limits: &'a Limits,
    /// What the query was asked for; `@ start()` and `step()` mean this, in subqueries too.
    grid: Grid,
    /// The steps of the expression at hand: those of the grid, or of a subquery.
    steps: Steps,
    budget: Budget<'a>,
    notes: Notes,
    /// What the steps saw, where it is counted.
    seen: Option<Seen>,
    /// Whether the steps are those of a subquery.
    inside: bool,
    /// Values of parts that are known already; each is asked for once.
    given: Vec<(Place, Evaluated)>,
}

impl<'a> Evaluator<'a> {
    fn new(data: &'a dyn Select, grid: Grid, limits: &'a Limits) -> Result<Self, EvalError> {
        let budget = Budget::new(limits);
        let steps = Steps::of(&grid, &budget)?;
        let seen = limits.count_seen.then(|| Seen { inside: 0, by_step: vec![0; steps.count] });
        let (notes, given) = (Notes::default(), Vec::new());
        Ok(Self { data, limits, grid, steps, budget, notes, seen, inside: false, given })
    }

    fn eval(&mut self, expr: &Expr) -> Result<Evaluated, EvalError> {
        if let Some(known) = self.given.iter().position(|(place, _)| *place == expr.place) {
            return Ok(self.given.swap_remove(known).1);
        }
        if self.steps.count > 1 && is_work(expr) && is_step_invariant(expr) {
            return self.eval_once(expr);
        }
        match &expr.node {
            Node::Number(number) => Ok(Evaluated::Scalar(vec![*number; self.steps.count])),
            Node::String(text) => Ok(Evaluated::Text(text.clone())),
            Node::Selector(selector) => Ok(Evaluated::Vector(self.instant(selector)?)),
            Node::Range { selector, range, edge } => {
                Ok(Evaluated::Matrix(self.range(selector, range, *edge, None)?))
            }
            Node::Subquery { expr, range, step, shift } => {
                Ok(Evaluated::Matrix(self.subquery(expr, range, step.as_ref(), shift)?))
            }
            Node::Paren(inner) => self.eval(inner),
            Node::Unary { negative, expr } => self.unary(*negative, expr),
            Node::Binary(binary) => self.binary(binary),
            Node::Call { function, args } => self.call(*function, args, expr.place),
            Node::Aggregate(aggregate) => Ok(Evaluated::Vector(self.aggregate(aggregate)?)),
        }
    }

    /// Evaluates at the first step alone and repeats the value at all steps.
    fn eval_once(&mut self, expr: &Expr) -> Result<Evaluated, EvalError> {
        let steps = self.steps;
        let first = |seen: &Option<Seen>| {
            seen.as_ref().and_then(|seen| seen.by_step.first()).copied().unwrap_or(0)
        };
        let before = first(&self.seen);
        self.steps.count = 1;
        let evaluated = self.eval(expr);
        self.steps = steps;
        let samples = first(&self.seen) - before;
        (1..steps.count).for_each(|step| self.see(step, samples));
        let repeat = |values: &mut Vec<f64>| {
            if let Some(value) = values.first().copied() {
                values.resize(steps.count, value);
            }
        };
        let mut evaluated = evaluated?;
        match &mut evaluated {
            Evaluated::Scalar(values) => repeat(values),
            Evaluated::Vector(vector) => {
                self.budget.hold(vector.columns.len(), steps.count)?;
                vector.columns.iter_mut().for_each(|column| repeat(&mut column.values));
            }
            Evaluated::Text(_) | Evaluated::Matrix(_) => {}
        }
        Ok(evaluated)
    }

    /// Counts the samples that a step sees.
    fn see(&mut self, step: usize, samples: u64) {
        if let Some(seen) = &mut self.seen {
            if self.inside {
                seen.inside += samples;
            } else if let Some(count) = seen.by_step.get_mut(step) {
                *count += samples;
            }
        }
    }

    fn unary(&mut self, negative: bool, expr: &Expr) -> Result<Evaluated, EvalError> {
        match self.eval(expr)? {
            Evaluated::Scalar(mut values) if negative => {
                for value in &mut values {
                    *value = -*value;
                }
                Ok(Evaluated::Scalar(values))
            }
            Evaluated::Vector(mut vector) if negative => {
                vector.map(|value, _| -value);
                Ok(Evaluated::Vector(vector.drop_names()?))
            }
            other => Ok(other),
        }
    }

    /// The vector that `expr` evaluates to.
    fn vector(&mut self, expr: &Expr) -> Result<Vector, EvalError> {
        match self.eval(expr)? {
            Evaluated::Vector(vector) => Ok(vector),
            _ => Err(mistyped("an instant vector")),
        }
    }

    /// The numbers that `expr` evaluates to, one a step.
    fn scalar(&mut self, expr: &Expr) -> Result<Vec<f64>, EvalError> {
        match self.eval(expr)? {
            Evaluated::Scalar(values) => Ok(values),
            _ => Err(mistyped("a scalar")),
        }
    }

    /// The text that `expr` evaluates to.
    fn text(&mut self, expr: &Expr) -> Result<String, EvalError> {
        match self.eval(expr)? {
            Evaluated::Text(text) => Ok(text),
            _ => Err(mistyped("a string")),
        }
    }

    /// The range vector that `expr` evaluates to; `aggregate` is what is wanted of each window, if
    /// not all of it.
    fn matrix(&mut self, expr: &Expr, aggregate: Option<Aggregate>) -> Result<Matrix, EvalError> {
        let expr = without_parens(expr);
        let is_given = self.given.iter().any(|(place, _)| *place == expr.place);
        if let (Node::Range { selector, range, edge }, false) = (&expr.node, is_given) {
            return self.range(selector, range, *edge, aggregate);
        }
        match self.eval(expr)? {
            Evaluated::Matrix(matrix) => Ok(matrix),
            _ => Err(mistyped("a range vector")),
        }
    }

    /// Warns once for each quantile that lies outside 0 to 1.
    fn warn_of_quantiles(&mut self, quantiles: &[f64], place: Place) {
        for quantile in quantiles {
            if !(0.0..=1.0).contains(quantile) {
                let got = text::number(*quantile, None);
                let remark = format!("quantile value should be between 0 and 1, got {got}");
                self.notes.warn(&remark, place);
            }
        }
    }
}

/// The parser checks types; this is for a tree that did not come from it.
fn mistyped(expected: &str) -> EvalError {
    EvalError::execution(format!("an argument is not {expected}"))
}

/// Whether repeating the value of `expr` instead of evaluating it at each step saves anything.
fn is_work(expr: &Expr) -> bool {
    match &expr.node {
        Node::Number(_) | Node::String(_) | Node::Range { .. } | Node::Subquery { .. } => false,
        Node::Paren(inner) => is_work(inner),
        _ => true,
    }
}

/// Whether `expr` has the same value at every step: all its selectors stand under `@`, and nothing
/// in it asks for the evaluation time.
fn is_step_invariant(expr: &Expr) -> bool {
    match &expr.node {
        Node::Number(_) | Node::String(_) => true,
        Node::Selector(selector) | Node::Range { selector, .. } => selector.shift.at.is_some(),
        Node::Subquery { shift, .. } => shift.at.is_some(),
        Node::Paren(inner) | Node::Unary { expr: inner, .. } => is_step_invariant(inner),
        Node::Binary(binary) => is_step_invariant(&binary.lhs) && is_step_invariant(&binary.rhs),
        Node::Call { function, args } => {
            !call::asks_for_time(function.name(), args) && args.iter().all(is_step_invariant)
        }
        Node::Aggregate(aggregate) => {
            is_step_invariant(&aggregate.expr)
                && aggregate.param.as_ref().is_none_or(is_step_invariant)
        }
    }
}

/// The expression inside any number of parentheses.
fn without_parens(mut expr: &Expr) -> &Expr {
    while let Node::Paren(inner) = &expr.node {
        expr = inner;
    }
    expr
}
