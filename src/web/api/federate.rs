//! `/federate`: the newest samples of chosen series as Prometheus text, for another Prometheus to
//! scrape.

use std::collections::BTreeMap;
use std::fmt::Write;

use actix_web::{HttpResponse, web};

use super::params::Params;
use super::{Api, ApiError};
use crate::model::{Labels, Sample, Select, Selection, TimeRange, is_stale};

/// Answers `GET /federate`.
pub(crate) async fn federate(
    params: Params,
    api: web::Data<Api>,
) -> Result<HttpResponse, ApiError> {
    api.awake()?;
    let selectors = params.selectors()?;
    if selectors.is_empty() {
        return Err(ApiError::BadData("no match[] parameter provided".to_owned()));
    }
    let text = tokio::task::spawn_blocking(move || -> Result<String, ApiError> {
        let mut found: BTreeMap<Labels, Sample> = BTreeMap::new();
        let range = TimeRange::left_open(api.clock.now(), api.options.lookback);
        for matchers in selectors.iter().filter(|_| range.is_some()) {
            let selection = Selection {
                matchers,
                range: range.unwrap_or(TimeRange::all()),
                newest_only: true,
                coarse: None,
                series_max: api.options.series_max,
                samples_max: usize::MAX,
            };
            let selected = api.store.select(&selection);
            let selected = selected.map_err(|error| ApiError::Execution(error.to_string()))?;
            let newest = selected.into_iter().filter_map(|mut one| {
                Some((one.labels, one.samples.pop().filter(|sample| !is_stale(sample.value))?))
            });
            found.extend(newest);
        }
        Ok(exposition(&api, &found))
    });
    let text = text.await.map_err(|error| ApiError::Internal(error.to_string()))??;
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text))
}

fn exposition(api: &Api, found: &BTreeMap<Labels, Sample>) -> String {
    let mut rows: Vec<(&Labels, &Sample)> = found.iter().collect();
    // The lines of a name stand together.
    rows.sort_by(|one, other| one.0.name().cmp(other.0.name()));
    let (mut out, mut last) = (String::new(), "");
    for (labels, sample) in rows {
        let name = labels.name();
        if name != last {
            let known = api.store.metadata(name).unwrap_or_default();
            let kind = match known.metric_type {
                crate::model::MetricType::Unknown => "untyped".to_owned(),
                kind => kind.to_string(),
            };
            let plain =
                name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_:".contains(&byte));
            let shown = if plain { name.to_owned() } else { format!("{name:?}") };
            let _ = writeln!(out, "# TYPE {shown} {kind}");
            last = name;
        }
        let mut value = String::new();
        super::number::push_value(sample.value, &mut value);
        let _ = writeln!(out, "{labels} {value} {}", sample.at.0);
    }
    out
}
