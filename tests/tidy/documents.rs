//! Rules of documents: the form of the change log, formats that are named, no foreign paths.

use crate::hold;
use crate::tree::{files, lines_with, read};

#[test]
fn the_change_log_has_its_form() {
    hold("the change log has another form", &change_log_faults(&read("CHANGELOG.md")));
}

#[test]
fn every_format_is_named_on_the_map() {
    let map = read("ARCHITECTURE.md") + &read("README.md");
    let formats = files(&["docs/formats"], &[".md"]);
    assert!(!formats.is_empty(), "the formats were not found");
    let unnamed = formats.iter().filter(|format| !map.contains(&format.path));
    let findings: Vec<String> = unnamed.map(|format| format!("{}: nobody", format.path)).collect();
    hold("a format is named neither in ARCHITECTURE.md nor in README.md", &findings);
}

/// The formats on disk, with the version that the program writes.
const VERSIONS: [(&str, u32); 2] = [
    ("docs/formats/wal.md", watchglass::store::LOG_VERSION),
    ("docs/formats/block.md", watchglass::store::BLOCK_VERSION),
];

#[test]
fn formats_on_disk_name_the_version_that_is_written() {
    let wrong = VERSIONS.iter().filter(|(path, version)| !names_version(&read(path), *version));
    let findings: Vec<String> =
        wrong.map(|(path, version)| format!("{path}: not of version {version}")).collect();
    hold("a format is described in another version than is written", &findings);
}

/// Whether the first paragraph says which version it describes.
fn names_version(text: &str, version: u32) -> bool {
    text.split("\n\n").nth(1).is_some_and(|text| text.starts_with(&format!("Version {version}.")))
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let mut findings = Vec::new();
    for file in files(&["."], &[".md"]) {
        let folder = file.path.rsplit_once('/').map_or(".", |(folder, _)| folder);
        for (line, target) in links(&file.text) {
            if !crate::tree::root().join(folder).join(target).exists() {
                findings.push(format!("{}:{line}: there is no `{target}`", file.path));
            }
        }
    }
    hold("a link leads nowhere", &findings);
}

#[test]
fn no_path_of_this_machine_stands_in_the_tree() {
    let here = env!("CARGO_MANIFEST_DIR");
    let endings = [".rs", ".js", ".md", ".toml", ".html", ".css", ".json", ".sh", "test", "run"];
    let mut findings = Vec::new();
    for file in files(&["."], &endings) {
        findings.extend(lines_with(&file.path, &file.text, &[&format!("{here}/")]));
    }
    hold("a path of the machine that it was written on stands in a file", &findings);
}

const KINDS: [&str; 4] = ["Added", "Changed", "Fixed", "Removed"];

fn change_log_faults(text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    let mut fault = |line: usize, what: &str| findings.push(format!("CHANGELOG.md:{line}: {what}"));
    if !text.starts_with("# Changelog\n") {
        fault(1, "it does not begin with `# Changelog`");
    }
    let mut releases = 0;
    for (index, line) in text.lines().enumerate() {
        if let Some(name) = line.strip_prefix("## ") {
            if releases == 0 && name != "[Unreleased]" {
                fault(index + 1, "the first release is not `[Unreleased]`");
            } else if releases > 0 && !is_release(name) {
                fault(index + 1, "a release is written `[1.2.3] - 2026-01-31`");
            }
            releases += 1;
        } else if let Some(kind) = line.strip_prefix("### ") {
            if !KINDS.contains(&kind) {
                fault(index + 1, "a kind of change is Added, Changed, Fixed or Removed");
            }
        } else if releases > 0 && !line.is_empty() && !line.starts_with(['-', ' ']) {
            fault(index + 1, "a change begins with `- `");
        }
    }
    if releases == 0 {
        fault(1, "there is no `## [Unreleased]`");
    }
    findings
}

fn is_release(name: &str) -> bool {
    let Some((version, date)) = name.split_once(" - ") else { return false };
    let version = version.strip_prefix('[').and_then(|version| version.strip_suffix(']'));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    version.is_some_and(|version| version.split('.').count() == 3 && version.split('.').all(digits))
        && date.len() == 10
        && date.split('-').map(str::len).eq([4, 2, 2])
        && date.split('-').all(digits)
}

/// The links of a text that point into the tree, with their lines.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for (at, _) in line.match_indices("](") {
            let Some((target, _)) = line[at + 2..].split_once(')') else { continue };
            let target = target.split('#').next().unwrap_or_default();
            if !target.is_empty() && !target.contains(':') {
                found.push((index + 1, target));
            }
        }
    }
    found
}

#[test]
fn another_version_is_found() {
    assert!(names_version("# The log\n\nVersion 3. What", 3));
    assert!(!names_version("# The log\n\nVersion 31. What", 3));
    assert!(!names_version("# The log\n\nWhat\n\nVersion 3.", 3));
}

#[test]
fn another_form_of_the_change_log_is_found() {
    let check = |text: &str, expected: usize| {
        assert_eq!(change_log_faults(text).len(), expected, "{text}");
    };
    let start = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- A thing\n  that goes on\n";
    check(start, 0);
    check(&format!("{start}\n## [0.1.0] - 2026-01-31\n"), 0);
    check(&format!("{start}\n## 0.1\n"), 1);
    check(&start.replace("Added", "New"), 1);
    check(&start.replace("- A", "A"), 1);
    check("# Changelog\n", 1);
    check("## [0.1.0] - 2026-01-31\n", 2);
}

#[test]
fn links_into_the_tree_are_found_and_others_left() {
    let text = "[a](docs/a.md#b) [b](https://x.example)\n[c](#d)";
    assert_eq!(links(text), [(1, "docs/a.md")]);
}
