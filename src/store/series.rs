//! One series with its samples: closed chunks, the open chunk, the newest sample, and the late
//! ones.
//!
//! The newest sample stays outside the open chunk until a newer one comes. That makes two things
//! cheap: asking for it, and replacing its value. Late samples lie in a list of their own in the
//! order of arrival; `settle` moves them into the chunks. Until then they win over what the chunks
//! hold at the same time, since they came later.

use std::collections::BTreeSet;

use super::block::unit;
use super::chunk::{CHUNK_SAMPLES, Chunk, ChunkWriter};
use crate::model::{Kind, Labels, Origin, Sample, Span, TimeRange, Timestamp};

/// Late samples are settled at once when there are this many and they are an eighth of the series.
const LATE_SAMPLES: usize = 256;

/// What became of a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is the newest one now.
    Newest,
    /// It has the time of the newest one and replaced its value.
    Replaced,
    /// It is the newest one already, bit for bit.
    Duplicate,
    /// It is older than the newest one.
    Late,
}

/// What a series or a shard takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Footprint {
    /// Bytes.
    pub(super) bytes: usize,
    /// Samples; a late one that will replace another counts until it is settled.
    pub(super) samples: usize,
}

impl Footprint {
    /// Replaces the share `before` by `after`.
    pub(super) fn exchange(&mut self, before: Self, after: Self) {
        self.bytes = (self.bytes + after.bytes).saturating_sub(before.bytes);
        self.samples = (self.samples + after.samples).saturating_sub(before.samples);
    }
}

/// One series.
pub(super) struct Series {
    /// Its identity.
    pub(super) labels: Labels,
    /// Who owns it: a collector, or nobody, which is written as `Push`.
    pub(super) origin: Origin,
    /// When its last sample arrived, by the clock of this machine.
    pub(super) arrived: Timestamp,
    /// After this long without an arrival it ends; nothing when it stays open.
    pub(super) ttl: Option<Span>,
    /// The times of the samples that came since the last drain: oldest and newest.
    pub(super) arrival: Option<(Timestamp, Timestamp)>,
    kind: Kind,
    newest: Option<Sample>,
    open: ChunkWriter,
    /// In ascending order, no two overlap, all older than the open chunk.
    sealed: Vec<Chunk>,
    sealed_bytes: usize,
    sealed_samples: usize,
    /// In the order of arrival, all older than the newest sample.
    late: Vec<Sample>,
    /// How many samples came that were not newer than all others.
    rewrites: u64,
    /// No sample older than this is missing from the blocks; the greatest time when none at all is.
    unwritten: Timestamp,
}

impl Series {
    /// A series without samples.
    pub(super) fn new(labels: Labels, kind: Kind, origin: Origin) -> Self {
        Self {
            labels,
            origin,
            arrived: Timestamp::MIN,
            ttl: None,
            arrival: None,
            kind,
            newest: None,
            open: ChunkWriter::new(kind),
            sealed: Vec::new(),
            sealed_bytes: 0,
            sealed_samples: 0,
            late: Vec::new(),
            rewrites: 0,
            unwritten: Timestamp::MAX,
        }
    }

    /// The kind of its values.
    pub(super) const fn kind(&self) -> Kind {
        self.kind
    }

    /// Its newest sample.
    pub(super) const fn newest(&self) -> Option<Sample> {
        self.newest
    }

    /// How many chunks it has, the open one included.
    pub(super) fn chunks(&self) -> usize {
        self.sealed.len() + usize::from(!self.open.is_empty())
    }

    /// Whether late samples wait to be settled.
    pub(super) fn has_late(&self) -> bool {
        !self.late.is_empty()
    }

    /// The time of its oldest settled sample.
    pub(super) fn oldest(&self) -> Option<Timestamp> {
        match self.sealed.first() {
            Some(chunk) => Some(chunk.first),
            None if !self.open.is_empty() => Some(self.open.first()),
            None => self.newest.map(|newest| newest.at),
        }
    }

    /// What it takes, the labels and the index apart.
    pub(super) fn footprint(&self) -> Footprint {
        let lists = self.sealed.capacity() * size_of::<Chunk>()
            + self.late.capacity() * size_of::<Sample>();
        Footprint {
            bytes: self.open.heap_bytes() + self.sealed_bytes + lists,
            samples: self.sealed_samples
                + self.open.len()
                + self.late.len()
                + usize::from(self.newest.is_some()),
        }
    }

