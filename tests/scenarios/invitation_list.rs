//! Many people are invited by one list: all of it is right or nobody is invited, its progress is told,
//! and what breaks off is gone on with.

use harness::{Acme, Client, Reply, TestServer, eventually};
use reqwest::Method;
use serde_json::{Value, json};
use std::{collections::BTreeSet, fmt::Write as _};

async fn send(by: &Client, path: &str, key: &str, list: impl Into<String>) -> Reply {
    let request = by.request(Method::POST, path);
    let request = request
        .header("content-type", "text/csv; charset=utf-8")
        .header("idempotency-key", key);
    Reply::to(request.body(list.into())).await
}

fn list_of(people: std::ops::Range<u32>) -> String {
    let mut list = "email,name\n".to_owned();
    for n in people {
        writeln!(list, "person{n}@example.org,Person {n}").unwrap();
    }
    list
}

/// The lines of the answer.
fn states(reply: &Reply) -> Vec<Value> {
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(reply.header("content-type"), "application/x-ndjson");
    let lines = reply.text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn last(reply: &Reply) -> Value {
    states(reply).pop().unwrap()
}

async fn pending(acme: &Acme) -> BTreeSet<String> {
    let mut path = acme.path("invitations?limit=500");
    let mut found = BTreeSet::new();
    loop {
        let page = acme.ada.get(&path).await.expect(200);
        for item in page["items"].as_array().unwrap() {
            assert!(found.insert(item["email"].as_str().unwrap().to_owned()));
        }
        match page["next"].as_str() {
            Some(next) => path = acme.path(&format!("invitations?limit=500&cursor={next}")),
            None => return found,
        }
    }
}

#[tokio::test]
async fn everybody_on_the_list_is_invited_once_however_often_it_is_sent() {
    let (server, acme) = TestServer::with_acme().await;
    let path = acme.path("invitations/list");
    let reply = send(&acme.ada, &path, "a", list_of(0..200)).await;
    let told = states(&reply);
    assert_eq!(
        told[0],
        json!({ "state": "running", "done": 0, "total": 200 })
    );
    let finished = told.last().unwrap();
    assert_eq!(
        (
            &finished["state"],
            &finished["invited"],
            &finished["already_there"]
        ),
        (&json!("finished"), &json!(200), &json!(0))
    );
    assert_eq!(finished["position"], server.client.head().await);
    assert_eq!(pending(&acme).await.len(), 200);
    let who = acme.ada.get("/v1/session").await.expect(200);
    let invited = acme.audit(&acme.ada).await;
    let invited: Vec<_> = invited
        .iter()
        .filter(|event| event["type"] == "UserInvited")
        .collect();
    assert_eq!(invited.len(), 200);
    assert!(
        invited
            .iter()
            .all(|event| event["actor"]["id"] == who["user_id"])
    );
    let token = server.mailbox().token("person199@example.org", 1).await;
    let body = json!({ "token": token, "password": harness::PASSWORD });
    let _ = server
        .client
        .post("/v1/invitations/accept", body)
        .await
        .expect(200);

    // The answer was lost: the same again. Then a longer list, in another order, with a member on it.
    let head = server.client.head().await;
    let again = last(&send(&acme.ada, &path, "a", list_of(0..200)).await);
    assert_eq!(
        (&again["state"], &again["invited"]),
        (&json!("finished"), &json!(200))
    );
    assert_eq!(server.client.head().await, head);
    let longer = "role;name;email\nauditor;New;new@example.org\n;Other;PERSON199@example.org\n";
    let longer = last(&send(&acme.ada, &path, "b", longer).await);
    assert_eq!(
        (&longer["invited"], &longer["already_there"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(pending(&acme).await.len(), 200);
}

#[tokio::test]
async fn where_one_line_is_wrong_nobody_is_invited() {
    let (server, acme) = TestServer::with_acme().await;
    let manager = server
        .join(&acme.ada, &acme.id, "max", "user_manager")
        .await;
    let body = json!({ "organization": "Globex", "email": "hank@example.org", "name": "Hank" });
    let _ = acme.ada.post("/v1/organizations", body).await.expect(201);
    let (path, head) = (acme.path("invitations/list"), server.client.head().await);
    let list = "email,name,role\n\
                right@example.org,Right,member\n\
                hank@example.org,Hank,member\n\
                boss@example.org,Boss,admin\n\
                nobody,No,member\n\
                RIGHT@example.org,Right,member\n";
    let reply = send(&manager, &path, "a", list).await;
    let lines: Vec<_> = reply.json()["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            (
                line["line"].clone(),
                line["type"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    reply.problem(422, "invalid-list");
    let problem = |line: u64, slug: &str| (json!(line), format!("/problems/{slug}"));
    assert_eq!(
        lines,
        [
            problem(4, "forbidden"),
            problem(5, "invalid-field"),
            problem(6, "invalid-field"),
        ]
    );
    send(&manager, &path, "b", "no list at all")
        .await
        .problem(422, "invalid-field");
    let long = "x".repeat(1024 * 1024 + 1);
    send(&manager, &path, "c", long)
        .await
        .problem(413, "body-too-large");
    manager
        .post(&path, json!([]))
        .await
        .problem(415, "unsupported-media-type");
    assert_eq!(server.client.head().await, head);

    // Who belongs elsewhere, a list that is right finds out, as a single invitation would.
    let list = "email,name\nright@example.org,Right\nhank@example.org,Hank\n";
    let done = last(&send(&manager, &path, "d", list).await);
    assert_eq!(
        (&done["state"], &done["invited"]),
        (&json!("finished"), &json!(1))
    );
    assert_eq!(done["refused"][0]["line"], 3);
    assert_eq!(done["refused"][0]["type"], "/problems/address-taken");
}

/// The list was sent before, but a right that ends, ends.
#[tokio::test(flavor = "multi_thread")]
async fn who_loses_the_right_invites_nobody_more() {
    let (server, acme) = TestServer::with_acme().await;
    let manager = server
        .join(&acme.ada, &acme.id, "max", "user_manager")
        .await;
    let path = acme.path("invitations/list");
    let sent = tokio::spawn({
        let (manager, path) = (manager.clone(), path.clone());
        async move { send(&manager, &path, "a", list_of(0..3000)).await }
    });
    eventually("somebody is invited", async || {
        (!pending(&acme).await.is_empty()).then_some(())
    })
    .await;
    acme.enforce().await;
    let stopped = last(&sent.await.unwrap());
    assert_eq!(stopped["state"], "stopped", "{stopped}");
    assert_eq!(
        stopped["problem"]["type"],
        "/problems/second-factor-required"
    );
    let invited = stopped["invited"].as_u64().unwrap();
    assert!((1..3000).contains(&invited), "{stopped}");

    // With the second factor the same list goes on where it broke off.
    let (manager, _) = server.set_up_phone(&manager).await;
    let rest = last(&send(&manager, &path, "b", list_of(0..3000)).await);
    assert_eq!(rest["state"], "finished", "{rest}");
    assert_eq!(rest["already_there"], invited);
    assert_eq!(rest["invited"], 3000 - invited);
}

/// In a browser that two people share, the form of the one is not the command of the other.
#[tokio::test]
async fn a_form_that_somebody_else_sends_again_is_another_command() {
    let (server, acme) = TestServer::with_acme().await;
    let body = json!({ "organization": "Globex", "email": "hank@example.org", "name": "Hank" });
    let _ = acme.ada.post("/v1/organizations", body).await.expect(201);
    let token = server.mailbox().token("hank@example.org", 1).await;
    let body = json!({ "token": token, "password": harness::PASSWORD });
    let hank = server.client.post("/v1/invitations/accept", body).await;
    let hank = hank.expect(200)["session_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let form = format!(
        "--x\r\nContent-Disposition: form-data; name=\"command\"\r\n\r\n{}\r\n\
         --x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\n\
         email,name\ngrace@example.org,Grace\n\r\n--x--\r\n",
        uuid::Uuid::now_v7()
    );
    for (session, told) in [
        (acme.ada.token(), "One person is invited."),
        (acme.ada.token(), "One person is invited."),
        (
            &*hank,
            "Somebody was invited or registered with this e-mail address already.",
        ),
    ] {
        let request = server
            .client
            .request(Method::POST, "/console/users/invite-list")
            .header("sec-fetch-site", "same-origin")
            .header("cookie", format!("__Host-pawl-session={session}"))
            .header("content-type", "multipart/form-data; boundary=x");
        let page = Reply::to(request.body(form.clone())).await;
        assert_eq!(page.status, 200, "{}", page.text);
        assert!(page.text.contains(told), "{}", page.text);
    }
}
