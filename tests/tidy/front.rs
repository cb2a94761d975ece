//! Rules of pages, scripts and styles: what a strict content policy needs, who imports whom, and
//! that nothing lies about unused.

use sha2::{Digest, Sha256};

use crate::hold;
use crate::imports::{imports, resolve};
use crate::tree::{File, files, root};

/// Scripts from the top down: each may import what stands in a later row, or beside it in the same
/// folder. A name that ends in `/` is a folder.
const ORDER: &[&[&str]] = &[
    &["main.js", "embed.js", "embed-value.js"],
    &["edit/"],
    &["start.js", "controls.js"],
    &["elements/"],
    &["views/"],
    &["subscription.js"],
    &["connection.js"],
    &["window.js", "rows.js"],
    &["frame.js", "units.js"],
    &["vendor/"],
];

/// The one script that may name the chart library.
const CHARTS: &str = "assets/views/line.js";

fn own_scripts() -> Vec<File> {
    let mut found = files(&["assets"], &[".js"]);
    found.retain(|file| !file.path.starts_with("assets/vendor/"));
    found
}

#[test]
fn scripts_import_downwards_only() {
    let findings: Vec<String> = own_scripts().iter().flat_map(upward_imports).collect();
    hold("a script imports what stands above it", &findings);
}

#[test]
fn pages_and_scripts_keep_the_content_policy() {
    let found = files(&["templates", "assets"], &[".js", ".html", ".svg", ".xml"]);
    let own = found.iter().filter(|file| !file.path.starts_with("assets/vendor/"));
    let findings: Vec<String> = own.flat_map(policy_breaks).collect();
    hold("a page or script needs more than the content policy allows", &findings);
}

#[test]
fn the_chart_library_is_named_in_one_script() {
    let mut findings = Vec::new();
    for file in own_scripts().iter().filter(|file| file.path != CHARTS) {
        findings.extend(crate::tree::lines_with(&file.path, &file.text, &["uplot/", "new uPlot"]));
    }
    hold("the chart library is named outside the line view", &findings);
}

#[test]
fn vendored_files_are_what_their_note_says() {
    let mut findings = Vec::new();
    for folder in std::fs::read_dir(root().join("assets/vendor")).into_iter().flatten() {
        let folder = folder.unwrap().path();
        let note = std::fs::read_to_string(folder.join("VENDORED.md")).unwrap_or_default();
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name == "LICENSE" || name == "VENDORED.md" {
                continue;
            }
            let sum = hex(&Sha256::digest(std::fs::read(&path).unwrap()));
            if !is_noted(&note, &name, &sum) {
                findings.push(format!("{}: no row with SHA-256 {sum}", path.display()));
            }
        }
        if !folder.join("LICENSE").is_file() {
            findings.push(format!("{}: no LICENSE", folder.display()));
        }
    }
    hold("a vendored file is not the one that its note names", &findings);
}

#[test]
fn every_asset_is_used() {
    let all = files(&["assets"], &[""]);
    let mut users = files(&["assets", "templates", "src/web"], &[".js", ".css", ".html", ".rs"]);
    users.extend(files(&["assets"], &[".svg", ".webmanifest"]));
    let mut findings = Vec::new();
    for asset in all.iter().map(|file| file.path.as_str()).filter(|path| is_served(path)) {
        if !users.iter().any(|user| user.path != asset && uses(user, asset)) {
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

fn is_noted(note: &str, name: &str, sum: &str) -> bool {
    let row = note.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
    // The last cell of a row is the checksum of the file as it is stored.
    row.is_some_and(|row| row.trim_end_matches([' ', '|']).ends_with(sum))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

fn is_served(path: &str) -> bool {
    !path.ends_with(".d.ts") && ending(path) != "md" && !path.ends_with("LICENSE")
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
    let note = "| `a.js` | x | - | 11 | 22 |";
    assert!(is_noted(note, "a.js", "22") && !is_noted(note, "a.js", "11"));
}
