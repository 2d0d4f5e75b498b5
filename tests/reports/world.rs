//! An organization in which anything may happen: people at random, who do what they can. What they
//! may not do is refused, and is part of life.

use eventstore_schema::UserId;
use harness::{Acme, Client, PASSWORD, Person, Phone, Reply, TestServer};
use proptest::{prelude::*, sample::Index};
use reqwest::Method;
use serde_json::{Value, json};

/// Something that somebody tries.
#[derive(Clone, Debug)]
pub enum Act {
    Invite(&'static str),
    Resend(Index),
    Revoke(Index),
    Accept(Index),
    SignIn(Index),
    SetUp(Index),
    Rename(Index),
    Remove(Index),
    Recover(Index),
    NewCodes(Index),
    ChangeRole(Index, &'static str),
    Disable(Index),
    Enable(Index),
    Reset(Index),
    Erase(Index),
    Enforce(bool),
    MakeCredential,
    Rotate(Index),
    RevokeCredential(Index),
    UseCredential(Index),
    Wait(i32),
}

/// Any act, the ones that make more happen more often.
pub fn act() -> impl Strategy<Value = Act> {
    let role = || prop::sample::select(vec!["admin", "user_manager", "auditor", "member"]);
    let who = any::<Index>;
    prop_oneof![
        6 => role().prop_map(Act::Invite),
        1 => who().prop_map(Act::Resend),
        1 => who().prop_map(Act::Revoke),
        6 => who().prop_map(Act::Accept),
        3 => who().prop_map(Act::SignIn),
        6 => who().prop_map(Act::SetUp),
        2 => who().prop_map(Act::Rename),
        2 => who().prop_map(Act::Remove),
        2 => who().prop_map(Act::Recover),
        1 => who().prop_map(Act::NewCodes),
        2 => (who(), role()).prop_map(|(who, role)| Act::ChangeRole(who, role)),
        2 => who().prop_map(Act::Disable),
        2 => who().prop_map(Act::Enable),
        2 => who().prop_map(Act::Reset),
        1 => who().prop_map(Act::Erase),
        1 => any::<bool>().prop_map(Act::Enforce),
        2 => Just(Act::MakeCredential),
        1 => who().prop_map(Act::Rotate),
        1 => who().prop_map(Act::RevokeCredential),
        2 => who().prop_map(Act::UseCredential),
        2 => (1..4_000_i32).prop_map(Act::Wait),
    ]
}

/// Somebody beside Ada.
struct Somebody {
    name: String,
    id: String,
    mails: usize,
    session: Client,
    phones: Vec<(String, Phone)>,
    codes: Vec<String>,
}

/// A server, Acme and its people.
pub struct World {
    pub server: TestServer,
    pub acme: Acme,
    phone: Phone,
    people: Vec<Somebody>,
    credentials: Vec<(String, String)>,
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

impl World {
    /// Acme with Ada, who has a phone.
    pub async fn begin() -> Self {
        let (server, acme) = TestServer::with_acme().await;
        let (ada, phone) = server.set_up_phone(&acme.ada).await;
        Self {
            acme: Acme { ada, ..acme },
            server,
            phone,
            people: Vec::new(),
            credentials: Vec::new(),
        }
    }

    /// Everybody beside Ada.
    pub fn people(&self) -> Vec<UserId> {
        let ids = self.people.iter().map(|person| person.id.parse());
        ids.collect::<Result<_, _>>().unwrap()
    }

    /// Tries it. A second passes, so that the moments differ.
    pub async fn try_to(&mut self, act: &Act) {
        self.server.clock.advance(chrono::TimeDelta::seconds(1));
        match act {
            Act::Invite(role) => self.invite(role).await,
            Act::Wait(seconds) => {
                let time = chrono::TimeDelta::seconds((*seconds).into());
                self.server.clock.advance(time);
            }
            Act::Enforce(link) => {
                self.fresh_ada().await;
                let body = json!({ "confirm": "Enforce 2FA", "set_up_link": link });
                self.acme
                    .ada
                    .post(&self.acme.path("two-factor/enforce"), body)
                    .await;
            }
            Act::MakeCredential | Act::Rotate(_) | Act::RevokeCredential(_) => {
                self.fresh_ada().await;
                self.manage_credentials(act).await;
            }
            Act::UseCredential(index) => {
                if let Some((id, secret)) = self.credential(*index) {
                    let asked = self.server.client.request(Method::POST, "/oauth/token");
                    let asked = asked.basic_auth(id, Some(secret));
                    let asked = asked
                        .header("content-type", "application/x-www-form-urlencoded")
                        .body("grant_type=client_credentials");
                    Reply::to(asked).await;
                }
            }
            _ if self.people.is_empty() => {}
            Act::Accept(who) => self.accept(who.index(self.people.len())).await,
            Act::SignIn(who) => self.sign_in(who.index(self.people.len())).await,
            Act::SetUp(who) => self.set_up(who.index(self.people.len())).await,
            Act::Rename(who) | Act::Remove(who) | Act::NewCodes(who) => {
                self.look_after_phones(act, who.index(self.people.len()))
                    .await;
            }
            Act::Recover(who) => self.recover(who.index(self.people.len())).await,
            Act::Resend(who)
            | Act::Revoke(who)
            | Act::ChangeRole(who, _)
            | Act::Disable(who)
            | Act::Enable(who)
            | Act::Reset(who)
            | Act::Erase(who) => self.manage(act, who.index(self.people.len())).await,
        }
    }

    async fn invite(&mut self, role: &str) {
        self.fresh_ada().await;
        let name = format!("person{}", self.people.len());
        let new = Person::named(&name);
        let body = json!({ "email": new.email, "name": new.name, "role": role });
        let path = self.acme.path("invitations");
        let made = self.acme.ada.post(&path, body).await.expect(201);
        self.people.push(Somebody {
            name,
            id: text(&made, "invitation_id").to_owned(),
            mails: 1,
            session: self.server.client.clone(),
            phones: Vec::new(),
            codes: Vec::new(),
        });
    }

    async fn accept(&mut self, who: usize) {
        let (email, mails) = (
            Person::named(&self.people[who].name).email,
            self.people[who].mails,
        );
        if self.people[who].session.token().is_empty() {
            let Some(mail) = self.server.mailbox().to(&email).into_iter().nth(mails - 1) else {
                return;
            };
            let (_, rest) = mail.split_once("token=").unwrap();
            let token = rest.split_whitespace().next().unwrap();
            let body = json!({ "token": token, "password": PASSWORD });
            let done = self
                .server
                .client
                .post("/v1/invitations/accept", body)
                .await;
            self.people[who].session = self.server.client.with(text(&done.json(), "session_token"));
        }
    }

    /// With a code, where one is asked for.
    async fn sign_in(&mut self, who: usize) {
        let done = self.server.sign_in(&self.people[who].name).await.json();
        self.people[who].session = self.server.client.with(text(&done, "session_token"));
        if done["next"] == "otp" {
            self.show(who).await;
        }
    }

    /// Shows a code in the session, once more or to sign in.
    async fn show(&mut self, who: usize) {
        self.server.wait_steps(1);
        let Some((_, phone)) = self.people[who].phones.last() else {
            return;
        };
        let body = json!({ "code": phone.code(self.server.now()) });
        for path in ["/v1/sign-in/otp", "/v1/session/otp"] {
            let shown = self.people[who].session.post(path, body.clone()).await;
            if shown.status == 200 {
                let token = text(&shown.json(), "session_token").to_owned();
                self.people[who].session = self.server.client.with(&token);
                return;
            }
        }
    }

    async fn set_up(&mut self, who: usize) {
        if !self.people[who].phones.is_empty() {
            self.show(who).await;
        }
        let session = self.people[who].session.clone();
        let mut begun = session.post_nothing("/v1/me/otp-devices").await;
        if begun.slug() == "otp-setup-link-required" {
            let asked = session.post_nothing("/v1/me/otp-setup-link").await;
            if asked.status != 202 {
                return;
            }
            self.people[who].mails += 1;
            let email = Person::named(&self.people[who].name).email;
            let token = self
                .server
                .mailbox()
                .token(&email, self.people[who].mails)
                .await;
            begun = session
                .post("/v1/me/otp-devices", json!({ "token": token }))
                .await;
        }
        if begun.status != 201 {
            return;
        }
        let set_up = begun.json();
        let phone = Phone::scan(text(&set_up, "otpauth_uri"));
        let id = text(&set_up, "device_id").to_owned();
        let path = format!("/v1/me/otp-devices/{id}/confirm");
        let body = json!({ "code": phone.code(self.server.now()), "name": format!("phone {id}") });
        let done = session.post(&path, body).await.json();
        let person = &mut self.people[who];
        if done["next"] == "done" {
            person.session = self.server.client.with(text(&done, "session_token"));
            person.phones.push((id, phone));
            let codes = harness::recovery_codes(&done);
            if !codes.is_empty() {
                person.codes = codes;
            }
        }
    }

    async fn look_after_phones(&mut self, act: &Act, who: usize) {
        self.show(who).await;
        let person = &mut self.people[who];
        let first = person
            .phones
            .first()
            .map(|(id, _)| format!("/v1/me/otp-devices/{id}"));
        match (act, first) {
            (Act::Rename(_), Some(phone)) => {
                person
                    .session
                    .patch(&phone, json!({ "name": "another name" }))
                    .await;
            }
            (Act::Remove(_), Some(phone)) if person.session.delete(&phone).await.status == 204 => {
                person.phones.remove(0);
            }
            (Act::NewCodes(_), _) => {
                let new = person
                    .session
                    .post_nothing("/v1/me/recovery-codes")
                    .await
                    .json();
                let codes = harness::recovery_codes(&new);
                if !codes.is_empty() {
                    person.codes = codes;
                }
            }
            _ => {}
        }
    }

    async fn recover(&mut self, who: usize) {
        let begun = self.server.sign_in(&self.people[who].name).await.json();
        let session = self.server.client.with(text(&begun, "session_token"));
        let Some(code) = self.people[who].codes.pop() else {
            return;
        };
        let done = self.server.recover(&session, &code).await.json();
        if done["next"] == "done" {
            self.people[who].session = self.server.client.with(text(&done, "session_token"));
        }
    }

    async fn manage(&mut self, act: &Act, who: usize) {
        self.fresh_ada().await;
        let (ada, person) = (&self.acme.ada, &mut self.people[who]);
        let user = self.acme.path(&format!("users/{}", person.id));
        let invitation = self.acme.path(&format!("invitations/{}", person.id));
        match act {
            Act::Resend(_) => {
                let resent = ada.post_nothing(&format!("{invitation}/resend")).await;
                if resent.status.is_success() {
                    person.mails += 1;
                }
            }
            Act::Revoke(_) => drop(ada.delete(&invitation).await),
            Act::ChangeRole(_, role) => drop(ada.patch(&user, json!({ "role": role })).await),
            Act::Disable(_) => drop(ada.post_nothing(&format!("{user}/disable")).await),
            Act::Enable(_) => drop(ada.post_nothing(&format!("{user}/enable")).await),
            Act::Reset(_) if ada.post_nothing(&format!("{user}/reset-otp")).await.status == 204 => {
                person.phones.clear();
            }
            Act::Erase(_) => {
                let body = json!({ "confirm": Person::named(&person.name).email });
                Reply::to(ada.request(Method::DELETE, &user).json(&body)).await;
            }
            _ => {}
        }
    }

    async fn manage_credentials(&mut self, act: &Act) {
        let path = self.acme.path("api-credentials");
        match act {
            Act::MakeCredential => {
                let body = json!({ "name": "Machine", "scopes": ["users:read", "audit:read"] });
                let made = self.acme.ada.post(&path, body).await.expect(201);
                let shown = |field| text(&made, field).to_owned();
                self.credentials
                    .push((shown("client_id"), shown("client_secret")));
            }
            Act::Rotate(index) => {
                if let Some((id, _)) = self.credential(*index) {
                    let body = json!({ "overlap_hours": 1 });
                    self.acme
                        .ada
                        .post(&format!("{path}/{id}/rotate"), body)
                        .await;
                }
            }
            Act::RevokeCredential(index) => {
                if let Some((id, _)) = self.credential(*index) {
                    self.acme.ada.delete(&format!("{path}/{id}")).await;
                }
            }
            _ => {}
        }
    }

    fn credential(&self, index: Index) -> Option<&(String, String)> {
        (!self.credentials.is_empty()).then(|| index.get(&self.credentials))
    }

    /// Ada has shown her phone just now.
    pub async fn fresh_ada(&mut self) {
        self.server.wait_steps(1);
        let body = json!({ "code": self.phone.code(self.server.now()) });
        let shown = self.acme.ada.post("/v1/session/otp", body.clone()).await;
        let token = if shown.status == 200 {
            text(&shown.json(), "session_token").to_owned()
        } else {
            let half = self.server.half_signed_in("ada").await;
            let shown = half.post("/v1/sign-in/otp", body).await.expect(200);
            text(&shown, "session_token").to_owned()
        };
        self.acme.ada = self.server.client.with(&token);
    }
}
