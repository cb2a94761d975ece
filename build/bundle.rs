//! Joins the modules of a script into one file, so that a page loads few scripts and not thirty,
//! each with headers of its own and compressed apart from the others. Used while building.
//!
//! What every page needs is one file, the shared one; entries and views are files of their own
//! that take from it what it holds: nothing is loaded twice, and nothing that a page does not show.
//!
//! It is no compiler: every module becomes a function that runs once and gives back what it
//! exports; an import becomes a reading of that. It knows the forms that our own files use: imports
//! by name that begin a line, exports that stand before a declaration.

use super::imports;

/// Finds the text of a module by its path.
pub(crate) type Text<'a> = &'a dyn Fn(&str) -> Result<String, String>;

/// One file, and the modules that it is made of.
pub(crate) struct Bundle {
    pub(crate) text: String,
    pub(crate) modules: Vec<String>,
}

/// The shared file: does what `entry` and all that it imports do, and exports each of its modules
/// as a property of `modules`, by its path.
///
/// # Errors
/// When a module is missing, or imports in a circle, or in a form that is not known here.
pub(crate) fn shared(entry: &str, text: Text<'_>) -> Result<Bundle, String> {
    let mut joined = Joined::new(text, None);
    joined.add(entry, &mut vec![String::new()])?;
    let properties: Vec<String> = (joined.done.iter().enumerate())
        .map(|(number, path)| format!("'{path}': $m{number}"))
        .collect();
    joined.out.extend(["export const modules = { ", &properties.join(", "), " };\n"]);
    Ok(Bundle { text: joined.out, modules: joined.done })
}

/// A file of its own that takes from the shared file what that one holds. Its entry keeps its
/// exports.
///
/// # Errors
/// As [`shared`].
pub(crate) fn bundle(
    entry: &str,
    (shared_path, shared): (&str, &Bundle),
    text: Text<'_>,
) -> Result<Bundle, String> {
    let mut joined = Joined::new(text, Some(&shared.modules));
    joined.add(entry, &mut Vec::new())?;
    let up = "../".repeat(entry.matches('/').count());
    let up = if up.is_empty() { "./" } else { &up };
    let head = format!("import {{ modules as $s }} from '{up}{shared_path}';\n");
    let head = if joined.takes { head } else { String::new() };
    joined.done.push(entry.to_owned());
    Ok(Bundle { text: head + &joined.out, modules: joined.done })
}

struct Joined<'a> {
    text: Text<'a>,
    /// Modules that another file holds.
    held: Option<&'a [String]>,
    /// Whether anything was taken from there.
    takes: bool,
    /// Modules that are in, in order.
    done: Vec<String>,
    out: String,
}

impl<'a> Joined<'a> {
    fn new(text: Text<'a>, held: Option<&'a Vec<String>>) -> Self {
        let held = held.map(Vec::as_slice);
        Self { text, held, takes: false, done: Vec::new(), out: String::new() }
    }

    /// Adds a module behind all that it imports; the first of all keeps its exports, unless
    /// something stands above it.
    fn add(&mut self, path: &str, above: &mut Vec<String>) -> Result<(), String> {
        if above.iter().any(|other| other == path) {
            return Err(format!("`{path}` imports itself by way of others"));
        }
        let is_entry = above.is_empty();
        above.push(path.to_owned());
        let text = (self.text)(path)?;
        let mut body = String::new();
        let mut names: Vec<&str> = Vec::new();
        let mut rest = text.as_str();
        while let Some((line, after)) = rest.split_once('\n') {
            if line.starts_with("import ") {
                let (statement, after) = rest.split_once(";\n").unwrap_or((rest, ""));
                body.push_str(&self.import(path, statement, above)?);
                rest = after;
                continue;
            }
            let declared = line.strip_prefix("export ");
            if let Some(declared) = declared {
                names.push(name_of(declared).ok_or_else(|| format!("`{path}`: `{line}`"))?);
            }
            body.push_str(if is_entry { line } else { declared.unwrap_or(line) });
            body.push('\n');
            rest = after;
        }
        above.pop();
        if is_entry {
            self.out.push_str(&body);
            return Ok(());
        }
        let names = names.join(", ");
        let number = self.done.len();
        let joined = format!("const $m{number} = (() => {{\n{body}return {{ {names} }};\n}})();\n");
        self.out.push_str(&joined);
        self.done.push(path.to_owned());
        Ok(())
    }

