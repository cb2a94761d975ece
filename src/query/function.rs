//! The functions of the language: their names, argument types and result types.
//!
//! One sorted table says it all; the parser, the type check and the refusal of what is not evaluated
//! yet read it, so that they cannot disagree. Nothing of it is hidden behind a switch.

use super::ast::ValueType;
use Tail::{Any, Exact, Up};
use ValueType::{Matrix, Scalar, String as Text, Vector};

/// A function, by its place in the table of functions.
///
/// ```
/// use watchglass::query::{Function, ValueType};
/// let round = Function::by_name("round").unwrap();
/// assert_eq!((round.arguments_min(), round.arguments_max()), (1, Some(2)));
/// assert_eq!(round.argument_type(1), Some(ValueType::Scalar));
/// assert!(Function::by_name("Round").is_none());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Function(pub(crate) usize);

/// How the number of arguments may differ from the number of types in the table.
#[derive(Clone, Copy)]
enum Tail {
    /// One argument for each type.
    Exact,
    /// The last one may be left out, or stand up to so many times.
    Up(usize),
    /// The last one may be left out, or stand any number of times.
    Any,
}

struct Signature {
    name: &'static str,
    arguments: &'static [ValueType],
    tail: Tail,
    result: ValueType,
    evaluated: bool,
}

const fn done(
    name: &'static str,
    arguments: &'static [ValueType],
    tail: Tail,
    result: ValueType,
) -> Signature {
    Signature { name, arguments, tail, result, evaluated: true }
}

const fn later(
    name: &'static str,
    arguments: &'static [ValueType],
    tail: Tail,
    result: ValueType,
) -> Signature {
    Signature { name, arguments, tail, result, evaluated: false }
}

/// Sorted by name. `done` functions are evaluated, `later` ones are parsed and checked alone.
#[rustfmt::skip]
static FUNCTIONS: &[Signature] = &[
    done("abs", &[Vector], Exact, Vector),
    done("absent", &[Vector], Exact, Vector),
    done("absent_over_time", &[Matrix], Exact, Vector),
    later("acos", &[Vector], Exact, Vector),
    later("acosh", &[Vector], Exact, Vector),
    later("asin", &[Vector], Exact, Vector),
    later("asinh", &[Vector], Exact, Vector),
    later("atan", &[Vector], Exact, Vector),
    later("atanh", &[Vector], Exact, Vector),
    done("avg_over_time", &[Matrix], Exact, Vector),
    done("ceil", &[Vector], Exact, Vector),
    done("changes", &[Matrix], Exact, Vector),
    done("clamp", &[Vector, Scalar, Scalar], Exact, Vector),
    done("clamp_max", &[Vector, Scalar], Exact, Vector),
    done("clamp_min", &[Vector, Scalar], Exact, Vector),
    later("cos", &[Vector], Exact, Vector),
    later("cosh", &[Vector], Exact, Vector),
    done("count_over_time", &[Matrix], Exact, Vector),
    later("day_of_month", &[Vector], Up(1), Vector),
    later("day_of_week", &[Vector], Up(1), Vector),
    later("day_of_year", &[Vector], Up(1), Vector),
    later("days_in_month", &[Vector], Up(1), Vector),
    later("deg", &[Vector], Exact, Vector),
    done("delta", &[Matrix], Exact, Vector),
    later("deriv", &[Matrix], Exact, Vector),
    later("double_exponential_smoothing", &[Matrix, Scalar, Scalar], Exact, Vector),
    later("end", &[], Exact, Scalar),
    done("exp", &[Vector], Exact, Vector),
    done("first_over_time", &[Matrix], Exact, Vector),
    done("floor", &[Vector], Exact, Vector),
    later("histogram_avg", &[Vector], Exact, Vector),
    later("histogram_count", &[Vector], Exact, Vector),
    later("histogram_fraction", &[Scalar, Scalar, Vector], Exact, Vector),
    done("histogram_quantile", &[Scalar, Vector], Exact, Vector),
    later("histogram_quantiles", &[Vector, Text, Scalar, Scalar], Up(9), Vector),
    later("histogram_stddev", &[Vector], Exact, Vector),
    later("histogram_stdvar", &[Vector], Exact, Vector),
    later("histogram_sum", &[Vector], Exact, Vector),
    later("hour", &[Vector], Up(1), Vector),
    done("idelta", &[Matrix], Exact, Vector),
    done("increase", &[Matrix], Exact, Vector),
    later("info", &[Vector, Vector], Up(1), Vector),
    done("irate", &[Matrix], Exact, Vector),
    done("label_join", &[Vector, Text, Text, Text], Any, Vector),
    done("label_replace", &[Vector, Text, Text, Text, Text], Exact, Vector),
    done("last_over_time", &[Matrix], Exact, Vector),
    done("ln", &[Vector], Exact, Vector),
    done("log10", &[Vector], Exact, Vector),
    done("log2", &[Vector], Exact, Vector),
    later("mad_over_time", &[Matrix], Exact, Vector),
    done("max_over_time", &[Matrix], Exact, Vector),
    done("min_over_time", &[Matrix], Exact, Vector),
    later("minute", &[Vector], Up(1), Vector),
    later("month", &[Vector], Up(1), Vector),
    later("pi", &[], Exact, Scalar),
    later("predict_linear", &[Matrix, Scalar], Exact, Vector),
    done("present_over_time", &[Matrix], Exact, Vector),
    done("quantile_over_time", &[Scalar, Matrix], Exact, Vector),
    later("rad", &[Vector], Exact, Vector),
    later("range", &[], Exact, Scalar),
    done("rate", &[Matrix], Exact, Vector),
    done("resets", &[Matrix], Exact, Vector),
    done("round", &[Vector, Scalar], Up(1), Vector),
    done("scalar", &[Vector], Exact, Scalar),
    done("sgn", &[Vector], Exact, Vector),
    later("sin", &[Vector], Exact, Vector),
    later("sinh", &[Vector], Exact, Vector),
    done("sort", &[Vector], Exact, Vector),
    done("sort_by_label", &[Vector, Text], Any, Vector),
    done("sort_by_label_desc", &[Vector, Text], Any, Vector),
    done("sort_desc", &[Vector], Exact, Vector),
    done("sqrt", &[Vector], Exact, Vector),
    later("start", &[], Exact, Scalar),
    done("stddev_over_time", &[Matrix], Exact, Vector),
    done("stdvar_over_time", &[Matrix], Exact, Vector),
    later("step", &[], Exact, Scalar),
    done("sum_over_time", &[Matrix], Exact, Vector),
    later("tan", &[Vector], Exact, Vector),
    later("tanh", &[Vector], Exact, Vector),
    done("time", &[], Exact, Scalar),
    done("timestamp", &[Vector], Exact, Vector),
    later("ts_of_first_over_time", &[Matrix], Exact, Vector),
    later("ts_of_last_over_time", &[Matrix], Exact, Vector),
    later("ts_of_max_over_time", &[Matrix], Exact, Vector),
    later("ts_of_min_over_time", &[Matrix], Exact, Vector),
    done("vector", &[Scalar], Exact, Vector),
    later("year", &[Vector], Up(1), Vector),
];

