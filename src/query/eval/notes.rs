//! Annotations: what a reader should know of a result that is there. Each ends with the place of
//! its cause, and the same text at the same place is said once.

use super::super::ast::Place;
use super::super::plan::Plan;

/// More than this many annotations of a kind help nobody; the rest are left out.
const NOTES_MAX: usize = 20;

/// The warnings and infos of one evaluation.
#[derive(Debug, Default)]
pub(super) struct Notes {
    warnings: Vec<(String, Place)>,
    infos: Vec<(String, Place)>,
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

    /// The texts with their places in the text of the plan: (warnings, infos).
    pub(super) fn finish(self, plan: &Plan) -> (Vec<String>, Vec<String>) {
        let placed = |notes: Vec<(String, Place)>| {
            let place = |(note, place): (String, Place)| {
                let (line, column) = plan.position(place);
                format!("{note} ({line}:{column})")
            };
            notes.into_iter().map(place).collect()
        };
        (placed(self.warnings), placed(self.infos))
    }
}

fn add(notes: &mut Vec<(String, Place)>, text: String, place: Place) {
    let note = (text, place);
    if notes.len() < NOTES_MAX && !notes.contains(&note) {
        notes.push(note);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_end_with_their_place_and_repeats_are_merged() {
        let check = |text: &str, start: usize, expected: &str| {
            let plan = Plan::new(text).expect("a query");
            let mut notes = Notes::default();
            for _ in 0..3 {
                notes.warn("odd".into(), Place { start, end: start });
            }
            let (warnings, infos) = notes.finish(&plan);
            assert_eq!((warnings, infos.len()), (vec![expected.to_owned()], 0));
        };
        check("rate(x[5m])", 5, "odd (1:6)");
        check("a +\n  b", 6, "odd (2:3)");
        check("{\"é\"} + b", 8, "odd (1:8)");
    }

    #[test]
    fn a_flood_of_notes_is_cut() {
        let mut notes = Notes::default();
        for number in 0..1000 {
            notes.inform(format!("note {number}"), Place::default());
        }
        let plan = Plan::new("1").expect("a query");
        assert_eq!(notes.finish(&plan).1.len(), NOTES_MAX);
    }
}
