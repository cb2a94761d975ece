//! Feeds any bytes to the reader of segments of the log, as a file or as frames one after the other.
#![no_main]

use libfuzzer_sys::fuzz_target;
use watchglass::store::examine_segment;

fuzz_target!(|bytes: &[u8]| {
    let count = examine_segment(bytes);
    assert!(count <= bytes.len() * 8, "a sample takes a bit at least");
});
