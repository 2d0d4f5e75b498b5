//! Who may do what. This table is the only place that says so.

use eventstore_schema::Role;

/// Something that a role may allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Enforce two-factor authentication, for good.
    EnforceTwoFactor,
    /// See whether two-factor authentication is enforced.
    ReadTwoFactor,
    /// Invite people and manage their invitations.
    InviteUsers,
    /// See the people of the organization and their invitations.
    ReadUsers,
    /// End the second factors of somebody who has lost them.
    ResetOtpDevices,
    /// Read the audit trail.
    ReadAudit,
    /// Register further organizations. Holds in the operating organization only.
    RegisterOrganizations,
}

impl Permission {
    const ALL: [Self; 7] = [
        Self::EnforceTwoFactor,
        Self::ReadTwoFactor,
        Self::InviteUsers,
        Self::ReadUsers,
        Self::ResetOtpDevices,
        Self::ReadAudit,
        Self::RegisterOrganizations,
    ];
}

/// Whether the role allows it.
#[must_use]
pub fn allows(role: Role, permission: Permission) -> bool {
    use Permission as P;
    match role {
        Role::Admin => true,
        Role::UserManager => {
            matches!(permission, P::InviteUsers | P::ReadUsers | P::ReadTwoFactor)
        }
        Role::Auditor => matches!(permission, P::ReadAudit | P::ReadUsers | P::ReadTwoFactor),
        Role::Analyst | Role::Member => matches!(permission, P::ReadTwoFactor),
    }
}

/// Whether somebody with the role `giver` may give this role to others: nobody gives what they do
/// not have, or they could invite themselves under another name.
#[must_use]
pub fn may_give(giver: Role, role: Role) -> bool {
    let mut needed = Permission::ALL
        .into_iter()
        .filter(|permission| allows(role, *permission));
    needed.all(|permission| allows(giver, permission))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_gives_more_than_they_have() {
        use Role as R;
        let roles = [R::Admin, R::UserManager, R::Auditor, R::Analyst, R::Member];
        let given_by = |giver| roles.into_iter().filter(move |role| may_give(giver, *role));
        assert!(given_by(R::Admin).eq(roles));
        assert!(given_by(R::UserManager).eq([R::UserManager, R::Analyst, R::Member]));
    }
}
