//! Every page, looked at: nothing that keeps people out (axe-core), nothing that has to be scrolled
//! sideways on a small screen, and, where `PAWL_SCREENSHOTS` names a folder, a picture of it.

use crate::{
    analytics::Busy,
    people::{
        accept, follow_the_first_link, invite, open_session_with, set_up_phone, show_code, sign_in,
        sign_out,
    },
};
use chrono::TimeDelta;
use harness::{Browser, SETUP_TOKEN, TestServer};
use std::{env, fs, path::PathBuf};

/// Width in pixels and colours: a desktop by day and by night, and the narrowest phone, which is also
/// what 1280 pixels are at 400 % (WCAG 2.2, 1.4.10).
const VIEWS: [(u32, &str); 3] = [(1280, "light"), (1280, "dark"), (320, "light")];

struct Gallery {
    folder: Option<PathBuf>,
    found: Vec<String>,
}

impl Gallery {
    fn new() -> Self {
        let folder = env::var_os("PAWL_SCREENSHOTS").map(PathBuf::from);
        if let Some(folder) = &folder {
            fs::create_dir_all(folder).unwrap();
        }
        Self {
            folder,
            found: Vec::new(),
        }
    }

    /// Looks at the page as it is now.
    async fn look(&mut self, browser: &Browser, name: &str) {
        for (width, scheme) in VIEWS {
            browser.resize(width, 900).await;
            browser.prefer(scheme).await;
            let overflow = "return document.documentElement.scrollWidth - innerWidth";
            let overflow = browser.driver.execute(overflow, vec![]).await.unwrap();
            if overflow.as_i64().unwrap() > 0 {
                self.found
                    .push(format!("{name}: wider than {width} pixels"));
            }
            for barrier in browser.barriers().await {
                self.found
                    .push(format!("{name}, {width}, {scheme}: {barrier}"));
            }
            if let Some(folder) = &self.folder {
                let file = format!("{name}-{width}-{scheme}.png");
                fs::write(folder.join(file), browser.picture(width).await).unwrap();
            }
        }
        browser.resize(1280, 900).await;
        browser.prefer("light").await;
    }
}

#[tokio::test]
async fn no_page_keeps_anybody_out() {
    let mut gallery = Gallery::new();
    let server = TestServer::start().await;
    let ada = Browser::of(&server).await;
    ada.open(&format!("/setup?token={SETUP_TOKEN}")).await;
    gallery.look(&ada, "first-link").await;
    follow_the_first_link(&ada).await;
    for (who, role) in [("grace", "User Manager"), ("edsger", "Member")] {
        invite(&ada, who, role).await;
    }
    let token = server.mailbox().token("edsger@example.org", 1).await;
    let grace = Browser::of(&server).await;
    grace.open(&format!("/invitation?token={token}")).await;
    gallery.look(&grace, "invitation").await;
    grace.open("/invitation?token=nonsense").await;
    gallery.look(&grace, "invitation-dead").await;
    accept(&grace, &server, "grace").await;
    grace.arrives_at("/console").await;

    for (path, name) in [
        ("/console", "console-home"),
        ("/console/users", "console-users"),
        ("/console/users/invite", "console-invite"),
        ("/console/users/invite-list", "console-invite-list"),
        ("/console/security", "console-security-off"),
        ("/console/security/enforce", "console-security-enforce"),
        ("/console/audit", "console-audit"),
        ("/console/analytics", "console-analytics-nothing"),
        ("/console/organization", "console-organization"),
        (
            "/console/api-credentials/new",
            "console-api-credential-without-phone",
        ),
        ("/account/password", "change-password"),
        ("/forgotten-password", "forgotten-password"),
        ("/nowhere", "not-found"),
    ] {
        ada.open(path).await;
        gallery.look(&ada, name).await;
    }
    ada.open("/console/users").await;
    ada.click("edsger").await;
    gallery.look(&ada, "console-user-invited").await;
    ada.click("Delete for good").await;
    ada.sees("To confirm, type their e-mail address").await;
    gallery.look(&ada, "console-user-erase").await;
    ada.open("/console/security/enforce").await;
    ada.click("Enforce 2FA").await;
    ada.arrives_at("/authenticator").await;
    gallery.look(&ada, "authenticator").await;
    let phone = set_up_phone(&ada, &server).await;
    ada.sees("Recovery codes").await;
    gallery.look(&ada, "recovery-codes").await;

    // Days later the curve has something to show.
    server.clock.advance(TimeDelta::days(9));
    sign_in(&grace, "grace").await;
    set_up_phone(&grace, &server).await;
    server.clock.advance(TimeDelta::days(12));
    sign_in(&ada, "ada").await;
    ada.click("Phone lost? Use a recovery code").await;
    gallery.look(&ada, "recovery-code").await;
    ada.click("Use the authenticator instead").await;
    gallery.look(&ada, "code").await;
    show_code(&ada, &server, &phone).await;
    ada.arrives_at("/console").await;
    for (path, name) in [
        ("/account", "account"),
        ("/console/security", "console-security-on"),
        ("/console", "console-home-on"),
        ("/sign-in/again?to=/account", "code-again"),
    ] {
        ada.open(path).await;
        gallery.look(&ada, name).await;
    }
    ada.open("/console/users").await;
    ada.click("grace").await;
    gallery.look(&ada, "console-user-active").await;
    look_at_the_link(&mut gallery, &server, &ada, &grace).await;
    look_at_credentials(&mut gallery, &ada).await;
    sign_out(&ada).await;
    gallery.look(&ada, "sign-in").await;
    ada.open("/password-reset?token=nonsense").await;
    gallery.look(&ada, "password-reset").await;
    assert!(gallery.found.is_empty(), "{:#?}", gallery.found);
}

