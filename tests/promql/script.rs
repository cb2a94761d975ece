//! The language of the scripts: `load`, `clear`, `eval` with what is expected of it.

use watchglass::model::{Labels, Span, Timestamp, stale_marker};

/// One series of a `load` or of an expected result.
#[derive(Debug, Clone)]
pub(crate) struct Series {
    pub(crate) labels: Labels,
    pub(crate) points: Vec<Option<f64>>,
}

#[derive(Debug)]
pub(crate) enum Command {
    Clear,
    Load { step: Span, series: Vec<Series>, histograms: Vec<String> },
    Eval(Eval),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum When {
    Instant(Timestamp),
    Range(Timestamp, Timestamp, Span),
}

/// What a result must say beside its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    Fail,
    Warn,
    Info,
    NoWarn,
    NoInfo,
}

/// What a message must be.
#[derive(Debug, Clone)]
pub(crate) enum Text {
    /// A remark is this text, with its place; a failure holds it.
    Words(String),
    /// It matches this.
    Pattern(regex::Regex),
}

impl Text {
    fn pattern(text: &str) -> Self {
        Self::Pattern(regex::Regex::new(text).unwrap())
    }
}

#[derive(Debug)]
pub(crate) struct Eval {
    pub(crate) line: usize,
    pub(crate) when: When,
    pub(crate) query: String,
    pub(crate) words: Vec<(Word, Option<Text>)>,
    pub(crate) ordered: bool,
    pub(crate) text: Option<String>,
    /// The times of raw samples: their start and their distance.
    pub(crate) raw: Option<(Timestamp, Span)>,
    pub(crate) scalar: Option<f64>,
    pub(crate) series: Vec<Series>,
    /// Native histograms are expected.
    pub(crate) histograms: bool,
}

/// Reads a script. Mistakes in it end the test with the line.
pub(crate) fn read(text: &str) -> Vec<Command> {
    let mut commands = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let indented = line.starts_with([' ', '\t']);
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if !indented || line.starts_with("eval") {
            commands.push(command(line, index + 1));
            continue;
        }
        let command = commands.last_mut();
        match command.unwrap_or_else(|| panic!("line {}: nothing to belong to", index + 1)) {
            Command::Load { histograms, .. } if line.contains("{{") => {
                histograms.push(split_series(line).0.name().to_owned());
            }
            Command::Load { series, .. } => series.push(read_series(line)),
            Command::Eval(eval) => expectation(eval, line),
            Command::Clear => panic!("line {}: `clear` takes nothing", index + 1),
        }
    }
    commands
}

fn command(line: &str, number: usize) -> Command {
    if line == "clear" {
        return Command::Clear;
    }
    let words = line.split_once(' ').unwrap_or_else(|| panic!("line {number}: `{line}`"));
    match words {
        ("load" | "load_with_nhcb", step) => Command::Load {
            step: Span(duration(step.trim())),
            series: Vec::new(),
            histograms: Vec::new(),
        },
        (word, rest) if word.starts_with("eval") => {
            let mut eval = eval(rest.trim(), number);
            match word {
                "eval_fail" => eval.words.push((Word::Fail, None)),
                "eval_warn" => eval.words.push((Word::Warn, None)),
                "eval_info" => eval.words.push((Word::Info, None)),
                "eval_ordered" => eval.ordered = true,
                _ => {}
            }
            Command::Eval(eval)
        }
        _ => panic!("line {number}: `{line}` is no command"),
    }
}

fn eval(rest: &str, line: usize) -> Eval {
    let mut rest = rest;
    let mut next = || {
        let (word, left) = rest.split_once(char::is_whitespace).unwrap();
        rest = left.trim_start();
        word
    };
    let when = match next() {
        "instant" => {
            assert_eq!(next(), "at", "line {line}");
            When::Instant(Timestamp(duration(next())))
        }
        "range" => {
            assert_eq!(next(), "from", "line {line}");
            let from = duration(next());
            assert_eq!(next(), "to", "line {line}");
            let to = duration(next());
            assert_eq!(next(), "step", "line {line}");
            When::Range(Timestamp(from), Timestamp(to), Span(duration(next())))
        }
        other => panic!("line {line}: `{other}`"),
    };
    Eval {
        line,
        when,
        query: rest.to_owned(),
        words: Vec::new(),
        ordered: false,
        text: None,
        raw: None,
        scalar: None,
        series: Vec::new(),
        histograms: false,
    }
}

