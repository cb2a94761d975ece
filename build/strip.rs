//! Takes out of scripts and sheets what only their readers need: comments that fill whole lines,
//! types in comments, the indentation and empty lines. Used while building.
//!
//! It works line by line and knows no more of the languages than that: a line keeps its meaning
//! wherever it begins, unless it lies inside a text that goes on over lines. Such texts are
//! refused.

/// The text without whole-line comments, types, indentation and empty lines. It is for our own
/// assets: a file of others carries its licence in a comment.
///
/// # Errors
/// The number of the line that begins a text in backquotes and does not end it, or of a comment
/// without an end.
pub(crate) fn strip(text: &str) -> Result<String, usize> {
    let mut out = String::with_capacity(text.len());
    let mut comment: Option<usize> = None;
    for (index, line) in text.lines().enumerate() {
        let mut line = line.trim();
        if comment.is_some() || line.starts_with("/*") {
            comment.get_or_insert(index + 1);
            let Some((_, after)) = line.split_once("*/") else { continue };
            comment = None;
            line = after.trim();
        }
        if line.is_empty() || line.starts_with("//") {
            continue;
        }
        if line.matches('`').count() % 2 == 1 {
            return Err(index + 1);
        }
        while let Some((before, typed)) = line.split_once("/** @type ") {
            let Some((_, after)) = typed.split_once("*/") else { return Err(index + 1) };
            out.push_str(before);
            line = after.trim_start();
        }
        out.push_str(line);
        out.push('\n');
    }
    comment.map_or(Ok(out), Err)
}

#[cfg(test)]
mod tests {
    use super::strip;

    #[test]
    fn comments_and_indentation_go_and_code_stays() {
        let check = |text: &str, expected: Result<&str, usize>| {
            assert_eq!(strip(text), expected.map(str::to_owned), "{text}");
        };
        check("/** What it is.\n * More.\n */\n\nlet a = 1;\n", Ok("let a = 1;\n"));
        check("  // why\n  a(); // stays\n", Ok("a(); // stays\n"));
        check("/* one */ .a { }\n  .b { /* stays */ }", Ok(".a { }\n.b { /* stays */ }\n"));
        check("/* one\n two */ .c {}\n", Ok(".c {}\n"));
        check("const a = '/* no comment */';", Ok("const a = '/* no comment */';\n"));
        check("let a = b\n  /** @type {c} */ (d);", Ok("let a = b\n(d);\n"));
        check("a = /** @type {b} */ (c) + /** @type {d} */ (e);", Ok("a = (c) + (e);\n"));
        check("x = `a ${b}`;\ny = `a\n  b`;", Err(2));
        check("/* `one */\na;\n/* never ends", Err(3));
        check("", Ok(""));
    }
}
