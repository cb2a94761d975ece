//! `GET /status`: the service's own state in words and tables: what is held and for how long it
//! will do, how safe it is, what was refused, who watches.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::health::Reports;
use super::page::{self, StatusPage, StatusTable};
use super::pages::{PageQuery, Pages};
use super::{Api, day_and_time, pages, zone};
use crate::dashboard::Unit;
use crate::model::{Reading, Span, Timestamp};
use crate::render::{number, time_of_day};
use crate::store::{Census, LogState, TierRoom};

/// How many metric names are listed.
const NAMES_MAX: usize = 7;
/// The connections that were not served.
const REFUSED_CONNECTIONS: &str = "watchglass_web_refused_connections_total";

/// Answers `GET /status`.
pub(crate) async fn status(
    request: HttpRequest,
    query: web::Query<PageQuery>,
    pages: web::Data<Pages>,
    reports: web::Data<Reports>,
    api: web::Data<Api>,
) -> HttpResponse {
    let (now, readings) = (api.now(), reports.read());
    let figures = Figures { readings: &readings, now };
    let mut tables = vec![figures.safety(&api.log_state()), figures.memory(), figures.live()];
    tables.extend(api.tiers().map(|tiers| history(&tiers, &figures)));
    tables.extend([figures.refused(), names(&api.census(NAMES_MAX))]);
    let mut troubles = figures.troubles(&api.log_state());
    let mistakes = &pages.boards.served().mistakes;
    troubles.extend(mistakes.iter().map(|line| format!("A dashboard file has a mistake: {line}")));
    let nav = pages::nav("/status");
    let text = page::status(&StatusPage {
        shell: pages::shell(&pages, &nav, &query),
        time: &time_of_day(now, zone(now), true),
        troubles: &troubles,
        tables: &tables,
    });
    pages::html(&request, StatusCode::OK, text)
}

/// The figures of all parts at one moment.
struct Figures<'a> {
    readings: &'a [Reading],
    now: Timestamp,
}

fn count(value: f64) -> String {
    number::text(value, &Unit::Count, None)
}

fn bytes(value: f64) -> String {
    number::text(value, &Unit::Bytes, None)
}

fn length(span: Span) -> String {
    number::text(span.seconds(), &Unit::Duration, None)
}

fn row(name: &str, value: String) -> Vec<String> {
    vec![name.to_owned(), value]
}

impl Figures<'_> {
    /// A figure; all of that name together.
    fn get(&self, name: &str) -> f64 {
        let named = self.readings.iter().filter(|reading| reading.name == name);
        named.map(|reading| reading.value).sum()
    }

    /// The figures of that name by what their label says.
    fn by_reason(&self, name: &'static str) -> impl Iterator<Item = (&str, f64)> {
        let named = self.readings.iter().filter(move |reading| reading.name == name);
        named.map(|reading| {
            let reason = reading.labels.first().map_or("", |(_, reason)| reason.as_str());
            (reason, reading.value)
        })
    }

    fn counted(&self, title: &str, name: &str) -> Vec<String> {
        row(title, count(self.get(name)))
    }

    /// Parts of files that were damaged.
    fn damaged(&self) -> f64 {
        self.get("watchglass_store_damaged_total")
            + self.get("watchglass_store_blocks_damaged_total")
    }

    fn synced(&self) -> String {
        let seconds = self.get("watchglass_store_log_synced_timestamp_seconds");
        let ago = self.now.seconds() - seconds;
        if seconds <= 0.0 {
            return "not yet".to_owned();
        }
        format!("{} ago", number::text(ago.max(0.0), &Unit::Seconds, None))
    }

    fn safety(&self, log: &LogState) -> StatusTable {
        let state = match log {
            LogState::Well => "safe on disk".to_owned(),
            LogState::Replaying { done, total } => {
                format!("read back, {} of {}", bytes(*done as f64), bytes(*total as f64))
            }
            LogState::Full(_) => "the disk is full".to_owned(),
            LogState::Failing(_) => "the disk fails".to_owned(),
        };
        let rows = vec![
            row("Log", state),
            row("Last sync", self.synced()),
            self.counted("Samples waiting", "watchglass_store_log_waiting_samples"),
            row("Log on disk", bytes(self.get("watchglass_store_log_bytes"))),
            row("Free on the disk", bytes(self.get("watchglass_store_free_bytes"))),
            row("Damaged parts", count(self.damaged())),
            self.counted("Samples lost", "watchglass_store_damaged_samples_total"),
        ];
        table(("safety", "Safety"), (4, 4), &["what", "now"], rows)
    }

    fn live(&self) -> StatusTable {
        let lag = self.get("watchglass_live_tick_lag_seconds");
        let mut rows = vec![
            self.counted("Viewers", "watchglass_live_sessions"),
            self.counted("Live queries", "watchglass_live_channels"),
            row("Lag of the last tick", number::text(lag, &Unit::Seconds, None)),
            self.counted("Connections", "watchglass_web_connections"),
            self.counted("Live requests refused", "watchglass_live_refused_total"),
            self.counted("Connections refused", REFUSED_CONNECTIONS),
        ];
        rows.extend(self.by_reason(REFUSED_CONNECTIONS).filter_map(|(reason, value)| {
            let words = match reason {
                "address" => "too many of one address",
                "connections" => "too many in all",
                _ => "too few files may be open",
            };
            (value > 0.0).then(|| row(words, count(value)))
        }));
        table(("live", "Viewers"), (4, 4), &["what", "now"], rows)
    }

    fn memory(&self) -> StatusTable {
        let limit = self.get("watchglass_store_memory_limit_bytes");
        let rows = vec![
            self.counted("Series", "watchglass_store_series"),
            self.counted("Samples", "watchglass_store_samples"),
            row("Memory", bytes(self.get("watchglass_store_memory_bytes"))),
            row("Memory at most", bytes(limit)),
        ];
        table(("memory", "In memory"), (4, 4), &["what", "now"], rows)
    }

    fn refused(&self) -> StatusTable {
        let refused = self.by_reason("watchglass_store_refused_samples_total");
        let mut rows: Vec<Vec<String>> =
            refused.map(|(reason, value)| row(words(reason), count(value))).collect();
        rows.push(self.counted("the same time again", "watchglass_store_duplicate_samples_total"));
        table(("refused", "Samples refused"), (6, 4), &["reason", "since the start"], rows)
    }

    /// What somebody should look at.
    fn troubles(&self, log: &LogState) -> Vec<String> {
        let mut troubles = Vec::new();
        match log {
            LogState::Well => {}
            LogState::Replaying { .. } => troubles.push(
                "The history is still read back after the start: pages fill in a moment."
                    .to_owned(),
            ),
            LogState::Full(why) => troubles.push(format!(
                "The disk is full: pushes are refused until there is room. Free some, or lower \
                 storage.max_size. ({why})"
            )),
            LogState::Failing(why) => {
                troubles.push(format!("The disk cannot be written: pushes are refused. ({why})"));
            }
        }
        let damaged = self.damaged();
        if damaged > 0.0 {
            troubles.push(format!(
                "{} damaged parts of files were set aside; everything else is served. \
                 `watchglass store verify` names them.",
                count(damaged)
            ));
        }
        troubles
    }
}

