//! What is done once a second: end silent series, settle late samples, let go of what is too old or
//! too much, and remove series that are gone.
//!
//! A shard's lock is let go of after 256 series, so that appends come in between.

use std::sync::atomic::Ordering;

use super::Store;
use super::block::Blocks;
use super::cut::Cut;
use super::log::Terms;
use super::series::{Footprint, Series};
use super::shard::Shard;
use crate::model::{Span, Timestamp};

/// How many series are looked at under one taking of a shard's lock.
const SERIES_A_LOCK: usize = 256;
/// How many late samples may be packed anew under one taking of a lock, some 0.7 ms.
const PACKED_A_LOCK: usize = 20_000;
/// How many may be in one call.
const PACKED_A_CALL: usize = 1_000_000;
/// A series without samples is removed after this long without an append.
const GONE_AFTER: Span = Span(300_000);
/// Memory is freed to this share below the limit, so that not every call has to free some.
const SLACK_SHARE: usize = 32;
/// How finely a stretch of time is divided while looking for what to let go of.
const DIVISIONS: u64 = 256;
/// Looking closer than this many milliseconds is not worth another pass.
const FINE_ENOUGH: u64 = 1000;

impl Store {
    /// Keeps the head in order at the time `now`: called once a second. Ends series whose time to
    /// live has passed, settles late samples, lets go of samples beyond the retention and of the
    /// oldest beyond the memory limit, and removes series that are gone.
    pub fn maintain(&self, now: Timestamp) {
        self.end_silent(now);
        self.settle();
        self.expire(now);
        self.evict(now);
        self.remove_gone(now);
        self.take_stock(now);
        let index = self.index.read();
        self.metadata.prune(|name| index.has_name(name));
    }

    /// What everything takes.
    pub(super) fn footprint(&self) -> Footprint {
        let mut sum = Footprint::default();
        for shard in &self.shards {
            let part = shard.read().footprint();
            sum.bytes += part.bytes;
            sum.samples += part.samples;
        }
        sum.bytes += self.index.read().bytes() + self.metadata.bytes();
        sum
    }

    fn end_silent(&self, now: Timestamp) {
        let (span, mut ended) = (self.chunk_span(), 0);
        let log = self.log.as_ref().map(|log| log.begin(Terms::end(now)));
        for shard in &self.shards {
            let mut shard = shard.write();
            let ends = shard.end_silent(now, span);
            ended += ends.count;
            if let Some(log) = &log {
                log.samples(ends.markers);
            }
        }
        if ended > 0 {
            self.counters.ended.add(ended as u64);
            self.appends.fetch_add(1, Ordering::Release);
        }
    }

    fn settle(&self) {
        let (span, mut left) = (self.chunk_span(), PACKED_A_CALL);
        for shard in &self.shards {
            loop {
                let packed = shard.write().settle(PACKED_A_LOCK.min(left), span);
                left = left.saturating_sub(packed);
                if packed < PACKED_A_LOCK {
                    break;
                }
            }
        }
    }

    fn expire(&self, now: Timestamp) {
        let edge = now.saturating_sub(self.limits.retention);
        let mut expired = 0;
        self.change_all(|series| {
            if series.oldest().is_some_and(|oldest| oldest < edge) {
                expired += series.expire(edge);
            }
        });
        self.counters.expired.add(expired as u64);
    }

    /// Lets go of the oldest samples beyond the memory limit, into blocks where there are any.
    pub(super) fn evict(&self, now: Timestamp) {
        let limit = self.limits.memory_max;
        let bytes = self.footprint().bytes;
        if bytes <= limit {
            self.memory_full.store(false, Ordering::Relaxed);
            return;
        }
        if let Some(edge) = self.eviction_edge(bytes - (limit - limit / SLACK_SHARE)) {
            let cut = self.blocks.as_ref().map(|blocks| self.cut_early(blocks, edge, now));
            if cut.is_none_or(|cut| cut == Cut::Failed) {
                let mut evicted = 0;
                self.change_all(|series| evicted += series.thin(edge));
                self.counters.evicted.add(evicted as u64);
                self.evicted_before.fetch_max(edge.0, Ordering::Relaxed);
                self.keep_log();
            }
        }
        // What is left now cannot go: labels and newest samples.
        let full = self.footprint().bytes > limit && self.eviction_edge(1).is_none();
        self.memory_full.store(full, Ordering::Relaxed);
    }

