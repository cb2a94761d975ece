//! The windows behind one panel, and how its series are looked at: which are shown, what their
//! newest values are, and whether those are still fresh.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::figures::figure;
use super::heard::{Heard, heard};
use super::legend::Names;
use crate::dashboard::{Panel, PanelKind, PanelQuery, Stat};
use crate::model::{ABSENT, Labels, Span, Timestamp, is_absent};

/// A value is fresh for that many steps of its window.
const FRESH_STEPS: i64 = 3;

/// From this step on a chart says how far apart its values are.
const FAR_APART: Span = Span::from_secs(15);

/// A time of day may be taken for today's up to this age.
const FAR_AWAY: Span = Span::from_secs(12 * 3600);

/// And never for less than this, so that a tick that comes late greys nothing.
pub(super) const FRESH_LEAST: Span = Span::from_secs(3);

/// What a panel shows now.
#[derive(Debug, Clone)]
pub struct PanelData {
    /// The present.
    pub now: Timestamp,
    /// How far back the panel shows.
    pub range: Span,
    /// How far the clocks on the reader's wall are east of UTC, as far as the server knows.
    pub zone: Span,
    /// One window a query, in the order of the queries; where columns are far apart then two for
    /// each of [`Panel::bands`]: the bounds of what lies between them.
    pub windows: Vec<Window>,
}

/// The last columns of one query.
#[derive(Debug, Clone)]
pub struct Window {
    /// The time of the newest column.
    pub end: Timestamp,
    /// The distance of columns.
    pub step: Span,
    /// Each series with a value a column, the newest last; `ABSENT` where it has none.
    pub series: Vec<(Labels, Vec<f64>)>,
}

/// The newest value of a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Latest {
    /// The value.
    pub value: f64,
    /// The time of its sample where a query of times tells it, else that of its column.
    pub at: Timestamp,
    /// Whether it is so old that a page must not show it as the present.
    pub stale: bool,
    /// Whether the series has ended, and `at` is the time of its last sample.
    pub silent: bool,
}

impl Latest {
    /// How old it is, in words, when it must not be taken for the present: `as of 12:03:11`, or
    /// `silent since 12:03:11` for a series that has ended.
    pub fn age(&self, now: Timestamp, zone: Span) -> Option<String> {
        let since = if self.silent { "silent since" } else { "as of" };
        self.stale.then(|| format!("{since} {}", moment(self.at, now, zone, true)))
    }
}

/// One series of a panel, as it is shown.
#[derive(Debug)]
pub struct Shown<'a> {
    /// The number of its query in the panel, from 0.
    pub query: usize,
    /// Its name for people.
    pub name: String,
    /// The number of its colour, 1 to 8; 0 for one that is drawn together with others.
    pub color: u8,
    /// Its labels.
    pub labels: &'a Labels,
    /// Its newest value; nothing when it has none in the window.
    pub latest: Option<Latest>,
    /// Its values, the newest last; `ABSENT` also where nothing new was measured.
    pub values: Cow<'a, [f64]>,
    /// The two bounds of what lies between its columns, where they are far apart.
    pub band: Option<[Bound<'a>; 2]>,
    window: &'a Window,
}

/// Values between which, and those of another of its kind, a series lies from column to column.
#[derive(Debug, Clone, Copy)]
pub struct Bound<'a> {
    window: &'a Window,
    values: &'a [f64],
}

impl Bound<'_> {
    /// The least and the greatest finite value of the columns behind `from` and up to `to`.
    fn extent(&self, from: Timestamp, to: Timestamp) -> Option<(f64, f64)> {
        let first = self.window.index(self.values, from).map_or(0, |index| index + 1);
        let last = self.window.index(self.values, to)?;
        extent(self.values.get(first.min(last)..=last)?)
    }
}

