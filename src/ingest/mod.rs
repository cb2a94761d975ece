//! Bytes to batches: one pure decoder a push format, and the limited reader in front of them.
//!
//! A decoder takes a whole body and the present time, keeps every good line (or object) and names
//! every bad one; it opens no socket and reads no clock. The one idea is the [`KeyCache`]: the
//! bytes of a series as the sender writes them lead straight to its `Labels`, so that the labels of
//! a known series are neither read nor allocated again.
//!
//! `docs/formats/push.md` says what is accepted on the wire.

mod families;
mod fault;
mod inflate;
pub mod influx;
mod intake;
pub mod json;
mod key_cache;
mod number;
mod options;
pub mod remote_write;
mod series;
pub mod text;

pub use inflate::{Encoding, InflateError, inflate};
pub use intake::Decoded;
pub use key_cache::KeyCache;
pub use options::Options;
