//! Two browsers at the moment of enforcement.

use crate::people::{accept, follow_the_first_link, invite, set_up_phone};
use harness::{Browser, TestServer};

#[tokio::test]
async fn a_session_with_one_factor_is_stopped_at_its_next_click() {
    let server = TestServer::start().await;
    let ada = Browser::of(&server).await;
    follow_the_first_link(&ada).await;
    invite(&ada, "grace", "User Manager").await;
    let grace = Browser::of(&server).await;
    accept(&grace, &server, "grace").await;
    grace.arrives_at("/console").await;
    grace.click("Users").await;
    grace.sees("Ada Lovelace").await;

    ada.open("/console/security/enforce").await;
    ada.sees("2 people without an authenticator").await;
    ada.click("Enforce 2FA").await;
    ada.arrives_at("/authenticator").await;

    grace.click("Ada Lovelace").await;
    grace.arrives_at("/authenticator").await;
    grace.does_not_see("ada@example.org").await;
    // What was half done waits behind the set-up; the page that stood open sends nothing either.
    grace.driver.back().await.unwrap();
    grace.arrives_at("/authenticator").await;
    set_up_phone(&grace, &server).await;
    grace.open("/console/users").await;
    grace.sees("Ada Lovelace").await;
}