impl Window {
    /// The series with these labels, the metric name apart.
    fn find(&self, labels: &Labels) -> Option<Bound<'_>> {
        let nameless = labels.without_name();
        let (_, values) = self.series.iter().find(|(other, _)| *other == nameless)?;
        Some(Bound { window: self, values })
    }

    /// An empty window that ends at a time.
    pub fn empty(end: Timestamp, step: Span) -> Self {
        Self { end, step, series: Vec::new() }
    }

    /// The time of a column of a series, counted from its oldest.
    pub(super) fn time(&self, values: &[f64], index: usize) -> Timestamp {
        self.end - self.step * (values.len() as i64 - 1 - index as i64)
    }

    /// Which of the columns of a series a time belongs to: the newest one not later than it.
    pub(super) fn index(&self, values: &[f64], at: Timestamp) -> Option<usize> {
        let step = self.step.millis().max(1);
        let back = (self.end - at).millis();
        // A time after the newest column, but before the next one would be due, shows the newest.
        let age = if back < 0 && back > -step {
            0
        } else {
            back.div_euclid(step) + i64::from(back.rem_euclid(step) > 0)
        };
        let index = values.len() as i64 - 1 - age;
        usize::try_from(index).ok().filter(|index| *index < values.len())
    }
}

impl PanelData {
    /// The series that the panel shows, in the order of its queries, with at least one value in the
    /// window, at most as many as it allows. Of a kind that chooses among all series, all are here;
    /// of one that gathers too, the largest first, and those beyond the limit without a colour.
    pub fn shown<'a>(&'a self, panel: &Panel) -> Vec<Shown<'a>> {
        let all = panel.kind.gathers() || panel.kind.looks_at_all();
        let mut shown = self.shown_up_to(panel, if all { usize::MAX } else { panel.series_max() });
        if panel.kind.gathers() {
            gather(&mut shown, panel);
        }
        shown
    }

    fn shown_up_to<'a>(&'a self, panel: &Panel, series_max: usize) -> Vec<Shown<'a>> {
        let mut series = Vec::new();
        for (number, (query, window)) in panel.queries.iter().zip(&self.windows).enumerate() {
            let some = |(_, values): &&(Labels, Vec<f64>)| values.iter().any(|v| !is_absent(*v));
            let drawn = window.series.iter().filter(|_| !query.times).filter(some);
            series.extend(drawn.map(|each| (number, query, window, each)));
        }
        let all: Vec<&Labels> = series.iter().map(|(_, _, _, (labels, _))| labels).collect();
        let names = Names::new(&panel.title, &all);
        let more = series.len() > series_max;
        let banded = self.windows.get(panel.queries.len()..).filter(|beyond| !beyond.is_empty());
        let bands = banded.map(|beyond| (beyond, panel.bands()));
        let mut shown = Vec::new();
        for (query, PanelQuery { legend, .. }, window, (labels, values)) in series {
            let heard = heard(panel, self, labels);
            let latest = self.latest(window, values);
            let latest = latest.map(|latest| self.with_heard(heard.as_ref(), latest));
            let values = heard.map_or(Cow::Borrowed(&**values), |heard| {
                Cow::Owned(heard.without_repeats(window, values))
            });
            let name = names.text(legend, labels);
            let band = bands.as_ref().and_then(|bands| band(bands, query, labels));
            shown.push(Shown { query, name, color: 0, labels, latest, values, band, window });
        }
        if more {
            // Those that go on come before those that have ended.
            shown.sort_by_key(|series| series.latest.is_some_and(|latest| latest.stale));
            shown.truncate(series_max);
        }
        // A band is one thing in several rows: its queries' series of the same labels.
        let mut sets: Vec<Labels> = Vec::new();
        for (place, series) in shown.iter_mut().enumerate() {
            let mut slot = place;
            if panel.kind == PanelKind::Band {
                let own = series.labels.without_name();
                slot = sets.iter().position(|set| *set == own).unwrap_or_else(|| {
                    sets.push(own);
                    sets.len() - 1
                });
            }
            series.color = panel.color_of(slot);
        }
        shown
    }

    /// What the values of a chart are, in words, where they are far apart: `a value every 1h,
    /// shaded from least to greatest`.
    pub fn resolution(&self, panel: &Panel) -> Option<String> {
        let step = self.windows.iter().map(|window| window.step).max()?;
        let banded = self.windows.len() > panel.queries.len();
        let shaded = if banded { ", shaded from least to greatest" } else { "" };
        (step >= FAR_APART).then(|| format!("a value every {step}{shaded}"))
    }

    /// The newest value of the first series of a query.
    pub fn latest_of(&self, query: usize) -> Option<Latest> {
        let window = self.windows.get(query)?;
        window.series.iter().find_map(|(_, values)| self.latest(window, values))
    }

    fn latest(&self, window: &Window, values: &[f64]) -> Option<Latest> {
        let age = values.iter().rev().position(|value| !is_absent(*value))?;
        let at = window.end - window.step * (age as i64);
        let fresh = (window.step * FRESH_STEPS).max(FRESH_LEAST);
        let value = *values.get(values.len() - 1 - age)?;
        Some(Latest { value, at, stale: self.now - at > fresh, silent: false })
    }

    /// The same with the time of the sample, where the panel asks for times.
    fn with_heard(&self, heard: Option<&Heard<'_>>, latest: Latest) -> Latest {
        let Some(heard) = heard else { return latest };
        let old = self.now - heard.at > heard.fresh;
        let silent = latest.stale;
        Latest { at: heard.at, stale: silent || old, silent, ..latest }
    }

    /// A time in words on the reader's wall, to the second.
    pub fn exact(&self, at: Timestamp) -> String {
        moment(at, self.now, self.zone, true)
    }

    /// A time in words on the reader's wall.
    pub(super) fn moment(&self, at: Timestamp) -> String {
        moment(at, self.now, self.zone, false)
    }

    /// The latest time on the panel's time axis: its newest column, so that a chart ends at its
    /// right edge; the present when there is none, or nothing has come for long.
    pub fn end(&self) -> Timestamp {
        let newest = self.windows.iter().map(|window| window.end).max();
        let fresh = |window: &Window| (window.step * FRESH_STEPS).max(FRESH_LEAST);
        let limit = self.windows.iter().map(fresh).max().unwrap_or(FRESH_LEAST);
        newest.filter(|newest| self.now - *newest <= limit).unwrap_or(self.now)
    }
}

