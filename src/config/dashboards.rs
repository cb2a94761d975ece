//! The dashboards that files bring: those in the settings file, and one file each in the folder
//! beside it. They are read at the start, and again whenever a file has changed.
//!
//! Changes are found by looking: whoever serves calls [`DashboardFiles::look`] some times a second.
//! A file is read when two looks in a row have seen the same of it, so that one which is still
//! being written, or is away for a moment while an editor exchanges it, is left alone. Decision
//! 0019 says why the system is not asked to tell of changes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::file::File;
use super::{FILE, Mistake, OVERVIEW, SHIPPED};
use crate::dashboard::{self, Dashboard, DashboardFile};

/// The key under which dashboards stand in a file.
pub(super) const KEY: &str = "dashboard";

/// The most files that are read from the folder; it is a limit against a wrong folder.
const FILES_MAX: usize = 1_000;

/// The files of dashboards, and what they bring.
#[derive(Debug, Clone, Default)]
pub struct DashboardFiles {
    settings: Place,
    folder: PathBuf,
    held: BTreeMap<Key, Held>,
    served: Vec<DashboardFile>,
}

/// Where the settings file is.
#[derive(Debug, Clone, Default)]
pub(super) struct Place {
    pub(super) path: PathBuf,
    /// As it was given, or as it is looked for.
    pub(super) name: String,
    /// Whether it was named; otherwise the one built in stands in for it while it is not there.
    pub(super) named: bool,
}

/// A file by its rank: of two that have the same slug, the first one keeps it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Settings,
    File(PathBuf),
    /// The folder itself, where it cannot be listed.
    Folder,
}

/// What is known of one file.
#[derive(Debug, Clone)]
struct Held {
    name: String,
    /// What the last look saw; nothing when it was not there.
    seen: Option<Stamp>,
    /// What was seen of the version that was read.
    read: Option<Stamp>,
    newest: Version,
    /// The newest version without a mistake.
    good: Vec<Dashboard>,
}

/// The dashboards of a text, or what is wrong with it.
type Version = Result<Vec<Dashboard>, Vec<String>>;

/// What tells two versions of a file apart without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    /// The file itself, and when anything about it changed: an editor may put another file of the
    /// same age and length in its place.
    own: (u64, i64, i64),
}

impl DashboardFiles {
    /// Reads all files.
    pub(super) fn read(settings: Place, folder: PathBuf) -> Self {
        let mut files = Self { settings, folder, ..Self::default() };
        files.held.insert(Key::Settings, Held::new(&files.settings.name));
        files.see();
        let keys: Vec<Key> = files.held.keys().cloned().collect();
        for key in &keys {
            files.take(key);
        }
        files.served = resolved(&mut files.held);
        files
    }

    /// What is served: by file, the settings file first.
    pub fn served(&self) -> &[DashboardFile] {
        &self.served
    }

    /// Looks whether files have changed, and reads those that have; gives what is served now when
    /// that is news. Mistakes go to the log once.
    pub fn look(&mut self) -> Option<&[DashboardFile]> {
        let ready = self.see();
        if ready.is_empty() {
            return None;
        }
        for key in &ready {
            self.take(key);
        }
        let served = resolved(&mut self.held);
        if served == self.served {
            return None;
        }
        for file in &served {
            let before = self.served.iter().find(|before| before.name == file.name);
            if before == Some(file) {
                continue;
            }
            if file.mistakes.is_empty() {
                log::info!("dashboards were read anew file={}", file.name);
            }
            for mistake in &file.mistakes {
                log::warn!("the last good dashboards of a file are kept: {mistake}");
            }
        }
        self.served = served;
        Some(&self.served)
    }

    /// Notes what there is of each file; gives those that are to be read.
    fn see(&mut self) -> Vec<Key> {
        let mut now = BTreeMap::new();
        if let Ok(metadata) = std::fs::metadata(&self.settings.path) {
            now.insert(Key::Settings, Stamp::of(&metadata));
        }
        match list(&self.folder) {
            Ok(found) => {
                now.extend(found.into_iter().map(|(path, stamp)| (Key::File(path), stamp)));
                self.held.remove(&Key::Folder);
            }
            Err(why) => {
                // What was there before stays as it was.
                let last = self.held.iter().filter(|(key, _)| **key != Key::Settings);
                now.extend(last.filter_map(|(key, held)| Some((key.clone(), held.seen?))));
                let name = self.folder.display().to_string();
                let mut held = Held::new(&name);
                held.newest = Err(vec![format!("{name}: {why}")]);
                self.held.insert(Key::Folder, held);
            }
        }
        for key in now.keys() {
            if let Key::File(path) = key
                && !self.held.contains_key(key)
            {
                self.held.insert(key.clone(), Held::new(&path.display().to_string()));
            }
        }
        let mut ready = Vec::new();
        for (key, held) in &mut self.held {
            let stamp = now.get(key).copied();
            if held.seen == stamp && held.read != stamp {
                ready.push(key.clone());
            }
            held.seen = stamp;
        }
        ready
    }

    /// Reads the version of a file that the last look saw.
    fn take(&mut self, key: &Key) {
        let Some(held) = self.held.get_mut(key) else { return };
        held.read = held.seen;
        if *key == Key::Settings {
            held.name = self.settings.called(held.seen.is_some());
        }
        let text = match key {
            Key::Folder => return,
            Key::Settings => self.settings.text(),
            Key::File(path) if held.seen.is_some() => std::fs::read_to_string(path),
            Key::File(_) => {
                self.held.remove(key);
                return;
            }
        };
        held.newest = match text {
            Ok(text) => version(&text, &held.name, *key != Key::Settings),
            Err(error) => Err(vec![format!("{}: cannot read the file: {error}", held.name)]),
        };
    }
}

