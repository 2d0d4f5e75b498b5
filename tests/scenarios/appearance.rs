//! What an organization is called and how it looks: changed by an administrator, seen by its people,
//! and its logo by everybody.

use harness::{Acme, Reply, TestServer};
use reqwest::Method;
use serde_json::{Value, json};

/// A green pixel.
const LOGO: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mPgjrEHAAEcAKe9aHfcAAAAAElFTkSuQmCC";

fn here(acme: &Acme) -> String {
    format!("/v1/organizations/{}", acme.id)
}

async fn types(acme: &Acme) -> Vec<String> {
    let events = acme.audit(&acme.ada).await;
    let of = |event: &Value| event["type"].as_str().unwrap().to_owned();
    events.iter().map(of).collect()
}

#[tokio::test]
async fn an_administrator_changes_name_color_and_logo_and_takes_them_away_again() {
    let (server, acme) = TestServer::with_acme().await;
    let plain = acme.ada.get(&here(&acme)).await.expect(200);
    assert_eq!(
        plain,
        json!({
            "organization_id": acme.id, "name": "Acme", "accent_color": null, "has_logo": false,
        })
    );
    let everything = json!({
        "name": "Acme and Sons", "accent_color": "#0B5C3F", "logo": LOGO,
    });
    let before = types(&acme).await.len();
    let changed = acme.ada.patch(&here(&acme), everything.clone()).await;
    let position = changed.header("pawl-position").parse::<u64>().unwrap();
    assert_eq!(position, acme.ada.head().await);
    let changed = changed.expect(200);
    assert_eq!(
        changed,
        json!({
            "organization_id": acme.id, "name": "Acme and Sons", "accent_color": "#0b5c3f",
            "has_logo": true,
        })
    );
    assert_eq!(
        types(&acme).await[before..],
        ["OrganizationRenamed", "AccentColorChanged", "LogoChanged"]
    );
    // What is not said and what is the same already changes nothing.
    for same in [everything, json!({}), json!({ "accent_color": "#0b5c3f" })] {
        assert_eq!(
            acme.ada.patch(&here(&acme), same).await.expect(200),
            changed
        );
    }
    assert_eq!(acme.ada.head().await, position);

    // Members see it, the session says it, and so does the mail.
    let grace = server.join(&acme.ada, &acme.id, "grace", "member").await;
    assert_eq!(grace.get(&here(&acme)).await.expect(200), changed);
    let session = grace.get("/v1/session").await.expect(200);
    assert_eq!(session["organization"], "Acme and Sons");
    let mails = server.mailbox().to("grace@example.org");
    let [mail] = &mails[..] else {
        panic!("{mails:?}");
    };
    assert!(mail.contains("invited to Acme and Sons."), "{mail}");
    assert!(mail.contains("background: #0b5c3f"), "{mail}");

    let away = json!({ "accent_color": null, "logo": null });
    let _ = acme.ada.patch(&here(&acme), away).await.expect(200);
    let rename = json!({ "name": "Acme" });
    let renamed = acme.ada.patch(&here(&acme), rename).await.expect(200);
    assert_eq!(renamed, plain);
    let gone = server.client.get(&acme.path("logo")).await;
    gone.problem(404, "not-found");
}

#[tokio::test]
async fn everybody_sees_the_logo_and_nothing_else() {
    let (server, acme) = TestServer::with_acme().await;
    let path = acme.path("logo");
    server.client.get(&path).await.problem(404, "not-found");
    let _ = acme
        .ada
        .patch(&here(&acme), json!({ "logo": LOGO }))
        .await
        .expect(200);

    let answer = server.client.request(Method::GET, &path).send().await;
    let answer = answer.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "image/png");
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    let etag = answer.headers()["etag"].to_str().unwrap().to_owned();
    let png = answer.bytes().await.unwrap();
    assert!(png.starts_with(b"\x89PNG") && png.len() == 69, "{png:?}");

    let again = |tag: &str| {
        let request = server.client.request(Method::GET, &path);
        Reply::to(request.header("if-none-match", tag))
    };
    let known = again(&etag).await;
    assert_eq!((known.status.as_u16(), known.text.as_str()), (304, ""));
    assert_eq!(known.header("etag"), etag);
    assert_eq!(again("\"another\"").await.status, 200);

    server
        .client
        .get(&here(&acme))
        .await
        .problem(401, "unauthenticated");
    for nobody in ["00000000-0000-0000-0000-000000000000", "x"] {
        let path = format!("/v1/organizations/{nobody}/logo");
        server.client.get(&path).await.problem(404, "not-found");
    }
}

