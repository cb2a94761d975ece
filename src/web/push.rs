//! Push over HTTP: a body is read within its limits, decoded, appended, and answered line by line.

use std::borrow::Cow;
use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use serde::Serialize;
use tokio::time::Instant;

use crate::ingest::influx::Precision;
use crate::ingest::{self, Decoded, Encoding, KeyCache};
use crate::model::{Append, Clock, Counter, Principal, Reading, Refusal, Report, Span, Timestamp};
use crate::store::{Durability, Store};

use super::Error;
use super::boards::Registry;

/// Refusals that an answer lists.
const ERRORS_MAX: usize = 20;
/// A body that brings nothing for this long is given up.
const STALL: Duration = Duration::from_secs(10);
/// A body is read for this long at most.
const BODY_TIME: Duration = Duration::from_secs(30);

/// What pushes need.
pub(crate) struct Intake {
    options: ingest::Options,
    store: Arc<Store>,
    boards: Arc<Registry>,
    clock: Arc<dyn Clock>,
    counters: Arc<IntakeCounters>,
}

impl Intake {
    /// An intake into `store`; names that it has not seen get a panel on `boards`.
    pub(crate) fn new(
        options: ingest::Options,
        store: Arc<Store>,
        boards: Arc<Registry>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { options, store, boards, clock, counters: Arc::default() }
    }

    /// What pushes count.
    pub(crate) fn counters(&self) -> Arc<IntakeCounters> {
        Arc::clone(&self.counters)
    }

    /// The limits in force.
    pub(super) const fn options(&self) -> &ingest::Options {
        &self.options
    }

    /// The present.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Reads a body within its limits of size and time.
    pub(super) async fn read(
        &self,
        request: &HttpRequest,
        body: web::Payload,
    ) -> Result<Read, Error> {
        read(request, body, &self.options).await
    }

    /// A body without its compression.
    pub(super) fn inflated<'a>(&self, read: &'a Read) -> Result<Cow<'a, [u8]>, Error> {
        inflated(read, &self.options)
    }
}

/// What became of a push.
pub(super) struct Taken {
    pub(super) accepted: usize,
    pub(super) refused: usize,
    /// The first refusals, in the order of the body.
    pub(super) errors: Vec<Refusal>,
    /// Whether what was taken is on disk by now.
    pub(super) durability: Durability,
}

/// What pushes count.
#[derive(Debug, Default)]
pub(crate) struct IntakeCounters {
    requests: Counter,
    accepted: Counter,
    refused: Counter,
    bytes: Counter,
}

impl Report for IntakeCounters {
    fn report(&self, out: &mut Vec<Reading>) {
        let counters = [
            ("watchglass_push_requests_total", "Pushes answered", &self.requests),
            ("watchglass_push_samples_total", "Pushed samples taken", &self.accepted),
            ("watchglass_push_refused_samples_total", "Pushed samples refused", &self.refused),
            ("watchglass_push_bytes_total", "Bytes of pushes on the wire", &self.bytes),
        ];
        out.extend(
            counters.map(|(name, help, counter)| Reading::counter(name, help, counter.get())),
        );
    }
}

/// Each socket worker's own memory of series as they were written.
pub(crate) type Keys = Rc<RefCell<KeyCache>>;

/// The parameters in the address of a push.
#[derive(serde::Deserialize)]
pub(crate) struct PushQuery {
    ttl: Option<String>,
    precision: Option<String>,
}

impl PushQuery {
    /// How long the series of the push may stay silent, for those that say nothing themselves.
    pub(super) fn ttl(&self) -> Result<Option<Span>, Error> {
        let Some(text) = &self.ttl else { return Ok(None) };
        match Span::parse(text) {
            Ok(ttl) if ttl > Span::ZERO => Ok(Some(ttl)),
            Ok(_) => Err(Error::BadRequest("`ttl` is not longer than `0s`".to_owned())),
            Err(error) => Err(Error::BadRequest(format!("`ttl`: {error}"))),
        }
    }
}

