//! Recovery codes. They are derived like tokens, so that a retry of the command that made them hears
//! the same again, and the log holds keyed digests only.

use super::{Failure, Pawl, RequestContext, execute::Target};
use domain::{
    Authority, Rejection,
    authority::FRESHNESS,
    otp::RecoveryCode,
    user::{ReplaceRecoveryCodes, User},
};
use eventstore_schema::{Position, RecoveryCodeDigest, StreamName, UserId};
use std::sync::Arc;

/// New recovery codes, shown this once.
#[derive(Debug)]
pub struct IssuedRecoveryCodes {
    /// The codes.
    pub codes: Vec<RecoveryCode>,
    /// The position of the last event.
    pub position: Position,
}

impl Pawl {
    /// The person as they are now, for what they may see of themselves.
    pub async fn myself(&self, by: &Authority) -> Result<Arc<User>, Failure> {
        let stream = StreamName::user(by.holder().user());
        Ok(Arc::new(self.load::<User>(&stream).await?.state.clone()))
    }

    /// Replaces all recovery codes of the person.
    pub async fn replace_recovery_codes(
        &self,
        by: &Authority,
        request: &RequestContext,
    ) -> Result<IssuedRecoveryCodes, Failure> {
        let user = by.holder().user();
        let target = Target::new(StreamName::user(user), by.holder().organization());
        let command = |_: &User| {
            Ok(ReplaceRecoveryCodes {
                digests: self.new_recovery_code_digests(user, request),
                at: self.now(),
            })
        };
        let committed = self.execute(&target, by, request, command).await?;
        let codes = self.recovery_codes_of(user, &committed.state.state, request);
        Ok(IssuedRecoveryCodes {
            // A retry so late that others have taken their place.
            codes: codes.ok_or(Rejection::RecoveryCodesReplaced)?,
            position: committed.position,
        })
    }

    /// The digest under which the log knows a code of this person.
    pub(super) fn recovery_code_digest(
        &self,
        user: UserId,
        code: &RecoveryCode,
    ) -> RecoveryCodeDigest {
        let message = [user.0.as_bytes().as_slice(), code.as_bytes()].concat();
        let mac = self.keyring().mac("recovery-code-digest", &message);
        RecoveryCodeDigest(data_encoding::HEXLOWER.encode(&mac))
    }

    pub(super) fn new_recovery_code_digests(
        &self,
        user: UserId,
        request: &RequestContext,
    ) -> Vec<RecoveryCodeDigest> {
        self.derived_recovery_codes(user, request)
            .map(|code| self.recovery_code_digest(user, &code))
            .collect()
    }

    /// The codes that this command gave to the person, unless others have taken their place. A retry
    /// hears them as long as a second factor is fresh: a session left open shows them to nobody later.
    pub(super) fn recovery_codes_of(
        &self,
        user: UserId,
        state: &User,
        request: &RequestContext,
    ) -> Option<Vec<RecoveryCode>> {
        let issued = state.recovery_codes()?;
        let recent = self.now() <= issued.issued_at() + FRESHNESS;
        (recent && issued.issued_by() == request.command_id)
            .then(|| self.derived_recovery_codes(user, request).collect())
    }

    fn derived_recovery_codes(
        &self,
        user: UserId,
        request: &RequestContext,
    ) -> impl Iterator<Item = RecoveryCode> {
        (1..=RecoveryCode::COUNT).map(move |number| {
            let ids = [user.0.into_bytes(), request.command_id.0.into_bytes()].concat();
            let message = [ids, number.to_be_bytes().to_vec()].concat();
            let mac = self.keyring().mac("recovery-code", &message);
            let mut random = [0; 10];
            random.copy_from_slice(&mac[..10]);
            RecoveryCode::of(&random)
        })
    }
}
