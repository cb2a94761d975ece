//! Reading a TOML table field by field. Every mistake is kept with its line and the path of its
//! key, and reading goes on, so that one look at a file names everything that is wrong with it.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::{Range, RangeInclusive};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::model::Span;

/// One thing that is wrong in a dashboard file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The file as the reader was told it.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The path of the key, such as `dashboard[0].panel[2].query`; empty for a file that is no
    /// TOML.
    pub key_path: String,
    /// What is wrong, in words.
    pub text: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.file, self.line)?;
        if !self.key_path.is_empty() {
            write!(f, "{}: ", self.key_path)?;
        }
        f.write_str(&self.text)
    }
}

impl std::error::Error for Mistake {}

/// The most mistakes of one file that are told; whoever has more mends these first.
const MISTAKES_MAX: usize = 100;

/// The mistakes found so far in one file.
pub(super) struct Mistakes<'a> {
    file: &'a str,
    text: &'a str,
    found: RefCell<Vec<Mistake>>,
}

impl<'a> Mistakes<'a> {
    pub(super) fn new(file: &'a str, text: &'a str) -> Self {
        Self { file, text, found: RefCell::new(Vec::new()) }
    }

    pub(super) fn add(&self, at: usize, key_path: impl Into<String>, text: impl Into<String>) {
        let mut found = self.found.borrow_mut();
        if found.len() < MISTAKES_MAX {
            let before = self.text.as_bytes().get(..at).unwrap_or_default();
            let line = 1 + memchr::memchr_iter(b'\n', before).count();
            let (key_path, text) = (key_path.into(), text.into());
            found.push(Mistake { file: self.file.to_owned(), line, key_path, text });
        }
    }

    /// The mistakes in the order of the file.
    pub(super) fn take_sorted(&self) -> Vec<Mistake> {
        let mut found = self.found.take();
        found.sort_by_key(|mistake| mistake.line);
        found
    }
}

