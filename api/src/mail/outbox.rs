//! The folder in which mail waits. A message comes there once it is noted that its event has been dealt
//! with, so that none that has left can be written again: it is made in `unfinished/`, and moved when
//! the note is on disk. What the mail server refuses goes to `failed/`.
//!
//! When a message is tried next is its file's modification time.

use crate::files::write_whole;
use chrono::{DateTime, Utc};
use eventstore_schema::{EventId, Position, UserId};
use std::{
    collections::HashMap,
    fmt,
    fs::{self, DirBuilder, File},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    str::FromStr,
    time::SystemTime,
};

/// Characters of a UUID as text.
const UUID: usize = 36;

/// Which mail a file is: of which event, to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MailName {
    /// Where the event is in the log.
    pub position: Position,
    /// The event.
    pub event: EventId,
    /// The person.
    pub user: UserId,
}

impl fmt::Display for MailName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            position,
            event,
            user,
        } = self;
        write!(f, "{:012}-{event}-{user}.eml", position.0)
    }
}

impl FromStr for MailName {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let rest = text.strip_suffix(".eml").ok_or(())?;
        let (position, ids) = rest.split_once('-').ok_or(())?;
        let (event, user) = ids.split_at_checked(UUID).ok_or(())?;
        let user = user.strip_prefix('-').ok_or(())?;
        let mail = Self {
            position: Position(position.parse().map_err(|_| ())?),
            event: event.parse().map_err(|_| ())?,
            user: user.parse().map_err(|_| ())?,
        };
        // A name that means the same, but is another file.
        if mail.to_string() == text {
            Ok(mail)
        } else {
            Err(())
        }
    }
}

/// What waits.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// How many messages.
    pub(super) all: usize,
    /// How many were refused.
    pub(super) failed: usize,
    /// Those whose time has come.
    pub(super) due: Vec<MailName>,
}

/// The folder.
#[derive(Clone, Debug)]
pub struct Outbox {
    folder: PathBuf,
}

impl Outbox {
    /// The outbox in this folder, which is made with the first message.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Makes a message that is not in the outbox yet, whole and durable. Making it again changes
    /// nothing.
    pub fn prepare(&self, maker: &str, mail: &MailName, message: &[u8]) -> io::Result<()> {
        let unfinished = self.unfinished(maker);
        make(&unfinished)?;
        write_whole(&unfinished.join(mail.to_string()), message)
    }

    /// Moves those prepared messages into the outbox of which it is noted that they are done.
    pub fn publish(
        &self,
        maker: &str,
        done: impl Fn(&MailName) -> bool,
    ) -> io::Result<Vec<MailName>> {
        let unfinished = self.unfinished(maker);
        let mut published = Vec::new();
        for name in names(&unfinished)? {
            if let Ok(mail) = name.parse::<MailName>()
                && done(&mail)
            {
                // Whoever erases somebody takes away what is not finished, too.
                if found(fs::rename(unfinished.join(&name), self.file(&mail)))?.is_some() {
                    published.push(mail);
                }
            }
        }
        if !published.is_empty() {
            File::open(&self.folder)?.sync_all()?;
        }
        Ok(published)
    }

    /// Publishes what is done and drops the rest, which will be made again: after a start.
    pub fn settle(
        &self,
        maker: &str,
        done: impl Fn(&MailName) -> bool,
    ) -> io::Result<Vec<MailName>> {
        let published = self.publish(maker, done)?;
        let unfinished = self.unfinished(maker);
        for name in names(&unfinished)? {
            fs::remove_file(unfinished.join(name))?;
        }
        Ok(published)
    }

    /// What waits, and `limit` at most of those whose time has come. The first of each event come
    /// before the second of any, so that a mail to one person does not wait behind one to everybody.
    pub(super) fn waiting(&self, now: DateTime<Utc>, limit: usize) -> io::Result<Waiting> {
        let mut waiting = Waiting {
            failed: mails(&self.failed())?.len(),
            ..Waiting::default()
        };
        let mut mails = mails(&self.folder)?;
        waiting.all = mails.len();
        mails.sort_unstable();
        let mut of_event: HashMap<Position, usize> = HashMap::new();
        let mut due = Vec::new();
        for mail in mails {
            if self.is_due(&mail, now)? {
                let rank = of_event.entry(mail.position).or_default();
                due.push((*rank, mail));
                *rank += 1;
            }
        }
        due.sort_unstable();
        due.truncate(limit);
        waiting.due = due.into_iter().map(|(_, mail)| mail).collect();
        Ok(waiting)
    }

