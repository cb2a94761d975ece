//! Feeds any bytes to the limited reader; the first byte chooses the encoding.
#![no_main]

use libfuzzer_sys::fuzz_target;
use watchglass::ingest::{Encoding, Options, inflate};
use watchglass::model::ByteSize;

fuzz_target!(|input: &[u8]| {
    let Some((first, body)) = input.split_first() else { return };
    let encodings = [Encoding::Identity, Encoding::Gzip, Encoding::Zstd, Encoding::Snappy];
    let options = Options { inflated_max: ByteSize(1 << 20), ..Options::default() };
    let _ = inflate(encodings[usize::from(*first) % encodings.len()], body, &options);
});
