//! What a reader may choose on a board and has chosen: a form that works without a script, and the
//! filters as chips.

use super::{Kept, encoded};
use crate::dashboard::{ALL, Set};
use crate::web::chosen;

/// What is chosen on a board.
#[derive(Debug, Clone, Default)]
pub struct Choosing<'a> {
    /// The variables.
    pub sets: &'a [Set],
    /// What could not be had, in words.
    pub notes: &'a [String],
    /// What the address says of the time that is shown.
    pub time: Vec<(&'static str, &'a str)>,
}

/// The form, as the template writes it.
pub(super) struct Fields<'a> {
    pub(super) variables: Vec<Field<'a>>,
    /// What an address says in place of values to choose all.
    pub(super) all: &'static str,
    /// What the form sends along.
    pub(super) hidden: Vec<(String, String)>,
    pub(super) chips: Vec<Chip>,
    pub(super) notes: &'a [String],
}

/// One variable.
pub(super) struct Field<'a> {
    pub(super) set: &'a Set,
    /// What is chosen, in a few words.
    pub(super) words: String,
    /// Value, word, and whether it is chosen.
    pub(super) options: Vec<(&'a str, &'a str, bool)>,
}

/// One filter, and the address without it.
pub(super) struct Chip {
    pub(super) label: String,
    pub(super) value: String,
    pub(super) address: String,
}

impl Fields<'_> {
    /// Whether there is anything to choose, or to take away.
    pub(super) fn is_shown(&self) -> bool {
        !self.variables.is_empty() || !self.chips.is_empty()
    }
}

impl<'a> Choosing<'a> {
    /// The form; `kept` is what the address says beside the time.
    pub(super) fn fields(&self, kept: &Kept) -> Fields<'a> {
        let fields: Vec<Field<'a>> =
            self.sets.iter().filter(|set| !set.variable.hide).map(field).collect();
        let is_field = |name: &str| {
            let name = name.strip_prefix(chosen::VARIABLE);
            name.is_some_and(|name| fields.iter().any(|field| field.set.variable.name == name))
        };
        let time = self.time.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let all: Vec<(String, String)> = kept.0.iter().cloned().chain(time).collect();
        let chip = |(at, (_, said)): (usize, &(String, String))| {
            let rest = all.iter().enumerate().filter(|(other, _)| *other != at);
            let pairs: Vec<String> = rest.map(|(_, (name, value))| pair(name, value)).collect();
            let (label, value) = said.split_once(':').unwrap_or((said, ""));
            let (label, value) = (label.to_owned(), value.to_owned());
            Chip { label, value, address: format!("?{}", pairs.join("&")) }
        };
        let filters = all.iter().enumerate().filter(|(_, (name, _))| name == chosen::FILTER);
        let chips = filters.map(chip).collect();
        let hidden = all.iter().filter(|(name, _)| !is_field(name)).cloned().collect();
        Fields { variables: fields, all: ALL, hidden, chips, notes: self.notes }
    }
}

fn pair(name: &str, value: &str) -> String {
    format!("{}={}", encoded(name), encoded(value))
}

fn field(set: &Set) -> Field<'_> {
    let listed = |value: &str| set.choices.iter().any(|choice| choice.value == value);
    // What is silent now is chosen all the same.
    let silent = set.chosen.iter().filter(|choice| !set.is_all && !listed(&choice.value));
    let option = |choice: &'_ crate::dashboard::Choice| set.has(&choice.value);
    let options = silent
        .chain(&set.choices)
        .map(|choice| (choice.value.as_str(), choice.text.as_str(), option(choice)))
        .collect();
    let words = match set.chosen.len() {
        _ if set.is_all => "All".to_owned(),
        0 => "none".to_owned(),
        1 => set.words(),
        count => format!("{count} of {}", set.choices.len() + set.beyond),
    };
    Field { set, words, options }
}
