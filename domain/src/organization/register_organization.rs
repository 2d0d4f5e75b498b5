//! An organization comes into being.

use super::Organization;
use crate::{
    Decide, Decision,
    decider::{emit, nothing_to_do},
    value::OrganizationName,
};
use eventstore_schema::{Actor, OrganizationEvent, OrganizationRegistered};

/// Registers an organization. Who may do so has been asked before: the holder of the first start's
/// link, or an administrator of the operating organization.
#[derive(Debug)]
pub struct RegisterOrganization {
    /// Its name.
    pub name: OrganizationName,
}

impl Decide<RegisterOrganization> for Organization {
    type By = Actor;

    fn decide(&self, command: RegisterOrganization, _by: &Actor) -> Decision<OrganizationEvent> {
        if self.id.is_some() {
            return nothing_to_do();
        }
        emit(OrganizationRegistered {
            name: command.name.as_str().to_owned(),
        })
    }
}
