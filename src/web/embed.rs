//! `GET /embed/{dashboard}/{panel}`: a panel that stands in a page of another site.

use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_SECURITY_POLICY;
use actix_web::{HttpRequest, HttpResponse, web};

use super::asset;
use super::guard::policy;
use super::packed::body;
use super::page::{self, EmbedPage};
use super::pages::{self, PageQuery, Pages, Refusal};
use crate::render::PanelData;

/// Answers `GET /embed/{dashboard}/{panel}`.
pub(crate) async fn embed(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    query: web::Query<PageQuery>,
    pages: web::Data<Pages>,
) -> HttpResponse {
    match embed_page(&request, &pages, (&path.0, &path.1), &query).await {
        Ok(text) => {
            let mut answer = pages::answer(StatusCode::OK);
            answer
                .insert_header((CONTENT_SECURITY_POLICY, policy(&pages.parents)))
                .insert_header(("cross-origin-resource-policy", "cross-origin"));
            body(&request, answer, text)
        }
        Err(refusal) => pages::refused(&request, &pages, &refusal),
    }
}

async fn embed_page(
    request: &HttpRequest,
    pages: &Pages,
    (slug, id): (&str, &str),
    query: &PageQuery,
) -> Result<String, Refusal> {
    let board = pages::find(pages, slug)?;
    let missing = |text| Refusal(StatusCode::NOT_FOUND, "No such panel", text);
    if !board.dashboard.embed {
        let text = format!("dashboard `{slug}` may not be embedded; it would say `embed = true`");
        return Err(Refusal(StatusCode::FORBIDDEN, "Not for embedding", text));
    }
    let panel = board.dashboard.panels.iter().find(|panel| panel.id == id);
    let panel = panel.ok_or_else(|| missing(format!("dashboard `{slug}` has no panel `{id}`")))?;
    let range = pages::live_range(request, query, board.dashboard.range)?;
    let page = pages::ask(pages, slug, Some(vec![id.to_owned()]), range).await?;
    let data = pages::panel_data(&page, range).pop().unwrap_or_else(|| PanelData {
        now: page.now,
        range,
        zone: super::zone(page.now),
        windows: Vec::new(),
    });
    let data_json = pages::data_json(&page, range, asset::hash());
    Ok(page::embed(&EmbedPage {
        assets: &pages.assets,
        theme: pages::theme(query),
        panel,
        data: &data,
        data_json: &data_json,
    }))
}
