//! Queries: at one time, over a range, formatted, and as a tree.

use actix_web::{HttpResponse, web};
use serde_json::{Value as Json, json};

use super::answer::{CUT, Remarks, result, success};
use super::evaluate::{Times, Wishes};
use super::params::Params;
use super::{Api, ApiError, ast};
use crate::model::{Span, Timestamp};
use crate::query::{self, Grid, Output, Plan, Value, ValueType};

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
        return Err(ApiError::parameter("end", "end timestamp must not be before start time"));
    }
    let step = params.required_span("step")?;
    if step <= Span::ZERO {
        let why = "zero or negative query resolution step widths are not accepted. Try a positive \
                   integer";
        return Err(ApiError::parameter("step", why));
    }
    check_points(start, end, step, api.options.points_max)?;
    let plan = plan(&params)?;
    let kind = plan.value_type();
    if !matches!(kind, ValueType::Scalar | ValueType::Vector) {
        let why = format!(
            "invalid expression type \"{}\" for range query, must be Scalar or instant Vector",
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
        return Err(ApiError::BadData(format!(
            "exceeded maximum resolution of {most} points per timeseries. Try decreasing the query \
             resolution (?step=XX): these are {} (query.points_max)",
            intervals + 1
        )));
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
    let stats = params.get("stats");
    let wishes = Wishes { timeout: params.span("timeout")?, lookback, count_seen: stats.is_some() };
    let limit = params.limit("limit")?;
    let (output, times) = api.evaluate(plan, grid, &wishes).await?;
    let stats = stats.map(|asked| statistics(&output, times, (asked == "all").then_some(grid)));
    let mut remarks = Remarks { warnings: output.warnings, infos: output.infos, stats };
    let mut value = output.value;
    if cut(&mut value, limit) {
        remarks.warnings.push(CUT.to_owned());
    }
    Ok(result(value, grid, remarks))
}

/// What an evaluation took, in Prometheus' form; with `grid`, step by step as well.
fn statistics(output: &Output, times: Times, grid: Option<Grid>) -> Json {
    let Times { preparation, queue, evaluation } = times;
    let mut samples = json!({
        "totalQueryableSamples": output.seen.total(), "peakSamples": output.peak,
    });
    if let Some(Grid { start, step, .. }) = grid {
        let at = |index: usize| start.saturating_add(Span(step.0.saturating_mul(index as i64)));
        let steps = output.seen.by_step.iter().enumerate();
        let steps: Vec<Json> =
            steps.map(|(index, count)| json!([at(index).seconds(), count])).collect();
        samples["totalQueryableSamplesPerStep"] = Json::from(steps);
    }
    json!({
        "timings": {
            "evalTotalTime": (preparation + evaluation).seconds(), "resultSortTime": 0,
            "queryPreparationTime": preparation.seconds(), "innerEvalTime": evaluation.seconds(),
            "execQueueTime": queue.seconds(),
            "execTotalTime": (preparation + queue + evaluation).seconds(),
        },
        "samples": samples,
    })
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