/// One table under reading.
pub(super) struct Fields<'a> {
    table: &'a DeTable<'a>,
    mistakes: &'a Mistakes<'a>,
    /// The path of the table, empty for the file itself.
    path: String,
    /// Where the table begins, for mistakes about what is missing.
    start: usize,
    asked: RefCell<BTreeSet<&'static str>>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(
        table: &'a DeTable<'a>,
        mistakes: &'a Mistakes<'a>,
        path: String,
        place: &Range<usize>,
    ) -> Self {
        Self { table, mistakes, path, start: place.start, asked: RefCell::default() }
    }

    fn key_path(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Notes a mistake about a key; about the table when the key is not there.
    pub(super) fn wrong(&self, key: &'static str, text: impl Into<String>) {
        let at = self.table.get(key).map_or(self.start, |value| value.span().start);
        self.mistakes.add(at, self.key_path(key), text);
    }

    /// The value of a key; whatever was never asked for is an unknown key at the end.
    pub(super) fn value(&self, key: &'static str) -> Option<&'a DeValue<'a>> {
        self.asked.borrow_mut().insert(key);
        self.table.get(key).map(Spanned::get_ref)
    }

    fn typed<T>(
        &self,
        key: &'static str,
        wanted: &str,
        read: impl Fn(&'a DeValue<'a>) -> Option<T>,
    ) -> Option<T> {
        let value = self.value(key)?;
        let read = read(value);
        if read.is_none() {
            self.wrong(key, format!("this is {}, it must be {wanted}", described(value)));
        }
        read
    }

    /// A text of at most `chars_max` characters without control characters; empty when left out.
    pub(super) fn text(&self, key: &'static str, chars_max: usize) -> String {
        let text = self.lines(key, chars_max);
        if text.chars().any(char::is_control) {
            self.wrong(key, "the text has line breaks or other control characters in it");
        }
        text
    }

    /// A text of at most `chars_max` characters, of any number of lines; empty when left out.
    pub(super) fn lines(&self, key: &'static str, chars_max: usize) -> String {
        let text = self.typed(key, "a text", DeValue::as_str).unwrap_or_default();
        if text.chars().count() > chars_max {
            self.wrong(key, format!("the text is longer than {chars_max} characters"));
        }
        text.to_owned()
    }

    /// A list of at most `most` texts; empty when left out.
    pub(super) fn texts(&self, key: &'static str, most: usize) -> Vec<String> {
        let list = self.typed(key, "a list of texts", |value| {
            let texts = value.as_array()?.iter().map(|text| text.get_ref().as_str());
            texts.map(|text| text.map(str::to_owned)).collect::<Option<Vec<String>>>()
        });
        let list = list.unwrap_or_default();
        if list.len() > most {
            self.wrong(key, format!("there are {}, the most is {most}", list.len()));
        }
        list
    }

    /// One of the `known`, by its name; `what` is what they are called.
    pub(super) fn choice<T: Copy>(
        &self,
        key: &'static str,
        what: &str,
        known: &[T],
        name: impl Fn(T) -> &'static str,
    ) -> Option<T> {
        let text = self.typed(key, "a text", DeValue::as_str)?;
        let found = known.iter().copied().find(|each| name(*each) == text);
        if found.is_none() {
            let known: Vec<&str> = known.iter().map(|each| name(*each)).collect();
            self.wrong(key, format!("no {what} `{text}` (there are {})", known.join(", ")));
        }
        found
    }

    pub(super) fn flag(&self, key: &'static str, default: bool) -> bool {
        self.typed(key, "`true` or `false`", DeValue::as_bool).unwrap_or(default)
    }

    /// A finite number.
    pub(super) fn number(&self, key: &'static str) -> Option<f64> {
        self.typed(key, "a number", number_of)
    }

    /// A whole number inside the bounds.
    pub(super) fn whole(&self, key: &'static str, bounds: RangeInclusive<u64>) -> Option<u64> {
        let wanted = format!("a whole number from {} to {}", bounds.start(), bounds.end());
        self.typed(key, &wanted, |value| {
            let number = number_of(value).filter(|number| number.fract() == 0.0)?;
            let inside = (0.0..1e9).contains(&number).then_some(number as u64);
            inside.filter(|whole| bounds.contains(whole))
        })
    }

    /// A length of time inside the bounds.
    pub(super) fn span(&self, key: &'static str, bounds: RangeInclusive<Span>) -> Option<Span> {
        let text = self.typed(key, "a text like \"5m\"", DeValue::as_str)?;
        match Span::parse(text) {
            Ok(span) if bounds.contains(&span) => return Some(span),
            Ok(_) => {
                let (from, to) = (bounds.start(), bounds.end());
                self.wrong(key, format!("`{text}` lies outside the bounds, {from} to {to}"));
            }
            Err(error) => self.wrong(key, error.to_string()),
        }
        None
    }

    /// The tables of `[[key]]`, at most `most`; empty when left out.
    pub(super) fn tables(&self, key: &'static str, most: usize) -> Vec<Fields<'a>> {
        let Some(list) = self.typed(key, "a list of tables", DeValue::as_array) else {
            return Vec::new();
        };
        if list.len() > most {
            self.wrong(key, format!("there are {}, the most is {most}", list.len()));
        }
        let mut tables = Vec::new();
        for (index, item) in list.iter().enumerate().take(most) {
            let path = format!("{}[{index}]", self.key_path(key));
            if let Some(table) = item.get_ref().as_table() {
                tables.push(Self::new(table, self.mistakes, path, &item.span()));
            } else {
                let text = format!("this is {}, not a table", described(item.get_ref()));
                self.mistakes.add(item.span().start, path, text);
            }
        }
        tables
    }

    /// Names every key that nobody asked for.
    pub(super) fn finish(&self) {
        let asked = self.asked.borrow();
        for key in self.table.keys() {
            let name = key.get_ref().as_ref();
            if !asked.contains(name) {
                let known: Vec<&str> = asked.iter().copied().collect();
                let text = format!("unknown key (known here: {})", known.join(", "));
                self.mistakes.add(key.span().start, self.key_path(name), text);
            }
        }
    }
}

fn number_of(value: &DeValue<'_>) -> Option<f64> {
    let number = match value {
        DeValue::Integer(integer) => {
            i64::from_str_radix(integer.as_str(), integer.radix()).ok()? as f64
        }
        DeValue::Float(float) => float.as_str().parse().ok()?,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

fn described(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => {
            format!("the text `{}`", text.chars().take(40).collect::<String>())
        }
        DeValue::Integer(number) => format!("the number {}", number.as_str()),
        DeValue::Float(number) => format!("the number {}", number.as_str()),
        DeValue::Boolean(flag) => format!("`{flag}`"),
        DeValue::Datetime(_) => "a date".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}
