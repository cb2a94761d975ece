//! The dashboards that are served: those of files, the host's own with a panel for each pushed
//! name, and one for any single name. They are swapped as a whole, so readers never wait.

mod derived;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use arc_swap::ArcSwap;
use hashbrown::HashSet;
use parking_lot::Mutex;
use serde_json::{Value, json};

use super::chosen;
use super::hosts::{HOST, host_board};
use crate::dashboard::places::Places;
use crate::dashboard::{
    self, Asked, Choice, Dashboard, DashboardFile, First, PanelKind, Set, automatic,
};
use crate::live::{BoardSpec, Boards, PanelSpec, QuerySpan};
use crate::model::{Clock, Labels, Metadata, Select, Timestamp, Zone};
use derived::Derived;

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
    /// What stands for its variables.
    pub(crate) chosen: Chosen,
    pub(crate) spec: Arc<BoardSpec>,
}

/// What stands for the variables of a board.
#[derive(Debug, Default)]
pub(crate) struct Chosen {
    /// The variables with what is chosen of each.
    pub(crate) sets: Vec<Set>,
    /// What could not be had, in words.
    pub(crate) notes: Vec<String>,
    /// What was asked for.
    pub(crate) asked: Asked,
}

/// Why there is no board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Missing {
    /// There is none of that slug.
    Unknown,
    /// What is chosen is more than an address may say: in words.
    TooMuch(String),
    /// Too many boards with values of their own are looked at.
    Full,
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
    derived: Derived,
    /// Boards are numbered by it, each change with a number of its own.
    revisions: AtomicU64,
    generation: AtomicU64,
}

/// What boards are made from.
struct Source {
    files: Vec<DashboardFile>,
    names: Names,
    places: Places,
    looked: Timestamp,
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
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (names, mut places) = (Names::default(), Places::default());
        if reads {
            places.see(&own(&host));
        }
        let source = Mutex::new(Source { files, names, places, looked: Timestamp(0) });
        let derived = Derived::new(Arc::clone(&data), clock);
        let (revisions, generation) = (AtomicU64::new(0), AtomicU64::new(0));
        let served = ArcSwap::default();
        let registry = Self { host, reads, data, source, served, derived, revisions, generation };
        registry.rebuild(&mut registry.source.lock());
        registry
    }

    /// Serves other files from now on. Boards that are the same keep their revision.
    pub(crate) fn replace(&self, files: Vec<DashboardFile>) {
        let mut source = self.source.lock();
        source.files = files;
        self.rebuild(&mut source);
    }

    /// The dashboard behind a slug, behind which a `?` and what is chosen may stand, as in the
    /// address of its page.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn find(&self, slug: &str) -> Result<Arc<Board>, Missing> {
        if says_all(slug) {
            return self.made(slug).ok_or(Missing::Unknown);
        }
        let (base, asked) = self.asked(slug)?;
        if !base.dashboard.is_template() && asked == Asked::default() {
            return Ok(base);
        }
        self.derived.find(&base, &asked, &self.revisions).map_err(|derived::Full| Missing::Full)
    }

    /// The same, when nothing has to be looked up for it.
    pub(crate) fn at_hand(&self, slug: &str) -> Option<Arc<Board>> {
        if says_all(slug) {
            return self.made(slug);
        }
        let (base, asked) = self.asked(slug).ok()?;
        if !base.dashboard.is_template() && asked == Asked::default() {
            return Some(base);
        }
        self.derived.kept(&chosen::slug(&base.dashboard.slug, &asked), &base)
    }

    /// A board of a file, and what is asked of it.
    fn asked(&self, slug: &str) -> Result<(Arc<Board>, Asked), Missing> {
        let (slug, said) = slug.split_once('?').unwrap_or((slug, ""));
        let base = self.served.load().boards.get(slug).cloned().ok_or(Missing::Unknown)?;
        Ok((base, chosen::read(said).map_err(Missing::TooMuch)?))
    }

    /// The board of a slug that says all there is to it: of a name, of a query, of a host.
    fn made(&self, slug: &str) -> Option<Arc<Board>> {
        let alone = |mut dashboard: Dashboard, beyond: Vec<String>, revision: u64| {
            slug.clone_into(&mut dashboard.slug);
            Arc::new(Board::new(dashboard, (beyond, &[]), revision, Chosen::default()))
        };
        if let Some(name) = slug.strip_prefix(METRIC) {
            let dashboard = automatic::single(name, self.data.metadata(name).as_ref())?;
            return Some(alone(dashboard, Vec::new(), 1));
        }
        if let Some(name) = slug.strip_prefix(HOST) {
            let served = self.served.load();
            let (dashboard, beyond) = host_board(&served, &self.host, name, &*self.data)?;
            let revision = revision_of(&dashboard, &beyond);
            return Some(alone(dashboard, beyond, revision));
        }
        let view = |(prefix, kind): &(&str, PanelKind)| Some((slug.strip_prefix(*prefix)?, *kind));
        let (query, kind) = EXPLORED.iter().find_map(view)?;
        Some(alone(self.explore(query, kind).ok()?, Vec::new(), 1))
    }

    /// Brings boards with variables in step with the data.
    pub(crate) fn renew_choices(&self) {
        if self.derived.renew(&self.revisions) {
            self.generation.fetch_add(1, Relaxed);
        }
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
        let revision = self.revisions.fetch_add(1, Relaxed) + 1;
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
                let mistakes = file.mistakes.as_slice();
                let made = || {
                    let around = (beyond, mistakes);
                    Board::new(dashboard.into_owned(), around, revision, Chosen::default())
                };
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
        }));
        self.generation.fetch_add(1, Relaxed);
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

