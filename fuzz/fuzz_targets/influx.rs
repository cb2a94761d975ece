//! Feeds any bytes to the decoder of the Influx line protocol.
#![no_main]

use libfuzzer_sys::fuzz_target;
use watchglass::ingest::influx::{self, Precision};
use watchglass::ingest::{KeyCache, Options};
use watchglass::model::Timestamp;

fuzz_target!(|body: &[u8]| {
    let (options, mut cache) = (Options::default(), KeyCache::new(100));
    influx::decode(body, Precision::Nanoseconds, Timestamp(0), &options, &mut cache);
});
