//! Dependencies: why each is there, and under which licence.

use std::process::Command;

use crate::hold;
use crate::tree::{read, root};

/// Licences that may stand in the binary. All of them allow any use and ask for no source.
const PERMISSIVE: [&str; 11] = [
    "MIT",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "0BSD",
    "Unlicense",
    "Unicode-3.0",
    "BSL-1.0",
    "CC0-1.0",
];

#[test]
fn every_dependency_has_a_reason() {
    hold("a dependency has no comment above it", &without_reason(&read("Cargo.toml")));
}

#[test]
fn every_licence_is_permissive() {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let metadata = |more: &[&str]| {
        let mut command = Command::new(&cargo);
        command.current_dir(root()).args(["metadata", "--format-version=1", "--locked"]);
        command.arg("--offline").args(more).output().unwrap()
    };
    let mut output = metadata(&[]);
    if !output.status.success() {
        // What other systems need has not been fetched here; `scripts/test` fetches it first.
        output = metadata(&["--filter-platform", &host()]);
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 100, "the packages were not found");
    let findings: Vec<String> = packages
        .iter()
        .map(|package| (package["name"].to_string(), package["license"].as_str().unwrap_or("")))
        .filter(|(_, licence)| !is_permissive(licence))
        .map(|(name, licence)| format!("{name}: `{licence}`"))
        .collect();
    hold("a dependency is not under a permissive licence", &findings);
}

/// The name of the system that this runs on.
fn host() -> String {
    let output = Command::new("rustc").arg("-vV").current_dir(root()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

/// The lines of dependencies without a comment above them. One comment may stand over several lines
/// that follow each other.
fn without_reason(manifest: &str) -> Vec<String> {
    let (mut inside, mut reason, mut findings) = (false, false, Vec::new());
    for (index, line) in manifest.lines().map(str::trim).enumerate() {
        if line.starts_with('[') {
            inside = line.ends_with("dependencies]");
            reason = false;
        } else if line.starts_with("# ") && line.len() > 10 {
            reason = true;
        } else if line.is_empty() {
            reason = false;
        } else if inside && !reason {
            findings.push(format!("Cargo.toml:{}: {line}", index + 1));
        }
    }
    findings
}

/// Whether an SPDX expression leaves a permissive choice. `OR` binds weaker than `AND`.
fn is_permissive(expression: &str) -> bool {
    let text = expression.replace('/', " OR ").replace(['(', ')'], " ");
    // A bracket here always holds a choice inside an `AND`; without brackets `AND` binds stronger.
    let choices: Vec<&str> =
        if expression.contains('(') { vec![&text] } else { split(&text, "OR") };
    choices.iter().any(|choice| {
        split(choice, "AND").iter().all(|part| split(part, "OR").iter().any(|one| is_named(one)))
    })
}

fn split<'a>(text: &'a str, word: &str) -> Vec<&'a str> {
    let word = format!(" {word} ");
    text.split(word.as_str()).map(str::trim).collect()
}

fn is_named(licence: &str) -> bool {
    let (name, exception) = licence.split_once(" WITH ").unwrap_or((licence, ""));
    PERMISSIVE.contains(&name.trim()) && ["", "LLVM-exception"].contains(&exception.trim())
}

#[test]
fn a_licence_that_is_not_permissive_is_found() {
    let check = |text: &str, expected: bool| assert_eq!(is_permissive(text), expected, "{text}");
    check("MIT", true);
    check("MIT/Apache-2.0", true);
    check("GPL-3.0-or-later", false);
    check("MIT OR GPL-3.0", true);
    check("MIT AND GPL-3.0", false);
    check("(MIT OR Apache-2.0) AND Unicode-3.0", true);
    check("(MIT OR Apache-2.0) AND LGPL-3.0", false);
    check("Apache-2.0 WITH LLVM-exception OR MIT", true);
    check("GPL-2.0 WITH Classpath-exception-2.0", false);
    check("", false);
}

#[test]
fn a_dependency_without_a_reason_is_found() {
    let manifest = "[dependencies]\n# Keeps the time of day.\na = \"1\"\nb = \"1\"\n\nc = \"1\"\n\
                    [lints]\nd = \"warn\"\n";
    assert_eq!(without_reason(manifest), ["Cargo.toml:6: c = \"1\""]);
}
