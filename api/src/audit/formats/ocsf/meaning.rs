//! What each event is in the words of OCSF: its class, its activity, whether it was refused, how grave it
//! is. Every event is named here, so that a new one does not compile until it has a meaning.

use Class::{AccountChange, Authentication, EntityManagement, UserAccess};
use eventstore_schema::{
    AddressEvent, ApiCredentialEvent, AuditEvent, Event, InstallationEvent, OrganizationEvent,
    SessionEvent, UserEvent,
};

/// A class of events, all in the category Identity & Access Management.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    AccountChange,
    Authentication,
    EntityManagement,
    UserAccess,
}

impl Class {
    /// The category's number.
    pub(super) const CATEGORY: u32 = 3;

    pub(super) fn uid(self) -> u32 {
        match self {
            Self::AccountChange => 3001,
            Self::Authentication => 3002,
            Self::EntityManagement => 3004,
            Self::UserAccess => 3005,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::AccountChange => "Account Change",
            Self::Authentication => "Authentication",
            Self::EntityManagement => "Entity Management",
            Self::UserAccess => "User Access Management",
        }
    }

    fn does(self, activity: Activity) -> Meaning {
        Meaning {
            class: self,
            activity,
            refused: false,
            severity: Severity::Informational,
        }
    }
}

/// An activity of a class: its number and caption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Activity(pub(super) u32, pub(super) &'static str);

/// What the class has no word for; the event's name is its activity then.
pub(super) const OTHER: Activity = Activity(99, "Other");

const LOGON: Activity = Activity(1, "Logon");
const LOGOFF: Activity = Activity(2, "Logoff");
const PREAUTH: Activity = Activity(6, "Preauth");

const CREATE: Activity = Activity(1, "Create");
const ENABLE: Activity = Activity(2, "Enable");
const PASSWORD_CHANGE: Activity = Activity(3, "Password Change");
const PASSWORD_RESET: Activity = Activity(4, "Password Reset");
const DISABLE: Activity = Activity(5, "Disable");
const DELETE: Activity = Activity(6, "Delete");
const FACTOR_ENABLE: Activity = Activity(10, "MFA Factor Enable");
const FACTOR_DISABLE: Activity = Activity(11, "MFA Factor Disable");

const ENTITY_CREATE: Activity = Activity(1, "Create");
const ENTITY_READ: Activity = Activity(2, "Read");
const ENTITY_UPDATE: Activity = Activity(3, "Update");
const ENTITY_DELETE: Activity = Activity(4, "Delete");
const ENTITY_RENAME: Activity = Activity(5, "Move");
const ENTITY_ENABLE: Activity = Activity(8, "Enable");
const ENTITY_ACTIVATE: Activity = Activity(10, "Activate");

const ASSIGN: Activity = Activity(1, "Assign Privileges");
const REVOKE: Activity = Activity(2, "Revoke Privileges");

/// How grave an event is, with OCSF's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// As it goes.
    Informational = 1,
    /// Something was refused.
    Low = 2,
    /// A protection or data of somebody was taken away by somebody else.
    Medium = 3,
}

/// What an event is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meaning {
    pub(super) class: Class,
    pub(super) activity: Activity,
    pub(super) refused: bool,
    pub(super) severity: Severity,
}

impl Meaning {
    fn refused(self) -> Self {
        Self {
            refused: true,
            severity: Severity::Low,
            ..self
        }
    }

    fn grave(self) -> Self {
        Self {
            severity: Severity::Medium,
            ..self
        }
    }
}

pub(super) fn of(event: &Event) -> Meaning {
    match event {
        Event::Installation(InstallationEvent::SetUpClaimed(_)) => {
            EntityManagement.does(ENTITY_ACTIVATE)
        }
        Event::Address(event) => address(event),
        Event::Organization(event) => organization(event),
        Event::User(event) => user(event),
        Event::Session(event) => session(event),
        Event::ApiCredential(event) => api_credential(event),
        Event::Audit(AuditEvent::AuditRead(_) | AuditEvent::AuditExported(_)) => {
            EntityManagement.does(ENTITY_READ)
        }
    }
}