    /// About how many samples lie inside: its samples are taken to be evenly spread.
    pub(super) fn about(&self, range: TimeRange) -> u64 {
        let (Some(oldest), Some(newest)) = (self.oldest(), self.newest) else { return 0 };
        let (from, to) = (range.from().max(oldest), range.to().min(newest.at));
        if from > to {
            return 0;
        }
        let (part, whole) = ((to - from).0 as f64 + 1.0, (newest.at - oldest).0 as f64 + 1.0);
        ((self.footprint().samples as f64 * part / whole).ceil() as u64).max(1)
    }

    /// Takes a sample of any time. A chunk is closed when it is full or reaches over `span`.
    pub(super) fn push(&mut self, sample: Sample, span: Span) -> Taken {
        self.unwritten = self.unwritten.min(sample.at);
        let Some(newest) = self.newest else {
            self.newest = Some(sample);
            return Taken::Newest;
        };
        if sample.at > newest.at {
            self.push_open(newest, span);
            self.newest = Some(sample);
            return Taken::Newest;
        }
        self.rewrites += 1;
        if sample.at < newest.at {
            self.late.push(sample);
            if self.late.len() >= LATE_SAMPLES.max(self.sealed_samples / 8) {
                self.settle(span);
            }
            return Taken::Late;
        }
        self.newest = Some(sample);
        if sample == newest { Taken::Duplicate } else { Taken::Replaced }
    }

    /// Takes samples of any time, one after the other.
    pub(super) fn push_run(&mut self, samples: &[Sample], span: Span) {
        let Some((last, before)) = samples.split_last() else { return };
        let follows = self.newest.is_none_or(|newest| newest.at < samples[0].at);
        if !follows || !samples.is_sorted_by(|one, next| one.at < next.at) {
            for sample in samples {
                self.push(*sample, span);
            }
            return;
        }
        self.unwritten = self.unwritten.min(samples[0].at);
        if let Some(newest) = self.newest {
            self.push_open(newest, span);
        }
        self.extend_open(before, span);
        self.newest = Some(*last);
    }

    fn push_open(&mut self, sample: Sample, span: Span) {
        self.make_room(sample.at, span);
        self.open.push(sample);
    }

    /// The same of samples in ascending order.
    fn extend_open(&mut self, mut samples: &[Sample], span: Span) {
        while let Some(next) = samples.first() {
            self.make_room(next.at, span);
            let first = if self.open.is_empty() { next.at } else { self.open.first() };
            let room = samples.len().min(CHUNK_SAMPLES - self.open.len());
            let over = |sample: &Sample| spans_over(first, sample.at, span);
            let fits = &samples[..room];
            let all = fits.last().is_some_and(|last| !over(last));
            let inside = if all { room } else { fits.partition_point(|sample| !over(sample)) };
            // One is always taken: the chunk is empty, or not beyond its span with it.
            let (some, rest) = samples.split_at(inside.max(1));
            self.open.extend(some);
            samples = rest;
        }
    }

    /// Closes the open chunk when a sample of that time does not go into it any more.
    fn make_room(&mut self, at: Timestamp, span: Span) {
        let full = self.open.len() >= CHUNK_SAMPLES;
        if !self.open.is_empty() && (full || spans_over(self.open.first(), at, span)) {
            self.sealed.extend(self.open.chunk());
            self.open.clear();
            self.count_last();
        }
    }

    fn count_last(&mut self) {
        if let Some(chunk) = self.sealed.last() {
            self.sealed_bytes += chunk.heap_bytes();
            self.sealed_samples += chunk.len();
        }
    }

    /// Moves the late samples into the chunks; says how many samples had to be packed anew.
    pub(super) fn settle(&mut self, span: Span) -> usize {
        let late = in_order(std::mem::take(&mut self.late));
        let border = self.sealed.last().map_or(Timestamp::MIN, |chunk| chunk.last);
        let inside = if self.sealed.is_empty() { 0 } else { before(&late, border, true) };
        let (inside, after) = late.split_at(inside);
        let mut packed = self.settle_sealed(inside, span);
        if !after.is_empty() {
            let open: Vec<Sample> = self.open.chunk().iter().flat_map(Chunk::samples).collect();
            self.open.clear();
            let joined = merge(open.into_iter(), after);
            packed += joined.len();
            for sample in joined {
                self.push_open(sample, span);
            }
        }
        packed
    }