impl Place {
    /// Its name for people, where it is there or not.
    pub(super) fn called(&self, is_there: bool) -> String {
        if is_there || self.named { self.name.clone() } else { super::built_in() }
    }

    /// What stands in the file; in the one built in while there is none and none was named.
    pub(super) fn text(&self) -> std::io::Result<String> {
        match std::fs::read_to_string(&self.path) {
            Err(error) if !self.named && error.kind() == ErrorKind::NotFound => {
                Ok(SHIPPED.to_owned())
            }
            text => text,
        }
    }
}

impl Held {
    fn new(name: &str) -> Self {
        let name = name.to_owned();
        Self { name, seen: None, read: None, newest: Ok(Vec::new()), good: Vec::new() }
    }
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        let own = {
            use std::os::unix::fs::MetadataExt;
            (metadata.ino(), metadata.ctime(), metadata.ctime_nsec())
        };
        #[cfg(not(unix))]
        let own = (0, 0, 0);
        Self { modified: metadata.modified().ok(), length: metadata.len(), own }
    }
}

/// What is wrong with these files, each by its name and text; a mistake a line. Tables of settings
/// are passed over in a file that is named as the settings file is.
pub fn check(files: &[(String, String)]) -> Vec<String> {
    let mut held = BTreeMap::new();
    for (rank, (name, text)) in files.iter().enumerate() {
        let in_folder = Path::new(name).file_name().is_none_or(|name| name != FILE);
        let newest = version(text, name, in_folder);
        held.insert(rank, Held { newest, ..Held::new(name) });
    }
    resolved(&mut held).into_iter().flat_map(|file| file.mistakes).collect()
}

/// What each file brings, in their order: the newest version, or the last good one with what is
/// wrong. The host's own board is the shipped one when no file has it.
fn resolved<K: Ord>(held: &mut BTreeMap<K, Held>) -> Vec<DashboardFile> {
    let mut slugs: BTreeMap<String, String> = BTreeMap::new();
    let mut files = Vec::new();
    for held in held.values_mut() {
        let name = &held.name;
        let mistakes = match &held.newest {
            Err(mistakes) => mistakes.clone(),
            Ok(newest) => {
                let taken =
                    newest.iter().filter_map(|new| Some((&new.slug, slugs.get(&new.slug)?)));
                let told = |(slug, first): (&String, &String)| {
                    format!("{name}: the slug `{slug}` is taken already, in {first}")
                };
                let mistakes: Vec<String> = taken.map(told).collect();
                if mistakes.is_empty() {
                    held.good.clone_from(newest);
                }
                mistakes
            }
        };
        let free = held.good.iter().filter(|board| !slugs.contains_key(&board.slug));
        let dashboards: Vec<Dashboard> = free.cloned().collect();
        slugs.extend(dashboards.iter().map(|board| (board.slug.clone(), name.clone())));
        files.push(DashboardFile { name: name.clone(), dashboards, mistakes });
    }
    if !slugs.contains_key(OVERVIEW) {
        let dashboards = dashboard::parse(SHIPPED, FILE).unwrap_or_default();
        let dashboards = dashboards.into_iter().filter(|board| board.slug == OVERVIEW).collect();
        files.push(DashboardFile { name: super::built_in(), dashboards, mistakes: Vec::new() });
    }
    files
}

fn version(text: &str, name: &str, in_folder: bool) -> Version {
    let mut mistakes = match File::read(name, text) {
        Ok(file) if in_folder => strangers(&file),
        // What is no TOML is named by the parser of dashboards.
        Ok(_) | Err(_) => Vec::new(),
    };
    match dashboard::parse(text, name) {
        Ok(dashboards) if mistakes.is_empty() => Ok(dashboards),
        Ok(_) => Err(mistakes),
        Err(wrong) => {
            mistakes.extend(wrong.iter().map(ToString::to_string));
            Err(mistakes)
        }
    }
}

/// What is said of keys at the top of a dashboard file that no dashboard will look at. The keys of
/// a dashboard that stands at the top by itself are checked with it.
fn strangers(file: &File) -> Vec<String> {
    let keys: BTreeSet<&String> =
        file.values.as_object().into_iter().flat_map(|table| table.keys()).collect();
    let has = |key: &str| keys.iter().any(|known| *known == key);
    if !has(KEY) && ["slug", "title", "panel"].iter().any(|key| has(key)) {
        return Vec::new();
    }
    let told = |key: &&String| {
        let text = format!(
            "only `[[{KEY}]]` tables, or the keys of one dashboard, may stand in a file of \
             dashboards"
        );
        Mistake { origin: file.origin(key), key: (*key).clone(), text }.to_string()
    };
    keys.iter().filter(|key| *key != &KEY).map(told).collect()
}

/// The dashboard files of a folder with what is seen of them; a folder that is not there has none.
/// Editors keep their own files under names that begin with a point.
fn list(folder: &Path) -> Result<Vec<(PathBuf, Stamp)>, String> {
    let cannot = |error: std::io::Error| format!("cannot list the dashboards: {error}");
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(cannot(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(cannot)?.path();
        let is_toml = path.extension().is_some_and(|extension| extension == "toml");
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if !is_toml || hidden {
            continue;
        }
        // One that has gone since it was listed is not there.
        if let Ok(metadata) = std::fs::metadata(&path) {
            found.push((path, Stamp::of(&metadata)));
        }
        if found.len() > FILES_MAX {
            return Err(format!("more than {FILES_MAX} dashboard files"));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
