//! What arrives, and over what it went.

use crate::{
    acme_with, guarded, invite, left,
    smtp_server::{LOGIN, SmtpServer},
};
use harness::{Process, certificates, eventually};
use pawl::settings::Flags;
use serde_json::json;
use tempfile::TempDir;
use tokio::process::Command;

#[tokio::test]
async fn a_mail_arrives_over_tls_with_a_login_and_both_parts_can_be_read() {
    for (tls, scheme) in [("wrapped", "smtps"), ("starttls", "smtp")] {
        let mail = SmtpServer::guarded(tls).await;
        let (server, acme) = acme_with(guarded(&mail, scheme)).await;
        invite(&acme, "grace").await;
        let arrived = mail.takes("grace", 1).await;
        assert_eq!(arrived["over_tls"], true, "{arrived}");
        assert_eq!(arrived["login"], true, "{arrived}");
        assert_eq!(arrived["sender"], "no-reply@acme.example");
        assert_eq!(arrived["from"], "Acme <no-reply@acme.example>");
        assert_eq!(arrived["to"], "grace Lovelace <grace@example.org>");
        assert_eq!(arrived["subject"], "Your invitation to Acme");
        assert_eq!(arrived["defects"], json!([]));
        let (text, html) = (
            arrived["text"].as_str().unwrap(),
            arrived["html"].as_str().unwrap(),
        );
        let (_, link) = text.split_once("\nhttp://").unwrap();
        let link = format!("http://{}", link.split_whitespace().next().unwrap());
        assert!(html.contains(&format!("href=\"{link}\"")), "{html}");

        // The link is whole, and what was sent is gone.
        let token = link.split_once("token=").unwrap().1;
        let body = json!({ "token": token, "password": harness::PASSWORD });
        let accepted = server.client.post("/v1/invitations/accept", body).await;
        let _ = accepted.expect(200);
        left(&server, 0, 0).await;
    }
}

/// A certificate of another authority.
#[tokio::test]
async fn a_server_with_another_certificate_gets_nothing() {
    let mail = SmtpServer::guarded("wrapped").await;
    let others = certificates();
    let flags = Flags {
        smtp_ca_file: Some(others.path().join("ca.pem")),
        ..guarded(&mail, "smtps")
    };
    gets_nothing(&mail, flags).await;
}

/// Whoever sits between may take STARTTLS out of what the server offers.
#[tokio::test]
async fn a_server_without_tls_gets_nothing() {
    let mail = SmtpServer::open().await;
    // Without a login, which would not be shown in clear anyway.
    let url = format!("smtp://127.0.0.1:{}", mail.port);
    let flags = Flags {
        smtp_url: Some(url.into()),
        ..guarded(&mail, "smtp")
    };
    gets_nothing(&mail, flags).await;
}

/// The password is wrong, which is not the message's fault.
#[tokio::test]
async fn a_server_that_does_not_let_pawl_in_gets_it_later() {
    let mail = SmtpServer::guarded("wrapped").await;
    let url = format!("smtps://pawl:wrong@127.0.0.1:{}", mail.port);
    let flags = Flags {
        smtp_url: Some(url.into()),
        ..guarded(&mail, "smtps")
    };
    gets_nothing(&mail, flags).await;
}

/// It is tried, and tried again, and neither sent nor given up.
async fn gets_nothing(mail: &SmtpServer, flags: Flags) {
    let (server, acme) = acme_with(flags).await;
    invite(&acme, "grace").await;
    for outages in 1..=3 {
        eventually(&format!("outage {outages}"), async || {
            let metrics = server.client.get("/metrics").await.text;
            let counted = format!("pawl_mail_outages_total {outages}\n");
            metrics.contains(&counted).then_some(())
        })
        .await;
        server.wait_steps(20);
    }
    left(&server, 1, 0).await;
    assert!(mail.taken().is_empty());
}

#[tokio::test]
async fn whoever_is_refused_holds_nobody_up_and_the_log_keeps_quiet() {
    let mail = SmtpServer::guarded("wrapped").await;
    let data = TempDir::new().unwrap();
    let mut serve = Command::new(env!("CARGO_BIN_EXE_pawl-under-test"));
    serve
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data.path())
        .args(["--mail-from", "no-reply@acme.example", "--smtp-ca-file"])
        .arg(mail.ca())
        .env("PAWL_LOG", "trace")
        .env(
            "PAWL_SMTP_URL",
            format!("smtps://{LOGIN}@127.0.0.1:{}", mail.port),
        );
    let server = Process::spawn(serve).await;
    let token = server.link().split_once("token=").unwrap().1;
    let set_up = json!({
        "token": token, "organization": "Acme", "email": "ada@example.org",
        "name": "Ada Lovelace", "password": harness::PASSWORD,
    });
    let done = server.client.post("/v1/setup", set_up).await.expect(201);
    let session = server.client.with(done["session_token"].as_str().unwrap());
    let organization = done["organization_id"].as_str().unwrap();
    let path = format!("/v1/organizations/{organization}/invitations");
    for who in ["gone", "grace"] {
        let email = format!("{who}@example.org");
        let body = json!({ "email": email, "name": "Somebody Lovelace", "role": "member" });
        let _ = session.post(&path, body).await.expect(201);
    }
    let arrived = mail.takes("grace", 1).await;
    let mailbox = harness::Mailbox::of(data.path());
    eventually("one is in failed/, none in the outbox", async || {
        (mailbox.failed().len() == 1 && mailbox.files().is_empty()).then_some(())
    })
    .await;
    let metrics = server.client.get("/metrics").await.text;
    for line in ["pawl_mail_refused_total 1", "pawl_mail_waiting "] {
        assert!(metrics.contains(line), "{metrics}");
    }
    let (status, log) = server.terminate().await;
    assert!(status.success(), "{log}");
    assert!(log.contains("the mail server answered 550"), "{log}");
    let (_, link) = arrived["text"]
        .as_str()
        .unwrap()
        .split_once("token=")
        .unwrap();
    let token = link.split_whitespace().next().unwrap();
    let (_, password) = LOGIN.split_once(':').unwrap();
    for secret in [token, password, "example.org", "Lovelace", "nobody here"] {
        assert!(!log.contains(secret), "{secret:?} is in the log");
    }
}
