//! The words that every floor shares: labels, series, samples, matchers, time, batches, and the two
//! seams `Append` and `Select` between those who bring samples, those who keep them and those who
//! ask.
//!
//! Nothing here does I/O or knows a framework. Whatever two modules must agree on stands here, and
//! nothing else does.

mod batch;
mod clock;
mod follow;
mod labels;
#[cfg(test)]
pub(crate) mod list;
mod matcher;
mod metadata;
mod principal;
mod report;
mod sample;
mod seams;
mod setting;
mod time;
mod zone;

pub use batch::{Batch, Entry, Kind, Origin, Refusal};
pub use clock::{Clock, SteppedClock, Waiting};
pub use follow::{Follow, Followed, SeriesRef};
pub use labels::{
    LabelError, Labels, LabelsBuilder, METRIC_NAME, METRIC_TYPE, METRIC_UNIT, is_metric_identity,
};
pub use matcher::{MatchOp, Matcher, MatcherError};
pub use metadata::{Metadata, MetricType};
pub use principal::Principal;
pub use report::{Counter, Reading, Report};
pub use sample::{ABSENT, STALE_BITS, Sample, is_absent, is_stale, stale_marker};
pub use seams::{
    Aggregate, Append, Appended, Arrival, Arrivals, Coarse, Measure, NotDurable, Receipt, Rolled,
    Select, SelectError, Selected, Selection,
};
pub use setting::{ByteSize, SettingError};
pub use time::{Span, TimeRange, Timestamp};
pub use zone::{NoSuchZone, Zone};
