//! Annotations: what a reader should know of a result that is there. Each ends with the place of
//! its cause, and the same text at the same place is said once.

use super::super::ast::Place;

/// More than this many annotations of a kind help nobody; the rest are left out.
const NOTES_MAX: usize = 20;

/// The warnings and infos of one evaluation.
#[derive(Debug, Default)]
pub(super) struct Notes {
    warnings: Vec<(String, usize)>,
    infos: Vec<(String, usize)>,
}

impl Notes {
    /// The result is probably not what was meant.
    pub(super) fn warn(&mut self, text: String, place: Place) {
        add(&mut self.warnings, text, place);
    }

    /// The result may not be what was meant.
    pub(super) fn inform(&mut self, text: String, place: Place) {
        add(&mut self.infos, text, place);
    }

    /// The texts with their places in `text`: (warnings, infos).
    pub(super) fn finish(self, text: &str) -> (Vec<String>, Vec<String>) {
        let placed = |notes: Vec<(String, usize)>| {
            let place = |(note, start): (String, usize)| {
                let (line, column) = line_and_column(text, start);
                format!("{note} ({line}:{column})")
            };
            notes.into_iter().map(place).collect()
        };
        (placed(self.warnings), placed(self.infos))
    }
}

fn add(notes: &mut Vec<(String, usize)>, text: String, place: Place) {
    let note = (text, place.start);
    if notes.len() < NOTES_MAX && !notes.contains(&note) {
        notes.push(note);
    }
}

/// The line and the column of a byte, both from 1, the column in characters.
fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_lines_and_columns_in_characters_and_repeats_are_merged() {
        let mut notes = Notes::default();
        let check = |text: &str, at: usize, expected: &str| {
            let mut notes = Notes::default();
            notes.warn("odd".into(), Place { start: at, end: at });
            assert_eq!(notes.finish(text).0, [expected]);
        };
        check("rate(x)", 5, "odd (1:6)");
        check("a +\n  b", 6, "odd (2:3)");
        check("é + b", 5, "odd (1:5)");
        for _ in 0..3 {
            notes.inform("twice".into(), Place::default());
        }
        assert_eq!(notes.finish("").1.len(), 1);
    }
}
