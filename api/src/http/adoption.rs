//! How a second factor spreads in an organization, day by day.

use super::{
    answer::Answer,
    extract::{CaughtUp, Mandated, invalid},
    page,
    path::OrganizationPath,
    problem::{Problem, ProblemBody},
};
use crate::application::Pawl;
use axum::{
    extract::{FromRequestParts, State},
    http::request::Parts,
};
use chrono::{DateTime, Days, NaiveDate, Utc};
use domain::Permission;
use projections::adoption::{self, Adoption};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The longest look back, in days.
const LONGEST: u32 = 3_660;

/// The curve of an organization.
#[derive(Serialize, ToSchema)]
pub struct Curve {
    /// The days on which the numbers changed, in order.
    items: Vec<DayView>,
    /// When two-factor authentication was enforced, if it is.
    enforced_at: Option<DateTime<Utc>>,
}

/// The numbers at the end of a day.
#[derive(Serialize, ToSchema)]
pub struct DayView {
    /// The day, in UTC.
    #[schema(value_type = String, format = Date, example = "2026-01-31")]
    date: NaiveDate,
    /// People who can sign in.
    people: u64,
    /// Those of them who have a confirmed authenticator.
    with_device: u64,
}

/// Which part of the curve.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct CurveQuery {
    /// Only so many days, today included (1 to 3660). Where there were people before, the first of
    /// these days is there in any case, with what there was by then. Without it, the curve begins
    /// with the organization's first person.
    days: Option<u32>,
}

impl<S: Send + Sync> FromRequestParts<S> for CurveQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        page::query(parts, state).await
    }
}

/// Who has a second factor, day by day?
///
/// How many people can sign in, and how many of them have an authenticator. Nobody is named.
#[utoipa::path(
    get, path = "/v1/organizations/{org}/adoption", tag = "Two-factor authentication",
    params(("org" = Uuid, Path, description = "The organization"), CurveQuery),
    security(("session" = []), ("oauth2" = ["adoption:read"])),
    responses(
        (status = 200, body = Curve),
        (status = 400, body = ProblemBody, description = "`invalid-parameter`"),
        (status = 401, body = ProblemBody, description = "`unauthenticated`"),
        (status = 403, body = ProblemBody, description = "`forbidden`, `second-factor-required`, `insufficient-scope`"),
        (status = 404, body = ProblemBody, description = "`not-found`"),
        (status = 503, body = ProblemBody, description = "`read-model-behind`, `read-model-stopped`"),
    ),
)]
pub async fn curve(
    State(pawl): State<Pawl>,
    _caught_up: CaughtUp,
    Mandated(authority): Mandated,
    OrganizationPath(organization): OrganizationPath,
    query: CurveQuery,
) -> Result<Answer<Curve>, Problem> {
    authority.permit(Permission::ReadAdoption, organization)?;
    let since = match query.days {
        None => None,
        Some(days @ 1..=LONGEST) => {
            let today = pawl.now().date_naive();
            today.checked_sub_days(Days::new(u64::from(days - 1)))
        }
        Some(_) => return Err(invalid("days: between 1 and 3660.")),
    };
    let days = pawl
        .query(&Adoption, move |readers| {
            adoption::curve(readers, organization, since)
        })
        .await?;
    let policy = pawl.organization(organization).await?;
    Ok(Answer::ok(Curve {
        items: days.into_iter().map(view).collect(),
        enforced_at: policy.enforcement().map(|enforcement| enforcement.at),
    }))
}

fn view(day: adoption::Day) -> DayView {
    DayView {
        date: day.date,
        people: day.people,
        with_device: day.with_device,
    }
}
