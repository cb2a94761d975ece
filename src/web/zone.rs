//! By which clock the times of a page are written: that of the zone which its address or its
//! dashboard names, else this machine's, since only a script knows the reader's.

use actix_web::http::StatusCode;
use chrono::{Local, NaiveDateTime, Offset, TimeZone};

use super::pages::Refusal;
use crate::model::{Span, Timestamp, Zone};

/// The reader's own clock, in addresses.
const BROWSER: &str = "browser";

/// A clock; none is this machine's.
pub(super) type Clock = Option<Zone>;

/// What an address asks for, else what the dashboard says.
pub(super) fn chosen(asked: Option<&str>, dashboard: Clock) -> Result<Clock, Refusal> {
    match asked {
        None => Ok(dashboard),
        Some(BROWSER) => Ok(None),
        Some(name) => name.parse().map(Some).map_err(|error: crate::model::NoSuchZone| {
            Refusal(StatusCode::BAD_REQUEST, "No such time zone", error.to_string())
        }),
    }
}

/// How far a clock is east of UTC at a time.
pub(super) fn offset(clock: Clock, at: Timestamp) -> Span {
    clock.map_or_else(|| zone(at), |zone| zone.offset(at))
}

/// The moment at which a clock shows this time.
pub(super) fn moment(clock: Clock, time: NaiveDateTime) -> Option<Timestamp> {
    let own = || Some(Timestamp(time.and_local_timezone(Local).earliest()?.timestamp_millis()));
    clock.map_or_else(own, |zone| zone.moment(time))
}

/// How far the wall clock of this machine is east of UTC at `now`.
pub(crate) fn zone(now: Timestamp) -> Span {
    let offset = Local.timestamp_millis_opt(now.0).single().map(|time| time.offset().fix());
    Span::from_secs(offset.map_or(0, |offset| i64::from(offset.local_minus_utc())))
}
