//! Lengths of time: durations, numbers of seconds, and expressions of both. What does not depend on
//! the query's step or range is computed here, once.

use super::super::ast::{BinaryOp, Length, LengthExpr, LengthNode, Place};
use super::super::lexer::Kind;
use super::{Parsed, Parser};
use crate::model::Span;

/// The longest duration, a little over 292 years: what fits 64 bits of nanoseconds.
const SECONDS_MAX: f64 = 9_223_372_036.0;

impl Parser<'_> {
    /// The length of a range or of a subquery's step: more than nothing.
    pub(super) fn positive_length(&mut self, context: &str, expected: &str) -> Parsed<Length> {
        let expr = self.length_binary(4, context, expected)?;
        let length = self.length(expr)?;
        match length {
            (Length::Fixed(Span(ms)), place) if ms <= 0 => {
                Err(self.error(place, format!("the duration of {context} must be greater than 0")))
            }
            (length, _) => Ok(length),
        }
    }

    /// The length after `offset`: one duration with a sign, or an expression in parentheses, so that
    /// `x offset 5m + 1` is a sum.
    pub(super) fn offset_length(&mut self) -> Parsed<Length> {
        let expr = self.length_unary(true, "\"offset\"", "a duration")?;
        Ok(self.length(expr)?.0)
    }

    fn length(&self, expr: LengthExpr) -> Parsed<(Length, Place)> {
        let place = expr.place;
        let LengthNode::Seconds(seconds) = expr.node else {
            return Ok((Length::Computed(Box::new(expr)), place));
        };
        // Written so that NaN is refused too.
        if !(seconds.abs() <= SECONDS_MAX) {
            return Err(self.error(place, "the duration is out of range, the limit is 292 years"));
        }
        Ok((Length::Fixed(Span((seconds * 1000.0).round() as i64)), place))
    }

    fn length_binary(&mut self, least: u8, context: &str, expected: &str) -> Parsed<LengthExpr> {
        self.deeper(|parser| {
            let mut lhs = parser.length_unary(false, context, expected)?;
            loop {
                let op = match parser.kind() {
                    Kind::Operator(op) if op.precedence() >= least => *op,
                    _ => return Ok(lhs),
                };
                parser.bump();
                let right_first = u8::from(op != BinaryOp::Pow);
                let rhs =
                    parser.length_binary(op.precedence() + right_first, context, "a duration")?;
                lhs = parser.length_of(op, lhs, rhs)?;
            }
        })
    }

    /// A length with an optional sign. After `offset` (`atom`) a sign stands before one atom alone.
    fn length_unary(&mut self, atom: bool, context: &str, expected: &str) -> Parsed<LengthExpr> {
        let start = self.place().start;
        let negative = self.take(&Kind::Operator(BinaryOp::Sub));
        if !negative && !self.take(&Kind::Operator(BinaryOp::Add)) {
            return self.length_atom(context, expected);
        }
        let inner = if atom {
            self.length_atom(context, "a duration")?
        } else {
            self.length_binary(BinaryOp::Pow.precedence(), context, "a duration")?
        };
        let place = Place { start, end: inner.place.end };
        let node = match inner.node {
            node if !negative => node,
            LengthNode::Seconds(seconds) => LengthNode::Seconds(-seconds),
            _ => {
                self.count_node(place)?;
                LengthNode::Negate(Box::new(inner))
            }
        };
        Ok(LengthExpr { node, place })
    }

    fn length_atom(&mut self, context: &str, expected: &str) -> Parsed<LengthExpr> {
        let place = self.place();
        self.count_node(place)?;
        let node = match self.kind() {
            Kind::Number(seconds) => LengthNode::Seconds(*seconds),
            Kind::Duration(span) => LengthNode::Seconds(span.seconds()),
            Kind::LeftParen => {
                self.bump();
                let inner = self.length_binary(4, context, "a duration")?;
                self.expect(&Kind::RightParen, context, "an operator or \")\"")?;
                return Ok(LengthExpr { place: self.since(place.start), ..inner });
            }
            Kind::Word => return self.length_call(context, expected),
            _ => return Err(self.unexpected(context, expected)),
        };
        self.bump();
        Ok(LengthExpr { node, place })
    }

    /// `step()`, `range()`, `min_of(a, b)`, `max_of(a, b)`, and `min` and `max` as they were called.
    fn length_call(&mut self, context: &str, expected: &str) -> Parsed<LengthExpr> {
        let start = self.place().start;
        let word = self.word(0).unwrap_or_default().to_ascii_lowercase();
        let (arguments, least) = match word.as_str() {
            "step" | "range" => (0, false),
            "min" | "min_of" => (2, true),
            "max" | "max_of" => (2, false),
            _ => return Err(self.unexpected(context, expected)),
        };
        self.bump();
        let context = format!("\"{word}\"");
        self.expect(&Kind::LeftParen, &context, "\"(\"")?;
        let node = if arguments == 0 {
            if word == "step" { LengthNode::Step } else { LengthNode::Range }
        } else {
            let one = self.length_binary(4, &context, "a duration")?;
            self.expect(&Kind::Comma, &context, "\",\"")?;
            let two = self.length_binary(4, &context, "a duration")?;
            extreme(least, one, two)
        };
        self.expect(&Kind::RightParen, &context, "\")\"")?;
        Ok(LengthExpr { node, place: self.since(start) })
    }

    fn length_of(&mut self, op: BinaryOp, lhs: LengthExpr, rhs: LengthExpr) -> Parsed<LengthExpr> {
        let place = Place { start: lhs.place.start, end: rhs.place.end };
        self.count_node(place)?;
        let divides = matches!(op, BinaryOp::Div | BinaryOp::Mod);
        if divides && matches!(rhs.node, LengthNode::Seconds(0.0)) {
            let message = format!("\"{}\" by zero in a duration", op.text());
            return Err(self.error(rhs.place, message));
        }
        let node = match (&lhs.node, &rhs.node) {
            (LengthNode::Seconds(one), LengthNode::Seconds(two)) => LengthNode::Seconds(match op {
                BinaryOp::Add => one + two,
                BinaryOp::Sub => one - two,
                BinaryOp::Mul => one * two,
                BinaryOp::Div => one / two,
                BinaryOp::Mod => one % two,
                _ => one.powf(*two),
            }),
            _ => LengthNode::Binary(op, Box::new(lhs), Box::new(rhs)),
        };
        Ok(LengthExpr { node, place })
    }
}

fn extreme(least: bool, one: LengthExpr, two: LengthExpr) -> LengthNode {
    match (&one.node, &two.node) {
        (LengthNode::Seconds(one), LengthNode::Seconds(two)) => {
            LengthNode::Seconds(if least { one.min(*two) } else { one.max(*two) })
        }
        _ if least => LengthNode::Min(Box::new(one), Box::new(two)),
        _ => LengthNode::Max(Box::new(one), Box::new(two)),
    }
}
