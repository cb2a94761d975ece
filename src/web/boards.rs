//! The dashboards that are served: those of files, the host's own with a panel for each pushed
//! name, and one for any single name. They are swapped as a whole, so readers never wait.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use hashbrown::HashSet;
use parking_lot::Mutex;
use serde_json::json;

use crate::dashboard::{self, Dashboard, DashboardFile, PanelKind, automatic};
use crate::live::{BoardSpec, Boards, PanelSpec};
use crate::model::{Labels, Metadata, Select};

/// The slug of the host's own board.
pub(crate) const OVERVIEW: &str = "overview";
/// What the slug of a single name's board begins with.
pub(crate) const METRIC: &str = "metric:";
/// What the slugs of a query's boards begin with, one for each view of its result.
pub(crate) const EXPLORED: [(&str, PanelKind); 2] =
    [("explore:chart:", PanelKind::Line), ("explore:table:", PanelKind::Table)];
/// Pushed names that have a panel on the overview.
const PUSHED_PANELS_MAX: usize = 40;
/// Pushed names that are remembered; what comes beyond is found by its own address only.
const NAMES_MAX: usize = 200_000;

/// One dashboard as it is served.
#[derive(Debug)]
pub(crate) struct Board {
    pub(crate) dashboard: Dashboard,
    /// Names that have no panel, since there are too many.
    pub(crate) beyond: Vec<String>,
    /// What is wrong with its file, of which this is the last good version.
    pub(crate) mistakes: Vec<String>,
    pub(crate) spec: Arc<BoardSpec>,
}

/// All dashboards.
pub(crate) struct Registry {
    host: String,
    data: Arc<dyn Select>,
    // Held while boards are made; readers use `served` and do not wait.
    source: Mutex<Source>,
    served: ArcSwap<Served>,
}

/// What boards are made from.
struct Source {
    files: Vec<DashboardFile>,
    names: Names,
    /// Boards are numbered by it, each change with a number of its own.
    revision: u64,
}

#[derive(Default)]
struct Names {
    /// In the order of arrival, so that panels keep their place.
    ordered: Vec<String>,
    known: HashSet<String>,
}

/// All boards of files at one time.
#[derive(Debug, Default)]
pub(crate) struct Served {
    boards: BTreeMap<String, Arc<Board>>,
    /// Their slugs in the order of the files.
    order: Vec<String>,
    /// Everything that is wrong with any file, a mistake a line.
    pub(crate) mistakes: Vec<String>,
    generation: u64,
}

impl Served {
    /// All boards of files, in their order.
    pub(crate) fn boards(&self) -> impl Iterator<Item = &Board> {
        self.order.iter().filter_map(|slug| self.boards.get(slug)).map(Arc::as_ref)
    }
}

impl Registry {
    /// The dashboards of files, and the host's own.
    pub(crate) fn new(files: Vec<DashboardFile>, host: String, data: Arc<dyn Select>) -> Self {
        let source = Mutex::new(Source { files, names: Names::default(), revision: 0 });
        let registry = Self { host, data, source, served: ArcSwap::default() };
        registry.rebuild(&mut registry.source.lock());
        registry
    }

    /// Serves other files from now on. Boards that are the same keep their revision.
    pub(crate) fn replace(&self, files: Vec<DashboardFile>) {
        let mut source = self.source.lock();
        source.files = files;
        self.rebuild(&mut source);
    }

    /// The dashboard behind a slug.
    pub(crate) fn find(&self, slug: &str) -> Option<Arc<Board>> {
        if let Some(name) = slug.strip_prefix(METRIC) {
            let mut dashboard = automatic::single(name, self.data.metadata(name).as_ref())?;
            slug.clone_into(&mut dashboard.slug);
            return Some(Arc::new(Board::new(dashboard, Vec::new(), &[], 1)));
        }
        let view = |(prefix, kind): &(&str, PanelKind)| Some((slug.strip_prefix(*prefix)?, *kind));
        if let Some((query, kind)) = EXPLORED.iter().find_map(view) {
            let mut dashboard = self.explore(query, kind).ok()?;
            slug.clone_into(&mut dashboard.slug);
            return Some(Arc::new(Board::new(dashboard, Vec::new(), &[], 1)));
        }
        self.served.load().boards.get(slug).cloned()
    }

    /// The board of a query that somebody tries out.
    ///
    /// # Errors
    /// In words, with line and column, when it cannot be live.
    pub(crate) fn explore(&self, query: &str, kind: PanelKind) -> Result<Dashboard, String> {
        dashboard::explored(query, kind, |name| self.data.metadata(name))
    }

    /// All dashboards of files as they are now.
    pub(crate) fn served(&self) -> Arc<Served> {
        self.served.load_full()
    }

    /// A push made these series: new names get their panel.
    pub(crate) fn pushed(&self, created: &[Labels]) {
        if created.is_empty() {
            return;
        }
        let mut source = self.source.lock();
        let names = &mut source.names;
        let before = names.ordered.len();
        for labels in created {
            let name = labels.name();
            if names.ordered.len() < NAMES_MAX && !names.known.contains(name) {
                names.known.insert(name.to_owned());
                names.ordered.push(name.to_owned());
            }
        }
        if names.ordered.len() > before {
            self.rebuild(&mut source);
        }
    }

