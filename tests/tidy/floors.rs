//! Who may know whom: the floors of `src`, and what only one module may name.

use crate::hold;
use crate::tree::{File, files, rust_code};

/// Each module with the modules it may import. A module not named here is not known.
const FLOORS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("ingest", &["model"]),
    ("store", &["model"]),
    ("query", &["model"]),
    ("collect", &["model", "ingest"]),
    ("live", &["model", "query"]),
    ("dashboard", &["model", "query"]),
    ("render", &["model", "dashboard"]),
    ("clock", &["model"]),
    ("web", &["model", "ingest", "store", "query", "collect", "live", "dashboard", "render"]),
    (
        "config",
        &["model", "ingest", "store", "query", "collect", "live", "dashboard", "render", "web"],
    ),
    ("tools", &["model", "ingest", "store", "query", "config"]),
];

/// The files that wire everything, and may import all of it.
const WIRING: [&str; 3] = ["src/lib.rs", "src/main.rs", "src/service.rs"];

/// Crates, and names of the standard library, with the modules that alone may name them.
const FENCED: &[(&str, &[&str])] = &[
    ("sysinfo::", &["collect"]),
    ("actix_web", &["web", "service"]),
    ("actix_http", &["web"]),
    ("actix_ws", &["web"]),
    ("askama", &["web"]),
    ("snap::", &["ingest"]),
    ("zstd::", &["ingest"]),
    ("crc32c::", &["store", "tools"]),
    ("flate2::", &["ingest", "web"]),
    ("clap::", &["config", "main"]),
    ("::config::", &["config"]),
    ("env_logger", &["main"]),
    ("env::var", &["config", "main"]),
    ("env::args", &["config", "main"]),
];

/// What a module must never name, whatever it imports.
const NEVER: &[(&str, &[&str])] = &[
    ("model", &["tokio", "std::fs", "std::net"]),
    ("query", &["tokio", "async ", "std::fs", "std::net", "Clock"]),
    ("ingest", &["tokio", "async ", "std::fs", "std::net", "Clock"]),
    ("store", &["tokio", "std::net"]),
    ("live", &["actix", "std::fs"]),
    ("dashboard", &["tokio", "std::fs", "std::net"]),
    ("render", &["tokio", "std::fs", "std::net"]),
];

#[test]
fn modules_import_only_from_their_row() {
    let sources = files(&["src"], &[".rs"]);
    assert!(sources.len() > 20, "the sources were not found");
    let findings: Vec<String> = sources.iter().flat_map(broken_floors).collect();
    hold("a module imports what its row of the floors does not name", &findings);
}

#[test]
fn fenced_names_stay_inside_their_module() {
    let findings: Vec<String> = files(&["src"], &[".rs"]).iter().flat_map(broken_fences).collect();
    hold("a name is used outside the module that it belongs to", &findings);
}

/// The files of the store that touch the file system: the disk itself, and the settings, which ask
/// the system for its memory.
const DISK: [&str; 2] = ["src/store/disk.rs", "src/store/options.rs"];

#[test]
fn the_store_touches_files_through_its_disk_alone() {
    let sources = files(&["src/store"], &[".rs"]);
    let outside = sources.iter().filter(|file| !DISK.contains(&file.path.as_str()));
    let findings: Vec<String> = outside.flat_map(file_system).collect();
    hold("a file of the store touches the file system past `Disk`", &findings);
}

/// Where a file names what touches the file system.
fn file_system(file: &File) -> Vec<String> {
    let code = rust_code(&file.text);
    let names = ["std::fs", "File::", "OpenOptions", "rustix::fs"];
    let lines = code.lines().enumerate();
    let found = lines.filter(|(_, line)| names.iter().any(|name| has_word(line, name)));
    found.map(|(index, _)| format!("{}:{}", file.path, index + 1)).collect()
}

#[test]
fn a_way_past_the_disk_is_found() {
    let found = |text: &str| file_system(&File { path: "a.rs".to_owned(), text: text.to_owned() });
    assert_eq!(found("let a = 1;\nstd::fs::remove_file(path)?;"), ["a.rs:2"]);
    assert_eq!(found("File::open(path)"), ["a.rs:1"]);
    assert!(found("SegmentFile::new() // std::fs").is_empty());
}

/// The module that a file of `src` belongs to.
fn module_of(path: &str) -> &str {
    let inside = path.strip_prefix("src/").unwrap_or(path);
    let first = inside.split('/').next().unwrap_or(inside);
    first.strip_suffix(".rs").unwrap_or(first)
}

