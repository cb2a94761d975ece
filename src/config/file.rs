//! A settings file: its values, and the line on which each key stands, which the crate that joins
//! the layers does not keep.

use std::collections::BTreeMap;

use serde_json::Value;
use toml::de::{DeTable, DeValue};

use super::{Mistake, Origin};

/// A file that was read: what it sets and where.
pub(super) struct File {
    /// The name as it was given.
    pub(super) name: String,
    /// All values.
    pub(super) values: Value,
    /// The line of each key, by its path.
    lines: BTreeMap<String, usize>,
}

impl File {
    /// Reads `text`; every place where it is no TOML is a mistake.
    pub(super) fn read(name: &str, text: &str) -> Result<Self, Vec<Mistake>> {
        let wrong = |error: &toml::de::Error| Mistake {
            origin: Origin::File {
                name: name.to_owned(),
                line: error.span().map_or(0, |span| line_of(text, span.start)),
            },
            key: String::new(),
            text: error.message().replace('\n', ", "),
        };
        let (table, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            return Err(errors.iter().map(wrong).collect());
        }
        let values: toml::Table = toml::from_str(text).map_err(|error| vec![wrong(&error)])?;
        let mut lines = BTreeMap::new();
        index(text, "", table.get_ref(), &mut lines);
        let values = serde_json::to_value(values).map_err(|error| {
            let origin = Origin::File { name: name.to_owned(), line: 0 };
            vec![Mistake { origin, key: String::new(), text: error.to_string() }]
        })?;
        Ok(Self { name: name.to_owned(), values, lines })
    }

    /// Where the key at `path` was written.
    pub(super) fn origin(&self, path: &str) -> Origin {
        let line = self.lines.get(path).copied().unwrap_or_default();
        Origin::File { name: self.name.clone(), line }
    }
}

fn index(text: &str, prefix: &str, table: &DeTable<'_>, lines: &mut BTreeMap<String, usize>) {
    for (key, value) in table {
        let path = super::join(prefix, key.get_ref());
        lines.insert(path.clone(), line_of(text, key.span().start));
        if let DeValue::Table(inner) = value.get_ref() {
            index(text, &path, inner, lines);
        }
    }
}

/// The line, from 1, on which the byte at `offset` stands.
fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_on_their_lines() {
        let text = "# a\n[server]\nbind = \"x\"\n\n[storage.retention]\nraw = \"1h\"\n";
        let file = File::read("f.toml", text).unwrap_or_else(|wrong| panic!("{wrong:?}"));
        let check = |path: &str, line: usize| {
            assert_eq!(file.origin(path), Origin::File { name: "f.toml".into(), line }, "{path}");
        };
        check("server", 2);
        check("server.bind", 3);
        check("storage.retention", 5);
        check("storage.retention.raw", 6);
        check("nowhere", 0);
    }

    #[test]
    fn text_that_is_no_toml_is_named_by_line() {
        let check = |text: &str, start: &str| {
            let wrong = File::read("f.toml", text).err().expect("a mistake");
            let shown = wrong[0].to_string();
            assert!(shown.starts_with(start) && !shown.contains('\n'), "{shown}");
        };
        check("a = 1\nb = \n", "f.toml:2: ");
        check("[server]\nbind = \"a\"\nbind = \"b\"\n", "f.toml:3: ");
        check("a = \"", "f.toml:1: ");
    }
}
