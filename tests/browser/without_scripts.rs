//! The whole way without scripts, in the other language.

use crate::people::set_up_phone_with;
use harness::{Browser, Kind, PASSWORD, SETUP_TOKEN, TestServer};

#[tokio::test]
async fn nothing_needs_a_script() {
    let server = TestServer::start().await;
    let kind = Kind {
        language: "de",
        scripts: false,
    };
    let ada = Browser::start(&server.client.url(""), kind).await;
    ada.open(&format!("/setup?token={SETUP_TOKEN}")).await;
    ada.fill("Organisation", "Acme").await;
    ada.fill("Ihr Name", "Ada Lovelace").await;
    ada.fill("E-Mail-Adresse", "ada@example.org").await;
    ada.fill("Neues Passwort", PASSWORD).await;
    ada.click("Organisation anlegen").await;
    ada.click("Sicherheit").await;
    ada.sees("2FA steht derzeit auf: OFF").await;
    ada.click("Erzwingen").await;
    ada.click("2FA erzwingen").await;
    ada.sees("Sie müssen einen mobilen Authenticator einrichten")
        .await;
    let phone = set_up_phone_with(&ada, &server, ["Einmalcode", "Gerätename", "Absenden"]).await;
    ada.open("/console/security").await;
    ada.sees("2FA steht derzeit auf: ON").await;

    ada.click("Abmelden").await;
    ada.fill("E-Mail-Adresse", "ada@example.org").await;
    ada.fill("Passwort", PASSWORD).await;
    ada.click("Anmelden").await;
    ada.fill("Einmalcode", &phone.code(server.now())).await;
    ada.click("Anmelden").await;
    ada.arrives_at("/console").await;
}
