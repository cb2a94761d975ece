//! How often a live query is refreshed: at each of its columns as long as that is cheap, otherwise
//! less often, with all columns since the last time computed at once.
//!
//! Columns that are computed together share what reading their samples costs. Cost is counted in
//! looks at samples, which is what evaluation spends its time on, so that the
//! same query falls into the same class on every machine. A column that is told late is the same
//! column: what a slower class changes is when viewers see it.

use crate::model::Span;

/// The classes: at each column, or no more often than this.
const CLASSES: [Span; 4] =
    [Span::ZERO, Span::from_secs(5), Span::from_secs(15), Span::from_secs(60)];

/// The part of what a query may cost a second that is still cheap.
const CHEAP: f64 = 0.05;

/// The pace of one channel.
#[derive(Debug)]
pub(crate) struct Pace {
    step: Span,
    class: usize,
    /// What a refresh costs.
    cost: f64,
    changed: bool,
}

impl Pace {
    /// At each column of `step`.
    pub(crate) const fn new(step: Span) -> Self {
        Self { step, class: 0, cost: 0.0, changed: false }
    }

    /// The time from one refresh to the next.
    pub(crate) fn every(&self) -> Span {
        self.every_in(self.class)
    }

    fn every_in(&self, class: usize) -> Span {
        CLASSES.get(class).copied().unwrap_or_default().max(self.step)
    }

    /// Whether columns wait for others.
    pub(crate) fn is_slow(&self) -> bool {
        self.every() > self.step
    }

    /// Whether it ever was another one.
    pub(crate) const fn has_changed(&self) -> bool {
        self.changed
    }

    /// How long a refresh may take before it is stopped: half of the time between two, since what
    /// takes longer does not keep up, and never longer than `longest`. A query that is known to be
    /// cheap, beside the `most` that one may cost a second, is not to blame when it takes long:
    /// then the machine is busy.
    pub(crate) fn deadline(&self, longest: Span, most: f64) -> Span {
        if self.cost <= most * CHEAP { longest } else { Span(self.every().0 / 2).min(longest) }
    }

    /// Looks at samples a second.
    pub(crate) fn load(&self) -> f64 {
        self.cost / self.every().seconds()
    }

    /// A refresh of so many columns cost so much. One of more columns than are usual, after a pause
    /// or for a first window, counts for its part.
    pub(crate) fn took(&mut self, cost: u64, columns: i64) {
        let usual = (self.every().0 / self.step.0).max(1);
        self.cost = cost as f64 * (usual as f64 / columns.max(usual) as f64);
    }

    /// Finds the class in which the query costs no more than `most` a second, taking a refresh to
    /// cost the same whatever its columns; it rises to a quicker one when that costs no more than
    /// `spare` beside what it costs now. Whether it is another one now.
    pub(crate) fn fit(&mut self, most: f64, spare: f64) -> bool {
        let before = self.every();
        let affords = |every: Span, most: f64| self.cost / every.seconds() <= most;
        if self.load() > most {
            let slower =
                (self.class + 1..CLASSES.len()).find(|class| affords(self.every_in(*class), most));
            self.class = slower.unwrap_or(CLASSES.len() - 1);
        } else if self.is_slow()
            && affords(self.every_in(self.class - 1), (most / 2.0).min(self.load() + spare))
        {
            // Only with half to spare, so that it does not fall again at once.
            self.class -= 1;
        }
        self.changed |= self.every() != before;
        self.every() != before
    }

    /// Falls to the next slower class; false when there is none.
    pub(crate) fn fall(&mut self) -> bool {
        let slower =
            (self.class + 1..CLASSES.len()).find(|class| self.every_in(*class) > self.every());
        if let Some(class) = slower {
            (self.class, self.changed) = (class, true);
        }
        slower.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_falls_to_the_class_it_can_afford_and_rises_with_half_to_spare() {
        let mut pace = Pace::new(Span(1000));
        let mut check = |cost: u64, columns: i64, changes: bool, every: i64| {
            pace.took(cost, columns);
            assert_eq!((pace.fit(100.0, 1e9), pace.every()), (changes, Span(every)), "{cost}");
        };
        check(100, 1, false, 1000);
        check(400, 1, true, 5000);
        check(400, 5, false, 5000);
        check(501, 5, true, 15_000);
        check(1_000_000, 15, true, 60_000);
        check(1_000_000, 60, false, 60_000);
        // Twice as many columns as usual, after a pause.
        check(6000, 120, false, 60_000);
        check(700, 60, true, 15_000);
        check(200, 15, true, 5000);
        check(51, 5, false, 5000);
        check(50, 5, true, 1000);
        assert!(!pace.is_slow());
    }

    #[test]
    fn a_query_rises_only_where_there_is_room() {
        let mut pace = Pace::new(Span(1000));
        assert!(pace.fall());
        pace.took(50, 5);
        assert!(!pace.fit(1000.0, 39.0));
        assert!(pace.fit(1000.0, 40.0) && !pace.is_slow());
    }

    #[test]
    fn a_step_that_is_slow_by_itself_skips_classes() {
        let mut pace = Pace::new(Span::from_secs(10));
        let deadline = |pace: &Pace| pace.deadline(Span(10_000), 100.0);
        assert_eq!((pace.is_slow(), deadline(&pace)), (false, Span(10_000)));
        pace.took(6, 1);
        assert_eq!(deadline(&pace), Span(5000));
        assert!(pace.fall());
        assert_eq!(pace.every(), Span::from_secs(15));
        assert!(pace.fall());
        assert!(pace.is_slow() && !pace.fall());
        assert_eq!(deadline(&pace), Span(10_000));
        let mut slow = Pace::new(Span::from_secs(3600));
        slow.took(u64::MAX, 1);
        assert!(!slow.fit(1.0, 0.0) && !slow.is_slow());
    }
}
