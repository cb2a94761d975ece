//! A layer of settings as a source for the crate that joins them. That crate's own conversion from
//! serialized values drops empty lists, so that a layer could not empty one.

use ::config::{Config, ConfigError, Map, Source, Value, ValueKind};
use serde_json::Value as Tree;

#[derive(Debug, Clone)]
struct Layer(Tree);

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        Ok(match kind(&self.0) {
            ValueKind::Table(table) => table,
            _ => Map::new(),
        })
    }
}

fn kind(tree: &Tree) -> ValueKind {
    match tree {
        Tree::Null => ValueKind::Nil,
        Tree::Bool(value) => ValueKind::Boolean(*value),
        Tree::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(whole), _) => ValueKind::I64(whole),
            (None, Some(whole)) => ValueKind::U64(whole),
            (None, None) => ValueKind::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Tree::String(text) => ValueKind::String(text.clone()),
        Tree::Array(values) => ValueKind::Array(values.iter().map(value).collect()),
        Tree::Object(table) => {
            ValueKind::Table(table.iter().map(|(key, inner)| (key.clone(), value(inner))).collect())
        }
    }
}

fn value(tree: &Tree) -> Value {
    Value::new(None, kind(tree))
}

/// Lays the trees over the defaults, each over the ones before it.
pub(super) fn joined(defaults: &Tree, layers: &[Tree]) -> Result<Tree, ConfigError> {
    let mut builder = Config::builder().add_source(Layer(defaults.clone()));
    for layer in layers {
        builder = builder.add_source(Layer(layer.clone()));
    }
    builder.build()?.try_deserialize()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn later_layers_win_and_every_form_survives() {
        let defaults = json!({
            "a": { "list": ["x"], "none": null, "real": 0.5, "flag": true, "big": u64::MAX },
            "b": { "kept": -1 },
        });
        let over = [json!({ "a": { "list": [] } }), json!({ "a": { "none": "set" } })];
        let expected = json!({
            "a": { "list": [], "none": "set", "real": 0.5, "flag": true, "big": u64::MAX },
            "b": { "kept": -1 },
        });
        assert_eq!(joined(&defaults, &over).expect("joined"), expected);
    }
}
