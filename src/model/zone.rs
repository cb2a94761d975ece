//! Time zones by the names that browsers and operating systems know, `Europe/Zurich`.

use std::fmt;
use std::str::FromStr;

use chrono::{NaiveDateTime, Offset, TimeZone};
use chrono_tz::Tz;

use super::{Span, Timestamp};

/// A time zone, with all its changes of clocks.
///
/// ```
/// use watchglass::model::{Span, Timestamp, Zone};
///
/// let zone: Zone = "Europe/Zurich".parse().expect("a zone");
/// let winter = Timestamp(1_767_225_600_000);
/// assert_eq!(zone.offset(winter), Span::from_secs(3600));
/// assert!("Europe/Nowhere".parse::<Zone>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone(Tz);

/// A text names no time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoSuchZone(String);

impl fmt::Display for NoSuchZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(name) = self;
        write!(f, "`{name}` is no time zone: `utc`, `browser`, or a name such as `Europe/Zurich`")
    }
}

impl std::error::Error for NoSuchZone {}

impl FromStr for Zone {
    type Err = NoSuchZone;

    /// Reads `utc`, or the name of a zone.
    fn from_str(name: &str) -> Result<Self, NoSuchZone> {
        if name == "utc" {
            return Ok(Self(Tz::UTC));
        }
        name.parse().map(Self).map_err(|_| NoSuchZone(name.to_owned()))
    }
}

impl Zone {
    /// Its name in addresses and files.
    pub fn name(self) -> &'static str {
        if self.0 == Tz::UTC { "utc" } else { self.0.name() }
    }

    /// How far its clocks are east of UTC at a time.
    pub fn offset(self, at: Timestamp) -> Span {
        let time = self.0.timestamp_millis_opt(at.0).single();
        let offset = time.map_or(0, |time| time.offset().fix().local_minus_utc());
        Span::from_secs(i64::from(offset))
    }

    /// The moment at which its clocks show this time; the earlier one of two, none where they are
    /// put forward past it.
    pub fn moment(self, time: NaiveDateTime) -> Option<Timestamp> {
        let time = self.0.from_local_datetime(&time).earliest()?;
        Some(Timestamp(time.timestamp_millis()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_changed_when_their_zone_changes_them() {
        let zone: Zone = "America/New_York".parse().expect("a zone");
        let check = |at: i64, hours: i64| {
            assert_eq!(zone.offset(Timestamp(at * 1000)), Span::from_secs(hours * 3600), "{at}");
        };
        // 8 March 2026, 7 o'clock UTC.
        check(1_772_953_199, -5);
        check(1_772_953_200, -4);
        let local = |text: &str| {
            let time = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").expect("a time");
            zone.moment(time).map(|at| at.0 / 1000)
        };
        assert_eq!(local("2026-03-08T01:59"), Some(1_772_953_140));
        assert_eq!(local("2026-03-08T02:30"), None);
        assert_eq!(local("2026-11-01T01:30"), Some(1_793_511_000));
    }

    #[test]
    fn a_zone_has_one_name() {
        for (name, own) in [("utc", "utc"), ("UTC", "utc"), ("Asia/Kolkata", "Asia/Kolkata")] {
            assert_eq!(name.parse().map(Zone::name), Ok(own));
        }
        let error = "Mars/Base".parse::<Zone>().expect_err("no zone").to_string();
        assert!(error.contains("`Mars/Base` is no time zone"), "{error}");
    }
}
