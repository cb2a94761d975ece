//! The wiring: every part is made here, told of the others it needs, and ended in order.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::Data;
use arc_swap::ArcSwap;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::collect;
use crate::config::{DashboardFiles, Settings};
use crate::dashboard::Unit;
use crate::live::{self, Command, Hub, Surroundings};
use crate::model::{
    Arrivals, Clock, Follow, Matcher, Origin, Select, Selection, Span, TimeRange, Timestamp,
};
use crate::query::Limits;
use crate::render::{number, time_of_day};
use crate::store::{Folder, OpenError, Recovery, Store};
use crate::web::{
    self, About, Api, Facts, Guard, Intake, Pages, Parts, Peers, Registry, Reports, Workers,
};

/// How often the words on the pages and the list of pushed names are renewed.
const RENEW: Span = Span(10_000);
/// How often the files of dashboards are looked at. A change shows after two looks.
const LOOK: Span = Span(250);
/// How long viewers get to hear that the service ends.
const FAREWELL: Duration = Duration::from_millis(200);

/// Why the service ended before it was told to.
#[derive(Debug)]
pub enum Error {
    /// The listener could not be taken over, or the server failed.
    Serve(std::io::Error),
    /// The threads of the live core or of the log could not be started.
    Thread(std::io::Error),
    /// The data folder cannot be used.
    Store(OpenError),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Serve(_) => "the HTTP server failed",
            Self::Thread(_) => "a thread cannot be started",
            Self::Store(_) => "the data folder cannot be used",
        })
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Serve(error) | Self::Thread(error) => Some(error),
            Self::Store(error) => Some(error),
        }
    }
}

/// Runs the service on `listener` until `shutdown` resolves.
///
/// # Errors
/// When the server or a thread cannot start or fails, or the data folder cannot be used.
pub async fn run(
    settings: Settings,
    listener: TcpListener,
    clock: Arc<dyn Clock>,
    shutdown: impl Future<Output = ()>,
) -> Result<(), Error> {
    let service = Service::start(settings, listener, clock)?;
    shutdown.await;
    service.stop().await
}

/// The running parts that have to be ended.
struct Service {
    collectors: Arc<collect::Running>,
    upkeep: JoinHandle<()>,
    files: JoinHandle<()>,
    commands: mpsc::Sender<Command>,
    server: JoinHandle<std::io::Result<()>>,
    handle: ServerHandle,
    store: Arc<Store>,
    log: std::thread::JoinHandle<()>,
}

