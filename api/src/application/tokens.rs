//! Bearer tokens: whose they are (16 bytes) and a keyed hash that only this installation can make
//! (32 bytes). Nothing of them is stored but their digest, and a retry of the command that made one
//! makes the same again.

use super::{Pawl, RequestContext};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use eventstore_schema::{ApiCredentialId, SessionId, TokenDigest, UserId};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The digest under which the log knows a token.
#[must_use]
pub fn digest(token: &SecretString) -> TokenDigest {
    TokenDigest(HEXLOWER.encode(&Sha256::digest(token.expose_secret().as_bytes())))
}

/// The id in front of a token, if it has the form of one.
fn id_of(token: &SecretString) -> Option<Uuid> {
    let bytes = BASE64URL_NOPAD
        .decode(token.expose_secret().as_bytes())
        .ok()?;
    let (id, rest) = bytes.split_first_chunk::<16>()?;
    (rest.len() == 32).then(|| Uuid::from_bytes(*id))
}

/// The token of a session.
#[derive(Debug)]
pub struct SessionToken {
    pub(super) session: SessionId,
    pub(super) token: SecretString,
}

impl SessionToken {
    /// Reads a token. Whether it is genuine, the session says.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let token = SecretString::from(text);
        id_of(&token).map(|id| Self {
            session: SessionId(id),
            token,
        })
    }

    /// Which session it is said to be the token of.
    #[must_use]
    pub fn session(&self) -> SessionId {
        self.session
    }
}

/// How an access token begins: told from a session's, and found where it should not be.
const ACCESS_TOKEN: &str = "pawl_at_";
/// How the secret of a credential begins.
const CLIENT_SECRET: &str = "pawl_cs_";

/// The access token of a machine.
#[derive(Debug)]
pub struct AccessToken {
    pub(super) credential: ApiCredentialId,
    pub(super) token: SecretString,
}

impl AccessToken {
    /// Reads a token. Whether it is genuine, the credential says.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let id = id_of(&SecretString::from(text.strip_prefix(ACCESS_TOKEN)?))?;
        Some(Self {
            credential: ApiCredentialId(id),
            token: SecretString::from(text),
        })
    }
}

/// A token that a request brings.
#[derive(Debug)]
pub enum Bearer {
    /// A person's.
    Session(SessionToken),
    /// A machine's.
    Access(AccessToken),
}

impl Bearer {
    /// Reads a token.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let access = AccessToken::parse(text).map(Self::Access);
        access.or_else(|| SessionToken::parse(text).map(Self::Session))
    }
}

/// The token in a mailed link: of an invitation, or to choose a new password.
#[derive(Debug)]
pub struct LinkToken {
    pub(super) user: UserId,
    pub(super) token: SecretString,
}

impl LinkToken {
    /// Reads a token. Whether it is genuine, the person's stream says.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let token = SecretString::from(text);
        id_of(&token).map(|id| Self {
            user: UserId(id),
            token,
        })
    }
}

impl Pawl {
    /// The token that this command gives to a session.
    pub(super) fn session_token(&self, id: SessionId, request: &RequestContext) -> SecretString {
        token(self.keyring(), "session-token", id.0, request.command_id.0)
    }

    /// The secret that this command gives to a credential.
    pub(super) fn client_secret(
        &self,
        id: ApiCredentialId,
        request: &RequestContext,
    ) -> SecretString {
        let secret = token(self.keyring(), "client-secret", id.0, request.command_id.0);
        SecretString::from(format!("{CLIENT_SECRET}{}", secret.expose_secret()))
    }

    /// The access token that this command issues.
    pub(super) fn access_token(
        &self,
        id: ApiCredentialId,
        request: &RequestContext,
    ) -> SecretString {
        let issued = token(self.keyring(), "access-token", id.0, request.command_id.0);
        SecretString::from(format!("{ACCESS_TOKEN}{}", issued.expose_secret()))
    }

    /// The token in the link of an invitation that this command sent.
    pub(super) fn link_token(&self, user: UserId, request: &RequestContext) -> SecretString {
        invitation_token(self.keyring(), user, request.command_id)
    }

    /// The token in the link to choose a new password that this command sent.
    pub(super) fn reset_token(&self, user: UserId, request: &RequestContext) -> SecretString {
        password_reset_token(self.keyring(), user, request.command_id)
    }

    /// The token in the link before a set-up that this command sent.
    pub(super) fn set_up_link_token(&self, user: UserId, request: &RequestContext) -> SecretString {
        otp_set_up_link_token(self.keyring(), user, request.command_id)
    }

    /// The token of the first start's link: always the same until it is used.
    #[must_use]
    pub fn set_up_token(&self) -> SecretString {
        match &self.0.parts.set_up_token {
            Some(chosen) => chosen.clone(),
            None => token(self.keyring(), "set-up-link", Uuid::nil(), Uuid::nil()),
        }
    }

    /// A keyed digest of what a command says, to tell a retry from another command.
    #[must_use]
    pub fn command_digest(&self, content: &[u8]) -> String {
        HEXLOWER.encode(&self.keyring().mac("command-digest", content)[..16])
    }
}

/// The token in the link of an invitation, made again from the event that sent it.
#[must_use]
pub fn invitation_token(
    keyring: &eventstore::keyring::Keyring,
    user: UserId,
    command: eventstore_schema::CommandId,
) -> SecretString {
    token(keyring, "invitation-link", user.0, command.0)
}

/// The token in the link to choose a new password, made again from the event that asked for it.
#[must_use]
pub fn password_reset_token(
    keyring: &eventstore::keyring::Keyring,
    user: UserId,
    command: eventstore_schema::CommandId,
) -> SecretString {
    token(keyring, "password-reset-link", user.0, command.0)
}

/// The token in the link before the set-up of an authenticator, made again from the event that asked
/// for it.
#[must_use]
pub fn otp_set_up_link_token(
    keyring: &eventstore::keyring::Keyring,
    user: UserId,
    command: eventstore_schema::CommandId,
) -> SecretString {
    token(keyring, "otp-set-up-link", user.0, command.0)
}

fn token(
    keyring: &eventstore::keyring::Keyring,
    purpose: &str,
    id: Uuid,
    command: Uuid,
) -> SecretString {
    let mac = keyring.mac(purpose, &[id.into_bytes(), command.into_bytes()].concat());
    let bytes = [id.as_bytes().as_slice(), &mac].concat();
    SecretString::from(BASE64URL_NOPAD.encode(&bytes))
}
