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
    /// Give the administrator's role to somebody.
    AppointAdmins,
    /// See the people of the organization and their invitations.
    ReadUsers,
    /// Read the audit trail.
    ReadAudit,
    /// Register further organizations. Holds in the operating organization only.
    RegisterOrganizations,
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
