//! The audit trail is nothing but the replayed events: all of them, in order, with their actors.

use harness::{Acme, Client, TestServer, eventually};
use reqwest::Method;
use serde_json::{Value, json};

pub fn types(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect()
}

/// Ada sets up a phone and enforces; Grace, invited before, joins and sets one up; somebody tries
/// a wrong password.
pub async fn history() -> (TestServer, Acme) {
    let (server, acme) = TestServer::with_acme().await;
    let (ada, _) = server.set_up_phone(&acme.ada).await;
    let acme = Acme { ada, ..acme };
    let token = server.invite(&acme.ada, &acme.id, "grace", "member").await;
    acme.enforce().await;
    let body = json!({ "token": token, "password": harness::PASSWORD });
    let step = server
        .client
        .post("/v1/invitations/accept", body)
        .await
        .expect(200);
    assert_eq!(step["next"], "otp_setup");
    let grace = server.client.with(step["session_token"].as_str().unwrap());
    server.set_up_phone(&grace).await;
    let body = json!({ "email": "grace@example.org", "password": "not hers" });
    server
        .client
        .post("/v1/sign-in", body)
        .await
        .problem(401, "sign-in-rejected");
    (server, acme)
}

#[tokio::test]
async fn it_lists_everything_in_order_with_actors() {
    let (_server, acme) = history().await;
    let events = acme.audit(&acme.ada).await;
    assert_eq!(
        types(&events),
        [
            "AddressClaimed",
            "OrganizationRegistered",
            "UserRegistered",
            "AdministratorAppointed",
            "SessionStarted",
            "SignedIn",
            "OtpDeviceRegistered",
            "OtpDeviceConfirmed",
            "RecoveryCodesIssued",
            "SecondFactorAccepted",
            "AddressClaimed",
            "UserInvited",
            "TwoFactorEnforced",
            "InvitationAccepted",
            "SessionStarted",
            "OtpDeviceRegistered",
            "OtpDeviceConfirmed",
            "RecoveryCodesIssued",
            "SecondFactorAccepted",
            "SignedIn",
            "SignInRejected",
        ]
    );
    let who = acme.ada.get("/v1/session").await.expect(200);
    let ada = json!({ "kind": "user", "id": who["user_id"] });
    let grace =
        json!({ "kind": "user", "id": events[11]["subject"].as_str().unwrap()["user-".len()..] });
    for (index, actor) in [
        (0, json!({ "kind": "operator" })),
        (2, json!({ "kind": "operator" })),
        (3, json!({ "kind": "operator" })),
        (4, ada.clone()),
        (11, ada.clone()),
        (12, ada),
        (13, json!({ "kind": "anonymous" })),
        (16, grace),
        (20, json!({ "kind": "anonymous" })),
    ] {
        assert_eq!(events[index]["actor"], actor, "{}", events[index]);
    }
    let positions: Vec<_> = events
        .iter()
        .map(|event| event["position"].as_u64())
        .collect();
    assert!(positions.is_sorted_by(|a, b| a < b), "{positions:?}");
    assert_eq!(events[12]["subject"], format!("organization-{}", acme.id));
}

#[tokio::test]
async fn it_opens_personal_data_and_keeps_secrets_shut() {
    let (_server, acme) = history().await;
    let events = acme.audit(&acme.ada).await;
    let find = |name: &str| events.iter().find(|event| event["type"] == name).unwrap();
    assert_eq!(find("UserInvited")["data"]["email"], "grace@example.org");
    assert_eq!(find("OtpDeviceConfirmed")["data"]["device_name"], "phone");
    let shut = json!({ "sealed": true });
    assert_eq!(find("OtpDeviceRegistered")["data"]["secret"], shut);
    assert_eq!(find("UserRegistered")["data"]["password"]["hash"], shut);
    assert!(!json!(events).to_string().contains("argon2"));
}

