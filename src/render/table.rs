//! The newest values as rows.

use super::bars::present;
use super::{Shown, number, state};
use crate::dashboard::{Level, Panel};

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Whether its first column holds the names of the rows.
    pub named: bool,
    /// The rows, the one with the largest first value first.
    pub rows: Vec<Row>,
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// What stands between backquotes in its name, to be set apart.
    pub code: String,
    /// The values of the labels that have a column of their own.
    pub labels: Vec<String>,
    /// A cell a query.
    pub cells: Vec<Cell>,
}

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// How much of its bar is filled, 0 to 1.
    pub bar: Option<f64>,
    /// The value, or the word for it.
    pub text: String,
    /// How well or wrong it is.
    pub level: Option<Level>,
    /// What is wrong with it, where the text does not say it.
    pub word: String,
}

impl Cell {
    /// How much of its bar is filled, in steps of 5 per cent: the stylesheet has a rule for each.
    pub fn steps(&self) -> Option<u8> {
        self.bar.map(|share| (share * 20.0).round() as u8 * 5)
    }
}

/// The rows of a table: one for each series of its first query, the largest value first, with the
/// values that its other queries have for the same labels. What has ended goes. Where labels have
/// columns of their own, names are shown only when the query has a legend.
pub fn table(panel: &Panel, shown: &[Shown<'_>]) -> Table {
    let value = |series: &Shown<'_>| series.latest.map_or(f64::NAN, |latest| latest.value);
    let present = present(shown);
    let mut first: Vec<&Shown<'_>> =
        present.iter().copied().filter(|series| series.query == 0).collect();
    let rank = |series: &Shown<'_>| (!value(series).is_nan(), value(series));
    first.sort_by(|a, b| {
        let ((a_known, one), (b_known, two)) = (rank(a), rank(b));
        let by_value = b_known.cmp(&a_known).then_with(|| two.total_cmp(&one));
        by_value.then_with(|| a.name.cmp(&b.name))
    });
    first.truncate(panel.series_max());
    let numbers = |series: &&Shown<'_>| -> Vec<f64> {
        let identity = series.labels.without_name();
        let same = |query: usize| {
            let mut found = present.iter().filter(|other| other.query == query);
            found.find(|other| other.labels.without_name() == identity)
        };
        (0..panel.queries.len())
            .map(|query| same(query).map_or(f64::NAN, |other| value(other)))
            .collect()
    };
    let numbers: Vec<Vec<f64>> = first.iter().map(numbers).collect();
    let most = |query: usize| {
        let column = numbers.iter().filter_map(|row| row.get(query).copied());
        panel.max.unwrap_or_else(|| column.fold(0.0, f64::max))
    };
    let most: Vec<f64> = (0..panel.queries.len()).map(most).collect();
    let line = |(series, numbers): (&&Shown<'_>, &Vec<f64>)| {
        let cells = numbers.iter().enumerate();
        let fresh = series.latest.is_some_and(|latest| !latest.stale);
        let judged = |query| fresh && panel.judges(query);
        let cells = cells
            .map(|(query, value)| cell(panel, query, *value, (most[query], judged(query))))
            .collect();
        let (name, code) = set_apart(&series.name);
        let label = |name: &String| series.labels.value(name).to_owned();
        Row { name, code, labels: panel.columns.iter().map(label).collect(), cells }
    };
    let legend = panel.queries.first().is_some_and(|query| !query.legend.is_empty());
    let named = panel.columns.is_empty() || legend;
    Table { named, rows: first.iter().zip(&numbers).map(line).collect() }
}

/// A cell; `most` fills its bar, and only what is `judged` has a level.
fn cell(panel: &Panel, query: usize, value: f64, (most, judged): (f64, bool)) -> Cell {
    let share = if most > 0.0 { (value / most).clamp(0.0, 1.0) } else { 0.0 };
    let bar = panel.queries.get(query).is_some_and(|query| query.bar);
    let bar = bar.then_some(if share.is_nan() { 0.0 } else { share });
    let text = || number::text(value, panel.unit_of(query), panel.decimals);
    let mut cell = Cell { bar, text: String::new(), level: None, word: String::new() };
    match panel.mapping(value).filter(|_| panel.judges(query)) {
        Some((_, mapping)) => (cell.text, cell.level) = (mapping.text.clone(), mapping.level),
        None => cell.text = text(),
    }
    if !judged {
        cell.level = None;
    } else if cell.level.is_none()
        && let Some((level, word)) = state::verdict(panel, value)
    {
        (cell.level, cell.word) = (Some(level), word.to_owned());
    }
    cell
}

/// What stands between the first two backquotes of a name, apart from the rest.
fn set_apart(name: &str) -> (String, String) {
    let parts = name.split_once('`');
    let parts = parts.and_then(|(before, rest)| Some((before, rest.split_once('`')?)));
    parts.map_or_else(
        || (name.to_owned(), String::new()),
        |(before, (code, after))| (format!("{}{after}", before.trim_end()), code.to_owned()),
    )
}
