//! One panel as its template needs it: every number already a text, every picture already drawn.

use crate::dashboard::{Level, Panel, PanelKind, Stat as Figure, Unit};
use crate::render::bars::{Bar, bars};
use crate::render::change::{Difference, difference};
use crate::render::events::events;
use crate::render::figures::figure;
use crate::render::pie::{Pie, pie, ring};
use crate::render::state::length;
use crate::render::table::{Table, table};
use crate::render::targets::{self, Target, targets};
use crate::render::timeline::{self, Strip, strips};
use crate::render::{Latest, PanelData, Shown, markup, number, state, still};

use super::why::Why;

/// The most rows of a legend.
const LEGEND_MAX: usize = 100;

/// A panel ready to be written.
pub(super) struct PanelView<'a> {
    pub(super) panel: &'a Panel,
    /// The address of the page of its metric, when it was made for one and this is not that page.
    pub(super) address: Option<String>,
    /// The highest level that a value has reached, and the words for it.
    pub(super) reached: Option<(Level, &'a str)>,
    /// `as of 12:03:11`, when nothing in the panel is fresh.
    pub(super) as_of: Option<String>,
    /// Left out of sight, as long as there is nothing to show.
    pub(super) hidden: bool,
    /// The one that is shown alone.
    pub(super) alone: bool,
    pub(super) body: Body,
    pub(super) legend: Legend,
    /// How far apart its values are, where that is far.
    pub(super) resolution: Option<String>,
}

/// What a panel's box holds.
pub(super) enum Body {
    /// Nothing to show: in the panel's own words, or why, or since when.
    Empty {
        said: String,
        why: Why,
        last: String,
    },
    Chart {
        words: String,
        picture: String,
    },
    Stat(Stat),
    Gauges(Vec<Gauge>),
    Table {
        heading: String,
        columns: Vec<String>,
        labels: Vec<String>,
        table: Table,
    },
    Bars(Vec<Bar>),
    Pie {
        pie: Pie,
        picture: String,
    },
    Timeline {
        lines: Vec<Line>,
        axis: String,
    },
    Events(Vec<Event>),
    Targets {
        columns: Vec<String>,
        targets: Vec<Target>,
    },
    Text(String),
}

pub(super) struct Stat {
    pub(super) note: String,
    pub(super) number: String,
    pub(super) unit: String,
    pub(super) level: Option<Level>,
    /// How it has changed; nothing where the panel does not tell.
    pub(super) change: Option<Difference>,
    pub(super) picture: String,
}

/// A strip of a timeline.
pub(super) struct Line {
    pub(super) strip: Strip,
    pub(super) picture: String,
    /// The newest state and since when.
    pub(super) words: String,
    /// From when to when it was in which state, the newest first.
    pub(super) spells: Vec<(String, String, String)>,
}

/// A change of state.
pub(super) struct Event {
    pub(super) time: String,
    pub(super) name: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) level: Option<Level>,
}

/// The series of a chart with their figures.
#[derive(Default)]
pub(super) struct Legend {
    pub(super) entries: Vec<LegendEntry>,
    pub(super) is_table: bool,
    /// The names of the figures.
    pub(super) stats: Vec<&'static str>,
    /// Whether a list has to say what is what.
    pub(super) names_figures: bool,
    /// How many series it has no room for, in words; may be empty.
    pub(super) more: String,
}

pub(super) struct LegendEntry {
    pub(super) color: u8,
    pub(super) name: String,
    /// Its figures as texts.
    pub(super) figures: Vec<String>,
    pub(super) as_of: Option<String>,
}

pub(super) struct Gauge {
    pub(super) name: String,
    pub(super) least: f64,
    pub(super) most: f64,
    pub(super) value: f64,
    pub(super) text: String,
    /// The text with the words for its level.
    pub(super) said: String,
    pub(super) level: Option<&'static str>,
    pub(super) as_of: Option<String>,
    pub(super) picture: String,
}

impl<'a> PanelView<'a> {
    pub(super) fn new(panel: &'a Panel, data: &PanelData) -> Self {
        let shown = data.shown(panel);
        let said = all_stale(data, &shown);
        let body = body(panel, data, &shown, said.as_ref());
        // The buckets of a heat map stand beside its axis.
        let charted = panel.kind.is_chart() && panel.kind != PanelKind::Heatmap;
        let legend = if charted && panel.legend {
            legend(panel, data, &shown, said.as_ref())
        } else {
            Legend::default()
        };
        let resolution = data.resolution(panel).filter(|_| !legend.entries.is_empty());
        let hidden = panel.hide_when_empty && shown.is_empty() && panel.kind != PanelKind::Text;
        let reached = state::worst(panel, &shown);
        let address = None;
        let alone = false;
        Self { panel, address, reached, as_of: said, hidden, alone, body, legend, resolution }
    }

