//! Query texts with variables in them: `$name`, `${name}` or `${name:regex}`. What stands for a
//! variable is put in token by token: a value is the inside of one quoted text, or one number, one
//! length or one name. So no value, whatever is in it, can change how a query is built.

use super::aggregation_names;
use super::ast::{Expr, Node, Place};
use super::function::Function;
use super::lexer::{Kind, tokens};
use super::parser::is_keyword;

/// What stands for a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filling {
    /// One value.
    One(String),
    /// Any of these values; only in the value of a matcher.
    Any(Vec<String>),
    /// Any of these regular expressions; only in the value of a matcher.
    Patterns(Vec<String>),
    /// Whatever there is; only in the value of a matcher.
    All,
    /// A length, or a number, written in the query language.
    Expression(String),
}

/// A piece of a text with variables in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text that stays.
    Text(&'a str),
    /// A variable by its name.
    Variable {
        /// As it is written.
        written: &'a str,
        /// Its name.
        name: &'a str,
        /// What is said behind a colon; empty when nothing is.
        form: &'a str,
    },
}

impl<'a> Piece<'a> {
    /// The piece as it is written.
    pub fn written(self) -> &'a str {
        match self {
            Self::Text(text) => text,
            Self::Variable { written, .. } => written,
        }
    }
}

/// What is known of a variable by its name, and by what is said behind the colon.
pub type Lookup<'a> = &'a dyn Fn(&str, &str) -> Option<Filling>;

/// Cuts a text up at its variables. A `$` that no name follows is a letter like any other.
///
/// ```
/// use watchglass::query::{Piece, pieces};
/// let name = |piece| if let Piece::Variable { name, .. } = piece { Some(name) } else { None };
/// let names: Vec<&str> = pieces("a $b ${c:regex} $1 $").filter_map(name).collect();
/// assert_eq!(names, ["b", "c"]);
/// ```
pub fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = find(rest);
        let (piece, after) = match start {
            Some((0, length)) => {
                let (written, after) = rest.split_at(length);
                (variable(written), after)
            }
            Some((at, _)) => {
                let (text, after) = rest.split_at(at);
                (Piece::Text(text), after)
            }
            None if rest.is_empty() => return None,
            None => (Piece::Text(rest), ""),
        };
        rest = after;
        Some(piece)
    })
}

/// Where the first variable of a text begins, and its length in bytes.
fn find(text: &str) -> Option<(usize, usize)> {
    text.match_indices('$').find_map(|(at, _)| {
        let after = text.get(at + 1..)?;
        let length = match after.strip_prefix('{') {
            None => name_length(after)?,
            Some(inside) => {
                let name = name_length(inside)?;
                let rest = inside.get(name..)?;
                let form = rest.strip_prefix(':').map_or(0, |form| 1 + letters(form));
                rest.get(form..)?.strip_prefix('}')?;
                name + form + 2
            }
        };
        Some((at, 1 + length))
    })
}

/// How long a name at the beginning of a text is; none when there is none.
fn name_length(text: &str) -> Option<usize> {
    let first = text.chars().next()?;
    (first.is_ascii_alphabetic() || first == '_').then(|| letters(text))
}

fn letters(text: &str) -> usize {
    text.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(text.len())
}

fn variable(written: &str) -> Piece<'_> {
    let inside = written.trim_start_matches(['$', '{']).trim_end_matches('}');
    let (name, form) = inside.split_once(':').unwrap_or((inside, ""));
    Piece::Variable { written, name, form }
}

/// Puts what stands for its variables into the text of a query. Names that nobody knows are left as
/// they are inside of quoted texts, where they may mean something else; in the value of a matcher
/// they are refused when `strict`.
///
/// # Errors
/// In words: a variable that nobody knows, or a value that cannot stand where its variable does.
///
/// ```
/// use watchglass::query::{Filling, fill};
/// let fillings = |name: &str, _: &str| match name {
///     "host" => Some(Filling::Any(vec!["a.b".into(), "c".into()])),
///     "window" => Some(Filling::One("5m".into())),
///     _ => None,
/// };
/// let query = fill(r#"rate(x{host="$host"}[$window])"#, &fillings, true);
/// assert_eq!(query.unwrap(), r#"rate(x{host=~"(?:a\\.b|c)"}[5m])"#);
/// ```
pub fn fill(text: &str, lookup: Lookup<'_>, strict: bool) -> Result<String, String> {
    let mut filler = Filler {
        rest: text,
        out: String::with_capacity(text.len()),
        lookup,
        strict,
        braces: false,
        brackets: false,
        operator: None,
    };
    while filler.step()? {}
    Ok(filler.out)
}

struct Filler<'a> {
    rest: &'a str,
    out: String,
    lookup: Lookup<'a>,
    strict: bool,
    braces: bool,
    brackets: bool,
    /// Inside of braces, where the operator of the matcher under way stands in `out`, and its
    /// length.
    operator: Option<(usize, usize)>,
}

