//! Errors as people and programs read them (RFC 9457). Every problem type stands in one table; its
//! page is served at its own address.

use crate::application::{Failure, LineFault, RefusedLine};
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, TimeDelta, Utc};
use domain::Rejection;
use eventstore::{StoreError, keyring::KeyringError};
use serde::Serialize;
use utoipa::ToSchema;

/// A kind of problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProblemType {
    /// The last part of its address.
    pub slug: &'static str,
    /// The status of the answer.
    pub status: StatusCode,
    /// What it is called.
    pub title: &'static str,
}

macro_rules! problem_types {
    ($($name:ident = $slug:literal, $status:ident, $title:literal;)+) => {
        $(
            #[doc = $title]
            pub const $name: ProblemType =
                ProblemType { slug: $slug, status: StatusCode::$status, title: $title };
        )+

        /// Every kind of problem there is.
        pub const PROBLEM_TYPES: &[ProblemType] = &[$($name),+];
    };
}

problem_types! {
    MALFORMED_JSON = "malformed-json", BAD_REQUEST, "The body is not JSON";
    UNKNOWN_FIELD = "unknown-field", BAD_REQUEST, "The body has a field that is not known";
    INVALID_BODY = "invalid-body", UNPROCESSABLE_ENTITY, "The body does not have the right form";
    INVALID_FIELD = "invalid-field", UNPROCESSABLE_ENTITY, "A value breaks a rule";
    INVALID_LIST = "invalid-list", UNPROCESSABLE_ENTITY, "Lines of the list are wrong";
    INVALID_PARAMETER = "invalid-parameter", BAD_REQUEST, "A parameter or header cannot be read";
    BODY_TOO_LARGE = "body-too-large", PAYLOAD_TOO_LARGE, "The body is too large";
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type", UNSUPPORTED_MEDIA_TYPE, "The body is of a type that is not taken here";
    NOT_FOUND = "not-found", NOT_FOUND, "There is no such resource";
    METHOD_NOT_ALLOWED = "method-not-allowed", METHOD_NOT_ALLOWED, "The resource does not allow this method";
    UNAUTHENTICATED = "unauthenticated", UNAUTHORIZED, "Sign in first";
    CROSS_SITE = "cross-site", FORBIDDEN, "The form was not sent from one of Pawl's pages";
    FORBIDDEN = "forbidden", FORBIDDEN, "Your role does not allow this";
    SECOND_FACTOR_REQUIRED = "second-factor-required", FORBIDDEN, "A second factor is required";
    FRESH_SECOND_FACTOR_REQUIRED = "fresh-second-factor-required", FORBIDDEN, "Show your second factor again";
    PERSON_REQUIRED = "person-required", FORBIDDEN, "This is for people";
    INSUFFICIENT_SCOPE = "insufficient-scope", FORBIDDEN, "The access token lacks a scope";
    API_CREDENTIAL_OVER = "api-credential-over", CONFLICT, "The API credential is over";
    NOT_ON_YOURSELF = "not-on-yourself", CONFLICT, "This cannot be done to your own account";
    STALE_VERSION = "stale-version", PRECONDITION_FAILED, "The resource has changed";
    IDEMPOTENCY_KEY_REUSED = "idempotency-key-reused", UNPROCESSABLE_ENTITY, "The idempotency key was used with another request";
    SET_UP_TOKEN_INVALID = "set-up-token-invalid", FORBIDDEN, "The set-up token is wrong";
    ALREADY_SET_UP = "already-set-up", CONFLICT, "The installation is set up already";
    CONFIRMATION_MISSING = "confirmation-missing", UNPROCESSABLE_ENTITY, "The confirmation is missing";
    ERASURE_UNCONFIRMED = "erasure-unconfirmed", UNPROCESSABLE_ENTITY, "The address that confirms the erasure is missing";
    ADDRESS_TAKEN = "address-taken", CONFLICT, "The e-mail address is taken";
    INVITATION_INVALID = "invitation-invalid", NOT_FOUND, "The invitation link is not valid";
    INVITATION_EXPIRED = "invitation-expired", GONE, "The invitation has expired";
    INVITATION_USED = "invitation-used", CONFLICT, "The invitation has been accepted already";
    NOT_YOURSELF = "not-yourself", CONFLICT, "You cannot do this to yourself";
    LAST_ADMINISTRATOR = "last-administrator", CONFLICT, "The last active administrator stays";
    INVITATION_PENDING = "invitation-pending", CONFLICT, "The invitation has not been accepted yet";
    SIGN_IN_REJECTED = "sign-in-rejected", UNAUTHORIZED, "E-mail address or password is wrong";
    PASSWORD_WRONG = "password-wrong", UNAUTHORIZED, "The current password is wrong";
    PASSWORD_RESET_INVALID = "password-reset-invalid", NOT_FOUND, "The link to choose a new password is not valid";
    PASSWORD_RESET_EXPIRED = "password-reset-expired", GONE, "The link to choose a new password has expired";
    TOO_MANY_ATTEMPTS = "too-many-attempts", TOO_MANY_REQUESTS, "Too many wrong attempts";
    OTP_CODE_MALFORMED = "otp-code-malformed", UNPROCESSABLE_ENTITY, "A code has six digits";
    OTP_CODE_WRONG = "otp-code-wrong", UNAUTHORIZED, "The code is wrong";
    OTP_CODE_REUSED = "otp-code-reused", UNAUTHORIZED, "The code has been used";
    OTP_CODE_EXPIRED = "otp-code-expired", UNAUTHORIZED, "The code has expired";
    RECOVERY_CODE_MALFORMED = "recovery-code-malformed", UNPROCESSABLE_ENTITY, "A recovery code has ten letters and digits";
    RECOVERY_CODE_WRONG = "recovery-code-wrong", UNAUTHORIZED, "The recovery code is wrong or has been used";
    RECOVERY_CODES_REPLACED = "recovery-codes-replaced", GONE, "The recovery codes were replaced";
    OTP_DEVICE_MISSING = "otp-device-missing", CONFLICT, "No authenticator is set up";
    OTP_DEVICE_LIMIT = "otp-device-limit", CONFLICT, "There are as many authenticators as anybody may have";
    LAST_OTP_DEVICE = "last-otp-device", CONFLICT, "The only authenticator stays where a second factor is enforced";
    OTP_NOT_NEEDED = "otp-not-needed", CONFLICT, "The session has its second factor";
    OTP_SET_UP_NOT_FOUND = "otp-set-up-not-found", NOT_FOUND, "There is no such set-up";
    OTP_SET_UP_EXPIRED = "otp-set-up-expired", GONE, "The set-up has expired";
    OTP_SET_UP_LINK_REQUIRED = "otp-setup-link-required", FORBIDDEN, "The set-up needs a link that is mailed to you";
    OTP_SET_UP_LINK_NOT_NEEDED = "otp-setup-link-not-needed", CONFLICT, "The set-up needs no link";
    READ_MODEL_STOPPED = "read-model-stopped", SERVICE_UNAVAILABLE, "The read model has stopped";
    READ_MODEL_BEHIND = "read-model-behind", SERVICE_UNAVAILABLE, "The read models are behind";
    NOT_YET_SIGNED = "not-yet-signed", SERVICE_UNAVAILABLE, "The newest entries have not been signed yet";
    BUSY = "busy", SERVICE_UNAVAILABLE, "The server is busy";
    TIMED_OUT = "timed-out", SERVICE_UNAVAILABLE, "The request took too long";
    STORAGE_FULL = "storage-full", INSUFFICIENT_STORAGE, "The disk is full";
    STORAGE_UNAVAILABLE = "storage-unavailable", SERVICE_UNAVAILABLE, "The log is not available";
    INTERNAL = "internal", INTERNAL_SERVER_ERROR, "Something went wrong here";
}