    /// What stands in place of an import statement.
    fn import(
        &mut self,
        from: &str,
        statement: &str,
        above: &mut Vec<String>,
    ) -> Result<String, String> {
        let unknown = || format!("`{from}`: `{statement}` is not understood");
        let (what, path) = statement.rsplit_once(" from ").ok_or_else(unknown)?;
        let what = what.strip_prefix("import ").ok_or_else(unknown)?.trim();
        let path = path.trim_matches(['\'', '"']);
        let target = imports::resolve(from, path).ok_or_else(unknown)?;
        if !what.starts_with('{') {
            return Err(unknown());
        }
        let what = what.replace(" as ", ": ").replace('\n', " ");
        if self.held.is_some_and(|held| held.contains(&target)) {
            self.takes = true;
            return Ok(format!("const {what} = $s['{target}'];\n"));
        }
        if !self.done.contains(&target) {
            self.add(&target, above)?;
        }
        let number = self.done.iter().position(|done| *done == target).ok_or_else(unknown)?;
        Ok(format!("const {what} = $m{number};\n"))
    }
}

/// The name that a declaration declares.
fn name_of(declared: &str) -> Option<&str> {
    let kinds = ["async function ", "function ", "class ", "const "];
    let rest = kinds.iter().find_map(|kind| declared.strip_prefix(kind))?;
    let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
    rest.get(..end.unwrap_or(rest.len())).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{bundle, shared};

    type Files<'a> = &'a [(&'a str, &'a str)];

    fn text(files: Files<'_>) -> impl Fn(&str) -> Result<String, String> {
        |path: &str| {
            let found = files.iter().find(|(name, _)| *name == path);
            found.map(|(_, text)| (*text).to_owned()).ok_or_else(|| format!("no `{path}`"))
        }
    }

    #[test]
    fn modules_stand_in_the_order_of_their_needs_and_once() {
        let files = [
            (
                "start.js",
                "import { a } from './a.js';\nimport {\nb as c,\n} from './d/b.js';\n\
                 export const s = a(c);\n",
            ),
            ("a.js", "export function a() {}\nconst own = 1;\n"),
            ("d/b.js", "import { a } from '../a.js';\nexport const b = a();\n"),
            (
                "views/v.js",
                "import { a } from '../a.js';\nimport { own } from '../own.js';\n\
                 export function create() {}\n",
            ),
            ("own.js", "export const own = 2;\n"),
            ("alone.js", "export const alone = 3;\n"),
        ];
        let text = text(&files);
        let start = shared("start.js", &text).expect("a bundle");
        let expected = "const $m0 = (() => {\nfunction a() {}\nconst own = 1;\nreturn { a };\n})();\n\
            const $m1 = (() => {\nconst { a } = $m0;\nconst b = a();\nreturn { b };\n})();\n\
            const $m2 = (() => {\nconst { a } = $m0;\nconst { b: c, } = $m1;\nconst s = a(c);\n\
            return { s };\n})();\n\
            export const modules = { 'a.js': $m0, 'd/b.js': $m1, 'start.js': $m2 };\n";
        assert_eq!(start.text, expected);
        let view = bundle("views/v.js", ("start.js", &start), &text).expect("a bundle");
        let expected = "import { modules as $s } from '../start.js';\n\
            const $m0 = (() => {\nconst own = 2;\nreturn { own };\n})();\n\
            const { a } = $s['a.js'];\nconst { own } = $m0;\nexport function create() {}\n";
        assert_eq!(view.text, expected);
        assert_eq!(view.modules, ["own.js", "views/v.js"]);
        let alone = bundle("alone.js", ("start.js", &start), &text).expect("a bundle");
        assert_eq!(alone.text, "export const alone = 3;\n");
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let check = |written: &str, word: &str| {
            let files = [("main.js", written), ("a.js", "import { b } from './a.js';\n")];
            let error = shared("main.js", &text(&files)).err();
            assert!(
                error.as_ref().is_some_and(|error| error.contains(word)),
                "{written} {error:?}"
            );
        };
        check("import { a } from './a.js';\n", "imports itself");
        check("import a from './a.js';\n", "not understood");
        check("import { a } from 'far';\n", "not understood");
        check("import { a } from './none.js';\n", "no `none.js`");
        check("export default 1;\n", "export default");
    }
}
