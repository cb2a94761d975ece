//! Health, readiness and the service's own figures.

use std::fmt::Write;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::Api;
use crate::model::{Reading, Report};
use crate::store::LogState;

/// All parts that tell figures.
pub(crate) struct Reports(pub(crate) Vec<Arc<dyn Report>>);

impl Reports {
    /// The figures of all parts at this moment.
    pub(crate) fn read(&self) -> Vec<Reading> {
        let mut readings = Vec::new();
        for report in &self.0 {
            report.report(&mut readings);
        }
        // The text format wants the lines of a name together.
        readings.sort_by_key(|reading| reading.name);
        readings
    }
}

/// Answers `GET /-/healthy`.
pub(crate) async fn healthy() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("watchglass is healthy\n")
}

/// Answers `GET /-/ready`: 503 while the log is read after a start, or cannot be written.
pub(crate) async fn ready(api: web::Data<Api>) -> HttpResponse {
    let why = match api.log_state() {
        LogState::Well => None,
        LogState::Replaying { done, total } => {
            Some(format!("replaying its log, {done} of {total} bytes"))
        }
        LogState::Full(why) => Some(format!("not ready, the disk is full: {why}")),
        LogState::Failing(why) => Some(format!("not ready, the log cannot be written: {why}")),
    };
    let status = if why.is_none() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let words = why.unwrap_or_else(|| "ready".to_owned());
    HttpResponse::build(status)
        .content_type("text/plain; charset=utf-8")
        .body(format!("watchglass is {words}\n"))
}

/// Answers `GET /metrics` in the Prometheus text format.
pub(crate) async fn metrics(reports: web::Data<Reports>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(exposition(&reports.read()))
}

fn exposition(readings: &[Reading]) -> String {
    let mut out = String::new();
    let mut last = "";
    for reading in readings {
        if reading.name != last {
            let _ = writeln!(out, "# HELP {} {}", reading.name, reading.help);
            let _ = writeln!(out, "# TYPE {} {}", reading.name, reading.metric_type);
            last = reading.name;
        }
        out.push_str(reading.name);
        for (at, (label, value)) in reading.labels.iter().enumerate() {
            let separator = if at == 0 { '{' } else { ',' };
            let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(out, "{separator}{label}=\"{value}\"");
        }
        if !reading.labels.is_empty() {
            out.push('}');
        }
        let _ = writeln!(out, " {}", reading.value);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_as_prometheus_reads_them() {
        let readings = [
            Reading::counter("a_total", "All a", 3).with("why", "x\"y"),
            Reading::counter("a_total", "All a", 4).with("why", "z"),
            Reading::gauge("b", "Some b", 1.5),
        ];
        let expected = "# HELP a_total All a\n# TYPE a_total counter\na_total{why=\"x\\\"y\"} 3\n\
            a_total{why=\"z\"} 4\n# HELP b Some b\n# TYPE b gauge\nb 1.5\n";
        assert_eq!(exposition(&readings), expected);
    }
}
