//! A call repeated under its idempotency key happens once; a call on a stale version does not happen.

use harness::{Client, Reply, TestServer};
use reqwest::Method;
use serde_json::{Value, json};

async fn keyed(by: &Client, path: &str, key: &str, body: &Value) -> Reply {
    let request = by
        .request(Method::POST, path)
        .header("idempotency-key", key);
    Reply::to(request.json(body)).await
}

#[tokio::test]
async fn a_repeated_call_is_answered_alike_and_appends_nothing() {
    let (server, acme) = TestServer::with_acme().await;
    let invite = json!({ "email": "grace@example.org", "name": "Grace", "role": "member" });
    let enforce = json!({ "confirm": "Enforce 2FA" });
    let sign_in = json!({ "email": "ada@example.org", "password": harness::PASSWORD });
    for (path, body) in [
        (acme.path("invitations"), &invite),
        ("/v1/me/otp-devices".to_owned(), &json!(null)),
        ("/v1/sign-in".to_owned(), &sign_in),
        (acme.path("two-factor/enforce"), &enforce),
    ] {
        let key = format!("{path}{body}");
        let first = keyed(&acme.ada, &path, &key, body).await;
        let head = server.client.head().await;
        if path.ends_with("enforce") {
            // Ada has no phone yet, so from here on she is sent to the set-up.
            keyed(&acme.ada, &path, &key, body)
                .await
                .problem(403, "second-factor-required");
            continue;
        }
        let again = keyed(&acme.ada, &path, &key, body).await;
        assert_eq!(
            (again.status, &again.text),
            (first.status, &first.text),
            "{path}"
        );
        assert_eq!(
            again.headers.get("pawl-position"),
            first.headers.get("pawl-position")
        );
        assert_eq!(server.client.head().await, head, "{path}");
    }
}

/// The answer of a step that exchanges the token may be lost, and the old token is dead by then.
#[tokio::test]
async fn a_step_whose_answer_was_lost_can_be_repeated_with_the_old_token() {
    let (server, acme) = TestServer::with_acme().await;
    let set_up = acme
        .ada
        .post_nothing("/v1/me/otp-devices")
        .await
        .expect(201);
    let phone = harness::Phone::scan(set_up["otpauth_uri"].as_str().unwrap());
    let confirm = format!(
        "/v1/me/otp-devices/{}/confirm",
        set_up["device_id"].as_str().unwrap()
    );
    let body = json!({ "code": phone.code(server.now()), "name": "phone" });
    let first = keyed(&acme.ada, &confirm, "k", &body).await;
    let again = keyed(&acme.ada, &confirm, "k", &body).await;
    assert_eq!((first.status, &first.text), (again.status, &again.text));

    server.wait_steps(1);
    let waiting = server.half_signed_in("ada").await;
    let body = json!({ "code": phone.code(server.now()) });
    let first = keyed(&waiting, "/v1/sign-in/otp", "k", &body).await;
    let again = keyed(&waiting, "/v1/sign-in/otp", "k", &body).await;
    assert_eq!(first.text, again.text);
    let ada = server
        .client
        .with(first.expect(200)["session_token"].as_str().unwrap());
    let _ = ada.get(&acme.path("users")).await.expect(200);
    // It opens nothing else, whatever key comes with it.
    keyed(&waiting, "/v1/sign-in/otp", "l", &body)
        .await
        .problem(401, "unauthenticated");
    keyed(&waiting, &confirm, "k", &body)
        .await
        .problem(401, "unauthenticated");
    let stale = waiting
        .request(Method::GET, &acme.path("users"))
        .header("idempotency-key", "k");
    Reply::to(stale).await.problem(401, "unauthenticated");
}

/// Or a key that was used before would be a way to guess without being counted.
#[tokio::test]
async fn a_rejected_sign_in_counts_whatever_key_it_comes_with() {
    let (server, _) = TestServer::with_acme().await;
    let attempt = async |password: &str| {
        let body = json!({ "email": "ada@example.org", "password": password });
        keyed(&server.client, "/v1/sign-in", "k", &body).await
    };
    for _ in 0..5 {
        attempt("wrong").await.problem(401, "sign-in-rejected");
        attempt("wronger").await.problem(401, "sign-in-rejected");
    }
    attempt(harness::PASSWORD)
        .await
        .problem(429, "too-many-attempts");
}

