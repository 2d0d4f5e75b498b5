//! Sealing what the log must not show, and opening it for those who may see it.

use super::{Failure, Pawl};
use domain::{
    Rejection,
    organization::Organization,
    otp::OtpSecret,
    user::Profile,
    value::{EmailAddress, NewPassword, PasswordOwner},
};
use eventstore::keyring::{Keyring, KeyringError};
use eventstore_schema::{
    AddressId, DeviceId, KeyName, PasswordHash, PasswordId, Personal, Sealed, SealedSecret,
    StreamName, UserId,
};
use serde_json::{Value, json};
use zeroize::Zeroizing;

/// Fields as they are bound into the seal; also their names in the events.
pub(super) const EMAIL: &str = "email";
pub(super) const NAME: &str = "name";
pub(super) const DEVICE_NAME: &str = "device_name";
const HASH: &str = "hash";
const SECRET: &str = "secret";

/// Personal data opened, or what is left of a person who was erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// The text.
    Text(String),
    /// The key is destroyed.
    Erased,
    /// The keyring cannot open it: it was restored from before the key was made, or the value has
    /// been tampered with. The operator finds it in the log.
    Unreadable,
}

impl Opened {
    /// The text, or what is shown in its place.
    #[must_use]
    pub fn or_placeholder(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Erased => "erased person".to_owned(),
            Self::Unreadable => "unreadable".to_owned(),
        }
    }
}

fn opened(
    field: &str,
    result: Result<Zeroizing<Vec<u8>>, KeyringError>,
) -> Result<Opened, Failure> {
    match result {
        Ok(bytes) => String::from_utf8(bytes.to_vec())
            .map(Opened::Text)
            .map_err(Failure::internal),
        Err(KeyringError::Destroyed { .. }) => Ok(Opened::Erased),
        Err(error @ (KeyringError::Missing { .. } | KeyringError::Tampered { .. })) => {
            tracing::error!(%error, field, "personal data cannot be read");
            Ok(Opened::Unreadable)
        }
        Err(error) => Err(error.into()),
    }
}

/// The content of an event as a reader of the audit trail sees it: personal data opened, and of
/// secrets only that they are there.
pub fn open_content(keyring: &Keyring, content: &str) -> Result<Value, Failure> {
    let mut content = serde_json::from_str(content).map_err(Failure::internal)?;
    open_fields(keyring, &mut content, None)?;
    Ok(content)
}

fn open_fields(
    keyring: &Keyring,
    value: &mut Value,
    only: Option<&KeyName>,
) -> Result<(), Failure> {
    let Value::Object(fields) = value else {
        return Ok(());
    };
    for (field, value) in fields {
        // A list of two texts would read as a sealed value too.
        if !value.is_object() {
            continue;
        }
        match serde_json::from_value::<Sealed>(value.clone()) {
            Ok(sealed) if sealed.key.is_of_a_person() => {
                *value = if only.is_some_and(|only| *only != sealed.key) {
                    json!({ "of_another_person": true })
                } else {
                    match opened(field, keyring.open_sealed(field, &sealed))? {
                        Opened::Text(text) => Value::String(text),
                        Opened::Erased => json!({ "erased": true }),
                        Opened::Unreadable => json!({ "unreadable": true }),
                    }
                };
            }
            Ok(_) => *value = json!({ "sealed": true }),
            Err(_) => open_fields(keyring, value, only)?,
        }
    }
    Ok(())
}

/// Nothing is remembered of who was erased in the meantime.
fn unless_erased(error: KeyringError) -> Failure {
    match error {
        KeyringError::Destroyed { .. } => Rejection::NotFound.into(),
        error => error.into(),
    }
}

impl Pawl {
    /// The id of an address: the same for every spelling of it.
    pub(super) fn address_id(&self, email: &EmailAddress) -> AddressId {
        let mac = self
            .keyring()
            .mac("email-address", email.canonical().as_bytes());
        AddressId(data_encoding::HEXLOWER.encode(&mac))
    }

    pub(super) async fn create_person_key(&self, user: UserId) -> Result<(), Failure> {
        let created = self.keyring().create(&[KeyName::person(user)]).await;
        created.map_err(unless_erased)
    }

    pub(super) fn seal_personal(
        &self,
        user: UserId,
        field: &str,
        text: &str,
    ) -> Result<Personal, Failure> {
        let key = KeyName::person(user);
        let sealed = self.keyring().seal(&key, field, text.as_bytes());
        sealed.map(Personal).map_err(unless_erased)
    }

