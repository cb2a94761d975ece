//! What goes: each tier at the end of its retention, and what there is no room for.
//!
//! Samples as they came go together when their stretches touch the same two hours, so that a
//! stretch has all of them or none. For their age they go once rows tell of them.

use std::sync::Arc;

use super::BlockError;
use super::catalog::{Catalog, Kept};
use super::reader::Block;
use super::set::Blocks;
use super::tier::Tier;
use crate::model::Timestamp;

/// Blocks that go together, of one tier.
struct Cluster {
    tier: Tier,
    units: (i64, i64),
    blocks: Vec<Arc<Block>>,
}

impl Cluster {
    /// The time of the newest thing in it.
    fn newest(&self) -> Timestamp {
        let newest = self.blocks.iter().map(|block| block.about.span.to()).max();
        newest.unwrap_or(Timestamp::MIN)
    }

    fn bytes(&self) -> u64 {
        self.blocks.iter().map(|block| block.bytes).sum()
    }
}

impl Blocks {
    /// Removes what is kept no longer at the time `now`, then of what is left the oldest, samples
    /// before minutes before hours, until all take at most `bytes_max`.
    ///
    /// # Errors
    /// When the folder cannot be made safe; the blocks are out of the list all the same.
    pub(in crate::store) fn expire(
        &self,
        kept: &Kept,
        now: Timestamp,
        bytes_max: u64,
    ) -> Result<(), BlockError> {
        let catalog = self.catalog();
        let mut bytes: u64 = catalog.blocks.iter().map(|block| block.bytes).sum();
        let (mut gone, mut left) = (Vec::new(), Vec::new());
        for cluster in Tier::ALL.into_iter().flat_map(|tier| clusters(&catalog, tier)) {
            let edge = now.saturating_sub(kept[cluster.tier.place()]);
            let waits = || {
                let mut runs = catalog.over(cluster.units).iter();
                cluster.tier == Tier::Raw && runs.any(|run| catalog.is_unrolled(run, kept, now))
            };
            if cluster.newest() < edge && !waits() {
                bytes -= cluster.bytes();
                gone.extend(cluster.blocks);
            } else {
                left.push(cluster);
            }
        }
        for cluster in left {
            if bytes <= bytes_max {
                break;
            }
            bytes -= cluster.bytes();
            gone.extend(cluster.blocks);
        }
        if gone.is_empty() {
            return Ok(());
        }
        self.counters.expired.add(gone.len() as u64);
        // Nobody here needs them any more.
        drop(catalog);
        self.exchange(&[], gone).map_err(BlockError::Disk)
    }
}

/// The blocks of a tier that lie over each other, the oldest first.
fn clusters(catalog: &Catalog, tier: Tier) -> Vec<Cluster> {
    let blocks = catalog.blocks.iter().filter(|block| block.tier() == tier);
    let mut blocks: Vec<((i64, i64), &Arc<Block>)> =
        blocks.filter_map(|block| Some((block.cover().hull()?, block))).collect();
    blocks.sort_by_key(|(units, _)| *units);
    let mut clusters: Vec<Cluster> = Vec::new();
    for (units, block) in blocks {
        match clusters.last_mut().filter(|last| units.0 < last.units.1) {
            Some(last) => {
                last.units.1 = last.units.1.max(units.1);
                last.blocks.push(Arc::clone(block));
            }
            None => clusters.push(Cluster { tier, units, blocks: vec![Arc::clone(block)] }),
        }
    }
    clusters
}
