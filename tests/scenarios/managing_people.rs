//! Roles, and who is kept from signing in. Somebody always remains to administer (I9).

use chrono::Utc;
use eventstore::{Direction, ExpectedRevision};
use eventstore_schema::{
    Actor, AdministratorDismissed, CommandId, Event, EventId, Metadata, NewEvent,
    OrganizationEvent, OrganizationId, Role, RoleChanged, StreamName, UserEvent, UserId,
};
use harness::{Acme, Client, PASSWORD, Reply, TestServer, Way};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

async fn id_of(session: &Client) -> String {
    let who = session.get("/v1/session").await.expect(200);
    who["user_id"].as_str().unwrap().to_owned()
}

fn path(acme: &Acme, id: &str, rest: &str) -> String {
    acme.path(&format!("users/{id}{rest}"))
}

async fn give(by: &Client, acme: &Acme, id: &str, role: &str) -> Reply {
    let request = by.request(Method::PATCH, &path(acme, id, ""));
    Reply::to(request.json(&json!({ "role": role }))).await
}

async fn disable(by: &Client, acme: &Acme, id: &str) -> Reply {
    by.post_nothing(&path(acme, id, "/disable")).await
}

async fn enable(by: &Client, acme: &Acme, id: &str) -> Reply {
    by.post_nothing(&path(acme, id, "/enable")).await
}

async fn signed_in(server: &TestServer, who: &str) -> Client {
    let step = server.sign_in(who).await.expect(200);
    assert_eq!(step["next"], "done");
    server.client.with(step["session_token"].as_str().unwrap())
}

async fn over(session: &Client) {
    let who = session.get("/v1/session").await;
    who.problem(401, "unauthenticated");
}

/// The types of the events after this position.
async fn since(acme: &Acme, by: &Client, head: u64) -> Vec<String> {
    let events = acme.audit(by).await;
    let new = events
        .iter()
        .filter(|e| e["position"].as_u64() > Some(head));
    new.map(|event| event["type"].as_str().unwrap().to_owned())
        .collect()
}

/// Records an event behind the last one of its stream, as a node does that is then cut off.
async fn record(server: &TestServer, acme: &Acme, stream: StreamName, event: Event) {
    let log = server.log();
    let last = log.read_stream(&stream, u64::MAX, Direction::Backwards, 1);
    let revision = last.await.unwrap()[0].revision;
    let metadata = Metadata {
        version: event.event_type().1,
        recorded_at: Utc::now(),
        actor: Actor::Operator,
        command_id: CommandId(Uuid::now_v7()),
        command_digest: None,
        organization_id: Some(OrganizationId(acme.id.parse().unwrap())),
        correlation_id: Uuid::now_v7(),
        causation_id: Uuid::now_v7(),
    };
    let new = NewEvent {
        id: EventId(Uuid::now_v7()),
        event_type: event.event_type().0.to_owned(),
        metadata: metadata.encode().unwrap(),
        data: event.encode().unwrap(),
    };
    let expected = ExpectedRevision::Exact(revision);
    log.append(&stream, expected, vec![new]).await.unwrap();
}

