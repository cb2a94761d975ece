//! Tests of the layers: what wins, and how mistakes are told.

use std::fs;

use super::*;
use crate::model::Span;

/// A folder with these files in it.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("inside the folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    folder
}

fn loaded(files: &[(&str, &str)], variables: &[(&str, &str)], flags: &Flags) -> Loaded {
    let folder = folder(files);
    load(flags, owned(variables), folder.path()).unwrap_or_else(|wrong| panic!("{wrong}"))
}

/// The lines that come out of settings with mistakes in them.
fn refused(files: &[(&str, &str)], variables: &[(&str, &str)], flags: &Flags) -> Vec<String> {
    let folder = folder(files);
    let wrong = load(flags, owned(variables), folder.path()).expect_err("mistakes");
    let shown = wrong.lines().map(|line| line.replace(&folder.path().display().to_string(), ""));
    shown.collect()
}

fn owned(variables: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    variables.iter().map(|(name, value)| (name.into(), value.into())).collect()
}

#[test]
fn without_a_file_the_shipped_one_is_used_and_has_no_mistake() {
    let loaded = loaded(&[], &[], &Flags::default());
    assert_eq!(loaded.settings.server, web::options::Options::default());
    assert_eq!(loaded.settings.storage, store::Options::default());
    assert!(loaded.summary().starts_with("the dashboard.toml built in is valid: "));
}

#[test]
fn each_layer_wins_over_the_one_below() {
    let file = [("dashboard.toml", "[server]\nbind = \"127.0.0.1:1\"\n[storage]\npath = \"f\"\n")];
    let variables =
        [("WATCHGLASS__SERVER__BIND", "127.0.0.1:2"), ("WATCHGLASS__STORAGE__PATH", "v")];
    let flags = Flags { bind: Some("127.0.0.1:3".into()), ..Flags::default() };
    let check = |loaded: Loaded, bind: &str, path: &str| {
        assert_eq!(loaded.settings.server.bind, bind);
        assert_eq!(loaded.settings.storage.path, path);
    };
    check(loaded(&[], &[], &Flags::default()), "127.0.0.1:9494", "data");
    check(loaded(&file, &[], &Flags::default()), "127.0.0.1:1", "f");
    check(loaded(&file, &variables, &Flags::default()), "127.0.0.1:2", "v");
    check(loaded(&file, &variables, &flags), "127.0.0.1:3", "v");
    let data = Flags { data: Some("d".into()), ..flags };
    check(loaded(&file, &variables, &data), "127.0.0.1:3", "d");
}

#[test]
fn a_named_file_is_read_from_where_it_says_and_must_be_there() {
    let flags = Flags { config: Some("etc/other.toml".into()), ..Flags::default() };
    let text = "[storage.retention]\nraw = \"2h\"\n";
    let found = loaded(&[("etc/other.toml", text)], &[], &flags);
    assert_eq!(found.settings.storage.retention.raw, Span::from_secs(7200));
    assert_eq!(found.summary(), "etc/other.toml is valid: 1 dashboard, 1 setting");
    let missing = refused(&[("dashboard.toml", text)], &[], &flags);
    assert!(missing[0].starts_with("etc/other.toml: cannot read the settings: "), "{missing:?}");
}

#[test]
fn all_mistakes_come_at_once_with_key_and_place() {
    let text = "[server]\nbnd = \"x\"\nworkers = \"many\"\n\n[storage.retention]\nraw = 5\n\n\
                [sorage]\npath = \"x\"\n\n[embed]\nparents = [\"*\"]\n";
    let flags = Flags { bind: Some("here".into()), ..Flags::default() };
    let variables = [
        ("WATCHGLASS__SERVER__HOSTZ", "a"),
        ("WATCHGLASS__SERVER__CONNECTIONS_MAX", "lots"),
        ("WATCHGLASS__STORAGE__RETENTION", "1h"),
    ];
    let lines = refused(&[("dashboard.toml", text)], &variables, &flags);
    let starts = [
        "dashboard.toml:2: server.bnd: there is no such setting (in `server` there are `bind`, ",
        "dashboard.toml:3: server.workers: invalid type: string \"many\", expected usize",
        "dashboard.toml:6: storage.retention.raw: invalid type: integer `5`, expected a length of ",
        "dashboard.toml:8: sorage: there is no such section (there are `",
        "WATCHGLASS__SERVER__CONNECTIONS_MAX: server.connections_max: invalid type: string ",
        "WATCHGLASS__SERVER__HOSTZ: server.hostz: there is no such setting ",
        "WATCHGLASS__STORAGE__RETENTION: storage.retention: this is a table of settings, not a ",
        "--bind: server.bind: `here` is not an address with a port ",
        "dashboard.toml:12: embed.parents: `*` is not an exact origin ",
    ];
    for start in starts {
        assert!(lines.iter().any(|line| line.starts_with(start)), "{start}\nin {lines:#?}");
    }
    assert_eq!(lines.len(), starts.len(), "{lines:#?}");
}

