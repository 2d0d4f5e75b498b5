//! The table in `docs/permissions.md`, cell by cell, over HTTP.

use crate::documents::operations;
use harness::{Acme, Client, Reply, TestServer};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const TABLE: &str = include_str!("../../docs/permissions.md");
const ROLES: [&str; 5] = ["admin", "user_manager", "auditor", "analyst", "member"];

const AUDIT: &str = "Read the audit trail, prove what it says, and export it";

/// The calls that need a permission, as the table words it. `{user}` is a member, `{invitation}` a
/// pending one, `{event}` one of the first. Those that change what others see stand last.
const CALLS: &[(&str, &[&str])] = &[
    (
        "See whether two-factor authentication is enforced",
        &["GET /v1/organizations/{org}/two-factor"],
    ),
    (
        "See what the organization is called and how it looks",
        &["GET /v1/organizations/{org}"],
    ),
    (
        "See the people of the organization and their invitations",
        &[
            "GET /v1/organizations/{org}/users",
            "GET /v1/organizations/{org}/users/{user}",
            "GET /v1/organizations/{org}/invitations",
        ],
    ),
    (
        "See how many people have a second factor, day by day, without their names",
        &["GET /v1/organizations/{org}/adoption"],
    ),
    (
        "Read analytics: what was counted by day and hour, in which nobody is named",
        &[
            "GET /v1/organizations/{org}/analytics",
            "GET /v1/organizations/{org}/analytics/{dataset}",
        ],
    ),
    (
        AUDIT,
        &[
            "GET /v1/organizations/{org}/audit",
            "GET /v1/organizations/{org}/audit/key",
            "GET /v1/organizations/{org}/audit/{event}/proof",
            "GET /v1/organizations/{org}/audit/export",
        ],
    ),
    (
        "Invite people and manage their invitations",
        &[
            "POST /v1/organizations/{org}/invitations",
            "POST /v1/organizations/{org}/invitations/list",
            "POST /v1/organizations/{org}/invitations/{invitation}/resend",
            "DELETE /v1/organizations/{org}/invitations/{invitation}",
        ],
    ),
    (
        "Give people other roles",
        &["PATCH /v1/organizations/{org}/users/{user}"],
    ),
    (
        "Keep people from signing in, and let them again",
        &[
            "POST /v1/organizations/{org}/users/{user}/disable",
            "POST /v1/organizations/{org}/users/{user}/enable",
        ],
    ),
    (
        "End the second factors of somebody who has lost them",
        &["POST /v1/organizations/{org}/users/{user}/reset-otp"],
    ),
    (
        "Be given everything that is stored about somebody else",
        &["POST /v1/organizations/{org}/users/{user}/export"],
    ),
    (
        "Change what the organization is called and how it looks",
        &["PATCH /v1/organizations/{org}"],
    ),
    (
        "Make, renew and revoke the credentials of machines",
        &[
            "GET /v1/organizations/{org}/api-credentials",
            "POST /v1/organizations/{org}/api-credentials",
            "GET /v1/organizations/{org}/api-credentials/{credential}",
            "POST /v1/organizations/{org}/api-credentials/{credential}/rotate",
            "DELETE /v1/organizations/{org}/api-credentials/{credential}",
        ],
    ),
    (
        "Register further organizations, in the operating organization only",
        &["POST /v1/organizations"],
    ),
    (
        "Erase people, for good",
        &["DELETE /v1/organizations/{org}/users/{user}"],
    ),
    (
        "Enforce two-factor authentication, for good",
        &["POST /v1/organizations/{org}/two-factor/enforce"],
    ),
];

/// What takes no permission here: a logo is for everybody, and the operator's part in another
/// organization is told in `first_administrator`.
const ELSEWHERE: &[&str] = &[
    "GET /v1/organizations/{org}/logo",
    "POST /v1/organizations/{org}/first-administrator/resend",
];

/// The rows of the table under this heading: what is allowed to each role.
fn rows(heading: &str) -> BTreeMap<&'static str, [bool; 5]> {
    let part = TABLE.split("\n# ").flat_map(|part| part.split("\n## "));
    let part = part
        .map(|part| part.trim_start_matches("# "))
        .find(|part| part.starts_with(heading))
        .unwrap();
    let lines = part.lines().filter(|line| line.starts_with("| "));
    lines
        .skip(1)
        .map(|line| {
            let mut cells = line.trim_matches('|').split('|').map(str::trim);
            let title = cells.next().unwrap();
            let cells: Vec<_> = cells.map(|cell| cell == "yes").collect();
            (title, cells.try_into().unwrap())
        })
        .collect()
}

fn body_of(call: &str, role: &str) -> Value {
    match call.split('/').next_back().unwrap() {
        "invitations" => invitation(&format!("{role}-once"), "member"),
        "api-credentials" => credential(),
        "rotate" => json!({ "overlap_hours": 1 }),
        "enforce" => json!({ "confirm": "Enforce 2FA" }),
        "organizations" => {
            json!({ "organization": "Globex", "email": "hank@example.org", "name": "Hank" })
        }
        "{user}" if call.starts_with("DELETE") => json!({ "confirm": "nobody@example.org" }),
        "{user}" => json!({ "role": "member" }),
        "{org}" => json!({ "name": "Acme" }),
        _ => json!({}),
    }
}

fn credential() -> Value {
    json!({ "name": "Nightly", "scopes": ["users:read"] })
}

