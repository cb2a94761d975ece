//! Feeds any bytes to the reader of the log, as the payload of a frame whose checksum holds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use watchglass::store::count_samples;

fuzz_target!(|payload: &[u8]| {
    let count = count_samples(payload).unwrap_or(0);
    assert!(count <= payload.len() * 8, "a sample takes a bit at least");
});