/// One problem: its kind, what to do about it, and when to come back.
#[derive(Clone, Debug)]
pub struct Problem {
    kind: ProblemType,
    detail: String,
    retry_at: Option<DateTime<Utc>>,
    retry_after: Option<u64>,
    lines: Vec<LineProblem>,
}

/// The body of an error (`application/problem+json`, RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemBody {
    /// The kind of problem; the address of its page.
    #[serde(rename = "type")]
    #[schema(example = "/problems/second-factor-required")]
    pub kind: String,
    /// What the kind is called.
    pub title: &'static str,
    /// The status of the answer.
    pub status: u16,
    /// What happened here, and what to do about it.
    pub detail: String,
    /// When to try again, if that helps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<DateTime<Utc>>,
    /// What is wrong with each line of a list, where a list was sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<LineProblem>,
}

/// What is wrong with a line of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LineProblem {
    /// Its number; the first line is 1.
    pub line: u64,
    /// The kind of problem; the address of its page.
    #[serde(rename = "type")]
    #[schema(example = "/problems/address-taken")]
    pub kind: String,
    /// What is wrong with it.
    pub detail: String,
}

impl LineProblem {
    /// As the line was refused.
    #[must_use]
    pub fn of(refused: &RefusedLine) -> Self {
        let kind = match &refused.fault {
            LineFault::Rejected(rejection) => Problem::from(rejection.clone()).kind,
            LineFault::Twice { .. } | LineFault::Fields => INVALID_FIELD,
        };
        Self {
            line: refused.line,
            kind: kind.address(),
            detail: refused.fault.to_string(),
        }
    }
}

