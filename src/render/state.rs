//! What values mean in a panel, in words, and for how long a series had each meaning. Timelines,
//! events, tables and stats say it by these; the page's script by the same rules
//! (`assets/judge.js`, `assets/parts/runs.js`), and `tests/vectors/kinds.json` holds both to them.

use super::panel_data::FRESH_LEAST;
use super::{PanelData, Shown, number};
use crate::dashboard::{Level, Panel, PanelKind};
use crate::model::{Span, Timestamp, is_absent};

/// A value in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The words.
    pub text: String,
    /// How well or wrong it is, when that can be said.
    pub level: Option<Level>,
    /// The colour, 1 to 8, of a word without a level; none for what is no word.
    pub color: Option<u8>,
}

/// A stretch of columns whose values mean the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Run {
    /// The time of its first column.
    pub from: Timestamp,
    /// The time of its last column; the end of the range for one that goes on.
    pub to: Timestamp,
    /// The value of its first column; none where the series was silent.
    pub value: Option<f64>,
}

/// What tells two meanings apart.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Meaning {
    Mapped(usize),
    Reached(usize),
    /// The panel has thresholds, and none is reached.
    Below,
    Plain(u64),
}

fn meaning(panel: &Panel, value: f64) -> Meaning {
    if let Some((index, _)) = panel.mapping(value) {
        return Meaning::Mapped(index);
    }
    match panel.thresholds.iter().rposition(|threshold| value >= threshold.value) {
        Some(index) => Meaning::Reached(index),
        None if panel.thresholds.is_empty() || value.is_nan() => Meaning::Plain(value.to_bits()),
        None => Meaning::Below,
    }
}

/// A value of a query in words: the text of its mapping, else the word of the threshold that it has
/// reached, else the number itself.
pub fn state(panel: &Panel, query: usize, value: f64) -> State {
    if let Some((index, mapping)) = panel.mapping(value) {
        let color = (usize::from(panel.color) + index + 7) % 8 + 1;
        let color = mapping.level.is_none().then_some(color as u8);
        return State { text: mapping.text.clone(), level: mapping.level, color };
    }
    if let Some(reached) = panel.reached(value) {
        return State { text: reached.word.clone(), level: Some(reached.level), color: None };
    }
    if panel.thresholds.is_empty() || value.is_nan() {
        let text = number::text(value, panel.unit_of(query), panel.decimals);
        return State { text, level: None, color: None };
    }
    State { text: "ok".to_owned(), level: Some(Level::Ok), color: None }
}

/// What is wrong with a value: a level above `ok`, and the word for it. A mapping that holds
/// decides before any threshold does, in panels that show its text.
pub fn verdict(panel: &Panel, value: f64) -> Option<(Level, &str)> {
    let mapped = panel.mapping(value).filter(|_| panel.kind.has_words());
    let (level, word) = match mapped {
        Some((_, mapping)) => (mapping.level?, mapping.text.as_str()),
        None => panel.reached(value).map(|reached| (reached.level, reached.word.as_str()))?,
    };
    (level > Level::Ok).then_some((level, word))
}

/// What is wrong with the newest value of a series; an old value is not judged.
pub fn fresh_verdict(panel: &Panel, series: &Shown<'_>) -> Option<(Level, String)> {
    let latest = series.latest.filter(|latest| !latest.stale)?;
    verdict(panel, latest.value).map(|(level, word)| (level, word.to_owned()))
}

/// The worst of the panel's fresh values: its level and the word for it, which is empty where the
/// panel says it in place of the value anyway. Only values in the panel's own unit are judged in a
/// table, and only the main value of a stat.
pub fn worst<'a>(panel: &'a Panel, shown: &[Shown<'_>]) -> Option<(Level, &'a str)> {
    let fresh = shown.iter().filter(|series| panel.judges(series.query));
    let fresh = fresh.filter_map(|series| series.latest).filter(|latest| !latest.stale);
    let mut worst: Option<(Level, f64, &str)> = None;
    for latest in fresh {
        let Some((level, word)) = verdict(panel, latest.value) else { continue };
        // Of two thresholds of one level the higher one counts.
        if worst.is_none_or(|(most, value, _)| (level, latest.value) > (most, value)) {
            worst = Some((level, latest.value, word));
        }
    }
    let (level, value, word) = worst?;
    let shown_anyway = panel.kind == PanelKind::Stat && panel.mapping(value).is_some();
    Some((level, if shown_anyway { "" } else { word }))
}

/// The stretches of a series in the range, the oldest first. Before its first value there is none;
/// a value holds while it is fresh, and what comes after that is silence.
pub fn runs(panel: &Panel, data: &PanelData, series: &Shown<'_>) -> Vec<Run> {
    let (end, start) = (data.end(), data.end() - data.range);
    let mut runs: Vec<Run> = Vec::new();
    let mut last: Option<(Timestamp, Option<Meaning>)> = None;
    for (at, value) in series.columns().filter(|(at, _)| *at > start && *at <= end) {
        let known = (!is_absent(value)).then(|| meaning(panel, value));
        match (last, runs.last_mut()) {
            (None, _) if known.is_none() => continue,
            (Some((_, before)), Some(run)) if before == known => run.to = at,
            _ => runs.push(Run { from: at, to: at, value: known.map(|_| value) }),
        }
        last = Some((at, known));
    }
    // What has come of late is not yet silence.
    while runs.last().is_some_and(|run| run.value.is_none()) {
        runs.pop();
    }
    let Some(run) = runs.last_mut() else { return runs };
    let step = series.step();
    if end - run.to <= (step * 3).max(FRESH_LEAST) {
        run.to = end;
    } else {
        let from = run.to + step;
        runs.push(Run { from, to: end, value: None });
    }
    runs
}

/// A length of time in words: `5 min`, `1 h`, `90 s`.
pub fn length(range: Span) -> String {
    const UNITS: [(&str, i64); 3] = [("d", 86_400_000), ("h", 3_600_000), ("min", 60_000)];
    let whole = UNITS.into_iter().find(|(_, length)| range.millis() % length == 0);
    let (word, length) = whole.unwrap_or(("s", 1000));
    format!("{} {word}", range.millis() / length)
}
