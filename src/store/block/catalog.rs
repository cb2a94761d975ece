//! The list of blocks with a map of time: which tiers have a stretch, and whether all that came is
//! in them.
//!
//! Of several blocks of rows over a stretch the one with the greatest number is right, for the
//! whole of it. It is stale when a block with a greater number was cut from the head there: late
//! samples.

use std::sync::Arc;

use super::cover::UNIT;
use super::reader::Block;
use super::tier::Tier;
use crate::model::{Span, Timestamp};

/// All blocks at one time, and what they have of which stretch.
#[derive(Default)]
pub(super) struct Catalog {
    /// Ascending by number.
    pub(super) blocks: Vec<Arc<Block>>,
    /// The stretches of which there is a block, ascending.
    pub(super) runs: Vec<Run>,
}

/// A stretch over which the same blocks lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    /// The units of two hours: the first one, and the first one after it.
    pub(super) units: (i64, i64),
    /// The blocks of rows that are right, by the place of their tier: their place and their number.
    rolled: [Option<(usize, u64)>; Tier::ALL.len()],
    /// The greatest number of a block that was cut from the head here; zero for none.
    cut: u64,
    /// The least number of a block of samples, zero when some were merged; nothing for none.
    oldest: Option<u64>,
}

impl Run {
    const fn new(units: (i64, i64)) -> Self {
        Self { units, rolled: [None; Tier::ALL.len()], cut: 0, oldest: None }
    }

    /// The end of it.
    pub(super) const fn end(&self) -> Timestamp {
        Timestamp(self.units.1.saturating_mul(UNIT.0))
    }

    /// The place and the number of the block with the rows of a tier.
    pub(super) const fn rolled(&self, tier: Tier) -> Option<(usize, u64)> {
        self.rolled[tier.place()]
    }

    /// Whether samples came after these rows were made.
    pub(super) fn is_stale(&self, tier: Tier) -> bool {
        self.rolled(tier).is_some_and(|(_, number)| number < self.cut)
    }

    /// Whether there are rows of that tier which lack nothing.
    pub(super) fn has(&self, tier: Tier) -> bool {
        self.rolled(tier).is_some() && !self.is_stale(tier)
    }

    /// Whether there are samples as they came.
    pub(super) const fn has_raw(&self) -> bool {
        self.oldest.is_some()
    }

    /// Whether these are all there ever were. Once they had gone from here, and rows alone tell of
    /// them, those that came late are newer than the rows.
    pub(super) fn has_all_raw(&self) -> bool {
        let before = |oldest: u64| {
            let mut numbers = self.rolled.iter().flatten().map(|(_, number)| *number);
            numbers.all(|number| oldest < number)
        };
        self.oldest.is_some_and(before)
    }

    /// The number of the block that was cut here last.
    pub(super) const fn cut(&self) -> u64 {
        self.cut
    }

    /// Whether rows of that tier are to be made, here where all samples are or, of hours, rows of
    /// minutes.
    pub(super) fn lacks(&self, tier: Tier) -> bool {
        let minutes = tier == Tier::Hours && self.has(Tier::Minutes);
        match self.rolled(tier) {
            None => self.has_all_raw() || minutes,
            Some(_) => self.is_stale(tier) && (self.has_all_raw() || minutes),
        }
    }

    /// Takes in a block that lies over it.
    fn add(&mut self, place: usize, block: &Block) {
        match block.tier() {
            Tier::Raw => {
                let fresh = block.is_fresh();
                let number = if fresh { block.number } else { 0 };
                self.cut = self.cut.max(number);
                self.oldest = Some(self.oldest.map_or(number, |oldest| oldest.min(number)));
            }
            // In the order of their numbers: the last one is right.
            tier => self.rolled[tier.place()] = Some((place, block.number)),
        }
    }
}

impl Catalog {
    /// Makes the map of these blocks.
    pub(super) fn new(mut blocks: Vec<Arc<Block>>) -> Self {
        blocks.sort_by_key(|block| block.number);
        let stretches = || blocks.iter().flat_map(|block| block.cover().stretches());
        let mut edges: Vec<i64> = stretches().flat_map(|(from, to)| [*from, *to]).collect();
        edges.sort_unstable();
        edges.dedup();
        let mut runs: Vec<Run> =
            edges.windows(2).map(|pair| Run::new((pair[0], pair[1]))).collect();
        for (place, block) in blocks.iter().enumerate() {
            for (from, to) in block.cover().stretches() {
                let start = runs.partition_point(|run| run.units.0 < *from);
                let end = runs.partition_point(|run| run.units.1 <= *to);
                for run in runs.get_mut(start..end).unwrap_or_default() {
                    run.add(place, block);
                }
            }
        }
        runs.retain(|run| run.has_raw() || run.rolled.iter().any(Option::is_some));
        Self { blocks, runs }
    }

    /// Whether the rows of a tier over `run` lack something: what came later, or what was damaged.
    pub(super) fn is_stale(&self, run: &Run, tier: Tier) -> bool {
        run.is_stale(tier) || self.is_damaged(run, tier)
    }

    /// Whether there are rows of that tier which lack nothing.
    pub(super) fn has(&self, run: &Run, tier: Tier) -> bool {
        run.rolled(tier).is_some() && !self.is_stale(run, tier)
    }

    /// Whether rows of that tier are to be made.
    pub(super) fn lacks(&self, run: &Run, tier: Tier) -> bool {
        run.lacks(tier) || self.is_damaged(run, tier)
    }

    /// Whether some of the rows cannot be read, and can be made again.
    fn is_damaged(&self, run: &Run, tier: Tier) -> bool {
        let block = run.rolled(tier).and_then(|(place, _)| self.blocks.get(place));
        block.is_some_and(|block| block.is_suspect()) && run.has_all_raw()
    }

    /// Whether rows are to be made of `run` that are still kept at the time `now`.
    pub(super) fn is_unrolled(&self, run: &Run, kept: &Kept, now: Timestamp) -> bool {
        Tier::ROLLED
            .into_iter()
            .any(|tier| self.lacks(run, tier) && run.end() > now.saturating_sub(kept[tier.place()]))
    }

    /// The runs that lie over some of these units, from the first to before the second.
    pub(super) fn over(&self, units: (i64, i64)) -> &[Run] {
        let start = self.runs.partition_point(|run| run.units.1 <= units.0);
        let end = self.runs.partition_point(|run| run.units.0 < units.1);
        self.runs.get(start..end.max(start)).unwrap_or_default()
    }
}

/// How long each tier is kept, by its place.
pub(in crate::store) type Kept = [Span; Tier::ALL.len()];
