//! Comparing a password with its hash, and keeping the hash at the cost that the operator set.

use super::{Failure, Pawl, RequestContext, execute::Target};
use domain::user::{PasswordProof, RehashPassword, User};
use eventstore_schema::{PasswordId, StreamName, UserId};
use zeroize::Zeroizing;

impl Pawl {
    /// Whether it is the person's password. Where there is none to compare with, the work is the same.
    pub(super) async fn matches(
        &self,
        id: Option<UserId>,
        user: &User,
        password: &Zeroizing<Vec<u8>>,
    ) -> Result<bool, Failure> {
        if self.compare(user, password).await? {
            return Ok(true);
        }
        // Or it was hashed anew in the meantime, and the old hash is gone.
        let Some(id) = id else { return Ok(false) };
        let now = self.load::<User>(&StreamName::user(id)).await?;
        Ok(now.state.was_rehashed_since(user) && self.compare(&now.state, password).await?)
    }

    async fn compare(&self, user: &User, password: &Zeroizing<Vec<u8>>) -> Result<bool, Failure> {
        let hash = match user.password() {
            Some(known) => self.open_password(known)?,
            None => None,
        };
        let password = password.clone();
        self.0.parts.passwords.verify(password, hash).await
    }

    /// Hashes a password that was just shown anew, where the cost of its hash is not the one that is
    /// set. The person is let in whether that succeeds or not.
    pub(super) async fn keep_cost(
        &self,
        user: &User,
        password: Zeroizing<Vec<u8>>,
        proof: &PasswordProof,
        request: &RequestContext,
    ) {
        if let Err(error) = self.rehash(user, password, proof, request).await {
            tracing::warn!(%error, "a password could not be hashed anew");
        }
    }

    async fn rehash(
        &self,
        user: &User,
        password: Zeroizing<Vec<u8>>,
        proof: &PasswordProof,
        request: &RequestContext,
    ) -> Result<(), Failure> {
        let passwords = &self.0.parts.passwords;
        let Some(known) = user.password() else {
            return Ok(());
        };
        match self.open_password(known)? {
            Some(hash) if passwords.is_outdated(&hash) => {}
            _ => return Ok(()),
        }
        let replaces = known.password_id;
        // It follows from another command, and no retry repeats it.
        let request = request.once();
        let id = PasswordId(request.derived_id("password"));
        let password = self.seal_hash(id, password).await?;
        let target = Target::new(StreamName::user(proof.user()), proof.organization());
        let command = |_: &User| {
            Ok(RehashPassword {
                password: password.clone(),
                replaces,
            })
        };
        self.execute(&target, proof, &request, command).await?;
        Ok(())
    }
}
