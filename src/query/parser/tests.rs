//! Every way to be wrong with its place and words, the limits, and texts made at random.

use proptest::prelude::*;

use super::{DEPTH_MAX, NODES_MAX, REGEXES_MAX, TEXT_BYTES_MAX, parse};

/// Whether each text is refused in these words: `line:column: message`.
fn check(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let error = parse(text).expect_err(text);
        let found = format!("{}:{}: {}", error.line, error.column, error.message);
        assert_eq!(found, *expected, "{text}");
    }
}

#[test]
fn what_is_missing_is_named() {
    check(&[
        (
            "a / on(b, a) bool",
            r#"1:14: unexpected keyword "bool", expected a metric name, a number, a string, "(" or "{""#,
        ),
        (
            "a +",
            r#"1:4: unexpected end of input, expected a metric name, a number, a string, "(" or "{""#,
        ),
        ("", "1:1: no expression found in the text"),
        ("# only a comment", "1:17: no expression found in the text"),
        (
            "1 +",
            r#"1:4: unexpected end of input, expected a metric name, a number, a string, "(" or "{""#,
        ),
        ("(1", r#"1:3: unexpected end of input, expected an operator or ")""#),
        ("1)", r#"1:2: unexpected ")", expected an operator"#),
        (")", r#"1:1: unexpected ")", expected a metric name, a number, a string, "(" or "{""#),
        ("sum(up", r#"1:7: unexpected end of input in aggregation "sum", expected "," or ")""#),
    ]);
}

#[test]
fn mistakes_in_selectors() {
    check(&[
        ("up{", r#"1:4: unexpected end of input in label matching, expected a label name or "}""#),
        (
            "up{a",
            r#"1:5: unexpected end of input in label matching after label "a", expected one of "=", "!=", "=~", "!~""#,
        ),
        (
            "up{a=",
            r#"1:6: unexpected end of input in label matching after label "a", expected a quoted string"#,
        ),
        (
            "up{a=1}",
            r#"1:6: unexpected number "1" in label matching after label "a", expected a quoted string"#,
        ),
        (r#"up{a="b""#, r#"1:9: unexpected end of input in label matching, expected "," or "}""#),
        (
            r#"up{a="b" c="d"}"#,
            r#"1:10: unexpected identifier "c" in label matching, expected "," or "}""#,
        ),
        ("up{,}", r#"1:4: unexpected "," in label matching, expected a label name or "}""#),
        (r#"up{="x"}"#, r#"1:4: unexpected "=" in label matching, expected a label name or "}""#),
        (
            r#"up{1="x"}"#,
            r#"1:4: unexpected number "1" in label matching, expected a label name or "}""#,
        ),
        (r#"up{""="x"}"#, "1:4: a label name must not be empty"),
        (r#"up{a="b}"#, r#"1:6: unterminated string, expected a closing ""#),
        (
            r#"up{a=~"("}"#,
            r#"1:4: invalid regular expression in the matcher of label "a": unclosed group"#,
        ),
        (
            "up{a==“b”}",
            r#"1:6: unexpected "=" in label matching after label "a", expected a quoted string"#,
        ),
        (
            "{}",
            "1:1: a selector must contain at least one matcher that does not match the empty string",
        ),
        (
            r#"{a=""}"#,
            "1:1: a selector must contain at least one matcher that does not match the empty string",
        ),
        (
            r#"{a=~".*"}"#,
            "1:1: a selector must contain at least one matcher that does not match the empty string",
        ),
        (r#"up{__name__="x"}"#, r#"1:1: the metric name is set twice: "up" and "x""#),
        (r#"x{"y"}"#, r#"1:1: the metric name is set twice: "x" and "y""#),
    ]);
}

#[test]
fn mistakes_in_ranges() {
    check(&[
        ("up[", "1:4: unexpected end of input in a range, expected a duration"),
        ("up[]", r#"1:4: unexpected "]" in a range, expected a duration"#),
        ("up[5m", r#"1:6: unexpected end of input in a range, expected ":" or "]""#),
        ("up[5m:", r#"1:7: unexpected end of input in a subquery, expected a duration or "]""#),
        ("up[5m:1m", r#"1:9: unexpected end of input in a subquery, expected "]""#),
        ("up[0]", "1:4: the duration of a range must be greater than 0"),
        ("up[-5m]", "1:4: the duration of a range must be greater than 0"),
        ("up[5m:0s]", "1:7: the duration of a subquery must be greater than 0"),
        (
            "up[1.5h]",
            r#"1:4: "1.5h" is no number and no duration (write `30`, `1e3`, `0x1F`, `5m` or `1h30m`)"#,
        ),
        (
            "up[5m3h]",
            r#"1:4: "5m3h" is no number and no duration (write `30`, `1e3`, `0x1F`, `5m` or `1h30m`)"#,
        ),
        ("up[foo]", r#"1:4: unexpected identifier "foo" in a range, expected a duration"#),
        ("up[:5m]", r#"1:4: unexpected ":" in a range, expected a duration"#),
        ("up[step]", r#"1:8: unexpected "]" in "step", expected "(""#),
        ("up[1/0]", r#"1:6: "/" by zero in a duration"#),
        ("up[step() % 0]", r#"1:13: "%" by zero in a duration"#),
        ("up[300y]", "1:4: the duration is out of range, the limit is 292 years"),
        (
            "(up)[5m]",
            "1:5: a range is only allowed after a selector, write [range:] for a subquery",
        ),
        (
            "up[5m][5m]",
            "1:7: a range is only allowed after a selector, write [range:] for a subquery",
        ),
        ("up offset 1m [5m]", r#"1:14: "offset" must stand after the range"#),
        ("up @ 5 [5m]", r#"1:8: "@" must stand after the range"#),
    ]);
}

#[test]
fn mistakes_in_modifiers() {
    check(&[
        ("up offset", r#"1:10: unexpected end of input in "offset", expected a duration"#),
        ("up offset foo", r#"1:11: unexpected identifier "foo" in "offset", expected a duration"#),
        ("up offset 5m offset 5m", r#"1:1: "offset" must not be set twice"#),
        ("sum(up) offset 5m", r#"1:1: "offset" must follow a selector, a range or a subquery"#),
        ("(up) @ 5", r#"1:1: "@" must follow a selector, a range or a subquery"#),
        (
            "up @",
            r#"1:5: unexpected end of input in "@", expected a timestamp, "start()" or "end()""#,
        ),
        (
            "up @ foo",
            r#"1:6: unexpected identifier "foo" in "@", expected a timestamp, "start()" or "end()""#,
        ),
        ("up @ start", r#"1:11: unexpected end of input in "@", expected "()""#),
        ("up @ inf", r#"1:6: the timestamp of "@" is out of range"#),
        ("up @ 5 @ 6", r#"1:1: "@" must not be set twice"#),
        ("up @ 1e300", r#"1:6: the timestamp of "@" is out of range"#),
        ("sum(up) anchored", r#"1:1: "anchored" must follow a selector or a range of one"#),
        ("up[5m] smoothed anchored", r#"1:1: "anchored" and "smoothed" cannot be used together"#),
        ("up[5m:] smoothed", r#"1:1: "smoothed" must follow a selector or a range of one"#),
    ]);
}

#[test]
fn mistakes_in_calls() {
    check(&[
        (
            "rate(up)",
            r#"1:6: expected type range vector in call to function "rate", got instant vector"#,
        ),
        ("rate(up[5m], 1)", r#"1:1: expected 1 argument in call to function "rate", got 2"#),
        ("rate()", r#"1:1: expected 1 argument in call to function "rate", got 0"#),
        (
            "Rate(up[5m])",
            r#"1:1: unknown function "Rate" (function names are case-sensitive: "rate")"#,
        ),
        ("nope(up)", r#"1:1: unknown function "nope""#),
        (
            "holt_winters(up[5m], 1, 1)",
            r#"1:1: unknown function "holt_winters" (it is called "double_exponential_smoothing" now)"#,
        ),
        ("rate(up[5m],)", r#"1:12: unexpected "," before ")" in call to function "rate""#),
        (
            "histogram_quantile(up, 0.9)",
            r#"1:20: expected type scalar in call to function "histogram_quantile", got instant vector"#,
        ),
        ("round()", r#"1:1: expected at least 1 argument in call to function "round", got 0"#),
        (
            "round(up, 1, 2)",
            r#"1:1: expected at most 2 arguments in call to function "round", got 3"#,
        ),
        (
            r#"label_join(up, "a")"#,
            r#"1:1: expected at least 3 arguments in call to function "label_join", got 2"#,
        ),
        (
            "info(up, up)",
            r#"1:10: expected matchers in braces as the second argument of function "info""#,
        ),
        (
            "info(up, 1)",
            r#"1:10: expected matchers in braces as the second argument of function "info""#,
        ),
        ("hour(1)", r#"1:6: expected type instant vector in call to function "hour", got scalar"#),
    ]);
}

#[test]
fn mistakes_in_aggregations() {
    check(&[
        ("sum()", r#"1:1: expected 1 argument in aggregation "sum", got 0"#),
        ("sum(up, up)", r#"1:1: expected 1 argument in aggregation "sum", got 2"#),
        ("topk(up)", r#"1:1: expected 2 arguments in aggregation "topk", got 1"#),
        (
            r#"topk("a", up)"#,
            r#"1:6: expected type scalar in the parameter of aggregation "topk", got string"#,
        ),
        (
            "count_values(5, up)",
            r#"1:14: expected type string in the parameter of aggregation "count_values", got scalar"#,
        ),
        ("sum(1)", r#"1:5: expected type instant vector in aggregation "sum", got scalar"#),
        (
            "sum(up[5m])",
            r#"1:5: expected type instant vector in aggregation "sum", got range vector"#,
        ),
        ("sum by up", r#"1:8: unexpected identifier "up" in the labels of "by", expected "(""#),
        (
            "sum by (1) (up)",
            r#"1:9: unexpected number "1" in the labels of "by", expected a label name or ")""#,
        ),
        (
            "sum by (a b) (up)",
            r#"1:11: unexpected identifier "b" in the labels of "by", expected "," or ")""#,
        ),
        (
            "sum by (a:b) (up)",
            r#"1:9: unexpected identifier "a:b" in the labels of "by", expected a label name or ")""#,
        ),
        ("sum by (a) (up) by (b)", r#"1:17: unexpected keyword "by", expected an operator"#),
        ("by(up)", r#"1:3: unexpected "(", expected an operator"#),
    ]);
}

#[test]
fn mistakes_in_binary_expressions() {
    check(&[
        (
            "bool",
            r#"1:1: unexpected keyword "bool", expected a metric name, a number, a string, "(" or "{""#,
        ),
        (
            "up + bool",
            r#"1:10: unexpected end of input, expected a metric name, a number, a string, "(" or "{""#,
        ),
        ("up + bool up", r#"1:4: "bool" is only allowed on comparison operators"#),
        (
            "up + group_left(a) up",
            r#"1:6: unexpected keyword "group_left" in a binary expression, expected "on" or "ignoring" before it, or the right side"#,
        ),
        ("up + on up", r#"1:9: unexpected identifier "up" in the labels of "on", expected "(""#),
        (
            "up + on(a) group_left(a) up",
            r#"1:4: label "a" must not occur in "on" and in the group clause"#,
        ),
        ("up and on(a) group_left up", r#"1:1: no grouping is allowed for set operator "and""#),
        ("up and fill(0) up", r#"1:1: "fill" is not allowed for set operator "and""#),
        ("up + fill(x) up", r#"1:11: unexpected identifier "x" in "fill", expected a number"#),
        ("1 + fill(0) up", r#"1:1: "fill" is only allowed between instant vectors"#),
        ("1 + on(a) up", r#"1:1: "on" is only allowed between instant vectors"#),
        ("1 and up", r#"1:1: set operator "and" is only allowed between instant vectors"#),
        ("1 == 2", r#"1:3: comparisons between scalars must use the "bool" modifier"#),
        ("1 == on() 2", r#"1:3: comparisons between scalars must use the "bool" modifier"#),
        (
            r#""a" + up"#,
            "1:1: expected type scalar or instant vector in a binary expression, got string",
        ),
        (
            "up[5m] + 1",
            "1:1: expected type scalar or instant vector in a binary expression, got range vector",
        ),
        (r#"-"a""#, "1:1: a sign is only allowed on scalar and instant vector, got string"),
        ("-up[5m]", "1:1: a sign is only allowed on scalar and instant vector, got range vector"),
        ("1[5m:]", "1:1: subquery is only allowed on instant vector, got scalar"),
        (r#""a"[5m:]"#, "1:1: subquery is only allowed on instant vector, got string"),
    ]);
}

#[test]
fn mistakes_in_tokens() {
    check(&[
        ("up up", r#"1:4: unexpected identifier "up", expected an operator"#),
        ("up 5", r#"1:4: unexpected number "5", expected an operator"#),
        ("up = 5", r#"1:4: unexpected "=", expected an operator"#),
        (r#"up =~ "x""#, r#"1:4: unexpected "=~", expected an operator"#),
        ("up ! 5", r#"1:4: unexpected "!", expected "!=" or "!~""#),
        ("up & up", "1:4: unexpected character '&'"),
        (
            "1..2",
            r#"1:1: "1..2" is no number and no duration (write `30`, `1e3`, `0x1F`, `5m` or `1h30m`)"#,
        ),
        (
            "1e",
            r#"1:1: "1e" is no number and no duration (write `30`, `1e3`, `0x1F`, `5m` or `1h30m`)"#,
        ),
        (
            "0xg",
            r#"1:1: "0xg" is no number and no duration (write `30`, `1e3`, `0x1F`, `5m` or `1h30m`)"#,
        ),
        (
            "5mm",
            r#"1:1: "5mm" is no number and no duration (write `30`, `1e3`, `0x1F`, `5m` or `1h30m`)"#,
        ),
        (
            "1__0",
            r#"1:1: "1__0" is no number and no duration (write `30`, `1e3`, `0x1F`, `5m` or `1h30m`)"#,
        ),
        (r#""abc"#, r#"1:1: unterminated string, expected a closing ""#),
        ("'abc", "1:1: unterminated string, expected a closing '"),
        ("`abc", r#"1:1: unterminated string, expected a closing "`""#),
        (r#""\q""#, r#"1:1: unknown escape "\q" in a string"#),
        ("\"\\\n\"", r#"1:1: unknown escape "\\n" in a string"#),
        (r#""\xZZ""#, r#"1:1: an escape "\x" in a string takes 2 digits of base 16"#),
        (r#""\ud800""#, "1:1: an escape in a string is no valid code point"),
        ("$x", "1:1: unexpected character '$'"),
        ("up{}{}", r#"1:5: unexpected "{", expected an operator"#),
        ("up, up", r#"1:3: unexpected ",", expected an operator"#),
        ("a:b(c)", r#"1:4: unexpected "(", expected an operator"#),
        ("é", "1:1: unexpected character 'é'"),
    ]);
}

#[test]
fn places_count_lines_and_characters() {
    check(&[
        (
            "up +\n  rate(up)",
            r#"2:8: expected type range vector in call to function "rate", got instant vector"#,
        ),
        (r#""é" + nope()"#, r#"1:7: unknown function "nope""#),
        ("1 # é\n == 2", r#"2:2: comparisons between scalars must use the "bool" modifier"#),
    ]);
    let error = parse("sum(up) + nope(up)").expect_err("no such function");
    assert_eq!((error.place.start, error.place.end), (10, 14));
    assert_eq!(error.to_string(), r#"1:11: parse error: unknown function "nope""#);
}

#[test]
fn every_limit_is_named_and_what_is_just_within_passes() {
    let refused = |text: &str, limit: &str| {
        let message = parse(text).expect_err("beyond a limit").message;
        assert!(message.contains(limit), "{message}");
    };
    let sum = |terms: usize| vec!["1"; terms].join("+");
    let nested = |depth: usize| format!("{}1{}", "(".repeat(depth), ")".repeat(depth));
    let wide = |terms: usize| format!("sort_by_label(up{})", ",\"a\"".repeat(terms));
    let regexes = |count: usize| format!("{{{}}}", "a=~\"x\",".repeat(count));
    assert!(parse(&sum(DEPTH_MAX)).is_ok());
    refused(&sum(DEPTH_MAX + 1), "deeper than 64 levels");
    refused(&sum(1500), "more than 1000 nodes");
    refused(&sum(300_000), "16384 bytes");
    assert!(parse(&nested(DEPTH_MAX - 1)).is_ok());
    refused(&nested(DEPTH_MAX), "deeper than 64 levels");
    refused(&"(".repeat(TEXT_BYTES_MAX), "deeper than 64 levels");
    refused(&"(".repeat(50_000), "16384 bytes");
    refused(&format!("up[{}1]", "(".repeat(100)), "deeper than 64 levels");
    refused(&format!("{}1", "-".repeat(100)), "deeper than 64 levels");
    refused(&format!("{}up", "2^".repeat(100)), "deeper than 64 levels");
    assert!(parse(&wide(NODES_MAX - 2)).is_ok());
    refused(&wide(NODES_MAX - 1), "more than 1000 nodes");
    assert!(parse(&regexes(REGEXES_MAX)).is_ok());
    refused(&regexes(REGEXES_MAX + 1), "more than 64 regular expressions");
    refused(&format!("{{{}}}", "a=\"x\",".repeat(NODES_MAX)), "more than 1000 nodes");
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_inside_itself(text in "\\PC{0,60}") {
        if let Err(error) = parse(&text) {
            prop_assert!(error.place.start <= error.place.end && error.place.end <= text.len());
        }
    }

    #[test]
    fn any_pieces_are_read_or_refused_inside_the_text(
        pieces in prop::collection::vec(piece(), 0..20),
    ) {
        let text = pieces.concat();
        if let Err(error) = parse(&text) {
            prop_assert!(error.place.start <= error.place.end && error.place.end <= text.len());
            prop_assert!(!error.message.is_empty() && !error.message.contains('\n'));
        }
    }
}

fn piece() -> impl Strategy<Value = &'static str> {
    const PIECES: &[&str] = &[
        "up",
        "sum",
        "rate",
        "by",
        "on",
        "ignoring",
        "group_left",
        "offset",
        "@",
        "start",
        "step",
        "bool",
        "fill",
        "anchored",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "=",
        "!=",
        "=~",
        "!~",
        "==",
        "<",
        "+",
        "-",
        "*",
        "^",
        " and ",
        " or ",
        "5m",
        "1e3",
        "0x1F",
        "inf",
        "\"a\"",
        "'b'",
        "`c`",
        " ",
        "\n",
        "# x\n",
        "é",
        "\\",
        "\"",
        "a:b",
        ".",
        "5",
        "min_of",
    ];
    prop::sample::select(PIECES)
}
