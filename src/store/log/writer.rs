//! The one who writes the log: takes all that waits, writes it once, syncs once, resolves receipts.
//!
//! Nothing that failed is believed later: after a failed write or sync the segment is left as it
//! is, and everything that was not known to be safe is written again to a new one.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::encode::{Encoder, SeriesBook};
use super::frame::{SegmentId, header};
use super::segments::{FOLDER, SegmentFile, path};
use super::{Item, Log, LogState, Logged, Released, Snapshot};
use crate::model::{NotDurable, Span, Timestamp};
use crate::store::{DiskError, Fault, Writable, snapshot};

/// What nobody waits for is written after this long at most.
const LINGER: Duration = Duration::from_secs(1);
/// A segment of this length is not gone on with.
const SEGMENT_BYTES: u64 = 64 << 20;
/// Nor one that was begun this long ago: the log can let go only of whole segments.
const SEGMENT_SPAN: Span = Span(600_000);
/// So many samples that could not be written are kept to be tried again; of more the oldest go.
const BACKLOG_SAMPLES_MAX: usize = 1_000_000;

/// Writes the log, on a thread of its own.
pub struct LogWriter {
    log: Arc<Log>,
    book: SeriesBook,
    segment: Option<Segment>,
    next_number: u64,
    /// Draws the salts of segments.
    draw: Box<dyn FnMut() -> u32 + Send>,
    /// What is not known to be safe, in its order.
    backlog: Vec<Item>,
    backlog_samples: usize,
    /// Batches of which a part went from the backlog, and whose receipt has not come by yet.
    cut: HashSet<u64>,
}

/// The segment that is being written.
struct Segment {
    id: SegmentId,
    file: Box<dyn Writable>,
    bytes: u64,
    /// When its first samples came.
    began: Timestamp,
}

impl LogWriter {
    /// A writer that goes on behind the segments that are there. `draw` gives random numbers.
    pub(in crate::store) fn new(log: Arc<Log>, draw: Box<dyn FnMut() -> u32 + Send>) -> Self {
        let last = log.files.lock().iter().map(|file| file.id.number).max();
        *log.state.lock() = LogState::Well;
        Self {
            log,
            book: SeriesBook::default(),
            segment: None,
            next_number: last.map_or(1, |last| last + 1),
            draw,
            backlog: Vec::new(),
            backlog_samples: 0,
            cut: HashSet::new(),
        }
    }

    /// Writes until the store is closed.
    pub fn run(mut self) {
        loop {
            let closing = {
                let mut queue = self.log.queue.lock();
                if !queue.urgent && !queue.closing {
                    self.log.wake.wait_for(&mut queue, LINGER);
                }
                queue.closing
            };
            self.commit();
            if closing {
                return;
            }
        }
    }

    /// Writes what waits, and says to those who wait whether it is safe. Removes segments that are
    /// not needed any more.
    pub fn commit(&mut self) {
        let (released, snapshots) = self.take_queue();
        self.write_backlog(released);
        for Snapshot { folder, done } in snapshots {
            // Who gave up waiting is told nothing.
            let _ = done.send(self.link_into(&folder));
        }
        self.remove_old(released);
    }

    fn write_backlog(&mut self, released: Released) {
        let well = *self.log.state.lock() == LogState::Well;
        if self.backlog.is_empty() && well {
            return;
        }
        // Where a segment has failed, a new one may do. On a full disk it will not.
        let written = self.write(released.edge).or_else(|error| {
            if error.fault() == Fault::Full {
                return Err(error);
            }
            log::warn!("a write to the log failed and is tried again elsewhere error={error}");
            self.write(released.edge)
        });
        match written {
            Ok(()) => self.succeeded(),
            Err(error) => self.failed(&error),
        }
    }

    /// Ends the segment, so that nothing is added to what is there, and links all of them into the
    /// folder of a snapshot.
    fn link_into(&mut self, folder: &Path) -> Result<(), NotDurable> {
        match &*self.log.state.lock() {
            LogState::Full(why) => return Err(NotDurable::Full(why.clone())),
            LogState::Failing(why) => return Err(NotDurable::Failed(why.clone())),
            LogState::Well | LogState::Replaying { .. } => {}
        }
        self.segment = None;
        let disk = &*self.log.disk;
        let link_all = || {
            let into = snapshot::folder(disk, folder, FOLDER)?;
            for file in self.log.files() {
                let linked = snapshot::link(disk, &path(file.id), &into.join(file.id.name()));
                // One that held nothing whole was set aside.
                linked.or_else(|error| match error.fault() {
                    Fault::Missing => Ok(()),
                    _ => Err(error),
                })?;
            }
            disk.sync_folder(&into)
        };
        link_all().map_err(|error| NotDurable::Failed(error.to_string()))
    }

