//! Filling the head from the log after a start.
//!
//! Segments are read in their order, and what is in them goes through the same rules as when it
//! came, with the time at which it came. What is older than the retention is passed over.

use std::sync::Arc;

use super::Store;
use super::log::{
    Decoder, Log, LogWriter, Origin as LogOrigin, Piece, SegmentFile, Sink, Terms as LogTerms,
    read_segment, set_aside, version,
};
use super::shard::{Terms, shard_of};
use crate::model::{Entry, Kind, Labels, Metadata, Origin, Sample, Span, Timestamp};

/// What remains to be done after [`Store::open`]: reading the log, and then writing on.
pub struct Recovery {
    log: Arc<Log>,
    draw: Box<dyn FnMut() -> u32 + Send>,
}

impl Recovery {
    pub(super) fn new(log: Arc<Log>, draw: Box<dyn FnMut() -> u32 + Send>) -> Self {
        Self { log, draw }
    }

    /// Fills `store`, which is the one that it was opened with, from the log at the time `now`;
    /// gives who writes on. Damaged stretches are passed over, counted, and told in the service's
    /// own log.
    pub fn run(self, store: &Store, now: Timestamp) -> LogWriter {
        let files = self.log.files();
        let total = files.iter().map(|file| file.bytes).sum();
        let mut done = 0;
        for (number, file) in files.iter().enumerate() {
            if self.log.is_closing() {
                break;
            }
            let is_last = number + 1 == files.len();
            let newest = self.segment(store, *file, is_last, now);
            done += file.bytes;
            self.log.replayed(*file, newest, done, total);
            // More may be in the log than fits into memory.
            store.evict(now);
        }
        store.forget_arrivals();
        LogWriter::new(self.log, self.draw)
    }

    /// Reads one segment; gives the time of its newest sample.
    fn segment(
        &self,
        store: &Store,
        file: SegmentFile,
        is_last: bool,
        now: Timestamp,
    ) -> Timestamp {
        let figures = self.log.figures();
        let bytes = match read_segment(self.log.disk(), file) {
            Ok(bytes) => bytes,
            Err(error) => {
                figures.damaged.increment();
                log::error!("a segment of the log cannot be read error={error}");
                // Kept: perhaps it can be read another time.
                return Timestamp::MAX;
            }
        };
        let (mut replay, mut decoder, mut frames) =
            (Replay::new(store, now), Decoder::default(), 0);
        for piece in file.frames(&bytes) {
            match piece {
                Piece::Frame(payload) if decoder.frame(payload, &mut replay).is_some() => {
                    frames += 1;
                }
                Piece::Frame(_) => {
                    figures.damaged.increment();
                    decoder.damaged();
                    log::error!("a frame of the log holds what nobody wrote file={file}");
                }
                Piece::Damage(passed) => {
                    figures.damaged.increment();
                    decoder.damaged();
                    log::error!("a part of the log is damaged file={file} bytes={passed}");
                }
                Piece::Tail(passed) if frames > 0 || (is_last && version(&bytes).is_some()) => {
                    figures.cut_bytes.add(passed as u64);
                    log::info!("an unfinished write was cut off file={file} bytes={passed}");
                }
                Piece::Tail(_) => self.set_aside(file),
            }
        }
        figures.replayed.add(replay.taken as u64);
        figures.damaged_samples.add(decoder.lost() as u64);
        replay.newest
    }

    fn set_aside(&self, file: SegmentFile) {
        self.log.figures().damaged.increment();
        log::error!("a file of the log holds nothing whole and is set aside file={file}");
        if let Err(error) = set_aside(self.log.disk(), file) {
            log::error!("a damaged file cannot be set aside error={error}");
        }
    }
}

/// What frames tell, on its way into the head.
struct Replay<'a> {
    store: &'a Store,
    /// What is older is not kept.
    oldest: Timestamp,
    /// The series by their numbers in the segment.
    series: Vec<Option<Labels>>,
    /// Series that have been named with a time to live, and had no sample since.
    open: Vec<(Labels, Span)>,
    entries: Vec<Entry>,
    taken: usize,
    newest: Timestamp,
}

impl<'a> Replay<'a> {
    fn new(store: &'a Store, now: Timestamp) -> Self {
        Self {
            store,
            oldest: now.saturating_sub(store.limits.retention),
            series: Vec::new(),
            open: Vec::new(),
            entries: Vec::new(),
            taken: 0,
            newest: Timestamp::MIN,
        }
    }

    fn append(&mut self, terms: &LogTerms, origin: Origin) {
        let terms = Terms {
            origin,
            kind: Kind::Float,
            ttl: terms.ttl,
            now: terms.arrived,
            oldest: self.oldest,
            newest: Timestamp::MAX,
            chunk_span: self.store.chunk_span(),
        };
        let tally = self.store.take(&self.entries, &terms, None);
        self.store.note(&tally);
        self.taken += tally.accepted;
        for (labels, ttl) in self.open.drain(..) {
            let Some(shard) = self.store.shards.get(shard_of(&labels)) else { continue };
            shard.write().keep_open(&labels, ttl);
        }
    }

    fn end(&mut self) {
        // A series that ends has nothing to be kept open.
        self.open.clear();
        for entry in &self.entries {
            let Some(shard) = self.store.shards.get(shard_of(&entry.labels)) else { continue };
            shard.write().end(&entry.labels, entry.sample, self.store.chunk_span());
        }
    }
}

impl Sink for Replay<'_> {
    fn series(&mut self, number: u32, labels: Labels, ttl: Option<Span>) {
        let number = number as usize;
        if self.series.len() <= number {
            self.series.resize(number + 1, None);
        }
        if let Some(ttl) = ttl {
            self.open.push((labels.clone(), ttl));
        }
        self.series[number] = Some(labels);
    }

    fn samples(&mut self, terms: &LogTerms, samples: &[(u32, Sample)]) {
        self.entries.clear();
        for (number, sample) in samples {
            self.newest = self.newest.max(sample.at);
            let Some(Some(labels)) = self.series.get(*number as usize) else { continue };
            if sample.at >= self.oldest {
                self.entries.push(Entry { labels: labels.clone(), sample: *sample, line: 0 });
            }
        }
        match terms.origin {
            LogOrigin::Push => self.append(terms, Origin::Push),
            LogOrigin::Collector => self.append(terms, Origin::Collector),
            LogOrigin::End => self.end(),
        }
    }

    fn metadata(&mut self, name: &str, metadata: Metadata) {
        self.store.metadata.learn(&[(name.to_owned(), metadata)]);
    }
}
