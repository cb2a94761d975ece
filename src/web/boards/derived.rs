//! Boards with values in place of their variables: one for each choice that somebody looks at.
//!
//! A choice that was asked for is filled in once and then kept in step with its file and with the
//! data, whatever the number of its viewers. The values of labels are looked up once every ten
//! seconds at most, apart from whoever waits for a page.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use parking_lot::Mutex;

use super::{Board, Chosen};
use crate::dashboard::{self, Asked, Known, Plan};
use crate::model::{Clock, Matcher, Select, Selection, Span, TimeRange, Timestamp, is_stale};
use crate::web::chosen;

/// Boards that are kept at once.
const KEPT_MAX: usize = 1000;
/// How long one is kept that nobody looks at.
const KEEP: Span = Span(60_000);
/// How long what was looked up is taken for the present; a little less than the time between two
/// renewals.
const FRESH: Span = Span(9_000);
/// How old the newest sample of a series may be whose labels are offered.
const RECENT: Span = Span::from_secs(3600);
/// In how long a stretch it is looked how far apart samples are, the shorter one first.
const LOOKED_AT: [Span; 2] = [Span::from_secs(120), Span::from_secs(1800)];
const SERIES_MAX: usize = 500;
const SAMPLES_MAX: usize = 100_000;
/// Distances of samples, of which the next longer one is taken.
const SPACINGS: [i64; 12] = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900];

/// There are too many boards with values of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full;

/// The boards.
pub(super) struct Derived {
    data: Arc<dyn Select>,
    clock: Arc<dyn Clock>,
    // Guards the boards by their slugs; held for a look.
    kept: Mutex<BTreeMap<String, Kept>>,
    // Guards what was looked up, by what was asked; held for a look.
    values: Mutex<HashMap<String, (Timestamp, Vec<String>)>>,
    spacings: Mutex<HashMap<String, (Timestamp, Span)>>,
}

#[derive(Clone)]
struct Kept {
    /// What it was made from.
    base: Arc<Board>,
    board: Arc<Board>,
    used: Timestamp,
}

impl Kept {
    /// Whether the live core, or a page that is under way, has it.
    fn is_in_use(&self) -> bool {
        Arc::strong_count(&self.board.spec) > 1
    }
}

impl Derived {
    pub(super) fn new(data: Arc<dyn Select>, clock: Arc<dyn Clock>) -> Self {
        let (kept, values, spacings) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self { data, clock, kept, values, spacings }
    }

    /// The board, if it is there already, made from `base` as it is now.
    pub(super) fn kept(&self, slug: &str, base: &Arc<Board>) -> Option<Arc<Board>> {
        let mut kept = self.kept.lock();
        let found = kept.get_mut(slug).filter(|found| Arc::ptr_eq(&found.base, base))?;
        found.used = self.clock.now();
        Some(Arc::clone(&found.board))
    }

    /// The board `base` with what was asked for.
    ///
    /// # Errors
    /// When there are too many.
    pub(super) fn find(
        &self,
        base: &Arc<Board>,
        asked: &Asked,
        revisions: &AtomicU64,
    ) -> Result<Arc<Board>, Full> {
        let slug = chosen::slug(&base.dashboard.slug, asked);
        if let Some(found) = self.kept(&slug, base) {
            return Ok(found);
        }
        let now = self.clock.now();
        if self.kept.lock().len() >= KEPT_MAX {
            self.forget(now, Span::ZERO);
        }
        let before = self.kept.lock().get(&slug).map(|kept| Arc::clone(&kept.board));
        let board = self.made((base, asked, &slug), before, now, revisions);
        let mut kept = self.kept.lock();
        if let Some(other) = kept.get(&slug).filter(|other| Arc::ptr_eq(&other.base, base)) {
            return Ok(Arc::clone(&other.board));
        }
        if kept.len() >= KEPT_MAX && !kept.contains_key(&slug) {
            return Err(Full);
        }
        let (base, found) = (Arc::clone(base), Arc::clone(&board));
        kept.insert(slug, Kept { base, board: found, used: now });
        Ok(board)
    }

    /// Forgets the boards that nobody has looked at for so long.
    fn forget(&self, now: Timestamp, keep: Span) {
        let is_used = |kept: &Kept| kept.is_in_use() || now.saturating_sub(keep) < kept.used;
        self.kept.lock().retain(|_, kept| is_used(kept));
    }

    /// Brings all boards in step with the data; whether any of them is another now.
    pub(super) fn renew(&self, revisions: &AtomicU64) -> bool {
        let now = self.clock.now();
        self.forget(now, KEEP);
        let fresh = |at: Timestamp| now.saturating_sub(KEEP) < at;
        self.values.lock().retain(|_, (at, _)| fresh(*at));
        self.spacings.lock().retain(|_, (at, _)| fresh(*at));
        let all: Vec<(String, Kept)> =
            self.kept.lock().iter().map(|(slug, kept)| (slug.clone(), kept.clone())).collect();
        let mut changed = false;
        for (slug, Kept { base, board, .. }) in all {
            let ask = (&base, &board.chosen.asked, slug.as_str());
            let fresh = self.made(ask, Some(Arc::clone(&board)), now, revisions);
            if Arc::ptr_eq(&fresh, &board) {
                continue;
            }
            // One that was made anew meanwhile, or has gone, is left alone.
            if let Some(kept) = self.kept.lock().get_mut(&slug)
                && Arc::ptr_eq(&kept.board, &board)
            {
                kept.board = fresh;
                changed = true;
            }
        }
        changed
    }

