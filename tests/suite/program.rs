//! The program itself: what it says of its settings, of a port in use, of a folder it cannot write,
//! and how it ends.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

use tempfile::TempDir;

use crate::support::{Codec, Message, Reader, Request, Socket, within};

pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchglass"));
    command.current_dir(folder).args(arguments).env_remove("RUST_LOG");
    command
}

pub(crate) fn output(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command(folder, arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

/// A program that is running; it is killed should a test fail.
pub(crate) struct Program {
    child: Child,
    pub(crate) address: SocketAddr,
    _folder: Arc<TempDir>,
}

impl Program {
    /// Starts it on a free port, in a folder of its own.
    fn start() -> Self {
        Self::over(Arc::new(tempfile::tempdir().unwrap()))
    }

    /// Starts it in a folder that it may have run in before, and reads the one line that it prints.
    pub(crate) fn over(folder: Arc<TempDir>) -> Self {
        let command = command(folder.path(), &["--bind", "127.0.0.1:0"]);
        Self::begin(folder, command)
    }

    /// The same, where it may open so many files.
    pub(crate) fn limited(folder: Arc<TempDir>, files: u32) -> Self {
        let mut shell = Command::new("sh");
        let line = format!("ulimit -n {files} && exec \"$0\" --bind 127.0.0.1:0");
        shell.current_dir(folder.path()).env_remove("RUST_LOG");
        shell.args(["-c", &line, env!("CARGO_BIN_EXE_watchglass")]);
        Self::begin(folder, shell)
    }

    fn begin(folder: Arc<TempDir>, mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("watchglass is listening on http://").unwrap();
        let address = address.parse().unwrap();
        assert!(folder.path().join("data").is_dir(), "the data folder is made");
        Self { child, address, _folder: folder }
    }

    /// Memory that it holds, in KiB.
    fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Ends it without notice.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends it in order; gives the code that it ended with.
    pub(crate) fn end(mut self) -> Option<i32> {
        self.terminate();
        self.child.wait().unwrap().code()
    }

    fn terminate(&self) {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // One that has ended already cannot be killed; that is as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn every_mistake_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = "[server]\nbind = \"nowhere\"\nport = 80\n\n[ingest]\nmax_age = \"1 hour\"\n\
        [[dashboard]]\nslug = \"overview\"\ntitle = \"O\"\n[[dashboard.panel]]\nid = \"cpu\"\n\
        title = \"CPU\"\nkind = \"line\"\nquery = 'sum(rate(x[5s])'\n";
    std::fs::write(folder.path().join("bad.toml"), file).unwrap();
    let (code, out, err) = output(folder.path(), &["--check", "--config", "bad.toml"]);
    assert_eq!((code, out.as_str()), (Some(1), ""), "{err}");
    for (line, word) in [(2, "bind"), (3, "port"), (6, "max_age"), (14, "parse error")] {
        let named = |text: &str| {
            text.contains(&format!(":{line}")) || text.contains(&format!("line {line}"))
        };
        assert!(err.lines().any(|text| named(text) && text.contains(word)), "{line} {word}: {err}");
    }
    // Without --check it does not start either, and says the same.
    let (code, _, again) = output(folder.path(), &["--config", "bad.toml"]);
    assert_eq!((code, again), (Some(1), err));
    assert!(!folder.path().join("data").exists(), "nothing was begun");
}

#[test]
fn good_settings_pass_the_check() {
    let folder = tempfile::tempdir().unwrap();
    let (code, out, err) = output(folder.path(), &["--check"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.contains("is valid"), "{out}");
    std::fs::write(folder.path().join("dashboard.toml"), "[server]\nworkers = 3\n").unwrap();
    let (code, out, _) = output(folder.path(), &["--check"]);
    assert!(code == Some(0) && out.contains("1 setting"), "{out}");
    let (code, _, err) = output(folder.path(), &["--check", "--config", "missing.toml"]);
    assert!(code == Some(1) && err.contains("missing.toml"), "{err}");
    let mut variable = command(folder.path(), &["--check"]);
    let variable = variable.env("WATCHGLASS__SERVER__WORKERS", "many").output().unwrap();
    let err = String::from_utf8(variable.stderr).unwrap();
    assert!(!variable.status.success() && err.contains("WATCHGLASS__SERVER__WORKERS"), "{err}");
}

#[test]
fn flags_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let (code, out, _) = output(folder.path(), &["--version"]);
    assert_eq!((code, out), (Some(0), format!("watchglass {}\n", env!("CARGO_PKG_VERSION"))));
    let (code, _, err) = output(folder.path(), &["--nothing"]);
    assert!(code == Some(2) && err.contains("--nothing"), "{err}");
}

#[test]
fn what_stands_in_the_way_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, out, err) = output(folder.path(), &["--bind", &address]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    let expected = format!("watchglass: cannot listen on {address}: the port is in use");
    assert!(err.contains(&expected) && err.contains("--bind"), "{err}");

    std::fs::write(folder.path().join("file"), "").unwrap();
    let arguments = ["--bind", "127.0.0.1:0", "--data", "file/data"];
    let (code, _, err) = output(folder.path(), &arguments);
    assert_eq!(code, Some(1));
    assert!(err.contains("data folder `file/data`") && err.contains("--data"), "{err}");

    let (code, _, err) = output(folder.path(), &["--bind", "0.0.0.0:0"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("server.insecure_http = true") && err.contains("--bind"), "{err}");
}

#[test]
fn a_folder_in_use_is_refused() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let program = Program::over(Arc::clone(&folder));
    let (code, _, err) = output(folder.path(), &["--bind", "127.0.0.1:0"]);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("data/lock") && err.contains("another process"), "{err}");
    program.kill();
    Program::over(folder).kill();
}

#[tokio::test]
async fn it_runs_without_a_file_and_ends_when_told() {
    let mut program = Program::start();
    let page = within("a page", Request::get("/").send(program.address)).await;
    assert_eq!(page.status, 200);
    let push = Request::post("/push", "orders 42").send(program.address);
    assert_eq!(within("a push", push).await.status, 200);
    let mut socket = Socket::open(program.address, Some("watchglass.v1.json")).await;
    let mut reader = Reader::new(Codec::Json);
    let Message::Text(text) = within("a welcome", socket.next()).await else { panic!("no text") };
    reader.take(&text);
    program.terminate();
    assert_eq!(socket.closed().await, Some(1012));
    let ended = tokio::task::spawn_blocking(move || {
        let status = program.child.wait().unwrap();
        let mut log = String::new();
        program.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        (status.code(), log)
    });
    let ended = tokio::time::timeout(std::time::Duration::from_secs(5), ended).await;
    let (code, log) = ended.expect("within 5 s").unwrap();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("SIGTERM") && !log.contains("ERROR") && !log.contains("WARN"), "{log}");
}

#[tokio::test]
async fn a_tebibyte_announced_takes_no_memory() {
    let program = Program::start();
    let mut socket = Socket::open(program.address, None).await;
    within("a welcome", socket.next()).await;
    let before = program.resident();
    socket.send(&[0x82, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4]).await;
    let piece = vec![0; 1 << 20];
    let pour = async {
        for _ in 0..256 {
            if !socket.send_anyway(&piece).await {
                break;
            }
        }
    };
    // Either the connection ends, or nobody takes the bytes.
    let _ = tokio::time::timeout(std::time::Duration::from_secs(5), pour).await;
    let grown = program.resident().saturating_sub(before);
    assert!(grown < 16 << 10, "{grown} KiB more");
    let answer = within("an answer", Request::get("/-/healthy").send(program.address)).await;
    assert_eq!(answer.status, 200);
}
