//! Joins the modules of a script into one file, so that a page loads one script and not twenty,
//! each with headers of its own and compressed apart from the others. Used while building.
//!
//! It is no compiler: every module becomes a function that runs once and gives back what it
//! exports; an import becomes a reading of that. It knows the forms that our own files use: imports
//! by name that begin a line, exports that stand before a declaration. Vendored modules stay by
//! themselves.

use super::imports;

/// Finds the text of a module by its path.
pub(crate) type Text<'a> = &'a dyn Fn(&str) -> Result<String, String>;

/// One file that does what `entry` and all that it imports do.
///
/// # Errors
/// When a module is missing, or imports in a circle, or in a form that is not known here.
pub(crate) fn bundle(entry: &str, apart: &str, text: Text<'_>) -> Result<String, String> {
    let mut bundle = Bundle { apart, text, head: Vec::new(), done: Vec::new(), out: String::new() };
    bundle.add(entry, &mut Vec::new())?;
    Ok(bundle.head.concat() + &bundle.out)
}

struct Bundle<'a> {
    /// The folder whose modules stay by themselves.
    apart: &'a str,
    text: Text<'a>,
    /// Imports of those, which must stand outside of all functions.
    head: Vec<String>,
    /// Modules that are in, in order.
    done: Vec<String>,
    out: String,
}

impl Bundle<'_> {
    fn add(&mut self, path: &str, above: &mut Vec<String>) -> Result<(), String> {
        if above.iter().any(|other| other == path) {
            return Err(format!("`{path}` imports itself by way of others"));
        }
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
            body.push_str(declared.unwrap_or(line));
            body.push('\n');
            rest = after;
        }
        above.pop();
        if above.is_empty() {
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
        if target.starts_with(self.apart) {
            let line = format!("import {what} from './{target}';\n");
            if !self.head.contains(&line) {
                self.head.push(line);
            }
            return Ok(String::new());
        }
        if !what.starts_with('{') {
            return Err(unknown());
        }
        if !self.done.contains(&target) {
            self.add(&target, above)?;
        }
        let number = self.done.iter().position(|done| *done == target).ok_or_else(unknown)?;
        Ok(format!("const {} = $m{number};\n", what.replace(" as ", ": ").replace('\n', " ")))
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
    use super::bundle;

    fn joined(files: &[(&str, &str)]) -> Result<String, String> {
        let text = |path: &str| -> Result<String, String> {
            let found = files.iter().find(|(name, _)| *name == path);
            found.map(|(_, text)| (*text).to_owned()).ok_or_else(|| format!("no `{path}`"))
        };
        bundle("main.js", "vendor/", &text)
    }

    #[test]
    fn modules_stand_in_the_order_of_their_needs_and_once() {
        let files = [
            (
                "main.js",
                "import { a } from './a.js';\nimport {\nb as c,\n} from './d/b.js';\na(c);\n",
            ),
            ("a.js", "export function a() {}\nconst own = 1;\n"),
            (
                "d/b.js",
                "import { a } from '../a.js';\nimport v from '../vendor/v.js';\n\
                 export const b = v(a);\n",
            ),
        ];
        let expected = "import v from './vendor/v.js';\n\
            const $m0 = (() => {\nfunction a() {}\nconst own = 1;\nreturn { a };\n})();\n\
            const $m1 = (() => {\nconst { a } = $m0;\nconst b = v(a);\nreturn { b };\n})();\n\
            const { a } = $m0;\nconst { b: c, } = $m1;\na(c);\n";
        assert_eq!(joined(&files).as_deref(), Ok(expected));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let check = |text: &str, word: &str| {
            let error = joined(&[("main.js", text), ("a.js", "import { b } from './a.js';\n")]);
            assert!(error.as_ref().is_err_and(|error| error.contains(word)), "{text} {error:?}");
        };
        check("import { a } from './a.js';\n", "imports itself");
        check("import a from './a.js';\n", "not understood");
        check("import { a } from 'far';\n", "not understood");
        check("import { a } from './none.js';\n", "no `none.js`");
        check("export default 1;\n", "export default");
    }
}
