//! How an organization shows itself on its people's pages.

use crate::{application::Pawl, http::problem::Problem};
use axum::{
    extract::{Path, State},
    http::header,
    response::IntoResponse,
};
use domain::{Rejection, organization::Organization};
use eventstore_schema::OrganizationId;

/// Name, logo and color, of an organization or of Pawl itself.
#[derive(Clone, Debug)]
pub struct Brand {
    /// What it is called.
    pub name: String,
    /// Where its logo is.
    pub logo: Option<String>,
    /// Where its color is, as a stylesheet: pages hold no styles.
    pub color: Option<String>,
}

impl Default for Brand {
    fn default() -> Self {
        Self {
            name: "Pawl".to_owned(),
            logo: None,
            color: None,
        }
    }
}

impl Brand {
    /// The look of an organization.
    #[must_use]
    pub fn of(id: OrganizationId, organization: &Organization) -> Self {
        let logo = organization.logo();
        let color = organization.accent_color();
        Self {
            name: organization.name().unwrap_or_default().to_owned(),
            logo: logo.map(|_| format!("/v1/organizations/{id}/logo")),
            color: color.map(|_| format!("/organizations/{id}/color.css")),
        }
    }
}

/// The color of an organization, which is no secret.
pub async fn color(
    State(pawl): State<Pawl>,
    Path(id): Path<OrganizationId>,
) -> Result<impl IntoResponse, Problem> {
    let organization = pawl.organization(id).await?;
    let color = organization.accent_color().ok_or(Rejection::NotFound)?;
    let about = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    Ok((about, format!(":root {{ --brand: {color}; }}\n")))
}
