//! The HTTP server: routes, workers, sockets' own limits, and how it ends.

use std::net::TcpListener;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::{Compress, from_fn};
use actix_web::rt::net::TcpStream;
use actix_web::{App, HttpServer, Route, guard, web};
use parking_lot::Mutex;
use tokio::sync::mpsc;

use crate::ingest::KeyCache;
use crate::live::{Command, Outgoing, Outlet};
use crate::model::{Clock, Report};

use super::api::Api;
use super::asset;
use super::guard::Guard;
use super::health::{self, Reports};
use super::live::{self, Keys, OUTGOING_MAX, Sent, Worker, WorkerOutlet, straight};
use super::options::Options;
use super::pages::{self, Pages};
use super::peers::{Peers, SHED_MAX};
use super::picture::Painter;
use super::push::{self, Intake};
use super::remote_write;

/// Unsent bytes that the system keeps for a connection; it doubles the figure. Small enough that a
/// viewer's backlog is where the program sees it, large enough for a page at once.
const SEND_BUFFER_BYTES: usize = 128 * 1024;
/// Bytes of an answer that are collected before they are written. The HTTP layer's buffer begins
/// with twice as many and is kept as large as it ever was, by thousands of connections: a live
/// session's pieces are not larger than this.
pub(crate) const WRITE_BUFFER_BYTES: usize = 4 * 1024;
/// A peer that acknowledges nothing for this long is gone: the one way to end a jammed connection.
const USER_TIMEOUT: Duration = Duration::from_secs(30);
/// Requests under way get this long after the service was told to stop.
const SHUTDOWN_SECONDS: u64 = 4;
/// Series that a worker knows by the bytes they are written in.
const KEYS_MAX: usize = 100_000;

/// What the server is made of.
pub(crate) struct Parts {
    pub(crate) options: Options,
    pub(crate) assets: asset::Source,
    pub(crate) guard: Arc<Guard>,
    pub(crate) peers: Arc<Peers>,
    pub(crate) pages: Pages,
    pub(crate) intake: web::Data<Intake>,
    pub(crate) reports: web::Data<Reports>,
    pub(crate) api: web::Data<Api>,
    pub(crate) commands: mpsc::Sender<Command>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// One message channel a socket worker, made before the workers are.
pub(crate) struct Workers {
    receivers: Vec<Mutex<Option<mpsc::Receiver<Outgoing>>>>,
    next: AtomicUsize,
    sent: Arc<Sent>,
}

impl Workers {
    /// Channels for `count` workers, and the hub's ends of them.
    pub(crate) fn new(count: usize) -> (Self, Vec<Box<dyn Outlet>>) {
        let mut receivers = Vec::with_capacity(count);
        let mut outlets: Vec<Box<dyn Outlet>> = Vec::with_capacity(count);
        for _ in 0..count {
            let (sender, receiver) = mpsc::channel(OUTGOING_MAX);
            outlets.push(Box::new(WorkerOutlet(sender)));
            receivers.push(Mutex::new(Some(receiver)));
        }
        (Self { receivers, next: AtomicUsize::new(0), sent: Arc::default() }, outlets)
    }

    /// What all of them send to viewers, as figures.
    pub(crate) fn sent(&self) -> Arc<dyn Report> {
        Arc::clone(&self.sent) as _
    }

    /// The next worker's number and its messages.
    fn take(&self) -> (usize, mpsc::Receiver<Outgoing>) {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let receiver = self.receivers.get(id).and_then(|receiver| receiver.lock().take());
        (id, receiver.expect("the server makes as many workers as it was told"))
    }
}

/// How many socket workers the options ask for: as many as cores when they say 0.
pub(crate) fn worker_count(options: &Options) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    if options.workers == 0 { cores() } else { options.workers }
}

/// Starts the server on a listener.
///
/// # Errors
/// When the listener cannot be taken over.
pub(crate) fn start(
    parts: Parts,
    workers: Workers,
    listener: TcpListener,
) -> std::io::Result<(Server, ServerHandle)> {
    let count = worker_count(&parts.options);
    let descriptors = parts.peers.descriptors;
    let per_worker = ((descriptors.connections + SHED_MAX) as usize).div_ceil(count);
    let workers = Arc::new(workers);
    let shared = Shared {
        assets: web::Data::new(parts.assets),
        guard: web::Data::from(parts.guard),
        pages: web::Data::new(parts.pages),
        intake: parts.intake,
        reports: parts.reports,
        api: parts.api,
        keys: web::Data::new(Keys::default()),
        painter: web::Data::new(Painter::default()),
    };
    let (commands, clock, peers) = (parts.commands, parts.clock, parts.peers);
    let sessions = Arc::new(AtomicU64::new(1));
    let factory = move || {
        let (id, outgoing) = workers.take();
        let (commands, sessions) = (commands.clone(), Arc::clone(&sessions));
        let worker =
            Worker::new(id, commands, sessions, Arc::clone(&clock), Arc::clone(&workers.sent));
        actix_web::rt::spawn(Rc::clone(&worker).listen(outgoing));
        actix_web::rt::spawn(Rc::clone(&worker).sweep());
        let keys: push::Keys = Rc::new(KeyCache::new(KEYS_MAX).into());
        let shared = shared.clone();
        App::new()
            .app_data(web::ThinData(worker))
            .app_data(web::ThinData(keys))
            .configure(move |config| routes(config, &shared))
            .wrap(from_fn(super::guard::guard))
    };
    let server = HttpServer::new(factory)
        .on_connect(move |connection, extensions| {
            prepare(connection);
            if peers.connected(connection, extensions) {
                straight::connected(connection, extensions, &descriptors);
            }
        })
        .workers(count)
        .max_connections(per_worker)
        .backlog(4096)
        .h1_write_buffer_size(WRITE_BUFFER_BYTES)
        // Who closes their side has gone: what was computed for them ends there.
        .h1_allow_half_closed(false)
        .disable_signals()
        .shutdown_timeout(SHUTDOWN_SECONDS)
        .listen(listener)?
        .run();
    let handle = server.handle();
    Ok((server, handle))
}