#[tokio::test]
async fn pages_and_times_cut_the_same_list() {
    let (server, acme) = history().await;
    let all = acme.whole_audit(&acme.ada).await;
    for limit in [1, 7, 500] {
        let (mut listed, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = acme
                .ada
                .get(&acme.path(&format!("audit?limit={limit}{cursor}")))
                .await
                .expect(200);
            listed.extend(page["items"].as_array().unwrap().clone());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(listed, all, "{limit}");
    }
    server.wait_steps(100);
    let _ = acme.ada.delete("/v1/session").await.expect(204);
    let ada = server.half_signed_in("ada").await;
    ada.get(&acme.path("audit"))
        .await
        .problem(403, "second-factor-required");
}

#[tokio::test]
async fn as_of_a_time_it_is_what_it_was() {
    let (server, acme) = TestServer::with_acme().await;
    let then = server
        .now()
        .to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    server.wait_steps(1);
    acme.enforce().await;
    let (ada, _) = server.set_up_phone(&acme.ada).await;
    let past = ada
        .get(&acme.path(&format!("audit?as_of={then}")))
        .await
        .expect(200);
    let past = past["items"].as_array().unwrap().clone();
    assert_eq!(types(&past).last(), Some(&"SignedIn"));
    assert!(acme.audit(&ada).await.starts_with(&past));
    ada.get(&acme.path("audit?as_of=yesterday"))
        .await
        .problem(400, "invalid-parameter");
    ada.get(&acme.path("audit?cursor=x"))
        .await
        .problem(400, "invalid-parameter");
    ada.get(&acme.path("audit?colour=red"))
        .await
        .problem(400, "invalid-parameter");
}

/// Reads server-sent events until there are this many; answers their ids and types.
pub async fn follow(
    by: &Client,
    path: &str,
    last: Option<&str>,
    count: usize,
) -> Vec<(String, String)> {
    let mut request = by
        .request(Method::GET, path)
        .header("accept", "text/event-stream");
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    let mut response = request.send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut text = String::new();
    let reading = async {
        loop {
            let messages: Vec<_> = text
                .split_inclusive("\n\n")
                .filter(|m| m.ends_with("\n\n"))
                .collect();
            let field = |message: &str, name: &str| {
                let line = message.lines().find_map(|line| line.strip_prefix(name));
                line.map(|value| value.trim().to_owned())
            };
            let found: Vec<_> = messages
                .iter()
                .filter_map(|m| Some((field(m, "id:")?, field(m, "event:")?)))
                .collect();
            if found.len() >= count {
                return found;
            }
            let chunk = response.chunk().await.unwrap().expect("it goes on");
            text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    };
    tokio::time::timeout(harness::DEADLINE, reading)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_can_be_followed_live_and_resumed_where_it_stopped() {
    let (server, acme) = history().await;
    let all = acme.whole_audit(&acme.ada).await;
    let path = acme.path("audit");
    let first = follow(&acme.ada, &path, None, 5).await;
    let names: Vec<_> = first
        .iter()
        .take(5)
        .map(|(_, name)| name.as_str())
        .collect();
    assert_eq!(names, types(&all[..5]));

    let (resume, following) = (first[4].0.clone(), acme.ada.clone());
    // That somebody follows comes too, and what happens meanwhile: each once.
    let expected = all.len() - 5 + 2;
    let follower =
        tokio::spawn(async move { follow(&following, &path, Some(&resume), expected).await });
    server.invite(&acme.ada, &acme.id, "linus", "member").await;
    let rest = follower.await.unwrap();
    let now = acme.whole_audit(&acme.ada).await;
    let names: Vec<_> = rest.iter().map(|(_, name)| name.as_str()).collect();
    assert!(types(&now)[5..].starts_with(&names), "{names:?}");
    assert!(rest.len() >= expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_follows_is_sent_away_with_the_right_to_do_so_and_when_the_server_stops() {
    let (server, acme) = history().await;
    let listen = async |by: &Client| {
        let request = by.request(Method::GET, &acme.path("audit"));
        request
            .header("accept", "text/event-stream")
            .send()
            .await
            .unwrap()
    };
    let mut follower = listen(&acme.ada).await;
    let mut other = {
        let auditor = server.join(&acme.ada, &acme.id, "auditor", "auditor").await;
        let (auditor, _) = server.set_up_phone(&auditor).await;
        listen(&auditor).await
    };
    let _ = acme.ada.delete("/v1/session").await.expect(204);
    let ended = async { while let Ok(Some(_)) = follower.chunk().await {} };
    tokio::time::timeout(harness::DEADLINE, ended)
        .await
        .expect("the stream ends with the session");

    // The server does not wait for whoever still follows.
    let began = std::time::Instant::now();
    server.stop().await;
    assert!(began.elapsed().as_secs() < 15, "{:?}", began.elapsed());
    let ended = async { while let Ok(Some(_)) = other.chunk().await {} };
    tokio::time::timeout(harness::DEADLINE, ended)
        .await
        .expect("the stream ends with the server");
}

#[tokio::test]
async fn reads_wait_for_the_position_that_a_command_answered() {
    let (server, acme) = TestServer::with_acme().await;
    for number in 0..20 {
        let body =
            json!({ "email": format!("p{number}@example.org"), "name": "P", "role": "member" });
        let invited = acme.ada.post(&acme.path("invitations"), body).await;
        let position = invited.header("pawl-position").to_owned();
        let id = invited.expect(201)["invitation_id"]
            .as_str()
            .unwrap()
            .to_owned();
        let request = acme
            .ada
            .request(Method::GET, &acme.path(&format!("users/{id}")));
        let reply = harness::Reply::to(request.header("pawl-min-position", position)).await;
        assert_eq!(reply.expect(200)["status"], "invited");
    }
    let ask = async |position: &str| {
        let request = acme.ada.request(Method::GET, &acme.path("users"));
        harness::Reply::to(request.header("pawl-min-position", position)).await
    };
    ask("soon").await.problem(400, "invalid-parameter");
    eventually("the future is not waited for without end", async || {
        let reply = ask("1000000").await;
        (reply.slug() == "read-model-behind").then_some(())
    })
    .await;
    drop(server);
}
