//! Settings: defaults, file, environment and flags joined and checked.
//!
//! Each module owns its `Options` with their defaults; this one only joins them. Every value that
//! somebody wrote is tried on its own first, so that all mistakes come out at once, each with the
//! line, the variable or the flag that made it; what passes is laid over the defaults.

mod dashboards;
mod embed;
mod environment;
mod file;
mod flags;
mod layer;
mod mistake;
mod section;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use ::config::ConfigError;
use serde_json::{Map, Value};

pub use dashboards::{DashboardFiles, check as check_dashboards};
pub use embed::Options as EmbedOptions;
pub use flags::{
    Command, DashboardCommand, DataCommand, Export, ExportFormat, Flags, Import, ImportFormat,
    StoreCommand,
};
pub use mistake::{Mistake, Mistakes, Origin};
pub use section::defaults;

use self::dashboards::Place;
use self::file::File;
use self::section::Table;
use crate::{collect, ingest, live, query, store, web};

/// The file that is read from the working folder when none is named.
const FILE: &str = "dashboard.toml";

/// That file as it was shipped; used when there is none.
const SHIPPED: &str = include_str!("../../dashboard.toml");

/// The slug of the host's own board, which `/` shows.
const OVERVIEW: &str = "overview";

/// Everything that can be set, checked.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Table `[server]`: where and for whom the service listens.
    pub server: web::options::Options,
    /// Table `[storage]`: what is kept, and for how long.
    pub storage: store::Options,
    /// Table `[ingest]`: what a push may be.
    pub ingest: ingest::Options,
    /// Table `[collect]`: what is read of this host, and how often.
    pub collect: collect::Options,
    /// Table `[query]`: what one evaluation may cost.
    pub query: query::Options,
    /// Table `[live]`: sessions, subscriptions and their limits.
    pub live: live::Options,
    /// Table `[embed]`: who may show panels in their own pages.
    pub embed: EmbedOptions,
    /// The dashboards of the file, then those of the folder `dashboards` beside it.
    pub dashboards: DashboardFiles,
    /// A folder that scripts and styles are served from instead of those built in.
    pub assets: Option<PathBuf>,
}

impl Settings {
    /// The tables of settings as TOML; dashboards apart.
    pub fn to_toml(&self) -> String {
        #[derive(serde::Serialize)]
        struct Tables<'a> {
            server: &'a web::options::Options,
            storage: &'a store::Options,
            ingest: &'a ingest::Options,
            collect: &'a collect::Options,
            query: &'a query::Options,
            live: &'a live::Options,
            embed: &'a EmbedOptions,
        }
        let Self { server, storage, ingest, collect, query, live, embed, .. } = self;
        let tables = Tables { server, storage, ingest, collect, query, live, embed };
        toml::to_string(&tables).expect("settings are tables of plain values")
    }
}

/// Settings, and a word on where they came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// The name of the file, as it was given.
    pub file: String,
    /// How many settings the file sets.
    pub from_file: usize,
    /// How many settings variables and flags set.
    pub from_outside: usize,
}

impl Loaded {
    /// What `--check` says of settings without a mistake.
    pub fn summary(&self) -> String {
        let count = |count: usize, what: &str| match count {
            1 => format!("1 {what}"),
            _ => format!("{count} {what}s"),
        };
        let outside = match self.from_outside {
            0 => String::new(),
            outside => format!(", {outside} from variables and flags"),
        };
        let dashboards = self.settings.dashboards.served().iter().map(|file| file.dashboards.len());
        format!(
            "{} is valid: {}, {}{outside}",
            self.file,
            count(dashboards.sum(), "dashboard"),
            count(self.from_file, "setting"),
        )
    }
}

