//! The set of blocks: what lies in the folder, in memory as one list that readers take a copy of.
//!
//! A new block is made in four steps: written under another name, made safe, named, and the folder
//! made safe. Only then it is in the list, and those that it replaces go. A start after a crash
//! finds each of these steps done or not: files without their last name go, and so do blocks that
//! another one has replaced. A block that cannot be what was written is renamed and left alone.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use super::catalog::Catalog;
use super::cover::Cover;
use super::index::Index;
use super::opened::{BlockFile, OpenFiles};
use super::reader::Block;
use super::recent::Recent;
use super::tier::Tier;
use super::writer::{BlockWriter, Purpose};
use super::{BLOCK_VERSION, BlockError};
use crate::model::{Counter, Reading, Timestamp};
use crate::store::disk::{Disk, DiskError, Fault};
use crate::store::log::OpenError;
use crate::store::snapshot;

/// The folder of blocks inside the store's.
pub(in crate::store) const FOLDER: &str = "blocks";
/// How the name of a block ends.
pub(super) const ENDING: &str = ".block";
/// How the name of a block ends that is being written.
pub(super) const UNFINISHED: &str = ".part";
/// What is added to the name of a block that is damaged.
pub(super) const DAMAGED: &str = ".damaged";

/// All blocks of a store.
pub(in crate::store) struct Blocks {
    pub(super) disk: Arc<dyn Disk>,
    catalog: ArcSwap<Catalog>,
    // Held while the list is exchanged for another one.
    changing: Mutex<()>,
    next: AtomicU64,
    /// Everything from this time on is in the head: no block reaches up to it.
    end: AtomicI64,
    // Guards the indexes that were read, by the keys of files. Held for one look-up or one entry.
    indexes: Mutex<Recent<Arc<Index>>>,
    files: Arc<OpenFiles>,
    pub(in crate::store) counters: BlockCounters,
}

/// What happened to blocks since the start.
#[derive(Default)]
pub(in crate::store) struct BlockCounters {
    /// Blocks cut from the head.
    pub(in crate::store) cut: Counter,
    /// Blocks made of others.
    pub(in crate::store) merged: Counter,
    /// Blocks of rows made of samples or of finer rows.
    pub(in crate::store) rolled: Counter,
    /// Blocks that went at the end of the retention or for want of room.
    pub(in crate::store) expired: Counter,
    /// Pieces and whole blocks that were damaged or could not be read.
    pub(in crate::store) damaged: Counter,
    /// Cuts and merges that failed.
    pub(in crate::store) failed: Counter,
}

impl Blocks {
    /// Opens what lies on the disk. Indexes of at most about `index_bytes_max` are kept in memory.
    ///
    /// # Errors
    /// When a block was written by a newer version, or the folder cannot be read or made.
    pub(in crate::store) fn open(
        disk: Arc<dyn Disk>,
        index_bytes_max: usize,
    ) -> Result<Self, OpenError> {
        let files = OpenFiles::new(Arc::clone(&disk));
        let blocks = Self {
            disk,
            catalog: ArcSwap::default(),
            changing: Mutex::default(),
            next: AtomicU64::new(1),
            end: AtomicI64::new(i64::MIN),
            indexes: Mutex::new(Recent::new(index_bytes_max)),
            files,
            counters: BlockCounters::default(),
        };
        blocks.disk.create_folder(Path::new(FOLDER))?;
        blocks.disk.sync_folder(Path::new(""))?;
        let mut found = BTreeMap::new();
        for listed in blocks.disk.list(Path::new(FOLDER))? {
            let Some(number) = number_of(&listed.name) else { continue };
            blocks.next.fetch_max(number.saturating_add(1), Ordering::Relaxed);
            if listed.name.ends_with(UNFINISHED) {
                blocks.remove(&listed.name);
            } else if listed.name.ends_with(ENDING)
                && let Some(block) = blocks.load(number)?
            {
                found.insert(number, Arc::new(block));
            }
        }
        blocks.drop_replaced(&mut found)?;
        blocks.publish(|list| list.extend(found.into_values()));
        Ok(blocks)
    }

