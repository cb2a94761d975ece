//! Tokens to a tree, by recursive descent with precedence climbing.
//!
//! The limits are met while reading, before anything is built: the length of the text, how deep it
//! nests, how many nodes it has. What the grammar cannot see, types above all, is checked
//! afterwards.

mod expression;
mod length;
mod selector;
#[cfg(test)]
mod tests;

use super::ast::{Expr, Place};
use super::check;
use super::error::ParseError;
use super::lexer::{self, Kind, Token};
pub(super) use expression::{RESERVED, arguments_of, is_keyword};

/// The most bytes of a query text.
pub const TEXT_BYTES_MAX: usize = 16 * 1024;
/// How deep an expression may nest; each operator of a chain is one level deeper.
pub const DEPTH_MAX: usize = 64;
/// The most nodes of an expression; each matcher and each part of a duration expression counts.
pub const NODES_MAX: usize = 1000;
/// The most regular expressions of a query: each may take a millisecond to compile.
pub const REGEXES_MAX: usize = 64;

/// Reads a query and checks its types.
///
/// # Errors
/// When the text is no query, its types do not fit, or it is longer than 16 KiB, nests deeper than
/// 64 levels, has more than 1,000 nodes or more than 64 regular expressions.
///
/// ```
/// use watchglass::query::{ValueType, parse};
/// assert_eq!(parse("sum by (job) (rate(up[5m]))").unwrap().value_type(), ValueType::Vector);
/// assert_eq!(
///     parse("rate(up)").unwrap_err().to_string(),
///     "1:6: parse error: expected type range vector in call to function \"rate\", \
///      got instant vector",
/// );
/// ```
pub fn parse(text: &str) -> Result<Expr, ParseError> {
    if text.len() > TEXT_BYTES_MAX {
        let message =
            format!("the query is {} bytes long, the limit is {TEXT_BYTES_MAX} bytes", text.len());
        return Err(ParseError::new(text, Place::default(), message));
    }
    let mut parser =
        Parser { text, tokens: lexer::tokens(text), at: 0, depth: 0, nodes: 0, regexes: 0 };
    let expr = parser.query()?;
    check::check(text, &expr)?;
    Ok(expr)
}

type Parsed<T> = Result<T, ParseError>;

struct Parser<'a> {
    text: &'a str,
    /// Never empty: the last one is `End` or `Bad` and is never passed.
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    nodes: usize,
    regexes: usize,
}

impl<'a> Parser<'a> {
    fn query(&mut self) -> Parsed<Expr> {
        if self.kind() == &Kind::End {
            return Err(self.error(self.place(), "no expression found in the text"));
        }
        let expr = self.expression()?;
        if self.kind() == &Kind::End { Ok(expr) } else { Err(self.unexpected("", "an operator")) }
    }

    fn token(&self, ahead: usize) -> &Token {
        let last = self.tokens.len() - 1;
        &self.tokens[(self.at + ahead).min(last)]
    }

    fn kind(&self) -> &Kind {
        &self.token(0).kind
    }

    fn place(&self) -> Place {
        self.token(0).place
    }

    /// The place from `start` to the end of the last token taken.
    fn since(&self, start: usize) -> Place {
        let end = self.at.checked_sub(1).map_or(start, |last| self.tokens[last].place.end);
        Place { start, end }
    }

    fn bump(&mut self) {
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
    }

    /// Takes the next token if it is `kind`.
    fn take(&mut self, kind: &Kind) -> bool {
        let found = self.kind() == kind;
        if found {
            self.bump();
        }
        found
    }

    fn expect(&mut self, kind: &Kind, context: &str, expected: &str) -> Parsed<()> {
        if self.take(kind) { Ok(()) } else { Err(self.unexpected(context, expected)) }
    }

    /// The source of the token `ahead`.
    fn source(&self, ahead: usize) -> &'a str {
        let place = self.token(ahead).place;
        self.text.get(place.start..place.end).unwrap_or_default()
    }

    /// The word `ahead`, as it is written.
    fn word(&self, ahead: usize) -> Option<&'a str> {
        (self.token(ahead).kind == Kind::Word).then(|| self.source(ahead))
    }

    /// Whether the word `ahead` is this keyword, in whatever case.
    fn is_word(&self, ahead: usize, keyword: &str) -> bool {
        self.word(ahead).is_some_and(|word| word.eq_ignore_ascii_case(keyword))
    }

    fn take_word(&mut self, keyword: &str) -> bool {
        let found = self.is_word(0, keyword);
        if found {
            self.bump();
        }
        found
    }

    /// Counts one node.
    fn count_node(&mut self, place: Place) -> Parsed<()> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            let message = format!("the query has more than {NODES_MAX} nodes, which is the limit");
            return Err(self.error(place, message));
        }
        Ok(())
    }

    /// Runs `read` one level deeper.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= DEPTH_MAX {
            return Err(self.error(self.place(), check::too_deep()));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn error(&self, place: Place, message: impl Into<String>) -> ParseError {
        ParseError::new(self.text, place, message)
    }

    /// An error that says what the next token is and what should stand there.
    fn unexpected(&self, context: &str, expected: &str) -> ParseError {
        let mut message = match self.kind() {
            Kind::Bad(message) => return self.error(self.place(), message.clone()),
            kind => format!("unexpected {}", describe(kind, self.source(0))),
        };
        if !context.is_empty() {
            message.push_str(" in ");
            message.push_str(context);
        }
        if !expected.is_empty() {
            message.push_str(", expected ");
            message.push_str(expected);
        }
        self.error(self.place(), message)
    }
}

fn describe(kind: &Kind, source: &str) -> String {
    let what = match kind {
        Kind::End | Kind::Bad(_) => return "end of input".to_owned(),
        // A quoted text brings its own quotes.
        Kind::Text(_) => return format!("string {}", short(source)),
        Kind::Number(_) => "number ",
        Kind::Duration(_) => "duration ",
        Kind::Word if is_keyword(source) => "keyword ",
        Kind::Word => "identifier ",
        Kind::Operator(_) => "operator ",
        _ => "",
    };
    format!("{what}\"{}\"", short(source))
}

/// The beginning of a long token.
fn short(source: &str) -> String {
    const MAX: usize = 40;
    let mut shown: String = source.chars().take(MAX).collect();
    if shown.len() < source.len() {
        shown.push('…');
    }
    shown
}
