//! `/panel/{dashboard}/{panel}.svg` and `.png`, and `/badge/{dashboard}/{panel}.svg`: panels as
//! pictures, for pages, mails and documents that run no script.
//!
//! The windows are those of the live core. PNG are painted off the socket workers, a few at a time,
//! and kept as long as the SVG that they are painted of is the same.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, EntityTag, Header, IfNoneMatch};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use parking_lot::Mutex;
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};
use tokio::sync::Semaphore;

use super::pages::{self, PageQuery, Pages, Refusal};
use super::past::{self, When};
use super::zone;
use crate::dashboard::PanelKind;
use crate::model::{Span, Timestamp};
use crate::render::PanelData;
use crate::render::picture::{DARK, FOOT, LIGHT, Look, badge, framed, picture};

/// The sizes that may be asked for, in pixels, and those that are taken when nothing is.
const SIDES: std::ops::RangeInclusive<u32> = 100..=2000;
const SIZE: (u32, u32) = (640, 320);
/// Pictures that are painted at once, and how long one waits for its turn.
const AT_ONCE: usize = 2;
const PATIENCE: Duration = Duration::from_secs(5);
/// Painted pictures that are kept.
const KEPT_MAX: usize = 64;
/// The most letters of a badge's own label.
const LABEL_MAX: usize = 60;

/// What paints pictures.
pub(crate) struct Painter {
    turns: Semaphore,
    /// Read once, at the first picture: it takes a look at every font of the machine.
    fonts: OnceLock<Arc<fontdb::Database>>,
    // Guards the pictures that were painted last, the newest at the end; held for a look.
    kept: Mutex<Vec<(String, Bytes)>>,
}

impl Default for Painter {
    fn default() -> Self {
        Self { turns: Semaphore::new(AT_ONCE), fonts: OnceLock::new(), kept: Mutex::default() }
    }
}

/// The parameters of a picture's address, beside those of pages.
#[derive(serde::Deserialize)]
pub(crate) struct Asked {
    w: Option<u32>,
    h: Option<u32>,
    label: Option<String>,
    scale: Option<u32>,
    foot: Option<String>,
}

/// The most pixels of a picture, painted: 32 MiB while that is done.
const PIXELS_MAX: u64 = 8_000_000;
/// How many times as large a picture may be painted.
const SCALES: std::ops::RangeInclusive<u32> = 1..=3;

impl Asked {
    /// How many times as large the picture is painted.
    fn scale(&self, (width, height): (u32, u32)) -> Result<u32, Refusal> {
        let scale = self.scale.unwrap_or(1);
        let wrong = |text| Err(Refusal(StatusCode::BAD_REQUEST, "No such size", text));
        if !SCALES.contains(&scale) {
            let (least, most) = (SCALES.start(), SCALES.end());
            return wrong(format!("`scale` is from {least} to {most}, not `{scale}`"));
        }
        let pixels = u64::from(width) * u64::from(height) * u64::from(scale * scale);
        if pixels > PIXELS_MAX {
            return wrong(format!("`w`, `h` and `scale` make more than {PIXELS_MAX} pixels"));
        }
        Ok(scale)
    }
}

/// Answers `GET /panel/{dashboard}/{picture}`.
pub(crate) async fn panel(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    asked: web::Query<Asked>,
    query: web::Query<PageQuery>,
    pages: web::Data<Pages>,
    painter: web::Data<Painter>,
) -> HttpResponse {
    let made = panel_picture(&request, &path, (&asked, &query), &pages, &painter).await;
    made.unwrap_or_else(|refusal| pages::refused(&request, &pages, &refusal))
}

async fn panel_picture(
    request: &HttpRequest,
    (slug, file): &(String, String),
    (asked, query): (&Asked, &PageQuery),
    pages: &Pages,
    painter: &web::Data<Painter>,
) -> Result<HttpResponse, Refusal> {
    let (id, ending) = file.rsplit_once('.').unwrap_or((file, ""));
    if !["svg", "png"].contains(&ending) {
        let text = format!("`{file}` is no picture: it would end in `.svg` or `.png`");
        return Err(Refusal(StatusCode::NOT_FOUND, "No such picture", text));
    }
    let side = |name: &str, side: Option<u32>, default: u32| {
        let side = side.unwrap_or(default);
        let (least, most) = (SIDES.start(), SIDES.end());
        let text = format!("`{name}` is from {least} to {most} pixels, not `{side}`");
        let wrong = Refusal(StatusCode::BAD_REQUEST, "No such size", text);
        SIDES.contains(&side).then_some(side).ok_or(wrong)
    };
    let palette = if pages::theme(query) == Some(super::page::Theme::Dark) { DARK } else { LIGHT };
    let mut look = Look {
        width: side("w", asked.w, SIZE.0)?,
        height: side("h", asked.h, SIZE.1)?,
        palette,
        stretches: ending == "png",
    };
    let scale = asked.scale((look.width, look.height))?;
    let has_foot = asked.foot.as_deref() == Some("1");
    if has_foot {
        look.height = look.height.saturating_sub(FOOT);
    }
    let (board, at, data) = shown(request, pages, slug, id, query).await?;
    let mut svg = picture(&board.dashboard.panels[at], &data, &look);
    if has_foot || scale > 1 {
        let foot = has_foot.then(|| foot(&board.dashboard.title, &data, request));
        svg = framed(&svg, &look, scale, foot.as_deref());
    }
    let answer = Answer::of(request, &svg, ending, board.dashboard.embed, &data);
    if let Some(known) = answer.known() {
        return Ok(known);
    }
    if ending == "svg" {
        return Ok(answer.with("image/svg+xml", svg.into()));
    }
    Ok(answer.with("image/png", painter.paint(svg).await?))
}

