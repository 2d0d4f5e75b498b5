//! Signing in: the password, then the code.

use super::{
    answer::Answer,
    body::Command,
    extract::Holder,
    problem::{self, Problem, ProblemBody},
};
use crate::application::{Pawl, SessionGrant, ShownFactor};
use axum::extract::State;
use domain::{
    NextStep, Showing,
    otp::{OtpCode, RecoveryCode},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::{PartialSchema, ToSchema};
use zeroize::Zeroizing;

/// A text in a request that must not be seen: a password or a token.
#[derive(Deserialize)]
#[serde(transparent)]
pub struct Secret(pub SecretString);

impl PartialSchema for Secret {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        String::schema()
    }
}

impl ToSchema for Secret {}

/// The first factor.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    email: String,
    password: Secret,
}

/// The second factor: one of the two.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecondFactor {
    /// The six digits that the authenticator shows.
    #[schema(value_type = Option<String>, example = "123456")]
    code: Option<Secret>,
    /// A recovery code, where there is no authenticator at hand.
    #[schema(value_type = Option<String>, example = "7k3vq-0m9xz")]
    recovery_code: Option<Secret>,
}

impl SecondFactor {
    pub(super) fn shown(&self) -> Result<ShownFactor, Problem> {
        match (&self.code, &self.recovery_code) {
            (Some(code), None) => Ok(ShownFactor::Code(OtpCode::parse(code.0.expose_secret())?)),
            (None, Some(code)) => Ok(ShownFactor::RecoveryCode(RecoveryCode::parse(
                code.0.expose_secret(),
            )?)),
            _ => Err(Problem::new(
                problem::INVALID_BODY,
                "Send either \"code\" or \"recovery_code\".",
            )),
        }
    }
}

/// A session and what it has to do next.
#[derive(Serialize, ToSchema)]
pub struct SessionStep {
    /// For `Authorization: Bearer`. It takes the place of an earlier one.
    session_token: String,
    /// `done`, `otp` (show a code) or `otp_setup` (set up an authenticator).
    #[schema(value_type = String, example = "otp")]
    next: NextStep,
}

impl SessionStep {
    pub(super) fn of(grant: &SessionGrant) -> Self {
        Self {
            session_token: grant.session_token.expose_secret().to_owned(),
            next: grant.next,
        }
    }

    pub(super) fn answer(grant: &SessionGrant) -> Answer<Self> {
        Answer::ok(Self::of(grant)).at(grant.position)
    }
}

/// Sign in with a password
#[utoipa::path(
    post, path = "/v1/sign-in", tag = "Sign-in", request_body = SignIn,
    responses(
        (status = 200, body = SessionStep),
        (status = 401, body = ProblemBody, description = "`sign-in-rejected`"),
        (status = 429, body = ProblemBody, description = "`too-many-attempts`", headers(("Retry-After" = String, description = "When to try again"))),
        (status = 503, body = ProblemBody, description = "`busy`"),
    ),
)]
pub async fn sign_in(
    State(pawl): State<Pawl>,
    Command { body, context }: Command<SignIn>,
) -> Result<Answer<SessionStep>, Problem> {
    let password = Zeroizing::new(body.password.0.expose_secret().as_bytes().to_vec());
    let grant = pawl.sign_in(&body.email, password, &context).await?;
    Ok(SessionStep::answer(&grant))
}

/// Show a code, or a recovery code in its place
#[utoipa::path(
    post, path = "/v1/sign-in/otp", tag = "Sign-in", request_body = SecondFactor,
    security(("session" = [])),
    responses(
        (status = 200, body = SessionStep),
        (status = 401, body = ProblemBody, description = "`otp-code-wrong`, `otp-code-reused`, `otp-code-expired`, `recovery-code-wrong`, `unauthenticated`"),
        (status = 409, body = ProblemBody, description = "`otp-device-missing`, `otp-not-needed`"),
        (status = 422, body = ProblemBody, description = "`otp-code-malformed`, `recovery-code-malformed`, `invalid-body`"),
        (status = 429, body = ProblemBody, description = "`too-many-attempts`", headers(("Retry-After" = String, description = "When to try again"))),
    ),
)]
pub async fn verify_otp(
    State(pawl): State<Pawl>,
    Holder(holder): Holder,
    Command { body, context }: Command<SecondFactor>,
) -> Result<Answer<SessionStep>, Problem> {
    let shown = body.shown()?;
    let showing = Showing::to_sign_in(holder);
    let grant = pawl.show_second_factor(&showing, &shown, &context).await?;
    Ok(SessionStep::answer(&grant))
}
