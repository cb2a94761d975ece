//! The windows that are fetched over HTTP: their names, which cannot be guessed, and their bytes,
//! written once for all who fetch the same one at the same time.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use hashbrown::{HashMap, HashSet};
use serde_json::{Value, json};

use super::channel::Channel;
use super::frame::Codec;

/// A window in the bytes of one codec.
#[derive(Debug)]
pub struct Snapshot {
    /// The bytes as they are.
    pub bytes: Bytes,
    /// Whether they are JSON.
    pub json: bool,
    /// The same, compressed with gzip by the first who needs it.
    pub gzip: OnceLock<Bytes>,
}

struct Named {
    channel: u32,
    columns: usize,
    /// The last bytes of each codec, with the seq they hold.
    written: [Option<(u64, Arc<Snapshot>)>; 2],
}

/// The names handed out so far.
pub(crate) struct Snapshots {
    names: HashMap<String, Named>,
    by_window: HashMap<(u32, usize), String>,
}

impl Snapshots {
    pub(crate) fn new() -> Self {
        Self { names: HashMap::new(), by_window: HashMap::new() }
    }

    /// The `at` frame of a channel for a viewer who wants `columns` of its window.
    pub(crate) fn at(&mut self, channel: &Channel, columns: usize) -> Value {
        let name = self.by_window.entry((channel.id, columns)).or_insert_with(super::random_name);
        let named = Named { channel: channel.id, columns, written: [None, None] };
        self.names.entry_ref(name.as_str()).or_insert(named);
        json!({ "at": {
            "channel": channel.id, "seq": channel.seq(), "n": channel.newest(),
            "snapshot": format!("/live/snapshot/{name}"),
        }})
    }

    /// Which channel a name means.
    pub(crate) fn channel(&self, name: &str) -> Option<u32> {
        self.names.get(name).map(|named| named.channel)
    }

    /// The bytes behind a name.
    pub(crate) fn bytes(
        &mut self,
        name: &str,
        codec: Codec,
        channel: &Channel,
    ) -> Option<Arc<Snapshot>> {
        let named = self.names.get_mut(name)?;
        let written = &mut named.written[usize::from(codec == Codec::Binary)];
        match written {
            Some((seq, snapshot)) if *seq == channel.seq() => Some(Arc::clone(snapshot)),
            _ => {
                let bytes = channel.snapshot(named.columns).write(codec).into();
                let json = codec == Codec::Json;
                let snapshot = Arc::new(Snapshot { bytes, json, gzip: OnceLock::new() });
                *written = Some((channel.seq(), Arc::clone(&snapshot)));
                Some(snapshot)
            }
        }
    }

    /// Takes the names of channels that are no more.
    pub(crate) fn forget(&mut self, gone: &HashSet<u32>) {
        self.names.retain(|_, named| !gone.contains(&named.channel));
        self.by_window.retain(|(channel, _), _| !gone.contains(channel));
    }
}
