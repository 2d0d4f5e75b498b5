//! The right to act in an organization: a person's, or a machine's with an access token of an API
//! credential.

use super::{Acting, FRESHNESS, SessionHolder};
use crate::{
    Permission, Rejection,
    api_credential::ApiCredential,
    permission::{allows, needed_to_give},
    scope::Scope,
};
use chrono::{DateTime, Utc};
use eventstore_schema::{Actor, ApiCredentialId, OrganizationId, Role, TokenDigest, UserId};

/// The right to act in an organization, for whoever has it. Commands that a machine may be let give
/// take this; what is done for a person, or asks for their second factor, takes an
/// [`Authority`](super::Authority), which no machine can have.
#[derive(Clone, Debug)]
pub struct Mandate {
    actor: Actor,
    organization: OrganizationId,
    allowed: Allowed,
}

#[derive(Clone, Debug)]
enum Allowed {
    /// What the role of a person allows.
    By(Role, Shown),
    /// What the token of a machine was issued for.
    To(Vec<Scope>),
}

/// What a person has shown of their second factor.
#[derive(Clone, Copy, Debug)]
enum Shown {
    /// They have none, and need none.
    Nothing,
    /// When they showed it last, if they have.
    At(Option<DateTime<Utc>>),
}

impl Allowed {
    fn includes(&self, permission: Permission) -> bool {
        match self {
            Self::By(role, _) => allows(*role, permission),
            Self::To(scopes) => scopes
                .iter()
                .any(|scope| scope.permissions().contains(&permission)),
        }
    }
}

impl Mandate {
    pub(super) fn of_person(holder: &SessionHolder) -> Self {
        let shown = if holder.has_second_factor {
            Shown::At(holder.second_factor_at)
        } else {
            Shown::Nothing
        };
        Self {
            actor: holder.actor(),
            organization: holder.organization,
            allowed: Allowed::By(holder.role, shown),
        }
    }

    /// Checks the access token that was presented against the credential.
    pub fn of_machine(
        id: ApiCredentialId,
        credential: &ApiCredential,
        presented: &TokenDigest,
        now: DateTime<Utc>,
    ) -> Result<Self, Rejection> {
        let opened = credential.opened_by(presented, now);
        let (organization, scopes) = opened.ok_or(Rejection::Unauthenticated)?;
        Ok(Self {
            actor: Actor::ApiCredential(id),
            organization,
            allowed: Allowed::To(scopes.to_vec()),
        })
    }

    /// Where it holds.
    #[must_use]
    pub fn organization(&self) -> OrganizationId {
        self.organization
    }

    /// Refuses what the role or the scopes do not allow, and everything in another organization,
    /// whose resources do not exist for whoever asks.
    pub fn permit(
        &self,
        permission: Permission,
        organization: OrganizationId,
    ) -> Result<(), Rejection> {
        if self.organization != organization {
            return Err(Rejection::NotFound);
        }
        if self.allowed.includes(permission) {
            return Ok(());
        }
        Err(self.refusal(permission))
    }

    /// Refuses to give people this role, and to manage people who have it, unless they could do
    /// themselves what it allows: nobody gives what they do not have.
    pub fn permit_giving(&self, role: Role) -> Result<(), Rejection> {
        let missing = needed_to_give(role).filter(|needed| !self.allowed.includes(*needed));
        // What no scope could help with is said first.
        match missing.max_by_key(|permission| Scope::for_permission(*permission).is_none()) {
            Some(permission) => Err(self.refusal(permission)),
            None => Ok(()),
        }
    }

    /// Refuses a person who has not shown their second factor in the last five minutes: what a
    /// stolen session must not do. Who has none, and needs none, has nothing to show; nor has a
    /// machine, which has its scopes instead.
    pub(crate) fn require_fresh_second_factor_of_people(
        &self,
        now: DateTime<Utc>,
    ) -> Result<(), Rejection> {
        match self.allowed {
            Allowed::By(_, Shown::At(at)) if at.is_none_or(|at| now > at + FRESHNESS) => {
                Err(Rejection::FreshSecondFactorRequired)
            }
            Allowed::By(..) | Allowed::To(_) => Ok(()),
        }
    }

    fn refusal(&self, lacking: Permission) -> Rejection {
        match (&self.allowed, Scope::for_permission(lacking)) {
            (Allowed::By(..), _) => Rejection::Forbidden,
            (Allowed::To(_), None) => Rejection::PersonRequired,
            (Allowed::To(_), Some(scope)) => Rejection::ScopeMissing {
                scope: scope.name(),
            },
        }
    }

    /// Whether it is this person's.
    #[must_use]
    pub fn is_of(&self, user: UserId) -> bool {
        self.actor == Actor::User(user)
    }
}

impl Acting for Mandate {
    fn actor(&self) -> Actor {
        self.actor
    }
}
