//! I2 on the pages: whose session lacks something is led to it, and each role sees its own pages.

use harness::{Client, Reply, TestServer};
use reqwest::Method;

/// The pages behind a session, and the roles beside the administrator's that see them.
const PAGES: [(&str, &[&str]); 11] = [
    ("/console", &["user_manager", "auditor", "analyst"]),
    (
        "/console/analytics",
        &["user_manager", "auditor", "analyst"],
    ),
    (
        "/console/analytics/sign_ins.csv",
        &["user_manager", "auditor", "analyst"],
    ),
    ("/console/users", &["user_manager", "auditor"]),
    ("/console/users/invite", &["user_manager"]),
    ("/console/security", &["user_manager", "auditor"]),
    ("/console/audit", &["auditor"]),
    ("/console/organization", &[]),
    ("/console/api-credentials", &[]),
    ("/console/api-credentials/new", &[]),
    (
        "/account",
        &["user_manager", "auditor", "analyst", "member"],
    ),
];

async fn page(by: &Client, path: &str) -> Reply {
    let cookie = format!("__Host-pawl-session={}", by.token());
    let request = by.request(Method::GET, path).header("cookie", cookie);
    Reply::to(request).await
}

#[tokio::test]
async fn each_role_sees_its_own_pages() {
    let (server, acme) = TestServer::with_acme().await;
    for role in ["user_manager", "auditor", "analyst", "member"] {
        let session = server.join(&acme.ada, &acme.id, role, role).await;
        for (path, roles) in PAGES {
            let reply = page(&session, path).await;
            if roles.contains(&role) {
                assert_eq!(reply.status, 200, "{role} {path}");
            } else {
                reply.problem(403, "forbidden");
            }
        }
    }
    for (path, _) in PAGES {
        assert_eq!(page(&acme.ada, path).await.status, 200, "{path}");
    }
}

/// The client follows where it is led.
#[tokio::test]
async fn a_session_that_lacks_a_factor_is_led_to_it() {
    let (server, acme) = TestServer::with_acme().await;
    acme.enforce().await;
    for (path, _) in PAGES {
        let reply = page(&acme.ada, path).await;
        assert!(reply.text.contains("Mobile Authenticator Setup"), "{path}");
        let nobody = page(&server.client, path).await;
        assert!(nobody.text.contains("action=\"/sign-in\""), "{path}");
    }
}
