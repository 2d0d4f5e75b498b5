//! The whole audit trail of an organization as one file, sent piece by piece: however long it is, little
//! of it is in memory at a time. Where something is wrong the file is cut off, never ended as if whole.

use crate::{
    application::{Bearer, Failure, Pawl, RequestContext},
    audit::formats::{Format, Period, Rewriter},
    audit_log::Exporter,
    http::{
        extract::{Asked, CaughtUp, Mandated, bearer},
        page,
        path::OrganizationPath,
        problem::{Problem, ProblemBody},
    },
};
use axum::{
    body::{Body, Bytes},
    extract::{FromRequestParts, State},
    http::{HeaderMap, header, request::Parts},
    response::{IntoResponse as _, Response},
};
use domain::{Permission, Rejection};
use eventstore_schema::{AuditFormat, OrganizationId};
use futures::stream;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// Bytes after which a piece is sent.
const PIECE: usize = 64 * 1024;

/// The form of an export.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ExportFormat {
    /// Pawl's own, to verify.
    #[default]
    Pawl,
    /// `CloudEvents` 1.0.
    CloudEvents,
    /// The Open Cybersecurity Schema Framework.
    Ocsf,
    /// Comma-separated values.
    Csv,
}

impl ExportFormat {
    fn remembered(self) -> AuditFormat {
        match self {
            Self::Pawl => AuditFormat::Pawl,
            Self::CloudEvents => AuditFormat::CloudEvents,
            Self::Ocsf => AuditFormat::Ocsf,
            Self::Csv => AuditFormat::Csv,
        }
    }

    /// How records are written for other tools; none where they are written to be verified.
    fn of_other_tools(self) -> Option<Format> {
        match self {
            Self::Pawl => None,
            Self::CloudEvents => Some(Format::CloudEvents),
            Self::Ocsf => Some(Format::Ocsf),
            Self::Csv => Some(Format::Csv),
        }
    }
}

/// How the audit trail is exported.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ExportQuery {
    /// The form.
    #[serde(default)]
    #[param(inline)]
    format: ExportFormat,
}

impl<S: Send + Sync> FromRequestParts<S> for ExportQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        page::query(parts, state).await
    }
}

/// Export the audit trail
///
/// Everything that happened in the organization until the newest signed checkpoint, which holds what
/// had happened when the call came. `pawl` can be verified (`docs/audit-log.md`) and ends with an `end` line; the others are for
/// tools that read their form (`docs/exports.md`). Personal data is opened, secrets are not. Where the
/// connection breaks off, the file is not whole.
///
/// `AuditExported` says who took it. From people it needs their second factor, shown in the last five
/// minutes (`POST /v1/session/otp`), if they have one or need one.
#[utoipa::path(
    get, path = "/v1/organizations/{org}/audit/export", tag = "Audit",
    params(("org" = uuid::Uuid, Path, description = "The organization"), ExportQuery),
    security(("session" = []), ("oauth2" = ["audit:read"])),
    responses(
        (status = 200, content((String = "application/x-ndjson"), (String = "text/csv"))),
        (status = 400, body = ProblemBody, description = "`invalid-parameter`"),
        (status = 403, body = ProblemBody, description = "`forbidden`, `second-factor-required`, `fresh-second-factor-required`, `insufficient-scope`"),
        (status = 404, body = ProblemBody, description = "`not-found`"),
        (status = 503, body = ProblemBody, description = "`not-yet-signed`, `read-model-behind`, `read-model-stopped`"),
    ),
)]
pub async fn export(
    State(pawl): State<Pawl>,
    _caught_up: CaughtUp,
    Mandated(mandate): Mandated,
    OrganizationPath(organization): OrganizationPath,
    query: ExportQuery,
    Asked(request): Asked,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    mandate.permit(Permission::ReadAudit, organization)?;
    let token = bearer(&headers).ok_or(Rejection::Unauthenticated)?;
    Ok(document(&pawl, organization, token, query.format, &request).await?)
}

/// The file. Whoever reads it slowly is asked for the right again, by this token.
pub async fn document(
    pawl: &Pawl,
    organization: OrganizationId,
    token: Bearer,
    format: ExportFormat,
    request: &RequestContext,
) -> Result<Response, Failure> {
    pawl.wait_until_signed().await?;
    let exporter = pawl.begin_export(organization).await?;
    let by = pawl.mandate_of_watcher(&token).await?;
    pawl.remember_export(organization, format.remembered(), &by, request)
        .await?;
    let format = format.of_other_tools();
    let (media_type, extension) = match format {
        None => ("application/x-ndjson", "ndjson"),
        Some(format) => (format.media_type(), format.extension()),
    };
    let pieces = Pieces {
        pawl: pawl.clone(),
        organization,
        token,
        rewriter: format.map(|format| Rewriter::new(format, Period::default())),
        exporter,
        piece: String::new(),
    };
    let body = Body::from_stream(stream::try_unfold(pieces, Pieces::next));
    let file = format!("attachment; filename=\"audit-{organization}.{extension}\"");
    let headers = [
        (header::CONTENT_TYPE, media_type.to_owned()),
        (header::CONTENT_DISPOSITION, file),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, body).into_response())
}

/// A file on its way.
struct Pieces {
    pawl: Pawl,
    organization: OrganizationId,
    token: Bearer,
    /// Where the lines are for other tools.
    rewriter: Option<Rewriter>,
    exporter: Exporter,
    /// What has not been sent yet.
    piece: String,
}

impl Pieces {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, Failure> {
        let filled = self.fill().await.inspect_err(|error| {
            let organization = self.organization;
            tracing::error!(%error, %organization, "an export of the audit trail was cut off");
        });
        filled?;
        let piece = std::mem::take(&mut self.piece);
        Ok((!piece.is_empty()).then(|| (piece.into(), self)))
    }

    async fn fill(&mut self) -> Result<(), Failure> {
        let by = self.pawl.mandate_of_watcher(&self.token).await?;
        by.permit(Permission::ReadAudit, self.organization)?;
        while self.piece.len() < PIECE {
            let line = self.exporter.next().await.map_err(Failure::internal)?;
            let Some(line) = line else { break };
            if let Some(rewriter) = &mut self.rewriter {
                self.piece += &rewriter.rewrite(&line)?;
            } else {
                self.piece += &serde_json::to_string(&line).map_err(Failure::internal)?;
                self.piece.push('\n');
            }
        }
        Ok(())
    }
}