/// A reason of refusal for people.
fn words(reason: &str) -> &str {
    match reason {
        "too_old" => "too old",
        "too_new" => "too far ahead",
        "owned" => "a collector's series",
        "other_kind" => "values of another kind",
        "series_limit" => "too many series",
        "memory" => "no memory",
        other => other,
    }
}

fn table(
    (id, title): (&'static str, &'static str),
    (width, height): (u8, u8),
    columns: &'static [&'static str],
    rows: Vec<Vec<String>>,
) -> StatusTable {
    StatusTable { id, title, width, height, columns, rows, note: String::new() }
}

/// What lies on disk, and what is foreseen.
fn history(tiers: &[TierRoom; 3], figures: &Figures<'_>) -> StatusTable {
    let rows = tiers.iter().map(|tier| {
        let samples = tier.samples.max(1) as f64;
        let since = tier.span.map_or_else(|| "nothing yet".to_owned(), |s| day_and_time(s.from()));
        vec![
            match tier.name {
                "raw" => "every sample".to_owned(),
                name => format!("by {}", name.trim_end_matches('s')),
            },
            since,
            count(f64::from(tier.series)),
            count(tier.samples as f64),
            bytes(tier.bytes as f64),
            number::text(tier.bytes as f64 / samples, &Unit::Bytes, Some(2)),
            bytes(tier.bytes_a_day),
            length(tier.retention),
            bytes(tier.foreseen_bytes),
            length(tier.reach),
        ]
    });
    let held: f64 = tiers.iter().map(|tier| tier.bytes as f64).sum();
    let limit = figures.get("watchglass_store_block_limit_bytes");
    StatusTable {
        id: "history",
        title: "History on disk",
        width: 12,
        height: 3,
        columns: &[
            "tier",
            "since",
            "series",
            "rows",
            "bytes",
            "a row",
            "a day",
            "for",
            "will take",
            "will reach",
        ],
        rows: rows.collect(),
        note: format!("{} of at most {}", bytes(held), bytes(limit)),
    }
}

/// The metric names with the most series.
fn names(census: &Census) -> StatusTable {
    let rows = census.by_metric.iter().map(|(name, series)| row(name, count(*series as f64)));
    table(("names", "Most series"), (6, 4), &["metric", "series"], rows.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_a_look_is_said() {
        let readings = [
            Reading::counter("watchglass_store_damaged_total", "", 2),
            Reading::gauge("watchglass_store_log_synced_timestamp_seconds", "", 99.5),
        ];
        let figures = Figures { readings: &readings, now: Timestamp(100_000) };
        let troubles = figures.troubles(&LogState::Full("no room".to_owned()));
        assert!(troubles[0].contains("full") && troubles[0].contains("no room"), "{troubles:?}");
        assert!(troubles[1].starts_with("2 damaged parts"), "{troubles:?}");
        assert_eq!(figures.synced(), "500\u{202f}ms ago");
        let well = Figures { readings: &[], now: Timestamp(0) };
        assert_eq!(well.troubles(&LogState::Well), Vec::<String>::new());
        assert_eq!(well.synced(), "not yet");
    }
}
