//! What values mean: thresholds from which on something is wrong, and values that have a word.

use super::{Panel, PanelKind};

/// A value from which on something is wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    /// The value, in the panel's unit.
    pub value: f64,
    /// How wrong.
    pub level: Level,
    /// What the panel then says, since colour alone is not enough.
    pub word: String,
    /// How a chart shows where it is.
    pub mark: Mark,
}

/// How a chart shows where a threshold is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// By a line and the area above it.
    Both,
    /// By a line.
    Line,
    /// By the area above it.
    Band,
    /// Not at all; values that have reached it are told all the same.
    None,
}

impl Mark {
    pub(super) const ALL: [Self; 4] = [Self::Both, Self::Line, Self::Band, Self::None];

    /// The mark as dashboard files and the page name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::Line => "line",
            Self::Band => "band",
            Self::None => "none",
        }
    }
}

/// How well or wrong something is, rising.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it should be.
    Ok,
    /// Worth a look.
    Warn,
    /// Worth acting on.
    Critical,
}

impl Level {
    /// The level as dashboard files and the page name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Critical => "critical",
        }
    }
}

/// Values that have a word.
#[derive(Debug, Clone, PartialEq)]
pub struct Mapping {
    /// The least of the values; none when there is no lower end.
    pub from: Option<f64>,
    /// The greatest of the values, which belongs to them; none when there is no upper end.
    pub to: Option<f64>,
    /// What they are called.
    pub text: String,
    /// How well or wrong they are, when that can be said.
    pub level: Option<Level>,
}

impl Mapping {
    /// Whether a value has this word; NaN has none.
    pub fn holds(&self, value: f64) -> bool {
        let above = self.from.is_none_or(|from| value >= from);
        let below = self.to.is_none_or(|to| value <= to);
        above && below && !value.is_nan()
    }
}

impl Panel {
    /// Whether values of a query are judged by its thresholds and mappings: in a table and of
    /// targets those in the panel's unit, in a stat those of its main query. How a target is, its
    /// first query says.
    pub fn judges(&self, query: usize) -> bool {
        match self.kind {
            PanelKind::Stat => query == 0,
            PanelKind::Targets if query == 0 => false,
            PanelKind::Table | PanelKind::Targets => *self.unit_of(query) == self.unit,
            _ => true,
        }
    }

    /// The first mapping that a value belongs to, and its place among them.
    pub fn mapping(&self, value: f64) -> Option<(usize, &Mapping)> {
        self.mappings.iter().enumerate().find(|(_, mapping)| mapping.holds(value))
    }

    /// The highest threshold that a value has reached.
    pub fn reached(&self, value: f64) -> Option<&Threshold> {
        self.thresholds.iter().rev().find(|threshold| value >= threshold.value)
    }
}
