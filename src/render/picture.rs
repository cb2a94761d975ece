//! A panel as a picture by itself: an SVG with title, chart and legend that needs no sheet, no
//! script and no page around it; and a badge, one value with its name.
//!
//! The chart is that of the page's still. Its classes become attributes here, with the colours of
//! one theme: a content policy may forbid a sheet inside, and painters of SVG know few of them.

mod framed;

use std::fmt::Write;
use std::iter::once;

pub use framed::framed;

use super::state::state;
use super::still::{self, escaped};
use super::{PanelData, Shown, number, time_of_day, timeline};
use crate::dashboard::{Level, Panel, PanelKind};

/// The colours of a theme, as in `assets/style.css`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Palette {
    surface: &'static str,
    line: &'static str,
    line_strong: &'static str,
    text: &'static str,
    muted: &'static str,
    grid: &'static str,
    track: &'static str,
    ok: &'static str,
    warn: &'static str,
    critical: &'static str,
    off: &'static str,
    series: [&'static str; 8],
    /// The cells of a heat map, from few to many.
    heat: [&'static str; 5],
}

/// Dark letters on a light ground.
pub const LIGHT: Palette = Palette {
    surface: "#ffffff",
    line: "#e2e5ec",
    line_strong: "#8a94a8",
    text: "#141823",
    muted: "#566074",
    grid: "#eceef3",
    track: "#e6e9f0",
    ok: "#0a7f4f",
    warn: "#945f00",
    critical: "#c9252d",
    off: "#5d6678",
    series: [
        "#1750b4", "#e26e0d", "#1f9e86", "#7a3068", "#a862f8", "#756001", "#167da0", "#7d0b02",
    ],
    heat: ["#c4daf6", "#86b3e8", "#4a86d6", "#2858ab", "#142a5c"],
};

/// Light letters on a dark ground.
pub const DARK: Palette = Palette {
    surface: "#12151c",
    line: "#20252f",
    line_strong: "#687389",
    text: "#e9ecf3",
    muted: "#9aa4b6",
    grid: "#1c212b",
    track: "#222834",
    ok: "#3ecf8e",
    warn: "#f5b83d",
    critical: "#ff6b6b",
    off: "#8a93a6",
    series: [
        "#86b6ff", "#f09d33", "#5ef0cb", "#c76a8c", "#936bf6", "#ece261", "#34a1cc", "#eb5018",
    ],
    heat: ["#1d3a6e", "#2563a8", "#2b97b8", "#74d6a4", "#f4f1a6"],
};

/// How a picture is to look.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Its colours.
    pub palette: Palette,
    /// Whether whoever paints it stretches strokes with the box of the chart, as painters do that
    /// do not know `vector-effect`.
    pub stretches: bool,
}

/// The room of what stands below a picture that is kept.
pub const FOOT: u32 = 24;
const FONT: &str = "Inter, ui-sans-serif, system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu \
                    Sans', sans-serif";
/// The room of the head, of the time axis, of the value axis, at the right, and of a legend's line.
const HEAD: f64 = 36.0;
const BELOW: f64 = 24.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 14.0;
const LINE: f64 = 20.0;
/// The least height of a chart; the legend gets what is beyond.
const PLOT_LEAST: f64 = 44.0;
/// A letter is taken to be this wide, in shares of the size of its font.
const LETTER: f64 = 0.56;
/// How much of its colour an area of a stack has, and how areas below lines are filled.
const STACKED: f64 = 0.66;
const SHADED: &str = r#"fill="currentColor" fill-opacity=".13""#;

