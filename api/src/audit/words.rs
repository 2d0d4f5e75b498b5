//! What happened, in words, for people who read a history. Ids stand where nobody has a name.

use super::{history::History, personal::Names};
use crate::audit::source::Entry;
use chrono::{DateTime, SecondsFormat, Utc};
use eventstore_schema::{
    Actor, AddressEvent, ApiCredentialEvent, Event, Factor, OrganizationEvent, OtpRejectionReason,
    Role, ScopeName, SessionEvent, StreamName, UserEvent, UserId,
};

/// A time to the second, in UTC.
pub fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Who it was.
pub fn actor(history: &History, actor: Actor) -> String {
    match actor {
        Actor::User(id) => person(history, id),
        Actor::ApiCredential(id) => match history.credentials().get(&id) {
            Some(credential) => format!("{} (API credential)", plain(&credential.name)),
            None => format!("API credential {id}"),
        },
        Actor::Operator => "operator".to_owned(),
        Actor::Anonymous => "anonymous".to_owned(),
    }
}

/// What a person is called.
pub fn person(history: &History, id: UserId) -> String {
    let known = history.people().get(&id).map(|person| plain(&person.name));
    known
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| id.to_string())
}

/// Whom an event is about, if it is a person.
pub fn about(history: &History, event: &Event, stream: &StreamName) -> Option<UserId> {
    match event {
        Event::User(_) => stream.as_str().strip_prefix("user-")?.parse().ok(),
        Event::Session(SessionEvent::SessionStarted(started)) => Some(started.user_id),
        Event::Session(_) => {
            let session = stream.as_str().strip_prefix("session-")?.parse().ok()?;
            history.owner(session)
        }
        Event::Address(AddressEvent::SignInRejected(rejected)) => rejected.user_id,
        Event::Address(AddressEvent::PasswordResetDeclined(declined)) => declined.user_id,
        Event::Address(AddressEvent::AddressClaimed(claimed)) => Some(claimed.user_id),
        Event::Address(AddressEvent::AddressReleased(released)) => Some(released.user_id),
        Event::Organization(OrganizationEvent::AdministratorAppointed(appointed)) => {
            Some(appointed.user_id)
        }
        Event::Organization(OrganizationEvent::AdministratorDismissed(dismissed)) => {
            Some(dismissed.user_id)
        }
        Event::Organization(_)
        | Event::ApiCredential(_)
        | Event::Installation(_)
        | Event::Audit(_) => None,
    }
}

/// Whom or what an event is about.
pub fn subject(history: &History, entry: &Entry) -> String {
    let event = &entry.event;
    if let Some(id) = about(history, &event.data, &event.stream) {
        return person(history, id);
    }
    match &event.data {
        Event::Organization(_) => plain(history.policy().name().unwrap_or("the organization")),
        Event::ApiCredential(_) => {
            let id = event.stream.as_str().strip_prefix("api_credential-");
            let id = id.and_then(|id| id.parse().ok());
            let known = id.and_then(|id| history.credentials().get(&id));
            known.map_or_else(|| event.stream.to_string(), |one| plain(&one.name))
        }
        Event::Audit(_) => "the audit trail".to_owned(),
        _ => event.stream.to_string(),
    }
}

/// What changed.
pub fn change(event: &Event, names: &Names) -> String {
    let device = plain(&names.device_name);
    let detail = match event {
        Event::Organization(what) => organization(what),
        Event::User(what) => match what {
            UserEvent::UserRegistered(registered) => role(registered.role).to_owned(),
            UserEvent::UserInvited(invited) => role(invited.role).to_owned(),
            UserEvent::RoleChanged(changed) => format!("now {}", role(changed.role)),
            UserEvent::OtpDeviceConfirmed(_) => format!("\"{device}\""),
            UserEvent::OtpDeviceRenamed(_) => format!("now \"{device}\""),
            UserEvent::OtpDevicesReset(reset) => {
                format!(
                    "{} gone, set-up asked for",
                    counted(reset.device_ids.len(), "authenticator")
                )
            }
            UserEvent::OtpRejected(rejected) => reason(rejected.reason).to_owned(),
            UserEvent::RecoveryCodesIssued(issued) => format!("{} codes", issued.count),
            UserEvent::RecoveryCodeUsed(used) => format!("number {}", used.number),
            _ => String::new(),
        },
        Event::Session(SessionEvent::SignedIn(signed_in)) => factors(&signed_in.factors),
        Event::ApiCredential(ApiCredentialEvent::ApiCredentialCreated(created)) => {
            format!(
                "{}, until {}",
                scopes(&created.scopes),
                time(created.expires_at)
            )
        }
        Event::ApiCredential(ApiCredentialEvent::AccessTokenIssued(issued)) => {
            scopes(&issued.scopes)
        }
        _ => String::new(),
    };
    let what = spaced(event.event_type().0);
    if detail.is_empty() {
        what
    } else {
        format!("{what}: {detail}")
    }
}

fn organization(what: &OrganizationEvent) -> String {
    match what {
        OrganizationEvent::OrganizationRegistered(registered) => plain(&registered.name),
        OrganizationEvent::OrganizationRenamed(renamed) => plain(&renamed.name),
        OrganizationEvent::TwoFactorEnforced(_) => "for everybody and for good".to_owned(),
        OrganizationEvent::OtpSetUpLinkEnforced(_) => "before a first authenticator".to_owned(),
        _ => String::new(),
    }
}

/// What a role is called.
pub fn role(role: Role) -> &'static str {
    match role {
        Role::Admin => "admin",
        Role::UserManager => "user manager",
        Role::Auditor => "auditor",
        Role::Analyst => "analyst",
        Role::Member => "member",
    }
}

/// The factors that were shown.
pub fn factors(shown: &[Factor]) -> String {
    let names = shown.iter().map(|factor| match factor {
        Factor::Password => "password",
        Factor::Otp => "authenticator",
        Factor::RecoveryCode => "recovery code",
    });
    names.collect::<Vec<_>>().join(" and ")
}

/// What a credential may ask for.
pub fn scopes(scopes: &[ScopeName]) -> String {
    let names = scopes.iter().map(|scope| plain(&scope.0));
    names.collect::<Vec<_>>().join(", ")
}

fn reason(reason: OtpRejectionReason) -> &'static str {
    match reason {
        OtpRejectionReason::Wrong => "wrong",
        OtpRejectionReason::Reused => "used before",
        OtpRejectionReason::Expired => "expired",
    }
}

/// So many of something.
pub fn counted(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}

/// `UserInvited` as "user invited".
pub fn spaced(event_type: &str) -> String {
    let mut words = String::new();
    for letter in event_type.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

/// A text of somebody's, without what a terminal would obey.
pub fn plain(text: &str) -> String {
    let shown = |letter: char| {
        if letter.is_control() {
            '\u{fffd}'
        } else {
            letter
        }
    };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_types_read_as_words() {
        assert_eq!(spaced("TwoFactorEnforced"), "two factor enforced");
        assert_eq!(spaced("SignedIn"), "signed in");
    }

    #[test]
    fn no_name_moves_the_cursor() {
        assert_eq!(plain("Ada\u{1b}[2J\n"), "Ada\u{fffd}[2J\u{fffd}");
    }
}
