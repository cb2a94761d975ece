//! Files of remote-write requests: `docs/formats/export.md` has the bytes.
//!
//! A length of zero ends the file, so that one that was cut is told from a whole one.

use std::io::{ErrorKind, Read, Write};

/// What such a file begins with.
pub(super) const MAGIC: [u8; 8] = *b"WGRW\r\n\x01\0";
/// The longest request that is read.
const REQUEST_BYTES_MAX: u32 = 256 << 20;

/// Adds a request to a file.
///
/// # Errors
/// In words, when it cannot be written.
pub(super) fn write(request: &[u8], out: &mut dyn Write) -> Result<(), String> {
    let length = u32::try_from(request.len()).map_err(|_| "a request is too long".to_owned())?;
    let sum = crc32c::crc32c(request);
    let parts = [&length.to_le_bytes()[..], &sum.to_le_bytes(), request];
    parts.iter().try_for_each(|part| out.write_all(part)).map_err(|error| super::unwritten(&error))
}

/// Ends a file.
///
/// # Errors
/// In words, when it cannot be written.
pub(super) fn end(out: &mut dyn Write) -> Result<(), String> {
    out.write_all(&[0; 4]).map_err(|error| super::unwritten(&error))
}

/// Reads the next request; nothing at the end of the file.
///
/// # Errors
/// In words, when the file is damaged or was cut.
pub(super) fn read(input: &mut dyn Read) -> Result<Option<Vec<u8>>, String> {
    let mut fill = |bytes: &mut [u8]| {
        input.read_exact(bytes).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => "the file ends in the middle: it was cut".to_owned(),
            _ => format!("cannot read the file: {error}"),
        })
    };
    let (mut length, mut sum) = ([0; 4], [0; 4]);
    fill(&mut length)?;
    let length = u32::from_le_bytes(length);
    if length == 0 {
        return Ok(None);
    }
    if length > REQUEST_BYTES_MAX {
        return Err("the file is damaged: a request is too long".to_owned());
    }
    fill(&mut sum)?;
    let mut request = vec![0; length as usize];
    fill(&mut request)?;
    if crc32c::crc32c(&request) != u32::from_le_bytes(sum) {
        return Err("the file is damaged: the checksum of a request is wrong".to_owned());
    }
    Ok(Some(request))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_come_back_and_damage_is_told() {
        let mut file = Vec::new();
        write(b"one", &mut file).expect("written");
        write(b"two", &mut file).expect("written");
        end(&mut file).expect("written");
        let all = |mut bytes: &[u8]| {
            let mut found = Vec::new();
            while let Some(request) = read(&mut bytes)? {
                found.push(request);
            }
            Ok::<_, String>(found)
        };
        assert_eq!(all(&file), Ok(vec![b"one".to_vec(), b"two".to_vec()]));
        for cut in 0..file.len() {
            assert!(all(&file[..cut]).is_err(), "{cut}");
        }
        for at in 0..file.len() - 4 {
            let mut damaged = file.clone();
            damaged[at] ^= 1;
            assert!(all(&damaged).is_err(), "{at}");
        }
    }
}
