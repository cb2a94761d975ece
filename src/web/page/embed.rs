//! Panels that stand in another page, and what is said there when they cannot be shown.

use askama::Template;

use super::panel::{Body, PanelView};
use super::why::Part;
use super::{AssetUrls, Script, Theme, parts, rendered, script_json};
use crate::dashboard::Panel;
use crate::model::{Span, Timestamp};
use crate::render::{PanelData, time_of_day};

/// Panels that stand in another page.
#[derive(Debug, Clone)]
pub struct EmbedPage<'a> {
    /// The assets.
    pub assets: &'a AssetUrls,
    /// The theme asked for; otherwise the reader's own.
    pub theme: Option<Theme>,
    /// Its name.
    pub title: &'a str,
    /// The panels that were named; nothing when it is the whole board. One alone fills its frame.
    pub named: Option<&'a [String]>,
    /// The panels in their order, each with what it shows.
    pub panels: &'a [(&'a Panel, PanelData)],
    /// Whether panels have their titles.
    pub titles: bool,
    /// Whether the page around it shines through.
    pub transparent: bool,
    /// The origins whose pages may hold it, and may tell it what to show.
    pub parents: &'a [String],
    /// The present.
    pub now: Timestamp,
    /// How far the server's wall clock is east of UTC.
    pub zone: Span,
    /// The first windows for the script, as in [`super::BoardPage::data_json`].
    pub data_json: &'a str,
}

/// An embed that cannot be shown.
#[derive(Debug, Clone)]
pub struct EmbedError<'a> {
    /// The assets.
    pub assets: &'a AssetUrls,
    /// The theme asked for; otherwise the reader's own.
    pub theme: Option<Theme>,
    /// What failed, in a few words.
    pub title: &'a str,
    /// Why, and what to do; values stand in backquotes.
    pub text: &'a str,
}

/// The page of panels that stand in another page: no chrome, no links.
pub fn embed<'a>(page: &EmbedPage<'a>) -> String {
    let view = |(panel, data): &(&'a Panel, PanelData)| {
        let mut view = PanelView::new(panel, data);
        // Whoever embeds a panel gets it, even while it is empty.
        view.hidden &= page.named.is_none();
        view
    };
    let panels = page.panels.iter().map(|(panel, _)| *panel);
    rendered(&EmbedTemplate {
        assets: page.assets,
        script: page.assets.with_views(&page.assets.embed, panels),
        theme: page.theme,
        title: page.title,
        is_single: page.named.is_some_and(|ids| ids.len() == 1),
        named: page.named.map(|ids| ids.join(",")).unwrap_or_default(),
        titles: page.titles,
        transparent: page.transparent,
        parents: page.parents.join(" "),
        time: time_of_day(page.now, page.zone, true),
        panels: page.panels.iter().map(view).collect(),
        data: script_json(page.data_json),
    })
}

/// The page that says in the frame of an embed what went wrong.
pub fn embed_error(page: &EmbedError<'_>) -> String {
    let EmbedError { assets, theme, title, text } = page;
    rendered(&EmbedErrorTemplate { assets, theme: *theme, title, parts: parts(text) })
}

#[derive(Template)]
#[template(path = "embed.html")]
struct EmbedTemplate<'a> {
    assets: &'a AssetUrls,
    script: Script,
    theme: Option<Theme>,
    title: &'a str,
    is_single: bool,
    named: String,
    titles: bool,
    transparent: bool,
    parents: String,
    time: String,
    panels: Vec<PanelView<'a>>,
    data: String,
}

#[derive(Template)]
#[template(path = "embed_error.html")]
struct EmbedErrorTemplate<'a> {
    assets: &'a AssetUrls,
    theme: Option<Theme>,
    title: &'a str,
    parts: Vec<(bool, &'a str)>,
}
