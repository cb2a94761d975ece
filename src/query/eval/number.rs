//! Sums, means, variances and quantiles that keep their precision.

/// A sum with compensation for what rounding loses (Kahan's method as Neumaier improved it).
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    sum: f64,
    lost: f64,
}

impl Sum {
    /// Adds one number.
    pub(super) fn add(&mut self, value: f64) {
        let next = self.sum + value;
        if next.is_infinite() {
            self.lost = 0.0;
        } else if self.sum.abs() >= value.abs() {
            self.lost += (self.sum - next) + value;
        } else {
            self.lost += (value - next) + self.sum;
        }
        self.sum = next;
    }

    /// The sum.
    pub(super) fn value(self) -> f64 {
        self.sum + self.lost
    }

    /// As adding all `values` one by one, in half of the time; nothing when the sum overflows or is
    /// no number, which takes the longer way. What an addition loses is found without a branch
    /// (Knuth's two-sum) and is the same number.
    pub(super) fn of_finite(values: impl Iterator<Item = f64>) -> Option<Self> {
        let (mut sum, mut lost) = (0.0, 0.0);
        for value in values {
            let next: f64 = sum + value;
            let added = next - sum;
            lost += (sum - (next - added)) + (value - added);
            sum = next;
        }
        sum.is_finite().then_some(Self { sum, lost })
    }

    fn scaled(self, factor: f64) -> Self {
        Self { sum: self.sum * factor, lost: self.lost * factor }
    }
}

/// An arithmetic mean: the sum divided by the count, as long as the sum does not overflow; from
/// then on a running mean.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mean {
    sum: Sum,
    count: f64,
    running: bool,
}

impl Mean {
    /// Adds one number.
    pub(super) fn add(&mut self, value: f64) {
        self.count += 1.0;
        if !self.running {
            let mut next = self.sum;
            next.add(value);
            if self.count == 1.0 || !next.sum.is_infinite() {
                self.sum = next;
                return;
            }
            self.running = true;
            let before = self.count - 1.0;
            self.sum = Sum { sum: self.sum.sum / before, lost: self.sum.lost / before };
        }
        self.sum = self.sum.scaled((self.count - 1.0) / self.count);
        self.sum.add(value / self.count);
    }

    /// The mean; NaN of nothing.
    pub(super) fn value(self) -> f64 {
        if self.running { self.sum.value() } else { self.sum.value() / self.count }
    }
}

/// A population variance by Welford's method; NaN as soon as a value is not finite.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Variance {
    count: f64,
    mean: Sum,
    squares: Sum,
}

impl Variance {
    /// Adds one number.
    pub(super) fn add(&mut self, value: f64) {
        self.count += 1.0;
        let delta = value - self.mean.value();
        self.mean.add(delta / self.count);
        self.squares.add(delta * (value - self.mean.value()));
    }

    /// The variance; NaN of nothing.
    pub(super) fn value(self) -> f64 {
        self.squares.value() / self.count
    }
}

/// The quantile of `values`, which are sorted by it, NaN lowest: linear between ranks.
pub(super) fn quantile(quantile: f64, values: &mut [f64]) -> f64 {
    if values.is_empty() || quantile.is_nan() {
        return f64::NAN;
    }
    if quantile < 0.0 {
        return f64::NEG_INFINITY;
    }
    if quantile > 1.0 {
        return f64::INFINITY;
    }
    values.sort_unstable_by(|a, b| a.partial_cmp(b).unwrap_or_else(|| b.is_nan().cmp(&a.is_nan())));
    let rank = quantile * (values.len() - 1) as f64;
    let lower = rank.floor();
    let upper = (lower as usize + 1).min(values.len() - 1);
    let weight = rank - lower;
    values[lower as usize] * (1.0 - weight) + values[upper] * weight
}

/// The larger of two, where any number is larger than NaN.
pub(super) fn larger(a: f64, b: f64) -> f64 {
    if b > a || a.is_nan() { b } else { a }
}

