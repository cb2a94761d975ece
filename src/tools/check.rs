//! `watchglass dashboard check`: what is wrong with files of dashboards, before they are served.

use std::io::{Read, Write};
use std::path::PathBuf;

use super::unwritten;
use crate::config::check_dashboards;

/// Writes every mistake in `files` to `out`, one a line as `file:line: key: text`; a file called
/// `-` is what `input` holds.
///
/// # Errors
/// In words, when there is a mistake, or a file cannot be read.
pub fn check(files: &[PathBuf], input: &mut dyn Read, out: &mut dyn Write) -> Result<(), String> {
    let mut texts = Vec::with_capacity(files.len());
    for file in files {
        let name = file.display().to_string();
        let mut text = String::new();
        let read = if name == "-" {
            input.read_to_string(&mut text).map(drop)
        } else {
            std::fs::read_to_string(file).map(|read| text = read)
        };
        read.map_err(|error| format!("cannot read `{name}`: {error}"))?;
        texts.push((name, text));
    }
    let mistakes = check_dashboards(&texts);
    for mistake in &mistakes {
        writeln!(out, "{mistake}").map_err(|error| unwritten(&error))?;
    }
    match mistakes.len() {
        0 => Ok(()),
        1 => Err("1 mistake in the dashboards".to_owned()),
        count => Err(format!("{count} mistakes in the dashboards")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_input_is_a_file_too() {
        let check = |text: &str| {
            let mut out = Vec::new();
            let ended = check(&["-".into()], &mut text.as_bytes(), &mut out);
            (ended, String::from_utf8(out).expect("text"))
        };
        let good = "title = \"T\"\n[[panel]]\nid = \"p\"\ntitle = \"P\"\nquery = \"up\"\n";
        assert_eq!(check(good), (Ok(()), String::new()));
        let (ended, said) = check(&good.replace("\"up\"", "\"sum(\""));
        assert_eq!(ended, Err("1 mistake in the dashboards".to_owned()));
        assert!(said.starts_with("-:5: panel[0].query: 1:5: parse error: "), "{said}");
        assert!(super::check(&["/none".into()], &mut &b""[..], &mut Vec::new()).is_err());
    }
}
