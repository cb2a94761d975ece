//! From the head to blocks: what is older than an hour, half an hour at a time, and earlier what
//! does not fit into memory. What lies in blocks is rolled up and merged once two hours are
//! complete, and removed in the end.
//!
//! The head lets go of samples when they are safe on disk, and of nothing else: each series notes
//! the oldest time that came since its cut began, so that a late sample keeps it for the next cut.

use std::collections::{BTreeMap, BTreeSet};

use super::Store;
use super::block::{Barren, BlockError, Blocks, Cover, UNIT, times};
use super::shard::{SHARDS, Shard};
use crate::model::{Kind, Labels, Sample, Span, TimeRange, Timestamp};

/// The head keeps at least this much, so that live queries seldom look into blocks.
pub(super) const KEPT_IN_HEAD: Span = Span(3_600_000);
/// The head is cut along multiples of this, of which a whole number is a unit of blocks: so it
/// holds half an hour more than it keeps, at most.
const STEP: Span = Span(UNIT.0 / 4);
/// The most blocks of one cut; what is newer waits for the next one.
const BLOCKS_A_CUT: usize = 64;
/// After a failure the disk is left alone for this long.
const PAUSE: Span = Span(30_000);
/// The most blocks of rows that one call makes.
const ROLLED_A_CALL: usize = 4;
/// How many series are looked at under one taking of a shard's lock.
const SERIES_A_LOCK: usize = 256;

/// How far cutting has come.
#[derive(Debug, Default)]
pub(super) struct Cutting {
    /// Up to here, this time included, the head was cut as it is on time.
    edge: Option<Timestamp>,
    /// After a failure: when to try again.
    pause: Option<Timestamp>,
    /// Memory ended while nothing could be written: the log alone has some of it, until the next
    /// start.
    lost: bool,
    /// What could not be rolled up.
    barren: Barren,
}

/// What came of trying to cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// There was nothing, or it is in blocks now.
    Done,
    /// Another thread is at it.
    Busy,
    /// The disk fails.
    Failed,
}

/// A series that is being cut.
struct Row {
    labels: Labels,
    number: u32,
    /// The oldest time that is to be written.
    from: Timestamp,
}

impl Store {
    /// Keeps the blocks in order at the time `now`: called once a second, on a thread that may take
    /// its time. Cuts the head when it is time, rolls some of what was cut up in units that are
    /// complete, removes what is beyond retention and size, and merges one group of blocks.
    pub fn compact(&self, now: Timestamp) {
        let Some(blocks) = &self.blocks else { return };
        let _packing = self.packing.lock();
        let kept = now.saturating_sub(KEPT_IN_HEAD);
        if self.cut_on_time(blocks, kept.floor_to(STEP), now) == Cut::Failed {
            return;
        }
        let edge = kept.floor_to(UNIT);
        // A cut that is under way has its block in the list when the lock is free.
        let group = || {
            let _free = self.cutting.lock();
            blocks.group(edge, &self.limits.kept)
        };
        let done = self
            .roll_up(blocks, edge, now)
            .and_then(|()| blocks.expire(&self.limits.kept, now, self.limits.disk_max))
            .and_then(|()| group().map_or(Ok(()), |group| blocks.merge(group)));
        if let Err(error) = done {
            self.failed(blocks, now, &error);
        }
    }

    /// Rolls up some of what ends by `edge`.
    fn roll_up(&self, blocks: &Blocks, edge: Timestamp, now: Timestamp) -> Result<(), BlockError> {
        for _ in 0..ROLLED_A_CALL {
            let due = {
                let cutting = self.cutting.lock();
                // After a start the head may still have what is older.
                let before = cutting.edge.map_or(Timestamp::MIN, |done| done.min(edge));
                blocks.due(before, (&self.limits.kept, now), &cutting.barren)
            };
            let Some(due) = due else { break };
            let (key, number) = due.key();
            if !blocks.roll_up(due)? {
                self.cutting.lock().barren.insert(key, number);
            }
        }
        Ok(())
    }

    fn cut_on_time(&self, blocks: &Blocks, edge: Timestamp, now: Timestamp) -> Cut {
        let mut cutting = self.cutting.lock();
        if cutting.pause.is_some_and(|until| now < until) {
            return Cut::Failed;
        }
        if cutting.edge.is_some_and(|done| done >= edge) {
            return Cut::Done;
        }
        // Taken first: what comes from here on may be in the log and not in the blocks.
        let mark = self.log.as_ref().map(|log| log.mark());
        // What lies on the edge belongs to what ends there.
        match self.cut(blocks, edge.saturating_add(Span(1))) {
            Ok(reached) => {
                cutting.edge = Some(reached.saturating_sub(Span(1)));
                cutting.pause = None;
                if let (Some(log), Some(mark), false) = (&self.log, mark, cutting.lost) {
                    log.release(mark, reached);
                }
                Cut::Done
            }
            Err(error) => {
                drop(cutting);
                self.failed(blocks, now, &error);
                Cut::Failed
            }
        }
    }

