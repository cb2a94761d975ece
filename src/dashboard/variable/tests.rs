//! Variables: how files say them, what is chosen, and what stands in panels then.

use crate::dashboard::{Asked, Dashboard, Known, Set, choose, filled, filters, parse};
use crate::model::{Matcher, Span};

fn parsed(text: &str) -> Dashboard {
    let mut boards = parse(text, "shop.toml").unwrap_or_else(|wrong| panic!("{wrong:?}"));
    boards.remove(0)
}

/// A board with these variables and a panel.
fn board(variables: &str, panel: &str) -> String {
    format!("title = \"T $job\"\n{variables}\n[[panel]]\nid = \"p\"\ntitle = \"P\"\n{panel}\n")
}

/// Series of `up`: `job` a has the instances `a-2` and `a-10`, b has `b"1`; `old` is silent.
struct Series;

impl Known for Series {
    fn values(&self, label: &str, matchers: &[Matcher]) -> Vec<String> {
        let all = [("a", "a-10"), ("a", "a-2"), ("b", "b\"1")];
        let passes = |(job, instance): &&(&str, &str)| {
            matchers.iter().all(|matcher| match matcher.name() {
                "job" => matcher.matches(job),
                "instance" => matcher.matches(instance),
                _ => true,
            })
        };
        let value = |(job, instance): &(&str, &str)| match label {
            "job" => (*job).to_owned(),
            _ => (*instance).to_owned(),
        };
        let mut values: Vec<String> = all.iter().filter(passes).map(value).collect();
        values.dedup();
        values
    }

    fn ever(&self, label: &str, value: &str, _: &[Matcher]) -> bool {
        label == "instance" && value == "old"
    }
}

const CHAINED: &str = r#"
[[variable]]
name = "job"
title = "Job"
query = "label_values(up, job)"

[[variable]]
name = "instance"
query = 'label_values(up{job="$job"}, instance)'
multi = true
all = true
default = "a-2"
"#;

fn asked(values: &[(&str, &[&str])], filters: &[(&str, &[&str])]) -> Asked {
    let owned = |pairs: &[(&str, &[&str])]| {
        let values = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        pairs.iter().map(|(name, list)| ((*name).to_owned(), values(list))).collect()
    };
    Asked { values: owned(values), filters: owned(filters) }
}

fn chosen(board: &Dashboard, values: &[(&str, &[&str])]) -> (Vec<Set>, Vec<String>) {
    choose(board, &asked(values, &[]), &[], &Series)
}

fn texts(board: &Dashboard, values: &[(&str, &[&str])]) -> Vec<String> {
    let (sets, _) = chosen(board, values);
    let (filled, notes) = filled(board, &sets, &[], &|_| Span::from_secs(15));
    assert_eq!(notes, [""; 0]);
    let queries = filled.panels.iter().flat_map(|panel| &panel.queries);
    queries.map(|query| query.plan.text().to_owned()).collect()
}

