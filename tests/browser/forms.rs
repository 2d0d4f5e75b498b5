//! What people do with forms: go back, click twice, open two tabs, wait too long, type it wrong.

use crate::people::{
    ada_with_phone, follow_the_first_link, set_up_phone, show_code, sign_in, sign_out,
};
use harness::{Browser, Client, PASSWORD, Phone, TestServer};
use reqwest::{Method, header};

#[tokio::test]
async fn after_signing_out_the_back_button_shows_nothing() {
    let server = TestServer::start().await;
    let ada = Browser::of(&server).await;
    follow_the_first_link(&ada).await;
    ada.open("/console/users").await;
    ada.sees("ada@example.org").await;
    sign_out(&ada).await;
    ada.driver.back().await.unwrap();
    ada.arrives_at("/sign-in").await;
    ada.does_not_see("ada@example.org").await;
}

#[tokio::test]
async fn a_form_that_is_sent_twice_is_carried_out_once() {
    let server = TestServer::start().await;
    let (ada, phone) = ada_with_phone(&server).await;
    sign_out(&ada).await;
    sign_in(&ada, "ada").await;
    ada.arrives_at("/sign-in/code").await;
    ada.fill("One-time code", &phone.code(server.now())).await;
    // Twice in one turn of the browser, without the page's own guard.
    let twice = "const form = document.querySelector('form[action=\"/sign-in/code\"]');
                 HTMLFormElement.prototype.submit.call(form);
                 HTMLFormElement.prototype.submit.call(form);";
    ada.driver.execute(twice, vec![]).await.unwrap();
    ada.arrives_at("/console").await;

    // An invitation, too: the form holds its key until it is loaded anew.
    ada.open("/console/users/invite").await;
    ada.fill("Name", "grace").await;
    ada.fill("E-mail address", "grace@example.org").await;
    let twice = twice.replace("/sign-in/code", "/console/users/invite");
    ada.driver.execute(&twice, vec![]).await.unwrap();
    ada.sees("The invitation is on its way.").await;
    assert_eq!(server.mailbox().to("grace@example.org").len(), 1);
}

#[tokio::test]
async fn two_tabs_set_up_one_phone() {
    let server = TestServer::start().await;
    let ada = Browser::of(&server).await;
    follow_the_first_link(&ada).await;
    ada.open("/authenticator").await;
    let first = ada.scan().await;
    let window = ada.driver.window().await.unwrap();
    let tab = ada.driver.new_window(true).await.unwrap();
    ada.driver.switch_to_window(tab.handle).await.unwrap();
    ada.open("/authenticator").await;
    assert_eq!(ada.scan().await, first);

    let phone = set_up_phone(&ada, &server).await;
    ada.sees("Recovery codes").await;
    // The other tab is too late, and says so.
    ada.driver.switch_to_window(window).await.unwrap();
    ada.fill("One-time code", &phone.code(server.now())).await;
    ada.fill("Device Name", "Again").await;
    ada.click("Submit").await;
    ada.sees("The setup was begun again elsewhere.").await;
}

#[tokio::test]
async fn a_setup_that_took_too_long_begins_again() {
    let server = TestServer::start().await;
    let ada = Browser::of(&server).await;
    follow_the_first_link(&ada).await;
    ada.open("/authenticator").await;
    let old = ada.scan().await;
    server.wait_steps(20);
    ada.fill("One-time code", &Phone::scan(&old).code(server.now()))
        .await;
    ada.fill("Device Name", "Slow phone").await;
    ada.click("Submit").await;
    ada.sees("The setup took longer than 10 minutes. Scan the new barcode below.")
        .await;
    assert_ne!(ada.scan().await, old);
    assert_eq!(
        ada.field("Device Name")
            .await
            .prop("value")
            .await
            .unwrap()
            .unwrap(),
        "Slow phone"
    );
    set_up_phone(&ada, &server).await;
    ada.sees("Recovery codes").await;
}

