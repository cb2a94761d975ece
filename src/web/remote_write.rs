//! Prometheus remote write over HTTP: the headers by which sender and receiver understand each
//! other, and an answer that says what was written.

use std::fmt::Write;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, web};

use super::Error;
use super::push::{Intake, Keys, PushQuery, Taken};
use crate::ingest::remote_write::{Version, decode};
use crate::store::Durability;

/// What was written, in answers to version 2 (remote write 2.0, "Required Written Response
/// Headers").
const WRITTEN: [&str; 3] = [
    "x-prometheus-remote-write-samples-written",
    "x-prometheus-remote-write-histograms-written",
    "x-prometheus-remote-write-exemplars-written",
];

/// Answers `POST /api/v1/write`.
pub(super) async fn write(
    request: HttpRequest,
    query: web::Query<PushQuery>,
    body: web::Payload,
    intake: web::Data<Intake>,
    keys: web::ThinData<Keys>,
) -> Result<HttpResponse, Error> {
    let (version, ttl) = (version(&request)?, query.ttl()?);
    let read = intake.read(&request, body).await?;
    let bytes = intake.inflated(&read)?;
    let now = intake.now();
    // The cache is given back before anything is waited for.
    let decoded = decode(&bytes, version, now, intake.options(), &mut keys.0.borrow_mut());
    let decoded = decoded.map_err(Error::BadRequest)?;
    Ok(answer(version, &intake.take(decoded, ttl, read.len()).await?))
}

fn version(request: &HttpRequest) -> Result<Version, Error> {
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    if header(CONTENT_ENCODING) != Some("snappy") {
        let text = "remote write is compressed by snappy (`Content-Encoding: snappy`)";
        return Err(Error::Unsupported(text.to_owned()));
    }
    let content_type = header(CONTENT_TYPE).unwrap_or("application/x-protobuf");
    Version::parse(content_type).ok_or_else(|| {
        Error::Unsupported(format!(
            "`Content-Type: {content_type}` is no version of remote write that is read here: send \
             application/x-protobuf, with proto=prometheus.WriteRequest or \
             proto=io.prometheus.write.v2.Request"
        ))
    })
}

/// 204 when everything was written. Otherwise 400, so that the sender does not try again what will
/// never be taken; what could be taken has been.
fn answer(version: Version, taken: &Taken) -> HttpResponse {
    let complete = taken.refused == 0;
    let status = if complete { StatusCode::NO_CONTENT } else { StatusCode::BAD_REQUEST };
    let mut response = HttpResponse::build(status);
    if version == Version::Two {
        for (name, count) in WRITTEN.into_iter().zip([taken.accepted, 0, 0]) {
            response.insert_header((name, count.to_string()));
        }
    }
    if taken.durability == Durability::Async {
        response.insert_header(("x-watchglass-durability", "async"));
    }
    if complete {
        return response.finish();
    }
    let mut text = format!("{} samples written, {} refused\n", taken.accepted, taken.refused);
    for error in &taken.errors {
        let _ = writeln!(text, "series {}: {} {}", error.line, error.reason, error.text);
    }
    response.content_type("text/plain; charset=utf-8").body(text)
}
