//! The functions of the language: their names, argument types and result types.
//!
//! One sorted table says it all; the parser and the type check read it, so that they cannot
//! disagree. Nothing of it is hidden behind a switch.

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
}

const fn function(
    name: &'static str,
    arguments: &'static [ValueType],
    tail: Tail,
    result: ValueType,
) -> Signature {
    Signature { name, arguments, tail, result }
}

/// Sorted by name.
#[rustfmt::skip]
static FUNCTIONS: &[Signature] = &[
    function("abs", &[Vector], Exact, Vector),
    function("absent", &[Vector], Exact, Vector),
    function("absent_over_time", &[Matrix], Exact, Vector),
    function("acos", &[Vector], Exact, Vector),
    function("acosh", &[Vector], Exact, Vector),
    function("asin", &[Vector], Exact, Vector),
    function("asinh", &[Vector], Exact, Vector),
    function("atan", &[Vector], Exact, Vector),
    function("atanh", &[Vector], Exact, Vector),
    function("avg_over_time", &[Matrix], Exact, Vector),
    function("ceil", &[Vector], Exact, Vector),
    function("changes", &[Matrix], Exact, Vector),
    function("clamp", &[Vector, Scalar, Scalar], Exact, Vector),
    function("clamp_max", &[Vector, Scalar], Exact, Vector),
    function("clamp_min", &[Vector, Scalar], Exact, Vector),
    function("cos", &[Vector], Exact, Vector),
    function("cosh", &[Vector], Exact, Vector),
    function("count_over_time", &[Matrix], Exact, Vector),
    function("day_of_month", &[Vector], Up(1), Vector),
    function("day_of_week", &[Vector], Up(1), Vector),
    function("day_of_year", &[Vector], Up(1), Vector),
    function("days_in_month", &[Vector], Up(1), Vector),
    function("deg", &[Vector], Exact, Vector),
    function("delta", &[Matrix], Exact, Vector),
    function("deriv", &[Matrix], Exact, Vector),
    function("double_exponential_smoothing", &[Matrix, Scalar, Scalar], Exact, Vector),
    function("end", &[], Exact, Scalar),
    function("exp", &[Vector], Exact, Vector),
    function("first_over_time", &[Matrix], Exact, Vector),
    function("floor", &[Vector], Exact, Vector),
    function("histogram_avg", &[Vector], Exact, Vector),
    function("histogram_count", &[Vector], Exact, Vector),
    function("histogram_fraction", &[Scalar, Scalar, Vector], Exact, Vector),
    function("histogram_quantile", &[Scalar, Vector], Exact, Vector),
    function("histogram_quantiles", &[Vector, Text, Scalar, Scalar], Up(9), Vector),
    function("histogram_stddev", &[Vector], Exact, Vector),
    function("histogram_stdvar", &[Vector], Exact, Vector),
    function("histogram_sum", &[Vector], Exact, Vector),
    function("hour", &[Vector], Up(1), Vector),
    function("idelta", &[Matrix], Exact, Vector),
    function("increase", &[Matrix], Exact, Vector),
    function("info", &[Vector, Vector], Up(1), Vector),
    function("irate", &[Matrix], Exact, Vector),
    function("label_join", &[Vector, Text, Text, Text], Any, Vector),
    function("label_replace", &[Vector, Text, Text, Text, Text], Exact, Vector),
    function("last_over_time", &[Matrix], Exact, Vector),
    function("ln", &[Vector], Exact, Vector),
    function("log10", &[Vector], Exact, Vector),
    function("log2", &[Vector], Exact, Vector),
    function("mad_over_time", &[Matrix], Exact, Vector),
    function("max_over_time", &[Matrix], Exact, Vector),
    function("min_over_time", &[Matrix], Exact, Vector),
    function("minute", &[Vector], Up(1), Vector),
    function("month", &[Vector], Up(1), Vector),
    function("pi", &[], Exact, Scalar),
    function("predict_linear", &[Matrix, Scalar], Exact, Vector),
    function("present_over_time", &[Matrix], Exact, Vector),
    function("quantile_over_time", &[Scalar, Matrix], Exact, Vector),
    function("rad", &[Vector], Exact, Vector),
    function("range", &[], Exact, Scalar),
    function("rate", &[Matrix], Exact, Vector),
    function("resets", &[Matrix], Exact, Vector),
    function("round", &[Vector, Scalar], Up(1), Vector),
    function("scalar", &[Vector], Exact, Scalar),
    function("sgn", &[Vector], Exact, Vector),
    function("sin", &[Vector], Exact, Vector),
    function("sinh", &[Vector], Exact, Vector),
    function("sort", &[Vector], Exact, Vector),
    function("sort_by_label", &[Vector, Text], Any, Vector),
    function("sort_by_label_desc", &[Vector, Text], Any, Vector),
    function("sort_desc", &[Vector], Exact, Vector),
    function("sqrt", &[Vector], Exact, Vector),
    function("start", &[], Exact, Scalar),
    function("stddev_over_time", &[Matrix], Exact, Vector),
    function("stdvar_over_time", &[Matrix], Exact, Vector),
    function("step", &[], Exact, Scalar),
    function("sum_over_time", &[Matrix], Exact, Vector),
    function("tan", &[Vector], Exact, Vector),
    function("tanh", &[Vector], Exact, Vector),
    function("time", &[], Exact, Scalar),
    function("timestamp", &[Vector], Exact, Vector),
    function("ts_of_first_over_time", &[Matrix], Exact, Vector),
    function("ts_of_last_over_time", &[Matrix], Exact, Vector),
    function("ts_of_max_over_time", &[Matrix], Exact, Vector),
    function("ts_of_min_over_time", &[Matrix], Exact, Vector),
    function("vector", &[Scalar], Exact, Vector),
    function("year", &[Vector], Up(1), Vector),
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

    /// The type that the argument at `index` (from 0) must have; nothing when none may stand there.
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