/// The picture of a panel.
pub fn picture(panel: &Panel, data: &PanelData, look: &Look) -> String {
    let (width, height) = (f64::from(look.width), f64::from(look.height));
    let colours = look.palette;
    let mut out = format!(
        concat!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" "#,
            r#"viewBox="0 0 {w} {h}" font-family="{font}" font-size="12" fill="{text}" "#,
            r#"color="{strong}" role="img"><title>{title}</title>"#,
            r#"<rect x=".5" y=".5" width="{iw}" height="{ih}" rx="10" fill="{surface}" "#,
            r#"stroke="{line}"/>"#
        ),
        w = look.width,
        h = look.height,
        font = FONT,
        text = colours.text,
        strong = colours.line_strong,
        title = escaped(&still::described(panel, data)),
        iw = width - 1.0,
        ih = height - 1.0,
        surface = colours.surface,
        line = colours.line
    );
    head(&mut out, panel, data, look);
    let shown = data.shown(panel);
    if shown.is_empty() {
        let (x, y) = (width / 2.0, HEAD + (height - HEAD) / 2.0);
        let muted = colours.muted;
        let _ = write!(
            out,
            r#"<text x="{x}" y="{y}" text-anchor="middle" fill="{muted}">no data</text>"#
        );
    } else if panel.kind.is_chart() {
        chart(&mut out, panel, data, &shown, look);
    } else {
        match panel.kind {
            PanelKind::Stat => stat(&mut out, panel, data, &shown, look),
            PanelKind::Gauge => gauges(&mut out, panel, &shown, look),
            PanelKind::Timeline => strips(&mut out, panel, data, &shown, look),
            _ => rows(&mut out, panel, &shown, look),
        }
    }
    out.push_str("</svg>");
    out
}

/// A badge: a name on the left, the newest value on the right, in the colour of its level.
pub fn badge(panel: &Panel, data: &PanelData, label: Option<&str>) -> String {
    const HEIGHT: f64 = 20.0;
    const SIZE: f64 = 11.0;
    let shown = data.shown(panel);
    let latest = shown.first().filter(|first| first.query == 0).and_then(|first| first.latest);
    let fresh = latest.filter(|latest| !latest.stale);
    let (value, colour) = match fresh {
        None => ("no data".to_owned(), LIGHT.off),
        Some(latest) => {
            let mapped = panel.mapping(latest.value).map(|(_, mapping)| mapping);
            let level = match mapped {
                Some(mapping) => mapping.level,
                None => panel.reached(latest.value).map(|threshold| threshold.level),
            };
            let judged = mapped.is_none() && !panel.thresholds.is_empty();
            let well = if judged { LIGHT.ok } else { LIGHT.series[0] };
            let number = || number::text(latest.value, panel.unit_of(0), panel.decimals);
            let value = mapped.map_or_else(number, |mapping| mapping.text.clone());
            (value, level.map_or(well, |level| level_colour(&LIGHT, level)))
        }
    };
    let label = label.unwrap_or(&panel.title);
    let room = |text: &str| (wide(text, SIZE) + 12.0).ceil();
    let (left, right) = (room(label), room(&value));
    let (label, value) = (escaped(label), escaped(&value));
    format!(
        concat!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{all}" height="{height}" role="img">"#,
            r#"<title>{label}: {value}</title>"#,
            r#"<clipPath id="r"><rect width="{all}" height="{height}" rx="3"/></clipPath>"#,
            r##"<g clip-path="url(#r)"><rect width="{left}" height="{height}" fill="#3b4252"/>"##,
            r#"<rect x="{left}" width="{right}" height="{height}" fill="{colour}"/></g>"#,
            r##"<g fill="#fff" font-family="{font}" font-size="{size}" text-anchor="middle">"##,
            r#"<text x="{lx}" y="14">{label}</text>"#,
            r#"<text x="{vx}" y="14" font-weight="600">{value}</text></g></svg>"#
        ),
        all = left + right,
        height = HEIGHT,
        label = label,
        value = value,
        left = left,
        right = right,
        colour = colour,
        font = FONT,
        size = SIZE,
        lx = left / 2.0,
        vx = left + right / 2.0
    )
}

const fn level_colour(palette: &Palette, level: Level) -> &'static str {
    match level {
        Level::Ok => palette.ok,
        Level::Warn => palette.warn,
        Level::Critical => palette.critical,
    }
}

fn wide(text: &str, size: f64) -> f64 {
    text.chars().count() as f64 * size * LETTER
}

/// A text cut so that it takes no more than so many pixels.
fn cut(text: &str, size: f64, most: f64) -> String {
    if wide(text, size) <= most {
        return text.to_owned();
    }
    let letters = (most / (size * LETTER)).max(2.0) as usize - 1;
    text.chars().take(letters).chain(['…']).collect()
}

