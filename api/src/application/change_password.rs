//! A person changes their password.

use super::{
    Failure, Pawl, RequestContext,
    execute::{Committed, Target},
};
use domain::{
    Anyone, Authority, Rejection,
    address::{Address, RejectSignIn},
    user::{ChangePassword, PasswordProof, User},
    value::NewPassword,
};
use eventstore::keyring::KeyringError;
use eventstore_schema::{PasswordId, StreamName, UserId};
use zeroize::Zeroizing;

impl Pawl {
    /// Changes the password of the caller, who shows the present one. The session in which it
    /// happens goes on; every other session of the person is over.
    pub async fn change_password(
        &self,
        current: Zeroizing<Vec<u8>>,
        new: NewPassword,
        by: &Authority,
        request: &RequestContext,
    ) -> Result<Committed<User>, Failure> {
        let holder = by.holder();
        let stream = StreamName::user(holder.user());
        let user = self.load::<User>(&stream).await?;
        let target = Target::new(stream, holder.organization());
        if user.past_command(request.command_id).is_some() {
            // The present password is the new one by now; `execute` gives the first answer.
            let never = |_: &User| Err::<ChangePassword, _>(Rejection::PasswordWrong.into());
            return self.execute(&target, by, request, never).await;
        }
        let profile = user.state.active().ok_or(Rejection::Unauthenticated)?;
        self.check_password(&new, profile).await?;
        let shown = self
            .show_present_password(&user.state, holder.user(), current, request)
            .await?;
        let password_id = PasswordId(request.derived_id("password"));
        let password = match self.seal_password(password_id, &new).await {
            // A retry so late that another password has taken the place of this one.
            Err(Failure::Keyring(KeyringError::Destroyed { .. })) => {
                return Err(Rejection::PasswordWrong.into());
            }
            password => password?,
        };
        let command = |_: &User| {
            Ok(ChangePassword {
                shown,
                password: password.clone(),
            })
        };
        self.execute(&target, by, request, command).await
    }

    /// Compares the present password. A wrong one counts like a wrong one at the sign-in.
    async fn show_present_password(
        &self,
        user: &User,
        id: UserId,
        current: Zeroizing<Vec<u8>>,
        request: &RequestContext,
    ) -> Result<PasswordProof, Failure> {
        let profile = user.active().ok_or(Rejection::Unauthenticated)?;
        let stream = StreamName::address(&profile.address_id);
        let address = self.load::<Address>(&stream).await?;
        let known_browser = self.known_browser_of(request, Some(id)).await;
        address.state.admit(known_browser.as_ref(), self.now())?;
        let matches = self.matches(Some(id), user, &current).await?;
        // Others may have tried in the meantime; their failures count before this success does.
        let address = self.load::<Address>(&stream).await?;
        address.state.admit(known_browser.as_ref(), self.now())?;
        if let Ok(shown) = user.show_password(id, matches) {
            return Ok(shown);
        }
        let target = Target::new(stream, profile.organization_id);
        let command = |_: &Address| {
            Ok(RejectSignIn {
                known_browser: known_browser.clone(),
                at: self.now(),
            })
        };
        match self
            .execute(&target, &Anyone, &request.once(), command)
            .await
        {
            Err(Failure::Rejected(Rejection::SignInRejected)) | Ok(_) => {
                Err(Rejection::PasswordWrong.into())
            }
            Err(failure) => Err(failure),
        }
    }
}
