//! Keeps the audit log up to date while the server runs: a checkpoint covers an event within about a
//! second. It belongs to the one node that reacts; the others read the files.

use super::{AuditLog, AuditLogError, Keepers, Source, TileFiles};
use eventstore_schema::Position;
use futures::StreamExt as _;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How long checkpoints are apart at least, while events come.
const INTERVAL: Duration = Duration::from_secs(1);
/// How often to look whether a key is new, while nothing happens.
const LOOK: Duration = Duration::from_secs(5);
/// How long to wait before trying again what failed.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long to wait where the log was refused: to find that out, it may have to be read.
const LONG_PATIENCE: Duration = Duration::from_mins(1);

/// Publishes the audit log of an installation.
pub struct Publisher {
    /// What it is made of.
    pub source: Source,
    /// Where it is written.
    pub files: TileFiles,
    /// Who keeps its checkpoints.
    pub keepers: Keepers,
}

impl Publisher {
    /// Publishes until told to stop.
    pub async fn run(mut self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let patience = match self.follow(&stop).await {
                Ok(()) => return,
                Err(AuditLogError::Refused(refusal)) => {
                    tracing::error!(%refusal, "no checkpoint is signed");
                    LONG_PATIENCE
                }
                Err(error) => {
                    tracing::error!(%error, "the audit log failed and will be tried again");
                    PATIENCE
                }
            };
            stop.run_until_cancelled(tokio::time::sleep(patience)).await;
        }
    }

    async fn follow(&mut self, stop: &CancellationToken) -> Result<(), AuditLogError> {
        let mut audit_log = AuditLog::open(self.source.clone(), self.files.clone()).await?;
        let mut earliest = Instant::now();
        loop {
            // Once more when it is told to stop, so that what came before is covered.
            let last = stop.is_cancelled();
            let caught_up = audit_log.catch_up(&mut self.keepers, stop).await;
            self.measure(&audit_log).await;
            if caught_up? {
                earliest = Instant::now() + INTERVAL;
            }
            if last {
                return Ok(());
            }
            // What is lost is found in time; nobody waits for it.
            audit_log.inspect().await?;
            let next = self.next(audit_log.growth().position(), earliest);
            if let Some(happened) = stop.run_until_cancelled(next).await {
                happened?;
            }
        }
    }

    /// Waits for an event after this position, or until it is time to look at the keys.
    async fn next(&self, after: Position, earliest: Instant) -> Result<(), AuditLogError> {
        let mut events = self.source.store.subscribe(after);
        if let Ok(Some(Err(error))) = tokio::time::timeout(LOOK, events.next()).await {
            return Err(error.into());
        }
        tokio::time::sleep_until(earliest).await;
        Ok(())
    }

    #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
    async fn measure(&self, audit_log: &AuditLog) {
        let growth = audit_log.growth();
        metrics::gauge!("pawl_audit_log_events").set(growth.size() as f64);
        if let Ok(head) = self.source.store.head().await {
            let lag = head.0.saturating_sub(growth.position().0);
            metrics::gauge!("pawl_audit_log_lag_events").set(lag as f64);
        }
    }
}