fn broken_floors(file: &File) -> Vec<String> {
    if WIRING.contains(&file.path.as_str()) {
        return Vec::new();
    }
    let module = module_of(&file.path);
    let Some((_, allowed)) = FLOORS.iter().find(|(name, _)| *name == module) else {
        return vec![format!("{}: `{module}` has no row in the floors", file.path)];
    };
    let code = rust_code(&file.text);
    let mut findings = Vec::new();
    for (at, name) in named(&code, &file.path) {
        let known = FLOORS.iter().any(|(known, _)| *known == name);
        if known && name != module && !allowed.contains(&name) {
            let line = code[..at].matches('\n').count() + 1;
            findings.push(format!("{}:{line}: `{module}` names `{name}`", file.path));
        }
    }
    findings
}

/// The names that stand right behind the crate's root, with their places: behind `crate::`, in a
/// group behind it, and behind enough `super::` to reach it.
fn named<'a>(code: &'a str, path: &str) -> Vec<(usize, &'a str)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => found.extend(group_heads(group).into_iter().map(|name| (at, name))),
            None => found.push((at, word(rest))),
        }
    }
    let depth = path.matches('/').count() - usize::from(path.ends_with("mod.rs"));
    let climb = "super::".repeat(depth.max(1));
    for (at, _) in code.match_indices(&climb) {
        let rest = code[at + climb.len()..].trim_start_matches("super::");
        if !code[..at].ends_with("super::") {
            found.push((at, word(rest)));
        }
    }
    found
}

/// The first names inside a group of imports, nested groups left out.
fn group_heads(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut heads) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' | ',' if depth == 0 => {
                heads.push(word(group[start..at].trim_start()));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    heads
}

fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

fn broken_fences(file: &File) -> Vec<String> {
    let module = module_of(&file.path);
    let never = NEVER.iter().filter(|(name, _)| *name == module).flat_map(|(_, names)| *names);
    let fenced = FENCED.iter().filter(|(_, owners)| !owners.contains(&module));
    let names: Vec<&str> = never.copied().chain(fenced.map(|(name, _)| *name)).collect();
    let code = rust_code(&file.text);
    let mut findings = Vec::new();
    for (index, line) in code.lines().enumerate() {
        for name in names.iter().filter(|name| has_word(line, name)) {
            findings.push(format!("{}:{}: `{name}` in `{module}`", file.path, index + 1));
        }
    }
    findings
}

/// Whether `name` stands in `line` and does not begin in the middle of a word.
fn has_word(line: &str, name: &str) -> bool {
    let in_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(name).any(|(at, _)| !line[..at].ends_with(in_word))
}

#[test]
fn a_broken_floor_is_found() {
    let check = |path: &str, text: &str, expected: &[&str]| {
        let file = File { path: path.to_owned(), text: text.to_owned() };
        assert_eq!(broken_floors(&file), expected, "{text}");
    };
    let store = "src/store/head.rs";
    check(store, "use crate::model::Labels;\nuse crate::store::Head;", &[]);
    check(store, "\nuse crate::query::Plan;", &["src/store/head.rs:2: `store` names `query`"]);
    check(store, "//! [`crate::query::Plan`]\nlet a = \"crate::query\";", &[]);
    let group = "use crate::{model::{Span, query}, live};";
    check(store, group, &["src/store/head.rs:1: `store` names `live`"]);
    let climb = "use super::super::query::Plan;";
    check(store, climb, &["src/store/head.rs:1: `store` names `query`"]);
    check("src/store/mod.rs", "use super::live;", &["src/store/mod.rs:1: `store` names `live`"]);
    check("src/web/pages/mod.rs", "use super::live;", &[]);
    check("src/new/mod.rs", "", &["src/new/mod.rs: `new` has no row in the floors"]);
    check("src/lib.rs", "use crate::web::App;", &[]);
}

#[test]
fn a_broken_fence_is_found() {
    let check = |path: &str, text: &str, expected: &[&str]| {
        let file = File { path: path.to_owned(), text: text.to_owned() };
        assert_eq!(broken_fences(&file), expected, "{text}");
    };
    check(
        "src/live/mod.rs",
        "use actix_web::web;",
        &["src/live/mod.rs:1: `actix` in `live`", "src/live/mod.rs:1: `actix_web` in `live`"],
    );
    check("src/query/mod.rs", "async fn f() {}", &["src/query/mod.rs:1: `async ` in `query`"]);
    check(
        "src/store/mod.rs",
        "std::env::var(\"A\")",
        &["src/store/mod.rs:1: `env::var` in `store`"],
    );
    check("src/web/mod.rs", "use actix_web::web; // sysinfo::System", &[]);
    check("src/render/mod.rs", "let unsnap::x = 1;", &[]);
}
