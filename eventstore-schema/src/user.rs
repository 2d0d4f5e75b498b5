//! What can happen to a person.

use crate::{
    AddressId, DeviceId, OrganizationId, PasswordId, Personal, RecoveryCodeDigest, Role,
    SealedSecret, SessionId, TokenDigest, event::events,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A password as the log keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct PasswordHash {
    /// Which password; its key is destroyed when another replaces it.
    pub password_id: PasswordId,
    /// The sealed argon2id hash (PHC string).
    pub hash: SealedSecret,
}

/// The first administrator of the installation registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct UserRegistered {
    /// The organization that they belong to.
    pub organization_id: OrganizationId,
    /// Their e-mail address.
    pub email: Personal,
    /// The same, as a keyed hash.
    pub address_id: AddressId,
    /// Their name.
    pub name: Personal,
    /// Their role.
    pub role: Role,
    /// Their password.
    pub password: PasswordHash,
}

/// Somebody was invited into an organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct UserInvited {
    /// The organization that they are to belong to.
    pub organization_id: OrganizationId,
    /// Their e-mail address, where the invitation goes.
    pub email: Personal,
    /// The same, as a keyed hash.
    pub address_id: AddressId,
    /// Their name.
    pub name: Personal,
    /// Their role.
    pub role: Role,
    /// The digest of the one-time token in the link.
    pub token_digest: TokenDigest,
    /// The link is dead from then on.
    pub expires_at: DateTime<Utc>,
}

/// The invitation was sent again with a new link; the old one is dead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct InvitationResent {
    /// The digest of the one-time token in the new link.
    pub token_digest: TokenDigest,
    /// The new link is dead from then on.
    pub expires_at: DateTime<Utc>,
}

/// The invitation was taken back before it was accepted. It cannot be revived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct InvitationRevoked {}

/// The invited person followed the link and chose a password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct InvitationAccepted {
    /// The password.
    pub password: PasswordHash,
}

/// Somebody gave the person another role. All their sessions ended with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct RoleChanged {
    /// The new role.
    pub role: Role,
}

/// The person can no longer sign in, until they are enabled again. All their sessions ended with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct UserDisabled {}

/// The person can sign in again, with the password and the authenticators that they had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct UserEnabled {}

/// Somebody asked for a link with which to choose a new password. It takes the place of an earlier
/// one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct PasswordResetRequested {
    /// The digest of the one-time token in the link.
    pub token_digest: TokenDigest,
    /// The link is dead from then on.
    pub expires_at: DateTime<Utc>,
}

/// The person followed the link and chose a new password. All their sessions ended with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct PasswordReset {
    /// The new password.
    pub password: PasswordHash,
    /// The password that it takes the place of; its key is destroyed.
    pub replaces: PasswordId,
}

/// The person showed their password and chose a new one. All their sessions but the one in which it
/// happened ended with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct PasswordChanged {
    /// The new password.
    pub password: PasswordHash,
    /// The password that it takes the place of; its key is destroyed.
    pub replaces: PasswordId,
    /// The session in which it happened, which goes on.
    pub session_id: SessionId,
}

/// The person showed their password, and it was hashed anew: what a guess costs has changed. Nothing
/// else did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct PasswordRehashed {
    /// The same password with its new hash.
    pub password: PasswordHash,
    /// The hash that it takes the place of; its key is destroyed.
    pub replaces: PasswordId,
}

/// The set-up of an authenticator began: its secret was shown once. Until it is confirmed it opens
/// nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct OtpDeviceRegistered {
    /// The authenticator.
    pub device_id: DeviceId,
    /// Its sealed secret (160 bits).
    pub secret: SealedSecret,
    /// The set-up must be confirmed before then.
    pub expires_at: DateTime<Utc>,
    /// An unconfirmed set-up that this one takes the place of; its key is destroyed.
    pub replaces: Option<DeviceId>,
    /// The session in which it began, the only one that is shown the secret again. Not known of those
    /// recorded in version 1.
    pub session_id: Option<SessionId>,
}

/// Version 1 of [`OtpDeviceRegistered`], to read.
#[derive(Deserialize)]
pub(crate) struct OtpDeviceRegisteredV1 {
    device_id: DeviceId,
    secret: SealedSecret,
    expires_at: DateTime<Utc>,
    replaces: Option<DeviceId>,
}

impl From<OtpDeviceRegisteredV1> for OtpDeviceRegistered {
    fn from(old: OtpDeviceRegisteredV1) -> Self {
        Self {
            device_id: old.device_id,
            secret: old.secret,
            expires_at: old.expires_at,
            replaces: old.replaces,
            session_id: None,
        }
    }
}

/// The set-up was confirmed by one valid code. From now on the person signs in with a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct OtpDeviceConfirmed {
    /// The authenticator.
    pub device_id: DeviceId,
    /// What its owner calls it.
    pub device_name: Personal,
    /// The time step of the confirming code (RFC 6238: Unix time divided by 30 s).
    pub time_step: u64,
    /// The session in which it happened.
    pub session_id: SessionId,
}

