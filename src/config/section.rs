//! The sections of the settings, each a module's own `Options`. This file knows their names and
//! nothing of their fields: keys and defaults come from serializing the default value.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::embed;
use crate::{collect, ingest, live, query, store, web};

/// A module's options as a table of the settings.
pub(super) trait Table: Default + Serialize + DeserializeOwned {
    /// The table's name.
    const NAME: &'static str;

    /// What is wrong with the values: (path of the key inside the table, words).
    fn mistakes(&self) -> Vec<(&'static str, String)>;
}

/// One table, with what can be done to it without knowing its type.
pub(super) struct Section {
    pub(super) name: &'static str,
    /// Every key with its default; a setting that has no value by default is null.
    pub(super) defaults: fn() -> Value,
    /// Whether a whole table reads; if not, why not.
    pub(super) reads: fn(Value) -> Result<(), String>,
}

macro_rules! sections {
    ($($name:literal: $options:ty,)*) => {
        $(impl Table for $options {
            const NAME: &'static str = $name;

            fn mistakes(&self) -> Vec<(&'static str, String)> {
                self.check()
            }
        })*

        /// All sections, in the order in which people read them.
        pub(super) const SECTIONS: &[Section] = &[$(Section {
            name: $name,
            defaults: defaults_of::<$options>,
            reads: reads::<$options>,
        },)*];
    };
}

sections! {
    "server": web::options::Options,
    "storage": store::Options,
    "ingest": ingest::Options,
    "collect": collect::Options,
    "query": query::Options,
    "live": live::Options,
    "embed": embed::Options,
}

fn defaults_of<T: Table>() -> Value {
    serde_json::to_value(T::default()).expect("options are plain tables")
}

fn reads<T: Table>(value: Value) -> Result<(), String> {
    serde_json::from_value::<T>(value).map(drop).map_err(|error| error.to_string())
}

/// Every setting with its default, as one tree of tables; a setting without a default is null.
///
/// ```
/// let defaults = watchglass::config::defaults();
/// assert_eq!(defaults["server"]["bind"], "127.0.0.1:9494");
/// ```
pub fn defaults() -> Value {
    let tables = SECTIONS.iter().map(|section| (section.name.to_owned(), (section.defaults)()));
    Value::Object(tables.collect::<Map<String, Value>>())
}

/// Whether `value` may stand at `path` when everything else is as by default; if not, why not.
pub(super) fn accepts(path: &str, value: &Value) -> Result<(), String> {
    let (name, inner) = path.split_once('.').unwrap_or((path, ""));
    let section = SECTIONS.iter().find(|section| section.name == name);
    let section = section.ok_or_else(|| format!("there is no section `{name}`"))?;
    let mut table = (section.defaults)();
    if let Some(slot) = table.pointer_mut(&format!("/{}", inner.replace('.', "/"))) {
        *slot = value.clone();
    }
    (section.reads)(table)
}