    /// Opens one block; nothing when it has to be left alone.
    fn load(&self, number: u64) -> Result<Option<Block>, OpenError> {
        match self.open_block(number) {
            Ok(block) => Ok(Some(block)),
            Err(BlockError::Newer(version)) => Err(OpenError::Newer {
                file: path(number, ENDING).display().to_string(),
                version,
                known: BLOCK_VERSION,
            }),
            Err(error) => {
                self.set_aside(number, &error);
                Ok(None)
            }
        }
    }

    /// Opens the block with that number.
    pub(super) fn open_block(&self, number: u64) -> Result<Block, BlockError> {
        Block::open(number, BlockFile::named(&self.files, path(number, ENDING)))
    }

    /// Removes the blocks that another one has taken over, once that one proves to be whole.
    fn drop_replaced(&self, found: &mut BTreeMap<u64, Arc<Block>>) -> Result<(), DiskError> {
        let numbers: Vec<u64> = found.keys().rev().copied().collect();
        let mut gone = Vec::new();
        for number in numbers {
            let Some(block) = found.get(&number).cloned() else { continue };
            let replaced = &block.about.purpose.replaces;
            if !replaced.iter().any(|replaced| found.contains_key(replaced)) {
                continue;
            }
            if let Err(error) = self.index(&block) {
                self.set_aside(number, &error);
                found.remove(&number);
                continue;
            }
            gone.extend(replaced.iter().filter(|replaced| found.remove(replaced).is_some()));
        }
        self.remove_blocks(&gone)
    }

    /// All blocks.
    pub(super) fn catalog(&self) -> Arc<Catalog> {
        self.catalog.load_full()
    }

    /// From this time on no block has a sample.
    pub(in crate::store) fn end(&self) -> Timestamp {
        Timestamp(self.end.load(Ordering::Acquire))
    }

    /// The time of the oldest sample in blocks.
    pub(in crate::store) fn oldest(&self) -> Option<Timestamp> {
        self.catalog().blocks.iter().map(|block| block.about.span.from()).min()
    }

    /// How many samples there are as they came.
    pub(in crate::store) fn samples(&self) -> u64 {
        let catalog = self.catalog();
        let raw = catalog.blocks.iter().filter(|block| block.tier() == Tier::Raw);
        raw.map(|block| block.about.samples).sum()
    }

    /// Adds the figures of blocks.
    pub(in crate::store) fn report(&self, out: &mut Vec<Reading>) {
        let catalog = self.catalog();
        for tier in Tier::ALL {
            let blocks = || catalog.blocks.iter().filter(|block| block.tier() == tier);
            let samples: u64 = blocks().map(|block| block.about.samples).sum();
            let bytes: u64 = blocks().map(|block| block.bytes).sum();
            let gauges = [
                ("watchglass_store_blocks", "Blocks on disk.", blocks().count() as f64),
                ("watchglass_store_block_samples", "Samples or rows in blocks.", samples as f64),
                ("watchglass_store_block_bytes", "Bytes of blocks.", bytes as f64),
            ];
            out.extend(gauges.map(|(name, help, value)| {
                Reading::gauge(name, help, value).with("tier", tier.name())
            }));
        }
        let counters = &self.counters;
        let rows = [
            ("watchglass_store_blocks_cut_total", "Blocks cut from the head.", &counters.cut),
            ("watchglass_store_blocks_merged_total", "Blocks made of others.", &counters.merged),
            (
                "watchglass_store_blocks_rolled_total",
                "Blocks of rows made of samples or of finer rows.",
                &counters.rolled,
            ),
            (
                "watchglass_store_blocks_expired_total",
                "Blocks that went at the end of the retention or for want of room.",
                &counters.expired,
            ),
            (
                "watchglass_store_blocks_damaged_total",
                "Blocks and parts of them that could not be read.",
                &counters.damaged,
            ),
            (
                "watchglass_store_blocks_failed_total",
                "Cuts and merges that the disk made fail.",
                &counters.failed,
            ),
        ];
        out.extend(rows.map(|(name, help, counter)| Reading::counter(name, help, counter.get())));
    }

