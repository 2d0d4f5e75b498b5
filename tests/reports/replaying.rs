//! `pawl audit replay`: what it shows of a moment is what the API showed then.

use crate::{
    commands::{Laptop, pawl},
    evidence::{Past, life},
    world::{Act, World},
};
use serde_json::{Value, json};

/// What the API shows of everybody: id, name, role, status, and how many phones.
async fn shown(world: &World) -> Vec<Value> {
    let page = world
        .acme
        .ada
        .get(&world.acme.path("users"))
        .await
        .expect(200);
    let mut people: Vec<_> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| {
            let phones = user["otp_devices"].as_array().unwrap().len();
            json!([
                user["user_id"],
                user["name"],
                user["role"],
                user["status"],
                phones
            ])
        })
        .collect();
    people.sort_by_key(ToString::to_string);
    people
}

fn replayed(state: &Value) -> Vec<Value> {
    let people = state["people"].as_array().unwrap().iter();
    let mut people: Vec<_> = people
        .map(|user| {
            let phones = user["authenticators"].as_array().unwrap().len();
            json!([
                user["user_id"],
                user["name"],
                user["role"],
                user["status"],
                phones
            ])
        })
        .collect();
    people.sort_by_key(ToString::to_string);
    people
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_is_shown_as_it_was() {
    let mut world = World::begin().await;
    world.try_to(&Act::Invite("member")).await;
    world.try_to(&Act::Enforce(true)).await;
    let (then, people) = (world.server.now(), shown(&world).await);
    world.try_to(&Act::Invite("auditor")).await;
    world.fresh_ada().await;

    let past = Past::of(&world).await;
    let (organization, invited) = (past.organization.to_string(), past.people[0].to_string());
    let laptop = Laptop::with(&past.signed());
    let then = then.to_rfc3339();
    let state = |more: &[&str]| -> Value {
        let ended = laptop.replay(&[&["--json"], more].concat());
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        serde_json::from_str(&ended.out).unwrap()
    };
    let of_then = state(&["--as-of", &then]);
    assert_eq!(replayed(&of_then), people);
    assert_eq!(of_then["two_factor"]["enforced"], true);
    assert_eq!(of_then["two_factor"]["set_up_link"], true);
    assert_eq!(state(&[])["people"].as_array().unwrap().len(), 3);
    assert_eq!(replayed(&state(&[])), shown(&world).await);
    let alone = state(&["--person", &invited]);
    assert_eq!(alone["people"][0]["user_id"], invited);
    assert_eq!(alone["people"].as_array().unwrap().len(), 1);

    // The log itself says the same as the export.
    let data = world.server.data().to_str().unwrap();
    let own = pawl(&["replay", data, "--organization", &organization, "--json"]);
    assert_eq!(own.code, Some(0), "{}", own.err);
    assert_eq!(serde_json::from_str::<Value>(&own.out).unwrap(), state(&[]));

    for (more, sentence) in [
        (vec!["--as-of", "2020-01-01"], "no organization"),
        (vec!["--person", &organization], "nobody with the id"),
        (
            vec!["--organization", &invited],
            "has the records of the organization",
        ),
    ] {
        let ended = laptop.replay(&more);
        assert_eq!(ended.code, Some(2));
        assert!(ended.err.contains(sentence), "{}", ended.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_step_is_told_in_words() {
    let world = life().await;
    let past = Past::of(&world).await;
    let person = past.people[0].to_string();
    let signed = past.signed();
    let records = signed.records();
    let laptop = Laptop::with(&signed);
    let steps = |more: &[&str]| laptop.replay(&[&["--steps"], more].concat()).out;
    let all: Value = serde_json::from_str(&steps(&["--json"])).unwrap();
    let all = all["steps"].as_array().unwrap();
    assert_eq!(all.len() as u64, records);
    let enforced = all
        .iter()
        .find(|step| step["type"] == "TwoFactorEnforced")
        .unwrap();
    assert_eq!(
        enforced["change"],
        "two factor enforced: for everybody and for good"
    );
    assert_eq!(
        (&enforced["actor_name"], &enforced["subject"]),
        (&json!("ada"), &json!("Acme"))
    );
    let signed_in = all.iter().filter(|step| step["type"] == "SignedIn");
    let how: Vec<_> = signed_in
        .map(|step| step["change"].as_str().unwrap())
        .collect();
    assert!(
        how.contains(&"signed in: password and recovery code"),
        "{how:?}"
    );

    let theirs: Value = serde_json::from_str(&steps(&["--json", "--person", &person])).unwrap();
    let theirs = theirs["steps"].as_array().unwrap();
    assert!(!theirs.is_empty() && theirs.len() < all.len());
    // The address is claimed before anybody has a name.
    let concerned = |step: &Value| {
        step["subject"] == person || step["subject"] == "person0" || step["actor_name"] == "person0"
    };
    assert!(theirs.iter().all(concerned));
    assert_eq!(steps(&[]).lines().count() as u64, records);
}
