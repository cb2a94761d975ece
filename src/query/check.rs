//! What the grammar cannot see: types, numbers of arguments, what belongs together.

use super::ast::{Aggregate, Binary, Cardinality, Expr, Node, Place, ValueType};
use super::error::ParseError;
use super::function::Function;
use super::parser::{DEPTH_MAX, arguments_of};
use crate::model::{METRIC_NAME, MatchOp, Matcher};

/// Checks the whole expression; the first mistake is told, inner ones before outer ones.
pub(super) fn check(text: &str, expr: &Expr) -> Result<(), ParseError> {
    Check { text, depth: 0 }.expr(expr).map(drop)
}

/// The refusal of an expression that nests too deep.
pub(super) fn too_deep() -> String {
    format!(
        "the query nests deeper than {DEPTH_MAX} levels, which is the limit \
         (each operator of a chain is a level)"
    )
}

struct Check<'a> {
    text: &'a str,
    depth: usize,
}

type Checked<T> = Result<T, ParseError>;

impl Check<'_> {
    fn error<T>(&self, place: Place, message: impl Into<String>) -> Checked<T> {
        Err(ParseError::new(self.text, place, message))
    }

    /// Checks `expr` and all inside it, and gives its type.
    fn expr(&mut self, expr: &Expr) -> Checked<ValueType> {
        if self.depth >= DEPTH_MAX {
            return self.error(expr.place, too_deep());
        }
        self.depth += 1;
        self.node(expr)?;
        self.depth -= 1;
        Ok(expr.value_type())
    }

    fn node(&mut self, expr: &Expr) -> Checked<()> {
        match &expr.node {
            Node::Number(_) | Node::String(_) => Ok(()),
            Node::Selector(selector) | Node::Range { selector, .. } => {
                self.matchers(&selector.matchers, expr.place)
            }
            Node::Subquery { expr: inner, .. } => match self.expr(inner)? {
                ValueType::Vector => Ok(()),
                found => {
                    let found = found.text();
                    let message =
                        format!("subquery is only allowed on instant vector, got {found}");
                    self.error(expr.place, message)
                }
            },
            Node::Paren(inner) => self.expr(inner).map(drop),
            Node::Unary { expr: inner, .. } => match self.expr(inner)? {
                ValueType::Scalar | ValueType::Vector => Ok(()),
                found => {
                    let found = found.text();
                    let message =
                        format!("a sign is only allowed on scalar and instant vector, got {found}");
                    self.error(expr.place, message)
                }
            },
            Node::Binary(binary) => self.binary(binary, expr.place),
            Node::Call { function, args } => self.call(*function, args, expr.place),
            Node::Aggregate(aggregate) => self.aggregate(aggregate),
        }
    }

    fn matchers(&self, matchers: &[Matcher], place: Place) -> Checked<()> {
        if matchers.iter().all(Matcher::matches_empty) {
            let message = "a selector must contain at least one matcher that does not match the \
                           empty string";
            return self.error(place, message);
        }
        Ok(())
    }

    fn expect(&mut self, expr: &Expr, wanted: ValueType, context: &str) -> Checked<()> {
        let found = self.expr(expr)?;
        if found == wanted {
            return Ok(());
        }
        let (wanted, found) = (wanted.text(), found.text());
        self.error(expr.place, format!("expected type {wanted} in {context}, got {found}"))
    }

    fn aggregate(&mut self, aggregate: &Aggregate) -> Checked<()> {
        let context = format!("aggregation \"{}\"", aggregate.op.text());
        self.expect(&aggregate.expr, ValueType::Vector, &context)?;
        if let (Some(param), Some(wanted)) = (&aggregate.param, aggregate.op.param_type()) {
            self.expect(param, wanted, &format!("the parameter of {context}"))?;
            self.label_name(param)?;
        }
        Ok(())
    }

    /// Refuses a text that is no label name, as it was written: here, while that is still at hand.
    fn label_name(&self, text: &Expr) -> Checked<()> {
        let Node::String(name) = &text.node else { return Ok(()) };
        if !name.is_empty() && !name.contains(char::REPLACEMENT_CHARACTER) {
            return Ok(());
        }
        let written = self.text.get(text.place.start..text.place.end).unwrap_or_default();
        self.error(text.place, format!("invalid label name {written}"))
    }

    fn call(&mut self, function: Function, args: &[Expr], place: Place) -> Checked<()> {
        let (least, most) = (function.arguments_min(), function.arguments_max());
        let expected = match most {
            Some(most) if most == least && args.len() != least => arguments_of(least),
            _ if args.len() < least => format!("at least {}", arguments_of(least)),
            Some(most) if args.len() > most => format!("at most {}", arguments_of(most)),
            _ => String::new(),
        };
        let name = function.name();
        if !expected.is_empty() {
            let count = args.len();
            let message =
                format!("expected {expected} in call to function \"{name}\", got {count}");
            return self.error(place, message);
        }
        let context = format!("call to function \"{name}\"");
        for (index, arg) in args.iter().enumerate() {
            if name == "info" && index == 1 {
                self.info_selector(arg)?;
            } else if let Some(wanted) = function.argument_type(index) {
                self.expect(arg, wanted, &context)?;
            }
        }
        Ok(())
    }

    /// The second argument of `info`: matchers alone, which may all match the empty string.
    fn info_selector(&self, arg: &Expr) -> Checked<()> {
        let bare = |matcher: &Matcher| {
            matcher.name() == METRIC_NAME && matcher.op() == MatchOp::Equal && !self.braced(arg)
        };
        match &arg.node {
            Node::Selector(selector) if !selector.matchers.iter().any(bare) => Ok(()),
            _ => self.error(
                arg.place,
                "expected matchers in braces as the second argument of function \"info\"",
            ),
        }
    }

    /// Whether the text of `expr` begins with a brace.
    fn braced(&self, expr: &Expr) -> bool {
        self.text.get(expr.place.start..).is_some_and(|rest| rest.starts_with('{'))
    }

    fn binary(&mut self, binary: &Binary, place: Place) -> Checked<()> {
        let Binary { op, lhs, rhs, return_bool, matching } = binary;
        let types = (self.expr(lhs)?, self.expr(rhs)?);
        // The operator stands behind the left side.
        let between = Place { start: self.operator_start(lhs), end: rhs.place.start };
        if *return_bool && !op.is_comparison() {
            return self.error(between, "\"bool\" is only allowed on comparison operators");
        }
        let scalars = types == (ValueType::Scalar, ValueType::Scalar);
        if op.is_comparison() && !return_bool && scalars {
            return self
                .error(between, "comparisons between scalars must use the \"bool\" modifier");
        }
        let both = matching.labels.iter().find(|label| matching.include.contains(label));
        if let Some(label) = both.filter(|_| matching.on) {
            let message =
                format!("label \"{label}\" must not occur in \"on\" and in the group clause");
            return self.error(between, message);
        }
        for (side, found) in [(lhs, types.0), (rhs, types.1)] {
            if !matches!(found, ValueType::Scalar | ValueType::Vector) {
                let message = format!(
                    "expected type scalar or instant vector in a binary expression, got {}",
                    found.text()
                );
                return self.error(side.place, message);
            }
        }
        self.matching(binary, types == (ValueType::Vector, ValueType::Vector), place)
    }

    fn matching(&self, binary: &Binary, vectors: bool, place: Place) -> Checked<()> {
        let Binary { op, matching, .. } = binary;
        let op_text = op.text();
        let fills = matching.fill_left.is_some() || matching.fill_right.is_some();
        let grouped =
            matches!(matching.cardinality, Cardinality::ManyToOne | Cardinality::OneToMany);
        if !vectors && !matching.labels.is_empty() {
            let clause = if matching.on { "on" } else { "ignoring" };
            return self
                .error(place, format!("\"{clause}\" is only allowed between instant vectors"));
        }
        if !vectors && fills {
            return self.error(place, "\"fill\" is only allowed between instant vectors");
        }
        if !vectors && op.is_set() {
            let message =
                format!("set operator \"{op_text}\" is only allowed between instant vectors");
            return self.error(place, message);
        }
        if op.is_set() && grouped {
            let message = format!("no grouping is allowed for set operator \"{op_text}\"");
            return self.error(place, message);
        }
        if op.is_set() && fills {
            let message = format!("\"fill\" is not allowed for set operator \"{op_text}\"");
            return self.error(place, message);
        }
        Ok(())
    }

    /// Where the operator after `lhs` stands: behind blanks and comments.
    fn operator_start(&self, lhs: &Expr) -> usize {
        let mut at = lhs.place.end;
        loop {
            let rest = self.text.get(at..).unwrap_or_default();
            let trimmed = rest.trim_start();
            at += rest.len() - trimmed.len();
            if !trimmed.starts_with('#') {
                return at;
            }
            at += trimmed.find('\n').unwrap_or(trimmed.len());
        }
    }
}
