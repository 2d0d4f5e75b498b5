//! The console: where administrators, user managers and auditors look after their organization.

mod audit;
mod home;
mod live;
mod security;
mod users;

use crate::application::Pawl;
use axum::{
    Router,
    routing::{get, post},
};

/// Its pages.
pub fn router() -> Router<Pawl> {
    Router::new()
        .route("/console", get(home::show))
        .route("/console/users", get(users::list))
        .route(
            "/console/users/invite",
            get(users::invitation).post(users::invite),
        )
        .route("/console/users/{id}", get(users::one))
        .route("/console/users/{id}/resend", post(users::resend))
        .route("/console/users/{id}/revoke", post(users::revoke))
        .route("/console/security", get(security::show))
        .route(
            "/console/security/enforce",
            get(security::ask).post(security::enforce),
        )
        .route("/console/security/live", get(security::live))
        .route("/console/audit", get(audit::show))
        .route("/console/audit/live", get(audit::live))
}
