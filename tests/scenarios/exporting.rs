//! Everything that is stored about one person, for them or for an administrator; and that it was
//! given, the audit trail tells.

use eventstore_schema::{OrganizationId, Position, UserId};
use futures::StreamExt as _;
use harness::{Acme, Client, Reply, TestServer};
use pawl::{application::SessionToken, http::exports};
use reqwest::Method;
use serde_json::{Value, json};

async fn user_id(by: &Client) -> String {
    let who = by.get("/v1/session").await.expect(200);
    who["user_id"].as_str().unwrap().to_owned()
}

async fn export(acme: &Acme, by: &Client, who: &str) -> Reply {
    let path = acme.path(&format!("users/{who}/export"));
    by.post_nothing(&path).await
}

fn types(export: &Value) -> Vec<&str> {
    let events = export["events"].as_array().unwrap().iter();
    events
        .map(|event| event["type"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_person_is_given_what_there_is_about_them_and_nothing_of_others() {
    let (server, acme) = TestServer::with_acme().await;
    let grace = server
        .join(&acme.ada, &acme.id, "grace", "user_manager")
        .await;
    let (grace, _) = server.set_up_phone(&grace).await;
    let id = user_id(&grace).await;
    let _ = server.invite(&grace, &acme.id, "henri", "member").await;
    let reply = grace.post_nothing("/v1/me/export").await;
    assert!(reply.headers.contains_key("pawl-position"));
    let file = reply.header("content-disposition");
    assert_eq!(file, format!("attachment; filename=\"user-{id}.json\""));
    assert!(!reply.text.contains("henri"), "{}", reply.text);
    let own = reply.expect(200);
    let person = &own["person"];
    assert_eq!(person["email"], "grace@example.org");
    assert_eq!(
        (&person["status"], &person["role"]),
        (&json!("active"), &json!("user_manager"))
    );
    assert_eq!(person["otp_devices"][0]["name"], "phone");
    assert_eq!(own["sessions"].as_array().unwrap().len(), 1);
    let events = own["events"].as_array().unwrap();
    assert_eq!(events[0]["type"], "UserInvited");
    assert_eq!(events[0]["data"]["name"], "grace");
    let invited = events.iter().rfind(|event| event["type"] == "UserInvited");
    let name = &invited.unwrap()["data"]["name"];
    assert_eq!(name, &json!({ "of_another_person": true }));
    for kind in [
        "InvitationAccepted",
        "SessionStarted",
        "OtpDeviceConfirmed",
        "UserExported",
    ] {
        assert!(types(&own).contains(&kind), "{kind}: {:?}", types(&own));
    }
    let secret = events
        .iter()
        .find(|event| event["type"] == "OtpDeviceRegistered");
    assert_eq!(secret.unwrap()["data"]["secret"], json!({ "sealed": true }));

    let theirs = export(&acme, &acme.ada, &id).await.expect(200);
    assert_eq!(theirs["person"], own["person"]);
    let trail = acme.audit(&acme.ada).await;
    let exported = trail.iter().filter(|event| event["type"] == "UserExported");
    let actors: Vec<_> = exported
        .map(|event| {
            assert_eq!(event["subject"], format!("user-{id}"));
            event["actor"]["id"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(actors, [id, user_id(&acme.ada).await]);
}

/// In pieces, of which the reader sees nothing.
#[tokio::test]
async fn a_long_history_is_one_whole_document() {
    let (server, acme) = TestServer::with_acme().await;
    for n in 0..300 {
        let rename = json!({ "name": format!("Acme {n}") });
        let path = format!("/v1/organizations/{}", acme.id);
        let _ = acme.ada.patch(&path, rename).await.expect(200);
    }
    let id = user_id(&acme.ada).await;
    let own = acme.ada.post_nothing("/v1/me/export").await.expect(200);
    // She looks after the document was made.
    let of_ada = |event: &&Value| {
        let theirs = event["actor"]["id"] == *id || event["subject"] == format!("user-{id}");
        theirs && event["type"] != "AuditRead"
    };
    let events = own["events"].as_array().unwrap();
    let page = server
        .client
        .same_session(&acme.ada)
        .get(&acme.path("audit?limit=500"))
        .await;
    let page = page.expect(200);
    let expected = page["items"].as_array().unwrap().iter().filter(of_ada);
    let places = |event: &Value| event["position"].as_u64().unwrap();
    let expected: Vec<_> = expected.map(places).collect();
    assert!(expected.len() > 300);
    assert_eq!(events.iter().map(places).collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn it_takes_the_right_and_a_second_factor_shown_just_now() {
    let (server, acme) = TestServer::with_acme().await;
    let grace = server.join(&acme.ada, &acme.id, "grace", "member").await;
    let (grace, phone) = server.set_up_phone(&grace).await;
    let id = user_id(&grace).await;
    for role in ["user_manager", "auditor", "analyst", "member"] {
        let session = server.join(&acme.ada, &acme.id, role, role).await;
        export(&acme, &session, &id).await.problem(403, "forbidden");
        let _ = session.post_nothing("/v1/me/export").await.expect(200);
    }
    // A repeat is one entry, and needs what the first needed: it is given everything once more.
    let keyed = async || {
        let request = grace.request(Method::POST, "/v1/me/export");
        Reply::to(request.header("idempotency-key", "k")).await
    };
    let _ = keyed().await.expect(200);
    let head = server.client.head().await;
    let _ = keyed().await.expect(200);
    assert_eq!(server.client.head().await, head);
    server.wait_steps(10);
    keyed().await.problem(403, "fresh-second-factor-required");
    let head = server.client.head().await;
    let reply = grace.post_nothing("/v1/me/export").await;
    reply.problem(403, "fresh-second-factor-required");
    acme.enforce().await;
    let reply = export(&acme, &acme.ada, &id).await;
    reply.problem(403, "second-factor-required");
    assert_eq!(server.client.head().await, head + 1);
    let code = json!({ "code": phone.code(server.now()) });
    let step = grace.post("/v1/session/otp", code).await.expect(200);
    let grace = server.client.with(step["session_token"].as_str().unwrap());
    let _ = grace.post_nothing("/v1/me/export").await.expect(200);
}

/// The right that was there at the beginning does not last for as long as somebody reads.
#[tokio::test]
async fn who_reads_slowly_is_asked_for_the_right_again() {
    let (server, acme) = TestServer::with_acme().await;
    let list = (0..150).fold("email,name\n".to_owned(), |list, n| {
        list + &format!("person{n}@example.org,Person {n}\n")
    });
    let request = acme
        .ada
        .request(Method::POST, &acme.path("invitations/list"));
    let request = request.header("content-type", "text/csv").body(list);
    let invited = Reply::to(request).await;
    let finished = invited.text.lines().last().unwrap();
    let finished: Value = serde_json::from_str(finished).unwrap();
    let position = Position(finished["position"].as_u64().unwrap());
    let _ = acme.ada.get(&acme.path("users")).await.expect(200);
    let whose = (
        OrganizationId(acme.id.parse().unwrap()),
        UserId(user_id(&acme.ada).await.parse().unwrap()),
    );
    for signed_out in [false, true] {
        let token = SessionToken::parse(acme.ada.token()).unwrap();
        let document = exports::document(server.pawl(), whose, token, position).await;
        let mut pieces = document.unwrap().into_body().into_data_stream();
        assert!(pieces.next().await.unwrap().is_ok());
        if signed_out {
            let _ = acme.ada.delete("/v1/session").await.expect(204);
        }
        assert_eq!(pieces.next().await.unwrap().is_err(), signed_out);
    }
}
