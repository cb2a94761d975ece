//! Functions of a date in UTC, given in seconds since the epoch.

/// A function of a date.
pub(super) type OfDate = fn(f64) -> f64;

/// The function of this name, if it is one of a date.
pub(super) fn of_date(name: &str) -> Option<OfDate> {
    Some(match name {
        "minute" => |seconds| of(seconds, |at| at.rem_euclid(3600) / 60),
        "hour" => |seconds| of(seconds, |at| at.rem_euclid(86_400) / 3600),
        "day_of_week" => |seconds| of(seconds, |at| (days(at) + 4).rem_euclid(7)),
        "day_of_month" => |seconds| of(seconds, |at| Date::new(days(at)).day),
        "day_of_year" => |seconds| {
            of(seconds, |at| {
                let date = Date::new(days(at));
                (1..date.month).map(|month| month_length(date.year, month)).sum::<i64>() + date.day
            })
        },
        "days_in_month" => |seconds| {
            of(seconds, |at| {
                let date = Date::new(days(at));
                month_length(date.year, date.month)
            })
        },
        "month" => |seconds| of(seconds, |at| Date::new(days(at)).month),
        "year" => |seconds| of(seconds, |at| Date::new(days(at)).year),
        _ => return None,
    })
}

/// A day of the proleptic Gregorian calendar.
struct Date {
    year: i64,
    month: i64,
    day: i64,
}

impl Date {
    /// The date this many days after 1970-01-01. Years are counted from March, so that the leap day
    /// is the last of its year, in cycles of 400 years or 146,097 days.
    fn new(days: i64) -> Self {
        let days = days + 719_468;
        let (cycle, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let month_day = day - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = cycle * 400 + year + i64::from(month <= 2);
        Self { year, month, day: month_day }
    }
}

fn month_length(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days(seconds: i64) -> i64 {
    seconds.div_euclid(86_400)
}

fn of(seconds: f64, read: impl Fn(i64) -> i64) -> f64 {
    // Far outside any calendar the arithmetic would overflow, and no date is meant.
    if seconds.abs() < 1e15 { read(seconds as i64) as f64 } else { f64::NAN }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_utc() {
        let check = |name: &str, seconds: f64, expected: f64| {
            let function = of_date(name).expect("a function of a date");
            assert_eq!(function(seconds), expected, "{name}({seconds})");
        };
        check("day_of_week", 0.0, 4.0);
        check("year", 951_782_400.0, 2000.0);
        check("month", 951_782_400.0, 2.0);
        check("day_of_month", 951_782_400.0, 29.0);
        check("days_in_month", 951_782_400.0, 29.0);
        check("day_of_year", 951_782_400.0, 60.0);
        check("day_of_year", 1_735_603_200.0, 366.0);
        check("hour", 86_399.0, 23.0);
        check("minute", 86_399.9, 59.0);
        check("year", -1.0, 1969.0);
        check("day_of_month", -1.0, 31.0);
        check("hour", -1.0, 23.0);
    }
}