impl Filler<'_> {
    /// Takes the next piece over; whether there was one.
    fn step(&mut self) -> Result<bool, String> {
        let Some(first) = self.rest.chars().next() else { return Ok(false) };
        match first {
            '#' => {
                let end = self.rest.find(['\n', '\r']).unwrap_or(self.rest.len());
                self.copy(end);
            }
            '"' | '\'' | '`' => self.quoted(first)?,
            _ if is_run(first, self.in_group()) => self.run()?,
            '=' | '!' if self.braces => {
                let long = self.rest.get(1..2).is_some_and(|next| next == "~" || next == "=");
                let length = if long { 2 } else { 1 };
                self.operator = Some((self.out.len(), length));
                self.copy(length);
            }
            _ => {
                match first {
                    '{' => self.braces = true,
                    '}' => self.braces = false,
                    '[' => self.brackets = true,
                    ']' => self.brackets = false,
                    _ => {}
                }
                if !first.is_whitespace() {
                    self.operator = None;
                }
                self.copy(first.len_utf8());
            }
        }
        Ok(true)
    }

    fn in_group(&self) -> bool {
        self.braces || self.brackets
    }

    /// Copies so many bytes; takes what is copied.
    fn copy(&mut self, length: usize) {
        let (piece, rest) = self.rest.split_at(length);
        self.out.push_str(piece);
        self.rest = rest;
    }

    /// A quoted text.
    fn quoted(&mut self, quote: char) -> Result<(), String> {
        let mut end = self.rest.len();
        let mut escaped = false;
        for (at, letter) in self.rest.char_indices().skip(1) {
            if !escaped && letter == quote {
                end = at + 1;
                break;
            }
            escaped = !escaped && letter == '\\' && quote != '`';
        }
        let (literal, rest) = self.rest.split_at(end);
        self.rest = rest;
        let operator = self.operator.take();
        let inside = match tokens(literal).into_iter().next().map(|token| token.kind) {
            // What is no text is for the parser to say.
            Some(Kind::Text(inside)) if pieces(&inside).any(|piece| self.is_known(piece)) => inside,
            Some(Kind::Text(inside)) if operator.is_some() && self.strict => {
                self.refuse_unknown(&inside)?;
                self.out.push_str(literal);
                return Ok(());
            }
            _ => {
                self.out.push_str(literal);
                return Ok(());
            }
        };
        let text = match operator {
            Some(operator) => self.value(&inside, operator)?,
            None => self.plain(&inside)?,
        };
        let node = Node::String(text);
        self.out.push_str(&Expr { node, place: Place::default() }.to_string());
        Ok(())
    }

    fn is_known(&self, piece: Piece<'_>) -> bool {
        matches!(piece, Piece::Variable { name, form, .. } if (self.lookup)(name, form).is_some())
    }

    fn refuse_unknown(&self, inside: &str) -> Result<(), String> {
        let unknown = pieces(inside).find_map(|piece| match piece {
            Piece::Variable { name, .. } if !self.is_known(piece) => Some(name),
            _ => None,
        });
        unknown.map_or(Ok(()), |name| Err(no_variable(name)))
    }

    /// The value of a matcher; its operator becomes one for regular expressions where the value
    /// becomes one.
    fn value(&mut self, inside: &str, (at, length): (usize, usize)) -> Result<String, String> {
        if self.strict {
            self.refuse_unknown(inside)?;
        }
        let written = self.out.get(at..at + length).unwrap_or_default();
        let is_regex = written.ends_with('~');
        let found: Vec<(&str, Option<Filling>)> = pieces(inside)
            .map(|piece| match piece {
                Piece::Variable { name, form, .. } => (name, (self.lookup)(name, form)),
                Piece::Text(_) => ("", None),
            })
            .collect();
        let several = |(_, filling): &(&str, Option<Filling>)| {
            !matches!(filling, None | Some(Filling::One(_)))
        };
        let becomes_regex = !is_regex && found.iter().any(several);
        let escape = |text: &str| {
            if is_regex || becomes_regex { regex::escape(text) } else { text.to_owned() }
        };
        let mut value = String::new();
        for (piece, (name, filling)) in pieces(inside).zip(found) {
            match filling {
                // What was a regular expression already stays one.
                None if is_regex => value.push_str(piece.written()),
                None => value.push_str(&escape(piece.written())),
                Some(Filling::One(text)) => value.push_str(&escape(&text)),
                Some(Filling::All) => value.push_str(".*"),
                Some(Filling::Any(texts)) => {
                    let texts: Vec<String> = texts.iter().map(|text| escape(text)).collect();
                    value.extend(["(?:", &texts.join("|"), ")"]);
                }
                Some(Filling::Patterns(patterns)) => {
                    value.extend(["(?:", &patterns.join("|"), ")"]);
                }
                Some(Filling::Expression(_)) => return Err(no_text(name)),
            }
        }
        if becomes_regex {
            let operator = if written.starts_with('!') { "!~" } else { "=~" };
            self.out.replace_range(at..at + length, operator);
        }
        Ok(value)
    }

    /// A text that is no value of a matcher, and so holds one value.
    fn plain(&self, inside: &str) -> Result<String, String> {
        let mut text = String::new();
        for piece in pieces(inside) {
            match piece {
                Piece::Variable { name, form, written } => match (self.lookup)(name, form) {
                    Some(filling) => text.push_str(&one(name, filling)?),
                    None => text.push_str(written),
                },
                Piece::Text(piece) => text.push_str(piece),
            }
        }
        Ok(text)
    }

    /// A word or number outside of quotes, with variables in it or not.
    fn run(&mut self) -> Result<(), String> {
        let (start, in_group) = (self.rest, self.in_group());
        let (mut text, mut variables, mut expression, mut count) = (String::new(), 0, None, 0);
        while let Some(first) = self.rest.chars().next().filter(|first| is_run(*first, in_group)) {
            count += 1;
            if first != '$' {
                let end = self.rest.find(|letter| letter == '$' || !is_run(letter, in_group));
                let (piece, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
                text.push_str(piece);
                self.rest = rest;
                continue;
            }
            let Some((0, length)) = find(self.rest) else {
                return Err("a `$` needs the name of a variable behind it".to_owned());
            };
            let (written, rest) = self.rest.split_at(length);
            self.rest = rest;
            variables += 1;
            let Piece::Variable { name, form, .. } = variable(written) else { continue };
            match (self.lookup)(name, form).ok_or_else(|| no_variable(name))? {
                Filling::Expression(known) => expression = Some((name, known)),
                filling => text.push_str(&one(name, filling)?),
            }
        }
        if variables == 0 {
            self.out.push_str(&text);
            return Ok(());
        }
        if let Some((name, known)) = expression {
            if count > 1 {
                return Err(format!("nothing may stand right beside `${name}`"));
            }
            self.out.push_str(&known);
            return Ok(());
        }
        let written = start.get(..start.len() - self.rest.len()).unwrap_or_default();
        self.push_token(&text, written)
    }

    /// Takes one token over, if it is one.
    fn push_token(&mut self, text: &str, written: &str) -> Result<(), String> {
        let positive = text.strip_prefix('-').unwrap_or(text);
        let found = tokens(positive);
        let [token, end] = found.as_slice() else { return Err(no_token(text, written)) };
        let whole = end.kind == Kind::End && token.place.end == positive.len();
        match &token.kind {
            // A sign in front of a number stays with it.
            Kind::Number(_) | Kind::Duration(_) if whole && positive.len() < text.len() => {
                self.out.extend(["(", text, ")"]);
            }
            Kind::Number(_) | Kind::Duration(_) if whole => self.out.push_str(text),
            Kind::Word if whole && positive.len() == text.len() && self.may_stand(text) => {
                self.out.push_str(text);
            }
            _ => return Err(no_token(text, written)),
        }
        Ok(())
    }

    /// Whether a word means here what a name means: it is called and is a function, or it is none
    /// of the words of the language.
    fn may_stand(&self, word: &str) -> bool {
        if self.rest.trim_start().starts_with('(') {
            return Function::by_name(word).is_some()
                || aggregation_names().any(|name| name == word);
        }
        !is_keyword(word)
    }
}

