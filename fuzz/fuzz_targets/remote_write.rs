//! Feeds any bytes to the decoder of remote write; the first one chooses the version.
#![no_main]

use libfuzzer_sys::fuzz_target;
use watchglass::ingest::remote_write::{self, Version};
use watchglass::ingest::{KeyCache, Options};
use watchglass::model::Timestamp;

fuzz_target!(|body: &[u8]| {
    let (options, mut cache) = (Options::default(), KeyCache::new(100));
    let Some((first, body)) = body.split_first() else { return };
    let version = if first & 1 == 0 { Version::One } else { Version::Two };
    let _ = remote_write::decode(body, version, Timestamp(0), &options, &mut cache);
});
