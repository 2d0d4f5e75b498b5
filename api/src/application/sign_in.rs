//! Signing in with the first factor, and signing out.

use super::{Committed, Failure, Pawl, RequestContext, digest, execute::Target};
use domain::{
    Anyone, Authority, NextStep, Rejection, SessionHolder,
    address::{Address, RejectSignIn},
    authority::next_step,
    organization::Organization,
    session::{EndOwnSession, EndSession, Session, StartSession},
    user::{PasswordProof, User},
    value::EmailAddress,
};
use eventstore_schema::{Position, SessionId, StreamName};
use secrecy::SecretString;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A session and what it has to do next.
#[derive(Debug)]
pub struct SessionGrant {
    /// The token, for the client's eyes only.
    pub session_token: SecretString,
    /// What the session has to do next.
    pub next: NextStep,
    /// The position of the last event.
    pub position: Position,
}

impl Pawl {
    /// Signs in with an e-mail address and a password. An unknown address costs the same work,
    /// leaves the same trace and gets the same answer as a wrong password.
    pub async fn sign_in(
        &self,
        email: &str,
        password: Zeroizing<Vec<u8>>,
        request: &RequestContext,
    ) -> Result<SessionGrant, Failure> {
        // What is no address belongs to nobody; it needs no trace of its own.
        let email = EmailAddress::parse(email).map_err(|_| Rejection::SignInRejected)?;
        let stream = StreamName::address(&self.address_id(&email));
        let address = self.load::<Address>(&stream).await?;
        let holder = address.state.holder();
        let known_browser = self.known_browser_of(request, holder).await;
        address.state.admit(known_browser.as_ref(), self.now())?;

        let mut user = match holder {
            Some(id) => self.load::<User>(&StreamName::user(id)).await?,
            None => Arc::default(),
        };
        if user.state.has_given_up(&self.address_id(&email)) {
            user = Arc::default();
        }
        let matches = self.matches(holder, &user.state, &password).await?;

        // Others may have tried in the meantime; their failures count before this success does.
        self.load::<Address>(&stream)
            .await?
            .state
            .admit(known_browser.as_ref(), self.now())?;
        if let Some(Ok(proof)) = holder.map(|id| user.state.show_password(id, matches)) {
            self.keep_cost(&user.state, password, &proof, request).await;
            return self.start_session(&proof, request).await;
        }
        let organization = user.state.profile().map(|profile| profile.organization_id);
        let target = Target::new(stream, organization);
        let command = |_: &Address| {
            Ok(RejectSignIn {
                known_browser: known_browser.clone(),
                at: self.now(),
            })
        };
        // Each attempt counts, also under the idempotency key of another: or a key that was used
        // before would be a way to guess without being counted.
        self.execute(&target, &Anyone, &request.once(), command)
            .await?;
        Err(Rejection::SignInRejected.into())
    }

    /// Starts the session of a person who has just shown, or chosen, their password.
    pub(super) async fn start_session(
        &self,
        proof: &PasswordProof,
        request: &RequestContext,
    ) -> Result<SessionGrant, Failure> {
        let person = StreamName::user(proof.user());
        let user = self.load::<User>(&person).await?;
        let policy = StreamName::organization(proof.organization());
        let organization = self.load::<Organization>(&policy).await?;
        let id = SessionId(request.derived_id("session"));
        let session_token = self.session_token(id, request);
        let target = Target::new(StreamName::session(id), proof.organization());
        let command = |_: &Session| {
            Ok(StartSession {
                user: &user.state,
                organization: &organization.state,
                token_digest: digest(&session_token),
                browser: self.browser_of(request, proof.user()),
                at: self.now(),
                limits: self.limits().sessions,
            })
        };
        let committed = self.execute(&target, proof, request, command).await?;
        let session = &committed.state.state;
        let live = session
            .live_at(self.now(), self.limits().sessions)
            .ok_or(Rejection::Unauthenticated)?;
        if live.token_digest != digest(&session_token) {
            // A retry so late that the session has come further: its token was exchanged.
            return Err(Rejection::Unauthenticated.into());
        }
        // The policy may have changed in between, and the client is to hear what holds now. So may
        // the password have: then the session began behind the event that was to end it, and its
        // token is not given to anybody.
        let user = self.load::<User>(&person).await?;
        proof.still_holds(&user.state)?;
        let organization = self.load::<Organization>(&policy).await?;
        let next = next_step(&user.state, &organization.state, session);
        Ok(SessionGrant {
            session_token,
            next,
            position: committed.position,
        })
    }

    /// Ends another session of the same person: on a device that was lost, or lent.
    pub async fn end_own_session(
        &self,
        session: SessionId,
        by: &Authority,
        request: &RequestContext,
    ) -> Result<Committed<Session>, Failure> {
        let target = Target::new(StreamName::session(session), by.holder().organization());
        let (at, limits) = (self.now(), self.limits().sessions);
        let command = |_: &Session| Ok(EndOwnSession { at, limits });
        self.execute(&target, by, request, command).await
    }

    /// Ends a session.
    pub async fn sign_out(
        &self,
        holder: &SessionHolder,
        request: &RequestContext,
    ) -> Result<Committed<Session>, Failure> {
        let target = Target::new(StreamName::session(holder.session()), holder.organization());
        self.execute(&target, holder, request, |_: &Session| Ok(EndSession))
            .await
    }
}
