//! One `[[dashboard.variable]]` table, and the texts that variables stand in.

use toml::de::DeValue;

use super::{SLUG_BYTES_MAX, TITLE_CHARS_MAX};
use crate::dashboard::fields::Fields;
use crate::dashboard::filled::{builtin, is_builtin};
use crate::dashboard::variable::{ALL, AUTO, Choice, LabelValues, Values, Variable};
use crate::model::Span;
use crate::query::ast::Node;
use crate::query::{Filling, Piece, Plan, fill, pieces};

/// The most variables of a dashboard, and the most values of a list.
pub(super) const VARIABLES_MAX: usize = 20;
const VALUES_MAX: usize = 200;
const VALUE_CHARS_MAX: usize = 200;
const QUERY_CHARS_MAX: usize = 2000;
const INTERVAL: std::ops::RangeInclusive<Span> =
    Span::from_secs(1)..=Span::from_secs(2 * 365 * 86_400);
/// What is offered by a variable of kind `interval` that lists nothing.
const INTERVALS: [&str; 7] = [AUTO, "1m", "5m", "15m", "1h", "6h", "1d"];
/// What may stand for a value of a query, which is not known yet: a name, a number, a length.
const SAMPLES: [&str; 3] = ["x", "1", "1m"];
/// The most variables whose kinds of values are tried in one query.
const TRIED_MAX: u32 = 4;
/// The distance of samples that stands in a query while it is not known.
const SPACING: Span = Span(1000);

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Custom,
    Query,
    Interval,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Custom, Self::Query, Self::Interval];

    const fn name(self) -> &'static str {
        match self {
            Self::Custom => "custom",
            Self::Query => "query",
            Self::Interval => "interval",
        }
    }
}

/// Reads a variable; `before` are those above it.
pub(super) fn variable(fields: &Fields<'_>, before: &[Variable]) -> Variable {
    let name = name(fields, before);
    let title = fields.text("title", TITLE_CHARS_MAX);
    let kind = fields.choice("kind", "kind", &Kind::ALL, Kind::name);
    let guessed = || match (fields.value("query"), fields.value("values")) {
        (Some(_), None) => Some(Kind::Query),
        (None, Some(_)) => Some(Kind::Custom),
        _ => None,
    };
    let kind = kind.or_else(guessed);
    if kind.is_none() && fields.value("kind").is_none() {
        fields.wrong("kind", "`kind` is missing (there are custom, query, interval)");
    }
    let values = match kind.unwrap_or(Kind::Custom) {
        Kind::Custom => Values::Custom(custom(fields)),
        Kind::Interval => Values::Interval(intervals(fields)),
        Kind::Query => Values::Query(label_values(fields, before)),
    };
    if kind == Some(Kind::Query) && fields.value("values").is_some() {
        fields.wrong("values", "a variable of kind `query` has no `values`");
    }
    if kind.is_some_and(|kind| kind != Kind::Query) && fields.value("query").is_some() {
        fields.wrong("query", "only a variable of kind `query` has a query");
    }
    let multi = fields.flag("multi", false);
    let all = fields.flag("all", false);
    if kind == Some(Kind::Interval) && (multi || all) {
        let key = if multi { "multi" } else { "all" };
        fields.wrong(key, "a variable of kind `interval` has one value");
    }
    let default = default(fields, &values, (multi, all));
    let hide = fields.flag("hide", false);
    fields.finish();
    let title = if title.trim().is_empty() { name.clone() } else { title };
    Variable { name, title, values, multi, all, default, hide }
}

fn name(fields: &Fields<'_>, before: &[Variable]) -> String {
    let name = fields.text("name", SLUG_BYTES_MAX);
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if name.is_empty() {
        fields.wrong("name", "`name` is missing or empty");
    } else if !name.bytes().all(letter) || name.as_bytes()[0].is_ascii_digit() {
        let text = "must be letters, digits and `_`, no digit first";
        fields.wrong("name", format!("`{name}` {text}"));
    } else if name.starts_with("__") {
        fields.wrong("name", format!("`{name}`: names that begin with `__` are the service's own"));
    } else if before.iter().any(|other| other.name == name) {
        fields.wrong("name", format!("`{name}` names an earlier variable of this dashboard too"));
    }
    name
}

