//! Tests of the assets: forms, caching, and what is not given out.

use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, body::MessageBody};

use super::*;

const TEXT: &[u8] = b"raw text";
const MADE: Asset = Asset {
    path: "made.js",
    content_type: "text/javascript; charset=utf-8",
    raw: TEXT,
    brotli: Some(b"br"),
    gzip: Some(b"gz"),
};

fn request(headers: &[(&str, &str)]) -> HttpRequest {
    let start = TestRequest::default();
    headers.iter().fold(start, |request, pair| request.insert_header(*pair)).to_http_request()
}

#[test]
fn the_form_follows_what_the_request_accepts() {
    let check = |accepted: &str, expected: &[u8]| {
        let (_, body) = choose(&request(&[("accept-encoding", accepted)]), &MADE);
        assert_eq!(body, expected, "{accepted}");
    };
    check("gzip, deflate, br, zstd", b"br");
    check("gzip, br;q=0.5", b"gz");
    check("gzip", b"gz");
    check("identity", TEXT);
    check("br;q=0", TEXT);
    check("zstd", TEXT);
    check("nonsense;;", TEXT);
    assert_eq!(choose(&request(&[]), &MADE).1, TEXT);
    let plain = Asset { brotli: None, gzip: None, ..MADE };
    assert_eq!(choose(&request(&[("accept-encoding", "br, gzip")]), &plain).1, TEXT);
}

#[test]
fn an_answer_may_be_kept_for_ever_and_used_by_any_origin() {
    let answered = answer(&request(&[("accept-encoding", "br")]), &MADE);
    let check = |name: &str, expected: &str| {
        let value = answered.headers().get(name).map(HeaderValue::as_bytes);
        assert_eq!(value, Some(expected.as_bytes()), "{name}");
    };
    check("cache-control", "public, max-age=31536000, immutable");
    check("content-encoding", "br");
    check("content-type", MADE.content_type);
    check("vary", "accept-encoding");
    check("access-control-allow-origin", "*");
    check("cross-origin-resource-policy", "cross-origin");
    check("x-content-type-options", "nosniff");
    check("etag", &format!("\"{HASH}-br\""));
}

#[test]
fn a_known_tag_is_answered_without_a_body() {
    let tag = format!("\"{HASH}-br\"");
    let known = [("accept-encoding", "br"), ("if-none-match", tag.as_str())];
    let answered = answer(&request(&known), &MADE);
    assert_eq!(answered.status(), StatusCode::NOT_MODIFIED);
    assert!(answered.body().size().is_eof());
    let other = answer(&request(&[("accept-encoding", "gzip"), known[1]]), &MADE);
    assert_eq!(other.status(), StatusCode::OK);
}

#[test]
fn every_asset_is_found_and_the_modules_are_among_them() {
    assert_eq!(HASH.len(), 16);
    for asset in ASSETS {
        assert_eq!(lookup(asset.path).map(|found| found.path), Some(asset.path));
        let smaller = |form: Option<&[u8]>| form.is_none_or(|form| form.len() < asset.raw.len());
        assert!(smaller(asset.brotli) && smaller(asset.gzip), "{}", asset.path);
    }
    for (entry, needed) in MODULES {
        assert_eq!((modules(entry), needed.first()), (*needed, Some(entry)));
        assert!(needed.iter().all(|module| lookup(module).is_some()), "{needed:?}");
    }
}

#[test]
fn an_entry_and_what_all_share_are_two_files() {
    for entry in ["embed.js", "main.js", "later/data.js", "views/chart.js"] {
        assert_eq!(modules(entry), [entry, "start.js"]);
    }
    assert!(modules("frame.js").is_empty() && lookup("frame.js").is_none());
    assert!(views().any(|view| view == "chart") && views().all(|view| !view.contains('/')));
}

#[test]
fn sheets_carry_no_comments_and_scripts_only_short_names() {
    for asset in ASSETS {
        let text = str::from_utf8(asset.raw).expect("UTF-8");
        if asset.content_type.starts_with("text/css") {
            assert_eq!(strip::strip(text).as_deref(), Ok(text), "{}", asset.path);
        }
        if asset.content_type.starts_with("text/javascript") {
            for long in ["/**", "\nconst ", "this.#channels"] {
                assert!(!text.contains(long), "{} has `{long}`", asset.path);
            }
        }
    }
}

async fn get(source: Source, path: &str) -> ServiceResponse {
    let route = web::get().to(serve);
    let app = App::new().app_data(web::Data::new(source)).route("/assets/{hash}/{path:.*}", route);
    call_service(&init_service(app).await, TestRequest::get().uri(path).to_request()).await
}

#[actix_web::test]
async fn an_unknown_path_or_another_build_is_not_found() {
    for path in ["/assets/0123456789abcdef/main.js", &format!("/assets/{HASH}/no.js")] {
        let answered = get(Source::BuiltIn, path).await;
        assert_eq!(answered.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answered.headers().get("cache-control").expect("a header"), "no-store");
    }
    for asset in ASSETS {
        let answered = get(Source::BuiltIn, &format!("/assets/{HASH}/{}", asset.path)).await;
        assert_eq!(read_body(answered).await, asset.raw, "{}", asset.path);
    }
}

#[actix_web::test]
async fn a_developers_folder_is_read_anew_and_nothing_beside_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let inner = folder.path().join("assets");
    std::fs::create_dir(&inner).expect("a folder");
    std::fs::write(folder.path().join("outside.js"), "secret").expect("a file");
    for text in ["one", "two"] {
        std::fs::write(inner.join("new.js"), text).expect("a file");
        let source = Source::new(Some(&inner));
        let answered = get(source, "/assets/any/new.js").await;
        assert_eq!(answered.headers().get("cache-control").expect("a header"), "no-store");
        assert_eq!(read_body(answered).await, text);
    }
    for path in ["/assets/any/../outside.js", "/assets/any/%2e%2e/outside.js", "/assets/any//x.js"]
    {
        let answered = get(Source::new(Some(&inner)), path).await;
        assert_eq!(answered.status(), StatusCode::NOT_FOUND, "{path}");
    }
}
