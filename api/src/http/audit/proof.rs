//! That one entry is in the log, for whoever believes nobody: the record as it is stored, its leaf, and
//! the way from there to a tree that was signed.

use crate::{
    application::{AuditProof, Pawl, question_of_proof},
    http::{
        answer::Answer,
        extract::{Asked, CaughtUp, Mandated},
        path::{EventPath, OrganizationPath},
        problem::{Problem, ProblemBody},
    },
};
use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
};
use data_encoding::HEXLOWER;
use domain::Permission;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A record, byte for byte as it is stored: personal data and secrets in it are sealed.
#[derive(Serialize, ToSchema)]
pub struct StoredRecord {
    stream: String,
    revision: u64,
    event_id: Uuid,
    #[serde(rename = "type")]
    event_type: String,
    /// The envelope, as the JSON text that the log holds.
    metadata: String,
    /// The content, as the JSON text that the log holds.
    data: String,
}

/// That an entry is in the log. What to do with it, `docs/audit-log.md` says.
#[derive(Serialize, ToSchema)]
pub struct ProofView {
    /// The index of the leaf.
    leaf_index: u64,
    record: StoredRecord,
    /// The tag in the leaf, in hexadecimal.
    tag: String,
    /// The hash of the leaf, in base64.
    leaf_hash: String,
    /// The hashes beside the way from the leaf to the root, in base64 (RFC 9162 section 2.1.3).
    hashes: Vec<String>,
    /// The signed checkpoint of the tree (C2SP `tlog-checkpoint`).
    checkpoint: String,
    /// Index, hashes and checkpoint together (C2SP `tlog-proof`).
    tlog_proof: String,
}

impl From<AuditProof> for ProofView {
    fn from(proof: AuditProof) -> Self {
        let record = proof.record;
        Self {
            leaf_index: proof.inclusion.index,
            record: StoredRecord {
                stream: record.stream.to_string(),
                revision: record.revision,
                event_id: record.id.0,
                event_type: record.event_type,
                metadata: record.metadata,
                data: record.data,
            },
            tag: HEXLOWER.encode(&proof.tag.0),
            leaf_hash: proof.leaf.to_string(),
            hashes: proof
                .inclusion
                .hashes
                .iter()
                .map(ToString::to_string)
                .collect(),
            tlog_proof: proof.inclusion.to_text(&proof.checkpoint),
            checkpoint: proof.checkpoint.to_string(),
        }
    }
}

/// Prove that an entry is in the log
///
/// With `Accept: text/plain` the C2SP `tlog-proof` alone. What has just happened is waited for; where
/// it is not signed by then, `not-yet-signed` says to come back. The look is an entry of the audit trail itself.
#[utoipa::path(
    get, path = "/v1/organizations/{org}/audit/{id}/proof", tag = "Audit",
    params(
        ("org" = Uuid, Path, description = "The organization"),
        ("id" = Uuid, Path, description = "The `event_id` of the entry"),
    ),
    security(("session" = []), ("oauth2" = ["audit:read"])),
    responses(
        (status = 200, content((ProofView = "application/json"), (String = "text/plain"))),
        (status = 403, body = ProblemBody, description = "`forbidden`, `second-factor-required`, `insufficient-scope`"),
        (status = 404, body = ProblemBody, description = "`not-found`"),
        (status = 503, body = ProblemBody, description = "`not-yet-signed`, `read-model-behind`, `read-model-stopped`"),
    ),
)]
pub async fn prove(
    State(pawl): State<Pawl>,
    _caught_up: CaughtUp,
    Mandated(mandate): Mandated,
    EventPath(organization, event): EventPath,
    Asked(request): Asked,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    mandate.permit(Permission::ReadAudit, organization)?;
    let proof = pawl.audit_proof(organization, event).await?;
    let question = question_of_proof(event);
    pawl.remember_look(organization, &question, &mandate, &request)
        .await?;
    let view = ProofView::from(proof);
    if prefers_text(&headers) {
        let headers = [
            (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
            (header::CACHE_CONTROL, "no-store"),
        ];
        return Ok((headers, view.tlog_proof).into_response());
    }
    Ok(Answer::ok(view).into_response())
}

fn prefers_text(headers: &HeaderMap) -> bool {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/plain") && !accept.contains("json"))
}

/// What reviewers check with.
#[derive(Serialize, ToSchema)]
pub struct KeyView {
    organization_id: Uuid,
    /// What the log calls itself in its checkpoints.
    origin: String,
    /// The key of the tags of the organization's leaves, in hexadecimal: with it, its reviewers
    /// recognise every leaf of theirs. It opens nothing.
    tag_key: String,
    /// The public keys of the log, as *vkeys*. Believe those that you were given by somebody you trust,
    /// not these.
    public_keys: Vec<String>,
}

/// See the keys of the audit log
#[utoipa::path(
    get, path = "/v1/organizations/{org}/audit/key", tag = "Audit",
    params(("org" = Uuid, Path, description = "The organization")),
    security(("session" = []), ("oauth2" = ["audit:read"])),
    responses(
        (status = 200, body = KeyView),
        (status = 403, body = ProblemBody, description = "`forbidden`, `second-factor-required`, `insufficient-scope`"),
        (status = 404, body = ProblemBody, description = "`not-found`"),
        (status = 503, body = ProblemBody, description = "`not-yet-signed`"),
    ),
)]
pub async fn key(
    State(pawl): State<Pawl>,
    Mandated(mandate): Mandated,
    OrganizationPath(organization): OrganizationPath,
) -> Result<Answer<KeyView>, Problem> {
    mandate.permit(Permission::ReadAudit, organization)?;
    let key = pawl.audit_key(organization).await?;
    Ok(Answer::ok(KeyView {
        organization_id: organization.0,
        origin: key.origin,
        tag_key: HEXLOWER.encode(key.tag_key.expose()),
        public_keys: key.public_keys.iter().map(ToString::to_string).collect(),
    }))
}
