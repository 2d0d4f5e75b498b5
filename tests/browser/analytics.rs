//! What was counted, as pictures and tables: for those who may read analytics, and with the figures of
//! the API.

use crate::people::{open_session_with, show_code, sign_in};
use chrono::TimeDelta;
use harness::{Acme, Browser, Client, Kind, Phone, Reply, TestServer};
use reqwest::Method;
use serde_json::{Value, json};

/// An organization in which something happens every day.
pub struct Busy {
    pub server: TestServer,
    pub acme: Acme,
    pub phone: Phone,
    people: Vec<(String, Option<Phone>)>,
}

impl Busy {
    /// After so many days, in the middle of which a second factor was enforced.
    pub async fn for_days(days: usize) -> Self {
        let (server, acme) = TestServer::with_acme().await;
        let (ada, phone) = server.set_up_phone(&acme.ada).await;
        let acme = Acme { ada, ..acme };
        let body = json!({ "name": "Nightly export", "scopes": ["users:read", "users:invite"] });
        let path = acme.path("api-credentials");
        let made = acme.ada.post(&path, body).await.expect(201);
        let text = |field: &str| made[field].as_str().unwrap().to_owned();
        let credential = (text("client_id"), text("client_secret"));
        let people = Vec::new();
        let mut busy = Self {
            server,
            acme,
            phone,
            people,
        };
        for day in 0..days {
            busy.somebody_joins(day).await;
            if day % 3 != 2 {
                busy.the_machine_invites(&credential, day).await;
            }
            for index in (day % 4..busy.people.len()).step_by(4) {
                busy.somebody_signs_in(index, (day * 7 + index) % 11 == 0)
                    .await;
            }
            if day == days / 2 {
                busy.ada_signs_in().await;
                busy.acme.enforce().await;
            }
            if day + 1 < days {
                busy.server.clock.advance(TimeDelta::hours(20));
            }
        }
        busy.ada_signs_in().await;
        busy
    }

    async fn ada_signs_in(&mut self) {
        let waiting = self.server.half_signed_in("ada").await;
        let code = self.phone.code(self.server.now());
        let step = self.server.show(&waiting, &code).await.expect(200);
        let token = step["session_token"].as_str().unwrap();
        self.acme.ada = self.server.client.with(token);
        self.server.wait_steps(1);
    }

    async fn somebody_joins(&mut self, day: usize) {
        for number in 0..=day % 3 {
            // Her session does not last while the others take their time.
            self.ada_signs_in().await;
            let who = format!("person{day}x{number}");
            let token = self
                .server
                .invite(&self.acme.ada, &self.acme.id, &who, "member");
            let token = token.await;
            if number == 2 {
                continue;
            }
            let minutes = i64::try_from(7 * day + 5).unwrap();
            self.server.clock.advance(TimeDelta::minutes(minutes));
            let body = json!({ "token": token, "password": harness::PASSWORD });
            let path = "/v1/invitations/accept";
            let grant = self.server.client.post(path, body).await.expect(200);
            let session = self
                .server
                .client
                .with(grant["session_token"].as_str().unwrap());
            let phone = if grant["next"] == "otp_setup" || number == 1 {
                Some(self.server.set_up_phone(&session).await.1)
            } else {
                None
            };
            self.people.push((who, phone));
        }
    }