impl Service {
    fn start(
        settings: Settings,
        listener: TcpListener,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let (store, recovery) = open(&settings, &listener).map_err(Error::Store)?;
        let data: Arc<dyn Follow> = Arc::clone(&store) as _;
        let own = Arc::new(OwnFigures::default());
        let figures = Arc::clone(&own);
        let collectors = Arc::new(collect::start(
            &settings.collect,
            Arc::clone(&store) as _,
            Arc::clone(&clock),
            Arc::new(move || figures.read()),
        ));
        let boards = Arc::new(boards(&settings, collectors.host(), &store, &clock));
        let facts = Arc::new(ArcSwap::default());
        let parts = (Arc::clone(&store), Arc::clone(&boards), Arc::clone(&clock));
        let intake = Intake::new(settings.ingest.clone(), parts.0, parts.1, parts.2);
        let guard = Arc::new(guard(&settings, &listener));
        let peers = Peers::new(&settings.server);
        let hub = hub(&settings, &store, &boards);
        let about = about(&settings, &listener, collectors.host(), clock.now());
        let parts = (Arc::clone(&store), Arc::clone(&clock), settings.query.clone());
        let api = Api::new(parts.0, parts.1, parts.2, about);
        let (workers, outlets) = Workers::new(web::worker_count(&settings.server));
        let reports = Data::new(Reports(vec![
            Arc::clone(&store) as _,
            hub.counters(),
            api.counters(),
            Arc::clone(&collectors) as _,
            intake.counters(),
            Arc::clone(&guard) as _,
            Arc::clone(&peers) as _,
            workers.sent(),
        ]));
        own.set(Data::clone(&reports));
        let (commands, told) = mpsc::channel(live::COMMANDS_MAX);
        let limits = Limits::from(&settings.query);
        let around = Surroundings { clock: Arc::clone(&clock), data, limits, outlets };
        let begin = start_live(hub, told, around)?;
        let (log, replayed) = start_log(recovery, &store, &clock)?;
        let kept = (Arc::clone(&store), Arc::clone(&boards), Arc::clone(&facts));
        let kept = keep_up(kept.0, kept.1, kept.2, Arc::clone(&clock));
        let packed = pack(Arc::clone(&store), Arc::clone(&clock));
        let files = look(settings.dashboards, Arc::clone(&boards), Arc::clone(&clock));
        let waiting = Arc::clone(&collectors);
        let upkeep = tokio::spawn(async move {
            // Nothing is collected, told to viewers or let go of before all of it is there.
            if replayed.await.is_ok() && begin.send(()).is_ok() {
                waiting.begin();
                tokio::join!(kept, packed);
            }
        });
        let parts = Parts {
            assets: web::asset::Source::new(settings.assets.as_deref()),
            guard,
            peers,
            pages: Pages {
                assets: web::asset_urls(),
                boards,
                live: commands.clone(),
                store: Arc::clone(&store),
                parents: settings.embed.parents,
                facts,
            },
            options: settings.server,
            intake: Data::new(intake),
            reports,
            api: Data::new(api),
            commands: commands.clone(),
            clock,
        };
        let (server, handle) = web::start(parts, workers, listener).map_err(Error::Serve)?;
        let (server, files) = (tokio::spawn(server), tokio::spawn(files));
        Ok(Self { collectors, upkeep, files, commands, server, handle, store, log })
    }

