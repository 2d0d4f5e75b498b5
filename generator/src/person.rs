//! The people of a history, and what a machine and an organization are to it.

use crate::{
    dice::Dice,
    journal::{Journal, Loaded, Step, Target},
};
use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use domain::{
    SessionHolder,
    address::Address,
    api_credential::ApiCredential,
    audit::Audit,
    organization::Organization,
    otp::{OtpCode, OtpSecret},
    session::{Session, SessionLimits},
    user::User,
};
use eventstore_schema::{
    AddressId, ApiCredentialId, BrowserDigest, DeviceId, KeyName, OrganizationId, PasswordHash,
    PasswordId, Personal, RecoveryCodeDigest, SealedSecret, SessionId, StreamName, TokenDigest,
    UserId,
};
use sha2::{Digest as _, Sha256};
use totp_rs::Builder;

/// Everybody's password. Hashing one for each person would take longer than all the rest.
pub const PASSWORD: &str = "correct horse battery";
/// Its argon2id hash, with the parameters that Pawl uses unless told otherwise.
const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$dFO85VoFV6ErvDuM8JReDg$\
                    meJQBuU0GEjBBmCK/S3mXO/8guOoszoMxJSq1oAeS7c";
const FIRST: [&str; 8] = [
    "Ada", "Grace", "Edsger", "Barbara", "Donald", "Frances", "Niklaus", "Radia",
];
const LAST: [&str; 5] = ["Lovelace", "Hopper", "Liskov", "Allen", "Perlman"];

/// The address of the person with this number, counted from 0.
#[must_use]
pub fn email_of(number: u64) -> String {
    format!("person.{number}@example.org")
}

/// The secret of an authenticator: it follows from its id, so that nobody has to keep it.
#[must_use]
pub fn secret_of(device: DeviceId) -> [u8; 20] {
    let digest: [u8; 32] = Sha256::digest(device.0.as_bytes()).into();
    let mut secret = [0; 20];
    secret.copy_from_slice(&digest[..20]);
    secret
}

/// What a phone shows for this authenticator at this time.
#[must_use]
pub fn code_at(device: DeviceId, at: DateTime<Utc>) -> String {
    let phone = Builder::new()
        .with_secret(secret_of(device))
        .with_skew(0)
        .build_noncompliant();
    phone.generate(at.timestamp().unsigned_abs()).to_string()
}

/// The same, typed.
pub(crate) fn code_of(device: DeviceId, at: DateTime<Utc>) -> Step<OtpCode> {
    Ok(OtpCode::parse(&code_at(device, at))?)
}

/// Somebody.
pub(crate) struct Person {
    pub(crate) number: u64,
    pub(crate) id: UserId,
    /// The place of their organization among all.
    pub(crate) organization: usize,
    pub(crate) address_id: AddressId,
    pub(crate) address: Loaded<Address>,
    pub(crate) user: Loaded<User>,
    /// The token of the link that they were sent last.
    pub(crate) link: TokenDigest,
    pub(crate) browser: BrowserDigest,
    /// How many passwords they have chosen.
    passwords: u32,
    /// How many authenticators they have begun to set up.
    devices: u32,
    /// How often they got recovery codes, and how many of the newest are spent.
    codes: (u32, u8),
}

impl Person {
    pub(crate) fn new(number: u64, journal: &mut Journal) -> Self {
        Self {
            number,
            id: UserId(journal.dice.id_at(journal.now())),
            organization: 0,
            address_id: journal.boxes.address(&email_of(number)),
            address: Loaded::default(),
            user: Loaded::default(),
            link: journal.dice.token(),
            browser: BrowserDigest(journal.dice.token().0),
            passwords: 0,
            devices: 0,
            codes: (0, 0),
        }
    }