    async fn somebody_signs_in(&mut self, index: usize, clumsily: bool) {
        let (who, phone) = &mut self.people[index];
        if clumsily {
            let body = json!({ "email": format!("{who}@example.org"), "password": "not this one" });
            let wrong = self.server.client.post("/v1/sign-in", body).await;
            wrong.problem(401, "sign-in-rejected");
        }
        let grant = self.server.sign_in(who).await.expect(200);
        let session = self
            .server
            .client
            .with(grant["session_token"].as_str().unwrap());
        match (grant["next"].as_str().unwrap(), phone) {
            ("otp", Some(phone)) => {
                // Five in a row close the account.
                let wrong = match (clumsily, index % 3) {
                    (false, _) => 0,
                    (true, 0) => 5,
                    (true, _) => 1,
                };
                for _ in 0..wrong {
                    let code = phone.wrong_code(self.server.now());
                    self.server
                        .show(&session, &code)
                        .await
                        .problem(401, "otp-code-wrong");
                }
                if wrong < 5 {
                    let code = phone.code(self.server.now());
                    let _ = self.server.show(&session, &code).await.expect(200);
                    if clumsily {
                        let again = self.server.half_signed_in(who).await;
                        let spent = self.server.show(&again, &code).await;
                        spent.problem(401, "otp-code-reused");
                    }
                }
                self.server.wait_steps(1);
            }
            ("otp_setup", phone) => *phone = Some(self.server.set_up_phone(&session).await.1),
            _ => {}
        }
    }

    async fn the_machine_invites(&self, (id, secret): &(String, String), day: usize) {
        let request = self
            .server
            .client
            .request(Method::POST, "/oauth/token")
            .basic_auth(id, Some(secret))
            .header("content-type", "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials");
        let issued = Reply::to(request).await.expect(200);
        let machine = self
            .server
            .client
            .with(issued["access_token"].as_str().unwrap());
        let who = format!("machine{day}");
        self.server
            .invite(&machine, &self.acme.id, &who, "member")
            .await;
    }
}

/// The figures of a part of the page.
async fn table(browser: &Browser, part: &str) -> Vec<Vec<String>> {
    let script = "return [...document.querySelectorAll(arguments[0])]
        .map(row => [...row.cells].map(cell => cell.textContent))";
    let selector = json!(format!("#{part} tbody tr"));
    let rows = browser
        .driver
        .execute(script, vec![selector])
        .await
        .unwrap();
    serde_json::from_value(rows).unwrap()
}

/// The same columns of the API's rows.
async fn figures(by: &Client, acme: &Acme, dataset: &str, columns: &[&str]) -> Vec<Vec<String>> {
    let path = acme.path(&format!("analytics/{dataset}?limit=500"));
    let page = by.get(&path).await.expect(200);
    let rows = page["items"].as_array().unwrap().iter();
    let cell = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        number => number.to_string(),
    };
    rows.map(|row| columns.iter().map(|name| cell(&row[*name])).collect())
        .collect()
}

fn sum(rows: &[Vec<String>], columns: std::ops::Range<usize>) -> u64 {
    let cells = rows.iter().flat_map(|row| &row[columns.clone()]);
    cells.map(|cell| cell.parse::<u64>().unwrap()).sum()
}

/// Signs in to a browser of its own.
async fn browser_of(busy: &Busy, who: &str, phone: &Phone) -> Browser {
    let browser = Browser::of(&busy.server).await;
    sign_in(&browser, who).await;
    show_code(&browser, &busy.server, phone).await;
    browser
}

