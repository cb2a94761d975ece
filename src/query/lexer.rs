//! Query text to tokens.
//!
//! Whether a word is a keyword is for the parser to say, since most keywords are also good names. A
//! text that cannot be cut up ends in a `Bad` token: the parser reports it when it gets there, so
//! that the first mistake in the text is the one that is told.

use super::ast::{BinaryOp, Place};
use crate::model::Span;

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// The end of the text.
    End,
    /// No token: why.
    Bad(String),
    /// A name or keyword, as it stands in the text.
    Word,
    Number(f64),
    Duration(Span),
    /// A quoted text, unescaped.
    Text(String),
    LeftParen,
    RightParen,
    LeftBrace,
    RightBrace,
    LeftBracket,
    RightBracket,
    Comma,
    Colon,
    At,
    /// `=`
    Assign,
    /// `=~`
    Matches,
    /// `!~`
    MatchesNot,
    /// An operator that is no word; `!=` serves matchers too.
    Operator(BinaryOp),
}

/// A token and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) place: Place,
}

/// Cuts the text up; the last token is `End` or `Bad`.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut lexer = Lexer { text, at: 0, brackets: false, braces: false };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_blank();
        let start = lexer.at;
        let kind = lexer.next().unwrap_or_else(Kind::Bad);
        let last = matches!(kind, Kind::End | Kind::Bad(_));
        // A bad piece may have been read past where it starts, never past the end.
        tokens.push(Token { kind, place: Place { start, end: lexer.at.max(start) } });
        if last {
            return tokens;
        }
    }
}

