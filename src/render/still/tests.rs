//! Stills: what stands in the picture for given windows.

use proptest::collection::vec;
use proptest::sample::select;

use super::*;
use crate::dashboard::{Level, Mark, Nulls, PanelQuery, Plan, Threshold, Unit};
use crate::model::{ABSENT, Labels};
use crate::render::Window;

fn panel(kind: PanelKind) -> Panel {
    let query = PanelQuery::new(Plan::new("x").expect("a query"));
    Panel::new("cpu", "CPU", kind, query)
}

/// A window of ten seconds that ends at the present.
fn data(series: &[(&str, &[f64])]) -> PanelData {
    let named =
        |(name, values): &(&str, &[f64])| (Labels::named("x").with("n", name), values.to_vec());
    let now = Timestamp(1_700_000_000_000);
    let window = Window { end: now, step: Span(1000), series: series.iter().map(named).collect() };
    PanelData { now, range: Span(10_000), zone: Span::ZERO, windows: vec![window] }
}

fn count(text: &str, part: &str) -> usize {
    text.matches(part).count()
}

#[test]
fn a_line_is_broken_and_hatched_where_nothing_was_measured() {
    let values = [ABSENT, ABSENT, 1.0, 2.0, ABSENT, ABSENT, 3.0, 4.0, 4.0, 4.0, 4.0];
    let svg = chart(&panel(PanelKind::Line), &data(&[("a", &values)]));
    assert_eq!(count(&svg, r#"<rect class="gap""#), 1, "{svg}");
    assert!(svg.contains(r#"x="30%" width="30%""#), "{svg}");
    assert!(
        svg.contains(r#""a" d="M120 200V150l60-50V200M360 200V50l60-50l60 0l60 0l60 0V200""#),
        "{svg}"
    );
    assert!(svg.contains(r#""l" d="M120 150l60-50M360 50l60-50l60 0l60 0l60 0""#), "{svg}");
    let whole = chart(&panel(PanelKind::Line), &data(&[("a", &[1.0; 11])]));
    assert_eq!((count(&whole, "gap"), count(&whole, "pattern")), (0, 0));
}

#[test]
fn a_young_chart_says_since_when_it_records() {
    let mut young = vec![ABSENT; 8];
    young.extend([1.0, 2.0, 3.0]);
    let svg = chart(&panel(PanelKind::Line), &data(&[("a", &young)]));
    assert!(
        svg.contains(r#"x="40%" y="50%" dy=".35em" text-anchor="middle">recording since 22:13<"#),
        "{svg}"
    );
    assert!(svg.contains(r#"d="M480 200V133l60-66l60-67V200""#) && !svg.contains("gap"), "{svg}");
    let whole = chart(&panel(PanelKind::Line), &data(&[("a", &[1.0; 11])]));
    assert!(!whole.contains("recording"));
}

#[test]
fn a_series_that_ended_while_others_go_on_is_no_gap() {
    let ended = [1.0, 1.0, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT];
    let svg = chart(&panel(PanelKind::Line), &data(&[("a", &ended), ("b", &[1.0; 11])]));
    assert_eq!(count(&svg, "gap"), 0);
    let alone = chart(&panel(PanelKind::Line), &data(&[("a", &ended)]));
    assert!(alone.contains(r#"x="10%" width="90%""#), "{alone}");
}

#[test]
fn a_stack_adds_up_and_draws_its_lowest_series_last() {
    let mut panel = panel(PanelKind::Stack);
    panel.max = Some(100.0);
    let svg = chart(&panel, &data(&[("a", &[10.0; 11]), ("b", &[30.0; 11])]));
    let (upper, lower) =
        (svg.find("M0 200V120").expect("at 40"), svg.find("M0 200V180").expect("at 10"));
    assert!(upper < lower);
    assert!(svg.find(r#"class="c2""#) < svg.find(r#"class="c1""#));
}

#[test]
fn axes_and_thresholds_are_named_and_drawn() {
    let mut panel = panel(PanelKind::Line);
    (panel.min, panel.max, panel.unit) = (Some(0.0), Some(100.0), Unit::Percent);
    let threshold =
        |value| Threshold { mark: Mark::Both, value, level: Level::Warn, word: String::new() };
    panel.thresholds = vec![threshold(80.0), threshold(400.0)];
    let svg = chart(&panel, &data(&[("a", &[50.0; 11])]));
    assert!(svg.contains(r#" d="M0 40H600"/>"#), "{svg}");
    assert_eq!((count(&svg, "class=\"t "), count(&svg, "class=\"tb ")), (1, 1));
    assert!(svg.contains(r#"<path class="tb warn" d="M0 0H600V40H0Z"/>"#), "{svg}");
    for label in [">0%<", ">25%<", ">100%<", ">22:13:15<"] {
        assert!(svg.contains(label), "{label} {svg}");
    }
}

#[test]
fn a_panel_says_how_thresholds_and_missing_values_are_drawn() {
    let mut panel = panel(PanelKind::Line);
    (panel.min, panel.max) = (Some(0.0), Some(4.0));
    for (mark, lines, bands) in
        [(Mark::Both, 1, 1), (Mark::Line, 1, 0), (Mark::Band, 0, 1), (Mark::None, 0, 0)]
    {
        panel.thresholds =
            vec![Threshold { mark, value: 2.0, level: Level::Warn, word: String::new() }];
        let svg = chart(&panel, &data(&[("a", &[1.0; 11])]));
        let drawn = (count(&svg, "class=\"t "), count(&svg, "class=\"tb "));
        assert_eq!(drawn, (lines, bands), "{mark:?}");
    }
    let values = [1.0, 1.0, ABSENT, ABSENT, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0];
    for (nulls, line) in [
        (Nulls::Gap, "M0 150l60 0M240 0l60 0"),
        (Nulls::Zero, "M0 150l60 0l60 50l60 0l60-200l60 0"),
        (Nulls::Connect, "M0 150l60 0l60-50l60-50l60-50l60 0"),
    ] {
        panel.nulls = nulls;
        let svg = chart(&panel, &data(&[("a", &values)]));
        assert!(svg.contains(&format!(r#""l" d="{line}"#)), "{nulls:?} {svg}");
        assert_eq!(count(&svg, "gap") > 0, nulls == Nulls::Gap);
    }
}

#[test]
fn no_picture_has_styles_or_more_points_than_allowed() {
    let values: Vec<f64> = (0..901).map(|index| f64::from(index).sin() * 1e9).collect();
    let mut data = data(&[("a", &values)]);
    data.range = Span(900_000);
    let svg = chart(&panel(PanelKind::Line), &data);
    let line = svg.split("class=\"a\" d=\"").nth(1).and_then(|rest| rest.split('"').next());
    assert_eq!(line.map(|line| count(line, "l") + count(line, "M")), Some(POINTS_MAX));
    assert!(!svg.contains("style=") && svg.len() < 4000, "{}", svg.len());
}

proptest::proptest! {
    #[test]
    fn any_values_give_a_picture_of_plain_numbers(
        rows in vec(vec(proptest::num::f64::ANY, 0..30), 0..4),
        kind in select(&[
            PanelKind::Line,
            PanelKind::Stack,
            PanelKind::Band,
            PanelKind::Mirror,
            PanelKind::Heatmap,
        ]),
        unit in select(&[Unit::None, Unit::Bytes, Unit::Percent, Unit::Duration]),
    ) {
        let mut panel = panel(kind);
        panel.unit = unit;
        let names = ["a", "b", "c", "d"];
        let series: Vec<(&str, &[f64])> =
            names.into_iter().zip(&rows).map(|(name, row)| (name, row.as_slice())).collect();
        let data = data(&series);
        for svg in [chart(&panel, &data), spark(&panel, &data)] {
            for path in svg.split(" d=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
                let plain = |letter: char| "MlLZHVhvz .-0123456789".contains(letter);
                proptest::prop_assert!(path.chars().all(plain), "{}", path);
            }
            proptest::prop_assert!(!svg.contains("NaN") && !svg.contains("inf"), "{}", svg);
        }
    }
}

#[test]
fn what_a_word_of_a_unit_holds_stays_text() {
    let mut panel = panel(PanelKind::Line);
    panel.unit = Unit::Custom("<b>\"".to_owned());
    let svg = chart(&panel, &data(&[("a", &[1.0; 11])]));
    assert!(svg.contains("&lt;b&gt;&quot;") && !svg.contains("<b>"));
}

#[test]
fn sparks_and_dials_are_drawn_for_any_values() {
    let stat = panel(PanelKind::Stat);
    let flat = spark(&stat, &data(&[("a", &[5.0; 11])]));
    assert!(flat.contains(r#"class="a" d="M0 200V100l60 0"#), "{flat}");
    let empty = spark(&stat, &data(&[]));
    assert!(empty.contains(r#"<path class="a" d=""/>"#), "{empty}");
    let single = spark(&stat, &data(&[("a", &[f64::INFINITY, 1.0])]));
    assert!(single.contains("h1"), "{single}");
    let huge = spark(&stat, &data(&[("a", &[-3.7e239])]));
    assert!(huge.contains("M600 200V100h1"), "{huge}");
    let offset = |share: f64| {
        let svg = dial(share);
        svg.split("dashoffset=\"").nth(1).and_then(|rest| rest.split('"').next()).map(str::to_owned)
    };
    assert_eq!(offset(1.0).as_deref(), Some("0"));
    assert_eq!(offset(0.0).as_deref(), Some("197.9"));
    assert_eq!(offset(f64::NAN).as_deref(), Some("197.9"));
    assert_eq!(offset(7.0).as_deref(), Some("0"));
}

#[test]
fn a_chart_is_told_in_words() {
    let mut panel = panel(PanelKind::Line);
    panel.unit = Unit::Percent;
    let words = described(&panel, &data(&[("a", &[1.0, 30.0, 25.8])]));
    assert_eq!(
        words,
        "CPU, last 10 seconds: n=a 25.8\u{202f}% (least 1.0\u{202f}%, most 30.0\u{202f}%)"
    );
    assert_eq!(described(&panel, &data(&[])), "CPU, last 10 seconds: no values yet");
    let names: Vec<String> = (0..11).map(|index| format!("{index:02}")).collect();
    let many: Vec<(&str, &[f64])> =
        names.iter().map(|name| (name.as_str(), [1.0].as_slice())).collect();
    assert!(described(&panel, &data(&many)).ends_with("; and 7 more series"));
}

#[test]
fn what_lies_below_is_drawn_downwards_and_its_axis_names_sizes() {
    let mut panel = panel(PanelKind::Mirror);
    let down = PanelQuery::new(Plan::new("y").expect("a query"));
    panel.queries.push(PanelQuery { below: true, ..down });
    let mut data = data(&[("a", &[4.0; 11])]);
    let (labels, values) = (Labels::named("y").with("n", "b"), vec![4.0; 11]);
    data.windows.push(Window { end: data.now, step: Span(1000), series: vec![(labels, values)] });
    let svg = chart(&panel, &data);
    assert_eq!((count(&svg, "class=\"a\""), count(&svg, ">4</text>")), (2, 2), "{svg}");
    assert!(svg.contains("M0 0l") && svg.contains("M0 200l") && !svg.contains('\u{2212}'), "{svg}");
}

#[test]
fn a_band_is_an_area_between_its_queries_with_the_middle_one_as_a_line() {
    let mut panel = panel(PanelKind::Band);
    let query = || PanelQuery::new(Plan::new("x").expect("a query"));
    panel.queries.extend([query(), query()]);
    let mut data = data(&[("a", &[1.0; 11])]);
    for value in [2.0, 4.0] {
        let series = vec![(Labels::named("x").with("n", "a"), vec![value; 11])];
        data.windows.push(Window { end: data.now, step: Span(1000), series });
    }
    let svg = chart(&panel, &data);
    assert_eq!((count(&svg, "class=\"b\""), count(&svg, "class=\"l\"")), (1, 1), "{svg}");
    assert_eq!(count(&svg, "class=\"c1\""), 1, "one colour for one thing: {svg}");
}

#[test]
fn a_heat_map_names_its_buckets_and_shades_its_cells() {
    let panel = panel(PanelKind::Heatmap);
    let bucket = |edge: &str, value: f64| (Labels::named("x").with("le", edge), vec![value; 11]);
    let mut data = data(&[]);
    data.windows[0].series = vec![bucket("+Inf", 5.0), bucket("0.5", 4.0), bucket("2", 4.0)];
    let svg = chart(&panel, &data);
    let names = [">0.5</text>", ">2</text>", ">+∞</text>"].map(|name| svg.find(name));
    assert!(names.iter().all(Option::is_some), "{svg}");
    // Four of five fell below a half, none between, one above two.
    assert_eq!((count(&svg, "class=\"h5\""), count(&svg, "class=\"h3\"")), (1, 1), "{svg}");
    let cells = svg.split("class=\"h5\"").nth(1).and_then(|rest| rest.split("/>").next());
    assert!(cells.is_some_and(|cells| cells.contains(" 133H")), "the lowest row: {svg}");
}
