//! Rules of pages, scripts and styles: what a strict content policy needs, who imports whom, and
//! that nothing lies about unused.

use crate::hold;
use crate::imports::{imports, resolve};
use crate::tree::{File, files};

/// Scripts from the top down: each may import what stands in a later row, or beside it in the same
/// folder. A name that ends in `/` is a folder.
const ORDER: &[&[&str]] = &[
    &["main.js", "embed.js", "explore.js"],
    &["explore/"],
    &["start.js", "controls.js"],
    &["actions.js"],
    &["later/"],
    &["elements/"],
    &["views/"],
    &["chart/"],
    &["past.js"],
    &["parts/"],
    &["subscription.js"],
    &["connection.js"],
    &["window.js", "rows.js", "when.js"],
    &["judge.js"],
    &["frame.js", "units.js"],
    &["zone.js"],
];

fn own_scripts() -> Vec<File> {
    files(&["assets"], &[".js"])
}

#[test]
fn scripts_import_downwards_only() {
    let findings: Vec<String> = own_scripts().iter().flat_map(upward_imports).collect();
    hold("a script imports what stands above it", &findings);
}

#[test]
fn pages_and_scripts_keep_the_content_policy() {
    let found = files(&["templates", "assets"], &[".js", ".html", ".svg", ".xml"]);
    let findings: Vec<String> = found.iter().flat_map(policy_breaks).collect();
    hold("a page or script needs more than the content policy allows", &findings);
}

#[test]
fn every_asset_is_used() {
    let all = files(&["assets"], &[""]);
    let mut users = files(&["assets", "templates", "src/web"], &[".js", ".css", ".html", ".rs"]);
    users.extend(files(&["assets"], &[".svg", ".webmanifest"]));
    let mut findings = Vec::new();
    for asset in all.iter().map(|file| file.path.as_str()) {
        if !is_view(asset) && !users.iter().any(|user| user.path != asset && uses(user, asset)) {
            findings.push(format!("{asset}: nobody names it"));
        }
    }
    hold("an asset is not used", &findings);
}

/// The row of a script in the order; none when it has no row.
fn row_of(path: &str) -> Option<usize> {
    ORDER.iter().position(|row| {
        row.iter().any(|name| path == *name || (name.ends_with('/') && path.starts_with(name)))
    })
}

fn upward_imports(file: &File) -> Vec<String> {
    let path = file.path.strip_prefix("assets/").unwrap_or(&file.path);
    let Some(row) = row_of(path) else {
        return vec![format!("{}: it has no row in the order of imports", file.path)];
    };
    let folder = |path: &str| path.rsplit_once('/').map(|(folder, _)| folder.to_owned());
    let mut findings = Vec::new();
    for import in imports(&file.text) {
        let Some(target) = resolve(path, import) else {
            findings.push(format!("{}: `{import}` is no path inside the folder", file.path));
            continue;
        };
        let beside = folder(path).is_some() && folder(path) == folder(&target);
        if !beside && row_of(&target).is_none_or(|below| below <= row) {
            findings.push(format!("{}: it imports `{target}`", file.path));
        }
    }
    findings
}

fn policy_breaks(file: &File) -> Vec<String> {
    let words = [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "javascript:",
        "setAttribute('style'",
        "setAttribute(\"style\"",
        "eval(",
        "new Function(",
    ];
    let mut findings = crate::tree::lines_with(&file.path, &file.text, &words);
    for (index, line) in file.text.lines().enumerate() {
        let is_markup = ending(&file.path) != "js";
        let inline_script = line.contains("<script>");
        if is_markup && (attributes(line).any(is_inline) || inline_script) {
            findings.push(format!("{}:{}: an inline style or script", file.path, index + 1));
        }
    }
    findings
}

/// The names right before `="` in a line of markup.
fn attributes(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("=\"").filter_map(|(at, _)| {
        let before = &line[..at];
        before.rsplit([' ', '\t', '"', '<']).next()
    })
}