/// Answers `POST /push`.
pub(crate) async fn text(
    request: HttpRequest,
    query: web::Query<PushQuery>,
    body: web::Payload,
    intake: web::Data<Intake>,
    keys: web::ThinData<Keys>,
) -> Result<HttpResponse, Error> {
    push(&request, body, query.ttl()?, &intake, &keys.0, ingest::text::decode).await
}

/// Answers `POST /api/v1/push`.
pub(crate) async fn json(
    request: HttpRequest,
    query: web::Query<PushQuery>,
    body: web::Payload,
    intake: web::Data<Intake>,
    keys: web::ThinData<Keys>,
) -> Result<HttpResponse, Error> {
    push(&request, body, query.ttl()?, &intake, &keys.0, ingest::json::decode).await
}

/// Answers `POST /write` and `POST /api/v2/write`.
pub(crate) async fn influx(
    request: HttpRequest,
    query: web::Query<PushQuery>,
    body: web::Payload,
    intake: web::Data<Intake>,
    keys: web::ThinData<Keys>,
) -> Result<HttpResponse, Error> {
    let precision = Precision::parse(query.precision.as_deref())
        .map_err(|error| Error::BadRequest(error.to_string()))?;
    let decode = |bytes: &[u8], now: Timestamp, options: &ingest::Options, keys: &mut KeyCache| {
        ingest::influx::decode(bytes, precision, now, options, keys)
    };
    push(&request, body, query.ttl()?, &intake, &keys.0, decode).await
}

/// Answers whoever comes to the address of a push with another method.
pub(crate) async fn only_post() -> Result<HttpResponse, Error> {
    Err(Error::OnlyPost("samples are pushed here by POST, as `curl -d` does"))
}

/// What every push goes through, whatever its format: read, inflated, decoded, appended, answered.
async fn push(
    request: &HttpRequest,
    body: web::Payload,
    ttl: Option<Span>,
    intake: &Intake,
    keys: &RefCell<KeyCache>,
    decode: impl FnOnce(&[u8], Timestamp, &ingest::Options, &mut KeyCache) -> Decoded,
) -> Result<HttpResponse, Error> {
    let read = intake.read(request, body).await?;
    let bytes = intake.inflated(&read)?;
    let now = intake.now();
    // The cache is given back before anything is waited for.
    let decoded = decode(&bytes, now, &intake.options, &mut keys.borrow_mut());
    Ok(answer(intake.take(decoded, ttl, read.len()).await?))
}

/// A body as it came.
pub(super) struct Read {
    encoding: Encoding,
    bytes: BytesMut,
}

impl Read {
    /// How many bytes came.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }
}