#[test]
fn bounds_are_checked_where_the_value_was_written() {
    let text = "[storage]\n[storage.retention]\nraw = \"1ms\"\n";
    let lines = refused(&[("dashboard.toml", text)], &[], &Flags::default());
    assert!(lines[0].starts_with("dashboard.toml:3: storage.retention.raw: "), "{lines:?}");
    let outside = [("WATCHGLASS__SERVER__BIND", "0.0.0.0:80")];
    let lines = refused(&[], &outside, &Flags::default());
    let start = "WATCHGLASS__SERVER__BIND: server.bind: `0.0.0.0:80` can be reached from other";
    assert!(lines[0].starts_with(start), "{lines:?}");
}

#[test]
fn variables_take_the_form_of_their_setting() {
    let variables = [
        ("WATCHGLASS__SERVER__WORKERS", "3"),
        ("WATCHGLASS__SERVER__INSECURE_HTTP", "true"),
        ("WATCHGLASS__SERVER__HOSTS", "a.example, b.example"),
        ("WATCHGLASS__EMBED__PARENTS", "[\"https://a.example\"]"),
        ("WATCHGLASS__STORAGE__PATH", "5"),
        ("WATCHGLASS__STORAGE__MEMORY_MAX", "64MiB"),
        ("WATCHGLASS__STORAGE__RETENTION__RAW", "3y"),
        ("WATCHGLASSES", "not ours"),
        ("PATH", "not ours"),
    ];
    let loaded = loaded(&[], &variables, &Flags::default());
    let settings = &loaded.settings;
    assert_eq!((settings.server.workers, settings.server.insecure_http), (3, true));
    assert_eq!(settings.server.hosts, ["a.example", "b.example"]);
    assert_eq!(settings.embed.parents, ["https://a.example"]);
    assert_eq!(settings.storage.path, "5");
    assert_eq!(settings.storage.memory_max.map(|size| size.0), Some(64 << 20));
    assert_eq!(settings.storage.retention.raw, Span::parse("3y").expect("a length"));
    assert!(loaded.summary().ends_with(", 7 from variables and flags"), "{}", loaded.summary());
}

#[test]
fn dashboards_come_from_the_file_and_the_folder_beside_it() {
    let one = "[[dashboard]]\nslug = \"a\"\ntitle = \"A\"\n[[dashboard.panel]]\nid = \"p\"\n\
               title = \"P\"\nquery = \"up\"\n";
    let other = one.replace("\"a\"", "\"b\"");
    let files =
        [("etc/w.toml", one), ("etc/dashboards/b.toml", &other), ("etc/dashboards/c.txt", "no")];
    let flags = Flags { config: Some("etc/w.toml".into()), ..Flags::default() };
    let found = loaded(&files, &[], &flags);
    let served = found.settings.dashboards.served().iter().flat_map(|file| &file.dashboards);
    let slugs: Vec<&str> = served.map(|dashboard| dashboard.slug.as_str()).collect();
    assert_eq!(slugs, ["a", "b", "overview"]);
    let again = [("etc/w.toml", one), ("etc/dashboards/again.toml", one)];
    let lines = refused(&again, &[], &flags);
    assert!(lines[0].ends_with("the slug `a` is taken already, in etc/w.toml"), "{lines:?}");
    let foreign = format!("[server]\nbind = \"x\"\n{one}");
    let lines = refused(&[("etc/w.toml", ""), ("etc/dashboards/d.toml", &foreign)], &[], &flags);
    assert!(lines[0].contains("dashboards/d.toml:1: server: only `[[dashboard]]`"), "{lines:?}");
    let broken = one.replace("slug = \"a\"", "slug = 5");
    let lines = refused(&[("etc/w.toml", &broken)], &[], &flags);
    assert!(lines[0].starts_with("etc/w.toml:"), "{lines:?}");
}

#[test]
fn a_file_that_is_no_toml_is_one_mistake_and_the_other_layers_are_still_checked() {
    let variables = [("WATCHGLASS__SERVER__WORKERS", "257")];
    let lines = refused(&[("dashboard.toml", "[server\n")], &variables, &Flags::default());
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("dashboard.toml:1: "), "{lines:?}");
    assert_eq!(lines[1], "WATCHGLASS__SERVER__WORKERS: server.workers: must be at most 256");
}