#[derive(Clone)]
struct Shared {
    assets: web::Data<asset::Source>,
    guard: web::Data<Guard>,
    pages: web::Data<Pages>,
    intake: web::Data<Intake>,
    reports: web::Data<Reports>,
    api: web::Data<Api>,
    keys: web::Data<Keys>,
    painter: web::Data<Painter>,
}

fn routes(config: &mut web::ServiceConfig, shared: &Shared) {
    config
        .app_data(shared.assets.clone())
        .app_data(shared.guard.clone())
        .app_data(shared.pages.clone())
        .app_data(shared.intake.clone())
        .app_data(shared.reports.clone())
        .app_data(shared.api.clone())
        .app_data(shared.keys.clone())
        .app_data(shared.painter.clone())
        .app_data(web::QueryConfig::default().error_handler(|error, _| {
            super::Error::BadRequest(format!("cannot read the address: {error}")).into()
        }))
        .configure(live::routes)
        .route("/live/past", get().to(super::past::windows))
        .route("/live/why", get().to(super::why::answer))
        .route("/push", web::post().to(push::text))
        .route("/api/v1/push", web::post().to(push::json))
        .route("/api/v1/write", web::post().to(remote_write::write))
        .route("/write", web::post().to(push::influx))
        .route("/api/v2/write", web::post().to(push::influx))
        .route("/push", web::to(push::only_post))
        .route("/api/v1/push", web::to(push::only_post))
        .route("/api/v1/write", web::to(push::only_post))
        .route("/write", web::to(push::only_post))
        .route("/api/v2/write", web::to(push::only_post))
        .route("/api/v1/places", get().to(pages::listed))
        .configure(super::api::routes)
        .route("/federate", get().to(super::api::federate))
        .route("/d/metric/delete", web::post().to(super::removal::delete))
        .route("/-/healthy", get().to(health::healthy))
        .route("/-/ready", get().to(health::ready))
        .route("/metrics", get().to(health::metrics))
        .route("/assets/{hash}/{path:.*}", get().to(asset::serve))
        .service(
            web::scope("")
                .guard(readable())
                .wrap(Compress::default())
                .route("/", get().to(pages::overview))
                .route("/status", get().to(super::status::status))
                .route("/explore", get().to(super::explore::explore))
                .route("/h", get().to(super::hosts::list))
                .route("/h/{host}", get().to(super::hosts::host))
                .route("/d", get().to(pages::dashboards))
                .route("/d/metric", get().to(pages::metric))
                .route("/d/{slug}", get().to(pages::dashboard))
                .route("/embed/{dashboard}", get().to(super::embed::board))
                .route("/embed/{dashboard}/{panels}", get().to(super::embed::panels))
                .route("/panel/{dashboard}/{picture}", get().to(super::picture::panel))
                .route("/badge/{dashboard}/{picture}", get().to(super::picture::badge_of))
                .default_service(web::to(pages::not_found)),
        );
}

/// GET, and HEAD for those who want the headers alone.
fn readable() -> impl guard::Guard {
    guard::Any(guard::Get()).or(guard::Head())
}

/// A route that is read.
pub(super) fn get() -> Route {
    web::route().guard(readable())
}

/// Sets what each connection's socket needs. A socket that takes no option still serves.
fn prepare(connection: &dyn std::any::Any) {
    let Some(stream) = connection.downcast_ref::<TcpStream>() else { return };
    let socket = socket2::SockRef::from(stream);
    let set = socket
        .set_send_buffer_size(SEND_BUFFER_BYTES)
        .and_then(|()| socket.set_tcp_nodelay(true))
        .and_then(|()| user_timeout(&socket));
    if let Err(error) = set {
        log::debug!("a socket takes not all options error={error}");
    }
}

#[cfg(target_os = "linux")]
fn user_timeout(socket: &socket2::SockRef<'_>) -> std::io::Result<()> {
    socket.set_tcp_user_timeout(Some(USER_TIMEOUT))
}

#[cfg(not(target_os = "linux"))]
fn user_timeout(_socket: &socket2::SockRef<'_>) -> std::io::Result<()> {
    Ok(())
}
