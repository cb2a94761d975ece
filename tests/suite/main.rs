//! Black-box tests: the service runs in this process on a free port, with a clock that the test
//! steps, or as the program itself; the tests speak HTTP, WebSocket and files, and know nothing
//! else.
//!
//! [`support::App`] is the service, [`support::Viewer`] somebody who watches it.

#![expect(clippy::unwrap_used, reason = "a test whose connection breaks has to stop")]
#![expect(clippy::format_push_string, reason = "bodies of tests read best as they are sent")]
#![expect(clippy::format_collect, reason = "bodies of tests read best as they are sent")]

mod api;
mod dear;
mod durable;
mod embeds;
mod explore;
mod fallback;
mod fanout;
mod files;
mod frames;
mod grafana;
mod health;
mod hostile;
mod law;
mod live;
mod pages;
mod pictures;
mod places;
mod program;
mod push;
mod remote_write;
mod support;
mod tools;
mod variables;
