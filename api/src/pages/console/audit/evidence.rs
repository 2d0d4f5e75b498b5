//! What a reviewer takes away from the audit trail: all of it as a file, or the proof of one entry.

use super::{
    super::super::{
        address::Path,
        detour::Detour,
        form::Form,
        session_cookie,
        visitor::{Reader, SignedIn},
    },
    permitted,
};
use crate::{
    application::{Bearer, Failure, question_of_proof},
    http::{
        audit::{
            export::{ExportFormat, document},
            proof::ProofView,
        },
        extract::Asked,
    },
};
use axum::{
    Json,
    http::header,
    response::{IntoResponse as _, Response},
};
use domain::Rejection;
use eventstore_schema::EventId;
use serde::Deserialize;

/// The form of the file.
#[derive(Deserialize)]
pub struct Chosen {
    format: ExportFormat,
}

/// Everything, as a file.
pub async fn export(
    signed_in: SignedIn,
    Form { fields, context }: Form<Chosen>,
) -> Result<Response, Detour> {
    let organization = permitted(&signed_in)?;
    let visitor = &signed_in.visitor;
    let token = session_cookie::token(&visitor.jar).ok_or(Detour::SignIn)?;
    let token = Bearer::Session(token);
    visitor.pawl.catch_up().await?;
    let file = document(&visitor.pawl, organization, token, fields.format, &context).await;
    file.map_err(|failure| match failure {
        Failure::Rejected(Rejection::FreshSecondFactorRequired) => {
            Detour::ShowAgain(visitor.came_from.clone())
        }
        failure => failure.into(),
    })
}

/// The proof that an entry is in the log, as a file.
pub async fn prove(
    Reader(reader, _): Reader,
    Path(event): Path<EventId>,
    Asked(request): Asked,
) -> Result<Response, Detour> {
    let organization = permitted(&reader)?;
    let pawl = &reader.visitor.pawl;
    let proof = pawl.audit_proof(organization, event).await?;
    let question = question_of_proof(event);
    pawl.remember_look(organization, &question, &reader.authority, &request)
        .await?;
    let file = format!("attachment; filename=\"proof-{event}.json\"");
    let headers = [
        (header::CONTENT_DISPOSITION, file),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, Json(ProofView::from(proof))).into_response())
}
