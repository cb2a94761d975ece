//! The seam of standing queries: series that are looked up once and then read again and again.
//!
//! [`Select`] answers a question once, whatever was asked before. A query that is asked every
//! second would pay each time for finding its series; `Follow` lets the asker keep what was found,
//! and says in one number when that must be looked up anew.

use super::{Labels, Matcher, Sample, Select, SelectError, TimeRange, Timestamp};

/// A series inside one [`Follow`]. It means nothing elsewhere, and is never sent or stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeriesRef(pub u32);

/// One series that is followed.
#[derive(Debug, Clone)]
pub struct Followed {
    /// How the store knows it.
    pub series: SeriesRef,
    /// Its labels; they also tell whether the reference still means the same series.
    pub labels: Labels,
}

/// Gives out the samples of series that were looked up before.
pub trait Follow: Select {
    /// From this time on all samples that [`Select`] gives are found here too. Older ones may be
    /// kept where nothing can be followed.
    fn whole_since(&self) -> Timestamp;

    /// Grows with each series that is made or removed: as long as it stays, so does what
    /// [`Self::find`] gives.
    fn generation(&self) -> u64;

    /// The series that pass, sorted by labels, whether or not they have samples.
    ///
    /// # Errors
    /// When more than `series_max` pass.
    fn find(&self, matchers: &[Matcher], series_max: usize) -> Result<Vec<Followed>, SelectError>;

    /// The newest sample inside `range`; a staleness marker counts as one.
    fn newest(&self, followed: &Followed, range: TimeRange) -> Option<Sample>;

    /// Appends the samples in (`after`, `to`] to `into`, oldest first, staleness markers included.
    /// Gives how often a sample came that was not newer than all others of the series: when the
    /// number has grown, what was read before may no longer be true. Nothing when the series is
    /// gone.
    fn since(
        &self,
        followed: &Followed,
        after: Timestamp,
        to: Timestamp,
        into: &mut Vec<Sample>,
    ) -> Option<u64>;
}
