//! The parser against another one, `promql-parser`: what both should read, both read, and to the
//! same structure. Where they disagree on purpose stands in a table, each line with its reason.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../src/query/sample.rs"]
mod sample;

use promql_parser::parser::{
    self as oracle, AtModifier, BinModifier, Expr, LabelModifier, Offset, VectorMatchCardinality,
};
use proptest::prelude::*;
use watchglass::query::{ParseError, Plan};

/// What is put into queries to break them.
const PIECES: &[&str] = &[
    "",
    " ",
    ")",
    "(",
    ",",
    " by ",
    " sum ",
    "[5m]",
    "[5m:]",
    " offset 1m ",
    " @ 5 ",
    "{",
    "}",
    "+",
    " bool ",
    " on (a) ",
    " group_left (a) ",
    "x",
    " x ",
    " 5 ",
    "\"a\"",
    "rate",
    "=",
    "!=",
    ":",
    "^",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn both_read_the_same_structure(text in sample::query()) {
        let text = known(&text);
        let plan = Plan::new(&text)
            .map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
        // The normal text has the fewest parentheses: had one of us read other precedences, or lost
        // a clause, the other parser would make another tree of it.
        let written = oracle::parse(&text)
            .map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
        let normal = oracle::parse(plan.text())
            .map_err(|error| TestCaseError::fail(format!("{}: {error}", plan.text())))?;
        prop_assert_eq!(shape(&written), shape(&normal), "{} became {}", text, plan.text());
    }

    #[test]
    fn both_agree_on_broken_queries(
        text in sample::query(),
        cut in any::<prop::sample::Index>(),
        piece in prop::sample::select(PIECES),
        replace in any::<bool>(),
    ) {
        let text = known(&text);
        let is_edge = |(at, c): (usize, char)| (!c.is_alphanumeric()).then_some(at);
        let edges: Vec<usize> = text.char_indices().filter_map(is_edge).collect();
        prop_assume!(!edges.is_empty());
        let (head, tail) = text.split_at(edges[cut.index(edges.len())]);
        let broken = format!("{head}{piece}{}", tail.get(usize::from(replace)..).unwrap());
        let (ours, theirs) = (Plan::new(&broken), oracle::parse(&broken));
        // See the first `false` among the disagreements.
        let plus = |error: &ParseError| error.message.starts_with("a sign is only allowed");
        prop_assume!(!ours.as_ref().is_err_and(plus));
        prop_assert_eq!(ours.is_ok(), theirs.is_ok(), "{}: {:?} {:?}", broken, ours, theirs);
    }
}

