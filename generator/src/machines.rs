//! Machines: their credentials, and the tokens that they fetch and use.

use crate::{
    administering::read_audit,
    journal::{Journal, Loaded, Step, Target},
    person::{Machine, Place},
};
use domain::{
    Authority, Mandate, Rejection, Scopes,
    api_credential::{
        CreateApiCredential, IssueAccessToken, Lifetime, Overlap, RevokeApiCredential,
        RotateApiCredentialSecret,
    },
    value::CredentialName,
};
use eventstore_schema::{Actor, ApiCredentialId, OrganizationId, StreamName};

/// Credentials of an organization at most.
const MOST: usize = 5;
const SCOPES: [&[&str]; 3] = [
    &["users:read", "users:invite"],
    &["audit:read"],
    &["adoption:read"],
];

impl Machine {
    fn target(&self, organization: OrganizationId) -> Target {
        Target::new(StreamName::api_credential(self.id), organization)
    }
}

/// A new credential, another secret for one, or the end of one.
pub(crate) fn look_after(journal: &mut Journal, by: &Authority, place: &mut Place) -> Step {
    journal.request_after(15);
    let (organization_id, at) = (place.id, journal.now());
    let secret_digest = journal.dice.token();
    let chosen = journal.dice.below(place.machines.len().max(1));
    let turn = journal.dice.below(10);
    if place.machines.len() < MOST && (place.machines.is_empty() || turn < 4) {
        let mut machine = Machine {
            id: ApiCredentialId(journal.dice.id_at(at)),
            credential: Loaded::default(),
            secret: secret_digest.clone(),
        };
        let scopes = SCOPES[journal.dice.below(SCOPES.len())];
        let command = CreateApiCredential {
            organization_id,
            name: CredentialName::parse("nightly")?,
            scopes: Scopes::parse(scopes.iter().copied())?,
            lifetime: Lifetime::of_days(Lifetime::MAX_DAYS)?,
            secret_digest,
            at,
        };
        let target = machine.target(organization_id);
        journal.execute(&mut machine.credential, &target, by, command)?;
        place.machines.push(machine);
        return Ok(());
    }
    let machine = place.machines.get_mut(chosen).ok_or(Rejection::NotFound)?;
    let target = machine.target(organization_id);
    if turn < 9 {
        let command = RotateApiCredentialSecret {
            organization_id,
            secret_digest: secret_digest.clone(),
            overlap: Overlap::of_hours(24)?,
            at,
        };
        journal.execute(&mut machine.credential, &target, by, command)?;
        machine.secret = secret_digest;
        return Ok(());
    }
    let command = RevokeApiCredential { organization_id };
    journal.execute(&mut machine.credential, &target, by, command)?;
    place.machines.swap_remove(chosen);
    Ok(())
}

/// A machine fetches a token; one of three looks at the audit trail with it.
pub(crate) fn fetch_token(journal: &mut Journal, place: &mut Place) -> Step {
    journal.request_after(1);
    let chosen = journal.dice.below(place.machines.len().max(1));
    let machine = place.machines.get_mut(chosen).ok_or(Rejection::NotFound)?;
    let (token_digest, at) = (journal.dice.token(), journal.now());
    let command = IssueAccessToken {
        presented: machine.secret.clone(),
        scopes: None,
        token_digest: token_digest.clone(),
        at,
    };
    let (target, by) = (machine.target(place.id), Actor::ApiCredential(machine.id));
    journal.execute(&mut machine.credential, &target, &by, command)?;
    let state = &machine.credential.state;
    let mandate = Mandate::of_machine(machine.id, state, &token_digest, at)?;
    if journal.dice.per_mille(333) {
        // Most may not, which is refused and leaves no trace.
        return read_audit(journal, &mandate, place);
    }
    Ok(())
}
