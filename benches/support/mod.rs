//! What the programs share that measure the running service: the service as a process of its own,
//! so that its processor time and memory can be read apart from those of the load.
#![allow(dead_code, reason = "each program uses its own part")]

pub(crate) mod viewers;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use watchglass::clock::SystemClock;
use watchglass::config::{self, Flags};

/// A server in a process of its own; it ends with this value.
pub(crate) struct Service {
    child: Child,
    /// Where it runs and keeps its data, when that goes with it.
    folder: Option<tempfile::TempDir>,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Service {
    /// Runs this program again with these arguments; it has to print its address first.
    pub(crate) fn start(role: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder of its own");
        let service = Self::start_in(role, folder.path());
        service.keeping(folder)
    }

    fn keeping(mut self, folder: tempfile::TempDir) -> Self {
        self.folder = Some(folder);
        self
    }

    /// The same in a folder that another may have run in before.
    pub(crate) fn start_in(role: &[&str], folder: &Path) -> Self {
        let program = std::env::current_exe().expect("this program has a path");
        let mut command = Command::new(program);
        command.args(role).stdin(Stdio::piped()).stdout(Stdio::piped());
        command.current_dir(folder);
        let mut child = command.spawn().expect("this program starts again");
        let mut line = String::new();
        let output = child.stdout.take().expect("its output is piped");
        BufReader::new(output).read_line(&mut line).expect("it prints its address");
        let address = line.trim().parse().expect("an address");
        Self { child, folder: None, address }
    }

    /// The processor time of all its threads so far, in seconds.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        let folder = format!("/proc/{}/task", self.child.id());
        let threads = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let nanoseconds: u64 = threads
            .filter_map(|thread| std::fs::read_to_string(thread.path().join("schedstat")).ok())
            .filter_map(|times| times.split_whitespace().next()?.parse::<u64>().ok())
            .sum();
        nanoseconds as f64 / 1e9
    }

    /// Its memory of its own (not files, not the system's buffers), in KiB.
    pub(crate) fn memory_kib(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("the service runs");
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        number.expect("the system tells RssAnon")
    }

    /// All its resident memory, in KiB.
    pub(crate) fn resident_kib(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("the service runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        number.expect("the system tells VmRSS")
    }

    /// One of its own figures, summed up over its labels.
    pub(crate) fn figure(&self, name: &str) -> f64 {
        let mut stream = TcpStream::connect(self.address).expect("the service listens");
        let request =
            format!("GET /metrics HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", self.address);
        stream.write_all(request.as_bytes()).expect("a request is sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer comes");
        let values = answer.lines().filter_map(|line| {
            let rest = line.strip_prefix(name)?;
            rest.starts_with([' ', '{']).then(|| rest.rsplit(' ').next()?.parse::<f64>().ok())?
        });
        values.sum()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The service with the shipped settings on any free port, until standard input ends.
pub(crate) fn serve(collect: bool) {
    raise_open_files();
    let nowhere = Flags::default();
    let loaded = config::load(&nowhere, [], Path::new("/nonexistent"));
    let mut settings = loaded.expect("the shipped settings are good").settings;
    settings.server.connections_per_address_max = settings.server.connections_max;
    if !collect {
        settings.collect = without_collectors();
    }
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    say(&listener.local_addr().expect("it is bound").to_string());
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(1).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let shutdown = async {
            let wait = || std::io::stdin().read_to_end(&mut Vec::new());
            // Whether it ends or breaks: the program that wanted the service is gone.
            let _ = tokio::task::spawn_blocking(wait).await;
        };
        let service = watchglass::run(settings, listener, Arc::new(SystemClock), shutdown);
        service.await.expect("the service runs");
    });
}

fn without_collectors() -> watchglass::collect::Options {
    let mut options =
        serde_json::to_value(watchglass::collect::Options::default()).expect("options are JSON");
    for (_, source) in options.as_object_mut().expect("a table").iter_mut() {
        if let Some(enabled) = source.get_mut("enabled") {
            *enabled = false.into();
        }
    }
    serde_json::from_value(options).expect("options")
}

/// Prints one line at once.
pub(crate) fn say(text: &str) {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{text}").and_then(|()| output.flush()).expect("standard output is there");
}

/// Allows as many open files as the system lets this process have.
pub(crate) fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    setrlimit(Resource::Nofile, raised).expect("a process may raise its own limit");
}

/// The middle one of a few figures.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The processor time of this thread so far, in seconds: what others do meanwhile is not in it.
pub(crate) fn thread_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// The present on a clock that only goes forward.
#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
pub(crate) fn instant() -> Instant {
    Instant::now()
}
