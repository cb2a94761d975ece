//! Embeds: panels and nothing around them, and what is said in their place.

use super::*;

/// An embed of panels: those that are named, or a whole board.
fn embedded(panels: &[(&Panel, PanelData)], named: Option<&[&str]>, choices: [bool; 2]) -> String {
    let assets = assets();
    let named: Option<Vec<String>> =
        named.map(|ids| ids.iter().map(|id| (*id).to_owned()).collect());
    let parents = ["https://a.example", "http://127.0.0.1:80"].map(str::to_owned);
    let [titles, transparent] = choices;
    embed(&EmbedPage {
        assets: &assets,
        theme: Some(Theme::Light),
        title: "CPU",
        named: named.as_deref(),
        panels,
        titles,
        transparent,
        parents: &parents,
        now: NOW,
        zone: Span::ZERO,
        data_json: "{}",
    })
}

#[test]
fn an_embed_has_no_chrome() {
    let mut panel = panel("cpu", PanelKind::Line);
    panel.hide_when_empty = true;
    let full = data(vec![vec![(Labels::named("x"), vec![1.0; 10])]]);
    let html = embedded(&[(&panel, full.clone())], Some(&["cpu"]), [true, false]);
    check_markup(&html);
    assert!(html.contains(r#"data-mode="embed" data-single data-theme="light">"#), "{html}");
    assert!(html.contains(r#"id="wg-data""#) && html.contains("<wg-panel "));
    assert!(html.contains(r#"<script type="module" src="/assets/h/embed.js"></script>"#));
    let parents = r#"data-panels="cpu" data-parents="https://a.example http://127.0.0.1:80""#;
    assert!(html.contains(parents), "{html}");
    for chrome in ["main.js", "<nav", "class=\"bar\"", " hidden><header"] {
        assert!(!html.contains(chrome), "{chrome}");
    }
    assert_eq!(Theme::parse("light"), Some(Theme::Light));
    assert_eq!(Theme::parse("pink"), None);

    let empty = data(vec![Vec::new()]);
    let both = [(&panel, full), (&panel, empty)];
    let html = embedded(&both, Some(&["cpu", "more"]), [false, true]);
    let root = r#"data-mode="embed" data-bg="transparent" data-titles="0" data-theme="light">"#;
    assert!(html.contains(root) && html.contains(r#"data-panels="cpu,more""#), "{html}");
    assert!(!html.contains(" hidden><header"), "who names a panel gets it: {html}");
    let html = embedded(&both, None, [true, false]);
    assert_eq!(html.matches(" hidden><header").count(), 1, "{html}");
    assert!(html.contains(r#"data-panels="""#), "{html}");
}

#[test]
fn an_embed_says_what_went_wrong() {
    let assets = assets();
    let text = "dashboard `<x>` may not be embedded";
    let html =
        embed_error(&EmbedError { assets: &assets, theme: Some(Theme::Dark), title: "No", text });
    check_markup(&html);
    assert!(html.contains("No: dashboard <code>&#60;x&#62;</code> may not"), "{html}");
    assert!(html.contains(r#"data-mode="embed" data-theme="dark">"#) && !html.contains("<script"));
}

#[test]
fn a_page_names_the_views_of_its_panels_and_no_others() {
    for (kind, view) in [
        (PanelKind::Line, "chart"),
        (PanelKind::Stack, "chart"),
        (PanelKind::Stat, "stat"),
        (PanelKind::Gauge, "gauge"),
        (PanelKind::Table, "table"),
        (PanelKind::Timeline, "timeline"),
        (PanelKind::Text, "text"),
    ] {
        let (panel, data) = (panel("a", kind), data(vec![Vec::new()]));
        let html = embedded(&[(&panel, data)], Some(&["a"]), [true, false]);
        assert!(!html.contains("page.css"), "an embed has nothing around it: {html}");
        let named: Vec<&str> = html.split("modulepreload\" href=\"/assets/h/").skip(1).collect();
        let named: Vec<&str> = named.iter().filter_map(|rest| rest.split('"').next()).collect();
        assert_eq!(named, ["embed.js", "start.js", &format!("views/{view}.js")]);
    }
}