    /// Ends in order: nothing new comes in, viewers are told to come back, requests under way end,
    /// what waits is written to the log.
    async fn stop(self) -> Result<(), Error> {
        self.collectors.stop();
        self.upkeep.abort();
        self.files.abort();
        if self.commands.send(Command::Shutdown).await.is_ok() {
            tokio::time::sleep(FAREWELL).await;
        }
        self.handle.stop(true).await;
        let ended = self.server.await;
        drop(self.commands);
        self.store.close();
        let written = tokio::task::spawn_blocking(|| self.log.join()).await;
        if !matches!(written, Ok(Ok(()))) {
            log::error!("the log has ended by a mistake of this program");
        }
        match ended {
            Ok(Err(error)) => Err(Error::Serve(error)),
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }
}

/// Opens the data folder, and tells those who find it in use where this service can be asked.
fn open(settings: &Settings, listener: &TcpListener) -> Result<(Arc<Store>, Recovery), OpenError> {
    let folder = Folder::lock(Path::new(&settings.storage.path))?;
    let address = listener.local_addr().map_or_else(|_| String::new(), |at| at.to_string());
    if let Err(error) = folder.tell(&address) {
        log::warn!("`watchglass backup` will not find this service error={error}");
    }
    let (max_age, max_future) = (settings.ingest.max_age, settings.ingest.max_future);
    // Without randomness the salts of segments are alike; what is read is checked all the same.
    let draw = || getrandom::u32().unwrap_or_default();
    let disk = Arc::new(folder);
    let (store, recovery) = Store::open(&settings.storage, max_age, max_future, disk, draw)?;
    Ok((Arc::new(store), recovery))
}

/// Starts the thread that reads the log, tells that it has, and then writes it until the store is
/// closed.
fn start_log(
    recovery: Recovery,
    store: &Arc<Store>,
    clock: &Arc<dyn Clock>,
) -> Result<(std::thread::JoinHandle<()>, oneshot::Receiver<()>), Error> {
    let (store, clock) = (Arc::clone(store), Arc::clone(clock));
    let (sender, replayed) = oneshot::channel();
    let work = move || {
        let writer = recovery.run(&store, clock.now());
        // Nobody waits for it any more when the service ends already.
        let _ = sender.send(());
        writer.run();
    };
    let thread = std::thread::Builder::new().name("log".to_owned()).spawn(work);
    Ok((thread.map_err(Error::Thread)?, replayed))
}

fn boards(settings: &Settings, host: &str, store: &Arc<Store>, clock: &Arc<dyn Clock>) -> Registry {
    let collect = &settings.collect;
    let reads = [&collect.cpu, &collect.memory, &collect.load, &collect.kernel];
    let reads = reads.iter().any(|source| source.enabled);
    let files = settings.dashboards.served().to_vec();
    Registry::new(files, (host.to_owned(), reads), Arc::clone(store) as _, Arc::clone(clock))
}

fn hub(settings: &Settings, store: &Arc<Store>, boards: &Arc<Registry>) -> Hub {
    Hub::new(
        settings.live.clone(),
        (settings.query.lookback, settings.query.deadline),
        web::asset::hash().to_owned(),
        Arc::clone(boards) as _,
        Arc::clone(store) as Arc<dyn Arrivals>,
    )
}

/// What the API tells of the service.
fn about(settings: &Settings, listener: &TcpListener, host: &str, now: Timestamp) -> About {
    let address = listener.local_addr().map_or_else(|_| String::new(), |at| at.to_string());
    About {
        started: now,
        settings: settings.to_toml(),
        flags: vec![
            ("bind", settings.server.bind.clone()),
            ("data", settings.storage.path.clone()),
        ],
        retention: settings.storage.retention.raw.to_string(),
        host: host.to_owned(),
        address,
    }
}

fn guard(settings: &Settings, listener: &TcpListener) -> Guard {
    let bound = listener.local_addr().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |at| at.ip());
    Guard::new(bound, &settings.server.hosts, &settings.server.cors_origins)
}

/// Starts the hub on a thread of its own, so that neither sockets nor collectors delay a tick. It
/// begins when it is told, and ends with the last of those who may command it.
fn start_live(
    hub: Hub,
    commands: mpsc::Receiver<Command>,
    around: Surroundings,
) -> Result<std::sync::mpsc::Sender<()>, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.map_err(Error::Thread)?;
    let (begin, told) = std::sync::mpsc::channel();
    let drive = move || {
        if told.recv().is_err() {
            return;
        }
        if let Err(error) = runtime.block_on(live::run(hub, commands, around)) {
            log::error!("the live core has ended error={error}");
        }
    };
    std::thread::Builder::new().name("live".to_owned()).spawn(drive).map_err(Error::Thread)?;
    Ok(begin)
}

/// Maintains the store once a second, and the words on the pages now and then.
async fn keep_up(
    store: Arc<Store>,
    boards: Arc<Registry>,
    facts: Arc<ArcSwap<Facts>>,
    clock: Arc<dyn Clock>,
) {
    let mut renewed = Timestamp::MIN;
    loop {
        let now = clock.now();
        if now.saturating_sub(RENEW) >= renewed {
            renewed = now;
            boards.renew(&store.names(Origin::Push), web::found(&store), now);
            let open = Arc::clone(&boards);
            if let Err(error) = tokio::task::spawn_blocking(move || open.renew_choices()).await {
                log::error!("boards with variables could not be renewed error={error}");
            }
        }
        facts.store(Arc::new(words(&store, now)));
        clock.wait_until(now.floor_to(Span(1000)) + Span(1000)).await;
        let maintained = Arc::clone(&store);
        let now = clock.now();
        let done = tokio::task::spawn_blocking(move || maintained.maintain(now)).await;
        if let Err(error) = done {
            log::error!("maintenance of the store failed error={error}");
        }
    }
}

