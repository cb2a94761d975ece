//! The log: what the head took, on disk before it is acknowledged.
//!
//! Appends put what was taken into a queue; one thread takes all that waits, writes it with one
//! write, syncs once, and then resolves the receipts of all of it (group commit). What a collector
//! brings is written with the next push, or within a second. The log is a row of segments; each can
//! be read by itself, and is removed when the head needs nothing of it any more. A segment is never
//! written to again once a write or a sync of it failed: everything that is not known to be safe is
//! written again to a new one. The bytes are described in `docs/formats/wal.md`.

mod bytes;
mod contents;
mod decode;
mod encode;
mod examine;
mod figures;
mod frame;
mod segments;
#[cfg(test)]
mod tests;
mod value;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};

use futures_channel::oneshot;
use parking_lot::{Condvar, Mutex};

use super::Disk;
use super::metadata::MetadataBook;
use super::options::Durability;
use crate::model::{
    self, Entry, Labels, Matcher, Metadata, NotDurable, Receipt, Sample, Span, TimeRange, Timestamp,
};
pub(super) use contents::contents;
pub use decode::count_samples;
pub(super) use decode::{Decoder, Sink};
pub use examine::examine_segment;
use figures::Figures;
pub use frame::LOG_VERSION;
pub(super) use frame::{Piece, version};
pub use segments::OpenError;
pub(super) use segments::{FOLDER, SegmentFile, read_segment, set_aside};
pub use writer::LogWriter;

/// With so many samples in the queue the disk does not keep up, and pushes are refused.
const QUEUE_SAMPLES_MAX: usize = 2_000_000;

/// A sample with its series, on the way to the log.
pub(super) type Logged = (Labels, Sample);

/// Who brought samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// A push.
    Push = 0,
    /// A collector of this process.
    Collector = 1,
    /// The store itself: the series has ended, and its time to live is forgotten.
    End = 2,
}

/// What holds for samples that came together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Terms {
    /// Who brought them.
    pub(super) origin: Origin,
    /// How long their series stay open.
    pub(super) ttl: Option<Span>,
    /// When they came.
    pub(super) arrived: Timestamp,
}

impl Terms {
    /// The terms of a batch.
    pub(super) fn of(origin: model::Origin, ttl: Option<Span>, arrived: Timestamp) -> Self {
        let origin = match origin {
            model::Origin::Push => Origin::Push,
            model::Origin::Collector => Origin::Collector,
        };
        Self { origin, ttl, arrived }
    }

    /// The terms of series that the store ends.
    pub(super) const fn end(at: Timestamp) -> Self {
        Self { origin: Origin::End, ttl: None, arrived: at }
    }
}

/// How the log is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogState {
    /// It is being read after a start: so many of so many bytes.
    Replaying {
        /// Bytes read so far.
        done: u64,
        /// Bytes in all.
        total: u64,
    },
    /// What comes is made durable.
    Well,
    /// The disk is full: in words.
    Full(String),
    /// The disk cannot be written to: in words.
    Failing(String),
}

/// The log as the store sees it.
pub(super) struct Log {
    disk: Arc<dyn Disk>,
    durability: Durability,
    metadata: Arc<MetadataBook>,
    // Guards what waits for the writer; held for one push to the list, or while it is taken. Taken
    // after a shard's lock, so that of two values at one time the log and the head keep the same.
    queue: Mutex<Queue>,
    wake: Condvar,
    // Guards how the log is; held for one look or one change.
    state: Mutex<LogState>,
    // Guards the list of segments on disk; held for a look or a change of the list.
    files: Mutex<Vec<SegmentFile>>,
    batches: AtomicU64,
    figures: Figures,
}

#[derive(Default)]
struct Queue {
    items: Vec<Item>,
    samples: usize,
    /// Somebody waits for what is in it.
    urgent: bool,
    closing: bool,
    /// What is not needed any more.
    released: Released,
    /// Snapshots that wait for the segments.
    snapshots: Vec<Snapshot>,
}

