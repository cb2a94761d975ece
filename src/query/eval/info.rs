//! `info`: adds the labels of info metrics to the series they describe.
//!
//! Series and info metrics are matched by `job` and `instance`. Which info series holds may change
//! from step to step, so that labels are chosen step by step; each choice is made into labels once.

use std::collections::HashMap;

use crate::model::{ABSENT, Labels, METRIC_NAME, MatchOp, Matcher, Span, is_absent};

use super::super::ast::{Edge, Expr, Length, Node, Selector, Shift};
use super::grid::length;
use super::vector::{Column, LabelMap, Vector};
use super::{EvalError, Evaluated, Evaluator, mistyped};

/// The labels by which a series and what describes it find each other.
const IDENTIFYING: [&str; 2] = ["job", "instance"];
/// The info metric unless another is named.
const TARGET_INFO: &str = "target_info";

/// What the second argument asks for.
struct Wanted {
    /// Conditions on the names of info metrics.
    names: Vec<Matcher>,
    /// Conditions on their labels.
    labels: Vec<Matcher>,
}

impl Wanted {
    fn new(selector: Option<&Selector>) -> Self {
        let matchers = selector.map_or(&[][..], |selector| &selector.matchers);
        let (mut names, labels): (Vec<Matcher>, Vec<Matcher>) =
            matchers.iter().cloned().partition(|matcher| matcher.name() == METRIC_NAME);
        let positive = |matcher: &Matcher| matches!(matcher.op(), MatchOp::Equal | MatchOp::Regex);
        if names.is_empty() {
            names.push(Matcher::equal(METRIC_NAME, TARGET_INFO));
        } else if !names.iter().any(positive) {
            // Names that are only excluded leave all other info metrics.
            let info = Matcher::new(METRIC_NAME, MatchOp::Regex, ".+_info");
            names.extend(info.ok());
        }
        Self { names, labels }
    }

    /// Whether a series is itself an info metric that is asked for.
    fn is_source(&self, labels: &Labels) -> bool {
        self.names.iter().all(|matcher| matcher.matches(labels.name()))
    }

    fn copies(&self, name: &str) -> bool {
        let own = name == METRIC_NAME || IDENTIFYING.contains(&name);
        let listed = self.labels.is_empty() || self.labels.iter().any(|one| one.name() == name);
        listed && !own
    }

    /// Whether a series that nothing describes is left out.
    fn requires(&self) -> bool {
        self.labels.iter().any(|matcher| !matcher.matches_empty())
    }
}

impl Evaluator<'_> {
    pub(super) fn info(&mut self, args: &[Expr]) -> Result<Evaluated, EvalError> {
        let base = args.first().ok_or_else(|| mistyped("there"))?;
        let selector = match args.get(1).map(|arg| &arg.node) {
            Some(Node::Selector(selector)) => Some(selector),
            _ => None,
        };
        let wanted = Wanted::new(selector);
        let vector = self.vector(base)?;
        let matchers = wanted.names.iter().chain(&wanted.labels).cloned().collect();
        let shift = self.reference(base, Shift::default())?.unwrap_or_default();
        let selector = Selector { matchers, shift, edge: Edge::Plain };
        // The newest of several holds, so it is their times that are read.
        let times = self.sample_times(&selector)?;
        self.budget.work((vector.columns.len() * self.steps.count) as u64)?;
        let sources = Sources::new(&times);
        let mut joined = Joined { steps: self.steps.count, ..Joined::default() };
        for column in &vector.columns {
            if wanted.is_source(&column.labels) {
                joined.all(column);
            } else {
                sources.enrich(&wanted, column, &mut joined)?;
            }
            self.budget.hold(joined.columns.len(), self.steps.count)?;
        }
        let mut vector = Vector::new(joined.columns);
        vector.prune();
        Ok(Evaluated::Vector(vector))
    }

    /// How the first selector inside an expression is moved in time: what describes its samples is
    /// looked up there.
    fn reference(&self, expr: &Expr, outer: Shift) -> Result<Option<Shift>, EvalError> {
        let moved = |shift: &Shift| -> Result<Shift, EvalError> {
            let own = shift.offset.as_ref();
            let own = own.map_or(Ok(Span::ZERO), |offset| length(offset, &self.grid))?;
            let Some(at) = shift.at else {
                let before = match &outer.offset {
                    Some(Length::Fixed(before)) => *before,
                    _ => Span::ZERO,
                };
                let offset = Some(Length::Fixed(before + own));
                return Ok(Shift { offset, at: outer.at });
            };
            Ok(Shift { offset: Some(Length::Fixed(own)), at: Some(at) })
        };
        match &expr.node {
            Node::Number(_) | Node::String(_) => Ok(None),
            Node::Selector(selector) | Node::Range { selector, .. } => {
                moved(&selector.shift).map(Some)
            }
            Node::Subquery { expr, shift, .. } => self.reference(expr, moved(shift)?),
            Node::Paren(expr) | Node::Unary { expr, .. } => self.reference(expr, outer),
            Node::Binary(binary) => match self.reference(&binary.lhs, outer.clone())? {
                Some(found) => Ok(Some(found)),
                None => self.reference(&binary.rhs, outer),
            },
            Node::Call { args, .. } => {
                for arg in args {
                    if let Some(found) = self.reference(arg, outer.clone())? {
                        return Ok(Some(found));
                    }
                }
                Ok(None)
            }
            Node::Aggregate(aggregate) => self.reference(&aggregate.expr, outer),
        }
    }
}

