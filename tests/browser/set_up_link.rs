//! The link before the set-up of an authenticator: asked for on the page, opened in this browser or in
//! another.

use crate::people::{accept, ada_with_phone, invite, set_up_phone, set_up_phone_with, sign_in};
use harness::{Browser, Kind, TestServer};

/// Ada enforces with the link; Grace is a member without an authenticator.
async fn enforced_with_the_link(server: &TestServer) -> Browser {
    let (ada, _) = ada_with_phone(server).await;
    invite(&ada, "grace", "Member").await;
    let grace = Browser::of(server).await;
    accept(&grace, server, "grace").await;
    grace.arrives_at("/account").await;
    ada.open("/console/security").await;
    ada.click("Enforce").await;
    ada.tick("Ask for a link sent by mail before a first set-up")
        .await;
    ada.click("Enforce 2FA").await;
    ada.sees("2FA is enforced, from now on and for good.").await;
    ada.sees("Whoever has no authenticator needs a link sent by mail")
        .await;
    assert!(!ada.offers("Ask for a link sent by mail as well").await);
    ada
}

async fn asks_for_the_mail(browser: &Browser) {
    browser.arrives_at("/authenticator").await;
    browser.sees("A password alone is not enough").await;
    browser.click("Send the link").await;
    browser
        .sees("We have sent a link to your address, g***@example.org.")
        .await;
    browser.does_not_see("grace@example.org").await;
    browser.does_not_see("Scan").await;
}

#[tokio::test]
async fn the_link_leads_to_the_set_up_in_this_browser() {
    let server = TestServer::start().await;
    let _ada = enforced_with_the_link(&server).await;
    let grace = Browser::of(&server).await;
    sign_in(&grace, "grace").await;
    asks_for_the_mail(&grace).await;
    assert!(grace.offers("Send another link").await);
    let token = server.mailbox().token("grace@example.org", 2).await;
    grace.open(&format!("/authenticator?token={token}")).await;
    grace.sees("Open the application and scan").await;
    // The token is not in the address, and the page can be loaded anew.
    let address = grace.driver.current_url().await.unwrap();
    assert_eq!(address.query(), None);
    grace.open("/authenticator").await;
    set_up_phone(&grace, &server).await;
    grace.sees("Recovery codes").await;
}

/// Without scripts, in German, and on the way in through signing in.
#[tokio::test]
async fn the_link_leads_through_signing_in_and_back_in_another_browser() {
    let server = TestServer::start().await;
    let _ada = enforced_with_the_link(&server).await;
    let thief = Browser::of(&server).await;
    sign_in(&thief, "grace").await;
    asks_for_the_mail(&thief).await;
    let token = server.mailbox().token("grace@example.org", 2).await;

    let kind = Kind {
        language: "de",
        scripts: false,
    };
    let grace = Browser::start(&server.client.url(""), kind).await;
    grace.open(&format!("/authenticator?token={token}")).await;
    grace.arrives_at("/sign-in").await;
    grace.fill("E-Mail-Adresse", "grace@example.org").await;
    grace.fill("Passwort", harness::PASSWORD).await;
    grace.click("Anmelden").await;
    grace.arrives_at("/authenticator").await;

    // Whoever waits elsewhere with the password alone waits on, also with the same link.
    thief.open("/authenticator").await;
    thief.sees("A password alone is not enough").await;
    thief.open(&format!("/authenticator?token={token}")).await;
    thief
        .sees("This link does not work any more, or is not for you.")
        .await;
    let words = ["Einmalcode", "Gerätename", "Absenden"];
    set_up_phone_with(&grace, &server, words).await;
    grace.sees("Wiederherstellungscodes").await;
    thief.open("/authenticator").await;
    thief.arrives_at("/sign-in/code").await;
}

#[tokio::test]
async fn the_link_is_asked_for_later_and_for_good() {
    let server = TestServer::start().await;
    let (ada, _) = ada_with_phone(&server).await;
    ada.open("/console/security/enforce").await;
    ada.click("Enforce 2FA").await;
    ada.sees("sets up the first with a password alone").await;
    ada.click("Ask for a link sent by mail as well").await;
    ada.sees("This cannot be reverted").await;
    ada.click("Ask for the link").await;
    ada.sees("The link is asked for, from now on and for good.")
        .await;
    ada.sees("Whoever has no authenticator needs a link sent by mail")
        .await;
    ada.sees("2FA is currently set to: ON").await;
    // There is nothing more to ask for.
    ada.open("/console/security/enforce").await;
    assert!(!ada.offers("Ask for the link").await);
    assert!(!ada.offers("Enforce 2FA").await);
}
