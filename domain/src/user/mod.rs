//! A person: invited, then active with a password, then with authenticators.

mod accept_invitation;
mod change_password;
mod change_role;
mod changes;
mod disable;
mod erase;
mod export;
mod invitation;
mod otp_device;
mod password;
mod password_reset;
mod recovery_codes;
mod register_administrator;
mod rehash_password;
mod remove_otp_device;
mod rename_otp_device;
mod resend_first_invitation;
mod reset_otp_devices;
mod second_factor;
mod sessions_ended;
mod set_up_link;
mod verify_otp;

pub use accept_invitation::AcceptInvitation;
pub use change_password::ChangePassword;
pub use change_role::ChangeRole;
pub use disable::{DisableUser, EnableUser};
pub use erase::EraseUser;
pub use export::{ExportOneself, ExportUser};
pub use invitation::{
    INVITATION_LIFETIME, InviteFirstAdministrator, InviteUser, ResendInvitation, RevokeInvitation,
};
pub use otp_device::{ConfirmOtpDevice, DEVICE_LIMIT, RegisterOtpDevice, SET_UP_LIFETIME};
pub use password::PasswordProof;
pub use password_reset::{RESET_LIFETIME, RequestPasswordReset, ResetPassword};
pub use recovery_codes::{RecoveryCodes, ReplaceRecoveryCodes, UseRecoveryCode};
pub use register_administrator::RegisterAdministrator;
pub use rehash_password::RehashPassword;
pub use remove_otp_device::RemoveOtpDevice;
pub use rename_otp_device::RenameOtpDevice;
pub use resend_first_invitation::ResendFirstInvitation;
pub use reset_otp_devices::{ResetOtpDevices, ResetOtpDevicesOnTheServer};
pub use second_factor::{SecondFactor, SecondFactorProof};
use sessions_ended::SessionsEnded;
use set_up_link::SetUpLinks;
pub use set_up_link::{FollowOtpSetUpLink, RequestOtpSetUpLink, SET_UP_LINK_LIFETIME};
pub use verify_otp::VerifyOtp;

use crate::{
    Rejection,
    decider::Decider,
    mail_throttle::MailThrottle,
    otp::{Throttle, TimeStep},
};
use chrono::{DateTime, Utc};
use eventstore_schema::{
    AddressId, DeviceId, OrganizationId, PasswordHash, PasswordId, Personal, Position, Recorded,
    Role, SealedSecret, SessionId, TokenDigest, UserEvent,
};

/// Who the person is.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Their organization.
    pub organization_id: OrganizationId,
    /// Their sealed e-mail address.
    pub email: Personal,
    /// The same as a keyed hash.
    pub address_id: AddressId,
    /// Their sealed name.
    pub name: Personal,
    /// Their role.
    pub role: Role,
}

/// How far the person has come.
#[derive(Clone, Debug)]
enum Standing {
    Invited(Link),
    Active(PasswordHash),
    Disabled(PasswordHash),
    Revoked,
    Erased,
}

/// A link that was mailed.
#[derive(Clone, Debug)]
struct Link {
    token_digest: TokenDigest,
    expires_at: DateTime<Utc>,
}

/// A confirmed authenticator.
#[derive(Clone, Debug)]
pub struct Device {
    /// Its id.
    pub id: DeviceId,
    /// Its sealed secret.
    pub secret: SealedSecret,
    /// The newest step that was accepted. Neither it nor an older one is accepted again.
    last_step: TimeStep,
}

/// An authenticator whose set-up is not confirmed. It opens nothing.
#[derive(Clone, Debug)]
pub struct PendingDevice {
    /// Its id.
    pub id: DeviceId,
    /// Its sealed secret.
    pub secret: SealedSecret,
    expires_at: DateTime<Utc>,
    /// The session in which it began.
    session: Option<SessionId>,
}

/// What is known of a person.
#[derive(Clone, Debug, Default)]
pub struct User {
    person: Option<(Profile, Standing)>,
    devices: Vec<Device>,
    pending: Option<PendingDevice>,
    recovery_codes: Option<RecoveryCodes>,
    throttle: Throttle,
    code_step_closed_at: Option<Position>,
    last_accepted: Option<(SessionId, SecondFactor)>,
    must_set_up_device: bool,
    set_up_links: SetUpLinks,
    /// The first hash of the present password: what the password is known by, however often it was
    /// hashed anew.
    chosen: Option<PasswordId>,
    reset_link: Option<Link>,
    reset_mails: MailThrottle,
    sessions_ended: Option<SessionsEnded>,
    administrator_since: Option<Position>,
}

