//! Configuration, API credentials: those that there are, and making another one.

use super::super::{
    address::Query,
    detour::Detour,
    form::{Form, Refusal, status_of},
    frame::{self, Frame},
    visitor::{Reader, SignedIn},
};
use crate::application::{ClientSecret, NewApiCredential};
use askama::Template;
use axum::{http::StatusCode, response::Response};
use chrono::{DateTime, Utc};
use domain::{
    Permission, Rejection, Scope, Scopes, api_credential::Lifetime, value::CredentialName,
};
use eventstore_schema::{ApiCredentialId, OrganizationId};
use projections::api_credentials::{self, ApiCredential, ApiCredentials, Standing};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use std::collections::HashMap;

pub(super) const HERE: &str = "/console/api-credentials";
/// Credentials on a page.
const LIMIT: u32 = 50;
/// The lifetimes to choose from, in days.
const LIFETIMES: [u64; 4] = [30, 90, 180, 365];

#[derive(Template)]
#[template(path = "console/api_credentials.html")]
struct ListPage {
    frame: Frame,
    /// Each with the name of what it is good for.
    credentials: Vec<(ApiCredential, String)>,
    next: Option<ApiCredentialId>,
}

/// What is asked of the list.
#[derive(Deserialize)]
pub struct ListQuery {
    cursor: Option<ApiCredentialId>,
}

pub(super) fn permitted(signed_in: &SignedIn) -> Result<OrganizationId, Detour> {
    let organization = signed_in.authority.organization();
    signed_in
        .authority
        .permit(Permission::ManageApiCredentials, organization)?;
    Ok(organization)
}

/// The credentials.
pub async fn list(
    Reader(reader, _): Reader,
    Query(query): Query<ListQuery>,
) -> Result<Response, Detour> {
    let organization = permitted(&reader)?;
    let pawl = &reader.visitor.pawl;
    let page = pawl
        .query(&ApiCredentials, move |readers| {
            api_credentials::page(readers, organization, query.cursor, LIMIT)
        })
        .await?;
    let (frame, now) = (reader.frame().await?.at(HERE), pawl.now());
    let named = |credential: ApiCredential| {
        let standing = standing(&frame, &credential, now);
        (credential, standing)
    };
    let page = ListPage {
        credentials: page.items.into_iter().map(named).collect(),
        frame,
        next: page.next,
    };
    frame::show(StatusCode::OK, &page)
}

/// A scope as the form offers it.
struct Offer {
    name: &'static str,
    sentence: String,
    ticked: bool,
}

#[derive(Template)]
#[template(path = "console/api_credential_new.html")]
struct NewPage {
    frame: Frame,
    name: String,
    days: String,
    lifetimes: [u64; 4],
    offers: Vec<Offer>,
    /// Whether the person has no authenticator, and so has to set one up first.
    lacks_authenticator: bool,
    refusal: Option<Refusal>,
}

/// What is filled in.
#[derive(Deserialize)]
pub struct Fields {
    name: String,
    days: String,
    /// The boxes that are ticked, by the names of the scopes; what else the form holds is none.
    #[serde(flatten)]
    ticked: HashMap<String, String>,
}

/// The form. Who has to show their second factor again does so before it is filled in.
pub async fn ask(signed_in: SignedIn) -> Result<Response, Detour> {
    permitted(&signed_in)?;
    let now = signed_in.visitor.pawl.now();
    let shown = signed_in.authority.require_second_factor(now);
    if shown == Err(Rejection::FreshSecondFactorRequired) {
        return Err(Detour::ShowAgain(format!("{HERE}/new")));
    }
    let empty = Fields {
        name: String::new(),
        days: Lifetime::DEFAULT_DAYS.to_string(),
        ticked: HashMap::new(),
    };
    page(&signed_in, empty, None).await
}

async fn page(
    signed_in: &SignedIn,
    fields: Fields,
    refusal: Option<Refusal>,
) -> Result<Response, Detour> {
    let frame = signed_in.frame().await?.at(HERE);
    let role = signed_in.authority.holder().role();
    let offers = Scope::ALL
        .iter()
        .filter(|scope| scope.may_be_given_by(role));
    let offer = |scope: &Scope| Offer {
        name: scope.name(),
        sentence: sentence(&frame, scope.name()),
        ticked: fields.ticked.contains_key(scope.name()),
    };
    let page = NewPage {
        offers: offers.map(offer).collect(),
        name: fields.name,
        days: fields.days,
        lifetimes: LIFETIMES,
        lacks_authenticator: signed_in.authority.holder().second_factor_at().is_none(),
        frame,
        refusal,
    };
    frame::show(status_of(page.refusal.as_ref()), &page)
}

/// What a scope lets a machine do, in words.
pub(super) fn sentence(frame: &Frame, scope: &str) -> String {
    frame
        .say(&format!("scope-{}", scope.replace(':', "-")))
        .to_string()
}

/// Makes the credential and shows its secret.
pub async fn create(
    signed_in: SignedIn,
    Form { fields, context }: Form<Fields>,
) -> Result<Response, Detour> {
    let organization = permitted(&signed_in)?;
    let attempt = async {
        let names = fields.ticked.keys().map(String::as_str);
        let days = fields.days.parse().unwrap_or(0);
        let new = NewApiCredential {
            name: CredentialName::parse(&fields.name)?,
            scopes: Scopes::parse(names.filter(|name| Scope::named(name).is_some()))?,
            lifetime: Lifetime::of_days(days)?,
        };
        let by = &signed_in.authority;
        let pawl = &signed_in.visitor.pawl;
        pawl.create_api_credential(organization, &new, by, &context)
            .await
    };
    match attempt.await {
        Ok(shown) => show_secret(&signed_in, &shown).await,
        Err(failure) => {
            let refusal = Some(Refusal::of(failure, &signed_in.visitor)?);
            page(&signed_in, fields, refusal).await
        }
    }
}

#[derive(Template)]
#[template(path = "console/client_secret.html")]
struct SecretPage {
    frame: Frame,
    id: ApiCredentialId,
    secret: String,
    token_endpoint: String,
}

/// The secret, once.
pub(super) async fn show_secret(
    signed_in: &SignedIn,
    shown: &ClientSecret,
) -> Result<Response, Detour> {
    let page = SecretPage {
        frame: signed_in.frame().await?.at(HERE),
        id: shown.id,
        secret: shown.secret.expose_secret().to_owned(),
        token_endpoint: signed_in.visitor.pawl.token_endpoint(),
    };
    frame::show(StatusCode::OK, &page)
}

/// The name of what a credential is good for.
pub(super) fn standing(frame: &Frame, credential: &ApiCredential, now: DateTime<Utc>) -> String {
    let name = match credential.standing_at(now) {
        Standing::Live => "credential-live",
        Standing::Expired => "credential-expired",
        Standing::Revoked => "credential-revoked",
    };
    frame.say(name).to_string()
}