impl Shown<'_> {
    /// The value at a time: that of the newest column not later than it; absent outside the window.
    pub fn at(&self, at: Timestamp) -> f64 {
        let index = self.window.index(&self.values, at);
        index.and_then(|index| self.values.get(index)).copied().unwrap_or(ABSENT)
    }

    /// Its columns, the oldest first, each with its time.
    pub fn columns(&self) -> impl Iterator<Item = (Timestamp, f64)> {
        let values = self.values.iter().enumerate();
        values.map(|(index, value)| (self.window.time(&self.values, index), *value))
    }

    /// The distance of its columns.
    pub fn step(&self) -> Span {
        self.window.step
    }

    /// The least and the greatest value behind `from` and up to `to`.
    pub fn bounds(&self, from: Timestamp, to: Timestamp) -> Option<(f64, f64)> {
        let [one, other] = self.band?.map(|bound| bound.extent(from, to));
        let (one, other) = (one?, other?);
        Some((one.0.min(other.0), one.1.max(other.1)))
    }

    /// The time of the first column in which there is a value.
    pub fn first(&self) -> Option<Timestamp> {
        let at = self.values.iter().position(|value| !is_absent(*value))?;
        Some(self.window.time(&self.values, at))
    }

    /// The least and the most finite value of the window.
    pub fn extent(&self) -> Option<(f64, f64)> {
        let own = extent(&self.values);
        let bounds = self.band.map(|band| band.map(|bound| extent(bound.values)));
        let all = bounds.into_iter().flatten().chain([own]).flatten();
        all.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)))
    }
}

fn extent(values: &[f64]) -> Option<(f64, f64)> {
    let finite = values.iter().copied().filter(|value| value.is_finite());
    finite.fold(None, |extent, value| {
        let (least, most) = extent.unwrap_or((value, value));
        Some((f64::min(least, value), f64::max(most, value)))
    })
}

