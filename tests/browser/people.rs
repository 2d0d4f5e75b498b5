//! What people do in their browsers.

use harness::{Browser, PASSWORD, Person, Phone, SETUP_TOKEN, TestServer};

/// Follows the link of the first start and makes the organization Acme.
pub async fn follow_the_first_link(browser: &Browser) {
    let ada = Person::named("ada");
    browser.open(&format!("/setup?token={SETUP_TOKEN}")).await;
    browser.fill("Organization", "Acme").await;
    browser.fill("Your name", "Ada Lovelace").await;
    browser.fill("E-mail address", &ada.email).await;
    browser.fill("New password", PASSWORD).await;
    browser.click("Create the organization").await;
    browser.arrives_at("/console").await;
}

/// Invites somebody from the console.
pub async fn invite(browser: &Browser, who: &str, role: &str) {
    browser.open("/console/users").await;
    browser.click("Invite a user").await;
    browser.fill("Name", who).await;
    browser
        .fill("E-mail address", &Person::named(who).email)
        .await;
    browser.choose("Role", role).await;
    browser.click("Send the invitation").await;
    browser.sees("The invitation is on its way.").await;
}

/// Follows the link in the mail and chooses a password.
pub async fn accept(browser: &Browser, server: &TestServer, who: &str) {
    let token = server.mailbox().token(&Person::named(who).email, 1).await;
    browser.open(&format!("/invitation?token={token}")).await;
    browser.sees(&format!("Welcome, {who}.")).await;
    browser.fill("New password", PASSWORD).await;
    browser.submit("Accept the invitation").await;
}

/// Shows the password.
pub async fn sign_in(browser: &Browser, who: &str) {
    browser.open("/sign-in").await;
    browser
        .fill("E-mail address", &Person::named(who).email)
        .await;
    browser.fill("Password", PASSWORD).await;
    browser.submit("Sign in").await;
}

/// Scans the barcode, types the code, names the device and submits. The clock moves on by a step, so
/// that the phone's next code is unspent.
pub async fn set_up_phone(browser: &Browser, server: &TestServer) -> Phone {
    set_up_phone_with(browser, server, ["One-time code", "Device Name", "Submit"]).await
}

/// The same, where the fields and the button are called like this.
pub async fn set_up_phone_with(
    browser: &Browser,
    server: &TestServer,
    [code, name, submit]: [&str; 3],
) -> Phone {
    browser.arrives_at("/authenticator").await;
    let phone = Phone::scan(&browser.scan().await);
    browser.fill(code, &phone.code(server.now())).await;
    browser.fill(name, "My phone").await;
    browser.submit(submit).await;
    server.wait_steps(1);
    phone
}

/// Shows the code of the phone.
pub async fn show_code(browser: &Browser, server: &TestServer, phone: &Phone) {
    browser.arrives_at("/sign-in/code").await;
    browser
        .fill("One-time code", &phone.code(server.now()))
        .await;
    browser.submit("Sign in").await;
}

/// Signs out.
pub async fn sign_out(browser: &Browser) {
    browser.click("Sign out").await;
    browser.sees("You are signed out.").await;
}

/// Shows a code again, which some things ask for.
pub async fn show_code_again(browser: &Browser, server: &TestServer, phone: &Phone) {
    browser.arrives_at("/sign-in/again").await;
    browser
        .fill("One-time code", &phone.code(server.now()))
        .await;
    browser.submit("Go on").await;
    server.wait_steps(1);
}

/// The administrator, with a phone and a session that lacks nothing.
pub async fn ada_with_phone(server: &TestServer) -> (Browser, Phone) {
    let ada = Browser::of(server).await;
    follow_the_first_link(&ada).await;
    ada.open("/authenticator").await;
    let phone = set_up_phone(&ada, server).await;
    ada.click("I have kept them").await;
    ada.arrives_at("/console").await;
    (ada, phone)
}

/// Signs somebody in with password and code. The clock moves on by a step.
pub async fn open_session_with(browser: &Browser, server: &TestServer, who: &str, phone: &Phone) {
    sign_in(browser, who).await;
    show_code(browser, server, phone).await;
    browser.arrives_at("/console").await;
    server.wait_steps(1);
}
