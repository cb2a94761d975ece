//! What stands for variables, whatever is in it.

use proptest::prelude::*;

use super::*;
use crate::model::Matcher;
use crate::query::Plan;

/// `$one` is one value, `$any` two, `$all` all, `$hour` a length.
fn lookup(name: &str, form: &str) -> Option<Filling> {
    match (name, form) {
        ("one", "") => Some(Filling::One("a.b".to_owned())),
        ("number", "") => Some(Filling::One("-5".to_owned())),
        ("window", "") => Some(Filling::One("5m".to_owned())),
        ("mean", "") => Some(Filling::One("avg".to_owned())),
        ("any", "") => Some(Filling::Any(vec!["a|b".to_owned(), "c".to_owned()])),
        ("class", "regex") => Some(Filling::Patterns(vec!["5..".to_owned(), "4..".to_owned()])),
        ("all", "") => Some(Filling::All),
        ("step", "") => Some(Filling::Expression("(step())".to_owned())),
        _ => None,
    }
}

#[test]
fn a_variable_is_filled_in_by_where_it_stands() {
    let check = |text: &str, expected: &str| {
        assert_eq!(fill(text, &lookup, true).as_deref(), Ok(expected), "{text}");
    };
    check(r#"x{a="$one"}"#, r#"x{a="a.b"}"#);
    check(r#"x{a=~"$one"}"#, r#"x{a=~"a\\.b"}"#);
    check(r#"x{a="$any", b!="${any}"}"#, r#"x{a=~"(?:a\\|b|c)", b!~"(?:a\\|b|c)"}"#);
    check(r"x{a=~'www.$any'}", r#"x{a=~"www.(?:a\\|b|c)"}"#);
    check(r#"x{a="www.$any"}"#, r#"x{a=~"www\\.(?:a\\|b|c)"}"#);
    check(r#"x{a="$all",b="c"}"#, r#"x{a=~".*",b="c"}"#);
    check(r#"x{code="${class:regex}"}"#, r#"x{code=~"(?:5..|4..)"}"#);
    check("rate(x[$window])", "rate(x[5m])");
    check("rate(x[${window}:$step])", "rate(x[5m:(step())])");
    check("x offset $window > $number", "x offset 5m > (-5)");
    check("x_${mean}_y", "x_avg_y");
    check("${mean}_over_time(x[5m])", "avg_over_time(x[5m])");
    check("$mean(x)", "avg(x)");
    check(r#"{"$one"}"#, r#"{"a.b"}"#);
    check(
        r#"label_replace(x, "a", "$1-$one-$other", "b", "(.*)")"#,
        r#"label_replace(x, "a", "$1-a.b-$other", "b", "(.*)")"#,
    );
    check("x # $nobody \"\n + y", "x # $nobody \"\n + y");
    check(r#"x{a=~"b$"} == 1"#, r#"x{a=~"b$"} == 1"#);
    check("x{a = # why\n `$one`}", "x{a = # why\n \"a.b\"}");
}

#[test]
fn what_cannot_stand_there_is_refused_in_words() {
    let check = |text: &str, word: &str| {
        let error = fill(text, &lookup, true).expect_err(text);
        assert!(error.contains(word), "{text}: {error}");
    };
    check(r#"x{a="$nobody"}"#, "there is no variable `nobody`");
    check(r#"x{a="$one$nobody"}"#, "there is no variable `nobody`");
    check("rate(x[$nobody])", "there is no variable `nobody`");
    check("sum by ($any) (x)", "several values");
    check("rate(x[$all])", "several values");
    check(r#"label_replace(x, "a", "$any", "b", "")"#, "several values");
    check(r#"x{a="$step"}"#, "is a length or a number");
    check("rate(x[5$step])", "right beside");
    check("x > $one", "`$one` would be `a.b`");
    check("$mean{a=\"b\"}", "`$mean` would be `avg`");
    check("x $", "needs the name");
    check(r#"label_replace(x, "a", "${class:regex}", "b", "")"#, "value of a matcher");
}

#[test]
fn without_variables_of_ones_own_nothing_is_refused_inside_of_texts() {
    let text = r#"x{a="$nobody"}"#;
    assert_eq!(fill(text, &|_, _| None, false).as_deref(), Ok(text));
}

/// How a query is built: everything but the letters of names and values; a name alone and a number
/// are alike.
fn build(plan: &Plan) -> Vec<String> {
    let mut found = Vec::new();
    plan.expr().visit(&mut |expr| {
        found.push(match &expr.node {
            Node::Number(_) => "__name__".to_owned(),
            Node::String(_) => "string".to_owned(),
            Node::Selector(selector) => {
                let names: Vec<&str> = selector.matchers.iter().map(Matcher::name).collect();
                names.join(",")
            }
            Node::Range { selector, .. } => format!("range {}", selector.matchers.len()),
            Node::Call { function, .. } => function.name().to_owned(),
            Node::Aggregate(aggregate) => format!("{:?} {}", aggregate.op, aggregate.without),
            Node::Binary(binary) => binary.op.text().to_owned(),
            Node::Subquery { .. } | Node::Paren(_) | Node::Unary { .. } => "other".to_owned(),
        });
    });
    found
}

/// Values that try to get out of where they stand.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,30}",
        "[\"'`\\\\{}()\\[\\]|$.*+?^#\n,=~! a-z]{0,30}",
        "[a-z0-9_:.]{0,12}",
        Just("\"} or up{a=\"".to_owned()),
        Just("a\\".to_owned()),
        Just("a\\\") or vector(1)".to_owned()),
        Just("x) or (y".to_owned()),
        Just("5m] or y[5m".to_owned()),
        Just("$all".to_owned()),
        Just("by (b)".to_owned()),
        Just("offset 5m".to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn no_value_changes_how_a_query_is_built(value in hostile(), other in hostile()) {
        let templates = [
            (r#"sum by (b) (rate(x{a="$v",c=~"d$v|e"}[5m])) or y{a!='$v'}"#, "w"),
            (r#"sum by (b) (rate(x{a="$w",c=~"d$w|e"}[5m])) or y{a!='$w'}"#, "w"),
            ("x{a=`$v`} + $v", "w"),
            ("rate(x[$v]) > $v", "60"),
            ("$v{a=\"b\"} / on (c) y_$v", "w"),
            ("sum by ($v) (x)", "w"),
            (r#"label_replace(x, "a", "$v", "b", "c")"#, "w"),
            (r#"{"$v", a="b"}"#, "w"),
        ];
        for (template, harmless) in templates {
            let with = |one: &str, others: [&str; 2]| {
                let any = Filling::Any(others.map(str::to_owned).to_vec());
                let lookup = |name: &str, _: &str| match name {
                    "v" => Some(Filling::One(one.to_owned())),
                    "w" => Some(any.clone()),
                    _ => None,
                };
                fill(template, &lookup, true)
            };
            let Ok(text) = with(&value, [&value, &other]) else { continue };
            // What is filled in and is no query is refused as a whole.
            let Ok(plan) = Plan::new(&text) else { continue };
            let expected = with(harmless, ["a", "b"]).expect("harmless");
            let expected = Plan::new(&expected).expect("a query");
            prop_assert_eq!(build(&plan), build(&expected), "{} {}", template, text);
        }
    }

    #[test]
    fn a_value_matches_itself_and_nothing_else(value in "\\PC{1,20}", other in "\\PC{1,20}") {
        let any = Filling::Any(vec![value.clone(), other.clone()]);
        let lookup = |_: &str, _: &str| Some(any.clone());
        let text = fill(r#"x{a="$v"}"#, &lookup, true).expect("filled in");
        let plan = Plan::new(&text).expect("a query");
        let selectors = plan.selectors();
        let matcher = selectors[0].iter().find(|one| one.name() == "a").expect("a matcher");
        prop_assert!(matcher.matches(&value) && matcher.matches(&other));
        let longer = format!("{value}x{other}");
        prop_assert!(longer == value || !matcher.matches(&longer));
    }
}
