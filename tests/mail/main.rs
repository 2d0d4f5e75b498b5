//! Mail on its way: to a real mail server, which is strict, slow, away, or says no.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "it is all test")]

mod delivery;
mod outages;
mod smtp_server;

use harness::{Acme, Mailbox, TestServer, eventually};
use pawl::settings::Flags;
use serde_json::json;
use smtp_server::{LOGIN, SmtpServer};

/// Pawl's settings for a server that speaks in clear.
fn in_clear(server: &SmtpServer) -> Flags {
    Flags {
        smtp_url: Some(format!("smtp://127.0.0.1:{}?tls=none", server.port).into()),
        mail_from: Some("Acme <no-reply@acme.example>".into()),
        smtp_timeout: Some(2),
        ..Flags::default()
    }
}

/// Those for a server that wants TLS and a login.
fn guarded(server: &SmtpServer, scheme: &str) -> Flags {
    Flags {
        smtp_url: Some(format!("{scheme}://{LOGIN}@127.0.0.1:{}", server.port).into()),
        smtp_ca_file: Some(server.ca()),
        ..in_clear(server)
    }
}

/// Invites somebody; their id.
async fn invite(acme: &Acme, who: &str) -> String {
    let email = format!("{who}@example.org");
    let body = json!({ "email": email, "name": format!("{who} Lovelace"), "role": "member" });
    let path = acme.path("invitations");
    let invited = acme.ada.post(&path, body).await.expect(201);
    invited["invitation_id"].as_str().unwrap().to_owned()
}

/// Waits until so many mails wait, and so many have failed.
async fn left(server: &TestServer, waiting: usize, failed: usize) {
    let mailbox: Mailbox = server.mailbox();
    let what = format!("{waiting} wait, {failed} have failed");
    eventually(&what, async || {
        let left = (mailbox.files().len(), mailbox.failed().len());
        (left == (waiting, failed)).then_some(())
    })
    .await;
}

/// A running Pawl with Ada's organization that sends by this server.
async fn acme_with(flags: Flags) -> (TestServer, Acme) {
    TestServer::with_acme_and(move |settings| {
        settings.smtp_url.clone_from(&flags.smtp_url);
        settings.mail_from.clone_from(&flags.mail_from);
        settings.smtp_ca_file.clone_from(&flags.smtp_ca_file);
        settings.smtp_timeout = flags.smtp_timeout;
    })
    .await
}
