//! A forgotten password: asking for a link, and choosing a new one with it.

use super::{Failure, LinkToken, Pawl, RequestContext, SessionGrant, digest, execute::Target};
use domain::{
    Anyone, Rejection,
    address::{Address, DeclinePasswordReset},
    user::{RequestPasswordReset, ResetPassword, User},
    value::{EmailAddress, NewPassword},
};
use eventstore::keyring::KeyringError;
use eventstore_schema::{PasswordId, StreamName, UserId};
use zeroize::Zeroizing;

impl Pawl {
    /// Asks for a link to choose a new password. The mail follows from the event. For an address of
    /// nobody, or of somebody who cannot sign in, there is the same work and as much of a trace.
    pub async fn request_password_reset(
        &self,
        email: &EmailAddress,
        request: &RequestContext,
    ) -> Result<(), Failure> {
        // No retry repeats it: or a token that was used could be made again under the same key. A
        // repeat within a minute sends nothing anyway.
        let request = request.once();
        let address_id = self.address_id(email);
        let address_stream = StreamName::address(&address_id);
        // As much work as a sign-in: nobody fills the log faster in this way than in that.
        let nothing = Zeroizing::new(Vec::new());
        self.0.parts.passwords.verify(nothing, None).await?;

        let address = self.load::<Address>(&address_stream).await?;
        let holder = address.state.holder();
        let user_id = holder.unwrap_or_else(|| UserId(request.derived_id("nobody")));
        let stream = StreamName::user(user_id);
        let user = self.load::<User>(&stream).await?;
        let token_digest = digest(&self.reset_token(user_id, &request));
        let known = user.state.active();
        if let Some(profile) = known.filter(|profile| profile.address_id == address_id) {
            let target = Target::new(stream, profile.organization_id);
            let command = |_: &User| {
                Ok(RequestPasswordReset {
                    token_digest: token_digest.clone(),
                    at: self.now(),
                })
            };
            self.execute(&target, &Anyone, &request, command).await?;
        } else {
            let organization = user.state.profile().map(|profile| profile.organization_id);
            let target = Target::new(address_stream, organization);
            let command = |_: &Address| Ok(DeclinePasswordReset { at: self.now() });
            self.execute(&target, &Anyone, &request, command).await?;
        }
        Ok(())
    }

    /// Chooses a new password with the token of a link, and starts a session. Every other session of
    /// the person is over; a second factor is still asked for.
    pub async fn reset_password(
        &self,
        link: &LinkToken,
        password: NewPassword,
        request: &RequestContext,
    ) -> Result<SessionGrant, Failure> {
        let stream = StreamName::user(link.user);
        let user = self.load::<User>(&stream).await?;
        let token_digest = digest(&link.token);
        if user.past_command(request.command_id).is_none() {
            user.state.check_reset_link(&token_digest, self.now())?;
        }
        let profile = user
            .state
            .profile()
            .ok_or(Rejection::PasswordResetInvalid)?;
        self.check_password(&password, profile).await?;
        let password_id = PasswordId(request.derived_id("password"));
        let hash = match self.seal_password(password_id, &password).await {
            // A retry so late that another password has taken the place of this one.
            Err(Failure::Keyring(KeyringError::Destroyed { .. })) => {
                return Err(Rejection::PasswordResetInvalid.into());
            }
            hash => hash?,
        };
        let target = Target::new(stream, profile.organization_id);
        let command = |_: &User| {
            Ok(ResetPassword {
                token_digest: token_digest.clone(),
                password: hash.clone(),
                at: self.now(),
            })
        };
        let reset = self.execute(&target, &Anyone, request, command).await?;
        let proof = reset
            .state
            .state
            .choose_password(link.user, password_id)
            .map_err(|_| Rejection::PasswordResetInvalid)?;
        self.start_session(&proof, request).await
    }
}