#[tokio::test]
async fn errors_help_and_tell_nobody_who_is_there() {
    let server = TestServer::start().await;
    let (ada, phone) = ada_with_phone(&server).await;
    sign_out(&ada).await;
    for (who, password) in [
        ("ada@example.org", "not her password"),
        ("nobody@example.org", PASSWORD),
    ] {
        ada.open("/sign-in").await;
        ada.fill("E-mail address", who).await;
        ada.fill("Password", password).await;
        ada.click("Sign in").await;
        ada.sees("The e-mail address or the password is wrong.")
            .await;
        let email = ada.field("E-mail address").await;
        assert_eq!(email.prop("value").await.unwrap().unwrap(), who);
        let password = ada.field("Password").await;
        assert_eq!(password.prop("value").await.unwrap().unwrap(), "");
    }
    sign_in(&ada, "ada").await;
    ada.arrives_at("/sign-in/code").await;
    let code = ada.field("One-time code").await;
    for (attribute, value) in [("autocomplete", "one-time-code"), ("inputmode", "numeric")] {
        assert_eq!(code.attr(attribute).await.unwrap().unwrap(), value);
    }
    ada.fill("One-time code", &phone.wrong_code(server.now()))
        .await;
    ada.click("Sign in").await;
    ada.sees("The code is wrong. Type the one that the app shows now.")
        .await;
    // With the space that apps show in the middle, as it is pasted.
    let code = phone.code(server.now());
    ada.fill("One-time code", &format!("{} {}", &code[..3], &code[3..]))
        .await;
    ada.click("Sign in").await;
    ada.arrives_at("/console").await;
}

#[tokio::test]
async fn each_step_of_signing_in_changes_the_cookie() {
    let server = TestServer::start().await;
    let (ada, phone) = ada_with_phone(&server).await;
    let mut seen = vec![cookie(&ada).await];
    sign_out(&ada).await;
    let left = ada.driver.get_all_cookies().await.unwrap();
    assert!(
        left.iter()
            .all(|cookie| cookie.name() == "__Host-pawl-browser")
    );
    sign_in(&ada, "ada").await;
    ada.arrives_at("/sign-in/code").await;
    seen.push(cookie(&ada).await);
    show_code(&ada, &server, &phone).await;
    ada.arrives_at("/console").await;
    seen.push(cookie(&ada).await);
    seen.dedup();
    assert_eq!(seen.len(), 3, "a token was used twice");
}

async fn cookie(browser: &Browser) -> String {
    let mut cookies = browser.driver.get_all_cookies().await.unwrap();
    cookies.retain(|cookie| cookie.name() != "__Host-pawl-browser");
    let [cookie] = &cookies[..] else {
        panic!("{cookies:?}")
    };
    assert_eq!(cookie.name(), "__Host-pawl-session");
    assert_eq!(cookie.http_only(), Some(true));
    assert_eq!(cookie.secure(), Some(true));
    cookie.value().to_owned()
}

/// A form on another site brings the cookie at most, never `Sec-Fetch-Site: same-origin`.
#[tokio::test]
async fn forms_of_other_sites_do_nothing() {
    let server = TestServer::start().await;
    let ada = Browser::of(&server).await;
    follow_the_first_link(&ada).await;
    let session = cookie(&ada).await;
    let events = server.client.head().await;
    let enforce = |site: Option<&'static str>| {
        let anybody: &Client = &server.client;
        let form = "command=0190163d-8694-739b-aea5-966c26f8ad91&confirm=Enforce+2FA";
        let mut request = anybody
            .request(Method::POST, "/console/security/enforce")
            .header(header::COOKIE, format!("__Host-pawl-session={session}"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form);
        if let Some(site) = site {
            request = request.header("sec-fetch-site", site);
        }
        harness::Reply::to(request)
    };
    for site in [Some("cross-site"), Some("same-site"), Some("none"), None] {
        enforce(site).await.problem(403, "cross-site");
    }
    assert_eq!(server.client.head().await, events);
    let _ = enforce(Some("same-origin")).await;
    assert!(server.client.head().await > events);
}
