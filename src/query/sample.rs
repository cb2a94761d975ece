//! Queries made at random, for the properties of the parser and of the normal form.

use proptest::prelude::*;

/// A text that is a query of instant vectors.
pub(super) fn query() -> BoxedStrategy<String> {
    let leaf =
        prop_oneof![selector(), (selector(), range()).prop_map(|(s, r)| format!("rate({s}{r})"))];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let two = (inner.clone(), operator(), inner.clone());
        let one = inner.clone();
        prop_oneof![
            two.prop_map(|(lhs, op, rhs)| format!("{lhs} {op} {rhs}")),
            one.clone().prop_map(|expr| format!("({expr})")),
            one.clone().prop_map(|expr| format!("-{expr}")),
            one.clone().prop_map(|expr| format!("abs({expr})")),
            (one.clone(), number()).prop_map(|(expr, n)| format!("clamp_min({expr}, {n})")),
            (one.clone(), number(), arithmetic())
                .prop_map(|(expr, n, op)| format!("({n} {op} {expr})")),
            (grouping(), one.clone()).prop_map(|(by, expr)| format!("sum {by} ({expr})")),
            (grouping(), one.clone()).prop_map(|(by, expr)| format!("topk(3, {expr}) {by}")),
            (one, range_of_subquery())
                .prop_map(|(expr, range)| format!("max_over_time(({expr}){range})")),
        ]
    })
    .boxed()
}

fn select(from: &'static [&'static str]) -> impl Strategy<Value = &'static str> + Clone {
    prop::sample::select(from)
}

fn selector() -> impl Strategy<Value = String> + Clone {
    let name = select(&["up", "sum", "a:b", "offset", "_x1"]);
    let matchers = select(&["", "{}", "{b=\"1\",a!=\"\"}", "{c=~\"x|y\",}", "{`a.b`!~'z'}"]);
    (name, matchers).prop_map(|(name, matchers)| format!("{name}{matchers}"))
}

fn range() -> impl Strategy<Value = String> + Clone {
    let length =
        select(&["5m", "90", "1h30m", "1m+30", "step()*2", "max(1m,-(range()-1))", "1d/2"]);
    let shift = select(&["", " offset 1m", " offset -5", " @ 1.5", " @ end() offset (step()+1)"]);
    (length, shift).prop_map(|(length, shift)| format!("[{length}]{shift}"))
}

fn range_of_subquery() -> impl Strategy<Value = &'static str> + Clone {
    select(&["[5m:]", "[1h:30s]", "[5m:] offset 1m", "[90:step()] @ start()"])
}

fn number() -> impl Strategy<Value = String> + Clone {
    let written =
        select(&["0x1F", "1e3", ".5", "inf", "-NaN", "5m", "017", "(1)", "-(-2)", "1_000"]);
    prop_oneof![
        any::<f64>().prop_map(|value| format!("{:e}", if value == 0.0 { 1.0 } else { value })),
        written.prop_map(str::to_owned)
    ]
}

fn grouping() -> impl Strategy<Value = &'static str> + Clone {
    select(&["", "by (b, a)", "without ()", "BY (on,\"x.y\",)", "without(z,z)"])
}

fn arithmetic() -> impl Strategy<Value = &'static str> + Clone {
    select(&["+", "-", "*", "/", "%", "^", "atan2", "==", "> bool"])
}

fn operator() -> impl Strategy<Value = &'static str> + Clone {
    select(&[
        "+",
        "-",
        "*",
        "/",
        "%",
        "^",
        "atan2",
        "==",
        "!=",
        "<",
        "<= bool",
        "and",
        "or",
        "unless",
        "+ on (b, a)",
        "* ignoring (a) group_left()",
        "/ on () group_right (z, y)",
        "and on (x)",
        "+ fill (0)",
        "- on (a) fill_right(1) fill_left(-inf)",
    ])
}