/// The info series by what identifies them.
struct Sources<'a> {
    times: &'a Vector,
    by_identity: HashMap<[&'a str; 2], Vec<usize>>,
}

impl<'a> Sources<'a> {
    fn new(times: &'a Vector) -> Self {
        let mut by_identity: HashMap<[&str; 2], Vec<usize>> = HashMap::new();
        for (index, column) in times.columns.iter().enumerate() {
            let identity = IDENTIFYING.map(|name| column.labels.value(name));
            by_identity.entry(identity).or_default().push(index);
        }
        Self { times, by_identity }
    }

    fn enrich(
        &self,
        wanted: &Wanted,
        column: &Column,
        joined: &mut Joined,
    ) -> Result<(), EvalError> {
        let identity = IDENTIFYING.map(|name| column.labels.value(name));
        let none = Vec::new();
        let sources = self.by_identity.get(&identity).unwrap_or(&none);
        let mut known: HashMap<Vec<usize>, Option<Labels>> = HashMap::new();
        for (step, value) in column.values.iter().enumerate() {
            if is_absent(*value) {
                continue;
            }
            let chosen = self.chosen(sources, step)?;
            let labels = if let Some(labels) = known.get(&chosen) {
                labels.clone()
            } else {
                let labels = self.labels(wanted, column, &chosen)?;
                known.insert(chosen, labels.clone());
                labels
            };
            if let Some(labels) = labels {
                joined.put(labels, step, *value)?;
            }
        }
        Ok(())
    }

    /// The newest info series of each metric name at a step.
    fn chosen(&self, sources: &[usize], step: usize) -> Result<Vec<usize>, EvalError> {
        let mut chosen: Vec<(usize, f64)> = Vec::new();
        for index in sources {
            let column = &self.times.columns[*index];
            let time = column.values.get(step).copied().unwrap_or(ABSENT);
            if is_absent(time) {
                continue;
            }
            let name = column.labels.name();
            let same =
                |(other, _): &&mut (usize, f64)| self.times.columns[*other].labels.name() == name;
            match chosen.iter_mut().find(same) {
                None => chosen.push((*index, time)),
                Some(other) if other.1 < time => *other = (*index, time),
                Some(other) if other.1 == time => {
                    let other = &self.times.columns[other.0].labels;
                    return Err(EvalError::execution(format!(
                        "found duplicate series for info metric: `{other}` and `{}` are equally new",
                        column.labels
                    )));
                }
                Some(_) => {}
            }
        }
        Ok(chosen.into_iter().map(|(index, _)| index).collect())
    }

    /// The labels of a series with those of what describes it; nothing when it is left out.
    fn labels(
        &self,
        wanted: &Wanted,
        column: &Column,
        chosen: &[usize],
    ) -> Result<Option<Labels>, EvalError> {
        let mut added: Vec<(&str, &str)> = Vec::new();
        for index in chosen {
            let source = &self.times.columns[*index].labels;
            for (name, value) in source.iter().filter(|(name, _)| wanted.copies(name)) {
                match added.iter().find(|(other, _)| *other == name) {
                    Some((_, other)) if *other != value => {
                        return Err(EvalError::execution(format!(
                            "conflicting label: `{name}` is `{other}` and `{value}` in two info \
                             metrics"
                        )));
                    }
                    Some(_) => {}
                    None => added.push((name, value)),
                }
            }
        }
        if chosen.is_empty() && wanted.requires() {
            return Ok(None);
        }
        let mut labels = column.labels.clone();
        for (name, value) in added {
            if labels.get(name).is_none() {
                labels = labels.with(name, value);
            }
        }
        Ok(Some(labels))
    }
}

/// The result so far.
#[derive(Default)]
struct Joined {
    steps: usize,
    columns: Vec<Column>,
    places: LabelMap<usize>,
}

impl Joined {
    fn all(&mut self, column: &Column) {
        let place = self.place(column.labels.clone());
        self.columns[place].values.clone_from(&column.values);
    }

    fn put(&mut self, labels: Labels, step: usize, value: f64) -> Result<(), EvalError> {
        let place = self.place(labels);
        let column = &mut self.columns[place];
        if !is_absent(column.values[step]) {
            return Err(super::vector::same_labels_twice(&column.labels));
        }
        column.values[step] = value;
        Ok(())
    }

    fn place(&mut self, labels: Labels) -> usize {
        let next = self.columns.len();
        let place = *self.places.entry(labels.clone()).or_insert(next);
        if place == next {
            self.columns.push(Column { labels, values: vec![ABSENT; self.steps] });
        }
        place
    }
}
