//! One-time passwords (RFC 6238): SHA-1, 6 digits, 30 seconds, which is what Microsoft
//! Authenticator, FreeOTP and Google Authenticator all honour.

mod recovery_code;
mod throttle;

pub use recovery_code::RecoveryCode;
pub use throttle::Throttle;

use crate::Rejection;
use chrono::{DateTime, Utc};
use std::fmt;
use totp_rs::{Builder, Totp, TotpError};
use zeroize::Zeroizing;

/// Seconds of a time step.
pub const STEP_SECONDS: u64 = 30;
/// Steps on either side of the current one that are accepted (RFC 6238 section 5.2).
pub const SKEW_STEPS: u64 = 1;
/// Bytes of an issuer or account in the QR code at most.
const LABEL_BYTES: usize = 64;
/// Steps back in which a code is told apart as expired, to help people whose clock is off.
const EXPIRED_STEPS: u64 = 20;

/// A point in time as one-time passwords count it: Unix time divided by 30 seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeStep(pub u64);

impl TimeStep {
    /// The step that holds this time.
    #[must_use]
    pub fn at(time: DateTime<Utc>) -> Self {
        Self(u64::try_from(time.timestamp()).unwrap_or(0) / STEP_SECONDS)
    }
}

/// The code as typed.
#[derive(Clone)]
pub struct OtpCode(Zeroizing<String>);

impl OtpCode {
    /// Takes six digits, with or without the space that apps show in the middle.
    pub fn parse(text: &str) -> Result<Self, Rejection> {
        let digits: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        if digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(Zeroizing::new(digits)))
        } else {
            Err(Rejection::OtpCodeMalformed)
        }
    }
}

impl fmt::Debug for OtpCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OtpCode(..)")
    }
}

/// What a code turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeMatch {
    /// The code of this step, which is near enough to now.
    Current(TimeStep),
    /// The code of a step some minutes ago.
    Expired,
    /// Neither.
    None,
}

/// The secret that an authenticator shares with Pawl: 160 bits (RFC 4226 section 4).
pub struct OtpSecret(Zeroizing<[u8; 20]>);

impl OtpSecret {
    /// Takes random bytes.
    #[must_use]
    pub fn new(bytes: [u8; 20]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, to be sealed.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// For typing into an app: base32 without padding.
    #[must_use]
    pub fn to_base32(&self) -> String {
        totp_rs::Secret::from(*self.0).to_base32()
    }

    /// What the QR code says. A colon separates issuer and account, so neither can have one; and
    /// both are cut where the code would get too dense for a phone to read.
    pub fn otpauth_uri(&self, issuer: &str, account: &str) -> Result<String, TotpError> {
        let label = |text: &str| {
            let end = text.floor_char_boundary(LABEL_BYTES);
            text[..end].trim_end().replace(':', " ")
        };
        Builder::new()
            .with_secret(*self.0)
            .with_issuer(Some(label(issuer)))
            .with_account_name(label(account))
            .build()?
            .to_url()
    }

    /// Finds the step that the code belongs to. Each comparison takes constant time, and every
    /// step is compared whatever the outcome.
    #[must_use]
    pub fn find(&self, code: &OtpCode, now: DateTime<Utc>) -> CodeMatch {
        let totp = self.totp();
        let current = TimeStep::at(now).0;
        let oldest = current.saturating_sub(EXPIRED_STEPS);
        let mut found = CodeMatch::None;
        for step in oldest..=current + SKEW_STEPS {
            // `check` compares as `Token` does: in constant time.
            if totp.check(&code.0, step * STEP_SECONDS).is_some() {
                found = if step + SKEW_STEPS >= current {
                    CodeMatch::Current(TimeStep(step))
                } else {
                    CodeMatch::Expired
                };
            }
        }
        found
    }

    fn totp(&self) -> Totp {
        // Skew 0: which steps count is decided here, not in the library.
        Builder::new()
            .with_secret(*self.0)
            .with_skew(0)
            .build_noncompliant()
    }
}

impl fmt::Debug for OtpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OtpSecret(..)")
    }
}

#[cfg(test)]
pub(crate) fn code_at(secret: &OtpSecret, time: DateTime<Utc>) -> OtpCode {
    let time = u64::try_from(time.timestamp()).unwrap();
    OtpCode::parse(&secret.totp().generate(time).to_string()).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::now;
    use chrono::TimeDelta;

    fn rfc_secret() -> OtpSecret {
        OtpSecret::new(*b"12345678901234567890")
    }

    /// RFC 6238 appendix B, the SHA-1 rows, cut to six digits.
    #[test]
    fn the_codes_are_those_of_the_rfc() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let time = DateTime::from_timestamp(seconds, 0).unwrap();
            let code = OtpCode::parse(code).unwrap();
            assert_eq!(
                rfc_secret().find(&code, time),
                CodeMatch::Current(TimeStep::at(time))
            );
        }
    }

    #[test]
    fn one_step_on_either_side_is_current_and_older_ones_have_expired() {
        let code = code_at(&rfc_secret(), now());
        let found = |steps: i64| rfc_secret().find(&code, now() + TimeDelta::seconds(30 * steps));
        let step = TimeStep::at(now());
        for near in [-1, 0, 1] {
            assert_eq!(found(near), CodeMatch::Current(step), "{near}");
        }
        assert_eq!(found(-2), CodeMatch::None);
        assert_eq!(found(2), CodeMatch::Expired);
        assert_eq!(found(20), CodeMatch::Expired);
        assert_eq!(found(21), CodeMatch::None);
    }

    #[test]
    fn only_six_digits_are_a_code() {
        for good in ["123456", "123 456", " 000000\n"] {
            assert!(OtpCode::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "12345", "1234567", "12345a", "+12345", "１２３４５６"] {
            assert_eq!(
                OtpCode::parse(bad).unwrap_err(),
                Rejection::OtpCodeMalformed,
                "{bad}"
            );
        }
    }

    #[test]
    fn the_uri_names_issuer_and_account() {
        let uri = rfc_secret()
            .otpauth_uri("Acme: R&D", "ada@example.org")
            .unwrap();
        assert_eq!(
            uri,
            "otpauth://totp/Acme%20%20R%26D:ada%40example.org\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Acme%20%20R%26D"
        );
    }

    #[test]
    fn the_uri_stays_short_enough_for_a_qr_code() {
        let uri = rfc_secret()
            .otpauth_uri(&"統".repeat(200), &"ü".repeat(254))
            .unwrap();
        assert!(uri.len() < 700, "{}", uri.len());
    }
}
