//! What is asked of the audit trail in the console, as it stands in the page's address.

use super::super::super::{detour::Detour, event_words, visitor::SignedIn};
use crate::http::audit::actor;
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use domain::{Permission, value::SearchText};
use eventstore_schema::{Position, UserId};
use projections::audit_trail::Filter;
use serde::Deserialize;
use url::form_urlencoded::Serializer;

/// What is asked of the audit trail. An empty field of the form asks for nothing.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct AuditQuery {
    /// Words of what happened.
    pub(super) q: String,
    #[serde(rename = "type")]
    pub(super) event_type: String,
    /// A person, by id, name or e-mail address.
    pub(super) person: String,
    /// Who caused it, as in the API.
    pub(super) actor: String,
    /// A day; its beginning counts.
    pub(super) from: String,
    /// A day; its end counts.
    pub(super) as_of: String,
    pub(super) before: Option<u64>,
    /// Where a page that follows begins.
    pub(super) after: Option<u64>,
}

/// The beginning of a day, in UTC, or that of the day behind it.
fn day(text: &str, later: u64) -> Option<DateTime<Utc>> {
    let day: NaiveDate = text.parse().ok()?;
    let day = day.checked_add_days(Days::new(later))?;
    Some(day.and_time(NaiveTime::MIN).and_utc())
}

impl AuditQuery {
    /// What an entry has to meet; nothing where nobody, or more than one, is meant as the person.
    pub(super) async fn filter(&self, reader: &SignedIn) -> Result<Option<Filter>, Detour> {
        let person = match self.person.trim() {
            "" => None,
            text => match person(text, reader).await? {
                None => return Ok(None),
                known => known,
            },
        };
        let language = reader.visitor.language;
        let text = self.q.trim();
        let meant = (!text.is_empty()).then(|| event_words::meant_by(language, text));
        let named = (!self.event_type.is_empty()).then(|| vec![self.event_type.clone()]);
        Ok(Some(Filter {
            actor: actor(&self.actor),
            person,
            types: event_words::asked_for(named, meant),
            from: day(&self.from, 0),
            until: day(&self.as_of, 1),
            as_of: None,
        }))
    }

    /// Whether the page shows what happens now, or a page of the past.
    pub(super) fn is_now(&self) -> bool {
        self.before.is_none() && day(&self.as_of, 1).is_none()
    }

    /// Whether anything is asked for at all.
    pub(super) fn is_empty(&self) -> bool {
        self.address(None).is_empty()
    }

    /// The same question, as it stands in an address: with the person that was found by what was
    /// typed.
    pub(super) fn address(&self, person: Option<UserId>) -> String {
        let person = person.map_or_else(|| self.person.clone(), |id| id.to_string());
        let mut address = Serializer::new(String::new());
        for (name, value) in [
            ("q", &self.q),
            ("type", &self.event_type),
            ("person", &person),
            ("actor", &self.actor),
            ("from", &self.from),
            ("as_of", &self.as_of),
        ] {
            if !value.is_empty() {
                address.append_pair(name, value);
            }
        }
        address.finish()
    }

    /// The page ends before this position at the latest.
    pub(super) fn before(&self) -> Position {
        self.before.map_or(Position::END, Position)
    }
}

/// The one person who is meant, if it is one.
async fn person(text: &str, reader: &SignedIn) -> Result<Option<UserId>, Detour> {
    if let Ok(id) = text.parse() {
        return Ok(Some(id));
    }
    let organization = reader.authority.holder().organization();
    reader
        .authority
        .permit(Permission::ReadUsers, organization)?;
    let Ok(text) = SearchText::parse(text) else {
        return Ok(None);
    };
    let pawl = &reader.visitor.pawl;
    let found = pawl.search_users(organization, &text, None, 2).await?;
    match found.items.as_slice() {
        [one] => Ok(Some(one.user_id)),
        _ => Ok(None),
    }
}
