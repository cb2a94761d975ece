//! Runs the stored corpus of the fuzz targets through the same functions and holds what must be
//! true of any input: nothing panics, what is counted adds up, limits are kept, and the cache of
//! series changes nothing.
//!
//! A file's name says what it must come to: `accept-` is taken whole, `refuse-` not at all,
//! `mixed-` in part; for the reader of encodings `bomb-` meets a limit and `broken-` is damaged;
//! for the length gate `pass-` is let through and `long-`, `many-`, `wrong-` are the reasons to
//! end. Other names (cases that the fuzzer found) promise nothing beyond what always holds.
#![expect(clippy::unwrap_used, reason = "a corpus that cannot be read is a failed test")]

#[path = "corpus/evaluate.rs"]
mod evaluate;

use std::path::Path;

use watchglass::config::ImportFormat;
use watchglass::ingest::influx::{self, Precision};
use watchglass::ingest::remote_write::{self, Version};
use watchglass::ingest::{Decoded, Encoding, KeyCache, Options, inflate, json, text};
use watchglass::model::{Origin, Refusal, Timestamp};
use watchglass::query::Plan;
use watchglass::store::{count_samples, examine_block, examine_segment};
use watchglass::tools::Pieces;
use watchglass::web::{Gate, GateError};

const NOW: Timestamp = Timestamp(1_700_000_000_000);

/// The files of one target, by name.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(target);
    let files = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let read = |file: std::fs::DirEntry| {
        (file.file_name().into_string().unwrap(), std::fs::read(file.path()).unwrap())
    };
    let mut files: Vec<(String, Vec<u8>)> = files.map(read).collect();
    files.sort();
    assert!(files.len() >= 10, "the corpus of {target} is incomplete");
    files
}

/// Everything that was decoded, as text that can be compared.
fn shown(decoded: &Decoded) -> String {
    let batches = decoded.batches.iter().map(|batch| {
        let sample = |entry: &watchglass::model::Entry| {
            let (at, value) = (entry.sample.at.0, entry.sample.value.to_bits());
            format!("{} {value:x} {at} {}", entry.labels, entry.line)
        };
        let entries: Vec<String> = batch.entries.iter().map(sample).collect();
        format!("{:?} {entries:?} {:?}", batch.ttl, batch.metadata)
    });
    let batches: Vec<String> = batches.collect();
    format!("{batches:?} {} {:?}", decoded.refused, decoded.refusals)
}

fn check_decoded(name: &str, body: &[u8], decoded: &Decoded, options: &Options) {
    let lines = body.split(|byte| *byte == b'\n').count();
    // Objects of an array are counted from 1 too, and each takes more than a byte.
    let numbers = 0..=u32::try_from(lines.max(body.len())).unwrap();
    assert!(decoded.refusals.len() <= decoded.refused.min(20), "{name}");
    assert_eq!(decoded.refusals.is_empty(), decoded.refused == 0, "{name}");
    for refusal in &decoded.refusals {
        assert!(
            numbers.contains(&refusal.line) && !refusal.reason.is_empty(),
            "{name}: {refusal:?}"
        );
        assert!(refusal.text.chars().count() <= Refusal::TEXT_MAX + 1, "{name}: {refusal:?}");
    }
    assert!(decoded.samples() <= options.samples_max, "{name}");
    for batch in &decoded.batches {
        assert!(
            batch.origin == Origin::Push
                && !(batch.entries.is_empty() && batch.metadata.is_empty())
        );
        for entry in &batch.entries {
            assert!(!entry.labels.name().is_empty(), "{name}");
            assert!(entry.labels.name().len() <= options.metric_name_bytes_max, "{name}");
            assert!(entry.labels.len() <= options.labels_max + 1, "{name}");
            for (label, value) in entry.labels.iter() {
                assert!(label.len() <= options.label_name_bytes_max, "{name}");
                assert!(value.len() <= options.label_value_bytes_max, "{name}");
            }
        }
    }
    let (samples, refused) = (decoded.samples() > 0, decoded.refused > 0);
    match name.split('-').next() {
        Some("accept") => assert!(samples && !refused, "{name}: {:?}", decoded.refusals),
        Some("refuse") => assert!(!samples && refused, "{name}"),
        Some("mixed") => assert!(samples && refused, "{name}: {:?}", decoded.refusals),
        _ => {}
    }
}

