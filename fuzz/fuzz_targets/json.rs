//! Feeds any bytes to the decoder of JSON pushes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use watchglass::ingest::{KeyCache, Options, json};
use watchglass::model::Timestamp;

fuzz_target!(|body: &[u8]| {
    json::decode(body, Timestamp(0), &Options::default(), &mut KeyCache::new(100));
});