    /// The index of a block, from memory or from its file.
    pub(super) fn index(&self, block: &Block) -> Result<Arc<Index>, BlockError> {
        if let Some(index) = self.indexes.lock().get(block.file.key) {
            return Ok(index);
        }
        let index = Arc::new(block.index()?);
        self.indexes.lock().put(block.file.key, Arc::clone(&index), index.bytes());
        Ok(index)
    }

    /// Notes that a piece of a block could not be read, and says so once a block.
    pub(super) fn note(&self, block: &Block, error: &BlockError) {
        self.counters.damaged.increment();
        if !block.suspect.swap(true, Ordering::Relaxed) {
            let number = block.number;
            log::error!("a part of block {number:016x} cannot be read and is left out: {error}");
        }
    }

    /// Links all blocks into the folder of a snapshot.
    ///
    /// # Errors
    /// Whatever the system says.
    pub(in crate::store) fn link_into(&self, folder: &Path) -> Result<(), DiskError> {
        let into = snapshot::folder(&*self.disk, folder, FOLDER)?;
        let mut list = self.catalog();
        loop {
            for block in &list.blocks {
                let name = name(block.number, ENDING);
                match snapshot::link(&*self.disk, &path(block.number, ENDING), &into.join(name)) {
                    // Another block has its samples by now, or it was linked before.
                    Err(error) if matches!(error.fault(), Fault::Missing | Fault::Exists) => {}
                    linked => linked?,
                }
            }
            let now = self.catalog();
            if now
                .blocks
                .iter()
                .all(|block| list.blocks.iter().any(|known| known.number == block.number))
            {
                return self.disk.sync_folder(&into);
            }
            list = now;
        }
    }

    /// Adds a block of samples over the units of `cover` of what `fill` gives, newer than all there
    /// are; it is safe when this returns.
    ///
    /// # Errors
    /// When the disk fails. What was there can be read as before.
    pub(in crate::store) fn add(
        &self,
        cover: Cover,
        fill: impl FnOnce(&mut BlockWriter) -> Result<(), BlockError>,
    ) -> Result<(), BlockError> {
        let purpose = Purpose { tier: Tier::Raw, cover, replaces: Vec::new() };
        if let Some(block) = self.write(self.next_number(), purpose, fill)? {
            self.counters.cut.increment();
            self.exchange(&[block], Vec::new()).map_err(BlockError::Disk)?;
        }
        Ok(())
    }

    /// The number of the block that is written next.
    pub(super) fn next_number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Writes a block of what `fill` gives and opens it; nothing when that is nothing. It is safe
    /// when this returns, and not in the list yet.
    pub(super) fn write(
        &self,
        number: u64,
        purpose: Purpose,
        fill: impl FnOnce(&mut BlockWriter) -> Result<(), BlockError>,
    ) -> Result<Option<Arc<Block>>, BlockError> {
        let part = path(number, UNFINISHED);
        let whole = path(number, ENDING);
        let written = self.write_part(&part, purpose, fill);
        if !matches!(written, Ok(true)) {
            self.remove(&name(number, UNFINISHED));
            return written.map(|_| None);
        }
        let named = self.disk.rename(&part, &whole);
        if let Err(error) = named.and_then(|()| self.disk.sync_folder(Path::new(FOLDER))) {
            self.remove(&name(number, UNFINISHED));
            self.remove(&name(number, ENDING));
            return Err(BlockError::Disk(error));
        }
        self.open_block(number).map(|block| Some(Arc::new(block)))
    }

