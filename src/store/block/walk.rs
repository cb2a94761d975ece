//! The series of a stretch of time in the order of their labels, each with what head and blocks
//! have of it; where samples have gone, with the newest of each minute or hour.

use std::collections::BTreeMap;

use super::parts::{Part, Reader};
use super::select::{Opened, joined};
use super::set::Blocks;
use crate::model::{Aggregate, Labels, Matcher, Sample, TimeRange};

/// Where a series is: its number in the head, and its parts in blocks.
#[derive(Default)]
struct Row {
    head: Option<u32>,
    parts: Vec<Part>,
}

impl Blocks {
    /// The times of all blocks.
    pub(in crate::store) fn spans(&self) -> Vec<TimeRange> {
        self.catalog().blocks.iter().map(|block| block.about.span).collect()
    }

    /// Hands each series that passes one of `wanted`, or is in `head`, with its samples inside
    /// `range` to `take`; `of_head` gives those of the head.
    pub(in crate::store) fn walk<E>(
        &self,
        wanted: &[Vec<Matcher>],
        range: TimeRange,
        head: BTreeMap<Labels, u32>,
        of_head: impl Fn(&Labels, u32) -> Vec<Sample>,
        take: &mut impl FnMut(&Labels, &[Sample]) -> Result<(), E>,
    ) -> Result<(), E> {
        let row = |(labels, number)| (labels, Row { head: Some(number), parts: Vec::new() });
        let mut rows: BTreeMap<Labels, Row> = head.into_iter().map(row).collect();
        let Opened { segments, blocks: open } = self.open_inside(range, None, &[]);
        for matchers in wanted {
            self.find(&open, matchers, range, |place, labels, entry| {
                let parts = &mut rows.entry(labels).or_default().parts;
                if parts.iter().all(|(other, _)| *other != place) {
                    parts.push((place, entry));
                }
            });
        }
        let mut readers: Vec<Reader<'_>> =
            open.iter().map(|open| Reader::new(self, &open.block)).collect();
        for (labels, Row { head, mut parts }) in rows {
            // Of equal times the later block is right, whichever selector found it first.
            parts.sort_by_key(|(place, _)| *place);
            let head = head.map_or_else(Vec::new, |number| of_head(&labels, number));
            let newest = (head, Aggregate::Newest);
            let (samples, _) = joined(&mut readers, &parts, &segments, newest, usize::MAX);
            if !samples.is_empty() {
                take(&labels, &samples)?;
            }
        }
        Ok(())
    }
}
