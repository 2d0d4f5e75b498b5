//! Recovery codes: how many are left, and new ones.

use super::{
    answer::Answer,
    body::Bare,
    extract::Authorized,
    problem::{Problem, ProblemBody},
};
use crate::application::Pawl;
use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::{otp::RecoveryCode, user::RecoveryCodes};
use serde::Serialize;
use utoipa::ToSchema;

/// What is left of the recovery codes.
#[derive(Serialize, ToSchema)]
pub struct RecoveryCodesLeft {
    /// How many still work.
    #[schema(example = 10)]
    left: usize,
    /// When they were shown; null where there are none.
    issued_at: Option<DateTime<Utc>>,
}

/// New recovery codes, shown this once. Each takes the place of a code of the authenticator, once.
#[derive(Serialize, ToSchema)]
pub struct NewRecoveryCodes {
    #[schema(example = json!(["7k3vq-0m9xz", "c2h8t-61wne"]))]
    recovery_codes: Vec<String>,
}

pub(super) fn shown(codes: &[RecoveryCode]) -> Vec<String> {
    codes.iter().map(|code| code.shown().to_string()).collect()
}

/// How many recovery codes are left?
#[utoipa::path(
    get, path = "/v1/me/recovery-codes", tag = "Authenticators", security(("session" = [])),
    responses(
        (status = 200, body = RecoveryCodesLeft),
        (status = 401, body = ProblemBody, description = "`unauthenticated`"),
        (status = 403, body = ProblemBody, description = "`second-factor-required`"),
    ),
)]
pub async fn left(
    State(pawl): State<Pawl>,
    Authorized(authority): Authorized,
) -> Result<Answer<RecoveryCodesLeft>, Problem> {
    let me = pawl.myself(&authority).await?;
    let codes = me.recovery_codes();
    Ok(Answer::ok(RecoveryCodesLeft {
        left: codes.map_or(0, RecoveryCodes::left),
        issued_at: codes.map(RecoveryCodes::issued_at),
    }))
}

/// Replace the recovery codes
///
/// All of those of before are dead, used or not. It needs your second factor, shown in the last five
/// minutes (`POST /v1/session/otp`).
#[utoipa::path(
    post, path = "/v1/me/recovery-codes", tag = "Authenticators", security(("session" = [])),
    responses(
        (status = 201, body = NewRecoveryCodes),
        (status = 401, body = ProblemBody, description = "`unauthenticated`"),
        (status = 403, body = ProblemBody, description = "`second-factor-required`, `fresh-second-factor-required`"),
        (status = 409, body = ProblemBody, description = "`otp-device-missing`"),
        (status = 410, body = ProblemBody, description = "`recovery-codes-replaced`: a retry that came after newer ones"),
    ),
)]
pub async fn replace(
    State(pawl): State<Pawl>,
    Authorized(authority): Authorized,
    Bare(context): Bare,
) -> Result<Answer<NewRecoveryCodes>, Problem> {
    let issued = pawl.replace_recovery_codes(&authority, &context).await?;
    Ok(Answer::created(NewRecoveryCodes {
        recovery_codes: shown(&issued.codes),
    })
    .at(issued.position))
}
