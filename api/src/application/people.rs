//! Other people's roles, and whether they can sign in. Where an administrator is concerned, the
//! organization's roster comes first or last (see `domain::organization`).

use super::{
    Failure, Pawl, RequestContext,
    execute::{Committed, Target},
};
use domain::{
    Acting as _, Mandate, Rejection,
    organization::{AppointAdministrator, DismissAdministrator, Organization},
    user::{ChangeRole, DisableUser, EnableUser, User},
};
use eventstore_schema::{Actor, OrganizationId, Position, Role, StreamName, UserId};

/// How often an administrator is dismissed anew, because others made them one again in the meantime.
pub(super) const ATTEMPTS: usize = 10;

/// Somebody in the caller's organization, and the version of them that the caller decided on.
#[derive(Clone, Copy, Debug)]
pub struct Somebody {
    /// The organization.
    pub organization: OrganizationId,
    /// The person.
    pub user: UserId,
    /// Their version.
    pub if_match: Option<u64>,
}

impl Pawl {
    /// Gives a person another role. Their sessions are over.
    pub async fn change_role(
        &self,
        somebody: Somebody,
        role: Role,
        by: &Mandate,
        request: &RequestContext,
    ) -> Result<Committed<User>, Failure> {
        let command = |dismissed_at| ChangeRole {
            organization_id: somebody.organization,
            user_id: somebody.user,
            role,
            dismissed_at,
        };
        let permit = |user: &User| command(None).permit(user, by);
        let target = self.prepare(somebody, permit, request).await?;
        for _ in 0..ATTEMPTS {
            let dismissed_at = if role == Role::Admin {
                let stream = StreamName::organization(somebody.organization);
                let organization = self.load::<Organization>(&stream).await?;
                organization.state.dismissed_at(somebody.user)
            } else {
                self.dismiss(somebody, by, request).await?
            };
            let change = |_: &User| Ok(command(dismissed_at));
            match self.execute(&target, by, request, change).await {
                Err(Failure::Rejected(Rejection::LastAdministrator)) => {}
                changed => {
                    let changed = changed?;
                    self.appoint(somebody.organization, somebody.user, by.actor(), request)
                        .await?;
                    return Ok(changed);
                }
            }
        }
        Err(Failure::Contention)
    }

    /// Keeps a person from signing in. Their sessions are over.
    pub async fn disable_user(
        &self,
        somebody: Somebody,
        by: &Mandate,
        request: &RequestContext,
    ) -> Result<Committed<User>, Failure> {
        let command = |dismissed_at| DisableUser {
            organization_id: somebody.organization,
            user_id: somebody.user,
            dismissed_at,
        };
        let permit = |user: &User| command(None).permit(user, by);
        let target = self.prepare(somebody, permit, request).await?;
        for _ in 0..ATTEMPTS {
            let dismissed_at = self.dismiss(somebody, by, request).await?;
            let disable = |_: &User| Ok(command(dismissed_at));
            match self.execute(&target, by, request, disable).await {
                Err(Failure::Rejected(Rejection::LastAdministrator)) => {}
                disabled => return disabled,
            }
        }
        Err(Failure::Contention)
    }

    /// Lets a person sign in again.
    pub async fn enable_user(
        &self,
        somebody: Somebody,
        by: &Mandate,
        request: &RequestContext,
    ) -> Result<Committed<User>, Failure> {
        let target = Target::new(StreamName::user(somebody.user), somebody.organization)
            .if_match(somebody.if_match);
        let enable = |_: &User| {
            Ok(EnableUser {
                organization_id: somebody.organization,
                user_id: somebody.user,
            })
        };
        let enabled = self.execute(&target, by, request, enable).await?;
        self.appoint(somebody.organization, somebody.user, by.actor(), request)
            .await?;
        Ok(enabled)
    }

    /// Asks for the right, and for the version, before anybody is dismissed; the person's own stream
    /// decides about both again. A repeat is let through to its answer.
    pub(super) async fn prepare(
        &self,
        somebody: Somebody,
        permit: impl FnOnce(&User) -> Result<(), Rejection>,
        request: &RequestContext,
    ) -> Result<Target, Failure> {
        let stream = StreamName::user(somebody.user);
        let user = self.load::<User>(&stream).await?;
        if user.past_command(request.command_id).is_none() {
            permit(&user.state)?;
            if somebody.if_match.is_some() && somebody.if_match != user.revision {
                return Err(Failure::StaleVersion {
                    actual: user.revision.unwrap_or(0),
                });
            }
        }
        Ok(Target::new(stream, somebody.organization).if_match(somebody.if_match))
    }

    /// Strikes an administrator from the roster, unless they are the last; where the roster last did
    /// so. Of anybody else nothing is struck.
    pub(super) async fn dismiss(
        &self,
        somebody: Somebody,
        by: &Mandate,
        request: &RequestContext,
    ) -> Result<Option<Position>, Failure> {
        let stream = StreamName::organization(somebody.organization);
        let user = self.load::<User>(&StreamName::user(somebody.user)).await?;
        let repeat = user.past_command(request.command_id).is_some();
        if repeat || user.state.administrator_since().is_none() {
            let organization = self.load::<Organization>(&stream).await?;
            return Ok(organization.state.dismissed_at(somebody.user));
        }
        // The caller counts too, should their own appointment have been cut off.
        if let Actor::User(caller) = by.actor() {
            self.appoint(somebody.organization, caller, by.actor(), request)
                .await?;
        }
        let target = Target::new(stream, somebody.organization);
        let command = |_: &Organization| {
            Ok(DismissAdministrator {
                user_id: somebody.user,
                user: &user.state,
            })
        };
        let dismissed = self.execute(&target, by, &request.once(), command).await?;
        Ok(dismissed.state.state.dismissed_at(somebody.user))
    }

    /// Enters a person in the roster of administrators, if their stream says that they are one.
    pub(super) async fn appoint(
        &self,
        organization: OrganizationId,
        user_id: UserId,
        actor: Actor,
        request: &RequestContext,
    ) -> Result<(), Failure> {
        let user = self.load::<User>(&StreamName::user(user_id)).await?;
        let target = Target::new(StreamName::organization(organization), organization);
        let command = |_: &Organization| {
            Ok(AppointAdministrator {
                user_id,
                user: &user.state,
            })
        };
        // It follows from another command, and may stand beside that one in the same stream.
        self.execute(&target, &actor, &request.once(), command)
            .await?;
        Ok(())
    }
}
