//! Everything about one person as one JSON document, sent piece by piece: however long a history is,
//! little of it is in memory at a time.

use super::{
    audit::{AuditItem, item},
    body::Bare,
    extract::{Authorized, bearer},
    own_sessions::open_sessions,
    path::PersonPath,
    problem::{Problem, ProblemBody},
    users,
};
use crate::application::{Bearer, Failure, Pawl, SessionToken};
use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use domain::{Authority, Permission, Rejection};
use eventstore_schema::{OrganizationId, Position, UserId};
use futures::stream;
use projections::users::{Users, by_id};
use serde::Serialize;
use utoipa::ToSchema;

/// Events in a piece.
const PIECE: u32 = 100;

/// Everything about a person.
#[derive(Serialize, ToSchema)]
pub struct Export {
    /// When it was asked for.
    exported_at: DateTime<Utc>,
    person: users::UserView,
    /// Those that are open. What happened in the others, the events tell.
    sessions: Vec<super::own_sessions::OwnSession>,
    /// Every event that the person caused or that is about them, oldest first. Of others, no personal
    /// data is opened.
    #[schema(min_items = 1)]
    events: Vec<AuditItem>,
}

/// Export a person
///
/// One JSON document of everything that is stored about them, in which their personal data is opened;
/// secrets are not. `UserExported` in the audit trail says who asked for it. It needs your own second
/// factor, shown in the last five minutes (`POST /v1/session/otp`), if you have one or need one.
#[utoipa::path(
    post, path = "/v1/organizations/{org}/users/{id}/export", tag = "People",
    params(
        ("org" = Uuid, Path, description = "The organization"),
        ("id" = Uuid, Path, description = "The person"),
    ),
    security(("session" = [])),
    responses(
        (status = 200, body = Export),
        (status = 401, body = ProblemBody, description = "`unauthenticated`"),
        (status = 403, body = ProblemBody, description = "`forbidden`, `second-factor-required`, `fresh-second-factor-required`"),
        (status = 404, body = ProblemBody, description = "`not-found`"),
        (status = 503, body = ProblemBody, description = "`read-model-behind`, `read-model-stopped`"),
    ),
)]
pub async fn somebody(
    State(pawl): State<Pawl>,
    Authorized(authority): Authorized,
    PersonPath(organization, user): PersonPath,
    headers: HeaderMap,
    Bare(context): Bare,
) -> Result<Response, Problem> {
    let exported = pawl
        .export_user(organization, user, &authority, &context)
        .await?;
    let whose = (organization, user);
    Ok(document(&pawl, whose, token_of(&headers)?, exported.position).await?)
}

/// Export myself
///
/// The same about whoever asks. It needs their second factor, shown in the last five minutes, if they
/// have one or need one.
#[utoipa::path(
    post, path = "/v1/me/export", tag = "Session", security(("session" = [])),
    responses(
        (status = 200, body = Export),
        (status = 401, body = ProblemBody, description = "`unauthenticated`"),
        (status = 403, body = ProblemBody, description = "`second-factor-required`, `fresh-second-factor-required`"),
        (status = 503, body = ProblemBody, description = "`read-model-behind`, `read-model-stopped`"),
    ),
)]
pub async fn oneself(
    State(pawl): State<Pawl>,
    Authorized(authority): Authorized,
    headers: HeaderMap,
    Bare(context): Bare,
) -> Result<Response, Problem> {
    let exported = pawl.export_oneself(&authority, &context).await?;
    let holder = authority.holder();
    let whose = (holder.organization(), holder.user());
    Ok(document(&pawl, whose, token_of(&headers)?, exported.position).await?)
}

/// The token of a person, whom no machine asks for.
fn token_of(headers: &HeaderMap) -> Result<SessionToken, Rejection> {
    match bearer(headers) {
        Some(Bearer::Session(token)) => Ok(token),
        _ => Err(Rejection::Unauthenticated),
    }
}

/// The document, with everything up to this position and perhaps more. Whoever reads it slowly is
/// asked for the right again, by this token.
pub async fn document(
    pawl: &Pawl,
    (organization, user): (OrganizationId, UserId),
    token: SessionToken,
    position: Position,
) -> Result<Response, Failure> {
    let person = pawl.query(&Users, move |readers| by_id(readers, user));
    let person = person.await?.ok_or(Rejection::NotFound)?;
    let begin = Export {
        exported_at: pawl.now(),
        person: users::view(pawl, &person)?,
        sessions: open_sessions(pawl, user, None).await?,
        events: Vec::new(),
    };
    let mut begin = serde_json::to_string(&begin).map_err(Failure::internal)?;
    // What is left out of the text is the end of an empty list: the events come in its place.
    begin.truncate(begin.len() - "]}".len());
    let pieces = Pieces {
        pawl: pawl.clone(),
        organization,
        user,
        token,
        next: Next::Begin(begin),
    };
    let body = Body::from_stream(stream::try_unfold(pieces, Pieces::next));
    let file = format!("attachment; filename=\"user-{user}.json\"");
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::CONTENT_DISPOSITION, file),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    let position = [("pawl-position", position.to_string())];
    Ok((headers, position, body).into_response())
}

struct Pieces {
    pawl: Pawl,
    organization: OrganizationId,
    user: UserId,
    token: SessionToken,
    next: Next,
}

enum Next {
    Begin(String),
    After(Position),
    Nothing,
}

impl Pieces {
    async fn permitted(&self) -> Result<(), Failure> {
        let by = Authority::of(self.pawl.look_at(&self.token, None).await?)?;
        if by.holder().user() != self.user {
            by.permit(Permission::ExportUsers, self.organization)?;
        }
        Ok(())
    }

    async fn next(mut self) -> Result<Option<(Bytes, Self)>, Failure> {
        let (mut piece, after) = match std::mem::replace(&mut self.next, Next::Nothing) {
            Next::Begin(begin) => (begin, Position::START),
            Next::After(position) => {
                self.permitted().await?;
                (String::new(), position)
            }
            Next::Nothing => return Ok(None),
        };
        let page = self
            .pawl
            .events_of(self.organization, self.user, after, PIECE)
            .await?;
        for entry in page.items {
            if !piece.ends_with('[') {
                piece.push(',');
            }
            let data = self.pawl.open_content_of(self.user, &entry.data)?;
            piece += &serde_json::to_string(&item(entry, data)).map_err(Failure::internal)?;
        }
        match page.next {
            Some(next) => self.next = Next::After(next),
            None => piece += "]}",
        }
        Ok(Some((piece.into(), self)))
    }
}
