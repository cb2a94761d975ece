//! One viewer as the hub knows it: what it subscribed to and where it stands. There is no queue of
//! what it has not read; a position in the shared logs takes its place.

use std::collections::BTreeMap;

use crate::model::{Principal, Span, Timestamp};

use super::carrier::Carrier;
use super::group::GroupKey;

/// The number of a session, given by whoever opened it; never used twice in a process.
pub type SessionId = u64;
/// The number of a socket worker.
pub type WorkerId = usize;

/// A place in one channel's log: channel, epoch, seq.
pub(crate) type Place = (u32, String, u64);

/// One viewer.
pub(crate) struct Session {
    pub(crate) worker: WorkerId,
    pub(crate) carrier: Carrier,
    pub(crate) principal: Principal,
    pub(crate) subscriptions: BTreeMap<u32, Subscription>,
    pub(crate) group: Option<GroupKey>,
    /// Where the session stood when its page was hidden; nothing while it is seen.
    pub(crate) hidden: Option<Vec<Place>>,
    pub(crate) poll: Option<Poll>,
    /// Positions that an event stream resumes from.
    pub(crate) resume: Vec<Place>,
}

/// One subscription.
pub(crate) struct Subscription {
    pub(crate) board: Option<BoardRef>,
    /// Its channels, each with the columns of window it wants.
    pub(crate) channels: Vec<(u32, usize)>,
    /// The revision of the board that the viewer was told; one whose page is hidden is told later.
    pub(crate) revision: u64,
}

/// A board as subscribed to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct BoardRef {
    pub(crate) slug: String,
    pub(crate) panels: Option<Vec<String>>,
    pub(crate) range: Span,
}

/// A long-poll session between and during its polls.
#[derive(Default)]
pub(crate) struct Poll {
    /// A poll is being held.
    pub(crate) waiting: bool,
    /// The number of the last answer.
    pub(crate) answered: u64,
    /// Where the viewer stands after the last answer, and before it, should it have been lost.
    pub(crate) places: Vec<Place>,
    pub(crate) before: Vec<Place>,
    /// Frames of its own that wait for the next answer.
    pub(crate) outbox: Vec<u8>,
    pub(crate) heard: Timestamp,
}

/// The most bytes that wait for the next poll of a session.
pub(crate) const OUTBOX_MAX: usize = 256 * 1024;
/// A poll session that did not ask for this long is over.
pub(crate) const POLL_KEEP: Span = Span(40_000);

impl Session {
    /// All its channels, each with the most columns that a subscription wants.
    pub(crate) fn channels(&self) -> BTreeMap<u32, usize> {
        let mut channels = BTreeMap::new();
        for (id, columns) in self.subscriptions.values().flat_map(|one| &one.channels) {
            let most: &mut usize = channels.entry(*id).or_default();
            *most = (*most).max(*columns);
        }
        channels
    }
}
