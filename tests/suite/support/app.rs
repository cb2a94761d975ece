//! The service under test: settings from a file as a person would write it, a free port, and a
//! clock that stands still until the test steps it.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use watchglass::clock::SystemClock;
use watchglass::config::{self, Flags, Settings};
use watchglass::model::{Clock, Span, SteppedClock, Timestamp};

use super::http::{Answer, Request};
use super::within;

/// When a stepped clock begins.
pub(crate) const NOW: Timestamp = Timestamp(1_700_000_000_000);

/// Nothing is collected, so that only what a test pushes is there.
const QUIET: &str = r#"
[collect]
host = "test-host"
cpu.enabled = false
load.enabled = false
memory.enabled = false
pressure.enabled = false
disks.enabled = false
network.enabled = false
sockets.enabled = false
kernel.enabled = false
filesystems.enabled = false
sensors.enabled = false
facts.enabled = false
processes.enabled = false
own.enabled = false
"#;

/// Two dashboards: one that may be embedded, one that may not.
const DASHBOARDS: &str = r#"
[[dashboard]]
slug = "overview"
title = "Overview"
embed = true

[[dashboard.panel]]
id = "cpu"
title = "CPU"
kind = "line"
query = 'sum by (mode) (load_seconds)'

[[dashboard.panel]]
id = "orders-now"
title = "Orders now"
kind = "stat"
query = 'sum(orders)'

[[dashboard]]
slug = "closed"
title = "Closed"

[[dashboard.panel]]
id = "cpu"
title = "CPU"
kind = "line"
query = 'load_seconds'
"#;

/// Socket workers of the service.
const WORKERS: usize = 2;
/// What waits for a stepped clock when the service is at rest: the hub, the upkeep, the look at
/// files, a sweep a worker.
const WAITING: usize = 3 + WORKERS;
/// The clock is stepped by at most this much at a time: less than any interval of the live core.
const PIECE: Span = Span(50);

/// A running service.
pub(crate) struct App {
    pub(crate) address: SocketAddr,
    clock: Option<SteppedClock>,
    stop: oneshot::Sender<()>,
    service: JoinHandle<Result<(), watchglass::Error>>,
    /// Where it keeps its data, for as long as it runs.
    folder: Arc<TempDir>,
    /// Where its settings and dashboards are.
    files: TempDir,
}

impl App {
    /// A service without collectors on a clock that stands at [`NOW`].
    pub(crate) async fn start() -> Self {
        Self::with("").await
    }

    /// The same with further settings.
    pub(crate) async fn with(more: &str) -> Self {
        Self::over(Arc::new(tempfile::tempdir().unwrap()), NOW, more).await
    }

    /// The same over a folder that may hold data already, on a clock that stands at `now`.
    pub(crate) async fn over(folder: Arc<TempDir>, now: Timestamp, more: &str) -> Self {
        let clock = SteppedClock::at(now);
        let text = format!("{QUIET}{more}{DASHBOARDS}");
        let mut app = Self::run(&text, folder, clock.clone());
        app.clock = Some(clock);
        app.settle().await;
        app
    }

    /// A service as it is shipped, with these settings before its own, on the machine's clock.
    pub(crate) fn real(settings_text: &str) -> Self {
        Self::run(settings_text, Arc::new(tempfile::tempdir().unwrap()), SystemClock)
    }

    fn run(text: &str, folder: Arc<TempDir>, clock: impl Clock + 'static) -> Self {
        let files = tempfile::tempdir().unwrap();
        std::fs::write(files.path().join("dashboard.toml"), text).unwrap();
        std::fs::create_dir(files.path().join("dashboards")).unwrap();
        let mut settings = settings(files.path());
        settings.server.workers = WORKERS;
        folder.path().to_str().unwrap().clone_into(&mut settings.storage.path);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let shutdown = async {
            // The sender is dropped only with the test itself.
            let _ = stopped.await;
        };
        let service = watchglass::run(settings, listener, Arc::new(clock), shutdown);
        let service = tokio::spawn(Box::pin(service));
        Self { address, clock: None, stop, service, folder, files }
    }

    /// Where one of its files of settings and dashboards is.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    /// The present of the service.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.as_ref().map_or_else(|| SystemClock.now(), SteppedClock::now)
    }

    /// Moves the clock in small pieces and lets the service come to rest after each.
    pub(crate) async fn step(&self, span: Span) {
        let clock = self.clock.as_ref().expect("the clock is stepped");
        let mut left = span;
        while left > Span::ZERO {
            let piece = left.min(PIECE);
            clock.step(piece);
            left = left - piece;
            self.settle().await;
        }
    }

    /// Waits until everything that waits for the clock does so again.
    async fn settle(&self) {
        let clock = self.clock.as_ref().expect("the clock is stepped");
        let at_rest = async {
            while clock.waiting() < WAITING {
                tokio::task::yield_now().await;
            }
        };
        within("the service comes to rest", at_rest).await;
    }

    /// A request that is answered in full.
    pub(crate) async fn ask(&self, request: Request) -> Answer {
        within("an answer", request.send(self.address)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Request::get(path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        self.ask(Request::post(path, body)).await
    }

    /// Pushes text lines that must all be taken.
    pub(crate) async fn push(&self, lines: &str) {
        let answer = self.post("/push", lines).await;
        assert_eq!((answer.status, answer.json()["refused"].as_u64()), (200, Some(0)), "{lines}");
    }

    /// One of the service's own figures, all its label sets added.
    pub(crate) async fn figure(&self, name: &str) -> f64 {
        let text = self.get("/metrics").await.text();
        let value = |line: &str| {
            let (series, value) = line.rsplit_once(' ')?;
            let found = series.split('{').next() == Some(name);
            found.then(|| value.parse::<f64>().unwrap())
        };
        let values: Vec<f64> = text.lines().filter_map(value).collect();
        assert!(!values.is_empty(), "no {name} in {text}");
        values.iter().sum()
    }

    /// Tells the service to end, without waiting for it.
    pub(crate) fn end(self) -> JoinHandle<Result<(), watchglass::Error>> {
        // A service that has ended already shows by its handle.
        let _ = self.stop.send(());
        let (service, folders) = (self.service, (self.folder, self.files));
        tokio::spawn(async move {
            let ended = service.await.unwrap();
            drop(folders);
            ended
        })
    }
}

/// Settings from the file in a folder.
fn settings(folder: &Path) -> Settings {
    match config::load(&Flags::default(), [], folder) {
        Ok(loaded) => loaded.settings,
        Err(mistakes) => panic!("{mistakes}"),
    }
}