    /// Forgets names that have no series any more. `alive` are the pushed names that have one.
    pub(crate) fn keep(&self, alive: &[String]) {
        let mut source = self.source.lock();
        let names = &mut source.names;
        let before = names.ordered.len();
        let alive: HashSet<&str> = alive.iter().map(String::as_str).collect();
        names.ordered.retain(|name| alive.contains(name.as_str()));
        names.known.retain(|name| alive.contains(name.as_str()));
        if names.ordered.len() < before {
            self.rebuild(&mut source);
        }
    }

    /// Makes the boards anew that are others than before, and swaps all.
    fn rebuild(&self, source: &mut Source) {
        let before = self.served.load();
        source.revision += 1;
        let (mut boards, mut order) = (BTreeMap::new(), Vec::new());
        for file in &source.files {
            for dashboard in &file.dashboards {
                let (dashboard, beyond) = if dashboard.slug == OVERVIEW {
                    let (dashboard, beyond) = self.overview(dashboard, &source.names);
                    (Cow::Owned(dashboard), beyond)
                } else {
                    (Cow::Borrowed(dashboard), Vec::new())
                };
                let slug = dashboard.slug.clone();
                let same = before.boards.get(&slug).filter(|known| {
                    known.dashboard == *dashboard
                        && known.beyond == beyond
                        && known.mistakes == file.mistakes
                });
                let (mistakes, revision) = (&file.mistakes, source.revision);
                let made = || Board::new(dashboard.into_owned(), beyond, mistakes, revision);
                let board = same.map_or_else(|| Arc::new(made()), Arc::clone);
                order.push(slug.clone());
                boards.insert(slug, board);
            }
        }
        let mistakes = source.files.iter().flat_map(|file| file.mistakes.iter().cloned()).collect();
        let generation = source.revision;
        self.served.store(Arc::new(Served { boards, order, mistakes, generation }));
    }

    /// The host's own board with panels for pushed names, and the names beyond these.
    fn overview(&self, base: &Dashboard, names: &Names) -> (Dashboard, Vec<String>) {
        // A name belongs to a histogram when its siblings are there, so more names than panels are
        // looked at; the rest is linked without a look.
        let looked_at = names.ordered.len().min(PUSHED_PANELS_MAX * 4);
        let (near, far) = names.ordered.split_at(looked_at);
        let known: Vec<(String, Option<Metadata>)> =
            near.iter().map(|name| (name.clone(), self.data.metadata(name))).collect();
        let (dashboard, mut beyond) =
            automatic::overview(base, &self.host, &known, PUSHED_PANELS_MAX);
        beyond.extend(far.iter().cloned());
        (dashboard, beyond)
    }
}

impl Boards for Registry {
    fn board(&self, slug: &str) -> Option<Arc<BoardSpec>> {
        Some(Arc::clone(&self.find(slug)?.spec))
    }

    fn generation(&self) -> u64 {
        self.served.load().generation
    }
}

impl Board {
    fn new(dashboard: Dashboard, beyond: Vec<String>, mistakes: &[String], revision: u64) -> Self {
        let panels = dashboard.panels.iter().map(|panel| PanelSpec {
            id: panel.id.clone(),
            step: panel.step,
            plans: panel.queries.iter().map(|query| Arc::new(query.plan.clone())).collect(),
            bands: panel.bands(),
            is_chart: panel.kind.is_chart(),
            document: panel.document(),
        });
        let panels = panels.collect();
        let document = json!({
            "title": dashboard.title, "description": dashboard.description, "mistakes": mistakes,
        });
        let slug = dashboard.slug.clone();
        let spec = Arc::new(BoardSpec { slug, revision, document, panels });
        Self { dashboard, beyond, mistakes: mistakes.to_vec(), spec }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::list::List;

    fn file(name: &str, title: &str, mistakes: &[&str]) -> DashboardFile {
        let text =
            format!("title = \"{title}\"\n[[panel]]\nid = \"p\"\ntitle = \"P\"\nquery = \"up\"\n");
        let dashboards = dashboard::parse(&text, name).expect("a dashboard");
        let mistakes = mistakes.iter().map(|line| (*line).to_owned()).collect();
        DashboardFile { name: name.to_owned(), dashboards, mistakes }
    }

    #[test]
    fn only_boards_that_are_others_get_another_revision() {
        let files = vec![file("a.toml", "A", &[]), file("b.toml", "B", &[])];
        let registry = Registry::new(files, String::new(), Arc::new(List::default()));
        let revision = |slug: &str| registry.board(slug).map(|spec| spec.revision);
        assert_eq!((revision("a"), revision("b")), (Some(1), Some(1)));
        let first = registry.generation();
        registry.replace(vec![file("a.toml", "A", &[]), file("b.toml", "B", &["b.toml:1: no"])]);
        assert_ne!(registry.generation(), first);
        assert_eq!((revision("a"), revision("b")), (Some(1), Some(2)));
        assert_eq!(registry.served().mistakes, ["b.toml:1: no"]);
        registry.replace(vec![file("b.toml", "B", &[])]);
        assert_eq!((revision("a"), revision("b")), (None, Some(3)));
        registry.replace(vec![file("a.toml", "A", &[])]);
        assert_eq!((revision("a"), revision("b")), (Some(4), None));
        let titles: Vec<String> =
            registry.served().boards().map(|board| board.dashboard.title.clone()).collect();
        assert_eq!(titles, ["A"]);
    }
}
