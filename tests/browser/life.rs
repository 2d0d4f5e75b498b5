//! From the first link to an enforced organization, by what the screen says. The admins' handbook
//! teaches these sentences, in this order.

use crate::people::{
    accept, follow_the_first_link, invite, set_up_phone, show_code, sign_in, sign_out,
};
use harness::{Browser, Phone, TestServer};

#[tokio::test]
async fn from_the_first_link_to_an_enforced_sign_in() {
    let server = TestServer::start().await;
    let ada = Browser::of(&server).await;
    follow_the_first_link(&ada).await;
    invite(&ada, "grace", "Member").await;

    ada.sees("Administration").await;
    ada.sees("Configuration").await;
    ada.click("Security").await;
    ada.sees("2FA is currently set to: OFF").await;
    ada.click("Enforce").await;
    for consequence in [
        "1 person without an authenticator must set one up at once.",
        "1 pending invitation: whoever accepts it must set one up.",
        "This cannot be reverted",
    ] {
        ada.sees(consequence).await;
    }
    ada.click("Enforce 2FA").await;

    // The administrator is the first whom it meets.
    let phone = set_up_for_the_first_time(&ada, &server).await;
    ada.open("/console/security").await;
    ada.sees("2FA is currently set to: ON").await;
    ada.sees("by Ada Lovelace").await;
    ada.sees("1 invitation is pending.").await;
    assert!(!ada.offers("Enforce").await);

    // Whoever was invited before comes next, and the administrator sees it without doing anything.
    let grace = Browser::of(&server).await;
    accept(&grace, &server, "grace").await;
    set_up_for_the_first_time(&grace, &server).await;
    grace.open("/account").await;
    grace.sees("My phone").await;
    ada.sees("Everyone has an authenticator, and no invitation is pending.")
        .await;

    // Ever after: password and code.
    sign_out(&ada).await;
    sign_in(&ada, "ada").await;
    show_code(&ada, &server, &phone).await;
    ada.arrives_at("/console").await;
}

async fn set_up_for_the_first_time(browser: &Browser, server: &TestServer) -> Phone {
    browser.arrives_at("/authenticator").await;
    for text in [
        "Mobile Authenticator Setup",
        "You need to set up a Mobile Authenticator to activate your account.",
        "Microsoft Authenticator",
        "FreeOTP",
        "Google Authenticator",
        "scan the barcode",
    ] {
        browser.sees(text).await;
    }
    set_up_phone(browser, server).await
}

/// What the decoder reads from the screen is what the key says to whoever types it.
#[tokio::test]
async fn whoever_cannot_scan_types_the_key() {
    let server = TestServer::start().await;
    let ada = Browser::of(&server).await;
    follow_the_first_link(&ada).await;
    ada.open("/account").await;
    ada.click("Add an authenticator").await;
    let uri = ada.scan().await;
    assert!(
        uri.starts_with("otpauth://totp/Acme:ada%40example.org?secret="),
        "{uri}"
    );

    ada.click("Unable to scan?").await;
    let key = ada.shown("#key").await;
    let groups: Vec<_> = key.split(' ').collect();
    assert_eq!(groups.len(), 8, "{key}");
    assert!(groups.iter().all(|group| group.len() == 4), "{key}");
    assert!(
        uri.contains(&format!("secret={}&", groups.concat())),
        "{uri}"
    );
    assert!(uri.ends_with("&issuer=Acme"), "{uri}");
}