    /// Says why the panel is empty, if it is.
    pub(super) fn explain(&mut self, told: Option<&Why>) {
        if let (Body::Empty { why, .. }, Some(told)) = (&mut self.body, told) {
            why.clone_from(told);
        }
    }
}

/// Whether a panel has nothing to show.
pub fn is_empty(panel: &Panel, data: &PanelData) -> bool {
    panel.kind != PanelKind::Text && lacks(panel, &data.shown(panel))
}

/// Whether these series are nothing to show: a stat without its main value would show that of its
/// note as the main one.
fn lacks(panel: &Panel, shown: &[Shown<'_>]) -> bool {
    let main_missing = shown.first().is_none_or(|first| first.query > 0);
    shown.is_empty() || (panel.kind == PanelKind::Stat && main_missing)
}

fn body(panel: &Panel, data: &PanelData, shown: &[Shown<'_>], said: Option<&String>) -> Body {
    if panel.kind == PanelKind::Text {
        return Body::Text(markup(&panel.text));
    }
    if lacks(panel, shown) {
        let said = panel.no_data.clone();
        return Body::Empty { said, why: Why::new(), last: length(data.range) };
    }
    match panel.kind {
        PanelKind::Line
        | PanelKind::Stack
        | PanelKind::Band
        | PanelKind::Mirror
        | PanelKind::Heatmap => {
            Body::Chart { words: still::described(panel, data), picture: still::chart(panel, data) }
        }
        PanelKind::Stat => stat(panel, data, shown),
        PanelKind::Gauge => Body::Gauges(gauges(panel, data, shown, said)),
        PanelKind::Table => Body::Table {
            heading: panel.heading.clone(),
            columns: panel.queries.iter().map(|query| query.column.clone()).collect(),
            labels: panel.columns.clone(),
            table: table(panel, shown),
        },
        PanelKind::Bars => Body::Bars(bars(panel, shown)),
        PanelKind::Pie => {
            let pie = pie(panel, shown);
            Body::Pie { picture: ring(&pie), pie }
        }
        PanelKind::Timeline => {
            Body::Timeline { lines: lines(panel, data, shown), axis: timeline::axis(data) }
        }
        PanelKind::Events => happened(panel, data, shown),
        PanelKind::Targets => {
            Body::Targets { columns: targets::columns(panel), targets: targets(panel, data, shown) }
        }
        PanelKind::Text => Body::Text(String::new()),
    }
}

/// How old one of the values is; what the head says of all of them is not said again.
fn as_of(latest: Option<Latest>, data: &PanelData, said: Option<&String>) -> Option<String> {
    let age = latest.and_then(|latest| latest.age(data.now, data.zone));
    age.filter(|age| said != Some(age))
}

/// The time of the newest value, when none of the panel's values is fresh.
fn all_stale(data: &PanelData, shown: &[Shown<'_>]) -> Option<String> {
    let newest = shown.iter().filter_map(|series| series.latest).max_by_key(|latest| latest.at);
    as_of(newest, data, None)
}

fn legend(panel: &Panel, data: &PanelData, shown: &[Shown<'_>], said: Option<&String>) -> Legend {
    let is_table = panel.lists_as_table(shown.len());
    let stats = panel.stats(shown.len());
    let own = shown.iter().take_while(|series| series.color > 0).count();
    let listed = if is_table { shown.len().min(LEGEND_MAX) } else { own };
    let told = |series: &Shown<'_>, stat: Figure| {
        number::text(figure(series, stat), panel.unit_of(series.query), panel.decimals)
    };
    let entry = |series: &Shown<'_>| LegendEntry {
        color: series.color,
        name: series.name.clone(),
        figures: stats.iter().map(|stat| told(series, *stat)).collect(),
        as_of: as_of(series.latest, data, said),
    };
    let entries = shown.iter().take(listed).map(entry).collect();
    let more = match shown.len() - listed {
        0 => String::new(),
        left if is_table => format!("and {left} more series"),
        left => format!("other ({left})"),
    };
    Legend {
        entries,
        is_table,
        stats: stats.iter().map(|stat| stat.name()).collect(),
        names_figures: *stats != [Figure::Last],
        more,
    }
}

fn stat(panel: &Panel, data: &PanelData, shown: &[Shown<'_>]) -> Body {
    let first = shown.first();
    let value = first.and_then(|series| series.latest).map_or(f64::NAN, |latest| latest.value);
    let query = first.map_or(0, |series| series.query);
    let mapped = panel.mapping(value).map(|(_, mapping)| mapping);
    let (number, unit) = match mapped {
        Some(mapping) => (mapping.text.clone(), String::new()),
        None => number::parts(value, panel.unit_of(query), panel.decimals),
    };
    let fresh = first.and_then(|series| series.latest).is_some_and(|latest| !latest.stale);
    let level = match mapped {
        Some(mapping) => mapping.level,
        None => panel.reached(value).map(|reached| reached.level),
    };
    let tells = panel.change && mapped.is_none();
    Body::Stat(Stat {
        note: note(panel, data),
        number,
        unit,
        level: level.filter(|_| fresh),
        change: first.filter(|_| tells).and_then(|series| difference(panel, data, series)),
        picture: still::spark(panel, data),
    })
}

fn lines(panel: &Panel, data: &PanelData, shown: &[Shown<'_>]) -> Vec<Line> {
    let strips = strips(panel, data, shown).into_iter();
    strips.map(|strip| line(strip, panel.width, data)).collect()
}

fn line(strip: Strip, columns: u8, data: &PanelData) -> Line {
    const SPELLS_MAX: usize = 20;
    let spells = strip.spells.iter().rev().take(SPELLS_MAX).map(|spell| {
        let text = spell.text().to_owned();
        (data.exact(spell.from), data.exact(spell.to), text)
    });
    let spells = spells.collect();
    let newest = strip.newest();
    let words = newest.map(|spell| format!("{} since {}", spell.text(), data.exact(spell.from)));
    Line {
        picture: timeline::picture(&strip, columns),
        words: words.unwrap_or_default(),
        spells,
        strip,
    }
}

fn happened(panel: &Panel, data: &PanelData, shown: &[Shown<'_>]) -> Body {
    let changes = events(panel, data, shown);
    if changes.is_empty() {
        let last = length(data.range);
        let said = format!("nothing happened in the last {last}");
        return Body::Empty { said, why: Why::new(), last };
    }
    let event = |change: crate::render::events::Change| Event {
        time: data.exact(change.at),
        name: change.name,
        from: change.from,
        to: change.to,
        level: change.level,
    };
    Body::Events(changes.into_iter().map(event).collect())
}

/// The note with `{1}` filled in by the newest value of query number 1.
fn note(panel: &Panel, data: &PanelData) -> String {
    let mut note = panel.note.clone();
    for query in 0..panel.queries.len() {
        let place = format!("{{{query}}}");
        if note.contains(&place) {
            let value = data.latest_of(query).map_or(f64::NAN, |latest| latest.value);
            note = note.replace(&place, &number::text(value, panel.unit_of(query), panel.decimals));
        }
    }
    note
}

fn gauges(
    panel: &Panel,
    data: &PanelData,
    shown: &[Shown<'_>],
    said: Option<&String>,
) -> Vec<Gauge> {
    let gauge = |series: &Shown<'_>| {
        let unit = panel.unit_of(series.query);
        let least = panel.min.unwrap_or(0.0);
        let whole = if *unit == Unit::Ratio { 1.0 } else { 100.0 };
        let most = panel.max.unwrap_or(whole).max(least + f64::MIN_POSITIVE);
        let value = series.latest.map_or(f64::NAN, |latest| latest.value);
        let text = dial_text(value, unit, panel.decimals);
        let as_of = as_of(series.latest, data, said);
        let fresh = series.latest.is_some_and(|latest| !latest.stale);
        let reached = panel.reached(value).filter(|_| fresh);
        let spoken =
            reached.map_or_else(|| text.clone(), |found| format!("{text}, {}", found.word));
        Gauge {
            name: series.name.clone(),
            least,
            most,
            value: if value.is_finite() { value.clamp(least, most) } else { least },
            text,
            level: reached.map(|threshold| threshold.level.name()),
            said: spoken,
            as_of,
            picture: still::dial((value - least) / (most - least)),
        }
    };
    shown.iter().map(gauge).collect()
}

/// A value as it stands on a dial, where a whole number of per cent is enough, and the sign stands
/// close.
fn dial_text(value: f64, unit: &Unit, decimals: Option<u8>) -> String {
    if !matches!(unit, Unit::Percent | Unit::Ratio) {
        return number::text(value, unit, decimals);
    }
    let (number, sign) = number::parts(value, unit, decimals.or(Some(0)));
    number + &sign
}
