//! A dashboard with values in place of its variables, filtered, and with the panels that are there
//! once a value.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::variable::{Asked, Choice, Set};
use super::{Dashboard, Panel, PanelQuery, markdown};
use crate::model::{MatchOp, Matcher, Span};
use crate::query::{Filling, Piece, Plan, fill, pieces};

/// The most panels that repeating makes of a dashboard.
const REPEATED_MAX: usize = 120;
/// Samples that a window of `$__rate_interval` holds at least.
const RATE_SAMPLES: i64 = 4;
/// The most bytes that an id keeps of a value.
const ID_BYTES_MAX: usize = 40;

/// Names that queries may use without a variable.
const BUILTIN: [&str; 6] =
    ["__rate_interval", "__interval", "__range", "__interval_ms", "__range_ms", "__range_s"];

/// Whether a name needs no variable.
pub(super) fn is_builtin(name: &str) -> bool {
    BUILTIN.contains(&name)
}

/// Whether a text names something else than those.
pub(super) fn has_variables(text: &str) -> bool {
    pieces(text).any(|piece| matches!(piece, Piece::Variable { name, .. } if !is_builtin(name)))
}

/// What stands for a name that needs no variable, where samples are `spacing` apart: it follows
/// from the distance of columns and the range shown.
pub(super) fn builtin(name: &str, spacing: Span) -> Option<Filling> {
    Some(Filling::Expression(match name {
        "__rate_interval" => {
            let window = Span(spacing.0.saturating_mul(RATE_SAMPLES));
            format!("(max_of(step() + {spacing}, {window}))")
        }
        "__interval" => "(step())".to_owned(),
        "__range" | "__range_s" => "(range())".to_owned(),
        "__interval_ms" => "(step() * 1000)".to_owned(),
        "__range_ms" => "(range() * 1000)".to_owned(),
        _ => return None,
    }))
}

/// The matchers of the filters that were asked for.
///
/// # Errors
/// In words, when one of them is no label.
pub fn filters(asked: &Asked) -> Result<Vec<Matcher>, String> {
    let matcher = |(label, values): &(String, Vec<String>)| {
        let wrong = || format!("There cannot be a filter by `{label}`.");
        if label.is_empty() || label == crate::model::METRIC_NAME {
            return Err(wrong());
        }
        match values.as_slice() {
            [value] => Ok(Matcher::equal(label, value)),
            values => {
                let escaped: Vec<String> =
                    values.iter().map(|value| regex::escape(value)).collect();
                Matcher::new(label, MatchOp::Regex, escaped.join("|")).map_err(|_| wrong())
            }
        }
    };
    asked.filters.iter().map(matcher).collect()
}

/// Fills in a dashboard. `spacing` says how far apart the samples are that a query reads. Also says
/// in words what could not be filled in.
pub fn filled(
    template: &Dashboard,
    sets: &[Set],
    filters: &[Matcher],
    spacing: &dyn Fn(&Plan) -> Span,
) -> (Dashboard, Vec<String>) {
    let filler = Filler { sets, filters, spacing, strict: !template.variables.is_empty() };
    let (mut panels, mut notes, mut ids) = (Vec::new(), Vec::new(), BTreeSet::new());
    for panel in &template.panels {
        for (panel, choice) in filler.copies(panel, &mut notes) {
            if panels.len() >= template.panels.len().max(REPEATED_MAX) {
                notes.push(format!("Not more than {REPEATED_MAX} panels are shown."));
                return (filler.around(template, panels), notes);
            }
            let mut panel = filler.panel(&panel, choice.as_ref(), &mut notes);
            while !ids.insert(panel.id.clone()) {
                panel.id.push('x');
            }
            panels.push(panel);
        }
    }
    (filler.around(template, panels), notes)
}

struct Filler<'a> {
    sets: &'a [Set],
    filters: &'a [Matcher],
    spacing: &'a dyn Fn(&Plan) -> Span,
    strict: bool,
}

