//! Changing the master key: nothing is lost on the way, and what is left behind opens nothing.

use super::{rotation::Rotation, *};
use eventstore_schema::UserId;
use std::{fs, path::PathBuf, thread};
use tempfile::TempDir;
use uuid::Uuid;

struct Installation(TempDir);

impl Installation {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn open(&self) -> Result<Keyring, KeyringError> {
        let master = MasterKey::load_or_create(&self.file("master.key"), true)?;
        Keyring::open(&self.file("keyring.db"), &master)
    }

    fn rotation(&self) -> Rotation {
        Rotation::begin(&self.file("keyring.db"), &self.file("master.key")).unwrap()
    }

    fn rotate(&self) -> Result<Rotated, KeyringError> {
        rotate(
            &self.file("keyring.db"),
            &self.file("master.key"),
            |_, _| {},
        )
    }

    fn lines_of_the_master_key(&self) -> usize {
        let text = fs::read_to_string(self.file("master.key")).unwrap();
        text.lines().count()
    }
}

fn person(n: u128) -> KeyName {
    KeyName::person(UserId(Uuid::from_u128(n)))
}

async fn sealed(keyring: &Keyring, n: u128) -> Sealed {
    keyring.create(&[person(n)]).await.unwrap();
    let text = format!("name of {n}");
    keyring.seal(&person(n), "name", text.as_bytes()).unwrap()
}

fn opens(keyring: &Keyring, sealed: &Sealed) -> bool {
    let alone = keyring.open_sealed("name", sealed).is_ok();
    let together = keyring.open_many(&[("name", sealed)]).unwrap();
    assert_eq!(together[0].is_ok(), alone);
    alone
}

