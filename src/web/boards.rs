//! The dashboards that are served: those of the settings, the host's own with a panel for each
//! pushed name, and one for any single name. They are swapped as a whole, so readers never wait.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use hashbrown::HashSet;
use parking_lot::Mutex;

use crate::dashboard::{Dashboard, PanelKind, automatic};
use crate::live::{BoardSpec, Boards, PanelSpec};
use crate::model::{Labels, Metadata, Select};

/// The slug of the host's own board.
pub(crate) const OVERVIEW: &str = "overview";
/// What the slug of a single name's board begins with.
pub(crate) const METRIC: &str = "metric:";
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
    pub(crate) spec: Arc<BoardSpec>,
}

/// All dashboards.
pub(crate) struct Registry {
    base: Vec<Dashboard>,
    host: String,
    data: Arc<dyn Select>,
    // Held while a new overview is made; readers use `boards` and do not wait.
    names: Mutex<Names>,
    boards: ArcSwap<BTreeMap<String, Arc<Board>>>,
}

#[derive(Default)]
struct Names {
    /// In the order of arrival, so that panels keep their place.
    ordered: Vec<String>,
    known: HashSet<String>,
    revision: u64,
}

impl Registry {
    /// The dashboards of the settings, and the host's own.
    pub(crate) fn new(base: Vec<Dashboard>, host: String, data: Arc<dyn Select>) -> Self {
        let registry =
            Self { base, host, data, names: Mutex::default(), boards: ArcSwap::default() };
        let boards = registry.base.iter().map(|dashboard| {
            let board = Board::new(dashboard.clone(), Vec::new(), 1);
            (dashboard.slug.clone(), Arc::new(board))
        });
        registry.boards.store(Arc::new(boards.collect()));
        registry.rebuild(&mut registry.names.lock());
        registry
    }

    /// The dashboard behind a slug.
    pub(crate) fn find(&self, slug: &str) -> Option<Arc<Board>> {
        if let Some(name) = slug.strip_prefix(METRIC) {
            let mut dashboard = automatic::single(name, self.data.metadata(name).as_ref())?;
            slug.clone_into(&mut dashboard.slug);
            return Some(Arc::new(Board::new(dashboard, Vec::new(), 1)));
        }
        self.boards.load().get(slug).cloned()
    }

    /// All dashboards of the settings, in their order.
    pub(crate) fn all(&self) -> &[Dashboard] {
        &self.base
    }

    /// A push made these series: new names get their panel.
    pub(crate) fn pushed(&self, created: &[Labels]) {
        if created.is_empty() {
            return;
        }
        let mut names = self.names.lock();
        let before = names.ordered.len();
        for labels in created {
            let name = labels.name();
            if names.ordered.len() < NAMES_MAX && !names.known.contains(name) {
                names.known.insert(name.to_owned());
                names.ordered.push(name.to_owned());
            }
        }
        if names.ordered.len() > before {
            self.rebuild(&mut names);
        }
    }

    /// Forgets names that have no series any more. `alive` are the pushed names that have one.
    pub(crate) fn keep(&self, alive: &[String]) {
        let mut names = self.names.lock();
        let before = names.ordered.len();
        let alive: HashSet<&str> = alive.iter().map(String::as_str).collect();
        names.ordered.retain(|name| alive.contains(name.as_str()));
        names.known.retain(|name| alive.contains(name.as_str()));
        if names.ordered.len() < before {
            self.rebuild(&mut names);
        }
    }

    fn rebuild(&self, names: &mut Names) {
        let Some(base) = self.base.iter().find(|dashboard| dashboard.slug == OVERVIEW) else {
            return;
        };
        // A name belongs to a histogram when its siblings are there, so twice the panels are looked
        // at; the rest is linked without a look.
        let looked_at = names.ordered.len().min(PUSHED_PANELS_MAX * 4);
        let (near, far) = names.ordered.split_at(looked_at);
        let known: Vec<(String, Option<Metadata>)> =
            near.iter().map(|name| (name.clone(), self.data.metadata(name))).collect();
        let (dashboard, mut beyond) =
            automatic::overview(base, &self.host, &known, PUSHED_PANELS_MAX);
        beyond.extend(far.iter().cloned());
        names.revision += 1;
        let board = Arc::new(Board::new(dashboard, beyond, names.revision));
        let mut boards = BTreeMap::clone(&self.boards.load());
        boards.insert(OVERVIEW.to_owned(), board);
        self.boards.store(Arc::new(boards));
    }
}

impl Boards for Registry {
    fn board(&self, slug: &str) -> Option<Arc<BoardSpec>> {
        Some(Arc::clone(&self.find(slug)?.spec))
    }
}

impl Board {
    fn new(dashboard: Dashboard, beyond: Vec<String>, revision: u64) -> Self {
        let panels = dashboard.panels.iter().map(|panel| PanelSpec {
            id: panel.id.clone(),
            step: panel.step,
            plans: panel.queries.iter().map(|query| Arc::new(query.plan.clone())).collect(),
            bands: panel.bands(),
            is_chart: matches!(panel.kind, PanelKind::Line | PanelKind::Stack),
            document: panel.document(),
        });
        let spec = BoardSpec { slug: dashboard.slug.clone(), revision, panels: panels.collect() };
        Self { dashboard, beyond, spec: Arc::new(spec) }
    }
}
