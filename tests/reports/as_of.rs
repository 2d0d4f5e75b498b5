//! What a replay shows of a moment is what the read models show that are rebuilt from the log's
//! beginning up to it.

use crate::{
    moments::Beginning,
    world::{Act, World, act},
};
use chrono::{DateTime, Utc};
use eventstore::{EventStore, keyring::Keyring};
use eventstore_schema::{OrganizationId, Personal, UserId};
use pawl::audit::history::{History, Person};
use projections::{
    Home, Readers, adoption, api_credentials, invitations,
    organization_security::{self, Enforcement},
    rebuild, users,
};
use proptest::{
    prelude::*,
    sample::Index,
    test_runner::{TestError, TestRunner},
};
use std::{collections::BTreeSet, sync::Arc};
use tokio::runtime::Handle;

const MODELS: [&str; 5] = [
    "users",
    "invitations",
    "organization_security",
    "adoption",
    "api_credentials",
];

/// Looks at one moment in both ways.
struct Moment<'a> {
    organization: OrganizationId,
    time: DateTime<Utc>,
    history: History,
    readers: Readers,
    keyring: &'a Keyring,
}

impl Moment<'_> {
    fn opened(&self, field: &str, sealed: &Personal) -> String {
        match self.keyring.open_sealed(field, &sealed.0) {
            Ok(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
            Err(_) => "erased person".to_owned(),
        }
    }

    fn compare(&self) {
        self.compare_people();
        self.compare_invitations();
        self.compare_policy();
        self.compare_credentials();
    }

    fn compare_people(&self) {
        let listed = users::page(&self.readers, self.organization, None, 500).unwrap();
        let listed: BTreeSet<_> = listed.items.iter().map(|user| user.user_id).collect();
        let people = self.history.people();
        let gone = |status| matches!(status, users::Status::Revoked | users::Status::Erased);
        let there = people.iter().filter(|(_, person)| !gone(person.status()));
        let there: BTreeSet<_> = there.map(|(id, _)| *id).collect();
        assert_eq!(there, listed);
        for (id, person) in people {
            let user = users::by_id(&self.readers, *id).unwrap().unwrap();
            assert_eq!(person.status(), user.status, "{id}");
            assert_eq!(person.role(), Some(user.role), "{id}");
            assert_eq!(person.name, self.opened("name", &user.name));
            assert_eq!(person.email, self.opened("email", &user.email));
            assert_eq!(person.created_at, user.created_at, "{id}");
            assert_eq!(person.accepted_at, user.accepted_at, "{id}");
            assert_eq!(person.revision, user.revision, "{id}");
            let mut devices: Vec<_> = person
                .authenticators()
                .map(|one| (one.confirmed_at, one.id, one.last_used_at, one.name.clone()))
                .collect();
            devices.sort();
            let listed: Vec<_> = user
                .devices
                .iter()
                .map(|one| {
                    let name = self.opened("device_name", &one.name);
                    (one.confirmed_at, one.device_id, one.last_used_at, name)
                })
                .collect();
            assert_eq!(devices, listed, "{id}");
        }
    }

    fn compare_invitations(&self) {
        let which = invitations::Which::All;
        let listed = invitations::page(&self.readers, self.organization, which, None, 500);
        let listed = listed.unwrap().items;
        let invited = |(id, person): (&UserId, &Person)| {
            person
                .invitation
                .clone()
                .map(|invitation| (*id, invitation))
        };
        let replayed: Vec<_> = self.history.people().iter().filter_map(invited).collect();
        assert_eq!(replayed.len(), listed.len());
        for ((id, invitation), listed) in replayed.iter().zip(&listed) {
            assert_eq!(*id, listed.invitation_id);
            assert_eq!(invitation.outcome, listed.status, "{id}");
            assert_eq!(invitation.by, listed.invited_by, "{id}");
            assert_eq!(invitation.sent_at, listed.sent_at, "{id}");
            assert_eq!(invitation.expires_at, listed.expires_at, "{id}");
            assert_eq!(invitation.revision, listed.revision, "{id}");
        }
    }

    fn compare_policy(&self) {
        let policy = self.history.policy();
        let security = organization_security::by_id(&self.readers, self.organization).unwrap();
        let Some(security) = security else {
            assert_eq!(policy.name(), None);
            return;
        };
        assert_eq!(policy.name(), Some(&*security.name));
        let replayed = policy.enforcement().map(|begun| Enforcement {
            at: begun.at,
            by: begun.by,
            event_id: begun.event_id,
        });
        assert_eq!(replayed, security.enforcement);
        assert_eq!(policy.asks_for_set_up_link(), security.set_up_link);
        let people = || self.history.people().values();
        let active = people()
            .filter(|person| person.user.active().is_some())
            .count() as u64;
        let to_set_up = people().filter(|person| person.is_to_set_up()).count() as u64;
        let invited = people().filter(|person| person.status() == users::Status::Invited);
        assert_eq!(active, security.people_active);
        assert_eq!(active - to_set_up, security.people_with_device);
        assert_eq!(invited.count() as u64, security.invitations_pending);
        let curve = adoption::curve(&self.readers, self.organization, None).unwrap();
        let last = curve
            .last()
            .map_or((0, 0), |day| (day.people, day.with_device));
        assert_eq!((active, active - to_set_up), last);
    }

    fn compare_credentials(&self) {
        let listed = api_credentials::page(&self.readers, self.organization, None, 500);
        let listed = listed.unwrap().items;
        assert_eq!(self.history.credentials().len(), listed.len());
        for ((id, credential), listed) in self.history.credentials().iter().zip(&listed) {
            assert_eq!(*id, listed.api_credential_id);
            assert_eq!(credential.name, listed.name);
            assert_eq!(credential.scopes, listed.scopes);
            assert_eq!(credential.created_by, Some(listed.created_by));
            assert_eq!(
                credential.standing_at(self.time),
                listed.standing_at(self.time)
            );
            assert_eq!(
                [
                    Some(credential.created_at),
                    credential.rotated_at,
                    credential.last_used_at
                ],
                [
                    Some(listed.created_at),
                    listed.rotated_at,
                    listed.last_used_at
                ]
            );
            assert_eq!(credential.revoked_at, listed.revoked_at);
            assert_eq!(credential.expires_at, listed.expires_at);
        }
    }
}