impl User {
    /// Who the person is, whatever their standing.
    #[must_use]
    pub fn profile(&self) -> Option<&Profile> {
        self.person.as_ref().map(|(profile, _)| profile)
    }

    /// Who the person is, if they can sign in.
    #[must_use]
    pub fn active(&self) -> Option<&Profile> {
        match &self.person {
            Some((profile, Standing::Active(_))) => Some(profile),
            _ => None,
        }
    }

    /// The password of a person who can sign in.
    #[must_use]
    pub fn password(&self) -> Option<&PasswordHash> {
        match &self.person {
            Some((_, Standing::Active(password))) => Some(password),
            _ => None,
        }
    }

    /// The position of the event that made the person an administrator who can act, if they are one.
    #[must_use]
    pub fn administrator_since(&self) -> Option<Position> {
        self.administrator_since
    }

    /// Whether the person was kept from signing in.
    #[must_use]
    pub fn is_disabled(&self) -> bool {
        matches!(self.person, Some((_, Standing::Disabled(_))))
    }

    /// Whether the person was erased.
    #[must_use]
    pub fn is_erased(&self) -> bool {
        matches!(self.person, Some((_, Standing::Erased)))
    }

    /// Whether an address that was claimed for this person is no longer, or never became, theirs:
    /// the invitation was taken back, they were erased, or their own stream says another address. Where nothing is
    /// known of the person yet, the claim stands: the invitation may be under way.
    #[must_use]
    pub fn has_given_up(&self, address: &AddressId) -> bool {
        match &self.person {
            Some((_, Standing::Revoked | Standing::Erased)) => true,
            Some((profile, _)) => profile.address_id != *address,
            None => false,
        }
    }

    /// The end of a pending invitation.
    #[must_use]
    pub fn invitation_expires_at(&self) -> Option<DateTime<Utc>> {
        match &self.person {
            Some((_, Standing::Invited(link))) => Some(link.expires_at),
            _ => None,
        }
    }

    /// The confirmed authenticators.
    #[must_use]
    pub fn devices(&self) -> &[Device] {
        &self.devices
    }

    /// The authenticator that is being set up.
    #[must_use]
    pub fn pending_device(&self) -> Option<&PendingDevice> {
        self.pending.as_ref()
    }

    /// Whether the person has a confirmed authenticator.
    #[must_use]
    pub fn has_otp_device(&self) -> bool {
        !self.devices.is_empty()
    }

    /// The recovery codes that the person was shown last, if any still count.
    #[must_use]
    pub fn recovery_codes(&self) -> Option<&RecoveryCodes> {
        self.recovery_codes.as_ref()
    }

    /// Whether the person has to set up an authenticator, whatever the organization asks for: those
    /// of before were reset.
    #[must_use]
    pub fn must_set_up_device(&self) -> bool {
        self.must_set_up_device
    }

    /// Whether the event at this position is the wrong code that closed the code step last.
    #[must_use]
    pub fn code_step_was_closed_at(&self, position: Position) -> bool {
        self.code_step_closed_at == Some(position)
    }

    fn device(&self, id: DeviceId) -> Option<&Device> {
        self.devices.iter().find(|device| device.id == id)
    }

    fn set_standing(&mut self, new: Standing) {
        if let Some((_, standing)) = &mut self.person {
            *standing = new;
        }
    }

    /// Takes in an event at this position that may have made the person an administrator who can act,
    /// or may have ended that.
    fn note_administrator(&mut self, at: Position) {
        let administers = self
            .active()
            .is_some_and(|profile| profile.role == Role::Admin);
        self.administrator_since = administers.then_some(at);
    }

    /// Puts another password in the place of the present one. An open link to do so dies with it.
    fn replace_password(&mut self, new: &PasswordHash) {
        if let Some((_, Standing::Active(password))) = &mut self.person {
            password.clone_from(new);
        }
        self.chosen = Some(new.password_id);
        self.reset_link = None;
    }

    fn accept_step(&mut self, device: DeviceId, step: TimeStep, session: SessionId) {
        if let Some(device) = self.devices.iter_mut().find(|d| d.id == device) {
            device.last_step = device.last_step.max(step);
        }
        self.accept(SecondFactor::Otp(device), session);
    }

    fn accept(&mut self, shown: SecondFactor, session: SessionId) {
        self.last_accepted = Some((session, shown));
        self.throttle.right();
    }
}

