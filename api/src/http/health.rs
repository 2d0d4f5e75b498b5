//! Is it alive, is it ready, how is it doing?

use super::problem::Problem;
use crate::application::{Failure, Pawl};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use eventstore_schema::Position;
use metrics_exporter_prometheus::PrometheusHandle;
use projections::{ProjectionStatus, measure_lag};
use serde_json::{Value, json};

/// Alive: the process answers.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// Ready: the log answers and no read model has stopped; one that is being built anew does not count,
/// for that passes. Says how far each has come.
pub async fn readyz(State(pawl): State<Pawl>) -> Result<Response, Problem> {
    let head = pawl.store().head().await.map_err(Failure::from)?;
    let projections = statuses(&pawl, head).await?;
    let ready = !projections.iter().any(has_stopped);
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let projections: Vec<_> = projections.iter().map(projection_view).collect();
    let body = json!({ "ready": ready, "head": head, "projections": projections });
    Ok((status, Json(body)).into_response())
}

/// How far a read model has come, as `/readyz` and the command line say it.
#[must_use]
pub fn projection_view(status: &ProjectionStatus) -> Value {
    json!({
        "name": status.name,
        "version": status.version,
        "position": status.position,
        "lag_events": status.lag_events,
        "lag_seconds": status.lag_seconds,
        "failure": status.failure.as_ref().map(ToString::to_string),
        "building": status.building,
    })
}

fn has_stopped(status: &ProjectionStatus) -> bool {
    let failure = status.failure.as_ref();
    failure.is_some_and(|failure| !failure.passes())
}

async fn statuses(pawl: &Pawl, head: Position) -> Result<Vec<ProjectionStatus>, Failure> {
    let mut statuses = pawl.projections().status(head);
    measure_lag(&mut statuses, &**pawl.store(), pawl.clock().now()).await?;
    Ok(statuses)
}

/// Prometheus' text format.
pub async fn metrics(
    State(pawl): State<Pawl>,
    handle: axum::Extension<PrometheusHandle>,
) -> Result<Response, Problem> {
    let head = pawl.store().head().await.map_err(Failure::from)?;
    #[expect(clippy::cast_precision_loss)]
    for status in statuses(&pawl, head).await? {
        let gauges = [
            ("pawl_projection_lag_events", status.lag_events as f64),
            ("pawl_projection_lag_seconds", status.lag_seconds as f64),
            (
                "pawl_projection_stopped",
                f64::from(u8::from(has_stopped(&status))),
            ),
        ];
        for (gauge, value) in gauges {
            metrics::gauge!(gauge, "projection" => status.name.clone()).set(value);
        }
    }
    handle.run_upkeep();
    let text = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    Ok((text, handle.render()).into_response())
}
