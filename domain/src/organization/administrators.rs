//! The roster of administrators: the last one who can act stays (invariant I9).
//!
//! Whether somebody is an administrator, their own stream says. That one remains is a rule over many
//! such streams, so the organization keeps a roster, on whose revision two dismissals at once
//! compete. The roster holds nobody who is none: they are appointed after their own stream made
//! them one, and dismissed before it takes the role, or the use of it, from them. Whatever is cut off
//! in between, the roster has too few and never too many.

use super::Organization;
use crate::{
    Decide, Decision, Mandate, Rejection,
    decider::{emit, nothing_to_do},
    user::User,
};
use eventstore_schema::{
    Actor, AdministratorAppointed, AdministratorDismissed, OrganizationEvent, Position, Role,
    UserId,
};

impl Organization {
    /// Whether there is somebody who administers the organization and can act.
    #[must_use]
    pub fn has_administrator(&self) -> bool {
        !self.administrators.is_empty()
    }

    /// Where the person was dismissed, the last time that they were.
    #[must_use]
    pub fn dismissed_at(&self, user: UserId) -> Option<Position> {
        self.dismissed.get(&user).copied()
    }
}

/// Enters a person in the roster, if they are an administrator. That follows from their own stream, so
/// anybody may ask for it.
#[derive(Debug)]
pub struct AppointAdministrator<'a> {
    /// Who.
    pub user_id: UserId,
    /// What their stream says.
    pub user: &'a User,
}

impl Decide<AppointAdministrator<'_>> for Organization {
    type By = Actor;

    fn decide(
        &self,
        command: AppointAdministrator<'_>,
        _by: &Actor,
    ) -> Decision<OrganizationEvent> {
        let user_id = command.user_id;
        let ours = command.user.active().map(|profile| profile.organization_id) == self.id;
        // Dismissed since they became one: the role is about to be taken from them.
        let going = command.user.is_dismissed(self.dismissed_at(user_id));
        if !ours || going || self.administrators.contains(&user_id) {
            return nothing_to_do();
        }
        emit(AdministratorAppointed { user_id })
    }
}

/// Strikes a person from the roster, before the role, or the use of it, is taken from them.
#[derive(Debug)]
pub struct DismissAdministrator<'a> {
    /// Who.
    pub user_id: UserId,
    /// What their stream says.
    pub user: &'a User,
}

impl Decide<DismissAdministrator<'_>> for Organization {
    type By = Mandate;

    fn decide(
        &self,
        command: DismissAdministrator<'_>,
        by: &Mandate,
    ) -> Decision<OrganizationEvent> {
        // They may have become one since it was asked whether they can be managed.
        by.permit_giving(Role::Admin)?;
        let user_id = command.user_id;
        if command.user.is_dismissed(self.dismissed_at(user_id)) {
            return nothing_to_do();
        }
        if !self.administrators.iter().any(|other| *other != user_id) {
            return Err(Rejection::LastAdministrator);
        }
        // Also where they are not in the roster: an appointment may be on its way.
        emit(AdministratorDismissed { user_id })
    }
}

#[cfg(test)]
mod tests;
