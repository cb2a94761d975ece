//! Dashboard and panel documents: parsed, checked, and derived for what was pushed.

use std::fmt;

/// Placeholder until the module is merged.
#[derive(Debug, Clone)]
pub struct Dashboard {
    /// Placeholder.
    pub slug: String,
}

/// Placeholder.
#[derive(Debug)]
pub struct Mistake(String);

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Placeholder.
pub fn parse(text: &str, file: &str) -> Result<Vec<Dashboard>, Vec<Mistake>> {
    let table: toml::Table =
        toml::from_str(text).map_err(|_| vec![Mistake(format!("{file}: no TOML"))])?;
    let tables = table.get("dashboard").and_then(toml::Value::as_array);
    tables
        .into_iter()
        .flatten()
        .map(|table| match table.get("slug").and_then(toml::Value::as_str) {
            Some(slug) => Ok(Dashboard { slug: slug.to_owned() }),
            None => Err(vec![Mistake(format!("{file}:1: dashboard: `slug` is missing"))]),
        })
        .collect()
}