    fn settle_sealed(&mut self, late: &[Sample], span: Span) -> usize {
        if late.is_empty() {
            return 0;
        }
        let (mut packed, mut late) = (0, late);
        let old = std::mem::take(&mut self.sealed);
        (self.sealed_bytes, self.sealed_samples) = (0, 0);
        self.sealed.reserve(old.len() + 1);
        for (index, chunk) in old.iter().enumerate() {
            // A sample between two chunks joins the one before it.
            let own = old.get(index + 1).map_or(late.len(), |next| before(late, next.first, false));
            let (own, rest) = late.split_at(own);
            late = rest;
            if own.is_empty() {
                self.sealed.push(chunk.clone());
                self.count_last();
                continue;
            }
            let joined = merge(chunk.samples(), own);
            packed += joined.len();
            self.push_sealed(&joined, span);
        }
        packed
    }

    /// Packs samples into chunks of like size, and none that reaches over `span`. A chunk may grow
    /// to twice the usual size, so that one late sample more does not cut off a tiny one each time.
    fn push_sealed(&mut self, samples: &[Sample], span: Span) {
        let parts = if samples.len() <= 2 * CHUNK_SAMPLES {
            1
        } else {
            samples.len().div_ceil(CHUNK_SAMPLES)
        };
        for part in samples.chunks(samples.len().div_ceil(parts).max(1)) {
            let mut rest = part;
            while let Some(first) = rest.first() {
                let length = rest.partition_point(|one| !spans_over(first.at, one.at, span));
                let (piece, tail) = rest.split_at(length.max(1));
                self.sealed.extend(Chunk::pack(self.kind, piece));
                self.count_last();
                rest = tail;
            }
        }
    }

    /// Lets go of everything when the newest sample is older than `edge`, else of the chunks that
    /// are older as a whole. Says how many samples went.
    pub(super) fn expire(&mut self, edge: Timestamp) -> usize {
        let kept = self.footprint().samples;
        self.thin(edge);
        if self.newest.is_some_and(|newest| newest.at < edge) {
            self.newest = None;
        }
        kept - self.footprint().samples
    }

    /// Lets go of the chunks that are older than `edge` as a whole, never of the newest sample.
    /// Says how many samples went.
    pub(super) fn thin(&mut self, edge: Timestamp) -> usize {
        let kept = self.footprint().samples;
        let old = self.sealed.partition_point(|chunk| chunk.last < edge);
        if old > 0 {
            for chunk in self.sealed.drain(..old) {
                self.sealed_bytes -= chunk.heap_bytes();
                self.sealed_samples -= chunk.len();
            }
            self.sealed.shrink_to(self.sealed.len() * 2);
        }
        if !self.open.is_empty() && self.open.last() < edge {
            self.open = ChunkWriter::new(self.kind);
        }
        // A late sample stays with the chunk that holds what it replaced.
        let sealed = self.sealed.first().map(|chunk| chunk.first);
        let open = (!self.open.is_empty()).then(|| self.open.first());
        let edge = sealed.or(open).map_or(edge, |first| first.min(edge));
        if self.late.iter().any(|sample| sample.at < edge) {
            self.late.retain(|sample| sample.at >= edge);
        }
        kept - self.footprint().samples
    }

    /// Lets go of the samples inside `range`; gives the times of the first and the last of them.
    /// Chunks are closed as they are by [`Self::push`].
    pub(super) fn delete(&mut self, range: TimeRange, span: Span) -> Option<TimeRange> {
        let samples = |range| {
            let snapshot = self.snapshot(range);
            snapshot.map_or_else(Vec::new, |snapshot| snapshot.unpack(range, usize::MAX - 1))
        };
        let gone = samples(range);
        let gone = TimeRange::new(gone.first()?.at, gone.last()?.at);
        let mut kept = samples(TimeRange::all());
        kept.retain(|sample| !range.contains(sample.at));
        self.open = ChunkWriter::new(self.kind);
        (self.sealed, self.sealed_bytes, self.sealed_samples) = (Vec::new(), 0, 0);
        (self.late, self.newest) = (Vec::new(), None);
        let unwritten = self.unwritten;
        for sample in &kept {
            self.push(*sample, span);
        }
        self.unwritten = if kept.is_empty() { Timestamp::MAX } else { unwritten };
        // What was read before may no longer be true.
        self.rewrites += 1;
        gone
    }

