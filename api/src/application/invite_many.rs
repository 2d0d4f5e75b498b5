//! Inviting everybody on a list: first the whole list is checked, then each person on it is invited,
//! as if one by one. What breaks off is gone on with by sending the list again: who is invited already
//! is passed over.

use super::{
    Bearer, Failure, NewInvitation, Pawl, RequestContext,
    invitation_list::{Entry, LineFault, List, RefusedLine},
};
use domain::{
    Mandate, Permission, Rejection,
    address::Address,
    user::{InviteUser, User},
    value::EmailAddress,
};
use eventstore_schema::{CommandId, KeyName, OrganizationId, Position, StreamName, UserId};
use futures::future::{join_all, try_join_all};
use tokio::sync::mpsc;
use uuid::Uuid;

/// Lines that are carried out at once: they share the fsync of the log.
const TOGETHER: usize = 64;

/// A list of which every line can be carried out.
#[derive(Debug)]
pub struct CheckedList {
    entries: Vec<Entry>,
    already_there: usize,
}

/// How far a list has come.
#[derive(Debug)]
pub enum ListProgress {
    /// It goes on.
    Running {
        /// Lines that are done.
        done: usize,
        /// Lines that there are.
        total: usize,
    },
    /// That was all.
    Finished(ListReport),
}

/// What came of a list.
#[derive(Debug, Default)]
pub struct ListReport {
    /// How many people were invited.
    pub invited: usize,
    /// How many had been before, or belonged to the organization.
    pub already_there: usize,
    /// Who could not be invited: their address is taken elsewhere, or somebody else was faster.
    pub refused: Vec<RefusedLine>,
    /// Why it broke off, if it did.
    pub stopped: Option<Failure>,
    /// The position of the last event.
    pub position: Option<Position>,
}

/// What is to be done about a line.
enum Outlook {
    Invite,
    AlreadyThere,
    Refused(Rejection),
}

impl Pawl {
    /// Checks each line, also against who is there already. Where one is wrong, nothing is done.
    pub async fn check_list(
        &self,
        organization: OrganizationId,
        list: List,
        by: &Mandate,
        request: &RequestContext,
    ) -> Result<Result<CheckedList, Vec<RefusedLine>>, Failure> {
        by.permit(Permission::InviteUsers, organization)?;
        let mut refused = list.refused;
        let (mut entries, mut already_there) = (Vec::new(), 0);
        let mut left = list.entries.into_iter();
        loop {
            let some: Vec<_> = left.by_ref().take(TOGETHER).collect();
            if some.is_empty() {
                break;
            }
            let outlooks = some
                .iter()
                .map(|entry| self.outlook(organization, &entry.new, by, request));
            let outlooks = try_join_all(outlooks).await?;
            for (entry, outlook) in some.into_iter().zip(outlooks) {
                match outlook {
                    Outlook::Invite => entries.push(entry),
                    Outlook::AlreadyThere => already_there += 1,
                    Outlook::Refused(rejection) => refused.push(RefusedLine {
                        line: entry.line,
                        fault: LineFault::Rejected(rejection),
                    }),
                }
            }
        }
        if refused.is_empty() {
            return Ok(Ok(CheckedList {
                entries,
                already_there,
            }));
        }
        refused.sort_by_key(|line| line.line);
        Ok(Err(refused))
    }

    async fn outlook(
        &self,
        organization: OrganizationId,
        new: &NewInvitation,
        by: &Mandate,
        request: &RequestContext,
    ) -> Result<Outlook, Failure> {
        if let Err(rejection) = InviteUser::permit(by, new.role, organization) {
            return Ok(Outlook::Refused(rejection));
        }
        let address_id = self.address_id(&new.email);
        let address = StreamName::address(&address_id);
        let Some(holder) = self.load::<Address>(&address).await?.state.holder() else {
            return Ok(Outlook::Invite);
        };
        let user = self.load::<User>(&StreamName::user(holder)).await?;
        let profile = user.state.profile();
        let ours = profile.is_some_and(|profile| profile.organization_id == organization);
        let gone = user.state.has_given_up(&address_id);
        // Whoever belongs elsewhere is found out with the invitation only, as with a single one: or a
        // list that is wrong on purpose would ask about thousands and leave no trace.
        Ok(
            if ours && !gone && holder != self.candidate(&new.email, request) {
                Outlook::AlreadyThere
            } else {
                Outlook::Invite
            },
        )
    }

    /// The id that this list gives to whom it invites, each time that it is sent under one key.
    fn candidate(&self, email: &EmailAddress, request: &RequestContext) -> UserId {
        UserId(self.line_of(email, request).derived_id("user"))
    }

    /// The command of one line. A list that is sent again has the same ones, in whatever order.
    fn line_of(&self, email: &EmailAddress, request: &RequestContext) -> RequestContext {
        let address = self.address_id(email);
        RequestContext {
            command_id: CommandId(Uuid::new_v5(&request.command_id.0, address.0.as_bytes())),
            ..request.clone()
        }
    }

    /// Invites everybody on the list, also if nobody waits for the end of it. The right to do so is
    /// asked for again every few lines.
    #[must_use]
    pub fn invite_many(
        &self,
        organization: OrganizationId,
        list: CheckedList,
        token: Bearer,
        request: RequestContext,
    ) -> mpsc::Receiver<ListProgress> {
        // Whoever listens slowly misses some of the steps, and never the end.
        let (progress, listener) = mpsc::channel(1);
        let pawl = self.clone();
        tokio::spawn(async move {
            let total = list.entries.len();
            let mut report = ListReport {
                already_there: list.already_there,
                ..ListReport::default()
            };
            for (index, lines) in list.entries.chunks(TOGETHER).enumerate() {
                let done = index * TOGETHER;
                let _ = progress.try_send(ListProgress::Running { done, total });
                let outcome = pawl
                    .invite_some(organization, lines, &token, &request)
                    .await;
                if let Err(failure) = outcome.and_then(|outcomes| report.take_in(lines, outcomes)) {
                    report.stopped = Some(failure);
                    break;
                }
            }
            let _ = progress.send(ListProgress::Finished(report)).await;
        });
        listener
    }

    async fn invite_some(
        &self,
        organization: OrganizationId,
        lines: &[Entry],
        token: &Bearer,
        request: &RequestContext,
    ) -> Result<Vec<Result<Position, Failure>>, Failure> {
        let by = self.mandate(token, None).await?;
        let people = lines
            .iter()
            .map(|entry| self.candidate(&entry.new.email, request));
        let keys: Vec<_> = people.map(KeyName::person).collect();
        self.keyring().create(&keys).await?;
        let invitations = lines.iter().map(async |entry| {
            let line = self.line_of(&entry.new.email, request);
            let invited = self.invite(organization, &entry.new, &by, &line).await;
            invited.map(|invitation| invitation.position)
        });
        Ok(join_all(invitations).await)
    }
}

impl ListReport {
    /// Counts what came of some lines. What is no refusal of the line itself breaks the list off.
    fn take_in(
        &mut self,
        lines: &[Entry],
        outcomes: Vec<Result<Position, Failure>>,
    ) -> Result<(), Failure> {
        let mut stopped = Ok(());
        for (entry, outcome) in lines.iter().zip(outcomes) {
            match outcome {
                Ok(position) => {
                    self.invited += 1;
                    self.position = self.position.max(Some(position));
                }
                Err(Failure::Rejected(rejection)) => self.refused.push(RefusedLine {
                    line: entry.line,
                    fault: LineFault::Rejected(rejection),
                }),
                Err(failure) => stopped = Err(failure),
            }
        }
        stopped
    }
}