#[tokio::test]
async fn another_role_holds_from_the_next_request_on() {
    let (server, acme) = TestServer::with_acme().await;
    let before = server.join(&acme.ada, &acme.id, "grace", "member").await;
    let id = id_of(&before).await;
    let head = server.client.head().await;
    let reply = give(&acme.ada, &acme, &id, "admin").await;
    assert!(!reply.header("pawl-position").is_empty());
    assert!(!reply.header("etag").is_empty());
    let changed = reply.expect(200);
    assert_eq!(
        changed,
        json!({ "user_id": id, "role": "admin", "status": "active" })
    );
    over(&before).await;
    let admin = signed_in(&server, "grace").await;
    let _ = admin.get(&acme.path("audit")).await.expect(200);
    let person = acme.ada.get(&path(&acme, &id, "")).await.expect(200);
    assert_eq!(person["role"], "admin");

    let _ = give(&acme.ada, &acme, &id, "auditor").await.expect(200);
    over(&admin).await;
    let auditor = signed_in(&server, "grace").await;
    let _ = auditor.get(&acme.path("audit")).await.expect(200);
    let refused = give(&auditor, &acme, &id, "admin").await;
    refused.problem(403, "forbidden");
    let new = since(&acme, &acme.ada, head).await;
    let done = new
        .iter()
        .filter(|name| !["SessionStarted", "SignedIn"].contains(&name.as_str()));
    assert_eq!(
        done.collect::<Vec<_>>(),
        [
            "RoleChanged",
            "AdministratorAppointed",
            // The other way round, so that nobody counts who is none.
            "AdministratorDismissed",
            "RoleChanged",
        ]
        .iter()
        .collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn who_is_disabled_is_out_at_once_and_back_when_enabled() {
    let (server, acme) = TestServer::with_acme().await;
    let grace = server.join(&acme.ada, &acme.id, "grace", "member").await;
    let (grace, phone) = server.set_up_phone(&grace).await;
    let id = id_of(&grace).await;
    let elsewhere = server.another_node(Way::Memory).await.same_session(&grace);
    let _ = elsewhere.get("/v1/session").await.expect(200);
    let forgot = json!({ "email": "grace@example.org" });
    let ask = || server.client.post("/v1/password-reset", forgot.clone());
    let _ = ask().await.expect(202);
    let token = server.mailbox().token("grace@example.org", 2).await;

    let disabled = disable(&acme.ada, &acme, &id).await.expect(200);
    assert_eq!(disabled["status"], "disabled");
    over(&grace).await;
    over(&elsewhere).await;
    let body = json!({ "token": token, "password": "nanosecond wire" });
    let confirm = server.client.post("/v1/password-reset/confirm", body).await;
    confirm.problem(404, "password-reset-invalid");
    server.wait_steps(2);
    let _ = ask().await.expect(202);
    let list = acme.ada.get(&acme.path("users")).await.expect(200);
    let people = list["items"].as_array().unwrap();
    let person = people.iter().find(|person| person["user_id"] == *id);
    assert_eq!(person.unwrap()["status"], "disabled");

    // Answered, and counted, like a wrong password.
    let mut told = Vec::new();
    for password in [PASSWORD, "a wrong password"] {
        let head = server.client.head().await;
        let body = json!({ "email": "grace@example.org", "password": password });
        let reply = server.client.post("/v1/sign-in", body).await;
        let traces = server.client.head().await - head;
        told.push((reply.status.as_u16(), reply.text, traces));
    }
    assert_eq!(told[0], told[1]);
    assert_eq!((told[0].0, told[0].2), (401, 1));

    let enabled = enable(&acme.ada, &acme, &id).await.expect(200);
    assert_eq!(enabled["status"], "active");
    over(&grace).await;
    let waiting = server.half_signed_in("grace").await;
    let code = phone.code(server.now());
    let _ = server.show(&waiting, &code).await.expect(200);
    // The mail of a later request is there; that of the one while disabled would be.
    server.wait_steps(2);
    let _ = ask().await.expect(202);
    let _ = server.mailbox().token("grace@example.org", 3).await;
    assert_eq!(server.mailbox().to("grace@example.org").len(), 3);
}

#[tokio::test]
async fn nobody_manages_somebody_mightier_or_themselves() {
    let (server, acme) = TestServer::with_acme().await;
    let ada = id_of(&acme.ada).await;
    for role in ["admin", "auditor", "member"] {
        let session = server.join(&acme.ada, &acme.id, role, role).await;
        let id = id_of(&session).await;
        if role == "auditor" {
            let refused = disable(&session, &acme, &ada).await;
            refused.problem(403, "forbidden");
        }
        if role != "member" {
            let manager = format!("manager-of-{role}");
            let manager = server
                .join(&acme.ada, &acme.id, &manager, "user_manager")
                .await;
            for reply in [
                disable(&manager, &acme, &id).await,
                enable(&manager, &acme, &id).await,
                give(&manager, &acme, &id, "member").await,
            ] {
                reply.problem(403, "forbidden");
            }
            continue;
        }
        let manager = server.join(&acme.ada, &acme.id, "manager", "user_manager");
        let manager = manager.await;
        let reply = give(&manager, &acme, &id, "analyst").await;
        reply.problem(403, "forbidden");
        let _ = disable(&manager, &acme, &id).await.expect(200);
        let _ = enable(&manager, &acme, &id).await.expect(200);
    }
    let head = server.client.head().await;
    let reply = disable(&acme.ada, &acme, &ada).await;
    reply.problem(409, "not-yourself");
    let reply = give(&acme.ada, &acme, &ada, "member").await;
    reply.problem(409, "not-yourself");
    let reply = give(&acme.ada, &acme, &ada, "owner").await;
    reply.problem(422, "invalid-body");
    let nobody = Uuid::nil().to_string();
    for reply in [
        disable(&acme.ada, &acme, &nobody).await,
        enable(&acme.ada, &acme, &nobody).await,
        give(&acme.ada, &acme, &nobody, "member").await,
    ] {
        reply.problem(404, "not-found");
    }
    assert_eq!(server.client.head().await, head);
    let _ = server.invite(&acme.ada, &acme.id, "linus", "admin").await;
    let pending = acme.ada.get(&acme.path("invitations")).await.expect(200);
    let linus = pending["items"][0]["user_id"].as_str().unwrap();
    for reply in [
        disable(&acme.ada, &acme, linus).await,
        enable(&acme.ada, &acme, linus).await,
        give(&acme.ada, &acme, linus, "member").await,
    ] {
        reply.problem(409, "invitation-pending");
    }
}

/// Ada on one node and Grace on another take the role, or everything, from each other at the same
/// moment. One of them is heard.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_administrators_who_remove_each_other_one_stays() {
    let (server, acme) = TestServer::with_acme().await;
    let other = server.another_node(Way::Memory).await;
    let mut grace = server.join(&acme.ada, &acme.id, "grace", "admin").await;
    let mut ada = acme.ada.clone();
    let (ada_id, grace_id) = (id_of(&ada).await, id_of(&grace).await);
    for round in 0..16 {
        let there = other.same_session(&grace);
        let (by_ada, by_grace) = tokio::join!(
            async {
                if round % 2 == 0 {
                    give(&ada, &acme, &grace_id, "member").await
                } else {
                    disable(&ada, &acme, &grace_id).await
                }
            },
            async {
                if round % 4 < 2 {
                    give(&there, &acme, &ada_id, "member").await
                } else {
                    disable(&there, &acme, &ada_id).await
                }
            }
        );
        let (won, lost) = if by_ada.status == 200 {
            ((&ada, &grace_id, "grace"), by_grace)
        } else {
            let _ = by_grace.expect(200);
            ((&grace, &ada_id, "ada"), by_ada)
        };
        let slugs = ["last-administrator", "unauthenticated", "forbidden"];
        assert!(slugs.contains(&lost.slug().as_str()), "{}", lost.text);
        let (winner, id, who) = won;
        let page = winner.get(&acme.path("users")).await.expect(200);
        let people = page["items"].as_array().unwrap();
        let admins = people
            .iter()
            .filter(|person| person["role"] == "admin" && person["status"] == "active");
        assert_eq!(admins.count(), 1);
        let _ = enable(winner, &acme, id).await.expect(200);
        let _ = give(winner, &acme, id, "admin").await.expect(200);
        let back = signed_in(&server, who).await;
        if who == "ada" {
            ada = back;
        } else {
            grace = back;
        }
    }
}

/// A node dismissed Grace from the roster and was cut off before her role was taken from her.
#[tokio::test]
async fn a_removal_that_was_cut_off_leaves_too_few_in_the_roster_and_can_be_mended() {
    let (server, acme) = TestServer::with_acme().await;
    let grace = server.join(&acme.ada, &acme.id, "grace", "admin").await;
    let (ada_id, grace_id) = (id_of(&acme.ada).await, id_of(&grace).await);
    let cut_off = async || {
        let user_id = UserId(grace_id.parse().unwrap());
        let event = OrganizationEvent::from(AdministratorDismissed { user_id });
        let stream = StreamName::organization(OrganizationId(acme.id.parse().unwrap()));
        record(&server, &acme, stream, event.into()).await;
    };
    cut_off().await;
    // Grace administers and does not count, so Ada is the last who does.
    let _ = grace.get(&acme.path("audit")).await.expect(200);
    let head = server.client.head().await;
    for reply in [
        give(&grace, &acme, &ada_id, "member").await,
        disable(&grace, &acme, &ada_id).await,
    ] {
        reply.problem(409, "last-administrator");
    }
    assert_eq!(server.client.head().await, head);
    // Given the role anew, she counts again; cut off again, the removal is only repeated.
    let _ = give(&acme.ada, &acme, &grace_id, "admin").await.expect(200);
    assert_eq!(
        since(&acme, &acme.ada, head).await,
        ["RoleChanged", "AdministratorAppointed"]
    );
    cut_off().await;
    let head = server.client.head().await;
    let _ = disable(&acme.ada, &acme, &grace_id).await.expect(200);
    assert_eq!(since(&acme, &acme.ada, head).await, ["UserDisabled"]);
    let _ = enable(&acme.ada, &acme, &grace_id).await.expect(200);
    let grace = signed_in(&server, "grace").await;
    let _ = give(&grace, &acme, &ada_id, "member").await.expect(200);
}

/// A node made Grace an administrator and was cut off before she was appointed.
#[tokio::test]
async fn an_appointment_that_was_cut_off_is_made_good() {
    let (server, acme) = TestServer::with_acme().await;
    let grace = server.join(&acme.ada, &acme.id, "grace", "member").await;
    let (ada_id, grace_id) = (id_of(&acme.ada).await, id_of(&grace).await);
    let event = UserEvent::from(RoleChanged { role: Role::Admin });
    let stream = StreamName::user(UserId(grace_id.parse().unwrap()));
    record(&server, &acme, stream, event.into()).await;
    let grace = signed_in(&server, "grace").await;
    let head = server.client.head().await;
    let _ = disable(&grace, &acme, &ada_id).await.expect(200);
    assert_eq!(
        since(&acme, &grace, head).await,
        [
            "AdministratorAppointed",
            "AdministratorDismissed",
            "UserDisabled"
        ]
    );
}

#[tokio::test]
async fn a_repeat_changes_nothing_and_neither_does_a_stale_version() {
    let (server, acme) = TestServer::with_acme().await;
    let grace = server.join(&acme.ada, &acme.id, "grace", "admin").await;
    let id = id_of(&grace).await;
    let person = acme.ada.get(&path(&acme, &id, "")).await;
    let seen = person.header("etag").to_owned();
    let call = async |header: &str, value: &str, role: &str| {
        let request = acme.ada.request(Method::PATCH, &path(&acme, &id, ""));
        let request = request.header(header, value);
        Reply::to(request.json(&json!({ "role": role }))).await
    };
    let first = call("idempotency-key", "k", "auditor").await;
    let head = server.client.head().await;
    let again = call("idempotency-key", "k", "auditor").await;
    assert_eq!((first.status, &first.text), (again.status, &again.text));
    let position = |reply: &Reply| reply.header("pawl-position").to_owned();
    assert_eq!(position(&first), position(&again));
    assert_eq!(first.expect(200)["role"], "auditor");
    call("idempotency-key", "k", "member")
        .await
        .problem(422, "idempotency-key-reused");
    call("if-match", &seen, "member")
        .await
        .problem(412, "stale-version");
    assert_eq!(server.client.head().await, head);

    // Before anybody is dismissed for it.
    let _ = give(&acme.ada, &acme, &id, "admin").await.expect(200);
    let head = server.client.head().await;
    call("if-match", &seen, "member")
        .await
        .problem(412, "stale-version");
    let request = acme
        .ada
        .request(Method::POST, &path(&acme, &id, "/disable"));
    let reply = Reply::to(request.header("if-match", &seen)).await;
    reply.problem(412, "stale-version");
    assert_eq!(server.client.head().await, head);
    let _ = disable(&acme.ada, &acme, &id).await.expect(200);
    let head = server.client.head().await;
    let _: Value = disable(&acme.ada, &acme, &id).await.expect(200);
    assert_eq!(server.client.head().await, head);
}