/// Reads all settings: the file named by the flags or `dashboard.toml` in `folder`, the variables,
/// the flags. Without a file the one that was shipped is used.
///
/// # Errors
/// With every mistake at once.
pub fn load(
    flags: &Flags,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
    folder: &Path,
) -> Result<Loaded, Mistakes> {
    let mut layers = Layers::default();
    let Source { place, text, beside } = Source::find(flags, folder)?;
    if let Some(file) = layers.take(File::read(&place.called(place.path.exists()), &text)) {
        layers.add_file(&file);
    }
    let from_file = layers.origins.len();
    layers.add_variables(variables);
    layers.add_flags(flags);
    let mut settings = layers.join();
    settings.assets.clone_from(&flags.assets);
    let name = place.called(place.path.exists());
    settings.dashboards = DashboardFiles::read(place, beside);
    let told: Vec<String> = layers.mistakes.iter().map(ToString::to_string).collect();
    let of_dashboards = settings.dashboards.served().iter().flat_map(|file| file.mistakes.iter());
    // A settings file that is no TOML has been reported already.
    let of_dashboards: Vec<String> =
        of_dashboards.filter(|line| !told.contains(line)).cloned().collect();
    if layers.mistakes.is_empty() && of_dashboards.is_empty() {
        let from_outside = layers.origins.values().filter(|origin| is_outside(origin)).count();
        Ok(Loaded { settings, file: name, from_file, from_outside })
    } else {
        Err(Mistakes { settings: layers.mistakes, dashboards: of_dashboards })
    }
}

/// What the shipped file is called where it is used.
fn built_in() -> String {
    format!("the {FILE} built in")
}

fn is_outside(origin: &Origin) -> bool {
    matches!(origin, Origin::Variable(_) | Origin::Flag(_))
}

/// The text of a settings file, and where dashboards beside it are looked for.
struct Source {
    place: Place,
    text: String,
    beside: PathBuf,
}

impl Source {
    fn find(flags: &Flags, folder: &Path) -> Result<Self, Mistakes> {
        let named = flags.config.as_deref();
        let path = folder.join(named.unwrap_or(Path::new(FILE)));
        let beside = path.parent().unwrap_or(folder).join("dashboards");
        let name = named.map_or_else(|| FILE.to_owned(), |path| path.display().to_string());
        let place = Place { path, name, named: named.is_some() };
        match place.text() {
            Ok(text) => Ok(Self { place, text, beside }),
            Err(error) => {
                let origin = Origin::File { name: place.name, line: 0 };
                let text = format!("cannot read the settings: {error}");
                let settings = vec![Mistake { origin, key: String::new(), text }];
                Err(Mistakes { settings, dashboards: Vec::new() })
            }
        }
    }
}

/// The layers so far, each laid over the ones before it.
struct Layers {
    defaults: Value,
    /// What each layer sets, as trees of the values that passed.
    values: Vec<Value>,
    /// Who set each key last, by its path.
    origins: BTreeMap<String, Origin>,
    mistakes: Vec<Mistake>,
}

impl Default for Layers {
    fn default() -> Self {
        let (values, origins, mistakes) = (Vec::new(), BTreeMap::new(), Vec::new());
        Self { defaults: defaults(), values, origins, mistakes }
    }
}

impl Layers {
    fn take<T>(&mut self, result: Result<T, Vec<Mistake>>) -> Option<T> {
        result.map_err(|mistakes| self.mistakes.extend(mistakes)).ok()
    }

    fn add_file(&mut self, file: &File) {
        let mut tree = file.values.clone();
        if let Some(tables) = tree.as_object_mut() {
            tables.remove(dashboards::KEY);
        }
        self.add(&tree, |path| file.origin(path), |_, value, _| value.clone());
    }

    fn add_variables(&mut self, variables: impl IntoIterator<Item = (OsString, OsString)>) {
        let texts = environment::texts(variables, &mut self.mistakes);
        let typed = |path: &str, value: &Value, default: &Value| match value {
            Value::String(text) => environment::typed(path, text, default),
            other => other.clone(),
        };
        if let Some(tree) = self.take(texts.map_err(|error| vec![internal(&error)])) {
            self.add(&tree, |path| Origin::Variable(environment::variable(path)), typed);
        }
    }

    fn add_flags(&mut self, flags: &Flags) {
        let data = flags.data.as_ref().map(|path| path.display().to_string());
        let given = [
            ("server", "bind", "--bind", flags.bind.as_ref()),
            ("storage", "path", "--data", data.as_ref()),
        ];
        for (table, key, flag, value) in given {
            if let Some(value) = value {
                let tree = serde_json::json!({ table: { key: value } });
                self.add(&tree, |_| Origin::Flag(flag), |_, value, _| value.clone());
            }
        }
    }

