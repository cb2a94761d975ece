//! Variables `WATCHGLASS__SECTION__KEY` as a layer of settings. A variable is always text: it takes
//! the form that the setting's default has.

use std::ffi::OsString;

use ::config::{Config, ConfigError, Environment};
use serde_json::Value;

use super::section::accepts;
use super::{Mistake, Origin};

const PREFIX: &str = "WATCHGLASS";
const SEPARATOR: &str = "__";

/// The variables that are settings, as a tree of texts. One that is not UTF-8 is a mistake.
pub(super) fn texts(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
    mistakes: &mut Vec<Mistake>,
) -> Result<Value, ConfigError> {
    let mut ours = ::config::Map::new();
    for (name, value) in variables {
        let Some(name) = name.to_str().filter(|name| is_ours(name)) else { continue };
        match value.into_string() {
            Ok(value) => {
                ours.insert(name.to_owned(), value);
            }
            Err(_) => mistakes.push(Mistake {
                origin: Origin::Variable(name.to_owned()),
                key: String::new(),
                text: "the value is not UTF-8".to_owned(),
            }),
        }
    }
    let source = Environment::with_prefix(PREFIX).separator(SEPARATOR).source(Some(ours));
    Config::builder().add_source(source).build()?.try_deserialize()
}

fn is_ours(name: &str) -> bool {
    let length = PREFIX.len() + SEPARATOR.len();
    name.get(..length).is_some_and(|start| {
        start.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
            && start.ends_with(SEPARATOR)
    })
}

/// The variable that sets the key at `path`.
pub(super) fn variable(path: &str) -> String {
    format!("{PREFIX}{SEPARATOR}{}", path.replace('.', SEPARATOR).to_uppercase())
}

/// `text` in the form in which the setting at `path` takes it; its default tells which.
pub(super) fn typed(path: &str, text: &str, default: &Value) -> Value {
    let as_text = || Value::String(text.to_owned());
    let parsed = || serde_json::from_str(text).unwrap_or_else(|_| as_text());
    match default {
        Value::String(_) => as_text(),
        Value::Array(_) if text.trim_start().starts_with('[') => parsed(),
        Value::Array(_) => {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            parts.map(|part| Value::String(part.to_owned())).collect()
        }
        // Nothing by default says nothing of the form: text, where text is taken.
        Value::Null if accepts(path, &as_text()).is_ok() => as_text(),
        _ => parsed(),
    }
}
