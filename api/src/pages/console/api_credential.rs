//! One API credential: what it is good for, another secret for it, and its end.

use super::{
    super::{
        address::{Path, Query},
        detour::Detour,
        form::{Form, Refusal, status_of},
        frame::{self, Frame},
        sign_in::{Done, Nothing},
        visitor::{Reader, SignedIn},
    },
    api_credentials::{HERE, permitted, sentence, show_secret, standing},
};
use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use domain::{Rejection, api_credential::Overlap};
use eventstore_schema::ApiCredentialId;
use projections::api_credentials::{self, ApiCredential, ApiCredentials, Standing};
use serde::Deserialize;

/// How long the old secret may stay good, to choose from, in hours; the first unless chosen, so that no
/// machine is cut off unawares.
const OVERLAPS: [u64; 4] = [24, 72, 168, 0];

#[derive(Template)]
#[template(path = "console/api_credential.html")]
struct Page {
    frame: Frame,
    standing: String,
    is_live: bool,
    /// Who made it.
    created_by: String,
    /// Name and sentence of each scope.
    scopes: Vec<(String, String)>,
    overlaps: [u64; 4],
    credential: ApiCredential,
    refusal: Option<Refusal>,
}

/// The credential.
pub async fn show(
    Reader(reader, _): Reader,
    Path(id): Path<ApiCredentialId>,
    Query(query): Query<Done>,
) -> Result<Response, Detour> {
    page(&reader, id, query.done.as_deref(), None).await
}

async fn page(
    reader: &SignedIn,
    id: ApiCredentialId,
    done: Option<&str>,
    refusal: Option<Refusal>,
) -> Result<Response, Detour> {
    let organization = permitted(reader)?;
    let pawl = &reader.visitor.pawl;
    let credential = pawl
        .query(&ApiCredentials, move |readers| {
            api_credentials::by_id(readers, id)
        })
        .await?
        .filter(|found| found.organization_id == organization)
        .ok_or(Rejection::NotFound)?;
    let now = pawl.now();
    let frame = reader.frame().await?.at(HERE).noticing(done);
    let by = credential.created_by;
    let by = reader.visitor.name_of(by, organization).await?;
    let scopes = credential.scopes.iter();
    let page = Page {
        standing: standing(&frame, &credential, now),
        is_live: credential.standing_at(now) == Standing::Live,
        created_by: by.unwrap_or_default(),
        scopes: scopes
            .map(|scope| (scope.0.clone(), sentence(&frame, &scope.0)))
            .collect(),
        overlaps: OVERLAPS,
        frame,
        credential,
        refusal,
    };
    frame::show(status_of(page.refusal.as_ref()), &page)
}

/// What is chosen.
#[derive(Deserialize)]
pub struct Fields {
    hours: String,
}

/// Gives it another secret and shows it.
pub async fn rotate(
    signed_in: SignedIn,
    Path(id): Path<ApiCredentialId>,
    Form { fields, context }: Form<Fields>,
) -> Result<Response, Detour> {
    let organization = permitted(&signed_in)?;
    let attempt = async {
        let overlap = Overlap::of_hours(fields.hours.parse().unwrap_or(u32::MAX))?;
        let by = &signed_in.authority;
        let pawl = &signed_in.visitor.pawl;
        pawl.rotate_api_credential_secret(organization, id, overlap, by, &context)
            .await
    };
    match attempt.await {
        Ok(shown) => show_secret(&signed_in, &shown).await,
        Err(failure) => {
            let refusal = back_to(id, Refusal::of(failure, &signed_in.visitor))?;
            page(&signed_in, id, None, Some(refusal)).await
        }
    }
}

/// A form is no page to come back to after the second factor was shown again.
fn back_to(id: ApiCredentialId, refusal: Result<Refusal, Detour>) -> Result<Refusal, Detour> {
    refusal.map_err(|detour| match detour {
        Detour::ShowAgain(_) => Detour::ShowAgain(format!("{HERE}/{id}")),
        detour => detour,
    })
}

/// Ends it.
pub async fn revoke(
    signed_in: SignedIn,
    Path(id): Path<ApiCredentialId>,
    Form { context, .. }: Form<Nothing>,
) -> Result<Response, Detour> {
    let organization = permitted(&signed_in)?;
    let pawl = &signed_in.visitor.pawl;
    let by = &signed_in.authority;
    let revoked = pawl.revoke_api_credential(organization, id, by, &context);
    match revoked.await {
        Ok(_) => {
            let page = format!("{HERE}/{id}?done=credential-revoked");
            Ok(Redirect::to(&page).into_response())
        }
        Err(failure) => {
            let refusal = Refusal::of(failure, &signed_in.visitor)?;
            page(&signed_in, id, None, Some(refusal)).await
        }
    }
}