    /// Lays `tree` over what is there. `typed` turns a value into the form its default has.
    fn add(
        &mut self,
        tree: &Value,
        origin: impl Fn(&str) -> Origin,
        typed: impl Fn(&str, &Value, &Value) -> Value,
    ) {
        let mut written = Vec::new();
        let mut wrong = Vec::new();
        walk("", tree, &self.defaults, &mut written, &mut wrong);
        let mut layer = Value::Object(Map::new());
        for (path, value, default) in written {
            let value = typed(&path, value, default);
            match section::accepts(&path, &value) {
                Ok(()) => {
                    insert(&mut layer, &path, value);
                    self.origins.insert(path.clone(), origin(&path));
                }
                Err(text) => wrong.push((path, text)),
            }
        }
        let mut mistakes: Vec<Mistake> = wrong
            .into_iter()
            .map(|(key, text)| Mistake { origin: origin(&key), key, text })
            .collect();
        mistakes.sort_by_key(|mistake| match &mistake.origin {
            Origin::File { line, .. } => *line,
            _ => 0,
        });
        self.mistakes.extend(mistakes);
        self.values.push(layer);
    }

    /// Joins all layers and checks the values against each other.
    fn join(&mut self) -> Settings {
        let joined = match layer::joined(&self.defaults, &self.values) {
            Ok(joined) => joined,
            Err(error) => {
                self.mistakes.push(internal(&error));
                self.defaults.clone()
            }
        };
        Settings {
            server: self.section(&joined),
            storage: self.section(&joined),
            ingest: self.section(&joined),
            collect: self.section(&joined),
            query: self.section(&joined),
            live: self.section(&joined),
            embed: self.section(&joined),
            dashboards: DashboardFiles::default(),
            assets: None,
        }
    }

    fn section<T: Table>(&mut self, joined: &Value) -> T {
        let table = joined.get(T::NAME).cloned().unwrap_or_default();
        match serde_json::from_value::<T>(table) {
            Ok(options) => {
                for (inner, text) in options.mistakes() {
                    let key = join(T::NAME, inner);
                    let origin = self.origin_of(&key);
                    self.mistakes.push(Mistake { origin, key, text });
                }
                options
            }
            Err(error) => {
                let (key, text) = (T::NAME.to_owned(), error.to_string());
                self.mistakes.push(Mistake { origin: self.origin_of(T::NAME), key, text });
                T::default()
            }
        }
    }

    /// Who set the key at `path`, or the first key below it.
    fn origin_of(&self, path: &str) -> Origin {
        let below = || self.origins.iter().find(|(key, _)| is_below(key, path));
        let found = self.origins.get_key_value(path).or_else(below);
        found.map_or(Origin::Default, |(_, origin)| origin.clone())
    }
}

/// A failure of the layers themselves, which no setting explains.
fn internal(error: &ConfigError) -> Mistake {
    let text = format!("cannot join the settings: {error}");
    Mistake { origin: Origin::Default, key: String::new(), text }
}

/// Splits `tree` into the settings that exist, with their defaults, and what does not exist.
fn walk<'a>(
    prefix: &str,
    tree: &'a Value,
    defaults: &'a Value,
    written: &mut Vec<(String, &'a Value, &'a Value)>,
    wrong: &mut Vec<(String, String)>,
) {
    let (Some(tree), Some(known)) = (tree.as_object(), defaults.as_object()) else {
        wrong.push((prefix.to_owned(), "this is a table of settings, not a value".to_owned()));
        return;
    };
    for (key, value) in tree {
        let path = join(prefix, key);
        match known.get(key) {
            None => wrong.push((path, unknown(prefix, known))),
            Some(default @ Value::Object(_)) => walk(&path, value, default, written, wrong),
            Some(default) => written.push((path, value, default)),
        }
    }
}

fn unknown(prefix: &str, known: &Map<String, Value>) -> String {
    let names: Vec<String> = known.keys().map(|name| format!("`{name}`")).collect();
    let names = names.join(", ");
    if prefix.is_empty() {
        format!("there is no such section (there are {names}, and `[[{}]]`)", dashboards::KEY)
    } else {
        format!("there is no such setting (in `{prefix}` there are {names})")
    }
}

fn insert(tree: &mut Value, path: &str, value: Value) {
    let mut place = tree;
    for part in path.split('.') {
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        let table = place.as_object_mut().expect("made a table just now");
        place = table.entry(part).or_insert(Value::Null);
    }
    *place = value;
}

fn join(prefix: &str, key: &str) -> String {
    if prefix.is_empty() { key.to_owned() } else { format!("{prefix}.{key}") }
}

fn is_below(key: &str, path: &str) -> bool {
    key.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'))
}

#[cfg(test)]
mod tests;
