//! Runs the query scripts of `tests/promql`: data in, a query, what it must answer.
//!
//! The scripts are written in the language of Prometheus' own query tests, so that scripts from
//! elsewhere can be run as well: set `WATCHGLASS_PROMQLTEST_DIR` to their folder, and the outcome
//! of each file is reported; only the scripts of this project decide whether the test passes.

#![expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
#![expect(clippy::print_stdout, reason = "the report on other people's scripts is its output")]
#![expect(clippy::string_slice, reason = "places come from searching the same text")]

#[path = "promql/run.rs"]
mod run;
#[path = "promql/script.rs"]
mod script;
#[path = "promql/store.rs"]
mod store;

use std::path::{Path, PathBuf};

use run::{Outcome, run_script};

fn scripts_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "test"));
    paths.sort();
    paths
}

#[test]
fn the_scripts_of_the_project_hold() {
    let scripts = scripts_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/promql"));
    assert!(scripts.len() > 5, "the scripts are missing");
    let mut failures = Vec::new();
    for path in scripts {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let outcomes = run_script(&text);
        assert!(!outcomes.is_empty(), "{name} evaluates nothing");
        for (line, outcome) in outcomes {
            match outcome {
                Outcome::Passed => {}
                Outcome::Failed(why) | Outcome::Skipped(why) => {
                    failures.push(format!("{name}:{line}: {why}"));
                }
            }
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

/// No function and no aggregation is left without a script.
#[test]
fn every_name_of_the_language_stands_in_a_script() {
    use watchglass::query::{Function, aggregation_names};
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/promql");
    let texts = scripts_in(&folder).into_iter().map(|path| std::fs::read_to_string(path).unwrap());
    let lines: String = texts
        .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<String>>())
        .filter(|line| line.starts_with("eval"))
        .collect();
    let called = |name: &&str| {
        lines.match_indices(*name).any(|(at, _)| {
            let (before, after) = (&lines[..at], &lines[at + name.len()..]);
            let part_of_a_name = before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
            !part_of_a_name
                && ["(", " (", " by", " without"].iter().any(|next| after.starts_with(next))
        })
    };
    let names = Function::all().map(Function::name).chain(aggregation_names());
    let missing: Vec<&str> = names.filter(|name| !called(name)).collect();
    assert!(missing.is_empty(), "no script calls {missing:?}");
}

/// The rows of the tables in `topics.md`: a topic, and a script or a test.
fn topics() -> Vec<(String, String)> {
    let rows = include_str!("promql/topics.md").lines().filter_map(|line| {
        let (topic, place) = line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | ")?;
        Some((topic.to_owned(), place.to_owned()))
    });
    rows.filter(|(topic, _)| topic != "topic" && topic != "---").collect()
}

/// The sections of a script that evaluate something.
fn sections(text: &str) -> Vec<String> {
    let mut sections: Vec<(String, bool)> = Vec::new();
    for line in text.lines() {
        if let Some(topic) = line.strip_prefix("# topic: ") {
            sections.push((topic.trim().to_owned(), false));
        } else if let Some(last) = sections.last_mut() {
            last.1 |= line.starts_with("eval");
        }
    }
    sections.into_iter().filter(|(_, evaluates)| *evaluates).map(|(topic, _)| topic).collect()
}

#[test]
fn every_topic_has_a_script_and_every_script_its_topics() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let topics = topics();
    assert!(topics.len() >= 58, "topics are missing");
    let mut missing = Vec::new();
    for (topic, place) in &topics {
        let there = if Path::new(place).extension().is_some() {
            let text = std::fs::read_to_string(root.join("promql").join(place)).unwrap();
            sections(&text).contains(topic)
        } else {
            let test = format!("async fn {place}()");
            ["api.rs", "grafana.rs"].iter().any(|file| {
                std::fs::read_to_string(root.join("suite").join(file)).unwrap().contains(&test)
            })
        };
        if !there {
            missing.push(format!("{place} has nothing on `{topic}`"));
        }
    }
    for path in scripts_in(&root.join("promql")) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        for topic in sections(&std::fs::read_to_string(&path).unwrap()) {
            if !topics.contains(&(topic.clone(), name.clone())) {
                missing.push(format!("`{topic}` of {name} has no row in topics.md"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn scripts_from_elsewhere_are_reported() {
    let Some(folder) = std::env::var_os("WATCHGLASS_PROMQLTEST_DIR") else {
        return;
    };
    for path in scripts_in(Path::new(&folder)) {
        let text = std::fs::read_to_string(&path).unwrap();
        let outcomes = run_script(&text);
        let (mut passed, mut failed, mut skipped) = (0, 0, 0);
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        for (line, outcome) in &outcomes {
            match outcome {
                Outcome::Passed => passed += 1,
                Outcome::Skipped(_) => skipped += 1,
                Outcome::Failed(why) => {
                    failed += 1;
                    println!("  {name}:{line}: {why}");
                }
            }
        }
        println!("{name}: {passed} passed, {failed} failed, {skipped} with native histograms");
    }
}
