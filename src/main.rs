//! The program: reads flags and settings, then runs the service until it is told to stop, or
//! carries out a command.
//!
//! It ends with 0 after an orderly stop, 1 when settings, the address or the data folder will not
//! do or a command found something wrong, 2 when the flags make no sense, and 3 when the service
//! fails while running.

use std::error::Error;
use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use mimalloc::MiMalloc;
use socket2::{Domain, Socket, Type};
use watchglass::clock::SystemClock;
use watchglass::config::{self, Command, DashboardCommand, Flags, Settings};
use watchglass::model::Clock;
use watchglass::tools;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Connections that may wait to be accepted: after a restart all viewers come back at once.
const BACKLOG: i32 = 4096;

/// What `RUST_LOG` is when nobody set it: the server library tells of every worker thread.
const LOG_DEFAULT: &str = "info,actix_server=warn";

/// Why the program ends, as the number it ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    Settings = 1,
    Usage = 2,
    Running = 3,
}

fn main() -> ExitCode {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or(LOG_DEFAULT)).init();
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(exit) => ExitCode::from(exit as u8),
    }
}

fn start() -> Result<(), Exit> {
    let flags = match Flags::try_parse() {
        Ok(flags) => flags,
        Err(error) => {
            // Help and version come as errors too, to be written to standard output.
            let shown = error.print();
            return if error.use_stderr() || shown.is_err() { Err(Exit::Usage) } else { Ok(()) };
        }
    };
    if let Some(Command::Dashboard(DashboardCommand::Check { files })) = &flags.command {
        let done = tools::check(files, &mut io::stdin(), &mut io::stdout());
        return done.map_err(|words| complain(&words, Exit::Settings));
    }
    let loaded = config::load(&flags, std::env::vars_os(), Path::new(""))
        .map_err(|mistakes| complain(&mistakes, Exit::Settings))?;
    if flags.check {
        say(&loaded.summary());
        return Ok(());
    }
    let settings = loaded.settings;
    if let Some(Command::Data(command)) = &flags.command {
        let done = tools::run(command, &settings, SystemClock.now(), &mut io::stdout());
        return done.map_err(|words| complain(&words, Exit::Settings));
    }
    prepare_folder(Path::new(&settings.storage.path))
        .map_err(|text| complain(&text, Exit::Settings))?;
    raise_open_files();
    let listener = settings.server.address().and_then(listen);
    let listener = listener.map_err(|text| complain(&text, Exit::Settings))?;
    let address = listener.local_addr().map_err(|error| complain(&chain(&error), Exit::Running))?;
    say(&format!("watchglass is listening on http://{address}"));
    if !address.ip().is_loopback() {
        log::warn!(
            "{address} can be reached from other machines without accounts and without \
             encryption: whoever reaches it sees everything and may push"
        );
    }
    serve(settings, listener)
}

fn serve(settings: Settings, listener: TcpListener) -> Result<(), Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("watchglass")
        .enable_all()
        .build()
        .map_err(|error| complain(&chain(&error), Exit::Running))?;
    let ended = runtime.block_on(async {
        let shutdown = stop_signal()?;
        let service = watchglass::run(settings, listener, Arc::new(SystemClock), shutdown);
        service.await.map_err(Box::<dyn Error>::from)
    });
    ended.map_err(|error| {
        let unusable = error.downcast_ref::<watchglass::Error>();
        let unusable = matches!(unusable, Some(watchglass::Error::Store(_)));
        let exit = if unusable { Exit::Settings } else { Exit::Running };
        complain(&chain(error.as_ref()), exit)
    })
}

/// Resolves when the process is asked to end.
#[cfg(unix)]
fn stop_signal() -> Result<impl Future<Output = ()>, io::Error> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        log::info!("stopping signal={name}");
    })
}

/// Resolves when the process is asked to end.
#[cfg(not(unix))]
fn stop_signal() -> Result<impl Future<Output = ()>, io::Error> {
    Ok(async move {
        // Without a way to be asked, it runs until it is killed.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        log::info!("stopping signal=interrupt");
    })
}

/// Opens the socket; when that fails, says why and what to do.
fn listen(address: SocketAddr) -> Result<TcpListener, String> {
    let open = || {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        // Without it a restart would wait for the last connections of the process before.
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        Ok(TcpListener::from(socket))
    };
    open().map_err(|error: io::Error| {
        let why = match error.kind() {
            ErrorKind::AddrInUse => {
                "the port is in use (another watchglass? choose one with --bind 127.0.0.1:0)".into()
            }
            ErrorKind::PermissionDenied => {
                "this user may not use the port (choose one above 1023 with --bind)".into()
            }
            ErrorKind::AddrNotAvailable => {
                "this machine has no such address (see `server.bind`)".into()
            }
            _ => error.to_string(),
        };
        format!("cannot listen on {address}: {why}")
    })
}

/// Makes the data folder if it is missing, and makes sure that files can be made in it.
fn prepare_folder(folder: &Path) -> Result<(), String> {
    let cannot = |what: &str, error: &io::Error| {
        format!(
            "cannot {what} the data folder `{}`: {error} (choose another with --data DIR)",
            folder.display()
        )
    };
    std::fs::create_dir_all(folder).map_err(|error| cannot("create", &error))?;
    let probe = folder.join(format!(".probe-{}", std::process::id()));
    std::fs::write(&probe, b"").map_err(|error| cannot("write to", &error))?;
    std::fs::remove_file(&probe).map_err(|error| cannot("write to", &error))
}

/// Raises this process's limit of open files as far as it may.
#[cfg(unix)]
fn raise_open_files() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        limit.current = limit.maximum;
        if let Err(error) = setrlimit(Resource::Nofile, limit) {
            log::warn!("the limit of open files cannot be raised error={error}");
        }
    }
}

#[cfg(not(unix))]
fn raise_open_files() {}

/// Writes one line to standard output. When nobody reads it that is no reason to end.
fn say(text: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Writes an error to standard error, log filter or not, and gives back the exit it leads to.
fn complain(error: &dyn Display, exit: Exit) -> Exit {
    let _ = writeln!(io::stderr().lock(), "watchglass: {error}");
    exit
}

/// An error with its causes, on one line. A cause that its error repeats is left out.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        cause = error.source();
    }
    text.replace('\n', ", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_is_said_with_what_to_do() {
        let first = listen(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
        let address = first.local_addr().expect("an address");
        let text = listen(address).expect_err("taken");
        let start = format!("cannot listen on {address}: the port is in use (another watchglass? ");
        assert!(text.starts_with(&start), "{text}");
    }

    #[test]
    fn the_data_folder_is_made_and_tried() {
        let folder = tempfile::tempdir().expect("a folder");
        let inner = folder.path().join("a/b");
        prepare_folder(&inner).expect("made");
        assert_eq!(std::fs::read_dir(&inner).expect("there").count(), 0);
        std::fs::write(folder.path().join("file"), b"").expect("a file");
        let text = prepare_folder(&folder.path().join("file/data")).expect_err("below a file");
        assert!(text.starts_with("cannot create the data folder `"), "{text}");
        assert!(text.ends_with("(choose another with --data DIR)"), "{text}");
    }

    #[test]
    fn causes_stand_on_one_line_and_once() {
        let inner = io::Error::other("disk\nfull");
        let outer = io::Error::other(Outer(inner));
        assert_eq!(chain(&outer), "cannot write: disk, full");
    }

    #[derive(Debug)]
    struct Outer(io::Error);

    impl Display for Outer {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("cannot write")
        }
    }

    impl Error for Outer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }
}