/// Answers `GET /badge/{dashboard}/{picture}`.
pub(crate) async fn badge_of(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    asked: web::Query<Asked>,
    query: web::Query<PageQuery>,
    pages: web::Data<Pages>,
) -> HttpResponse {
    let (slug, file) = &*path;
    let made = async {
        let id = file.strip_suffix(".svg").ok_or_else(|| {
            let text = format!("`{file}` is no badge: it would end in `.svg`");
            Refusal(StatusCode::NOT_FOUND, "No such badge", text)
        })?;
        let (board, at, data) = shown(&request, &pages, slug, id, &query).await?;
        let label = asked.label.as_deref().map(|label| label.chars().take(LABEL_MAX).collect());
        let label: Option<String> = label;
        let svg = badge(&board.dashboard.panels[at], &data, label.as_deref());
        let answer = Answer::of(&request, &svg, "badge", board.dashboard.embed, &data);
        Ok(answer.known().unwrap_or_else(|| answer.with("image/svg+xml", svg.into())))
    };
    let made: Result<HttpResponse, Refusal> = made.await;
    made.unwrap_or_else(|refusal| pages::refused(&request, &pages, &refusal))
}

/// What stands below a picture: where it is from, and which time it shows.
fn foot(title: &str, data: &PanelData, request: &HttpRequest) -> String {
    let said = |at: Timestamp, form: &str| {
        let time = chrono::DateTime::from_timestamp_millis(at.saturating_add(data.zone).0);
        time.map(|time| time.format(form).to_string()).unwrap_or_default()
    };
    let (from, to) = (data.end() - data.range, data.end());
    let same_day = said(from, "%F") == said(to, "%F");
    let end = said(to, if same_day { "%T" } else { "%F %T" });
    let start = said(from, "%F %T");
    format!("{title} · {start} to {end} · {}", request.connection_info().host())
}

/// A panel by its place on its board, with what it shows.
async fn shown(
    request: &HttpRequest,
    pages: &Pages,
    slug: &str,
    id: &str,
    query: &PageQuery,
) -> Result<(Arc<super::boards::Board>, usize, PanelData), Refusal> {
    let board = pages::find(pages, slug, request).await?;
    let at = board.dashboard.place_of(id).ok_or_else(|| {
        let text = format!("dashboard `{slug}` has no panel `{id}`");
        Refusal(StatusCode::NOT_FOUND, "No such panel", text)
    })?;
    if board.dashboard.panels[at].kind == PanelKind::Text {
        let text = format!("panel `{id}` is a text: there is no picture of it");
        return Err(Refusal(StatusCode::NOT_FOUND, "No picture", text));
    }
    let clock = query.clock(board.dashboard.time_zone)?;
    let (api, ids) = (pages::api(request), vec![board.dashboard.panels[at].id.clone()]);
    let when = pages::when(query, (board.dashboard.range, clock), api.now())?;
    let range = when.length();
    let page = match when {
        When::Live(range) => pages::ask(pages, &board.dashboard.slug, Some(ids), range).await?,
        When::Past(from, to) => {
            let spec = past::narrowed(&board.spec, Some(&ids));
            let made = past::page(api, spec, from, to).await;
            made.map_err(|error| pages::past_refused(&error))?.0
        }
    };
    let data = pages::panel_data(&page, range, clock).pop().unwrap_or_else(|| PanelData {
        now: page.now,
        range,
        zone: zone::offset(clock, page.now),
        windows: Vec::new(),
    });
    Ok((board, at, data))
}

/// What stands around every picture.
struct Answer {
    tag: String,
    same: bool,
    public: bool,
    seconds: i64,
}

