//! Feeds any bytes to the reader of imported files. After a first byte that is even, the others are
//! the file; else requests whose checksums hold, each behind its length in two bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use watchglass::config::ImportFormat;
use watchglass::model::Timestamp;
use watchglass::tools::Pieces;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let file = if first % 2 == 0 { bytes.to_vec() } else { requests(bytes) };
    let Ok(pieces) = Pieces::new(file.as_slice(), ImportFormat::Auto, Timestamp(0)) else { return };
    let mut read = 0;
    let _ = pieces.read(|piece| {
        read += piece.bytes;
        Ok(())
    });
    assert!(read <= file.len() as u64, "no byte is read twice");
});

/// A file of these requests.
fn requests(mut bytes: &[u8]) -> Vec<u8> {
    let mut file = b"WGRW\r\n\x01\0".to_vec();
    while let Some((length, rest)) = bytes.split_first_chunk::<2>() {
        let (request, rest) = rest.split_at(usize::from(u16::from_le_bytes(*length)).min(rest.len()));
        file.extend((request.len() as u32).to_le_bytes());
        file.extend(crc32c::crc32c(request).to_le_bytes());
        file.extend(request);
        bytes = rest;
    }
    file.extend([0; 4]);
    file
}
