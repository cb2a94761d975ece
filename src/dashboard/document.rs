//! A panel as the page's script reads it. What a panel does not say is left out: a page carries
//! twenty such documents.

use serde_json::{Map, Value, json};

use super::{Legend, Level, Mark, Nulls, Panel, markdown};

impl Panel {
    /// The panel as the page's script reads it. The queries' texts stay with the server: the script
    /// gets channels, and says nothing of how they are filled.
    pub fn document(&self) -> Value {
        let mut document = Map::new();
        let mut put = |key: &str, value: Value| {
            document.insert(key.to_owned(), value);
        };
        put("id", json!(self.id));
        put("title", json!(self.title));
        put("subtitle", json!(self.subtitle));
        put("kind", json!(self.kind.name()));
        put("unit", json!(self.unit.to_string()));
        put("decimals", json!(self.decimals));
        put("min", json!(self.min));
        put("max", json!(self.max));
        put("thresholds", self.thresholds.iter().map(threshold).collect());
        put("width", json!(self.width));
        put("height", json!(self.height));
        put("legend", json!(self.legend));
        put("note", json!(self.note));
        put("limit", json!(self.series_max()));
        put("heading", json!(self.heading));
        put("color", json!(self.color));
        put("hide_when_empty", json!(self.hide_when_empty));
        put("queries", self.queries());
        put("bands", json!(self.bands()));
        document.extend(self.said());
        Value::Object(document)
    }

    fn queries(&self) -> Value {
        let query = |(index, query): (usize, &super::PanelQuery)| {
            let mut document = json!({
                "legend": query.legend,
                "column": query.column,
                "unit": self.unit_of(index).to_string(),
                "bar": query.bar,
                "times": query.times,
                "below": query.below,
            });
            if let Some(range) = query.range {
                document["range_ms"] = json!(range.millis());
            }
            document
        };
        self.queries.iter().enumerate().map(query).collect()
    }

    /// What stands in the document only when the panel says it.
    fn said(&self) -> impl Iterator<Item = (String, Value)> {
        let link = |link: &super::Link| json!({ "title": link.title, "url": link.url });
        let mapping = |mapping: &super::Mapping| {
            json!({
                "from": mapping.from,
                "to": mapping.to,
                "text": mapping.text,
                "level": mapping.level.map(Level::name),
            })
        };
        let stats: Vec<&str> = self.stats.iter().map(|stat| stat.name()).collect();
        let all = [
            ("description", json!(self.description), !self.description.is_empty()),
            ("links", self.links.iter().map(link).collect(), !self.links.is_empty()),
            ("no_data", json!(self.no_data), !self.no_data.is_empty()),
            ("nulls", json!(self.nulls.name()), self.nulls != Nulls::Gap),
            ("mappings", self.mappings.iter().map(mapping).collect(), !self.mappings.is_empty()),
            ("legend_as", json!(self.legend_as.map(Legend::name)), self.legend_as.is_some()),
            ("stats", json!(stats), !self.stats.is_empty()),
            ("columns", json!(self.columns), !self.columns.is_empty()),
            ("change", json!(true), self.change),
            ("better", json!(self.better.map(super::Better::name)), self.better.is_some()),
            ("section", json!(self.section), !self.section.is_empty()),
            ("link", json!(self.link), !self.link.is_empty()),
            ("metric", json!(self.metric), self.metric.is_some()),
            ("text", markdown::document(&self.text), !self.text.is_empty()),
        ];
        all.into_iter().filter(|(_, _, said)| *said).map(|(key, value, _)| (key.to_owned(), value))
    }
}

fn threshold(threshold: &super::Threshold) -> Value {
    let mut found = json!({
        "value": threshold.value,
        "level": threshold.level.name(),
        "word": threshold.word,
    });
    if threshold.mark != Mark::Both {
        found["show"] = json!(threshold.mark.name());
    }
    found
}
