//! Every page, looked at: nothing that keeps people out (axe-core), nothing that has to be scrolled
//! sideways on a small screen, and, where `PAWL_SCREENSHOTS` names a folder, a picture of it.

use crate::people::{
    accept, follow_the_first_link, invite, set_up_phone, show_code, sign_in, sign_out,
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
    let folder = env::var_os("PAWL_SCREENSHOTS").map(PathBuf::from);
    if let Some(folder) = &folder {
        fs::create_dir_all(folder).unwrap();
    }
    let mut gallery = Gallery {
        folder,
        found: Vec::new(),
    };
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
        ("/console/security", "console-security-off"),
        ("/console/security/enforce", "console-security-enforce"),
        ("/console/audit", "console-audit"),
        ("/console/organization", "console-organization"),
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
    sign_out(&ada).await;
    gallery.look(&ada, "sign-in").await;
    ada.open("/password-reset?token=nonsense").await;
    gallery.look(&ada, "password-reset").await;
    assert!(gallery.found.is_empty(), "{:#?}", gallery.found);
}
