//! Deleting: blocks are written again without what goes, then the head forgets it, and the log
//! notes in its order that it did, so that a replay forgets the same.
//!
//! Meanwhile nothing is cut or merged. The head is changed under the locks of all shards: what the
//! log has before the note is forgotten, what comes after it stays.

use super::Store;
use super::block::BlockError;
use super::shard::SHARDS;
use crate::model::{Arrival, Matcher, NotDurable, Receipt, TimeRange};

impl Store {
    /// Deletes the samples inside `range` of all series that pass `matchers`. When it returns they
    /// cannot be selected; the receipt says when that is durable. What comes later is taken as if
    /// nothing had been there. Waits for the disk: not to be called from a socket worker.
    ///
    /// # Errors
    /// When the disk fails or is full, in words; then a part may be deleted.
    pub fn delete(&self, matchers: &[Matcher], range: TimeRange) -> Result<Receipt, NotDurable> {
        self.takes()?;
        let _packing = self.packing.lock();
        let _cutting = self.cutting.lock();
        let gone = self.blocks.as_ref().map(|blocks| blocks.delete(matchers, range));
        let mut gone = gone.transpose().map_err(|error| match error {
            BlockError::Disk(error) => error.into(),
            error => NotDurable::Failed(error.to_string()),
        })?;
        let mut shards: Vec<_> = self.shards.iter().map(|shard| shard.write()).collect();
        let forgotten = self.forget(&mut shards, matchers, range);
        let gate = self.gate();
        for (shard, slots) in shards.iter_mut().zip(&forgotten.slots) {
            for slot in slots {
                let slot = *slot as usize;
                // One that has nothing left begins anew when it is pushed again.
                shard.remove(slot..slot + 1, &gate, |series| series.newest().is_none());
            }
        }
        let log = self.log.as_ref();
        let receipt = log.map_or_else(Receipt::immediate, |log| log.delete(matchers, range));
        drop(shards);
        let mut arrivals = forgotten.arrivals;
        arrivals.append(gone.get_or_insert_default());
        log::info!("samples were deleted places={}", arrivals.len());
        self.deleted.lock().append(&mut arrivals);
        self.appends.fetch_add(1, std::sync::atomic::Ordering::Release);
        Ok(receipt)
    }

    /// Forgets, as a deletion that is read from the log did.
    pub(super) fn forget_again(&self, matchers: &[Matcher], range: TimeRange) {
        let mut shards: Vec<_> = self.shards.iter().map(|shard| shard.write()).collect();
        self.forget(&mut shards, matchers, range);
    }

    fn forget(
        &self,
        shards: &mut [impl std::ops::DerefMut<Target = super::Shard>],
        matchers: &[Matcher],
        range: TimeRange,
    ) -> Forgotten {
        let mut forgotten = Forgotten { slots: vec![Vec::new(); SHARDS], arrivals: Vec::new() };
        let found = self.index.read().find(matchers);
        for (number, labels) in found {
            let (place, slot) = (number as usize % SHARDS, number / SHARDS as u32);
            let Some(shard) = shards.get_mut(place) else { continue };
            let span = self.chunk_span();
            let mut gone = None;
            shard.change(slot as usize..slot as usize + 1, |_, series| {
                if series.labels.same(&labels) {
                    gone = series.delete(range, span).map(|gone| (series.origin, gone));
                }
            });
            if let Some((origin, gone)) = gone {
                let (from, to) = (gone.from(), gone.to());
                forgotten.arrivals.push(Arrival { labels, origin, from, to });
                forgotten.slots[place].push(slot);
            }
        }
        forgotten
    }
}

/// What the head forgot: of each shard the slots, and the stretches of time of all series.
struct Forgotten {
    slots: Vec<Vec<u32>>,
    arrivals: Vec<Arrival>,
}
