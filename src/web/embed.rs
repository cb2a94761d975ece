//! `GET /embed/{dashboard}` and `GET /embed/{dashboard}/{panels}`: a board, or some of its panels,
//! to stand in pages of other sites.
//!
//! Whoever may frame an embed is told in words what is wrong with it: an error has the frame of an
//! embed as well.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_SECURITY_POLICY;
use actix_web::{HttpRequest, HttpResponse, web};

use super::api::Api;
use super::asset;
use super::boards::Board;
use super::guard::framed;
use super::packed::body;
use super::page::{self, EmbedError, EmbedPage};
use super::pages::{self, PageQuery, Pages, Refusal};
use super::past::{self, When};
use super::zone::{self, Clock};
use crate::dashboard::Panel;
use crate::live::Page;
use crate::render::PanelData;

/// The parameters of an embed's address, beside those of pages.
#[derive(serde::Deserialize)]
pub(crate) struct Asked {
    panels: Option<String>,
    bg: Option<String>,
    title: Option<String>,
}

/// Answers `GET /embed/{dashboard}`: all of its panels, or those that are named.
pub(crate) async fn board(
    request: HttpRequest,
    slug: web::Path<String>,
    asked: web::Query<Asked>,
    query: web::Query<PageQuery>,
    pages: web::Data<Pages>,
    api: web::Data<Api>,
) -> HttpResponse {
    let named = asked.panels.as_deref();
    let made = Embed { pages: &pages, api: &api, query: &query, asked: &asked };
    made.answer(&request, &slug, named).await
}

/// Answers `GET /embed/{dashboard}/{panels}`: one panel, or several with commas between them.
pub(crate) async fn panels(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    asked: web::Query<Asked>,
    query: web::Query<PageQuery>,
    pages: web::Data<Pages>,
    api: web::Data<Api>,
) -> HttpResponse {
    let (slug, named) = &*path;
    let made = Embed { pages: &pages, api: &api, query: &query, asked: &asked };
    made.answer(&request, slug, Some(named)).await
}

/// An embed that is asked for.
struct Embed<'a> {
    pages: &'a Pages,
    api: &'a Api,
    query: &'a PageQuery,
    asked: &'a Asked,
}

impl Embed<'_> {
    async fn answer(&self, request: &HttpRequest, slug: &str, named: Option<&str>) -> HttpResponse {
        let (mut answer, text) = match self.page(request, slug, named).await {
            Ok(text) => (pages::answer(StatusCode::OK), text),
            Err(refusal) => {
                let Refusal(status, title, text) = &refusal;
                let theme = pages::theme(self.query);
                let error = EmbedError { assets: &self.pages.assets, theme, title, text };
                (pages::answer(*status), page::embed_error(&error))
            }
        };
        answer
            .insert_header((CONTENT_SECURITY_POLICY, framed(&self.pages.parents)))
            .insert_header(("cross-origin-resource-policy", "cross-origin"));
        body(request, answer, text)
    }

    async fn page(
        &self,
        request: &HttpRequest,
        slug: &str,
        named: Option<&str>,
    ) -> Result<String, Refusal> {
        let board = pages::find(self.pages, slug, request).await?;
        if !board.dashboard.embed {
            let text =
                format!("dashboard `{slug}` may not be embedded; it would say `embed = true`");
            return Err(Refusal(StatusCode::FORBIDDEN, "Not for embedding", text));
        }
        let named = named.map(|named| ids(&board, named)).transpose()?;
        let titles = flag("title", self.asked.title.as_deref(), ["1", "0"])?;
        let transparent = !flag("bg", self.asked.bg.as_deref(), ["solid", "transparent"])?;
        let live = board.dashboard.range;
        let clock = self.query.clock(board.dashboard.time_zone)?;
        let when = pages::when(self.query, (live, clock), self.api.now())?;
        let (page, data_json) = self.windows(&board, named.as_deref(), when).await?;
        let panels = with_data(&board, &page, (when, clock));
        let single = panels.first().filter(|_| named.as_ref().is_some_and(|ids| ids.len() == 1));
        Ok(page::embed(&EmbedPage {
            assets: &self.pages.assets,
            theme: pages::theme(self.query),
            title: single.map_or(&board.dashboard.title, |(panel, _)| &panel.title),
            named: named.as_deref(),
            panels: &panels,
            titles,
            transparent,
            parents: &self.pages.parents,
            now: page.now,
            zone: zone::offset(clock, page.now),
            data_json: &data_json,
        }))
    }

    /// The windows of these panels, in this order, and what the script begins with.
    async fn windows(
        &self,
        board: &Arc<Board>,
        named: Option<&[String]>,
        when: When,
    ) -> Result<(Page, String), Refusal> {
        let slug = &board.spec.slug;
        match when {
            When::Live(range) => {
                let asked = named.map(<[String]>::to_vec);
                let mut page = pages::ask(self.pages, slug, asked, range).await?;
                if let Some(ids) = named {
                    let spec = Arc::clone(&page.board);
                    let place =
                        |index: usize| ids.iter().position(|id| *id == spec.panels[index].id);
                    page.panels.sort_by_key(|(index, _)| place(*index));
                }
                let data_json = pages::data_json(&page, range, asset::hash());
                Ok((page, data_json))
            }
            When::Past(from, to) => {
                let spec = past::narrowed(&board.spec, named);
                let made = past::page(self.api, spec, from, to).await;
                let (page, _) = made.map_err(|error| pages::past_refused(&error))?;
                let live = board.dashboard.range;
                let data_json = pages::still_json(&page, (from, to), self.api.now(), live);
                Ok((page, data_json))
            }
        }
    }
}

/// The panels that are named, each once.
fn ids(board: &Board, named: &str) -> Result<Vec<String>, Refusal> {
    let mut ids: Vec<String> = Vec::new();
    for id in named.split(',') {
        let place = board.dashboard.place_of(id).and_then(|at| board.dashboard.panels.get(at));
        let panel = place.ok_or_else(|| {
            let (slug, _) =
                board.dashboard.slug.split_once('?').unwrap_or((&board.dashboard.slug, ""));
            let text = format!("dashboard `{slug}` has no panel `{id}`");
            Refusal(StatusCode::NOT_FOUND, "No such panel", text)
        })?;
        if !ids.contains(&panel.id) {
            ids.push(panel.id.clone());
        }
    }
    Ok(ids)
}

/// A choice between two words, of which the first one stands for yes and for nothing said.
fn flag(name: &str, said: Option<&str>, [yes, no]: [&str; 2]) -> Result<bool, Refusal> {
    match said {
        Some(said) if said == no => Ok(false),
        Some(said) if said != yes => {
            let text = format!("`{name}` is `{yes}` or `{no}`, not `{said}`");
            Err(Refusal(StatusCode::BAD_REQUEST, "No such choice", text))
        }
        _ => Ok(true),
    }
}

/// The panels of a page with what they show.
fn with_data<'a>(
    board: &'a Board,
    page: &Page,
    (when, clock): (When, Clock),
) -> Vec<(&'a Panel, PanelData)> {
    let data = pages::panel_data(page, when.length(), clock);
    let panel = |(index, _): &(usize, Vec<u32>)| {
        let id = &page.board.panels[*index].id;
        board.dashboard.panels.iter().find(|panel| panel.id == *id)
    };
    let both = page.panels.iter().map(panel).zip(data);
    both.filter_map(|(panel, data)| Some((panel?, data))).collect()
}
