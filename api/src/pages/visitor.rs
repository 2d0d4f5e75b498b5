//! Who looks at a page: a browser with a language, and perhaps with a session. The session is asked
//! of the policy like the API's, and by the same code.

use super::{detour::Detour, frame::Frame, session_cookie, words::Language};
use crate::application::{Failure, Pawl};
use axum::{
    extract::{FromRef, FromRequestParts},
    http::{HeaderMap, header, request::Parts},
};
use axum_extra::extract::CookieJar;
use domain::{Authority, Enrolment, NextStep, SessionHolder};
use eventstore_schema::{Actor, CommandId, OrganizationId, Position};
use std::convert::Infallible;
use url::Url;

/// A browser.
pub struct Visitor {
    /// The application.
    pub pawl: Pawl,
    /// What it wants to read.
    pub language: Language,
    /// Its cookies.
    pub jar: CookieJar,
    /// The page of ours that it comes from: where a form was filled in.
    pub came_from: String,
}

impl<S> FromRequestParts<S> for Visitor
where
    Pawl: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        Ok(Self {
            pawl: Pawl::from_ref(state),
            language: Language::of(&parts.headers),
            jar: CookieJar::from_headers(&parts.headers),
            came_from: came_from(&parts.headers).unwrap_or_else(|| "/".to_owned()),
        })
    }
}

/// Forms are taken from our own pages only, so only the path counts.
fn came_from(headers: &HeaderMap) -> Option<String> {
    let referrer = headers.get(header::REFERER)?.to_str().ok()?;
    Some(Url::parse(referrer).ok()?.path().to_owned())
}

impl Visitor {
    /// The holder of the session in the cookie. `command` is what a form asks for, where it may be
    /// sent twice.
    pub async fn holder(&self, command: Option<CommandId>) -> Result<SessionHolder, Detour> {
        let token = session_cookie::token(&self.jar).ok_or(Detour::SignIn)?;
        Ok(self.pawl.authenticate(&token, command).await?)
    }

    /// The same for somebody who watches a page: that uses no session.
    pub async fn watcher(&self) -> Result<Authority, Detour> {
        let token = session_cookie::token(&self.jar).ok_or(Detour::SignIn)?;
        let holder = self.pawl.look_at(&token, None).await?;
        let next = holder.next();
        Authority::of(holder).map_err(|_| Detour::Step(next))
    }

    /// The right to act, or the page that comes before it.
    pub async fn authority(&self) -> Result<Authority, Detour> {
        let holder = self.holder(None).await?;
        let next = holder.next();
        Authority::of(holder).map_err(|_| Detour::Step(next))
    }

    /// The right to set up an authenticator, or the page that comes before it.
    pub async fn enrolment(&self, command: Option<CommandId>) -> Result<Enrolment, Detour> {
        let holder = self.holder(command).await?;
        Enrolment::of(holder).map_err(|_| Detour::Step(NextStep::Otp))
    }

    /// What whoever caused an event is called, where they have a name. A machine has its name from
    /// people, and must not pass for one of them.
    pub async fn name_of(
        &self,
        actor: Actor,
        organization: OrganizationId,
    ) -> Result<Option<String>, Failure> {
        Ok(match actor {
            Actor::User(id) => Some(self.pawl.name_of(id, organization).await?),
            Actor::ApiCredential(id) => {
                let name = self.pawl.credential_name(id, organization).await?;
                let sentence = self.language.say("actor-api-credential");
                Some(sentence.with("name", name).to_string())
            }
            Actor::Operator | Actor::Anonymous => None,
        })
    }

    /// What stands around a page for somebody who is not signed in.
    #[must_use]
    pub fn frame(&self) -> Frame {
        Frame::new(self.language)
    }

    /// What stands around a page for this person.
    pub async fn frame_for(&self, holder: &SessionHolder) -> Result<Frame, Failure> {
        Frame::of(&self.pawl, self.language, holder).await
    }
}

/// Somebody whose session meets the policy.
pub struct SignedIn {
    /// Their browser.
    pub visitor: Visitor,
    /// Their right to act.
    pub authority: Authority,
}

impl<S> FromRequestParts<S> for SignedIn
where
    Pawl: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Detour;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Detour> {
        let Ok(visitor) = Visitor::from_request_parts(parts, state).await;
        let authority = visitor.authority().await?;
        Ok(Self { visitor, authority })
    }
}

impl SignedIn {
    /// What stands around their page.
    pub async fn frame(&self) -> Result<Frame, Failure> {
        self.visitor.frame_for(self.authority.holder()).await
    }
}

/// The same, of whoever watches a page that follows what happens. A browser begins to by itself, so it
/// does not keep the session awake.
pub struct Watching(pub SignedIn);

impl<S> FromRequestParts<S> for Watching
where
    Pawl: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Detour;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Detour> {
        let Ok(visitor) = Visitor::from_request_parts(parts, state).await;
        let authority = visitor.watcher().await?;
        Ok(Self(SignedIn { visitor, authority }))
    }
}

/// The same, on a page made of read models: they hold everything that the log held when the request
/// came, which is up to this position, so that people see what they have just done. The right is asked
/// for after the wait.
pub struct Reader(pub SignedIn, pub Position);

impl<S> FromRequestParts<S> for Reader
where
    Pawl: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Detour;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Detour> {
        let Ok(visitor) = Visitor::from_request_parts(parts, state).await;
        visitor.holder(None).await?;
        let head = visitor.pawl.catch_up().await?;
        let signed_in = SignedIn::from_request_parts(parts, state).await?;
        Ok(Self(signed_in, head))
    }
}
