//! What is packed comes back bit for bit, and takes as few bits as it should.

use super::*;
use crate::model::STALE_BITS;
use proptest::prelude::*;

fn check(samples: &[Sample]) {
    let chunk = Chunk::pack(Kind::Float, samples).expect("samples");
    assert_eq!(chunk.samples().collect::<Vec<_>>(), samples);
    assert_eq!((chunk.first, chunk.last), (samples[0].at, samples[samples.len() - 1].at));
    let mut single = ChunkWriter::new(Kind::Float);
    for sample in samples {
        single.push(*sample);
    }
    assert_eq!(single.chunk().map(|chunk| chunk.data), Some(chunk.data), "one by one");
}

/// Values that a lossy codec would bend.
fn odd_value() -> impl Strategy<Value = u64> {
    let odd = [
        STALE_BITS,
        0x7ff8_0000_0000_0001,
        0xfff8_dead_beef_0001,
        0x8000_0000_0000_0000,
        1,
        0x000f_ffff_ffff_ffff,
        f64::INFINITY.to_bits(),
        f64::MAX.to_bits(),
        u64::MAX,
    ];
    prop_oneof![
        3 => any::<u64>(),
        3 => (0_u32..2000).prop_map(|whole| f64::from(whole).to_bits()),
        3 => (0_u32..2000).prop_map(|cents| (f64::from(cents) / 100.0).to_bits()),
        2 => prop::sample::select(odd.to_vec()),
    ]
}

fn step() -> impl Strategy<Value = i64> {
    prop_oneof![Just(1000), 990_i64..1010, 1_i64..100_000, 1_i64..i64::MAX / 1000]
}

proptest! {
    #[test]
    fn any_samples_come_back_bit_for_bit(
        start in prop_oneof![
            Just(i64::MIN),
            any::<i32>().prop_map(i64::from),
            Just(i64::MAX / 2),
        ],
        parts in prop::collection::vec((step(), odd_value()), 1..400),
    ) {
        let mut at = start;
        let samples: Vec<Sample> = parts.into_iter().map(|(step, bits)| {
            at = at.wrapping_add(step);
            Sample::new(Timestamp(at), f64::from_bits(bits))
        }).collect();
        check(&samples);
    }
}

#[test]
fn the_ends_of_time_come_back() {
    let at =
        |times: &[i64]| times.iter().map(|at| Sample::new(Timestamp(*at), 1.5)).collect::<Vec<_>>();
    check(&at(&[i64::MIN, 0, i64::MAX]));
    check(&at(&[i64::MIN, i64::MIN + 1, i64::MAX - 1, i64::MAX]));
    check(&at(&[i64::MAX]));
}

#[test]
fn steady_series_take_a_quarter_of_a_byte() {
    let steady: Vec<Sample> =
        (0..240).map(|second| Sample::new(Timestamp(second * 1000), 42.0)).collect();
    let chunk = Chunk::pack(Kind::Float, &steady).expect("samples");
    assert!(chunk.data.len() < 75, "{} bytes", chunk.data.len());
}

#[test]
fn short_decimals_take_what_their_differences_take() {
    let check = |values: &mut dyn Iterator<Item = f64>, bytes_most: usize| {
        let samples: Vec<Sample> = (0..240_i64)
            .zip(values)
            .map(|(second, value)| Sample::new(Timestamp(second * 1000), value))
            .collect();
        check(&samples);
        let chunk = Chunk::pack(Kind::Float, &samples).expect("samples");
        assert!(chunk.data.len() <= bytes_most, "{} bytes", chunk.data.len());
    };
    let hundredths = |second: i64| (second * 7919 % 1000) as f64 / 100.0;
    // At most 11 bits for the difference, and 3 that say so.
    check(&mut (0..).map(hundredths), 240 * 14 / 8 + 16);
    // The first ones are whole numbers, and then not.
    check(&mut (0..).map(|second| hundredths(if second < 9 { 0 } else { second })), 436);
    // A staleness marker now and then leaves the others as they are.
    let stale = f64::from_bits(STALE_BITS);
    check(&mut (0..).map(|at| if at % 100 == 50 { stale } else { hundredths(at) }), 456);
    // What is no decimal is packed by its bits, also when the first one is.
    check(&mut (0..).map(|at| if at == 0 { 1.0 } else { 1.0 / f64::from(at) }), 240 * 67 / 8);
}

#[test]
fn a_cleared_writer_starts_anew() {
    let mut writer = ChunkWriter::new(Kind::Float);
    writer.push(Sample::new(Timestamp(5), 1.0));
    writer.push(Sample::new(Timestamp(7), 3.0));
    writer.clear();
    assert!(writer.is_empty() && writer.chunk().is_none());
    writer.push(Sample::new(Timestamp(1), 2.0));
    writer.push(Sample::new(Timestamp(2), 2.5));
    let chunk = writer.chunk().expect("two samples");
    let expected = [Sample::new(Timestamp(1), 2.0), Sample::new(Timestamp(2), 2.5)];
    assert_eq!(chunk.samples().collect::<Vec<_>>(), expected);
}
