//! Who may do what. This table is the only place that says so.

use eventstore_schema::Role;

/// What people can be in an organization, the widest role first.
pub const ROLES: [Role; 5] = [
    Role::Admin,
    Role::UserManager,
    Role::Auditor,
    Role::Analyst,
    Role::Member,
];

macro_rules! permissions {
    ($($name:ident = $does:literal;)+) => {
        /// Something that a role may allow.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Permission {
            $(#[doc = $does] $name,)+
        }

        impl Permission {
            /// Every permission.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// What it lets somebody do.
            #[must_use]
            pub fn does(self) -> &'static str {
                match self {
                    $(Self::$name => $does,)+
                }
            }
        }
    };
}

permissions! {
    EnforceTwoFactor = "Enforce two-factor authentication, for good";
    ReadTwoFactor = "See whether two-factor authentication is enforced";
    InviteUsers = "Invite people and manage their invitations";
    ChangeRoles = "Give people other roles";
    DisableUsers = "Keep people from signing in, and let them again";
    ReadUsers = "See the people of the organization and their invitations";
    ReadAdoption = "See how many people have a second factor, day by day, without their names";
    ReadAnalytics = "Read analytics: what was counted by day and hour, in which nobody is named";
    ResetOtpDevices = "End the second factors of somebody who has lost them";
    EraseUsers = "Erase people, for good";
    ExportUsers = "Be given everything that is stored about somebody else";
    ReadAudit = "Read the audit trail, prove what it says, and export it";
    ReadOrganization = "See what the organization is called and how it looks";
    ManageOrganization = "Change what the organization is called and how it looks";
    ManageApiCredentials = "Make, renew and revoke the credentials of machines";
    RegisterOrganizations = "Register further organizations, in the operating organization only";
}

/// What everybody may see of their own organization.
fn is_everybodys(permission: Permission) -> bool {
    use Permission as P;
    matches!(permission, P::ReadTwoFactor | P::ReadOrganization)
}

/// Whether the role allows it.
#[must_use]
pub fn allows(role: Role, permission: Permission) -> bool {
    use Permission as P;
    if is_everybodys(permission) {
        return true;
    }
    match role {
        Role::Admin => true,
        Role::UserManager => {
            matches!(
                permission,
                P::InviteUsers
                    | P::DisableUsers
                    | P::ReadUsers
                    | P::ReadAdoption
                    | P::ReadAnalytics
            )
        }
        Role::Auditor => matches!(
            permission,
            P::ReadAudit | P::ReadUsers | P::ReadAdoption | P::ReadAnalytics
        ),
        Role::Analyst => matches!(permission, P::ReadAdoption | P::ReadAnalytics),
        Role::Member => false,
    }
}

/// Whether somebody with the role `giver` may give this role to others: nobody gives what they do
/// not have, or they could invite themselves under another name. Nor does anybody manage people with
/// such a role.
#[must_use]
pub fn may_give(giver: Role, role: Role) -> bool {
    needed_to_give(role).all(|permission| allows(giver, permission))
}

/// What one has to have oneself to give somebody this role: all that it allows, save what everybody
/// has.
pub(crate) fn needed_to_give(role: Role) -> impl Iterator<Item = Permission> {
    let all = Permission::ALL.iter().copied();
    all.filter(move |permission| allows(role, *permission) && !is_everybodys(*permission))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_gives_more_than_they_have() {
        use Role as R;
        let given_by = |giver| ROLES.into_iter().filter(move |role| may_give(giver, *role));
        assert!(given_by(R::Admin).eq(ROLES));
        assert!(given_by(R::UserManager).eq([R::UserManager, R::Analyst, R::Member]));
    }
}