/// The text without what the other parser cannot read: duration expressions and `_` in numbers.
fn known(text: &str) -> String {
    const PIECES: [(&str, &str); 7] = [
        ("step()*2", "2m"),
        ("max(1m,-(range()-1))", "7"),
        ("(step()+1)", "3"),
        ("step()", "1m"),
        ("1m+30", "90s"),
        ("1d/2", "12h"),
        ("1_000", "1000"),
    ];
    PIECES.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// What one of us reads and the other does not: the text, whether we read it, and why.
#[test]
fn disagreements_are_known() {
    let check = |text: &str, ours: bool, reason: &str| {
        assert_eq!(Plan::new(text).is_ok(), ours, "{text}: {reason}");
        assert_eq!(oracle::parse(text).is_ok(), !ours, "{text}: {reason}");
    };
    check("1_000", true, "the language has `_` between digits since 3.0");
    check("0e0", true, "it takes a leading zero for octal before it looks for an exponent");
    check("up[5m + 1m]", true, "it knows no duration expressions");
    check("up offset step()", true, "it knows no duration expressions");
    check("rate(up[5m] smoothed)", true, "it knows the word, but no rule for it");
    check("up @ 1m40s offset -(5)", true, "it knows no duration expressions");
    check("+up[5m]", false, "it drops a plus before it checks the type");
    check(r#"{a="b" or c="d"}"#, false, "alternatives in braces are not of the language");
}

/// The tree as a text with every parenthesis, sorted where the order means nothing.
fn shape(expr: &Expr) -> String {
    match expr {
        Expr::Paren(paren) => shape(&paren.expr),
        Expr::NumberLiteral(number) => number_shape(number.val),
        Expr::StringLiteral(text) => format!("{:?}", text.val),
        Expr::Unary(unary) => match unwrapped(&unary.expr) {
            Expr::NumberLiteral(number) => number_shape(-number.val),
            inner => format!("-({})", shape(inner)),
        },
        Expr::Binary(binary) => format!(
            "({} {}{} {})",
            shape(&binary.lhs),
            binary.op,
            binary.modifier.as_ref().map(modifier_shape).unwrap_or_default(),
            shape(&binary.rhs)
        ),
        Expr::Aggregate(aggregate) => {
            let by = aggregate.modifier.as_ref().map(labels_shape).unwrap_or_default();
            let param = aggregate.param.as_ref().map(|param| shape(param));
            format!("{}{by}({param:?}, {})", aggregate.op, shape(&aggregate.expr))
        }
        Expr::Subquery(query) => {
            let (range, step) = (query.range, query.step);
            let shift = shift_shape(query.offset.as_ref(), query.at.as_ref());
            format!("({})[{range:?}:{step:?}]{shift}", shape(&query.expr))
        }
        Expr::VectorSelector(selector) => selector_shape(selector),
        Expr::MatrixSelector(matrix) => {
            format!("{}[{:?}]", selector_shape(&matrix.vs), matrix.range)
        }
        Expr::Call(call) => {
            let args: Vec<String> = call.args.args.iter().map(|arg| shape(arg)).collect();
            format!("{}({})", call.func.name, args.join(", "))
        }
        Expr::Extension(_) => unreachable!("texts have no extensions"),
    }
}

fn unwrapped(expr: &Expr) -> &Expr {
    match expr {
        Expr::Paren(paren) => unwrapped(&paren.expr),
        expr => expr,
    }
}

fn number_shape(value: f64) -> String {
    if value.is_nan() { "NaN".to_owned() } else { format!("{value:e}") }
}

fn selector_shape(selector: &oracle::VectorSelector) -> String {
    let mut matchers: Vec<String> =
        selector.matchers.matchers.iter().map(ToString::to_string).collect();
    matchers.extend(selector.name.as_ref().map(|name| format!("__name__={name:?}")));
    matchers.sort();
    matchers.dedup();
    format!("{matchers:?}{}", shift_shape(selector.offset.as_ref(), selector.at.as_ref()))
}

fn shift_shape(offset: Option<&Offset>, at: Option<&AtModifier>) -> String {
    format!("{:?}{:?}", offset.map(ToString::to_string), at.map(ToString::to_string))
}

fn labels_shape(labels: &LabelModifier) -> String {
    let (word, labels) = match labels {
        LabelModifier::Include(labels) => ("with", labels),
        LabelModifier::Exclude(labels) => ("without", labels),
    };
    let mut labels = labels.labels.clone();
    labels.sort();
    labels.dedup();
    // An empty `by` says nothing.
    if word == "with" && labels.is_empty() { String::new() } else { format!(" {word} {labels:?}") }
}

fn modifier_shape(modifier: &BinModifier) -> String {
    let group = match &modifier.card {
        VectorMatchCardinality::ManyToOne(labels) => {
            format!("left{}", labels_shape(&LabelModifier::Include(labels.clone())))
        }
        VectorMatchCardinality::OneToMany(labels) => {
            format!("right{}", labels_shape(&LabelModifier::Include(labels.clone())))
        }
        other => format!("{other:?}"),
    };
    let matching = match &modifier.matching {
        Some(LabelModifier::Include(labels)) if labels.labels.is_empty() => {
            " on nothing".to_owned()
        }
        Some(labels) => labels_shape(labels),
        None => String::new(),
    };
    format!("{matching} {group} {} {:?}", modifier.return_bool, modifier.fill_values)
}
