//! What people do about their own account, and administrators about theirs.

use crate::people::{
    accept, ada_with_phone, follow_the_first_link, invite, open_session_with, set_up_phone,
    show_code, show_code_again, sign_in, sign_out,
};
use harness::{Browser, PASSWORD, TestServer, eventually};

#[tokio::test]
async fn recovery_codes_are_shown_once_and_open_once() {
    let server = TestServer::start().await;
    let ada = Browser::of(&server).await;
    follow_the_first_link(&ada).await;
    ada.open("/authenticator").await;
    set_up_phone(&ada, &server).await;
    ada.sees("They are shown only now.").await;
    let codes = ada.all_shown(".codes code").await;
    assert_eq!(codes.len(), 10, "{codes:?}");
    // The file holds what the page shows.
    let file = ada.button("Download").await.attr("href").await.unwrap();
    let file = file.unwrap();
    assert!(codes.iter().all(|code| file.contains(code)), "{file}");
    ada.click("I have kept them").await;
    ada.arrives_at("/console").await;
    ada.open("/account").await;
    ada.sees("10 of 10 recovery codes are left.").await;

    sign_out(&ada).await;
    sign_in(&ada, "ada").await;
    ada.click("Phone lost? Use a recovery code").await;
    ada.fill("Recovery code", &codes[3].to_uppercase()).await;
    ada.click("Sign in").await;
    ada.arrives_at("/console").await;
    ada.open("/account").await;
    ada.sees("9 of 10 recovery codes are left.").await;
    sign_out(&ada).await;
    sign_in(&ada, "ada").await;
    ada.open("/sign-in/recovery-code").await;
    ada.fill("Recovery code", &codes[3]).await;
    ada.click("Sign in").await;
    ada.sees("The recovery code is wrong, or has been used.")
        .await;
}

