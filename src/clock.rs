//! The machine's clock: the one place where the time is read. `main` gives it to `run`; tests give
//! a clock that they step.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::model::{Clock, Span, Timestamp, Waiting};

/// The wall clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

/// The longest sleep at a time. The wall clock can be stepped while somebody waits for one of its
/// times; within this long the step is noticed.
const SLEEP_MAX: Span = Span::from_secs(1);

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        now()
    }

    fn wait_until(&self, at: Timestamp) -> Waiting {
        Box::pin(async move {
            while let Some(length) = sleep_length(now(), at) {
                tokio::time::sleep(length).await;
            }
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where the time is read")]
fn now() -> Timestamp {
    from_system(SystemTime::now())
}

/// The time in whole milliseconds, rounded down; before 1970 it is negative.
fn from_system(time: SystemTime) -> Timestamp {
    let millis = match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
        Err(before) => {
            let before = before.duration().as_nanos().div_ceil(1_000_000);
            i64::try_from(before).map_or(i64::MIN, |before| -before)
        }
    };
    Timestamp(millis)
}

/// How long to sleep before looking at the clock again; nothing when `at` has come.
fn sleep_length(now: Timestamp, at: Timestamp) -> Option<Duration> {
    let left = at.millis().saturating_sub(now.millis()).min(SLEEP_MAX.millis());
    u64::try_from(left).ok().filter(|left| *left > 0).map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded_down_on_both_sides_of_the_epoch() {
        let check = |time: SystemTime, expected: i64| {
            assert_eq!(from_system(time), Timestamp(expected));
        };
        check(UNIX_EPOCH, 0);
        check(UNIX_EPOCH + Duration::from_micros(1_999), 1);
        check(UNIX_EPOCH - Duration::from_micros(1), -1);
        check(UNIX_EPOCH - Duration::from_millis(2), -2);
    }

    #[test]
    fn a_sleep_ends_early_enough_to_notice_a_step() {
        let check = |now: i64, at: i64, expected: Option<u64>| {
            let length = sleep_length(Timestamp(now), Timestamp(at));
            assert_eq!(length, expected.map(Duration::from_millis));
        };
        check(0, 250, Some(250));
        check(0, 60_000, Some(1_000));
        check(i64::MIN, i64::MAX, Some(1_000));
        check(5, 5, None);
        check(6, 5, None);
    }

    #[test]
    fn waiting_ends_when_the_time_has_come() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        runtime.expect("a runtime").block_on(async {
            let at = SystemClock.now() + Span(5);
            SystemClock.wait_until(at).await;
            assert!(SystemClock.now() >= at);
            SystemClock.wait_until(Timestamp(0)).await;
        });
    }
}
