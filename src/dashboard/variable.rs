//! Variables of a dashboard: what a reader may choose, and what is chosen.

use super::Dashboard;
use crate::model::Matcher;
use crate::query::Filling;

/// What an address says in place of values to choose all of them.
pub const ALL: &str = "$__all";
/// The value of a variable of kind `interval` that follows from the distance of columns.
pub(super) const AUTO: &str = "auto";
/// The most values of a query that are offered.
pub(super) const CHOICES_MAX: usize = 1000;
/// The most bytes of values that stand in one query; beyond them all is whatever there is.
const ALL_BYTES_MAX: usize = 6 * 1024;

/// One variable.
#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    /// Its name: queries say `$name`, addresses `var-name=`.
    pub name: String,
    /// The words beside its field.
    pub title: String,
    /// Where its values come from.
    pub values: Values,
    /// Whether several values may be chosen.
    pub multi: bool,
    /// Whether all of them may be chosen at once.
    pub all: bool,
    /// What is chosen at first; the first value, or all, where it names nothing.
    pub default: Vec<String>,
    /// Whether it is left out of the bar.
    pub hide: bool,
}

/// Where the values of a variable come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// A list.
    Custom(Vec<Choice>),
    /// Lengths of time, or `auto`.
    Interval(Vec<Choice>),
    /// The values of a label.
    Query(LabelValues),
}

/// `label_values(selector, label)`.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelValues {
    /// The series that are looked at: a selector, with variables in it; empty for all.
    pub selector: String,
    /// The label.
    pub label: String,
}

/// One value that may be chosen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Choice {
    /// The value.
    pub value: String,
    /// Its word.
    pub text: String,
}

impl Choice {
    /// A value that is its own word.
    pub fn plain(value: &str) -> Self {
        Self { value: value.to_owned(), text: value.to_owned() }
    }
}

/// What a reader asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// Values by the names of variables.
    pub values: Vec<(String, Vec<String>)>,
    /// Labels with their values, by which all series are filtered.
    pub filters: Vec<(String, Vec<String>)>,
}

impl Asked {
    fn of(&self, name: &str) -> &[String] {
        let found = self.values.iter().find(|(other, _)| other == name);
        found.map_or(&[], |(_, values)| values)
    }
}

/// A variable with what it stands for.
#[derive(Debug, Clone, PartialEq)]
pub struct Set {
    /// The variable.
    pub variable: Variable,
    /// What may be chosen.
    pub choices: Vec<Choice>,
    /// How many values more there are.
    pub beyond: usize,
    /// What is chosen: some of the choices, or one that is silent now; none when there are none.
    pub chosen: Vec<Choice>,
    /// Whether all are chosen.
    pub is_all: bool,
    /// Whether all of them are whatever a label says.
    pub unrestricted: bool,
}

impl Set {
    /// What stands for it in a query. `form` is what is said behind a colon.
    pub(super) fn filling(&self, form: &str, auto: &str) -> Option<Filling> {
        let values = || self.chosen.iter().map(|choice| choice.value.clone());
        match (form, &self.variable.values) {
            ("regex", Values::Custom(_)) => Some(Filling::Patterns(values().collect())),
            ("", Values::Interval(_)) if self.chosen.iter().any(|one| one.value == AUTO) => {
                Some(Filling::Expression(auto.to_owned()))
            }
            ("", _) => Some(self.plain(values().collect())),
            _ => None,
        }
    }

    fn plain(&self, mut values: Vec<String>) -> Filling {
        let bytes: usize = values.iter().map(String::len).sum();
        let many = self.beyond > 0 || bytes > ALL_BYTES_MAX;
        if self.is_all && (self.unrestricted || many) {
            return Filling::All;
        }
        match values.len() {
            0 => Filling::One(String::new()),
            1 => Filling::One(values.remove(0)),
            _ => Filling::Any(values),
        }
    }

    /// What is chosen, in words.
    pub fn words(&self) -> String {
        if self.is_all {
            return "All".to_owned();
        }
        let words: Vec<&str> = self.chosen.iter().map(|choice| choice.text.as_str()).collect();
        words.join(", ")
    }

    /// Whether a value is chosen.
    pub fn has(&self, value: &str) -> bool {
        !self.is_all && self.chosen.iter().any(|choice| choice.value == value)
    }
}

/// What is known of the values of labels.
pub trait Known {
    /// The values of a label over the series that pass, as they are now.
    fn values(&self, label: &str, matchers: &[Matcher]) -> Vec<String>;

    /// Whether a series that passed ever had this value.
    fn ever(&self, label: &str, value: &str, matchers: &[Matcher]) -> bool;
}

/// Chooses for each variable what was asked for, or its default; `before` is what was chosen last,
/// which stays where nothing was asked for. Also says in words what could not be had.
pub fn choose(
    board: &Dashboard,
    asked: &Asked,
    before: &[Set],
    known: &dyn Known,
) -> (Vec<Set>, Vec<String>) {
    let (mut sets, mut notes) = (Vec::new(), Vec::new());
    for variable in &board.variables {
        let last = before.iter().find(|set| set.variable == *variable);
        let set = one(variable, asked.of(&variable.name), last, (&sets, known), &mut notes);
        sets.push(set);
    }
    let unknown = asked.values.iter().map(|(name, _)| name);
    for name in unknown.filter(|name| board.variables.iter().all(|one| one.name != **name)) {
        notes.push(format!("This dashboard has no variable `{name}`."));
    }
    (sets, notes)
}

