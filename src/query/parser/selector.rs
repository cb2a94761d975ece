//! Selectors, their matchers and modifiers, ranges and subqueries, and lists of labels.

use super::super::ast::{At, Edge, Expr, Node, Place, Selector, Shift};
use super::super::lexer::Kind;
use super::{Parsed, Parser, REGEXES_MAX};
use crate::model::{METRIC_NAME, MatchOp, Matcher, Timestamp};

/// The farthest time that `@` may name, before and after the epoch: over 30,000 years, within which
/// seconds with three decimals are exact.
const AT_MS_MAX: f64 = (1_i64 << 50) as f64;

impl Parser<'_> {
    /// `name`, `name{matchers}` or `{matchers}`.
    pub(super) fn selector(&mut self, name: Option<&str>) -> Parsed<Expr> {
        let start = self.place().start;
        let mut matchers = Vec::new();
        if name.is_some() {
            self.bump();
        }
        if self.take(&Kind::LeftBrace) {
            self.matchers(&mut matchers)?;
        }
        let place = self.since(start);
        if let Some(name) = name {
            let is_name = |matcher: &&Matcher| matcher.name() == METRIC_NAME;
            if let Some(second) = matchers.iter().find(is_name) {
                let message =
                    format!("the metric name is set twice: \"{name}\" and {:?}", second.value());
                return Err(self.error(place, message));
            }
            matchers.push(Matcher::equal(METRIC_NAME, name));
        }
        let selector = Selector { matchers, shift: Shift::default(), edge: Edge::Plain };
        Ok(Expr { node: Node::Selector(selector), place })
    }

    /// Matchers up to and including the closing brace; a comma may stand before it.
    fn matchers(&mut self, matchers: &mut Vec<Matcher>) -> Parsed<()> {
        while !self.take(&Kind::RightBrace) {
            matchers.push(self.matcher()?);
            if !self.take(&Kind::Comma) && self.kind() != &Kind::RightBrace {
                return Err(self.unexpected("label matching", "\",\" or \"}\""));
            }
        }
        Ok(())
    }

    /// `label="value"`, `"label"="value"`, or a quoted metric name.
    fn matcher(&mut self) -> Parsed<Matcher> {
        let place = self.place();
        self.count_node(place)?;
        let (name, quoted) = match self.kind() {
            Kind::Word => (self.word(0).unwrap_or_default().to_owned(), false),
            Kind::Text(name) => (name.clone(), true),
            _ => return Err(self.unexpected("label matching", "a label name or \"}\"")),
        };
        self.bump();
        let op = match self.kind() {
            Kind::Assign => MatchOp::Equal,
            Kind::Operator(super::super::ast::BinaryOp::Ne) => MatchOp::NotEqual,
            Kind::Matches => MatchOp::Regex,
            Kind::MatchesNot => MatchOp::NotRegex,
            Kind::Comma | Kind::RightBrace if quoted => {
                return Ok(Matcher::equal(METRIC_NAME, name));
            }
            _ => {
                let context = format!("label matching after label \"{name}\"");
                return Err(self.unexpected(&context, "one of \"=\", \"!=\", \"=~\", \"!~\""));
            }
        };
        self.bump();
        let Kind::Text(value) = self.kind().clone() else {
            let context = format!("label matching after label \"{name}\"");
            return Err(self.unexpected(&context, "a quoted string"));
        };
        self.bump();
        if name.is_empty() {
            return Err(self.error(place, "a label name must not be empty"));
        }
        self.build_matcher(name, op, value, self.since(place.start))
    }

    fn build_matcher(
        &mut self,
        name: String,
        op: MatchOp,
        value: String,
        place: Place,
    ) -> Parsed<Matcher> {
        if matches!(op, MatchOp::Regex | MatchOp::NotRegex) {
            self.regexes += 1;
            if self.regexes > REGEXES_MAX {
                let message = format!(
                    "the query has more than {REGEXES_MAX} regular expressions, which is the limit"
                );
                return Err(self.error(place, message));
            }
        }
        let wrong = format!("invalid regular expression in the matcher of label \"{name}\"");
        Matcher::new(name, op, value).map_err(|error| {
            // The library draws the place over several lines; the last one says what is wrong.
            let text = error.to_string();
            let reason = text.lines().last().unwrap_or_default();
            let reason = reason.strip_prefix("error: ").unwrap_or(reason);
            self.error(place, format!("{wrong}: {reason}"))
        })
    }

    /// `(a, "b.c", by)` of the clause `context`; a comma may stand before the closing parenthesis.
    pub(super) fn label_list(&mut self, context: &str) -> Parsed<Vec<String>> {
        let context = format!("the labels of \"{context}\"");
        self.expect(&Kind::LeftParen, &context, "\"(\"")?;
        let mut labels = Vec::new();
        while !self.take(&Kind::RightParen) {
            let label = match self.kind() {
                Kind::Word => self.word(0).filter(|word| !word.contains(':')).map(str::to_owned),
                Kind::Text(name) => Some(name.clone()).filter(|name| !name.is_empty()),
                _ => None,
            };
            let expected = if labels.is_empty() { "a label name or \")\"" } else { "a label name" };
            labels.push(label.ok_or_else(|| self.unexpected(&context, expected))?);
            self.bump();
            if !self.take(&Kind::Comma) && self.kind() != &Kind::RightParen {
                return Err(self.unexpected(&context, "\",\" or \")\""));
            }
        }
        Ok(labels)
    }

    /// `[range]` or `[range:step]` after `expr`.
    pub(super) fn brackets(&mut self, expr: Expr) -> Parsed<Expr> {
        let bracket = self.place().start;
        let start = expr.place.start;
        self.count_node(self.place())?;
        self.bump();
        let range = self.positive_length("a range", "a duration")?;
        if self.take(&Kind::Colon) {
            let step = match self.kind() {
                Kind::RightBracket => None,
                _ => Some(self.positive_length("a subquery", "a duration or \"]\"")?),
            };
            self.expect(&Kind::RightBracket, "a subquery", "\"]\"")?;
            let node =
                Node::Subquery { expr: Box::new(expr), range, step, shift: Shift::default() };
            return Ok(Expr { node, place: self.since(start) });
        }
        self.expect(&Kind::RightBracket, "a range", "\":\" or \"]\"")?;
        let refuse = |parser: &Self, message: &str| {
            Err(parser.error(parser.since(bracket), message.to_owned()))
        };
        let Node::Selector(mut selector) = expr.node else {
            return refuse(
                self,
                "a range is only allowed after a selector, write [range:] for a subquery",
            );
        };
        if selector.shift.offset.is_some() {
            return refuse(self, "\"offset\" must stand after the range");
        }
        if selector.shift.at.is_some() {
            return refuse(self, "\"@\" must stand after the range");
        }
        let edge = std::mem::take(&mut selector.edge);
        Ok(Expr { node: Node::Range { selector, range, edge }, place: self.since(start) })
    }

    /// `offset 5m` after `expr`.
    pub(super) fn offset(&mut self, mut expr: Expr) -> Parsed<Expr> {
        self.bump();
        let offset = self.offset_length()?;
        let place = expr.place;
        let Some(shift) = shift_of(&mut expr) else {
            return Err(self.error(place, misplaced("offset")));
        };
        if shift.offset.replace(offset).is_some() {
            return Err(self.error(place, "\"offset\" must not be set twice"));
        }
        expr.place = self.since(place.start);
        Ok(expr)
    }

    /// `@ 1700000000`, `@ start()` or `@ end()` after `expr`.
    pub(super) fn at_modifier(&mut self, mut expr: Expr) -> Parsed<Expr> {
        self.bump();
        let at = if self.take_word("start") {
            At::Start
        } else if self.take_word("end") {
            At::End
        } else {
            let number = self.place();
            let seconds = self.signed_number("\"@\"", "a timestamp, \"start()\" or \"end()\"")?;
            let ms = (seconds * 1000.0).round();
            // Written so that NaN is refused too.
            if !(ms.abs() <= AT_MS_MAX) {
                return Err(
                    self.error(number, format!("timestamp {seconds} is out of bounds for \"@\""))
                );
            }
            At::Time(Timestamp(ms as i64))
        };
        if !matches!(at, At::Time(_)) {
            self.expect(&Kind::LeftParen, "\"@\"", "\"()\"")?;
            self.expect(&Kind::RightParen, "\"@\"", "\")\"")?;
        }
        let place = expr.place;
        let Some(shift) = shift_of(&mut expr) else {
            return Err(self.error(place, misplaced("@")));
        };
        if shift.at.replace(at).is_some() {
            return Err(self.error(place, "\"@\" must not be set twice"));
        }
        expr.place = self.since(place.start);
        Ok(expr)
    }

    /// `anchored` or `smoothed` after `expr`.
    pub(super) fn edge(&mut self, mut expr: Expr) -> Parsed<Expr> {
        let anchored = self.is_word(0, "anchored");
        let (edge, word) =
            if anchored { (Edge::Anchored, "anchored") } else { (Edge::Smoothed, "smoothed") };
        self.bump();
        let place = expr.place;
        let set = match &mut expr.node {
            Node::Selector(selector) => &mut selector.edge,
            Node::Range { edge, .. } => edge,
            _ => {
                let message = format!("\"{word}\" must follow a selector or a range of one");
                return Err(self.error(place, message));
            }
        };
        if *set != Edge::Plain && *set != edge {
            let message = "\"anchored\" and \"smoothed\" cannot be used together";
            return Err(self.error(place, message));
        }
        *set = edge;
        expr.place = self.since(place.start);
        Ok(expr)
    }
}

/// The place for `offset` and `@` of an expression that can have them.
fn shift_of(expr: &mut Expr) -> Option<&mut Shift> {
    match &mut expr.node {
        Node::Selector(selector) | Node::Range { selector, .. } => Some(&mut selector.shift),
        Node::Subquery { shift, .. } => Some(shift),
        _ => None,
    }
}

fn misplaced(modifier: &str) -> String {
    format!("\"{modifier}\" must follow a selector, a range or a subquery")
}
