//! Pictures by themselves: no sheet, no class, nothing from outside as markup.

use super::*;
use crate::dashboard::{Mark, PanelQuery, Plan, Threshold, Unit};
use crate::model::{Labels, Span, Timestamp};
use crate::render::Window;

const LOOK: Look = Look { width: 600, height: 300, palette: LIGHT, stretches: false };

fn panel(kind: PanelKind) -> Panel {
    let query = PanelQuery::new(Plan::new("x").expect("a query"));
    let mut panel = Panel::new("x", "A <b> & c", kind, query);
    panel.unit = Unit::Percent;
    let (word, mark) = ("full".to_owned(), Mark::Line);
    panel.thresholds = vec![Threshold { value: 90.0, level: Level::Critical, word, mark }];
    panel
}

fn data(values: &[f64]) -> PanelData {
    let series = |name: &str| (Labels::named("x").with("n", name), values.to_vec());
    let window = Window {
        end: Timestamp(100_000),
        step: Span(1000),
        series: if values.is_empty() { Vec::new() } else { vec![series("a<"), series("b")] },
    };
    let (now, range) = (Timestamp(100_000), Span(60_000));
    PanelData { now, range, zone: Span::ZERO, windows: vec![window] }
}

#[test]
fn every_kind_is_a_picture_that_needs_nothing_around_it() {
    for kind in PanelKind::ALL.into_iter().filter(|kind| *kind != PanelKind::Text) {
        for (values, palette) in [(&[95.0, 96.0][..], LIGHT), (&[5.0][..], DARK), (&[][..], DARK)] {
            for (width, height) in [(100, 100), (600, 300), (2000, 2000)] {
                let look = Look { width, height, palette, stretches: true };
                let svg = picture(&panel(kind), &data(values), &look);
                let start = format!(
                    r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" "#
                );
                assert!(svg.starts_with(&start) && svg.ends_with("</svg>"), "{svg}");
                assert!(svg.contains("<title>A &lt;b&gt; &amp; c, last 1 minute"), "{svg}");
                for wrong in ["class=", "style", "<b>", "NaN", "var(", "inf"] {
                    assert!(!svg.contains(wrong), "{kind:?} {wrong}: {svg}");
                }
                assert_eq!(svg.contains(">no data</text>"), values.is_empty(), "{svg}");
                assert!(svg.contains(palette.surface));
            }
        }
    }
    let stat = picture(&panel(PanelKind::Stat), &data(&[95.0]), &LOOK);
    assert!(stat.contains(&format!("fill=\"{}\">95.0<tspan", LIGHT.critical)), "{stat}");
    let line = picture(&panel(PanelKind::Line), &data(&[95.0, 96.0]), &LOOK);
    assert!(line.contains(">n=a&lt;</text>") && line.contains(LIGHT.series[1]), "{line}");
}

#[test]
fn areas_of_a_stack_do_not_shine_through() {
    assert_eq!(mixed("#000000", "#ffffff", 0.5), "#808080");
    let svg = picture(&panel(PanelKind::Stack), &data(&[5.0, 6.0]), &LOOK);
    let fill = mixed(LIGHT.series[0], LIGHT.surface, STACKED);
    assert!(svg.contains(&format!(r#"color="{}" fill="{fill}""#, LIGHT.series[0])), "{svg}");
}

#[test]
fn a_badge_has_the_colour_of_its_level() {
    let check = |values: &[f64], text: &str, colour: &str| {
        let svg = badge(&panel(PanelKind::Stat), &data(values), Some("disk"));
        assert!(svg.contains(&format!("<title>disk: {text}</title>")), "{svg}");
        assert!(svg.contains(&format!("fill=\"{colour}\"/></g>")), "{svg}");
    };
    check(&[95.0], "95.0\u{202f}%", LIGHT.critical);
    check(&[5.0], "5.0\u{202f}%", LIGHT.ok);
    check(&[], "no data", LIGHT.off);
    let plain = Panel { thresholds: Vec::new(), ..panel(PanelKind::Line) };
    assert!(badge(&plain, &data(&[5.0]), None).contains(LIGHT.series[0]));
    assert!(badge(&plain, &data(&[5.0]), None).contains("<title>A &lt;b&gt; &amp; c: "));
}

#[test]
fn the_colours_are_those_of_the_sheet() {
    let sheet = include_str!("../../../assets/style.css");
    let check = |token: &str, light: &str, dark: &str| {
        let (_, rest) = sheet.split_once(&format!("--{token}: light-dark(")).expect(token);
        let (pair, _) = rest.split_once(')').expect("an end");
        assert_eq!(pair, format!("{light}, {dark}"), "{token}");
    };
    check("surface", LIGHT.surface, DARK.surface);
    check("line", LIGHT.line, DARK.line);
    check("line-strong", LIGHT.line_strong, DARK.line_strong);
    check("text", LIGHT.text, DARK.text);
    check("muted", LIGHT.muted, DARK.muted);
    check("grid", LIGHT.grid, DARK.grid);
    check("track", LIGHT.track, DARK.track);
    check("ok", LIGHT.ok, DARK.ok);
    check("warn", LIGHT.warn, DARK.warn);
    check("crit", LIGHT.critical, DARK.critical);
    check("off", LIGHT.off, DARK.off);
    for (at, light) in LIGHT.series.iter().enumerate() {
        check(&format!("c{}", at + 1), light, DARK.series[at]);
    }
    for (at, light) in LIGHT.heat.iter().enumerate() {
        check(&format!("h{}", at + 1), light, DARK.heat[at]);
    }
}
