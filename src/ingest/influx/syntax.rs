//! How a line of the Influx protocol is written: where its parts end, and what they say.
//!
//! A backslash escapes only what would otherwise end the part it stands in; before anything else it
//! is itself.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

use super::super::Options;
use super::super::fault::{Fault, excerpt};
use super::super::number;
use super::super::series::Series;
use crate::model::Labels;

/// The value of a field.
pub(super) enum Value {
    /// A number, or a truth value as 1 or 0.
    Number(f64),
    /// A text, which is no sample.
    Text,
}

/// The field at the front of a line's fields.
pub(super) struct Field<'a> {
    /// Its name as it is written.
    pub(super) name: &'a [u8],
    /// What it says.
    pub(super) value: Value,
    /// What follows: `,` and the next one, or the time.
    pub(super) rest: &'a [u8],
}

/// Where `byte` stands first without a backslash before it.
pub(super) fn unescaped(bytes: &[u8], byte: u8) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + memchr(byte, &bytes[from..])?;
        if at == 0 || bytes[at - 1] != b'\\' {
            return Some(at);
        }
        from = at + 1;
    }
}

/// Reads the field at the front.
pub(super) fn field(bytes: &[u8]) -> Result<Field<'_>, Fault> {
    let Some(equals) = unescaped(bytes, b'=') else {
        return Err(Fault::Worded(format!("field `{}` has no value", excerpt(bytes))));
    };
    let (name, rest) = (&bytes[..equals], &bytes[equals + 1..]);
    if name.is_empty() {
        return Err(Fault::Plain("a field has no name"));
    }
    if rest.first() == Some(&b'"') {
        let end = text_end(rest).ok_or(Fault::Plain(
            "a text is not closed on its line: a `\"` is missing (line feeds in texts are not read)",
        ))?;
        let rest = &rest[end..];
        if !matches!(rest.first(), None | Some(b',' | b' ')) {
            return Err(Fault::Plain("a `,` or a space is missing after a text"));
        }
        return Ok(Field { name, value: Value::Text, rest });
    }
    let end = memchr2(b',', b' ', rest).unwrap_or(rest.len());
    let (value, rest) = rest.split_at(end);
    Ok(Field { name, value: Value::Number(value_of(value)?), rest })
}

/// Where a text in double quotes ends, its closing quote included.
fn text_end(bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

fn value_of(bytes: &[u8]) -> Result<f64, Fault> {
    match bytes {
        [] => Err(Fault::Plain("a field has no value")),
        [digits @ .., b'i'] => Ok(number::whole(digits, "field value")? as f64),
        [digits @ .., b'u'] => {
            let text = std::str::from_utf8(digits).ok();
            let value: Option<u64> = text.and_then(|text| text.parse().ok());
            let value = value.ok_or_else(|| {
                let shown = excerpt(bytes);
                Fault::Worded(format!("field value `{shown}` is not an unsigned 64-bit number"))
            })?;
            Ok(value as f64)
        }
        b"t" | b"T" | b"true" | b"True" | b"TRUE" => Ok(1.0),
        b"f" | b"F" | b"false" | b"False" | b"FALSE" => Ok(0.0),
        _ => number::finite_value(bytes),
    }
}

/// The labels of one field of a line with this front.
pub(super) fn labels(front: &[u8], field: &[u8], options: &Options) -> Result<Labels, Fault> {
    let text =
        |bytes| std::str::from_utf8(bytes).map_err(|_| Fault::Plain("the line is not UTF-8"));
    let (front, field) = (text(front)?, text(field)?);
    let mut series = Series::new(options);
    let mut parts = Parts(Some(front));
    let measurement = plain(parts.next().unwrap_or_default(), &[',', ' ']);
    if measurement.is_empty() {
        return Err(Fault::Plain("the measurement has no name"));
    }
    if unescaped(field.as_bytes(), b',').or(unescaped(field.as_bytes(), b' ')).is_some() {
        let shown = excerpt(field.as_bytes());
        return Err(Fault::Worded(format!("`{shown}` is not the name of a field with a value")));
    }
    let field = plain(field, &[',', '=', ' ']);
    if field == "value" {
        series.name(measurement)?;
    } else {
        series.name(format!("{measurement}_{field}"))?;
    }
    for part in parts {
        let tag = unescaped(part.as_bytes(), b'=')
            .and_then(|at| Some((part.get(..at)?, part.get(at + 1..)?)))
            .filter(|(name, value)| !name.is_empty() && !value.is_empty());
        let Some((name, value)) = tag else {
            return Err(Fault::Worded(format!(
                "`{}` is not a tag (write `name=value`)",
                excerpt(part.as_bytes())
            )));
        };
        let special = [',', '=', ' '];
        series.label(plain(name, &special), plain(value, &special))?;
    }
    series.build()
}

/// The parts of a line's front: the measurement, then the tags.
struct Parts<'a>(Option<&'a str>);

impl<'a> Iterator for Parts<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let text = self.0?;
        match unescaped(text.as_bytes(), b',') {
            Some(at) => {
                self.0 = text.get(at + 1..);
                text.get(..at)
            }
            None => self.0.take(),
        }
    }
}

/// A part without the backslashes that stand before one of `special`.
fn plain<'a>(text: &'a str, special: &[char]) -> Cow<'a, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' || !chars.peek().is_some_and(|next| special.contains(next)) {
            plain.push(c);
        }
    }
    Cow::Owned(plain)
}