/// Whether a letter belongs to a word or a number. A colon in brackets or braces stands for itself.
fn is_run(letter: char, in_group: bool) -> bool {
    letter.is_ascii_alphanumeric()
        || matches!(letter, '_' | '.' | '$')
        || (letter == ':' && !in_group)
}

/// The one value of a variable that stands where there can be only one.
fn one(name: &str, filling: Filling) -> Result<String, String> {
    match filling {
        Filling::One(text) => Ok(text),
        Filling::Any(_) | Filling::All => Err(format!(
            "`${name}` may have several values, so it can only stand in the value of a matcher, \
             as in `label=~\"${name}\"`"
        )),
        Filling::Patterns(_) => Err(format!(
            "`${{{name}:regex}}` can only stand in the value of a matcher, as in \
             `label=~\"${{{name}:regex}}\"`"
        )),
        Filling::Expression(_) => Err(no_text(name)),
    }
}

fn no_text(name: &str) -> String {
    format!("`${name}` is a length or a number, and no text")
}

fn no_variable(name: &str) -> String {
    format!("there is no variable `{name}`")
}

fn no_token(text: &str, written: &str) -> String {
    let text: String = text.chars().take(80).collect();
    format!("`{written}` would be `{text}`, which is no number, length or name")
}

#[cfg(test)]
mod tests;