/// A snapshot that is being made.
struct Snapshot {
    /// Its folder.
    folder: PathBuf,
    /// Is told when all segments are in it.
    done: mpsc::Sender<Result<(), NotDurable>>,
}

/// What is not needed any more: samples older than a time, in segments before a number.
#[derive(Debug, Clone, Copy, Default)]
struct Released {
    before: u64,
    edge: Timestamp,
}

/// What waits for the writer.
enum Item {
    Samples {
        batch: u64,
        terms: Terms,
        samples: Vec<Logged>,
    },
    Metadata(Vec<(String, Metadata)>),
    /// What passes and lies inside was deleted from everything before this.
    Deletion(Vec<Matcher>, TimeRange),
    /// Everything of the batch stands before this.
    Receipt {
        batch: u64,
        sender: oneshot::Sender<Result<(), NotDurable>>,
    },
}

impl Log {
    /// The log of a disk, with the segments that are there, which are yet to be replayed.
    ///
    /// # Errors
    /// When the folder cannot be read or a segment is of a newer format.
    pub(super) fn open(
        disk: Arc<dyn Disk>,
        durability: Durability,
        metadata: Arc<MetadataBook>,
    ) -> Result<Self, OpenError> {
        let files = segments::list(&*disk)?;
        let total = files.iter().map(|file| file.bytes).sum();
        // Where nothing is to be read, a push need not wait for it.
        let empty = files.is_empty();
        let state = if empty { LogState::Well } else { LogState::Replaying { done: 0, total } };
        Ok(Self {
            disk,
            durability,
            metadata,
            queue: Mutex::default(),
            wake: Condvar::new(),
            state: Mutex::new(state),
            files: Mutex::new(files),
            batches: AtomicU64::new(0),
            figures: Figures::default(),
        })
    }