#[test]
fn what_is_chosen_stands_in_queries() {
    let board = parsed(&board(CHAINED, r#"query = 'x{job="$job",instance="$instance"}'"#));
    let check = |values: &[(&str, &[&str])], expected: &str| {
        assert_eq!(texts(&board, values), [expected], "{values:?}");
    };
    check(&[], r#"x{instance="a-2", job="a"}"#);
    check(&[("job", &["b"])], r#"x{instance="b\"1", job="b"}"#);
    check(&[("instance", &["a-10", "a-2"])], r#"x{instance=~"(?:a\\-2|a\\-10)", job="a"}"#);
    check(&[("instance", &["$__all"])], r#"x{instance=~"(?:a\\-2|a\\-10)", job="a"}"#);
    check(&[("instance", &["old"])], r#"x{instance="old", job="a"}"#);
}

#[test]
fn values_that_are_none_are_told_and_the_default_is_taken() {
    let board = parsed(&board(CHAINED, "query = 'x{job=\"$job\"}'"));
    let check = |values: &[(&str, &[&str])], words: &[&str], notes: &[&str]| {
        let (sets, told) = chosen(&board, values);
        let said: Vec<String> = sets.iter().map(Set::words).collect();
        assert_eq!(
            (said.as_slice(), told.as_slice()),
            (
                words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>().as_slice(),
                notes.iter().map(|note| (*note).to_owned()).collect::<Vec<_>>().as_slice(),
            )
        );
    };
    check(&[("job", &["x\"} or up"])], &["a", "a-2"], &["Job has no value `x\"} or up`."]);
    check(&[("job", &["a", "b"])], &["a", "a-2"], &["Job has one value; `b` is left out."]);
    check(&[("job", &["$__all"])], &["a", "a-2"], &["Job has no choice of all."]);
    check(&[("pod", &["x"])], &["a", "a-2"], &["This dashboard has no variable `pod`."]);
    check(&[("instance", &["a-10", "gone"])], &["a", "a-10"], &["instance has no value `gone`."]);
}

#[test]
fn a_default_stays_while_the_values_change() {
    struct More;
    impl Known for More {
        fn values(&self, label: &str, matchers: &[Matcher]) -> Vec<String> {
            let mut values = Series.values(label, matchers);
            values.insert(0, "A".to_owned());
            values
        }
        fn ever(&self, _: &str, _: &str, _: &[Matcher]) -> bool {
            false
        }
    }
    let board = parsed(&board(CHAINED, "query = 'x{job=\"$job\"}'"));
    let (first, _) = chosen(&board, &[]);
    let (next, _) = choose(&board, &Asked::default(), &first, &More);
    assert_eq!((next[0].choices.len(), next[0].words()), (3, "a".to_owned()));
    let (fresh, _) = choose(&board, &Asked::default(), &[], &More);
    assert_eq!(fresh[0].words(), "A");
}

#[test]
fn all_of_what_nothing_narrows_is_whatever_there_is() {
    let variables =
        "[[variable]]\nname = \"i\"\nquery = \"label_values(up, instance)\"\nall = true";
    let all = parsed(&board(variables, "query = 'x{i=\"$i\"}'"));
    assert_eq!(texts(&all, &[]), [r#"x{i=~".*"}"#]);
    let custom = "[[variable]]\nname = \"i\"\nvalues = [\"a\", \"b\"]\nall = true\nmulti = true";
    let all = parsed(&board(custom, "query = 'x{i!=\"$i\"}'"));
    assert_eq!(texts(&all, &[]), [r#"x{i!~"(?:a|b)"}"#]);
}

#[test]
fn lengths_follow_what_is_chosen_and_how_far_apart_samples_are() {
    let variables = "[[variable]]\nname = \"w\"\nkind = \"interval\"\nvalues = [\"auto\", \"1h\"]";
    let board = parsed(&board(variables, "query = 'rate(x[$w]) / rate(x[$__rate_interval])'"));
    let settled = |values: &[(&str, &[&str])], step: i64| {
        let plan = crate::query::Plan::new(&texts(&board, values)[0]).expect("a query");
        plan.settled(Span::from_secs(step), Span::from_secs(3600)).text().to_owned()
    };
    assert_eq!(settled(&[], 5), "rate(x[1m]) / rate(x[1m])");
    assert_eq!(settled(&[("w", &["1h"])], 60), "rate(x[1h]) / rate(x[1m15s])");
}

#[test]
fn words_are_filled_in_and_addresses_hold_values_as_one_part() {
    let variables = r#"
[[variable]]
name = "job"
values = ["a&b=c", "<b>"]
multi = true
"#;
    let panel = r#"
subtitle = "$job costs $5, ${job}"
description = "of $job"
kind = "text"
text = "**$job** [x](/d/y?var-job=$job&z=1) [all](https://e.org/$job) `$job`"
links = [{ title = "$job", url = "/d/z?var-job=${job}" }]
"#;
    let board = parsed(&board(variables, panel));
    let (sets, _) = chosen(&board, &[("job", &["a&b=c", "<b>"])]);
    let (filled, _) = filled(&board, &sets, &[], &|_| Span(1000));
    let panel = &filled.panels[0];
    assert_eq!(filled.title, "T a&b=c, <b>");
    assert_eq!(panel.subtitle, "a&b=c, <b> costs $5, a&b=c, <b>");
    assert_eq!(panel.links[0].url, "/d/z?var-job=a%26b%3Dc&var-job=%3Cb%3E");
    let text = crate::dashboard::markdown::document(&panel.text);
    let words = "a&b=c, <b>";
    let expected = serde_json::json!([[
        "p",
        null,
        [
            ["strong", null, [words]],
            " ",
            ["a", "/d/y?var-job=a%26b%3Dc&var-job=%3Cb%3E&z=1", ["x"]],
            " ",
            ["a", "https://e.org/a%26b%3Dc,%3Cb%3E", ["all"]],
            " ",
            ["code", null, [words]],
        ]
    ]]);
    assert_eq!(text, expected);
}

#[test]
fn a_panel_is_there_once_a_value_up_to_its_bound() {
    let panel = "repeat = \"instance\"\nrepeat_max = 2\nquery = 'x{instance=\"$instance\"}'";
    let variables = r#"
[[variable]]
name = "instance"
values = ["web-1", "Web 1", "web-3"]
all = true
"#;
    let board = parsed(&board(variables, panel));
    let (sets, _) = chosen(&board, &[]);
    let (filled, notes) = filled(&board, &sets, &[], &|_| Span(1000));
    let titles: Vec<&str> = filled.panels.iter().map(|panel| panel.title.as_str()).collect();
    assert_eq!(titles, ["P web-1", "P Web 1"]);
    assert_eq!(filled.panels[0].id, "p-web-1");
    assert!(filled.panels[1].id.starts_with("p-web-1-"), "{}", filled.panels[1].id);
    assert_eq!(notes, ["P: shown for the first 2 of 3 values of instance."]);
    assert_eq!((filled.place_of("p"), filled.place_of("p-web-1")), (Some(0), Some(0)));
    let second = filled.panels[1].queries[0].plan.text();
    assert_eq!(second, r#"x{instance="Web 1"}"#);
}

#[test]
fn filters_are_added_to_every_selector_and_said_where_nothing_is_left() {
    let board = parsed(&board("", "query = 'a / b{c=\"d\"}'"));
    let by = asked(&[], &[("host", &["x|y"]), ("zone", &["1", "2"])]);
    let matchers = filters(&by).expect("labels");
    let (filled, notes) = filled(&board, &[], &matchers, &|_| Span(1000));
    assert_eq!(notes, [""; 0]);
    let text = filled.panels[0].queries[0].plan.text();
    assert_eq!(text, r#"a{host="x|y", zone=~"1|2"} / b{c="d", host="x|y", zone=~"1|2"}"#);
    let no_data = &filled.panels[0].no_data;
    assert_eq!(no_data, r#"filtered out: nothing with host="x|y", zone=~"1|2""#);
    assert!(filters(&asked(&[], &[("__name__", &["a"])])).is_err());
}

#[test]
fn mistakes_have_their_line() {
    let check = |variables: &str, panel: &str, expected: &str| {
        let found = parse(&board(variables, panel), "shop.toml").expect_err(expected);
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert!(found.iter().any(|one| one.contains(expected)), "{expected}: {found:#?}");
    };
    let query = "query = 'x'";
    let of = |text: &str| format!("[[variable]]\n{text}");
    check(
        &of("name = \"1a\"\nvalues = [\"a\"]"),
        query,
        "shop.toml:3: variable[0].name: `1a` must",
    );
    check(&of("name = \"__a\"\nvalues = [\"a\"]"), query, "the service's own");
    check(&of("name = \"a\""), query, "`kind` is missing");
    check(&of("name = \"a\"\nkind = \"text\""), query, "no kind `text`");
    check(&of("name = \"a\"\nvalues = []"), query, "there are no values");
    check(&of("name = \"a\"\nvalues = [\"b\", \"b\"]"), query, "`b` stands twice");
    check(&of("name = \"a\"\nvalues = [\"b\"]\ndefault = \"c\""), query, "`c` is none of");
    check(&of("name = \"a\"\nquery = \"up\""), query, "it must be `label_values");
    check(&of("name = \"a\"\nquery = \"label_values(rate(up[1m]), b)\""), query, "no selector");
    check(&of("name = \"a\"\nquery = 'label_values(up{b=\"$c\"}, d)'"), query, "no variable `c`");
    check(&of("name = \"a\"\nkind = \"interval\"\nvalues = [\"5\"]"), query, "variable[0].values");
    check(&of("name = \"a\"\nkind = \"interval\"\nmulti = true"), query, "has one value");
    let list = of("name = \"a\"\nvalues = [\"5m\", \"b c\"]");
    check(&list, "query = 'rate(x[$a])'", "with the value `b c`: `$a` would be `b c`");
    check(&list, "query = 'x{y=\"$b\"}'", "shop.toml:8: panel[0].query: there is no variable `b`");
    check(&list, "repeat = \"a\"\nquery = 'x'", "`a` has one value");
    check(&list, "repeat = \"b\"\nquery = 'x'", "there is no variable `b`");
    check(&list, "query = 'x{y=\"${a:csv}\"}'", "there is no form but `regex`");
    let many = of("name = \"a\"\nquery = \"label_values(b)\"\nmulti = true");
    check(&many, "query = 'sum by ($a) (x)'", "may have several values");
}

#[test]
fn the_example_of_variables_reads() {
    let text = include_str!("../../../docs/examples/variables.toml");
    let boards = parse(text, "variables.toml").unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    assert_eq!(boards[0].variables.len(), 5);
    assert!(boards[0].is_template() && boards[0].panels.iter().any(|panel| panel.repeat.is_some()));
}

#[test]
fn what_a_panel_on_the_first_page_needs_must_be_there() {
    let list = "[[variable]]\nname = \"a\"\nvalues = [\"b\"]";
    let wrong = parse(&board(list, "pin = true\nquery = 'x{y=\"$a\"}'"), "shop.toml");
    let wrong = wrong.expect_err("a mistake");
    assert!(wrong[0].to_string().contains("panel[0].pin: a panel with variables cannot"));
    let rates = board(list, "pin = true\nquery = 'rate(x[$__rate_interval])'");
    assert_eq!(parsed(&rates).pinned, ["p"]);
}
