//! The mail that Pawl writes to its outbox.

use crate::eventually;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The outbox of a data directory.
#[derive(Clone, Debug)]
pub struct Mailbox {
    folder: PathBuf,
}

impl Mailbox {
    /// The outbox of this data directory.
    #[must_use]
    pub fn of(data: &Path) -> Self {
        Self {
            folder: data.join("outbox"),
        }
    }

    /// The mail in it that waits, by the names of its files, oldest first.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        files(&self.folder)
    }

    /// The mail that the mail server refused.
    #[must_use]
    pub fn failed(&self) -> Vec<PathBuf> {
        files(&self.folder.join("failed"))
    }

    /// All mail with a one-time link to this address, oldest first, with the transport's line breaks
    /// undone.
    #[must_use]
    pub fn to(&self, address: &str) -> Vec<String> {
        self.all_to(address, |mail| mail.contains("token="))
    }

    /// All other mail: what happened to the account.
    #[must_use]
    pub fn notices(&self, address: &str) -> Vec<String> {
        self.all_to(address, |mail| !mail.contains("token="))
    }

    fn all_to(&self, address: &str, wanted: impl Fn(&str) -> bool) -> Vec<String> {
        // One may leave while another is read.
        let mails = self.files().into_iter();
        let mails = mails.filter_map(|file| fs::read_to_string(file).ok());
        mails
            .filter(|mail| {
                let to = mail.lines().find(|line| line.starts_with("To: "));
                to.is_some_and(|to| to.contains(address))
            })
            .map(|mail| mail.replace("=\r\n", "").replace("=3D", "="))
            .filter(|mail| wanted(mail))
            .collect()
    }

    /// Waits until this many mails with a link went to the address; the token in the link of the last.
    pub async fn token(&self, address: &str, mails: usize) -> String {
        eventually(&format!("mail {mails} to {address}"), async || {
            let mail = self.to(address).into_iter().nth(mails - 1)?;
            let (_, rest) = mail.split_once("token=")?;
            Some(rest.split_whitespace().next()?.to_owned())
        })
        .await
    }

    /// Waits until this many notices with this subject went to the address; the last of them.
    pub async fn notice(&self, address: &str, subject: &str, mails: usize) -> String {
        let subject = format!("\r\nSubject: {subject}\r\n");
        eventually(&format!("notice {mails} {subject:?}"), async || {
            let mut notices = self.notices(address);
            notices.retain(|mail| mail.contains(&subject));
            notices.into_iter().nth(mails - 1)
        })
        .await
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|kind| kind == "eml"));
    files.sort();
    files
}
