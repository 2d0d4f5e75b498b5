//! Logs to standard error, metrics for Prometheus.

use clap::ValueEnum;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use serde::Deserialize;
use std::{
    io::{IsTerminal as _, stderr},
    time::Duration,
};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

/// How often samples are summed up.
const UPKEEP: Duration = Duration::from_secs(5);

/// What log lines look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Begins to log.
pub fn init_logs(filter: &str, format: Option<LogFormat>) -> Result<(), String> {
    let filter = EnvFilter::try_new(filter).map_err(|error| format!("log filter: {error}"))?;
    let terminal = stderr().is_terminal();
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(stderr);
    let customary = if terminal {
        LogFormat::Text
    } else {
        LogFormat::Json
    };
    let done = match format.unwrap_or(customary) {
        LogFormat::Json => lines.json().try_init(),
        LogFormat::Text => lines.with_ansi(terminal).try_init(),
    };
    done.map_err(|error| error.to_string())
}

/// Sums the samples up from time to time, until told to stop; somebody who never asks for them
/// would let them pile up.
pub async fn keep_up(metrics: PrometheusHandle, stop: CancellationToken) {
    while stop
        .run_until_cancelled(tokio::time::sleep(UPKEEP))
        .await
        .is_some()
    {
        metrics.run_upkeep();
    }
}

/// Begins to measure. A second server in the same process (in tests) measures into the first.
pub fn init_metrics() -> Result<PrometheusHandle, BuildError> {
    static HANDLE: std::sync::OnceLock<PrometheusHandle> = std::sync::OnceLock::new();
    if let Some(handle) = HANDLE.get() {
        return Ok(handle.clone());
    }
    let seconds = [
        0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
    ];
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &seconds)?
        .build_recorder();
    let handle = HANDLE.get_or_init(|| recorder.handle()).clone();
    // Only the first can be the process's recorder; the others read its handle.
    let _ = metrics::set_global_recorder(recorder);
    Ok(handle)
}
