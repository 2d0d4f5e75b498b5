//! The state at a moment, as tables or as JSON.

use super::{
    super::{
        history::{Credential, History, Invitation, Person, Standing},
        moment::Moment,
        words,
    },
    Asked,
};
use chrono::{DateTime, Utc};
use eventstore_schema::{
    Actor, ApiCredentialId, DeviceId, EventId, OrganizationId, Role, ScopeName, UserId,
};
use projections::users::Status;
use serde::Serialize;
use std::fmt;

/// What there was.
#[derive(Serialize)]
pub struct State {
    organization_id: OrganizationId,
    as_of: Option<DateTime<Utc>>,
    name: String,
    two_factor: Policy,
    people: Vec<Somebody>,
    api_credentials: Vec<Machine>,
}

/// What was asked of everybody.
#[derive(Serialize)]
struct Policy {
    enforced: bool,
    enforced_at: Option<DateTime<Utc>>,
    enforced_by: Option<Actor>,
    enforced_by_name: Option<String>,
    event_id: Option<EventId>,
    set_up_link: bool,
}

#[derive(Serialize)]
struct Somebody {
    user_id: UserId,
    name: String,
    email: String,
    role: Option<Role>,
    status: Status,
    created_at: DateTime<Utc>,
    accepted_at: Option<DateTime<Utc>>,
    invitation: Option<Invitation>,
    authenticators: Vec<Authenticator>,
    recovery_codes_left: usize,
    must_set_up: bool,
    live_sessions: usize,
}

#[derive(Serialize)]
struct Authenticator {
    device_id: DeviceId,
    name: String,
    confirmed_at: DateTime<Utc>,
    last_used_at: DateTime<Utc>,
}