    /// Opens a field of personal data, whatever its name.
    pub fn open_personal(&self, field: &str, sealed: &Sealed) -> Result<Opened, Failure> {
        opened(field, self.keyring().open_sealed(field, sealed))
    }

    /// Opens some hundreds of fields at once.
    pub(super) fn open_all_personal(
        &self,
        values: &[(&str, &Sealed)],
    ) -> Result<Vec<Opened>, Failure> {
        let results = self.keyring().open_many(values)?;
        let fields = values.iter().map(|(field, _)| field);
        fields
            .zip(results)
            .map(|(field, result)| opened(field, result))
            .collect()
    }

    /// The content of an event as a reader of the audit trail sees it; see [`open_content`].
    pub fn open_content(&self, content: &str) -> Result<Value, Failure> {
        open_content(self.keyring(), content)
    }

    /// The same for an export of what is stored about one person: personal data of others stays
    /// shut.
    pub fn open_content_of(&self, user: UserId, content: &str) -> Result<Value, Failure> {
        let mut content = serde_json::from_str(content).map_err(Failure::internal)?;
        open_fields(self.keyring(), &mut content, Some(&KeyName::person(user)))?;
        Ok(content)
    }

    /// Refuses a new password that is the first thing somebody would try for this person.
    pub(super) async fn check_password(
        &self,
        password: &NewPassword,
        owner: &Profile,
    ) -> Result<(), Failure> {
        let stream = StreamName::organization(owner.organization_id);
        let organization = self.load::<Organization>(&stream).await?;
        let owner = PasswordOwner {
            email: &self.open_personal(EMAIL, &owner.email.0)?.or_placeholder(),
            name: &self.open_personal(NAME, &owner.name.0)?.or_placeholder(),
            organization: organization.state.name().unwrap_or_default(),
        };
        Ok(password.fits(&owner)?)
    }

    /// Hashes a password and seals the hash under a key of its own.
    pub(super) async fn seal_password(
        &self,
        id: PasswordId,
        password: &NewPassword,
    ) -> Result<PasswordHash, Failure> {
        let bytes = Zeroizing::new(password.as_bytes().to_vec());
        self.seal_hash(id, bytes).await
    }

    /// The same for a password that was one before.
    pub(super) async fn seal_hash(
        &self,
        id: PasswordId,
        password: Zeroizing<Vec<u8>>,
    ) -> Result<PasswordHash, Failure> {
        let hash = self.0.parts.passwords.hash(password).await?;
        let key = KeyName::password(id);
        self.keyring().create(std::slice::from_ref(&key)).await?;
        let hash = SealedSecret(self.keyring().seal(&key, HASH, hash.as_bytes())?);
        Ok(PasswordHash {
            password_id: id,
            hash,
        })
    }

    /// The hash of a password, `None` once another password has taken its place.
    pub(super) fn open_password(
        &self,
        password: &PasswordHash,
    ) -> Result<Option<Zeroizing<String>>, Failure> {
        let bytes = match self.keyring().open_sealed(HASH, &password.hash.0) {
            Err(KeyringError::Destroyed { .. }) => return Ok(None),
            bytes => bytes?,
        };
        String::from_utf8(bytes.to_vec())
            .map(|text| Some(Zeroizing::new(text)))
            .map_err(Failure::internal)
    }

    pub(super) async fn seal_otp_secret(
        &self,
        device: DeviceId,
        secret: &OtpSecret,
    ) -> Result<SealedSecret, Failure> {
        let key = KeyName::otp_device(device);
        self.keyring().create(std::slice::from_ref(&key)).await?;
        Ok(SealedSecret(self.keyring().seal(
            &key,
            SECRET,
            secret.as_bytes(),
        )?))
    }

    /// The same, or nothing where the authenticator has just been removed and its key destroyed.
    pub(super) fn open_otp_secret_if_kept(
        &self,
        sealed: &SealedSecret,
    ) -> Result<Option<OtpSecret>, Failure> {
        match self.open_otp_secret(sealed) {
            Err(Failure::Keyring(KeyringError::Destroyed { .. })) => Ok(None),
            opened => opened.map(Some),
        }
    }

    pub(super) fn open_otp_secret(&self, sealed: &SealedSecret) -> Result<OtpSecret, Failure> {
        let bytes = self.keyring().open_sealed(SECRET, &sealed.0)?;
        let bytes: &[u8] = &bytes;
        bytes
            .try_into()
            .map(OtpSecret::new)
            .map_err(Failure::internal)
    }
}
