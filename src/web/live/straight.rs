//! A second descriptor of each plain connection, through which a live session writes to its socket
//! without the HTTP layer; [`super::slot`] says when that is safe. Where there is none, bytes go
//! through the HTTP layer.

use std::any::Any;
use std::cell::Cell;
use std::net::TcpStream;

use actix_web::HttpRequest;
use actix_web::dev::Extensions;

use crate::store::{files_max, kept_open_max};
use crate::web::peers::SHED_MAX;

/// Descriptors kept for what is no connection: files, the listener, pipes of the runtime.
const RESERVED: u64 = 256;
/// The same where few files may be open, beside those that are open at the start and those of
/// blocks: what collectors and workers are yet to open, the log's next segment, blocks that are
/// written.
const RESERVED_LEAST: u64 = 40;
/// A process that may open fewer files than this has few of them.
const FEW: u64 = 4 * RESERVED;

/// The second descriptor of a connection, until its session takes it.
struct Second(Cell<Option<TcpStream>>);

/// How the files that a process may open are given to its connections.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Descriptors {
    /// Connections that fit.
    pub(crate) connections: u64,
    /// Whether these are fewer than the settings allow.
    pub(crate) are_scarce: bool,
    /// A connection whose own descriptor is lower has a second one.
    second_below: u64,
}

impl Descriptors {
    /// For `connections` at most, in this process as it is.
    pub(crate) fn of_process(connections: u64) -> Self {
        let files = files_max();
        let descriptors = Self::new(connections, files, files_open());
        if descriptors.are_scarce {
            log::info!(
                "fewer files may be open than `server.connections_max` needs: connections beyond \
                 those that fit are refused open_files={} connections={}",
                files.unwrap_or_default(),
                descriptors.connections
            );
        }
        descriptors
    }

    /// For `connections` at most, in a process that may open `files` (nothing is no limit) and has
    /// `open` of them open. When two descriptors each are too many, connections in the lower half
    /// have two and others one, or all have one.
    pub(crate) fn new(connections: u64, files: Option<u64>, open: u64) -> Self {
        let least = open + kept_open_max(files) as u64 + SHED_MAX + RESERVED_LEAST;
        let reserved =
            if files.is_some_and(|files| files < FEW) { least } else { RESERVED.max(least) };
        match files {
            Some(files) if files < connections * 2 + reserved => {
                let with_two = (files / 2).saturating_sub(reserved) / 2;
                let fit = files.saturating_sub(reserved + with_two).max(1);
                let second_below = if with_two > 0 { files / 2 } else { 0 };
                let are_scarce = fit < connections;
                Self { connections: connections.min(fit), are_scarce, second_below }
            }
            _ => Self { connections, are_scarce: false, second_below: u64::MAX },
        }
    }
}

/// About how many files this process has open: the system gives the lowest free number.
#[cfg(unix)]
fn files_open() -> u64 {
    use std::os::fd::AsRawFd;
    std::fs::File::open("/dev/null").map_or(0, |file| file.as_raw_fd() as u64)
}

#[cfg(not(unix))]
fn files_open() -> u64 {
    0
}

/// Makes the second descriptor of a new connection, unless it is encrypted or descriptors are
/// scarce: the system gives the lowest free number, so a high one tells how many are in use.
#[cfg(unix)]
pub(crate) fn connected(
    connection: &dyn Any,
    extensions: &mut Extensions,
    descriptors: &Descriptors,
) {
    use std::os::fd::{AsFd, AsRawFd};
    let Some(stream) = connection.downcast_ref::<actix_web::rt::net::TcpStream>() else { return };
    if stream.as_raw_fd() as u64 >= descriptors.second_below {
        return;
    }
    if let Ok(second) = stream.as_fd().try_clone_to_owned() {
        extensions.insert(Second(Cell::new(Some(second.into()))));
    }
}

#[cfg(not(unix))]
pub(crate) fn connected(_: &dyn Any, _: &mut Extensions, _: &Descriptors) {}

/// Takes the second descriptor of a request's connection. It never waits: whether a descriptor
/// does is a property of the socket, and the HTTP layer's does not.
pub(super) fn socket(request: &HttpRequest) -> Option<TcpStream> {
    request.conn_data::<Second>()?.0.take()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_connections_fit_as_there_are_descriptors() {
        for files in [1024, 4096, 20_000, 40_256, 1_048_576] {
            let descriptors = Descriptors::new(20_000, Some(files), 40);
            // The reserve is in use before the first connection comes.
            let used = (0..descriptors.connections).fold(RESERVED, |used, _| {
                used + if used < descriptors.second_below { 2 } else { 1 }
            });
            let all = descriptors.connections == 20_000;
            assert!(used <= files + 1, "{used} of {files}");
            assert!(all || used + 4 > files, "only {used} of {files}");
            assert_eq!(all, files >= 40_256, "{files}");
        }
    }

    #[test]
    fn where_files_are_few_those_of_the_storage_come_first() {
        let check = |(files, open), expected: (u64, u64)| {
            let descriptors = Descriptors::new(20_000, Some(files), open);
            assert_eq!((descriptors.connections, descriptors.second_below), expected, "{files}");
        };
        check((96, 16), (16, 0));
        check((96, 30), (2, 0));
        check((64, 60), (1, 0));
        check((200, 16), (108, 100));
    }
}
