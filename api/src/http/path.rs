//! Ids in paths. What is no id names nothing, and is answered like what does not exist.

use super::problem::Problem;
use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use domain::Rejection;
use eventstore_schema::{ApiCredentialId, EventId, OrganizationId, UserId};
use serde::Deserialize;

#[derive(Deserialize)]
struct Ids {
    org: String,
    id: Option<String>,
    dataset: Option<String>,
}

async fn ids<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<Ids, Problem> {
    let Path(ids) = Path::<Ids>::from_request_parts(parts, state)
        .await
        .map_err(|_| Rejection::NotFound)?;
    Ok(ids)
}

fn id<T: std::str::FromStr>(text: Option<&str>) -> Result<T, Problem> {
    text.and_then(|text| text.parse().ok())
        .ok_or_else(|| Rejection::NotFound.into())
}

/// `/organizations/{org}/...`
pub struct OrganizationPath(pub OrganizationId);

impl<S: Send + Sync> FromRequestParts<S> for OrganizationPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        id(Some(&ids(parts, state).await?.org)).map(Self)
    }
}

/// `/organizations/{org}/users/{id}` and `/organizations/{org}/invitations/{id}`
pub struct PersonPath(pub OrganizationId, pub UserId);

impl<S: Send + Sync> FromRequestParts<S> for PersonPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let ids = ids(parts, state).await?;
        Ok(Self(id(Some(&ids.org))?, id(ids.id.as_deref())?))
    }
}

/// `/organizations/{org}/api-credentials/{id}`
pub struct CredentialPath(pub OrganizationId, pub ApiCredentialId);

impl<S: Send + Sync> FromRequestParts<S> for CredentialPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let ids = ids(parts, state).await?;
        Ok(Self(id(Some(&ids.org))?, id(ids.id.as_deref())?))
    }
}

/// `/organizations/{org}/audit/{id}/...`
pub struct EventPath(pub OrganizationId, pub EventId);

impl<S: Send + Sync> FromRequestParts<S> for EventPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let ids = ids(parts, state).await?;
        Ok(Self(id(Some(&ids.org))?, id(ids.id.as_deref())?))
    }
}

/// `/organizations/{org}/analytics/{dataset}`. Whether there is such a dataset is asked later.
pub struct DatasetPath(pub OrganizationId, pub String);

impl<S: Send + Sync> FromRequestParts<S> for DatasetPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let ids = ids(parts, state).await?;
        let dataset = ids.dataset.ok_or(Rejection::NotFound)?;
        Ok(Self(id(Some(&ids.org))?, dataset))
    }
}
