//! Rules of the tree. Each rule is a test of its own and names file and line of what breaks it;
//! next to each stands a test that shows, on a few lines of text, that the rule bites.

#![expect(clippy::unwrap_used, reason = "a test that cannot read the tree has to stop")]
#![expect(clippy::string_slice, reason = "places come from searching the same text")]

#[path = "tidy/documents.rs"]
mod documents;
#[path = "tidy/floors.rs"]
mod floors;
#[path = "tidy/front.rs"]
mod front;
#[path = "../build/imports.rs"]
mod imports;
#[path = "tidy/packages.rs"]
mod packages;
#[path = "tidy/routes.rs"]
mod routes;
#[path = "tidy/settings.rs"]
mod settings;
#[path = "tidy/sizes.rs"]
mod sizes;
#[path = "tidy/tree.rs"]
mod tree;

/// Fails with all findings of a rule.
fn hold(rule: &str, findings: &[String]) {
    assert!(findings.is_empty(), "{rule}:\n  {}\n", findings.join("\n  "));
}