    /// Begins to bring the samples older than `edge` into blocks. Gives the time from which on they
    /// are to be written; nothing when blocks have them all. What comes meanwhile is noted again.
    pub(super) fn begin_cut(&mut self, edge: Timestamp) -> Option<Timestamp> {
        let from = self.unwritten;
        if from >= edge {
            return None;
        }
        self.unwritten = edge;
        Some(from)
    }

    /// Takes back what was begun at `from`: nothing was written.
    pub(super) fn abort_cut(&mut self, from: Timestamp) {
        self.unwritten = self.unwritten.min(from);
    }

    /// Lets go of what is older than `edge`, which is in blocks now; of nothing when something of
    /// it is not. The newest sample stays as long as the end of the series is told by it. Says how
    /// many samples went.
    pub(super) fn end_cut(&mut self, edge: Timestamp) -> usize {
        if self.unwritten < edge {
            return 0;
        }
        let kept = self.footprint().samples;
        self.thin(edge);
        if self.ttl.is_none() && self.newest.is_some_and(|newest| newest.at < edge) {
            self.newest = None;
        }
        kept - self.footprint().samples
    }

    /// Adds the units of two hours in which there may be samples from `from` on and older
    /// than `edge`.
    pub(super) fn units(&self, from: Timestamp, edge: Timestamp, into: &mut BTreeSet<i64>) {
        let open = (!self.open.is_empty()).then(|| (self.open.first(), self.open.last()));
        let chunks = self.sealed.iter().map(|chunk| (chunk.first, chunk.last));
        let single = self.late.iter().chain(&self.newest).map(|sample| (sample.at, sample.at));
        for (first, last) in chunks.chain(open).chain(single) {
            let (first, last) = (first.max(from), last.min(edge.saturating_sub(Span(1))));
            if first <= last {
                into.extend(unit(first)..=unit(last));
            }
        }
    }

    /// What could be let go of to win memory: the time of the last sample of each chunk, and bytes.
    pub(super) fn evictable(&self) -> impl Iterator<Item = (Timestamp, usize)> + '_ {
        let sealed = self.sealed.iter();
        let sealed = sealed.map(|chunk| (chunk.last, chunk.heap_bytes() + size_of::<Chunk>()));
        let open = (!self.open.is_empty()).then(|| (self.open.last(), self.open.heap_bytes()));
        sealed.chain(open)
    }

    /// Its newest sample inside `range`. Unpacks one chunk at most.
    pub(super) fn newest_in(&self, range: TimeRange) -> Option<Sample> {
        let newest = self.newest?;
        if newest.at <= range.to() {
            return (newest.at >= range.from()).then_some(newest);
        }
        let reached = |sample: &Sample| sample.at <= range.to();
        let open = self.open.chunk().filter(|chunk| chunk.first <= range.to());
        let count = self.sealed.partition_point(|chunk| chunk.first <= range.to());
        let chunk = open.as_ref().or_else(|| self.sealed.get(count.checked_sub(1)?));
        let settled = chunk.and_then(|chunk| chunk.samples().take_while(reached).last());
        // Of equal times `max_by_key` gives the last, and the late ones come last.
        let late = self.late.iter().copied().filter(reached);
        let found = settled.into_iter().chain(late).max_by_key(|sample| sample.at);
        found.filter(|sample| sample.at >= range.from())
    }

    /// How many samples came that were not newer than all others.
    pub(super) const fn rewrites(&self) -> u64 {
        self.rewrites
    }

    /// Appends the samples in (`after`, `to`] to `into`. Cheap when at most the newest one lies
    /// there, as is usual for a reader that comes every second.
    pub(super) fn since(&self, after: Timestamp, to: Timestamp, into: &mut Vec<Sample>) {
        let Some(newest) = self.newest else { return };
        if newest.at <= after {
            return;
        }
        let open = (!self.open.is_empty()).then(|| self.open.last());
        let before = open.or_else(|| self.sealed.last().map(|chunk| chunk.last));
        let alone = self.late.is_empty() && before.is_none_or(|before| before <= after);
        if alone {
            into.extend(Some(newest).filter(|newest| newest.at <= to));
        } else if let Some(range) = TimeRange::new(after.saturating_add(Span(1)), to)
            && let Some(snapshot) = self.snapshot(range)
        {
            into.extend(snapshot.unpack(range, usize::MAX - 1));
        }
    }

    /// What is needed to read `range` after the lock is gone; nothing when nothing can be inside.
    pub(super) fn snapshot(&self, range: TimeRange) -> Option<Snapshot> {
        let newest = self.newest?;
        if newest.at < range.from() {
            return None;
        }
        let from = self.sealed.partition_point(|chunk| chunk.last < range.from());
        let to = self.sealed.partition_point(|chunk| chunk.first <= range.to());
        let mut chunks = self.sealed.get(from..to).unwrap_or_default().to_vec();
        let open = &self.open;
        if !open.is_empty() && open.last() >= range.from() && open.first() <= range.to() {
            chunks.extend(open.chunk());
        }
        let late = self.late.iter().copied().filter(|sample| range.contains(sample.at)).collect();
        let newest = Some(newest).filter(|newest| range.contains(newest.at));
        Some(Snapshot { chunks, late, newest })
    }
}