fn is_inline(attribute: &str) -> bool {
    attribute == "style" || (attribute.starts_with("on") && attribute.len() > 2)
}

/// Whether an asset is a view that is loaded by its name: the name of a kind of panel, or of all
/// charts.
fn is_view(path: &str) -> bool {
    let name = path.strip_prefix("assets/views/").and_then(|path| path.strip_suffix(".js"));
    let kinds = files(&["src/dashboard/mod.rs"], &[".rs"]);
    name.is_some_and(|name| {
        let quoted = format!("\"{name}\"");
        name == "chart" || kinds.iter().any(|file| file.text.contains(&quoted))
    })
}

fn ending(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, ending)| ending)
}

/// Whether a file names an asset: by its path, as templates do, or relative to itself.
fn uses(user: &File, asset: &str) -> bool {
    let path = asset.strip_prefix("assets/").unwrap_or(asset);
    let name = path.rsplit('/').next().unwrap_or(path);
    let from = user.path.strip_prefix("assets/").unwrap_or_default();
    let by_path = !from.is_empty() || user.text.contains(path);
    let relative = || {
        user.text.match_indices(name).any(|(at, _)| {
            let start = user.text[..at].rfind(['"', '\'', '(', '`']).map_or(0, |quote| quote + 1);
            let written = &user.text[start..at + name.len()];
            resolve(from, written).as_deref() == Some(path)
        })
    };
    if from.is_empty() { by_path } else { relative() }
}

#[test]
fn an_upward_import_is_found() {
    let check = |path: &str, text: &str, expected: &[&str]| {
        let file = File { path: path.to_owned(), text: text.to_owned() };
        assert_eq!(upward_imports(&file), expected, "{text}");
    };
    check("assets/views/line.js", "import { a } from '../units.js';\n", &[]);
    check("assets/elements/panel.js", "import { a } from './build.js';", &[]);
    let many = "import {\n  a,\n  b,\n} from '../elements/panel.js';\n";
    check("assets/views/line.js", many, &["assets/views/line.js: it imports `elements/panel.js`"]);
    check(
        "assets/frame.js",
        "export { x } from \"./window.js\";",
        &["assets/frame.js: it imports `window.js`"],
    );
    check(
        "assets/frame.js",
        "import x from 'https://cdn.example/x.js';",
        &["assets/frame.js: `https://cdn.example/x.js` is no path inside the folder"],
    );
    check("assets/new.js", "", &["assets/new.js: it has no row in the order of imports"]);
    check("assets/frame.js", "// import { a } from './main.js';\n * import('./main.js')", &[]);
}

#[test]
fn a_break_of_the_content_policy_is_found() {
    let count = |path: &str, text: &str| {
        policy_breaks(&File { path: path.to_owned(), text: text.to_owned() }).len()
    };
    assert_eq!(count("a.html", "<p style=\"x\">"), 1);
    assert_eq!(count("a.html", "<p class=\"a\" onclick=\"x\">"), 1);
    assert_eq!(count("a.html", "<script>a()</script>"), 1);
    assert_eq!(count("a.html", "<p data-style=\"x\" once_=\"\">").min(1), 1);
    assert_eq!(count("a.html", "<script type=\"module\" src=\"a\"></script>"), 0);
    assert_eq!(count("a.js", "a.innerHTML = b"), 1);
    assert_eq!(count("a.js", "a.textContent = b; on = \"x\""), 0);
}

#[test]
fn an_unused_asset_and_a_wrong_checksum_are_found() {
    let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
    let user = file("assets/elements/a.js", "const x = await import('../views/b.js');");
    assert!(uses(&user, "assets/views/b.js") && !uses(&user, "assets/b.js"));
    assert!(uses(&file("templates/base.html", "{{ url }}/style.css"), "assets/style.css"));
}