/// A variable that stands for one of its values.
type Fixed<'a> = Option<&'a (String, Choice)>;

impl Filler<'_> {
    /// A panel once for each value that it is repeated for, with that value.
    fn copies(
        &self,
        panel: &Panel,
        notes: &mut Vec<String>,
    ) -> Vec<(Panel, Option<(String, Choice)>)> {
        let found = panel.repeat.as_ref().and_then(|repeat| {
            Some((repeat, self.sets.iter().find(|set| set.variable.name == repeat.variable)?))
        });
        let Some((repeat, set)) = found else { return vec![(panel.clone(), None)] };
        let total = set.chosen.len();
        if total > repeat.max {
            let title = self.words(&panel.title, None);
            notes.push(format!(
                "{title}: shown for the first {} of {total} values of {}.",
                repeat.max, set.variable.title
            ));
        }
        let copy = |choice: &Choice| {
            let mut copy = panel.clone();
            copy.copy_of = Some(panel.id.clone());
            copy.id = id_of(&panel.id, &choice.value);
            if !names(&panel.title, &repeat.variable) {
                copy.title = format!("{} ${{{}}}", panel.title, repeat.variable);
            }
            (copy, Some((repeat.variable.clone(), choice.clone())))
        };
        set.chosen.iter().take(repeat.max).map(copy).collect()
    }

    fn panel(&self, panel: &Panel, fixed: Fixed<'_>, notes: &mut Vec<String>) -> Panel {
        let mut panel = panel.clone();
        for text in [
            &mut panel.title,
            &mut panel.subtitle,
            &mut panel.description,
            &mut panel.no_data,
            &mut panel.note,
            &mut panel.heading,
            &mut panel.section,
        ] {
            *text = self.words(text, fixed);
        }
        panel.link = self.address(&panel.link, fixed);
        for link in &mut panel.links {
            link.title = self.words(&link.title, fixed);
            link.url = self.address(&link.url, fixed);
        }
        panel.links.retain(|link| markdown::leads_somewhere(&link.url, false));
        self.nodes(&mut panel.text, fixed);
        for query in &mut panel.queries {
            query.legend = self.words(&query.legend, fixed);
            query.column = self.words(&query.column, fixed);
            match self.plan(query, fixed) {
                Ok(plan) => query.plan = plan,
                Err(text) => {
                    notes.push(format!("{}: {text}.", panel.title));
                    query.plan = nothing();
                }
            }
        }
        if !self.filters.is_empty() {
            let filters: Vec<String> = self.filters.iter().map(ToString::to_string).collect();
            panel.no_data = format!("filtered out: nothing with {}", filters.join(", "));
        }
        panel
    }

    /// What stands around the panels.
    fn around(&self, template: &Dashboard, panels: Vec<Panel>) -> Dashboard {
        Dashboard {
            slug: template.slug.clone(),
            title: self.words(&template.title, None),
            description: self.words(&template.description, None),
            panels,
            ..template.clone()
        }
    }

    fn plan(&self, query: &PanelQuery, fixed: Fixed<'_>) -> Result<Plan, String> {
        let plan = match &query.template {
            None => query.plan.clone(),
            Some(text) => {
                let with = |spacing: Span| {
                    let lookup = |name: &str, form: &str| self.filling(name, form, fixed, spacing);
                    let filled = fill(text, &lookup, self.strict)?;
                    Plan::new(&filled).map_err(|error| error.to_string())
                };
                let first = with(Span(1000))?;
                match (self.spacing)(&first) {
                    Span(1000) => first,
                    spacing => with(spacing)?,
                }
            }
        };
        if self.filters.is_empty() {
            return Ok(plan);
        }
        plan.filtered(self.filters).map_err(|error| error.to_string())
    }

    fn filling(&self, name: &str, form: &str, fixed: Fixed<'_>, spacing: Span) -> Option<Filling> {
        let auto = || match builtin("__rate_interval", spacing) {
            Some(Filling::Expression(text)) => text,
            _ => String::new(),
        };
        match fixed {
            Some((variable, choice)) if variable == name => Some(match form {
                "regex" => Filling::Patterns(vec![choice.value.clone()]),
                _ => Filling::One(choice.value.clone()),
            }),
            _ => {
                let set = self.sets.iter().find(|set| set.variable.name == name);
                set.and_then(|set| set.filling(form, &auto())).or_else(|| builtin(name, spacing))
            }
        }
    }

    /// What is chosen of a variable, in words.
    fn word(&self, name: &str, fixed: Fixed<'_>) -> Option<String> {
        match fixed {
            Some((variable, choice)) if variable == name => Some(choice.text.clone()),
            _ => Some(self.sets.iter().find(|set| set.variable.name == name)?.words()),
        }
    }

    fn words(&self, text: &str, fixed: Fixed<'_>) -> String {
        replaced(text, |name, _| self.word(name, fixed))
    }

    /// An address: values are written so that they stay one part of it.
    fn address(&self, text: &str, fixed: Fixed<'_>) -> String {
        let key = |before: &str| {
            let (_, key) = before.rsplit_once(['?', '&'])?;
            key.ends_with('=').then(|| format!("&{key}"))
        };
        replaced(text, |name, before| {
            let values: Vec<String> = match fixed {
                Some((variable, choice)) if variable == name => vec![choice.value.clone()],
                _ => {
                    let set = self.sets.iter().find(|set| set.variable.name == name)?;
                    if set.is_all {
                        vec![super::variable::ALL.to_owned()]
                    } else {
                        set.chosen.iter().map(|choice| choice.value.clone()).collect()
                    }
                }
            };
            let encoded: Vec<String> = values.iter().map(|value| encoded(value)).collect();
            // `var-a=$a` is said once a value, as addresses of pages are.
            Some(encoded.join(key(before).as_deref().unwrap_or(",")))
        })
    }

    fn nodes(&self, nodes: &mut Vec<markdown::Node>, fixed: Fixed<'_>) {
        for node in nodes {
            match node {
                markdown::Node::Text(text) => *text = self.words(text, fixed),
                markdown::Node::Element { href, children, .. } => {
                    if let Some(url) = href {
                        *url = self.address(url, fixed);
                    }
                    *href = href.take().filter(|url| markdown::leads_somewhere(url, true));
                    self.nodes(children, fixed);
                }
            }
        }
    }
}

