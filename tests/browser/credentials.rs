//! An administrator looks after the credentials of machines.

use crate::people::{ada_with_phone, follow_the_first_link, show_code_again};
use harness::{Browser, Client, Reply, TestServer};
use reqwest::Method;

/// Asks for an access token with what the page shows.
async fn token_status(client: &Client, id: &str, secret: &str) -> u16 {
    let request = client
        .request(Method::POST, "/oauth/token")
        .basic_auth(id, Some(secret))
        .header("content-type", "application/x-www-form-urlencoded")
        .body("grant_type=client_credentials");
    Reply::to(request).await.status.as_u16()
}

#[tokio::test]
async fn a_credential_is_created_rotated_and_revoked() {
    let server = TestServer::start().await;
    let (ada, phone) = ada_with_phone(&server).await;
    // The second factor is asked for before anything is filled in.
    server.wait_steps(11);
    ada.click("API credentials").await;
    ada.sees("There is none yet.").await;
    ada.click("Create an API credential").await;
    show_code_again(&ada, &server, &phone).await;
    ada.arrives_at("/console/api-credentials/new").await;
    ada.fill("Name", "Nightly export").await;
    ada.click("Create and show the secret").await;
    ada.sees("Choose at least one thing that the machine may do.")
        .await;
    let kept = ada.field("Name").await.prop("value").await.unwrap();
    assert_eq!(kept.as_deref(), Some("Nightly export"));
    ada.tick("See the users and their invitations users:read")
        .await;
    ada.click("Create and show the secret").await;
    ada.sees("Keep it now: it is shown only here.").await;
    let id = ada.shown("#client-id").await;
    let secret = ada.shown("#client-secret").await;
    assert_eq!(token_status(&server.client, &id, &secret).await, 200);

    ada.click("I have kept it").await;
    ada.sees("Live").await;
    ada.does_not_see(&secret).await;
    ada.sees("users:read").await;
    ada.choose("The old secret stays good for", "24 hours")
        .await;
    ada.click("Get a new secret").await;
    ada.sees("Keep it now: it is shown only here.").await;
    let renewed = ada.shown("#client-secret").await;
    assert_ne!(renewed, secret);
    for good in [&secret, &renewed] {
        assert_eq!(token_status(&server.client, &id, good).await, 200);
    }

    ada.click("I have kept it").await;
    ada.click("Revoke").await;
    ada.sees("The API credential is revoked. It opens nothing any more.")
        .await;
    assert_eq!(token_status(&server.client, &id, &renewed).await, 401);
    assert!(!ada.offers("Get a new secret").await);
    ada.open("/console/audit").await;
    ada.sees("API credential “Nightly export”").await;
}

#[tokio::test]
async fn who_has_no_authenticator_is_led_to_set_one_up_first() {
    let server = TestServer::start().await;
    let ada = Browser::of(&server).await;
    follow_the_first_link(&ada).await;
    ada.open("/console/api-credentials/new").await;
    ada.sees("Only somebody with an authenticator can create an API credential.")
        .await;
    assert!(!ada.offers("Create and show the secret").await);
    ada.click("Mobile Authenticator Setup").await;
    ada.arrives_at("/authenticator").await;
}
