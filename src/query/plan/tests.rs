//! The normal form of queries, case by case, and what plans say of themselves.

use proptest::prelude::*;

use super::*;
use crate::query::sample::query;

/// Whether each text has this normal text, which is its own normal text.
fn check(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let plan = Plan::new(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(plan.text(), *expected, "{text}");
        assert_eq!(Plan::new(expected).map(|plan| plan.text), Ok((*expected).to_owned()), "{text}");
    }
}

#[test]
fn numbers_take_their_shortest_form() {
    check(&[
        ("12.34e6", "12340000"),
        ("0x1F", "31"),
        ("0X_1f", "31"),
        ("1_000.5", "1000.5"),
        ("017", "15"),
        ("08", "8"),
        (".5", "0.5"),
        ("2.", "2"),
        ("1e-7", "1e-7"),
        ("1e300", "1e300"),
        ("inF", "Inf"),
        ("-inf", "-Inf"),
        ("-NaN", "NaN"),
        ("5m", "300"),
        ("1h30m", "5400"),
        ("-1", "-1"),
        ("--1", "1"),
        ("-(-1)", "1"),
        ("+1", "1"),
    ]);
}

#[test]
fn operators_keep_the_parentheses_they_need() {
    check(&[
        ("- 1 ^ 2", "-1 ^ 2"),
        ("(-1) ^ 2", "(-1) ^ 2"),
        ("2 ^ 3 ^ 4", "2 ^ 3 ^ 4"),
        ("(2 ^ 3) ^ 4", "(2 ^ 3) ^ 4"),
        ("2 ^ -1", "2 ^ -1"),
        ("2 ^ -a * b", "2 ^ -a * b"),
        ("-a ^ b", "-a ^ b"),
        ("(-a) ^ b", "(-a) ^ b"),
        ("-a * b", "-a * b"),
        ("-(a * b)", "-(a * b)"),
        ("a - -1", "a - -1"),
        ("((a)) + (b + c)", "a + (b + c)"),
        ("(a + b) + c", "a + b + c"),
        ("a * (b + c)", "a * (b + c)"),
        ("a + b * c", "a + b * c"),
        ("a or b and c unless d", "a or b and c unless d"),
        ("(a or b) and c", "(a or b) and c"),
        ("a == bool 1", "a == bool 1"),
        ("1 < bool 2", "1 < bool 2"),
        ("a ATAN2 b", "a atan2 b"),
        ("a AND ON (x) b", "a and on (x) b"),
    ]);
}