#[tokio::test]
async fn the_page_tells_what_the_api_tells() {
    let busy = Busy::for_days(7).await;
    let (server, acme) = (&busy.server, &busy.acme);
    let analyst = server
        .invite(&acme.ada, &acme.id, "analyst", "analyst")
        .await;
    let body = json!({ "token": analyst, "password": harness::PASSWORD });
    let grant = server
        .client
        .post("/v1/invitations/accept", body)
        .await
        .expect(200);
    let session = server.client.with(grant["session_token"].as_str().unwrap());
    let (analyst, phone) = server.set_up_phone(&session).await;
    let browser = browser_of(&busy, "analyst", &phone).await;
    browser.click("Analytics").await;
    browser.arrives_at("/console/analytics").await;

    for (part, columns) in [
        ("adoption", &["day", "people", "with_device", "pending"][..]),
        ("devices", &["devices", "people"]),
        (
            "rejected_codes",
            &[
                "day",
                "wrong",
                "reused",
                "expired",
                "recovery_codes",
                "lock_outs",
            ],
        ),
        (
            "invitations",
            &[
                "day",
                "sent",
                "accepted",
                "pending",
                "expired",
                "revoked",
                "erased",
                "median_seconds_to_accept",
            ],
        ),
    ] {
        let told = table(&browser, part).await;
        assert!(!told.is_empty(), "{part}");
        assert_eq!(told, figures(&analyst, acme, part, columns).await, "{part}");
    }
    let attempts = figures(&analyst, acme, "sign_ins", &["outcome", "attempts"]).await;
    let (signed_in, rejected): (Vec<_>, Vec<_>) =
        attempts.into_iter().partition(|row| row[0] == "signed_in");
    let told = table(&browser, "sign_ins").await;
    assert_eq!(sum(&told, 1..4), sum(&signed_in, 1..2));
    assert_eq!(sum(&told, 4..5), sum(&rejected, 1..2));
    let used = figures(
        &analyst,
        acme,
        "credential_use",
        &["name", "tokens", "events"],
    )
    .await;
    let told = table(&browser, "credential_use").await;
    assert_eq!((told.len(), &told[0][0]), (1, &"Nightly export".to_owned()));
    assert_eq!(told[0][1], used.len().to_string());
    assert_eq!(sum(&told, 2..4), sum(&used, 1..3));
    let reached = figures(&analyst, acme, "enforcement", &["people", "set_up"]).await;
    let said = browser.shown("#enforcement").await;
    let expected = format!("Of the {} people who were there", reached[0][0]);
    assert!(said.contains(&expected), "{said}");

    // Each picture is of a size for which there is room, and each file is there.
    let pictures = browser.all_shown("svg.chart").await;
    assert_eq!(pictures.len(), 14);
    let script = "return Promise.all([...document.querySelectorAll('.files a')]
        .map(link => fetch(link.href).then(answer => answer.status)))";
    let answers = browser.driver.execute(script, vec![]).await.unwrap();
    assert_eq!(answers, json!(vec![200; 14]));

    // A period is asked for by its days; one that is none is not shown.
    browser.click("Last 90 days").await;
    browser.sees("API credential was in use").await;
    browser
        .open("/console/analytics?from=2026-12-01&to=2026-12-31")
        .await;
    browser.sees("Nobody signed in.").await;
    browser
        .open("/console/analytics?from=2027-02-01&to=2026-12-31")
        .await;
    browser.sees("There is no such period").await;

    let (who, phone) = busy
        .people
        .iter()
        .find(|(_, phone)| phone.is_some())
        .unwrap();
    let member = browser_of(&busy, who, phone.as_ref().unwrap()).await;
    member.arrives_at("/account").await;
    assert!(!member.offers("Analytics").await);
    member.open("/console/analytics").await;
    member.does_not_see("Sign-ins").await;
    let ada = Browser::of(server).await;
    open_session_with(&ada, server, "ada", &busy.phone).await;
    ada.click("Analytics").await;
    ada.sees("Adoption of a second factor").await;
}

/// Numbers and days are written as Germans do.
#[tokio::test]
async fn the_page_speaks_german() {
    let busy = Busy::for_days(2).await;
    let kind = Kind {
        language: "de",
        scripts: false,
    };
    let browser = Browser::start(&busy.server.client.url(""), kind).await;
    browser.open("/sign-in").await;
    browser.fill("E-Mail-Adresse", "ada@example.org").await;
    browser.fill("Passwort", harness::PASSWORD).await;
    browser.submit("Anmelden").await;
    let code = busy.phone.code(busy.server.now());
    browser.fill("Einmalcode", &code).await;
    browser.submit("Anmelden").await;
    browser.open("/console/analytics").await;
    browser.sees("Verbreitung des zweiten Faktors").await;
    let words = browser.shown("#adoption svg.wide-chart").await;
    assert!(words.contains(". Jan."), "{words}");
}