/// By somebody who has just shown their second factor.
async fn look_at_credentials(gallery: &mut Gallery, ada: &Browser) {
    ada.open("/console/api-credentials/new").await;
    gallery.look(ada, "console-api-credential-new").await;
    ada.fill("Name", "Nightly export").await;
    ada.tick("Read the audit trail, prove what it says, and export it audit:read")
        .await;
    ada.click("Create and show the secret").await;
    ada.sees("Keep it now: it is shown only here.").await;
    gallery.look(ada, "console-client-secret").await;
    ada.click("I have kept it").await;
    gallery.look(ada, "console-api-credential").await;
    ada.open("/console/api-credentials").await;
    gallery.look(ada, "console-api-credentials").await;
}

/// The link before a first set-up: asked for by the one, needed by the other.
async fn look_at_the_link(
    gallery: &mut Gallery,
    server: &TestServer,
    ada: &Browser,
    grace: &Browser,
) {
    ada.open("/console/security/enforce").await;
    gallery.look(ada, "console-security-link").await;
    ada.click("Ask for the link").await;
    ada.sees("The link is asked for, from now on and for good.")
        .await;
    gallery.look(ada, "console-security-link-on").await;
    invite(ada, "barbara", "Member").await;
    accept(grace, server, "barbara").await;
    grace.arrives_at("/authenticator").await;
    sign_out(grace).await;
    sign_in(grace, "barbara").await;
    grace.arrives_at("/authenticator").await;
    gallery.look(grace, "set-up-link").await;
    grace.click("Send the link").await;
    grace.sees("We have sent a link to your address").await;
    gallery.look(grace, "set-up-link-sent").await;
}

/// Pictures of much, of little and of a year, with the figures behind them.
#[tokio::test]
async fn no_chart_keeps_anybody_out() {
    let mut gallery = Gallery::new();
    let busy = Busy::for_days(28).await;
    let ada = Browser::of(&busy.server).await;
    open_session_with(&ada, &busy.server, "ada", &busy.phone).await;
    for (query, name) in [
        ("", "console-analytics"),
        ("?days=1", "console-analytics-one-day"),
        ("?days=365", "console-analytics-year"),
        (
            "?from=2027-02-01&to=2020-01-01",
            "console-analytics-no-period",
        ),
    ] {
        ada.open(&format!("/console/analytics{query}")).await;
        gallery.look(&ada, name).await;
    }
    ada.open("/console/analytics").await;
    let open = "document.querySelectorAll('details').forEach(each => each.open = true)";
    ada.driver.execute(open, vec![]).await.unwrap();
    gallery.look(&ada, "console-analytics-tables").await;
    assert!(gallery.found.is_empty(), "{:#?}", gallery.found);
}
