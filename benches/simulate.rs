//! The store on a simulated disk under as many seeds as it is given:
//! `cargo bench --bench simulate -- 0 100000`. It ends with the first seed that loses something
//! acknowledged or shows something that was never written; the tests run the first 2,000.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(clippy::unwrap_used, reason = "the simulation stops when a store does not open")]
#![allow(dead_code, reason = "the tests use more of the simulation")]

#[path = "../tests/store/coarse.rs"]
mod coarse;
#[path = "../tests/store/disk.rs"]
mod disk;
#[path = "../tests/store/random.rs"]
mod random;
#[path = "../tests/store/world.rs"]
mod world;

fn main() {
    let numbers: Vec<u64> = std::env::args().filter_map(|text| text.parse().ok()).collect();
    let (first, count) = match numbers.as_slice() {
        [first, count, ..] => (*first, *count),
        _ => (0, 20_000),
    };
    for seed in first..first + count {
        world::World::live(seed);
        if (seed - first) % 10_000 == 9_999 {
            println!("{} seeds", seed - first + 1);
        }
    }
    println!("{count} seeds from {first}: nothing lost, nothing made up");
}
