//! The event contract: every event Pawl can remember, its envelope and the names of its streams.
//!
//! What is written here is read for as long as the log lives, so a published event version never
//! changes: `published/` holds a JSON Schema and a golden sample for each, and `tests/contract.rs`
//! compares the code with them. This crate decides nothing and does no I/O; only
//! `published`, which no release contains, reads files.

mod address;
mod api_credential;
mod envelope;
mod event;
mod id;
mod installation;
mod organization;
#[cfg(feature = "json-schema")]
pub mod published;
mod role;
mod sealed;
mod session;
mod stream;
mod user;

pub use address::{
    AddressClaimed, AddressEvent, AddressReleased, PasswordResetDeclined, SignInRejected,
};
pub use api_credential::{
    AccessTokenIssued, ApiCredentialCreated, ApiCredentialEvent, ApiCredentialRevoked,
    ApiCredentialSecretRotated,
};
pub use envelope::{Actor, Metadata, NewEvent, Position, Recorded, RecordedEvent};
pub use event::{DecodeError, Event, EventType};
pub use id::{
    AddressId, ApiCredentialId, BrowserDigest, CommandId, DeviceId, EventId, OrganizationId,
    PasswordId, RecoveryCodeDigest, ScopeName, SessionId, TokenDigest, UserId,
};
pub use installation::{InstallationEvent, SetUpClaimed};
pub use organization::{
    AccentColorChanged, AdministratorAppointed, AdministratorDismissed, LogoChanged,
    OrganizationEvent, OrganizationRegistered, OrganizationRenamed, OtpSetUpLinkEnforced,
    TwoFactorEnforced,
};
pub use role::Role;
pub use sealed::{CHECKPOINT_SIGNER, KeyName, Personal, Sealed, SealedSecret};
pub use session::{
    Factor, RecoveryCodeAccepted, SecondFactorAccepted, SessionEnded, SessionEvent, SessionStarted,
    SessionUsed, SignedIn,
};
pub use stream::StreamName;
pub use user::{
    InvitationAccepted, InvitationResent, InvitationRevoked, OtpDeviceConfirmed,
    OtpDeviceRegistered, OtpDeviceRemoved, OtpDeviceRenamed, OtpDevicesReset, OtpRejected,
    OtpRejectionReason, OtpSetUpLinkFollowed, OtpSetUpLinkRequested, OtpVerified, PasswordChanged,
    PasswordHash, PasswordRehashed, PasswordReset, PasswordResetRequested, RecoveryCodeRejected,
    RecoveryCodeUsed, RecoveryCodesIssued, RoleChanged, UserDisabled, UserEnabled, UserErased,
    UserEvent, UserExported, UserInvited, UserRegistered,
};
