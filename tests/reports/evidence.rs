//! The evidence report: what it says of a history that kept its promise, and what it finds in one that
//! did not. Histories are signed by the test itself, so that it can sign what no Pawl would do.

use crate::{
    commands::{Laptop, pawl},
    exported::Signed,
    moments::Beginning,
    world::{Act, World},
};
use audit_log::InclusionProof;
use chrono::{DateTime, TimeDelta, Utc};
use eventstore::keyring::Keyring;
use eventstore_schema::{
    Actor, DeviceId, EventId, Factor, KeyName, OrganizationEvent, OrganizationId,
    OrganizationRenamed, OtpDeviceRegistered, Sealed, SealedSecret, SessionEnded, SessionEvent,
    SignedIn, StreamName, UserEvent, UserId,
};
use harness::TestServer;
use proptest::{
    arbitrary::any,
    sample::Index,
    strategy::{Strategy as _, ValueTree as _},
    test_runner::TestRunner,
};
use serde_json::json;
use std::fs;
use uuid::Uuid;

/// The person with this number, of three.
fn nth(number: usize) -> Index {
    let mut runner = TestRunner::deterministic();
    loop {
        let index = any::<Index>().new_tree(&mut runner).unwrap().current();
        if index.index(3) == number {
            return index;
        }
    }
}

/// Ada enforces. Person 0 has set up a phone, person 1 has not, person 2 has lost theirs and is erased.
pub async fn life() -> World {
    let mut world = World::begin().await;
    for act in [
        Act::Invite("member"),
        Act::Invite("member"),
        Act::Invite("auditor"),
        Act::Accept(nth(0)),
        Act::Accept(nth(1)),
        Act::Accept(nth(2)),
        Act::SetUp(nth(0)),
        Act::SetUp(nth(2)),
        Act::MakeCredential,
        Act::Enforce(false),
        Act::SignIn(nth(0)),
        Act::SignIn(nth(1)),
        Act::Recover(nth(0)),
        Act::Rename(nth(0)),
        Act::Reset(nth(2)),
        Act::Wait(100_000),
        Act::Erase(nth(2)),
    ] {
        world.try_to(&act).await;
    }
    world
}

/// What the log holds, and what a test knows of it.
pub struct Past {
    pub organization: OrganizationId,
    pub people: Vec<UserId>,
    log: Beginning,
    keyring: Keyring,
    now: DateTime<Utc>,
}

impl Past {
    pub async fn of(world: &World) -> Self {
        let organization: OrganizationId = world.acme.id.parse().unwrap();
        let log = Beginning::whole(world.server.log()).await;
        let keyring = world.server.keyring();
        Self {
            people: world.people(),
            organization,
            log,
            keyring,
            now: world.server.now(),
        }
    }

    pub fn signed(self) -> Signed {
        Signed::of(self.log, self.organization, self.keyring)
    }

    /// Gives the organization another name, as this person, so long after everything else.
    fn rename(&mut self, by: UserId, later: TimeDelta) -> EventId {
        let stream = StreamName::organization(self.organization);
        let event = OrganizationEvent::from(OrganizationRenamed {
            name: "Another".into(),
        });
        let who = (Actor::User(by), self.now + later);
        self.log.forge(stream, self.organization, who, event)
    }

    /// The sessions of a person, the oldest first.
    fn sessions_of(&self, person: UserId) -> Vec<StreamName> {
        let wanted = person.to_string();
        let begun =
            self.log.0.iter().filter(|event| {
                event.event_type == "SessionStarted" && event.data.contains(&wanted)
            });
        begun.map(|event| event.stream.clone()).collect()
    }

