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
    /// Give people other roles.
    ChangeRoles,
    /// Keep people from signing in, and let them again.
    DisableUsers,
    /// See the people of the organization and their invitations.
    ReadUsers,
    /// See how many people have a second factor, day by day, without their names.
    ReadAdoption,
    /// End the second factors of somebody who has lost them.
    ResetOtpDevices,
    /// Erase people, for good.
    EraseUsers,
    /// Be given everything that is stored about somebody else.
    ExportUsers,
    /// Read the audit trail.
    ReadAudit,
    /// See what the organization is called and how it looks.
    ReadOrganization,
    /// Change what the organization is called and how it looks.
    ManageOrganization,
    /// Register further organizations. Holds in the operating organization only.
    RegisterOrganizations,
}

impl Permission {
    const ALL: [Self; 14] = [
        Self::EnforceTwoFactor,
        Self::ReadTwoFactor,
        Self::InviteUsers,
        Self::ChangeRoles,
        Self::DisableUsers,
        Self::ReadUsers,
        Self::ReadAdoption,
        Self::ResetOtpDevices,
        Self::EraseUsers,
        Self::ExportUsers,
        Self::ReadAudit,
        Self::ReadOrganization,
        Self::ManageOrganization,
        Self::RegisterOrganizations,
    ];
}

/// Whether the role allows it.
#[must_use]
pub fn allows(role: Role, permission: Permission) -> bool {
    use Permission as P;
    // What everybody may see of their own organization.
    if matches!(permission, P::ReadTwoFactor | P::ReadOrganization) {
        return true;
    }
    match role {
        Role::Admin => true,
        Role::UserManager => {
            matches!(
                permission,
                P::InviteUsers | P::DisableUsers | P::ReadUsers | P::ReadAdoption
            )
        }
        Role::Auditor => matches!(permission, P::ReadAudit | P::ReadUsers | P::ReadAdoption),
        Role::Analyst => matches!(permission, P::ReadAdoption),
        Role::Member => false,
    }
}

/// Whether somebody with the role `giver` may give this role to others: nobody gives what they do
/// not have, or they could invite themselves under another name. Nor does anybody manage people with
/// such a role.
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
