//! Groups: the sessions that want the same, told the same bytes. A group's frames are numbered, and
//! it remembers where the channels stood at the last of them, so that a number is a position.

use std::collections::VecDeque;

use hashbrown::HashMap;

use crate::model::{Principal, Timestamp};

use super::carrier::Carrier;
use super::session::{BoardRef, WorkerId};

/// The number of a group; never used twice in a process.
pub type GroupId = u32;

/// How many frames back a position is still known: about two minutes of ticks.
const MARKS_MAX: usize = 128;

/// What makes sessions one group.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct GroupKey {
    pub(crate) principal: Principal,
    pub(crate) carrier: Carrier,
    pub(crate) hidden: bool,
    pub(crate) boards: Vec<BoardRef>,
    pub(crate) singles: Vec<u32>,
}

/// The number of a frame, and where each channel stood after it: (channel, seq).
type Mark = (u64, Box<[(u32, u64)]>);

/// One group.
pub(crate) struct Group {
    pub(crate) id: GroupId,
    pub(crate) channels: Vec<u32>,
    /// The number of its last frame.
    pub(crate) number: u64,
    /// The number of the last frame that told of another board; 0 before the first.
    pub(crate) board_number: u64,
    marks: VecDeque<Mark>,
    /// Sessions by worker.
    pub(crate) members: HashMap<WorkerId, usize>,
    pub(crate) sent_at: Timestamp,
    /// Frames of its own for the next flush: a board that changed.
    pub(crate) own: Vec<serde_json::Value>,
}

impl Group {
    pub(crate) fn new(id: GroupId, channels: Vec<u32>, now: Timestamp) -> Self {
        let members = HashMap::new();
        let marks = VecDeque::new();
        let (number, board_number, own) = (0, 0, Vec::new());
        Self { id, channels, number, board_number, marks, members, sent_at: now, own }
    }

    /// Numbers a frame after which the channels stand at `places`.
    pub(crate) fn mark(&mut self, places: Box<[(u32, u64)]>) -> u64 {
        self.number += 1;
        self.marks.push_back((self.number, places));
        if self.marks.len() > MARKS_MAX {
            self.marks.pop_front();
        }
        self.number
    }

    /// Where the channels stood after frame `number`, if that is remembered.
    pub(crate) fn places(&self, number: u64) -> Option<&[(u32, u64)]> {
        let first = self.marks.front()?.0;
        let at = usize::try_from(number.checked_sub(first)?).ok()?;
        self.marks.get(at).map(|(_, places)| &**places)
    }
}
