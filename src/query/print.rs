//! A tree back to text, in one form: parentheses only where they are needed, numbers and durations in
//! their shortest form, clauses and modifiers in a fixed order. Reading the text again gives a tree
//! that prints the same.

use std::fmt::{self, Display, Formatter};

use super::ast::{
    Aggregate, At, Binary, BinaryOp, Cardinality, Edge, Expr, Length, LengthExpr, LengthNode,
    Matching, Node, Selector, Shift,
};
use super::parser::RESERVED;
use crate::model::{METRIC_NAME, MatchOp, Matcher};

/// How strongly what cannot be torn apart holds together; operators are twice their precedence.
const ATOM: u8 = 20;
/// A sign stands between `*` and `^`.
const SIGN: u8 = 11;

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.node {
            Node::Number(value) => number(f, *value),
            Node::String(text) => quoted(f, text),
            Node::Selector(selector) => {
                write!(f, "{selector}{}{}", Modifier(selector.edge), selector.shift)
            }
            Node::Range { selector, range, edge } => {
                write!(f, "{selector}[{range}]{}{}", Modifier(*edge), selector.shift)
            }
            Node::Subquery { expr, range, step, shift } => {
                operand(f, expr, ATOM)?;
                write!(f, "[{range}:")?;
                step.iter().try_for_each(|step| write!(f, "{step}"))?;
                write!(f, "]{shift}")
            }
            Node::Paren(expr) => write!(f, "{expr}"),
            Node::Unary { negative, expr } => {
                f.write_str(if *negative { "-" } else { "+" })?;
                operand(f, expr, SIGN)
            }
            Node::Binary(binary) => write!(f, "{binary}"),
            Node::Call { function, args } => {
                f.write_str(function.name())?;
                match (function.name(), args.as_slice()) {
                    // `info` takes matchers, never a metric name before the braces.
                    ("info", [first, Expr { node: Node::Selector(matchers), .. }]) => {
                        write!(f, "({first}, ")?;
                        selector(f, matchers, false)?;
                        f.write_str(")")
                    }
                    _ => list(f, args),
                }
            }
            Node::Aggregate(aggregate) => write!(f, "{aggregate}"),
        }
    }
}

/// Writes `expr`, in parentheses when it holds together less strongly than `least`.
fn operand(f: &mut Formatter<'_>, expr: &Expr, least: u8) -> fmt::Result {
    if strength(expr) < least { write!(f, "({expr})") } else { write!(f, "{expr}") }
}

fn strength(expr: &Expr) -> u8 {
    match &expr.node {
        Node::Paren(inner) => strength(inner),
        Node::Binary(binary) => binary.op.precedence() * 2,
        Node::Unary { .. } => SIGN,
        Node::Number(value) => number_strength(*value),
        _ => ATOM,
    }
}

fn number_strength(value: f64) -> u8 {
    if value.is_sign_negative() && !value.is_nan() { SIGN } else { ATOM }
}

/// How strongly the left and right side of `op` must hold together to stand without parentheses.
fn sides(op: BinaryOp) -> (u8, u8) {
    let own = op.precedence() * 2;
    // `^` joins from the right, and a sign may stand on its right.
    if op == BinaryOp::Pow { (own + 1, SIGN) } else { (own, own + 1) }
}

impl Display for Binary {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (left, right) = sides(self.op);
        operand(f, &self.lhs, left)?;
        write!(f, " {}", self.op.text())?;
        f.write_str(if self.return_bool { " bool" } else { "" })?;
        write!(f, "{} ", self.matching)?;
        operand(f, &self.rhs, right)
    }
}

impl Display for Matching {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let group = match self.cardinality {
            Cardinality::ManyToOne => " group_left",
            Cardinality::OneToMany => " group_right",
            _ => "",
        };
        if self.on || !self.labels.is_empty() || !group.is_empty() {
            f.write_str(if self.on { " on " } else { " ignoring " })?;
            labels(f, &self.labels)?;
        }
        f.write_str(group)?;
        if !self.include.is_empty() {
            f.write_str(" ")?;
            labels(f, &self.include)?;
        }
        let mut fill = |word: &str, value: f64| {
            write!(f, " {word} (")?;
            number(f, value)?;
            f.write_str(")")
        };
        match (self.fill_left, self.fill_right) {
            (Some(left), Some(right)) if left.to_bits() == right.to_bits() => fill("fill", left),
            (left, right) => {
                left.iter().try_for_each(|value| fill("fill_left", *value))?;
                right.iter().try_for_each(|value| fill("fill_right", *value))
            }
        }
    }
}

impl Display for Aggregate {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.op.text())?;
        if self.without || !self.grouping.is_empty() {
            f.write_str(if self.without { " without " } else { " by " })?;
            labels(f, &self.grouping)?;
            f.write_str(" ")?;
        }
        list(f, self.param.iter().chain([&self.expr]))
    }
}

impl Display for Selector {
    /// Writes what is selected, without its modifiers.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        selector(f, self, true)
    }
}