fn head(out: &mut String, panel: &Panel, data: &PanelData, look: &Look) {
    let width = f64::from(look.width);
    let until = time_of_day(data.end(), data.zone, true);
    let range = format!("last {}, {until}", data.range);
    let aside = if width >= 300.0 { wide(&range, 11.0) + 16.0 } else { 0.0 };
    let title = escaped(&cut(&panel.title, 13.0, width - 28.0 - aside));
    let _ = write!(out, r#"<text x="14" y="23" font-size="13" font-weight="600">{title}</text>"#);
    if aside > 0.0 {
        let _ = write!(
            out,
            r#"<text x="{}" y="23" font-size="11" text-anchor="end" fill="{}">{range}</text>"#,
            width - RIGHT,
            look.palette.muted
        );
    }
}

/// A part of one colour with the rest of another, both as `#rrggbb`.
fn mixed(one: &str, other: &str, part: f64) -> String {
    let channel = |colour: &str, at: usize| {
        let digits = colour.get(1 + 2 * at..3 + 2 * at).unwrap_or_default();
        f64::from(u8::from_str_radix(digits, 16).unwrap_or_default())
    };
    let mix = |at: usize| (channel(one, at) * part + channel(other, at) * (1.0 - part)).round();
    format!("#{:02x}{:02x}{:02x}", mix(0) as u8, mix(1) as u8, mix(2) as u8)
}

/// A still in the box, its classes as attributes. `own` is what is said of filled areas.
fn placed(out: &mut String, still: &str, place: [f64; 4], own: &str, look: &Look) {
    let [x, y, width, height] = place;
    let colours = look.palette;
    // The box of paths is 600 by 200: a stroke in it grows with the stretch.
    let stretch = ((width / 600.0) * (height / 200.0)).sqrt();
    let stroke = |pixels: f64| if look.stretches { pixels / stretch } else { pixels };
    let plain = r#"fill="none" vector-effect="non-scaling-stroke" stroke-width"#;
    let mut drawn = still.to_owned();
    let with_others = once(&colours.line_strong).chain(&colours.series);
    for (at, colour) in with_others.enumerate() {
        // Areas on top of each other must not shine through: their colour is mixed beforehand.
        let fill = mixed(colour, colours.surface, STACKED);
        let said = format!(r#"color="{colour}" fill="{fill}""#);
        drawn = drawn.replace(&format!(r#"class="c{at}""#), &said);
    }
    for (at, colour) in colours.heat.iter().enumerate() {
        let class = format!(r#"class="h{}""#, at + 1);
        drawn = drawn.replace(&class, &format!(r#"fill="{colour}""#));
    }
    let threshold = |level: &str, colour: &str| {
        let dashes = format!("{0} {0}", stroke(4.0));
        let class = format!(r#"class="t {level}""#);
        let said =
            format!(r#"{plain}="{}" stroke="{colour}" stroke-dasharray="{dashes}""#, stroke(1.0));
        (class, said)
    };
    let attributes = [
        (r#"class="l""#.to_owned(), format!(r#"{plain}="{}" stroke="currentColor""#, stroke(1.5))),
        (r#"class="a""#.to_owned(), own.to_owned()),
        (r#"class="b""#.to_owned(), r#"fill="currentColor" fill-opacity=".24""#.to_owned()),
        (
            r#"class="g""#.to_owned(),
            format!(r#"{plain}="{}" stroke="{}""#, stroke(1.0), colours.grid),
        ),
        (r#"class="axis""#.to_owned(), format!(r#"fill="{}" font-size="11""#, colours.muted)),
        (r#"class="axis since""#.to_owned(), format!(r#"fill="{}" font-size="11""#, colours.muted)),
        threshold("warn", colours.warn),
        threshold("critical", colours.critical),
    ];
    for (class, said) in attributes {
        drawn = drawn.replace(&class, &said);
    }
    let _ = write!(
        out,
        concat!(
            r#"<svg x="{x}" y="{y}" width="{width}" height="{height}" overflow="visible">"#,
            "{drawn}</svg>"
        ),
        x = x,
        y = y,
        width = width,
        height = height,
        drawn = drawn
    );
}

fn chart(out: &mut String, panel: &Panel, data: &PanelData, shown: &[Shown<'_>], look: &Look) {
    let (width, height) = (f64::from(look.width), f64::from(look.height));
    let room = height - HEAD - BELOW - PLOT_LEAST;
    // The buckets of a heat map stand beside its axis.
    let listed = panel.legend && panel.kind != PanelKind::Heatmap;
    let most = if listed { (room / LINE).clamp(0.0, 3.0) as usize } else { 0 };
    let lines = legend(panel, shown, look, most);
    let foot = lines.len() as f64 * LINE + if lines.is_empty() { 0.0 } else { 6.0 };
    let plot = [LEFT, HEAD, width - LEFT - RIGHT, (height - HEAD - BELOW - foot).max(PLOT_LEAST)];
    let stacked = panel.kind == PanelKind::Stack;
    let own = if stacked { "" } else { SHADED };
    placed(out, &still::chart(panel, data), plot, own, look);
    for (at, line) in lines.iter().enumerate() {
        let y = height - foot + at as f64 * LINE + LINE / 2.0;
        let _ = write!(out, r#"<g transform="translate(14 {y})">{line}</g>"#);
    }
}

/// The legend in lines, each with its middle at 0; what does not fit is counted at the end.
fn legend(panel: &Panel, shown: &[Shown<'_>], look: &Look, most: usize) -> Vec<String> {
    const SIZE: f64 = 12.0;
    const COUNT: f64 = 84.0;
    let room = f64::from(look.width) - 28.0;
    let mut lines: Vec<String> = Vec::new();
    let mut x = f64::INFINITY;
    let mut left = shown.len();
    for series in shown.iter().take_while(|series| series.color > 0) {
        let value = number::text(
            series.latest.map_or(f64::NAN, |latest| latest.value),
            panel.unit_of(series.query),
            panel.decimals,
        );
        let name = cut(&series.name, SIZE, room / 2.0);
        let takes = 30.0 + wide(&name, SIZE) + wide(&value, SIZE) + 8.0;
        // The last line keeps room for the count of what has none.
        let kept = if lines.len() == most { COUNT } else { 0.0 };
        if x + takes > room - kept {
            if lines.len() == most {
                break;
            }
            lines.push(String::new());
            x = 0.0;
        }
        let Some(line) = lines.last_mut() else { break };
        let colour = look.palette.series[usize::from(series.color.clamp(1, 8)) - 1];
        let (muted, after) = (look.palette.muted, x + 22.0 + wide(&name, SIZE));
        let _ = write!(
            line,
            concat!(
                r#"<rect x="{x}" y="-1.5" width="10" height="3" rx="1.5" fill="{colour}"/>"#,
                r#"<text x="{text}" y="4" fill="{muted}">{name}</text>"#,
                r#"<text x="{after}" y="4" font-weight="600">{value}</text>"#
            ),
            x = x,
            colour = colour,
            text = x + 16.0,
            muted = muted,
            name = escaped(&name),
            after = after,
            value = escaped(&value)
        );
        x += takes;
        left -= 1;
    }
    if let Some(last) = lines.last_mut().filter(|_| left > 0) {
        let muted = look.palette.muted;
        let _ = write!(last, r#"<text x="{x}" y="4" fill="{muted}">and {left} more</text>"#);
    }
    lines
}

fn stat(out: &mut String, panel: &Panel, data: &PanelData, shown: &[Shown<'_>], look: &Look) {
    let (width, height) = (f64::from(look.width), f64::from(look.height));
    let latest = shown.first().and_then(|first| first.latest);
    let value = latest.map_or(f64::NAN, |latest| latest.value);
    let mapped = panel.mapping(value).map(|(_, mapping)| mapping);
    let (number, unit) = match mapped {
        Some(mapping) => (mapping.text.clone(), String::new()),
        None => number::parts(value, panel.unit_of(0), panel.decimals),
    };
    let fresh = latest.is_some_and(|latest| !latest.stale);
    let level = match mapped {
        Some(mapping) => mapping.level,
        None => panel.reached(value).map(|reached| reached.level),
    };
    let plain = if fresh { look.palette.text } else { look.palette.muted };
    let level = level.filter(|_| fresh);
    let colour = level.map_or(plain, |level| level_colour(&look.palette, level));
    let size = ((height - HEAD) * 0.45).clamp(24.0, 72.0);
    let y = HEAD + size;
    let _ = write!(
        out,
        concat!(
            r#"<text x="14" y="{y}" font-size="{size}" font-weight="600" fill="{colour}">{number}"#,
            r#"<tspan dx="4" font-size="{small}" font-weight="500" fill="{muted}">{unit}</tspan>"#,
            "</text>"
        ),
        y = y,
        size = size,
        colour = colour,
        number = escaped(&number),
        small = (size * 0.42).max(12.0),
        muted = look.palette.muted,
        unit = escaped(&unit)
    );
    let top = y + 10.0;
    if height - top > 16.0 {
        let line = look.palette.series[usize::from(panel.color.clamp(1, 8)) - 1];
        let _ = write!(out, r#"<g color="{line}">"#);
        let place = [1.0, top, width - 2.0, height - top - 8.0];
        placed(out, &still::spark(panel, data), place, SHADED, look);
        out.push_str("</g>");
    }
}

fn gauges(out: &mut String, panel: &Panel, shown: &[Shown<'_>], look: &Look) {
    let (width, height) = (f64::from(look.width), f64::from(look.height));
    let room = height - HEAD - 12.0;
    let count = shown.len().min(((width / 90.0) as usize).max(1));
    let cell = width / count as f64;
    let side = (cell - 20.0).min(room - 22.0).clamp(30.0, 320.0);
    for (at, series) in shown.iter().take(count).enumerate() {
        let unit = panel.unit_of(series.query);
        let value = series.latest.map_or(f64::NAN, |latest| latest.value);
        let least = panel.min.unwrap_or(0.0);
        let whole = if *unit == crate::dashboard::Unit::Ratio { 1.0 } else { 100.0 };
        let most = panel.max.unwrap_or(whole);
        let share = (value - least) / (most - least);
        let colour = panel
            .reached(value)
            .map_or(look.palette.series[0], |found| level_colour(&look.palette, found.level));
        let dial = still::dial(share).replace(r#"class="v""#, &format!(r#"stroke="{colour}""#));
        let middle = (at as f64 + 0.5) * cell;
        let (x, y) = (middle - side / 2.0, HEAD + (room - 22.0 - side * 0.92).max(0.0) / 2.0);
        let text = escaped(&number::text(value, unit, panel.decimals));
        let name = escaped(&cut(&series.name, 12.0, cell - 8.0));
        let _ = write!(
            out,
            concat!(
                r#"<g stroke="{track}" stroke-width="9" stroke-linecap="round">"#,
                r#"<svg x="{x}" y="{y}" width="{side}" height="{high}">{dial}</svg></g>"#,
                r#"<g text-anchor="middle"><text x="{middle}" y="{ty}" font-size="{size}" "#,
                r#"font-weight="600">{text}</text>"#,
                r#"<text x="{middle}" y="{ny}" fill="{muted}">{name}</text></g>"#
            ),
            track = look.palette.track,
            x = x,
            y = y,
            side = side,
            high = side * 0.92,
            dial = dial,
            middle = middle,
            ty = y + side * 0.56,
            size = (side * 0.16).max(11.0),
            text = text,
            ny = height - 12.0,
            muted = look.palette.muted,
            name = name
        );
    }
}

/// The newest values with their names, the largest first; as words in panels of words, with a bar
/// where the panel draws one.
fn rows(out: &mut String, panel: &Panel, shown: &[Shown<'_>], look: &Look) {
    let (width, height) = (f64::from(look.width), f64::from(look.height));
    let value = |series: &Shown<'_>| series.latest.map_or(f64::NAN, |latest| latest.value);
    let fresh = |series: &&Shown<'_>| series.latest.is_some_and(|latest| !latest.stale);
    let main = shown.iter().filter(|series| series.query == 0);
    let mut first: Vec<&Shown<'_>> = main.filter(fresh).collect();
    first.sort_by(|a, b| value(b).total_cmp(&value(a)));
    first.truncate(panel.series_max());
    let most = ((height - HEAD - 8.0) / LINE).max(1.0) as usize;
    let whole = first.iter().map(|series| value(series)).fold(0.0, f64::max);
    let bars = matches!(panel.kind, PanelKind::Bars | PanelKind::Pie);
    for (at, series) in first.iter().take(most).enumerate() {
        let said = state(panel, series.query, value(series));
        let words = panel.kind.has_words() && (said.level.is_some() || said.color.is_some());
        let number = || number::text(value(series), panel.unit_of(series.query), panel.decimals);
        let text = if words { said.text } else { number() };
        let room = width - 44.0 - wide(&text, 12.0);
        let name = cut(&series.name.replace('`', ""), 12.0, room);
        let (top, y) = (HEAD + at as f64 * LINE, HEAD + (at as f64 + 0.7) * LINE);
        let share = value(series) / whole;
        if bars && share > 0.0 {
            let colour = look.palette.series[usize::from(series.color.clamp(1, 8)) - 1];
            let long = (width - 28.0) * share.min(1.0);
            let _ = write!(
                out,
                concat!(
                    r#"<rect x="14" y="{top}" width="{long}" height="{high}" rx="3" "#,
                    r#"fill="{colour}" fill-opacity=".3"/>"#
                ),
                top = top + 1.0,
                long = long,
                high = LINE - 2.0,
                colour = colour
            );
        }
        let _ = write!(
            out,
            concat!(
                r#"<path d="M14 {top}H{end}" stroke="{grid}"/><text x="20" y="{y}">{name}</text>"#,
                r#"<text x="{edge}" y="{y}" text-anchor="end" font-weight="600">{text}</text>"#
            ),
            top = top,
            end = width - RIGHT,
            edge = width - RIGHT - 6.0,
            grid = look.palette.grid,
            y = y,
            name = escaped(&name),
            text = escaped(&text)
        );
    }
}

/// The states of each series over time.
fn strips(out: &mut String, panel: &Panel, data: &PanelData, shown: &[Shown<'_>], look: &Look) {
    let (width, height) = (f64::from(look.width), f64::from(look.height));
    let found = timeline::strips(panel, data, shown);
    let most = ((height - HEAD - BELOW) / LINE).max(1.0) as usize;
    let aside = (width * 0.25).clamp(30.0, 160.0);
    let long = width - aside - 28.0;
    // The picture asks for columns of a page, which are some 100 pixels wide.
    let columns = (long / 100.0).clamp(1.0, 12.0) as u8;
    for (at, strip) in found.iter().take(most).enumerate() {
        let top = HEAD + at as f64 * LINE;
        let mut drawn = timeline::picture(strip, columns);
        for (number, colour) in look.palette.series.iter().enumerate() {
            let class = format!(r#"class="v c{}""#, number + 1);
            drawn = drawn.replace(&class, &format!(r#"fill="{colour}""#));
        }
        for level in [Level::Ok, Level::Warn, Level::Critical] {
            let class = format!(r#"class="v {}""#, level.name());
            let colour = level_colour(&look.palette, level);
            drawn = drawn.replace(&class, &format!(r#"fill="{colour}""#));
        }
        let ground = look.palette.track;
        let drawn = drawn.replace("<text ", &format!(r#"<text fill="{}" "#, look.palette.surface));
        let drawn = drawn.replace("<rect width", &format!(r#"<rect fill="{ground}" width"#));
        let _ = write!(
            out,
            concat!(
                r#"<text x="14" y="{y}">{name}</text>"#,
                r#"<svg x="{x}" y="{top}" width="{long}" height="{high}" font-size="11">"#,
                "{drawn}</svg>"
            ),
            y = top + LINE * 0.7,
            name = escaped(&cut(&strip.name, 12.0, aside - 8.0)),
            x = aside + 14.0,
            top = top + 1.0,
            long = long,
            high = LINE - 3.0,
            drawn = drawn
        );
    }
    let top = HEAD + found.len().min(most) as f64 * LINE + 2.0;
    let _ = write!(
        out,
        concat!(
            r#"<svg x="{x}" y="{top}" width="{long}" height="16" fill="{muted}" font-size="11" "#,
            r#"text-anchor="middle" overflow="visible">{axis}</svg>"#
        ),
        x = aside + 14.0,
        top = top,
        long = long,
        muted = look.palette.muted,
        axis = timeline::axis(data)
    );
}

#[cfg(test)]
mod tests;