#[tokio::test]
async fn people_look_after_their_authenticators_and_sessions() {
    let server = TestServer::start().await;
    let (ada, phone) = ada_with_phone(&server).await;
    let elsewhere = Browser::of(&server).await;
    open_session_with(&elsewhere, &server, "ada", &phone).await;

    ada.open("/account").await;
    ada.click("Rename or remove").await;
    ada.fill("New name", "Work phone").await;
    ada.click("Rename").await;
    ada.sees("The authenticator has a new name.").await;
    ada.sees("Work phone").await;

    ada.click("End").await;
    ada.sees("The session is over.").await;
    elsewhere.open("/console").await;
    elsewhere.arrives_at("/sign-in").await;

    // A session left open brings no phone of its own.
    server.wait_steps(11);
    ada.click("Add an authenticator").await;
    show_code_again(&ada, &server, &phone).await;
    set_up_phone(&ada, &server).await;
    ada.sees("The authenticator is set up.").await;
    ada.sees("My phone").await;
    ada.sees("Work phone").await;
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_by_mail() {
    let server = TestServer::start().await;
    let (ada, phone) = ada_with_phone(&server).await;
    let elsewhere = Browser::of(&server).await;
    elsewhere.open("/sign-in").await;
    elsewhere.click("Forgotten your password?").await;
    for who in ["nobody@example.org", "ada@example.org"] {
        elsewhere.open("/forgotten-password").await;
        elsewhere.fill("E-mail address", who).await;
        elsewhere.click("Send the mail").await;
        elsewhere
            .sees(&format!(
                "If {who} belongs to somebody here, a mail is on its way."
            ))
            .await;
    }
    let token = server.mailbox().token("ada@example.org", 1).await;
    elsewhere
        .open(&format!("/password-reset?token={token}"))
        .await;
    elsewhere
        .fill("New password", "another long password")
        .await;
    elsewhere.click("Set the password").await;
    show_code(&elsewhere, &server, &phone).await;
    elsewhere.arrives_at("/console").await;
    ada.open("/console").await;
    ada.arrives_at("/sign-in").await;

    // A link that was used is dead.
    ada.open(&format!("/password-reset?token={token}")).await;
    ada.fill("New password", "yet another password").await;
    ada.click("Set the password").await;
    ada.sees("This link is not valid, or has been used.").await;
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_it() {
    let server = TestServer::start().await;
    let ada = Browser::of(&server).await;
    follow_the_first_link(&ada).await;
    ada.open("/account/password").await;
    ada.fill("Current password", "not her password").await;
    ada.fill("New password", "another long password").await;
    ada.click("Change the password").await;
    ada.sees("The current password is wrong.").await;
    ada.fill("Current password", PASSWORD).await;
    ada.fill("New password", "another long password").await;
    ada.click("Change the password").await;
    ada.sees("The password is changed. Your other sessions are over.")
        .await;
}

#[tokio::test]
async fn administrators_look_after_their_people() {
    let server = TestServer::start().await;
    let (ada, phone) = ada_with_phone(&server).await;
    invite(&ada, "grace", "Member").await;
    let grace = Browser::of(&server).await;
    accept(&grace, &server, "grace").await;
    grace.arrives_at("/account").await;
    grace.click("Add an authenticator").await;
    set_up_phone(&grace, &server).await;

    ada.open("/console/users").await;
    ada.fill("Search by name or e-mail address", "GRA").await;
    ada.click("Search").await;
    // The list of before has everybody on it.
    eventually("the search is carried out", async || {
        let address = ada.driver.current_url().await.unwrap();
        let searched = address.query().is_some_and(|query| query.contains("GRA"));
        searched.then_some(())
    })
    .await;
    ada.sees("grace@example.org").await;
    ada.does_not_see("ada@example.org").await;
    ada.click("grace").await;
    ada.choose("Role", "Auditor").await;
    ada.click("Change the role").await;
    ada.sees("The role is changed.").await;
    grace.open("/account").await;
    grace.arrives_at("/sign-in").await;

    server.wait_steps(11);
    ada.click("Reset the authenticators").await;
    show_code_again(&ada, &server, &phone).await;
    ada.click("Reset the authenticators").await;
    ada.sees("The authenticators are reset.").await;
    sign_in(&grace, "grace").await;
    grace.click("Send the link").await;
    let token = server.mailbox().token("grace@example.org", 2).await;
    grace.open(&format!("/authenticator?token={token}")).await;
    grace
        .sees("You need to set up a Mobile Authenticator to activate your account.")
        .await;

    ada.click("Disable").await;
    ada.sees("The user is disabled.").await;
    grace.open("/authenticator").await;
    grace.arrives_at("/sign-in").await;
    ada.click("Enable").await;
    ada.sees("The user is enabled again.").await;

    // Nobody is offered what would lock the organization.
    ada.open("/console/users").await;
    ada.click("Ada Lovelace").await;
    for action in ["Disable", "Change the role", "Reset the authenticators"] {
        assert!(!ada.offers(action).await, "{action}");
    }
}

#[tokio::test]
async fn an_organization_looks_as_it_likes() {
    let server = TestServer::start().await;
    let ada = Browser::of(&server).await;
    follow_the_first_link(&ada).await;
    ada.open("/console/organization").await;
    ada.fill("Name", "Acme & Sons").await;
    ada.tick("Use a color of our own").await;
    ada.set("#color", "#ffee00").await;
    ada.click("Save").await;
    ada.sees("White text on the color must be easy to read: take a dark one.")
        .await;
    // What was typed is still there.
    ada.set("#color", "#0b5c3f").await;
    ada.click("Save").await;
    ada.sees("The change is made.").await;
    assert_eq!(ada.shown(".brand").await, "Acme & Sons");
    let button = ada.button("Save").await;
    let color = button.css_value("background-color").await.unwrap();
    assert!(color.contains("11, 92, 63"), "{color}");

    let picture = ada.picture_file().await;
    ada.field("Picture")
        .await
        .send_keys(&picture)
        .await
        .unwrap();
    ada.click("Use this picture").await;
    ada.sees("The change is made.").await;
    let wide = "return document.querySelector('.brand img').naturalWidth";
    let wide = ada.driver.execute(wide, vec![]).await.unwrap();
    assert_eq!(wide, 64);
    // Whoever is invited sees it, too.
    invite(&ada, "grace", "Member").await;
    let token = server.mailbox().token("grace@example.org", 1).await;
    let grace = Browser::of(&server).await;
    grace.open(&format!("/invitation?token={token}")).await;
    assert_eq!(grace.shown(".brand").await, "Acme & Sons");
}

#[tokio::test]
async fn the_audit_trail_is_filtered_and_followed() {
    let server = TestServer::start().await;
    let ada = Browser::of(&server).await;
    follow_the_first_link(&ada).await;
    ada.open("/console/audit").await;
    ada.sees("UserRegistered").await;
    ada.sees("New events appear by themselves.").await;
    let elsewhere = Browser::of(&server).await;
    sign_in(&elsewhere, "ada").await;
    elsewhere.arrives_at("/console").await;
    invite(&elsewhere, "grace", "Member").await;
    ada.sees("UserInvited").await;

    ada.choose("Event", "Person invited").await;
    ada.click("Show").await;
    ada.sees("Show everything").await;
    let rows = ada.all_shown("tbody strong").await;
    assert_eq!(rows, ["Person invited"]);
    ada.open("/console/audit?as_of=2027-01-14").await;
    assert_eq!(ada.all_shown("tbody strong").await, [""; 0]);
    ada.open("/console/audit?as_of=2027-01-15").await;
    ada.sees("OrganizationRegistered").await;
}
