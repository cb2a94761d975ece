//! The error of a text that is no query: where it went wrong, and what was expected there.

use std::fmt;

use super::ast::Place;

/// Why a text is no query. Shown as `line:column: parse error: message`.
///
/// ```
/// let error = watchglass::query::parse("sum(up").unwrap_err();
/// assert_eq!((error.line, error.column), (1, 7));
/// assert!(error.to_string().starts_with("1:7: parse error: unexpected end of input"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// The offending place, in bytes.
    pub place: Place,
    /// The line of its start, from 1.
    pub line: usize,
    /// The column of its start in characters, from 1.
    pub column: usize,
    /// What is wrong, in words.
    pub message: String,
}

impl ParseError {
    /// An error at `place` of `text`.
    pub(super) fn new(text: &str, place: Place, message: impl Into<String>) -> Self {
        let (line, column) = line_and_column(text, place.start);
        Self { place, line, column, message: message.into() }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: parse error: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for ParseError {}

/// The line and the column (in characters), both from 1, of the byte at `offset`.
pub(super) fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    (line, column)
}
