use super::*;
use crate::{
    decider::Decider,
    testing::*,
    user::{ChangeRole, DisableUser, EnableUser},
};
use eventstore_schema::{Role, UserEvent};
use proptest::prelude::*;

fn appointed(n: u128) -> OrganizationEvent {
    AdministratorAppointed { user_id: user(n) }.into()
}

fn dismissed(n: u128) -> OrganizationEvent {
    AdministratorDismissed { user_id: user(n) }.into()
}

fn with(more: impl IntoIterator<Item = OrganizationEvent>) -> Vec<OrganizationEvent> {
    organization(false).into_iter().chain(more).collect()
}

/// An administrator since position 10.
fn administrator() -> User {
    let mut person = User::default();
    person.evolve(&recorded(9, registered(Role::Admin)));
    person
}

fn dismiss(n: u128, person: &User) -> DismissAdministrator<'_> {
    DismissAdministrator {
        user_id: user(n),
        user: person,
    }
}

fn appoint(n: u128, person: &User) -> AppointAdministrator<'_> {
    AppointAdministrator {
        user_id: user(n),
        user: person,
    }
}

#[test]
fn an_administrator_goes_and_the_last_one_stays() {
    let (person, by) = (administrator(), authority(Role::Admin));
    given(with([appointed(1), appointed(2)]))
        .when::<Organization, _>(dismiss(2, &person), &by)
        .then([dismissed(2)]);
    // Also where they do not count yet: or an appointment on its way would come too late.
    given(with([appointed(1)]))
        .when::<Organization, _>(dismiss(2, &person), &by)
        .then([dismissed(2)]);
    for last in [
        vec![appointed(2)],
        vec![appointed(1), appointed(2), dismissed(1)],
        vec![],
    ] {
        given(with(last))
            .when::<Organization, _>(dismiss(2, &person), &by)
            .then_rejected(&Rejection::LastAdministrator);
    }
}

/// They may have become one since it was asked whether they can be managed.
#[test]
fn who_may_not_manage_administrators_strikes_none() {
    let (person, by) = (administrator(), authority(Role::UserManager));
    given(with([appointed(1), appointed(2)]))
        .when::<Organization, _>(dismiss(2, &person), &by)
        .then_rejected(&Rejection::Forbidden);
}

#[test]
fn only_an_administrator_who_can_act_is_appointed() {
    let by = Actor::Operator;
    given(with([]))
        .when::<Organization, _>(appoint(2, &administrator()), &by)
        .then([appointed(2)]);
    given(with([appointed(2)]))
        .when::<Organization, _>(appoint(2, &administrator()), &by)
        .then_nothing();
    let member = state::<User>([registered(Role::Member)]);
    given(with([]))
        .when::<Organization, _>(appoint(2, &member), &by)
        .then_nothing();
}

/// Who goes, and who comes, in steps that others come between.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Demote,
    Disable,
    Promote,
    Enable,
}

#[derive(Clone, Debug)]
struct Process {
    deed: Deed,
    target: u128,
    step: u8,
    seen: User,
    dismissed_at: Option<Position>,
}

/// An organization and three people, with one log.
struct World {
    head: u64,
    organization: Organization,
    people: [User; 3],
}

impl World {
    fn begun() -> Self {
        let mut world = Self {
            head: 0,
            organization: Organization::default(),
            people: std::array::from_fn(|_| User::default()),
        };
        for event in organization(false) {
            world.organize(event);
        }
        for n in 0..3 {
            let role = if n == 2 { Role::Member } else { Role::Admin };
            world.happen(n, registered(role));
        }
        world.organize(appointed(10));
        world.organize(appointed(11));
        world
    }

    fn organize(&mut self, event: OrganizationEvent) {
        self.organization.evolve(&recorded(self.head, event));
        self.head += 1;
    }

    fn happen(&mut self, n: usize, event: UserEvent) {
        self.people[n].evolve(&recorded(self.head, event));
        self.head += 1;
    }

    /// One step of a process: it reads, or it decides on one stream and appends. Whether it goes on.
    fn advance(&mut self, process: &mut Process) -> bool {
        let n = usize::try_from(process.target).unwrap();
        let (user_id, by) = (user(10 + process.target), authority(Role::Admin));
        let (organization_id, going) =
            (acme(), matches!(process.deed, Deed::Demote | Deed::Disable));
        process.step += 1;
        match (going, process.step) {
            // Reading a person for what the organization is to decide.
            (true, 1) | (false, 2) => process.seen = self.people[n].clone(),
            (true, 2) => {
                match self
                    .organization
                    .decide(dismiss(10 + process.target, &process.seen), &by)
                {
                    Ok(outcome) => outcome.events.into_iter().for_each(|e| self.organize(e)),
                    Err(_) => return false,
                }
                process.dismissed_at = self.organization.dismissed_at(user_id);
            }
            (false, 3) => {
                let command = appoint(10 + process.target, &process.seen);
                let outcome = self.organization.decide(command, &Actor::Operator).unwrap();
                outcome.events.into_iter().for_each(|e| self.organize(e));
                return false;
            }
            _ => {
                let (person, dismissed_at) = (&self.people[n], process.dismissed_at);
                let role = |role| ChangeRole {
                    organization_id,
                    user_id,
                    role,
                    dismissed_at,
                };
                let decision = match process.deed {
                    Deed::Demote => person.decide(role(Role::Member), &by),
                    Deed::Promote => person.decide(role(Role::Admin), &by),
                    Deed::Disable => person.decide(
                        DisableUser {
                            organization_id,
                            user_id,
                            dismissed_at,
                        },
                        &by,
                    ),
                    Deed::Enable => person.decide(
                        EnableUser {
                            organization_id,
                            user_id,
                        },
                        &by,
                    ),
                };
                match decision {
                    Ok(outcome) => outcome.events.into_iter().for_each(|e| self.happen(n, e)),
                    // Became one again in the meantime: from the start.
                    Err(_) => process.step = 0,
                }
                return !going || process.step == 0;
            }
        }
        true
    }
}

fn any_process() -> impl Strategy<Value = Process> {
    let deeds = prop_oneof![
        Just(Deed::Demote),
        Just(Deed::Disable),
        Just(Deed::Promote),
        Just(Deed::Enable)
    ];
    (deeds, 0..3_u128).prop_map(|(deed, target)| Process {
        deed,
        target,
        step: 0,
        seen: User::default(),
        dismissed_at: None,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4096) })]

    /// I9: whoever acts at the same moment, in whatever order their steps come, and whichever of them
    /// are cut off in the middle.
    #[test]
    fn an_administrator_who_can_act_always_remains(
        processes in prop::collection::vec(any_process(), 1..8),
        schedule in prop::collection::vec(any::<prop::sample::Index>(), 0..60),
    ) {
        let mut world = World::begun();
        let mut running = processes;
        for turn in schedule {
            if running.is_empty() {
                break;
            }
            let which = turn.index(running.len());
            if !world.advance(&mut running[which]) {
                running.swap_remove(which);
            }
            for n in 0..3 {
                let counts = world.organization.administrators.contains(&user(10 + n as u128));
                let administers = world.people[n].administrator_since().is_some();
                prop_assert!(administers || !counts, "person {n} counts and is none");
            }
            prop_assert!(!world.organization.administrators.is_empty());
        }
    }
}