/// What a series held at one moment, still packed.
pub(super) struct Snapshot {
    chunks: Vec<Chunk>,
    late: Vec<Sample>,
    newest: Option<Sample>,
}

impl Snapshot {
    /// The samples inside `range`, oldest first; stops after `samples_max` + 1.
    pub(super) fn unpack(self, range: TimeRange, samples_max: usize) -> Vec<Sample> {
        let packed: usize = self.chunks.iter().map(Chunk::len).sum();
        let enough = samples_max.saturating_add(1);
        let mut inside = Vec::with_capacity((packed + 1).min(enough));
        // Every query comes by here: plain loops take half of the time of a chain of iterators.
        'settled: for chunk in &self.chunks {
            for sample in chunk.samples() {
                if sample.at > range.to() || inside.len() >= enough {
                    break 'settled;
                }
                if sample.at >= range.from() {
                    inside.push(sample);
                }
            }
        }
        inside.extend(self.newest.filter(|_| inside.len() < enough));
        if self.late.is_empty() {
            return inside;
        }
        merge(inside.into_iter(), &in_order(self.late))
    }
}

/// Whether the way from `first` to `last` is longer than `span`.
fn spans_over(first: Timestamp, last: Timestamp, span: Span) -> bool {
    last.0.saturating_sub(first.0) > span.0
}

/// How many of the ascending `samples` lie before `border`, or at it too.
fn before(samples: &[Sample], border: Timestamp, or_at: bool) -> usize {
    samples.partition_point(|sample| sample.at < border || (or_at && sample.at == border))
}

/// Samples in the order of arrival brought into the order of time; of equal times the last stays.
fn in_order(mut samples: Vec<Sample>) -> Vec<Sample> {
    samples.sort_by_key(|sample| sample.at);
    let mut kept = 0;
    for index in 0..samples.len() {
        if samples.get(index + 1).is_none_or(|next| next.at != samples[index].at) {
            samples[kept] = samples[index];
            kept += 1;
        }
    }
    samples.truncate(kept);
    samples
}

/// Two ascending rows in one; of equal times the sample of `later` stays.
pub(super) fn merge(settled: impl Iterator<Item = Sample>, later: &[Sample]) -> Vec<Sample> {
    let mut joined = Vec::with_capacity(settled.size_hint().0 + later.len());
    let mut later = later.iter().copied().peekable();
    for sample in settled {
        while let Some(late) = later.next_if(|late| late.at < sample.at) {
            joined.push(late);
        }
        joined.push(later.next_if(|late| late.at == sample.at).unwrap_or(sample));
    }
    joined.extend(later);
    joined
}

#[cfg(test)]
#[path = "series/tests.rs"]
mod tests;