impl ProblemType {
    fn address(self) -> String {
        format!("/problems/{}", self.slug)
    }
}

impl Problem {
    /// A problem of this kind.
    #[must_use]
    pub fn new(kind: ProblemType, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            retry_at: None,
            retry_after: None,
            lines: Vec::new(),
        }
    }

    /// A list in which these lines are wrong.
    #[must_use]
    pub fn with_lines(refused: &[RefusedLine]) -> Self {
        let detail = "Nobody was invited. Mend these lines, and send the list again.";
        Self {
            lines: refused.iter().map(LineProblem::of).collect(),
            ..Self::new(INVALID_LIST, detail)
        }
    }

    /// As it is told.
    #[must_use]
    pub fn body(self) -> ProblemBody {
        ProblemBody {
            kind: self.kind.address(),
            title: self.kind.title,
            status: self.kind.status.as_u16(),
            detail: self.detail,
            retry_at: self.retry_at,
            lines: self.lines,
        }
    }

    /// What kind of problem it is.
    #[must_use]
    pub fn kind(&self) -> ProblemType {
        self.kind
    }

    /// Says when to try again.
    #[must_use]
    pub fn retry_at(mut self, at: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        self.retry_at = Some(at);
        let milliseconds = u64::try_from((at - now).num_milliseconds());
        self.retry_after(milliseconds.unwrap_or(0).div_ceil(1_000))
    }

    /// The whole minutes until then, one at least; where it is not known, one.
    #[must_use]
    pub fn minutes(&self) -> u64 {
        self.retry_after.unwrap_or(0).div_ceil(60).max(1)
    }

    /// Says in how many seconds to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let problem = self.clone();
        let mut response = (self.kind.status, Json(problem.clone().body())).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.kind.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.kind == INSUFFICIENT_SCOPE {
            // RFC 6750 section 3.1.
            let challenge = HeaderValue::from_static("Bearer error=\"insufficient_scope\"");
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        // The other form of the header (RFC 9110 section 10.2.3) needs no clock.
        // It counts whole seconds, and the next attempt is not taken before its time.
        let date = self
            .retry_at
            .map(|at| at + TimeDelta::milliseconds(999))
            .map(|at| at.format("%a, %d %b %Y %H:%M:%S GMT").to_string());
        if let Some(date) = date.and_then(|date| HeaderValue::try_from(date).ok()) {
            headers.entry(header::RETRY_AFTER).or_insert(date);
        }
        // For who shows it to people.
        response.extensions_mut().insert(problem);
        response
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        use Rejection as R;
        let kind = match &rejection {
            R::NotFound => NOT_FOUND,
            R::Forbidden => FORBIDDEN,
            R::Unauthenticated => UNAUTHENTICATED,
            R::SecondFactorRequired => SECOND_FACTOR_REQUIRED,
            R::FreshSecondFactorRequired => FRESH_SECOND_FACTOR_REQUIRED,
            R::PersonRequired => PERSON_REQUIRED,
            R::ScopeMissing { .. } => INSUFFICIENT_SCOPE,
            R::ApiCredentialOver => API_CREDENTIAL_OVER,
            R::NotOnYourself => NOT_ON_YOURSELF,
            R::InvalidField { .. } => INVALID_FIELD,
            R::SetUpTokenInvalid => SET_UP_TOKEN_INVALID,
            R::AlreadySetUp => ALREADY_SET_UP,
            R::ConfirmationMissing => CONFIRMATION_MISSING,
            R::ErasureUnconfirmed => ERASURE_UNCONFIRMED,
            R::AddressTaken => ADDRESS_TAKEN,
            R::InvitationInvalid => INVITATION_INVALID,
            R::InvitationExpired => INVITATION_EXPIRED,
            R::InvitationUsed => INVITATION_USED,
            R::NotYourself => NOT_YOURSELF,
            R::LastAdministrator => LAST_ADMINISTRATOR,
            R::InvitationPending => INVITATION_PENDING,
            R::SignInRejected => SIGN_IN_REJECTED,
            R::PasswordWrong => PASSWORD_WRONG,
            R::PasswordResetInvalid => PASSWORD_RESET_INVALID,
            R::PasswordResetExpired => PASSWORD_RESET_EXPIRED,
            R::TooManyAttempts { .. } => TOO_MANY_ATTEMPTS,
            R::OtpCodeMalformed => OTP_CODE_MALFORMED,
            R::OtpCodeWrong => OTP_CODE_WRONG,
            R::OtpCodeReused => OTP_CODE_REUSED,
            R::OtpCodeExpired => OTP_CODE_EXPIRED,
            R::RecoveryCodeMalformed => RECOVERY_CODE_MALFORMED,
            R::RecoveryCodeWrong => RECOVERY_CODE_WRONG,
            R::RecoveryCodesReplaced => RECOVERY_CODES_REPLACED,
            R::OtpDeviceMissing => OTP_DEVICE_MISSING,
            R::OtpDeviceLimit => OTP_DEVICE_LIMIT,
            R::LastOtpDevice => LAST_OTP_DEVICE,
            R::OtpNotNeeded => OTP_NOT_NEEDED,
            R::OtpSetUpNotFound => OTP_SET_UP_NOT_FOUND,
            R::OtpSetUpExpired => OTP_SET_UP_EXPIRED,
            R::OtpSetUpLinkRequired => OTP_SET_UP_LINK_REQUIRED,
            R::OtpSetUpLinkNotNeeded => OTP_SET_UP_LINK_NOT_NEEDED,
        };
        let mut problem = Self::new(kind, rejection.to_string());
        if let R::TooManyAttempts { retry_at } = rejection {
            problem.retry_at = Some(retry_at);
        }
        problem
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let kind = match &failure {
            Failure::Rejected(rejection) => return rejection.clone().into(),
            Failure::StaleVersion { .. } => STALE_VERSION,
            Failure::IdempotencyKeyReused => IDEMPOTENCY_KEY_REUSED,
            Failure::Busy | Failure::Contention => {
                return Self::new(BUSY, failure.to_string()).retry_after(1);
            }
            Failure::Behind => {
                return Self::new(READ_MODEL_BEHIND, failure.to_string()).retry_after(1);
            }
            Failure::NotYetSigned => {
                return Self::new(NOT_YET_SIGNED, failure.to_string()).retry_after(1);
            }
            Failure::ReadModelStopped(_) => {
                return Self::new(READ_MODEL_STOPPED, failure.to_string());
            }
            Failure::Store(StoreError::Full) | Failure::Keyring(KeyringError::Full) => STORAGE_FULL,
            Failure::Store(_) => STORAGE_UNAVAILABLE,
            Failure::Keyring(_)
            | Failure::Decode(_)
            | Failure::ReadModel(_)
            | Failure::Internal(_) => INTERNAL,
        };
        if kind.status.is_server_error() {
            // The operator reads why; the client only that.
            tracing::error!(error = %failure, "request failed");
            return Self::new(
                kind,
                "This is not your fault. The operator finds it in the log.",
            );
        }
        Self::new(kind, failure.to_string())
    }
}
