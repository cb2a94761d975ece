//! The files of the tree, and their text without comments and literals.

use std::fs;
use std::path::{Path, PathBuf};

/// A text file of the tree.
pub(crate) struct File {
    /// Its path from the top, with `/` between the parts.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// What is made, not written.
const LEFT_OUT: [&str; 7] =
    ["target", "node_modules", "data", "out", ".git", "corpus", "artifacts"];

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The text of one file of the tree; a test that needs it fails when it is missing.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All files at or below `folders` with one of these endings, sorted.
pub(crate) fn files(folders: &[&str], endings: &[&str]) -> Vec<File> {
    let mut found = Vec::new();
    for folder in folders {
        walk(&root().join(folder), &mut found);
    }
    found.sort();
    let wanted = |path: &&PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy();
        endings.iter().any(|ending| name.ends_with(ending))
    };
    let file = |path: &PathBuf| {
        let short = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
        let text = String::from_utf8(fs::read(path).unwrap()).ok()?;
        Some(File { path: short, text })
    };
    found.iter().filter(wanted).filter_map(file).collect()
}

fn walk(path: &Path, found: &mut Vec<PathBuf>) {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if path.is_file() {
        found.push(path.to_owned());
    } else if path.is_dir() && !LEFT_OUT.contains(&name.as_str()) {
        for entry in fs::read_dir(path).unwrap() {
            walk(&entry.unwrap().path(), found);
        }
    }
}

/// The lines that hold one of `words`, as findings.
pub(crate) fn lines_with(path: &str, text: &str, words: &[&str]) -> Vec<String> {
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for word in words.iter().filter(|word| line.contains(**word)) {
            findings.push(format!("{path}:{}: `{word}`", index + 1));
        }
    }
    findings
}

/// Rust source with comments and the insides of literals made blank; lines stay where they are.
pub(crate) fn rust_code(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = literal_length(rest, &code).unwrap_or(0);
        if length == 0 {
            code.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            code.extend(rest[..length].chars().map(|c| if c == '\n' { c } else { ' ' }));
            rest = &rest[length..];
        }
    }
    code
}

/// The length of the comment or literal at the front of `rest`, if there is one.
fn literal_length(rest: &str, before: &str) -> Option<usize> {
    let in_word = before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(rest.find("*/").map_or(rest.len(), |end| end + 2));
    }
    if !in_word && (rest.starts_with("r\"") || rest.starts_with("r#") || rest.starts_with("br")) {
        let raw = rest.trim_start_matches('b').strip_prefix('r')?;
        let marks = raw.len() - raw.trim_start_matches('#').len();
        let inner = raw.get(marks..)?.strip_prefix('"')?;
        let end = format!("\"{}", "#".repeat(marks));
        let start = rest.len() - inner.len();
        return Some(inner.find(&end).map_or(rest.len(), |at| start + at + end.len()));
    }
    if rest.starts_with('"') {
        return Some(quoted_length(rest, '"'));
    }
    // A quote that does not close within a character's length begins a lifetime.
    let mut after = rest.strip_prefix('\'')?.chars();
    match (after.next()?, after.next()?) {
        ('\\', _) => Some(quoted_length(rest, '\'')),
        (one, '\'') => Some(one.len_utf8() + 2),
        _ => None,
    }
}

fn quoted_length(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

#[test]
fn comments_and_literals_are_made_blank_and_nothing_else() {
    let check = |text: &str, expected: &str| {
        let words: Vec<String> = rust_code(text).split_whitespace().map(str::to_owned).collect();
        assert_eq!(words.join(" "), expected, "{text}");
        assert_eq!(rust_code(text).lines().count(), text.lines().count());
    };
    check("a // b\nc", "a c");
    check("a /* b\n c */ d", "a d");
    check(r#"f("a\"b", 'x', '\'', 'static)"#, "f( , , , 'static)");
    check("let a = r#\"x\"y\"#; b", "let a = ; b");
    check("&'a str", "&'a str");
    check("for x in y { b'x' }", "for x in y { b }");
}
