//! The console: where administrators, user managers and auditors look after their organization, and
//! analysts at it.

mod analytics;
mod api_credential;
mod api_credentials;
mod audit;
mod erase;
mod home;
mod invite;
mod invite_list;
mod live;
mod organization;
mod person;
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
        .route("/console/analytics", get(analytics::show))
        .route("/console/analytics/{file}", get(analytics::file))
        .route("/console/users", get(users::list))
        .route(
            "/console/users/invite",
            get(invite::show).post(invite::invite),
        )
        .route(
            "/console/users/invite-list",
            get(invite_list::show).post(invite_list::invite),
        )
        .route("/console/users/{id}", get(person::show))
        .route("/console/users/{id}/role", post(person::change_role))
        .route(
            "/console/users/{id}/erase",
            get(erase::ask).post(erase::erase),
        )
        .route("/console/users/{id}/export", post(erase::export))
        .route("/console/users/{id}/{action}", post(person::act))
        .route(
            "/console/organization",
            get(organization::show).post(organization::change),
        )
        .route(
            "/console/organization/logo",
            post(organization::change_logo),
        )
        .route(
            "/console/organization/logo/remove",
            post(organization::remove_logo),
        )
        .route("/console/api-credentials", get(api_credentials::list))
        .route(
            "/console/api-credentials/new",
            get(api_credentials::ask).post(api_credentials::create),
        )
        .route("/console/api-credentials/{id}", get(api_credential::show))
        .route(
            "/console/api-credentials/{id}/rotate",
            post(api_credential::rotate),
        )
        .route(
            "/console/api-credentials/{id}/revoke",
            post(api_credential::revoke),
        )
        .route("/console/security", get(security::show))
        .route(
            "/console/security/enforce",
            get(security::ask).post(security::enforce),
        )
        .route("/console/security/live", get(security::live))
        .route("/console/audit", get(audit::show))
        .route("/console/audit/live", get(audit::live))
        .route("/console/audit/export", post(audit::export))
        .route("/console/audit/{id}/proof", get(audit::prove))
}
