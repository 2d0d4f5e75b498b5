//! Is it alive, is it ready, how is it doing?

use super::problem::Problem;
use crate::application::{Failure, Pawl};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use metrics_exporter_prometheus::PrometheusHandle;
use projections::ProjectionStatus;
use serde_json::{Value, json};

/// Alive: the process answers.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// Ready: the log answers and no read model has stopped. Says how far each has come.
pub async fn readyz(State(pawl): State<Pawl>) -> Result<Response, Problem> {
    let head = pawl.store().head().await.map_err(Failure::from)?;
    let projections = pawl.projections().status(head);
    let ready = projections
        .iter()
        .all(|projection| projection.failure.is_none());
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
        "failure": status.failure.as_ref().map(ToString::to_string),
    })
}

/// Prometheus' text format.
pub async fn metrics(
    State(pawl): State<Pawl>,
    handle: axum::Extension<PrometheusHandle>,
) -> Result<Response, Problem> {
    let head = pawl.store().head().await.map_err(Failure::from)?;
    #[expect(clippy::cast_precision_loss)]
    for projection in pawl.projections().status(head) {
        let lag = projection.lag_events as f64;
        metrics::gauge!("pawl_projection_lag_events", "projection" => projection.name).set(lag);
    }
    handle.run_upkeep();
    let text = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    Ok((text, handle.render()).into_response())
}
