//! Forms: their fields, the command that they are, and what is said about a refusal.

use super::{browser_cookie, detour::Detour, session_cookie, visitor::Visitor, words::Language};
use crate::{
    application::{Failure, Pawl, RequestContext},
    http::{
        body::read,
        extract::{keyed_command, request_context},
        problem::{self, Problem},
    },
};
use axum::{
    body::Bytes,
    extract::{Form as Fields, FromRef, FromRequest, Request},
    http::{StatusCode, request::Parts},
};
use axum_extra::extract::CookieJar;
use domain::Rejection;
use serde::{Deserialize, de::DeserializeOwned};
use uuid::Uuid;

/// A form that was sent. Each form holds a key of its own, so that one that is sent twice is carried
/// out once.
pub struct Form<T> {
    /// The fields.
    pub fields: T,
    /// What identifies the command.
    pub context: RequestContext,
}

#[derive(Deserialize)]
struct Keyed {
    command: Uuid,
}

impl<S, T> FromRequest<S> for Form<T>
where
    Pawl: FromRef<S>,
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = Detour;

    async fn from_request(request: Request, state: &S) -> Result<Self, Detour> {
        let (parts, body) = request.into_parts();
        let bytes = read(body).await?;
        let key = fields::<Keyed>(&parts, &bytes).await?.command;
        let pawl = Pawl::from_ref(state);
        let command = keyed_command(&pawl, &parts, caller(&parts).as_bytes(), key.as_bytes());
        let mut context = request_context(&pawl, &parts, &bytes, Some(command));
        context.browser = browser_cookie::token(&parts.headers);
        Ok(Self {
            fields: fields(&parts, &bytes).await?,
            context,
        })
    }
}

/// Who sends a form: the session, not its token, since the first of two answers may have brought a new
/// one.
pub(super) fn caller(parts: &Parts) -> Uuid {
    let session = session_cookie::token(&CookieJar::from_headers(&parts.headers));
    session.map(|token| token.session().0).unwrap_or_default()
}

async fn fields<T: DeserializeOwned>(parts: &Parts, bytes: &Bytes) -> Result<T, Detour> {
    let mut copy = Request::new(bytes.clone().into());
    parts.method.clone_into(copy.method_mut());
    parts.headers.clone_into(copy.headers_mut());
    match Fields::from_request(copy, &()).await {
        Ok(Fields(fields)) => Ok(fields),
        Err(_) => Err(Problem::new(problem::INVALID_BODY, "A field is missing.").into()),
    }
}

/// What a form says about a refusal.
#[derive(Debug)]
pub struct Refusal {
    /// The status of the page.
    pub status: StatusCode,
    /// The sentence.
    pub text: String,
}

impl Refusal {
    /// Tells the person who filled the form in what to do about it; where they can do nothing there,
    /// the way around.
    pub fn of(failure: Failure, visitor: &Visitor) -> Result<Self, Detour> {
        let (language, now) = (visitor.language, visitor.pawl.now());
        let text = match &failure {
            Failure::Rejected(Rejection::TooManyAttempts { retry_at }) => {
                let seconds = (*retry_at - now).num_seconds().max(0);
                let minutes = u64::try_from(seconds).unwrap_or(0) / 60 + 1;
                let sentence = language.say("problem-too-many-attempts");
                Some(sentence.count("minutes", &minutes).to_string())
            }
            Failure::Rejected(rejection) => Self::rule(rejection, language),
            _ => None,
        };
        let problem = match Detour::from(failure) {
            Detour::Problem(problem) if problem.kind().status.is_client_error() => problem,
            Detour::ShowAgain(_) => return Err(Detour::ShowAgain(visitor.came_from.clone())),
            detour => return Err(detour),
        };
        let text = text.unwrap_or_else(|| {
            let name = format!("problem-{}", problem.kind().slug);
            language.say(&name).to_string()
        });
        Ok(Self {
            status: problem.kind().status,
            text,
        })
    }

    /// The rule that a value breaks, as a sentence.
    #[must_use]
    pub fn rule(rejection: &Rejection, language: Language) -> Option<String> {
        match rejection {
            Rejection::InvalidField { field, .. } => {
                Some(language.say(&format!("rule-{field}")).to_string())
            }
            _ => None,
        }
    }
}

/// The status of a page with a form that may have been refused.
#[must_use]
pub fn status_of(refusal: Option<&Refusal>) -> StatusCode {
    refusal.map_or(StatusCode::OK, |refusal| refusal.status)
}
