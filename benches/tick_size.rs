//! How many bytes a tick takes: 160 series in our binary frames beside the same values as a bare
//! JSON array, and what the order of the series does to it.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use watchglass::live::{Codec, encode_tick};

const SERIES: usize = 160;
const TICKS: usize = 600;

/// What a series does from tick to tick.
#[derive(Clone, Copy)]
enum Kind {
    /// A gauge of two decimals on a random walk, around 50.
    Gauge,
    /// A whole number that grows.
    Whole,
    /// Noise with all its digits.
    Noise,
}

const KINDS: [Kind; 3] = [Kind::Gauge, Kind::Whole, Kind::Noise];

fn main() {
    let grouped: Vec<Kind> = (0..SERIES).map(|at| KINDS[at * 3 / SERIES]).collect();
    let interleaved: Vec<Kind> = (0..SERIES).map(|at| KINDS[at % 3]).collect();
    println!("{SERIES} series, a third of each kind, means of {TICKS} ticks; bytes a tick");
    measure("series of a kind together", &grouped);
    measure("kinds interleaved", &interleaved);
    for (kind, name) in KINDS.iter().zip(["two-decimal gauges", "whole numbers", "noise"]) {
        measure(&format!("{name} alone"), &[*kind; SERIES]);
    }
}

fn measure(what: &str, kinds: &[Kind]) {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut column: Vec<f64> = kinds.iter().map(|kind| kind.first(&mut random)).collect();
    let (mut ours, mut bare, mut changes) = (0, 0, 0);
    for tick in 0..TICKS {
        let steps = kinds.iter().zip(&column);
        let next: Vec<f64> = steps.map(|(kind, value)| kind.next(*value, &mut random)).collect();
        let at = (7, 1000 + tick as u64, 1_700_000_000 + tick as i64);
        ours += encode_tick(Codec::Binary, at, &column, &next).len();
        changes += encode_tick(Codec::Json, at, &column, &next).len();
        bare += serde_json::to_vec(&next).expect("numbers are JSON").len();
        column = next;
    }
    let mean = |bytes: usize| bytes as f64 / TICKS as f64;
    println!(
        "{what}: binary {:.0}, bare JSON array {:.0}, ratio {:.3}; our JSON frame {:.0}",
        mean(ours),
        mean(bare),
        ours as f64 / bare as f64,
        mean(changes)
    );
}

impl Kind {
    fn first(self, random: &mut Random) -> f64 {
        match self {
            Self::Gauge => (random.unit() * 10_000.0).round() / 100.0,
            Self::Whole => (random.unit() * 1e6).round(),
            Self::Noise => random.unit(),
        }
    }

    fn next(self, value: f64, random: &mut Random) -> f64 {
        match self {
            Self::Gauge => {
                ((value + random.unit() * 2.0 - 1.0).clamp(0.0, 100.0) * 100.0).round() / 100.0
            }
            Self::Whole => value + (random.unit() * 100.0).floor(),
            Self::Noise => random.unit(),
        }
    }
}

/// A small generator, so that each run has the same values (`xorshift64*`).
struct Random(u64);

impl Random {
    /// The next number from 0 to below 1, of 53 bits.
    fn unit(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 / (1_u64 << 53) as f64
    }
}