/// A query without a result.
fn nothing() -> Plan {
    Plan::new("vector(0) < 0").expect("a query")
}

/// Whether a text names a variable.
fn names(text: &str, variable: &str) -> bool {
    pieces(text).any(|piece| matches!(piece, Piece::Variable { name, .. } if name == variable))
}

/// A text with its variables replaced; those that nobody knows are left. `word` is also told what
/// stands before.
fn replaced(text: &str, word: impl Fn(&str, &str) -> Option<String>) -> String {
    if !text.contains('$') {
        return text.to_owned();
    }
    let mut out = String::new();
    for piece in pieces(text) {
        match piece {
            Piece::Variable { name, .. } => {
                let word = word(name, &out);
                out.push_str(word.as_deref().unwrap_or_else(|| piece.written()));
            }
            Piece::Text(text) => out.push_str(text),
        }
    }
    out
}

/// The id of a panel that is there once a value: the value's letters where ids may hold them, else
/// what tells it apart.
fn id_of(id: &str, value: &str) -> String {
    let lower: String = value
        .chars()
        .map(
            |letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' },
        )
        .take(ID_BYTES_MAX)
        .collect();
    if lower == value {
        return format!("{id}-{lower}");
    }
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    format!("{id}-{lower}-{:04x}", hasher.finish() as u16)
}

/// A value as a part of an address.
fn encoded(value: &str) -> String {
    use std::fmt::Write;
    let mut out = String::new();
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
