//! Every setting stands in `dashboard.toml` and in `docs/configuration.md`, with its true default.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::hold;
use crate::tree::read;

#[test]
fn every_setting_is_shown_in_the_shipped_file() {
    let shown = shown_in_file(&read("dashboard.toml"));
    let mut findings = Vec::new();
    for (path, default) in settings() {
        let text = toml_text(&default);
        match shown.get(&path) {
            None => findings.push(format!("dashboard.toml: no `{path}` (default {text})")),
            Some((line, _)) if default.is_null() && !is_comment(line) => {
                findings.push(format!("dashboard.toml: `{path}` is set, but has no default"));
            }
            Some((line, value)) if !default.is_null() && *value != text => {
                let line = line.trim();
                findings.push(format!("dashboard.toml: `{line}`: the default is {text}"));
            }
            Some(_) => {}
        }
    }
    hold("a setting is missing or is shown with a wrong default", &findings);
}

#[test]
fn every_setting_is_documented() {
    let text = read("docs/configuration.md");
    let mut findings = Vec::new();
    for (path, default) in settings() {
        let row = format!("| `{path}` | {} |", cell(&default));
        if !text.lines().any(|line| line.starts_with(&row)) {
            findings.push(format!("docs/configuration.md: no row `{row}`"));
        }
    }
    let known: Vec<String> = settings().into_iter().map(|(path, _)| path).collect();
    for path in documented(&text).iter().filter(|path| !known.contains(path)) {
        findings.push(format!("docs/configuration.md: there is no setting `{path}`"));
    }
    hold("a setting is not documented as it is", &findings);
}

/// Every setting with its default; null where it has none.
fn settings() -> Vec<(String, Value)> {
    let mut found = Vec::new();
    flatten("", &watchglass::config::defaults(), &mut found);
    assert!(found.len() > 10, "the settings were not found");
    found
}

fn flatten(prefix: &str, value: &Value, found: &mut Vec<(String, Value)>) {
    match value.as_object() {
        Some(table) => {
            for (key, inner) in table {
                let dot = if prefix.is_empty() { "" } else { "." };
                flatten(&format!("{prefix}{dot}{key}"), inner, found);
            }
        }
        None => found.push((prefix.to_owned(), value.clone())),
    }
}

/// The settings that a file shows, commented out or not: path to (line, value as written). Only
/// tables of settings count; dashboards have their own.
fn shown_in_file(text: &str) -> BTreeMap<String, (String, String)> {
    let (mut table, mut shown) = (String::new(), BTreeMap::new());
    for line in text.lines() {
        let bare = line.strip_prefix('#').unwrap_or(line).trim();
        if bare.starts_with("[[") {
            "[[".clone_into(&mut table);
        } else if let Some(name) = bare.strip_prefix('[').and_then(|bare| bare.strip_suffix(']')) {
            name.clone_into(&mut table);
        } else if let Some((key, value)) = bare.split_once(" = ") {
            let is_key = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if is_key && table != "[[" {
                shown.insert(format!("{table}.{key}"), (line.to_owned(), value.to_owned()));
            }
        }
    }
    shown
}

fn is_comment(line: &str) -> bool {
    line.starts_with('#')
}

/// A default as it is written in a settings file. JSON writes texts, numbers and lists the same
/// way.
fn toml_text(default: &Value) -> String {
    if default.is_null() { "none".to_owned() } else { default.to_string() }
}

fn cell(default: &Value) -> String {
    if default.is_null() { "none".to_owned() } else { format!("`{}`", toml_text(default)) }
}

/// The paths in the first column of the tables.
fn documented(text: &str) -> Vec<String> {
    let path = |line: &str| {
        let name = line.strip_prefix("| `")?.split_once("` |")?.0;
        name.contains('.').then(|| name.to_owned())
    };
    text.lines().filter_map(path).collect()
}

#[test]
fn a_shown_setting_is_read_with_its_value() {
    let text = "[server]\n# The address.\nbind = \"a\"\n# [storage.retention]\n# raw = \"1h\"\n\
                [[dashboard]]\nslug = \"x\"\n";
    let shown = shown_in_file(text);
    let values: Vec<(&str, &str)> =
        shown.iter().map(|(path, (_, value))| (path.as_str(), value.as_str())).collect();
    assert_eq!(values, [("server.bind", "\"a\""), ("storage.retention.raw", "\"1h\"")]);
    assert_eq!(documented("| `server.bind` | `1` | x |\n| `bind` | x |"), ["server.bind"]);
    assert_eq!((cell(&Value::Null), cell(&5.into())), ("none".to_owned(), "`5`".to_owned()));
}
