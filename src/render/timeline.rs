//! The states of series over time, a strip each.

use std::fmt::Write;

use super::scale::{time_text, times};
use super::state::{Run, State, runs, state};
use super::still::{Short, escaped};
use super::{PanelData, Shown};
use crate::dashboard::{Level, Panel};
use crate::model::{Span, Timestamp};

/// A strip has at most this many pieces: what is shorter goes into the one before, which then shows
/// the worse of the two.
const PIECES_MAX: i64 = 200;

/// The width of a strip in pixels for each column of the grid that its panel takes, and that of a
/// letter, by which the still decides whether a word fits: a guess, since the server knows no
/// widths.
const COLUMN_WIDTH: f64 = 60.0;
const LETTER_WIDTH: f64 = 7.0;

/// One series.
#[derive(Debug, Clone, PartialEq)]
pub struct Strip {
    /// Its name.
    pub name: String,
    /// The number of its colour, 1 to 8.
    pub color: u8,
    /// What it was, the oldest first.
    pub spells: Vec<Spell>,
    /// When its first spell begins, as a share of the range.
    begins: f64,
    pieces: Vec<Piece>,
}

/// For how long a series was in one state.
#[derive(Debug, Clone, PartialEq)]
pub struct Spell {
    /// When it was first seen so.
    pub from: Timestamp,
    /// When it was last seen so.
    pub to: Timestamp,
    /// The state; none where it was silent.
    pub state: Option<State>,
}

#[derive(Debug, Clone, PartialEq)]
struct Piece {
    /// Where it begins and ends, as shares of the range.
    from: f64,
    to: f64,
    state: Option<State>,
}

impl Spell {
    /// The state in words.
    pub fn text(&self) -> &str {
        self.state.as_ref().map_or("silent", |state| &state.text)
    }

    /// How well or wrong that is, when it can be said.
    pub fn level(&self) -> Option<Level> {
        self.state.as_ref().and_then(|state| state.level)
    }
}

impl Strip {
    /// The newest state.
    pub fn newest(&self) -> Option<&Spell> {
        self.spells.last()
    }
}

/// The strips of a panel.
pub fn strips(panel: &Panel, data: &PanelData, shown: &[Shown<'_>]) -> Vec<Strip> {
    shown.iter().map(|series| strip(panel, data, series)).collect()
}

/// The strip of one series.
pub fn strip(panel: &Panel, data: &PanelData, series: &Shown<'_>) -> Strip {
    let found = runs(panel, data, series);
    let said = |run: &Run| run.value.map(|value| state(panel, series.query, value));
    let spell = |run: &Run| Spell { from: run.from, to: run.to, state: said(run) };
    let spells: Vec<Spell> = found.iter().map(spell).collect();
    let pieces = pieces(data, series.step(), &spells);
    let begins = pieces.first().map_or(1.0, |piece| piece.from);
    Strip { name: series.name.clone(), color: series.color, spells, begins, pieces }
}

/// Where spells stand: a column reaches from the one before it to its own time.
fn pieces(data: &PanelData, step: Span, spells: &[Spell]) -> Vec<Piece> {
    let start = data.end() - data.range;
    let share = |at: Timestamp| ((at - start).seconds() / data.range.seconds()).clamp(0.0, 1.0);
    let shortest = 1.0 / PIECES_MAX as f64;
    let mut pieces: Vec<Piece> = Vec::new();
    for spell in spells {
        let (from, to) = (share(spell.from - step), share(spell.to));
        match pieces.last_mut() {
            Some(last) if last.to - last.from < shortest - 1e-9 => {
                last.to = to;
                if badness(spell.state.as_ref()) >= badness(last.state.as_ref()) {
                    last.state.clone_from(&spell.state);
                }
            }
            _ => pieces.push(Piece { from, to, state: spell.state.clone() }),
        }
    }
    pieces
}

/// How much a state must not be overlooked.
fn badness(state: Option<&State>) -> u8 {
    match state.map(|state| state.level) {
        Some(Some(Level::Critical)) => 3,
        Some(Some(Level::Warn)) => 2,
        None => 1,
        Some(_) => 0,
    }
}

/// The picture of a strip in a panel of that many columns of the grid. Silence is left open, so
/// that the hatched ground shows.
pub fn picture(strip: &Strip, columns: u8) -> String {
    let strip_width = COLUMN_WIDTH * f64::from(columns);
    let mut out = String::from(r#"<svg aria-hidden="true">"#);
    let percent = |share: f64| Short(100.0 * share);
    if strip.begins > 0.0 {
        let _ = write!(out, r#"<rect width="{}%" height="100%"/>"#, percent(strip.begins));
    }
    for Piece { from, to, state } in &strip.pieces {
        let Some(state) = state else { continue };
        let class = match state.level {
            Some(level) => level.name().to_owned(),
            None => format!("c{}", state.color.unwrap_or(strip.color)),
        };
        let (x, width) = (percent(*from), percent(to - from));
        let _ = write!(out, r#"<rect class="v {class}" x="{x}%" "#);
        let _ = write!(out, r#"width="{width}%" height="100%"/>"#);
        let needed = state.text.chars().count() as f64 * LETTER_WIDTH + LETTER_WIDTH;
        if needed <= (to - from) * strip_width {
            let text = escaped(&state.text);
            let _ = write!(out, r#"<text x="{x}%" y="50%" dx="5" dy=".35em">{text}</text>"#);
        }
    }
    out + "</svg>"
}

/// The time axis below the strips.
pub fn axis(data: &PanelData) -> String {
    let mut out = String::from(r#"<svg aria-hidden="true" overflow="visible">"#);
    let (moments, step) = times(data.end(), data.range, data.zone);
    for at in moments {
        let share = 1.0 - (data.end() - at).seconds() / data.range.seconds();
        if (0.03..=0.97).contains(&share) {
            let (x, text) = (Short(100.0 * share), time_text(at, step, data.zone));
            let _ = write!(out, r#"<text x="{x}%" y="1em">{text}</text>"#);
        }
    }
    out + "</svg>"
}
