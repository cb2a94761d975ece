//! Queries: at one time, over a range, formatted, and as a tree.

use actix_web::{HttpResponse, web};
use serde_json::{Value as Json, json};

use super::answer::{CUT, Remarks, result, success};
use super::evaluate::Wishes;
use super::params::Params;
use super::{Api, ApiError, ast};
use crate::model::{Span, Timestamp};
use crate::query::{self, Grid, Plan, Value, ValueType};

/// Answers `/api/v1/query`.
pub(super) async fn instant(params: Params, api: web::Data<Api>) -> Result<HttpResponse, ApiError> {
    let plan = plan(&params)?;
    let at = params.time("time")?.unwrap_or_else(|| api.clock.now());
    answer(&params, &api, plan, Grid::at(at)).await
}

/// Answers `/api/v1/query_range`.
pub(super) async fn range(params: Params, api: web::Data<Api>) -> Result<HttpResponse, ApiError> {
    let (start, end) = (params.required_time("start")?, params.required_time("end")?);
    if end < start {
        return Err(ApiError::parameter("end", "it lies before the start"));
    }
    let step = params.span("step")?.ok_or_else(|| ApiError::parameter("step", "it is missing"))?;
    if step <= Span::ZERO {
        return Err(ApiError::parameter("step", "it must be longer than nothing"));
    }
    check_points(start, end, step, api.options.points_max)?;
    let plan = plan(&params)?;
    let kind = plan.value_type();
    if !matches!(kind, ValueType::Scalar | ValueType::Vector) {
        let why = format!(
            "a range query gives a scalar or an instant vector, and this one a {}",
            kind.text()
        );
        return Err(ApiError::parameter("query", why));
    }
    answer(&params, &api, plan, Grid { start, end, step }).await
}

/// Answers `/api/v1/format_query`.
pub(super) async fn format(params: Params) -> Result<HttpResponse, ApiError> {
    Ok(success(&Json::from(parsed(&params)?.to_string()), &[]))
}

/// Answers `/api/v1/parse_query`.
pub(super) async fn parse(params: Params) -> Result<HttpResponse, ApiError> {
    Ok(success(&ast::tree(&parsed(&params)?), &[]))
}

/// Answers `/api/v1/query_exemplars`: samples come without exemplars here.
pub(super) async fn exemplars(params: Params) -> Result<HttpResponse, ApiError> {
    parsed(&params)?;
    Ok(success(&json!([]), &[]))
}

fn text(params: &Params) -> &str {
    params.get("query").unwrap_or_default()
}

fn parsed(params: &Params) -> Result<query::Expr, ApiError> {
    query::parse(text(params)).map_err(|error| ApiError::parameter("query", error))
}

fn plan(params: &Params) -> Result<Plan, ApiError> {
    Plan::new(text(params)).map_err(|error| ApiError::parameter("query", error))
}

fn check_points(start: Timestamp, end: Timestamp, step: Span, most: usize) -> Result<(), ApiError> {
    let intervals = (i128::from(end.0) - i128::from(start.0)) / i128::from(step.0);
    if intervals > most as i128 {
        let why = format!(
            "{} points a series are more than query.points_max = {most}: say a longer step or a \
             shorter range",
            intervals + 1
        );
        return Err(ApiError::parameter("step", why));
    }
    Ok(())
}

async fn answer(
    params: &Params,
    api: &Api,
    plan: Plan,
    grid: Grid,
) -> Result<HttpResponse, ApiError> {
    let lookback = params.span("lookback_delta")?;
    if lookback.is_some_and(|lookback| lookback <= Span::ZERO) {
        return Err(ApiError::parameter("lookback_delta", "it must be longer than nothing"));
    }
    let wishes = Wishes { timeout: params.span("timeout")?, lookback };
    let limit = params.limit("limit")?;
    let output = api.evaluate(plan, grid, &wishes).await?;
    let mut remarks = Remarks { warnings: output.warnings, infos: output.infos, stats: None };
    if params.get("stats").is_some() {
        remarks.stats = Some(json!({
            "samples": { "totalQueryableSamples": output.samples, "peakSamples": output.samples },
        }));
    }
    let mut value = output.value;
    if cut(&mut value, limit) {
        remarks.warnings.push(CUT.to_owned());
    }
    Ok(result(value, grid, remarks))
}

/// Keeps at most `limit` series; whether some had to go.
fn cut(value: &mut Value, limit: Option<usize>) -> bool {
    let limit = limit.unwrap_or(usize::MAX);
    let count = match value {
        Value::Vector(columns) => columns.len(),
        Value::Matrix(series) => series.len(),
        Value::Scalar(_) | Value::String(_) => 0,
    };
    match value {
        Value::Vector(columns) => columns.truncate(limit),
        Value::Matrix(series) => series.truncate(limit),
        Value::Scalar(_) | Value::String(_) => {}
    }
    count > limit
}
