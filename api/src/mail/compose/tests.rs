//! Every kind of mail, whole, as it is in `golden/`. `PAWL_GOLDEN=write` writes it anew, to be looked
//! at before it is committed.

use super::*;
use crate::mail::Notice as N;
use std::{collections::BTreeSet, fs, path::Path};

fn every_kind() -> Vec<(&'static str, Notice)> {
    let until = || "2027-01-22 08:00 UTC".to_owned();
    let device = || "Ada's \"new\" phone".to_owned();
    vec![
        ("invitation", N::Invitation { until: until() }),
        ("password-link", N::PasswordLink { until: until() }),
        ("otp-set-up-link", N::OtpSetUpLink { until: until() }),
        ("two-factor-enforced", N::TwoFactorEnforced),
        (
            "authenticator-added",
            N::AuthenticatorAdded { device: device() },
        ),
        (
            "authenticator-removed",
            N::AuthenticatorRemoved { device: device() },
        ),
        ("authenticators-reset", N::AuthenticatorsReset),
        ("recovery-code-used", N::RecoveryCodeUsed),
        ("new-sign-in", N::NewSignIn { browser: true }),
        ("new-sign-in-elsewhere", N::NewSignIn { browser: false }),
        ("password-changed", N::PasswordChanged),
        ("password-reset", N::PasswordReset),
        ("role-changed", N::RoleChanged { role: "an auditor" }),
        ("disabled", N::Disabled),
        ("enabled", N::Enabled),
        ("password-step-closed", N::PasswordStepClosed),
        ("code-step-closed", N::CodeStepClosed),
    ]
}

fn written(notice: &Notice) -> String {
    let letterhead = Letterhead {
        organization: "Smith & <Söhne>".into(),
        color: "#0b5c3f".into(),
    };
    let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let link = "https://id.example.org/account";
    let words = Words::new(notice, &letterhead, "Ada Lovelace", link, at).unwrap();
    let from = "Smith <no-reply@example.org>".parse().unwrap();
    let to = "Ada Lovelace <ada@example.org>".parse().unwrap();
    let message = message(from, to, words, at, "event.person").unwrap();
    String::from_utf8(message).unwrap().replace("\r\n", "\n")
}

#[test]
fn every_mail_is_as_it_was_looked_at() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/mail/golden");
    let mut expected = BTreeSet::new();
    for (name, notice) in every_kind() {
        let (file, mail) = (folder.join(format!("{name}.eml")), written(&notice));
        if std::env::var_os("PAWL_GOLDEN").is_some() {
            fs::write(&file, &mail).unwrap();
        }
        let golden = fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(mail, golden, "{name}");
        expected.insert(file);
    }
    let entries = fs::read_dir(&folder).unwrap();
    let files: BTreeSet<_> = entries.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files, expected);
}

/// Names are people's own words: none of them may become a link, or part of the page.
#[test]
fn nothing_that_people_wrote_is_more_than_text() {
    for (name, notice) in every_kind() {
        let mail = written(&notice).replace("=\n", "").replace("=3D", "=");
        let (_, html) = mail.split_once("<!DOCTYPE html>").unwrap();
        assert!(!html.contains("<S"), "{name}: {html}");
        assert!(html.contains("Smith &#38; &#60;S"), "{name}: {html}");
        for from_elsewhere in ["src=", "url(", "<script", "<link", "http://"] {
            assert!(!html.contains(from_elsewhere), "{name}: {html}");
        }
        assert!(html.matches("href=").count() <= 1, "{name}: {html}");
    }
}
