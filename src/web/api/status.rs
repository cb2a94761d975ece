//! The service about itself, in the forms that Prometheus has for it.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, SecondsFormat};
use serde_json::{Map, Value as Json, json};

use super::answer::success;
use super::params::Params;
use super::{Api, ApiError};
use crate::model::{Matcher, Select, Selection, Span, TimeRange, Timestamp};

/// The version of Prometheus whose API is spoken: programs choose by it what they may ask.
const SPOKEN: &str = "3.14.0";
/// Rows of each list of `status/tsdb`, unless asked otherwise.
const TOP: usize = 10;
/// The jobs that the collectors write.
const JOBS: [&str; 2] = ["node", "watchglass"];

/// Answers `/api/v1/status/buildinfo`.
pub(super) async fn build_info() -> HttpResponse {
    let version = env!("CARGO_PKG_VERSION");
    success(
        &json!({
            "version": SPOKEN, "revision": version, "branch": "watchglass", "buildUser": "",
            "buildDate": "", "goVersion": "", "application": "Watchglass",
            "applicationVersion": version,
        }),
        &[],
    )
}

/// Answers `/api/v1/status/runtimeinfo`.
pub(super) async fn runtime_info(api: web::Data<Api>) -> HttpResponse {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    success(
        &json!({
            "startTime": date(api.about.started), "CWD": "", "hostname": api.about.host,
            "serverTime": date(api.clock.now()), "reloadConfigSuccess": true,
            "lastConfigTime": date(api.about.started), "corruptionCount": 0,
            "goroutineCount": 0, "GOMAXPROCS": threads, "GOMEMLIMIT": 0, "GOGC": "", "GODEBUG": "",
            "storageRetention": api.about.retention,
        }),
        &[],
    )
}

/// Answers `/api/v1/status/flags`.
pub(super) async fn flags(api: web::Data<Api>) -> HttpResponse {
    let flags =
        api.about.flags.iter().map(|(name, value)| ((*name).to_owned(), value.as_str().into()));
    success(&Json::Object(flags.collect::<Map<_, _>>()), &[])
}

/// Answers `/api/v1/status/config`: the settings in force. The field is called `yaml` by those who
/// read it; what stands in it is TOML.
pub(super) async fn config(api: web::Data<Api>) -> HttpResponse {
    success(&json!({ "yaml": api.about.settings }), &[])
}

/// Answers `/api/v1/status/tsdb`.
pub(super) async fn tsdb(params: Params, api: web::Data<Api>) -> Result<HttpResponse, ApiError> {
    let most = params.limit("limit")?.unwrap_or(TOP).min(1000);
    let census = api.store.census(most);
    let rows = |counts: &[(String, u64)]| -> Json {
        counts.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
    };
    let now = api.clock.now();
    let oldest = api.store.reach().oldest.unwrap_or(now);
    Ok(success(
        &json!({
            "headStats": {
                "numSeries": census.series, "numLabelPairs": census.label_pairs,
                "chunkCount": census.chunks, "minTime": oldest.0, "maxTime": now.0,
            },
            "seriesCountByMetricName": rows(&census.by_metric),
            "labelValueCountByLabelName": rows(&census.values_by_label),
            "memoryInBytesByLabelName": rows(&census.bytes_by_label),
            "seriesCountByLabelValuePair": rows(&census.by_pair),
        }),
        &[],
    ))
}

/// Answers `/api/v1/targets`: the collectors, which are the targets of this host.
pub(super) async fn targets(api: web::Data<Api>) -> HttpResponse {
    let now = api.clock.now();
    let target = |job: &&str| {
        let matchers = [Matcher::equal("job", *job), Matcher::equal("instance", &api.about.host)];
        let recent = TimeRange::left_open(now, Span::from_secs(15)).is_some_and(|range| {
            let selection = Selection {
                matchers: &matchers,
                range,
                newest_only: true,
                coarse: None,
                series_max: usize::MAX,
                samples_max: usize::MAX,
            };
            api.store.select(&selection).is_ok_and(|series| !series.is_empty())
        });
        let labels = json!({ "job": job, "instance": api.about.host });
        let address = format!("http://{}/metrics", api.about.address);
        json!({
            "discoveredLabels": { "__address__": api.about.address, "job": job },
            "labels": labels, "scrapePool": job, "scrapeUrl": address, "globalUrl": address,
            "lastError": if recent { "" } else { "no sample came in the last 15 s" },
            "lastScrape": date(now.floor_to(Span(1000))), "lastScrapeDuration": 0,
            "health": if recent { "up" } else { "down" },
            "scrapeInterval": "1s", "scrapeTimeout": "1s",
        })
    };
    let active: Vec<Json> = JOBS.iter().map(target).collect();
    let dropped: [Json; 0] = [];
    success(
        &json!({
            "activeTargets": active, "droppedTargets": dropped, "droppedTargetCounts": {},
        }),
        &[],
    )
}

/// Answers `/api/v1/rules`: there are none.
pub(super) async fn rules() -> HttpResponse {
    success(&json!({ "groups": [] }), &[])
}

/// Answers `/api/v1/alerts`: there are none.
pub(super) async fn alerts() -> HttpResponse {
    success(&json!({ "alerts": [] }), &[])
}

fn date(at: Timestamp) -> String {
    let time = DateTime::from_timestamp_millis(at.0).unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
