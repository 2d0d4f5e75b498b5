//! For the tests of credentials: histories and commands.

use super::*;
use crate::{Authority, Scopes, testing::*, value::CredentialName};
use chrono::TimeDelta;
use eventstore_schema::{ApiCredentialSecretRotated, Role, ScopeName};

pub(super) fn scopes(names: &[&str]) -> Scopes {
    Scopes::parse(names.iter().copied()).unwrap()
}

fn names(names: &[&str]) -> Vec<ScopeName> {
    let name = |name: &&str| ScopeName((*name).to_owned());
    names.iter().map(name).collect()
}

pub(super) fn created() -> ApiCredentialEvent {
    ApiCredentialCreated {
        organization_id: acme(),
        name: "Backup".into(),
        scopes: names(&["users:read", "audit:read"]),
        secret_digest: digest("secret"),
        expires_at: now() + TimeDelta::days(90),
    }
    .into()
}

/// The secret of this name takes the place of the one of before, which ends now or later.
pub(super) fn rotated(secret: &str, overlap: TimeDelta) -> ApiCredentialEvent {
    ApiCredentialSecretRotated {
        secret_digest: digest(secret),
        old_secret_until: now() + overlap,
    }
    .into()
}

pub(super) fn issued(token: &str, scopes: &[&str], lifetime: TimeDelta) -> ApiCredentialEvent {
    AccessTokenIssued {
        token_digest: digest(token),
        scopes: names(scopes),
        expires_at: now() + lifetime,
    }
    .into()
}

pub(super) fn create() -> CreateApiCredential {
    CreateApiCredential {
        organization_id: acme(),
        name: CredentialName::parse("Backup").unwrap(),
        scopes: scopes(&["users:read", "audit:read"]),
        lifetime: Lifetime::default(),
        secret_digest: digest("secret"),
        at: now(),
    }
}

pub(super) fn rotate(secret: &str, hours: u32) -> RotateApiCredentialSecret {
    RotateApiCredentialSecret {
        organization_id: acme(),
        secret_digest: digest(secret),
        overlap: Overlap::of_hours(hours).unwrap(),
        at: now(),
    }
}

pub(super) fn ask(secret: &str) -> IssueAccessToken {
    IssueAccessToken {
        presented: digest(secret),
        scopes: None,
        token_digest: digest("token"),
        at: now(),
    }
}

/// Somebody with this role who has just shown a second factor.
pub(super) fn shown(role: Role) -> Authority {
    Authority::of(holder(role, acme(), device_set_up(1), false, true)).unwrap()
}