/// Reads a body within its limits of size and time. What it is called by its content type does not
/// matter, and nothing in it is URL-decoded.
async fn read(
    request: &HttpRequest,
    body: web::Payload,
    options: &ingest::Options,
) -> Result<Read, Error> {
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let encoding = Encoding::parse(header(CONTENT_ENCODING))
        .map_err(|error| Error::Unsupported(error.to_string()))?;
    let limit = usize::try_from(options.body_max.0).unwrap_or(usize::MAX);
    let too_large = || {
        Error::TooLarge(format!("the body is larger than ingest.body_max = {}", options.body_max))
    };
    let announced = header(CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let mut bytes = BytesMut::with_capacity(announced.unwrap_or(1024).min(limit));
    let mut chunks = Chunks { body, end: None };
    while let Some(chunk) = chunks.next().await? {
        if bytes.len() + chunk.len() > limit {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Read { encoding, bytes })
}

/// A body in pieces, each within its time. Most bodies are there as a whole when they are looked
/// at: timers are made only for those that are waited for.
struct Chunks {
    body: web::Payload,
    /// When the body has to be whole, once it was waited for.
    end: Option<Instant>,
}

impl Chunks {
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let here = poll_fn(|context| Poll::Ready(Pin::new(&mut self.body).poll_next(context)));
        let chunk = match here.await {
            Poll::Ready(chunk) => chunk,
            Poll::Pending => self.wait().await?,
        };
        let unreadable = |error| Error::BadRequest(format!("cannot read the body: {error}"));
        chunk.transpose().map_err(unreadable)
    }

    async fn wait(&mut self) -> Result<Option<Result<Bytes, PayloadError>>, Error> {
        let now = Instant::now();
        let end = *self.end.get_or_insert(now + BODY_TIME);
        let stalled = now + STALL;
        let chunk = poll_fn(|context| Pin::new(&mut self.body).poll_next(context));
        tokio::time::timeout_at(stalled.min(end), chunk).await.map_err(|_| {
            Error::TooSlow(if stalled < end {
                format!("the body brought nothing for {} s", STALL.as_secs())
            } else {
                format!("the body took longer than {} s", BODY_TIME.as_secs())
            })
        })
    }
}

fn inflated<'a>(read: &'a Read, options: &ingest::Options) -> Result<Cow<'a, [u8]>, Error> {
    ingest::inflate(read.encoding, &read.bytes, options).map_err(|error| {
        if error.too_large() {
            Error::TooLarge(error.to_string())
        } else if error.unsupported() {
            Error::Unsupported(error.to_string())
        } else {
            Error::BadRequest(error.to_string())
        }
    })
}

impl Intake {
    /// Appends what was decoded and waits until it is as durable as the store makes it.
    pub(super) async fn take(
        &self,
        mut decoded: Decoded,
        ttl: Option<Span>,
        wire_bytes: usize,
    ) -> Result<Taken, Error> {
        let now = self.now();
        // Refused before the first sample is taken, so that the sender can send all of it again.
        self.store.takes()?;
        if let Some(ttl) = ttl {
            decoded.default_ttl(ttl);
        }
        let (mut accepted, mut refused) = (0, decoded.refused);
        let mut errors = decoded.refusals;
        let mut receipts = Vec::with_capacity(decoded.batches.len());
        for batch in decoded.batches {
            let appended = self.store.append(&batch, Principal::Anonymous, now);
            accepted += appended.accepted;
            refused += appended.refused;
            errors.extend(appended.refusals);
            self.boards.pushed(&appended.created);
            receipts.push(appended.receipt);
        }
        for receipt in receipts {
            receipt.wait().await?;
        }
        let counters = &self.counters;
        counters.requests.increment();
        counters.accepted.add(accepted as u64);
        counters.refused.add(refused as u64);
        counters.bytes.add(wire_bytes as u64);
        errors.sort_by_key(|refusal| refusal.line);
        errors.truncate(ERRORS_MAX);
        Ok(Taken { accepted, refused, errors, durability: self.store.durability() })
    }
}

/// What a push is answered.
#[derive(Serialize)]
struct Answer {
    accepted: usize,
    /// Said only where an answer does not wait for the disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    durability: Option<&'static str>,
    errors: Vec<Named>,
    refused: usize,
}

/// A refusal in an answer.
#[derive(Serialize)]
struct Named {
    line: u32,
    reason: Cow<'static, str>,
    text: String,
}

fn answer(taken: Taken) -> HttpResponse {
    let Taken { accepted, refused, mut errors, durability } = taken;
    if accepted == 0 && refused == 0 {
        errors.push(Refusal::new(0, "the body holds no sample", ""));
    }
    let named = |Refusal { line, reason, text }| Named { line, reason, text };
    let errors = errors.into_iter().map(named).collect();
    let durability = (durability == Durability::Async).then_some("async");
    let answer = Answer { accepted, durability, errors, refused };
    if accepted > 0 {
        HttpResponse::Ok().json(answer)
    } else {
        HttpResponse::BadRequest().json(answer)
    }
}