    /// Moves what waits behind the backlog; gives what is not needed any more, and the snapshots
    /// that are wanted.
    fn take_queue(&mut self) -> (Released, Vec<Snapshot>) {
        let mut queue = self.log.queue.lock();
        queue.urgent = false;
        self.backlog_samples += std::mem::take(&mut queue.samples);
        self.backlog.append(&mut queue.items);
        (queue.released, std::mem::take(&mut queue.snapshots))
    }

    /// Writes the backlog. After an error there is no open segment.
    fn write(&mut self, edge: Timestamp) -> Result<(), DiskError> {
        let arrived = |item: &Item| match item {
            Item::Samples { terms, .. } => Some(terms.arrived),
            Item::Metadata(_) | Item::Deletion(..) | Item::Receipt { .. } => None,
        };
        let newest_arrival = self.backlog.iter().filter_map(arrived).max();
        let now = newest_arrival.unwrap_or_default();
        let taken = self.segment.take().filter(|segment| !segment.is_full(now));
        let is_new = taken.is_none();
        let mut segment = match taken {
            Some(segment) => segment,
            None => self.begin(now, edge)?,
        };
        let bytes = self.encode(segment.id, is_new);
        if let Err(error) = self.put(&mut segment, &bytes, is_new) {
            if is_new {
                // Nobody was told that anything in it is safe. Left behind it would do no harm.
                let _ = self.log.disk.remove(&path(segment.id));
            }
            return Err(error);
        }
        segment.bytes += bytes.len() as u64;
        self.account(&segment, bytes.len(), newest_arrival);
        self.segment = Some(segment);
        Ok(())
    }

    fn begin(&mut self, now: Timestamp, edge: Timestamp) -> Result<Segment, DiskError> {
        let id = SegmentId { number: self.next_number, salt: (self.draw)() };
        let file = self.log.disk.create(&path(id))?;
        self.next_number += 1;
        self.book.begin_segment(edge);
        Ok(Segment { id, file, bytes: 0, began: now })
    }

    fn put(&self, segment: &mut Segment, bytes: &[u8], is_new: bool) -> Result<(), DiskError> {
        segment.file.append(bytes)?;
        segment.file.sync()?;
        if is_new {
            self.log.disk.sync_folder(Path::new(FOLDER))?;
        }
        Ok(())
    }

    /// The backlog as frames; a new segment begins with its header and all that is known of metric
    /// names.
    fn encode(&mut self, id: SegmentId, is_new: bool) -> Vec<u8> {
        let start = if is_new { header() } else { Vec::new() };
        let mut encoder = Encoder::new(id, &mut self.book, start);
        if is_new {
            encoder.metadata(&self.log.metadata.all());
        }
        // Shares of one batch that stand together are written together.
        let together = |one: &Item, two: &Item| match (one, two) {
            (Item::Samples { batch: one, .. }, Item::Samples { batch: two, .. }) => one == two,
            _ => false,
        };
        for group in self.backlog.chunk_by(together) {
            match group.first() {
                Some(Item::Samples { terms, .. }) => encoder.samples(terms, samples(group)),
                Some(Item::Metadata(said)) => encoder.metadata(said),
                Some(Item::Deletion(matchers, range)) => encoder.deletion(matchers, *range),
                Some(Item::Receipt { .. }) | None => {}
            }
        }
        encoder.finish()
    }

    /// Notes what is safe now.
    fn account(&self, segment: &Segment, written: usize, newest_arrival: Option<Timestamp>) {
        let times = samples(&self.backlog).map(|(_, sample)| sample.at);
        let newest = times.max().unwrap_or(Timestamp::MIN);
        {
            let mut files = self.log.files.lock();
            match files.last_mut().filter(|file| file.id == segment.id) {
                Some(file) => {
                    (file.newest, file.bytes) = (file.newest.max(newest), segment.bytes);
                }
                None => files.push(SegmentFile { id: segment.id, newest, bytes: segment.bytes }),
            }
        }
        let figures = &self.log.figures;
        figures.commits.increment();
        figures.written_bytes.add(written as u64);
        figures.written_samples.add(self.backlog_samples as u64);
        if let Some(arrived) = newest_arrival {
            figures.synced_at(arrived);
        }
    }