#[tokio::test]
async fn wherever_it_is_cut_off_everything_opens_and_the_same_again_goes_on() {
    type Step = fn(&mut Rotation);
    let steps: [&[Step]; 5] = [
        &[],
        &[|rotation| rotation.announce().unwrap()],
        &[
            |rotation| rotation.announce().unwrap(),
            |rotation| assert_eq!(rotation.wrap_some().unwrap(), 500),
        ],
        &[
            |rotation| rotation.announce().unwrap(),
            |rotation| while rotation.wrap_some().unwrap() > 0 {},
        ],
        &[
            |rotation| rotation.announce().unwrap(),
            |rotation| while rotation.wrap_some().unwrap() > 0 {},
            |rotation| assert_eq!(rotation.finish().unwrap(), 2),
        ],
    ];
    for (cut_off_after, steps) in steps.into_iter().enumerate() {
        let here = Installation::new();
        let running = here.open().unwrap();
        let people: Vec<_> = (10..610).map(person).collect();
        running.create(&people).await.unwrap();
        let before = sealed(&running, 1).await;
        let mac = running.mac("email-address", b"ada@example.org");
        let mut rotation = here.rotation();
        for step in steps {
            step(&mut rotation);
        }
        drop(rotation);

        // Whoever ran all the time, and who starts now, read and make keys.
        let new = here.open().unwrap();
        for (n, keyring) in [(2, &running), (3, &new)] {
            assert!(opens(keyring, &before), "{cut_off_after}");
            let made = sealed(keyring, n).await;
            assert!(opens(&running, &made) && opens(&new, &made));
            assert_eq!(keyring.mac("email-address", b"ada@example.org"), mac);
        }
        let finished = steps.len() == 3;
        let expected = if finished { 3 } else { 2 };
        assert_eq!(here.rotate().unwrap().version, expected);
        assert_eq!(here.lines_of_the_master_key(), 1);
        let later = here.open().unwrap();
        for keyring in [&running, &new, &later] {
            assert!(opens(keyring, &before));
            assert_eq!(keyring.mac("email-address", b"ada@example.org"), mac);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_made_and_read_all_the_while() {
    let here = Installation::new();
    let running = here.open().unwrap();
    let people: Vec<_> = (1_000..3_000).map(person).collect();
    running.create(&people).await.unwrap();
    let before = sealed(&running, 1).await;
    let rotating = {
        let (keyring, master) = (here.file("keyring.db"), here.file("master.key"));
        thread::spawn(move || {
            for _ in 0..3 {
                rotate(&keyring, &master, |_, _| {}).unwrap();
            }
        })
    };
    let mut made = vec![before];
    while !rotating.is_finished() {
        let n = 10 + made.len() as u128;
        made.push(sealed(&running, n).await);
        assert!(made.iter().all(|sealed| opens(&running, sealed)));
    }
    rotating.join().unwrap();
    let later = here.open().unwrap();
    assert!(made.len() > 1);
    assert!(made.iter().all(|sealed| opens(&later, sealed)));
}

/// That is how an erasure reaches copies of the keyring: they open nothing without the old master
/// key.
#[tokio::test]
async fn an_older_copy_of_the_keyring_is_refused_and_opens_nothing() {
    let here = Installation::new();
    let keyring = here.open().unwrap();
    let ada = sealed(&keyring, 1).await;
    drop(keyring);
    let copy = fs::read(here.file("keyring.db")).unwrap();
    let old_master = fs::read(here.file("master.key")).unwrap();
    let keyring = here.open().unwrap();
    keyring.destroy(&[person(1)]).await.unwrap();
    drop(keyring);
    here.rotate().unwrap();

    let current = fs::read(here.file("keyring.db")).unwrap();
    fs::write(here.file("keyring.db"), &copy).unwrap();
    let refused = here.open().err().unwrap().to_string();
    assert!(refused.contains("made with version 1"), "{refused}");
    assert!(refused.contains("holds version 2"), "{refused}");
    let refused = here.rotate().unwrap_err().to_string();
    assert!(refused.contains("made with version 1"), "{refused}");
    // The copy is whole: with the old master key, and with nothing less, it opens.
    let new_master = fs::read(here.file("master.key")).unwrap();
    fs::write(here.file("master.key"), &old_master).unwrap();
    assert!(opens(&here.open().unwrap(), &ada));
    fs::write(here.file("master.key"), new_master).unwrap();
    fs::write(here.file("keyring.db"), current).unwrap();
    assert!(!opens(&here.open().unwrap(), &ada));
}

#[tokio::test]
async fn nothing_that_the_old_version_wrapped_stays_on_the_disk() {
    let here = Installation::new();
    let keyring = here.open().unwrap();
    let _ = sealed(&keyring, 1).await;
    let wrapped = wrapped_key(&locked(&keyring.0.reader), &person(1)).unwrap();
    let on_disk = || {
        fs::read_dir(here.0.path()).unwrap().any(|entry| {
            let bytes = fs::read(entry.unwrap().path()).unwrap();
            bytes
                .windows(wrapped.key.len())
                .any(|window| window == wrapped.key)
        })
    };
    assert!(on_disk());
    here.rotate().unwrap();
    assert!(!on_disk());
}

/// Or the old key would live on at the end of the link.
#[tokio::test]
async fn behind_a_link_the_old_master_key_goes_too() {
    let installation = Installation::new();
    let keyring = installation.open().unwrap();
    let name = sealed(&keyring, 1).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let (link, target) = (
        installation.file("master.key"),
        elsewhere.path().join("key"),
    );
    fs::rename(&link, &target).unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    let old = fs::read_to_string(&target).unwrap();
    installation.rotate().unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    let new = fs::read_to_string(&target).unwrap();
    assert!(!new.contains(old.trim()));
    assert!(opens(&installation.open().unwrap(), &name));
}

#[tokio::test]
async fn one_process_at_a_time_changes_it_and_only_one_that_fits() {
    let here = Installation::new();
    drop(here.open().unwrap());
    let lock = fs::File::create(here.file("keyring.db.lock")).unwrap();
    lock.lock().unwrap();
    let refused = here.rotate().unwrap_err().to_string();
    assert!(refused.contains("another process"), "{refused}");
    drop(lock);
    let elsewhere = Installation::new();
    drop(elsewhere.open().unwrap());
    fs::copy(elsewhere.file("master.key"), here.file("master.key")).unwrap();
    let refused = here.rotate().unwrap_err();
    assert!(matches!(refused, KeyringError::WrongMasterKey(_)));
    assert_eq!(here.lines_of_the_master_key(), 1);
    fs::remove_file(here.file("keyring.db")).unwrap();
    let refused = here.rotate().unwrap_err().to_string();
    assert!(refused.contains("there is no keyring"), "{refused}");
}

/// A keyring as the first version of the file had it.
#[tokio::test]
async fn an_older_file_is_brought_up_to_date() {
    let here = Installation::new();
    let master = MasterKey::load_or_create(&here.file("master.key"), true).unwrap();
    let wrapping = wrapping::wrapping_of(&master, 1).unwrap();
    let key = random::<32>().unwrap();
    let old = Connection::open(here.file("keyring.db")).unwrap();
    old.execute_batch(&format!(
        "PRAGMA application_id = {};
         PRAGMA user_version = 1;
         CREATE TABLE keys (name TEXT PRIMARY KEY, wrapped BLOB) STRICT, WITHOUT ROWID;
         CREATE TABLE master_key_check (value BLOB NOT NULL) STRICT;",
        file::APPLICATION_ID
    ))
    .unwrap();
    let check = encrypt(&wrapping, "check", b"the master key fits").unwrap();
    old.execute("INSERT INTO master_key_check VALUES (?1)", [check])
        .unwrap();
    let wrapped = encrypt(&wrapping, person(1).as_str(), key.as_slice()).unwrap();
    old.execute(
        "INSERT INTO keys VALUES (?1, ?2), (?3, NULL)",
        params![person(1).as_str(), wrapped, person(2).as_str()],
    )
    .unwrap();
    drop(old);
    let elsewhere = Installation::new();
    let other = MasterKey::load_or_create(&elsewhere.file("master.key"), true).unwrap();
    let refused = Keyring::open(&here.file("keyring.db"), &other).err();
    assert!(matches!(refused, Some(KeyringError::WrongMasterKey(_))));

    let cipher = cipher_of(key.as_slice()).unwrap();
    let ciphertext = encrypt(&cipher, &bound(&person(1), "name"), b"Ada").unwrap();
    let sealed = Sealed {
        key: person(1),
        ciphertext: BASE64URL_NOPAD.encode(&ciphertext),
    };
    for _ in 0..2 {
        let keyring = here.open().unwrap();
        assert!(opens(&keyring, &sealed));
        assert!(keyring.is_destroyed(&person(2)).unwrap());
        // The keyed hashes are those of before: addresses keep their ids.
        let expected = {
            let mac = |key: &[u8], message: &[u8]| -> Vec<u8> {
                let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).unwrap();
                mac.update(message);
                mac.finalize().into_bytes().to_vec()
            };
            let derived = master.derive(1, "mac").unwrap();
            mac(&mac(derived.as_slice(), b"purpose"), b"message")
        };
        assert_eq!(keyring.mac("purpose", b"message").to_vec(), expected);
        drop(keyring);
        here.rotate().unwrap();
    }
}