/// A list of texts, or of tables with a value and its word.
fn custom(fields: &Fields<'_>) -> Vec<Choice> {
    let Some(DeValue::Array(list)) = fields.value("values") else {
        let text = "a variable of kind `custom` has `values`, such as `[\"a\", \"b\"]`";
        fields.wrong("values", text);
        return Vec::new();
    };
    let tables = list.iter().any(|item| item.get_ref().is_table());
    let choices: Vec<Choice> = if tables {
        let choice = |table: &Fields<'_>| {
            let value = table.text("value", VALUE_CHARS_MAX);
            let text = table.text("text", TITLE_CHARS_MAX);
            table.finish();
            Choice { text: if text.is_empty() { value.clone() } else { text }, value }
        };
        fields.tables("values", VALUES_MAX).iter().map(choice).collect()
    } else {
        fields.texts("values", VALUES_MAX).iter().map(|value| Choice::plain(value)).collect()
    };
    check_values(fields, &choices);
    choices
}

fn intervals(fields: &Fields<'_>) -> Vec<Choice> {
    if fields.value("values").is_none() {
        return INTERVALS.map(Choice::plain).to_vec();
    }
    let values = fields.texts("values", VALUES_MAX);
    for value in values.iter().filter(|value| *value != AUTO) {
        match Span::parse(value) {
            Ok(span) if INTERVAL.contains(&span) => {}
            Ok(_) => {
                let (least, most) = (INTERVAL.start(), INTERVAL.end());
                fields.wrong("values", format!("`{value}` lies outside {least} to {most}"));
            }
            Err(error) => fields.wrong("values", error.to_string()),
        }
    }
    let choices: Vec<Choice> = values.iter().map(|value| Choice::plain(value)).collect();
    check_values(fields, &choices);
    choices
}

fn check_values(fields: &Fields<'_>, choices: &[Choice]) {
    if choices.is_empty() {
        fields.wrong("values", "there are no values");
    }
    for (at, choice) in choices.iter().enumerate() {
        let value = &choice.value;
        if choices.iter().take(at).any(|other| other.value == *value) {
            fields.wrong("values", format!("`{value}` stands twice"));
        } else if value.is_empty() || value == ALL {
            fields.wrong("values", format!("`{value}` cannot be a value"));
        } else if value.chars().count() > VALUE_CHARS_MAX {
            let text = format!("a value is longer than {VALUE_CHARS_MAX} characters");
            fields.wrong("values", text);
        }
    }
}

/// A text, or a list of them.
fn default(fields: &Fields<'_>, values: &Values, (multi, all): (bool, bool)) -> Vec<String> {
    let default = match fields.value("default") {
        None => return Vec::new(),
        Some(DeValue::Array(_)) => fields.texts("default", VALUES_MAX),
        Some(_) => vec![fields.text("default", VALUE_CHARS_MAX)],
    };
    if default.len() > 1 && !multi {
        fields.wrong("default", "a variable without `multi = true` has one value");
    }
    for value in &default {
        let listed = match values {
            Values::Custom(list) | Values::Interval(list) => {
                list.iter().any(|choice| choice.value == *value)
            }
            Values::Query(_) => value != ALL,
        };
        if !(listed || all && value == ALL) {
            let text = format!("`{value}` is none of its values");
            fields.wrong("default", text);
        }
    }
    default
}

/// `label_values(selector, label)` or `label_values(label)`.
fn label_values(fields: &Fields<'_>, before: &[Variable]) -> LabelValues {
    let text = fields.text("query", QUERY_CHARS_MAX);
    match read_label_values(&text, before) {
        Ok(found) => found,
        Err(text) => {
            fields.wrong("query", text);
            LabelValues { selector: String::new(), label: String::new() }
        }
    }
}

fn read_label_values(text: &str, before: &[Variable]) -> Result<LabelValues, String> {
    let wanted = "it must be `label_values(selector, label)` or `label_values(label)`";
    let inside = text.trim().strip_prefix("label_values(").and_then(|rest| rest.strip_suffix(')'));
    let inside = inside.ok_or_else(|| wanted.to_owned())?;
    let (selector, label) = inside.rsplit_once(',').unwrap_or(("", inside));
    let (selector, label) = (selector.trim(), label.trim());
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if label.is_empty() || !label.bytes().all(letter) {
        return Err(format!("`{label}` is no name of a label: {wanted}"));
    }
    if !selector.is_empty() {
        let plan = tried(selector, before, true)?;
        if !matches!(plan.expr().node, Node::Selector(_)) {
            return Err(format!("`{selector}` is no selector, such as `up{{job=\"a\"}}`"));
        }
    } else if inside.contains(',') {
        return Err(wanted.to_owned());
    }
    Ok(LabelValues { selector: selector.to_owned(), label: label.to_owned() })
}