    /// Begins to hand over a batch that came under `terms`.
    pub(super) fn begin(&self, terms: Terms) -> Handover<'_> {
        Handover { log: self, batch: self.batches.fetch_add(1, Ordering::Relaxed), terms }
    }

    /// Hands over what was said anew of metric names.
    pub(super) fn describe(&self, said: Vec<(String, Metadata)>) {
        self.queue.lock().items.push(Item::Metadata(said));
    }

    /// Hands over that samples were deleted, under the locks of all shards. The receipt resolves
    /// when that is on disk, whatever the settings want of pushes.
    pub(super) fn delete(&self, matchers: &[Matcher], range: TimeRange) -> Receipt {
        let batch = self.batches.fetch_add(1, Ordering::Relaxed);
        let (sender, receiver) = oneshot::channel();
        {
            let mut queue = self.queue.lock();
            queue.items.push(Item::Deletion(matchers.to_vec(), range));
            queue.items.push(Item::Receipt { batch, sender });
            queue.urgent = true;
        }
        self.wake.notify_one();
        pending(receiver)
    }

    /// When a push may be answered.
    pub(super) const fn durability(&self) -> Durability {
        self.durability
    }

    /// Whether the store was closed.
    pub(super) fn is_closing(&self) -> bool {
        self.queue.lock().closing
    }

    /// How it is.
    pub(super) fn state(&self) -> LogState {
        self.state.lock().clone()
    }

    /// Whether a push would be made durable.
    ///
    /// # Errors
    /// With the reason when it would not.
    pub(super) fn takes(&self) -> Result<(), NotDurable> {
        match &*self.state.lock() {
            LogState::Replaying { .. } => return Err(NotDurable::Starting),
            LogState::Full(why) => return Err(NotDurable::Full(why.clone())),
            LogState::Failing(why) => return Err(NotDurable::Failed(why.clone())),
            LogState::Well => {}
        }
        if self.queue.lock().samples > QUEUE_SAMPLES_MAX {
            return Err(NotDurable::Failed("the disk does not keep up".to_owned()));
        }
        Ok(())
    }

    /// The number of a segment: what is in those before it was in the head by now, and nothing is
    /// added to them.
    pub(super) fn mark(&self) -> u64 {
        self.files.lock().last().map_or(0, |file| file.number())
    }

    /// What is older than `edge` in segments before the number `before` is not needed any more:
    /// those without anything else can go.
    pub(super) fn release(&self, before: u64, edge: Timestamp) {
        self.queue.lock().released = Released { before, edge };
    }

    /// Has the writer write what waits, end its segment, and link all segments into the folder of
    /// a snapshot; waits for it.
    ///
    /// # Errors
    /// When the log or the links cannot be written, or the writer ends.
    pub(super) fn link_into(&self, folder: &Path) -> Result<(), NotDurable> {
        let (done, told) = mpsc::channel();
        {
            let mut queue = self.queue.lock();
            if queue.closing {
                return Err(NotDurable::Failed("the service ends".to_owned()));
            }
            queue.snapshots.push(Snapshot { folder: folder.to_owned(), done });
            queue.urgent = true;
        }
        self.wake.notify_one();
        let ended = |_| NotDurable::Failed("the service ends".to_owned());
        told.recv().map_err(ended).flatten()
    }

    /// Makes the writer write what waits and end.
    pub(super) fn close(&self) {
        self.queue.lock().closing = true;
        self.wake.notify_one();
    }

    /// What is counted.
    pub(super) const fn figures(&self) -> &Figures {
        &self.figures
    }

    /// The segments on disk.
    pub(super) fn files(&self) -> Vec<SegmentFile> {
        self.files.lock().clone()
    }

    /// The disk it is on.
    pub(super) fn disk(&self) -> &dyn Disk {
        &*self.disk
    }

    /// Notes that a segment was replayed, its newest sample being of the time `newest`, and that so
    /// many of `total` bytes were.
    pub(super) fn replayed(&self, file: SegmentFile, newest: Timestamp, done: u64, total: u64) {
        let mut files = self.files.lock();
        if let Some(known) = files.iter_mut().find(|known| known.id == file.id) {
            known.newest = newest;
        }
        *self.state.lock() = LogState::Replaying { done, total };
    }
}

/// A batch on its way into the queue, share by share.
pub(super) struct Handover<'a> {
    log: &'a Log,
    batch: u64,
    terms: Terms,
}

impl Handover<'_> {
    /// Hands over samples of one shard, under its lock.
    pub(super) fn share<'e>(&self, entries: impl Iterator<Item = &'e Entry>) {
        self.samples(entries.map(|entry| (entry.labels.clone(), entry.sample)).collect());
    }

    /// The same, of samples by themselves.
    pub(super) fn samples(&self, samples: Vec<Logged>) {
        if samples.is_empty() {
            return;
        }
        let mut queue = self.log.queue.lock();
        queue.samples += samples.len();
        queue.items.push(Item::Samples { batch: self.batch, terms: self.terms, samples });
    }

    /// Ends the batch. The receipt resolves when all of it is on disk; at once when the settings
    /// do not want that.
    pub(super) fn receipt(self) -> Receipt {
        if self.log.durability == Durability::Async || self.terms.origin != Origin::Push {
            return Receipt::immediate();
        }
        let (sender, receiver) = oneshot::channel();
        {
            let mut queue = self.log.queue.lock();
            queue.items.push(Item::Receipt { batch: self.batch, sender });
            queue.urgent = true;
        }
        self.log.wake.notify_one();
        pending(receiver)
    }
}

/// A receipt that resolves with what the writer says.
fn pending(receiver: oneshot::Receiver<Result<(), NotDurable>>) -> Receipt {
    Receipt::pending(async move {
        let ended = || NotDurable::Failed("the service ends".to_owned());
        receiver.await.unwrap_or_else(|_| Err(ended()))
    })
}
