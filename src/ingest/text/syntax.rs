//! How a series is written in the text format: `name`, `name{label="value"}`, and with names in
//! quotes, `{"any name", "any label"="value"}`.

use std::borrow::Cow;

use memchr::{memchr2, memchr3};

use super::super::Options;
use super::super::fault::{Fault, excerpt};
use super::super::series::Series;
use crate::model::Labels;

const UNCLOSED: Fault = Fault::Plain("the labels are not closed: a `}` is missing");
const UNQUOTED: Fault = Fault::Plain("a quoted text is not closed: a `\"` is missing");

/// Where the series at the front of a line ends: behind the closing brace, or behind the name.
pub(super) fn series_end(line: &[u8]) -> Result<usize, Fault> {
    let name = memchr3(b' ', b'\t', b'{', line).unwrap_or(line.len());
    let gap = line[name..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    if line.get(name + gap) != Some(&b'{') {
        return Ok(name);
    }
    let mut at = name + gap + 1;
    loop {
        let Some(found) = memchr2(b'"', b'}', &line[at..]) else { return Err(UNCLOSED) };
        at += found + 1;
        if line[at - 1] == b'}' {
            return Ok(at);
        }
        at += quoted_end(&line[at..]).ok_or(UNQUOTED)?;
    }
}

/// How many bytes a quoted text takes whose opening quote is already behind, the closing included.
fn quoted_end(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr2(b'"', b'\\', &bytes[at..])?;
        if bytes[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
        if at > bytes.len() {
            return None;
        }
    }
}

/// The labels of a series as it is written.
pub(super) fn series(text: &str, options: &Options) -> Result<Labels, Fault> {
    let mut series = Series::new(options);
    let (name, braces) = match text.find('{') {
        Some(at) => text.split_at_checked(at).unwrap_or_default(),
        None => (text, ""),
    };
    let name = name.trim_ascii();
    if !name.is_empty() {
        check_bare_metric(name)?;
        series.name(name)?;
    }
    if let Some(inside) = braces.strip_prefix('{') {
        labels(inside, &mut series)?;
    }
    series.build()
}

fn labels<'a>(inside: &'a str, series: &mut Series<'a>) -> Result<(), Fault> {
    let mut rest = inside.trim_ascii_start();
    loop {
        if rest.starts_with('}') {
            return Ok(());
        }
        let (name, quoted, after) = label_name(rest)?;
        match after.trim_ascii_start().strip_prefix('=') {
            Some(value) => {
                let value = value.trim_ascii_start().strip_prefix('"');
                let value = value.ok_or_else(|| {
                    Fault::Worded(format!("the value of label `{name}` is not in double quotes"))
                })?;
                let (value, after) = unquoted(value)?;
                series.label(name, value)?;
                rest = after;
            }
            None if quoted => {
                series.name(name)?;
                rest = after;
            }
            None => return Err(Fault::Worded(format!("label `{name}` has no value"))),
        }
        rest = rest.trim_ascii_start();
        rest = match rest.strip_prefix(',') {
            Some(next) => next.trim_ascii_start(),
            None if rest.starts_with('}') => rest,
            None => return Err(Fault::Plain("a `,` or `}` is missing after a label")),
        };
    }
}

/// The label name at the front, whether it was quoted, and what follows.
fn label_name(text: &str) -> Result<(Cow<'_, str>, bool, &str), Fault> {
    if let Some(quoted) = text.strip_prefix('"') {
        let (name, after) = unquoted(quoted)?;
        return Ok((name, true, after));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let end = text.find(|c| !allowed(c)).unwrap_or(text.len());
    let (name, after) = text.split_at_checked(end).unwrap_or_default();
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(Fault::Worded(format!(
            "`{}` does not begin a label (write `name=\"value\"`, other characters in double \
             quotes: `\"a name\"=\"value\"`)",
            excerpt(text.as_bytes())
        )));
    }
    Ok((Cow::Borrowed(name), false, after))
}

/// The text up to the closing quote without its escapes, and what follows the quote.
fn unquoted(text: &str) -> Result<(Cow<'_, str>, &str), Fault> {
    let end = quoted_end(text.as_bytes()).ok_or(UNQUOTED)?;
    let inside = text.get(..end - 1).unwrap_or_default();
    let after = text.get(end..).unwrap_or_default();
    if !inside.contains('\\') {
        return Ok((Cow::Borrowed(inside), after));
    }
    let mut plain = String::with_capacity(inside.len());
    let mut chars = inside.chars();
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.next() } else { None }) {
            ('\\', Some('n')) => plain.push('\n'),
            ('\\', Some(special @ ('\\' | '"'))) => plain.push(special),
            ('\\', other) => {
                return Err(Fault::Worded(format!(
                    "there is no escape `\\{}` (a backslash is written `\\\\`)",
                    other.map(String::from).unwrap_or_default()
                )));
            }
            (c, _) => plain.push(c),
        }
    }
    Ok((Cow::Owned(plain), after))
}

fn check_bare_metric(name: &str) -> Result<(), Fault> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':';
    if name.bytes().all(allowed) && !name.starts_with(|c: char| c.is_ascii_digit()) {
        return Ok(());
    }
    Err(Fault::Worded(format!(
        "metric name `{}` has characters beyond `a-z A-Z 0-9 _ :` or begins with a digit (write \
         it in quotes inside braces: `{{\"a.name\"}} 42`)",
        excerpt(name.as_bytes())
    )))
}

/// The metric name that a metadata line is about, bare or quoted, and what is said of it.
pub(super) fn described_name(text: &str) -> Result<(Cow<'_, str>, &str), Fault> {
    let text = text.trim_ascii_start();
    if let Some(quoted) = text.strip_prefix('"') {
        let (name, said) = unquoted(quoted)?;
        return Ok((name, said.trim_ascii()));
    }
    let end = text.find([' ', '\t']).unwrap_or(text.len());
    let (name, said) = text.split_at_checked(end).unwrap_or_default();
    check_bare_metric(name)?;
    Ok((Cow::Borrowed(name), said.trim_ascii()))
}

/// A help text without its escapes; what is no escape stays as it is.
pub(super) fn unescaped_help(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let special = match (c, chars.peek()) {
            ('\\', Some('n')) => Some('\n'),
            ('\\', Some(special @ ('\\' | '"'))) => Some(*special),
            _ => None,
        };
        plain.push(special.unwrap_or(c));
        if special.is_some() {
            chars.next();
        }
    }
    plain
}