    fn is_due(&self, mail: &MailName, now: DateTime<Utc>) -> io::Result<bool> {
        match fs::metadata(self.file(mail)) {
            Ok(file) => Ok(file.modified()? <= SystemTime::from(now)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The message, `None` where somebody has taken it away.
    pub(super) fn read(&self, mail: &MailName) -> io::Result<Option<Vec<u8>>> {
        found(fs::read(self.file(mail)))
    }

    /// Puts the message off.
    pub(super) fn put_off(&self, mail: &MailName, until: DateTime<Utc>) -> io::Result<()> {
        let file = File::options().append(true).open(self.file(mail));
        if let Some(file) = found(file)? {
            file.set_modified(until.into())?;
        }
        Ok(())
    }

    /// Takes the message out: it has left, or there is nobody to send it to.
    pub fn remove(&self, mail: &MailName) -> io::Result<()> {
        if found(fs::remove_file(self.file(mail)))?.is_some() {
            File::open(&self.folder)?.sync_all()?;
        }
        Ok(())
    }

    /// Puts the message where an operator looks after it.
    pub(super) fn set_aside(&self, mail: &MailName) -> io::Result<()> {
        let failed = self.failed();
        make(&failed)?;
        let moved = fs::rename(self.file(mail), failed.join(mail.to_string()));
        if found(moved)?.is_some() {
            File::open(&failed)?.sync_all()?;
            File::open(&self.folder)?.sync_all()?;
        }
        Ok(())
    }

    /// Every folder with messages, in the order in which they pass through them.
    pub fn folders(&self) -> io::Result<Vec<PathBuf>> {
        let unfinished = self.folder.join("unfinished");
        let makers = names(&unfinished)?.into_iter();
        let mut folders: Vec<_> = makers.map(|maker| unfinished.join(maker)).collect();
        folders.retain(|folder| folder.is_dir());
        folders.extend([self.folder.clone(), self.failed()]);
        Ok(folders)
    }

    fn file(&self, mail: &MailName) -> PathBuf {
        self.folder.join(mail.to_string())
    }

    fn failed(&self) -> PathBuf {
        self.folder.join("failed")
    }

    fn unfinished(&self, maker: &str) -> PathBuf {
        self.folder.join("unfinished").join(maker)
    }
}

fn make(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// `None` where the file is not there.
fn found<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        result => result.map(Some),
    }
}

/// The names of the files in a folder, none where it is not there.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    let Some(entries) = found(fs::read_dir(folder))? else {
        return Ok(Vec::new());
    };
    entries
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect()
}

/// The messages in a folder. Other files are not Pawl's business.
fn mails(folder: &Path) -> io::Result<Vec<MailName>> {
    let names = names(folder)?;
    Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use tempfile::TempDir;
    use uuid::Uuid;

    fn mail(position: u64, user: u128) -> MailName {
        MailName {
            position: Position(position),
            event: EventId(Uuid::from_u128(u128::from(position))),
            user: UserId(Uuid::from_u128(user)),
        }
    }

    fn outbox() -> (TempDir, Outbox) {
        let folder = TempDir::new().unwrap();
        let outbox = Outbox::new(folder.path().join("outbox"));
        (folder, outbox)
    }

    fn due(outbox: &Outbox, now: DateTime<Utc>, limit: usize) -> Vec<MailName> {
        outbox.waiting(now, limit).unwrap().due
    }

    #[test]
    fn a_name_says_which_mail_it_is() {
        let name = mail(42, 7).to_string();
        assert_eq!(
            name,
            "000000000042-00000000-0000-0000-0000-00000000002a-00000000-0000-0000-0000-000000000007.eml"
        );
        assert_eq!(name.parse(), Ok(mail(42, 7)));
        let accents = format!("1-{}.eml", "é".repeat(40));
        for other in ["notes.eml", &name[1..], &format!("{name}.new"), &accents] {
            assert_eq!(other.parse::<MailName>(), Err(()), "{other}");
        }
    }

    #[test]
    fn nothing_is_in_the_outbox_before_it_is_noted() {
        let (_folder, outbox) = outbox();
        let now = Utc::now() + TimeDelta::hours(1);
        for position in 1..=3 {
            outbox
                .prepare("letters", &mail(position, 1), b"text")
                .unwrap();
        }
        assert_eq!(due(&outbox, now, 9), []);
        let noted = |noted| move |mail: &MailName| mail.position <= Position(noted);
        assert_eq!(outbox.publish("letters", noted(1)).unwrap(), [mail(1, 1)]);
        assert_eq!(due(&outbox, now, 9), [mail(1, 1)]);
        // What a start finds half done is made again.
        assert_eq!(outbox.settle("letters", noted(2)).unwrap(), [mail(2, 1)]);
        assert_eq!(outbox.settle("letters", noted(9)).unwrap(), []);
        assert_eq!(due(&outbox, now, 9), [mail(1, 1), mail(2, 1)]);
    }

    #[test]
    fn a_mail_to_one_person_does_not_wait_behind_one_to_everybody() {
        let (_folder, outbox) = outbox();
        let now = Utc::now() + TimeDelta::hours(1);
        for user in 1..=5 {
            outbox.prepare("all", &mail(1, user), b"text").unwrap();
        }
        outbox.prepare("all", &mail(2, 9), b"text").unwrap();
        outbox.publish("all", |_| true).unwrap();
        assert_eq!(due(&outbox, now, 3), [mail(1, 1), mail(2, 9), mail(1, 2)]);
        let later = now + TimeDelta::minutes(5);
        outbox.put_off(&mail(1, 1), later).unwrap();
        assert_eq!(due(&outbox, now, 2), [mail(1, 2), mail(2, 9)]);
        assert_eq!(due(&outbox, later, 1), [mail(1, 1)]);
        outbox.set_aside(&mail(1, 1)).unwrap();
        outbox.remove(&mail(2, 9)).unwrap();
        let waiting = outbox.waiting(later, 9).unwrap();
        assert_eq!((waiting.all, waiting.failed, waiting.due.len()), (4, 1, 4));
    }
}
