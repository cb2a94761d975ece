//! Function calls: which function takes which way through the evaluator.

use crate::model::{
    ABSENT, Aggregate, Labels, METRIC_NAME, METRIC_TYPE, MatchOp, Matcher, MetricType, is_absent,
};

use super::super::ast::{Expr, Node, Place};
use super::super::function::Function;
use super::rate::{Change, Extrapolated, last_change};
use super::vector::{Column, Vector};
use super::window::{Ends, Plain, Window, WindowFunction};
use super::{EvalError, Evaluated, Evaluator, dates, math, number, over_time, regression};
use super::{mistyped, without_parens};

/// The endings of names that counters have by convention.
const COUNTER_ENDINGS: [&str; 4] = ["_total", "_sum", "_count", "_bucket"];

/// Whether a call of the function called `name` depends on the evaluation time by itself.
pub(super) fn asks_for_time(name: &str, args: &[Expr]) -> bool {
    match name {
        "time" | "predict_linear" => true,
        "timestamp" => args.first().is_none_or(|arg| selector_of(arg).is_none()),
        _ => args.is_empty() && dates::of_date(name).is_some(),
    }
}

/// Whether the function called `name` walks each window it is given; the others look at its ends.
pub(super) fn walks(name: &str) -> bool {
    !matches!(
        name,
        "rate"
            | "increase"
            | "delta"
            | "irate"
            | "idelta"
            | "absent_over_time"
            | "present_over_time"
            | "count_over_time"
            | "first_over_time"
            | "last_over_time"
            | "ts_of_first_over_time"
            | "ts_of_last_over_time"
    )
}

/// What the function called `name` wants of a window, if that is not all of it.
pub(super) fn aggregate(name: &str) -> Option<Aggregate> {
    Some(match name {
        "rate" | "increase" | "delta" | "first_over_time" | "ts_of_first_over_time" => {
            Aggregate::Ends
        }
        "min_over_time" => Aggregate::Least,
        "max_over_time" => Aggregate::Greatest,
        "sum_over_time" | "avg_over_time" => Aggregate::Sum,
        "count_over_time"
        | "present_over_time"
        | "absent_over_time"
        | "last_over_time"
        | "ts_of_last_over_time" => Aggregate::Newest,
        _ => return None,
    })
}

fn selector_of(expr: &Expr) -> Option<&super::super::ast::Selector> {
    match &without_parens(expr).node {
        Node::Selector(selector) => Some(selector),
        _ => None,
    }
}

fn arg(args: &[Expr], index: usize) -> Result<&Expr, EvalError> {
    args.get(index).ok_or_else(|| mistyped("there"))
}