#[tokio::test]
async fn what_cannot_be_read_or_shown_safely_is_refused() {
    let (_server, acme) = TestServer::with_acme().await;
    let head = acme.ada.head().await;
    // An SVG picture with a script, in base64.
    let svg = "PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciPjxzY3JpcHQvPjwvc3ZnPg==";
    for (body, field) in [
        (json!({ "accent_color": "#777777" }), "accent_color"),
        (json!({ "accent_color": "green" }), "accent_color"),
        (json!({ "logo": svg }), "logo"),
        (json!({ "logo": "A".repeat(65_540) }), "logo"),
        (json!({ "name": " " }), "name"),
        // All or nothing.
        (
            json!({ "name": "Fine", "accent_color": "#ffffff" }),
            "accent_color",
        ),
    ] {
        let reply = acme.ada.patch(&here(&acme), body).await;
        assert!(
            reply.text.contains(&format!("\"{field}: ")),
            "{}",
            reply.text
        );
        reply.problem(422, "invalid-field");
    }
    let reply = acme.ada.patch(&here(&acme), json!({ "name": null })).await;
    reply.problem(422, "invalid-body");
    assert_eq!(acme.ada.head().await, head);
}

/// The largest logo that the rule allows is not too large for the door.
#[tokio::test]
async fn a_logo_of_48_kib_fits() {
    let (_server, acme) = TestServer::with_acme().await;
    // The header of a PNG picture of 512 by 512 pixels, and zeros.
    let logo = format!(
        "iVBORw0KGgoAAAANSUhEUgAAAgAAAAIA{}",
        "A".repeat(65_536 - 32)
    );
    let body = json!({ "name": "n".repeat(200), "accent_color": "#000000", "logo": logo });
    let view = acme.ada.patch(&here(&acme), body).await.expect(200);
    assert_eq!(view["has_logo"], true);
}

#[tokio::test]
async fn everybody_sees_the_organization_and_only_an_administrator_changes_it() {
    let (server, acme) = TestServer::with_acme().await;
    for role in ["user_manager", "auditor", "analyst", "member"] {
        let session = server.join(&acme.ada, &acme.id, role, role).await;
        let _ = session.get(&here(&acme)).await.expect(200);
        let reply = session.patch(&here(&acme), json!({ "name": "Mine" })).await;
        reply.problem(403, "forbidden");
    }
    let version = acme.ada.get(&here(&acme)).await;
    let version = version.header("etag").to_owned();
    let change = |name: &str| {
        let request = acme.ada.request(Method::PATCH, &here(&acme));
        Reply::to(
            request
                .header("if-match", &version)
                .json(&json!({ "name": name })),
        )
    };
    let _ = change("First").await.expect(200);
    change("Second").await.problem(412, "stale-version");
}

/// I1 once more: another look leaves the enforcement as it is.
#[tokio::test]
async fn another_look_leaves_enforcement_in_force() {
    let (server, acme) = TestServer::with_acme().await;
    let (ada, _) = server.set_up_phone(&acme.ada).await;
    let acme = Acme { ada, ..acme };
    let enforced = acme.enforce().await;
    let everything = json!({ "name": "New", "accent_color": "#000000", "logo": LOGO });
    let _ = acme.ada.patch(&here(&acme), everything).await.expect(200);
    let status = acme.ada.get(&acme.path("two-factor")).await.expect(200);
    assert_eq!(status, enforced);
}