/// The smaller of two, where any number is smaller than NaN.
pub(super) fn smaller(a: f64, b: f64) -> f64 {
    if b < a || a.is_nan() { b } else { a }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(a: f64, b: f64) -> bool {
        a == b || (a.is_nan() && b.is_nan())
    }

    #[test]
    fn sums_keep_what_rounding_loses() {
        let check = |values: &[f64], expected: f64| {
            let mut sum = Sum::default();
            for value in values {
                sum.add(*value);
            }
            let result = sum.value();
            assert!(same(result, expected), "{values:?}: {result}");
        };
        check(&[1e100, 1.0, -1e100], 1.0);
        check(&[1.0, 1e100, 1.0, -1e100], 2.0);
        check(&[0.1; 10], 1.0);
        check(&[f64::MAX, f64::MAX], f64::INFINITY);
        check(&[f64::INFINITY, 1.0], f64::INFINITY);
        check(&[f64::INFINITY, f64::NEG_INFINITY], f64::NAN);
        check(&[5e-324, 5e-324], 1e-323);
    }

    proptest::proptest! {
        #[test]
        fn both_ways_of_adding_give_the_same_bits(
            values in proptest::collection::vec(proptest::num::f64::ANY, 0..40)
        ) {
            let mut sum = Sum::default();
            for value in &values {
                sum.add(*value);
            }
            if let Some(quick) = Sum::of_finite(values.into_iter()) {
                proptest::prop_assert_eq!(quick.sum.to_bits(), sum.sum.to_bits());
                proptest::prop_assert_eq!(quick.value().to_bits(), sum.value().to_bits());
            }
        }
    }

    #[test]
    fn means_survive_sums_that_overflow() {
        let check = |values: &[f64], expected: f64| {
            let mut mean = Mean::default();
            for value in values {
                mean.add(*value);
            }
            assert!(same(mean.value(), expected), "{values:?}: {}", mean.value());
        };
        check(&[1.0, 2.0, 6.0], 3.0);
        check(&[1e308, 1e308, 1e308, 1e308], 1e308);
        check(&[-1e308, -1e308, 1e308, 1e308], 0.0);
        check(&[0.0, f64::INFINITY, 3.0], f64::INFINITY);
        check(&[f64::INFINITY, f64::NEG_INFINITY], f64::NAN);
        check(&[f64::NAN, 1.0], f64::NAN);
    }

    #[test]
    fn variances_are_of_the_population_and_nan_where_nothing_is_finite() {
        let check = |values: &[f64], expected: f64| {
            let mut variance = Variance::default();
            for value in values {
                variance.add(*value);
            }
            assert!(same(variance.value(), expected), "{values:?}: {}", variance.value());
        };
        check(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0], 4.0);
        check(&[13.3, 13.3, 13.3], 0.0);
        check(&[1e9 + 1.0, 1e9 + 3.0], 1.0);
        check(&[f64::INFINITY], f64::NAN);
        check(&[1.0, f64::NAN], f64::NAN);
    }

    #[test]
    fn quantiles_are_linear_between_ranks_and_nan_sorts_lowest() {
        let check = |q: f64, values: &[f64], expected: f64| {
            let result = quantile(q, &mut values.to_vec());
            let near = (result - expected).abs() < 1e-12;
            assert!(near || same(result, expected), "{q} of {values:?}: {result}");
        };
        check(0.5, &[4.0, 1.0], 2.5);
        check(0.8, &[0.0, 1.0, 4.0], 2.8);
        check(1.0, &[3.0, 9.0], 9.0);
        check(0.0, &[3.0, 9.0], 3.0);
        check(0.8, &[0.0, 1.0, f64::NAN], 0.6);
        check(0.2, &[0.0, 1.0, f64::NAN], f64::NAN);
        check(-0.1, &[1.0], f64::NEG_INFINITY);
        check(1.1, &[1.0], f64::INFINITY);
        check(f64::NAN, &[1.0], f64::NAN);
        check(0.5, &[], f64::NAN);
    }
}
