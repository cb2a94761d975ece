//! The tiers of what lies in blocks: samples as they came, and rows that stand for all samples of a
//! minute or an hour.
//!
//! A bucket is left-open, as the windows of queries are: it begins behind a multiple of its
//! resolution and ends with one. Its row has the time and the value of its newest sample, so that
//! the newest values of rows are some of the samples; beside them it has what minimum, maximum,
//! sum, count, and the change of gauges and counters are made of. Rows are rolled up as samples
//! are: the hour's come from the minutes'.

use crate::model::{Aggregate, Sample, Span, Timestamp, is_stale, stale_marker};

/// How many columns a row has.
pub(super) const COLUMNS: usize = 9;

/// The columns of rows, by their place in the format.
pub(super) mod column {
    pub(in super::super) const LAST: usize = 0;
    pub(in super::super) const LEAST: usize = 1;
    pub(in super::super) const GREATEST: usize = 2;
    pub(in super::super) const SUM: usize = 3;
    pub(in super::super) const FIRST: usize = 4;
    pub(in super::super) const COUNT: usize = 5;
    pub(in super::super) const BEFORE: usize = 6;
    pub(in super::super) const LOST: usize = 7;
    pub(in super::super) const MARKER: usize = 8;
}

/// What the samples of a block are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::store) enum Tier {
    /// As they came.
    Raw,
    /// Rows of minutes.
    Minutes,
    /// Rows of hours.
    Hours,
}

impl Tier {
    /// All of them, the finest first.
    pub(in crate::store) const ALL: [Self; 3] = [Self::Raw, Self::Minutes, Self::Hours];
    /// Those with rows, the finest first.
    pub(in crate::store) const ROLLED: [Self; 2] = [Self::Minutes, Self::Hours];

    /// How long a bucket is; zero of samples as they came.
    pub(in crate::store) const fn resolution(self) -> Span {
        match self {
            Self::Raw => Span::ZERO,
            Self::Minutes => Span(60_000),
            Self::Hours => Span(3_600_000),
        }
    }

    /// The tier with that resolution in milliseconds.
    pub(super) fn of(resolution: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| tier.resolution().0.unsigned_abs() == resolution)
    }

    /// Its name for people.
    pub(in crate::store) const fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Minutes => "minutes",
            Self::Hours => "hours",
        }
    }

    /// How many columns its chunks have.
    pub(super) const fn columns(self) -> usize {
        match self {
            Self::Raw => 1,
            Self::Minutes | Self::Hours => COLUMNS,
        }
    }

    /// Its place among the tiers.
    pub(in crate::store) const fn place(self) -> usize {
        self as usize
    }
}

/// What is known of the samples in a bucket. One that has a staleness marker alone has that one's
/// time, and nothing is counted.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Row {
    /// The time of the newest sample, in milliseconds.
    pub(super) at: i64,
    /// The newest value.
    pub(super) last: f64,
    /// The least value; not a number only when all are not.
    pub(super) least: f64,
    /// The greatest value; not a number only when all are not.
    pub(super) greatest: f64,
    /// The sum of the values.
    pub(super) sum: f64,
    /// The oldest value.
    pub(super) first: f64,
    /// How many samples there are, staleness markers apart.
    pub(super) count: u32,
    /// How long before the newest sample the oldest one is, in milliseconds.
    pub(super) before: i64,
    /// What a counter lost by resets inside: the sum of the values right before them.
    pub(super) lost: f64,
    /// How long behind the newest sample a staleness marker is, in milliseconds; zero for none.
    pub(super) marker: i64,
}

impl Row {
    /// The row of one sample.
    pub(super) fn of(sample: Sample) -> Self {
        let (at, value) = (sample.at.0, sample.value);
        if is_stale(value) {
            return Self { at, ..Self::default() };
        }
        let same = Self { last: value, least: value, greatest: value, ..Self::default() };
        Self { at, sum: value, first: value, count: 1, ..same }
    }

    /// The row with these columns.
    pub(super) fn from_columns(at: i64, columns: [f64; COLUMNS]) -> Self {
        Self {
            at,
            last: columns[column::LAST],
            least: columns[column::LEAST],
            greatest: columns[column::GREATEST],
            sum: columns[column::SUM],
            first: columns[column::FIRST],
            count: columns[column::COUNT] as u32,
            before: columns[column::BEFORE] as i64,
            lost: columns[column::LOST],
            marker: columns[column::MARKER] as i64,
        }
    }

