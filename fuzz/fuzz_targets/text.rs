//! Feeds any bytes to the decoder of the Prometheus text format.
#![no_main]

use libfuzzer_sys::fuzz_target;
use watchglass::ingest::{KeyCache, Options, text};
use watchglass::model::Timestamp;

fuzz_target!(|body: &[u8]| {
    text::decode(body, Timestamp(0), &Options::default(), &mut KeyCache::new(100));
});
