//! What is asked of the audit trail in the console, as it stands in the page's address.

use super::super::super::{detour::Detour, event_words, visitor::SignedIn};
use crate::http::audit::actor;
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use domain::{Permission, value::SearchText};
use eventstore_schema::{Event, Position, UserId};
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

/// The type of this name, if there is one. What is asked for is remembered for good, so it is never a
/// text that somebody typed.
fn known_type(name: &str) -> Vec<String> {
    let types = Event::types().into_iter().map(|(known, _)| known);
    types
        .filter(|known| *known == name)
        .map(str::to_owned)
        .collect()
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
        let named = (!self.event_type.is_empty()).then(|| known_type(&self.event_type));
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

    /// Where a page that follows goes on: behind the last message, if it had any. No position is behind
    /// the end of every log.
    pub(super) fn after(&self, last_event_id: Option<&str>) -> Position {
        let last = last_event_id.and_then(|id| id.parse().ok());
        Position(last.or(self.after).unwrap_or(0)).min(Position::END)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_follows_from_a_place_that_a_log_has() {
        let mut query = AuditQuery::default();
        assert_eq!(query.after(None), Position::START);
        query.after = Some(7);
        assert_eq!(query.after(Some("")), Position(7));
        assert_eq!(query.after(Some("9")), Position(9));
        query.after = Some(u64::MAX);
        assert_eq!(query.after(None), Position::END);
        assert_eq!(query.after(Some(&u64::MAX.to_string())), Position::END);
    }
}