    /// Its columns.
    pub(super) fn columns(&self) -> [f64; COLUMNS] {
        let mut columns = [0.0; COLUMNS];
        columns[column::LAST] = self.last;
        columns[column::LEAST] = self.least;
        columns[column::GREATEST] = self.greatest;
        columns[column::SUM] = self.sum;
        columns[column::FIRST] = self.first;
        columns[column::COUNT] = f64::from(self.count);
        columns[column::BEFORE] = self.before as f64;
        columns[column::LOST] = self.lost;
        columns[column::MARKER] = self.marker as f64;
        columns
    }

    /// The times of the oldest and the newest thing in it, in milliseconds.
    pub(super) const fn reach(&self) -> (i64, i64) {
        (self.at.saturating_sub(self.before), self.at.saturating_add(self.marker))
    }

    /// Takes in what comes after it in the same bucket, but for the sum.
    fn join(&mut self, next: &Self) {
        if next.count == 0 {
            if self.count == 0 {
                self.at = next.at;
            } else {
                self.marker = next.at.saturating_sub(self.at);
            }
            return;
        }
        if self.count == 0 {
            *self = *next;
            return;
        }
        self.before = next.at.saturating_sub(self.reach().0);
        if next.first < self.last {
            self.lost += self.last;
        }
        self.lost += next.lost;
        if next.least < self.least || self.least.is_nan() {
            self.least = next.least;
        }
        if next.greatest > self.greatest || self.greatest.is_nan() {
            self.greatest = next.greatest;
        }
        self.count = self.count.saturating_add(next.count);
        (self.at, self.last, self.marker) = (next.at, next.last, next.marker);
    }
}

/// The rows of `rows`, which ascend, at that resolution.
pub(super) fn roll(rows: impl IntoIterator<Item = Row>, resolution: Span) -> Vec<Row> {
    let bucket = |at: i64| at.saturating_sub(1).div_euclid(resolution.0.max(1));
    let mut rolled: Vec<Row> = Vec::new();
    let mut sum = Sum::default();
    for row in rows {
        if let Some(last) = rolled.last_mut().filter(|last| bucket(last.at) == bucket(row.at)) {
            last.join(&row);
        } else {
            sum = Sum::default();
            rolled.push(row);
        }
        if row.count > 0
            && let Some(last) = rolled.last_mut()
        {
            last.sum = sum.add(row.sum);
        }
    }
    rolled
}

/// A sum that keeps what rounding loses (Neumaier, "Rundungsfehleranalyse einiger Verfahren zur
/// Summation endlicher Summen", 1974).
#[derive(Default)]
struct Sum {
    sum: f64,
    lost: f64,
}

impl Sum {
    /// Adds a value; gives the sum so far.
    fn add(&mut self, value: f64) -> f64 {
        let next = self.sum + value;
        if next.is_finite() {
            let (large, small) =
                if self.sum.abs() >= value.abs() { (self.sum, value) } else { (value, self.sum) };
            self.lost += (large - next) + small;
        }
        self.sum = next;
        self.sum + self.lost
    }
}

/// A sample with what it stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Told {
    /// The sample.
    pub(super) sample: Sample,
    /// How many samples it stands for, staleness markers apart.
    pub(super) count: u32,
    /// What a counter lost by resets since the sample before, when it stands for several.
    pub(super) lost: f64,
}

impl Told {
    fn new(at: i64, value: f64, count: u32) -> Self {
        Self { sample: Sample::new(Timestamp(at), value), count, lost: 0.0 }
    }

    /// A sample as it came.
    pub(super) fn raw(sample: Sample) -> Self {
        Self { sample, count: u32::from(!is_stale(sample.value)), lost: 0.0 }
    }
}

/// The columns that are read to tell `aggregate`.
pub(super) const fn wanted(aggregate: Aggregate) -> &'static [usize] {
    match aggregate {
        Aggregate::Newest => &[column::LAST, column::COUNT, column::MARKER],
        Aggregate::Least => &[column::LEAST, column::COUNT],
        Aggregate::Greatest => &[column::GREATEST, column::COUNT],
        Aggregate::Sum => &[column::SUM, column::COUNT],
        Aggregate::Ends => {
            &[column::LAST, column::FIRST, column::COUNT, column::BEFORE, column::LOST]
        }
    }
}