    /// The board, filled in; `before` when it is the same.
    fn made(
        &self,
        (base, asked, slug): (&Arc<Board>, &Asked, &str),
        before: Option<Arc<Board>>,
        now: Timestamp,
        revisions: &AtomicU64,
    ) -> Arc<Board> {
        let known = Looked { derived: self, now };
        let sets = before.as_ref().map_or(&[][..], |board| &board.chosen.sets);
        let (sets, mut notes) = dashboard::choose(&base.dashboard, asked, sets, &known);
        let filters = dashboard::filters(asked).unwrap_or_else(|text| {
            notes.push(text);
            Vec::new()
        });
        let given = base.dashboard.scrape_interval;
        let spacing = |plan: &Plan| given.unwrap_or_else(|| self.spacing(plan, now));
        let (mut filled, more) = dashboard::filled(&base.dashboard, &sets, &filters, &spacing);
        notes.extend(more);
        slug.clone_into(&mut filled.slug);
        if let Some(before) = before
            && before.dashboard == filled
            && before.beyond == base.beyond
            && before.mistakes == base.mistakes
            && before.chosen.sets == sets
            && before.chosen.notes == notes
        {
            return before;
        }
        let revision = revisions.fetch_add(1, Relaxed) + 1;
        let chosen = Chosen { sets, notes, asked: asked.clone() };
        let around = (base.beyond.clone(), base.mistakes.as_slice());
        Arc::new(Board::new(filled, around, revision, chosen))
    }

    /// How far apart the samples are that a query reads: those of the series that are the farthest
    /// apart.
    fn spacing(&self, plan: &Plan, now: Timestamp) -> Span {
        let of = |matchers: &&[Matcher]| self.spacing_of(matchers, now);
        plan.selectors().iter().map(of).max().unwrap_or(Span(1000))
    }

    fn spacing_of(&self, matchers: &[Matcher], now: Timestamp) -> Span {
        let key = key(matchers);
        if let Some((at, spacing)) = self.spacings.lock().get(&key)
            && now.saturating_sub(FRESH) < *at
        {
            return *spacing;
        }
        let mut found = None;
        for back in LOOKED_AT {
            let Some(range) = TimeRange::left_open(now, back) else { break };
            let selection = Selection {
                matchers,
                range,
                newest_only: false,
                coarse: None,
                series_max: SERIES_MAX,
                samples_max: SAMPLES_MAX,
            };
            // What is too much to be looked at is there often.
            let Ok(series) = self.data.select(&selection) else { break };
            let gaps: Vec<Option<Span>> = series
                .iter()
                .map(|one| {
                    let real = one.samples.iter().filter(|sample| !is_stale(sample.value));
                    middle_gap(&real.map(|sample| sample.at).collect::<Vec<_>>())
                })
                .collect();
            found = found.max(gaps.iter().flatten().copied().max());
            if !gaps.is_empty() && gaps.iter().all(Option::is_some) {
                break;
            }
        }
        let spacing = found.map_or(Span(1000), rounded);
        self.spacings.lock().insert(key, (now, spacing));
        spacing
    }
}

/// The distance in the middle of those between these times; none of fewer than three.
fn middle_gap(times: &[Timestamp]) -> Option<Span> {
    let mut gaps: Vec<Span> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    gaps.sort_unstable();
    gaps.get(gaps.len() / 2).copied().filter(|_| gaps.len() > 1)
}

/// The next longer of the usual distances; a little more than one of them is that one.
fn rounded(gap: Span) -> Span {
    let fits = |seconds: &&i64| gap.0 * 10 <= **seconds * 11_000;
    let longest = SPACINGS[SPACINGS.len() - 1];
    Span::from_secs(*SPACINGS.iter().find(fits).unwrap_or(&longest))
}

fn key(matchers: &[Matcher]) -> String {
    let mut parts: Vec<String> = matchers.iter().map(ToString::to_string).collect();
    parts.sort_unstable();
    parts.join(",")
}

/// What is known of labels at one time.
struct Looked<'a> {
    derived: &'a Derived,
    now: Timestamp,
}

impl Known for Looked<'_> {
    fn values(&self, label: &str, matchers: &[Matcher]) -> Vec<String> {
        let key = format!("{label} {}", key(matchers));
        if let Some((at, values)) = self.derived.values.lock().get(&key)
            && self.now.saturating_sub(FRESH) < *at
        {
            return values.clone();
        }
        let range = TimeRange::left_open(self.now, RECENT).unwrap_or(TimeRange::all());
        let values = self.derived.data.label_values(label, matchers, range);
        self.derived.values.lock().insert(key, (self.now, values.clone()));
        values
    }

    fn ever(&self, label: &str, value: &str, matchers: &[Matcher]) -> bool {
        let mut matchers = matchers.to_vec();
        matchers.push(Matcher::equal(label, value));
        !value.is_empty()
            && !self.derived.data.label_values(label, &matchers, TimeRange::all()).is_empty()
    }
}