fn address(event: &AddressEvent) -> Meaning {
    match event {
        AddressEvent::AddressClaimed(_) | AddressEvent::AddressReleased(_) => {
            AccountChange.does(OTHER)
        }
        AddressEvent::SignInRejected(_) => Authentication.does(LOGON).refused(),
        AddressEvent::PasswordResetDeclined(_) => AccountChange.does(PASSWORD_RESET).refused(),
    }
}

fn organization(event: &OrganizationEvent) -> Meaning {
    use OrganizationEvent as E;
    match event {
        E::OrganizationRegistered(_) => EntityManagement.does(ENTITY_CREATE),
        E::TwoFactorEnforced(_) | E::OtpSetUpLinkEnforced(_) => {
            EntityManagement.does(ENTITY_ENABLE)
        }
        E::OrganizationRenamed(_) => EntityManagement.does(ENTITY_RENAME),
        E::AccentColorChanged(_) | E::LogoChanged(_) => EntityManagement.does(ENTITY_UPDATE),
        E::AdministratorAppointed(_) => UserAccess.does(ASSIGN),
        E::AdministratorDismissed(_) => UserAccess.does(REVOKE),
    }
}

fn user(event: &UserEvent) -> Meaning {
    use UserEvent as E;
    match event {
        E::UserRegistered(_) | E::UserInvited(_) => AccountChange.does(CREATE),
        E::InvitationAccepted(_) | E::UserEnabled(_) => AccountChange.does(ENABLE),
        E::InvitationRevoked(_) => AccountChange.does(DELETE),
        E::UserErased(_) => AccountChange.does(DELETE).grave(),
        E::UserDisabled(_) => AccountChange.does(DISABLE),
        E::PasswordChanged(_) => AccountChange.does(PASSWORD_CHANGE),
        E::PasswordReset(_) => AccountChange.does(PASSWORD_RESET),
        E::OtpDeviceConfirmed(_) | E::RecoveryCodesIssued(_) => AccountChange.does(FACTOR_ENABLE),
        E::OtpDeviceRemoved(_) => AccountChange.does(FACTOR_DISABLE),
        E::OtpDevicesReset(_) => AccountChange.does(FACTOR_DISABLE).grave(),
        // What leads up to a change, or changes nothing that OCSF knows.
        E::InvitationResent(_)
        | E::PasswordResetRequested(_)
        | E::PasswordRehashed(_)
        | E::OtpDeviceRegistered(_)
        | E::OtpDeviceRenamed(_)
        | E::OtpSetUpLinkRequested(_)
        | E::OtpSetUpLinkFollowed(_) => AccountChange.does(OTHER),
        E::RoleChanged(_) => UserAccess.does(ASSIGN),
        E::OtpVerified(_) | E::RecoveryCodeUsed(_) => Authentication.does(PREAUTH),
        E::OtpRejected(_) | E::RecoveryCodeRejected(_) => Authentication.does(LOGON).refused(),
        E::UserExported(_) => EntityManagement.does(ENTITY_READ),
    }
}

/// One logon for each sign-in: the steps before it are none.
fn session(event: &SessionEvent) -> Meaning {
    use SessionEvent as E;
    match event {
        E::SessionStarted(_) | E::SecondFactorAccepted(_) | E::RecoveryCodeAccepted(_) => {
            Authentication.does(PREAUTH)
        }
        E::SignedIn(_) => Authentication.does(LOGON),
        E::SessionUsed(_) => Authentication.does(OTHER),
        E::SessionEnded(_) => Authentication.does(LOGOFF),
    }
}

fn api_credential(event: &ApiCredentialEvent) -> Meaning {
    use ApiCredentialEvent as E;
    match event {
        E::ApiCredentialCreated(_) => EntityManagement.does(ENTITY_CREATE),
        E::ApiCredentialSecretRotated(_) => EntityManagement.does(ENTITY_UPDATE),
        E::ApiCredentialRevoked(_) => EntityManagement.does(ENTITY_DELETE),
        E::AccessTokenIssued(_) => Authentication.does(LOGON),
    }
}
