//! What a reviewer asks of the audit trail, and what they take away from it.

use crate::people::{ada_with_phone, invite, show_code_again};
use harness::{Browser, TestServer};

/// Sends the form that holds this button, or follows the link, as the browser would; what comes back.
async fn taken(browser: &Browser, what: &str) -> String {
    let script = format!(
        "const form = document.querySelector('form[action=\"/console/audit/export\"]');
         return fetch({what}).then(answer => answer.text());"
    );
    let text = browser.driver.execute(&script, vec![]).await.unwrap();
    text.as_str().unwrap().to_owned()
}

const FORM: &str = "form.action, { method: 'POST', body: new URLSearchParams(new FormData(form)) }";
const LINK: &str = "document.querySelector('tbody a[href$=\"/proof\"]').href";

#[tokio::test]
async fn a_reviewer_asks_for_a_person_and_takes_evidence_away() {
    let server = TestServer::start().await;
    let (ada, phone) = ada_with_phone(&server).await;
    for who in ["grace", "gracie", "edsger"] {
        invite(&ada, who, "Member").await;
    }
    ada.open("/console/audit").await;
    ada.fill("Person", "edsger@").await;
    ada.fill("Text", "invited person").await;
    ada.click("Show").await;
    ada.sees("Show everything").await;
    let rows = ada.all_shown("tbody strong").await;
    assert_eq!(rows, ["Person invited"]);
    // What was asked stays in the form and in the address.
    let address = ada.driver.current_url().await.unwrap();
    assert!(
        address.query().unwrap().contains("q=invited+person"),
        "{address}"
    );
    ada.fill("Text", "").await;
    ada.click("Show").await;
    ada.sees("Audit trail read").await;
    ada.fill("Person", "grac").await;
    ada.click("Show").await;
    ada.sees("Nobody of this name, or more than one.").await;
    assert_eq!(ada.all_shown("tbody strong").await, [""; 0]);

    ada.click("Show everything").await;
    ada.sees("Organization registered").await;
    let proof = taken(&ada, LINK).await;
    assert!(proof.contains("c2sp.org/tlog-proof@v1"), "{proof}");
    ada.choose("Form", "CSV").await;
    let file = taken(&ada, FORM).await;
    assert!(
        file.starts_with("leaf_index,") && file.contains("edsger@example.org"),
        "{file}"
    );

    // A session left open is not enough to take everything away.
    server.wait_steps(11);
    ada.click("Export").await;
    show_code_again(&ada, &server, &phone).await;
    ada.arrives_at("/console/audit").await;
    ada.sees("Audit trail exported").await;
}