/// Whether a slug is that of a name, a query or a host, and so says all there is to its board.
fn says_all(slug: &str) -> bool {
    let explored = EXPLORED.iter().any(|(prefix, _)| slug.starts_with(prefix));
    explored || slug.starts_with(METRIC) || slug.starts_with(HOST)
}

impl Boards for Registry {
    fn board(&self, slug: &str) -> Option<Arc<BoardSpec>> {
        Some(Arc::clone(&self.find(slug).ok()?.spec))
    }

    fn generation(&self) -> u64 {
        self.generation.load(Relaxed)
    }
}

impl Board {
    fn new(
        dashboard: Dashboard,
        (beyond, mistakes): (Vec<String>, &[String]),
        revision: u64,
        chosen: Chosen,
    ) -> Self {
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
        let mut document = json!({
            "title": dashboard.title, "description": dashboard.description, "mistakes": mistakes,
            "embed": dashboard.embed, "time_zone": dashboard.time_zone.map(Zone::name),
        });
        chosen.describe(&mut document);
        let slug = dashboard.slug.clone();
        let spec = Arc::new(BoardSpec { slug, revision, document, panels });
        Self { dashboard, beyond, mistakes: mistakes.to_vec(), chosen, spec }
    }
}

impl Chosen {
    /// Adds to the document of a board what its page shows of them.
    fn describe(&self, document: &mut Value) {
        let set = |set: &Set| {
            let choice = |choice: &Choice| json!([choice.value, choice.text]);
            let chosen = set.chosen.iter().filter(|_| !set.is_all);
            json!({
                "name": set.variable.name,
                "title": set.variable.title,
                "multi": set.variable.multi,
                "all": set.variable.all,
                "is_all": set.is_all,
                "choices": set.choices.iter().map(choice).collect::<Vec<_>>(),
                "beyond": set.beyond,
                "chosen": chosen.map(choice).collect::<Vec<_>>(),
            })
        };
        let shown: Vec<Value> =
            self.sets.iter().filter(|set| !set.variable.hide).map(set).collect();
        if !shown.is_empty() {
            document["variables"] = shown.into();
        }
        if !self.asked.filters.is_empty() {
            document["filters"] = json!(self.asked.filters);
        }
        if !self.notes.is_empty() {
            document["notes"] = json!(self.notes);
        }
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
    use crate::model::{SteppedClock, Timestamp};

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
        let clock = Arc::new(SteppedClock::at(Timestamp(1_800_000_000_000)));
        let registry =
            Registry::new(files, (String::new(), false), Arc::new(List::default()), clock);
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
