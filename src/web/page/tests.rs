//! Pages as HTML: complete without scripts, nothing from outside as markup, nothing inline.

mod embed;

use super::*;
use crate::dashboard::{
    Level, Link, Mapping, Mark, PanelKind, PanelQuery, Threshold, Unit, markdown,
};
use crate::model::{ABSENT, Labels};
use crate::query::Plan;
use crate::render::Window;

const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn query(text: &str) -> PanelQuery {
    PanelQuery::new(Plan::new(text).expect("a query"))
}

fn panel(id: &str, kind: PanelKind) -> Panel {
    Panel::new(id, &id.to_uppercase(), kind, query("x"))
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    Labels::from_pairs(pairs.iter().copied()).expect("labels")
}

fn data(windows: Vec<Vec<(Labels, Vec<f64>)>>) -> PanelData {
    let window = |series| Window { end: NOW, step: Span(1000), series };
    let windows = windows.into_iter().map(window).collect();
    PanelData { now: NOW, range: Span::from_secs(300), zone: Span::ZERO, windows }
}

fn script(name: &str) -> Script {
    let entry = format!("/assets/h/{name}.js");
    Script { modules: vec![entry.clone(), "/assets/h/start.js".into()], entry }
}

fn view(name: &str) -> (String, Vec<String>) {
    (name.to_owned(), vec![format!("/assets/h/views/{name}.js"), "/assets/h/start.js".into()])
}

fn assets() -> AssetUrls {
    AssetUrls {
        style: "/assets/h/style.css".into(),
        page_style: "/assets/h/page.css".into(),
        variables_style: "/assets/h/variables.css".into(),
        script: script("main"),
        explore: script("explore"),
        explore_style: "/assets/h/explore.css".into(),
        embed: script("embed"),
        views: ["chart", "stat", "gauge", "table", "timeline", "text"].map(view).to_vec(),
        icon: "/assets/h/icon.svg".into(),
    }
}

fn board_of(panels: Vec<Panel>) -> Dashboard {
    Dashboard {
        slug: "overview".into(),
        title: "web-01".into(),
        description: String::new(),
        embed: true,
        range: Span::from_secs(300),
        scrape_interval: None,
        variables: Vec::new(),
        time_zone: None,
        panels,
        pinned: Vec::new(),
    }
}