#[test]
fn strings_are_unescaped() {
    check(&[
        (r#""it's \"q\" \\ \n\x41\u00e9\U0001F600\101""#, r#""it's \"q\" \\ \nAé😀A""#),
        (r#"'single "double"'"#, r#""single \"double\"""#),
        (r"`raw \n`", r#""raw \\n""#),
    ]);
}

#[test]
fn selectors_sort_their_matchers() {
    check(&[
        ("up", "up"),
        (":rule:sum5m", ":rule:sum5m"),
        ("up{}", "up"),
        (r#"up{job="node",}"#, r#"up{job="node"}"#),
        (r#"up{b="1", a!="2", a=~"x|y", a!~"z", b="1"}"#, r#"up{a!="2", a=~"x|y", a!~"z", b="1"}"#),
        (r#"{__name__="up"}"#, "up"),
        (r#"{"my.metric", "a.b"="c"}"#, r#"{"my.metric", "a.b"="c"}"#),
        (r#"{__name__="my.metric"}"#, r#"{"my.metric"}"#),
        (r#"{__name__=~"a.*"}"#, r#"{__name__=~"a.*"}"#),
        (r#"{__name__="a", __name__!="b"}"#, r#"{__name__="a", __name__!="b"}"#),
        (r#"{inf="1", sum="2", by!="3"}"#, r#"{by!="3", "inf"="1", sum="2"}"#),
    ]);
}

#[test]
fn keywords_may_be_names() {
    check(&[
        ("sum", "sum"),
        (r#"sum{a="b"}"#, r#"sum{a="b"}"#),
        ("SUM", "SUM"),
        ("offset offset 5m", "offset offset 5m"),
        ("by", "by"),
        (r#"{"bool"}"#, r#"{"bool"}"#),
        (r#"{__name__="ON"}"#, r#"{"ON"}"#),
        ("or or or", "or or or"),
        ("start", "start"),
        ("start()", "start()"),
        ("step[5m]", "step[5m]"),
        ("fill + fill", "fill + fill"),
    ]);
}

#[test]
fn matching_and_grouping_stand_in_one_form() {
    check(&[
        ("a + fill(0) b", "a + fill (0) b"),
        ("a + fill_left(1) fill_right(-2) b", "a + fill_left (1) fill_right (-2) b"),
        ("a + fill_right(NaN) fill_left(NaN) b", "a + fill (NaN) b"),
        ("a + on() group_left() b", "a + on () group_left () b"),
        ("a + on(x) group_right(z, y, y) b", "a + on (x) group_right (y, z) b"),
        ("a + on(x) group_left (y) (b + c)", "a + on (x) group_left (y) (b + c)"),
        ("a + on(x) group_left () (b + c)", "a + on (x) group_left () (b + c)"),
        ("a + ignoring() b", "a + b"),
        ("a + on() b", "a + on () b"),
        ("1 + on() b", "1 + b"),
        ("sum(a) by (z, b)", "sum by (b, z) (a)"),
        ("sum by (z, b,) (a)", "sum by (b, z) (a)"),
        ("SUM without () (a)", "sum without () (a)"),
        ("sum by () (a)", "sum(a)"),
        (r#"avg by (by, on, "b.c", "inf") (a)"#, r#"avg by ("b.c", by, "inf", on) (a)"#),
        ("topk(5, a)", "topk(5, a)"),
        ("quantile without (x) (0.9, a)", "quantile without (x) (0.9, a)"),
        (r#"count_values("v", a)"#, r#"count_values("v", a)"#),
        ("limit_ratio(-0.5, a)", "limit_ratio(-0.5, a)"),
    ]);
}

#[test]
fn ranges_and_modifiers_stand_in_one_form() {
    check(&[
        ("rate(x[5m])", "rate(x[5m])"),
        ("rate(x[300])", "rate(x[5m])"),
        ("rate((x[5m]))", "rate(x[5m])"),
        ("x[90s] offset 1m @ 5", "x[1m30s] @ 5 offset 1m"),
        ("x offset -1h", "x offset -1h"),
        ("x offset 0", "x"),
        ("x @ -1.5", "x @ -1.5"),
        ("x @ start() offset 5m", "x @ start() offset 5m"),
        ("x @ 1m40s", "x @ 100"),
        ("x @ end()", "x @ end()"),
        ("rate(x[5m] offset 1m anchored)", "rate(x[5m] anchored offset 1m)"),
        ("rate(x[5m] smoothed)", "rate(x[5m] smoothed)"),
        ("x smoothed", "x smoothed"),
    ]);
}

#[test]
fn durations_are_computed_where_they_can_be() {
    check(&[
        ("x[5m + 1m*2]", "x[7m]"),
        ("x[-5m + 35m]", "x[30m]"),
        ("x[2 ^ 2 ^ 1]", "x[4s]"),
        ("x[step()]", "x[step()]"),
        ("x[step() + 1m * 2]", "x[step() + 120]"),
        ("x[(step() + 1) * 2]", "x[(step() + 1) * 2]"),
        ("x[-step() + 10m]", "x[-step() + 600]"),
        ("x[max(step(), 5m)]", "x[max_of(step(), 300)]"),
        ("x[min_of(STEP(), max_of(range(), 1h))]", "x[min_of(step(), max_of(range(), 3600))]"),
        ("x offset (5m + 1m)", "x offset 6m"),
        ("x offset -(1m*2)", "x offset -2m"),
        ("x offset step()", "x offset step()"),
        ("x offset -step()", "x offset -step()"),
        ("x offset -(step())", "x offset -step()"),
        ("x offset (-step() * 2)", "x offset (-step() * 2)"),
        ("x offset step()*0", "x offset step() * 0"),
        ("x offset min(step(), 1s)", "x offset min_of(step(), 1)"),
        ("x offset 100 + 2", "x offset 1m40s + 2"),
        ("x offset -2 ^ 2", "x offset -2s ^ 2"),
    ]);
}

#[test]
fn subqueries_calls_and_comments() {
    check(&[
        ("x[5m:]", "x[5m:]"),
        ("x[5m:1m]", "x[5m:1m]"),
        ("x[step():step()]", "x[step():step()]"),
        ("(a + b)[5m:30s] offset 1m", "(a + b)[5m:30s] offset 1m"),
        ("rate(x[1m])[5m:]", "rate(x[1m])[5m:]"),
        ("max_over_time(rate(x[1m])[1h:] @ end())", "max_over_time(rate(x[1m])[1h:] @ end())"),
        ("(x offset 1m)[5m:]", "x offset 1m[5m:]"),
        ("x offset 1m [5m:]", "x offset 1m[5m:]"),
        ("info(x)", "info(x)"),
        (r#"info(x, {a=~".*"})"#, r#"info(x, {a=~".*"})"#),
        (r#"info(x, {__name__="target_info"})"#, r#"info(x, {"target_info"})"#),
        (r#"label_join(a, "d", ",")"#, r#"label_join(a, "d", ",")"#),
        ("round(a, 5)", "round(a, 5)"),
        ("hour()", "hour()"),
        ("time() - 5", "time() - 5"),
        (r#"a # comment ""#, "a"),
    ]);
}

#[test]
fn equal_plans_are_equal_texts() {
    let plan = |text: &str| Plan::new(text).expect("a query");
    assert_eq!(
        plan("sum(up{a='1',b='2'}) by (x,y)"),
        plan("SUM BY(y, x,) ( up {b=\"2\", a=`1`} )")
    );
    assert_eq!(plan("rate(x[300])"), plan("rate(x[5m])"));
    assert_ne!(plan("a + (b + c)"), plan("(a + b) + c"));
    assert_ne!(
        plan("label_join(x, \"a\", \"\", \"b\", \"c\")"),
        plan("label_join(x, \"a\", \"\", \"c\", \"b\")")
    );
}

#[test]
fn reach_covers_every_sample_that_can_matter() {
    let check = |text: &str, back: i64, ahead: i64, moves: bool| {
        let reach = Plan::new(text).expect("a query").reach(Span::from_secs(300));
        let expected = Reach { back: Span::from_secs(back), ahead: Span::from_secs(ahead), moves };
        assert_eq!(reach, expected, "{text}");
    };
    check("1", 0, 0, false);
    check("up", 300, 0, false);
    check("rate(up[10m]) + up", 600, 0, false);
    check("rate(up[10m] offset 5m)", 900, 0, false);
    check("up offset -1m", 240, 60, true);
    check("up offset -10m", 0, 600, true);
    check("max_over_time(rate(up[1m] offset 1m)[1h:] offset 1h)", 7320, 0, false);
    check("max_over_time((up offset -10m)[1h:] offset 5m)", 3600, 300, true);
    check("rate(up[1m] anchored)", 360, 0, false);
    check("rate(up[1m] smoothed)", 360, 300, true);
    check("up @ 5", 300, 0, true);
    check("sum(topk(scalar(a @ end()), b))", 300, 0, true);
    check("rate(up[step()])", 0, 0, true);
    check("up[200y] offset 200y", 12_614_400_000, 0, false);
}

#[test]
fn selectors_are_told_in_order() {
    let plan = Plan::new(r#"topk(scalar(a), rate(b{x="1"}[5m])) + 5"#).expect("a query");
    let shown =
        |matchers: &&[Matcher]| matchers.iter().map(ToString::to_string).collect::<Vec<_>>();
    let found: Vec<Vec<String>> = plan.selectors().iter().map(shown).collect();
    let expected = [vec![r#"__name__="a""#], vec![r#"__name__="b""#, r#"x="1""#]];
    assert_eq!(found, expected);
}

#[test]
fn places_point_into_the_text_as_written() {
    let plan = Plan::new("a\n + ((é_{x=\"1\"}))".replace("é_", "e_").as_str()).expect("a query");
    let Node::Binary(binary) = &plan.expr().node else { panic!("no sum") };
    assert_eq!(plan.position(binary.rhs.place), (2, 4));
    assert_eq!(
        plan.source().get(binary.rhs.place.start..binary.rhs.place.end),
        Some("((e_{x=\"1\"}))")
    );
}

proptest! {
    #[test]
    fn the_normal_text_is_its_own_normal_text(text in query()) {
        let plan = Plan::new(&text)
            .map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
        let again = Plan::new(plan.text())
            .map_err(|error| TestCaseError::fail(format!("{text}: {}: {error}", plan.text())))?;
        prop_assert_eq!(plan.text(), again.text(), "{}", text);
    }
}
