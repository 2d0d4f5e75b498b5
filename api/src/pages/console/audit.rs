//! Administration, audit: what happened, newest first, by type and up to a date, and live.

use super::{
    super::{
        address::Query,
        detour::Detour,
        frame::{self, Frame},
        visitor::{Reader, SignedIn, Visitor, Watching},
    },
    live::{Follow, Follower, follow},
};
use askama::Template;
use axum::{
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use domain::Permission;
use eventstore_schema::{Actor, Event, OrganizationId, Position};
use projections::audit_trail::{self, AuditEntry, AuditTrail, Filter};
use serde::Deserialize;
use std::collections::{HashMap, hash_map};

/// Entries on a page.
const LIMIT: u32 = 50;

/// An event as the page shows it.
struct Entry {
    position: u64,
    recorded_at: DateTime<Utc>,
    event_type: String,
    actor: String,
    subject: String,
    /// Its content, as JSON.
    data: String,
}

#[derive(Template)]
#[template(path = "console/audit.html")]
struct Page {
    frame: Frame,
    entries: Vec<Entry>,
    types: Vec<&'static str>,
    event_type: String,
    as_of: String,
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

/// What is asked of the audit trail. An empty field of the form asks for nothing.
#[derive(Clone, Deserialize)]
pub struct AuditQuery {
    #[serde(rename = "type", default)]
    event_type: String,
    /// A day; its end counts.
    #[serde(default)]
    as_of: String,
    before: Option<u64>,
    /// Where a page that follows begins.
    after: Option<u64>,
}

impl AuditQuery {
    fn event_type(&self) -> Option<String> {
        (!self.event_type.is_empty()).then(|| self.event_type.clone())
    }

    /// The end of the day in UTC.
    fn as_of(&self) -> Option<DateTime<Utc>> {
        let day: NaiveDate = self.as_of.parse().ok()?;
        Some(
            day.checked_add_days(Days::new(1))?
                .and_time(NaiveTime::MIN)
                .and_utc(),
        )
    }
}

fn permitted(reader: &SignedIn) -> Result<OrganizationId, Detour> {
    let organization = reader.authority.holder().organization();
    reader
        .authority
        .permit(Permission::ReadAudit, organization)?;
    Ok(organization)
}

/// The audit trail.
pub async fn show(
    Reader(reader, head): Reader,
    Query(query): Query<AuditQuery>,
) -> Result<Response, Detour> {
    let organization = permitted(&reader)?;
    let pawl = &reader.visitor.pawl;
    let filter = Filter {
        event_type: query.event_type(),
        until: query.as_of(),
        // Nothing behind what the right was asked for.
        before: Some(Position(query.before.unwrap_or(u64::MAX).min(head.0 + 1))),
    };
    let page = pawl
        .query(&AuditTrail, move |readers| {
            audit_trail::latest(readers, organization, &filter, LIMIT)
        })
        .await?;
    let is_now = query.before.is_none() && query.as_of().is_none();
    let page = Page {
        frame: reader.frame().await?.at("/console/audit"),
        follows_from: is_now.then(|| page.items.first().map_or(head, |entry| entry.position).0),
        entries: entries(&reader.visitor, organization, page.items).await?,
        types: Event::types().into_iter().map(|(name, _)| name).collect(),
        event_type: query.event_type,
        as_of: query.as_of,
        next: page.next.map(|position| position.0),
    };
    frame::show(StatusCode::OK, &page)
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
                    Actor::Operator => "operator",
                    _ => "anonymous",
                };
                new.insert(name.unwrap_or_else(|| nameless.to_owned()))
                    .clone()
            }
        };
        let data = visitor.pawl.open_content(&entry.data)?;
        entries.push(Entry {
            position: entry.position.0,
            recorded_at: entry.recorded_at,
            event_type: entry.event_type,
            actor,
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
    headers: HeaderMap,
) -> Result<Response, Detour> {
    permitted(&signed_in)?;
    let last = headers
        .get("last-event-id")
        .and_then(|id| id.to_str().ok()?.parse().ok());
    let news = News {
        after: Position(last.or(query.after).unwrap_or(0)),
        event_type: query.event_type(),
    };
    Ok(follow(signed_in, news).into_response())
}

struct News {
    after: Position,
    event_type: Option<String>,
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
        let page = pawl
            .query(&AuditTrail, move |readers| {
                audit_trail::page(readers, organization, after, None, LIMIT)
            })
            .await?;
        self.after = page.next.map_or(head, |next| next.min(head)).max(after);
        let mut found = page.items;
        found.retain(|entry| {
            let wanted = self.event_type.as_ref();
            entry.position <= head && wanted.is_none_or(|wanted| *wanted == entry.event_type)
        });
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
