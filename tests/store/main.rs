//! The store on a simulated disk: power cuts that take or tear what was not synced, syncs that
//! fail, space that ends, bytes that are damaged, and a clock that steps. What was acknowledged has
//! to be there afterwards, and nothing that was never written.
//!
//! [`disk::SimulatedDisk`] is the disk, [`world::World`] a store on it with everything that was
//! written. `benches/simulate.rs` runs as many seeds as it is given.

#![expect(clippy::unwrap_used, reason = "a test whose store does not open has to stop")]

mod blocks;
mod coarse;
mod disk;
mod faults;
mod life;
mod random;
mod replay;
mod tiers;
mod world;

use world::World;

/// The seeds that every run of the tests tries.
const SEEDS: std::ops::Range<u64> = 0..2000;

/// Seeds that once failed.
const FAILED: &[u64] = &[];

#[test]
fn nothing_acknowledged_is_lost_and_nothing_is_made_up() {
    for seed in FAILED.iter().copied().chain(SEEDS) {
        World::live(seed);
    }
}
