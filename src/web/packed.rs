//! The bodies of pages in brotli, packed tighter than the middleware does: a page is a good part of
//! what a first visit loads. For who takes no brotli the middleware packs as it can.

use actix_web::http::header::{
    AcceptEncoding, ContentEncoding, Encoding, Header, HeaderValue, VARY,
};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use brotli::enc::BrotliEncoderParams;

/// From this quality on the encoder looks for more than the last repetition. The next ones take
/// more time than they save bytes.
const QUALITY: i32 = 5;

/// The encoder looks back over 256 KiB, more than a page holds, and takes no more memory than that
/// needs.
const WINDOW_BITS: i32 = 18;

/// The answer with `text` as its body.
pub(super) fn body(
    request: &HttpRequest,
    mut answer: HttpResponseBuilder,
    text: String,
) -> HttpResponse {
    match takes_brotli(request).then(|| brotli(&text)).flatten() {
        Some(packed) => answer
            .insert_header(ContentEncoding::Brotli)
            .insert_header((VARY, HeaderValue::from_static("accept-encoding")))
            .body(packed),
        None => answer.body(text),
    }
}

/// Whether brotli is what the request likes best of all that it might get.
fn takes_brotli(request: &HttpRequest) -> bool {
    let forms = [Encoding::brotli(), Encoding::zstd(), Encoding::gzip(), Encoding::identity()];
    AcceptEncoding::parse(request)
        .ok()
        .and_then(|accepted| accepted.negotiate(forms.iter()))
        .is_some_and(|best| best == Encoding::brotli())
}

/// Nothing when the encoder fails, which it does for want of memory only.
fn brotli(text: &str) -> Option<Vec<u8>> {
    let mut packed = Vec::with_capacity(text.len() / 4);
    let parameters = BrotliEncoderParams {
        quality: QUALITY,
        lgwin: WINDOW_BITS,
        size_hint: text.len(),
        ..BrotliEncoderParams::default()
    };
    brotli::BrotliCompress(&mut text.as_bytes(), &mut packed, &parameters).ok()?;
    Some(packed)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn pages_are_packed_for_those_who_take_brotli() {
        let check = |accepted: Option<&str>, expected: Option<&str>| {
            let request = TestRequest::default();
            let request = match accepted {
                Some(text) => request.insert_header(("accept-encoding", text)),
                None => request,
            };
            let answer = body(&request.to_http_request(), HttpResponse::Ok(), "page ".repeat(99));
            let encoding = answer.headers().get("content-encoding");
            assert_eq!(encoding.and_then(|text| text.to_str().ok()), expected, "{accepted:?}");
        };
        check(Some("gzip, deflate, br, zstd"), Some("br"));
        check(Some("br;q=0.5, gzip"), None);
        check(Some("gzip"), None);
        check(None, None);
    }

    #[test]
    fn what_is_packed_is_the_text() {
        let text = "<p>42</p>".repeat(1000);
        let packed = brotli(&text).expect("packed");
        let mut back = Vec::new();
        brotli::BrotliDecompress(&mut packed.as_slice(), &mut back).expect("unpacked");
        assert!(packed.len() < 100 && back == text.as_bytes());
    }
}
