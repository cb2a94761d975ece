//! Scripts, styles and pictures: compiled into the binary and compressed there, served under one
//! hash of the whole folder, so that relative imports work and a browser may keep them for ever.
//!
//! `build.rs` writes the table. A developer may serve a folder instead; then nothing is kept.

mod content_type;

use std::path::{Path, PathBuf};

use actix_web::http::header::{
    self, AcceptEncoding, ContentEncoding, Encoding, EntityTag, Header, HeaderValue, IfNoneMatch,
};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// One file of the folder.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    /// Its path inside the folder: `views/chart.js`.
    pub path: &'static str,
    /// What it is, for `Content-Type`.
    pub content_type: &'static str,
    /// Its bytes.
    pub raw: &'static [u8],
    /// The same compressed with brotli, where that is smaller.
    pub brotli: Option<&'static [u8]>,
    /// The same compressed with gzip, where that is smaller.
    pub gzip: Option<&'static [u8]>,
}

/// The asset at `path`, by its exact name.
pub fn lookup(path: &str) -> Option<&'static Asset> {
    ASSETS.binary_search_by(|asset| asset.path.cmp(path)).ok().and_then(|at| ASSETS.get(at))
}

/// The hash of all assets: 16 hex digits that change when any of them does.
pub fn hash() -> &'static str {
    HASH
}

/// The modules of an entry, itself first, in the order in which a browser finds them: what a page
/// names by `modulepreload`.
pub fn modules(entry: &str) -> &'static [&'static str] {
    MODULES.iter().find(|(path, _)| *path == entry).map_or(&[], |(_, modules)| *modules)
}

/// The names of the views that panels may need: `views/{name}.js` is one.
pub fn views() -> impl Iterator<Item = &'static str> {
    let named = |path: &'static str| path.strip_prefix("views/")?.strip_suffix(".js");
    MODULES.iter().filter_map(move |(path, _)| named(path))
}

/// Where assets are served from.
#[derive(Debug, Clone, Default)]
pub enum Source {
    /// The ones in the binary.
    #[default]
    BuiltIn,
    /// A folder that a developer works in; read anew for each request.
    Folder(PathBuf),
}

impl Source {
    /// The folder, or what is built in when there is none.
    pub fn new(folder: Option<&Path>) -> Self {
        folder.map_or(Self::BuiltIn, |folder| Self::Folder(folder.to_owned()))
    }
}

/// Answers `GET /assets/{hash}/{path:.*}`. The source is app data; without it, what is built in. A
/// hash of another build is unknown: what it named is gone.
pub async fn serve(request: HttpRequest) -> HttpResponse {
    let part = |name: &str| request.match_info().get(name).unwrap_or_default();
    let (asked, path) = (part("hash"), part("path"));
    let source = request.app_data::<web::Data<Source>>().map(web::Data::get_ref);
    match source.unwrap_or(&Source::BuiltIn) {
        Source::BuiltIn if asked == HASH => {
            lookup(path).map_or_else(missing, |asset| answer(&request, asset))
        }
        Source::BuiltIn => missing(),
        Source::Folder(folder) => answer_from(folder, path).await,
    }
}

/// Headers of every answer. Assets are public, and an embedded panel in a sandbox has no origin.
fn builder(mut builder: HttpResponseBuilder) -> HttpResponseBuilder {
    builder
        .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .insert_header((header::CROSS_ORIGIN_RESOURCE_POLICY, "cross-origin"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
    builder
}

fn missing() -> HttpResponse {
    builder(HttpResponse::NotFound())
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .content_type("text/plain; charset=utf-8")
        .body("no such asset in this build\n")
}

fn answer(request: &HttpRequest, asset: &Asset) -> HttpResponse {
    let (encoding, body) = choose(request, asset);
    let tag = EntityTag::new_strong(format!("{HASH}-{}", encoding.as_str()));
    let known = IfNoneMatch::parse(request).is_ok_and(|known| match known {
        IfNoneMatch::Any => true,
        IfNoneMatch::Items(tags) => tags.iter().any(|other| other.weak_eq(&tag)),
    });
    let mut answer = builder(if known { HttpResponse::NotModified() } else { HttpResponse::Ok() });
    answer
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((header::VARY, "accept-encoding"))
        .insert_header(header::ETag(tag));
    if known {
        return answer.finish();
    }
    // Named even when it is identity, so that no layer above compresses a second time.
    answer.insert_header(encoding).content_type(asset.content_type).body(body)
}

/// The form of the asset that the request likes best; the smallest of those it likes alike.
fn choose(request: &HttpRequest, asset: &Asset) -> (ContentEncoding, &'static [u8]) {
    let forms = [
        (Encoding::brotli(), ContentEncoding::Brotli, asset.brotli),
        (Encoding::gzip(), ContentEncoding::Gzip, asset.gzip),
        (Encoding::identity(), ContentEncoding::Identity, Some(asset.raw)),
    ];
    let there: Vec<&Encoding> =
        forms.iter().filter(|form| form.2.is_some()).map(|form| &form.0).collect();
    let chosen = AcceptEncoding::parse(request)
        .ok()
        .filter(|_| request.headers().contains_key(header::ACCEPT_ENCODING))
        .and_then(|accepted| accepted.negotiate(there.into_iter()));
    let found = forms.into_iter().find(|form| chosen.as_ref() == Some(&form.0));
    found
        .and_then(|(_, encoding, body)| body.map(|body| (encoding, body)))
        .unwrap_or((ContentEncoding::Identity, asset.raw))
}

/// A developer's file, if it lies inside the folder.
async fn answer_from(folder: &Path, path: &str) -> HttpResponse {
    let inside = path.split('/').all(|part| !part.is_empty() && !part.starts_with('.'));
    let known = content_type::content_type(path).filter(|_| inside);
    let Some((content_type, _)) = known else { return missing() };
    let file = folder.join(path);
    let Ok(Ok(bytes)) = web::block(move || std::fs::read(file)).await else { return missing() };
    builder(HttpResponse::Ok())
        .insert_header((header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .content_type(content_type)
        .body(bytes)
}

#[cfg(test)]
#[path = "../../build/bundle.rs"]
mod bundle;
#[cfg(test)]
#[path = "../../build/imports.rs"]
#[expect(dead_code, reason = "the build script uses all of it, the tests of bundles a part")]
mod imports;
#[cfg(test)]
#[path = "../../build/strip.rs"]
mod strip;
#[cfg(test)]
mod tests;
