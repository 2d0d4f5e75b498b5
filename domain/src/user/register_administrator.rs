//! The first person of an installation.

use super::User;
use crate::{Decide, Decision, Rejection, SetUpLink, decider::emit};
use eventstore_schema::{
    AddressId, OrganizationId, PasswordHash, Personal, Role, UserEvent, UserRegistered,
};

/// Registers the first administrator.
#[derive(Debug)]
pub struct RegisterAdministrator {
    /// The first organization.
    pub organization_id: OrganizationId,
    /// Their sealed e-mail address.
    pub email: Personal,
    /// The same as a keyed hash.
    pub address_id: AddressId,
    /// Their sealed name.
    pub name: Personal,
    /// Their password.
    pub password: PasswordHash,
}

impl Decide<RegisterAdministrator> for User {
    type By = SetUpLink;

    fn decide(&self, command: RegisterAdministrator, _by: &SetUpLink) -> Decision<UserEvent> {
        if self.person.is_some() {
            return Err(Rejection::AlreadySetUp);
        }
        emit(UserRegistered {
            organization_id: command.organization_id,
            email: command.email,
            address_id: command.address_id,
            name: command.name,
            role: Role::Admin,
            password: command.password,
        })
    }
}
