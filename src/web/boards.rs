//! The dashboards that are served: those of files, the host's own with a panel for each pushed
//! name, and one for any single name. They are swapped as a whole, so readers never wait.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use arc_swap::ArcSwap;
use hashbrown::HashSet;
use parking_lot::Mutex;
use serde_json::json;

use crate::dashboard::places::Places;
use crate::dashboard::{self, Dashboard, DashboardFile, First, PanelKind, automatic};
use crate::live::{BoardSpec, Boards, PanelSpec, QuerySpan};
use crate::model::{Labels, Metadata, Select, Timestamp};

use super::hosts::{HOST, host_board};

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
    /// Whether that host is read by this service, and so is there from the start.
    reads: bool,
    data: Arc<dyn Select>,
    // Held while boards are made; readers use `served` and do not wait.
    source: Mutex<Source>,
    served: ArcSwap<Served>,
}

/// What boards are made from.
struct Source {
    files: Vec<DashboardFile>,
    names: Names,
    places: Places,
    looked: Timestamp,
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
    /// The hosts and services that are known.
    pub(crate) places: Places,
    /// What a file says of the first page.
    pub(super) first: Option<Dashboard>,
    /// When what there is was last looked through.
    pub(super) looked: Timestamp,
    generation: u64,
}

impl Served {
    /// All boards of files, in their order.
    pub(crate) fn boards(&self) -> impl Iterator<Item = &Board> {
        self.order.iter().filter_map(|slug| self.boards.get(slug)).map(Arc::as_ref)
    }
}

impl Registry {
    /// The dashboards of files, and the first page, which is about `host`; `reads` tells whether
    /// this service reads it.
    pub(crate) fn new(
        files: Vec<DashboardFile>,
        (host, reads): (String, bool),
        data: Arc<dyn Select>,
    ) -> Self {
        let (names, mut places) = (Names::default(), Places::default());
        if reads {
            places.see(&own(&host));
        }
        let source = Source { files, names, places, looked: Timestamp(0), revision: 0 };
        let source = Mutex::new(source);
        let registry = Self { host, reads, data, source, served: ArcSwap::default() };
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
        let served = self.served.load();
        if let Some(name) = slug.strip_prefix(HOST) {
            let (mut dashboard, beyond) = host_board(&served, &self.host, name, &*self.data)?;
            slug.clone_into(&mut dashboard.slug);
            let revision = revision_of(&dashboard, &beyond);
            return Some(Arc::new(Board::new(dashboard, beyond, &[], revision)));
        }
        served.boards.get(slug).cloned()
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

    /// A push made these series: new names get their panel, new hosts and services are listed.
    pub(crate) fn pushed(&self, created: &[Labels]) {
        if created.is_empty() {
            return;
        }
        let mut source = self.source.lock();
        let before = source.names.ordered.len();
        let mut news = false;
        for labels in created {
            source.names.learn(labels.name());
            news |= source.places.see(labels);
        }
        if news || source.names.ordered.len() > before {
            self.rebuild(&mut source);
        }
    }

    /// Takes over what there is at `now`: names without a series are forgotten, those that a log
    /// brought back are learnt. `alive` are the pushed names that have one, `places` the hosts and
    /// services.
    pub(crate) fn renew(&self, alive: &[String], mut places: Places, now: Timestamp) {
        let mut source = self.source.lock();
        let names = &mut source.names;
        let before = names.ordered.clone();
        let known: HashSet<&str> = alive.iter().map(String::as_str).collect();
        names.ordered.retain(|name| known.contains(name.as_str()));
        names.known.retain(|name| known.contains(name.as_str()));
        for name in alive {
            names.learn(name);
        }
        if self.reads {
            places.see(&own(&self.host));
        }
        let others = names.ordered != before || places != source.places;
        std::mem::swap(&mut source.places, &mut places);
        source.looked = now;
        if others || self.served.load().looked == Timestamp(0) {
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
                    let (dashboard, beyond) = self.overview(dashboard, source);
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
        let mut all = source.files.iter().flat_map(|file| &file.dashboards);
        self.served.store(Arc::new(Served {
            boards,
            order,
            mistakes,
            places: source.places.clone(),
            first: all.find(|board| board.slug == OVERVIEW).cloned(),
            looked: source.looked,
            generation: source.revision,
        }));
    }

    /// The first page, and the pushed names for which it has no panel.
    fn overview(&self, base: &Dashboard, source: &Source) -> (Dashboard, Vec<String>) {
        let shown = |name: &&String| !source.places.shows(name);
        // A name belongs to a histogram when its siblings are there, so more names than panels are
        // looked at; the rest is linked without a look.
        let mut names = source.names.ordered.iter().filter(shown);
        let near = names.by_ref().take(PUSHED_PANELS_MAX * 4);
        let near: Vec<(String, Option<Metadata>)> =
            near.map(|name| (name.clone(), self.data.metadata(name))).collect();
        let all = source.files.iter().flat_map(|file| &file.dashboards);
        let first = First {
            base,
            host: &self.host,
            places: &source.places,
            others: all.filter(|board| board.slug != OVERVIEW).collect(),
            names: near,
            panels_max: PUSHED_PANELS_MAX,
        };
        let (dashboard, mut beyond) = first.board();
        beyond.extend(names.cloned());
        (dashboard, beyond)
    }
}

impl Names {
    fn learn(&mut self, name: &str) {
        if self.ordered.len() < NAMES_MAX && !name.is_empty() && !self.known.contains(name) {
            self.known.insert(name.to_owned());
            self.ordered.push(name.to_owned());
        }
    }
}

/// A series that this host has as long as the service reads it.
fn own(host: &str) -> Labels {
    Labels::named("node_time_seconds").with("instance", host)
}

/// A number that is another one when a board that is made for who asks has changed; small enough
/// for a script to hold exactly.
fn revision_of(dashboard: &Dashboard, beyond: &[String]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for panel in &dashboard.panels {
        panel.document().to_string().hash(&mut hasher);
        panel.queries.iter().for_each(|query| query.plan.text().hash(&mut hasher));
    }
    beyond.hash(&mut hasher);
    (hasher.finish() >> 12) | 1
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
            spans: spans(panel),
            bands: panel.bands(),
            is_chart: panel.kind.is_chart(),
            document: panel.document(),
        });
        let panels = panels.collect();
        let document = json!({
            "title": dashboard.title, "description": dashboard.description, "mistakes": mistakes,
            "embed": dashboard.embed,
        });
        let slug = dashboard.slug.clone();
        let spec = Arc::new(BoardSpec { slug, revision, document, panels });
        Self { dashboard, beyond, mistakes: mistakes.to_vec(), spec }
    }
}

/// Over which times the queries of a panel are asked, where they say it.
fn spans(panel: &dashboard::Panel) -> Vec<QuerySpan> {
    let span = |query: &dashboard::PanelQuery| QuerySpan { range: query.range, step: query.step };
    let spans: Vec<QuerySpan> = panel.queries.iter().map(span).collect();
    if spans.iter().all(|span| *span == QuerySpan::default()) { Vec::new() } else { spans }
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
        let registry = Registry::new(files, (String::new(), false), Arc::new(List::default()));
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