/// Brings what is old into blocks and keeps those in order, apart from the rest of the upkeep,
/// since it may take its time.
async fn pack(store: Arc<Store>, clock: Arc<dyn Clock>) {
    loop {
        let now = clock.now();
        let packed = Arc::clone(&store);
        let done = tokio::task::spawn_blocking(move || packed.compact(now)).await;
        if let Err(error) = done {
            log::error!("packing the store into blocks failed error={error}");
        }
        clock.wait_until(now.floor_to(Span(1000)) + Span(1000)).await;
    }
}

/// Looks at the files of dashboards, and has those served that changed.
async fn look(mut files: DashboardFiles, boards: Arc<Registry>, clock: Arc<dyn Clock>) {
    loop {
        clock.wait_until(clock.now().floor_to(LOOK) + LOOK).await;
        let looked = tokio::task::spawn_blocking(move || {
            let news = files.look().map(<[_]>::to_vec);
            (files, news)
        });
        match looked.await {
            Ok((looked, news)) => {
                files = looked;
                if let Some(news) = news {
                    boards.replace(news);
                }
            }
            Err(error) => {
                log::error!("dashboard files are no longer looked at error={error}");
                return;
            }
        }
    }
}

fn words(store: &Store, now: Timestamp) -> Facts {
    let newest = |name: &str, back: Span| {
        let matchers = [Matcher::equal("__name__", name), Matcher::equal("job", "node")];
        let range = TimeRange::left_open(now, back)?;
        let selection = Selection {
            matchers: &matchers,
            range,
            newest_only: true,
            coarse: None,
            series_max: 1024,
            samples_max: 1024,
        };
        store.select(&selection).ok().filter(|series| !series.is_empty())
    };
    let value = |name: &str| {
        let series = newest(name, Span(300_000))?;
        series.first()?.samples.last().map(|sample| sample.value)
    };
    let mut parts = Vec::new();
    if let Some(system) = newest("node_os_info", Span(300_000)) {
        parts.push(system[0].labels.value("pretty_name").to_owned());
    }
    if let Some(cpus) = newest("node_cpu_seconds_total", Span(10_000)) {
        let cores: std::collections::BTreeSet<&str> =
            cpus.iter().map(|series| series.labels.value("cpu")).collect();
        let plural = if cores.len() == 1 { "core" } else { "cores" };
        parts.push(format!("{} {plural}", cores.len()));
    }
    if let Some(bytes) = value("node_memory_MemTotal_bytes") {
        parts.push(number::text(bytes, &Unit::Bytes, None));
    }
    if let Some(boot) = value("node_boot_time_seconds") {
        // A length of time would be wrong a minute later, on a page that stays open.
        parts.push(format!("up since {}", web::day_and_time(Timestamp((boot * 1000.0) as i64))));
    }
    Facts { host: parts.join(" · "), reach: reach_words(store, now) }
}

fn reach_words(store: &Store, now: Timestamp) -> String {
    let reach = store.reach();
    let Some(oldest) = reach.oldest else {
        return "nothing is recorded yet".to_owned();
    };
    if now - oldest >= Span(86_400_000) {
        let reach = number::text((now - oldest).seconds(), &Unit::Duration, None);
        return format!("history of {reach}");
    }
    let since = time_of_day(oldest, web::zone(now), false);
    if reach.limited_by_memory {
        format!("history since {since}, as far back as the memory budget reaches")
    } else {
        format!("history since {since}")
    }
}

/// The figures of all parts, once they are all there: the collector of the service is made before
/// some of them.
#[derive(Default)]
struct OwnFigures {
    reports: std::sync::OnceLock<Data<Reports>>,
}

impl OwnFigures {
    fn set(&self, reports: Data<Reports>) {
        // Set once, by `run`.
        let _ = self.reports.set(reports);
    }

    fn read(&self) -> Vec<crate::model::Reading> {
        self.reports.get().map(|reports| reports.read()).unwrap_or_default()
    }
}