/// A code was accepted. Its time step, and every one before, is spent for that authenticator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct OtpVerified {
    /// The authenticator.
    pub device_id: DeviceId,
    /// The time step of the code.
    pub time_step: u64,
    /// The session in which it happened.
    pub session_id: SessionId,
}

/// Why a code was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OtpRejectionReason {
    /// It belongs to no recent time step of any authenticator of the person.
    Wrong,
    /// It was right, but it, or a later one, had been used.
    Reused,
    /// It was right some minutes ago.
    Expired,
}

/// A code was not accepted. Counts towards the throttle of the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct OtpRejected {
    /// Why.
    pub reason: OtpRejectionReason,
    /// The session in which it happened.
    pub session_id: SessionId,
}

/// The person was shown new recovery codes. Those of before are dead, used or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct RecoveryCodesIssued {
    /// How many.
    pub count: u32,
    /// The keyed digest of each, in the order in which they were shown.
    pub digests: Vec<RecoveryCodeDigest>,
}

/// A recovery code took the place of an authenticator. It is spent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct RecoveryCodeUsed {
    /// Which one, counted from 1 in the order in which they were shown.
    pub number: u32,
    /// The session in which it happened.
    pub session_id: SessionId,
}

/// A recovery code was wrong or spent. Counts towards the throttle of the account, as a wrong code
/// of an authenticator does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct RecoveryCodeRejected {
    /// The session in which it happened.
    pub session_id: SessionId,
}

/// The person gave an authenticator another name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct OtpDeviceRenamed {
    /// The authenticator.
    pub device_id: DeviceId,
    /// What its owner calls it now.
    pub device_name: Personal,
}

/// The person removed an authenticator; its key is destroyed. With the last one, the recovery codes
/// are dead too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct OtpDeviceRemoved {
    /// The authenticator.
    pub device_id: DeviceId,
}

/// An administrator, or the operator, ended every second factor of the person, recovery codes included;
/// their keys are destroyed. Their sessions are over, and they have to set up an authenticator before anything else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct OtpDevicesReset {
    /// The authenticators.
    pub device_ids: Vec<DeviceId>,
    /// A set-up that was not confirmed.
    pub set_up: Option<DeviceId>,
}

/// The person is to get a link by mail without which they set up no authenticator. It takes the place
/// of an earlier one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct OtpSetUpLinkRequested {
    /// The digest of the one-time token in the link.
    pub token_digest: TokenDigest,
    /// The link is dead from then on.
    pub expires_at: DateTime<Utc>,
}

/// The person followed the link in one of their sessions, which may set up an authenticator until the
/// link would have expired. The link is used: no other session can follow it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct OtpSetUpLinkFollowed {
    /// The session in which it happened.
    pub session_id: SessionId,
    /// The end of the link.
    pub expires_at: DateTime<Utc>,
}

/// The person was erased, for good: their name, their e-mail address and what they called their
/// authenticators are unreadable from here on, wherever the log has been copied to. The keys of their
/// passwords and authenticators are destroyed too, and their sessions are over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct UserErased {}

/// Somebody was given everything that is stored about the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct UserExported {}

events! {
    /// What can happen to a person.
    UserEvent {
        /// See [`UserRegistered`].
        UserRegistered = 1,
        /// See [`UserInvited`].
        UserInvited = 1,
        /// See [`InvitationResent`].
        InvitationResent = 1,
        /// See [`InvitationRevoked`].
        InvitationRevoked = 1,
        /// See [`InvitationAccepted`].
        InvitationAccepted = 1,
        /// See [`RoleChanged`].
        RoleChanged = 1,
        /// See [`UserDisabled`].
        UserDisabled = 1,
        /// See [`UserEnabled`].
        UserEnabled = 1,
        /// See [`PasswordResetRequested`].
        PasswordResetRequested = 1,
        /// See [`PasswordReset`].
        PasswordReset = 1,
        /// See [`PasswordChanged`].
        PasswordChanged = 1,
        /// See [`PasswordRehashed`].
        PasswordRehashed = 1,
        /// See [`OtpDeviceRegistered`].
        OtpDeviceRegistered = 2 { 1: OtpDeviceRegisteredV1 },
        /// See [`OtpDeviceConfirmed`].
        OtpDeviceConfirmed = 1,
        /// See [`OtpDeviceRenamed`].
        OtpDeviceRenamed = 1,
        /// See [`OtpDeviceRemoved`].
        OtpDeviceRemoved = 1,
        /// See [`OtpDevicesReset`].
        OtpDevicesReset = 1,
        /// See [`OtpVerified`].
        OtpVerified = 1,
        /// See [`OtpRejected`].
        OtpRejected = 1,
        /// See [`RecoveryCodesIssued`].
        RecoveryCodesIssued = 1,
        /// See [`RecoveryCodeUsed`].
        RecoveryCodeUsed = 1,
        /// See [`RecoveryCodeRejected`].
        RecoveryCodeRejected = 1,
        /// See [`OtpSetUpLinkRequested`].
        OtpSetUpLinkRequested = 1,
        /// See [`OtpSetUpLinkFollowed`].
        OtpSetUpLinkFollowed = 1,
        /// See [`UserErased`].
        UserErased = 1,
        /// See [`UserExported`].
        UserExported = 1,
    }
}