/// Holds the corpus of a decoder: with an empty cache, with a warm one, and with one of no size.
fn check_decoder(target: &str, decode: impl Fn(&[u8], &Options, &mut KeyCache) -> Decoded) {
    let options = Options { samples_max: 1000, ..Options::default() };
    let (mut warm, mut none) = (KeyCache::new(1000), KeyCache::new(0));
    for (name, body) in corpus(target) {
        let first = decode(&body, &options, &mut warm);
        check_decoded(&name, &body, &first, &options);
        assert_eq!(shown(&decode(&body, &options, &mut warm)), shown(&first), "{name}");
        assert_eq!(shown(&decode(&body, &options, &mut none)), shown(&first), "{name}");
        // Cut anywhere, it may say less but holds the same.
        for cut in (0..body.len()).step_by(1 + body.len() / 50) {
            let part = body.get(..cut).unwrap();
            check_decoded("cut", part, &decode(part, &options, &mut warm), &options);
        }
    }
}

#[test]
fn text_pushes() {
    check_decoder("text", |body, options, cache| text::decode(body, NOW, options, cache));
}

#[test]
fn json_pushes() {
    check_decoder("json", |body, options, cache| json::decode(body, NOW, options, cache));
}

#[test]
fn influx_pushes() {
    check_decoder("influx", |body, options, cache| {
        influx::decode(body, Precision::Nanoseconds, NOW, options, cache)
    });
}

#[test]
fn remote_writes() {
    check_decoder("remote_write", |input, options, cache| {
        let Some((first, body)) = input.split_first() else { return Decoded::default() };
        let version = if first & 1 == 0 { Version::One } else { Version::Two };
        remote_write::decode(body, version, NOW, options, cache).unwrap_or_default()
    });
}

#[test]
fn encoded_bodies() {
    let encodings = [Encoding::Identity, Encoding::Gzip, Encoding::Zstd, Encoding::Snappy];
    let options = Options::default();
    for (name, input) in corpus("inflate") {
        let (first, body) = input.split_first().unwrap();
        let result = inflate(encodings[usize::from(*first) % 4], body, &options);
        let limit = (body.len() * options.ratio_max as usize).max(64 << 10);
        assert!(result.as_ref().map_or(0, |inflated| inflated.len()) <= limit, "{name}");
        let expected = match name.split('-').next() {
            Some("accept") => result.is_ok(),
            Some("bomb") => result.as_ref().is_err_and(watchglass::ingest::InflateError::too_large),
            Some("broken") => result.as_ref().is_err_and(|error| !error.too_large()),
            _ => true,
        };
        assert!(expected, "{name}: {:?}", result.map(|inflated| inflated.len()));
    }
}

#[test]
fn queries() {
    for (name, input) in corpus("query") {
        // Cut anywhere it is still only text; what is taken prints as a query of the same text.
        let cuts = (0..input.len()).step_by(1 + input.len() / 50).filter_map(|at| input.get(..at));
        for text in cuts.chain([input.as_slice()]).filter_map(|part| std::str::from_utf8(part).ok())
        {
            match Plan::new(text) {
                Ok(plan) => {
                    let again = Plan::new(plan.text()).map(|again| again.text().to_owned());
                    assert_eq!(again.as_deref(), Ok(plan.text()), "{name}: {text}");
                }
                Err(error) => {
                    let lines = text.split('\n').count();
                    assert!(
                        (1..=lines).contains(&error.line) && error.column > 0,
                        "{name}: {error}"
                    );
                    assert!(error.message.len() < 1000, "{name}: {error}");
                }
            }
        }
        let taken = std::str::from_utf8(&input).is_ok_and(|text| Plan::new(text).is_ok());
        match name.split('-').next() {
            Some("accept") => assert!(taken, "{name}"),
            Some("refuse") => assert!(!taken, "{name}"),
            _ => {}
        }
    }
}

#[test]
fn frames_of_the_log() {
    for (name, payload) in corpus("log") {
        let whole = count_samples(&payload);
        match name.split('-').next() {
            Some("accept") => assert!(whole.is_some(), "{name}"),
            Some("refuse") => assert_eq!(whole, None, "{name}"),
            _ => {}
        }
        // Cut or damaged anywhere it is read without harm, and gives no more than it can hold.
        for at in 0..payload.len() {
            let cut = payload.get(..at).unwrap();
            let mut damaged = payload.clone();
            damaged[at] ^= 0x81;
            for bytes in [cut, damaged.as_slice()] {
                assert!(count_samples(bytes).unwrap_or(0) <= bytes.len() * 8, "{name} at {at}");
            }
        }
    }
}

#[test]
fn segments_of_the_log() {
    for (name, input) in corpus("segment") {
        let count = examine_segment(&input);
        match name.split('-').next() {
            Some("accept") => assert!(count > 0, "{name}"),
            Some("refuse") => assert_eq!(count, 0, "{name}"),
            _ => {}
        }
        for at in 0..input.len() {
            let mut damaged = input.clone();
            damaged[at] ^= 0x81;
            for bytes in [&input[..at], damaged.as_slice()] {
                assert!(examine_segment(bytes) <= bytes.len() * 8, "{name} at {at}");
            }
        }
    }
}