impl Evaluator<'_> {
    pub(super) fn call(
        &mut self,
        function: Function,
        args: &[Expr],
        place: Place,
    ) -> Result<Evaluated, EvalError> {
        let name = function.name();
        if let Some(extended) = self.extended(name, args)? {
            return Ok(extended);
        }
        if let Some(change) = math::elementwise(name) {
            return self.change_each(arg(args, 0)?, |value, _| change(value));
        }
        if let Some(read) = dates::of_date(name) {
            return match args.first() {
                Some(arg) => self.change_each(arg, |value, _| read(value)),
                None => Ok(Evaluated::Vector(self.unlabelled(read))),
            };
        }
        if let Some(look) = over_time::plain(name) {
            let (arg, names) = (arg(args, 0)?, over_time::keeps_name(name));
            let look = |window: &Window<'_>| Some(look(window));
            let arg = (arg, aggregate(name));
            return if walks(name) {
                self.windows(arg, &mut Plain(look), names)
            } else {
                self.windows(arg, &mut Ends(look), names)
            };
        }
        match name {
            "rate" => self.extrapolate(Change::Rate, arg(args, 0)?),
            "increase" => self.extrapolate(Change::Increase, arg(args, 0)?),
            "delta" => self.extrapolate(Change::Delta, arg(args, 0)?),
            "irate" | "idelta" => {
                let counter = name == "irate";
                let mut function = Ends(|window: &Window<'_>| last_change(window, counter));
                self.windows((arg(args, 0)?, None), &mut function, false)
            }
            "deriv" => {
                let mut function = Plain(|window: &Window<'_>| {
                    let samples = window.samples();
                    regression::line(samples, samples.first()?.at).map(|line| line.slope)
                });
                self.windows((arg(args, 0)?, None), &mut function, false)
            }
            "predict_linear" => self.predict(arg(args, 0)?, arg(args, 1)?),
            "quantile_over_time" => self.quantile_over_time(arg(args, 0)?, arg(args, 1)?),
            "absent_over_time" => self.absent(arg(args, 0)?, true),
            "absent" => self.absent(arg(args, 0)?, false),
            "round" | "clamp" | "clamp_min" | "clamp_max" => self.bounded(name, args),
            "time" => Ok(Evaluated::Scalar(self.seconds().collect())),
            "start" => Ok(self.constant(self.grid.start.seconds())),
            "end" => Ok(self.constant(self.grid.end.seconds())),
            "step" => Ok(self.constant(self.grid.step.seconds())),
            "range" => {
                let length = self.grid.end.0.saturating_sub(self.grid.start.0);
                Ok(self.constant(crate::model::Span(length).seconds()))
            }
            "pi" => Ok(self.constant(std::f64::consts::PI)),
            "timestamp" => self.timestamp(arg(args, 0)?),
            "scalar" => self.single(arg(args, 0)?),
            "vector" => {
                let values = self.scalar(arg(args, 0)?)?;
                let column = Column { labels: Labels::empty(), values };
                Ok(Evaluated::Vector(Vector::new(vec![column])))
            }
            "sort" | "sort_desc" | "sort_by_label" | "sort_by_label_desc" => {
                self.sort(name, args, place)
            }
            "label_replace" => self.label_replace(args),
            "label_join" => self.label_join(args),
            _ if name.starts_with("histogram_") => self.histogram(name, args),
            "double_exponential_smoothing" => self.double_smoothing(args),
            "info" => self.info(args),
            _ => Err(mistyped("a known function")),
        }
    }

    fn constant(&self, number: f64) -> Evaluated {
        Evaluated::Scalar(vec![number; self.steps.count])
    }

    /// The times of the steps in seconds.
    fn seconds(&self) -> impl Iterator<Item = f64> + use<> {
        self.steps.times().map(crate::model::Timestamp::seconds)
    }

    /// One series without labels, made of the evaluation time.
    fn unlabelled(&self, read: impl Fn(f64) -> f64) -> Vector {
        let column = Column { labels: Labels::empty(), values: self.seconds().map(read).collect() };
        Vector::new(vec![column])
    }

    fn change_each(
        &mut self,
        arg: &Expr,
        change: impl Fn(f64, usize) -> f64,
    ) -> Result<Evaluated, EvalError> {
        let mut vector = self.vector(arg)?;
        self.budget.work((vector.columns.len() * self.steps.count) as u64)?;
        vector.map(change);
        Ok(Evaluated::Vector(vector.drop_names()?))
    }

    fn windows(
        &mut self,
        (arg, aggregate): (&Expr, Option<Aggregate>),
        function: &mut impl WindowFunction,
        keep_names: bool,
    ) -> Result<Evaluated, EvalError> {
        let matrix = self.matrix(arg, aggregate)?;
        let vector = self.over_windows(matrix, function)?;
        Ok(Evaluated::Vector(if keep_names {
            vector.merge_equal()?
        } else {
            vector.drop_names()?
        }))
    }

    fn extrapolate(&mut self, change: Change, arg: &Expr) -> Result<Evaluated, EvalError> {
        let matrix = self.matrix(arg, Some(Aggregate::Ends))?;
        let vector = self.over_windows(matrix, &mut Extrapolated::new(change))?;
        if change != Change::Delta {
            self.inform_of_gauges(&vector, arg.place);
        }
        Ok(Evaluated::Vector(vector.drop_names()?))
    }

    /// Says which metrics do not look like counters: by their type where a label tells it,
    /// otherwise by what was told of them when they came, and by their name.
    fn inform_of_gauges(&mut self, vector: &Vector, place: Place) {
        let mut last = ("", "");
        for column in &vector.columns {
            let (name, kind) = (column.labels.name(), column.labels.value(METRIC_TYPE));
            if (name, kind) == last || name.is_empty() {
                continue;
            }
            last = (name, kind);
            if !kind.is_empty() {
                if !matches!(kind, "counter" | "histogram") {
                    let remark = format!(
                        "metric might not be a counter, __type__ label is not set to \"counter\" \
                         or \"histogram\", got {kind:?}: {name:?}"
                    );
                    self.notes.inform(&remark, place);
                }
                continue;
            }
            if COUNTER_ENDINGS.iter().any(|ending| name.ends_with(ending)) {
                continue;
            }
            let metadata = self.data.metadata(name);
            if metadata.is_some_and(|known| known.metric_type == MetricType::Counter) {
                continue;
            }
            let remark = format!(
                "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: \
                 {name:?}"
            );
            self.notes.inform(&remark, place);
        }
    }

    fn predict(&mut self, arg: &Expr, ahead: &Expr) -> Result<Evaluated, EvalError> {
        let ahead = self.scalar(ahead)?;
        let mut function = Plain(|window: &Window<'_>| {
            let line = regression::line(window.samples(), window.time)?;
            Some(line.value + line.slope * ahead.get(window.step)?)
        });
        self.windows((arg, None), &mut function, false)
    }

    /// A level and a trend, each smoothed by a factor (Holt's linear method).
    fn double_smoothing(&mut self, args: &[Expr]) -> Result<Evaluated, EvalError> {
        let mut factors = [Vec::new(), Vec::new()];
        for (factor, index) in factors.iter_mut().zip([1, 2]) {
            *factor = self.scalar(arg(args, index)?)?;
            if let Some(bad) = factor.iter().find(|factor| !(**factor > 0.0 && **factor < 1.0)) {
                let (what, short) = if index == 1 { ("smoothing", "sf") } else { ("trend", "tf") };
                return Err(EvalError::execution(format!(
                    "invalid {what} factor. Expected: 0 < {short} < 1, got: {bad:.6}"
                )));
            }
        }
        let [smoothing, trend] = factors;
        let mut function = Plain(|window: &Window<'_>| {
            let factors = (*smoothing.get(window.step)?, *trend.get(window.step)?);
            regression::smoothed(window.values(), factors)
        });
        self.windows((arg(args, 0)?, None), &mut function, false)
    }

    fn quantile_over_time(&mut self, quantile: &Expr, arg: &Expr) -> Result<Evaluated, EvalError> {
        let quantiles = self.scalar(quantile)?;
        self.warn_of_quantiles(&quantiles, quantile.place);
        let mut values = Vec::new();
        let mut function = Plain(|window: &Window<'_>| {
            values.clear();
            values.extend(window.values());
            Some(number::quantile(*quantiles.get(window.step)?, &mut values))
        });
        self.windows((arg, None), &mut function, false)
    }

    /// 1 at the steps where the argument has no series, with the labels that it would have.
    fn absent(&mut self, arg: &Expr, over_time: bool) -> Result<Evaluated, EvalError> {
        let vector = if over_time {
            let matrix = self.matrix(arg, Some(Aggregate::Newest))?;
            self.over_windows(matrix, &mut Ends(|_: &Window<'_>| Some(1.0)))?
        } else {
            self.vector(arg)?
        };
        let labels = match &without_parens(arg).node {
            Node::Selector(selector) | Node::Range { selector, .. } => {
                labels_of(&selector.matchers)
            }
            _ => Labels::empty(),
        };
        let present = vector.presence(self.steps.count);
        let values = present.iter().map(|present| if *present { ABSENT } else { 1.0 }).collect();
        let mut absent = Vector::new(vec![Column { labels, values }]);
        absent.prune();
        Ok(Evaluated::Vector(absent))
    }

    fn bounded(&mut self, name: &str, args: &[Expr]) -> Result<Evaluated, EvalError> {
        let mut bounds = Vec::with_capacity(2);
        for bound in args.iter().skip(1) {
            bounds.push(self.scalar(bound)?);
        }
        let at = |index: usize, step: usize| {
            bounds.get(index).and_then(|bound: &Vec<f64>| bound.get(step)).copied()
        };
        let vector = arg(args, 0)?;
        let missing = f64::NAN;
        match name {
            "round" => {
                self.change_each(vector, |v, step| math::round(v, at(0, step).unwrap_or(1.0)))
            }
            "clamp_min" => self
                .change_each(vector, |v, step| math::at_least(v, at(0, step).unwrap_or(missing))),
            "clamp_max" => {
                self.change_each(vector, |v, step| math::at_most(v, at(0, step).unwrap_or(missing)))
            }
            _ => {
                let bound = |index, step| at(index, step).unwrap_or(missing);
                let clamped = self.change_each(vector, |value, step| {
                    math::clamp(value, bound(0, step), bound(1, step))
                })?;
                Ok(without_steps(clamped, |step| bound(0, step) > bound(1, step)))
            }
        }
    }

    fn timestamp(&mut self, arg: &Expr) -> Result<Evaluated, EvalError> {
        let vector = if let Some(selector) = selector_of(arg) {
            self.sample_times(selector)?
        } else {
            let mut vector = self.vector(arg)?;
            let steps = self.steps;
            vector.map(|_, step| steps.time(step).seconds());
            vector
        };
        Ok(Evaluated::Vector(vector.drop_names()?))
    }

    /// The value of the only element; NaN where there is none or more than one.
    fn single(&mut self, arg: &Expr) -> Result<Evaluated, EvalError> {
        let vector = self.vector(arg)?;
        let mut values = vec![ABSENT; self.steps.count];
        for column in &vector.columns {
            for (single, value) in values.iter_mut().zip(&column.values) {
                if !is_absent(*value) {
                    *single = if is_absent(*single) { *value } else { f64::NAN };
                }
            }
        }
        for value in &mut values {
            *value = super::vector::present(*value);
        }
        Ok(Evaluated::Scalar(values))
    }
}

/// The labels that a series must have to pass: those of `=` matchers whose name stands once.
fn labels_of(matchers: &[Matcher]) -> Labels {
    let once = |name: &str| matchers.iter().filter(|other| other.name() == name).count() == 1;
    let known = matchers.iter().filter(|matcher| {
        matcher.op() == MatchOp::Equal && matcher.name() != METRIC_NAME && once(matcher.name())
    });
    let pairs = known.map(|matcher| (matcher.name(), matcher.value()));
    Labels::from_pairs(pairs).unwrap_or_else(|_| Labels::empty())
}

fn without_steps(evaluated: Evaluated, empty: impl Fn(usize) -> bool) -> Evaluated {
    let Evaluated::Vector(mut vector) = evaluated else {
        return evaluated;
    };
    for column in &mut vector.columns {
        for (step, value) in column.values.iter_mut().enumerate() {
            if empty(step) {
                *value = ABSENT;
            }
        }
    }
    vector.prune();
    Evaluated::Vector(vector)
}
