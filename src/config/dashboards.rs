//! The dashboards that the settings bring: those in the file, and one file each in the folder
//! beside it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::file::File;
use super::{Mistake, Origin, Source};
use crate::dashboard::{self, Dashboard};

/// The key under which dashboards stand in a file.
pub(super) const KEY: &str = "dashboard";

/// The most files that are read from the folder; it is a limit against a wrong folder.
const FILES_MAX: usize = 1_000;

/// What was read: the dashboards, and the mistakes in words with file and line.
#[derive(Default)]
pub(super) struct Read {
    pub(super) dashboards: Vec<Dashboard>,
    pub(super) mistakes: Vec<String>,
    /// The file of each slug.
    slugs: BTreeMap<String, String>,
}

/// Reads the dashboards of the settings file and of the folder beside it.
pub(super) fn read(source: &Source, mistakes: &mut Vec<Mistake>) -> Read {
    let mut read = Read::default();
    // A settings file that is no TOML has been reported already.
    if File::read(&source.name, &source.text).is_ok() {
        read.add(&source.text, &source.name);
    }
    match files(&source.beside) {
        Ok(paths) => paths.iter().for_each(|path| read.add_file(path, mistakes)),
        Err(text) => mistakes.push(whole(&source.beside, text)),
    }
    read
}

impl Read {
    fn add_file(&mut self, path: &Path, mistakes: &mut Vec<Mistake>) {
        let name = path.display().to_string();
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                mistakes.push(whole(path, format!("cannot read the dashboard: {error}")));
                return;
            }
        };
        match File::read(&name, &text) {
            Ok(file) => {
                for key in strangers(&file) {
                    let text = format!(
                        "only `[[{KEY}]]` tables, or the keys of one dashboard, may stand in a \
                         file of this folder"
                    );
                    mistakes.push(Mistake { origin: file.origin(key), key: key.clone(), text });
                }
                self.add(&text, &name);
            }
            Err(wrong) => mistakes.extend(wrong),
        }
    }

    fn add(&mut self, text: &str, name: &str) {
        match dashboard::parse(text, name) {
            Ok(dashboards) => {
                for dashboard in dashboards {
                    self.add_dashboard(dashboard, name);
                }
            }
            Err(wrong) => self.mistakes.extend(wrong.iter().map(ToString::to_string)),
        }
    }

    fn add_dashboard(&mut self, dashboard: Dashboard, name: &str) {
        let slug = dashboard.slug.clone();
        if let Some(first) = self.slugs.get(&slug) {
            self.mistakes.push(format!("{name}: the slug `{slug}` is taken already, in {first}"));
        } else {
            self.slugs.insert(slug, name.to_owned());
            self.dashboards.push(dashboard);
        }
    }
}

/// The keys at the top of a dashboard file that no dashboard will look at. The keys of a dashboard
/// that stands at the top by itself are checked with it.
fn strangers(file: &File) -> impl Iterator<Item = &String> {
    let keys = || file.values.as_object().into_iter().flat_map(|table| table.keys());
    let is_alone = !keys().any(|key| key == KEY)
        && keys().any(|key| ["slug", "title", "panel"].contains(&key.as_str()));
    keys().filter(move |key| !is_alone && *key != KEY)
}

/// The dashboard files of a folder, sorted by name; a folder that is not there has none.
fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let cannot = |error: std::io::Error| format!("cannot list the dashboards: {error}");
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(cannot(error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(cannot)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
        if paths.len() > FILES_MAX {
            return Err(format!("more than {FILES_MAX} dashboard files"));
        }
    }
    paths.sort();
    Ok(paths)
}

fn whole(path: &Path, text: String) -> Mistake {
    let origin = Origin::File { name: path.display().to_string(), line: 0 };
    Mistake { origin, key: String::new(), text }
}