impl Answer {
    fn of(request: &HttpRequest, svg: &str, form: &str, public: bool, data: &PanelData) -> Self {
        let mut hasher = DefaultHasher::new();
        svg.hash(&mut hasher);
        let tag = format!("{form}-{:016x}", hasher.finish());
        let own = EntityTag::new_strong(tag.clone());
        let same = match IfNoneMatch::parse(request) {
            Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(&own)),
            _ => false,
        };
        let step = data.windows.iter().map(|window| window.step).max();
        let seconds = step.unwrap_or(Span::from_secs(1)).millis() / 1000;
        Self { tag, same, public, seconds }
    }

    /// The answer to who has the picture already.
    fn known(&self) -> Option<HttpResponse> {
        self.same.then(|| self.build(StatusCode::NOT_MODIFIED).finish())
    }

    fn with(&self, content_type: &'static str, body: Bytes) -> HttpResponse {
        self.build(StatusCode::OK).insert_header((CONTENT_TYPE, content_type)).body(body)
    }

    fn build(&self, status: StatusCode) -> actix_web::HttpResponseBuilder {
        let mut answer = HttpResponse::build(status);
        answer
            .insert_header((ETAG, format!("\"{}\"", self.tag)))
            .insert_header((CACHE_CONTROL, format!("max-age={}", self.seconds)));
        if self.public {
            answer.insert_header(("cross-origin-resource-policy", "cross-origin"));
        }
        answer
    }
}

impl Painter {
    /// The PNG of an SVG.
    async fn paint(self: &Arc<Self>, svg: String) -> Result<Bytes, Refusal> {
        if let Some(kept) = self.find(&svg) {
            return Ok(kept);
        }
        let busy = || {
            let text = "too many pictures are painted at once; try again in a moment".to_owned();
            Refusal(StatusCode::SERVICE_UNAVAILABLE, "Busy", text)
        };
        let turn = tokio::time::timeout(PATIENCE, self.turns.acquire()).await;
        let _turn = turn.ok().and_then(Result::ok).ok_or_else(busy)?;
        if let Some(kept) = self.find(&svg) {
            return Ok(kept);
        }
        let painter = Arc::clone(self);
        let done = web::block(move || (painter.png(&svg), svg)).await;
        let done = done.map_err(|error| error.to_string());
        let done = done.and_then(|(png, svg)| Ok((svg, png?)));
        let (svg, png) = done.map_err(|error| {
            let text = format!("the picture could not be painted: {error}");
            Refusal(StatusCode::INTERNAL_SERVER_ERROR, "Failed", text)
        })?;
        let mut kept = self.kept.lock();
        if kept.len() == KEPT_MAX {
            kept.remove(0);
        }
        kept.push((svg, png.clone()));
        Ok(png)
    }

    fn find(&self, svg: &str) -> Option<Bytes> {
        let kept = self.kept.lock();
        kept.iter().find(|(known, _)| known == svg).map(|(_, png)| png.clone())
    }

    /// Without a single font on the machine the texts are left out, and the log says so once.
    fn png(&self, svg: &str) -> Result<Bytes, String> {
        let fonts = self.fonts.get_or_init(|| {
            let mut fonts = fontdb::Database::new();
            fonts.load_system_fonts();
            if fonts.is_empty() {
                log::warn!("there are no fonts on this machine: PNG pictures are without texts");
            }
            set_families(&mut fonts);
            Arc::new(fonts)
        });
        let options = Options { fontdb: Arc::clone(fonts), ..Options::default() };
        let tree = Tree::from_str(svg, &options).map_err(|error| error.to_string())?;
        let size = tree.size().to_int_size();
        let mut pixels = Pixmap::new(size.width(), size.height()).ok_or("it has no size")?;
        resvg::render(&tree, Transform::identity(), &mut pixels.as_mut());
        pixels.encode_png().map(Bytes::from).map_err(|error| error.to_string())
    }
}

/// Has a family that is there stand in for `sans-serif`: the first one that a page would take, or
/// any.
fn set_families(fonts: &mut fontdb::Database) {
    const LIKED: [&str; 6] =
        ["Inter", "Noto Sans", "DejaVu Sans", "Liberation Sans", "Segoe UI", "Helvetica"];
    let has = |name: &str| {
        fonts.faces().any(|face| face.families.iter().any(|(family, _)| family == name))
    };
    let liked = LIKED.into_iter().find(|name| has(name)).map(str::to_owned);
    let any = || Some(fonts.faces().next()?.families.first()?.0.clone());
    if let Some(family) = liked.or_else(any) {
        fonts.set_sans_serif_family(family);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_painted_and_kept() {
        let painter = Painter::default();
        let open = r#"<svg xmlns="http://www.w3.org/2000/svg" width="3" height="2">"#;
        let svg = format!(r##"{open}<rect width="3" height="2" fill="#ff0000"/></svg>"##);
        let png = painter.png(&svg).expect("a picture");
        let back = Pixmap::decode_png(&png).expect("a PNG");
        assert_eq!((back.width(), back.height()), (3, 2));
        let red = back.pixel(1, 1).map(|pixel| (pixel.red(), pixel.green(), pixel.alpha()));
        assert_eq!(red, Some((255, 0, 255)));
        assert!(painter.png("<svg").is_err());
    }

    #[test]
    fn without_a_font_a_picture_is_still_painted() {
        let painter = Painter::default();
        let fonts = Arc::new(fontdb::Database::new());
        assert!(painter.fonts.set(fonts).is_ok());
        let open = r#"<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20">"#;
        let svg = format!(r#"{open}<text x="1" y="9">a</text></svg>"#);
        assert!(painter.png(&svg).is_ok());
    }
}