/// Brings the largest series by their mean to the front, those that go on before those that have
/// ended, and takes the colour from those beyond the limit. The page's script gathers by the same
/// rule (`assets/parts/gather.js`).
fn gather(shown: &mut [Shown<'_>], panel: &Panel) {
    let most = panel.series_max();
    if shown.len() <= most {
        return;
    }
    shown.sort_by_cached_key(|series| Place {
        stale: series.latest.is_none_or(|latest| latest.stale),
        mean: figure(series, Stat::Mean),
        name: series.name.clone(),
    });
    for (place, series) in shown.iter_mut().enumerate() {
        series.color = if place < most { panel.color_of(place) } else { 0 };
    }
}

/// What decides which series come first. A mean that is no number is less than all others.
#[derive(PartialEq)]
struct Place {
    stale: bool,
    mean: f64,
    name: String,
}

impl Eq for Place {}

impl Ord for Place {
    fn cmp(&self, other: &Self) -> Ordering {
        let mean = |place: &Self| if place.mean.is_nan() { f64::NEG_INFINITY } else { place.mean };
        let by_mean = mean(other).total_cmp(&mean(self));
        self.stale.cmp(&other.stale).then(by_mean).then_with(|| self.name.cmp(&other.name))
    }
}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The bounds of a series of a query.
fn band<'a>(
    (beyond, bands): &(&'a [Window], Vec<usize>),
    query: usize,
    labels: &Labels,
) -> Option<[Bound<'a>; 2]> {
    let place = 2 * bands.iter().position(|banded| *banded == query)?;
    let bound = |place: usize| beyond.get(place)?.find(labels);
    Some([bound(place)?, bound(place + 1)?])
}

/// A day on the reader's wall: `Nov 24`.
pub fn day(at: Timestamp, zone: Span) -> String {
    let date = chrono::DateTime::from_timestamp_millis(at.saturating_add(zone).0);
    date.map_or_else(String::new, |date| date.format("%b %d").to_string())
}

/// A time as those who read at `now` need it: without the day when that is near.
fn moment(at: Timestamp, now: Timestamp, zone: Span, seconds: bool) -> String {
    let time = time_of_day(at, zone, seconds);
    if now - at < FAR_AWAY { time } else { format!("{} {time}", day(at, zone)) }
}

/// A time of day on the reader's wall: `12:03:11`, or `12:03`.
pub fn time_of_day(at: Timestamp, zone: Span, seconds: bool) -> String {
    let second = at.saturating_add(zone).millis().div_euclid(1000).rem_euclid(86_400);
    let (hour, minute) = (second / 3600, second / 60 % 60);
    if seconds {
        format!("{hour:02}:{minute:02}:{:02}", second % 60)
    } else {
        format!("{hour:02}:{minute:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::Plan;

    fn panel() -> Panel {
        let query = PanelQuery::new(Plan::new("x").expect("a query"));
        let mut panel = Panel::new("x", "X", PanelKind::Line, query);
        panel.color = 8;
        panel
    }

    fn data(now: i64, values: &[&[f64]]) -> PanelData {
        let named = |(index, values): (usize, &&[f64])| {
            (Labels::named("x").with("n", &index.to_string()), values.to_vec())
        };
        let series = values.iter().enumerate().map(named).collect();
        let window = Window { end: Timestamp(10_000), step: Span(1000), series };
        let (now, range) = (Timestamp(now), Span(60_000));
        PanelData { now, range, zone: Span::ZERO, windows: vec![window] }
    }

    #[test]
    fn a_query_of_times_tells_when_a_series_was_heard() {
        let mut panel = panel();
        let times = PanelQuery::new(Plan::new("timestamp(x)").expect("a query"));
        panel.queries.push(PanelQuery { times: true, ..times });
        let check = |values: &[f64], seconds: &[f64], expected: Option<&str>| {
            let mut data = data(10_500, &[values]);
            let series = vec![(Labels::empty().with("n", "0"), seconds.to_vec())];
            let window = Window { end: Timestamp(10_000), step: Span(1000), series };
            data.windows.push(window);
            let shown = data.shown(&panel);
            assert_eq!(shown.len(), 1, "the times are not drawn");
            let age = shown[0].latest.and_then(|latest| latest.age(data.now, Span::ZERO));
            assert_eq!(age.as_deref(), expected);
        };
        check(&[7.0; 4], &[8.0, 9.0, 10.0, 10.0], None);
        check(&[7.0; 4], &[3.0, 4.0, 4.0, 4.0], Some("as of 00:00:04"));
        let ended = [7.0, 7.0, ABSENT, ABSENT, ABSENT, ABSENT];
        check(&ended, &[2.0, 3.0, ABSENT, ABSENT, ABSENT, ABSENT], Some("silent since 00:00:03"));
    }

    #[test]
    fn a_sample_that_is_only_repeated_is_no_value() {
        let mut panel = panel();
        let times = PanelQuery::new(Plan::new("timestamp(x)").expect("a query"));
        panel.queries.push(PanelQuery { times: true, ..times });
        let mut data = data(10_000, &[&[1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 3.0]]);
        let seconds = vec![4.0, 5.0, 5.0, 5.0, 5.0, 5.0, 10.0];
        let series = vec![(Labels::empty().with("n", "0"), seconds)];
        data.windows.push(Window { end: Timestamp(10_000), step: Span(1000), series });
        let shown = data.shown(&panel);
        // Fresh for three seconds after 5 s, silent at 9 s.
        let expected = [1.0, 2.0, 2.0, 2.0, 2.0, ABSENT, 3.0].map(f64::to_bits);
        assert_eq!(shown[0].values.iter().map(|v| v.to_bits()).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn where_not_all_can_be_shown_those_that_go_on_come_first() {
        let ended = [1.0, ABSENT, ABSENT, ABSENT, ABSENT];
        let data = data(10_000, &[&ended, &[2.0], &ended, &[4.0]]);
        let mut panel = panel();
        panel.kind = PanelKind::Mirror;
        let mut check = |limit: u8, expected: &[&str]| {
            panel.limit = Some(limit.into());
            let names: Vec<String> = data.shown(&panel).into_iter().map(|s| s.name).collect();
            assert_eq!(names, expected);
        };
        check(4, &["n=0", "n=1", "n=2", "n=3"]);
        check(3, &["n=1", "n=3", "n=0"]);
        check(1, &["n=1"]);
    }

    #[test]
    fn values_go_stale_after_three_steps_and_empty_series_are_left_out() {
        let data = data(10_900, &[&[1.0, 2.0], &[ABSENT; 2], &[5.0, ABSENT, ABSENT, ABSENT]]);
        let panel = panel();
        let shown = data.shown(&panel);
        assert_eq!(shown.len(), 2);
        let fresh = Latest { value: 2.0, at: Timestamp(10_000), stale: false, silent: false };
        assert_eq!(shown[0].latest, Some(fresh));
        let old = Latest { value: 5.0, at: Timestamp(7000), stale: true, silent: false };
        assert_eq!(shown[1].latest, Some(old));
        assert_eq!((shown[0].name.as_str(), shown[1].name.as_str()), ("n=0", "n=2"));
        assert_eq!((shown[0].color, shown[1].color), (8, 1));
    }

    #[test]
    fn a_value_holds_from_its_column_to_the_next() {
        let data = data(10_000, &[&[1.0, 2.0, 3.0]]);
        let panel = panel();
        let shown = data.shown(&panel);
        let check = |at: i64, expected: f64| {
            assert_eq!(shown[0].at(Timestamp(at)).to_bits(), expected.to_bits(), "{at}");
        };
        check(8000, 1.0);
        check(9999, 2.0);
        check(10_000, 3.0);
        check(10_999, 3.0);
        check(11_000, ABSENT);
        check(7999, ABSENT);
    }

    #[test]
    fn the_axis_ends_at_the_newest_column_unless_it_is_old() {
        assert_eq!(data(11_500, &[]).end(), Timestamp(10_000));
        assert_eq!(data(20_000, &[]).end(), Timestamp(20_000));
    }

    #[test]
    fn times_of_day_follow_the_zone() {
        assert_eq!(time_of_day(Timestamp(1_700_000_000_000), Span::ZERO, true), "22:13:20");
        let east = Span::from_secs(7200);
        assert_eq!(time_of_day(Timestamp(1_700_000_000_000), east, false), "00:13");
    }
}
