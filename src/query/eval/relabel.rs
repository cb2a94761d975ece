//! `label_replace` and `label_join`: the same values under other labels.

use regex::{Regex, RegexBuilder};

use crate::model::Labels;

use super::super::ast::Expr;
use super::{EvalError, Evaluated, Evaluator, mistyped};

/// The most bytes that a compiled regular expression may take.
const REGEX_BYTES_MAX: usize = 1 << 20;

impl Evaluator<'_> {
    pub(super) fn label_replace(&mut self, args: &[Expr]) -> Result<Evaluated, EvalError> {
        let [vector, to, replacement, from, pattern] = args else {
            return Err(mistyped("there"));
        };
        let (to, from) = (self.text(to)?, self.text(from)?);
        let (replacement, pattern) = (self.text(replacement)?, self.text(pattern)?);
        check_name("destination label name", &to, Some("label_replace"))?;
        let regex = anchored(&pattern)?;
        let mut vector = self.vector(vector)?;
        let mut value = String::new();
        for column in &mut vector.columns {
            if let Some(found) = regex.captures(column.labels.value(&from)) {
                value.clear();
                found.expand(&replacement, &mut value);
                column.labels = column.labels.with(&to, &value);
            }
        }
        Ok(Evaluated::Vector(vector.merge_equal()?))
    }

    pub(super) fn label_join(&mut self, args: &[Expr]) -> Result<Evaluated, EvalError> {
        let [vector, to, separator, from @ ..] = args else {
            return Err(mistyped("there"));
        };
        let (to, separator) = (self.text(to)?, self.text(separator)?);
        check_name("destination label name", &to, Some("label_join"))?;
        let from = from.iter().map(|name| self.text(name)).collect::<Result<Vec<_>, _>>()?;
        for name in &from {
            check_name("source label name", name, Some("label_join"))?;
        }
        let mut vector = self.vector(vector)?;
        for column in &mut vector.columns {
            column.labels = joined(&column.labels, &to, &separator, &from);
        }
        Ok(Evaluated::Vector(vector.merge_equal()?))
    }
}

fn joined(labels: &Labels, to: &str, separator: &str, from: &[String]) -> Labels {
    let values: Vec<&str> = from.iter().map(|name| labels.value(name)).collect();
    labels.with(to, &values.join(separator))
}

/// Refuses what is no label name, as `what` in the call of `function`; any text is one but the
/// empty text, and what was not UTF-8 when it was read.
pub(super) fn check_name(what: &str, name: &str, function: Option<&str>) -> Result<(), EvalError> {
    if name.is_empty() || name.contains(char::REPLACEMENT_CHARACTER) {
        let place = function.map(|function| format!(" in {function}():"));
        let place = place.unwrap_or_default();
        return Err(EvalError::execution(format!("invalid {what}{place} {name:?}")));
    }
    Ok(())
}

fn anchored(pattern: &str) -> Result<Regex, EvalError> {
    let compiled =
        RegexBuilder::new(&format!("^(?s:{pattern})$")).size_limit(REGEX_BYTES_MAX).build();
    compiled.map_err(|error| {
        let why = match error {
            regex::Error::CompiledTooBig(limit) => {
                format!(" (it compiles to more than {limit} bytes)")
            }
            _ => String::new(),
        };
        EvalError::execution(format!(
            "invalid regular expression in label_replace(): {pattern}{why}"
        ))
    })
}
