//! A further organization whose first administrator lets the invitation expire.

use chrono::TimeDelta;
use harness::{Client, PASSWORD, TestServer};
use serde_json::json;

async fn sign_in(server: &TestServer, who: &str) -> Client {
    let step = server.sign_in(who).await.expect(200);
    server.client.with(step["session_token"].as_str().unwrap())
}

#[tokio::test]
async fn the_operating_organization_sends_the_invitation_again_until_somebody_is_there() {
    let (server, acme) = TestServer::with_acme_and(|flags| flags.invitation_days = Some(3)).await;
    let body = json!({ "organization": "Globex", "email": "hank@example.org", "name": "Hank" });
    let globex = acme.ada.post("/v1/organizations", body).await.expect(201);
    let globex = globex["organization_id"].as_str().unwrap().to_owned();
    let old = server.mailbox().token("hank@example.org", 1).await;
    let accept = async |token: &str| {
        let body = json!({ "token": token, "password": PASSWORD });
        server.client.post("/v1/invitations/accept", body).await
    };
    server.clock.advance(TimeDelta::days(3));
    accept(&old).await.problem(410, "invitation-expired");

    let ada = sign_in(&server, "ada").await;
    let resend = format!("/v1/organizations/{globex}/first-administrator/resend");
    let eve = server.join(&ada, &acme.id, "eve", "user_manager").await;
    let reply = eve.post_nothing(&resend).await;
    reply.problem(404, "not-found");
    let reply = server.client.post_nothing(&resend).await;
    reply.problem(401, "unauthenticated");

    let sent = ada.post_nothing(&resend).await.expect(200);
    assert_eq!(sent["expires_at"], "2027-01-21T08:00:15Z");
    let new = server.mailbox().token("hank@example.org", 2).await;
    accept(&old).await.problem(404, "invitation-invalid");
    let hank = accept(&new).await.expect(200);
    let hank = server.client.with(hank["session_token"].as_str().unwrap());
    let reply = ada.post_nothing(&resend).await;
    reply.problem(404, "not-found");
    // Nor anybody whom Hank invites.
    let _ = server.invite(&hank, &globex, "bill", "admin").await;
    ada.post_nothing(&resend).await.problem(404, "not-found");

    let path = format!("/v1/organizations/{globex}/audit?limit=500");
    let trail = hank.get(&path).await.expect(200);
    let trail = trail["items"].as_array().unwrap();
    let again = trail
        .iter()
        .find(|event| event["type"] == "InvitationResent");
    let who = ada.get("/v1/session").await.expect(200);
    assert_eq!(
        again.unwrap()["actor"],
        json!({ "kind": "user", "id": who["user_id"] })
    );
    assert_eq!(
        again.unwrap()["subject"],
        format!("user-{}", sent["user_id"].as_str().unwrap())
    );
}
