//! What a machine may be let do. This table is the only place that says so; what a person may do
//! stands in [`crate::permission`].
//!
//! A permission that no scope stands for is kept to people: what asks for a second factor shown just
//! now, and what would let a machine outgrow its scopes. Exporting the audit trail asks people for one
//! and machines for no more than reading it, which gives them the same page by page.

use crate::{Permission as P, Rejection, permission::allows};
use eventstore_schema::{Role, ScopeName};

macro_rules! scopes {
    ($(#[doc = $doc:literal] $scope:ident = $name:literal, $permissions:expr;)+) => {
        /// Something that a machine may be let do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Scope {
            $(#[doc = $doc] $scope),+
        }

        impl Scope {
            /// Every scope there is.
            pub const ALL: &[Self] = &[$(Self::$scope),+];

            /// What it is called in the log, the API and the docs.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$scope => $name),+
                }
            }

            /// What it lets a machine do, as a sentence.
            #[must_use]
            pub fn sentence(self) -> &'static str {
                match self {
                    $(Self::$scope => $doc.trim_ascii()),+
                }
            }

            /// The permissions that it stands for.
            #[must_use]
            pub fn permissions(self) -> &'static [P] {
                match self {
                    $(Self::$scope => $permissions),+
                }
            }
        }
    };
}

scopes! {
    /// See what the organization is called and how it looks.
    OrganizationRead = "organization:read", &[P::ReadOrganization];
    /// Change what the organization is called and how it looks.
    OrganizationManage = "organization:manage", &[P::ManageOrganization];
    /// See whether two-factor authentication is enforced.
    TwoFactorRead = "two-factor:read", &[P::ReadTwoFactor];
    /// Enforce two-factor authentication, for good.
    TwoFactorEnforce = "two-factor:enforce", &[P::EnforceTwoFactor];
    /// See the people and their invitations.
    UsersRead = "users:read", &[P::ReadUsers];
    /// Invite people and manage their invitations.
    UsersInvite = "users:invite", &[P::InviteUsers];
    /// Give people other roles, keep them from signing in, and let them again.
    UsersManage = "users:manage", &[P::ChangeRoles, P::DisableUsers];
    /// See how many people have a second factor, day by day, without their names.
    AdoptionRead = "adoption:read", &[P::ReadAdoption];
    /// Read analytics: what was counted by day and hour, in which nobody is named.
    AnalyticsRead = "analytics:read", &[P::ReadAnalytics];
    /// Read the audit trail, prove what it says, and export it.
    AuditRead = "audit:read", &[P::ReadAudit];
}

impl Scope {
    /// The scope of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|scope| scope.name() == name)
    }

    /// The one that stands for a permission, where one does.
    pub(crate) fn for_permission(permission: P) -> Option<Self> {
        let stands = |scope: &Self| scope.permissions().contains(&permission);
        Self::ALL.iter().copied().find(stands)
    }

    /// Whether somebody with this role may give it to a machine: nobody gives what they do not have.
    #[must_use]
    pub fn may_be_given_by(self, role: Role) -> bool {
        let mut needed = self.permissions().iter();
        needed.all(|permission| allows(role, *permission))
    }
}

/// Scopes, each once and in one order. Never none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// Takes the names of scopes.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, Rejection> {
        let scopes: Option<Vec<_>> = names.into_iter().map(Scope::named).collect();
        let mut scopes = scopes.unwrap_or_default();
        scopes.sort_unstable();
        scopes.dedup();
        if scopes.is_empty() {
            return Err(Rejection::InvalidField {
                field: "scopes",
                rule: "at least one, and only scopes that there are",
            });
        }
        Ok(Self(scopes))
    }

    /// Each of them.
    #[must_use]
    pub fn as_slice(&self) -> &[Scope] {
        &self.0
    }
}

/// The names of scopes, as the log holds them.
pub(crate) fn names_of(scopes: &[Scope]) -> Vec<ScopeName> {
    let name = |scope: &Scope| ScopeName(scope.name().to_owned());
    scopes.iter().map(name).collect()
}

/// The scopes of these names. A name that another version of Pawl knew opens
/// nothing here.
pub(crate) fn known(names: &[ScopeName]) -> Vec<Scope> {
    let known = names.iter().filter_map(|name| Scope::named(&name.0));
    known.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_by_their_names_each_once() {
        for scope in Scope::ALL {
            assert_eq!(Scope::named(scope.name()), Some(*scope));
        }
        let twice = Scopes::parse(["users:read", "organization:read", "users:read"]).unwrap();
        assert_eq!(
            twice.as_slice(),
            [Scope::OrganizationRead, Scope::UsersRead]
        );
        for names in [&[][..], &["users:write"], &["users:read", ""]] {
            assert!(Scopes::parse(names.iter().copied()).is_err(), "{names:?}");
        }
    }

    /// What stands here can be done without a second factor being shown for it.
    #[test]
    fn what_asks_for_a_fresh_second_factor_has_no_scope() {
        for kept in [
            P::ResetOtpDevices,
            P::EraseUsers,
            P::ExportUsers,
            P::ManageApiCredentials,
            P::RegisterOrganizations,
        ] {
            assert_eq!(Scope::for_permission(kept), None, "{kept:?}");
        }
    }

    #[test]
    fn nobody_gives_a_machine_what_they_do_not_have() {
        let given_by = |role| -> Vec<_> {
            let given = Scope::ALL.iter();
            let given = given.filter(|scope| scope.may_be_given_by(role));
            given.map(|scope| scope.name()).collect()
        };
        assert_eq!(given_by(Role::Admin).len(), Scope::ALL.len());
        assert_eq!(
            given_by(Role::UserManager),
            [
                "organization:read",
                "two-factor:read",
                "users:read",
                "users:invite",
                "adoption:read",
                "analytics:read"
            ]
        );
        assert_eq!(
            given_by(Role::Member),
            ["organization:read", "two-factor:read"]
        );
    }
}