    fn succeeded(&mut self) {
        let before = std::mem::replace(&mut *self.log.state.lock(), LogState::Well);
        if before != LogState::Well {
            log::info!("the log is written again samples={}", self.backlog_samples);
        }
        for item in self.backlog.drain(..) {
            if let Item::Receipt { batch, sender } = item {
                let whole = !self.cut.remove(&batch);
                let words = || NotDurable::Failed("a part of it could not be kept".to_owned());
                // Who gave up waiting is told nothing.
                let _ = sender.send(if whole { Ok(()) } else { Err(words()) });
            }
        }
        self.backlog_samples = 0;
    }

    fn failed(&mut self, error: &DiskError) {
        let full = error.fault() == Fault::Full;
        let words = error.to_string();
        let figures = &self.log.figures;
        if full { &figures.failed_full } else { &figures.failed_other }.increment();
        let (state, answer) = if full {
            (LogState::Full(words.clone()), NotDurable::Full(words))
        } else {
            (LogState::Failing(words.clone()), NotDurable::Failed(words))
        };
        let before = std::mem::replace(&mut *self.log.state.lock(), state);
        if before == LogState::Well {
            log::error!("the log cannot be written, pushes are refused until it can error={error}");
        }
        let mut kept = Vec::with_capacity(self.backlog.len());
        for item in self.backlog.drain(..) {
            match item {
                Item::Receipt { batch, sender } => {
                    self.cut.remove(&batch);
                    // Who gave up waiting is told nothing.
                    let _ = sender.send(Err(answer.clone()));
                }
                item => kept.push(item),
            }
        }
        self.backlog = kept;
        self.cut_backlog();
    }

    /// Lets go of the oldest samples beyond what is kept to be tried again.
    fn cut_backlog(&mut self) {
        let mut over = self.backlog_samples.saturating_sub(BACKLOG_SAMPLES_MAX);
        if over == 0 {
            return;
        }
        let mut gone = 0;
        self.backlog.retain(|item| match item {
            Item::Samples { batch, samples, .. } if over > 0 => {
                over = over.saturating_sub(samples.len());
                gone += samples.len();
                self.cut.insert(*batch);
                false
            }
            _ => true,
        });
        self.backlog_samples -= gone;
        self.log.figures.dropped.add(gone as u64);
    }

    /// Removes the segments of which nothing is needed, the oldest first and none before an older
    /// one: what was written later must not go before what it replaced. One that could not be read
    /// stays and replaces nothing.
    fn remove_old(&self, released: Released) {
        let open = self.segment.as_ref().map(|segment| segment.id);
        let goes = |file: &SegmentFile| {
            file.number() < released.before && file.newest < released.edge && Some(file.id) != open
        };
        let files = self.log.files.lock().clone();
        let readable = files.into_iter().filter(|file| file.newest < Timestamp::MAX);
        let old: Vec<SegmentFile> = readable.take_while(goes).collect();
        for file in old {
            let path: PathBuf = path(file.id);
            match self.log.disk.remove(&path) {
                Err(error) if error.fault() != Fault::Missing => {
                    log::warn!("an old segment of the log cannot be removed error={error}");
                }
                _ => self.log.files.lock().retain(|other| other.id != file.id),
            }
        }
    }
}

impl Segment {
    fn is_full(&self, now: Timestamp) -> bool {
        // A clock that was set back begins a segment too.
        let age = now.0.abs_diff(self.began.0);
        self.bytes >= SEGMENT_BYTES || age >= SEGMENT_SPAN.0.unsigned_abs()
    }
}

/// The samples of items, one after the other.
fn samples(items: &[Item]) -> impl Iterator<Item = &Logged> {
    items.iter().flat_map(|item| match item {
        Item::Samples { samples, .. } => samples.as_slice(),
        Item::Metadata(_) | Item::Deletion(..) | Item::Receipt { .. } => &[],
    })
}
