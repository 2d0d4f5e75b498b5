//! Erasing people, for good. The event comes first; what it takes outside the log is gone before the
//! answer, and should that be cut off, the reactions do it again, as does whoever asks again.

use super::{Committed, Failure, Pawl, RequestContext, Somebody, people::ATTEMPTS};
use crate::erasure::{Erasure, Unfinished};
use domain::{
    Acting as _, Authority, Rejection,
    user::{EraseUser, User},
    value::EmailAddress,
};

impl Pawl {
    /// Erases a person. `confirmation` is what was typed as their e-mail address.
    pub async fn erase_user(
        &self,
        somebody: Somebody,
        confirmation: &str,
        by: &Authority,
        request: &RequestContext,
    ) -> Result<Committed<User>, Failure> {
        let confirmation = EmailAddress::parse(confirmation).ok();
        let confirmation = confirmation.map(|address| self.address_id(&address));
        let command = |dismissed_at| EraseUser {
            organization_id: somebody.organization,
            user_id: somebody.user,
            confirmation: confirmation.clone(),
            dismissed_at,
            at: self.now(),
        };
        let permit = |user: &User| command(None).permit(user, by);
        let target = self.prepare(somebody, permit, request).await?;
        for _ in 0..ATTEMPTS {
            let dismissed_at = self.dismiss(somebody, by, request).await?;
            let erase = |_: &User| Ok(command(dismissed_at));
            match self.execute(&target, by, request, erase).await {
                Err(Failure::Rejected(Rejection::LastAdministrator)) => {}
                erased => {
                    let erased = erased?;
                    self.forget(somebody, &erased, by, request).await?;
                    return Ok(erased);
                }
            }
        }
        Err(Failure::Contention)
    }

    /// What follows from it. The address is free for somebody new; should that step be cut off,
    /// whoever next invites it takes it.
    async fn forget(
        &self,
        somebody: Somebody,
        erased: &Committed<User>,
        by: &Authority,
        request: &RequestContext,
    ) -> Result<(), Failure> {
        self.erasure().forget(somebody.user).await?;
        let user = &erased.state.state;
        if let Some(profile) = user.profile() {
            let address = &profile.address_id;
            self.release_address(user, somebody.user, address, by.actor(), request)
                .await?;
        }
        Ok(())
    }

    fn erasure(&self) -> Erasure {
        Erasure {
            store: self.store().clone(),
            keyring: self.keyring().clone(),
            outbox: self.0.parts.outbox.clone(),
        }
    }
}

impl From<Unfinished> for Failure {
    fn from(unfinished: Unfinished) -> Self {
        match unfinished {
            Unfinished::Store(error) => error.into(),
            Unfinished::Keyring(error) => error.into(),
            Unfinished::Decode(error) => error.into(),
            Unfinished::Outbox(error) => Self::internal(error),
        }
    }
}