fn expectation(eval: &mut Eval, line: &str) {
    let Some(expected) = line.strip_prefix("expect ") else {
        // The older form of the same.
        if let Some((form, text)) = line.split_once(char::is_whitespace)
            && let Some(kind) = form.strip_prefix("expected_fail_")
        {
            let text = text.trim();
            let text = match kind {
                "message" => Text::Words(text.to_owned()),
                "regexp" => Text::pattern(text),
                other => panic!("line {}: `expected_fail_{other}`", eval.line),
            };
            eval.words.retain(|(word, _)| *word != Word::Fail);
            eval.words.push((Word::Fail, Some(text)));
            return;
        }
        if line.contains("{{") {
            eval.histograms = true;
        } else if let Ok(number) = line.parse() {
            eval.scalar = Some(number);
        } else {
            eval.series.push(read_series(line));
        }
        return;
    };
    let (word, rest) = expected.split_once(' ').unwrap_or((expected, ""));
    let said = matches!(word, "fail" | "warn" | "info").then_some(rest);
    let words = said.and_then(|rest| rest.split_once(':')).map(|(kind, text)| match kind.trim() {
        "msg" => Text::Words(text.trim().to_owned()),
        "regex" => Text::pattern(text.trim()),
        other => panic!("line {}: `{other}:`", eval.line),
    });
    match word {
        "fail" => eval.words.push((Word::Fail, words)),
        "warn" => eval.words.push((Word::Warn, words)),
        "info" => eval.words.push((Word::Info, words)),
        "no_warn" => eval.words.push((Word::NoWarn, None)),
        "no_info" => eval.words.push((Word::NoInfo, None)),
        "ordered" => eval.ordered = true,
        "string" => eval.text = Some(quoted(rest.trim()).0),
        "range" => {
            let words: Vec<&str> = rest.split_whitespace().collect();
            eval.raw = Some((Timestamp(duration(words[2])), Span(duration(words[6]))));
        }
        other => panic!("line {}: `expect {other}`", eval.line),
    }
}

fn read_series(line: &str) -> Series {
    let (labels, points) = split_series(line);
    Series { labels, points: points.split_whitespace().flat_map(points_of).collect() }
}

/// The labels of a series and the rest of its line.
fn split_series(line: &str) -> (Labels, &str) {
    let end = line.find(|c: char| c == '{' || c.is_whitespace()).unwrap_or(line.len());
    let (name, mut rest) = line.split_at(end);
    let mut pairs = vec![("__name__".to_owned(), name.to_owned())];
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner.trim_start();
        loop {
            if let Some(after) = rest.strip_prefix('}') {
                rest = after;
                break;
            }
            let (label, after) = label(rest);
            pairs.push(label);
            rest = after.trim_start().trim_start_matches(',').trim_start();
        }
    }
    pairs.retain(|(_, value)| !value.is_empty());
    (Labels::from_pairs(pairs).unwrap(), rest)
}

/// One `name="value"` or a quoted metric name, and what follows it.
fn label(text: &str) -> ((String, String), &str) {
    let (name, rest) = if text.starts_with(['"', '\'', '`']) {
        quoted(text)
    } else {
        let end = text.find(|c: char| c == '=' || c.is_whitespace()).unwrap();
        let (name, rest) = text.split_at(end);
        (name.to_owned(), rest)
    };
    let Some(rest) = rest.trim_start().strip_prefix('=') else {
        return (("__name__".to_owned(), name), rest);
    };
    let (value, rest) = quoted(rest.trim_start());
    ((name, value), rest)
}

/// A quoted text and what follows it.
fn quoted(text: &str) -> (String, &str) {
    let mut chars = text.char_indices();
    let (_, quote) = chars.next().unwrap();
    let mut value = String::new();
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == quote => return (value, text.split_at(at + 1).1),
            '\\' if quote != '`' => match chars.next().unwrap().1 {
                'n' => value.push('\n'),
                't' => value.push('\t'),
                other => value.push(other),
            },
            c => value.push(c),
        }
    }
    panic!("`{text}` does not end")
}

/// The points that one piece of the notation stands for: `3`, `_x4`, `1+2x5`, `stale`.
fn points_of(piece: &str) -> Vec<Option<f64>> {
    match piece {
        "_" => return vec![None],
        "stale" => return vec![Some(stale_marker())],
        _ => {}
    }
    if let Ok(number) = piece.parse() {
        return vec![Some(number)];
    }
    let (values, times) = piece.rsplit_once('x').unwrap_or_else(|| panic!("`{piece}`"));
    let times: usize = times.parse().unwrap();
    if values == "_" {
        return vec![None; times];
    }
    if let Ok(number) = values.parse() {
        return vec![Some(number); times + 1];
    }
    // The sign between both numbers: neither the first character nor that of an exponent.
    let sign = values
        .char_indices()
        .filter(|(at, c)| *at > 0 && matches!(c, '+' | '-'))
        .find(|(at, _)| !values.get(..*at).unwrap().ends_with(['e', 'E']))
        .unwrap_or_else(|| panic!("`{piece}`"));
    let (first, each) = values.split_at(sign.0);
    let (first, each): (f64, f64) = (first.parse().unwrap(), each.parse().unwrap());
    let mut value = first;
    let mut points = Vec::with_capacity(times + 1);
    for _ in 0..=times {
        points.push(Some(value));
        value += each;
    }
    points
}

/// Milliseconds of `1h30m`, `250ms`, or of a plain number of seconds.
pub(crate) fn duration(text: &str) -> i64 {
    if let Ok(seconds) = text.parse::<f64>() {
        return (seconds * 1000.0).round() as i64;
    }
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut millis = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap();
        let (number, after) = rest.split_at(digits);
        let unit = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit);
        let size = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 604_800_000,
            "y" => 31_536_000_000,
            other => panic!("`{other}` is no unit"),
        };
        millis += number.parse::<i64>().unwrap() * size;
        rest = after;
    }
    if negative { -millis } else { millis }
}