/// Writes a selector; its metric name stands before the braces only if it may be `bare`.
fn selector(f: &mut Formatter<'_>, selector: &Selector, bare: bool) -> fmt::Result {
    let is_name = |matcher: &&Matcher| matcher.name() == METRIC_NAME;
    // Two conditions on the name can only be written as matchers.
    let mut names = selector.matchers.iter().filter(is_name);
    let name = names.next().filter(|name| {
        names.next().is_none() && name.op() == MatchOp::Equal && !name.value().is_empty()
    });
    let bare = name.filter(|name| bare && is_bare_metric_name(name.value()));
    if let Some(name) = bare {
        f.write_str(name.value())?;
    }
    let rest = selector.matchers.iter().filter(|matcher| name.is_none() || !is_name(matcher));
    let mut separator = "{";
    if let (Some(name), None) = (name, bare) {
        f.write_str(separator)?;
        quoted(f, name.value())?;
        separator = ", ";
    }
    for matcher in rest {
        f.write_str(separator)?;
        label_name(f, matcher.name())?;
        f.write_str(matcher.op().text())?;
        quoted(f, matcher.value())?;
        separator = ", ";
    }
    match (separator, bare) {
        ("{", Some(_)) => Ok(()),
        ("{", None) => f.write_str("{}"),
        _ => f.write_str("}"),
    }
}

impl Display for Shift {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.at {
            None => {}
            Some(At::Start) => f.write_str(" @ start()")?,
            Some(At::End) => f.write_str(" @ end()")?,
            Some(At::Time(at)) => {
                f.write_str(" @ ")?;
                number(f, at.seconds())?;
            }
        }
        match &self.offset {
            None => Ok(()),
            Some(Length::Computed(expr)) if !is_atom(expr) => write!(f, " offset ({expr})"),
            Some(length) => write!(f, " offset {length}"),
        }
    }
}

struct Modifier(Edge);

impl Display for Modifier {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Edge::Plain => "",
            Edge::Anchored => " anchored",
            Edge::Smoothed => " smoothed",
        })
    }
}

impl Display for Length {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(span) => write!(f, "{span}"),
            Self::Computed(expr) => write!(f, "{expr}"),
        }
    }
}

/// Whether it may follow `offset` as it is: one atom with at most one sign.
fn is_atom(expr: &LengthExpr) -> bool {
    match &expr.node {
        LengthNode::Negate(inner) => {
            !matches!(inner.node, LengthNode::Negate(_)) && length_strength(inner) == ATOM
        }
        _ => length_strength(expr) == ATOM,
    }
}

fn length_strength(expr: &LengthExpr) -> u8 {
    match &expr.node {
        LengthNode::Binary(op, ..) => op.precedence() * 2,
        LengthNode::Negate(_) => SIGN,
        LengthNode::Seconds(value) => number_strength(*value),
        _ => ATOM,
    }
}

impl Display for LengthExpr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let operand = |f: &mut Formatter<'_>, expr: &Self, least: u8| {
            if length_strength(expr) < least { write!(f, "({expr})") } else { write!(f, "{expr}") }
        };
        match &self.node {
            LengthNode::Seconds(seconds) => number(f, *seconds),
            LengthNode::Step => f.write_str("step()"),
            LengthNode::Range => f.write_str("range()"),
            LengthNode::Negate(inner) => {
                f.write_str("-")?;
                operand(f, inner, SIGN)
            }
            LengthNode::Min(one, two) => write!(f, "min_of({one}, {two})"),
            LengthNode::Max(one, two) => write!(f, "max_of({one}, {two})"),
            LengthNode::Binary(op, lhs, rhs) => {
                let (left, right) = sides(*op);
                operand(f, lhs, left)?;
                write!(f, " {} ", op.text())?;
                operand(f, rhs, right)
            }
        }
    }
}

/// Writes `(a, b)`.
fn list<'a>(f: &mut Formatter<'_>, items: impl IntoIterator<Item = &'a Expr>) -> fmt::Result {
    f.write_str("(")?;
    for (index, item) in items.into_iter().enumerate() {
        f.write_str(if index == 0 { "" } else { ", " })?;
        write!(f, "{item}")?;
    }
    f.write_str(")")
}

/// Writes `(a, "b.c")`.
fn labels(f: &mut Formatter<'_>, labels: &[String]) -> fmt::Result {
    f.write_str("(")?;
    for (index, label) in labels.iter().enumerate() {
        f.write_str(if index == 0 { "" } else { ", " })?;
        label_name(f, label)?;
    }
    f.write_str(")")
}

/// Writes the shortest text that reads back as the same number.
fn number(f: &mut Formatter<'_>, value: f64) -> fmt::Result {
    let size = value.abs();
    if value.is_nan() {
        f.write_str("NaN")
    } else if value.is_infinite() {
        f.write_str(if value > 0.0 { "Inf" } else { "-Inf" })
    } else if size == 0.0 || (1e-6..1e16).contains(&size) {
        write!(f, "{value}")
    } else {
        write!(f, "{value:e}")
    }
}

/// Writes `text` in double quotes.
fn quoted(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            '\n' => f.write_str("\\n")?,
            _ => write!(f, "{c}")?,
        }
    }
    f.write_str("\"")
}

/// Writes a label name, quoted where it must be. `inf` and `nan` are numbers in lists of labels.
fn label_name(f: &mut Formatter<'_>, name: &str) -> fmt::Result {
    let special = name.eq_ignore_ascii_case("inf") || name.eq_ignore_ascii_case("nan");
    let classic = is_classic(name) && !name.contains(':');
    if classic && !special { f.write_str(name) } else { quoted(f, name) }
}

fn is_bare_metric_name(name: &str) -> bool {
    is_classic(name) && !RESERVED.iter().any(|keyword| keyword.eq_ignore_ascii_case(name))
}

/// Whether the name is of `[a-zA-Z_:][a-zA-Z0-9_:]*`.
fn is_classic(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':';
    name.bytes().all(allowed) && name.bytes().next().is_some_and(|byte| !byte.is_ascii_digit())
}