fn one(
    variable: &Variable,
    asked: &[String],
    before: Option<&Set>,
    (sets, known): (&[Set], &dyn Known),
    notes: &mut Vec<String>,
) -> Set {
    let title = &variable.title;
    let (mut choices, mut unrestricted, mut ever) = (Vec::new(), false, None);
    match &variable.values {
        Values::Custom(list) | Values::Interval(list) => choices.clone_from(list),
        Values::Query(query) => match query.matchers(sets) {
            Ok(matchers) => {
                let mut values = known.values(&query.label, &matchers);
                values.sort_by(|one, other| naturally(one, other));
                choices = values.iter().map(|value| Choice::plain(value)).collect();
                unrestricted = matchers.iter().all(|matcher| matcher.name() == "__name__");
                ever = Some((query, matchers));
            }
            Err(text) => notes.push(format!("{title}: {text}.")),
        },
    }
    let beyond = choices.len().saturating_sub(CHOICES_MAX);
    let mut chosen: Vec<Choice> = Vec::new();
    let find = |value: &String| {
        let listed = choices.iter().find(|choice| choice.value == *value).cloned();
        let silent = || {
            let (query, matchers) = ever.as_ref()?;
            known.ever(&query.label, value, matchers).then(|| Choice::plain(value))
        };
        listed.or_else(silent)
    };
    let mut is_all = variable.all && asked.iter().any(|value| value == ALL);
    if !is_all {
        for value in asked {
            match find(value) {
                Some(choice) if chosen.is_empty() || variable.multi => chosen.push(choice),
                Some(_) => notes.push(format!("{title} has one value; `{value}` is left out.")),
                None if value == ALL => notes.push(format!("{title} has no choice of all.")),
                None => notes.push(format!("{title} has no value `{value}`.")),
            }
        }
    }
    if !is_all && chosen.is_empty() {
        let before = before.filter(|set| asked.is_empty() && !set.is_all);
        chosen = before
            .into_iter()
            .flat_map(|set| &set.chosen)
            .filter_map(|one| find(&one.value))
            .collect();
        if chosen.is_empty() {
            chosen = variable.default.iter().filter_map(find).collect();
        }
        let all_first =
            variable.default.is_empty() || variable.default.iter().any(|one| one == ALL);
        is_all = chosen.is_empty() && variable.all && all_first;
        if chosen.is_empty() && !is_all {
            chosen.extend(choices.first().cloned());
        }
    }
    if is_all {
        chosen.clone_from(&choices);
    } else {
        // In the order of the bar, however they were asked for.
        chosen.sort_by_key(|one| choices.iter().position(|choice| choice.value == one.value));
        chosen.dedup();
    }
    choices.truncate(CHOICES_MAX);
    Set { variable: variable.clone(), choices, beyond, chosen, is_all, unrestricted }
}

impl LabelValues {
    /// What its selector asks for, with the variables before it filled in.
    fn matchers(&self, sets: &[Set]) -> Result<Vec<Matcher>, String> {
        if self.selector.is_empty() {
            return Ok(Vec::new());
        }
        let lookup = |name: &str, form: &str| {
            let set = sets.iter().find(|set| set.variable.name == name)?;
            set.filling(form, "")
        };
        let text = crate::query::fill(&self.selector, &lookup, true)?;
        let plan = crate::query::Plan::new(&text).map_err(|error| error.to_string())?;
        Ok(plan.selectors().first().map(|matchers| matchers.to_vec()).unwrap_or_default())
    }
}

/// The order of people: `web-2` before `web-10`.
fn naturally(one: &str, other: &str) -> std::cmp::Ordering {
    let (mut left, mut right) = (one, other);
    loop {
        let (a, b) = (chunk(left), chunk(right));
        if a.is_empty() || b.is_empty() {
            // Whatever is left over comes last; what reads alike is told apart by its letters.
            return left.len().cmp(&right.len()).then_with(|| one.cmp(other));
        }
        let digits = |text: &str| text.as_bytes().first().is_some_and(u8::is_ascii_digit);
        let order = if digits(a) && digits(b) {
            let [x, y] = [a, b].map(|text| text.trim_start_matches('0'));
            x.len().cmp(&y.len()).then_with(|| x.cmp(y))
        } else {
            a.cmp(b)
        };
        if order.is_ne() {
            return order;
        }
        left = left.get(a.len()..).unwrap_or_default();
        right = right.get(b.len()..).unwrap_or_default();
    }
}

/// The digits that a text begins with, or what stands before the first one.
fn chunk(text: &str) -> &str {
    let digits = text.starts_with(|letter: char| letter.is_ascii_digit());
    let end = text.find(|letter: char| letter.is_ascii_digit() != digits);
    text.get(..end.unwrap_or(text.len())).unwrap_or_default()
}

#[cfg(test)]
mod tests;
