//! Why a line or an object is refused: cheap to make, put into words only for the first ones.

use std::fmt;

use crate::model::LabelError;

/// What is wrong with one line or object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// The same words every time.
    Plain(&'static str),
    /// Words made for the occasion.
    Worded(String),
    /// Something is longer than its setting allows.
    TooLong { what: &'static str, limit: usize, setting: &'static str },
    /// The series has more labels than allowed.
    TooManyLabels { limit: usize },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(words) => f.write_str(words),
            Self::Worded(words) => f.write_str(words),
            Self::TooLong { what, limit, setting } => {
                write!(f, "the {what} is longer than {limit} bytes (`ingest.{setting}`)")
            }
            Self::TooManyLabels { limit } => {
                write!(f, "the series has more than {limit} labels (`ingest.labels_max`)")
            }
        }
    }
}

impl From<LabelError> for Fault {
    fn from(error: LabelError) -> Self {
        match error {
            LabelError::Duplicate(name) if name == crate::model::METRIC_NAME => {
                Self::Plain("the series has two metric names")
            }
            other => Self::Worded(other.to_string()),
        }
    }
}

/// The first characters of bytes that may be anything, for a message.
pub(super) fn excerpt(bytes: &[u8]) -> String {
    const BYTES_MAX: usize = 40;
    let cut = bytes.get(..BYTES_MAX);
    let mut text = String::from_utf8_lossy(cut.unwrap_or(bytes)).into_owned();
    if cut.is_some_and(|cut| cut.len() < bytes.len()) {
        text.push('…');
    }
    text
}