    /// Brings what is older than `edge` into blocks because memory ends.
    pub(super) fn cut_early(&self, blocks: &Blocks, edge: Timestamp, now: Timestamp) -> Cut {
        let Some(cutting) = self.cutting.try_lock() else { return Cut::Busy };
        if cutting.pause.is_some_and(|until| now < until) {
            return Cut::Failed;
        }
        match self.cut(blocks, edge) {
            Ok(_) => Cut::Done,
            Err(error) => {
                drop(cutting);
                self.failed(blocks, now, &error);
                Cut::Failed
            }
        }
    }

    /// Notes that samples had to go from memory that no block has.
    pub(super) fn keep_log(&self) {
        self.cutting.lock().lost = true;
    }

    fn failed(&self, blocks: &Blocks, now: Timestamp, error: &BlockError) {
        blocks.counters.failed.increment();
        log::error!("blocks cannot be written, the next try is in {PAUSE} error={error}");
        self.cutting.lock().pause = Some(now.saturating_add(PAUSE));
    }

    /// Writes what is older than `edge` and not in blocks yet, and lets go of it; gives the time
    /// up to which that was done.
    fn cut(&self, blocks: &Blocks, edge: Timestamp) -> Result<Timestamp, BlockError> {
        let (rows, by_unit) = self.begin_cut(edge);
        let reached = by_unit.keys().nth(BLOCKS_A_CUT).map(|unit| times(*unit, unit + 1).from());
        let reached = reached.unwrap_or(edge);
        let written = by_unit.iter().take(BLOCKS_A_CUT).try_for_each(|(unit, places)| {
            let whole = times(*unit, unit + 1);
            let end = whole.to().min(edge.saturating_sub(Span(1)));
            let Some(range) = TimeRange::new(whole.from(), end) else { return Ok(()) };
            let rows = places.iter().filter_map(|place| rows.get(*place));
            blocks.add(Cover::units(*unit, unit + 1), |writer| {
                for row in rows {
                    let Some((kind, samples)) = self.unwritten(row, range) else { continue };
                    writer.series(&row.labels, kind, samples)?;
                }
                Ok(())
            })
        });
        if written.is_err() {
            // Some may be in blocks and in the head: the next cut writes it once more.
            self.abort_cut(&rows, Timestamp::MIN);
        } else if reached < edge {
            self.abort_cut(&rows, reached);
        }
        written?;
        self.end_cut(reached);
        Ok(reached)
    }

    /// Notes in all series that they are being cut. Gives those with something to write, sorted by
    /// labels, and by unit of two hours the places of those that may have samples in it.
    fn begin_cut(&self, edge: Timestamp) -> (Vec<Row>, BTreeMap<i64, Vec<usize>>) {
        let mut found = Vec::new();
        for (place, shard) in self.shards.iter().enumerate() {
            let slots = shard.read().slots();
            for start in (0..slots).step_by(SERIES_A_LOCK) {
                shard.write().change(start..start + SERIES_A_LOCK, |slot, series| {
                    let Some(from) = series.begin_cut(edge) else { return };
                    let number = slot * SHARDS as u32 + place as u32;
                    let mut units = BTreeSet::new();
                    series.units(from, edge, &mut units);
                    found.push((Row { labels: series.labels.clone(), number, from }, units));
                });
            }
        }
        found.sort_unstable_by(|one, other| one.0.labels.cmp(&other.0.labels));
        let mut by_unit: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
        let mut rows = Vec::with_capacity(found.len());
        for (row, units) in found {
            for unit in units {
                by_unit.entry(unit).or_default().push(rows.len());
            }
            rows.push(row);
        }
        (rows, by_unit)
    }

    /// The samples of a series inside `range` that no block has.
    fn unwritten(&self, row: &Row, range: TimeRange) -> Option<(Kind, Vec<Sample>)> {
        let range = TimeRange::new(range.from().max(row.from), range.to())?;
        let shard = self.shards.get(row.number as usize % SHARDS)?.read();
        let series = Shard::get(&shard, row.number / SHARDS as u32)?;
        let snapshot = series.labels.same(&row.labels).then(|| series.snapshot(range))??;
        let kind = series.kind();
        drop(shard);
        Some((kind, snapshot.unpack(range, usize::MAX - 1)))
    }

    /// Notes that nothing from `reached` on was written.
    fn abort_cut(&self, rows: &[Row], reached: Timestamp) {
        for row in rows {
            let Some(shard) = self.shards.get(row.number as usize % SHARDS) else { continue };
            let slot = (row.number / SHARDS as u32) as usize;
            shard.write().change(slot..slot + 1, |_, series| {
                if series.labels.same(&row.labels) {
                    series.abort_cut(row.from.max(reached));
                }
            });
        }
    }

    fn end_cut(&self, edge: Timestamp) {
        let mut gone = 0;
        self.change_all(|series| gone += series.end_cut(edge));
        self.counters.moved.add(gone as u64);
    }
}
