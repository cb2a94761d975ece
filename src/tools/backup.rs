//! `watchglass backup`: a copy of a data folder, whether or not a service runs on it.
//!
//! A running service is asked for a snapshot, which is moved to its place; its address stands in
//! the lock of its folder. Without one, the files are linked or copied under the lock.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::unwritten;
use crate::store::{Fault, FileKind, Folder, SNAPSHOTS, StoreFile, address_of};

/// How long a service may be silent while it makes a snapshot.
const PATIENCE: Duration = Duration::from_mins(2);
/// The longest answer that is read.
const ANSWER_BYTES_MAX: u64 = 64 << 10;

/// Copies `data` to `target`; see [`super::run`].
pub(super) fn backup(data: &Path, target: &Path, out: &mut dyn Write) -> Result<(), String> {
    let shown = target.display();
    if target.exists() {
        return Err(format!("`{shown}` is there already: a backup makes its folder itself"));
    }
    // It gets its name when it is whole.
    let part = with_ending(target, ".part");
    if part.exists() {
        let text = "is left of a backup that was not finished: remove it first";
        return Err(format!("`{}` {text}", part.display()));
    }
    let cannot = |error: io::Error| format!("cannot write the backup `{shown}`: {error}");
    let how = match Folder::lock(data) {
        Ok(disk) => {
            let files = StoreFile::list(&disk).map_err(|error| error.to_string())?;
            let kept = |file: &&StoreFile| matches!(file.kind, FileKind::Log | FileKind::Block);
            for file in files.iter().filter(kept) {
                bring(&data.join(&file.path), &part.join(&file.path)).map_err(cannot)?;
            }
            fs::create_dir_all(&part).map_err(cannot)?;
            "no service runs on it"
        }
        Err(error) if error.fault() == Fault::InUse => {
            let address = address_of(data).and_then(|address| address.parse().ok());
            let address = address.ok_or_else(|| {
                format!("the data folder `{}` is in use, and not by a service", data.display())
            })?;
            let snapshot = data.join(SNAPSHOTS).join(ask(address)?);
            if fs::rename(&snapshot, &part).is_err() {
                // Another disk.
                bring(&snapshot, &part).map_err(cannot)?;
                fs::remove_dir_all(&snapshot).map_err(cannot)?;
            }
            "as a snapshot of the service that runs on it"
        }
        Err(error) => return Err(error.to_string()),
    };
    fs::rename(&part, target).and_then(|()| sync(parent(target))).map_err(cannot)?;
    writeln!(out, "copied `{}` to `{shown}`, {how}", data.display()).map_err(|e| unwritten(&e))
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// The folder that something lies in.
fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Brings a file, or a folder with what is in it, to another place, safely: by a further name of
/// each file where that goes, since none of them is ever written to again.
fn bring(from: &Path, to: &Path) -> io::Result<()> {
    if from.is_dir() {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            bring(&entry.path(), &to.join(entry.file_name()))?;
        }
        return sync(to);
    }
    fs::create_dir_all(parent(to))?;
    if fs::hard_link(from, to).is_err() {
        fs::copy(from, to)?;
        fs::File::open(to)?.sync_all()?;
    }
    sync(parent(to))
}

#[cfg(unix)]
fn sync(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

/// Other systems know no sync of a folder.
#[cfg(not(unix))]
fn sync(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Asks a service for a snapshot; gives its name.
fn ask(address: SocketAddr) -> Result<String, String> {
    let failed = |error: io::Error| format!("cannot ask the service at {address}: {error}");
    let ip = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        _ => IpAddr::V4(Ipv4Addr::LOCALHOST),
    };
    let address = SocketAddr::new(ip, address.port());
    let mut connection = TcpStream::connect(address).map_err(failed)?;
    connection.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
    let request = format!(
        "POST /api/v1/admin/snapshot HTTP/1.1\r\nHost: {address}\r\nContent-Length: 0\r\n\
         Connection: close\r\n\r\n"
    );
    connection.write_all(request.as_bytes()).map_err(failed)?;
    let mut answer = String::new();
    connection.take(ANSWER_BYTES_MAX).read_to_string(&mut answer).map_err(failed)?;
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let json: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    let name = json.pointer("/data/name").and_then(serde_json::Value::as_str);
    // A name, and no way out of the folder.
    let name =
        name.filter(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
    name.map(str::to_owned).ok_or_else(|| {
        let why = json.pointer("/error").and_then(serde_json::Value::as_str);
        let first = answer.lines().next().unwrap_or("nothing");
        format!("the service at {address} made no snapshot: {}", why.unwrap_or(first))
    })
}
