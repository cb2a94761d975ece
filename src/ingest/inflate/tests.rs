//! Tests of the limited reader: every encoding there and back, bombs, and damage.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::*;

const ENCODINGS: [Encoding; 3] = [Encoding::Gzip, Encoding::Zstd, Encoding::Snappy];

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).expect("memory takes all");
    encoder.finish().expect("memory takes all")
}

fn inflated(encoding: Encoding, body: &[u8], options: &Options) -> Result<Vec<u8>, InflateError> {
    inflate(encoding, body, options).map(Cow::into_owned)
}

fn framed(body: &[u8]) -> Vec<u8> {
    let mut encoder = snap::write::FrameEncoder::new(Vec::new());
    encoder.write_all(body).expect("memory takes all");
    encoder.into_inner().expect("memory takes all")
}

fn encoded(encoding: Encoding, body: &[u8]) -> Vec<u8> {
    match encoding {
        Encoding::Identity => body.to_owned(),
        Encoding::Gzip => gzip(body),
        Encoding::Zstd => zstd::encode_all(body, 3).expect("memory takes all"),
        Encoding::Snappy => snap::raw::Encoder::new().compress_vec(body).expect("short enough"),
    }
}

#[test]
fn headers_name_one_known_encoding() {
    let check = |header: &str, expected: Encoding| {
        assert_eq!(Encoding::parse(Some(header)), Ok(expected), "{header}");
    };
    check("", Encoding::Identity);
    check("identity", Encoding::Identity);
    check(" GZIP ", Encoding::Gzip);
    check("x-gzip", Encoding::Gzip);
    check("zstd", Encoding::Zstd);
    check("snappy", Encoding::Snappy);
    for wrong in ["br", "deflate", "gzip, gzip", "gzip,", "gzip;q=1"] {
        let error = Encoding::parse(Some(wrong)).expect_err(wrong);
        assert!(error.unsupported() && !error.too_large(), "{error}");
        assert!(error.to_string().contains(wrong), "{error}");
    }
}

#[test]
fn bombs_are_stopped_by_the_limit_they_meet() {
    let zeros = vec![b'0'; 8 << 20];
    let options = Options { inflated_max: ByteSize(1 << 20), ..Options::default() };
    for encoding in ENCODINGS {
        let error = inflated(encoding, &encoded(encoding, &zeros), &options).expect_err("a bomb");
        assert!(error.too_large() && !error.unsupported(), "{error}");
    }
    let error = inflated(Encoding::Gzip, &gzip(&zeros), &Options::default());
    assert_eq!(error, Err(InflateError::RatioTooLarge(100)));
    let error = inflated(Encoding::Snappy, &framed(&zeros), &options);
    assert_eq!(error, Err(InflateError::InflatedTooLarge(options.inflated_max)));
    let error = inflated(Encoding::Identity, &zeros, &options);
    assert_eq!(error, Err(InflateError::InflatedTooLarge(options.inflated_max)));
    let small = Options { body_max: ByteSize(9), ..Options::default() };
    let error = inflated(Encoding::Identity, b"0123456789", &small);
    assert_eq!(error, Err(InflateError::BodyTooLarge(ByteSize(9))));
}

#[test]
fn many_members_count_together() {
    let member = gzip(&vec![b'0'; 60 << 10]);
    let two = inflated(Encoding::Gzip, &member.repeat(2), &Options::default());
    assert!(two.is_err_and(|error| error.too_large()));
    let pair = [gzip(b"orders 1\n"), gzip(b"orders 2\n")].concat();
    let body = inflated(Encoding::Gzip, &pair, &Options::default());
    assert_eq!(body.as_deref(), Ok(b"orders 1\norders 2\n".as_slice()));
}

#[test]
fn a_snappy_block_is_judged_by_its_length_before_it_is_read() {
    // Announces 4 GiB - 1 and brings nothing.
    let error = inflated(Encoding::Snappy, b"\xff\xff\xff\xff\x0f\0\0", &Options::default());
    assert!(error.is_err_and(|error| error.too_large()));
}

#[test]
fn a_zstd_window_beyond_8_mib_is_refused() {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).expect("an encoder");
    encoder.window_log(27).expect("a window");
    encoder.write_all(b"orders 1").expect("memory takes all");
    let body = encoder.finish().expect("memory takes all");
    let error = inflated(Encoding::Zstd, &body, &Options::default()).expect_err("a window");
    assert!(matches!(error, InflateError::Broken(Encoding::Zstd, _)), "{error}");
}

#[test]
fn small_bodies_are_not_judged_by_their_ratio() {
    let body = vec![b'0'; RATIO_FREE_BYTES];
    for encoding in ENCODINGS {
        let plain = inflated(encoding, &encoded(encoding, &body), &Options::default());
        assert_eq!(plain.as_deref(), Ok(body.as_slice()), "{encoding}");
    }
}

#[test]
fn what_is_cut_short_or_foreign_is_broken() {
    for encoding in ENCODINGS {
        let whole = encoded(encoding, &b"orders 42\n".repeat(100));
        let cut = &whole[..whole.len() - 1];
        for body in [cut, b"orders 42", b"\xff"] {
            let error = inflated(encoding, body, &Options::default()).expect_err("broken");
            assert!(!error.too_large() && !error.unsupported(), "{encoding} {body:?}: {error}");
        }
    }
}

proptest! {
    #[test]
    fn what_is_encoded_inflates_to_the_same(body: Vec<u8>, repeat in 1..50_usize) {
        let body = body.repeat(repeat);
        for encoding in ENCODINGS {
            let whole = encoded(encoding, &body);
            let plain = inflated(encoding, &whole, &Options::default());
            prop_assert_eq!(plain.as_deref(), Ok(body.as_slice()));
        }
        let whole = framed(&body);
        let plain = inflated(Encoding::Snappy, &whole, &Options::default());
        // A frame of nothing is no frame: the encoder writes no byte for it.
        prop_assert!(body.is_empty() || plain.as_deref() == Ok(body.as_slice()));
    }

    #[test]
    fn any_bytes_stay_within_the_limit(body: Vec<u8>, flip in 0..64_usize, to: u8) {
        let options = Options { inflated_max: ByteSize(1 << 12), ..Options::default() };
        for encoding in ENCODINGS {
            let mut near = encoded(encoding, &b"orders 42\n".repeat(20));
            let at = flip % near.len();
            near[at] = to;
            for body in [&body, &near] {
                let plain = inflated(encoding, body, &options);
                prop_assert!(plain.is_err() || plain.is_ok_and(|all| all.len() <= 1 << 12));
            }
        }
    }
}
