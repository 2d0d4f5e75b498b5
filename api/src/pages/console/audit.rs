//! Administration, audit: what happened, newest first, filtered, and live. Looking is recorded before
//! anything is shown.

mod evidence;
mod filters;

pub use evidence::{export, prove};

use super::{
    super::{
        address::Query,
        detour::Detour,
        event_words,
        frame::{self, Frame},
        session_cookie,
        visitor::{Reader, SignedIn, Visitor, Watching},
    },
    live::{Follow, Follower, follow},
};
use crate::{
    application::{Bearer, RequestContext, question},
    http::extract::Asked,
};
use askama::Template;
use axum::{
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use domain::{Permission, Rejection};
use eventstore_schema::{Actor, AuditReading, Event, EventId, OrganizationId, Position};
use filters::AuditQuery;
use projections::audit_trail::{AuditEntry, Filter};
use std::collections::{HashMap, hash_map};

/// Entries on a page.
const LIMIT: u32 = 50;

/// An event as the page shows it.
struct Entry {
    position: u64,
    leaf_index: u64,
    event_id: EventId,
    recorded_at: DateTime<Utc>,
    event_type: String,
    /// What an event of the type is called.
    words: String,
    actor: String,
    /// The actor as the filter takes them.
    actor_key: String,
    subject: String,
    /// Its content, as JSON.
    data: String,
}

#[derive(Template)]
#[template(path = "console/audit.html")]
struct Page {
    frame: Frame,
    entries: Vec<Entry>,
    /// The types, with what they are called.
    types: Vec<(&'static str, String)>,
    /// Whose entries are shown, where they are of one actor only who is a person or a machine.
    of_actor: Option<String>,
    query: AuditQuery,
    /// Whether it is not clear who is meant.
    person_unknown: bool,
    /// The same question, in an address.
    address: String,
    next: Option<u64>,
    /// Where the page that follows begins; none on a page of the past.
    follows_from: Option<u64>,
}

#[derive(Template)]
#[template(path = "console/audit_rows.html")]
struct Rows {
    frame: Frame,
    entries: Vec<Entry>,
}

fn permitted(reader: &SignedIn) -> Result<OrganizationId, Detour> {
    let organization = reader.authority.holder().organization();
    reader
        .authority
        .permit(Permission::ReadAudit, organization)?;
    Ok(organization)
}

/// Records what somebody asks, and waits for it. Answers up to where that is.
async fn begin_look(
    reader: &SignedIn,
    how: AuditReading,
    filter: &Filter,
    request: &RequestContext,
) -> Result<Position, Detour> {
    let visitor = &reader.visitor;
    let token = session_cookie::token(&visitor.jar).ok_or(Detour::SignIn)?;
    let organization = reader.authority.holder().organization();
    let (question, token) = (question(how, filter), Bearer::Session(token));
    let look = visitor
        .pawl
        .begin_look(organization, &question, &token, request);
    Ok(look.await?)
}

/// The audit trail.
pub async fn show(
    Reader(reader, head): Reader,
    Query(query): Query<AuditQuery>,
    Asked(request): Asked,
) -> Result<Response, Detour> {
    let organization = permitted(&reader)?;
    let filter = query.filter(&reader).await?;
    let mut page = Page {
        frame: reader.frame().await?.at("/console/audit"),
        entries: Vec::new(),
        types: types(&reader.visitor),
        of_actor: None,
        address: query.address(filter.as_ref().and_then(|filter| filter.person)),
        person_unknown: filter.is_none(),
        next: None,
        follows_from: None,
        query,
    };
    let Some(filter) = filter else {
        return frame::show(StatusCode::OK, &page);
    };
    let look = begin_look(&reader, AuditReading::Page, &filter, &request).await?;
    // Nothing behind what the right was asked for.
    let head = head.max(look);
    let before = page.query.before().min(Position(head.0 + 1));
    let actor = filter.actor;
    let pawl = &reader.visitor.pawl;
    let found = pawl.audit_latest(organization, &filter, before, LIMIT);
    let found = found.await?;
    if page.query.is_now() {
        page.follows_from = Some(found.items.first().map_or(head, |entry| entry.position).0);
    }
    if let Some(actor) = actor {
        page.of_actor = reader.visitor.name_of(actor, organization).await?;
    }
    page.next = found.next.map(|position| position.0);
    page.entries = entries(&reader.visitor, organization, found.items).await?;
    frame::show(StatusCode::OK, &page)
}

fn types(visitor: &Visitor) -> Vec<(&'static str, String)> {
    let types = Event::types().into_iter();
    let called = types.map(|(name, _)| (name, event_words::words(visitor.language, name)));
    let mut types: Vec<_> = called.collect();
    types.sort_by(|(_, one), (_, other)| one.cmp(other));
    types
}

/// An actor as the filter takes them.
fn key_of(actor: Actor) -> String {
    match actor {
        Actor::User(id) => format!("user:{id}"),
        Actor::ApiCredential(id) => format!("api_credential:{id}"),
        Actor::Operator => "operator".to_owned(),
        Actor::Anonymous => "anonymous".to_owned(),
    }
}

async fn entries(
    visitor: &Visitor,
    organization: OrganizationId,
    found: Vec<AuditEntry>,
) -> Result<Vec<Entry>, Detour> {
    let mut names: HashMap<Actor, String> = HashMap::new();
    let mut entries = Vec::with_capacity(found.len());
    for entry in found {
        let actor = match names.entry(entry.actor) {
            hash_map::Entry::Occupied(known) => known.get().clone(),
            hash_map::Entry::Vacant(new) => {
                let name = visitor.name_of(entry.actor, organization).await?;
                let nameless = match entry.actor {
                    Actor::Operator => "audit-operator",
                    _ => "audit-anonymous",
                };
                let nameless = || visitor.language.say(nameless).to_string();
                new.insert(name.unwrap_or_else(nameless)).clone()
            }
        };
        let data = visitor.pawl.open_content(&entry.data)?;
        entries.push(Entry {
            position: entry.position.0,
            leaf_index: entry.leaf_index,
            event_id: entry.event_id,
            recorded_at: entry.recorded_at,
            words: event_words::words(visitor.language, &entry.event_type),
            event_type: entry.event_type,
            actor,
            actor_key: key_of(entry.actor),
            subject: entry.subject.to_string(),
            data: format!("{data:#}"),
        });
    }
    Ok(entries)
}

/// What happens from now on; after a break, from the last message on.
pub async fn live(
    Watching(signed_in): Watching,
    Query(query): Query<AuditQuery>,
    Asked(request): Asked,
    headers: HeaderMap,
) -> Result<Response, Detour> {
    permitted(&signed_in)?;
    let filter = query.filter(&signed_in).await?.ok_or(Rejection::NotFound)?;
    begin_look(&signed_in, AuditReading::Live, &filter, &request).await?;
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let news = News {
        after: query.after(last),
        filter,
    };
    Ok(follow(signed_in, news).into_response())
}

struct News {
    after: Position,
    filter: Filter,
}

impl Follow for News {
    /// One page of the trail at a time, however much there is.
    async fn next(
        &mut self,
        reader: &Follower,
        head: Position,
    ) -> Result<(Option<String>, Position), Detour> {
        let reader = &reader.signed_in;
        let (organization, after) = (permitted(reader)?, self.after);
        let pawl = &reader.visitor.pawl;
        let page = pawl.audit_page(organization, &self.filter, after, LIMIT);
        let page = page.await?;
        self.after = page.next.map_or(head, |next| next.min(head)).max(after);
        let mut found = page.items;
        found.retain(|entry| entry.position <= head);
        if found.is_empty() {
            return Ok((None, self.after));
        }
        found.reverse();
        let rows = Rows {
            frame: reader.visitor.frame(),
            entries: entries(&reader.visitor, organization, found).await?,
        };
        Ok((Some(rows.render()?), self.after))
    }
}