/// Tells what is wanted of a row, oldest first.
pub(super) fn tell(row: &Row, aggregate: Aggregate, mut to: impl FnMut(Told)) {
    if row.count == 0 {
        if aggregate == Aggregate::Newest {
            to(Told::new(row.at, stale_marker(), 0));
        }
        return;
    }
    match aggregate {
        Aggregate::Newest => {
            to(Told::new(row.at, row.last, row.count));
            if row.marker > 0 {
                to(Told::new(row.reach().1, stale_marker(), 0));
            }
        }
        Aggregate::Least => to(Told::new(row.at, row.least, row.count)),
        Aggregate::Greatest => to(Told::new(row.at, row.greatest, row.count)),
        Aggregate::Sum => to(Told::new(row.at, row.sum, row.count)),
        Aggregate::Ends if row.count == 1 => to(Told::new(row.at, row.last, 1)),
        Aggregate::Ends => {
            to(Told::new(row.reach().0, row.first, 1));
            // Of two samples a reader sees for itself whether the counter was reset.
            let lost = if row.count > 2 { row.lost } else { 0.0 };
            to(Told { lost, ..Told::new(row.at, row.last, row.count - 1) });
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rows(samples: &[(i64, f64)], resolution: i64) -> Vec<Row> {
        let rows = samples.iter().map(|(at, value)| Row::of(Sample::new(Timestamp(*at), *value)));
        roll(rows, Span(resolution))
    }

    #[test]
    fn a_bucket_begins_behind_its_edge_and_ends_with_the_next() {
        let at = |samples: &[i64]| -> Vec<(i64, u32)> {
            let samples: Vec<(i64, f64)> = samples.iter().map(|at| (*at, 1.0)).collect();
            rows(&samples, 10).iter().map(|row| (row.at, row.count)).collect()
        };
        assert_eq!(at(&[-10, -9, 0, 1, 10, 11]), [(-10, 1), (0, 2), (10, 2), (11, 1)]);
    }

    #[test]
    fn a_row_tells_what_its_samples_are() {
        let samples = [(1, 5.0), (2, 8.0), (4, stale_marker()), (5, 2.0), (7, 4.0)];
        let check = |samples: &[(i64, f64)], aggregate, expected: &[(i64, f64, u32, f64)]| {
            let mut told = Vec::new();
            for row in rows(samples, 10) {
                tell(&row, aggregate, |one| told.push(one));
            }
            let told: Vec<(i64, u64, u32, f64)> = told
                .iter()
                .map(|one| (one.sample.at.0, one.sample.value.to_bits(), one.count, one.lost))
                .collect();
            let expected: Vec<(i64, u64, u32, f64)> = expected
                .iter()
                .map(|(at, value, count, lost)| (*at, value.to_bits(), *count, *lost))
                .collect();
            assert_eq!(told, expected, "{aggregate:?}");
        };
        check(&samples, Aggregate::Newest, &[(7, 4.0, 4, 0.0)]);
        check(&samples, Aggregate::Least, &[(7, 2.0, 4, 0.0)]);
        check(&samples, Aggregate::Greatest, &[(7, 8.0, 4, 0.0)]);
        check(&samples, Aggregate::Sum, &[(7, 19.0, 4, 0.0)]);
        check(&samples, Aggregate::Ends, &[(1, 5.0, 1, 0.0), (7, 4.0, 3, 8.0)]);
        check(&samples[1..4], Aggregate::Ends, &[(2, 8.0, 1, 0.0), (5, 2.0, 1, 0.0)]);
        let stale = stale_marker();
        check(&samples[..3], Aggregate::Newest, &[(2, 8.0, 2, 0.0), (4, stale, 0, 0.0)]);
        check(&samples[2..3], Aggregate::Newest, &[(4, stale, 0, 0.0)]);
        check(&samples[2..3], Aggregate::Ends, &[]);
        let nan = [(1, f64::NAN), (2, 3.0), (3, f64::NAN)];
        check(&nan, Aggregate::Least, &[(3, 3.0, 3, 0.0)]);
        check(&nan[..1], Aggregate::Greatest, &[(1, f64::NAN, 1, 0.0)]);
    }

    proptest! {
        #[test]
        fn hours_are_the_same_from_minutes_and_from_samples(
            steps in prop::collection::vec((1_i64..40, -50_i32..50, 0_u8..20), 1..300),
        ) {
            let mut at = -500;
            let samples: Vec<(i64, f64)> = steps.iter().map(|(step, value, marker)| {
                at += step;
                (at, if *marker == 0 { stale_marker() } else { f64::from(*value) })
            }).collect();
            let once = rows(&samples, 600);
            prop_assert_eq!(&roll(rows(&samples, 60), Span(600)), &once);
            for row in once {
                let again = Row::from_columns(row.at, row.columns());
                prop_assert_eq!(again, row);
            }
        }
    }
}
