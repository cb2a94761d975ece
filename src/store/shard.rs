//! One shard of the head: the series whose hash falls here, and the lists of those with work to do.
//!
//! All methods are called under the shard's lock. A series lives in a slot; its number in the index
//! is made of slot and shard. Lists of slots may name a slot that has been emptied or filled anew
//! since: each entry is checked against a mark in the series.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use hashbrown::HashTable;
use parking_lot::RwLock;

use super::index::Index;
use super::refused::Refused;
use super::series::{Footprint, Series, Taken};
use crate::model::{
    Arrival, Entry, Kind, Labels, Origin, Sample, Span, Timestamp, is_stale, stale_marker,
};

/// How many shards there are.
pub(super) const SHARDS: usize = 16;

/// The shard that a label set belongs to. The table takes the lowest and the highest bits of the
/// hash: these here lie between.
pub(super) fn shard_of(labels: &Labels) -> usize {
    (labels.hash_value() >> 40) as usize % SHARDS
}

/// What holds for all samples of one batch.
pub(super) struct Terms {
    /// Who brings them.
    pub(super) origin: Origin,
    /// Their kind.
    pub(super) kind: Kind,
    /// How long the series stay open without samples.
    pub(super) ttl: Option<Span>,
    /// When they came.
    pub(super) now: Timestamp,
    /// The oldest time that is taken.
    pub(super) oldest: Timestamp,
    /// The newest time that is taken.
    pub(super) newest: Timestamp,
    /// No chunk reaches over more than this.
    pub(super) chunk_span: Span,
}

/// What became of a batch, counted.
#[derive(Default)]
pub(super) struct Tally {
    /// Samples taken.
    pub(super) accepted: usize,
    /// Of these: older than the newest of their series.
    pub(super) late: usize,
    /// Of these: with the time of the newest of their series.
    pub(super) duplicate: usize,
    /// The oldest time that was taken.
    pub(super) oldest: Option<Timestamp>,
    /// The series that were made.
    pub(super) created: Vec<Labels>,
    /// Which entries were refused, and why.
    pub(super) refused: Vec<(u32, Refused)>,
}

/// The series that a look at those with a time to live has ended.
#[derive(Default)]
pub(super) struct Ended {
    /// How many were given a marker.
    pub(super) count: usize,
    /// All whose time to live is forgotten, with the sample they end with.
    pub(super) markers: Vec<(Labels, Sample)>,
}

/// What lets new series in: the index they are entered in, and the limits.
pub(super) struct Gate<'a> {
    /// Taken after the shard's lock, never before it.
    pub(super) index: &'a RwLock<Index>,
    /// How many series there are.
    pub(super) series: &'a AtomicUsize,
    /// How many there may be.
    pub(super) series_max: usize,
    /// Whether labels alone fill the memory.
    pub(super) memory_full: &'a AtomicBool,
}

/// One shard.
pub(super) struct Shard {
    place: usize,
    table: HashTable<u32>,
    slots: Vec<Option<Series>>,
    free: Vec<u32>,
    books: Books,
}

/// What a shard notes beside its series.
#[derive(Default)]
struct Books {
    /// Slots with samples that no drain has told.
    touched: Vec<u32>,
    /// Slots with late samples that are not settled.
    late: Vec<u32>,
    /// Slots with a time to live.
    expiring: Vec<u32>,
    /// What the samples and the series take.
    footprint: Footprint,
}

impl Books {
    /// Adds a sample to the series in a slot.
    fn push(&mut self, slot: u32, series: &mut Series, sample: Sample, chunk_span: Span) -> Taken {
        let (before, had_late) = (series.footprint(), series.has_late());
        let taken = series.push(sample, chunk_span);
        self.footprint.exchange(before, series.footprint());
        if taken == Taken::Late && !had_late {
            self.late.push(slot);
        }
        if taken == Taken::Duplicate {
            return taken;
        }
        let (from, to) = series.arrival.unwrap_or((sample.at, sample.at));
        if series.arrival.is_none() {
            self.touched.push(slot);
        }
        series.arrival = Some((from.min(sample.at), to.max(sample.at)));
        taken
    }

