//! What each tier has on disk, and what it will take when it has all that is to be kept.
//!
//! A day of a tier is taken to need what a day did in its newest week.

use std::sync::Arc;

use super::catalog::Kept;
use super::cover::{Cover, UNIT};
use super::reader::Block;
use super::set::Blocks;
use super::tier::Tier;
use crate::model::{Reading, Span, TimeRange};

/// The blocks that end so many units before the newest one or later are the measure: a week.
const RECENT_UNITS: i64 = 7 * 12;

/// What one tier has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TierRoom {
    /// `raw`, `minutes` or `hours`.
    pub name: &'static str,
    /// What a row stands for; zero for samples as they came.
    pub resolution: Span,
    /// How long it is kept by the settings.
    pub retention: Span,
    /// How many blocks there are.
    pub blocks: usize,
    /// How many series the block with the most has.
    pub series: u32,
    /// How many samples or rows there are.
    pub samples: u64,
    /// How many bytes.
    pub bytes: u64,
    /// The times of the oldest and the newest sample; nothing when there is none.
    pub span: Option<TimeRange>,
    /// How many bytes a day takes; zero while nothing is there.
    pub bytes_a_day: f64,
    /// How many bytes it takes when it has all that is to be kept.
    pub foreseen_bytes: f64,
    /// How far back it will reach inside the room that there is, at most its retention.
    pub reach: Span,
}

impl Blocks {
    /// What each tier has, the finest first, when `bytes_max` are all the room.
    pub(in crate::store) fn room(&self, kept: &Kept, bytes_max: u64) -> [TierRoom; 3] {
        let catalog = self.catalog();
        let mut rooms = Tier::ALL.map(|tier| {
            let blocks: Vec<&Arc<Block>> =
                catalog.blocks.iter().filter(|block| block.tier() == tier).collect();
            room(tier, &blocks, kept[tier.place()])
        });
        // What is coarser stays longer: the room of a tier is what those leave.
        let mut left = bytes_max as f64;
        for room in rooms.iter_mut().rev() {
            let share = (left / room.foreseen_bytes.max(1.0)).clamp(0.0, 1.0);
            room.reach = Span((room.retention.0 as f64 * share) as i64);
            left = (left - room.foreseen_bytes).max(0.0);
        }
        rooms
    }

    /// Adds the figures of what is foreseen.
    pub(in crate::store) fn report_room(
        &self,
        kept: &Kept,
        bytes_max: u64,
        out: &mut Vec<Reading>,
    ) {
        for room in self.room(kept, bytes_max) {
            let gauges = [
                (
                    "watchglass_store_block_foreseen_bytes",
                    "Bytes of blocks when they have all that is to be kept.",
                    room.foreseen_bytes,
                ),
                (
                    "watchglass_store_block_reach_seconds",
                    "How far back blocks will reach inside the room there is.",
                    room.reach.seconds(),
                ),
            ];
            out.extend(gauges.map(|(name, help, value)| {
                Reading::gauge(name, help, value).with("tier", room.name)
            }));
        }
    }
}

fn room(tier: Tier, blocks: &[&Arc<Block>], retention: Span) -> TierRoom {
    let from = blocks.iter().map(|block| block.about.span.from()).min();
    let to = blocks.iter().map(|block| block.about.span.to()).max();
    let bytes_a_day = bytes_a_day(blocks);
    let day = Span(24 * 3_600_000);
    TierRoom {
        name: tier.name(),
        resolution: tier.resolution(),
        retention,
        blocks: blocks.len(),
        series: blocks.iter().map(|block| block.about.series).max().unwrap_or(0),
        samples: blocks.iter().map(|block| block.about.samples).sum(),
        bytes: blocks.iter().map(|block| block.bytes).sum(),
        span: from.zip(to).and_then(|(from, to)| TimeRange::new(from, to)),
        bytes_a_day,
        foreseen_bytes: bytes_a_day * (retention.0 as f64 / day.0 as f64),
        reach: retention,
    }
}

fn bytes_a_day(blocks: &[&Arc<Block>]) -> f64 {
    let ends = || blocks.iter().filter_map(|block| Some(block.cover().hull()?.1));
    let newest = ends().max().unwrap_or(0);
    let recent = blocks.iter().zip(ends()).filter(|(_, end)| newest - end < RECENT_UNITS);
    let recent: Vec<&Arc<Block>> = recent.map(|(block, _)| *block).collect();
    let cover = Cover::union(recent.iter().map(|block| block.cover()));
    let units: i64 = cover.stretches().iter().map(|(from, to)| to - from).sum();
    let bytes: u64 = recent.iter().map(|block| block.bytes).sum();
    let units_a_day = 24 * 3_600_000 / UNIT.0;
    bytes as f64 / units.max(1) as f64 * units_a_day as f64
}