fn page_with(
    panels: Vec<Panel>,
    data: &[PanelData],
    change: impl Fn(&mut BoardPage<'_>),
) -> String {
    let (assets, board) = (assets(), board_of(panels));
    let nav = [NavEntry { title: "Overview".into(), href: "/".into(), current: true }];
    let mut page = BoardPage {
        metric: None,
        shell: Shell { assets: &assets, nav: &nav, theme: None },
        seen: Seen::default(),
        choosing: Choosing::default(),
        dashboard: &board,
        panels: data,
        whys: &[],
        now: NOW,
        zone: Span::ZERO,
        clock: None,
        range: Span::from_secs(300),
        is_past: false,
        facts: "Debian 12 · 8 cores",
        reach: "history since 22:01",
        data_json: "{}",
        beyond: &[],
        mistakes: &[],
        push_base: None,
    };
    change(&mut page);
    super::board(&page)
}

fn page(panels: Vec<Panel>, data: &[PanelData]) -> String {
    page_with(panels, data, |_| {})
}

/// Fails unless every tag is closed in order, and no attribute carries style or script.
fn check_markup(html: &str) {
    const VOID: [&str; 5] = ["meta", "link", "br", "hr", "input"];
    let mut open: Vec<&str> = Vec::new();
    let mut ids: Vec<&str> = Vec::new();
    let mut rest = html;
    while let Some((_, after)) = rest.split_once('<') {
        let (tag, behind) = after.split_once('>').expect("a tag ends");
        rest = behind;
        if tag.starts_with('!') {
            continue;
        }
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{html}");
            continue;
        }
        let name = tag.split([' ', '/']).next().expect("a name");
        for forbidden in [" style=", " onclick=", " onload=", " href=\"javascript:"] {
            assert!(!tag.contains(forbidden), "{tag}");
        }
        if let Some((id, _)) = tag.split_once(" id=\"").and_then(|(_, id)| id.split_once('"')) {
            assert!(!ids.contains(&id), "{id} stands twice");
            ids.push(id);
        }
        if name == "script" {
            assert!(tag.contains(" src=") || tag.contains("application/json"), "{tag}");
        }
        if !VOID.contains(&name) && !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn a_board_is_complete_without_scripts() {
    let mut stat = panel("cpu-busy", PanelKind::Stat);
    (stat.unit, stat.note, stat.color) = (Unit::Percent, "of {1}".into(), 5);
    stat.queries.push(PanelQuery { unit: Some(Unit::Bytes), ..query("y") });
    let mut chart = panel("cpu", PanelKind::Stack);
    (chart.unit, chart.queries[0].legend) = (Unit::Percent, "{{mode}}".into());
    let cpu = |mode: &str, value: f64| (labels(&[("mode", mode)]), vec![value; 300]);
    let all = [
        data(vec![vec![cpu("", 38.04)], vec![cpu("", 1024.0)]]),
        data(vec![vec![cpu("user", 25.83), cpu("system", 5.0)]]),
    ];
    let html = page(vec![stat, chart], &all);
    check_markup(&html);
    for part in [
        r#"<html lang="en" data-state="still" data-mode="board">"#,
        "<title>web-01 · Watchglass</title>",
        r#"<link rel="modulepreload" href="/assets/h/views/stat.js">"#,
        r#"<script type="module" src="/assets/h/main.js"></script>"#,
        r#"<a href="/" aria-current="page">Overview</a>"#,
        r#"<a href="?range=5m" data-range="300000" aria-current="true">5m</a>"#,
        "<b>Snapshot</b><small>22:13:20</small>",
        r#"<wg-panel class="panel k-stat" id="cpu-busy" data-w="2" "#,
        r#"data-h="2" role="group" aria-labelledby="t-cpu-busy"><header class="head">"#,
        "<p class=\"num\"><em>of 1.00\u{202f}KiB</em><span>38.0</span><small>%</small></p>",
        r#"<div class="spark c5"><svg "#,
        "<div class=\"plot\" role=\"img\" aria-label=\"CPU, last 5 minutes: user 25.8\u{202f}% (",
        r#"<ul class="legend"><li><button class="c1"><i></i>"#,
        "<span>user</span><b>25.8\u{202f}%</b></button>",
        "<footer class=\"foot\"><span>history since 22:01</span></footer>",
        r#"<script type="application/json" id="wg-data">{}</script>"#,
    ] {
        assert!(html.contains(part), "{part}\n{html}");
    }
    assert_eq!(html.matches("<wg-panel ").count(), 2);
    assert!(!html.contains("id=\"push\"") && !html.contains("more metrics"));
}

#[test]
fn nothing_from_outside_becomes_markup() {
    const EVIL: &str = "\"><script>alert(1)</script><img src=x onerror='x'>";
    let hostile = |kind| {
        let mut panel = panel("p", kind);
        (panel.title, panel.subtitle, panel.note) = (EVIL.into(), EVIL.into(), EVIL.into());
        panel.heading = EVIL.into();
        panel.unit = Unit::Custom("<script>".into());
        panel.queries[0].column = EVIL.into();
        (panel.description, panel.no_data) = (EVIL.into(), EVIL.into());
        panel.links = vec![Link { title: EVIL.into(), url: format!("/{EVIL}") }];
        panel.columns = vec!["a".into()];
        panel.text = markdown::parse(EVIL);
        let text = EVIL.into();
        panel.mappings = vec![Mapping { from: Some(2.0), to: None, text, level: None }];
        panel.thresholds = vec![Threshold {
            mark: Mark::Both,
            value: 1.0,
            level: Level::Critical,
            word: EVIL.into(),
        }];
        panel
    };
    let series = || vec![(labels(&[("a", EVIL), ("b", "<i>")]), vec![1.0, 2.0])];
    for kind in PanelKind::ALL {
        for windows in [vec![], vec![series()]] {
            let html = page_with(vec![hostile(kind)], &[data(windows)], |page| {
                (page.facts, page.reach, page.push_base) = (EVIL, EVIL, Some(EVIL));
                page.data_json = "{\"a\":\"</script><!--<script>\"}";
            });
            check_markup(&html);
            assert!(!html.contains("<script>") && !html.contains("<img"), "{html}");
            assert!(html.contains(r#"{"a":"\u003c/script>\u003c!--\u003cscript>"}"#));
        }
    }
}

#[test]
fn a_value_that_is_old_says_of_when_it_is() {
    let mut values = vec![5.0];
    values.resize(10, ABSENT);
    let old = data(vec![vec![(Labels::named("x"), values.clone())]]);
    let html = page(
        vec![panel("a", PanelKind::Stat), panel("b", PanelKind::Line)],
        &[
            old.clone(),
            data(vec![vec![
                (labels(&[("n", "1")]), values),
                (labels(&[("n", "2")]), vec![7.0; 10]),
            ]]),
        ],
    );
    check_markup(&html);
    assert!(html.contains(r#"aria-labelledby="t-a" data-stale>"#), "{html}");
    assert!(html.contains(r#"<span class="asof">as of 22:13:11</span>"#));
    assert!(html.contains("<span>5</span><small></small>"));
    let old = r#"<span>n=1</span><b data-stale>5</b><small class="asof">as of 22:13:11</small>"#;
    assert!(html.contains(old), "{html}");
    assert!(html.contains("<span>n=2</span><b>7</b></button>"));
    assert!(html.contains(r#"aria-labelledby="t-b"><header"#));
}

#[test]
fn what_the_head_says_of_all_values_is_not_said_again() {
    let old = || vec![vec![(labels(&[("n", "1")]), vec![5.0, ABSENT, ABSENT, ABSENT, ABSENT])]];
    for kind in [PanelKind::Line, PanelKind::Gauge] {
        let html = page(vec![panel("a", kind)], &[data(old())]);
        assert_eq!(html.matches("as of 22:13:16").count(), 1, "{html}");
    }
}

#[test]
fn thresholds_color_with_words() {
    let mut stat = panel("a", PanelKind::Stat);
    let threshold =
        |value, level, word: &str| Threshold { mark: Mark::Both, value, level, word: word.into() };
    stat.thresholds =
        vec![threshold(60.0, Level::Warn, "busy"), threshold(90.0, Level::Critical, "full")];
    let shown = |value: f64| {
        page(vec![stat.clone()], &[data(vec![vec![(Labels::named("x"), vec![value])]])])
    };
    let html = shown(95.0);
    assert!(html.contains(r#"<span class="word" data-level="critical">full</span>"#), "{html}");
    assert!(html.contains(r#"<p class="num" data-level="critical"><span>95"#), "{html}");
    assert!(html.contains(r#"aria-labelledby="t-a" data-level="critical"><header"#));
    assert!(shown(60.0).contains(r#"data-level="warn">busy</span>"#));
    assert!(!shown(59.9).contains("data-level"));
}

#[test]
fn gauges_are_meters() {
    let mut gauge = panel("capacity", PanelKind::Gauge);
    (gauge.unit, gauge.queries[0].legend) = (Unit::Percent, "Disk {{mountpoint}}".into());
    let series = vec![(labels(&[("mountpoint", "/data")]), vec![91.6])];
    let html = page(vec![gauge], &[data(vec![series])]);
    check_markup(&html);
    let meter = concat!(
        r#"<div class="gauge" role="meter" aria-label="Disk /data" aria-valuemin="0" "#,
        "aria-valuemax=\"100\" aria-valuenow=\"91.6\" aria-valuetext=\"92%\">",
    );
    assert!(html.contains(meter), "{html}");
    assert!(html.contains("<strong>92%</strong></div><p><b>Disk /data</b></p>"));
}

#[test]
fn a_table_joins_its_queries_and_leaves_out_what_ended() {
    let mut table = panel("top", PanelKind::Table);
    table.heading = "Process".into();
    table.limit = Some(2);
    table.queries = vec![
        PanelQuery {
            legend: "{{name}} `{{pid}}`".into(),
            column: "CPU".into(),
            unit: Some(Unit::Percent),
            bar: true,
            ..query("cpu")
        },
        PanelQuery { column: "Memory".into(), unit: Some(Unit::Bytes), ..query("memory") },
    ];
    let row = |metric: &str, name: &str, pid: &str, values: &[f64]| {
        let labels = labels(&[("__name__", metric), ("name", name), ("pid", pid)]);
        (labels, values.to_vec())
    };
    let mut ended = vec![99.0];
    ended.resize(10, ABSENT);
    let windows = vec![
        vec![
            row("cpu", "a", "1", &[10.0]),
            row("cpu", "b", "2", &[40.0]),
            row("cpu", "c", "3", &ended),
            row("cpu", "d", "4", &[1.0]),
        ],
        vec![row("memory", "a", "1", &[2048.0]), row("memory", "b", "2", &[1024.0])],
    ];
    let html = page(vec![table], &[data(windows)]);
    check_markup(&html);
    let body = html.split("<tbody>").nth(1).and_then(|rest| rest.split("</tbody>").next());
    let expected = concat!(
        "<tr><td>b <code>2</code></td><td><i class=\"m\" data-p=\"100\"></i>40.0\u{202f}%</td>",
        "<td>1.00\u{202f}KiB</td></tr>",
        "<tr><td>a <code>1</code></td><td><i class=\"m\" data-p=\"25\"></i>10.0\u{202f}%</td>",
        "<td>2.00\u{202f}KiB</td></tr>"
    );
    assert_eq!(body, Some(expected));
    assert!(html.contains(
        r#"<th scope="col">Process</th><th scope="col" aria-sort="descending">CPU</th>"#
    ));
}

#[test]
fn what_a_panel_is_about_stands_behind_an_i() {
    let mut told = panel("a", PanelKind::Line);
    told.description = "What & why".into();
    told.links = vec![Link { title: "More".into(), url: "/d/more".into() }];
    let html = page(vec![told, panel("b", PanelKind::Line)], &[]);
    check_markup(&html);
    let button = concat!(
        r#"<button type="button" class="i" popovertarget="i-a" aria-label="Information on A">i"#,
        r#"</button><div class="about" id="i-a" popover><p>What &#38; why</p>"#,
        r#"<p><a href="/d/more" target="_blank" rel="noopener">More</a></p></div>"#,
    );
    assert!(html.contains(button), "{html}");
    assert!(!html.contains("i-b"));
}

#[test]
fn a_word_stands_for_the_number_of_a_stat() {
    let mut stat = panel("a", PanelKind::Stat);
    let word = |value, text: &str, level| Mapping {
        from: Some(value),
        to: Some(value),
        text: text.into(),
        level,
    };
    stat.mappings = vec![word(0.0, "down", Some(Level::Critical)), word(1.0, "up", None)];
    let shown = |value: f64| {
        page(vec![stat.clone()], &[data(vec![vec![(Labels::named("x"), vec![value])]])])
    };
    let html = shown(0.0);
    assert!(html.contains(r#"<p class="num" data-level="critical"><span>down</span><small>"#));
    assert!(html.contains(r#"aria-labelledby="t-a" data-level="critical"><header"#));
    assert!(!html.contains(r#"class="word""#), "what the number says is not said again: {html}");
    assert!(shown(1.0).contains(r#"<p class="num"><span>up</span><small></small>"#));
}

#[test]
fn bars_shares_and_changes_are_lists_and_tables() {
    let (mut bars, mut pie) = (panel("b", PanelKind::Bars), panel("p", PanelKind::Pie));
    for panel in [&mut bars, &mut pie] {
        (panel.limit, panel.queries[0].legend) = (Some(1), "{{n}}".into());
    }
    let mut events = panel("e", PanelKind::Events);
    events.queries[0].legend = "{{n}}".into();
    let series = |n: &str, values: &[f64]| (labels(&[("n", n)]), values.to_vec());
    let all = || data(vec![vec![series("<a>", &[1.0]), series("b", &[3.0])]]);
    let changed = data(vec![vec![series("<a>", &[1.0, 1.0, 2.0])]]);
    let calm = data(vec![vec![series("a", &[1.0; 300])]]);
    let panels = vec![bars, pie, events.clone(), Panel { id: "f".into(), ..events }];
    let html = page(panels, &[all(), all(), changed, calm]);
    check_markup(&html);
    for part in [
        concat!(
            r#"<ul class="bars c1"><li><svg aria-hidden="true"><rect width="100%" height="100%"/>"#,
            "</svg><span>b</span><b>3</b></li><li>",
        ),
        r#"<rect width="33.3%" height="100%"/></svg><span>other (1)</span><b>1</b></li></ul>"#,
        r#"<circle class="c1 v" cx="50" cy="50" r="40" pathLength="100" stroke-dasharray="75 100" "#,
        r#"<circle class="c0 v" cx="50" cy="50" r="40" pathLength="100" stroke-dasharray="25 100" "#,
        "<strong>4</strong></div><ul><li class=\"c1\"><i></i><span>b</span><b>3</b>",
        "<small>25.0\u{202f}%</small></li></ul><p></p>",
        "<tr><td>22:13:20</td><td>&#60;a&#62;</td><td>1 → <b>2</b></td></tr>",
        "<tr><td>22:13:18</td><td>&#60;a&#62;</td><td>new → <b>1</b></td></tr>",
        r#"<p class="empty"><span>nothing happened in the last 5 min</span></p>"#,
    ] {
        assert!(html.contains(part), "{part}\n{html}");
    }
}

#[test]
fn a_timeline_is_a_picture_and_a_table() {
    let mut timeline = panel("t", PanelKind::Timeline);
    timeline.thresholds = vec![Threshold {
        value: 5.0,
        level: Level::Critical,
        word: "<high>".into(),
        mark: Mark::Both,
    }];
    let mut values = vec![1.0; 200];
    values.extend([9.0; 100]);
    let html = page(vec![timeline], &[data(vec![vec![(Labels::named("x"), values)]])]);
    check_markup(&html);
    for part in [
        r#"aria-label="&#60;high&#62; since 22:11:41"><svg aria-hidden="true">"#,
        r#"<rect class="v ok" x="0%" width="66.7%" height="100%"/>"#,
        r#"<rect class="v critical" x="66.7%" width="33.3%" height="100%"/>"#,
        r#"<text x="66.7%" y="50%" dx="5" dy=".35em">&lt;high&gt;</text>"#,
        r#"<b data-level="critical">&#60;high&#62;</b>"#,
        "<td>T</td><td>22:11:41</td><td>22:13:20</td><td>&#60;high&#62;</td></tr>",
        "<td>T</td><td>22:08:21</td><td>22:11:40</td><td>ok</td></tr>",
    ] {
        assert!(html.contains(part), "{part}\n{html}");
    }
}

#[test]
fn an_empty_panel_says_what_it_waits_for_or_hides() {
    let mut hidden = panel("b", PanelKind::Gauge);
    hidden.hide_when_empty = true;
    let html = page(vec![panel("a", PanelKind::Line), hidden], &[]);
    check_markup(&html);
    let mut stat = panel("s", PanelKind::Stat);
    stat.queries.push(query("sum(y)"));
    let note_only = data(vec![vec![], vec![(Labels::empty(), vec![8.0])]]);
    let why = |page: &mut BoardPage<'_>| {
        let link = Part::Link { text: "<i>y".into(), href: "/explore?q=y".into() };
        page.whys =
            vec![vec![Part::Text("no series is named ".into()), Part::Code("x".into()), link]]
                .leak();
    };
    let stat = page_with(vec![stat], &[note_only], why);
    check_markup(&stat);
    let told = "no series is named <code>x</code><a href=\"/explore?q=y\">";
    assert!(stat.contains(told), "{stat}");
    assert!(
        html.contains(r#"<p class="empty"><span>nothing to show in the last 5 min</span></p>"#),
        "{html}"
    );
    assert!(html.contains(r#"aria-labelledby="t-b" hidden>"#));
    let own = Panel { no_data: "no fans".into(), ..panel("c", PanelKind::Bars) };
    assert!(page(vec![own], &[]).contains("<span>no fans</span></p>"));
}

#[test]
fn names_beyond_the_board_and_the_first_push_are_offered() {
    let beyond = ["a b/c".to_owned(), "zz".to_owned()];
    let html = page_with(vec![panel("a", PanelKind::Line)], &[], |page| {
        page.beyond = &[];
        page.push_base = Some("http://127.0.0.1:9494");
        page.shell.theme = Some(Theme::Dark);
    });
    check_markup(&html);
    assert!(html.contains("<code>curl -d 'orders 42' http://127.0.0.1:9494/push</code>"), "{html}");
    assert!(html.contains(r#"data-mode="board" data-theme="dark">"#));
    let hidden = r#"<div class="notice said" id="mistakes" role="alert" hidden>"#;
    assert!(html.contains(hidden), "{html}");
    let (assets, board) = (assets(), board_of(vec![panel("a", PanelKind::Line)]));
    let mistakes = ["a.toml:3: <b>".to_owned()];
    let linked = super::board(&BoardPage {
        is_past: false,
        metric: None,
        shell: Shell { assets: &assets, nav: &[], theme: None },
        seen: Seen::default(),
        choosing: Choosing::default(),
        dashboard: &board,
        panels: &[],
        whys: &[],
        now: NOW,
        zone: Span::ZERO,
        clock: None,
        range: Span::from_secs(90),
        facts: "",
        reach: "",
        data_json: "{}",
        beyond: &beyond,
        mistakes: &mistakes,
        push_base: None,
    });
    assert!(linked.contains("<span>2 more metrics:</span>"));
    assert!(linked.contains(r#"<a href="/d/metric?name=a%20b%2Fc">a b/c</a>"#));
    assert!(!linked.contains("aria-current"));
    check_markup(&linked);
    assert!(linked.contains("<li><code>a.toml:3: &#60;b&#62;</code></li>"), "{linked}");
    assert!(!linked.contains(hidden));
}

#[test]
fn lists_and_errors_are_pages_too() {
    let (assets, boards) = (assets(), [board_of(vec![panel("a", PanelKind::Line)])]);
    let shell = Shell { assets: &assets, nav: &[], theme: None };
    let boards = [&boards[0]];
    let list = dashboards(&ListPage { shell: shell.clone(), dashboards: &boards, mistakes: &[] });
    check_markup(&list);
    let link = r#"<h2><a href="/d/overview">web-01</a></h2><span class="sub">1 panel</span>"#;
    assert!(list.contains(link), "{list}");
    let text = "there is no dashboard `<x>`";
    let error = error(&ErrorPage { shell, status: 404, title: "Not found", text });
    check_markup(&error);
    assert!(error.contains("there is no dashboard <code>&#60;x&#62;</code>"), "{error}");
}

#[test]
fn a_panel_is_shown_alone_and_the_address_keeps_the_rest() {
    let (assets, board) = (assets(), board_of(vec![panel("a", PanelKind::Line)]));
    let mut page = BoardPage {
        is_past: false,
        metric: None,
        shell: Shell { assets: &assets, nav: &[], theme: None },
        choosing: Choosing::default(),
        seen: Seen {
            kept: Kept::default().with("panel", "a").with("theme", "dark"),
            kiosk: None,
            alone: Some("a"),
        },
        dashboard: &board,
        panels: &[],
        whys: &[],
        now: NOW,
        zone: Span::ZERO,
        clock: None,
        range: Span::from_secs(300),
        facts: "",
        reach: "",
        data_json: "{}",
        beyond: &[],
        mistakes: &[],
        push_base: None,
    };
    let html = super::board(&page);
    assert!(html.contains(" data-alone>"), "{html}");
    assert!(html.contains(r#"href="?theme=dark&#38;panel=a&#38;range=1h""#), "{html}");
    assert!(html.contains(r#"href="?theme=dark&#38;range=5m" data-do="all""#), "{html}");
    assert!(html.contains(r#"<input type="hidden" name="panel" value="a">"#), "{html}");
    (page.is_past, page.seen.alone) = (true, None);
    let html = super::board(&page);
    let past = r#"href="?theme=dark&#38;from=1699999700000&#38;to=1700000000000" data-do="all""#;
    assert!(html.contains(past), "{html}");
    assert!(!html.contains("data-alone"), "{html}");
}
