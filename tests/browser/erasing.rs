//! Deleting a person for good, from the console.

use crate::people::{ada_with_phone, invite, show_code_again};
use harness::TestServer;

#[tokio::test]
async fn a_person_is_deleted_for_good_by_who_types_their_address_and_shows_a_code() {
    let server = TestServer::start().await;
    let (ada, phone) = ada_with_phone(&server).await;
    invite(&ada, "grace", "Member").await;
    let _ = server.mailbox().token("grace@example.org", 1).await;
    ada.open("/console/users").await;
    ada.click("grace").await;
    ada.sees("Invited").await;
    let person = ada.path().await;
    ada.click("Delete for good").await;
    ada.arrives_at(&format!("{person}/erase")).await;
    ada.sees("The history stays.").await;
    ada.sees("Keep a copy first?").await;
    let label = "To confirm, type their e-mail address: grace@example.org";
    ada.fill(label, "ada@example.org").await;
    ada.click("Delete for good").await;
    ada.sees("Type the e-mail address of the person").await;

    // A session left open is not enough.
    server.wait_steps(11);
    ada.fill(label, "grace@example.org").await;
    ada.click("Delete for good").await;
    show_code_again(&ada, &server, &phone).await;
    ada.arrives_at(&format!("{person}/erase")).await;
    ada.fill(label, "Grace@Example.org").await;
    ada.click("Delete for good").await;
    ada.arrives_at("/console/users").await;
    ada.sees("The person is deleted for good.").await;
    ada.does_not_see("grace").await;
    assert_eq!(server.mailbox().to("grace@example.org"), [""; 0]);
    ada.open(&person).await;
    ada.sees("erased person").await;
    ada.does_not_see("Delete for good").await;
    ada.open(&format!("{person}/erase")).await;
    ada.arrives_at(&person).await;
    ada.open("/console/audit").await;
    ada.sees("UserErased").await;
    ada.does_not_see("grace").await;
}
