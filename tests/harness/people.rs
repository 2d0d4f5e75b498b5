//! The people of the tests, and what they do.

use crate::{Client, Phone, Reply, TestServer, server::text};
use serde_json::{Value, json};

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery";

/// Somebody with an address at example.org.
pub struct Person {
    /// Their e-mail address.
    pub email: String,
    /// Their name.
    pub name: String,
    /// Their password.
    pub password: &'static str,
}

impl Person {
    /// Somebody by their first name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            email: format!("{name}@example.org"),
            name: name.to_owned(),
            password: PASSWORD,
        }
    }
}

/// The recovery codes in an answer, none where it has none.
#[must_use]
pub fn recovery_codes(answer: &Value) -> Vec<String> {
    let codes = answer["recovery_codes"].as_array().into_iter().flatten();
    codes
        .map(|code| code.as_str().unwrap().to_owned())
        .collect()
}

impl TestServer {
    /// Signs in with the password.
    pub async fn sign_in(&self, who: &str) -> Reply {
        let body = json!({ "email": Person::named(who).email, "password": PASSWORD });
        self.client.post("/v1/sign-in", body).await
    }

    /// The session of somebody who has shown their password and must show a code next.
    pub async fn half_signed_in(&self, who: &str) -> Client {
        let step = self.sign_in(who).await.expect(200);
        assert_eq!(step["next"], "otp");
        self.client.with(text(&step, "session_token"))
    }

    /// Sets up a phone; the clock moves on by a step, so that its next code is unspent.
    pub async fn set_up_phone(&self, session: &Client) -> (Client, Phone) {
        let (session, phone, _) = self.set_up_first_phone(session).await;
        (session, phone)
    }

    /// The same, with the recovery codes that a first phone brings.
    pub async fn set_up_first_phone(&self, session: &Client) -> (Client, Phone, Vec<String>) {
        let set_up = session.post_nothing("/v1/me/otp-devices").await;
        self.confirm_phone(session, &set_up.expect(201)).await
    }

    /// The same by way of a link, which is the person's so manieth mail.
    pub async fn set_up_phone_by_link(
        &self,
        session: &Client,
        who: &str,
        mails: usize,
    ) -> (Client, Phone, Vec<String>) {
        let token = self.set_up_link(session, who, mails).await;
        let body = json!({ "token": token });
        let set_up = session.post("/v1/me/otp-devices", body).await.expect(201);
        self.confirm_phone(session, &set_up).await
    }

    /// Asks for the link before a set-up; its token, from the person's so manieth mail.
    pub async fn set_up_link(&self, session: &Client, who: &str, mails: usize) -> String {
        let asked = session.post_nothing("/v1/me/otp-setup-link").await;
        assert_eq!(asked.status, 202, "{}", asked.text);
        self.mailbox().token(&Person::named(who).email, mails).await
    }

    /// Scans what the set-up shows and confirms it.
    pub async fn confirm_phone(
        &self,
        session: &Client,
        set_up: &Value,
    ) -> (Client, Phone, Vec<String>) {
        let phone = Phone::scan(text(set_up, "otpauth_uri"));
        let confirm = format!("/v1/me/otp-devices/{}/confirm", text(set_up, "device_id"));
        let body = json!({ "code": phone.code(self.now()), "name": "phone" });
        let step = session.post(&confirm, body).await.expect(200);
        assert_eq!(step["next"], "done");
        self.wait_steps(1);
        let session = self.client.with(text(&step, "session_token"));
        (session, phone, recovery_codes(&step))
    }

    /// Shows a recovery code in a session that waits for a code.
    pub async fn recover(&self, session: &Client, code: &str) -> Reply {
        session
            .post("/v1/sign-in/otp", json!({ "recovery_code": code }))
            .await
    }

    /// Shows a code in a session that waits for one.
    pub async fn show(&self, session: &Client, code: &str) -> Reply {
        session
            .post("/v1/sign-in/otp", json!({ "code": code }))
            .await
    }
}
