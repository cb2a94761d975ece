//! Functions of one value at one time.

/// A function of one value.
pub(super) type Elementwise = fn(f64) -> f64;

/// The function of this name that changes each value for itself, if there is one.
pub(super) fn elementwise(name: &str) -> Option<Elementwise> {
    Some(match name {
        "abs" => f64::abs,
        "ceil" => f64::ceil,
        "floor" => f64::floor,
        "exp" => f64::exp,
        "sqrt" => f64::sqrt,
        "ln" => f64::ln,
        "log2" => f64::log2,
        "log10" => f64::log10,
        "sgn" => sign,
        "sin" => f64::sin,
        "cos" => f64::cos,
        "tan" => f64::tan,
        "asin" => f64::asin,
        "acos" => f64::acos,
        "atan" => f64::atan,
        "sinh" => f64::sinh,
        "cosh" => f64::cosh,
        "tanh" => f64::tanh,
        "asinh" => f64::asinh,
        "acosh" => f64::acosh,
        "atanh" => f64::atanh,
        "deg" => f64::to_degrees,
        "rad" => f64::to_radians,
        _ => return None,
    })
}

/// −1, 0 or 1; zero keeps its sign and NaN stays.
fn sign(value: f64) -> f64 {
    if value < 0.0 {
        -1.0
    } else if value > 0.0 {
        1.0
    } else {
        value
    }
}

/// The multiple of `to` that is nearest to `value`; halves go up, below zero too. It is computed
/// with the reciprocal of `to`, which is exact for the steps people write: 0.1, 0.01.
pub(super) fn round(value: f64, to: f64) -> f64 {
    let inverse = 1.0 / to;
    (value * inverse + 0.5).floor() / inverse
}

/// `value` between the bounds; NaN where a bound is NaN.
pub(super) fn clamp(value: f64, min: f64, max: f64) -> f64 {
    at_most(at_least(value, min), max)
}

/// The larger of both; NaN where either is NaN.
pub(super) fn at_least(value: f64, min: f64) -> f64 {
    if value.is_nan() || min.is_nan() { f64::NAN } else { value.max(min) }
}

/// The smaller of both; NaN where either is NaN.
pub(super) fn at_most(value: f64, max: f64) -> f64 {
    if value.is_nan() || max.is_nan() { f64::NAN } else { value.min(max) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_round_up_below_zero_too() {
        let check = |value: f64, to: f64, expected: f64| {
            let result = round(value, to);
            assert!((result - expected).abs() < 1e-12, "round({value}, {to}) = {result}");
        };
        check(0.5, 1.0, 1.0);
        check(-0.5, 1.0, 0.0);
        check(-1.5, 1.0, -1.0);
        check(5.25, 0.1, 5.3);
        check(-5.25, 0.1, -5.2);
        check(2.25, 5.0, 0.0);
        check(2.5, 5.0, 5.0);
        assert!(round(1.0, 0.0).is_nan());
    }

    #[test]
    fn bounds_that_are_nan_leave_no_number() {
        assert_eq!(clamp(7.0, 1.0, 5.0), 5.0);
        assert_eq!(clamp(-7.0, 1.0, 5.0), 1.0);
        assert!(clamp(3.0, f64::NAN, 5.0).is_nan());
        assert!(clamp(3.0, 1.0, f64::NAN).is_nan());
        assert!(clamp(f64::NAN, 1.0, 5.0).is_nan());
    }
}