fn invitation(who: &str, role: &str) -> Value {
    json!({ "email": format!("{who}@example.org"), "name": who, "role": role })
}

/// Makes the call; whether the role of the session is what it was refused for.
async fn is_forbidden(session: &Client, call: &str, path: &str, role: &str) -> bool {
    let (method, _) = call.split_once(' ').unwrap();
    let method: Method = method.parse().unwrap();
    let request = session.request(method.clone(), path);
    let reply = Reply::to(if call.ends_with("/list") {
        let list = format!("email,name\n{role}-listed@example.org,Somebody\n");
        request.header("content-type", "text/csv").body(list)
    } else if method == Method::GET || body_of(call, role) == json!({}) {
        request
    } else {
        request.json(&body_of(call, role))
    })
    .await;
    let slug = reply.slug();
    assert!(
        reply.status.as_u16() < 500 && !["not-found", "unauthenticated"].contains(&&*slug),
        "{role}, {call}: {}",
        reply.text
    );
    if slug == "forbidden" {
        assert_eq!(reply.status, 403);
    }
    slug == "forbidden"
}

/// What the calls are about: a member, somebody who is invited, a credential, and an event.
async fn targets(server: &TestServer, acme: &Acme, role: &str) -> [(&'static str, String); 4] {
    let member = format!("{role}-managed");
    let joined = server.join(&acme.ada, &acme.id, &member, "member").await;
    let user = joined.get("/v1/session").await.expect(200);
    let body = invitation(&format!("{role}-invited"), "member");
    let path = acme.path("invitations");
    let pending = acme.ada.post(&path, body).await.expect(201);
    let path = acme.path("api-credentials");
    let made = acme.ada.post(&path, credential()).await.expect(201);
    let events = acme.audit(&acme.ada).await;
    [
        ("{event}", &events[0]["event_id"]),
        ("{user}", &user["user_id"]),
        ("{invitation}", &pending["invitation_id"]),
        ("{credential}", &made["client_id"]),
    ]
    .map(|(name, id)| (name, id.as_str().unwrap().to_owned()))
}

#[tokio::test]
async fn each_cell_of_the_table_is_what_happens() {
    let (server, acme) = TestServer::with_acme().await;
    let (ada, _) = server.set_up_phone(&acme.ada).await;
    let acme = Acme { ada, ..acme };
    let table = rows("Who may do what");
    let mut tried = BTreeSet::new();
    // The administrator last: enforcing ends what the others can do.
    for (column, role) in ROLES.into_iter().enumerate().rev() {
        let targets = targets(&server, &acme, role).await;
        let session = match role {
            "admin" => acme.ada.clone(),
            _ => server.join(&acme.ada, &acme.id, role, role).await,
        };
        for (permission, calls) in CALLS {
            for call in *calls {
                let (_, path) = call.split_once(' ').unwrap();
                let path = path.replace("{org}", &acme.id);
                let mut path = path.replace("{dataset}", "adoption");
                let mut named = (*call).to_owned();
                for (name, id) in &targets {
                    path = path.replace(name, id);
                    named = named.replace(name, "{id}");
                }
                let forbidden = is_forbidden(&session, call, &path, role).await;
                let allowed = table[permission][column];
                assert_eq!(!forbidden, allowed, "{permission}: {role} calls {call}");
                tried.insert(named);
            }
        }
    }
    assert_eq!(
        table.keys().copied().collect::<BTreeSet<_>>(),
        CALLS.iter().map(|(permission, _)| *permission).collect()
    );
    for operation in operations() {
        let call = format!("{} {}", operation.method, operation.path);
        let about_organizations = operation.path.starts_with("/v1/organizations");
        assert!(
            !about_organizations || tried.contains(&call) || ELSEWHERE.contains(&&*call),
            "which permission does {call} need?"
        );
    }
}

/// Or whoever checks what administrators do would be one.
#[test]
fn a_reviewer_changes_nothing_but_what_is_remembered_of_their_looks() {
    let table = rows("Who may do what");
    let auditor = ROLES.iter().position(|role| *role == "auditor").unwrap();
    for (permission, calls) in CALLS {
        let changes = calls.iter().any(|call| !call.starts_with("GET "));
        assert!(!(changes && table[permission][auditor]), "{permission}");
    }
    assert!(table[AUDIT][auditor]);
}

#[tokio::test]
async fn nobody_gives_a_role_that_the_table_does_not_let_them_give() {
    let (server, acme) = TestServer::with_acme().await;
    let table: Vec<_> = rows("Who may give which role").into_values().collect();
    // In the order of their names.
    let givers = ["admin", "analyst", "auditor", "member", "user_manager"];
    for (giver, row) in givers.into_iter().zip(table) {
        let session = server.join(&acme.ada, &acme.id, giver, giver).await;
        for (given, allowed) in ROLES.into_iter().zip(row) {
            let body = invitation(&format!("{given}-of-{giver}"), given);
            let reply = session.post(&acme.path("invitations"), body).await;
            let expected = if allowed { 201 } else { 403 };
            assert_eq!(reply.status.as_u16(), expected, "{giver} gives {given}");
        }
    }
}

#[test]
fn the_table_in_the_repository_is_the_one_that_decides() {
    assert!(
        TABLE == pawl::permission_table::markdown(),
        "who may do what has changed; write it anew: cargo run -- permissions > docs/permissions.md"
    );
}