#[test]
fn imported_files() {
    for (name, input) in corpus("import") {
        let (read, samples, refused) = import(&input);
        let (whole, some) = (read.is_ok() && refused == 0, samples > 0);
        match name.split('-').next() {
            Some("accept") => assert!(whole && some, "{name}: {read:?}"),
            Some("refuse") => assert!(!(some || whole), "{name}"),
            Some("mixed") => assert!(read.is_ok() && refused > 0 && some, "{name}: {read:?}"),
            Some("cut") => assert!(read.is_err_and(|why| why.contains("cut")) && some, "{name}"),
            _ => {}
        }
        // Cut anywhere, and with any byte changed, it is read or refused.
        for at in 0..input.len() {
            let mut changed = input.clone();
            changed[at] ^= 0x21;
            for bytes in [&input[..at], changed.as_slice()] {
                let _ = import(bytes);
            }
        }
    }
}

/// Reads a file as the fuzz target does: after a first byte that is even, the others are the file;
/// else requests whose checksums hold, each behind its length in two bytes. Gives how it ended, and
/// how many samples were read and refused.
fn import(input: &[u8]) -> (Result<(), String>, usize, usize) {
    let Some((first, mut bytes)) = input.split_first() else { return (Ok(()), 0, 0) };
    let mut file = bytes.to_vec();
    if first % 2 == 1 {
        file = b"WGRW\r\n\x01\0".to_vec();
        while let Some((length, rest)) = bytes.split_first_chunk::<2>() {
            let length = usize::from(u16::from_le_bytes(*length)).min(rest.len());
            let (request, rest) = rest.split_at(length);
            file.extend(u32::try_from(length).unwrap().to_le_bytes());
            file.extend(crc32c::crc32c(request).to_le_bytes());
            file.extend(request);
            bytes = rest;
        }
        file.extend([0; 4]);
    }
    let (mut samples, mut refused, mut read) = (0, 0, 0);
    let pieces = Pieces::new(file.as_slice(), ImportFormat::Auto, NOW);
    let ended = pieces.and_then(|pieces| {
        pieces.read(|piece| {
            samples += piece.decoded.samples();
            refused += piece.decoded.refused;
            read += piece.bytes;
            Ok(())
        })
    });
    assert!(read <= file.len() as u64, "no byte is read twice");
    (ended, samples, refused)
}

#[test]
fn frames_at_the_gate() {
    for (name, input) in corpus("gate") {
        let whole = Gate::default().feed(&input, NOW);
        for size in [1, 2, 3, 7, 13] {
            let mut gate = Gate::default();
            let pieces = input.chunks(size).try_for_each(|piece| gate.feed(piece, NOW));
            assert_eq!(pieces, whole, "{name} in pieces of {size}");
        }
        match name.split('-').next() {
            Some("pass") => assert_eq!(whole, Ok(()), "{name}"),
            Some("long") => assert_eq!(whole, Err(GateError::TooLong), "{name}"),
            Some("many") => assert_eq!(whole, Err(GateError::TooMany), "{name}"),
            Some("wrong") => assert_eq!(whole, Err(GateError::Protocol), "{name}"),
            _ => {}
        }
    }
}

#[test]
fn queries_are_evaluated_alike_in_every_way() {
    for (_, input) in corpus("evaluate") {
        evaluate::check(&input);
    }
    // The scripts' own queries meet whatever the language has.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/promql");
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "test") {
            let script = std::fs::read_to_string(path).unwrap();
            let queries = script.lines().filter_map(|line| line.strip_prefix("eval instant at "));
            for (_, query) in queries.filter_map(|rest| rest.split_once(' ')) {
                evaluate::check(format!("2{query}").as_bytes());
            }
        }
    }
}

#[test]
fn blocks() {
    for (name, input) in corpus("block") {
        let whole = examine_block(&input);
        match name.split('-').next() {
            Some("accept") => assert!(whole.is_ok_and(|count| count > 0), "{name}"),
            Some("refuse") => assert!(whole.is_err(), "{name}"),
            _ => {}
        }
        // Cut anywhere, and with any byte changed, it is read or refused.
        for at in (0..input.len()).step_by(1 + input.len() / 50) {
            let mut changed = input.clone();
            changed[at] ^= 0x21;
            let _ = (examine_block(&input[..at]), examine_block(&changed));
        }
    }
}