    /// The time before which chunks have to end for `wanted` bytes of them to go; nothing when
    /// there is no chunk. Found by weighing ever shorter stretches of time, so that no list of all
    /// chunks has to be made.
    fn eviction_edge(&self, wanted: usize) -> Option<Timestamp> {
        let (mut start, mut end) = (Timestamp::MAX, Timestamp::MIN);
        self.visit_all(|series| {
            for (last, _) in series.evictable() {
                (start, end) = (start.min(last), end.max(last));
            }
        });
        if start > end {
            return None;
        }
        let mut wanted = wanted;
        loop {
            let width = start.0.abs_diff(end.0) / DIVISIONS + 1;
            let mut weights = [0_usize; DIVISIONS as usize];
            self.visit_all(|series| {
                let inside = series.evictable().filter(|(last, _)| (start..=end).contains(last));
                for (last, bytes) in inside {
                    weights[(start.0.abs_diff(last.0) / width) as usize] += bytes;
                }
            });
            let mut division = 0;
            while division + 1 < weights.len() && weights[division] < wanted {
                wanted -= weights[division];
                division += 1;
            }
            let from = start.saturating_add(Span(width.saturating_mul(division as u64) as i64));
            let to = from.saturating_add(Span(width as i64 - 1)).min(end);
            if width <= FINE_ENOUGH {
                return Some(to.saturating_add(Span(1)));
            }
            (start, end) = (from.min(to), to);
        }
    }

    fn remove_gone(&self, now: Timestamp) {
        let gate = self.gate();
        let gone = |series: &Series| {
            series.newest().is_none() && now.0.saturating_sub(series.arrived.0) >= GONE_AFTER.0
        };
        for shard in &self.shards {
            let slots = shard.read().slots();
            for start in (0..slots).step_by(SERIES_A_LOCK) {
                let portion = start..start + SERIES_A_LOCK;
                let some = portion.clone().any({
                    let shard = shard.read();
                    move |slot| shard.get(slot as u32).is_some_and(gone)
                });
                if some {
                    shard.write().remove(portion, &gate, gone);
                }
            }
        }
    }

    /// Finds out how far back the samples reach.
    fn take_stock(&self, now: Timestamp) {
        let in_blocks = self.blocks.as_ref().and_then(Blocks::oldest);
        let mut oldest = in_blocks.unwrap_or(Timestamp::MAX);
        self.visit_all(|series| oldest = oldest.min(series.oldest().unwrap_or(Timestamp::MAX)));
        self.oldest.store(oldest.0, Ordering::Relaxed);
        let edge = now.saturating_sub(self.limits.retention);
        let limited = self.evicted_before.load(Ordering::Relaxed) > edge.0;
        self.limited_by_memory.store(limited, Ordering::Relaxed);
    }

    pub(super) fn change_all(&self, mut by: impl FnMut(&mut Series)) {
        for shard in &self.shards {
            let slots = shard.read().slots();
            for start in (0..slots).step_by(SERIES_A_LOCK) {
                shard.write().change(start..start + SERIES_A_LOCK, |_, series| by(series));
            }
        }
    }

    fn visit_all(&self, mut by: impl FnMut(&Series)) {
        for shard in &self.shards {
            let slots = shard.read().slots();
            for start in (0..slots).step_by(SERIES_A_LOCK) {
                let shard = shard.read();
                let portion = start..start + SERIES_A_LOCK;
                portion.filter_map(|slot| Shard::get(&shard, slot as u32)).for_each(&mut by);
            }
        }
    }
}
