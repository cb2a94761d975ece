//! How long files, functions and lines may be, and what every file opens with.

use crate::hold;
use crate::tree::{File, files, lines_with, rust_code};

const RUST_LINES_MAX: usize = 600;
const SCRIPT_LINES_MAX: usize = 300;
const FUNCTION_LINES_MAX: usize = 70;
const COLUMNS_MAX: usize = 100;

/// From this length on a text in a line excuses the line.
const LITERAL_MIN: usize = 30;

/// Longer files, each with its reason. Keep it empty as long as it can be.
const LONGER: &[(&str, &str)] = &[];

const RUST: [&str; 5] = ["src", "tests", "benches", "build", "build.rs"];
const SCRIPTS: [&str; 2] = ["assets", "tests/browser"];

fn scripts() -> Vec<File> {
    files(&SCRIPTS, &[".js", ".mjs"])
}

#[test]
fn files_are_short_and_lines_fit() {
    let mut findings = Vec::new();
    for (found, max) in [(files(&RUST, &[".rs"]), RUST_LINES_MAX), (scripts(), SCRIPT_LINES_MAX)] {
        for file in found {
            let is_listed = LONGER.iter().any(|(path, _)| *path == file.path);
            findings.extend(too_long(&file, if is_listed { usize::MAX } else { max }));
        }
    }
    hold("a file or a line is too long", &findings);
}

#[test]
fn functions_of_scripts_are_short() {
    let findings: Vec<String> = scripts().iter().flat_map(long_functions).collect();
    hold("a function is longer than 70 lines", &findings);
}

#[test]
fn every_file_says_what_it_is_for() {
    let rust = files(&RUST, &[".rs"]);
    let rust = rust.iter().filter(|file| !file.text.starts_with("//! "));
    let script = scripts();
    let script =
        script.iter().filter(|file| !["/**", "// "].iter().any(|c| file.text.starts_with(c)));
    let findings: Vec<String> =
        rust.chain(script).map(|file| format!("{}:1: no head comment", file.path)).collect();
    hold("a file does not open with a comment that says what it is for", &findings);
}

#[test]
fn tests_wait_for_nothing_and_leave_nothing_out() {
    let mut findings = Vec::new();
    for file in files(&["src", "tests"], &[".rs"]) {
        let words: &[&str] = if file.path.starts_with("tests/") {
            &["thread::sleep", "time::sleep", "#[ignore"]
        } else {
            &["thread::sleep", "#[ignore"]
        };
        findings.extend(lines_with(&file.path, &rust_code(&file.text), words));
    }
    for file in files(&["tests/browser"], &[".js", ".mjs"]) {
        let words =
            ["waitForTimeout", ".only(", "test.skip", "it.skip", "skip: true", "todo: true"];
        findings.extend(lines_with(&file.path, &file.text, &words));
    }
    hold("a test sleeps, or is left out", &findings);
}

fn too_long(file: &File, lines_max: usize) -> Vec<String> {
    let mut findings = Vec::new();
    let lines = file.text.lines().count();
    if lines > lines_max {
        findings.push(format!("{}:{lines}: more than {lines_max} lines", file.path));
    }
    for (index, line) in file.text.lines().enumerate() {
        if line.chars().count() > COLUMNS_MAX && !has_long_literal(line) {
            findings.push(format!("{}:{}: more than {COLUMNS_MAX} columns", file.path, index + 1));
        }
    }
    findings
}

/// Whether a line is long because of a text that it would not help to break. Quotes inside a raw
/// text are part of it.
fn has_long_literal(line: &str) -> bool {
    let is_comment = ["//", "*", "/*"].iter().any(|start| line.trim_start().starts_with(start));
    let raw = line.split_once("r#\"").map_or("", |(_, text)| text.split("\"#").next().unwrap());
    let quoted = line.split(['"', '\'', '`']).skip(1);
    let longest = quoted.chain([raw]).map(|part| part.chars().count()).max();
    !is_comment && longest.is_some_and(|length| length >= LITERAL_MIN)
}

/// Functions that go on for too long, told by how far their lines are indented. The lines of a
/// function inside another one count for the inner one only.
fn long_functions(file: &File) -> Vec<String> {
    let lines: Vec<&str> = file.text.lines().collect();
    let mut findings = Vec::new();
    for start in (0..lines.len()).filter(|start| opens_function(lines[*start])) {
        let end = end_of(&lines, start);
        let (mut at, mut length) = (start + 1, 2);
        while at < end {
            let inner = opens_function(lines[at]);
            at = if inner { end_of(&lines, at) + 1 } else { at + 1 };
            length += usize::from(!inner);
        }
        if length > FUNCTION_LINES_MAX {
            findings.push(format!("{}:{}: {length} lines", file.path, start + 1));
        }
    }
    findings
}

/// The line that closes what `start` opens: the next one that is indented alike and begins so.
fn end_of(lines: &[&str], start: usize) -> usize {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let closes =
        |line: &&str| indent(line) == indent(lines[start]) && line.trim_start().starts_with('}');
    lines[start + 1..].iter().position(closes).map_or(start, |after| start + 1 + after)
}

fn opens_function(line: &str) -> bool {
    let text = line.trim();
    let is_branch = ["if ", "for ", "while ", "switch ", "} ", "catch ", "else "]
        .iter()
        .any(|word| text.starts_with(word));
    let is_test = text.starts_with("describe(");
    let opens = text.ends_with(") {") || text.ends_with("=> {");
    !is_branch && !is_test && opens
}

#[test]
fn long_files_lines_and_functions_are_found() {
    let file = |text: String| File { path: "a.js".into(), text };
    assert!(too_long(&file("x\n".repeat(300)), 300).is_empty());
    assert_eq!(too_long(&file("x\n".repeat(301)), 300), ["a.js:301: more than 300 lines"]);
    let wide = file(format!("x\n{}\n", "é".repeat(101)));
    assert_eq!(too_long(&wide, 300), ["a.js:2: more than 100 columns"]);
    let raw = |text: &str| file(format!("{}r#\"{text}\"#;\n", "a ".repeat(45)));
    assert!(too_long(&raw(&"{\"x\":1}".repeat(5)), 300).is_empty());
    assert_eq!(too_long(&raw("{\"x\":1}"), 300), ["a.js:1: more than 100 columns"]);
    let body =
        |lines: usize| format!("class A {{\n  f(a) {{\n{}  }}\n}}\n", "    x;\n".repeat(lines));
    assert!(long_functions(&file(body(68))).is_empty());
    assert_eq!(long_functions(&file(body(69))), ["a.js:2: 71 lines"]);
    let inner = "  function g() {\n    x;\n  }\n".repeat(40);
    assert!(long_functions(&file(format!("function f() {{\n{inner}}}\n"))).is_empty());
}
