//! Hosts and services as rows: how each was, and the newest values with small lines. The page's
//! script says the same (`assets/views/targets.js`).

use std::cmp::Ordering;
use std::fmt::Write;

use super::state::fresh_verdict;
use super::timeline::{self, Strip};
use super::{PanelData, Shown, legend, number, still};
use crate::dashboard::{Level, Panel};
use crate::model::{Labels, Span, Timestamp};

/// The width of a strip as its picture is told it: no word fits, since the state stands beside it.
const STRIP_COLUMNS: u8 = 0;

/// One host or service.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// Where its name leads; empty for nowhere.
    pub address: String,
    /// How it is: the word for its newest state, `new` before it has one, or since when it is
    /// silent.
    pub state: String,
    /// How well or wrong that is.
    pub level: Option<Level>,
    /// Whether nothing came of it for long.
    pub silent: bool,
    /// How it was, as a picture; empty for what has no past yet.
    pub picture: String,
    /// The same in words: since when it is as it is.
    pub words: String,
    /// A cell for each query but the first and those of times.
    pub cells: Vec<Cell>,
}

/// One value of a target.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// The heading of its column.
    pub column: String,
    /// The value; empty where there is none.
    pub text: String,
    /// How well or wrong it is.
    pub level: Option<Level>,
    /// What is wrong with it.
    pub word: String,
    /// How it went, as a small line; empty where there is no value.
    pub picture: String,
    /// The number of the line's colour, 1 to 8.
    pub color: u8,
}

/// The queries of a panel that are cells, by number.
fn cells_of(panel: &Panel) -> impl Iterator<Item = usize> {
    let queries = panel.queries.iter().enumerate().skip(1);
    queries.filter(|(_, query)| !query.times).map(|(number, _)| number)
}

/// The headings of the columns of values.
pub fn columns(panel: &Panel) -> Vec<String> {
    cells_of(panel).map(|number| panel.queries[number].column.clone()).collect()
}

/// A row for each set of labels that any query has, by name.
pub fn targets(panel: &Panel, data: &PanelData, shown: &[Shown<'_>]) -> Vec<Target> {
    let mut sets: Vec<Labels> = shown.iter().map(|series| series.labels.without_name()).collect();
    sets.sort_unstable();
    sets.dedup();
    let template = panel.queries.first().map_or("", |query| query.legend.as_str());
    let target = |labels: &Labels| {
        let own: Vec<&Shown<'_>> =
            shown.iter().filter(|series| series.labels.without_name() == *labels).collect();
        let name = own.first().map_or(String::new(), |series| match template {
            "" => series.name.clone(),
            template => legend::filled(template, labels, str::to_owned),
        });
        target(panel, data, &own, (labels, name))
    };
    let mut found: Vec<Target> = sets.iter().map(target).collect();
    found.sort_by(|one, other| natural(&one.name, &other.name));
    found.truncate(panel.series_max());
    found
}

fn target(
    panel: &Panel,
    data: &PanelData,
    own: &[&Shown<'_>],
    (labels, name): (&Labels, String),
) -> Target {
    let strip = own.iter().find(|series| series.query == 0);
    let strip = strip.map(|series| timeline::strip(panel, &over(panel, data, series), series));
    let newest = strip.as_ref().and_then(Strip::newest);
    let latest = own.iter().filter_map(|series| series.latest).max_by_key(|latest| latest.at);
    let silent = own.iter().all(|series| series.latest.is_none_or(|latest| latest.stale));
    let since = |at: Timestamp| format!("silent since {}", data.exact(at));
    let (state, level) = match (newest.filter(|spell| spell.state.is_some()), latest) {
        (_, Some(latest)) if silent => (since(latest.at), Some(Level::Warn)),
        (Some(spell), _) => (spell.text().to_owned(), spell.level()),
        (None, _) => ("new".to_owned(), None),
    };
    let words = newest.filter(|_| !silent);
    let words = words.map(|spell| format!("{} since {}", spell.text(), data.exact(spell.from)));
    let cell = |number: usize| {
        let series = own.iter().find(|series| series.query == number);
        cell(panel, data, number, series.copied())
    };
    Target {
        address: legend::filled(&panel.link, labels, encoded),
        picture: strip.map(|strip| timeline::picture(&strip, STRIP_COLUMNS)).unwrap_or_default(),
        words: words.unwrap_or_else(|| state.clone()),
        cells: cells_of(panel).map(cell).collect(),
        name,
        state,
        level,
        silent,
    }
}

/// The time that a series is shown over: what its query reaches back, or as much of it as there is.
fn over(panel: &Panel, data: &PanelData, series: &Shown<'_>) -> PanelData {
    let own = panel.queries.get(series.query).and_then(|query| query.range);
    let there = series.step() * series.values.len() as i64;
    let range = own.unwrap_or(data.range).min(there).max(Span(1));
    PanelData { now: data.now, range, zone: data.zone, windows: Vec::new() }
}

fn cell(panel: &Panel, data: &PanelData, number: usize, series: Option<&Shown<'_>>) -> Cell {
    let query = &panel.queries[number];
    let color = ((usize::from(panel.color) + number + 7) % 8 + 1) as u8;
    let mut cell = Cell {
        column: query.column.clone(),
        text: String::new(),
        level: None,
        word: String::new(),
        picture: String::new(),
        color,
    };
    let Some((series, latest)) = series.and_then(|series| Some((series, series.latest?))) else {
        return cell;
    };
    cell.text = number::text(latest.value, panel.unit_of(number), panel.decimals);
    if panel.judges(number)
        && let Some((level, word)) = fresh_verdict(panel, series)
    {
        (cell.level, cell.word) = (Some(level), word);
    }
    cell.picture = still::small(&over(panel, data, series), series);
    cell
}

/// A label's value as a part of an address.
fn encoded(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Names by their letters, the numbers in them by their size: `web2` stands before `web10`.
fn natural(one: &str, other: &str) -> Ordering {
    let (mut a, mut b) = (one, other);
    loop {
        match (a.chars().next(), b.chars().next()) {
            (None, None) => return one.cmp(other),
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(x), Some(y)) if x.is_ascii_digit() && y.is_ascii_digit() => {
                let (left, right) = (digits(&mut a), digits(&mut b));
                let by_size = left.len().cmp(&right.len()).then_with(|| left.cmp(right));
                if by_size != Ordering::Equal {
                    return by_size;
                }
            }
            (Some(x), Some(y)) if x == y => {
                a = a.strip_prefix(x).unwrap_or_default();
                b = b.strip_prefix(y).unwrap_or_default();
            }
            (Some(x), Some(y)) => return x.cmp(&y),
        }
    }
}

/// Takes the digits that a text begins with, without zeros before them.
fn digits<'a>(text: &mut &'a str) -> &'a str {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (found, rest) = text.split_at(end);
    *text = rest;
    found.trim_start_matches('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_numbers_stand_in_the_order_of_these() {
        let mut names = ["web10", "web2", "a", "web2b", "web02", "web", "b1"];
        names.sort_by(|one, other| natural(one, other));
        assert_eq!(names, ["a", "b1", "web", "web02", "web2", "web2b", "web10"]);
    }

    #[test]
    fn what_a_name_leads_to_holds_hostile_names_as_one_part() {
        let labels = Labels::empty().with("host", "a/../b?c#d e\"<");
        let address = legend::filled("/h/{{host}}", &labels, encoded);
        assert_eq!(address, "/h/a%2F..%2Fb%3Fc%23d%20e%22%3C");
    }
}