    fn session_of(&self, person: UserId) -> StreamName {
        self.sessions_of(person).pop().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_that_kept_its_promise_is_told_with_its_proof() {
    let world = life().await;
    let past = Past::of(&world).await;
    let ada = world.acme.ada.get("/v1/session").await.expect(200);
    let status = world
        .acme
        .ada
        .get(&world.acme.path("two-factor"))
        .await
        .expect(200);
    let erased = past.people[2];
    let signed = past.signed();
    let laptop = Laptop::with(&signed);
    let (facts, code) = laptop.facts();
    assert_eq!(code, Some(0), "{facts:#}");
    assert_eq!(facts["kept"], true);
    assert_eq!(facts["verification"]["records"], signed.records());

    let enforced = &facts["enforcement"];
    assert_eq!(enforced["event_id"], status["event_id"]);
    assert_eq!(enforced["at"], status["enforced_at"]);
    assert_eq!(
        enforced["by"],
        json!({ "kind": "user", "id": ada["user_id"] })
    );
    assert_eq!(enforced["by_name"], "ada");
    let proof = &facts["inclusion_proof"];
    let (proven, checkpoint) = InclusionProof::parse(proof["text"].as_str().unwrap()).unwrap();
    let leaf = audit_log::Hash::parse_hash(proof["leaf"].as_str().unwrap()).unwrap();
    proven.verify(leaf, checkpoint.unverified()).unwrap();
    assert_eq!(proven.index, enforced["index"].as_u64().unwrap());

    assert_eq!(facts["acts"]["offenders"], json!([]));
    assert_eq!(facts["acts"]["under_way"], json!([]));
    assert!(facts["acts"]["under_two_factors"].as_u64().unwrap() >= 3);
    let since = &facts["sign_ins_since_enforcement"];
    assert_eq!(since["password_alone"], 0);
    assert_eq!(since["password_and_recovery_code"], 1);
    assert_eq!(since["ended_at_the_password"], 1);
    assert!(since["password_and_authenticator"].as_u64().unwrap() >= 1);

    let days = facts["days"].as_array().unwrap();
    let numbers = |day: &serde_json::Value| (day["people"].as_u64(), day["to_set_up"].as_u64());
    assert_eq!(numbers(&days[0]), (Some(4), Some(2)), "{facts:#}");
    assert_eq!(numbers(days.last().unwrap()), (Some(3), Some(1)));
    assert_eq!(days[0]["invited"], 3);
    let recovery = facts["recovery"].as_array().unwrap();
    assert_eq!(recovery.len(), 1);
    assert_eq!(recovery[0]["type"], "OtpDevicesReset");
    assert_eq!(recovery[0]["user_id"], erased.to_string());
    assert_eq!(recovery[0]["user_name"], "erased person");
    assert_eq!(facts["erased"][0]["user_id"], erased.to_string());
    let machine = &facts["api_credentials"][0];
    assert_eq!(machine["scopes"], json!(["users:read", "audit:read"]));
    assert_eq!(machine["created_by_name"], "ada");
}

/// I1, I2: whoever runs the server cannot sign a history in which the promise was broken and have the
/// report pass.
#[tokio::test(flavor = "multi_thread")]
async fn an_act_under_a_single_factor_is_found_and_named() {
    let world = life().await;
    let later = TimeDelta::minutes(5);

    // Person 1 has shown a password only.
    let mut past = Past::of(&world).await;
    let by = past.people[1];
    let act = past.rename(by, later);
    let (facts, code) = Laptop::with(&past.signed()).facts();
    assert_eq!((code, &facts["kept"]), (Some(1), &json!(false)));
    assert_eq!(facts["acts"]["offenders"][0]["event_id"], act.to_string());
    assert_eq!(facts["acts"]["offenders"].as_array().unwrap().len(), 1);

    // Ada has shown her phone; until a minute after she has signed out she may have done it.
    for (after, found) in [(TimeDelta::seconds(50), 0), (TimeDelta::seconds(90), 1)] {
        let mut past = Past::of(&world).await;
        let ada = world.acme.ada.get("/v1/session").await.expect(200);
        let ada: UserId = ada["user_id"].as_str().unwrap().parse().unwrap();
        for stream in past.sessions_of(ada) {
            let (organization, who) = (past.organization, (Actor::User(ada), past.now));
            let over = SessionEvent::from(SessionEnded {});
            past.log.forge(stream, organization, who, over);
        }
        past.rename(ada, after);
        let (facts, _) = Laptop::with(&past.signed()).facts();
        let offenders = facts["acts"]["offenders"].as_array().unwrap().len();
        assert_eq!(offenders, found, "{after}");
    }

    // A stolen password brings its own phone to person 0, who has one.
    let mut past = Past::of(&world).await;
    let (person, organization) = (past.people[0], past.organization);
    let session = past.session_of(person);
    let when = past.now + TimeDelta::days(2);
    let device_id = DeviceId(Uuid::now_v7());
    let sealed = Sealed {
        key: KeyName::otp_device(device_id),
        ciphertext: "AAAA".into(),
    };
    let begun = UserEvent::from(OtpDeviceRegistered {
        device_id,
        secret: SealedSecret(sealed),
        expires_at: when,
        replaces: None,
        session_id: session.as_str().trim_start_matches("session-").parse().ok(),
    });
    let stream = StreamName::user(person);
    let act = past
        .log
        .forge(stream, organization, (Actor::User(person), when), begun);
    let (facts, code) = Laptop::with(&past.signed()).facts();
    assert_eq!(code, Some(1));
    assert_eq!(facts["acts"]["offenders"][0]["event_id"], act.to_string());
}

/// A sign-in that was decided on before enforcement may stand behind it. It opens nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_raced_enforcement_is_counted_and_has_no_authority() {
    let world = life().await;
    let mut past = Past::of(&world).await;
    let (person, organization) = (past.people[1], past.organization);
    let stream = past.session_of(person);
    let raced = SessionEvent::from(SignedIn {
        factors: vec![Factor::Password],
    });
    past.log
        .forge(stream, organization, (Actor::User(person), past.now), raced);
    let (facts, code) = Laptop::with(&past.signed()).facts();
    assert_eq!(code, Some(0), "{facts:#}");
    assert_eq!(facts["sign_ins_since_enforcement"]["password_alone"], 1);
    assert_eq!(facts["sign_ins_under_a_single_factor"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_of_what_is_not_sound() {
    let (server, acme) = TestServer::with_acme().await;
    acme.enforce().await;
    let organization = acme.id.parse().unwrap();
    let log = Beginning::whole(server.log()).await;
    let signed = Signed::of(log, organization, server.keyring());
    let laptop = Laptop::with(&signed);
    let output = laptop.folder.path().join("report.html");
    let text = fs::read_to_string(&laptop.export).unwrap();

    let changed = text.replacen("TwoFactorEnforced", "TwoFactorEnforcer", 1);
    fs::write(&laptop.export, changed).unwrap();
    for ended in [laptop.report(&output, &[]), laptop.replay(&[])] {
        assert_eq!(ended.code, Some(1), "{}", ended.err);
        assert!(ended.err.contains("not sound"), "{}", ended.err);
        assert_eq!(ended.out, "");
    }
    assert!(!output.exists());

    // Sound, but who says so?
    fs::write(&laptop.export, text).unwrap();
    let export = laptop.export.to_str().unwrap();
    let unknown = pawl(&["replay", export]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.err.contains("--key"), "{}", unknown.err);
    let ended = laptop.report(&output, &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    // And a report that is there is not lost.
    let ended = laptop.report(&output, &[]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("--force"), "{}", ended.err);
}

/// What the operator makes of the data directory says the same as what a reviewer makes of an export.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_beside_its_tiles_gives_the_same_facts() {
    let world = life().await;
    let past = Past::of(&world).await;
    let organization = past.organization.to_string();
    let signed = past.signed();
    let (mut facts, _) = Laptop::with(&signed).facts();
    signed.write_tiles(world.server.data());
    let data = world.server.data().to_str().unwrap();
    let output = world.server.data().join("facts.json");
    let key = signed.key();
    let ended = pawl(&[
        "report",
        "--data",
        data,
        "--organization",
        &organization,
        "--key",
        &key,
        "--json",
        "--from",
        "2027-01-01",
        "--to",
        "2027-01-31",
        "--output",
        output.to_str().unwrap(),
    ]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let text = fs::read_to_string(output).unwrap();
    let mut own: serde_json::Value = serde_json::from_str(&text).unwrap();
    // Here every record was held against its leaf, not the organization's alone.
    for facts in [&mut facts, &mut own] {
        for differs in ["made_at", "source", "verification"] {
            facts.as_object_mut().unwrap().remove(differs);
        }
    }
    assert_eq!(facts, own);
}
