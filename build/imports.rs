//! Reads which modules a JavaScript module imports. Used while building, to name the modules that a
//! page preloads, and by the rules of the tree.
//!
//! It knows the forms that our own files use: an import or export statement that begins a line and
//! may go on over several. What `import()` loads later is not among them, nor is what a comment
//! says.

/// The paths that `text` imports as they are written, in order.
pub(crate) fn imports(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut open = false;
    for line in text.lines() {
        let line = line.trim();
        let begins = starts_with_word(line, "import") && !line.starts_with("import(")
            || starts_with_word(line, "export") && line.contains(['{', '*']);
        if !(begins || open) {
            continue;
        }
        let path = path_after(line, "from ").or_else(|| path_after(line, "import "));
        found.extend(path);
        open = path.is_none() && !line.contains(';') && (open || line.ends_with(['{', ',']));
    }
    found
}

fn starts_with_word(line: &str, word: &str) -> bool {
    let rest = line.strip_prefix(word);
    rest.is_some_and(|rest| rest.starts_with([' ', '{', '"', '\'', '*']))
}

/// The quoted text right after `word`.
fn path_after<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(word)?;
    let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    rest.strip_prefix(quote)?.split_once(quote).map(|(path, _)| path)
}

/// The path, from the top folder, of what the file at `from` imports as `path`; nothing when it is
/// not relative or leaves the folder.
pub(crate) fn resolve(from: &str, path: &str) -> Option<String> {
    if !path.starts_with("./") && !path.starts_with("../") {
        return None;
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}
