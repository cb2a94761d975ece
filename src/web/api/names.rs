//! What there is: series, label names, label values, and what is known of metrics.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::{HttpResponse, web};
use serde_json::{Map, Value as Json, json};

use super::answer::{CUT, success};
use super::params::Params;
use super::{Api, ApiError};
use crate::model::{Labels, Matcher, Select, Selection, TimeRange};

/// Answers `/api/v1/series`.
pub(super) async fn series(params: Params, api: web::Data<Api>) -> Result<HttpResponse, ApiError> {
    let selectors = params.selectors()?;
    if selectors.is_empty() {
        return Err(ApiError::BadData("no match[] parameter provided".to_owned()));
    }
    let (range, limit) = (params.time_range()?, params.limit("limit")?);
    let store = std::sync::Arc::clone(&api.store);
    let series_max = api.options.series_max;
    let found = blocking(move || {
        let mut found: BTreeSet<Labels> = BTreeSet::new();
        for matchers in &selectors {
            let selection = Selection {
                matchers,
                range,
                newest_only: true,
                coarse: None,
                series_max,
                samples_max: usize::MAX,
            };
            let selected = store.select(&selection);
            let selected = selected.map_err(|error| ApiError::Execution(error.to_string()))?;
            found.extend(selected.into_iter().map(|one| one.labels));
        }
        Ok(found)
    })
    .await?;
    let rows = found.iter().map(labels_json).collect();
    Ok(listed(rows, limit))
}

/// Answers `/api/v1/labels`.
pub(super) async fn labels(params: Params, api: web::Data<Api>) -> Result<HttpResponse, ApiError> {
    let store = std::sync::Arc::clone(&api.store);
    names(&params, move |matchers, range| store.label_names(matchers, range)).await
}

/// Answers `/api/v1/label/{name}/values`.
pub(super) async fn label_values(
    path: web::Path<String>,
    params: Params,
    api: web::Data<Api>,
) -> Result<HttpResponse, ApiError> {
    let name = unescaped(&path);
    if name.is_empty() {
        return Err(ApiError::BadData("the name of a label is empty".to_owned()));
    }
    let store = std::sync::Arc::clone(&api.store);
    names(&params, move |matchers, range| store.label_values(&name, matchers, range)).await
}

/// Answers `/api/v1/metadata`.
pub(super) async fn metadata(
    params: Params,
    api: web::Data<Api>,
) -> Result<HttpResponse, ApiError> {
    let limit = params.limit("limit")?.unwrap_or(usize::MAX);
    let wanted = params.get("metric").map(str::to_owned);
    let known = api.store.all_metadata();
    let rows = known.into_iter().filter(|(name, _)| wanted.as_ref().is_none_or(|one| one == name));
    let rows: BTreeMap<String, Json> = rows
        .map(|(name, known)| {
            let kind = known.metric_type.to_string();
            (name, json!([{ "type": kind, "help": known.help, "unit": known.unit }]))
        })
        .collect();
    let rows: Map<String, Json> = rows.into_iter().take(limit).collect();
    Ok(success(&Json::Object(rows), &[]))
}

async fn names(
    params: &Params,
    read: impl Fn(&[Matcher], TimeRange) -> Vec<String> + Send + 'static,
) -> Result<HttpResponse, ApiError> {
    let (mut selectors, range) = (params.selectors()?, params.time_range()?);
    let limit = params.limit("limit")?;
    if selectors.is_empty() {
        selectors.push(Vec::new());
    }
    let found: BTreeSet<String> =
        blocking(move || Ok(selectors.iter().flat_map(|matchers| read(matchers, range)).collect()))
            .await?;
    Ok(listed(found.into_iter().map(Json::from).collect(), limit))
}

/// Runs what walks over many series off the socket workers.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| ApiError::Internal(error.to_string()))?
}

fn listed(mut rows: Vec<Json>, limit: Option<usize>) -> HttpResponse {
    let limit = limit.unwrap_or(usize::MAX);
    let warnings = if rows.len() > limit { vec![CUT.to_owned()] } else { Vec::new() };
    rows.truncate(limit);
    success(&Json::from(rows), &warnings)
}

fn labels_json(labels: &Labels) -> Json {
    let pairs = labels.iter().map(|(name, value)| (name.to_owned(), Json::from(value)));
    Json::Object(pairs.collect())
}

/// A label name as it stands in a path: names beyond letters, digits and `_` may be written as
/// `U__` with `_` doubled and other characters as `_hex_` (Prometheus, value encoding escaping).
fn unescaped(name: &str) -> String {
    let Some(rest) = name.strip_prefix("U__") else { return name.to_owned() };
    let mut out = String::new();
    let mut parts = rest.split('_');
    out.push_str(parts.next().unwrap_or_default());
    while let Some(code) = parts.next() {
        let Some(after) = parts.next() else { return name.to_owned() };
        if code.is_empty() {
            out.push('_');
        } else {
            match u32::from_str_radix(code, 16).ok().and_then(char::from_u32) {
                Some(letter) => out.push(letter),
                None => return name.to_owned(),
            }
        }
        out.push_str(after);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::unescaped;

    #[test]
    fn names_in_paths_are_unescaped() {
        let check = |written: &str, expected: &str| assert_eq!(unescaped(written), expected);
        check("job", "job");
        check("U__http_2e_status", "http.status");
        check("U__a__b", "a_b");
        check("U__a_zz_b", "U__a_zz_b");
        check("U__a_2e", "U__a_2e");
        check("__name__", "__name__");
    }
}
