//! A person of the history.

use super::{Held, Names};
use chrono::{DateTime, Utc};
use domain::{Decider as _, user::User};
use eventstore_schema::{
    Actor, CommandId, DeviceId, Recorded, Role, SessionEvent, SessionId, UserEvent,
};
use projections::{invitations::Status as Outcome, users::Status};
use serde::Serialize;

/// Somebody who was registered or invited.
#[derive(Clone, Debug, Default)]
pub struct Person {
    /// What decides about them.
    pub user: User,
    /// Their name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// When they were registered or invited.
    pub created_at: DateTime<Utc>,
    /// When they accepted their invitation, if they had one.
    pub accepted_at: Option<DateTime<Utc>>,
    /// The invitation, where they did not register as the first.
    pub invitation: Option<Invitation>,
    /// The revision of the last event in their stream.
    pub revision: u64,
    authenticators: Vec<Authenticator>,
    sessions: Vec<Held>,
    /// The command that confirmed an authenticator last: its recovery codes come with it.
    confirmed_by: Option<CommandId>,
}

/// How somebody was invited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Invitation {
    /// By whom.
    pub by: Actor,
    /// What became of it.
    pub outcome: Outcome,
    /// When it was sent last.
    pub sent_at: DateTime<Utc>,
    /// When its newest link dies.
    pub expires_at: DateTime<Utc>,
    /// The revision of the last event about it.
    #[serde(skip)]
    pub revision: u64,
}

/// A confirmed authenticator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authenticator {
    /// Which one.
    pub id: DeviceId,
    /// What its owner calls it.
    pub name: String,
    /// When it was confirmed.
    pub confirmed_at: DateTime<Utc>,
    /// When a code of it was accepted last.
    pub last_used_at: DateTime<Utc>,
}

impl Person {
    /// Whether they can sign in.
    #[must_use]
    pub fn status(&self) -> Status {
        if self.user.is_erased() {
            Status::Erased
        } else if self.user.is_disabled() {
            Status::Disabled
        } else if self.user.active().is_some() {
            Status::Active
        } else if self.user.invitation_expires_at().is_some() {
            Status::Invited
        } else {
            Status::Revoked
        }
    }

    /// Their role.
    #[must_use]
    pub fn role(&self) -> Option<Role> {
        self.user.profile().map(|profile| profile.role)
    }

    /// The authenticators that count, in the order in which they were confirmed.
    pub fn authenticators(&self) -> impl Iterator<Item = &Authenticator> {
        let devices = self.user.devices().iter();
        devices.filter_map(|device| self.authenticators.iter().find(|one| one.id == device.id))
    }

    /// Recovery codes that are not spent.
    #[must_use]
    pub fn recovery_codes_left(&self) -> usize {
        let codes = self.user.recovery_codes();
        codes.map_or(0, domain::user::RecoveryCodes::left)
    }

    /// Whether they can sign in and have no authenticator.
    #[must_use]
    pub fn is_to_set_up(&self) -> bool {
        self.user.active().is_some() && !self.user.has_otp_device()
    }

    /// Their sessions, save those that were over long ago.
    #[must_use]
    pub fn sessions(&self) -> &[Held] {
        &self.sessions
    }

    /// One of their sessions.
    #[must_use]
    pub fn session(&self, id: SessionId) -> Option<&Held> {
        self.sessions.iter().find(|held| held.id == id)
    }

    /// Whether recovery codes that this command brings come with an authenticator that it confirmed.
    #[must_use]
    pub fn set_up_by(&self, command: CommandId) -> bool {
        self.confirmed_by == Some(command)
    }

    pub(super) fn take(&mut self, event: &Recorded<UserEvent>, names: &Names) {
        self.user.evolve(event);
        let at = event.metadata.recorded_at;
        self.revision = event.revision;
        match &event.data {
            UserEvent::UserRegistered(_) => self.begins(names, at),
            UserEvent::UserInvited(invited) => {
                self.begins(names, at);
                self.invitation = Some(Invitation {
                    by: event.metadata.actor,
                    outcome: Outcome::Pending,
                    sent_at: at,
                    expires_at: invited.expires_at,
                    revision: event.revision,
                });
            }
            UserEvent::InvitationResent(resent) => {
                if let Some(invitation) = &mut self.invitation {
                    invitation.sent_at = at;
                    invitation.expires_at = resent.expires_at;
                    invitation.revision = event.revision;
                }
            }
            UserEvent::InvitationAccepted(_) => self.accepted_at = Some(at),
            UserEvent::OtpDeviceConfirmed(confirmed) => {
                self.confirmed_by = Some(event.metadata.command_id);
                self.authenticators.push(Authenticator {
                    id: confirmed.device_id,
                    name: names.device_name.clone(),
                    confirmed_at: at,
                    last_used_at: at,
                });
            }
            UserEvent::OtpDeviceRenamed(renamed) => {
                if let Some(device) = self.authenticator(renamed.device_id) {
                    device.name.clone_from(&names.device_name);
                }
            }
            UserEvent::OtpVerified(verified) => {
                if let Some(device) = self.authenticator(verified.device_id) {
                    device.last_used_at = at;
                }
            }
            UserEvent::OtpDeviceRemoved(_)
            | UserEvent::OtpDevicesReset(_)
            | UserEvent::UserErased(_) => {
                let left = &self.user;
                let is_left = |one: &Authenticator| left.devices().iter().any(|d| d.id == one.id);
                self.authenticators.retain(is_left);
            }
            _ => {}
        }
        let outcome = outcome(self.status());
        if let Some(invitation) = &mut self.invitation
            && invitation.outcome == Outcome::Pending
            && outcome != Outcome::Pending
        {
            invitation.outcome = outcome;
            invitation.revision = event.revision;
        }
        for held in &mut self.sessions {
            held.look(&self.user, at);
        }
    }

    fn begins(&mut self, names: &Names, at: DateTime<Utc>) {
        self.name.clone_from(&names.name);
        self.email.clone_from(&names.email);
        self.created_at = at;
    }

    fn authenticator(&mut self, id: DeviceId) -> Option<&mut Authenticator> {
        self.authenticators.iter_mut().find(|one| one.id == id)
    }

    /// Holds a session that begins now; those that are forgotten for it.
    pub(super) fn begin_session(&mut self, id: SessionId, now: DateTime<Utc>) -> Vec<SessionId> {
        let over = self.sessions.extract_if(.., |held| !held.went_on_at(now));
        let forgotten = over.map(|held| held.id).collect();
        self.sessions.push(Held::new(id));
        forgotten
    }

    pub(super) fn take_session(&mut self, id: SessionId, event: &Recorded<SessionEvent>) {
        if let Some(held) = self.sessions.iter_mut().find(|held| held.id == id) {
            held.session.evolve(event);
            held.look(&self.user, event.metadata.recorded_at);
        }
    }
}

/// What has become of an invitation that was open until now, of somebody who stands there now.
fn outcome(status: Status) -> Outcome {
    match status {
        Status::Invited => Outcome::Pending,
        Status::Active | Status::Disabled => Outcome::Accepted,
        Status::Revoked => Outcome::Revoked,
        Status::Erased => Outcome::Erased,
    }
}
