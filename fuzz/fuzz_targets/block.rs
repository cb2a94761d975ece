//! Feeds any bytes to the readers of blocks and of their parts; the first byte chooses which.
#![no_main]

use libfuzzer_sys::fuzz_target;
use watchglass::store::examine_block;

fuzz_target!(|bytes: &[u8]| {
    let _ = examine_block(bytes);
});