/// Whether there is a variable in a text.
pub(super) fn is_template(text: &str, variables: &[Variable]) -> bool {
    pieces(text).any(|piece| match piece {
        Piece::Variable { name, .. } => {
            is_builtin(name) || variables.iter().any(|variable| variable.name == name)
        }
        Piece::Text(_) => false,
    })
}

/// The plan of a text with variables in it, tried with what may stand for them.
///
/// # Errors
/// In words, when some value cannot stand where its variable does.
pub(super) fn checked(text: &str, variables: &[Variable]) -> Result<Plan, String> {
    // Where there are no variables at all, texts with a `$` are what they always were.
    tried(text, variables, !variables.is_empty())
}

fn tried(text: &str, variables: &[Variable], strict: bool) -> Result<Plan, String> {
    let used: Vec<&Variable> =
        variables.iter().filter(|variable| is_used(text, &variable.name)).collect();
    for piece in pieces(text) {
        check_form(piece, variables)?;
    }
    let open: Vec<&Variable> =
        used.iter().copied().filter(|one| matches!(one.values, Values::Query(_))).collect();
    let kinds = 3_usize.pow((open.len() as u32).min(TRIED_MAX));
    let try_with = |kind: usize, chosen: Option<(&str, &Choice)>| {
        let lookup = |name: &str, form: &str| {
            let variable = used.iter().find(|variable| variable.name == name)?;
            let at = open.iter().position(|one| one.name == name).unwrap_or(0) as u32;
            let digit = kind / 3_usize.pow(at.min(TRIED_MAX)) % 3;
            let choice = chosen.filter(|(other, _)| *other == name).map(|(_, choice)| choice);
            sample(variable, form, (SAMPLES.get(digit).unwrap_or(&"x"), choice))
        };
        let lookup = |name: &str, form: &str| builtin(name, SPACING).or_else(|| lookup(name, form));
        let filled = fill(text, &lookup, strict)?;
        Plan::new(&filled).map_err(|error| format!("{error} (in `{filled}`)"))
    };
    let first = try_with(0, None);
    let kind = (0..kinds).find(|kind| try_with(*kind, None).is_ok());
    let (Some(kind), true) = (kind, kinds > 1 || first.is_ok()) else { return first };
    for variable in &used {
        let (Values::Custom(list) | Values::Interval(list)) = &variable.values else { continue };
        for choice in list {
            try_with(kind, Some((&variable.name, choice)))
                .map_err(|error| format!("with the value `{}`: {error}", choice.value))?;
        }
    }
    try_with(kind, None)
}

fn is_used(text: &str, wanted: &str) -> bool {
    pieces(text).any(|piece| matches!(piece, Piece::Variable { name, .. } if name == wanted))
}

fn check_form(piece: Piece<'_>, variables: &[Variable]) -> Result<(), String> {
    let Piece::Variable { name, form, .. } = piece else { return Ok(()) };
    let Some(variable) = variables.iter().find(|one| one.name == name) else { return Ok(()) };
    let Values::Custom(list) = &variable.values else {
        return match form {
            "" => Ok(()),
            _ => Err(format!("`${{{name}:{form}}}`: only values of kind `custom` have forms")),
        };
    };
    if !["", "regex"].contains(&form) {
        return Err(format!("`${{{name}:{form}}}`: there is no form but `regex`"));
    }
    if form == "regex" {
        for choice in list {
            crate::model::Matcher::new("x", crate::model::MatchOp::Regex, choice.value.clone())
                .map_err(|_| format!("`{}` is no regular expression", choice.value))?;
        }
    }
    Ok(())
}

/// What may stand for a variable: a choice of its own, or else one of its kind.
fn sample(
    variable: &Variable,
    form: &str,
    (guess, choice): (&str, Option<&Choice>),
) -> Option<Filling> {
    if form == "regex" {
        return Some(Filling::Patterns(vec!["x".to_owned()]));
    }
    if variable.multi || variable.all {
        return Some(Filling::Any(vec![guess.to_owned(), "y".to_owned()]));
    }
    match &variable.values {
        Values::Query(_) => Some(Filling::One(guess.to_owned())),
        Values::Custom(list) | Values::Interval(list) => {
            let value = choice.or(list.first()).map_or("x", |choice| choice.value.as_str());
            let is_auto = value == AUTO && matches!(variable.values, Values::Interval(_));
            if is_auto {
                builtin("__rate_interval", SPACING)
            } else {
                Some(Filling::One(value.to_owned()))
            }
        }
    }
}
