//! Every reason why a command is refused, in the words that the caller reads.

use chrono::{DateTime, Utc};

/// A refusal. Each variant is one problem type of the HTTP API.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// There is no such thing, or it belongs to another organization.
    #[error("There is no such resource.")]
    NotFound,
    /// The role does not allow it.
    #[error("Your role does not allow this.")]
    Forbidden,
    /// The token is missing, unknown or over, or was exchanged for another.
    #[error(
        "Sign in first, or get another access token: the token is missing, unknown, replaced or expired."
    )]
    Unauthenticated,
    /// The session lacks a factor that the policy asks for.
    #[error(
        "This session lacks the second factor. Enter a code, or set up an authenticator if you have none."
    )]
    SecondFactorRequired,
    /// The second factor was shown too long ago for what is asked.
    #[error("This needs your second factor, shown in the last five minutes. Show it again.")]
    FreshSecondFactorRequired,
    /// A machine asks for what is kept to people.
    #[error(
        "This is for people who are signed in. An access token of an API credential does not open it."
    )]
    PersonRequired,
    /// The access token was issued without the scope that this needs.
    #[error("This needs an access token with the scope {scope}.")]
    ScopeMissing {
        /// The name of the scope.
        scope: &'static str,
    },
    /// The credential was revoked or has expired.
    #[error("This API credential has been revoked or has expired. Create another one.")]
    ApiCredentialOver,
    /// What is done to somebody else's account only.
    #[error("This cannot be done to your own account. Ask another administrator.")]
    NotOnYourself,
    /// A value breaks a rule; the sentence says which.
    #[error("{field}: {rule}")]
    InvalidField {
        /// The name of the field.
        field: &'static str,
        /// The rule, as a sentence.
        rule: &'static str,
    },

    /// The link of the first start is wrong.
    #[error("The set-up token is wrong.")]
    SetUpTokenInvalid,
    /// The first organization exists already.
    #[error("This installation is set up already.")]
    AlreadySetUp,

    /// The confirmation text of the enforcement is missing or different.
    #[error("To enforce two-factor authentication for good, send \"confirm\": \"Enforce 2FA\".")]
    ConfirmationMissing,

    /// The address that confirms an erasure is missing or not that of the person.
    #[error("To erase this person for good, send \"confirm\" with their e-mail address.")]
    ErasureUnconfirmed,

    /// The e-mail address belongs to somebody already.
    #[error("This e-mail address is taken: somebody was invited or registered with it.")]
    AddressTaken,
    /// The link was never valid, was replaced by a newer one, or was taken back.
    #[error("This invitation link is not valid. Ask for a new one.")]
    InvitationInvalid,
    /// The link was not used in time.
    #[error("This invitation has expired. Ask for a new one.")]
    InvitationExpired,
    /// The invitation was accepted before.
    #[error("This invitation has been accepted already. Sign in instead.")]
    InvitationUsed,

    /// The person would take from themselves what somebody else has to take from them.
    #[error("You cannot do this to yourself. Ask another administrator.")]
    NotYourself,
    /// Nobody would be left to administer the organization (invariant I9).
    #[error("The last active administrator stays. Make somebody else an administrator first.")]
    LastAdministrator,
    /// The person has not accepted their invitation.
    #[error("This person has not accepted the invitation yet. Take it back, or wait.")]
    InvitationPending,

    /// E-mail address or password is wrong. Which of them, nobody is told.
    #[error("The e-mail address or the password is wrong.")]
    SignInRejected,
    /// The present password, which a change of it asks for, is wrong.
    #[error("The current password is wrong.")]
    PasswordWrong,
    /// The link was never valid, was used, or was replaced by a newer one.
    #[error("This link to choose a new password is not valid. Ask for a new one.")]
    PasswordResetInvalid,
    /// The link was not used in time.
    #[error("This link to choose a new password has expired. Ask for a new one.")]
    PasswordResetExpired,
    /// Too many wrong passwords or codes.
    #[error("Too many wrong attempts. Try again after {retry_at}.")]
    TooManyAttempts {
        /// The next attempt is taken from then on.
        retry_at: DateTime<Utc>,
    },

    /// Not six digits.
    #[error("A code has six digits.")]
    OtpCodeMalformed,
    /// No device shows, or recently showed, this code.
    #[error("The code is wrong.")]
    OtpCodeWrong,
    /// The code, or a later one, was used before.
    #[error("This code has been used. Wait for the next one.")]
    OtpCodeReused,
    /// The code was shown some minutes ago.
    #[error("This code has expired. If this keeps happening, set the clock of your phone.")]
    OtpCodeExpired,
    /// Not ten characters of the alphabet.
    #[error("A recovery code has ten letters and digits, such as 01abc-23def.")]
    RecoveryCodeMalformed,
    /// It was never theirs, was replaced, or was used before. Which of them, nobody is told.
    #[error("The recovery code is wrong or has been used.")]
    RecoveryCodeWrong,
    /// Others were issued since, so these cannot be shown again.
    #[error("Newer recovery codes have taken the place of these.")]
    RecoveryCodesReplaced,
    /// No device to verify a code with.
    #[error("No authenticator is set up yet.")]
    OtpDeviceMissing,
    /// The second factor was shown in this session before.
    #[error("This session has its second factor already.")]
    OtpNotNeeded,
    /// The person has as many devices as anybody may have.
    #[error("You have as many authenticators as anybody may have.")]
    OtpDeviceLimit,
    /// Somebody who needs a second factor would have none.
    #[error(
        "Two-factor authentication is enforced and this is your only authenticator. Set up another first."
    )]
    LastOtpDevice,
    /// There is no such set-up; another may have taken its place.
    #[error("There is no such set-up of an authenticator. Begin again.")]
    OtpSetUpNotFound,
    /// The set-up was not confirmed in time.
    #[error("This set-up has expired. Begin again.")]
    OtpSetUpExpired,
    /// The session has not followed the link that was mailed, or what it showed is none that works.
    #[error(
        "Setting up an authenticator needs the newest link that was mailed to you, which works once, for an hour. Ask for one."
    )]
    OtpSetUpLinkRequired,
    /// The session may set up an authenticator without a link, or has one already.
    #[error("This session needs no link to set up an authenticator.")]
    OtpSetUpLinkNotNeeded,
}