/// Reads a literal number: decimal or hexadecimal, with `_` between digits; whole numbers that
/// begin with a zero are octal. Nothing when the text is no number or too great a hexadecimal.
fn number(text: &str) -> Option<f64> {
    let lower = text.to_ascii_lowercase();
    let between = |(at, _): (usize, &str)| {
        let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_hexdigit() || c == 'x');
        let after = lower.get(at + 1..).and_then(|rest| rest.chars().next());
        digit(lower.get(..at).and_then(|head| head.chars().last()))
            && after.is_some_and(|c| c.is_ascii_hexdigit())
    };
    if !lower.match_indices('_').all(between) {
        return None;
    }
    let plain = lower.replace('_', "");
    if let Some(digits) = plain.strip_prefix("0x") {
        return i64::from_str_radix(digits, 16).ok().map(|value| value as f64);
    }
    let octal = plain.len() > 1 && plain.starts_with('0');
    if octal && let Ok(value) = i64::from_str_radix(&plain, 8) {
        return Some(value as f64);
    }
    plain.parse().ok()
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    /// Inside `[...]`, where `:` stands for itself.
    brackets: bool,
    /// Inside `{...}`, where names have no `:` and there are no special numbers.
    braces: bool,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let found = self.peek()?;
        self.at += found.len_utf8();
        Some(found)
    }

    /// Takes `piece` if it comes next.
    fn take(&mut self, piece: &str) -> bool {
        let found = self.rest().starts_with(piece);
        if found {
            self.at += piece.len();
        }
        found
    }

    /// Takes all that `wanted` accepts.
    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    /// Skips white space and comments.
    fn skip_blank(&mut self) {
        loop {
            self.take_while(|c| matches!(c, ' ' | '\t' | '\n' | '\r'));
            if self.peek() != Some('#') {
                return;
            }
            self.take_while(|c| c != '\n' && c != '\r');
        }
    }

    fn next(&mut self) -> Result<Kind, String> {
        let Some(first) = self.peek() else { return Ok(Kind::End) };
        let name_start =
            first.is_ascii_alphabetic() || first == '_' || (first == ':' && self.colons());
        if name_start {
            return Ok(self.word());
        }
        let mut ahead = self.rest().chars().skip(1);
        if first.is_ascii_digit()
            || (first == '.' && ahead.next().is_some_and(|c| c.is_ascii_digit()))
        {
            return self.number_or_duration();
        }
        self.bump();
        match first {
            '"' | '\'' => self.quoted(first),
            '`' => self.raw(),
            _ => self.symbol(first),
        }
    }

    /// Whether names may contain colons here.
    fn colons(&self) -> bool {
        !self.brackets && !self.braces
    }

    fn word(&mut self) -> Kind {
        let colons = self.colons();
        let word =
            self.take_while(|c| c.is_ascii_alphanumeric() || c == '_' || (colons && c == ':'));
        if !self.braces && word.eq_ignore_ascii_case("inf") {
            return Kind::Number(f64::INFINITY);
        }
        if !self.braces && word.eq_ignore_ascii_case("nan") {
            return Kind::Number(f64::NAN);
        }
        Kind::Word
    }

    fn symbol(&mut self, first: char) -> Result<Kind, String> {
        Ok(match first {
            '(' => Kind::LeftParen,
            ')' => Kind::RightParen,
            '{' => {
                self.braces = true;
                Kind::LeftBrace
            }
            '}' => {
                self.braces = false;
                Kind::RightBrace
            }
            '[' => {
                self.brackets = true;
                Kind::LeftBracket
            }
            ']' => {
                self.brackets = false;
                Kind::RightBracket
            }
            ',' => Kind::Comma,
            ':' => Kind::Colon,
            '@' => Kind::At,
            '+' => Kind::Operator(BinaryOp::Add),
            '-' => Kind::Operator(BinaryOp::Sub),
            '*' => Kind::Operator(BinaryOp::Mul),
            '/' => Kind::Operator(BinaryOp::Div),
            '%' => Kind::Operator(BinaryOp::Mod),
            '^' => Kind::Operator(BinaryOp::Pow),
            '=' if !self.braces && self.take("=") => Kind::Operator(BinaryOp::Eq),
            '=' if self.take("~") => Kind::Matches,
            '=' => Kind::Assign,
            '!' if self.take("=") => Kind::Operator(BinaryOp::Ne),
            '!' if self.take("~") => Kind::MatchesNot,
            '!' => return Err("unexpected \"!\", expected \"!=\" or \"!~\"".to_owned()),
            '<' if self.take("=") => Kind::Operator(BinaryOp::Le),
            '<' => Kind::Operator(BinaryOp::Lt),
            '>' if self.take("=") => Kind::Operator(BinaryOp::Ge),
            '>' => Kind::Operator(BinaryOp::Gt),
            _ => return Err(format!("unexpected character {first:?}")),
        })
    }

    fn number_or_duration(&mut self) -> Result<Kind, String> {
        let start = self.at;
        let hexadecimal = self.rest().starts_with("0x") || self.rest().starts_with("0X");
        let mut last = '0';
        let run = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        // A sign belongs to the number only after the `e` of an exponent.
        while let Some(c) = self.peek() {
            let sign = matches!(c, '+' | '-') && matches!(last, 'e' | 'E') && !hexadecimal;
            if !run(c) && !sign {
                break;
            }
            last = c;
            self.at += c.len_utf8();
        }
        let piece = self.text.get(start..self.at).unwrap_or_default();
        if let Some(value) = number(piece) {
            return Ok(Kind::Number(value));
        }
        Span::parse(piece).map(Kind::Duration).map_err(|_| {
            format!(
                "{piece:?} is no number and no duration \
                 (write `30`, `1e3`, `0x1F`, `5m` or `1h30m`)"
            )
        })
    }

    fn raw(&mut self) -> Result<Kind, String> {
        let text = self.take_while(|c| c != '`').to_owned();
        if self.bump().is_none() {
            return Err("unterminated string, expected a closing \"`\"".to_owned());
        }
        Ok(Kind::Text(text))
    }

    fn quoted(&mut self, quote: char) -> Result<Kind, String> {
        let mut bytes = Vec::new();
        loop {
            let plain = self.take_while(|c| c != quote && c != '\\' && c != '\n');
            bytes.extend_from_slice(plain.as_bytes());
            match self.bump() {
                Some('\\') => self.escape(quote, &mut bytes)?,
                Some(c) if c == quote => break,
                _ => return Err(format!("unterminated string, expected a closing {quote}")),
            }
        }
        // Escapes may make what is not UTF-8. No label holds that, so it matches nothing.
        Ok(Kind::Text(String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// Reads an escape after its backslash.
    fn escape(&mut self, quote: char, bytes: &mut Vec<u8>) -> Result<(), String> {
        let Some(first) = self.bump() else { return Err("unterminated escape".to_owned()) };
        let simple = match first {
            'a' => Some(0x07),
            'b' => Some(0x08),
            'f' => Some(0x0c),
            'n' => Some(b'\n'),
            'r' => Some(b'\r'),
            't' => Some(b'\t'),
            'v' => Some(0x0b),
            '\\' => Some(b'\\'),
            c if c == quote && c.is_ascii() => Some(c as u8),
            _ => None,
        };
        if let Some(byte) = simple {
            bytes.push(byte);
            return Ok(());
        }
        let (count, radix) = match first {
            '0'..='7' => {
                self.at -= 1;
                (3, 8)
            }
            'x' => (2, 16),
            'u' => (4, 16),
            'U' => (8, 16),
            _ => {
                // A line feed would break the line of the message.
                let shown = first.escape_debug();
                return Err(format!("unknown escape \"\\{shown}\" in a string"));
            }
        };
        let mut value = 0_u32;
        for _ in 0..count {
            let digit = self.bump().and_then(|c| c.to_digit(radix));
            let digit = digit.ok_or_else(|| {
                format!("an escape \"\\{first}\" in a string takes {count} digits of base {radix}")
            })?;
            value = value.wrapping_mul(radix).wrapping_add(digit);
        }
        let mut room = [0; 4];
        match (first, u8::try_from(value), char::from_u32(value)) {
            ('u' | 'U', _, Some(found)) => {
                bytes.extend_from_slice(found.encode_utf8(&mut room).as_bytes());
            }
            ('x' | '0'..='7', Ok(byte), _) => bytes.push(byte),
            _ => return Err("an escape in a string is no valid code point".to_owned()),
        }
        Ok(())
    }
}
