//! The objects of OCSF that events have: who it was done to, by which factors, to what.

use super::Entry;
use eventstore_schema::{
    Actor, Event, Factor, OrganizationEvent, RoleChanged, SessionEvent, SignedIn, UserEvent,
};
use serde_json::{Value, json};

const OTHER: u32 = 99;

/// Who caused it.
pub(super) fn actor(entry: &Entry<'_>) -> Value {
    let user = match entry.event.metadata.actor {
        Actor::User(id) => json!({ "uid": id, "type_id": 1, "type": "User" }),
        Actor::ApiCredential(id) => machine(&id.to_string()),
        Actor::Operator => json!({ "name": "operator", "type_id": 2, "type": "Admin" }),
        Actor::Anonymous => json!({ "name": "anonymous", "type_id": 0, "type": "Unknown" }),
    };
    match session(entry) {
        Some(session) => json!({ "user": user, "session": session }),
        None => json!({ "user": user }),
    }
}

/// The session in which it happened, where there is one.
pub(super) fn session(entry: &Entry<'_>) -> Option<Value> {
    let uid = id_in(entry, "session-").or_else(|| text(entry, "session_id"))?;
    Some(json!({ "uid": uid }))
}

/// Whom it is about. OCSF wants somebody: where nobody is known, their address is (as a keyed hash).
pub(super) fn user(entry: &Entry<'_>) -> Value {
    if let Some(id) = id_in(entry, "api_credential-") {
        return machine(id);
    }
    let mut user = json!({});
    let known = id_in(entry, "user-").map(str::to_owned);
    let named = || text(entry, "user_id").map(str::to_owned);
    let acting = || match entry.event.metadata.actor {
        Actor::User(id) => Some(id.to_string()),
        Actor::ApiCredential(_) | Actor::Operator | Actor::Anonymous => None,
    };
    let address = id_in(entry, "address-").or_else(|| text(entry, "address_id"));
    if let Some(address) = address {
        user["account"] = json!({ "uid": address, "type_id": 18, "type": "Email Account" });
    }
    match known.or_else(named) {
        Some(id) => user["uid"] = id.into(),
        None if address.is_none() => {
            let stream = || entry.event.stream.to_string();
            user["uid"] = acting().unwrap_or_else(stream).into();
        }
        None => {}
    }
    for (field, from) in [("email_addr", "email"), ("full_name", "name")] {
        if let (Event::User(_), Some(opened)) = (&entry.event.data, text(entry, from)) {
            user[field] = opened.into();
        }
    }
    user
}

fn machine(id: &str) -> Value {
    json!({ "uid": id, "type_id": 4, "type": "Service" })
}

/// The factors that were shown, set up or taken away.
pub(super) fn factors(event: &Event) -> Vec<Value> {
    use SessionEvent as S;
    use UserEvent as U;
    let factors: &[Factor] = match event {
        Event::Session(S::SignedIn(SignedIn { factors })) => factors,
        Event::Session(S::SessionStarted(_)) | Event::Address(_) => &[Factor::Password],
        Event::Session(S::SecondFactorAccepted(_))
        | Event::User(
            U::OtpVerified(_)
            | U::OtpRejected(_)
            | U::OtpDeviceConfirmed(_)
            | U::OtpDeviceRemoved(_)
            | U::OtpDevicesReset(_),
        ) => &[Factor::Otp],
        Event::Session(S::RecoveryCodeAccepted(_))
        | Event::User(
            U::RecoveryCodeUsed(_) | U::RecoveryCodeRejected(_) | U::RecoveryCodesIssued(_),
        ) => &[Factor::RecoveryCode],
        _ => &[],
    };
    let factor = |factor: &Factor| match factor {
        Factor::Password => json!({ "factor_type_id": 11, "factor_type": "Password" }),
        Factor::Otp => json!({ "factor_type_id": 7, "factor_type": "OTP", "is_totp": true }),
        Factor::RecoveryCode => {
            json!({ "factor_type_id": OTHER, "factor_type": "Recovery code" })
        }
    };
    factors.iter().map(factor).collect()
}

/// Whether more than one factor was shown, of an event that says so.
pub(super) fn is_mfa(event: &Event) -> Option<bool> {
    match event {
        Event::Session(SessionEvent::SignedIn(SignedIn { factors })) => Some(factors.len() > 1),
        _ => None,
    }
}

/// What was given to somebody, or taken from them.
pub(super) fn privileges(event: &Event) -> Vec<Value> {
    let privilege = match event {
        Event::User(UserEvent::RoleChanged(RoleChanged { role })) => json!(role),
        _ => json!("admin"),
    };
    vec![privilege]
}

/// What was made, read, changed or taken back.
pub(super) fn entity(entry: &Entry<'_>) -> Value {
    let name = text(entry, "name");
    let mut entity = match &entry.event.data {
        Event::User(_) => {
            json!({ "type_id": 2, "type": "User", "user": user(entry) })
        }
        Event::ApiCredential(_) => json!({ "type_id": OTHER, "type": "API credential" }),
        Event::Audit(_) => json!({ "type_id": OTHER, "type": "Audit trail" }),
        Event::Organization(
            event @ (OrganizationEvent::TwoFactorEnforced(_)
            | OrganizationEvent::OtpSetUpLinkEnforced(_)),
        ) => {
            let name = policy(event);
            let policy = json!({ "name": name, "is_applied": true });
            json!({ "type_id": 5, "type": "Policy", "name": name, "policy": policy })
        }
        Event::Organization(_) => {
            let uid = id_in(entry, "organization-");
            let mut org = json!({ "uid": uid });
            if let Some(name) = name {
                org["name"] = name.into();
            }
            json!({ "type_id": 4, "type": "Organization", "org": org })
        }
        Event::Installation(_) | Event::Address(_) | Event::Session(_) => {
            json!({ "type_id": OTHER, "type": "Installation" })
        }
    };
    let stream = entry.event.stream.as_str();
    entity["uid"] = stream.split_once('-').map_or(stream, |(_, id)| id).into();
    if let (Some(name), Event::Organization(_) | Event::ApiCredential(_)) =
        (name, &entry.event.data)
    {
        entity["name"] = name.into();
    }
    entity
}

fn policy(event: &OrganizationEvent) -> &'static str {
    match event {
        OrganizationEvent::OtpSetUpLinkEnforced(_) => "Link before the first authenticator",
        _ => "Two-factor authentication",
    }
}

/// The id in the name of the event's stream, where it is of this kind.
fn id_in<'a>(entry: &Entry<'a>, kind: &str) -> Option<&'a str> {
    entry.event.stream.as_str().strip_prefix(kind)
}

/// A text in the content.
fn text<'a>(entry: &Entry<'a>, field: &str) -> Option<&'a str> {
    entry.content.get(field)?.as_str()
}
