//! What happened: two days at Acme, and Globex beside it.

use chrono::TimeDelta;
use harness::{Acme, Client, Person, Phone, Reply, TestServer, eventually};
use reqwest::Method;
use serde_json::{Value, json};

/// What people call the credential of a machine at Acme; a spreadsheet would make a link of it.
pub const MACHINE: &str = r#"=HYPERLINK("http://evil.example"), "quoted""#;

/// A running server, and whom it knows.
pub struct Story {
    pub server: TestServer,
    pub acme: Acme,
    pub globex: String,
}

/// Every dataset has something to show of it.
pub async fn told() -> Story {
    let (server, acme) = TestServer::with_acme().await;
    let (ada, phone) = server.set_up_phone(&acme.ada).await;
    let acme = Acme { ada, ..acme };
    give_a_machine_its_token(&server, &acme).await;
    server.join(&acme.ada, &acme.id, "grace", "member").await;
    server.invite(&acme.ada, &acme.id, "linus", "member").await;
    let globex = json!({ "organization": "Globex", "email": "hank@example.org", "name": "Hank" });
    let globex = acme.ada.post("/v1/organizations", globex).await;
    let globex = globex.expect(201)["organization_id"].clone();
    acme.enforce().await;

    server.clock.advance(TimeDelta::hours(25));
    wrong_password(&server).await;
    let acme = Acme {
        ada: sign_in(&server, &phone).await,
        ..acme
    };
    let margaret = server.join(&acme.ada, &acme.id, "margaret", "member").await;
    server.set_up_phone(&margaret).await;
    caught_up(&server).await;
    Story {
        server,
        acme,
        globex: globex.as_str().unwrap().to_owned(),
    }
}

/// Signs Ada in, with a wrong code and a right one.
async fn sign_in(server: &TestServer, phone: &Phone) -> Client {
    let waiting = server.half_signed_in("ada").await;
    let refused = server.show(&waiting, &phone.wrong_code(server.now())).await;
    refused.problem(401, "otp-code-wrong");
    let shown = server.show(&waiting, &phone.code(server.now())).await;
    let shown = shown.expect(200);
    server.client.with(shown["session_token"].as_str().unwrap())
}

async fn wrong_password(server: &TestServer) {
    let body = json!({ "email": Person::named("ada").email, "password": "Spring2027" });
    let rejected = server.client.post("/v1/sign-in", body).await;
    rejected.problem(401, "sign-in-rejected");
}

/// One more invitation, with a number for a name.
pub async fn invite_somebody(acme: &Acme, number: u32) {
    let email = format!("somebody.{number}@example.org");
    let body = json!({ "email": email, "name": "Somebody", "role": "member" });
    let invited = acme.ada.post(&acme.path("invitations"), body).await;
    let _ = invited.expect(201);
}

async fn give_a_machine_its_token(server: &TestServer, acme: &Acme) {
    let body = json!({ "name": MACHINE, "scopes": ["users:read"] });
    let made = acme.ada.post(&acme.path("api-credentials"), body).await;
    let made = made.expect(201);
    let secret = made["client_secret"].as_str();
    let request = server
        .client
        .request(Method::POST, "/oauth/token")
        .basic_auth(made["client_id"].as_str().unwrap(), secret)
        .header("content-type", "application/x-www-form-urlencoded")
        .body("grant_type=client_credentials");
    let _ = Reply::to(request).await.expect(200);
}

/// Waits until the read models have seen the whole log, and answers its end.
pub async fn caught_up(server: &TestServer) -> u64 {
    eventually("the read models have seen everything", async || {
        let ready: Value = server.client.get("/readyz").await.expect(200);
        let models = ready["projections"].as_array()?;
        let seen = models.iter().all(|model| model["lag_events"] == 0);
        seen.then(|| ready["head"].as_u64())?
    })
    .await
}