impl Decider for User {
    type Event = UserEvent;

    fn evolve(&mut self, event: &Recorded<UserEvent>) {
        match &event.data {
            UserEvent::UserRegistered(e) => {
                self.registered(e);
                self.note_administrator(event.position);
            }
            UserEvent::UserInvited(e) => self.invited(e),
            UserEvent::InvitationResent(e) => self.set_standing(Standing::Invited(Link {
                token_digest: e.token_digest.clone(),
                expires_at: e.expires_at,
            })),
            UserEvent::InvitationRevoked(_) => self.set_standing(Standing::Revoked),
            UserEvent::InvitationAccepted(e) => {
                self.set_standing(Standing::Active(e.password.clone()));
                self.set_up_links
                    .followed_another(event.metadata.command_id);
                self.chosen = Some(e.password.password_id);
                self.note_administrator(event.position);
            }
            UserEvent::RoleChanged(e) => {
                if let Some((profile, _)) = &mut self.person {
                    profile.role = e.role;
                }
                self.note_administrator(event.position);
                self.end_sessions(event.position, None);
            }
            UserEvent::UserDisabled(_) => {
                if let Some((_, Standing::Active(password))) = &self.person {
                    self.set_standing(Standing::Disabled(password.clone()));
                }
                self.reset_link = None;
                self.note_administrator(event.position);
                self.end_sessions(event.position, None);
            }
            UserEvent::UserEnabled(_) => {
                if let Some((_, Standing::Disabled(password))) = &self.person {
                    self.set_standing(Standing::Active(password.clone()));
                }
                self.note_administrator(event.position);
            }
            UserEvent::PasswordResetRequested(e) => self.reset_requested(e, &event.metadata),
            UserEvent::PasswordReset(e) => {
                self.replace_password(&e.password);
                self.set_up_links
                    .followed_another(event.metadata.command_id);
                self.end_sessions(event.position, None);
            }
            UserEvent::PasswordChanged(e) => {
                self.replace_password(&e.password);
                self.end_sessions(event.position, Some(e.session_id));
            }
            UserEvent::PasswordRehashed(e) => self.password_rehashed(e),
            UserEvent::OtpDeviceRegistered(e) => self.set_up_begun(e),
            UserEvent::OtpDeviceConfirmed(e) => {
                self.device_confirmed(e);
                self.accept_step(e.device_id, TimeStep(e.time_step), e.session_id);
            }
            UserEvent::OtpDeviceRenamed(_) | UserEvent::UserExported(_) => {}
            UserEvent::OtpDeviceRemoved(e) => {
                self.devices.retain(|device| device.id != e.device_id);
                if self.devices.is_empty() {
                    self.recovery_codes = None;
                }
            }
            UserEvent::OtpDevicesReset(_) => {
                self.lose_second_factors();
                self.end_sessions(event.position, None);
            }
            UserEvent::OtpVerified(e) => {
                self.accept_step(e.device_id, TimeStep(e.time_step), e.session_id);
            }
            UserEvent::RecoveryCodesIssued(e) => {
                let (at, by) = (event.metadata.recorded_at, event.metadata.command_id);
                self.recovery_codes = Some(RecoveryCodes::issued(e, at, by));
            }
            UserEvent::RecoveryCodeUsed(e) => {
                if let Some(codes) = &mut self.recovery_codes {
                    codes.spend(e.number);
                }
                self.accept(SecondFactor::RecoveryCode, e.session_id);
            }
            UserEvent::UserErased(_) => {
                self.erased();
                self.note_administrator(event.position);
                self.end_sessions(event.position, None);
            }
            UserEvent::OtpRejected(_) | UserEvent::RecoveryCodeRejected(_) => {
                if self.throttle.wrong(event.metadata.recorded_at) {
                    self.code_step_closed_at = Some(event.position);
                }
            }
            UserEvent::OtpSetUpLinkRequested(e) => {
                self.set_up_links.requested(e, event.metadata.recorded_at);
            }
            UserEvent::OtpSetUpLinkFollowed(e) => self.set_up_links.followed(e),
        }
    }

    fn refusal(event: &UserEvent) -> Option<Rejection> {
        match event {
            UserEvent::OtpRejected(rejected) => Some(verify_otp::refusal(rejected.reason)),
            UserEvent::RecoveryCodeRejected(_) => Some(Rejection::RecoveryCodeWrong),
            _ => None,
        }
    }
}