    pub(crate) fn name(&self) -> String {
        let number = usize::try_from(self.number).unwrap_or(0);
        let pick = |names: &[&'static str], number| names[number % names.len()];
        let last = pick(&LAST, number / FIRST.len());
        format!("{} {last}", pick(&FIRST, number))
    }

    /// Seals something about them.
    pub(crate) fn personal(
        &self,
        journal: &mut Journal,
        field: &str,
        text: &str,
    ) -> Step<Personal> {
        let key = KeyName::person(self.id);
        Ok(Personal(journal.seal(key, field, text.as_bytes())?))
    }

    /// The password that they choose next. It is the same again, under another key.
    pub(crate) fn next_password(&mut self, journal: &mut Journal) -> Step<PasswordHash> {
        let password_id = PasswordId(self.derived("password", self.passwords));
        self.passwords += 1;
        let key = KeyName::password(password_id);
        journal.boxes.prepare(std::slice::from_ref(&key))?;
        Ok(PasswordHash {
            password_id,
            hash: SealedSecret(journal.seal(key, "hash", HASH.as_bytes())?),
        })
    }

    /// The authenticator that they set up next.
    pub(crate) fn next_device(&mut self, journal: &mut Journal) -> Step<(DeviceId, SealedSecret)> {
        let id = DeviceId(self.derived("device", self.devices));
        self.devices += 1;
        let key = KeyName::otp_device(id);
        journal.boxes.prepare(std::slice::from_ref(&key))?;
        let sealed = journal.seal(key, "secret", &secret_of(id))?;
        Ok((id, SealedSecret(sealed)))
    }

    /// The secrets of their authenticators.
    pub(crate) fn secrets(&self) -> Vec<(DeviceId, OtpSecret)> {
        let devices = self.user.state.devices().iter();
        let secret = |id| (id, OtpSecret::new(secret_of(id)));
        devices.map(|device| secret(device.id)).collect()
    }

    /// New recovery codes.
    pub(crate) fn next_recovery_codes(&mut self) -> Vec<RecoveryCodeDigest> {
        self.codes = (self.codes.0 + 1, 0);
        (0..10).map(|number| self.recovery_code(number)).collect()
    }

    /// The first recovery code that they have not spent.
    pub(crate) fn spend_recovery_code(&mut self) -> RecoveryCodeDigest {
        let code = self.recovery_code(self.codes.1);
        self.codes.1 += 1;
        code
    }

    fn recovery_code(&self, number: u8) -> RecoveryCodeDigest {
        let message = [
            self.id.0.as_bytes().as_slice(),
            &self.codes.0.to_be_bytes(),
            &[number],
        ];
        RecoveryCodeDigest(HEXLOWER.encode(&Sha256::digest(message.concat())))
    }

    fn derived(&self, what: &str, number: u32) -> uuid::Uuid {
        uuid::Uuid::new_v5(&self.id.0, format!("{what} {number}").as_bytes())
    }

    /// Where their own events go.
    pub(crate) fn target(&self, organization: OrganizationId) -> Target {
        Target::new(StreamName::user(self.id), organization)
    }

    /// Where those of their address go.
    pub(crate) fn address_target(&self, organization: OrganizationId) -> Target {
        Target::new(StreamName::address(&self.address_id), organization)
    }
}

/// The names of the keys that a newcomer needs first.
pub(crate) fn first_keys(id: UserId) -> [KeyName; 3] {
    let derived = |what: &str| uuid::Uuid::new_v5(&id.0, format!("{what} 0").as_bytes());
    [
        KeyName::person(id),
        KeyName::password(PasswordId(derived("password"))),
        KeyName::otp_device(DeviceId(derived("device"))),
    ]
}

/// A session that somebody has open.
pub(crate) struct Visit {
    pub(crate) id: SessionId,
    pub(crate) session: Loaded<Session>,
    pub(crate) token: TokenDigest,
    /// The place of the person among all.
    pub(crate) person: usize,
}

impl Visit {
    /// Whose it is, and what it opens, as the policy has it now.
    pub(crate) fn holder(
        &self,
        person: &Person,
        organization: &Loaded<Organization>,
        now: DateTime<Utc>,
    ) -> Step<SessionHolder> {
        Ok(SessionHolder::of(
            self.id,
            &self.session.state,
            (&self.token, None),
            &person.user.state,
            &organization.state,
            (now, SessionLimits::default()),
        )?)
    }
}

/// An organization.
pub(crate) struct Place {
    pub(crate) id: OrganizationId,
    pub(crate) organization: Loaded<Organization>,
    pub(crate) audit: Loaded<Audit>,
    pub(crate) machines: Vec<Machine>,
    /// The place of its first administrator among all people.
    pub(crate) administrator: usize,
    /// The session in which that one works.
    pub(crate) visit: Option<Visit>,
    /// It enforces when there have been so many events.
    pub(crate) enforces_after: Option<u64>,
}

impl Place {
    pub(crate) fn new(
        id: OrganizationId,
        administrator: usize,
        dice: &mut Dice,
        events: u64,
    ) -> Self {
        // Seven of ten enforce, somewhere between a fifth and four fifths of the history.
        let at = events / 5 + dice.number_below(events / 5 * 3);
        Self {
            id,
            organization: Loaded::default(),
            audit: Loaded::default(),
            machines: Vec::new(),
            administrator,
            visit: None,
            enforces_after: dice.per_mille(700).then_some(at),
        }
    }

    pub(crate) fn target(&self) -> Target {
        Target::new(StreamName::organization(self.id), self.id)
    }
}

/// A machine with a credential.
pub(crate) struct Machine {
    pub(crate) id: ApiCredentialId,
    pub(crate) credential: Loaded<ApiCredential>,
    pub(crate) secret: TokenDigest,
}

#[cfg(test)]
mod tests {
    use super::*;
    use argon2::{Argon2, PasswordVerifier as _, password_hash::phc};

    #[test]
    fn the_hash_is_that_of_the_password() {
        let hash = phc::PasswordHash::new(HASH).unwrap();
        let argon2 = Argon2::default();
        assert!(argon2.verify_password(PASSWORD.as_bytes(), &hash).is_ok());
        assert!(argon2.verify_password(b"another", &hash).is_err());
    }
}
