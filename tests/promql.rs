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

use run::{Outcome, Strictness, run_script};

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
        let outcomes = run_script(&text, Strictness::Words);
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

#[test]
fn scripts_from_elsewhere_are_reported() {
    let Some(folder) = std::env::var_os("WATCHGLASS_PROMQLTEST_DIR") else {
        return;
    };
    for path in scripts_in(Path::new(&folder)) {
        let text = std::fs::read_to_string(&path).unwrap();
        let outcomes = run_script(&text, Strictness::Values);
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
