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

    /// All mail to this address, oldest first, with the transport's line breaks undone.
    #[must_use]
    pub fn to(&self, address: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(&self.folder) else {
            return Vec::new();
        };
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.retain(|file| file.extension().is_some_and(|kind| kind == "eml"));
        files.sort();
        let mails = files.iter().map(|file| fs::read_to_string(file).unwrap());
        mails
            .filter(|mail| {
                let to = mail.lines().find(|line| line.starts_with("To: "));
                to.is_some_and(|to| to.contains(address))
            })
            .map(|mail| mail.replace("=\r\n", "").replace("=3D", "="))
            .collect()
    }

    /// Waits until this many mails went to the address; the token in the link of the last.
    pub async fn token(&self, address: &str, mails: usize) -> String {
        eventually(&format!("mail {mails} to {address}"), async || {
            let mail = self.to(address).into_iter().nth(mails - 1)?;
            let (_, rest) = mail.split_once("token=")?;
            Some(rest.split_whitespace().next()?.to_owned())
        })
        .await
    }
}