impl Function {
    /// The function of that name; names are case-sensitive.
    pub fn by_name(name: &str) -> Option<Self> {
        FUNCTIONS.binary_search_by(|signature| signature.name.cmp(name)).ok().map(Self)
    }

    /// All functions, sorted by name.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..FUNCTIONS.len()).map(Self)
    }

    fn signature(self) -> &'static Signature {
        &FUNCTIONS[self.0]
    }

    /// The name as it is written.
    pub fn name(self) -> &'static str {
        self.signature().name
    }

    /// The types of the arguments; the last one also holds for all that may follow it.
    pub fn arguments(self) -> &'static [ValueType] {
        self.signature().arguments
    }

    /// The type that the argument at `index` (from 0) must have, or nothing when none may stand there.
    pub fn argument_type(self, index: usize) -> Option<ValueType> {
        if self.arguments_max().is_some_and(|most| index >= most) {
            return None;
        }
        let types = self.arguments();
        types.get(index).or(types.last()).copied()
    }

    /// The fewest arguments.
    pub fn arguments_min(self) -> usize {
        let count = self.arguments().len();
        match self.signature().tail {
            Exact => count,
            Up(_) | Any => count.saturating_sub(1),
        }
    }

    /// The most arguments; `None` when there may be any number.
    pub fn arguments_max(self) -> Option<usize> {
        let count = self.arguments().len();
        match self.signature().tail {
            Exact => Some(count),
            Up(more) => Some(count.saturating_sub(1) + more),
            Any => None,
        }
    }

    /// The type of the result.
    pub fn result(self) -> ValueType {
        self.signature().result
    }

    /// Whether the evaluator of today evaluates it.
    pub fn evaluated(self) -> bool {
        self.signature().evaluated
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_every_name_finds_itself() {
        for function in Function::all() {
            assert_eq!(Function::by_name(function.name()), Some(function), "{}", function.name());
        }
    }

    #[test]
    fn counts_and_types_of_arguments_follow_the_table() {
        let check = |name: &str, least: usize, most: Option<usize>| {
            let function = Function::by_name(name).expect("a function");
            assert_eq!(
                (function.arguments_min(), function.arguments_max()),
                (least, most),
                "{name}"
            );
        };
        check("rate", 1, Some(1));
        check("pi", 0, Some(0));
        check("hour", 0, Some(1));
        check("label_join", 3, None);
        check("sort_by_label", 1, None);
        check("histogram_quantiles", 3, Some(12));
        let join = Function::by_name("label_join").expect("a function");
        assert_eq!(join.argument_type(0), Some(Vector));
        assert_eq!(join.argument_type(9), Some(Text));
        assert_eq!(Function::by_name("rate").and_then(|rate| rate.argument_type(1)), None);
    }
}