    /// Writes a block of what `fill` gives under another name, and says whether that is anything.
    pub(super) fn write_part(
        &self,
        part: &Path,
        purpose: Purpose,
        fill: impl FnOnce(&mut BlockWriter) -> Result<(), BlockError>,
    ) -> Result<bool, BlockError> {
        let created = self.disk.create(part).map_err(BlockError::Disk)?;
        let mut writer = BlockWriter::new(created, purpose);
        fill(&mut writer)?;
        if writer.is_empty() {
            return Ok(false);
        }
        writer.finish()?;
        Ok(true)
    }

    /// Puts new blocks into the list in place of others, and removes those from the disk; of the
    /// ones that are found damaged the files are left under another name.
    ///
    /// # Errors
    /// When the disk fails. The others are out of the list; a file that stays is tried again at the
    /// next start.
    pub(super) fn exchange(
        &self,
        new: &[Arc<Block>],
        old: Vec<Arc<Block>>,
    ) -> Result<(), DiskError> {
        let is_old = |block: &Arc<Block>| old.iter().any(|old| old.number == block.number);
        self.publish(|list| {
            list.retain(|block| !is_old(block));
            list.extend(new.iter().cloned());
        });
        if old.is_empty() {
            return Ok(());
        }
        // One after the other, so that not all of them are open at once.
        for block in old {
            block.file.hold()?;
            if block.is_suspect() {
                self.rename_damaged(block.number);
            } else {
                self.remove(&name(block.number, ENDING));
            }
        }
        self.disk.sync_folder(Path::new(FOLDER))
    }

    /// Makes another list.
    pub(super) fn publish(&self, change: impl FnOnce(&mut Vec<Arc<Block>>)) {
        let _held = self.changing.lock();
        let mut list = self.catalog().blocks.clone();
        change(&mut list);
        let end = list.iter().map(|block| block.about.span.to().0.saturating_add(1)).max();
        self.indexes.lock().keep(|key| list.iter().any(|block| block.file.key == key));
        // The end first: a reader that sees an older list with it asks blocks for nothing.
        self.end.store(end.unwrap_or(i64::MIN), Ordering::Release);
        self.catalog.store(Arc::new(Catalog::new(list)));
    }

    /// Leaves a block alone: it stays on the disk under another name. Those who read it go on as
    /// far as they can.
    pub(super) fn set_aside(&self, number: u64, error: &BlockError) {
        self.counters.damaged.increment();
        log::error!(
            "block {number:016x} is set aside as `{}`: {error}",
            name(number, ENDING) + DAMAGED
        );
        self.publish(|list| list.retain(|block| block.number != number));
        self.rename_damaged(number);
    }

    fn rename_damaged(&self, number: u64) {
        let aside = Path::new(FOLDER).join(name(number, ENDING) + DAMAGED);
        if let Err(error) = self.disk.rename(&path(number, ENDING), &aside) {
            log::warn!("{error}");
        }
    }

    fn remove_blocks(&self, numbers: &[u64]) -> Result<(), DiskError> {
        if numbers.is_empty() {
            return Ok(());
        }
        for number in numbers {
            self.remove(&name(*number, ENDING));
        }
        self.disk.sync_folder(Path::new(FOLDER))
    }

    /// Removes a file, if it is there. One that stays is tried again at the next start.
    pub(super) fn remove(&self, name: &str) {
        match self.disk.remove(&Path::new(FOLDER).join(name)) {
            Err(error) if error.fault() != Fault::Missing => log::warn!("{error}"),
            _ => {}
        }
    }
}

/// The name of a block's file.
pub(super) fn name(number: u64, ending: &str) -> String {
    format!("{number:016x}{ending}")
}

/// Where a block's file lies.
pub(super) fn path(number: u64, ending: &str) -> PathBuf {
    Path::new(FOLDER).join(name(number, ending))
}

/// The number in the name of a file, whatever it ends with.
fn number_of(name: &str) -> Option<u64> {
    let (number, _) = name.split_once('.')?;
    (number.len() == 16).then(|| u64::from_str_radix(number, 16).ok())?
}
