//! A condition on one label: equal, not equal, or by a regular expression.

use std::fmt;
use std::hash::{Hash, Hasher};

use regex::{Regex, RegexBuilder};

use super::Labels;

/// How a matcher compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MatchOp {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`, anchored at both ends
    Regex,
    /// `!~`, anchored at both ends
    NotRegex,
}

impl MatchOp {
    /// The operator as it is written.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Regex => "=~",
            Self::NotRegex => "!~",
        }
    }
}

/// A condition on one label. A missing label has the empty value.
#[derive(Debug, Clone)]
pub struct Matcher {
    name: String,
    op: MatchOp,
    value: String,
    regex: Option<Regex>,
}

/// A regular expression that does not compile, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatcherError(pub String);

impl fmt::Display for MatcherError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for MatcherError {}

/// The most bytes that a compiled regular expression may take; beyond it the text is refused.
const REGEX_SIZE_MAX: usize = 1 << 20;

impl Matcher {
    /// A matcher; a regular expression is compiled and anchored here, once.
    ///
    /// # Errors
    /// When the regular expression does not parse, or compiles to more than 1 MiB.
    ///
    /// ```
    /// use watchglass::model::{MatchOp, Matcher};
    /// let matcher = Matcher::new("mode", MatchOp::Regex, "us.r|idle").unwrap();
    /// assert!(matcher.matches("user") && !matcher.matches("superuser"));
    /// ```
    pub fn new(
        name: impl Into<String>,
        op: MatchOp,
        value: impl Into<String>,
    ) -> Result<Self, MatcherError> {
        let (name, value) = (name.into(), value.into());
        let regex = match op {
            MatchOp::Equal | MatchOp::NotEqual => None,
            MatchOp::Regex | MatchOp::NotRegex => Some(compile(&value)?),
        };
        Ok(Self { name, op, value, regex })
    }

    /// The matcher `name="value"`.
    pub fn equal(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), op: MatchOp::Equal, value: value.into(), regex: None }
    }

    /// The label it looks at.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it compares.
    pub const fn op(&self) -> MatchOp {
        self.op
    }

    /// What it compares with: a value or the text of a regular expression.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Whether a label with this value passes.
    pub fn matches(&self, value: &str) -> bool {
        let found = || self.regex.as_ref().is_some_and(|regex| regex.is_match(value));
        match self.op {
            MatchOp::Equal => self.value == value,
            MatchOp::NotEqual => self.value != value,
            MatchOp::Regex => found(),
            MatchOp::NotRegex => !found(),
        }
    }

    /// Whether a series without the label passes.
    pub fn matches_empty(&self) -> bool {
        self.matches("")
    }

    /// Whether `labels` pass all of `matchers`.
    pub fn all(matchers: &[Self], labels: &Labels) -> bool {
        matchers.iter().all(|matcher| matcher.matches(labels.value(&matcher.name)))
    }
}

fn compile(text: &str) -> Result<Regex, MatcherError> {
    let text = &literal_braces(text);
    RegexBuilder::new(&format!("^(?s:{text})$")).size_limit(REGEX_SIZE_MAX).build().map_err(
        |error| match error {
            regex::Error::CompiledTooBig(limit) => MatcherError(format!(
                "regular expression `{}` compiles to more than {limit} bytes",
                text.chars().take(80).collect::<String>()
            )),
            // The anchors must not show in the message: compile the bare text for the words.
            _ => MatcherError(Regex::new(text).err().unwrap_or(error).to_string()),
        },
    )
}

/// Escapes each `{` that begins no repetition and no class: RE2 takes it for itself, as in
/// `/users/{id}`, where the library sees a mistake.
fn literal_braces(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let (mut last, mut class) = (None, false);
    for (at, c) in text.char_indices() {
        let rest = text.get(at + c.len_utf8()..).unwrap_or_default();
        let repeats = rest.split_once('}').is_some_and(|(inside, _)| {
            let (from, to) = inside.split_once(',').unwrap_or((inside, ""));
            let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            !from.is_empty() && digits(from) && digits(to)
        });
        // `\p{...}` and `\x{...}` bring braces of their own.
        let named = matches!(last, Some(('\\', 'p' | 'P' | 'x')));
        let escape = matches!(last, Some((_, '\\')));
        if c == '{' && !class && !escape && !named && !repeats {
            escaped.push('\\');
        }
        escaped.push(c);
        match c {
            '[' if !escape => class = true,
            ']' if !escape => class = false,
            _ => {}
        }
        // An escaped backslash escapes nothing.
        let seen = if escape && c == '\\' { ' ' } else { c };
        last = Some((last.map_or(' ', |(_, before)| before), seen));
    }
    escaped
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, self.op, &self.value) == (&other.name, other.op, &other.value)
    }
}

impl Eq for Matcher {}

impl Hash for Matcher {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.name, self.op, &self.value).hash(state);
    }
}

impl fmt::Display for Matcher {
    /// Writes `name="value"`; names outside the classic alphabet are quoted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        super::labels::write_label_name(f, &self.name)?;
        write!(f, "{}", self.op.text())?;
        super::labels::write_quoted(f, &self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matchers_are_anchored_and_see_missing_labels_as_empty() {
        let check = |op, value: &str, against: &str, expected: bool| {
            let matcher = Matcher::new("a", op, value).expect("a regular expression");
            assert_eq!(matcher.matches(against), expected, "{matcher} on {against:?}");
        };
        check(MatchOp::Equal, "", "", true);
        check(MatchOp::NotEqual, "x", "", true);
        check(MatchOp::Regex, ".*", "", true);
        check(MatchOp::Regex, "a|b", "ab", false);
        check(MatchOp::Regex, "a.c", "a\nc", true);
        check(MatchOp::NotRegex, "a+", "aaa", false);
        check(MatchOp::Regex, "/users/{id}", "/users/{id}", true);
        check(MatchOp::Regex, r"\{x{2}[{]\x{41}{,2}", "{xx{A{,2}", true);
    }

    #[test]
    fn a_bad_expression_is_named_without_our_anchors() {
        let error = Matcher::new("a", MatchOp::Regex, "(").expect_err("unclosed");
        assert!(!error.to_string().contains("(?s"), "{error}");
    }

    #[test]
    fn an_expression_that_grows_without_bound_is_refused() {
        let error = Matcher::new("a", MatchOp::Regex, "((a{100}){100}){100}");
        assert!(error.expect_err("too big").to_string().contains("bytes"));
    }
}
