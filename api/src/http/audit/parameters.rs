//! Which part of the audit trail somebody asks for.

use crate::{
    event_words::{asked_for, in_english_meant_by},
    http::{extract::invalid, page, problem::Problem},
};
use axum::{extract::FromRequestParts, http::request::Parts};
use chrono::{DateTime, Utc};
use eventstore_schema::{Actor, Event, UserId};
use projections::audit_trail::Filter;
use serde::Deserialize;
use utoipa::IntoParams;

/// Which part of the audit trail.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    /// Where to go on: the `next` of the page before, or any position.
    cursor: Option<String>,
    /// Entries on a page: 1 to 500, 100 unless said.
    limit: Option<u32>,
    /// Only what was recorded by then.
    as_of: Option<DateTime<Utc>>,
    /// Only what they caused: `user:ID`, `api_credential:ID`, `operator` or `anonymous`.
    #[param(example = "operator")]
    actor: Option<String>,
    /// Only what this person caused and what is about them.
    #[param(value_type = Option<uuid::Uuid>)]
    person: Option<UserId>,
    /// Only events of these types: names with commas between them.
    #[serde(rename = "type")]
    #[param(example = "RoleChanged,OtpDevicesReset")]
    types: Option<String>,
    /// Only what was recorded then or later.
    from: Option<DateTime<Utc>>,
    /// Only what was recorded before then.
    until: Option<DateTime<Utc>>,
    /// Only events in whose description in English, or in the name of whose type, each of these words
    /// stands.
    #[param(example = "authenticator reset")]
    q: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for AuditQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        page::query(parts, state).await
    }
}

impl AuditQuery {
    /// Where to go on.
    pub(super) fn after(&self) -> Result<Option<u64>, Problem> {
        page::position(self.cursor.as_deref())
    }

    /// Entries on a page.
    pub(super) fn limit(&self) -> u32 {
        page::limit(self.limit)
    }

    /// What an entry has to meet.
    pub(super) fn filter(&self) -> Result<Filter, Problem> {
        let named = self.types.as_deref().map(types).transpose()?;
        let meant = self.q.as_deref().map(in_english_meant_by);
        Ok(Filter {
            actor: self.actor.as_deref().map(known_actor).transpose()?,
            person: self.person,
            types: asked_for(named, meant),
            from: self.from,
            until: self.until,
            as_of: self.as_of,
        })
    }
}

fn known_actor(text: &str) -> Result<Actor, Problem> {
    actor(text).ok_or_else(|| {
        invalid("actor: user:ID, api_credential:ID, operator or anonymous are the ones there are.")
    })
}

/// The actor that is written like this.
#[must_use]
pub fn actor(text: &str) -> Option<Actor> {
    match text.split_once(':') {
        Some(("user", id)) => id.parse().ok().map(Actor::User),
        Some(("api_credential", id)) => id.parse().ok().map(Actor::ApiCredential),
        None if text == "operator" => Some(Actor::Operator),
        None if text == "anonymous" => Some(Actor::Anonymous),
        _ => None,
    }
}

fn types(text: &str) -> Result<Vec<String>, Problem> {
    let known = Event::types();
    let mut types = Vec::new();
    for name in text.split(',') {
        if !known.iter().any(|(known, _)| *known == name) {
            return Err(invalid("type: not the name of a type of event."));
        }
        types.push(name.to_owned());
    }
    types.sort_unstable();
    types.dedup();
    Ok(types)
}