    /// Adds samples to the series in a slot that no drain is to tell of.
    fn push_run(&mut self, slot: u32, series: &mut Series, samples: &[Sample], chunk_span: Span) {
        let (before, had_late) = (series.footprint(), series.has_late());
        series.push_run(samples, chunk_span);
        self.footprint.exchange(before, series.footprint());
        if series.has_late() && !had_late {
            self.late.push(slot);
        }
    }

    /// Notes that samples came to the series in a slot.
    fn arrived(&mut self, slot: u32, series: &mut Series, terms: &Terms) {
        series.arrived = terms.now;
        if let Some(ttl) = terms.ttl {
            if series.ttl.is_none() {
                self.expiring.push(slot);
            }
            series.ttl = Some(ttl.max(Span(1)));
        }
    }
}

impl Shard {
    /// The empty shard number `place`.
    pub(super) fn new(place: usize) -> Self {
        Self {
            place,
            table: HashTable::new(),
            slots: Vec::new(),
            free: Vec::new(),
            books: Books::default(),
        }
    }

    /// What the samples and the series take.
    pub(super) const fn footprint(&self) -> Footprint {
        self.books.footprint
    }

    /// Finds the slots of these entries, nothing for a series that is not there yet.
    ///
    /// Who pushes repeats itself in the same order, and slots are given in the order of first
    /// arrival: so each series is looked for behind the one before it, where the processor has
    /// fetched it already, before it is looked up by its hash. No look-up waits for another, nor
    /// for what `append` does, so that those which do wait for memory wait together.
    pub(super) fn find<'e>(
        &self,
        entries: impl Iterator<Item = &'e Entry>,
        found: &mut Vec<Option<u32>>,
    ) {
        found.clear();
        let mut next = 0;
        found.extend(entries.map(|entry| {
            let beside = self.get(next).is_some_and(|series| series.labels.same(&entry.labels));
            let slot = if beside { Some(next) } else { self.slot_of(&entry.labels) };
            next = slot.map_or(next, |slot| slot + 1);
            slot
        }));
    }

    /// Takes one sample, or says in the tally why not. `found` is what [`Self::find`] said, under
    /// the same lock.
    pub(super) fn append(
        &mut self,
        (number, entry): (u32, &Entry),
        found: Option<u32>,
        terms: &Terms,
        gate: &Gate<'_>,
        tally: &mut Tally,
    ) {
        let at = entry.sample.at;
        if at < terms.oldest || at > terms.newest {
            let why = if at < terms.oldest { Refused::TooOld } else { Refused::TooNew };
            tally.refused.push((number, why));
            return;
        }
        // A series that was not there may have come with an entry before this one.
        let slot = match found.or_else(|| self.slot_of(&entry.labels)) {
            Some(slot) => slot,
            None => match self.create(&entry.labels, terms, gate) {
                Ok(slot) => {
                    tally.created.push(entry.labels.clone());
                    slot
                }
                Err(why) => return tally.refused.push((number, why)),
            },
        };
        let Some(Some(series)) = self.slots.get_mut(slot as usize) else { return };
        if let Err(why) = admit(series, terms, gate) {
            return tally.refused.push((number, why));
        }
        match self.books.push(slot, series, entry.sample, terms.chunk_span) {
            Taken::Newest => {}
            Taken::Late => tally.late += 1,
            Taken::Replaced | Taken::Duplicate => tally.duplicate += 1,
        }
        self.books.arrived(slot, series, terms);
        tally.accepted += 1;
        tally.oldest = Some(tally.oldest.map_or(at, |oldest| oldest.min(at)));
    }

    /// The slot of a series, which is made when it is not there.
    pub(super) fn enter(
        &mut self,
        labels: &Labels,
        terms: &Terms,
        gate: &Gate<'_>,
    ) -> Result<u32, Refused> {
        self.slot_of(labels).map_or_else(|| self.create(labels, terms, gate), Ok)
    }

    /// Takes samples of one series, whatever their age, in the order in which they came; says how
    /// many. No drain tells of them.
    pub(super) fn append_run(
        &mut self,
        slot: u32,
        samples: &[Sample],
        terms: &Terms,
        gate: &Gate<'_>,
    ) -> usize {
        let Some(Some(series)) = self.slots.get_mut(slot as usize) else { return 0 };
        if admit(series, terms, gate).is_err() {
            return 0;
        }
        self.books.push_run(slot, series, samples, terms.chunk_span);
        self.books.arrived(slot, series, terms);
        samples.len()
    }

    fn slot_of(&self, labels: &Labels) -> Option<u32> {
        let same = |slot: &u32| self.get(*slot).is_some_and(|series| series.labels == *labels);
        self.table.find(labels.hash_value(), same).copied()
    }

    fn create(&mut self, labels: &Labels, terms: &Terms, gate: &Gate<'_>) -> Result<u32, Refused> {
        if gate.memory_full.load(Ordering::Relaxed) {
            return Err(Refused::MemoryFull);
        }
        if gate.series.fetch_add(1, Ordering::Relaxed) >= gate.series_max {
            gate.series.fetch_sub(1, Ordering::Relaxed);
            return Err(Refused::SeriesLimit);
        }
        let series = Series::new(labels.clone(), terms.kind, terms.origin);
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            (self.slots.len() - 1) as u32
        });
        self.slots[slot as usize] = Some(series);
        let slots = &self.slots;
        let hash = |slot: &u32| {
            let series = slots.get(*slot as usize).and_then(Option::as_ref);
            series.map_or(0, |series| series.labels.hash_value())
        };
        self.table.insert_unique(labels.hash_value(), slot, hash);
        self.books.footprint.bytes += fixed_bytes(labels);
        gate.index.write().insert(self.number(slot), labels, terms.origin);
        Ok(slot)
    }

    /// The number that the index knows a slot by.
    fn number(&self, slot: u32) -> u32 {
        slot * SHARDS as u32 + self.place as u32
    }

    /// The series in a slot.
    pub(super) fn get(&self, slot: u32) -> Option<&Series> {
        self.slots.get(slot as usize)?.as_ref()
    }

    /// How many chunks of samples there are, open ones included.
    pub(super) fn chunks(&self) -> usize {
        self.slots.iter().flatten().map(Series::chunks).sum()
    }

    /// How many slots there are, the empty ones included.
    pub(super) fn slots(&self) -> usize {
        self.slots.len()
    }

    /// Moves what came since the last drain to `out`.
    pub(super) fn drain(&mut self, out: &mut Vec<Arrival>) {
        out.reserve(self.books.touched.len());
        for slot in self.books.touched.drain(..) {
            let Some(Some(series)) = self.slots.get_mut(slot as usize) else { continue };
            let Some((from, to)) = series.arrival.take() else { continue };
            out.push(Arrival { labels: series.labels.clone(), origin: series.origin, from, to });
        }
    }

    /// Writes a staleness marker to each series whose time to live has passed; gives them. The time
    /// to live of these, and of series that a marker from outside has ended, is forgotten: those
    /// are given with that marker, and counted out.
    pub(super) fn end_silent(&mut self, now: Timestamp, chunk_span: Span) -> Ended {
        let mut expiring = std::mem::take(&mut self.books.expiring);
        let mut ended = Ended::default();
        expiring.retain(|slot| {
            let Some(Some(series)) = self.slots.get_mut(*slot as usize) else { return false };
            let Some(ttl) = series.ttl else { return false };
            let Some(newest) = series.newest() else { return true };
            let end = series.arrived.saturating_add(ttl);
            if now <= end && !is_stale(newest.value) {
                return true;
            }
            series.ttl = None;
            let after_newest = newest.at.saturating_add(Span(1));
            let marker = Sample::new(end.max(after_newest), stale_marker());
            if !is_stale(newest.value) && marker.at > newest.at {
                self.books.push(*slot, series, marker, chunk_span);
                ended.count += 1;
                ended.markers.push((series.labels.clone(), marker));
            } else {
                ended.markers.push((series.labels.clone(), newest));
            }
            false
        });
        // Nothing is added to the list meanwhile: the lock is held.
        self.books.expiring = expiring;
        ended
    }

    /// Ends a series as [`Shard::end_silent`] did before: the newest sample of `marker`'s time is
    /// the marker, and the time to live is forgotten.
    pub(super) fn end(&mut self, labels: &Labels, marker: Sample, chunk_span: Span) {
        let Some(slot) = self.slot_of(labels) else { return };
        let Some(Some(series)) = self.slots.get_mut(slot as usize) else { return };
        self.books.push(slot, series, marker, chunk_span);
        series.ttl = None;
    }

    /// Gives a series the time to live that was said for it before, if it has none.
    pub(super) fn keep_open(&mut self, slot: u32, ttl: Span) {
        let Some(Some(series)) = self.slots.get_mut(slot as usize) else { return };
        if series.ttl.is_none() {
            series.ttl = Some(ttl);
            self.books.expiring.push(slot);
        }
    }

    /// Settles late samples until about `budget` samples were packed anew; says how many were.
    pub(super) fn settle(&mut self, budget: usize, chunk_span: Span) -> usize {
        let mut packed = 0;
        while packed < budget {
            let Some(slot) = self.books.late.pop() else { break };
            let Some(Some(series)) = self.slots.get_mut(slot as usize) else { continue };
            let before = series.footprint();
            packed += series.settle(chunk_span);
            self.books.footprint.exchange(before, series.footprint());
        }
        packed
    }

    /// Changes the series in a stretch of slots, each with its slot, and keeps the books.
    pub(super) fn change(
        &mut self,
        slots: std::ops::Range<usize>,
        mut by: impl FnMut(u32, &mut Series),
    ) {
        let end = slots.end.min(self.slots.len());
        let start = slots.start.min(end);
        let chosen = self.slots.get_mut(start..end).unwrap_or_default();
        for (slot, series) in (start as u32..).zip(chosen) {
            let Some(series) = series else { continue };
            let before = series.footprint();
            by(slot, series);
            self.books.footprint.exchange(before, series.footprint());
        }
    }

    /// Removes the series in a stretch of slots that pass, from here and from the index.
    pub(super) fn remove(
        &mut self,
        slots: std::ops::Range<usize>,
        gate: &Gate<'_>,
        passes: impl Fn(&Series) -> bool,
    ) {
        let end = slots.end.min(self.slots.len());
        let mut gone = Vec::new();
        for slot in slots.start..end {
            let Some(series) = self.slots[slot].take_if(|series| passes(series)) else { continue };
            let slot = slot as u32;
            if let Ok(found) =
                self.table.find_entry(series.labels.hash_value(), |other| *other == slot)
            {
                found.remove();
            }
            self.books.footprint.exchange(series.footprint(), Footprint::default());
            self.books.footprint.bytes =
                self.books.footprint.bytes.saturating_sub(fixed_bytes(&series.labels));
            for list in [&mut self.books.touched, &mut self.books.late, &mut self.books.expiring] {
                list.retain(|other| *other != slot);
            }
            gone.push((self.number(slot), series.labels, series.origin));
            self.free.push(slot);
        }
        if !gone.is_empty() {
            gate.series.fetch_sub(gone.len(), Ordering::Relaxed);
            gate.index.write().remove(&gone);
        }
    }
}

/// Whether a series takes samples under these terms. One that a collector brings samples to becomes
/// the collector's.
fn admit(series: &mut Series, terms: &Terms, gate: &Gate<'_>) -> Result<(), Refused> {
    if series.origin != terms.origin {
        if terms.origin == Origin::Push {
            return Err(Refused::Owned);
        }
        series.origin = Origin::Collector;
        gate.index.write().claim(&series.labels);
    }
    if series.kind() == terms.kind { Ok(()) } else { Err(Refused::OtherKind) }
}

/// What a series takes before its first sample: itself, its labels, its places in table and lists.
fn fixed_bytes(labels: &Labels) -> usize {
    size_of::<Option<Series>>() + labels.heap_size() + 4 * size_of::<u32>()
}
