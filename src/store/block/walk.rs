//! The series of a stretch of time in the order of their labels, each with what head and blocks
//! have of it.

use std::collections::BTreeMap;

use super::select::{Part, Reader, joined};
use super::set::Blocks;
use crate::model::{Labels, Matcher, Sample, Selection, TimeRange};

/// Where a series is: its number in the head, and its parts in blocks.
#[derive(Default)]
struct Row {
    head: Option<u32>,
    parts: Vec<Part>,
}

impl Blocks {
    /// The times of all blocks.
    pub(in crate::store) fn spans(&self) -> Vec<TimeRange> {
        self.list().iter().map(|block| block.about.span).collect()
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
        let open = self.inside(range);
        for matchers in wanted {
            let selection = Selection {
                matchers,
                range,
                newest_only: false,
                coarse: None,
                series_max: usize::MAX,
                samples_max: usize::MAX,
            };
            self.find(&open, &selection, |place, labels, entry| {
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
            let samples = joined(&mut readers, parts, range, head, usize::MAX);
            if !samples.is_empty() {
                take(&labels, &samples)?;
            }
        }
        Ok(())
    }
}
