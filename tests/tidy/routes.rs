//! A rule of the API's description: it names every route that the server registers, and no other.

use std::collections::BTreeSet;

use watchglass::web::api::openapi::ROUTES;

use crate::hold;
use crate::tree::files;

/// Where routes are registered, and what stands before their paths there.
const PLACES: [(&str, &str); 3] =
    [("src/web/server.rs", ""), ("src/web/live/mod.rs", ""), ("src/web/api/mod.rs", "/api/v1")];

/// What a registration begins with.
const BEGINNINGS: [&str; 2] = [".route(\"", "both(get(\""];

#[test]
fn the_description_names_every_route() {
    let mut registered = BTreeSet::new();
    let sources = files(&["src/web"], &[".rs"]);
    let mut findings = Vec::new();
    for file in sources.iter().filter(|file| !file.path.ends_with("tests.rs")) {
        let prefix = PLACES.iter().find(|(path, _)| *path == file.path).map(|(_, prefix)| *prefix);
        for path in paths(&file.text) {
            match prefix {
                // The description itself stands beside the parts it describes.
                Some(prefix) if !path.starts_with("/api/") => {
                    registered.insert(format!("{prefix}{path}"));
                }
                Some(_) => drop(registered.insert(path)),
                None => findings.push(format!("{}: registers `{path}`", file.path)),
            }
        }
    }
    assert!(registered.len() > 20, "routes are found where they are registered");
    let described: BTreeSet<String> = ROUTES.iter().map(|route| route.path.to_owned()).collect();
    let missing = registered.difference(&described);
    findings.extend(missing.map(|path| format!("`{path}` has no row in src/web/api/openapi.rs")));
    let made_up = described.difference(&registered);
    findings.extend(made_up.map(|path| format!("`{path}` is described and not registered")));
    hold("the description of the API is not true to the routes", &findings);
}

#[test]
fn registrations_are_found() {
    let text = r#".route("/a/{b:.*}", get()).service(both(get("/c"), d)) "/e""#;
    assert_eq!(paths(text), ["/a/{b}", "/c"]);
}

/// The paths that a source registers, without the patterns of their variables.
fn paths(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for beginning in BEGINNINGS {
        for part in text.split(beginning).skip(1) {
            let path = part.split('"').next().unwrap_or_default();
            found.push(path.replace(":.*}", "}"));
        }
    }
    found
}