/// The credential of a machine.
#[derive(Debug, Serialize)]
pub struct Machine {
    /// Which.
    pub api_credential_id: ApiCredentialId,
    /// What it is called.
    pub name: String,
    /// What it may ask for.
    pub scopes: Vec<ScopeName>,
    /// What it is good for.
    pub standing: Standing,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// By whom.
    pub created_by: Option<Actor>,
    /// What they are called.
    pub created_by_name: String,
    /// It opens nothing from then on.
    pub expires_at: DateTime<Utc>,
    /// When it was given another secret last.
    pub rotated_at: Option<DateTime<Utc>>,
    /// When a machine asked for an access token with it last.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

impl State {
    /// Of the history that was replayed; `now` says what has run out.
    pub fn of(history: &History, asked: Asked, now: DateTime<Utc>) -> Self {
        let policy = history.policy();
        let enforcement = policy.enforcement();
        let shown = |id: &UserId| asked.person.is_none_or(|person| person == *id);
        let people = history.people().iter().filter(|(id, _)| shown(id));
        let machines = history.credentials().iter();
        Self {
            organization_id: asked.organization,
            as_of: asked.as_of.map(Moment::time),
            name: policy.name().unwrap_or_default().to_owned(),
            two_factor: Policy {
                enforced: policy.requires_second_factor(),
                enforced_at: enforcement.map(|begun| begun.at),
                enforced_by: enforcement.map(|begun| begun.by),
                enforced_by_name: enforcement.map(|begun| words::actor(history, begun.by)),
                event_id: enforcement.map(|begun| begun.event_id),
                set_up_link: policy.asks_for_set_up_link(),
            },
            people: people
                .map(|(id, person)| Somebody::of(*id, person, policy.requires_second_factor(), now))
                .collect(),
            api_credentials: machines
                .filter(|_| asked.person.is_none())
                .map(|(id, credential)| Machine::of(*id, credential, history, now))
                .collect(),
        }
    }
}

impl Somebody {
    fn of(id: UserId, person: &Person, enforced: bool, now: DateTime<Utc>) -> Self {
        let going_on = person.sessions().iter().filter(|held| held.goes_on_at(now));
        let missing = person.is_to_set_up() && (enforced || person.user.must_set_up_device());
        Self {
            user_id: id,
            name: person.name.clone(),
            email: person.email.clone(),
            role: person.role(),
            status: person.status(),
            created_at: person.created_at,
            accepted_at: person.accepted_at,
            invitation: person.invitation.clone(),
            authenticators: person
                .authenticators()
                .map(|one| Authenticator {
                    device_id: one.id,
                    name: one.name.clone(),
                    confirmed_at: one.confirmed_at,
                    last_used_at: one.last_used_at,
                })
                .collect(),
            recovery_codes_left: person.recovery_codes_left(),
            must_set_up: missing,
            live_sessions: going_on.count(),
        }
    }
}

impl Machine {
    /// As it stands at this time.
    pub fn of(
        id: ApiCredentialId,
        credential: &Credential,
        history: &History,
        now: DateTime<Utc>,
    ) -> Self {
        let by = credential.created_by;
        Self {
            api_credential_id: id,
            name: credential.name.clone(),
            scopes: credential.scopes.clone(),
            standing: credential.standing_at(now),
            created_at: credential.created_at,
            created_by: by,
            created_by_name: by.map_or(String::new(), |by| words::actor(history, by)),
            expires_at: credential.expires_at,
            rotated_at: credential.rotated_at,
            last_used_at: credential.last_used_at,
            revoked_at: credential.revoked_at,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let when = self.as_of.map_or("at the end".to_owned(), |at| {
            format!("as of {}", words::time(at))
        });
        writeln!(
            f,
            "{} ({}), {when}",
            words::plain(&self.name),
            self.organization_id
        )?;
        writeln!(f, "{}", self.two_factor)?;
        writeln!(
            f,
            "\n{:<36}  {:<12}  {:<8}  {:<24}  {:<28}  factors",
            "person", "role", "status", "name", "e-mail address"
        )?;
        for person in &self.people {
            writeln!(f, "{person}")?;
        }
        if !self.api_credentials.is_empty() {
            writeln!(
                f,
                "\n{:<36}  {:<8}  {:<24}  scopes",
                "API credential", "standing", "name"
            )?;
        }
        for machine in &self.api_credentials {
            writeln!(f, "{machine}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let link = if self.set_up_link {
            ", with a mailed link before a first authenticator"
        } else {
            ""
        };
        match (self.enforced_at, &self.enforced_by_name) {
            (Some(at), Some(by)) => write!(
                f,
                "two-factor authentication: enforced since {} by {by}{link}",
                words::time(at)
            ),
            _ => write!(f, "two-factor authentication: not enforced{link}"),
        }
    }
}

impl fmt::Display for Somebody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let devices = self.authenticators.iter().map(|device| {
            let since = words::time(device.confirmed_at);
            format!("\"{}\" since {since}", words::plain(&device.name))
        });
        let mut factors: Vec<_> = devices.collect();
        if self.recovery_codes_left > 0 {
            factors.push(format!("{} recovery codes", self.recovery_codes_left));
        }
        if self.must_set_up {
            factors.push("has to set up an authenticator".to_owned());
        }
        write!(
            f,
            "{:<36}  {:<12}  {:<8}  {:<24}  {:<28}  {}",
            self.user_id.to_string(),
            self.role.map_or("", words::role),
            status(self.status),
            words::plain(&self.name),
            words::plain(&self.email),
            factors.join(", ")
        )
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let standing = match self.standing {
            Standing::Live => "live",
            Standing::Expired => "expired",
            Standing::Revoked => "revoked",
        };
        write!(
            f,
            "{:<36}  {standing:<8}  {:<24}  {}",
            self.api_credential_id.to_string(),
            words::plain(&self.name),
            words::scopes(&self.scopes)
        )
    }
}

/// What a status is called.
pub fn status(status: Status) -> &'static str {
    match status {
        Status::Invited => "invited",
        Status::Active => "active",
        Status::Disabled => "disabled",
        Status::Revoked => "revoked",
        Status::Erased => "erased",
    }
}
