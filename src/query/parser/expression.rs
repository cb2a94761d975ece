//! Operators, function calls, aggregations, and what may stand between them.

use super::super::ast::{
    Aggregate, AggregateOp, Binary, BinaryOp, Cardinality, Expr, Matching, Node, Place,
};
use super::super::function::Function;
use super::super::lexer::Kind;
use super::{Parsed, Parser};

/// Keywords that cannot be metric names.
pub(in super::super) const RESERVED: [&str; 8] =
    ["bool", "on", "ignoring", "group_left", "group_right", "atan2", "inf", "nan"];

/// Keywords that can.
const KEYWORDS: [&str; 11] = [
    "and",
    "or",
    "unless",
    "by",
    "without",
    "offset",
    "anchored",
    "smoothed",
    "fill",
    "fill_left",
    "fill_right",
];

/// Whether the word means something to the grammar somewhere.
pub(in super::super) fn is_keyword(word: &str) -> bool {
    let same = |keyword: &str| keyword.eq_ignore_ascii_case(word);
    RESERVED.iter().any(|keyword| same(keyword))
        || KEYWORDS.iter().any(|keyword| same(keyword))
        || AggregateOp::by_name(word).is_some()
}

impl Parser<'_> {
    pub(super) fn expression(&mut self) -> Parsed<Expr> {
        self.binary(1)
    }

    /// An expression of operators that bind at least as strongly as `least`.
    fn binary(&mut self, least: u8) -> Parsed<Expr> {
        self.deeper(|parser| {
            let mut lhs = parser.unary()?;
            while let Some(op) = parser.operator().filter(|op| op.precedence() >= least) {
                lhs = parser.binary_after(lhs, op)?;
            }
            Ok(lhs)
        })
    }

    /// The binary operator that comes next.
    fn operator(&self) -> Option<BinaryOp> {
        match self.kind() {
            Kind::Operator(op) => Some(*op),
            _ => [BinaryOp::And, BinaryOp::Or, BinaryOp::Unless, BinaryOp::Atan2]
                .into_iter()
                .find(|op| self.is_word(0, op.text())),
        }
    }

    fn binary_after(&mut self, lhs: Expr, op: BinaryOp) -> Parsed<Expr> {
        self.count_node(self.place())?;
        self.bump();
        let return_bool = self.take_word("bool");
        let mut matching = self.matching()?;
        if op.is_set() && matching.cardinality == Cardinality::OneToOne {
            matching.cardinality = Cardinality::ManyToMany;
        }
        let right_first = u8::from(op != BinaryOp::Pow);
        let rhs = self.binary(op.precedence() + right_first)?;
        let place = Place { start: lhs.place.start, end: rhs.place.end };
        let binary = Binary { op, lhs, rhs, return_bool, matching };
        Ok(Expr { node: Node::Binary(Box::new(binary)), place })
    }

    /// `on (a) group_left (b) fill (0)`, or nothing.
    fn matching(&mut self) -> Parsed<Matching> {
        let mut matching = Matching::default();
        let clause = ["on", "ignoring"].into_iter().find(|word| self.take_word(word));
        if let Some(clause) = clause {
            matching.on = clause == "on";
            matching.labels = self.label_list(clause)?;
            let group = ["group_left", "group_right"].into_iter().find(|word| self.take_word(word));
            if let Some(group) = group {
                matching.cardinality = match group {
                    "group_left" => Cardinality::ManyToOne,
                    _ => Cardinality::OneToMany,
                };
                if self.kind() == &Kind::LeftParen {
                    matching.include = self.label_list(group)?;
                }
            }
        } else if self.is_word(0, "group_left") || self.is_word(0, "group_right") {
            return Err(self.unexpected(
                "a binary expression",
                "\"on\" or \"ignoring\" before it, or the right side",
            ));
        }
        self.fills(&mut matching)?;
        Ok(matching)
    }

    /// `fill(v)`, or one or both of `fill_left(v)` and `fill_right(v)`. Without a parenthesis these
    /// words are metric names.
    fn fills(&mut self, matching: &mut Matching) -> Parsed<()> {
        let is_fill = |parser: &Self, word: &str| {
            parser.is_word(0, word) && parser.token(1).kind == Kind::LeftParen
        };
        if is_fill(self, "fill") {
            let value = self.fill_value("fill")?;
            (matching.fill_left, matching.fill_right) = (Some(value), Some(value));
            return Ok(());
        }
        loop {
            if is_fill(self, "fill_left") && matching.fill_left.is_none() {
                matching.fill_left = Some(self.fill_value("fill_left")?);
            } else if is_fill(self, "fill_right") && matching.fill_right.is_none() {
                matching.fill_right = Some(self.fill_value("fill_right")?);
            } else {
                return Ok(());
            }
        }
    }

    fn fill_value(&mut self, word: &str) -> Parsed<f64> {
        self.bump();
        self.bump();
        let context = format!("\"{word}\"");
        let value = self.signed_number(&context, "a number")?;
        self.expect(&Kind::RightParen, &context, "\")\"")?;
        Ok(value)
    }

    /// A number, or a duration as seconds, with an optional sign.
    pub(super) fn signed_number(&mut self, context: &str, expected: &str) -> Parsed<f64> {
        let negative = self.take(&Kind::Operator(BinaryOp::Sub));
        if !negative {
            self.take(&Kind::Operator(BinaryOp::Add));
        }
        let value = match self.kind() {
            Kind::Number(value) => *value,
            Kind::Duration(span) => span.seconds(),
            _ => return Err(self.unexpected(context, expected)),
        };
        self.bump();
        Ok(if negative { -value } else { value })
    }

    fn unary(&mut self) -> Parsed<Expr> {
        let negative = match self.kind() {
            Kind::Operator(BinaryOp::Sub) => true,
            Kind::Operator(BinaryOp::Add) => false,
            _ => return self.postfix(),
        };
        let start = self.place().start;
        self.count_node(self.place())?;
        self.bump();
        // Only `^` binds more strongly than a sign.
        let expr = self.binary(BinaryOp::Pow.precedence())?;
        let place = Place { start, end: expr.place.end };
        let node = match expr.node {
            Node::Number(value) => Node::Number(if negative { -value } else { value }),
            _ => Node::Unary { negative, expr: Box::new(expr) },
        };
        Ok(Expr { node, place })
    }

    /// A primary expression with the brackets and modifiers behind it.
    fn postfix(&mut self) -> Parsed<Expr> {
        let mut expr = self.primary()?;
        loop {
            expr = match self.kind() {
                Kind::LeftBracket => self.brackets(expr)?,
                Kind::At => self.at_modifier(expr)?,
                Kind::Word if self.is_word(0, "offset") => self.offset(expr)?,
                Kind::Word if self.is_word(0, "anchored") || self.is_word(0, "smoothed") => {
                    self.edge(expr)?
                }
                _ => return Ok(expr),
            };
        }
    }

    fn primary(&mut self) -> Parsed<Expr> {
        let place = self.place();
        self.count_node(place)?;
        let node = match self.kind() {
            Kind::Number(value) => Node::Number(*value),
            Kind::Duration(span) => Node::Number(span.seconds()),
            Kind::Text(text) => Node::String(text.clone()),
            Kind::LeftBrace => return self.selector(None),
            Kind::LeftParen => return self.paren(),
            Kind::Word => return self.named(),
            _ => {
                return Err(
                    self.unexpected("", "a metric name, a number, a string, \"(\" or \"{\"")
                );
            }
        };
        self.bump();
        Ok(Expr { node, place })
    }

    fn paren(&mut self) -> Parsed<Expr> {
        let start = self.place().start;
        self.bump();
        let expr = self.expression()?;
        self.expect(&Kind::RightParen, "", "an operator or \")\"")?;
        Ok(Expr { node: Node::Paren(Box::new(expr)), place: self.since(start) })
    }

    /// What begins with a word: an aggregation, a function call, or a selector.
    fn named(&mut self) -> Parsed<Expr> {
        let word = self.word(0).unwrap_or_default();
        let called = self.token(1).kind == Kind::LeftParen;
        if let Some(op) = AggregateOp::by_name(word) {
            if called || self.is_word(1, "by") || self.is_word(1, "without") {
                return self.aggregate(op);
            }
        } else if RESERVED.iter().any(|keyword| keyword.eq_ignore_ascii_case(word)) {
            return Err(self.unexpected("", "a metric name, a number, a string, \"(\" or \"{\""));
        } else if called && !is_keyword(word) && !word.contains(':') {
            return self.call();
        }
        self.selector(Some(word))
    }

    fn call(&mut self) -> Parsed<Expr> {
        let (place, name) = (self.place(), self.word(0).unwrap_or_default());
        let function =
            Function::by_name(name).ok_or_else(|| self.error(place, unknown_function(name)))?;
        self.bump();
        let args = self.arguments(&format!("call to function \"{name}\""))?;
        Ok(Expr { node: Node::Call { function, args }, place: self.since(place.start) })
    }

    /// `(a, b)`; a comma before the closing parenthesis is refused.
    fn arguments(&mut self, context: &str) -> Parsed<Vec<Expr>> {
        self.expect(&Kind::LeftParen, context, "\"(\"")?;
        let mut arguments = Vec::new();
        if self.take(&Kind::RightParen) {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.expression()?);
            let comma = self.place();
            if !self.take(&Kind::Comma) {
                break;
            }
            if self.kind() == &Kind::RightParen {
                let message = format!("unexpected \",\" before \")\" in {context}");
                return Err(self.error(comma, message));
            }
        }
        self.expect(&Kind::RightParen, context, "\",\" or \")\"")?;
        Ok(arguments)
    }

    fn aggregate(&mut self, op: AggregateOp) -> Parsed<Expr> {
        let start = self.place().start;
        let context = format!("aggregation \"{}\"", op.text());
        self.bump();
        let before = self.grouping()?;
        let mut args = self.arguments(&context)?;
        let after = if before.is_none() { self.grouping()? } else { None };
        let (without, grouping) = before.or(after).unwrap_or_default();
        let place = self.since(start);
        let count = args.len();
        let wanted = 1 + usize::from(op.param_type().is_some());
        let expr = args.pop();
        let (Some(expr), true) = (expr, count == wanted) else {
            let message = format!("expected {} in {context}, got {count}", arguments_of(wanted));
            return Err(self.error(place, message));
        };
        let aggregate = Aggregate { op, param: args.pop(), expr, without, grouping };
        Ok(Expr { node: Node::Aggregate(Box::new(aggregate)), place })
    }

    /// `by (a, b)` or `without (a, b)`, if it stands here: whether it is `without`, and the labels.
    fn grouping(&mut self) -> Parsed<Option<(bool, Vec<String>)>> {
        let clause = ["by", "without"].into_iter().find(|word| self.take_word(word));
        let Some(clause) = clause else { return Ok(None) };
        Ok(Some((clause == "without", self.label_list(clause)?)))
    }
}

/// `1 argument`, `2 arguments`.
pub(in super::super) fn arguments_of(count: usize) -> String {
    if count == 1 { "1 argument".to_owned() } else { format!("{count} arguments") }
}

fn unknown_function(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let hint = if Function::by_name(&lower).is_some() {
        format!(" (function names are case-sensitive: \"{lower}\")")
    } else if lower == "holt_winters" {
        " (it is called \"double_exponential_smoothing\" now)".to_owned()
    } else {
        String::new()
    };
    format!("unknown function \"{name}\"{hint}")
}