/// Lives this life, then looks at some moments of it; the types of events that it had.
async fn live(acts: &[Act], moments: &[Index]) -> BTreeSet<String> {
    let mut world = World::begin().await;
    for act in acts {
        world.try_to(act).await;
    }
    let organization: OrganizationId = world.acme.id.parse().unwrap();
    let whole = Beginning::whole(world.server.log()).await;
    let keyring = world.server.keyring();
    let times = whole.times();
    for time in moments
        .iter()
        .map(|index| *index.get(&times))
        .chain(times.last().copied())
    {
        let beginning = Arc::new(whole.as_of(organization, time));
        let directory = tempfile::TempDir::new().unwrap();
        let home = Home::Sqlite(directory.path().join("projections.db"));
        let log: Arc<dyn EventStore> = Arc::clone(&beginning) as _;
        let rebuilt = rebuild(&home, &log, Some(&MODELS), false, |_, _| ()).await;
        rebuilt.unwrap();
        let readers = Readers::open(&home).unwrap();
        let moment = Moment {
            organization,
            time,
            history: beginning.replayed(organization, &keyring),
            readers,
            keyring: &keyring,
        };
        moment.compare();
    }
    let types = whole.of(organization).map(|event| event.event_type.clone());
    types.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_of_any_moment_is_what_the_read_models_of_it_show() {
    let config = ProptestConfig {
        cases: 10,
        max_shrink_iters: 30,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let seen = std::cell::RefCell::new(BTreeSet::new());
    let lives = (
        prop::collection::vec(act(), 20..60),
        prop::collection::vec(any::<Index>(), 4),
    );
    // What is to happen in these lives; chance may leave something out of the first ones.
    let wanted = [
        "OtpDeviceConfirmed",
        "UserInvited",
        "InvitationAccepted",
        "RoleChanged",
        "UserDisabled",
        "ApiCredentialCreated",
        "RecoveryCodesIssued",
    ];
    for _ in 0..5 {
        // Proptest is not asynchronous; it has this thread to itself meanwhile.
        let outcome = tokio::task::block_in_place(|| {
            TestRunner::new(config.clone()).run(&lives, |(acts, moments)| {
                let types = Handle::current().block_on(live(&acts, &moments));
                seen.borrow_mut().extend(types);
                Ok(())
            })
        });
        if let Err(TestError::Fail(reason, (acts, moments))) = outcome {
            panic!("{reason}\nafter {acts:?}\nat {moments:?}");
        }
        outcome.unwrap();
        if wanted.iter().all(|wanted| seen.borrow().contains(*wanted)) {
            return;
        }
    }
    panic!("not all of {wanted:?} are in {seen:?}");
}