#[tokio::test]
async fn a_key_belongs_to_one_body_one_path_and_one_caller() {
    let (server, acme) = TestServer::with_acme().await;
    let grace = server.join(&acme.ada, &acme.id, "grace", "admin").await;
    let body =
        |who: &str| json!({ "email": format!("{who}@example.org"), "name": who, "role": "member" });
    let path = acme.path("invitations");
    let first = keyed(&acme.ada, &path, "k", &body("linus"))
        .await
        .expect(201);
    let head = server.client.head().await;
    keyed(&acme.ada, &path, "k", &body("barbara"))
        .await
        .problem(422, "idempotency-key-reused");
    assert_eq!(server.client.head().await, head);
    // Nothing was claimed for Barbara, who can be invited under another key.
    let other = keyed(&grace, &path, "k", &body("barbara"))
        .await
        .expect(201);
    assert_ne!(first["invitation_id"], other["invitation_id"]);
    keyed(&acme.ada, &path, "", &body("eve"))
        .await
        .problem(400, "invalid-parameter");
    keyed(&acme.ada, &path, &"k".repeat(256), &body("eve"))
        .await
        .problem(400, "invalid-parameter");
}

/// As when a client hears nothing and tries again while the first call is still under way.
#[tokio::test(flavor = "multi_thread")]
async fn many_repeats_at_once_invite_one_person() {
    let (server, acme) = TestServer::with_acme().await;
    let body = json!({ "email": "grace@example.org", "name": "Grace", "role": "member" });
    let path = acme.path("invitations");
    let calls = (0..20).map(|_| keyed(&acme.ada, &path, "once", &body));
    let replies = futures::future::join_all(calls).await;
    for reply in &replies {
        assert_eq!(reply.status, 201, "{}", reply.text);
        assert_eq!(
            reply.json()["invitation_id"],
            replies[0].json()["invitation_id"]
        );
    }
    let events = acme.audit(&acme.ada).await;
    let invited = events.iter().filter(|event| event["type"] == "UserInvited");
    assert_eq!(invited.count(), 1);
    let token = server.mailbox().token("grace@example.org", 1).await;
    let accept = json!({ "token": token, "password": harness::PASSWORD });
    let _ = server
        .client
        .post("/v1/invitations/accept", accept)
        .await
        .expect(200);
    assert_eq!(server.mailbox().to("grace@example.org").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_invite_the_same_address_one_wins() {
    let (server, acme) = TestServer::with_acme().await;
    let body = json!({ "email": "grace@example.org", "name": "Grace", "role": "member" });
    let path = acme.path("invitations");
    let calls = (0..20).map(|_| acme.ada.post(&path, body.clone()));
    let replies = futures::future::join_all(calls).await;
    let won = replies.iter().filter(|reply| reply.status == 201).count();
    assert_eq!(won, 1);
    for reply in replies.into_iter().filter(|reply| reply.status != 201) {
        reply.problem(409, "address-taken");
    }
    drop(server);
}

#[tokio::test]
async fn a_command_on_a_stale_version_does_not_happen() {
    let (server, acme) = TestServer::with_acme().await;
    let _ = server.invite(&acme.ada, &acme.id, "grace", "member").await;
    let pending = acme.ada.get(&acme.path("invitations")).await.expect(200);
    let id = pending["items"][0]["invitation_id"].as_str().unwrap();
    let user = acme.ada.get(&acme.path(&format!("users/{id}"))).await;
    let seen = user.header("etag").to_owned();
    let resend = acme.path(&format!("invitations/{id}/resend"));
    let call = async |path: &str, etag: &str| {
        let request = acme
            .ada
            .request(Method::POST, path)
            .header("if-match", etag);
        Reply::to(request.json(&json!({ "confirm": "Enforce 2FA" }))).await
    };
    let _ = call(&resend, &seen).await.expect(200);
    let head = server.client.head().await;
    call(&resend, &seen).await.problem(412, "stale-version");
    call(&acme.path("two-factor/enforce"), "\"7\"")
        .await
        .problem(412, "stale-version");
    call(&resend, "seven")
        .await
        .problem(400, "invalid-parameter");
    let revoke = acme
        .ada
        .request(Method::DELETE, &acme.path(&format!("invitations/{id}")));
    Reply::to(revoke.header("if-match", &seen))
        .await
        .problem(412, "stale-version");
    assert_eq!(server.client.head().await, head);
    let policy = acme.ada.get(&acme.path("two-factor")).await;
    let _ = call(&acme.path("two-factor/enforce"), policy.header("etag"))
        .await
        .expect(200);
}
